"""Tables under their policies: cell keys, rounding or suppression, or none."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, kron

from folkestrom.disclosure.suppression.complementary import complement
from folkestrom.disclosure.tables.inference import Relation
from folkestrom.disclosure.tables.linked_rounding import round_linked
from folkestrom.disclosure.tables.policy import Cost, Policy, cost
from folkestrom.disclosure.tables.sums import Parts, relations, with_sums
from folkestrom.errors import UsageError
from folkestrom.model.specification import Text
from folkestrom.publish.protection.rates import unchanged, with_rates
from folkestrom.publish.releases.decision import Decision
from folkestrom.publish.tables.definition import Definition, Variable
from folkestrom.publish.tables.figures import SUPPRESSED, Figures

_True: TypeAlias = Mapping[str, NDArray[np.int32]]
_Shown: TypeAlias = tuple[_True, NDArray[np.bool_]]

_NOTES: Final = {
    "cell keys": Text(
        "Figures have small random changes, so that none tells of single persons: totals may "
        "differ from the sums of their parts, and counts from 1 to {small} are never shown.",
        "Tallene har små tilfeldige endringer, slik at ingen av dem røper enkeltpersoner: summer "
        "kan avvike fra summen av delene, og antall fra 1 til {small} vises aldri.",
    ),
    "rounding": Text(
        "Counts below {base} are rounded to 0 or {base}, and sums are of rounded counts.",
        "Antall under {base} er avrundet til 0 eller {base}, og summer er av avrundede tall.",
    ),
    "suppression": Text(
        "Counts of 1 to {small}, and others from which they are derivable, are not shown.",
        "Antall fra 1 til {small}, og andre som ville røpet dem, vises ikke.",
    ),
}


@dataclass(frozen=True, slots=True)
class Counted:
    """A table as it is counted, before protection.

    Parameters
    ----------
    definition
        The table.
    figures
        True figures.
    policy
        How it is protected.
    contents
        The code of each measure.
    derived
        Measures that are differences of two others, as these are shown.
    keys
        Sums of record keys by content; empty: there are none.
    rate, exposure
        A content of which rates are shown too, and the mean population of every cell; None: none
        is.
    """

    definition: Definition
    figures: Figures
    policy: Policy
    contents: Mapping[str, str]
    derived: Mapping[str, tuple[str, str]]
    keys: Mapping[str, NDArray[np.uint32]]
    rate: str = ""
    exposure: NDArray[np.float64] | None = None

    @property
    def counted(self) -> list[str]:
        """Contents that are counted, and not derived from others."""
        return [code for measure, code in self.contents.items() if measure not in self.derived]


@dataclass(frozen=True, slots=True)
class Shielded:
    """A protected table, with the true counts behind it; never written.

    Parameters
    ----------
    counted
        The table before protection.
    definition, figures, decision
        The table as it may be shown, and how it was protected.
    true
        True counts, by content, with all sums.
    shown
        What is shown instead.
    hidden
        What is not shown.
    """

    counted: Counted
    definition: Definition
    figures: Figures
    decision: Decision
    true: Mapping[str, NDArray[np.int32]]
    shown: Mapping[str, NDArray[np.int32]]
    hidden: NDArray[np.bool_]


def protected(table: Counted, fingerprint: str = "") -> Shielded:
    """A table under its policy.

    Parameters
    ----------
    table
        The table.
    fingerprint
        Of the secret of record keys.
    """
    policy = table.policy
    true = {c: with_sums(table.figures.values[c], sums_of(table.definition)) for c in table.counted}
    shown, hidden = _SHIELDS[policy.kind](table, true, _few(table, true))
    total = Cost(0, 0, 0.0, 0, 0)
    for code in table.counted:
        total += cost(true[code], shown[code], hidden)
    decision = Decision(
        policy.kind, policy.reason, policy.parameters, total.cells, total.changed, total.mean,
        total.largest, total.hidden, fingerprint if policy.kind == "cell keys" else "",
    )  # fmt: skip
    definition = _noted(table)
    figures = table.figures if policy.kind == "none" else _figures(table, definition, shown, hidden)
    if table.exposure is not None:
        changes = policy.perturbations if policy.kind == "cell keys" else unchanged()
        definition, figures = with_rates(definition, figures, table.rate, table.exposure, changes)
    return Shielded(table, definition, figures, decision, true, shown, hidden)


def sums_of(definition: Definition) -> list[tuple[Parts, ...]]:
    """The sums along every variable of a table."""
    return [variable.sums for variable in definition.variables]


def nested(variable: Variable) -> list[tuple[int, Parts]]:
    """Places of a variable that are the sums of other places of it, by their codes."""
    places = {value.code: n for n, value in enumerate(variable.values)}
    if variable.role != "geo" or variable.eliminated_by not in places:
        return []
    found = [
        (places[variable.eliminated_by], tuple(places[group.code] for group in level.groups))
        for level in variable.code_lists
    ]
    within: dict[int, list[int]] = {}
    for code, place in places.items():
        if len(code) > 2 and code[:2] in places:
            within.setdefault(places[code[:2]], []).append(place)
    return [*found, *((county, tuple(of)) for county, of in within.items())]


def relations_of(definition: Definition) -> list[Relation]:
    """Every relation between the figures of a table with all its sums."""
    of = [nested(variable) for variable in definition.variables]
    return [*relations(definition.shape, sums_of(definition), of)]


def whole_place(variable: Variable) -> int | None:
    """The place of the sum of all values, with the sums after the values; None without one."""
    if variable.eliminated_by == "*":
        return len(variable.values) if len(variable.values) > 1 else 0
    codes = [value.code for value in variable.values]
    return codes.index(variable.eliminated_by) if variable.eliminated_by else None


def _few(table: Counted, true: _True) -> NDArray[np.bool_]:
    """Figures of units of few persons, or with few outside the largest part, if others tell them.

    Whoever knows how many there are in all, and that the largest part is nearly as large, knows
    that each of the other parts is small.
    """
    policy = table.policy
    few = np.zeros(table.definition.shape_with_sums, np.bool_)
    for unit in policy.units:
        index: list[slice] = []
        parts: dict[int, NDArray[np.intp]] = {}
        for n, variable in enumerate(table.definition.variables):
            whole = whole_place(variable)
            summed = variable.role != "time" and variable.id not in unit and whole is not None
            index.append(slice(whole, whole + 1) if summed and whole is not None else slice(None))
            if summed:
                parts[n] = _leaves(variable)
        for counts in true.values():
            total = counts[tuple(index)]
            each = counts
            for axis, places in parts.items():
                each = each.take(places, axis)
            rest = total - each.max(axis=tuple(parts), keepdims=True, initial=0)
            few |= (total > 0) & (total < policy.few)
            few |= (rest > 0) & (rest <= policy.largest)
    return few


def _as_they_are(_: Counted, true: _True, few: NDArray[np.bool_]) -> _Shown:
    return true, np.zeros_like(few)


def _by_cell_keys(table: Counted, true: _True, few: NDArray[np.bool_]) -> _Shown:
    perturbations = table.policy.perturbations
    sums = sums_of(table.definition)
    shown = {
        code: counts + perturbations.changes(counts, with_sums(table.keys[code], sums))
        for code, counts in true.items()
    }
    # Figures of 0 too: those that are not shown would else be known to count a person.
    return shown, few


def _by_rounding(table: Counted, true: _True, few: NDArray[np.bool_]) -> _Shown:
    """Small counts of the finest places rounded, a time after the other; sums are of these."""
    axes = [_finest(variable) for variable in table.definition.variables[:-1]]
    linked = functools.reduce(lambda a, b: csr_array(kron(a, b)), (matrix for _, matrix in axes))
    shown = {code: np.zeros_like(counts) for code, counts in true.items()}
    for code, counts in true.items():
        for time in range(counts.shape[-1]):
            inner = counts[..., time][np.ix_(*(places for places, _ in axes))]
            rounded = round_linked(inner.ravel(), linked, table.policy.base)
            shown[code][..., time] = (linked @ rounded).reshape(counts.shape[:-1])
    return shown, np.zeros_like(few)


def _leaves(variable: Variable) -> NDArray[np.intp]:
    """Places of values that are no sums of others."""
    above = {place for place, _ in nested(variable)}
    return np.array([n for n in range(len(variable.values)) if n not in above], np.intp)


def _finest(variable: Variable) -> tuple[NDArray[np.intp], csr_array]:
    """Places that are no sums of others, and which of them each place and sum is of."""
    above = dict(nested(variable)[::-1])
    places = _leaves(variable)
    column = {place: n for n, place in enumerate(places.tolist())}

    def finest(place: int) -> list[int]:
        if place in column:
            return [column[place]]
        return [one for part in above[place] for one in finest(part)]

    of = [finest(n) for n in range(len(variable.values))]
    of += [[one for part in parts for one in of[part]] for parts in variable.sums]
    rows = np.repeat(np.arange(len(of)), [len(one) for one in of])
    columns = np.concatenate([np.array(one, np.intp) for one in of])
    matrix = csr_array((np.ones(len(rows), np.int64), (rows, columns)), (len(of), len(places)))
    return places, matrix


def _by_suppression(table: Counted, true: _True, few: NDArray[np.bool_]) -> _Shown:
    """Small counts and their complementary suppressions, a time after the other; no small sum."""
    *by, _ = table.definition.variables
    if any(nested(variable) for variable in by):
        raise UsageError(
            "has places within places, which suppression does not take into account",
            where=f"table {table.definition.id}", allowed="cell keys, rounding or none",
        )  # fmt: skip
    policy, hidden = table.policy, few.copy()
    values = tuple(slice(size) for size in table.definition.shape)
    codes = [code.ravel() for code in np.indices(table.definition.shape[:-1])]
    for counts in true.values():
        small = (counts > 0) & (counts <= policy.small)
        hidden |= small
        for time in range(counts.shape[-1]):
            cells, primary = counts[values][..., time], hidden[values][..., time]
            numbers = cells.ravel().astype(np.int64)
            found = complement(numbers, primary.ravel(), codes, policy.base)
            primary |= found.reshape(cells.shape)
    return true, hidden


_SHIELDS: Final = {
    "none": _as_they_are,
    "cell keys": _by_cell_keys,
    "rounding": _by_rounding,
    "suppression": _by_suppression,
}


def _noted(table: Counted) -> Definition:
    """The definition with a note of what was done, and whether its sums are stored."""
    policy = table.policy
    if policy.kind == "none":
        return table.definition
    note = _NOTES[policy.kind].fill(small=str(policy.small), base=str(policy.base))
    return replace(
        table.definition,
        notes=(*table.definition.notes, note),
        additive=policy.kind == "rounding",
    )


def _figures(
    table: Counted, definition: Definition, shown: _True, hidden: NDArray[np.bool_]
) -> Figures:
    """What is stored: nothing lies under what is hidden."""
    stored = tuple(slice(size) for size in definition.stored_shape)
    clear = {code: np.where(hidden, 0, counts)[stored] for code, counts in shown.items()}
    for measure, (plus, minus) in table.derived.items():
        added, taken = (clear[table.contents[name]] for name in (plus, minus))
        clear[table.contents[measure]] = added - taken
    status = np.where(hidden, np.uint8(SUPPRESSED), np.uint8(0))[stored] if hidden.any() else None
    return Figures({content.code: clear[content.code] for content in definition.contents}, status)
