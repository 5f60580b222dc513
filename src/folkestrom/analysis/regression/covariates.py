"""Covariates of a regression from columns of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from folkestrom.analysis.design.collinearity import listed, orthogonalise
from folkestrom.analysis.design.terms import (
    Factor,
    Number,
    Term,
    check_comparable,
    code_type,
    term_of,
    without_values,
)
from folkestrom.analysis.regression.design_matrix import DesignMatrix, Transformation, in_parts
from folkestrom.columns import Table
from folkestrom.errors import InputRefused, UsageError

Floats: TypeAlias = npt.NDArray[np.float64]


def orthogonal_design(
    data: Table, covariates: Sequence[str | Term], *, weight: Floats, whole: Sequence[str] = ()
) -> DesignMatrix:
    """Covariates from columns of a table, or made by `factor`, `number` and `interaction`.

    Columns of texts and levels are factors: levels in declared order, texts by alphabet, the first
    the reference. Columns of numbers and truth values are numbers. Refuses those that add nothing
    to others.

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
    design = plain_design(data, covariates, weight=weight, whole=whole)
    used = np.flatnonzero(weight > 0) if len(weight) else np.arange(data.rows)
    return _orthogonal(design, used, data.where) if len(design.slope) else design


def plain_design(
    data: Table, covariates: Sequence[str | Term], *, weight: Floats, whole: Sequence[str] = ()
) -> DesignMatrix:
    """The same with numbers as they are given.

    Parameters
    ----------
    data, covariates, weight, whole
        As of `orthogonal_design`.
    """
    terms = [term_of(data.column(c)) if isinstance(c, str) else c for c in covariates]
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
    codes = np.empty((data.rows, len(factors)), code_type(levels))
    for f, term in enumerate(factors):
        codes[:, f] = term.codes
    values = np.empty((data.rows, len(numbers)))
    for m, term in enumerate(numbers):
        values[:, m] = term.values
    total = weight.sum() if len(weight) else float(data.rows)
    centre = (weight @ values if len(weight) else values.sum(axis=0)) / total
    complete, zero = tuple(t.name in whole for t in factors), np.zeros(len(numbers))
    return DesignMatrix(
        tuple(names), codes, place, values, slope, centre, tuple(map(without_values, terms)),
        complete, Transformation(zero, np.eye(len(names))[:, slope], zero),
    )  # fmt: skip


def _orthogonal(design: DesignMatrix, used: npt.NDArray[np.int64], where: str) -> DesignMatrix:
    """Put numbers that are nearly orthogonal in the place of those given."""
    columns = design.columns(used)
    # Levels that are all there have the constant in them.
    constant = np.array([0.0 if any(design.whole) else 1.0, *np.ones(design.size)])
    found = orthogonalise(replace(columns, read=lambda rows: columns.read(rows) * constant))
    for k, others in found.combinations.items():
        raise combination(columns.names[k], [columns.names[o] for o in others if o], where)
    turn = found.turn[1:]
    levels = np.where(columns.numbers[1:, None], 0.0, turn)
    tables = [np.where(p[:, None] >= 0, levels[p], 0.0) for p in design.place]

    def fill(part: tuple[int, int]) -> None:
        rows = slice(*part)
        own = (design.numbers[rows] - found.origin) @ turn[design.slope]
        for f, table in enumerate(tables):
            own += table[design.codes[rows, f]]
        design.numbers[rows] = own

    in_parts(design.rows, fill)
    shift = np.median(design.numbers[used[columns.spread()]], axis=0)
    design.numbers[:] -= shift
    return replace(design, transformation=Transformation(found.origin, turn, shift))


def combination(name: str, others: Sequence[str], where: str, among: str = "") -> InputRefused:
    """The error that a covariate adds nothing to others.

    Parameters
    ----------
    name
        The covariate.
    others
        Those that it is a combination of; none if it does not vary.
    where
        The function.
    among
        Among which rows.
    """
    said = f"is a combination of {listed(others)}" if others else "does not vary"
    return InputRefused(said + among, where=where, column=name, next_step="Leave it out.")


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
        if isinstance(term, Factor) and term.name not in whole:
            check_comparable(term.name, term.levels, data.where)
