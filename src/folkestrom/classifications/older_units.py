"""Basic units from before the first list of them, by the changes of 1980 to 2001.

The files name a year, and no day. Whatever can be checked of it (the numbers of municipalities that
begin in 1988, 1992, 1994 and 2002, and the list of 2002) fits the first day of the year after, and
not that of the year: so a change takes effect on 1 January of the next year. Changes of years that
the lists of versions cover are told by those. Faults of the files are counted, and told.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from folkestrom.classifications.areas import lives
from folkestrom.classifications.code_lists import basic_unit_code
from folkestrom.errors import InputRefused
from folkestrom.model.report import UNITS

OLDER_COLUMNS: Final = ("oldCode", "newCode", "changeOccurred")
#: Numbers of basic units begin with the census of 1980.
_FIRST: Final = date(1980, 1, 1)


def with_older(
    units: pl.DataFrame, changes: pl.DataFrame, rows: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, tuple[str, ...]]:
    """Basic units and changes with those from before the first list of them.

    Parameters
    ----------
    units, changes
        As in `loading.Loaded`.
    rows
        `oldCode`, `newCode`, `changeOccurred` (a year), as text; a change may be told twice.

    Raises
    ------
    InputRefused
        A number or a year that is none.

    Examples
    --------
    >>> listed = pl.DataFrame({"code": [1010209], "name": ["Skogen"], "part_of_town": [None],
    ...     "part_of_town_name": [None], "valid_from": [date(2002, 1, 1)],
    ...     "valid_to": [date(9999, 12, 31)]})
    >>> none = pl.DataFrame(schema={"day": pl.Date, "old": pl.Int32, "new": pl.Int32})
    >>> told = pl.DataFrame([["01010207", "01010209", "1990"]], OLDER_COLUMNS, orient="row")
    >>> units, _, _ = with_older(listed, none, told)
    >>> [(code, str(begins), str(ends)) for code, *_, begins, ends in units.rows()]
    [(1010209, '1991-01-01', '9999-12-31'), (1010207, '1980-01-01', '1991-01-01')]
    """
    first = units["valid_from"].min()
    told = _dated(rows).filter(pl.col("day") <= first)
    begins, ends = _edges(told)
    listed = set(units["code"].to_list())
    municipality = {int(code): day for code, day, _, _ in lives()}
    at_first = units.filter(pl.col("valid_from") == first)["code"].to_list()
    since = {
        code: max(begins.get(code, _FIRST), municipality.get(code // UNITS, _FIRST))
        for code in [*at_first, *sorted(ends.keys() - listed)]
    }
    gone = [
        (code, None, None, None, since[code], ends[code])
        for code in since
        if code not in listed and since[code] < ends[code]
    ]
    older = units.with_columns(
        pl.col("code").replace_strict(since, default=pl.col("valid_from")).alias("valid_from")
    )
    known = listed | {row[0] for row in gone}
    usable = told.filter(pl.col("old").is_in(known) & pl.col("new").is_in(known))
    faults = _faults(told, begins, ends, listed, known, since)
    made = pl.DataFrame(gone, units.schema, orient="row")
    return pl.concat([older, made]), pl.concat([changes, usable]), faults


def _dated(rows: pl.DataFrame) -> pl.DataFrame:
    """Changes once each, with the day on which they take effect."""
    wrong = rows.with_row_index("row", 1).filter(
        ~pl.col("oldCode").str.contains(r"^\d{8}$").fill_null(value=False)
        | ~pl.col("newCode").str.contains(r"^\d{8}$").fill_null(value=False)
        | ~pl.col("changeOccurred").str.contains(r"^\d{4}$").fill_null(value=False)
    )
    if wrong.height:
        row, *values = wrong.select("row", *OLDER_COLUMNS).row(0)
        raise InputRefused(
            "is no change of basic units", where="basic_unit_changes", row=row,
            value=", ".join(str(value) for value in values),
            allowed="two numbers of eight digits, and a year",
        )  # fmt: skip
    next_year = pl.col("changeOccurred").cast(pl.Int32) + 1
    return (
        rows.select(
            pl.date(next_year, 1, 1).alias("day"),
            pl.col("oldCode").cast(pl.Int32).alias("old"),
            pl.col("newCode").cast(pl.Int32).alias("new"),
        )
        .unique()
        .sort("day", "old", "new")
    )


def _edges(told: pl.DataFrame) -> tuple[dict[int, date], dict[int, date]]:
    """The last day on which each number begins, and on which it ends, if it does not go on."""
    going_on = told.filter(pl.col("old") == pl.col("new")).select("day", "old")
    begin = told.join(going_on, left_on=["day", "new"], right_on=["day", "old"], how="anti")
    end = told.join(going_on, on=["day", "old"], how="anti")
    return (
        dict(begin.group_by("new").agg(pl.max("day")).iter_rows()),
        dict(end.group_by("old").agg(pl.max("day")).iter_rows()),
    )


def _faults(
    told: pl.DataFrame,
    begins: dict[int, date],
    ends: dict[int, date],
    listed: set[int],
    known: set[int],
    since: dict[int, date],
) -> tuple[str, ...]:
    many = f"{told.height} changes of basic units are told by year only"
    found = [f"{many}: each is taken to be of 1 January of the year after."]

    def tell(codes: set[int], text: str) -> None:
        if codes:
            found.append(f"{len(codes)} {text} ({basic_unit_code(min(codes))} …).")

    tell(ends.keys() & listed, "units end by a change and are in later lists: they go on")
    tell(
        {code for code in ends.keys() & begins.keys() if begins[code] >= ends[code]},
        "numbers end and begin anew: taken as one unit",
    )
    tell(
        set(told["new"].to_list()) - known,
        "new numbers are in no later list and end by no change: left out",
    )
    tell(
        {code for code in since if code not in begins and since[code] > _FIRST},
        "units begin with the number of their municipality and have no predecessor: "
        "the municipality is followed",
    )
    return tuple(found)
