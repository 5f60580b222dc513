"""Follow-up that may be shown to anybody: which groups, events and times, and their curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from folkestrom.analysis.followup import Curve, FollowUp
from folkestrom.analysis.followup.cohort.cells import cells_of
from folkestrom.analysis.followup.cohort.episodes import (
    MEASURES,
    Followed,
    counted_as_lost,
    measured,
)
from folkestrom.disclosure import DisclosureRecord, Protected, Rules
from folkestrom.disclosure.curves import ThinnedCurves, applied, smallest_group, thin
from folkestrom.model.cells import Cells
from folkestrom.model.specification import Text
from folkestrom.outputs.rules import refuse_rounding

Integers: TypeAlias = npt.NDArray[np.int64]

#: Said where it happens.
_MERGED: Final = Text(
    "Events of kinds that are too rare to be shown in a group count as censored there.",
    "Hendelser av slag som er for sjeldne til å vises i en gruppe, regnes der som sensurering.",
)

_PER_CENT = ("incidence", "lower", "upper", "crude_share")


@dataclass(frozen=True, slots=True, eq=False)
class Released:
    """What may be shown.

    Parameters
    ----------
    followed
        Episodes as they count in what is shown: events of kinds that are not shown in a group are
        censored there.
    data
        As of `measured`; what may not be shown is null.
    groups
        Numbers of the groups that are shown.
    events
        Events whose curves are shown in all of these.
    curves
        The curves at the times that may be shown; without times between those asked for, unless
        they were wanted.
    applied
        What was done.
    rules
        By which rules.
    """

    followed: Followed
    data: pl.DataFrame
    groups: tuple[int, ...]
    events: tuple[str, ...]
    curves: tuple[Curve, ...]
    applied: tuple[DisclosureRecord, ...]
    rules: Rules

    @property
    def merged(self) -> bool:
        """Whether an event type counts as censored in a group that is shown."""
        return any(one.rule == "minimum_cell" and one.cells for one in self.applied)

    @property
    def follow(self) -> FollowUp:
        """The episodes of the groups that are shown, numbered anew."""
        follow = self.followed.follow
        kept = np.isin(follow.group, self.groups)
        return replace(
            follow,
            entry=follow.entry[kept] if follow.late else follow.entry,
            exit=follow.exit[kept],
            cause=follow.cause[kept],
            group=np.searchsorted(self.groups, follow.group[kept]).astype(np.int32),
            groups=tuple(follow.groups[group] for group in self.groups),
        )

    def cells(self, events: Sequence[str], tests: Sequence[Text] = ()) -> Cells:
        """The table of some events, with what was done to it.

        Parameters
        ----------
        events
            The events.
        tests
            Notes on tests of the groups that are shown.
        """
        data = self.data.filter(pl.col("event").is_in(events))
        cells = _marked(cells_of(self.followed, data, events, tests), data)
        protected = Protected(cells, self.rules, self.applied)
        merged = (_MERGED,) if self.merged else ()
        notes = (*cells.specification.footnotes, *merged, protected.note)
        return replace(protected.cells, specification=replace(cells.specification, footnotes=notes))

    def picture_note(self) -> Text:
        """What stands under a picture that anybody may see."""
        rules = self.rules.name
        found = Text(
            f'Disclosure control "{rules}": steps and numbers at risk are those of the last time '
            "that is shown.",
            f'Avsløringskontroll "{rules}": trinn og antall under risiko er de ved siste tidspunkt '
            "som er vist.",
        )
        if not self.merged:
            return found
        return Text(f"{found.en} {_MERGED.en}", f"{found.no} {_MERGED.no}")


def check(rules: Rules) -> None:
    """Refuse rules that curves cannot follow, before anything is counted."""
    refuse_rounding(rules, "the incidences would be")


def released(followed: Followed, days: Sequence[int], rules: Rules, *, every_day: bool) -> Released:
    """What may be shown of a follow-up.

    Parameters
    ----------
    followed
        Episodes.
    days
        Days since the entry that are asked for.
    rules
        The rules.
    every_day
        Curves are wanted at as many days in between as can be shown, for a picture.
    """
    large = followed.groups["persons"] >= smallest_group(rules)
    groups = tuple(int(g) for g in np.flatnonzero(large.to_numpy()))
    thinned = {group: _thinned(followed, group, days, rules, every_day) for group in groups}
    hidden = np.zeros((followed.groups.height, len(followed.events)), np.bool_)
    for group, (_, found) in thinned.items():
        hidden[group] = ~found.kinds
    # An event moves the incidence of others, and a loss does not: together with the counts, it
    # would say how many of the lost had an event that is not shown.
    followed = counted_as_lost(followed, hidden)
    data = measured(followed, days)
    per_group = len(followed.events) * len(days)
    shown, named = np.zeros((2, data.height), np.bool_)
    curves: list[Curve] = []
    left_out = 0
    for group, (grid, found) in thinned.items():
        asked = found.times[np.searchsorted(grid, days)]
        rows = slice(group * per_group, (group + 1) * per_group)
        shown[rows] = np.outer(found.kinds, asked).ravel()
        named[rows] = True
        left_out += int((~asked).sum())
        coarse = int(followed.groups["persons"][group]) < rules.whole_percent_below
        curves += [
            _whole(curve) if coarse else curve for curve in _curves(followed, group, grid, found)
        ]
    data, whole = _protected(followed, data, rules, shown, named)
    events = tuple(e for k, e in enumerate(followed.events) if not hidden[:, k].any())
    done = applied(
        rules,
        groups=followed.groups.height - len(groups),
        kinds=int(hidden.sum()),
        times=left_out,
        percentages=whole,
        several=max((followed.repeats[group] for group in groups), default=1) > 1,
    )
    return Released(followed, data, groups, events, tuple(curves), done, rules)


def _marked(cells: Cells, data: pl.DataFrame) -> Cells:
    """The table with its suppressed rows marked: of groups that occur, counts are always known.

    A limit, or an incidence, may be undefined though nothing is suppressed.
    """
    keys = [dimension.id for dimension in cells.specification.dimensions]
    counts = pl.col("persons", "episodes", "at_risk", "events")
    hidden = data.select(*keys, hidden=pl.any_horizontal(counts.is_null()))
    rows = pl.DataFrame(cells.data.select(keys)).join(
        hidden, on=keys, how="left", nulls_equal=True, maintain_order="left"
    )
    return replace(cells, suppressed=pa.array(rows["hidden"].fill_null(value=False).to_numpy()))


def _protected(
    followed: Followed,
    data: pl.DataFrame,
    rules: Rules,
    shown: npt.NDArray[np.bool_],
    named: npt.NDArray[np.bool_],
) -> tuple[pl.DataFrame, int]:
    """The rows as they may be shown, and how many percentages were made whole."""
    persons = followed.groups["persons"].to_numpy()
    again = followed.groups["episodes"].to_numpy() - persons
    few = (again > 0) & (again < rules.minimum_cell)
    per_group = data.height // len(persons)
    data = _blank(data, shown, named, few.repeat(per_group))
    return _coarse(data, (persons < rules.whole_percent_below).repeat(per_group))


def _thinned(
    followed: Followed, group: int, days: Sequence[int], rules: Rules, every_day: bool
) -> tuple[Integers, ThinnedCurves]:
    """Days that were looked at, and what of them can be shown."""
    grid = np.asarray(days, np.int64)
    if every_day:
        grid = np.union1d(grid, followed.counts.days(group) + followed.counts.first)
    left = followed.left_until(group, [*grid, followed.follow.last])
    present = followed.still_at_risk(group, [*grid, followed.follow.last])
    others = left[:, :1]
    if followed.follow.late:
        others = np.column_stack([others, present + left.sum(axis=1)])
    found = thin(
        left[:, 1:],
        others,
        present[:-1],
        # Several episodes may be one person's: so many of them are of enough persons at least.
        rules.minimum_cell * followed.repeats[group],
        zeros=rules.zeros,
        first=np.isin(grid, days),
    )
    return grid, found


def _blank(
    data: pl.DataFrame,
    shown: npt.NDArray[np.bool_],
    named: npt.NDArray[np.bool_],
    few: npt.NDArray[np.bool_],
) -> pl.DataFrame:
    """Measures where they are shown; sizes of groups wherever the group is.

    Few episodes more than persons would be a small count as well: then the persons, whom nothing
    else is computed from, are left out.
    """
    where = dict.fromkeys(MEASURES, shown) | {"episodes": named, "persons": named & ~few}
    return data.with_columns(
        pl.when(pl.Series(kept)).then(pl.col(name)).alias(name) for name, kept in where.items()
    )


def _coarse(data: pl.DataFrame, small: npt.NDArray[np.bool_]) -> tuple[pl.DataFrame, int]:
    """Whole percentages of groups too small for finer ones, without the counts that give them."""
    few = pl.Series(small)
    rounded = data.with_columns(
        *(pl.when(few).then(pl.col(n).round()).otherwise(pl.col(n)).alias(n) for n in _PER_CENT),
        *(pl.when(~few).then(pl.col(n)).alias(n) for n in ("at_risk", "events")),
    )
    return rounded, sum(int((rounded[n] != data[n]).sum()) for n in _PER_CENT)


def _curves(followed: Followed, group: int, grid: Integers, found: ThinnedCurves) -> list[Curve]:
    """The curves of a group at the times that can be shown, and no more of them than that."""
    # Nobody is followed longer than that, and nothing is extrapolated.
    kept = grid[found.times & (grid <= followed.curve(group, followed.events[0]).until)]
    names = [e for e, shown in zip(followed.events, found.kinds, strict=True) if shown]
    return [_curve(followed, group, name, kept) for name in names] if len(kept) else []


def _curve(followed: Followed, group: int, event: str, days: Integers) -> Curve:
    """A curve that says nothing of the time after its last shown day but who is at risk then."""
    curve = followed.curve(group, event)
    place = np.searchsorted(curve.time, days, side="right")
    left = followed.left_until(group, days)
    present = followed.still_at_risk(group, days).astype(np.float64)
    number = followed.events.index(event) + 1
    entered = np.nan if followed.follow.late else float(followed.entered(group))

    def at(column: npt.NDArray[np.float64], start: float) -> npt.NDArray[np.float64]:
        return np.append(np.concatenate([[start], column])[place], [np.nan, np.nan])

    def since(counts: Integers) -> npt.NDArray[np.float64]:
        return np.append(np.diff(counts, prepend=0).astype(np.float64), [np.nan, np.nan])

    return Curve(
        group=curve.group,
        outcome=event,
        start=curve.start,
        until=float(days[-1]),
        time=np.append(days, [days[-1] + 1, days[-1] + 2]),
        # How many are at risk after a time stands at the next one; of none, none are left later.
        at_risk=np.concatenate([[entered], present, [np.nan if present[-1] else 0.0]]),
        events=since(left[:, number]),
        censored=since(left[:, 0]),
        estimate=at(curve.estimate, curve.start),
        se=at(curve.se, np.nan),
        lower=at(curve.lower, np.nan),
        upper=at(curve.upper, np.nan),
    )


def _whole(curve: Curve) -> Curve:
    """A curve of a group that is too small for more than whole percentages."""
    unknown = np.full(len(curve.time), np.nan)
    return replace(
        curve,
        at_risk=unknown,
        events=unknown,
        censored=unknown,
        estimate=np.round(curve.estimate, 2),
        se=unknown,
        lower=np.round(curve.lower, 2),
        upper=np.round(curve.upper, 2),
    )
