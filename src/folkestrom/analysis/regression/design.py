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
import pyarrow as pa
import pyarrow.compute as pc

from folkestrom.analysis.followup.subjects import as_arrow
from folkestrom.analysis.mobility.terms import Factor, Number, Term, factor, number
from folkestrom.analysis.regression.design_kernels import add_up_rows, cross_rows, predict_rows
from folkestrom.engine.settings import EngineSettings
from folkestrom.errors import InputRefused, UsageError
from folkestrom.model.names import check_code, suggestion

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
    data: pa.Table, covariates: Sequence[str | Term], *, weight: Floats, whole: Sequence[str] = ()
) -> Design:
    """Covariates from columns of a table, or made by `factor`, `number` and `interaction`.

    Columns of texts are factors whose levels stand in their order, the first the reference;
    columns of numbers and truth values are numbers.

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
    # Far from zero, sums of products would lose digits.
    total = weight.sum() if len(weight) else float(data.num_rows)
    centre = (weight @ values if len(weight) else values.sum(axis=0)) / total
    values -= centre
    return Design(tuple(names), codes, place, values, slope, centre, _without_values(terms))


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
