"""Lexis diagrams: person-time and events by age, calendar year and year of birth.

A year of age and a calendar year make a square; the birthday divides it into two triangles, one of
each year of birth (Lexis 1875). The upper one is of those who have not had the year's birthday.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl

from folkestrom import columns
from folkestrom.columns import check_arguments, lazy_column, lazy_table, names_of
from folkestrom.errors import InputRefused
from folkestrom.model.names import check_columns

_WHERE = "lexis"
#: Columns of results, and of what they are computed from.
_COLUMNS = "age year cohort triangle exposure events born start stop event".split()


def lexis(
    table: Any,
    *,
    birth: str = "birth_date",
    start: str = "start",
    stop: str = "stop",
    event: str = "event",
    by: str | Iterable[str] = (),
) -> pl.DataFrame:
    """Exposure and events of episodes by triangles of the Lexis diagram.

    Parameters
    ----------
    table
        One row an episode, `[start, stop)`; of Arrow, Polars (lazy too) or pandas, or a mapping.
    birth, start, stop
        Columns of dates, of moments, of which the day counts that is written there, or of decimal
        years such as 1976.9971.
    event
        Column of 1 where an event ended the episode; it counts in the year and at the age of
        `stop`.
    by
        More columns to tell cells apart.

    Returns
    -------
    polars.DataFrame
        Columns of `by`, `age`, `year`, `cohort` (year of birth), `triangle` ("upper" before the
        year's birthday, "lower" after it), `exposure` (days of dates, years of decimal years) and
        `events`. Squares are their sums over `cohort` and `triangle`.

    Examples
    --------
    >>> stay = {"birth": [1990.5], "start": [2000.25], "stop": [2001.0], "event": [0]}
    >>> cells = lexis(pl.DataFrame(stay), birth="birth")
    >>> cells.select("age", "year", "cohort", "triangle", "exposure").rows()
    [(9, 2000, 1990, 'upper', 0.25), (10, 2000, 1990, 'lower', 0.5)]
    """
    check_arguments(lexis, locals())
    groups = names_of(by, "by")
    check_columns(groups, _COLUMNS)
    frame = lazy_table(table, _WHERE, (birth, start, stop, event, *groups))
    for name in groups:
        columns.refuse_levels(frame, lazy_column(frame, name, _WHERE), may_miss=True)
    columns.refuse_amounts(frame, lazy_column(frame, event, _WHERE))
    ends = [lazy_column(frame, name, _WHERE) for name in (birth, start, stop)]
    for one in ends:
        columns.check_spells(one, ends[-1])
    dated = ends[0].is_dated
    if not (dated or all(one.is_number for one in ends)):
        raise InputRefused(
            f"holds {ends[0].kind}", where=_WHERE, column=birth, allowed="dates, or decimal years"
        )
    born, begin, end = (
        pl.col(name).cast(pl.Date if dated else pl.Float64) for name in (birth, start, stop)
    )
    for one in ends:
        columns.refuse_times(frame, one)
    chosen = frame.select(
        *groups, born=born, start=begin, stop=end, event=pl.col(event).cast(pl.Int64)
    )
    _check(chosen)
    prepared = chosen.with_columns(cohort=_year(pl.col("born"), dated=dated))
    cells = pl.concat([_exposure(prepared, groups, dated=dated), _events(prepared, groups, dated)])
    keys = [*groups, "age", "year", "cohort", "triangle"]
    found = cells.group_by(keys).agg(pl.col("exposure", "events").sum()).collect()
    return found.sort([*groups, "year", "age", "cohort"], nulls_last=True)


def _exposure(frame: pl.LazyFrame, groups: tuple[str, ...], *, dated: bool) -> pl.LazyFrame:
    last = _year(pl.col("stop"), dated=dated)
    years = pl.int_ranges(_year(pl.col("start"), dated=dated), last + 1, dtype=pl.Int64)
    pieces = frame.with_columns(year=years).explode("year", empty_as_null=False)
    birthday = _birthday(pl.col("born"), pl.col("year"), dated=dated)
    turns = [_turn(pl.col("year") + n, dated=dated) for n in (0, 1)]
    parts = [("upper", turns[0], birthday, 1), ("lower", birthday, turns[1], 0)]
    return pl.concat(
        pieces.select(
            *groups,
            "cohort",
            "year",
            age=pl.col("year") - pl.col("cohort") - less,
            triangle=pl.lit(name),
            exposure=_length(
                pl.max_horizontal("start", begins), pl.min_horizontal("stop", ends), dated=dated
            ),
            events=pl.lit(0, pl.Int64),
        ).filter(pl.col("exposure") > 0)
        for name, begins, ends, less in parts
    )


def _events(frame: pl.LazyFrame, groups: tuple[str, ...], dated: bool) -> pl.LazyFrame:
    year = _year(pl.col("stop"), dated=dated)
    before = pl.col("stop") < _birthday(pl.col("born"), year, dated=dated)
    return (
        frame.filter(pl.col("event") > 0)
        .select(
            *groups,
            "cohort",
            year=year,
            age=year - pl.col("cohort") - before.cast(pl.Int64),
            triangle=pl.when(before).then(pl.lit("upper")).otherwise(pl.lit("lower")),
            exposure=pl.lit(0, pl.Int64 if dated else pl.Float64),
            events=pl.col("event"),
        )
        .select(*groups, "cohort", "year", "age", "triangle", "exposure", "events")
    )


def _year(day: pl.Expr, *, dated: bool) -> pl.Expr:
    return (day.dt.year() if dated else day.floor()).cast(pl.Int64)


def _turn(year: pl.Expr, *, dated: bool) -> pl.Expr:
    return pl.date(year, 1, 1) if dated else year.cast(pl.Float64)


def _birthday(born: pl.Expr, year: pl.Expr, *, dated: bool) -> pl.Expr:
    """The birthday in a year; 1 March for 29 February in ordinary years."""
    if not dated:
        return year + (born - born.floor())
    leapling = (born.dt.month() == 2) & (born.dt.day() == 29)
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    moved = leapling & ~leap
    month = pl.when(moved).then(3).otherwise(born.dt.month())
    day = pl.when(moved).then(1).otherwise(born.dt.day())
    return pl.date(year, month, day)


def _length(begin: pl.Expr, end: pl.Expr, *, dated: bool) -> pl.Expr:
    length = end - begin
    return length.dt.total_days() if dated else length


def _check(frame: pl.LazyFrame) -> None:
    # What is not in order, missing values included.
    right = (pl.col("born") <= pl.col("start")) & (pl.col("start") <= pl.col("stop"))
    wrong = frame.with_row_index("row").filter(~right.fill_null(value=False)).head(1).collect()
    if wrong.height:
        raise InputRefused(
            "is not birth, start and stop in this order, all of them known",
            where=_WHERE,
            row=int(wrong["row"][0]) + 1,
            next_step="Mend the row, or leave it out",
        )
