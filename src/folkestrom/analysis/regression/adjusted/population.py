"""Populations that curves are averaged over: combinations of covariates with their weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from folkestrom import columns
from folkestrom.analysis.design.term_design import TermDesign
from folkestrom.analysis.design.terms import Factor, Number, Term
from folkestrom.analysis.regression.cox import CoxFit
from folkestrom.columns import Table, table_of
from folkestrom.columns.values import is_number
from folkestrom.errors import InputRefused, UsageError
from folkestrom.model.names import check_code, unknown

Floats: TypeAlias = npt.NDArray[np.float64]
_WEIGHT = "(weight)"


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """Profiles of a population, in which a variable may be given another value.

    Attributes
    ----------
    table
        A row a profile.
    weight
        Their shares; the sum is 1.
    by
        The variable whose levels are compared; None: there is one level, of all as they are.
    levels
        Its values.
    """

    table: Table
    weight: Floats
    by: str | None
    levels: tuple[str | float, ...]

    @property
    def names(self) -> tuple[str | None, ...]:
        """What the levels are called."""
        if self.by is None:
            return (None,)
        return tuple(level if isinstance(level, str) else f"{level:g}" for level in self.levels)

    def values(
        self, fit: CoxFit, level: str | float | None
    ) -> tuple[Floats, npt.NDArray[np.int64]]:
        """Profile × coefficient, where all have a level; and the number of each one's stratum.

        Parameters
        ----------
        fit
            Whose covariates are meant.
        level
            One of `levels`.
        """
        design = fit.partial.sets.design
        rows = len(self.weight)
        made: dict[str, Term] = {}
        for term in design.terms:
            if term.parents:
                continue
            if self.by == term.name:
                made[term.name] = _at_level(term, level, rows)
            else:
                made[term.name] = _read(term, self.table)
        terms = TermDesign(design.terms, {}).terms(made)
        return design.values_of(terms), self._strata(fit, level)

    def _strata(self, fit: CoxFit, level: str | float | None) -> npt.NDArray[np.int64]:
        if not fit.strata:
            return np.zeros(len(self.weight), np.int64)
        texts = [
            np.full(len(self.weight), str(level)) if name == self.by
            else _texts(self.table, name)
            for name in fit.spells.strata_by
        ]  # fmt: skip
        labels = [", ".join(row) for row in zip(*texts, strict=True)]
        number = {label: k for k, label in enumerate(fit.strata)}
        for label in labels:
            if label not in number:
                raise unknown(label, fit.strata, "is no stratum of the model", where="population")
        return np.array([number[label] for label in labels])


def population_of(
    data: object,
    fits: Sequence[CoxFit],
    by: str | None,
    levels: Sequence[str | float] | None,
    weight: str | None,
) -> Population:
    """Take a population in.

    Parameters
    ----------
    data
        A table with the covariates and strata of the fits, but for `by`.
    fits
        The models.
    by, levels
        A covariate or the only variable of strata, and its values; by default all levels of it.
    weight
        A column of the table; all rows count the same without.
    """
    table = table_of(data, "population")
    if not table.rows:
        raise InputRefused("there are no rows", where="population", next_step="Give others.")
    base = [t for f in fits for t in f.partial.sets.design.terms if not t.parents]
    strata = [name for f in fits for name in f.spells.strata_by]
    if by is not None:
        said = "is no covariate and no variable of strata"
        check_code(by, [*(t.name for t in base), *strata], said, where="by")
    elif levels is not None:
        raise UsageError("are of no variable", where="levels", next_step="Name it: by=…")
    names = dict.fromkeys(n for n in [*(t.name for t in base), *strata] if n != by)
    frame = table.frame(names)
    held = columns.weights(table.column(weight)) if weight else np.ones(table.rows)
    share = pl.Series(_WEIGHT, held / held.sum())
    grouped = (
        frame.with_columns(share).group_by(list(names), maintain_order=True).agg(pl.sum(_WEIGHT))
        if names else pl.DataFrame({_WEIGHT: [1.0]})
    )  # fmt: skip
    kept = grouped.filter(pl.col(_WEIGHT) > 0)
    chosen = () if by is None else _levels(by, base, fits, levels)
    return Population(table_of(kept, "population"), kept[_WEIGHT].to_numpy(), by, chosen)


def _levels(
    by: str, base: Sequence[Term], fits: Sequence[CoxFit], levels: Sequence[str | float] | None
) -> tuple[str | float, ...]:
    term = next((t for t in base if t.name == by), None)
    if isinstance(term, Number):
        if levels is None:
            raise UsageError(
                "is a number: its values are not said", where="by", value=by,
                next_step="Give those to compare: levels=[…].",
            )  # fmt: skip
        if not all(is_number(level) for level in levels):
            raise UsageError(f"are not all numbers, and {by} is one", where="levels", value=levels)
        return tuple(float(level) for level in levels)
    if term is not None:
        known: tuple[str, ...] = term.levels
    else:
        fit = next(f for f in fits if by in f.spells.strata_by)
        if len(fit.spells.strata_by) > 1:
            raise UsageError(
                "is one of several variables of strata", where="by", value=by,
                next_step="Make it a covariate, or the only variable of strata.",
            )  # fmt: skip
        known = fit.strata
    said = f"is no level of {by}"
    return tuple(check_code(str(k), known, said, where="levels") for k in levels or known)


def _at_level(term: Term, level: str | float | None, rows: int) -> Term:
    if isinstance(term, Factor):
        code = term.levels.index(str(level))
        return Factor(term.name, np.full(rows, code, np.uint16), term.levels, term.reference)
    return Number(term.name, np.full(rows, float(level or 0.0)))


def _read(term: Term, table: Table) -> Term:
    column = table.column(term.name)
    if isinstance(term, Number):
        return Number(term.name, columns.numbers(column))
    found = columns.categories(column)
    said = "is a level that the model does not know"
    for level in found.levels:
        check_code(level, term.levels, said, where="population", column=term.name)
    place = np.array([term.levels.index(level) for level in found.levels], np.uint16)
    return Factor(term.name, place[found.codes], term.levels, term.reference)


def _texts(table: Table, name: str) -> npt.NDArray[np.str_]:
    found = columns.categories(table.column(name))
    return np.array(found.levels)[found.codes]
