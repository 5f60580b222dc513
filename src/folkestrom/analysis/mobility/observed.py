"""The rows that a model was fitted to, or is to be held against."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from folkestrom.analysis.mobility.design import Design, Roles
from folkestrom.analysis.mobility.integration import terms_of_panel
from folkestrom.analysis.mobility.marginal import Maker, Sample
from folkestrom.analysis.mobility.panel import Panel, make_panel
from folkestrom.analysis.mobility.recipe import Recipe
from folkestrom.analysis.mobility.tables import (
    Table,
    codes_of_persons,
    factor_of,
    numbers_of,
    read_table,
    unknown_name,
)
from folkestrom.analysis.mobility.terms import Factor, Number, Term
from folkestrom.errors import InputRefused, UsageError

Array = NDArray[np.float64]
Reader = Callable[[Sequence[str]], Table]

#: Fixes which rows are drawn.
_SEED = 20_210_101


@dataclass(frozen=True, eq=False)
class Observed:
    """Rows as a panel, and the table that they came from.

    Attributes
    ----------
    panel
        The rows, by person.
    read
        Gives columns of the table in the panel's order; None for a panel made of terms.
    design
        How the table is read; None for a panel made of terms.
    """

    panel: Panel
    read: Reader | None = None
    design: Design | None = None

    def maker(self) -> Maker:
        """What makes covariates out of columns."""
        if self.design is not None:
            return self.design
        ranges = {
            term.name: (float(term.values.min()), float(term.values.max()))
            for term in terms_of_panel(self.panel)
            if isinstance(term, Number)
        }
        return Recipe(self.panel.terms, ranges)

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
        if self.read is not None:
            return factor_of(self.read([name]), name)
        found = {t.name: t for t in terms_of_panel(self.panel) if isinstance(t, Factor)}
        if name not in found:
            raise unknown_name(name, list(found), "is no factor of the panel")
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
        kept = np.ones(self.panel.size, dtype=bool)
        for name, wanted in where.items():
            cells, level = self.cells(name), text_of_level(wanted)
            if level not in cells.levels:
                raise unknown_name(level, cells.levels, f"is not a level of {name}")
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
        if self.design is None or self.read is None:
            return {t.name: t for t in terms_of_panel(self.panel, rows) if not t.parents}
        return self.design.read(self.read(self.design.columns).rows(rows))


def text_of_level(value: object) -> str:
    """The name of a level that may be given as a truth value or a number.

    Parameters
    ----------
    value
        What was given.

    Examples
    --------
    >>> text_of_level(True), text_of_level(3.0), text_of_level("urban")
    ('true', '3', 'urban')
    """
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def observe(data: Any, design: Design, outcomes: Sequence[str]) -> Observed:
    """Read a table as a formula's design does.

    Parameters
    ----------
    data
        A table of Arrow, Polars or pandas, or a panel.
    design
        The design.
    outcomes
        Names of the alternatives.
    """
    table = read_table(data, [*design.roles.columns, *design.columns])
    terms = design.terms(design.read(table))
    return arrange(lambda columns: read_table(data, columns), table, design, terms, outcomes)


def arrange(
    reader: Reader, table: Table, design: Design, terms: Sequence[Term], outcomes: Sequence[str]
) -> Observed:
    """Rows as a panel, those of a person in the order of time.

    Parameters
    ----------
    reader, table
        Gives columns of the user's table; the columns read of it.
    design
        The design.
    terms
        Covariates of the table's rows.
    outcomes
        Names of the alternatives.
    """
    roles = design.roles
    person = codes_of_persons(table, roles.person)
    order = order_of_rows(table, roles, person)
    chosen = outcome_codes(table, roles.outcome, outcomes)
    weight = None if roles.weight is None else numbers_of(table, roles.weight)
    if order is not None:
        person, chosen = person[order], chosen[order]
        terms = [_taken(term, order) for term in terms]
        weight = None if weight is None else weight[order]
    panel = make_panel(person, chosen, terms, outcomes=outcomes, weight=weight)

    def read(columns: Sequence[str]) -> Table:
        taken = reader(columns)
        return taken if order is None else taken.rows(order)

    return Observed(panel, read, design)


def order_of_rows(table: Table, roles: Roles, person: NDArray[np.int64]) -> NDArray[np.intp] | None:
    """The order of rows by person and time; None if they have it.

    Parameters
    ----------
    table, roles
        The table, and its columns of persons and time.
    person
        Numbers of the persons.
    """
    if roles.time is None:
        return None if np.all(person[1:] >= person[:-1]) else np.argsort(person, kind="stable")
    series = table.frame[roles.time]
    if series.null_count():
        raise InputRefused("is missing in some rows", column=roles.time)
    time = series.rank("dense").to_numpy()
    same = person[1:] == person[:-1]
    if np.all((person[1:] > person[:-1]) | (same & (time[1:] >= time[:-1]))):
        _refuse_doubles(person, time, np.arange(person.size), roles.time)
        return None
    order = np.lexsort((time, person))
    _refuse_doubles(person[order], time[order], order, roles.time)
    return order


def _refuse_doubles(
    person: NDArray[np.int64], time: NDArray[Any], order: NDArray[np.intp], column: str
) -> None:
    """A person has one row at a time: a join that doubled rows shows here."""
    twice = np.flatnonzero((person[1:] == person[:-1]) & (time[1:] == time[:-1]))
    if twice.size:
        raise InputRefused(
            f"holds the same for {twice.size} rows as for another row of the person",
            row=int(order[twice[0] + 1]) + 1, column=column, allowed="one row a person and time",
            next_step="Look for what doubled them, such as a join",
        )  # fmt: skip


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
    kind = table.frame.schema[name]
    if kind.is_numeric() or (kind == pl.Boolean and set(outcomes) != {"false", "true"}):
        numbers = numbers_of(table, name)
        bad = np.flatnonzero(~np.isin(numbers, np.arange(len(outcomes))))
        if bad.size:
            raise InputRefused(
                "is not the code of an outcome", row=int(bad[0]) + 1, column=name,
                value=f"{numbers[bad[0]]:g}",
                allowed=[f"{k} ({outcome})" for k, outcome in enumerate(outcomes)],
            )  # fmt: skip
        return numbers.astype(np.uint8)
    codes, texts = table.coded(name)
    wrong = np.array([text not in outcomes for text in texts])
    if wrong.any():
        bad = np.flatnonzero(wrong[codes])
        if bad.size:
            raise InputRefused(
                "is not an outcome", row=int(bad[0]) + 1, column=name, value=texts[codes[bad[0]]],
                allowed=outcomes, next_step="Name it among the outcomes, or leave its rows out",
            )  # fmt: skip
    return factor_of(table, name, levels=outcomes).codes.astype(np.uint8)


def names_of_outcomes(table: Table, name: str, given: Sequence[str] | None) -> tuple[str, ...]:
    """Names of the alternatives, the base first.

    Parameters
    ----------
    table
        The table.
    name
        The column.
    given
        What the user named; levels of the column if nothing.
    """
    if given is not None:
        return tuple(given)
    if name in table.declared or table.frame.schema[name] == pl.Boolean:
        return table.levels(name)
    raise UsageError(
        "says nothing of which outcome is the base", column=name,
        allowed=f"outcomes=(…), the base first; the column has {', '.join(table.levels(name)[:6])}",
    )  # fmt: skip


def _taken(term: Term, order: NDArray[np.intp]) -> Term:
    if isinstance(term, Factor):
        return replace(term, codes=term.codes[order])
    return replace(term, values=term.values[order])
