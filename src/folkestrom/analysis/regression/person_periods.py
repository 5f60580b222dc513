"""From spells to periods: who was at risk in each month or year, and what happened then.

Rows are never spread out. Those with the same covariates, first and last period and outcome are
counted as one, and sums over periods give who was at risk.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from folkestrom import columns
from folkestrom.analysis.design.terms import Factor, Term
from folkestrom.analysis.followup.subjects import CENSORED, check_events
from folkestrom.analysis.regression.spell_columns import EPISODE, Ends, ends_of, no_such_event
from folkestrom.columns import Column, Table, check_arguments, names_of, table_of, text_of
from folkestrom.errors import InputRefused, UsageError

Floats: TypeAlias = npt.NDArray[np.float64]
_WHERE = "person_periods"
_OWN = ("period", "at_risk")
_MOST_PERIODS = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class PersonPeriods:
    """Cells of person-periods: those in a cell share their period and their covariates.

    Attributes
    ----------
    cells
        Columns period, the covariates, at_risk, and the events of each cause.
    covariates, causes
        Names.
    length
        Of a period, in the units of time.
    levels
        Levels of covariates whose order is declared, the reference first.
    lost
        What a person counts who was censored during a period.
    """

    cells: pl.DataFrame
    covariates: tuple[str, ...]
    causes: tuple[str, ...]
    length: float
    levels: Mapping[str, tuple[str, ...]]
    lost: float = 0.5


def person_periods(
    data: Any,
    *,
    stop: str | None = None,
    event: str,
    cause: str | int | None = None,
    covariates: Sequence[str | Factor],
    length: float,
    start: str | None = None,
    person: str | Sequence[str] | None = None,
    weight: str | None = None,
    lost: float = 0.5,
) -> PersonPeriods:
    """Count person-periods by their covariates.

    Period p is the time (p × length, (p + 1) × length]. A person is at risk in it who was there
    when it began; one who was censored in it without an event counts half, as in a life
    table (the actuarial rule), or what `lost` says. Covariates are those at its beginning.

    Parameters
    ----------
    data
        A table of Arrow, Polars or pandas, a mapping of columns, or an iterable of such tables
        (batches), which are taken one by one. Spells of a person may not be cut by batches.
    stop, start
        Columns: when spells end, and when they begin; 0 by default. Numbers, dates, or moments, of
        which the day counts that is written there. A study's episodes have their own: leave both
        out.
    event
        A column: true or 1 for the event; or names of causes, missing or "censored" when nothing
        happened. In a study's episodes, also the name of one event, such as "return".
    cause
        The only event that is meant, when the column has several. Whom another happened to
        counts half in that period.
    covariates
        Columns of texts, levels or numbers; or, for one table, factors. The reference is the first
        level in declared order, of texts by alphabet.
    length
        Of a period, in the units of the times.
    person
        A column, or several: a person's rows that follow each other without a gap are one spell
        whose covariates change. Without it every row is a spell of its own; of a study's
        episodes, the pieces are put together.
    weight
        A column of weights, which are added up.
    lost
        What a person counts who is censored during a period, or has another event than
        the one that is meant: from 0 (the period is left out) to 1 (as if whole).

    Examples
    --------
    >>> data = {"months": [5, 30, 36], "left": [True, True, False], "sex": ["f", "m", "f"]}
    >>> counted = person_periods(data, stop="months", event="left", covariates=["sex"], length=12)
    >>> counted.cells.filter(period=0).rows()
    [(0, 'f', 2.0, 1.0), (0, 'm', 1.0, 0.0)]
    """
    check_arguments(person_periods, locals())
    if not 0 < length < np.inf:
        raise UsageError("is no length of a period", where=_WHERE, column="length", value=length)
    if not 0 <= lost <= 1:
        raise UsageError(
            "is no share of a period", where=_WHERE, column="lost", value=lost, allowed="0 to 1"
        )
    terms = {c.name: c for c in covariates if not isinstance(c, str)}
    names = tuple(c if isinstance(c, str) else c.name for c in covariates)
    _refuse_names(names)
    batches = [data] if _is_table(data) else data
    groups: pl.DataFrame | None = None
    levels: dict[str, tuple[str, ...]] = {n: _reference_first(t) for n, t in terms.items()}
    for batch in batches:
        table = table_of(batch, _WHERE)
        ends = ends_of(table, start, stop, event, cause)
        keys = _keys(table, ends, person)
        held = [_covariate(table, name, terms.get(name)) for name in names]
        _note_levels(levels, [one for one in held if one.name not in terms])
        found = _grouped(_placed(table, ends, held, length, keys, weight, lost), names)
        groups = found if groups is None else _regrouped(pl.concat([groups, found]), names)
    if groups is None or not len(groups):
        raise InputRefused("there is no whole period at risk", where=_WHERE)
    causes = tuple(sorted(c for c in groups["cause"].unique().to_list() if c is not None))
    if ends.cause is not None and str(ends.cause) not in causes:
        raise no_such_event(table, ends.event, ends.cause)
    if not causes:
        raise InputRefused("no period has an event", where=_WHERE, column=event)
    wrong = [c for c in causes if c in (*names, *_OWN)]
    if wrong:
        raise UsageError("names a column already", where=_WHERE, column=event, value=wrong[0])
    cells = _spread(groups, names, causes)
    if ends.cause is not None:
        cells = one_event(cells, str(ends.cause), causes, lost)
        causes = (str(ends.cause),)
    return PersonPeriods(cells, names, causes, length, levels, lost)


def one_event(cells: pl.DataFrame, cause: str, causes: Sequence[str], lost: float) -> pl.DataFrame:
    """Cells in which whoever had another event was censored.

    Parameters
    ----------
    cells
        Cells of person-periods.
    cause, causes
        The event that is meant, and all of them.
    lost
        What a person counts who was censored during a period.
    """
    others = [c for c in causes if c != cause]
    if not others:
        return cells
    stayed = pl.col("at_risk") - (1 - lost) * pl.sum_horizontal(others)
    return cells.with_columns(at_risk=stayed).drop(others).filter(pl.col("at_risk") > 0)


def _note_levels(levels: dict[str, tuple[str, ...]], held: Sequence[pl.Series]) -> None:
    """Keep the declared order of levels, of all batches."""
    for one in held:
        if isinstance(one.dtype, pl.Enum):
            known = (*levels.get(one.name, ()), *one.dtype.categories)
            levels[one.name] = tuple(dict.fromkeys(known))


def _reference_first(term: Factor) -> tuple[str, ...]:
    others = (level for k, level in enumerate(term.levels) if k != term.reference)
    return (term.levels[term.reference], *others)


def _refuse_names(names: Sequence[str]) -> None:
    wrong = [n for n in names if n in _OWN or list(names).count(n) > 1]
    if wrong:
        raise UsageError(
            "cannot be the name of a covariate here", where=_WHERE, value=wrong[0],
            allowed=f"names of their own, and none of {', '.join(_OWN)}",
        )  # fmt: skip


def _is_table(data: Any) -> bool:
    return (
        isinstance(data, Mapping)
        or any(hasattr(data, name) for name in ("columns", "column_names", "schema"))
        or not isinstance(data, Iterable)
    )


def _covariate(table: Table, name: str, term: Term | None) -> pl.Series:
    """A covariate: levels, none of them missing, or finite numbers."""
    if term is None:
        column = table.column(name)
        if column.is_category:
            columns.categories(column)
        else:
            columns.numbers(column)
        return column.values.alias(name)
    if not isinstance(term, Factor) or len(term.codes) != table.rows:
        raise UsageError(
            "is no factor with a code for each row of one table", where=_WHERE, column=name
        )
    return pl.Series(name, term.levels, pl.String).gather(term.codes)


def _placed(
    table: Table,
    ends: Ends,
    covariates: Sequence[pl.Series],
    length: float,
    person: Sequence[str],
    weight: str | None,
    share: float,
) -> pl.DataFrame:
    """Rows with the first and the last period that they are at risk in, and its cause."""
    stops = table.column(ends.stop)
    starts = None if ends.start is None else table.column(ends.start)
    if starts is not None:
        columns.check_spells(starts, stops)
    begin = np.zeros(table.rows) if starts is None else columns.times(starts).astype(np.float64)
    weights = np.ones(table.rows) if weight is None else columns.weights(table.column(weight))
    given = pl.DataFrame([
        *covariates,
        pl.Series("begin", begin),
        pl.Series("end", columns.times(stops).astype(np.float64)),
        _cause(table.column(ends.event), ends.cause),
        pl.Series("weight", weights),
        *(pl.Series(f"person {k}", columns.persons(table.column(n))) for k, n in enumerate(person)),
    ])  # fmt: skip
    keys = [f"person {k}" for k in range(len(person))]
    rows = given.lazy().with_columns(person=pl.struct(keys) if keys else pl.int_range(pl.len()))
    rows = rows.drop(keys)
    if person:
        rows = _joined(rows)
    else:
        rows = rows.with_columns(over=pl.col("end"), outcome=pl.col("cause"))
    found = rows.collect()
    wrong = int((found["end"] <= found["begin"]).sum())
    if wrong:
        raise InputRefused(
            f"in {wrong} of {len(found)} rows the end is not after the start",
            where=_WHERE,
            column=ends.stop,
        )
    return pl.concat(
        [_lived_through(found, length), _censored_within(found, length, share)],
        how="vertical_relaxed",
    )


def _ends(length: float) -> tuple[pl.Expr, pl.Expr]:
    """The first and the last of the periods that begin while a row lasts."""
    first = (pl.col("begin") / length).ceil().cast(pl.Int64)
    last = ((pl.col("end") / length).ceil() - 1).cast(pl.Int64)
    return first, last


def _lived_through(found: pl.DataFrame, length: float) -> pl.DataFrame:
    """Periods at risk to their end, or to the outcome."""
    first, last = _ends(length)
    whole = pl.col("over") / length
    ended = (whole.ceil() - 1).cast(pl.Int64)
    censored = pl.col("outcome").is_null()
    reached = pl.when(censored).then((whole.floor() - 1).cast(pl.Int64)).otherwise(ended)
    return (
        found.with_columns(first=first, last=pl.min_horizontal(last, reached))
        .filter(pl.col("first") <= pl.col("last"))
        .with_columns(cause=pl.when(pl.col("last") == ended).then("outcome"))
    )


def _censored_within(found: pl.DataFrame, length: float, share: float) -> pl.DataFrame:
    """The period in which a person was censored, of which a share counts."""
    first, last = _ends(length)
    at = (pl.col("over") / length).floor().cast(pl.Int64)
    return found.filter(
        pl.col("outcome").is_null()
        & (at * length < pl.col("over"))
        & at.is_between(first, last)
        & (share > 0)
    ).with_columns(
        first=at,
        last=at,
        cause=pl.lit(None, dtype=pl.String),
        weight=share * pl.col("weight"),
    )


def _keys(table: Table, ends: Ends, person: str | Sequence[str] | None) -> list[str]:
    """Columns that say whose rows follow each other."""
    if person is None:
        whole = ends.of_study and all(name in table for name in EPISODE)
        return list(EPISODE) if whole else []
    return list(names_of(person, "person"))


def _joined(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Rows with the end and the outcome of the spell that they are a part of."""
    new = (pl.col("begin") != pl.col("end").shift(1)).fill_null(value=True)
    return (
        rows.sort("person", "begin")
        .with_columns(spell=new.cum_sum().over("person"))
        .with_columns(
            over=pl.col("end").max().over("person", "spell"),
            outcome=pl.col("cause").last().over("person", "spell"),
        )
    )


def _cause(column: Column, cause: str | int | None) -> pl.Series:
    """What ended each row: null for nothing."""
    values = column.values.alias("cause")
    if column.is_category or values.null_count() == len(values):
        found = columns.categories(column, may_miss=True).levels
        check_events(
            found, [] if cause is None else [text_of(cause)], where=_WHERE, column=column.name
        )
        named = values.cast(pl.String).to_frame()
        return named.select(pl.when(pl.col("cause") != CENSORED).then("cause")).to_series()
    number = columns.occurrences(column)
    several = cause is not None or number.max(initial=0) > 1
    said = pl.col("cause").cast(pl.String) if several else pl.lit("event")
    held = pl.DataFrame({"cause": number})
    return held.select(cause=pl.when(pl.col("cause") > 0).then(said)).to_series()


def _grouped(rows: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    keys = [*names, "first", "last", "cause"]
    found = rows.group_by(keys).agg(weight=pl.col("weight").sum())
    # Levels of one batch are others than those of the next.
    return found.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))


def _regrouped(groups: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    return groups.group_by([*names, "first", "last", "cause"]).agg(pl.col("weight").sum())


def _spread(groups: pl.DataFrame, names: Sequence[str], causes: Sequence[str]) -> pl.DataFrame:
    """Cells from groups: at risk from the first period on, no more after the last."""
    highest = groups["last"].max()
    periods = int(highest) + 1 if isinstance(highest, int) else 0
    if periods > _MOST_PERIODS:
        raise InputRefused(
            f"there are {periods} periods", where=_WHERE, column="length",
            allowed=f"at most {_MOST_PERIODS}", next_step="Take longer periods.",
        )  # fmt: skip
    keys = groups.select(names).unique(maintain_order=False).sort(names) if names else None
    rows = groups
    combination = np.zeros(len(groups), np.int64)
    size = 1
    if keys is not None:
        rows = groups.join(keys.with_row_index("combination"), on=list(names), nulls_equal=True)
        combination, size = rows["combination"].to_numpy().astype(np.int64), len(keys)
    first, last, weight = (rows[n].to_numpy() for n in ("first", "last", "weight"))
    at_risk = np.zeros((periods + 1, size))
    np.add.at(at_risk, (first, combination), weight)
    np.add.at(at_risk, (last + 1, combination), -weight)
    counts = np.zeros((len(causes), periods, size))
    for k, cause in enumerate(causes):
        own = (rows["cause"] == cause).fill_null(value=False).to_numpy()
        np.add.at(counts[k], (last[own], combination[own]), weight[own])
    present = np.cumsum(at_risk, axis=0)[:-1]
    # What is left of sums of weights that cancel is no person.
    period, combined = np.nonzero(present > 1e-9 * max(float(weight.max()), 1e-300))
    columns: dict[str, Any] = {"period": period}
    if keys is not None:
        columns |= {n: keys[n].gather(combined) for n in names}
    columns["at_risk"] = present[period, combined]
    return pl.DataFrame(columns | {c: counts[k][period, combined] for k, c in enumerate(causes)})
