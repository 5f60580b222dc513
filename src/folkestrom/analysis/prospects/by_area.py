"""What a projection of areas starts from, counted in a store beside the nation's counts.

Person-years of an area are the mean of its population at both ends of the years, in each cell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from folkestrom.analysis.prospects.groups import DURATION, GROUP, durations_of, place
from folkestrom.projection.areas import AGE_CLASSES, AreaCounts, Areas
from folkestrom.projection.assumptions import Floats
from folkestrom.projection.changes import Span
from folkestrom.projection.changes_of_moves import moves_in_steps
from folkestrom.projection.groups import BORN_HERE
from folkestrom.projection.scenario import Scenario
from folkestrom.projection.start import Start
from folkestrom.projection.stochastic.deviations import AreaModel
from folkestrom.projection.structure import SEXES, Structure
from folkestrom.statistics.flows import BIRTHS, DEATHS, EMIGRATION, IMMIGRATION, Window, flows
from folkestrom.statistics.moves import moves
from folkestrom.statistics.periods import Period
from folkestrom.statistics.population import Moment, coded, fetch, stock_steps
from folkestrom.variables.borders.asked import (
    has_borders_of_each_day,
    note_of_borders,
    put_up,
)
from folkestrom.variables.registry import VARIABLES
from folkestrom.variables.variable import Variable

#: Levels of areas that a projection may be by.
LEVELS: Final = ("county", "municipality")
_ENDS: Final = ("origin", "destination")
_CELLS: Final = ("sex", "age", GROUP.name, DURATION.name)


@dataclass(frozen=True, slots=True, eq=False)
class AreaStart:
    """What a projection of areas starts from.

    Parameters
    ----------
    level
        One of `LEVELS`.
    named
        What it is called, and its areas, in the borders that they are in.
    codes
        The areas' codes, in order: those where persons live.
    population
        Persons: (areas, groups, 2, ages). Those abroad are where they would return to.
    areas
        What is assumed of each.
    moving
        The nation's rates of moving: (groups, 2, ages).
    during
        The same in each step, where a scenario changes moves; None: as it is.
    model
        How far areas' levels go from what is assumed, for draws; None: not fitted.
    """

    level: str
    named: Variable
    codes: tuple[str, ...]
    population: Floats
    areas: Areas
    moving: Floats
    during: Callable[[int], Areas] | None = None
    model: AreaModel | None = None

    def under(self, scenario: Scenario, cells: Structure, first: int, steps: int) -> AreaStart:
        """The same with the moves of a scenario.

        Parameters
        ----------
        scenario
            What changes.
        cells
            The groups.
        first, steps
            The year of the start, and how many there are.

        Raises
        ------
        UsageError
            An area that is none, or rates that cannot be.
        """
        span = Span(cells, first, steps)
        return replace(self, during=moves_in_steps(scenario, self.areas, self.codes, span))

    def of_nation(self, population: Floats) -> Floats:
        """Persons by area, where a scenario has others in the nation than are counted.

        Parameters
        ----------
        population
            Those of the nation: (groups, 2, ages).
        """
        there = self.population.sum(axis=0)
        share = np.divide(population, there, out=np.zeros_like(there), where=there > 0)
        return self.population * share


def area_start(
    connection: duckdb.DuckDBPyConnection, day: date, known: date, begun: Start, level: str
) -> AreaStart:
    """The areas' population of a day, and what was counted in each in the years before.

    Where places are as they were, those are counted in the borders of the day: an area that is
    younger than the years would have too few, and the others all that is the nation's.

    Parameters
    ----------
    connection
        An open store.
    day, known
        As for the nation.
    begun
        What the nation's projection starts from.
    level
        One of `LEVELS`.
    """
    if has_borders_of_each_day(connection):
        put_up(connection, day)
    named = note_of_borders(connection, VARIABLES[level])
    cells, years = begun.structure, begun.counts.years
    base = Period(date(day.year - int(years), day.month, day.day), day)
    now = _residents(connection, Moment(day, known), level)
    codes = tuple(sorted(now[level].drop_nulls().unique()))
    population = _population(now, cells, codes, level)
    earlier = _residents(connection, Moment(base.start, known), level)
    lived = (population + _population(earlier, cells, codes, level)) / 2 * years
    counts = _counts(connection, base, known, cells, codes, level, lived)
    areas, moving = counts.areas(begun.counts), begun.counts.factored(counts.moving)
    abroad = ~cells.resident
    population[:, abroad] = areas.returns[:, None, None, None] * begun.population[abroad]
    return AreaStart(level, named, codes, population, areas, moving)


def _residents(connection: duckdb.DuckDBPyConnection, moment: Moment, level: str) -> pl.DataFrame:
    chosen = [VARIABLES[name] for name in (*_CELLS, level)]
    found = fetch(connection, stock_steps(chosen), moment.parameters)
    frame = pl.DataFrame(coded(found, chosen, {"persons": pa.int64()}))
    return frame.with_columns(pl.col(level).cast(pl.String))


def residents_of(
    connection: duckdb.DuckDBPyConnection, day: date, known: date, cells: Structure,
    parts: AreaStart,
) -> Floats:  # fmt: skip
    """Residents of another day by the cells of a start: (areas, groups, 2, ages).

    Parameters
    ----------
    connection
        An open store.
    day, known
        The day, and its knowledge date.
    cells, parts
        The groups, and the areas.
    """
    found = _residents(connection, Moment(day, known), parts.level)
    return _population(found, cells, parts.codes, parts.level)


def _population(frame: pl.DataFrame, cells: Structure, codes: Sequence[str], level: str) -> Floats:
    array = np.zeros((len(codes), *cells.shape))
    kept = _known(frame.filter(pl.col(level).is_in(codes)))
    np.add.at(array, (places(codes, kept[level]), *_at(cells, kept)), kept["persons"].to_numpy())
    return array


def _known(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows whose sex and age are known, with codes as texts."""
    named = frame.with_columns(pl.col("sex", GROUP.name).cast(pl.String))
    return named.filter(pl.col("age").is_not_null() & pl.col("sex").is_in(SEXES))


def _at(cells: Structure, frame: pl.DataFrame) -> tuple[NDArray[np.intp], ...]:
    """Places of the group, the sex and the age of rows."""
    ages = np.minimum(frame["age"].to_numpy().astype(np.intp), cells.ages - 1)
    return group_places(frame, cells), places(SEXES, frame["sex"]), ages


def places(codes: Sequence[str], given: pl.Series) -> NDArray[np.intp]:
    """The place of each code among all.

    Parameters
    ----------
    codes
        All codes.
    given
        Some of them, as texts.
    """
    found = given.replace_strict(codes, range(len(codes)), return_dtype=pl.Int64)
    return found.to_numpy().astype(np.intp)


def group_places(frame: pl.DataFrame, cells: Structure, abroad: str = "") -> NDArray[np.intp]:
    """The place of each row's group among those of a projection.

    Parameters
    ----------
    frame
        With the codes of the immigrant group, as texts, and years since immigration.
    cells
        The groups.
    abroad
        What follows the code of those who live abroad, where rows are of these.
    """
    codes, durations = [group.code for group in cells.groups], durations_of(cells)
    by = [GROUP.name, DURATION.name]
    pairs = frame.select(by).unique(maintain_order=True)
    found = [
        codes.index(BORN_HERE[place(code or "", None)] + abroad) if abroad
        else place(code or "", years, durations)
        for code, years in pairs.rows()
    ]  # fmt: skip
    known = pairs.with_columns(pl.Series("place", found, pl.Int64))
    joined = frame.select(by).join(
        known, on=by, how="left", nulls_equal=True, maintain_order="left"
    )
    return joined["place"].to_numpy().astype(np.intp)


def _counts(
    connection: duckdb.DuckDBPyConnection, base: Period, known: date, cells: Structure,
    codes: Sequence[str], level: str, lived: Floats,
) -> AreaCounts:  # fmt: skip
    by_area, came = happened(connection, base, known, cells, codes, level)
    moving, origins = _moves(connection, base, known, cells, codes, level)
    return AreaCounts(
        lived, by_area[BIRTHS.id], by_area[DEATHS.id], by_area[EMIGRATION.id], came, moving, origins
    )


def happened(
    connection: duckdb.DuckDBPyConnection, base: Period, known: date, cells: Structure,
    codes: Sequence[str], level: str,
) -> tuple[dict[str, Floats], Floats]:  # fmt: skip
    """Events of a period by area, and who came by area and group, from abroad to groups there.

    Parameters
    ----------
    connection
        An open store.
    base, known
        The period, and the knowledge date.
    cells, codes, level
        The groups; the areas and what they are.
    """
    chosen = (VARIABLES[level], GROUP)
    kinds = [flow.id for flow in (BIRTHS, DEATHS, EMIGRATION, IMMIGRATION)]
    window = Window(base.start, base.end, known, known)
    counted = coded(flows(connection, window, chosen), chosen, {kind: pa.int64() for kind in kinds})
    frame = pl.DataFrame(counted).with_columns(pl.col(level, GROUP.name).cast(pl.String))
    by_area = {kind: np.zeros(len(codes)) for kind in kinds}
    came = np.zeros((len(codes), len(cells.groups)))
    at_area = {code: n for n, code in enumerate(codes)}
    abroad = np.flatnonzero(~cells.resident)
    for area, group, *numbers in frame.filter(pl.col(level).is_in(codes)).rows():
        for kind, number in zip(kinds, numbers, strict=True):
            by_area[kind][at_area[area]] += number
        at = place(group or "", 0, durations_of(cells))
        came[at_area[area], abroad[at] if at < len(BORN_HERE) else at] += numbers[-1]
    return by_area, came


def _moves(
    connection: duckdb.DuckDBPyConnection, base: Period, known: date, cells: Structure,
    codes: Sequence[str], level: str,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Moves by group, sex and age; and by origin, destination and class of ages."""
    found = pl.DataFrame(moves(connection, [base], (*_CELLS, level), known).data)
    kept = _known(found.filter(pl.all_horizontal(pl.col(_ENDS).cast(pl.String).is_in(codes))))
    moving = np.zeros(cells.shape)
    np.add.at(moving, _at(cells, kept), kept["moves"].to_numpy())
    return moving, origins_of(kept, codes)


def origins_of(frame: pl.DataFrame, codes: Sequence[str]) -> Floats:
    """Moves by origin, destination and class of ages, of those whose age is known.

    Parameters
    ----------
    frame
        Rows of moves with both ends and age.
    codes
        The areas; others are left out.
    """
    named = frame.with_columns(pl.col(_ENDS).cast(pl.String)).filter(pl.col("age").is_not_null())
    kept = named.filter(pl.all_horizontal(pl.col(_ENDS).is_in(codes)))
    origins = np.zeros((len(codes), len(codes), len(AGE_CLASSES)))
    classes = np.searchsorted(AGE_CLASSES, kept["age"].to_numpy(), "right") - 1
    at = (*(places(codes, kept[end]) for end in _ENDS), classes)
    np.add.at(origins, at, kept["moves"].to_numpy())
    return origins
