"""The panel: rows of persons and years, as the kernels read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from folkestrom import columns
from folkestrom.analysis.design.terms import Factor, Number, Term, without_values
from folkestrom.analysis.mobility.panel.arrays import Rows
from folkestrom.columns import Column, check_arguments, column_of, text_of
from folkestrom.errors import InputRefused, UsageError

#: More alternatives than this have no kernel.
MOST_OUTCOMES = 4
#: Columns begin this many bytes off a page, so that they do not displace each other.
_OFF_PAGE = 192


@dataclass(frozen=True)
class Position:
    """One row of the coefficient table: the intercept, a level of a factor, or a number."""

    term: str
    level: str
    reference: bool = False

    @property
    def label(self) -> str:
        """Name of the coefficient."""
        return f"{self.term}[{self.level}]" if self.level else self.term


class PersonGroups(NamedTuple):
    """What persons are nested within: the variable's name, and the number of each one's group."""

    name: str
    of_person: NDArray[np.int64]


@dataclass(frozen=True)
class Panel:
    """Person-years ready to be fitted; made by `make_panel`.

    Attributes
    ----------
    outcomes
        Names of the alternatives; the first is the one the others are compared with.
    positions
        Rows of the coefficient table.
    rows
        The arrays.
    terms
        Names of covariates, with levels, reference and parents, without their values.
    folder
        Where the columns are files; what a fit makes of them is then kept there too, and gone
        when the fit is done.
    groups
        PersonGroups of persons that have effects too, if any.
    """

    outcomes: tuple[str, ...]
    positions: tuple[Position, ...]
    rows: Rows
    terms: tuple[Term, ...]
    folder: Path | None = None
    groups: PersonGroups | None = None

    @property
    def persons(self) -> int:
        """Number of persons."""
        return int(self.rows.start.size) - 1

    @property
    def size(self) -> int:
        """Number of person-years."""
        return int(self.rows.start[-1])

    def take(self, persons: NDArray[np.int64]) -> Panel:
        """The panel of some persons, in the order given."""
        start = self.rows.start
        lengths = start[persons + 1] - start[persons]
        ends = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        rows = np.repeat(start[persons] - ends[:-1], lengths) + np.arange(ends[-1])
        weight = self.rows.weight
        taken = self.rows._replace(
            start=ends,
            outcome=self.rows.outcome[rows],
            codes8=_store(self.rows.codes8[:, rows], rows.size),
            codes16=_store(self.rows.codes16[:, rows], rows.size),
            numbers=_store(self.rows.numbers[:, rows], rows.size),
            weight=weight[persons] if weight.size else weight,
        )
        groups = self.groups and self.groups._replace(of_person=self.groups.of_person[persons])
        return replace(self, rows=taken, folder=None, groups=groups)


def make_panel(
    person: ArrayLike,
    outcome: ArrayLike,
    terms: Sequence[Term],
    *,
    outcomes: Sequence[str],
    weight: ArrayLike | None = None,
) -> Panel:
    """Check rows and arrange them by person.

    Parameters
    ----------
    person
        Whose year a row is; rows of one person need not lie together.
    outcome
        Codes of the alternatives, from 0.
    terms
        Covariates; the order of their coefficients.
    outcomes
        Names of the alternatives, two to four; the first is the base.
    weight
        How much a row counts, the same in all rows of a person.

    Examples
    --------
    >>> from folkestrom.analysis.design.terms import number
    >>> panel = make_panel([1, 2, 1], [0, 1, 1], [number("age", [30, 40, 31])],
    ...                    outcomes=["stay", "leave"])
    >>> panel.persons, panel.size, panel.rows.outcome
    (2, 3, array([0, 1, 1], dtype=uint8))
    """
    check_arguments(make_panel, locals())
    given = column_of(person, "person")
    size = len(given)
    if size == 0:
        raise InputRefused("the panel has no rows", next_step="Widen the study's population")
    who = columns.persons(given)
    check_outcomes(tuple(outcomes))
    chosen = codes_of_outcomes(column_of(outcome, "outcome"), tuple(outcomes))
    _check_lengths(size, chosen, terms)
    order = None if bool(np.all(who[1:] >= who[:-1])) else np.argsort(who, kind="stable")
    if order is not None:
        who, chosen = who[order], chosen[order]
    changes = np.flatnonzero(who[1:] != who[:-1]) + 1
    start = np.concatenate([[0], changes, [size]]).astype(np.int64)
    narrow, wide, numbers = by_kind(terms)
    positions, offset8, offset16 = positions_of(terms)
    rows = Rows(
        start=start,
        outcome=np.ascontiguousarray(chosen),
        codes8=_columns([t.codes for t in narrow], size, order, np.dtype(np.uint8)),
        offset8=offset8,
        codes16=_columns([t.codes for t in wide], size, order, np.dtype(np.uint16)),
        offset16=offset16,
        numbers=_columns([t.values for t in numbers], size, order, np.dtype(np.float64)),
        centre=np.zeros(len(numbers)),
        scale=np.ones(len(numbers)),
        offset_n=len(positions) - len(numbers),
        weight=_weights(weight, size, order, start),
    )
    return Panel(tuple(outcomes), positions, rows, tuple(without_values(t) for t in terms))


def by_kind(terms: Sequence[Term]) -> tuple[list[Factor], list[Factor], list[Number]]:
    """Factors with codes of one byte, factors with codes of two, and numbers.

    Parameters
    ----------
    terms
        Covariates.
    """
    factors = [term for term in terms if isinstance(term, Factor)]
    return (
        [factor for factor in factors if factor.codes.dtype == np.uint8],
        [factor for factor in factors if factor.codes.dtype != np.uint8],
        [term for term in terms if isinstance(term, Number)],
    )


def positions_of(
    terms: Sequence[Term],
) -> tuple[tuple[Position, ...], NDArray[np.int64], NDArray[np.int64]]:
    """Rows of the coefficient table, and where in it narrow and wide factors begin.

    Parameters
    ----------
    terms
        Covariates.
    """
    narrow, wide, numbers = by_kind(terms)
    positions = [Position("(intercept)", "")]
    offsets = []
    for term in [*narrow, *wide]:
        offsets.append(len(positions))
        positions += [
            Position(term.name, level, k == term.reference) for k, level in enumerate(term.levels)
        ]
    positions += [Position(term.name, "") for term in numbers]
    first = np.array(offsets[: len(narrow)], dtype=np.int64)
    return tuple(positions), first, np.array(offsets[len(narrow) :], dtype=np.int64)


def _columns(
    values: Sequence[NDArray[np.generic]],
    size: int,
    order: NDArray[np.intp] | None,
    dtype: np.dtype[np.generic],
) -> NDArray[np.generic]:
    stored = _store(np.empty((len(values), 0), dtype=dtype), size)
    for k, column in enumerate(values):
        stored[k, :size] = column if order is None else column[order]
    return stored


def _store(values: NDArray[np.generic], size: int) -> NDArray[np.generic]:
    """A table with a line for each column, and lines that do not begin on one another's page."""
    stored = np.zeros((values.shape[0], padded(size, values.dtype.itemsize)), dtype=values.dtype)
    stored[:, : values.shape[1]] = values
    return stored


def padded(size: int, bytes_of_value: int) -> int:
    """Length of the lines of a table of columns.

    Parameters
    ----------
    size
        Number of rows.
    bytes_of_value
        What one value takes.
    """
    page = 4096 // bytes_of_value
    return -(-size // page) * page + _OFF_PAGE // bytes_of_value


def check_outcomes(outcomes: tuple[str, ...]) -> None:
    """Refuse names of alternatives that no model can have.

    Parameters
    ----------
    outcomes
        The names.
    """
    if not 2 <= len(outcomes) <= MOST_OUTCOMES:
        raise UsageError(
            f"{len(outcomes)} outcomes are named", allowed=f"2 to {MOST_OUTCOMES} outcomes"
        )
    if len(set(outcomes)) < len(outcomes):
        raise UsageError("two outcomes have the same name", allowed="names that differ")


def check_names(terms: Sequence[Term]) -> None:
    """Refuse covariates with the same name.

    Parameters
    ----------
    terms
        The covariates.
    """
    seen = {"outcome"}
    for term in terms:
        if term.name in seen:
            raise UsageError("two covariates have the same name", column=term.name)
        seen.add(term.name)


def clusters_of_persons(
    panel: Panel, cluster: ArrayLike, name: str = "cluster"
) -> NDArray[np.int64]:
    """Numbers of the clusters of persons; refuses those that divide groups with effects.

    Parameters
    ----------
    panel
        The rows.
    cluster
        A value for each person.
    name
        What it is called.
    """
    given = column_of(cluster, name)
    if len(given) != panel.persons:
        raise UsageError(f"has {len(given)} values for {panel.persons} persons", column=name)
    found = columns.persons(given)
    if panel.groups is not None:
        pairs = np.unique(np.column_stack([panel.groups.of_person, found]), axis=0)[:, 0]
        divided = int((np.bincount(pairs) > 1).sum())
        if divided:
            raise UsageError(
                f"divides {divided} groups of {panel.groups.name}, whose persons share an effect",
                column=name, allowed="clusters of whole groups",
                next_step="Leave it out: clusters are groups by default",
            )  # fmt: skip
    return found


def codes_of_outcomes(given: Column, outcomes: tuple[str, ...]) -> NDArray[np.uint8]:
    """Codes of the alternatives; others are refused.

    Parameters
    ----------
    given
        Codes from 0.
    outcomes
        Names of the alternatives.
    """
    if not given.is_number:
        raise InputRefused(
            "holds no numbers", column=given.name,
            allowed=[f"{k} ({name})" for k, name in enumerate(outcomes)],
            next_step="Give each outcome as its place among the names, or use `mobility`.",
        )  # fmt: skip
    codes = columns.numbers(given)
    bad = np.flatnonzero(~np.isin(codes, np.arange(len(outcomes))))
    if bad.size:
        raise InputRefused(
            "is not the code of an outcome",
            row=int(bad[0]) + 1,
            column=given.name,
            value=text_of(codes[bad[0]]),
            allowed=[f"{k} ({name})" for k, name in enumerate(outcomes)],
        )
    return codes.astype(np.uint8)


def _check_lengths(size: int, outcome: NDArray[np.uint8], terms: Sequence[Term]) -> None:
    check_names(terms)
    lengths = {"outcome": outcome.size}
    for term in terms:
        lengths[term.name] = term.codes.size if isinstance(term, Factor) else term.values.size
    for name, length in lengths.items():
        if length != size:
            raise UsageError(f"has {length} rows, the panel {size}", column=name)


def _weights(
    weight: ArrayLike | None,
    size: int,
    order: NDArray[np.intp] | None,
    start: NDArray[np.int64],
) -> NDArray[np.float64]:
    if weight is None:
        return np.empty(0)
    given = columns.weights(column_of(weight, "weight"))
    if given.size != size:
        raise UsageError(f"has {given.size} rows, the panel {size}", column="weight")
    given = given if order is None else given[order]
    per_person = given[start[:-1]]
    if np.any(np.repeat(per_person, np.diff(start)) != given):
        raise InputRefused(
            "differs between the years of one person", column="weight",
            next_step="Give each person one weight: what is integrated out is the person",
        )  # fmt: skip
    return per_person


def terms_of_panel(panel: Panel, rows: slice | NDArray[np.int64] | None = None) -> list[Term]:
    """A panel's covariates with their values.

    Parameters
    ----------
    panel
        The panel.
    rows
        Which of its rows; all if not given.
    """
    taken = slice(0, panel.size) if rows is None else rows
    held = {np.uint8: iter(panel.rows.codes8), np.uint16: iter(panel.rows.codes16)}
    numbers = iter(panel.rows.numbers)
    out: list[Term] = []
    for term in panel.terms:
        if isinstance(term, Number):
            out.append(Number(term.name, next(numbers)[taken], term.parents))
        else:
            codes = next(held[term.codes.dtype.type])[taken]
            out.append(Factor(term.name, codes, term.levels, term.reference, term.parents))
    return out
