"""Figures of a projection by area, and by age, sex and group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from folkestrom.analysis.prospects.by_area import AreaStart
from folkestrom.analysis.prospects.counted import Start
from folkestrom.analysis.prospects.groups import BORN_HERE, GROUP, IMMIGRANTS
from folkestrom.model.specification import Measure, Text
from folkestrom.projection.assumptions import Floats, Rates
from folkestrom.projection.indicators import median_age, old_age_dependency, share_of_ages
from folkestrom.projection.projecting import Projection, project
from folkestrom.projection.structure import SEXES, Structure

#: What figures may be by, in the order of the arrays.
BY: Final = (GROUP.name, "sex", "age")
_PERSONS: Final = Text("persons", "personer")
#: Moves between areas, beside the measures of the nation.
MOVES: Final = (
    Measure("moves_in", Text("Moves in", "Innflyttinger"), _PERSONS),
    Measure("moves_out", Text("Moves out", "Utflyttinger"), _PERSONS),
)
FLOWS: Final = ("births", "deaths", "immigration", "emigration")
#: The parts of what happens in a step, in their order.
_HAPPENED: Final = ("births", "deaths", "immigration", "emigration", "changed", "moves_in",
                    "moves_out")  # fmt: skip
_GROUPS: Final = (*BORN_HERE, *IMMIGRANTS)


def tables(
    begun: Start,
    rates: Rates,
    steps: int,
    shown: Sequence[int],
    by: Sequence[str],
    level: str = "",
    areas: AreaStart | None = None,
) -> Iterator[pa.Table]:
    """A table for each step that is shown: columns of what figures are by, and their values.

    Parameters
    ----------
    begun
        What the nation's projection starts from.
    rates
        What is assumed.
    steps, shown
        How many steps, and which of them are shown.
    by
        Some of `BY`.
    level, areas
        The level of areas, and what their projection starts from; None: the nation.

    Yields
    ------
    pyarrow.Table
        Persons at the beginning of the step, and what happens in it; without `by`, indicators too.
    """
    cells = begun.structure
    nation = project(cells, begun.population, rates.assumptions(cells), steps=steps)
    for step, (persons, happened) in enumerate(_steps(nation, rates, steps, areas)):
        if step not in shown:
            continue
        parts = {"population": persons, **dict(zip(_HAPPENED, happened, strict=False))}
        del parts["changed"]
        residents = {name: part[:, cells.resident] for name, part in parts.items()}
        columns = _columns(cells, residents, by, areas.codes if areas else (), level)
        yield pa.table(columns if by else columns | _indicators(cells, persons))


def _steps(
    nation: Projection, rates: Rates, steps: int, begun: AreaStart | None
) -> Iterator[tuple[Floats, Sequence[Floats]]]:
    """Who is there at the beginning of each step, and what happens in it."""
    if begun is None:
        for step in range(steps):
            flows = [getattr(nation, name)[step][None] for name in _HAPPENED[:5]]
            yield nation.population[step][None], flows
        return
    persons = begun.population
    walk = begun.areas.projected(nation.structure, persons, rates, steps, nation)
    for later, happened in walk:
        yield persons, happened
        persons = later


def _columns(
    cells: Structure,
    parts: dict[str, Floats],
    by: Sequence[str],
    codes: Sequence[str],
    level: str,
) -> dict[str, pa.Array]:
    """Codes of each combination, and the values of each part: (areas, groups, 2, ages)."""
    of_group = [cells.part(code) if code in IMMIGRANTS
                else np.array([group.code == code for group in cells.groups])
                for code in _GROUPS]  # fmt: skip
    summed = np.array([rows[cells.resident] for rows in of_group], float)
    left_out = tuple(n + 1 for n, name in enumerate(BY) if name not in by)
    kept = [name for name in BY if name in by]
    order = (0, *(1 + kept.index(name) for name in by))
    values = {}
    for name, part in parts.items():
        grouped = np.einsum("gh,ahsx->agsx", summed, part) if GROUP.name in by else part
        values[name] = grouped.sum(axis=left_out).transpose(order).ravel()
    listed = {level: codes, GROUP.name: _GROUPS, "sex": SEXES, "age": range(cells.ages)}
    names = [level, *by] if codes else list(by)
    axes = np.meshgrid(*(np.arange(len(listed[name])) for name in names), indexing="ij")
    columns = {
        name: pa.array(listed[name]).take(pa.array(axis.ravel()))
        for name, axis in zip(names, axes, strict=True)
    }
    return columns | {name: pa.array(value) for name, value in values.items()}


def _indicators(cells: Structure, persons: Floats) -> dict[str, pa.Array]:
    residents = persons[:, cells.resident].sum(axis=1)
    immigrants = persons[:, cells.part("immigrants")].sum(axis=(1, 2, 3))
    figures = {
        "old_age_dependency": old_age_dependency(residents, cells),
        "median_age": median_age(residents, cells),
        "aged_80": 100 * share_of_ages(residents, cells, 80),
        "immigrants": 100 * immigrants / residents.sum(axis=(-2, -1)),
    }
    return {name: pa.array(figure) for name, figure in figures.items()}
