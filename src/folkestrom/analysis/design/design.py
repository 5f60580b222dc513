"""From the columns of a table to covariates with coefficients, and again for new columns."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray

from folkestrom.analysis.design.bases import Basis, fit_basis
from folkestrom.analysis.design.coding import CodedTerm, code
from folkestrom.analysis.design.column_summaries import ColumnSummaries, summarise_columns
from folkestrom.analysis.design.formula import Category, Expression, Parsed, parse
from folkestrom.analysis.design.identifiers import PanelIdentifiers
from folkestrom.analysis.design.memory import check_memory
from folkestrom.analysis.design.sources import Source
from folkestrom.analysis.design.tables import (
    MOST_LEVELS,
    Table,
    check_levels,
    factor_of,
    numbers_of,
)
from folkestrom.analysis.design.terms import Factor, Number, Term, combined
from folkestrom.errors import InputRefused, UsageError

#: What a spline takes for each row while its knots are sought, or more.
_BYTES_OF_FUNCTION = 130

Array = NDArray[np.float64]
Columns = Mapping[str, Term]


@dataclass(frozen=True)
class Levels:
    """Levels of a categorical column, and the number of the one to compare with."""

    names: tuple[str, ...]
    reference: int


@dataclass(frozen=True)
class Roles:
    """Columns of a table that are no covariates: person, outcome, weight, time."""

    person: str
    outcome: str
    weight: str | None = None
    time: str | None = None

    @property
    def columns(self) -> list[str]:
        """Those that there are."""
        return [c for c in (self.person, self.outcome, self.weight, self.time) if c is not None]


@dataclass(frozen=True, eq=False)
class Design:
    """A formula as it was fitted to a table: all that it takes to read another table alike.

    Attributes
    ----------
    formula
        As it was written.
    roles
        Columns that are no covariates.
    categories
        Levels of the categorical columns.
    spans
        Least and greatest value of the columns of numbers.
    bases
        Functions of numbers, by label.
    written
        For each term of the formula its label, its factors, and what is continuous in it.
    absent
        Slopes of levels that have no rows; without coefficients.
    """

    formula: str
    roles: Roles
    categories: Mapping[str, Levels]
    spans: Mapping[str, tuple[float, float]]
    bases: Mapping[str, Basis]
    written: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]
    absent: tuple[str, ...] = ()

    @cached_property
    def coded(self) -> tuple[CodedTerm, ...]:
        """Products of factors and numbers that have coefficients."""
        return tuple(code(self.written))

    @property
    def columns(self) -> list[str]:
        """Columns of covariates."""
        return [*self.categories, *self.spans]

    @property
    def products(self) -> int:
        """How many products there are."""
        return len(self.coded)

    def read(self, table: Table) -> dict[str, Term]:
        """The columns of covariates of a table.

        Parameters
        ----------
        table
            A table that has them.
        """
        return {
            name: factor_of(table, name, held.names, held.names[held.reference])
            for name, held in self.categories.items()
        } | {name: Number(name, numbers_of(table, name)) for name in self.spans}

    def terms(self, columns: Columns, among: Collection[int] | None = None) -> list[Term]:
        """Covariates with coefficients.

        Parameters
        ----------
        columns
            What `read` gives, or other values of the same columns.
        among
            Numbers of the products wanted; all if not given.
        """
        made: list[Term] = []
        bases: dict[str, Array] = {}
        for k, coded in enumerate(self.coded):
            if among is None or k in among:
                made += self._product(coded, columns, bases)
        return [term for term in made if not self._is_absent(term)]

    def touching(self, column: str) -> set[int]:
        """Numbers of the products that a column is part of.

        Parameters
        ----------
        column
            A column of covariates.
        """
        return {k for k, coded in enumerate(self.coded) if column in self._columns_of(coded)}

    def members(self, label: str) -> list[str]:
        """Names of the covariates that a term of the formula, or a column's own term, consists of.

        Parameters
        ----------
        label
            As in the formula.
        """
        found = [c for c in self.coded if label in (c.label, ":".join(c.order))]
        names = []
        for coded in found:
            if not coded.numbers:
                names.append(":".join(coded.order))
            else:
                names += [name for name, _, _ in self._slopes(coded)]
        return names

    def without(self, columns: Collection[str]) -> Design:
        """The design without all terms that some columns are part of.

        Parameters
        ----------
        columns
            Columns of covariates.
        """
        kept = [
            (label, factors, numbers)
            for label, factors, numbers in self.written
            if not {*factors, *self._columns(numbers)} & set(columns)
        ]
        used = {c for _, factors, numbers in kept for c in (*factors, *self._columns(numbers))}
        labels = {label for _, _, numbers in kept for label in numbers}
        return replace(
            self,
            categories={k: v for k, v in self.categories.items() if k in used},
            spans={k: v for k, v in self.spans.items() if k in used},
            bases={k: v for k, v in self.bases.items() if k in labels},
            written=tuple(kept),
        )

    def _columns_of(self, coded: CodedTerm) -> list[str]:
        return [*[name for name, _ in coded.factors], *self._columns(coded.numbers)]

    def _columns(self, numbers: Sequence[str]) -> list[str]:
        out = []
        for label in numbers:
            basis = self.bases.get(label)
            out += [label] if basis is None else list(basis.expression.variables.values())
        return out

    def _is_absent(self, term: Term) -> bool:
        if not isinstance(term, Number) or term.name not in self.absent:
            return False
        if np.any(term.values):
            raise UsageError("was left out of the fit: nothing is known of it", value=term.name)
        return True

    def _product(self, coded: CodedTerm, columns: Columns, bases: dict[str, Array]) -> list[Term]:
        if not coded.numbers:
            factors = [_factor(columns[name]) for name, _ in coded.factors]
            return [combined(":".join(coded.order), factors, [full for _, full in coded.factors])]
        size = next(iter(columns.values()))
        rows = size.codes.size if isinstance(size, Factor) else size.values.size
        made: list[Term] = []
        for name, levels, places in self._slopes(coded):
            values = np.ones(rows)
            for label, place in places.items():
                values = values * self._number(label, place, columns, bases)
            for factor, level in levels.items():
                values = values * (_factor(columns[factor]).codes == level)
            made.append(Number(name, values))
        return made

    def _number(self, label: str, place: int, columns: Columns, bases: dict[str, Array]) -> Array:
        basis = self.bases.get(label)
        if basis is None:
            return _number(columns[label]).values
        if label not in bases:
            taken = basis.expression.variables.values()
            bases[label] = basis.values({name: _number(columns[name]).values for name in taken})
        return bases[label][:, place]

    def _slopes(self, coded: CodedTerm) -> list[tuple[str, dict[str, int], dict[str, int]]]:
        """For each covariate of a product with numbers: its name, levels, columns of functions."""
        choices: list[list[tuple[str, str, int]]] = []
        full = dict(coded.factors)
        for part in coded.order:
            if part in full:
                held = self.categories[part]
                choices.append(
                    [
                        (f"{part}[{level}]", part, k)
                        for k, level in enumerate(held.names)
                        if full[part] or k != held.reference
                    ]
                )
            elif part in self.bases:
                labels = self.bases[part].labels
                choices.append([(label, part, k) for k, label in enumerate(labels)])
            else:
                choices.append([(part, part, 0)])
        return [
            (
                ":".join(name for name, _, _ in chosen),
                {part: k for _, part, k in chosen if part in full},
                {part: k for _, part, k in chosen if part not in full},
            )
            for chosen in product(*choices)
        ]


def make_design(
    formula: str, source: Source, roles: Roles, listed: Sequence[str] = ()
) -> tuple[Design, ColumnSummaries]:
    """Fit a formula to rows, which are read once: levels, knots, coding.

    Parameters
    ----------
    formula
        The formula; its left side is ignored here.
    source
        The rows.
    roles
        Columns that are no covariates.
    listed
        Columns beside the formula's whose levels are wanted.
    """
    parsed = parse(formula)
    _check_sides(parsed, roles)
    source.check([*roles.columns, *parsed.columns])
    summaries = summarise_columns(
        source, parsed, PanelIdentifiers(roles.person, roles.time), listed
    )
    if not summaries.identifiers.rows:
        raise InputRefused("has no rows", where="data", next_step="Look at what made the panel")
    categories: dict[str, Levels] = {}
    spans: dict[str, tuple[float, float]] = {}
    bases: dict[str, Basis] = {}
    terms: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = []
    for label, pieces in parsed.terms:
        factors: list[str] = []
        numbers: list[str] = []
        for piece in pieces:
            if isinstance(piece, Expression):
                _add_basis(piece, summaries, spans, bases)
                numbers.append(piece.label)
            elif isinstance(piece, Category) or piece in summaries.categories:
                factors.append(_add_category(piece, summaries, categories))
            else:
                spans[piece] = summaries.span(piece)
                numbers.append(piece)
        terms.append((label, tuple(factors), tuple(numbers)))
    _check_one_reading(parsed, categories, spans)
    design = Design(formula, roles, categories, spans, bases, tuple(terms))
    _check_products(design)
    return design, summaries


def _check_sides(parsed: Parsed, roles: Roles) -> None:
    for role in (roles.person, roles.outcome):
        if role in parsed.columns:
            raise UsageError(
                "is the person" if role == roles.person else "is the outcome", column=role,
                next_step="Take it out of the right side of the formula",
            )  # fmt: skip
    if "outcome" in parsed.columns:
        raise UsageError(
            f"stands right of ~, among what explains {roles.outcome}; a covariate cannot have "
            "that name", column="outcome",
            next_step="Name what happened on the left, as in "
            f'"outcome ~ {roles.outcome}"; or give the covariate another name',
        )  # fmt: skip


def _add_basis(
    piece: Expression,
    summaries: ColumnSummaries,
    spans: dict[str, tuple[float, float]],
    bases: dict[str, Basis],
) -> None:
    if piece.label in bases:
        return
    own: dict[str, tuple[float, float]] = {}
    for name in piece.variables.values():
        if name in summaries.categories:
            raise UsageError(
                "is a category, and the function takes numbers", column=name, value=piece.label
            )
        own[name] = summaries.span(name)
    spans |= own
    if piece.remembers:
        check_memory(
            summaries.identifiers.rows * _BYTES_OF_FUNCTION,
            f"{piece.label} of {summaries.identifiers.rows} person-years, all at once to find its "
            "parameters,",
            "Make levels of the column, or compute the function's columns in the table",
        )
    # What does not depend on all values is tried with two of them.
    numbers = {
        name: summaries.numbers(name) if piece.remembers else np.array(own[name]) for name in own
    }
    bases[piece.label] = fit_basis(piece, numbers, own)


def _add_category(
    piece: str | Category, summaries: ColumnSummaries, categories: dict[str, Levels]
) -> str:
    name = piece if isinstance(piece, str) else piece.name
    wanted = None if isinstance(piece, str) else piece.reference
    if name not in categories:
        names = summaries.levels(name)
        check_levels(name, names, wanted)
        categories[name] = Levels(names, 0 if wanted is None else names.index(wanted))
    held = categories[name]
    if held.names[held.reference] != (wanted or held.names[0]):
        raise UsageError("is compared with two different levels in one formula", column=name)
    return name


def _check_one_reading(
    parsed: Parsed, categories: Mapping[str, Levels], spans: Mapping[str, object]
) -> None:
    both = [name for name in parsed.columns if name in categories and name in spans]
    if both:
        raise UsageError(
            "is a number in one term and a category in another", column=both[0],
            next_step="Give the table a column for each",
        )  # fmt: skip


def _check_products(design: Design) -> None:
    for coded in design.coded:
        count = 1
        for name, _ in coded.factors:
            count *= len(design.categories[name].names)
        if count > MOST_LEVELS:
            raise UsageError(
                f"has {count} combinations of levels, each with coefficients", value=coded.label,
                allowed=f"at most {MOST_LEVELS}", next_step="Join levels into groups",
            )  # fmt: skip


def _factor(term: Term) -> Factor:
    if not isinstance(term, Factor):
        raise UsageError("is no category", column=term.name)
    return term


def _number(term: Term) -> Number:
    if not isinstance(term, Number):
        raise UsageError("is no number", column=term.name)
    return term
