"""Figures of a projection by area, and by age, sex and group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from folkestrom.analysis.prospects.by_area import LEVELS, AreaStart
from folkestrom.analysis.prospects.groups import GROUP
from folkestrom.analysis.prospects.measures import INDICATORS, USUAL, Future
from folkestrom.errors import UsageError
from folkestrom.model.names import check_code
from folkestrom.model.specification import Category, Dimension, Measure, Text, same
from folkestrom.projection.assumptions import Floats
from folkestrom.projection.groups import DURATIONS
from folkestrom.projection.indicators import composition
from folkestrom.projection.moves import Moves
from folkestrom.projection.stochastic.figures import FLOWS
from folkestrom.projection.structure import SEXES, Structure
from folkestrom.statistics.moves import MOVES as COUNTED_MOVES
from folkestrom.statistics.moves import ends_of
from folkestrom.variables.registry import VARIABLES
from folkestrom.variables.variable import notes

#: What figures may be by, in the order of the arrays.
BY: Final = (GROUP.name, "sex", "age")
_PERSONS: Final = Text("persons", "personer")
#: Moves between areas, beside the measures of the nation.
MOVES: Final = (
    Measure("moves_in", Text("Moves in", "Innflyttinger"), _PERSONS),
    Measure("moves_out", Text("Moves out", "Utflyttinger"), _PERSONS),
)
#: Moves by where from and where to, for who asks for them by the same name.
MOVES_BETWEEN: Final = replace(COUNTED_MOVES, decimals=2)
ENDS: Final = ("origin", "destination")
_OF_AREAS: Final = (
    Text(
        "Rates of an area are the nation's times a factor of the area, nearer to 1 the smaller it "
        "is. Births, deaths and emigration are then scaled, so that areas add up to the nation.",
        "Rater i et område er landets ganger en faktor for området, nærmere 1 jo mindre det er. "
        "Fødte, døde og utvandring er deretter skalert, slik at områdene summerer seg til landet.",
    ),
    Text(
        "Moves are of persons who live in another area at the end of a year than at its beginning, "
        "or than where they were born in it.",
        "Flyttinger er personer som bor i et annet område ved utgangen av året enn ved inngangen, "
        "eller enn der de ble født i løpet av det.",
    ),
)
OF_CELLS: Final = Text(
    "Events are by age at the end of the year. Each cell is rounded by itself, so that small ones "
    "do not add up exactly.",
    "Hendelser er etter alder ved utgangen av året. Hver celle er avrundet for seg, så små celler "
    "ikke summerer seg nøyaktig.",
)
#: The parts of what happens in a step, in their order.
_HAPPENED: Final = ("births", "deaths", "immigration", "emigration", "changed", "moves_in",
                    "moves_out")  # fmt: skip


def tables(
    future: Future, shown: Sequence[int], by: Sequence[str], areas: AreaStart | None = None
) -> Iterator[pa.Table]:
    """A table for each step that is shown: columns of what figures are by, and their values.

    Parameters
    ----------
    future
        The nation's projection.
    shown
        Which of its steps are shown.
    by
        Some of `BY`.
    areas
        What a projection of areas starts from; None: of the nation.

    Yields
    ------
    pyarrow.Table
        Persons at the beginning of the step, and what happens in it; without `by`, indicators too.
    """
    cells = future.cells
    for step, (persons, happened, _) in enumerate(_steps(future, areas)):
        if step not in shown:
            continue
        parts = {"population": persons, **dict(zip(_HAPPENED, happened, strict=False))}
        del parts["changed"]
        residents = {name: part[:, cells.resident] for name, part in parts.items()}
        listed = {areas.level: areas.codes} if areas else {}
        columns = _columns(cells, residents, by, listed)
        yield pa.table(columns if by else columns | _indicators(cells, persons))


def move_tables(
    future: Future, shown: Sequence[int], by: Sequence[str], areas: AreaStart
) -> Iterator[pa.Table]:
    """Moves by where from and where to: a table for each step that is shown.

    Parameters
    ----------
    future, shown, by, areas
        As for `tables`.

    Yields
    ------
    pyarrow.Table
        A row for each two areas and cell: over destinations and origins they add up to `moves_out`
        and `moves_in` of `tables`.
    """
    cells, kept = future.cells, [1 + BY.index(name) for name in by]
    groups = np.array([*_groups(cells).values()], float)
    for step, (_, happened, moves) in enumerate(_steps(future, areas)):
        if step not in shown or moves is None:
            continue
        found = moves.between(happened[-1], kept)
        if GROUP.name in by:
            axis = 2 + by.index(GROUP.name)
            resident = np.compress(cells.resident, found, axis)
            found = np.moveaxis(np.tensordot(resident, groups, (axis, 1)), -1, axis)
        listed = dict.fromkeys(ENDS, areas.codes)
        table = pa.table(_grid(cells, by, listed) | {MOVES_BETWEEN.id: pa.array(found.ravel())})
        yield table.filter(pc.not_equal(*(table[end] for end in ENDS)))


def _steps(
    future: Future, begun: AreaStart | None
) -> Iterator[tuple[Floats, Sequence[Floats], Moves | None]]:
    """Who is there at the beginning of each step, what happens in it, and who moves where to."""
    nation = future.found
    steps = len(nation.births)
    if begun is None:
        for step in range(steps):
            flows = [getattr(nation, name)[step][None] for name in _HAPPENED[:5]]
            yield nation.population[step][None], flows, None
        return
    persons = begun.of_nation(nation.population[0])
    walk = begun.areas.projected(
        nation.structure, persons, future.rates, steps, nation, begun.during
    )
    for later, happened, moves in walk:
        yield persons, happened, moves
        persons = later


def check_cells(
    areas: str, by: Sequence[str], durations: int = DURATIONS, known: Sequence[str] = BY
) -> None:
    """Refuse what a projection is not by.

    Parameters
    ----------
    areas, by, durations
        As for `projected`.
    known
        What it may be by.
    """
    if areas:
        check_code(areas, LEVELS, "is no level of areas", where="areas")
    for name in by:
        check_code(name, known, "is nothing that a projection is by", where="by")
    if len({*by}) < len(by):
        raise UsageError("has a name twice", where="by", value=", ".join(by))
    if not 0 <= durations <= DURATIONS:
        raise UsageError(
            "is no number of years", where="durations", value=durations,
            allowed=f"0 to {DURATIONS}",
        )  # fmt: skip


def cell_measures(
    by: Sequence[str], areas: AreaStart | None, between: bool = False
) -> tuple[Measure, ...]:
    """The measures of such tables.

    Parameters
    ----------
    by, areas
        As for `tables`.
    between
        Whether they are of moves by where from and where to.
    """
    if between:
        return (MOVES_BETWEEN,)
    usual = [INDICATORS[name].measure for name in USUAL]
    counted = (*usual[: 1 + len(FLOWS)], *(MOVES if areas else ()))
    if by:
        # Cells of less than half a person would all be none.
        return tuple(replace(one, decimals=1, empty=None) for one in counted)
    return (*counted, *usual[1 + len(FLOWS) :])


def notes_of_areas(areas: AreaStart | None) -> tuple[Text, ...]:
    """What is said of areas: in which borders they are, and how they are projected.

    Parameters
    ----------
    areas
        What a projection of them starts from; None: of the nation.
    """
    return (*notes([areas.named]), *_OF_AREAS) if areas else ()


def cell_dimensions(
    cells: Structure, by: Sequence[str], areas: AreaStart | None, between: bool = False
) -> Iterator[Dimension]:
    """The dimensions of such tables, beside the year.

    Parameters
    ----------
    cells
        The groups.
    by, areas, between
        As for `cell_measures`.
    """
    if areas and between:
        yield from (one.dimension for one in ends_of(areas.named))
    elif areas:
        yield areas.named.dimension
    for name in by:
        dimension = VARIABLES[name].dimension
        if name == GROUP.name:
            labels = {g.code: same(g.label) for g in cells.groups if g.label}
            labels |= {c.code: c.label for c in dimension.categories}
            named = (Category(code, labels.get(code, same(code))) for code in _groups(cells))
            dimension = replace(dimension, categories=tuple(named))
        yield dimension


def _groups(cells: Structure) -> dict[str, NDArray[np.bool_]]:
    """Groups of residents, those of several years of residence together: which these are."""
    codes = np.array([g.part_of[-1] if g.part_of else g.code for g in cells.groups])[cells.resident]
    return {str(code): codes == code for code in dict.fromkeys(codes)}


def _columns(
    cells: Structure, parts: dict[str, Floats], by: Sequence[str],
    listed: Mapping[str, Sequence[str]],
) -> dict[str, pa.Array]:  # fmt: skip
    """Codes of each combination, and the values of each part: (areas, groups, 2, ages)."""
    summed = np.array([*_groups(cells).values()], float)
    left_out = tuple(n + 1 for n, name in enumerate(BY) if name not in by)
    kept = [name for name in BY if name in by]
    order = (0, *(1 + kept.index(name) for name in by))
    values = {}
    for name, part in parts.items():
        grouped = np.einsum("gh,ahsx->agsx", summed, part) if GROUP.name in by else part
        values[name] = grouped.sum(axis=left_out).transpose(order).ravel()
    return _grid(cells, by, listed) | {name: pa.array(value) for name, value in values.items()}


def _grid(
    cells: Structure, by: Sequence[str], listed: Mapping[str, Sequence[str]]
) -> dict[str, pa.Array]:
    """Codes of each combination of areas and what else figures are by."""
    codes: dict[str, Any] = {GROUP.name: [*_groups(cells)], "sex": SEXES,
                             "age": cells.lower_ages.tolist(), **listed}  # fmt: skip
    names = [*listed, *by]
    axes = np.meshgrid(*(np.arange(len(codes[name])) for name in names), indexing="ij")
    return {
        name: pa.array(codes[name]).take(pa.array(axis.ravel()))
        for name, axis in zip(names, axes, strict=True)
    }


def _indicators(cells: Structure, persons: Floats) -> dict[str, pa.Array]:
    residents = persons[:, cells.resident].sum(axis=1)
    immigrants = persons[:, cells.part("immigrants")].sum(axis=(1, 2, 3))
    figures = composition(residents, immigrants, cells)
    return {name: pa.array(figure) for name, figure in figures.items()}
