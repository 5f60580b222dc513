"""Changes of borders, as what they add to the population of each place: never moves of persons."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from folkestrom.engine.rows import catalog_of
from folkestrom.engine.steps import Step, step
from folkestrom.variables.borders.views import border_rows
from folkestrom.variables.description import RESIDENTS, described
from folkestrom.variables.sources import RESIDENCE
from folkestrom.variables.variable import Variable, needs_of


@step("border_cells", example={"source": "border_rows", "by": ("municipality",)})
def border_cells(source: str, by: Sequence[str]) -> str:
    """Persons that a change of borders brings to each combination of the variables, net."""
    columns = "".join(f"{sql} AS v{n}, " for n, sql in enumerate(by))
    places = ", ".join(str(n + 1) for n in range(len(by)))
    grouping = f"GROUP BY {places} HAVING persons <> 0 ORDER BY {places}" if by else ""
    net = "CAST(coalesce(sum(sign), 0) AS BIGINT) AS persons"
    return f"SELECT {columns}{net} FROM {source} {grouping}"


def by_places_alone(chosen: Sequence[Variable]) -> bool:
    """Whether variables are municipalities or counties of residence: basic units are counted."""
    return all(v.area in (1, 2) and RESIDENCE in v.needs for v in chosen)


def border_steps(connection: duckdb.DuckDBPyConnection, chosen: Sequence[Variable]) -> list[Step]:
    """Steps to what the changes of one day add, by variables; the moment is bound when they run.

    Parameters
    ----------
    connection
        An open store that sees places as they were.
    chosen
        The variables.
    """
    steps = [border_rows(catalog_of(connection), places_alone=by_places_alone(chosen))]
    steps += described(steps[-1].name, needs_of(chosen), RESIDENTS)
    return [*steps, border_cells(steps[-1].name, tuple(v.sql for v in chosen))]
