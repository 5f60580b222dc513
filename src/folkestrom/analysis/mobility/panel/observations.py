"""The rows that a model was fitted to, or is compared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from folkestrom import columns
from folkestrom.analysis.design.column_summaries import ColumnSummaries
from folkestrom.analysis.design.design import Design, Roles
from folkestrom.analysis.design.identifiers import (
    BYTES_OF_ORDER,
    PanelIdentifiers,
    RowOrder,
    check_same,
    order_of,
)
from folkestrom.analysis.design.sources import Source, rows_from, source_of
from folkestrom.analysis.design.tables import (
    Table,
    factor_of,
    joined,
)
from folkestrom.analysis.design.term_design import CovariateDesign, TermDesign
from folkestrom.analysis.design.terms import Factor, Number, Term
from folkestrom.analysis.mobility.panel.builder import PanelBuilder
from folkestrom.analysis.mobility.panel.panel import (
    MOST_OUTCOMES,
    Panel,
    codes_of_outcomes,
    terms_of_panel,
)
from folkestrom.columns import check_arguments, text_of
from folkestrom.errors import InputRefused, UsageError
from folkestrom.model.names import suggestion, unknown

Array = NDArray[np.float64]

#: Fixes which rows are drawn.
_SEED = 20_210_101


@dataclass(frozen=True, eq=False)
class Sample:
    """The rows that effects are averaged over.

    Attributes
    ----------
    columns
        Columns of covariates.
    weight
        What each row counts; adds up to one.
    of
        How many rows these were drawn from.
    """

    columns: Mapping[str, Term]
    weight: Array
    of: int


@dataclass(frozen=True, eq=False)
class SourceRows:
    """The rows that a panel was made of.

    Attributes
    ----------
    source, identifiers
        The rows, and what was read of persons and times.
    order
        The panel's order, if they lie otherwise.
    """

    source: Source
    identifiers: PanelIdentifiers
    order: RowOrder | None

    def read(self, columns: Sequence[str], rows: NDArray[np.intp] | None = None) -> Table:
        """Columns in the panel's order.

        Parameters
        ----------
        columns
            The columns.
        rows
            Rows of the panel wanted, rising; all by default.
        """
        again = PanelIdentifiers(self.identifiers.person, self.identifiers.time)
        lying = np.arange(self.identifiers.rows) if self.order is None else self.order.order
        lying = lying if rows is None else lying[rows]
        wanted = np.zeros(self.identifiers.rows, dtype=bool)
        wanted[lying] = True
        taken: list[Table] = []
        for here, part in self.source.parts([*self.identifiers.columns, *columns]):
            again.put(part)
            if here.stop <= wanted.size:
                chosen = part if rows is None else part.rows(np.flatnonzero(wanted[here]))
                taken.append(chosen.of(columns))
        check_same(self.identifiers, again)
        table = joined(taken)
        return table if self.order is None else table.rows(np.argsort(np.argsort(lying)))

    def of_persons(self, name: str, check: Callable[[Table], None]) -> pl.Series | None:
        """A column's value for each person; None where it is not the same in all rows of one.

        Parameters
        ----------
        name
            The column.
        check
            Refuses values that cannot be.
        """
        if self.order is not None:
            table = self.source.whole([name])
            check(table)
            values = table.frame[name][self.order.order]
            begins = np.zeros(self.identifiers.rows, dtype=np.bool_)
            begins[self.order.start[:-1]] = True
            return _first(values.head(1), values, begins)
        again = PanelIdentifiers(self.identifiers.person, self.identifiers.time)
        found: list[pl.Series] = []
        last: pl.Series | None = None
        for here, part in self.source.parts([*self.identifiers.columns, name]):
            with rows_from(here.start):
                check(part)
            values = part.frame[name]
            first = _first(values.head(1) if last is None else last, values, again.put(part))
            if first is None:
                return None
            found.append(first)
            last = values.tail(1)
        check_same(self.identifiers, again)
        return pl.concat(found)


def _first(last: pl.Series, values: pl.Series, begins: NDArray[np.bool_]) -> pl.Series | None:
    """Each person's first value; None where a later one differs. `last` is the value before."""
    both = pl.concat([last, values])
    differs = both.slice(1).ne_missing(both.slice(0, values.len())).to_numpy()
    if (differs & ~begins).any():
        return None
    return values.filter(pl.Series(begins))


@dataclass(frozen=True, eq=False)
class Observations:
    """Rows as a panel, and what they came from.

    Attributes
    ----------
    panel
        The rows, by person.
    source_rows
        The rows that it was made of; None for a panel made of terms.
    design
        How they are read; None for a panel made of terms.
    """

    panel: Panel
    source_rows: SourceRows | None = None
    design: Design | None = None

    def covariate_design(self) -> CovariateDesign:
        """What makes covariates out of columns."""
        if self.design is not None:
            return self.design
        ranges = {
            term.name: (float(term.values.min()), float(term.values.max()))
            for term in terms_of_panel(self.panel)
            if isinstance(term, Number)
        }
        return TermDesign(self.panel.terms, ranges)

    def weight(self) -> Array:
        """What each row counts."""
        held = self.panel.rows.weight
        if not held.size:
            return np.ones(self.panel.size)
        return np.repeat(held, np.diff(self.panel.rows.start))

    def cells(self, name: str) -> Factor:
        """A column as a factor, whatever it holds.

        Parameters
        ----------
        name
            A column of the table, or a factor of the panel.
        """
        check_arguments(Observations.cells, locals())
        if self.source_rows is not None:
            return factor_of(self.source_rows.read([name]), name)
        found = {t.name: t for t in terms_of_panel(self.panel) if isinstance(t, Factor)}
        if name not in found:
            raise unknown(name, list(found), "is no factor of the panel")
        return found[name]

    def sample(self, most: int | None, where: Mapping[str, object]) -> Sample:
        """Rows to average over.

        Parameters
        ----------
        most
            Not more rows than this, drawn at random; all if None.
        where
            Only rows with these levels of columns.
        """
        check_arguments(Observations.sample, locals())
        if most is not None and most < 1:
            raise UsageError("is no number of rows", where="sample", value=most, allowed="1 and up")
        kept = np.ones(self.panel.size, dtype=bool)
        for name, wanted in where.items():
            cells, level = self.cells(name), text_of(wanted)
            if level not in cells.levels:
                raise unknown(level, cells.levels, f"is not a level of {name}")
            kept &= cells.codes == cells.levels.index(level)
        rows = np.flatnonzero(kept)
        if not rows.size:
            raise UsageError("no row is left to average over", value=dict(where))
        of = rows.size
        if most is not None and of > most:
            rows = np.sort(np.random.default_rng(_SEED).choice(rows, most, replace=False))
        weight = self.weight()[rows]
        return Sample(self._columns(rows), weight / weight.sum(), of)

    def _columns(self, rows: NDArray[np.intp]) -> dict[str, Term]:
        if self.design is None or self.source_rows is None:
            return {t.name: t for t in terms_of_panel(self.panel, rows) if not t.parents}
        return self.design.read(self.source_rows.read(self.design.columns, rows))


def observe(data: Any, design: Design, outcomes: Sequence[str]) -> Observations:
    """Read rows as a formula's design does.

    Parameters
    ----------
    data
        A table of Arrow, Polars or pandas, or what else `source_of` takes.
    design
        The design.
    outcomes
        Names of the alternatives.
    """
    source = source_of(data)
    return arrange(source, design, outcomes, identifiers_of(source, design.roles))


def identifiers_of(source: Source, roles: Roles) -> PanelIdentifiers:
    """Read persons and times.

    Parameters
    ----------
    source
        The rows.
    roles
        Columns that are no covariates.
    """
    source.check(roles.columns)
    identifiers = PanelIdentifiers(roles.person, roles.time)
    for _, part in source.parts(identifiers.columns):
        identifiers.put(part)
    return identifiers


def arrange(
    source: Source,
    design: Design,
    outcomes: Sequence[str],
    identifiers: PanelIdentifiers,
    *,
    folder: Path | str | None = None,
    fitting: bool = False,
) -> Observations:
    """Rows as a panel, those of a person in the order of time.

    Parameters
    ----------
    source
        The rows.
    design
        How they are read.
    outcomes
        Names of the alternatives.
    identifiers
        What has been read of persons and times.
    folder
        Where the panel's columns are kept as files; in memory if not given.
    fitting
        Slopes of levels that have no rows are left out of the design.
    """
    identifiers.settle()
    order = None if identifiers.in_order else order_of(source, identifiers)
    builder: PanelBuilder | None = None
    again = PanelIdentifiers(identifiers.person, identifiers.time)
    starts: list[NDArray[np.intp]] = []
    for here, part in source.parts([*identifiers.columns, design.roles.outcome, *design.columns]):
        with rows_from(here.start):
            terms = design.terms(design.read(part))
            chosen = outcome_codes(part, design.roles.outcome, outcomes)
        if builder is None:
            builder = PanelBuilder(
                terms, outcomes, rows=identifiers.rows, persons=identifiers.persons, folder=folder,
                more=0 if order is None else BYTES_OF_ORDER,
            )  # fmt: skip
        if here.stop <= identifiers.rows:
            builder.put(here if order is None else order.place[here], chosen, terms)
        starts.append(np.flatnonzero(again.put(part)) + here.start)
    check_same(identifiers, again)
    if builder is None:
        raise InputRefused("has no rows", where="data", next_step="Look at what made the panel")
    if fitting:
        design = replace(design, absent=builder.drop_empty_slopes())
    start = np.concatenate([*starts, [identifiers.rows]]) if order is None else order.start
    panel = builder.panel(start.astype(np.int64), np.empty(0))
    given = SourceRows(source, identifiers, order)
    if design.roles.weight is not None:
        weight = _weights(given, design.roles.weight)
        panel = replace(panel, rows=panel.rows._replace(weight=weight))
    return Observations(panel, given, design)


def _weights(source_rows: SourceRows, name: str) -> Array:
    """What each person counts."""

    def check(part: Table) -> None:
        columns.amounts(part.column(name))

    found = source_rows.of_persons(name, check)
    if found is None:
        raise InputRefused(
            "differs between the years of one person", column=name,
            next_step="Give each person one weight: what is integrated out is the person",
        )  # fmt: skip
    if not found.sum() > 0:
        raise InputRefused("is 0 in every row", column=name)
    # Kernels would be compiled once more for an array that cannot be written.
    return found.cast(pl.Float64).to_numpy(writable=True)


def outcome_codes(table: Table, name: str, outcomes: Sequence[str]) -> NDArray[np.uint8]:
    """Codes of the alternatives, from their names or from codes.

    Parameters
    ----------
    table
        The table.
    name
        The column.
    outcomes
        Names of the alternatives, the base first.
    """
    column = table.column(name)
    truths = column.values.dtype == pl.Boolean and set(outcomes) == {"false", "true"}
    if column.is_number and not truths:
        return codes_of_outcomes(column, tuple(outcomes))
    found = table.coded(name)
    wrong = np.array([level not in outcomes for level in found.levels], np.bool_)
    if wrong.any():
        row = int(np.flatnonzero(wrong[found.codes])[0])
        level = found.levels[found.codes[row]]
        raise InputRefused(
            "is not an outcome", row=row + 1, column=name, value=level, allowed=outcomes,
            next_step=suggestion(level, outcomes)
            or "Name it among the outcomes, or leave its rows out",
        )  # fmt: skip
    return factor_of(table, name, levels=outcomes).codes.astype(np.uint8)


def names_of_outcomes(
    summaries: ColumnSummaries, name: str, given: Sequence[str] | None
) -> tuple[str, ...]:
    """Names of the alternatives, the base first.

    Parameters
    ----------
    summaries
        What was read of all rows.
    name
        The column.
    given
        What the user named; levels of the column if nothing.
    """
    if given is not None:
        return tuple(given)
    levels = summaries.levels(name)
    if len(levels) > MOST_OUTCOMES:
        raise UsageError(
            f"has {len(levels)} levels, too many for outcomes", column=name,
            allowed=f"2 to {MOST_OUTCOMES} outcomes",
            next_step="Name the column of what happened left of ~",
        )  # fmt: skip
    if name in summaries.ordered:
        return levels
    raise UsageError(
        "says nothing of which outcome is the base", column=name,
        allowed=f"outcomes=(…), the base first; the column has {', '.join(levels)}",
    )  # fmt: skip
