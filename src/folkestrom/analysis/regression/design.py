"""Covariates of a regression from columns of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from folkestrom import columns
from folkestrom.analysis.collinearity import orthogonalise
from folkestrom.analysis.mobility.terms import (
    Factor,
    Number,
    Term,
    check_comparable,
    factor,
    number,
)
from folkestrom.analysis.regression.covariates import Design, Made, in_parts
from folkestrom.columns import Table
from folkestrom.errors import InputRefused, UsageError

Floats: TypeAlias = npt.NDArray[np.float64]


def make_design(
    data: Table, covariates: Sequence[str | Term], *, weight: Floats, whole: Sequence[str] = ()
) -> Design:
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
    design = given_design(data, covariates, weight=weight, whole=whole)
    used = np.flatnonzero(weight > 0) if len(weight) else np.arange(data.rows)
    return _orthogonal(design, used, data.where) if len(design.slope) else design


def given_design(
    data: Table, covariates: Sequence[str | Term], *, weight: Floats, whole: Sequence[str] = ()
) -> Design:
    """The same with numbers as they are given.

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
    total = weight.sum() if len(weight) else float(data.rows)
    centre = (weight @ values if len(weight) else values.sum(axis=0)) / total
    complete = tuple(t.name in whole for t in factors)
    return Design(
        tuple(names), codes, place, values, slope, centre, _without_values(terms), complete,
        Made(np.zeros(len(numbers)), np.eye(len(names))[:, slope], np.zeros(len(numbers))),
    )  # fmt: skip


def _orthogonal(design: Design, used: npt.NDArray[np.int64], where: str) -> Design:
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
    return replace(design, made=Made(found.origin, turn, shift))


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
    listed = ", ".join(others[:6]) + (f" and {len(others) - 6} more" if len(others) > 6 else "")
    said = f"is a combination of {listed}" if others else "does not vary"
    return InputRefused(said + among, where=where, column=name, next_step="Leave it out.")


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
        if isinstance(term, Factor) and term.name not in whole:
            check_comparable(term.name, term.levels, data.where)


def _without_values(terms: Sequence[Term]) -> tuple[Term, ...]:
    return tuple(
        replace(t, codes=t.codes[:0]) if isinstance(t, Factor) else replace(t, values=t.values[:0])
        for t in terms
    )
