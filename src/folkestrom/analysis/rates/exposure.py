"""Person-time of residents, exactly: days in integers, split where anything changes.

A day counts by the state at its end, as a stock does: exposure over `[$start, $end)` is the sum of
the stocks at the end of those days. Who leaves on a day has no exposure of that day, who
arrives has. Histories are read as known on `$known_at`.

Nothing is split into rows of a year each. A stay counts as what follows its first day, less what
follows its end; both are added up by calendar year first, so that what remains to be spread over
later years is a few thousand rows. In each year the birthday parts a person's days in two: the
triangles of Lexis (1875). `$horizon` is the first turn of the year at or after `$end`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from folkestrom.engine.steps import Step, step
from folkestrom.model.calendar import leap_sql
from folkestrom.variables.spells import cut
from folkestrom.variables.variable import Variable, needs_of

_CARRIED: Final[tuple[str, ...]] = (
    "person", "municipality", "basic_unit", "sex", "birth_date", "country_of_birth",
)  # fmt: skip
_KNOWN: Final = "known_from <= $known_at AND known_to > $known_at"


@step("stays", reads=["residence"])
def stays(sex: int | None = None) -> str:
    """Stays of residents, of one sex or of all, as known on the knowledge date, in the period."""
    of_sex = "" if sex is None else f"AND sex = {int(sex)}"
    return f"""
        SELECT {", ".join(_CARRIED)},
               greatest(valid_from, $start) AS since, least(valid_to, $end) AS until
        FROM residence
        WHERE valid_from < $end AND valid_to > $start AND valid_from < valid_to AND {_KNOWN}
          {of_sex}
    """


@step("stay_days", example={"source": "stays", "by": ("municipality // 100",)})
def stay_days(source: str, by: Sequence[str]) -> str:
    """Days of stays by variables that neither age nor the calendar moves."""
    return f"""
        SELECT {_keys(by)}sum(until - since) AS days
        FROM {source} {_grouping(len(by))}
    """


@step("stay_ends", example={"source": "stays", "by": ("municipality // 100",), "ages": True})
def stay_ends(source: str, by: Sequence[str], ages: bool) -> str:
    """Both ends of every stay, each at its place in its year: +1 at the first day, −1 at the end.

    An end at the horizon has nothing after it. `before` is the days of an ordinary year before
    the birthday, and `late` says whether a leap year has one more; a birthday on 29 February is
    on 1 March where there is no such day. Who has no birth date has no days before it.
    """
    # Keys are made before a stay becomes two ends, so that each is made once.
    born = "birth_date, " if ages else ""
    return f"""
        SELECT {_names(len(by))}sign, year(day) AS year, dayofyear(day) - 1 AS passed,
               {leap_sql("year(day)")} AS leap{_BIRTHDAYS if ages else ""}
        FROM (
          SELECT s.*, e.sign, CASE WHEN e.sign = 1 THEN s.since ELSE s.until END AS day
          FROM (SELECT {_keys(by)}{born}since, until FROM {source}) s
          CROSS JOIN (VALUES (1), (-1)) AS e(sign)
          WHERE e.sign = 1 OR s.until < $horizon
        ) AS ends
    """


_BIRTHDAYS: Final = """,
               year(birth_date) AS birth_year,
               CASE WHEN month(birth_date) >= 3 THEN 1 ELSE 0 END AS late,
               coalesce(dayofyear(birth_date) - 1 - CASE
                 WHEN month(birth_date) >= 3 AND year(birth_date) % 4 = 0
                   AND (year(birth_date) % 100 <> 0 OR year(birth_date) % 400 = 0)
                 THEN 1 ELSE 0 END, 0) AS before"""


@step("ends_by_year", example={"by": 1, "ages": True})
def ends_by_year(by: int, ages: bool) -> str:
    """Ends of stays added up by year: those present on, and the days of the year that follow."""
    before = """,
               sum(sign * before) AS before, sum(sign * late) AS late,
               sum(sign * greatest(before + late * leap - passed, 0)) AS rest_before"""
    return f"""
        SELECT {_names(by)}{"birth_year, " if ages else ""}year,
               sum(sign) AS present, sum(sign * (365 + leap - passed)) AS rest
               {before if ages else ""}
        FROM stay_ends {_grouping(by + 1 + ages)}
    """


@step("triangles", example={"by": 1, "ages": True, "years": (2020, 2021)})
def triangles(by: int, ages: bool, years: Sequence[int]) -> str:
    """Days of each calendar year, in all and before the birthday.

    Of the year in which a stay began or ended: what followed; of every later year: all of it.
    """
    listed = ", ".join(f"({year}, {_leap(year)})" for year in years)
    before = """,
               sum(CASE WHEN e.year = y.year THEN e.rest_before
                   ELSE e.before + e.late * y.leap END) AS days_before"""
    born = "birth_year, " if ages else ""
    return f"""
        SELECT {_names(by)}{born}y.year,
               sum(CASE WHEN e.year = y.year THEN e.rest ELSE e.present * (365 + y.leap) END)
                 AS days{before if ages else ""}
        FROM ends_by_year e JOIN (VALUES {listed}) AS y(year, leap) ON y.year >= e.year
        {_grouping(by + 1 + ages)}
    """


@step("ages", example={"by": 1})
def ages(by: int) -> str:
    """Days by completed age: one less before the year's birthday than after it, never below 0."""
    names = _names(by)
    before = "CASE WHEN year > birth_year THEN year - birth_year - 1 ELSE 0 END"
    return f"""
        SELECT {names}year, CASE WHEN birth_year IS NOT NULL THEN {before} END AS age,
               days_before AS days
        FROM triangles WHERE days_before <> 0
        UNION ALL
        SELECT {names}year, CASE WHEN year >= birth_year THEN year - birth_year ELSE 0 END
                 + CASE WHEN birth_year IS NULL THEN NULL ELSE 0 END AS age,
               days - days_before AS days
        FROM triangles WHERE days <> days_before
    """


@step("exposure_cells", example={"source": "ages", "by": ("k0", "age", "year")})
def exposure_cells(source: str, by: Sequence[str]) -> str:
    """Days by each combination of the variables that occurs."""
    return f"""
        SELECT {_keys(by, "v")}CAST(sum(days) AS BIGINT) AS days
        FROM {source} {_grouping(len(by))} {"HAVING sum(days) <> 0" if by else ""}
    """


def exposure_steps(
    chosen: Sequence[Variable], years: Sequence[int], sex: int | None = None
) -> list[Step]:
    """Steps to the exposure by variables.

    Parameters
    ----------
    chosen
        The variables.
    years
        The calendar years that the period touches.
    sex
        Whose; None: everybody's.
    """
    steps = [stays(sex)]
    steps += cut(steps[-1].name, _CARRIED, needs_of(chosen), years)
    by_age = any(variable.ages for variable in chosen)
    by_year = any(variable.of_year for variable in chosen)
    keyed = [v for v in chosen if not (v.ages or v.of_year)]
    keys = tuple(variable.sql for variable in keyed)
    if by_age or by_year:
        steps += [
            stay_ends(steps[-1].name, keys, by_age),
            ends_by_year(len(keys), by_age),
            triangles(len(keys), by_age, years),
        ]
    else:
        steps.append(stay_days(steps[-1].name, keys))
    if by_age:
        steps.append(ages(len(keys)))
    shown = tuple(f"k{keyed.index(v)}" if v in keyed else v.sql for v in chosen)
    return [*steps, exposure_cells(steps[-1].name, shown)]


def _leap(year: int) -> int:
    return int(year % 4 == 0 and (year % 100 != 0 or year % 400 == 0))


def _keys(by: Sequence[str], letter: str = "k") -> str:
    return "".join(f"{sql} AS {letter}{n}, " for n, sql in enumerate(by))


def _names(by: int) -> str:
    return "".join(f"k{n}, " for n in range(by))


def _grouping(columns: int) -> str:
    return f"GROUP BY {', '.join(str(n + 1) for n in range(columns))}" if columns else ""
