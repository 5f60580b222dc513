"""Covariates of rows as regressions read them: codes of factors, and numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import reduce
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from folkestrom import columns
from folkestrom.analysis.mobility.terms import Factor, Number, Term, factor, number
from folkestrom.analysis.regression.design_kernels import add_up_rows, cross_rows, predict_rows
from folkestrom.columns import Table
from folkestrom.engine.settings import EngineSettings
from folkestrom.errors import InputRefused, UsageError

Floats: TypeAlias = npt.NDArray[np.float64]

#: Parts that rows are passed over in: a fixed number, so that sums do not depend on threads.
_PARTS = 8
_ROWS_OF_A_PART = 1 << 15
#: A covariate counts as a combination of others when less than this part of it is left over.
_LEFT_OVER = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """Covariates of rows.

    Attributes
    ----------
    names
        Names of the coefficients.
    codes
        Row × factor: codes of levels.
    place
        Factor × level: the coefficient, or -1 for a reference level.
    numbers
        Row × number: values less their mean.
    slope
        The coefficient of each number.
    centre
        The means taken off, of each number.
    terms
        The covariates, without their values.
    """

    names: tuple[str, ...]
    codes: npt.NDArray[np.unsignedinteger[Any]]
    place: npt.NDArray[np.int32]
    numbers: Floats
    slope: npt.NDArray[np.int32]
    centre: Floats
    terms: tuple[Term, ...]

    @property
    def rows(self) -> int:
        """How many rows."""
        return len(self.codes)

    @property
    def size(self) -> int:
        """How many coefficients."""
        return len(self.names)

    def take(self, rows: npt.NDArray[np.int64]) -> Design:
        """The covariates of some rows, in the order given."""
        return replace(self, codes=self.codes[rows], numbers=self.numbers[rows])

    def predictor(self, theta: Floats) -> Floats:
        """Sum of the coefficients of each row; numbers count from their means."""
        found = np.empty(self.rows)
        in_parts(
            self.rows,
            lambda part: predict_rows(
                part, self.codes, self.place, self.numbers, self.slope, theta, found
            ),
        )
        return found

    def sums(self, weight: Floats) -> Floats:
        """Covariates × weights, added up over rows."""

        def fill(part: tuple[int, int]) -> Floats:
            total = np.zeros(self.size)
            add_up_rows(part, self.codes, self.place, self.numbers, self.slope, weight, total)
            return total

        return reduce(np.add, in_parts(self.rows, fill))

    def products(self, weight: Floats) -> Floats:
        """Products of covariates × weights, added up over rows: a symmetric matrix."""

        def fill(part: tuple[int, int]) -> Floats:
            found = np.zeros((self.size, self.size))
            cross_rows(part, self.codes, self.place, self.numbers, self.slope, weight, found)
            return found

        half = reduce(np.add, in_parts(self.rows, fill))
        return half + half.T - np.diag(np.diag(half))

    def profile(self, values: Mapping[str, str | float]) -> Floats:
        """Covariates of a profile; what it leaves out is the reference level, or the mean.

        Parameters
        ----------
        values
            For each covariate the name of a level, or a number.
        """
        known = {term.name for term in self.terms}
        unknown = [name for name in values if name not in known]
        if unknown:
            raise UsageError(
                "is no covariate of the model", where="profile", column=unknown[0], allowed=known
            )
        found = np.zeros(self.size)
        factors = [t for t in self.terms if isinstance(t, Factor)]
        for f, term in enumerate(factors):
            level = str(values.get(term.name, term.levels[term.reference]))
            if level not in term.levels:
                raise UsageError(
                    "is not a level", where="profile", column=term.name, value=level,
                    allowed=term.levels[:20],
                )  # fmt: skip
            k = self.place[f, term.levels.index(level)]
            if k >= 0:
                found[k] = 1.0
        for m, name in enumerate(t.name for t in self.terms if isinstance(t, Number)):
            if name in values:
                found[self.slope[m]] = float(values[name]) - self.centre[m]
        return found


def in_parts(rows: int, fill: Callable[[tuple[int, int]], Any]) -> list[Any]:
    """Call with parts of the rows, in threads; answers in the order of the rows."""
    parts = max(1, min(_PARTS, rows // _ROWS_OF_A_PART))
    bounds = list(pairwise(rows * k // parts for k in range(parts + 1)))
    if parts == 1:
        return [fill(bounds[0])]
    with ThreadPoolExecutor(EngineSettings.from_environment().threads) as pool:
        return list(pool.map(fill, bounds))


def make_design(
    data: Table, covariates: Sequence[str | Term], *, weight: Floats, whole: Sequence[str] = ()
) -> Design:
    """Covariates from columns of a table, or made by `factor`, `number` and `interaction`.

    Columns of texts and levels are factors: levels in declared order, texts by alphabet, the first
    the reference. Columns of numbers and truth values are numbers.

    Parameters
    ----------
    data
        The table.
    covariates
        Names of its columns, or terms with a value for each row.
    weight
        Weights of the rows, by which means are taken; empty when all count the same.
    whole
        Factors that have a coefficient for every level, the reference too.
    """
    terms = [_term(data, c) if isinstance(c, str) else c for c in covariates]
    if not terms:
        raise UsageError("names no covariate", where=data.where, column="covariates")
    _check(terms, data, whole)
    factors = [t for t in terms if isinstance(t, Factor)]
    numbers = [t for t in terms if isinstance(t, Number)]
    levels = max((len(t.levels) for t in factors), default=1)
    place = np.full((len(factors), levels), -1, np.int32)
    slope = np.zeros(len(numbers), np.int32)
    names: list[str] = []
    f = m = 0
    for term in terms:
        if isinstance(term, Factor):
            for k, level in enumerate(term.levels):
                if k != term.reference or term.name in whole:
                    place[f, k] = len(names)
                    names.append(f"{term.name}[{level}]")
            f += 1
        else:
            slope[m] = len(names)
            names.append(term.name)
            m += 1
    codes = np.empty((data.rows, len(factors)), np.uint8 if levels <= 256 else np.uint16)
    for f, term in enumerate(factors):
        codes[:, f] = term.codes
    values = np.empty((data.rows, len(numbers)))
    for m, term in enumerate(numbers):
        values[:, m] = term.values
    # Far from zero, sums of products would lose digits.
    total = weight.sum() if len(weight) else float(data.rows)
    centre = (weight @ values if len(weight) else values.sum(axis=0)) / total
    values -= centre
    return Design(tuple(names), codes, place, values, slope, centre, _without_values(terms))


def _term(data: Table, name: str) -> Term:
    column = data.column(name)
    if column.is_category:
        found = columns.categories(column)
        return factor(name, found.codes, levels=found.levels)
    return number(name, columns.numbers(column))


def _check(terms: Sequence[Term], data: Table, whole: Sequence[str]) -> None:
    names = [term.name for term in terms]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise UsageError("is given twice", where=data.where, column=twice[0])
    for term in terms:
        values = term.codes if isinstance(term, Factor) else term.values
        if len(values) != data.rows:
            raise UsageError(
                f"has {len(values)} rows, and the table has {data.rows}",
                where=data.where,
                column=term.name,
            )
        if isinstance(term, Factor) and len(term.levels) < 2 and term.name not in whole:
            raise InputRefused(
                "has one level only: there is nothing to compare it with",
                where=data.where, column=term.name, value=", ".join(term.levels) or None,
                next_step="Leave it out, or look at the selection of rows",
            )  # fmt: skip


def _without_values(terms: Sequence[Term]) -> tuple[Term, ...]:
    return tuple(
        replace(t, codes=t.codes[:0]) if isinstance(t, Factor) else replace(t, values=t.values[:0])
        for t in terms
    )


def dependent(information: Floats, scale: Floats) -> list[int]:
    """The first coefficient that adds nothing to those before it, if there is one.

    Parameters
    ----------
    information
        A matrix of products of covariates.
    scale
        Size of each covariate: nothing is what is less than a small part of its square.
    """
    left = information.copy()
    for k in range(len(left)):
        if left[k, k] <= _LEFT_OVER * scale[k] ** 2:
            return [k]
        left -= np.outer(left[:, k], left[k]) / left[k, k]
    return []
