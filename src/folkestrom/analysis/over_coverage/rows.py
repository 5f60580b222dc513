"""Persons with their signs of life, and emigrations by how late they became known.

`$eve` is the day before the reference date and `$known_at` the knowledge date of who was resident
then; `$later`, the knowledge date of everything else. Years are those that end with `$eve`.
"""

from __future__ import annotations

from collections.abc import Sequence

from folkestrom.engine.steps import Step, step
from folkestrom.model.codes import Kind
from folkestrom.statistics.population import residents
from folkestrom.variables.description import EVENT_ROWS, RESIDENTS, described
from folkestrom.variables.variable import Variable, needs_of

_LATER = "known_from <= $later AND known_to > $later"
_BEGIN = f"{int(Kind.BIRTH)}, {int(Kind.IMMIGRATION)}, {int(Kind.FIRST_REGISTRATION)}"


def year_of(day: str, turn: str = "$turn") -> str:
    """SQL of the calendar year in which the year began that a day is in.

    Parameters
    ----------
    day
        SQL of the day.
    turn
        SQL of month and day on which years begin, such as 101.
    """
    return f"(year({day}) - CAST(month({day}) * 100 + day({day}) < {turn} AS INTEGER))"


@step("sign_years", reads=["linked_*"], example={"tables": ("linked_work",), "years": 5})
def sign_years(tables: Sequence[str], years: int) -> str:
    """Years in which a person shows a sign of life in each source: bit 0 is `$first`.

    A row of a source is a sign of every year that it has a day of.
    """
    low = f"greatest({year_of('valid_from')} - $first, 0)"
    high = f"least({year_of('(valid_to - 1)')} - $first, {years - 1})"
    bits = "(1 << (h + 1)) - (1 << l)"
    parts = " UNION ALL ".join(
        f"""
        SELECT person, {n} AS source, {low} AS l, {high} AS h FROM {table} WHERE {_LATER}"""
        for n, table in enumerate(tables)
    )
    columns = ", ".join(
        f"coalesce(bit_or(CASE WHEN source = {n} THEN {bits} END), 0) AS s{n}"
        for n in range(len(tables))
    )
    return f"SELECT person, {columns} FROM ({parts}) AS shown WHERE h >= l GROUP BY person"


@step("registered_since", reads=["event"])
def registered_since() -> str:
    """The year in which a person was last born, immigrated or first registered, by `$eve`."""
    return f"""
        SELECT person, max({year_of("event_date")}) - $first AS since FROM event
        WHERE kind IN ({_BEGIN}) AND event_date <= $eve AND {_LATER}
        GROUP BY person
    """


@step("known_cases", reads=["event", "residence"])
def known_cases() -> str:
    """Who of those registered on `$eve` is known later: gone by then, or here after that.

    `gone` is 0 for who was here, 1 for who had left within a year, 2 within two, 3 before.

    Gone: not resident on `$eve` any more as known later, by an emigration that was not known yet.
    Here: who moved inside the country or died before `$until`.
    """
    return f"""
        SELECT person, max(gone) AS gone FROM (
          SELECT person, 1 + least(datediff('day', event_date, $eve) // 365, 2) AS gone FROM event
          WHERE kind = {int(Kind.EMIGRATION)} AND event_date <= $eve AND first_known > $known_at
            AND {_LATER}
            AND person NOT IN (
              SELECT person FROM residence
              WHERE valid_from <= $eve AND valid_to > $eve AND {_LATER}
            )
          UNION ALL
          SELECT person, 0 AS gone FROM event
          WHERE kind IN ({int(Kind.MOVE)}, {int(Kind.DEATH)})
            AND event_date > $eve AND event_date < $until AND {_LATER}
        ) AS cases
        GROUP BY person
    """


@step("presence", example={"source": "residents", "by": ("sex",), "sources": 1})
def presence(source: str, by: Sequence[str], sources: int, *, audited: bool = False) -> str:
    """The registered by variables, with the year since when, and the years of their signs.

    Where asked for, only of whom it is known later whether they were here.
    """
    columns = "".join(f", {sql} AS v{n}" for n, sql in enumerate(by))
    signs = "".join(f", coalesce(g.s{n}, 0) AS s{n}" for n in range(sources))
    joined = "LEFT JOIN sign_years g ON g.person = r.person" if sources else ""
    joined += " JOIN known_cases c ON c.person = r.person" if audited else ""
    return f"""
        SELECT r.person, coalesce(b.since, -1) AS since{", c.gone" if audited else ""}
          {signs}{columns}
        FROM {source} r
        LEFT JOIN registered_since b ON b.person = r.person
        {joined}
    """


def presence_steps(
    chosen: Sequence[Variable], tables: Sequence[str], years: int, *, audited: bool = False
) -> list[Step]:
    """Steps to the registered by variables, with their signs.

    Parameters
    ----------
    chosen
        The variables.
    tables
        Histories whose rows are signs.
    years
        How many years.
    audited
        Only of whom it is known later whether they were here.
    """
    steps = [residents()]
    steps += described(steps[-1].name, needs_of(chosen), RESIDENTS)
    last = steps[-1].name
    steps += [sign_years(tables, years)] if tables else []
    steps += [registered_since()]
    steps += [known_cases()] if audited else []
    by = tuple(variable.sql for variable in chosen)
    return [*steps, presence(last, by, len(tables), audited=audited)]


@step(
    "unregistered", reads=["linkage_held"],
    example={"variables": ("work",), "held": True},
)  # fmt: skip
def unregistered(variables: Sequence[str], *, held: bool) -> str:
    """Persons by the sources that have a sign of them in the last year, who are not registered.

    Those whom the register does not know are kept apart where variables are linked.
    """
    # What was delivered is text.
    days = [f'TRY_CAST("{end}" AS DATE)' for end in ("from", "to")]
    told = " UNION ALL ".join(
        f"""
        SELECT CAST(person AS VARCHAR) AS person, {n} AS source FROM sign_years
        WHERE (s{n} >> $last) & 1 = 1 AND person NOT IN (SELECT person FROM residents)"""
        for n in range(len(variables))
    )
    apart = "".join(
        f"""
        UNION ALL
        SELECT person, {n} AS source FROM linkage_held
        WHERE variable = '{name}' AND reason = 'unknown_person'
          AND {days[0]} <= $eve AND coalesce({days[1]}, DATE '9999-12-31') > $last_begin"""
        for n, name in enumerate(variables)
    )
    columns = ", ".join(
        f"max(CASE WHEN source = {n} THEN 1 ELSE 0 END) AS s{n}" for n in range(len(variables))
    )
    places = ", ".join(f"s{n}" for n in range(len(variables)))
    return f"""
        SELECT {places}, count(*) AS persons FROM (
          SELECT person, {columns} FROM ({told}{apart if held else ""}) AS shown GROUP BY person
        ) AS patterns
        GROUP BY {places}
    """


@step("emigrations", reads=["event"])
def emigrations() -> str:
    """Emigrations by `$eve`, with the years in which they happened and became known."""
    return f"""
        SELECT municipality_from AS municipality, basic_unit_from AS basic_unit, person, kind,
               country, reason, sex, birth_date, event_date - 1 AS described_on, event_date,
               known_from, known_to, {year_of("event_date")} - $first AS origin,
               {year_of("(first_known - 1)", "$turn_known")} AS known_year
        FROM event
        WHERE kind = {int(Kind.EMIGRATION)} AND event_date <= $eve AND {_LATER}
          AND event_date >= $begin
    """


@step("emigrations_by_delay", example={"source": "flow_rows", "by": ("sex",)})
def emigrations_by_delay(source: str, by: Sequence[str]) -> str:
    """Emigrations by variables, the year in which they happened, and the one they became known."""
    columns = "".join(f"{sql} AS v{n}, " for n, sql in enumerate(by))
    return f"""
        SELECT {columns}origin, known_year, count(*) AS persons
        FROM {source} GROUP BY ALL ORDER BY ALL
    """


def emigration_steps(chosen: Sequence[Variable]) -> list[Step]:
    """Steps to emigrations by variables, and by when they happened and became known.

    Parameters
    ----------
    chosen
        The variables.
    """
    steps = [emigrations().named(EVENT_ROWS.name)]
    steps += described(steps[-1].name, needs_of(chosen), EVENT_ROWS)
    return [*steps, emigrations_by_delay(steps[-1].name, tuple(v.sql for v in chosen))]
