"""Summaries of columns that a formula needs before any row is coded: levels, ranges, values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from folkestrom import columns
from folkestrom.analysis.design.formula import Category, Expression, Parsed
from folkestrom.analysis.design.identifiers import PanelIdentifiers
from folkestrom.analysis.design.sources import Source, rows_from
from folkestrom.analysis.design.tables import Table, numbers_of
from folkestrom.errors import UsageError, UserError

Array = NDArray[np.float64]

#: Levels of a column are listed up to this number; many fewer can have coefficients.
_MOST_LISTED = 100_000


class _Watch(Protocol):
    def take(self, part: Table) -> None: ...


W = TypeVar("W", bound=_Watch)


@dataclass
class _Levels:
    """Levels in declared order, numbers by size, texts by alphabet."""

    name: str
    declared: bool = False
    numbers: bool = False
    seen: dict[str, None] = field(default_factory=dict)

    def take(self, part: Table) -> None:
        self.declared = self.name in part.declared or part.frame.schema[self.name] == pl.Boolean
        self.numbers = not part.is_category(self.name)
        columns.refuse_levels(part.frame.lazy(), part.column(self.name))
        self.seen.update(dict.fromkeys(part.levels(self.name)))
        if len(self.seen) > _MOST_LISTED:
            raise UsageError(
                f"has more than {_MOST_LISTED} levels", column=self.name,
                next_step="Join levels into groups, or take what tells them apart as numbers",
            )  # fmt: skip

    def found(self) -> tuple[str, ...]:
        if self.declared:
            return tuple(self.seen)
        return tuple(sorted(self.seen, key=float) if self.numbers else sorted(self.seen))


@dataclass
class _Span:
    """Least and greatest value."""

    name: str
    low: float = np.inf
    high: float = -np.inf

    def take(self, part: Table) -> None:
        values = numbers_of(part, self.name)
        self.low = min(self.low, float(values.min()))
        self.high = max(self.high, float(values.max()))


@dataclass
class _Whole:
    """All values of a column."""

    name: str
    values: list[Array] = field(default_factory=list)

    def take(self, part: Table) -> None:
        self.values.append(numbers_of(part, self.name))


@dataclass
class ColumnSummaries:
    """Levels, ranges and values of columns, over all rows.

    Attributes
    ----------
    identifiers
        Persons and times.
    categories
        Columns of texts, levels or truth values.
    ordered
        Columns whose levels have an order of their own: a declared one, or false and true.
    """

    identifiers: PanelIdentifiers
    categories: frozenset[str] = frozenset()
    ordered: frozenset[str] = frozenset()
    _levels: dict[str, _Levels] = field(default_factory=dict)
    _spans: dict[str, _Span] = field(default_factory=dict)
    _whole: dict[str, _Whole] = field(default_factory=dict)
    _errors: dict[int, UserError] = field(default_factory=dict)

    def levels(self, name: str) -> tuple[str, ...]:
        """Names of a column's levels; refuses what is missing.

        Parameters
        ----------
        name
            The column.
        """
        return self._right(self._levels[name]).found()

    def span(self, name: str) -> tuple[float, float]:
        """Least and greatest value of a column; refuses what is not finite.

        Parameters
        ----------
        name
            The column.
        """
        found = self._right(self._spans[name])
        return found.low, found.high

    def numbers(self, name: str) -> Array:
        """All values of a column that a spline or another function must know.

        Parameters
        ----------
        name
            The column.
        """
        return np.concatenate(self._right(self._whole[name]).values)

    def put(self, part: Table) -> None:
        """Read the next rows.

        Parameters
        ----------
        part
            Rows that follow those read before.
        """
        watches: list[_Watch] = [*self._levels.values(), *self._spans.values()]
        for watch in [*watches, *self._whole.values()]:
            if id(watch) not in self._errors:
                try:
                    with rows_from(self.identifiers.rows):
                        watch.take(part)
                except UserError as error:
                    self._errors[id(watch)] = error
        self.identifiers.put(part)

    def begin(self, part: Table, parsed: Parsed, listed: Iterable[str]) -> None:
        """Settle from the first rows what is to be known of which column.

        Parameters
        ----------
        part
            The first rows.
        parsed
            The formula.
        listed
            Other columns whose levels are wanted.
        """
        self.categories = frozenset(name for name in part.frame.columns if part.is_category(name))
        truths = (name for name, kind in part.frame.schema.items() if kind == pl.Boolean)
        self.ordered = frozenset((*part.declared, *truths))
        named = list(listed)
        for _, pieces in parsed.terms:
            for piece in pieces:
                if isinstance(piece, Expression):
                    numbers = [n for n in piece.variables.values() if n not in self.categories]
                    self._spans |= {name: _Span(name) for name in numbers}
                    if piece.remembers:
                        self._whole |= {name: _Whole(name) for name in numbers}
                elif isinstance(piece, Category):
                    named.append(piece.name)
                elif piece in self.categories:
                    named.append(piece)
                else:
                    self._spans[piece] = _Span(piece)
        self._levels = {name: _Levels(name) for name in named}

    def _right(self, watch: W) -> W:
        if id(watch) in self._errors:
            raise self._errors[id(watch)]
        return watch


def summarise_columns(
    source: Source, parsed: Parsed, identifiers: PanelIdentifiers, listed: Iterable[str] = ()
) -> ColumnSummaries:
    """Read all rows once.

    Parameters
    ----------
    source
        The rows.
    parsed
        The formula.
    identifiers
        Told of persons and times.
    listed
        Columns beside the formula's whose levels are wanted.
    """
    summaries = ColumnSummaries(identifiers)
    listed = list(listed)
    for _, part in source.parts([*identifiers.columns, *listed, *parsed.columns]):
        if not identifiers.rows:
            summaries.begin(part, parsed, listed)
        summaries.put(part)
    return summaries
