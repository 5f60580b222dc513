"""Who lives abroad as far as the register knows: emigrants who have neither returned nor died."""

from __future__ import annotations

from collections.abc import Sequence

from folkestrom.engine.steps import Step, step
from folkestrom.model.calendar import anniversary_sql
from folkestrom.model.codes import Kind
from folkestrom.model.countries import COUNTRY_CODES, UNKNOWN
from folkestrom.statistics.population import cells
from folkestrom.statistics.record_keys import rows_with_keys
from folkestrom.variables.description import RESIDENTS, described
from folkestrom.variables.variable import Variable, needs_of

_CROSSINGS = f"{int(Kind.IMMIGRATION)}, {int(Kind.EMIGRATION)}"


@step("emigrants", reads=["event", "attribute"])
def emigrants(dead: bool = False) -> str:
    """Persons who have emigrated, and have neither returned nor died.

    Their last move across the border by the end of `$eve`, the day before the reference date, is
    an emigration, as known on `$known_at`: since when they are abroad, and where they went. Who
    died abroad is here as long as no report says so; or in any case, if the dead are asked for.
    """
    known = "known_from <= $known_at AND known_to > $known_at"
    last = "struct_pack(day := event_date, nth := order_in_day)"
    country = f"coalesce(country, {COUNTRY_CODES[UNKNOWN]})"
    return f"""
        SELECT a.person, a.sex, a.birth_date, a.country_of_birth, e.left_on, e.country,
               CASE WHEN d.person IS NULL THEN 0 ELSE 1 END AS dead
        FROM (
          SELECT person, max(event_date) AS left_on, arg_max({country}, {last}) AS country,
                 arg_max(kind, {last}) AS kind
          FROM event WHERE event_date <= $eve AND {known} AND kind IN ({_CROSSINGS})
          GROUP BY person
        ) e
        JOIN (SELECT * FROM attribute WHERE {known}) a ON a.person = e.person
        LEFT JOIN (
          SELECT DISTINCT person FROM event
          WHERE event_date <= $eve AND {known} AND kind = {int(Kind.DEATH)}
        ) d ON d.person = e.person
        WHERE e.kind = {int(Kind.EMIGRATION)}{"" if dead else " AND d.person IS NULL"}
    """


@step("earlier_emigrants", example={"shifts": (3, 4)})
def earlier_emigrants(shifts: Sequence[int]) -> str:
    """The first emigrants, who left before `$oldest`, as if born and gone so many years earlier."""
    born, left = (anniversary_sql(f"r.{day}", "(-s.shift)") for day in ("birth_date", "left_on"))
    years = ", ".join(f"({shift})" for shift in shifts)
    return f"""
        SELECT r.person, r.sex, {born} AS birth_date, r.country_of_birth, {left} AS left_on,
               r.country, r.dead
        FROM emigrants r JOIN (VALUES {years}) AS s(shift)
          ON r.left_on < $oldest AND s.shift < year(r.birth_date) - year($eve) + {max(shifts)}
    """


def emigrant_steps(
    chosen: Sequence[Variable],
    *,
    earlier: Sequence[int] = (),
    by: Sequence[str] = (),
    keys: bool = False,
) -> list[Step]:
    """Steps to the emigrants by variables.

    Parameters
    ----------
    chosen
        The variables.
    earlier
        Years by which the first emigrants are moved back, instead of all as they are.
    by
        SQL of what they are told apart by besides, with those among them that are known to be dead.
    keys
        With the sum of record keys, in a session that has them.
    """
    steps = [emigrants(dead=bool(by))]
    steps += [earlier_emigrants(earlier)] if earlier else []
    steps += described(steps[-1].name, needs_of(chosen), RESIDENTS, ("left_on", "country"))
    steps += [rows_with_keys(steps[-1].name)] if keys else []
    sql = (*(variable.sql for variable in chosen), *by)
    return [*steps, cells(steps[-1].name, sql, keys=keys)]
