"""Figures of one set of borders in another.

Everything in the store is in the borders of 2020-2023 so far, so that the conversion is the
identity: each unit goes to itself with weight 1, and no cell is inexact.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from folkestrom.classifications.tables import municipalities


def conversion(from_day: date, to_day: date) -> pl.DataFrame:
    """How municipalities of one day make up those of another.

    Columns: `code_from`, `code_to`, `weight` (share of the first that goes to the second) and
    `exact` (whether the weight is a fact rather than an estimate).

    Examples
    --------
    >>> table = conversion(date(2005, 1, 1), date(2021, 1, 1))
    >>> table.filter(pl.col("code_from") == "0301").row(0)
    ('0301', '0301', 1.0, True)
    """
    earlier = municipalities(from_day).select(code_from="code")
    later = municipalities(to_day).select(code_to="code")
    same = earlier.join(later, left_on="code_from", right_on="code_to", coalesce=False)
    return same.with_columns(weight=pl.lit(1.0), exact=pl.lit(value=True))
