"""Files of totals by municipality, in the borders of another day.

Persons are not there, only weights: a total is divided by the shares of its municipality, in whole
numbers that keep it (`conversion.convert`), within each combination of the other columns. What an
estimated weight went into is marked.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import polars as pl

from folkestrom.classifications.conversion import convert
from folkestrom.errors import InputRefused

#: The column that marks estimates, and its two values.
STATUS: Final = "status"
_STATES: Final = ("exact", "estimated")
_WEIGHTS: Final = ("code_from", "code_to", "weight")
#: A weight nearer to 1 than this takes everything.
_LITTLE: Final = 1e-9


def read_totals(path: Path, places: str, measures: Sequence[str]) -> pl.DataFrame:
    """Read a CSV or Parquet file of totals: measures as whole numbers, all else as text.

    Raises
    ------
    InputRefused
        A file that is none, a column that it lacks, or a total that is no whole number.
    """
    rows = _read(path, (places, *measures))
    for name in measures:
        whole = pl.col(name).str.contains(r"^\d{1,18}$")
        _refuse(path, rows, name, whole, "is no total", "a whole number that is not negative")
    return rows.with_columns(pl.col(*measures).cast(pl.Int64))


def read_weights(path: Path) -> pl.DataFrame:
    """Read weights of the user's own, as in `conversion.conversion`; of 1, they are exact.

    Raises
    ------
    InputRefused
        A file that is none, a column that it lacks, or a weight that is not from 0 to 1.
    """
    rows = _read(path, _WEIGHTS)
    weight = pl.col("weight").cast(pl.Float64, strict=False)
    _refuse(path, rows, "weight", weight.is_between(0, 1), "is no weight", "a number from 0 to 1")
    return rows.select("code_from", "code_to", weight, (weight > 1 - _LITTLE).alias("exact"))


def in_borders(
    path: Path, totals: pl.DataFrame, places: str, measures: Sequence[str], weights: pl.DataFrame
) -> pl.DataFrame:
    """Totals by the municipalities of other borders.

    Parameters
    ----------
    path
        The file of the totals, for errors.
    totals, places, measures
        What was read, and its columns of municipalities and of totals.
    weights
        `code_from`, `code_to`, `weight`, `exact`.

    Returns
    -------
    DataFrame
        The columns of the file in its order, then `status`: "exact", or "estimated" where a weight
        decides.

    Raises
    ------
    InputRefused
        A municipality that has no weights.

    Examples
    --------
    >>> rows = pl.DataFrame({"place": ["1507", "0301"], "persons": [10, 5]})
    >>> weights = pl.DataFrame([("1507", "1508", 0.77, False), ("1507", "1580", 0.23, False),
    ...     ("0301", "0301", 1.0, True)], [*_WEIGHTS, "exact"], orient="row")
    >>> in_borders(Path("totals.csv"), rows, "place", ["persons"], weights).rows()
    [('0301', 5, 'exact'), ('1508', 8, 'estimated'), ('1580', 2, 'estimated')]
    """
    shares: dict[str, list[tuple[str, str, float, bool]]] = {}
    for row in weights.select(*_WEIGHTS, "exact").iter_rows():
        shares.setdefault(row[0], []).append(row)
    known = pl.col(places).is_in(list(shares))
    what = "is no municipality of the borders that the totals are in"
    _refuse(path, totals, places, known, what, "four digits of a municipality of that day")
    others = [name for name in totals.columns if name not in (places, *measures)]
    parts = totals.partition_by(others, as_dict=True, maintain_order=True) if others else {}
    made: list[tuple[Any, ...]] = []
    for key, group in (parts or {(): totals}).items():
        summed = group.group_by(places).agg(pl.col(*measures).sum())
        own = [one for code in summed[places].to_list() for one in shares[code]]
        divided = [
            convert(dict(summed.select(places, name).iter_rows()), [one[:3] for one in own])
            for name in measures
        ]
        rough = {to for _, to, _, exact in own if not exact}
        made += [
            (*key, code, *(part.get(code, 0) for part in divided), _STATES[code in rough])
            for code in sorted({to for _, to, _, _ in own})
        ]
    texts = dict.fromkeys((*others, places), pl.String)
    schema = texts | dict.fromkeys(measures, pl.Int64) | {STATUS: pl.String}
    return pl.DataFrame(made, schema, orient="row").select(*totals.columns, STATUS)


def _read(path: Path, columns: Sequence[str]) -> pl.DataFrame:
    if not path.exists():
        raise InputRefused("does not exist", where=str(path))
    try:
        if path.suffix == ".parquet":
            rows = pl.read_parquet(path).with_columns(pl.all().cast(pl.String))
        else:
            rows = pl.read_csv(path, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputRefused(
            "is no table", where=str(path), allowed="CSV in UTF-8, or Parquet"
        ) from error
    if missing := [name for name in columns if name not in rows.columns]:
        raise InputRefused(
            "lacks columns", where=str(path), value=", ".join(missing),
            allowed=", ".join(rows.columns), next_step="Name the file's own columns.",
        )  # fmt: skip
    return rows


def _refuse(
    path: Path, rows: pl.DataFrame, column: str, right: pl.Expr, what: str, allowed: str
) -> None:
    """Refuse the first row that is not right."""
    wrong = rows.with_row_index("row number", 1).filter(~right.fill_null(value=False))
    if wrong.height:
        raise InputRefused(
            what, where=str(path), row=wrong["row number"][0], column=column,
            value=wrong[column][0], allowed=allowed, next_step="Mend that row.",
        )  # fmt: skip
