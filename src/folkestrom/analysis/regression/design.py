"""Covariates of a regression from columns of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from folkestrom.analysis.collinearity import orthogonalise
from folkestrom.analysis.followup.subjects import as_arrow
from folkestrom.analysis.mobility.terms import Factor, Number, Term, factor, number
from folkestrom.analysis.regression.covariates import Design, Made, in_parts
from folkestrom.errors import InputRefused, UsageError
from folkestrom.model.names import check_code

Floats: TypeAlias = npt.NDArray[np.float64]


def make_design(
    data: pa.Table, covariates: Sequence[str | Term], *, weight: Floats, whole: Sequence[str] = ()
) -> Design:
    """Covariates from columns of a table, or made by `factor`, `number` and `interaction`.

    Columns of texts are factors whose levels stand in their order, the first the reference;
    columns of numbers and truth values are numbers. Refuses those that add nothing to others.

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
    used = np.flatnonzero(weight > 0) if len(weight) else np.arange(data.num_rows)
    return _orthogonal(design, used) if len(design.slope) else design


def given_design(
    data: pa.Table, covariates: Sequence[str | Term], *, weight: Floats, whole: Sequence[str] = ()
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
        raise UsageError("names no covariate", where="regression", column="covariates")
    _check(terms, data.num_rows)
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
    codes = np.empty((data.num_rows, len(factors)), np.uint8 if levels <= 256 else np.uint16)
    for f, term in enumerate(factors):
        codes[:, f] = term.codes
    values = np.empty((data.num_rows, len(numbers)))
    for m, term in enumerate(numbers):
        values[:, m] = term.values
    total = weight.sum() if len(weight) else float(data.num_rows)
    centre = (weight @ values if len(weight) else values.sum(axis=0)) / total
    complete = tuple(t.name in whole for t in factors)
    return Design(
        tuple(names), codes, place, values, slope, centre, _without_values(terms), complete,
        Made(np.zeros(len(numbers)), np.eye(len(names))[:, slope], np.zeros(len(numbers))),
    )  # fmt: skip


def _orthogonal(design: Design, used: npt.NDArray[np.int64]) -> Design:
    """Put numbers that are nearly orthogonal in the place of those given."""
    columns = design.columns(used)
    # Levels that are all there have the constant in them.
    constant = np.array([0.0 if any(design.whole) else 1.0, *np.ones(design.size)])
    found = orthogonalise(replace(columns, read=lambda rows: columns.read(rows) * constant))
    for k, others in found.combinations.items():
        raise combination(columns.names[k], [columns.names[o] for o in others if o])
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


def combination(name: str, others: Sequence[str], among: str = "") -> InputRefused:
    """The error that a covariate adds nothing to others.

    Parameters
    ----------
    name
        The covariate.
    others
        Those that it is a combination of; none if it does not vary.
    among
        Where.
    """
    listed = ", ".join(others[:6]) + (f" and {len(others) - 6} more" if len(others) > 6 else "")
    said = f"is a combination of {listed}" if others else "does not vary"
    return InputRefused(said + among, where="regression", column=name, next_step="Leave it out.")


def _term(data: pa.Table, name: str) -> Term:
    column = as_arrow(column_of(data, name))
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type) or (
        pa.types.is_string_view(column.type)
    ):  # fmt: skip
        _refuse_missing(column, name)
        coded = column.dictionary_encode()
        order = np.argsort(np.array(coded.dictionary.to_pylist(), dtype=object))
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        texts = [coded.dictionary[int(k)].as_py() for k in order]
        return factor(name, rank[coded.indices.to_numpy()], levels=texts)
    if pa.types.is_boolean(column.type):
        column = pc.cast(column, pa.int8())
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        raise InputRefused(
            "is neither texts nor numbers", where="regression", column=name, value=column.type
        )
    _refuse_missing(column, name)
    return number(name, column.to_numpy(zero_copy_only=False))


def _refuse_missing(column: pa.Array, name: str) -> None:
    if column.null_count:
        raise InputRefused(
            f"{column.null_count} of {len(column)} values are missing",
            where="regression",
            column=name,
            next_step="Leave the rows out, or give what is unknown a level of its own.",
        )


def column_of(data: pa.Table, name: str) -> pa.ChunkedArray:
    """A column of a table, or an error that names those it has."""
    check_code(name, data.column_names, "is not a column of the table", where="regression")
    return data[name]


def as_table(data: Any) -> pa.Table:
    """A table of Arrow, Polars or pandas, or a mapping of columns, as an Arrow table."""
    if isinstance(data, pa.Table):
        return data
    if isinstance(data, pa.RecordBatch):
        return pa.Table.from_batches([data])
    if isinstance(data, Mapping):
        return pa.table({name: as_arrow(values) for name, values in data.items()})
    if hasattr(data, "to_arrow"):
        return data.to_arrow()
    if hasattr(data, "__dataframe__") or hasattr(data, "to_records"):
        return pa.Table.from_pandas(data, preserve_index=False)
    raise UsageError(
        "is not a table", where="data", value=type(data).__name__,
        allowed="a table of Arrow, Polars or pandas, or a mapping of columns",
    )  # fmt: skip


def _check(terms: Sequence[Term], rows: int) -> None:
    names = [term.name for term in terms]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise UsageError("is given twice", where="regression", column=twice[0])
    for term in terms:
        values = term.codes if isinstance(term, Factor) else term.values
        if len(values) != rows:
            raise UsageError(
                f"has {len(values)} rows, and the table has {rows}",
                where="regression",
                column=term.name,
            )


def _without_values(terms: Sequence[Term]) -> tuple[Term, ...]:
    return tuple(
        replace(t, codes=t.codes[:0]) if isinstance(t, Factor) else replace(t, values=t.values[:0])
        for t in terms
    )
