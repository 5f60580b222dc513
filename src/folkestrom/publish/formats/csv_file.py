"""Tables as CSV."""

from __future__ import annotations

from typing import Any

from folkestrom.model.text import FORMULA, no_formula


def csv_of(table: Any, *, header: bool = True) -> bytes:
    """A table as CSV in UTF-8; texts that a spreadsheet would calculate begin with an apostrophe.

    Parameters
    ----------
    table
        Whatever Polars takes as a data frame.
    header
        Whether the names of the columns stand above.

    Examples
    --------
    >>> csv_of({"group": ["=1+2", "-5"], "persons": [3, 4]}).decode().splitlines()
    ['group,persons', "'=1+2,3", '-5,4']
    """
    import polars as pl

    frame = pl.DataFrame(table).with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))
    safe = frame.with_columns(pl.col(pl.String).str.replace(f"(?s){FORMULA}", "'${0}"))
    named = safe.rename({name: no_formula(name) for name in safe.columns})
    return named.write_csv(include_header=header).encode()
