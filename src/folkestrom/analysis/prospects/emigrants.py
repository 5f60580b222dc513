"""Who lives abroad as far as the register knows: emigrants who have neither returned nor died."""

from __future__ import annotations

from collections.abc import Sequence

from folkestrom.engine.steps import Step, step
from folkestrom.model.codes import Kind
from folkestrom.statistics.population import cells
from folkestrom.statistics.record_keys import rows_with_keys
from folkestrom.variables.description import RESIDENTS, described
from folkestrom.variables.variable import Variable, needs_of


@step("emigrants", reads=["event", "attribute", "residence"])
def emigrants() -> str:
    """Persons who have emigrated, and have neither returned nor died.

    That is by the end of `$eve`, the day before the reference date, as known on `$known_at`. Who
    died abroad is here as long as no report says so.
    """
    known = "known_from <= $known_at AND known_to > $known_at"
    of_kind = f"SELECT person FROM event WHERE event_date <= $eve AND {known} AND kind ="
    return f"""
        SELECT person, sex, birth_date, country_of_birth FROM attribute
        WHERE {known} AND person IN ({of_kind} {int(Kind.EMIGRATION)})
          AND person NOT IN ({of_kind} {int(Kind.DEATH)})
          AND person NOT IN (
            SELECT person FROM residence
            WHERE valid_from <= $eve AND valid_to > $eve AND {known}
          )
    """


def emigrant_steps(chosen: Sequence[Variable], *, keys: bool = False) -> list[Step]:
    """Steps to the emigrants by variables.

    Parameters
    ----------
    chosen
        The variables.
    keys
        With the sum of record keys, in a session that has them.
    """
    steps = [emigrants()]
    steps += described(steps[-1].name, needs_of(chosen), RESIDENTS)
    steps += [rows_with_keys(steps[-1].name)] if keys else []
    by = tuple(variable.sql for variable in chosen)
    return [*steps, cells(steps[-1].name, by, keys=keys)]
