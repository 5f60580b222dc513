"""Rates: events by person-time, crude and standardised, with intervals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import polars as pl

from folkestrom.analysis.rates.frames import (
    Frame,
    check_counts,
    declared,
    has_code,
    lazy,
    names,
    require,
)
from folkestrom.analysis.rates.intervals import poisson_interval
from folkestrom.analysis.rates.standardisation import Standard, standardised
from folkestrom.errors import UsageError
from folkestrom.model.cells import Target, as_frame
from folkestrom.model.names import check_columns, without_effect

#: Mean length of a year of the Gregorian calendar, in days.
DAYS_PER_YEAR = 365.2425

Unit = Literal["days", "years"]

#: Columns of rates and of what they are made of: no group can be told apart by such a name.
COLUMNS: Final = frozenset(
    {
        *("events", "exposure", "person_years", "rate", "rate_lower", "rate_upper"),
        *("standardised", "standardised_lower", "standardised_upper", "expected"),
        *("ratio", "ratio_lower", "ratio_upper", "coverage"),
        *("weight", "standard_rate", "_sum", "_variance", "_mean_weight", "_mean_square"),
        *("_reference", "_observed"),
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class Rates:
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
    table: Frame,
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
        Polars or pandas.
    events
        Column of counts; of episodes, 1 or True where the event ended them.
    exposure
        Column of person-time. Where the table has no such column: `stop` less `start`.
    by
        Columns that tell groups apart.
    outcome
        Where the events are texts: the one to count.
    standardise_by
        Columns whose composition is held equal.
    standard
        What it is held equal to: None, everybody in the table; a mapping such as
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
    groups, strata = names(by), names(standardise_by)
    _check(groups, strata, standard, method, unit, per)
    allowed = declared(table, events)
    frame = lazy(table)
    others = _others(standard, groups)
    require(frame, (*groups, *strata))
    require(frame, others, "standard")
    wanted = dict.fromkeys([*groups, *strata, *others])
    cells = counted(frame, events, exposure, wanted, outcome=outcome, unit=unit, allowed=allowed)
    crude = _crude(summed(cells, groups), per, level)
    if not strata:
        return Rates(groups, crude, per, level)
    extra = standardised(cells, groups, strata, standard, method, level, _days(standard, unit))
    scaled = [pl.col(n) * per for n in ("standardised", "standardised_lower", "standardised_upper")]
    joined = _beside(crude, extra.with_columns(scaled), groups)
    return Rates(groups, joined, per, level, f"{method} by {', '.join(strata)}")


def counted(
    frame: pl.LazyFrame,
    events: str,
    exposure: str,
    by: Iterable[str],
    *,
    outcome: str | None = None,
    unit: Unit = "days",
    allowed: Sequence[str] = (),
) -> pl.DataFrame:
    """Events and person-years of a table by its columns.

    Parameters
    ----------
    frame
        Cells or episodes.
    events, exposure, outcome, unit
        As for `rates`.
    by
        Columns that tell cells apart.
    allowed
        Outcomes that need not occur.

    Examples
    --------
    >>> episodes = pl.LazyFrame({"start": [0, 0], "stop": [365, 400], "event": ["abroad", None]})
    >>> counted(episodes, "event", "days", (), outcome="abroad").row(0)[0]
    1
    """
    require(frame, [events], "events")
    schema = frame.collect_schema()
    if exposure not in schema and {"start", "stop"} <= set(schema):
        length = pl.col("stop") - pl.col("start")
        dated = schema["stop"].is_temporal()
        frame = frame.with_columns((length.dt.total_days() if dated else length).alias(exposure))
    require(frame, [exposure], "exposure")
    count = pl.col(events)
    if schema[events] == pl.String or isinstance(schema[events], pl.Categorical | pl.Enum):
        if outcome is None:
            raise UsageError("holds texts", where="events", value=events, next_step="Say outcome=")
        count = has_code(frame, events, outcome, allowed, "outcome").fill_null(value=False)
    elif outcome is not None:
        raise without_effect(
            "outcome", outcome, f"the column {events!r} holds no texts", "Leave it out"
        )
    columns = list(by)
    count = count.cast(pl.Int64) if schema[events] == pl.Boolean or outcome else count
    chosen = frame.select(*columns, count.alias("events"), pl.col(exposure).alias("exposure"))
    # Wrong rows must be seen before they are added up.
    wrong = chosen.filter(
        ~((pl.col("events") >= 0) & (pl.col("exposure") >= 0)).fill_null(value=False)
        | ~pl.col("exposure").cast(pl.Float64).is_finite()
    )
    check_counts(wrong.select("events", "exposure").head(1).collect(), ("events", "exposure"))
    sums = pl.col("events", "exposure").sum()
    found = (chosen.group_by(columns).agg(sums) if columns else chosen.select(sums)).collect(
        engine="streaming"
    )
    years = pl.col("exposure") / (DAYS_PER_YEAR if unit == "days" else 1.0)
    return found.with_columns(pl.col("events"), years.alias("person_years")).drop("exposure")


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
    if isinstance(standard, Mapping):
        return [name for name in standard if name not in groups]
    return []


def _days(standard: Standard, unit: Unit) -> float:
    """Days of one unit of a given standard's exposure."""
    return DAYS_PER_YEAR if standard is not None and unit == "days" else 1.0


def _check(
    groups: tuple[str, ...],
    strata: tuple[str, ...],
    standard: Standard,
    method: str,
    unit: str,
    per: float,
) -> None:
    for where, listed in (("by", groups), ("standardise_by", strata)):
        twice = [name for name in listed if listed.count(name) > 1]
        if twice:
            raise UsageError("is asked for twice", where=where, value=twice[0])
        check_columns(listed, COLUMNS, where)
    if method != "direct" and not strata:
        raise without_effect("method", method, "nothing is held equal", "Say standardise_by")
    both = [name for name in strata if name in groups]
    if both:
        raise UsageError(
            "cannot tell groups apart and be held equal between them",
            where="standardise_by",
            value=both[0],
        )
    if standard is not None and not strata:
        raise UsageError(
            "needs something to be standardised by",
            where="standard",
            next_step="Say standardise_by",
        )
    if unit not in ("days", "years"):
        raise UsageError("is not a unit", where="unit", value=unit, allowed=("days", "years"))
    if not per > 0:
        raise UsageError("is not a number of person-years", where="per", value=per)
