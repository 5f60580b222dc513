"""Numbers of municipalities without basic units, in the borders that a connection asks for."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Final

import duckdb
import polars as pl

from folkestrom.classifications.conversion import border_days, conversion
from folkestrom.classifications.reported import reported_borders
from folkestrom.engine.rows import first_row, is_table
from folkestrom.variables.borders.views import ASKED

_LAST: Final = date(9999, 12, 31)


def numbers_on(connection: duckdb.DuckDBPyConnection, day: date, since: date) -> pl.DataFrame:
    """Where each number that changes is on a day, by when it was used.

    Parameters
    ----------
    connection
        An open store; numbers are as in its reports.
    day
        The day; the borders are those that are asked for, else its own.
    since
        The first day on which a number may have been used.

    Returns
    -------
    DataFrame
        `code`, `begins`, `ends` (half open, when it was used), `to`, `weight`; several rows of one
        that is divided.
    """
    reported = reported_borders(connection)
    asked = first_row(connection, f"FROM {ASKED}") if is_table(connection, ASKED) else None
    target = (reported if asked is None else asked[0]) or day
    days = [since, *border_days(since), _LAST]
    found = [
        conversion(begins if reported is None else reported, target).select(
            pl.col("code_from").cast(pl.Int32).alias("code"),
            pl.lit(begins).alias("begins"),
            pl.lit(ends).alias("ends"),
            pl.col("code_to").cast(pl.Int32).alias("to"),
            "weight",
        )
        for begins, ends in (pairwise(days) if reported is None else [(since, _LAST)])
    ]
    return pl.concat(found).filter((pl.col("code") != pl.col("to")) | (pl.col("weight") < 1))
