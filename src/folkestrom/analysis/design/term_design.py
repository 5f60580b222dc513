"""Designs of terms without a formula: interactions computed again for new values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from folkestrom.analysis.design.design import Levels
from folkestrom.analysis.design.terms import Factor, Number, Term, combined
from folkestrom.errors import UsageError


class CovariateDesign(Protocol):
    """Computes covariates with coefficients from columns: a formula's design, or a panel's."""

    @property
    def categories(self) -> Mapping[str, Levels]:
        """Levels of categorical columns."""

    @property
    def spans(self) -> Mapping[str, tuple[float, float]]:
        """Least and greatest values of columns of numbers."""

    @property
    def products(self) -> int:
        """How many products there are."""

    def terms(
        self, columns: Mapping[str, Term], among: Collection[int] | None = None
    ) -> list[Term]:
        """Covariates with coefficients."""

    def touching(self, column: str) -> set[int]:
        """Numbers of the products that a column is part of."""


@dataclass(frozen=True, eq=False)
class TermDesign:
    """The covariates of a panel that was made of terms, without a formula.

    Attributes
    ----------
    covariates
        Names with levels and parents, without values.
    ranges
        Least and greatest values of the numbers.
    """

    covariates: tuple[Term, ...]
    ranges: Mapping[str, tuple[float, float]]

    def __post_init__(self) -> None:
        for term in self.covariates:
            self._made_of(term)

    @property
    def categories(self) -> dict[str, Levels]:
        """Levels of the factors that are not made of others."""
        return {
            t.name: Levels(t.levels, t.reference)
            for t in self.covariates
            if isinstance(t, Factor) and not t.parents
        }

    @property
    def spans(self) -> dict[str, tuple[float, float]]:
        """Least and greatest values of the numbers that are not made of others."""
        return {
            t.name: self.ranges[t.name]
            for t in self.covariates
            if isinstance(t, Number) and not t.parents
        }

    @property
    def products(self) -> int:
        """How many covariates there are."""
        return len(self.covariates)

    def touching(self, column: str) -> set[int]:
        """Numbers of the covariates that one is part of.

        Parameters
        ----------
        column
            A covariate that is not made of others.
        """
        return {k for k, term in enumerate(self.covariates) if column in self._made_of(term)}

    def terms(
        self, columns: Mapping[str, Term], among: Collection[int] | None = None
    ) -> list[Term]:
        """The covariates with new values.

        Parameters
        ----------
        columns
            Values of the covariates that are not made of others.
        among
            Numbers of the covariates wanted; all if not given.
        """
        wanted = range(len(self.covariates)) if among is None else sorted(among)
        return [self._make(self.covariates[k], columns) for k in wanted]

    def _named(self, name: str) -> Term:
        found = next((t for t in self.covariates if t.name == name), None)
        if found is None:
            raise UsageError(
                "is part of an interaction and no covariate itself: its values are not known",
                value=name, next_step="Add it to the model, or fit from a table and a formula",
            )  # fmt: skip
        return found

    def _made_of(self, term: Term) -> set[str]:
        if not term.parents:
            return {term.name}
        names = [p if isinstance(p, str) else p[0] for p in term.parents]
        return {base for name in names for base in self._made_of(self._named(name))}

    def _make(self, term: Term, columns: Mapping[str, Term]) -> Term:
        if not term.parents:
            return columns[term.name]
        if isinstance(term, Factor):
            parts = [self._make(self._named(name), columns) for name in term.parents]
            factors = [part for part in parts if isinstance(part, Factor)]
            if len(factors) < len(parts):
                raise UsageError("is made of something other than factors", column=term.name)
            return combined(term.name, factors, [False] * len(factors))
        made: list[np.ndarray] = []
        for name, level in term.parents:
            part = self._make(self._named(name), columns)
            if isinstance(part, Factor):
                made.append(part.codes == part.levels.index(level))
            else:
                made.append(part.values)
        return Number(term.name, np.prod(made, axis=0, dtype=np.float64), term.parents)
