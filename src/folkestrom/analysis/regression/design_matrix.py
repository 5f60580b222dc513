"""Covariates of rows as regressions hold them: codes of factors, and numbers.

Numbers are held as combinations of them and of levels that are nearly orthogonal and of the size
of 1, from which no digits are lost. Estimates are those of the covariates as given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import reduce
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from folkestrom.analysis.design.model_matrix import ModelMatrix
from folkestrom.analysis.design.terms import Factor, Number, Term
from folkestrom.analysis.regression.design_kernels import add_up_rows, cross_rows, predict_rows
from folkestrom.engine.settings import EngineSettings
from folkestrom.errors import UsageError
from folkestrom.model.names import check_code, suggestion

Floats: TypeAlias = npt.NDArray[np.float64]
Codes: TypeAlias = npt.NDArray[np.unsignedinteger[Any]]
Places: TypeAlias = npt.NDArray[np.int32]

#: Parts that rows are passed over in: a fixed number, so that sums do not depend on threads.
_PARTS = 8
_ROWS_OF_A_PART = 1 << 15


@dataclass(frozen=True, slots=True, eq=False)
class Transformation:
    """How numbers were made from those of the covariates.

    Attributes
    ----------
    origin
        Taken off the covariates' numbers first.
    turn
        Coefficient × number: the multiples of levels, and of those, that were added up.
    shift
        Taken off in the end.
    """

    origin: Floats
    turn: Floats
    shift: Floats


@dataclass(frozen=True, slots=True, eq=False)
class DesignMatrix:
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
        Row × number: the combinations.
    slope
        The coefficient of each number.
    centre
        The mean of each number, which predictors count from.
    terms
        The covariates, without their values.
    whole
        Which factors have a coefficient for every level.
    transformation
        How the numbers were made.
    """

    names: tuple[str, ...]
    codes: npt.NDArray[np.unsignedinteger[Any]]
    place: npt.NDArray[np.int32]
    numbers: Floats
    slope: npt.NDArray[np.int32]
    centre: Floats
    terms: tuple[Term, ...]
    whole: tuple[bool, ...]
    transformation: Transformation

    @property
    def rows(self) -> int:
        """How many rows."""
        return len(self.codes)

    @property
    def size(self) -> int:
        """How many coefficients."""
        return len(self.names)

    def take(self, rows: npt.NDArray[np.int64]) -> DesignMatrix:
        """The covariates of some rows, in the order given."""
        return replace(self, codes=self.codes[rows], numbers=self.numbers[rows])

    def predictor(self, theta: Floats) -> Floats:
        """Sum of the coefficients of each row."""
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

    def coefficients(self) -> Floats:
        """By which estimates are multiplied to be those of the covariates as given."""
        found = np.eye(self.size)
        found[:, self.slope] = self.transformation.turn
        # Where every level of a factor has a coefficient, they have the constant in them.
        away = (self.centre - self.transformation.origin) @ self.transformation.turn[
            self.slope
        ] - self.transformation.shift
        for f, whole in enumerate(self.whole):
            if whole:
                found[np.ix_(self.place[f][self.place[f] >= 0], self.slope)] += away
        return found

    def columns(self, rows: npt.NDArray[np.int64]) -> ModelMatrix:
        """The constant and the covariates of some rows, as they are held, levels spread out.

        Parameters
        ----------
        rows
            Which rows.
        """
        numbers = np.zeros(self.size + 1, np.bool_)
        numbers[1 + self.slope] = True

        def read(some: npt.NDArray[np.int64]) -> Floats:
            found = indicators(self.codes[rows[some]], self.place, self.size)
            found[:, self.slope] = self.numbers[rows[some]]
            return np.column_stack([np.ones(len(some)), found])

        one = np.eye(1, self.size + 1)[0]
        return ModelMatrix(("(constant)", *self.names), numbers, one, len(rows), read)

    def reach(self, errors: Floats) -> float:
        """A bound on a linear predictor of coefficients that are no more than these."""
        found = 0.0
        for f in range(len(self.place)):
            found += max((float(errors[k]) for k in self.place[f] if k >= 0), default=0.0)
        if len(self.slope):
            found += float(np.abs(self.numbers).max(axis=0) @ errors[self.slope])
        return found

    def profile(self, values: Mapping[str, str | float]) -> Floats:
        """Covariates of a profile; what it leaves out is the reference level, or the mean.

        Parameters
        ----------
        values
            For each covariate the name of a level, or a number.
        """
        known = [term.name for term in self.terms]
        for name in values:
            if name not in known:
                raise UsageError(
                    "is no covariate of the model", where="profile", column=name, allowed=known,
                    next_step=suggestion(name, known),
                )  # fmt: skip
        found = np.zeros(self.size)
        factors = [t for t in self.terms if isinstance(t, Factor)]
        for f, term in enumerate(factors):
            level = str(values.get(term.name, term.levels[term.reference]))
            check_code(level, term.levels, "is not a level", where="profile", column=term.name)
            k = self.place[f, term.levels.index(level)]
            if k >= 0:
                found[k] = 1.0
        numbers = self.centre.copy()
        for m, name in enumerate(t.name for t in self.terms if isinstance(t, Number)):
            if name in values:
                numbers[m] = float(values[name])
        return self._turned(found[None, :], numbers[None, :])[0]

    def values_of(self, terms: Sequence[Term]) -> Floats:
        """Row × coefficient: the covariates of other rows, as they are held, levels spread out.

        Parameters
        ----------
        terms
            The covariates in their order, with a value for each row and the same levels.
        """
        codes = [t.codes for t in terms if isinstance(t, Factor)]
        numbers = [t.values for t in terms if isinstance(t, Number)]
        rows = len([*codes, *numbers][0])
        levels = np.column_stack([np.zeros((rows, 0), np.uint16), *codes])
        found = indicators(levels, self.place, self.size)
        return self._turned(found, np.column_stack([np.zeros((rows, 0)), *numbers]))

    def _turned(self, found: Floats, numbers: Floats) -> Floats:
        """Rows of levels, with numbers made as those of the rows that were fitted to."""
        found[:, self.slope] = numbers - self.transformation.origin
        found[:, self.slope] = found @ self.transformation.turn - self.transformation.shift
        return found


def in_parts(rows: int, fill: Callable[[tuple[int, int]], Any]) -> list[Any]:
    """Call with parts of the rows, in threads; answers in the order of the rows."""
    parts = max(1, min(_PARTS, rows // _ROWS_OF_A_PART))
    bounds = list(pairwise(rows * k // parts for k in range(parts + 1)))
    if parts == 1:
        return [fill(bounds[0])]
    with ThreadPoolExecutor(EngineSettings.from_environment().threads) as pool:
        return list(pool.map(fill, bounds))


def indicators(codes: Codes, place: Places, size: int) -> Floats:
    """Rows × coefficients: 1 where a row has the level.

    Parameters
    ----------
    codes, place
        As of `DesignMatrix`.
    size
        How many coefficients there are.
    """
    found = np.zeros((len(codes), size))
    for f in range(codes.shape[1]):
        k = place[f, codes[:, f]]
        there = np.flatnonzero(k >= 0)
        found[there, k[there]] = 1.0
    return found
