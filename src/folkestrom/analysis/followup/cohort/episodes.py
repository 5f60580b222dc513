"""Episodes of a study, taken in for follow-up: groups as of the entry, counts, and curves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from folkestrom.analysis.followup import Counts, Curve, FollowUp, aalen_johansen, count, follow_up
from folkestrom.analysis.study.definition import ENTRY, VARYING, Study, ValueAt
from folkestrom.analysis.study.episodes import EpisodeQuery
from folkestrom.analysis.study.prepared import Prepared, ends_of, prepare
from folkestrom.classifications.code_lists import UNKNOWN_CODE
from folkestrom.errors import UsageError
from folkestrom.model.names import check_columns, unknown
from folkestrom.model.specification import Text
from folkestrom.variables.sources import OUTCOME
from folkestrom.variables.variable import Variable

#: Told how many episodes are read.
Progress = Callable[[int], None]
#: Columns of the result beside those of groups.
KEYS: Final = ("event", "days")
MEASURES: Final = (
    "persons", "episodes", "at_risk", "events", "incidence", "lower", "upper", "crude_share",
)  # fmt: skip
#: More groups than this are hardly meant: a number was asked for that should be grouped.
MOST_GROUPS: Final = 1000

_EPISODES: Final = ("person", "stop", "entered", "event")
#: Columns on the way there; no variable is named person.
_OWN: Final = ("group", "own", "stop", "entered")


@dataclass(frozen=True, slots=True)
class Grouping:
    """A variable that groups are told apart by.

    Parameters
    ----------
    name
        The column.
    variable
        What it is in the study's vocabulary.
    """

    name: str
    variable: Variable


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """Episodes that were taken in.

    Parameters
    ----------
    study
        The study that they are of.
    fingerprint
        Its fingerprint.
    known, vintage
        The knowledge date, and what knowledge that is.
    by
        What groups are told apart by.
    groups
        A row a group: codes of `by`, persons, episodes.
    repeats
        How many episodes of each group are one person's at most.
    follow
        Days, events and groups of the episodes.
    counts
        By group and day.
    curves
        By group and event.
    level
        Level of the intervals.
    nature
        What every output says of the persons.
    """

    study: Study
    fingerprint: str
    known: date
    vintage: Text
    by: tuple[Grouping, ...]
    groups: pl.DataFrame
    repeats: tuple[int, ...]
    follow: FollowUp
    counts: Counts
    curves: tuple[Curve, ...]
    level: float
    nature: tuple[Text, ...] = ()

    @property
    def events(self) -> tuple[str, ...]:
        """Events that compete, in the order of the study."""
        return self.follow.causes

    def curve(self, group: int, event: str) -> Curve:
        """The cumulative incidence of an event in a group, by the group's number."""
        name = self.counts.groups[group]
        return next(c for c in self.curves if c.group == name and c.outcome == event)

    def entered(self, group: int) -> int:
        """How many episodes a group has."""
        return int(self.counts.rows_left[group].sum())

    def left_until(self, group: int, days: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """How many were censored, and had each event, until each of some days."""
        left = np.cumsum(self.counts.rows_left[group], axis=0)
        # Nobody leaves on the day before the first one, which stands at 0.
        found: npt.NDArray[np.int64] = left[self._places(days)]
        return found

    def still_at_risk(self, group: int, days: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """How many are followed beyond each of some days."""
        there = np.append(self.counts.rows_at_risk[group], 0)
        known = np.asarray(days) >= self.counts.first
        found: npt.NDArray[np.int64] = np.where(known, there[self._places(days) + 1], 0)
        return found

    def _places(self, days: npt.ArrayLike) -> npt.NDArray[np.int64]:
        last = self.follow.last - self.counts.first
        return np.clip(np.asarray(days, np.int64) - self.counts.first, 0, last)


def read(
    connection: duckdb.DuckDBPyConnection,
    study: Study,
    by: Sequence[str],
    level: float,
    progress: Progress | None = None,
) -> Followed:
    """Make the episodes of a study, with no more variables than groups need, and take them in.

    Parameters
    ----------
    connection
        The store.
    study
        The study.
    by
        Columns of the study's episodes, or variables as of the entry.
    level
        Level of the intervals.
    progress
        Told how many episodes are read.

    Raises
    ------
    UsageError
        A study without episodes; a name that no variable has; a variable that is not as of the
        entry.
    """
    prepared = prepare(connection, study, by)
    entry, exit_ = ends_of(study)
    chosen = {name: _value(prepared, name) for name in by}
    if len(chosen) < len(by):
        twice = next(name for name in by if list(by).count(name) > 1)
        raise UsageError("is asked for twice", where="by", value=twice)
    vocabulary = prepared.vocabulary
    groupings = tuple(Grouping(n, vocabulary[v.variable]) for n, v in chosen.items())
    _refuse_unfit(groupings)
    known = prepared.knowledge.day(exit_.end)
    narrow = replace(study, variables=chosen)
    query = EpisodeQuery(connection, narrow, entry, exit_, vocabulary, known)
    frame = _rows(query, by, progress)
    if frame.is_empty():
        raise UsageError(
            "has no episodes: everybody is left out",
            where=study.title,
            next_step="Look at its flow chart with `folkestrom study`",
        )
    groups, repeats, number = _grouped(frame, list(by))
    late = bool((frame["entered"] > 0).any())
    follow = follow_up(
        frame["stop"].to_numpy(),
        frame["event"].to_physical().cast(pl.Int8).to_numpy(),
        entry=frame["entered"].to_numpy() if late else None,
        causes=exit_.events,
        group=number.to_numpy() if by else None,
    )
    return Followed(
        study, prepared.fingerprint, known, prepared.knowledge.vintage, groupings, groups, repeats,
        follow, count(follow), _curves(follow, level), level, prepared.reach.nature,
    )  # fmt: skip


def counted_as_lost(followed: Followed, hidden: npt.NDArray[np.bool_]) -> Followed:
    """The same episodes, where some events of some groups count as censored.

    Parameters
    ----------
    followed
        Episodes.
    hidden
        Group × event.
    """
    if not hidden.any():
        return followed
    follow = followed.follow
    lost = np.column_stack([np.zeros(len(hidden), np.bool_), hidden])
    group = follow.group if len(follow.group) else np.int32(0)
    cause = np.where(lost[group, follow.cause], np.int8(0), follow.cause)
    again = replace(follow, cause=cause)
    curves = _curves(again, followed.level)
    return replace(followed, follow=again, counts=count(again), curves=curves)


def without_gone(followed: Followed, share: npt.NDArray[np.float64]) -> Followed:
    """The same episodes, where of those that no event ended a share is of persons who were gone.

    They count with a weight, so that fewer are at risk.

    Parameters
    ----------
    followed
        Episodes.
    share
        By group.
    """
    follow = followed.follow
    group = follow.group if len(follow.group) else np.zeros(follow.rows, np.int32)
    weight = np.where(follow.cause == 0, 1 - share[group], 1.0)
    again = replace(follow, weight=weight)
    return replace(
        followed, follow=again, counts=count(again), curves=_curves(again, followed.level)
    )


def measured(followed: Followed, days: Sequence[int]) -> pl.DataFrame:
    """A row a group, event and day; shares in per cent.

    Parameters
    ----------
    followed
        Episodes.
    days
        Days since the entry.
    """
    parts = [
        _of_curve(followed, group, number, list(days))
        for group in range(followed.groups.height)
        for number in range(len(followed.events))
    ]
    found = pl.concat(parts)
    groups = followed.groups.with_row_index("group")
    joined = found.join(groups, on="group", how="left", maintain_order="left")
    names = [grouping.name for grouping in followed.by]
    return joined.select(*names, *KEYS, *MEASURES)


def _curves(follow: FollowUp, level: float) -> tuple[Curve, ...]:
    return tuple(aalen_johansen(follow, interval="log-log", level=level))


def _of_curve(followed: Followed, group: int, number: int, days: list[int]) -> pl.DataFrame:
    curve = followed.curve(group, followed.events[number])
    place = np.searchsorted(curve.time, days, side="right")
    # Where nobody was at risk yet, or nobody is followed so long, there is no estimate.
    there = (np.asarray(days) <= curve.until) & (np.asarray(days) >= followed.counts.first)
    events = followed.left_until(group, days)[:, number + 1]

    def value(column: npt.NDArray[np.float64], start: float) -> pl.Series:
        found = np.where(there, np.concatenate([[start], column])[place], np.nan)
        return pl.Series(100 * found, nan_to_null=True)

    return pl.DataFrame(
        {
            "group": pl.Series([group] * len(days), dtype=pl.UInt32),
            "event": [followed.events[number]] * len(days),
            "days": pl.Series(days, dtype=pl.Int32),
            "at_risk": followed.still_at_risk(group, days),
            "events": events,
            "incidence": value(curve.estimate, curve.start),
            "lower": value(curve.lower, np.nan),
            "upper": value(curve.upper, np.nan),
            "crude_share": 100 * events / followed.entered(group),
        }
    )


def _rows(query: EpisodeQuery, by: Sequence[str], progress: Progress | None) -> pl.DataFrame:
    """The columns that are needed, of all episodes."""
    columns = [*_EPISODES, *by]
    whole = query.layout.schema
    schema = pa.schema([whole.field(name) for name in columns])
    kept, rows = [], 0
    for batch in query.batches(query.tally):
        kept.append(batch.select(columns))
        rows += batch.num_rows
        if progress is not None:
            progress(rows)
    return pl.DataFrame(pa.Table.from_batches(kept, schema=schema))


def _grouped(frame: pl.DataFrame, by: list[str]) -> tuple[pl.DataFrame, tuple[int, ...], pl.Series]:
    """Groups in their order, the most episodes that one person has there, and each row's group."""
    own = frame.group_by([*by, "person"]).agg(pl.len().alias("own"))
    sizes = (pl.len().alias("persons"), pl.col("own").sum().alias("episodes"))
    most = pl.col("own").max()
    if not by:
        number = pl.zeros(frame.height, pl.Int32, eager=True)
        return own.select(*sizes), (int(own["own"].max()),), number  # type: ignore[arg-type]
    whole = own.group_by(by).agg(*sizes, most).sort(by, nulls_last=True)
    groups, repeats = whole.drop("own"), tuple(whole["own"].to_list())
    if groups.height > MOST_GROUPS:
        raise UsageError(
            f"makes {groups.height} groups",
            where="by",
            value=",".join(by),
            allowed=f"at most {MOST_GROUPS}",
            next_step="Group a number by [groups.NAME] of the study, with starts or quantiles",
        )
    numbered = groups.select(by).with_row_index("group")
    joined = frame.select(by).join(
        numbered, on=by, how="left", nulls_equal=True, maintain_order="left"
    )
    named = [pl.col(name).cast(pl.String).fill_null(UNKNOWN_CODE) for name in by]
    return groups.with_columns(named), repeats, joined["group"].cast(pl.Int32)


def _value(prepared: Prepared, name: str) -> ValueAt:
    """The variable that a name means: a column, or else a variable as of the entry."""
    mine, known = prepared.study.variables, prepared.vocabulary.known
    check_columns(
        [name], (*KEYS, *MEASURES, *_OWN), next_step="Give it another name in [variables]"
    )
    if name not in mine and name not in known:
        raise unknown(name, tuple(dict.fromkeys((*mine, *known))), "is not a variable", where="by")
    value = mine.get(name, ValueAt(name, ENTRY))
    entry, _ = ends_of(prepared.study)
    if value.at == VARYING:
        raise _not_of_entry(
            name, value, "varies: it cuts episodes into pieces, and persons would change groups"
        )
    if value.at != ENTRY and not (isinstance(value.at, date) and value.at <= entry.first_day):
        raise _not_of_entry(
            name, value, f"is looked at later than the entry ({value.at}): who is in which group "
            "would depend on what happened since",
        )  # fmt: skip
    return value


def _not_of_entry(name: str, value: ValueAt, why: str) -> UsageError:
    return UsageError(
        why,
        where="by",
        value=name,
        allowed="variables as of the entry",
        next_step=f'Add {name}_at_entry = {{variable = "{value.variable}", at = "entry"}} to '
        f"[variables] of the study, and ask for {name}_at_entry",
    )


def _refuse_unfit(by: Sequence[Grouping]) -> None:
    for grouping in by:
        variable = grouping.variable
        if OUTCOME in variable.needs:
            raise UsageError(
                "is known when the episode ends, and not at its entry",
                where="by",
                value=grouping.name,
            )
        if not variable.coded and pa.types.is_floating(variable.type):
            raise UsageError(
                "is a number, and there would be a group for every number",
                where="by",
                value=grouping.name,
                allowed="groups of it, by bounds or of equal size",
                next_step=f"Make groups in the study: [groups.{grouping.name}_tenth] with "
                f'of = "{variable.name}" and quantiles = 10',
            )
