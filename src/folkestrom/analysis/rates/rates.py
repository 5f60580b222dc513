"""Rates: events by person-time, crude and standardised, with intervals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

import polars as pl

from folkestrom import columns
from folkestrom.analysis.inference.intervals import poisson_interval
from folkestrom.analysis.rates.outcomes import codes, has_code
from folkestrom.analysis.rates.standardisation import Standard, is_of_codes, standardised
from folkestrom.columns import check_arguments, column_names, lazy_column, lazy_table, names_of
from folkestrom.errors import InputRefused, UsageError
from folkestrom.model.cells import Frame, ShownAsTable, Target, as_frame
from folkestrom.model.names import check_columns, without_effect

#: Mean length of a year of the Gregorian calendar, in days.
DAYS_PER_YEAR = 365.2425

Unit = Literal["days", "years"]
_WHERE = "rates"
#: Columns of rates and of what they are made of: no group can be told apart by such a name.
_COLUMNS: Final = frozenset(
    {
        *("events", "exposure", "person_years", "rate", "rate_lower", "rate_upper"),
        *("standardised", "standardised_lower", "standardised_upper", "expected"),
        *("ratio", "ratio_lower", "ratio_upper", "coverage"),
        *("fitted", "fitted_lower", "fitted_upper"),
        *("present_low", "present", "present_high"),
        *("weight", "standard_rate", "_sum", "_variance", "_mean_weight", "_mean_square"),
        *("_reference", "_observed"),
    }
)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Rates(ShownAsTable):
    """A row a group.

    Parameters
    ----------
    by
        Names of the columns that tell groups apart.
    data
        Those columns; `events` and `person_years`; `rate` with `rate_lower` and `rate_upper`.
        Where standardised: `standardised`, `ratio` (to the standard's rate), both with limits,
        `expected` (events that the standard's rates would have given; indirect only), and
        `coverage` (the part of the standard, or of the group's exposure, that could be used).
    per
        Person-years that rates are of.
    level
        Level of the intervals.
    method
        How it was standardised, if it was.
    """

    by: tuple[str, ...]
    data: pl.DataFrame
    per: float
    level: float
    method: str = ""

    def to(self, target: Target) -> Frame:
        """The rows as an Arrow table, or a data frame of Polars or pandas."""
        return self.data if target == "polars" else as_frame(self.data.to_arrow(), target)


def rates(
    table: Any,
    events: str = "events",
    exposure: str = "days",
    by: str | Iterable[str] = (),
    *,
    outcome: str | None = None,
    standardise_by: str | Iterable[str] = (),
    standard: Standard = None,
    method: Literal["direct", "indirect"] = "direct",
    unit: Unit = "days",
    per: float = 1000.0,
    level: float = 0.95,
) -> Rates:
    """Events per so many person-years, by any columns of a table.

    Parameters
    ----------
    table
        Cells with events and exposure, or episodes with the columns `start` and `stop`; of Arrow,
        Polars (lazy too) or pandas, or a mapping of columns.
    events
        Column of counts; of episodes, 1 or True where the event ended them. A table without any is
        refused: what is known then is the limit, of `poisson_interval(0)`.
    exposure
        Column of person-time. Where the table has no such column: `stop` less `start`, in calendar
        days where they are dates or moments.
    by
        Columns that tell groups apart.
    outcome
        Where the events are texts: the one to count.
    standardise_by
        Columns that rates are standardised for.
    standard
        The reference population: None, everybody in the table; a mapping such as
        `{"county": "03"}`, those rows; or a table of those columns and `events` and the
        exposure, or, of direct standardisation, `weight`.
    method
        "direct": the group's rates in the standard's composition. "indirect": the standard's rates
        in the group's composition, for groups too small for rates of their own.
    unit
        Unit of the exposure.
    per
        Person-years that rates are of.
    level
        Level of the intervals: Garwood's for counts, modified gamma limits for direct
        standardisation (`gamma_interval`).

    Examples
    --------
    >>> cells = {"county": ["03", "11"], "events": [11, 4], "days": [365_242, 365_242]}
    >>> found = rates(pl.DataFrame(cells), by="county").data
    >>> found.select("county", pl.col("rate").round(2)).rows()
    [('03', 11.0), ('11', 4.0)]
    """
    check_arguments(rates, locals())
    groups, strata = names_of(by, "by"), names_of(standardise_by, "standardise_by")
    _check(groups, strata, standard, method, per)
    wanted = dict.fromkeys((*groups, *strata, *_others(standard, groups)))
    cells = counted(table, events, exposure, wanted, outcome=outcome, unit=unit)
    if outcome is None and len(cells) and not cells["events"].sum():
        raise InputRefused(
            "is 0 in every row", where=_WHERE, column=events,
            next_step="Look at how it was made; poisson_interval(0) has the limit of no events",
        )  # fmt: skip
    days = DAYS_PER_YEAR if standard is not None and unit == "days" else 1.0
    return rates_of(cells, groups, strata, standard, method=method, per=per, level=level, days=days)


def rates_of(
    cells: pl.DataFrame,
    groups: tuple[str, ...],
    strata: tuple[str, ...] = (),
    standard: Standard = None,
    *,
    method: Literal["direct", "indirect"] = "direct",
    per: float = 1000.0,
    level: float = 0.95,
    days: float = DAYS_PER_YEAR,
) -> Rates:
    """Rates of cells that have been counted, whether or not there are events.

    Parameters
    ----------
    cells
        Columns of codes, `events` and `person_years`.
    groups, strata
        Columns that tell groups apart; columns that rates are standardised for.
    standard, method, per, level
        As of `rates`.
    days
        Days of one unit of a given standard's exposure.
    """
    _check(groups, strata, standard, method, per)
    crude = _crude(summed(cells, groups), per, level)
    if not strata:
        return Rates(groups, crude, per, level)
    extra = standardised(cells, groups, strata, standard, method, level, days)
    scaled = [pl.col(n) * per for n in ("standardised", "standardised_lower", "standardised_upper")]
    joined = _beside(crude, extra.with_columns(scaled), groups)
    return Rates(groups, joined, per, level, f"{method} by {', '.join(strata)}")


def counted(
    table: Any,
    events: str,
    exposure: str,
    by: Iterable[str],
    *,
    outcome: str | None = None,
    unit: Unit = "days",
    where: str = _WHERE,
) -> pl.DataFrame:
    """Events and person-years of a table by its columns.

    Parameters
    ----------
    table
        Cells or episodes.
    events, exposure, outcome, unit
        As for `rates`.
    by
        Columns that tell cells apart.
    where
        The function that is told of in messages.

    Examples
    --------
    >>> episodes = pl.LazyFrame({"start": [0, 0], "stop": [365, 400], "event": ["abroad", None]})
    >>> counted(episodes, "event", "days", (), outcome="abroad").row(0)[0]
    1
    """
    named, keys = column_names(table, where), list(by)
    of_spells = exposure not in named and {"start", "stop"} <= set(named)
    frame = lazy_table(
        table, where, [*keys, events, *(("start", "stop") if of_spells else (exposure,))]
    )
    for name in keys:
        columns.refuse_levels(frame, lazy_column(frame, name, where), may_miss=True)
    count = _events(frame, events, outcome, where)
    if not of_spells:
        columns.refuse_amounts(frame, lazy_column(frame, exposure, where), nothing=False)
    length = _length(frame, where) if of_spells else _amount(frame, exposure, where)
    # Wrong rows must be seen before they are added up.
    chosen = frame.select(
        *codes(frame, keys),
        count.alias("\0events"), length.alias("\0exposure"),
    )  # fmt: skip
    sums = {"events": pl.col("\0events").sum(), "exposure": pl.col("\0exposure").sum()}
    if of_spells:
        column = lazy_column(chosen, "\0exposure", where).renamed("stop")
        columns.refuse_amounts(chosen, column, nothing=False)
    found = (chosen.group_by(keys).agg(**sums) if keys else chosen.select(**sums)).collect(
        engine="streaming"
    )
    years = pl.col("exposure") / (DAYS_PER_YEAR if unit == "days" else 1.0)
    return found.with_columns(person_years=years).drop("exposure")


def _events(frame: pl.LazyFrame, events: str, outcome: str | None, where: str) -> pl.Expr:
    column = lazy_column(frame, events, where)
    if column.is_category:
        if outcome is None:
            raise UsageError(f"holds {column.kind}", where="events", value=events,
                             next_step="Say outcome=")  # fmt: skip
        return has_code(frame, events, outcome, "outcome").fill_null(value=False).cast(pl.Int64)
    if outcome is not None:
        said = f"the column {events!r} holds no texts"
        raise without_effect("outcome", outcome, said, "Leave it out")
    columns.refuse_amounts(frame, column)
    return _amount(frame, events, where)


def _amount(frame: pl.LazyFrame, name: str, where: str) -> pl.Expr:
    dtype = lazy_column(frame, name, where).values.dtype
    whole = dtype.is_integer() or dtype == pl.Boolean
    return pl.col(name).cast(pl.Int64 if whole else pl.Float64)


def _length(frame: pl.LazyFrame, where: str) -> pl.Expr:
    """Time from start to stop; of dates and moments in calendar days."""
    start, stop = (lazy_column(frame, name, where) for name in ("start", "stop"))
    columns.check_spells(start, stop)
    if stop.is_dated:
        return (pl.col("stop").cast(pl.Date) - pl.col("start").cast(pl.Date)).dt.total_days()
    return pl.col("stop") - pl.col("start")


def summed(cells: pl.DataFrame, by: Iterable[str]) -> pl.DataFrame:
    """Cells added up to fewer columns, in the order of those.

    Parameters
    ----------
    cells
        Columns of codes, `events` and `person_years`.
    by
        Columns to keep.

    Examples
    --------
    >>> cells = pl.DataFrame({"sex": ["f", "f"], "events": [1, 2], "person_years": [1.0, 1.0]})
    >>> summed(cells, ["sex"]).rows()
    [('f', 3, 2.0)]
    """
    columns = list(by)
    totals = pl.col("events", "person_years").sum()
    if not columns:
        return cells.select(totals)
    return cells.group_by(columns).agg(totals).sort(columns, nulls_last=True)


def _crude(groups: pl.DataFrame, per: float, level: float) -> pl.DataFrame:
    lower, upper = poisson_interval(groups["events"].to_numpy(), level)
    years = pl.col("person_years")
    # Nobody exposed: there is no rate, not a rate of nothing.
    return groups.with_columns(
        pl.when(years > 0).then(value * per / years).otherwise(None).alias(name)
        for name, value in {
            "rate": pl.col("events"),
            "rate_lower": pl.lit(pl.Series(lower)),
            "rate_upper": pl.lit(pl.Series(upper)),
        }.items()
    )


def _beside(crude: pl.DataFrame, extra: pl.DataFrame, by: tuple[str, ...]) -> pl.DataFrame:
    if not by:
        return pl.concat([crude, extra], how="horizontal")
    return crude.join(extra, on=list(by), how="left", nulls_equal=True, maintain_order="left")


def _others(standard: Standard, groups: tuple[str, ...]) -> list[str]:
    codes = standard if standard is not None and is_of_codes(standard) else {}
    return [name for name in codes if name not in groups]


def _check(
    groups: tuple[str, ...], strata: tuple[str, ...], standard: Standard, method: str, per: float
) -> None:
    check_columns(groups, _COLUMNS)
    check_columns(strata, _COLUMNS, "standardise_by")
    check_columns(_others(standard, groups), _COLUMNS, "standard")
    if method != "direct" and not strata:
        raise without_effect("method", method, "nothing is standardised for", "Say standardise_by")
    both = [name for name in strata if name in groups]
    if both:
        raise UsageError(
            "cannot tell groups apart and be standardised for",
            where="standardise_by",
            value=both[0],
        )
    if standard is not None and not strata:
        raise UsageError(
            "needs something to be standardised by",
            where="standard",
            next_step="Say standardise_by",
        )
    if not per > 0:
        raise UsageError("is not a number of person-years", where="per", value=per)
