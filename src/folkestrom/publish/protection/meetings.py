"""Tables that meet: what a reader infers who sets figures of several tables side by side.

A protected table has sums that other tables, which stand as they are counted, tell exactly. Each
such table by itself, and all of them together, are set beside the bounds that the protected
figures have; and so is the same table as it is out already.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from folkestrom.disclosure.tables.inference import (
    Bounds,
    Relation,
    bounds_of,
    narrow,
    precision,
    programmed,
)
from folkestrom.disclosure.tables.sums import along, with_sums
from folkestrom.errors import InputRefused
from folkestrom.publish.protection.shield import Shielded, relations_of, whole_place
from folkestrom.publish.releases.decision import Meeting
from folkestrom.publish.tables.definition import Definition, Variable
from folkestrom.publish.tables.figures import Figures

#: The same counts under other names: a measure, that of another table, and variables renamed.
#: Measures of one name are the same counts wherever they stand.
_OTHER_NAMES: Final[tuple[tuple[str, str, Mapping[str, str]], ...]] = (
    ("persons", "population_start", {}),
    ("children", "persons", {}),
    ("moves", "internal_out", {"Fraflytting": "Region"}),
    ("moves", "internal_in", {"Tilflytting": "Region"}),
)
#: What stands for a sum that another table does not tell.
UNKNOWN: Final = -1
#: Small counts that linear programmes are solved for, of a table, and its cells at most.
_PROGRAMMES: Final = 20
_LARGEST: Final = 400


@dataclass(frozen=True, slots=True)
class Exact:
    """A table whose figures stand as they were counted.

    Parameters
    ----------
    definition, figures
        The table.
    contents
        The code of each measure.
    """

    definition: Definition
    figures: Figures
    contents: Mapping[str, str]


def meetings(shielded: Sequence[Shielded], exact: Sequence[Exact]) -> Iterator[Meeting]:
    """What a reader infers of each protected table: alone, beside each other one, beside all.

    Parameters
    ----------
    shielded
        The protected tables.
    exact
        The tables that stand as they were counted.

    Raises
    ------
    InputRefused
        Tables that tell a small count together.
    """
    for table in shielded:
        for others, totals in _beside(table, exact):
            found = _meeting(table, others, totals)
            if found.told:
                raise InputRefused(
                    "make small counts derivable together that the first protects",
                    where=f"build, tables {' and '.join((found.table, *found.others))}",
                    value=found.told,
                    next_step="Build one of them alone, or let the policy of the first break down "
                    "larger units only (`few`)",
                )  # fmt: skip
            yield found


_Totals = Mapping[str, NDArray[np.int32]]


def _beside(table: Shielded, exact: Sequence[Exact]) -> Iterator[tuple[tuple[str, ...], _Totals]]:
    """Tables to set beside one, and what they tell of its figures."""
    yield (), {}
    together: dict[str, NDArray[np.int32]] = {}
    names: list[str] = []
    for other in exact:
        totals = told_by(table, other)
        if not totals:
            continue
        yield (other.definition.id,), totals
        names.append(other.definition.id)
        for code, told in totals.items():
            known = together.setdefault(code, told)
            together[code] = np.where(known == UNKNOWN, told, known)
    if len(names) > 1:
        yield tuple(names), together


def told_by(table: Shielded, other: Exact) -> dict[str, NDArray[np.int32]]:
    """Contents of a table, with the figures that another one tells.

    Parameters
    ----------
    table
        The protected table.
    other
        The table that stands as it was counted; what it does not tell is `UNKNOWN`.
    """
    contents = table.counted.contents
    found: dict[str, NDArray[np.int32]] = {}
    own: Sequence[tuple[str, str, Mapping[str, str]]] = [(name, name, {}) for name in contents]
    for measure, same, renamed in (*own, *_OTHER_NAMES):
        content = contents.get(measure, "")
        if content in table.true and same in other.contents:
            told = np.full(table.true[content].shape, UNKNOWN, np.int32)
            if _tell(told, table.definition, other, same, renamed):
                # Who moves is in the sums of both ends.
                before = found.get(content, told)
                found[content] = np.where(before == UNKNOWN, told, before)
    return found


def _tell(
    told: NDArray[np.int32],
    made: Definition,
    other: Exact,
    measure: str,
    renamed: Mapping[str, str],
) -> bool:
    """Put in what another table tells; whether it tells anything."""
    figures = other.figures.values[other.contents[measure]].astype(np.int64)
    theirs = {variable.id: n for n, variable in enumerate(other.definition.variables)}
    own = {renamed.get(v.id, v.id): n for n, v in enumerate(made.variables[:-1])}
    if set(renamed) - {v.id for v in made.variables}:
        return False
    # Along variables that both have; summed, or at the whole, along the others.
    for name in [name for name in theirs if name not in own][-2::-1]:
        figures = _summed(figures, theirs[name], other.definition.variables[theirs[name]])
    kept = [name for name in theirs if name in own]
    index = [slice(None)] * told.ndim
    for name, n in own.items():
        if name not in theirs:
            whole = whole_place(made.variables[n])
            if whole is None:
                return False
            index[n] = slice(whole, whole + 1)
    figures = np.moveaxis(figures, range(len(kept)), np.argsort(np.argsort([own[k] for k in kept])))
    for axis, name in enumerate(sorted(kept, key=own.__getitem__)):
        variable = other.definition.variables[theirs[name]]
        # Groups of the other table's values may be values of this one.
        figures = with_sums(figures, [*[()] * axis, variable.sums])
        figures = _taken(figures, axis, _places(made.variables[own[name]], variable))
    figures = _of_times(figures, made, other.definition, stock=measure == "population_start")
    sums = [made.variables[own[name]].sums for name in sorted(kept, key=own.__getitem__)]
    # Unknown places are far below 0, and so are the sums that they are in.
    figures = with_sums(figures, [*sums, ()])
    found = np.where(figures < 0, UNKNOWN, figures).astype(np.int32)
    told[tuple(index)] = found.reshape(told[tuple(index)].shape)
    return bool((found >= 0).any())


def _summed(figures: NDArray[np.int64], axis: int, variable: Variable) -> NDArray[np.int64]:
    places = [n for n, v in enumerate(variable.values) if variable.eliminated_by in ("*", v.code)]
    summed: NDArray[np.int64] = figures.take(places, axis).sum(axis=axis)
    return summed


def _places(own: Variable, theirs: Variable) -> list[int]:
    at = {
        group.code: theirs.stored[of] if len(of) > 1 else of[0]
        for groups in theirs.code_lists
        for group in groups.groups
        for of in [tuple(sorted(theirs.places[code] for code in group.of))]
    } | theirs.places
    return [at.get(value.code, UNKNOWN) for value in own.values]


def _taken(figures: NDArray[np.int64], axis: int, places: Sequence[int]) -> NDArray[np.int64]:
    """Figures at places of an axis, far below 0 where there is none."""
    found = figures.take(places, axis)
    missing = [n for n, place in enumerate(places) if place == UNKNOWN]
    found[along(axis, tuple(missing))] = -(1 << 40)
    return found


def _of_times(
    figures: NDArray[np.int64], made: Definition, theirs: Definition, *, stock: bool
) -> NDArray[np.int64]:
    """Figures of the times of a table: the quarters of a year, or the first of them, are a year."""
    codes = {value.code: n for n, value in enumerate(theirs.time.values)}
    parts = []
    for value in made.time.values:
        quarters = [f"{value.code}K{n}" for n in ((1,) if stock else (1, 2, 3, 4))]
        of = [value.code] if value.code in codes else quarters
        if all(code in codes for code in of):
            parts.append(figures[..., [codes[code] for code in of]].sum(axis=-1))
        else:
            parts.append(np.full(figures.shape[:-1], -(1 << 40)))
    return np.stack(parts, axis=-1)


def _meeting(table: Shielded, others: tuple[str, ...], totals: _Totals) -> Meeting:
    policy, links = table.counted.policy, relations_of(table.definition)
    shared = small = close = told = breakdowns = 0
    best = 1.0
    for content, true in table.true.items():
        bounds = bounds_of(policy, table.shown[content], table.hidden)
        exact = totals.get(content, np.full(true.shape, UNKNOWN, np.int32)) != UNKNOWN
        if exact.any():
            bounds.lower[exact] = bounds.upper[exact] = totals[content][exact]
        bounds = narrow(bounds, links)
        of = (true > 0) & (true <= policy.small) & ~exact
        bounds = _programmed(bounds, links, of)
        shared, small = shared + int(exact.sum()), small + int(of.sum())
        # Quarters do not quite add up to their year: bounds that contradict tell nothing.
        width = bounds.upper - bounds.lower
        close += int((of & (width >= 0) & (width <= policy.small)).sum())
        told += int((of & bounds.told(true, policy.small)).sum())
        many, sharp = precision(true, links, exact)
        if of.any():
            breakdowns = max(breakdowns, int(many[of].max()))
            best = max(best, float(sharp[of].max()))
    noise = policy.variance if policy.kind == "cell keys" else 0.0
    error = round(float(np.sqrt(noise / best)), 3)
    return Meeting(table.definition.id, others, shared, small, close, told, breakdowns, error)


def _programmed(bounds: Bounds, links: Sequence[Relation], of: NDArray[np.bool_]) -> Bounds:
    """The narrowest bounds of small counts, narrowed by linear programming where that is small."""
    width = np.where(of, bounds.upper - bounds.lower, np.iinfo(np.int32).max)
    order = np.argsort(width, axis=None)[: min(_PROGRAMMES, int(of.sum()))]
    for cell in zip(*np.unravel_index(order, of.shape), strict=True):
        if width[cell] == 0:
            continue
        # The part of the table of one time, and of one place of its longest axis if that is long.
        part = _part(bounds, cell)
        within = [link for link in links if part.lower.shape[link[0]] > 1]
        if part.lower.size > _LARGEST or not within:
            continue
        inside = tuple(
            0 if size == 1 else n for n, size in zip(cell, part.lower.shape, strict=True)
        )
        low, high = programmed(part, within, inside)
        bounds.lower[cell], bounds.upper[cell] = low, high
    return bounds


def _part(bounds: Bounds, cell: tuple[int, ...]) -> Bounds:
    shape = bounds.lower.shape
    index = [slice(None)] * (len(shape) - 1) + [slice(cell[-1], cell[-1] + 1)]
    for axis in np.argsort(shape[:-1])[::-1].tolist():
        if bounds.lower[tuple(index)].size > _LARGEST:
            index[axis] = slice(cell[axis], cell[axis] + 1)
    return Bounds(bounds.lower[tuple(index)], bounds.upper[tuple(index)])
