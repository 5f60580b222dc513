"""Outcomes that are named: they occur, or the column's levels declare them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from numbers import Real
from typing import Any

import numpy as np
import polars as pl

from folkestrom.columns import text_of
from folkestrom.errors import UsageError
from folkestrom.model.names import check_code, check_spellings, unknown

_TRUTH = {"true": True, "false": False, "1": True, "0": False}


def has_code(
    frame: pl.LazyFrame, column: str, code: Any, where: str, says: str = "does not occur"
) -> pl.Expr:
    """Whether a row of a table has a code; refuses one that neither occurs nor is declared.

    Parameters
    ----------
    frame, column
        A table of `lazy_table`, whose declared levels are an Enum, and its column of what happened:
        texts, levels, numbers or truth values.
    code
        The code that is meant.
    where, says
        The argument that it was given for, and what is wrong where it is not there.

    Examples
    --------
    >>> frame = pl.LazyFrame({"event": ["stay", "abroad"]})
    >>> frame.select(has_code(frame, "event", "abroad", "outcome")).collect().rows()
    [(False,), (True,)]
    """
    if not isinstance(code, str | Real | np.bool_ | date):
        raise UsageError(
            f"is a {type(code).__name__}, not a code", where=where,
            allowed="a text, a number, or True or False",
        )  # fmt: skip
    kind = frame.collect_schema()[column]
    if kind == pl.Boolean:
        meant = _TRUTH.get(str(code).lower())
        if meant is None:
            raise unknown(code, (True, False), "is no truth value", where=where, column=column)
        return pl.col(column).eq(meant)
    found = frame.select(pl.col(column).unique()).collect().to_series().drop_nulls()
    if kind.is_numeric() and not isinstance(code, str):
        # 0 and 1 say whether it happened: that it never did is no mistake.
        values = found.to_list()
        either = [*values, *((0, 1) if set(values) <= {0, 1} else ())]
        check_code(code, either, says, where=where, column=column)
        return pl.col(column).eq(code)
    texts = found.cast(pl.String).sort().to_list()
    if not kind.is_numeric():
        check_spellings(texts, [code] if isinstance(code, str) else (), column=column)
    declared = kind.categories.to_list() if isinstance(kind, pl.Enum) else ()
    check_code(code, list(dict.fromkeys([*declared, *texts])), says, where=where, column=column)
    return pl.col(column).cast(pl.String).eq(code)


def rows_of_standard(frame: pl.LazyFrame, column: str, code: Any) -> pl.Expr:
    """Whether a row has the code that tells a standard's rows; refuses one that does not occur.

    Parameters
    ----------
    frame, column
        A table, and its column of texts, levels, truth values, numbers or days.
    code
        The code, as it is or as a text.

    Examples
    --------
    >>> frame = pl.LazyFrame({"sex": [0.0, 1.0]})
    >>> frame.filter(rows_of_standard(frame, "sex", "1")).collect().rows()
    [(1.0,)]
    """
    found = frame.select(pl.col(column).unique()).collect().to_series().drop_nulls()
    known = {text_of(value): value for value in found.sort().to_list()}
    said = "does not occur, and cannot be the standard"
    meant = known[check_code(text_of(code), list(known), said, where="standard", column=column)]
    if isinstance(meant, str):
        return pl.col(column).cast(pl.String).eq(meant)
    return pl.col(column).eq(meant)


def codes(frame: pl.LazyFrame, names: Iterable[str]) -> list[pl.Expr]:
    """Columns of codes in which what is missing is null, of numbers too.

    Parameters
    ----------
    frame, names
        The rows, and the columns.
    """
    schema = frame.collect_schema()
    return [pl.col(n).fill_nan(None) if schema[n].is_float() else pl.col(n) for n in names]
