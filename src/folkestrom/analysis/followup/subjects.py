"""Who is followed from which day to which, and what ended it: checked, and in whole days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from folkestrom import columns
from folkestrom.analysis.followup.kernels import survey
from folkestrom.columns import Column, check_arguments, column_of
from folkestrom.errors import InputRefused, UsageError
from folkestrom.model.names import check_code, check_spellings

Integers: TypeAlias = npt.NDArray[np.integer[Any]]
Floats: TypeAlias = npt.NDArray[np.float64]

_WHERE = "follow-up"
#: Causes are kept as small integers.
_MOST_CAUSES = 100
#: What a row is called that no event ended.
CENSORED: Final = "censored"
#: Texts and levels that were numbers or truth values, of which nothing happened.
_NOTHING: Final = ("0", "0.0", "false")
#: Names of other columns and curves of results.
_RESERVED = ("group", "time", "at_risk", CENSORED, "survival")


@dataclass(frozen=True, slots=True, eq=False)
class FollowUp:
    """One row a spell of follow-up, over the days (entry, exit].

    Parameters
    ----------
    entry
        The day after which a row is at risk; empty when all rows entered on day 0.
    exit
        The day on which it ended, by an event or by censoring; at risk on that day too.
    cause
        0 for censored; k for the k-th of `causes`.
    causes
        Names of the events.
    weight
        A weight a row; empty when every row counts as one.
    group
        Number of the group of a row; empty when there is one group.
    groups
        Names of the groups; empty when there is one group.
    stratum
        Number of the stratum of a row, for tests within strata; empty when there is one.
    strata
        How many strata there are.
    first, last
        The first day of entry, and the last of exit.
    """

    entry: Integers
    exit: Integers
    cause: npt.NDArray[np.int8]
    causes: tuple[str, ...]
    weight: Floats
    group: npt.NDArray[np.int32]
    groups: tuple[str, ...]
    stratum: npt.NDArray[np.int32]
    strata: int
    first: int
    last: int

    @property
    def rows(self) -> int:
        """How many rows."""
        return len(self.exit)

    @property
    def weighted(self) -> bool:
        """Whether rows have weights."""
        return len(self.weight) > 0

    @property
    def late(self) -> bool:
        """Whether rows have entry days of their own."""
        return len(self.entry) > 0

    @property
    def names(self) -> tuple[str | None, ...]:
        """A name for each group; None is the only one of those without groups."""
        return self.groups or (None,)

    def number(self, cause: str) -> int:
        """Where a cause stands among the causes, from 0."""
        said = "is not a cause of this follow-up"
        return self.causes.index(check_code(cause, self.causes, said, where=_WHERE, column="cause"))


def follow_up(
    exit: npt.ArrayLike,
    cause: npt.ArrayLike,
    *,
    entry: npt.ArrayLike | None = None,
    causes: Sequence[str] | None = None,
    weight: npt.ArrayLike | None = None,
    group: npt.ArrayLike | None = None,
    stratum: npt.ArrayLike | None = None,
) -> FollowUp:
    """Check follow-up and take it in.

    Parameters
    ----------
    exit
        The last day of each row: whole numbers, dates, or moments, of which the day counts that is
        written there.
    cause
        What happened then: 0 or False for nothing (censored), otherwise the number of the
        cause, from 1. Or its name, and "censored" or missing for nothing, as in the column event
        of a study's episodes.
    entry
        The day after which each row is at risk, in the same count of days; day 0 by default.
    causes
        Names of the causes 1, 2, …; "event" by default. Of causes that are told by name, all in
        their order by default.
    weight
        Weights of the rows, none negative; rows with a weight of 0 are left out.
    group
        What curves are drawn, and tests compare, by: levels in declared order (of an Enum, an Arrow
        dictionary or a pandas category), texts by alphabet, numbers by size.
    stratum
        What tests are stratified by: texts or numbers.

    Examples
    --------
    >>> f = follow_up([3, 5, 5], [1, 0, 2], causes=["return", "death"])
    >>> f.rows, f.first, f.last
    (3, 0, 5)
    """
    check_arguments(follow_up, locals())
    ends = column_of(exit, "exit", _WHERE)
    if not len(ends):
        raise InputRefused("there are no rows", where=_WHERE, next_step="Check the selection.")
    begins = _beside(entry, "entry", ends)
    days = columns.days(ends)
    entries = np.zeros(0, days.dtype)
    if begins is not None:
        columns.check_spells(begins, ends)
        entries = columns.days(begins)
    if len(entries) and entries.dtype != days.dtype:
        entries, days = entries.astype(np.int64), days.astype(np.int64)
    codes, names = _causes(_beside(cause, "cause", ends), causes)
    held = _beside(weight, "weight", ends)
    weights = np.zeros(0) if held is None else columns.weights(held)
    group_codes, groups = _labelled(_beside(group, "group", ends))
    stratum_codes, strata = _labelled(_beside(stratum, "stratum", ends))
    first, last = _ends(entries, days)
    found = FollowUp(
        entry=entries,
        exit=days,
        cause=codes,
        causes=names,
        weight=weights,
        group=group_codes,
        groups=groups,
        stratum=stratum_codes,
        strata=max(len(strata), 1),
        first=first,
        last=last,
    )
    return found if weights.all() else _without(found, weights == 0)


def _without(follow: FollowUp, dropped: npt.NDArray[np.bool_]) -> FollowUp:
    """The follow-up without some rows; groups and days stay as they are."""
    columns = ("entry", "exit", "cause", "weight", "group", "stratum")
    given = {name: getattr(follow, name) for name in columns}
    kept = {name: values[~dropped] for name, values in given.items() if len(values)}
    return replace(follow, **kept)


def _refuse_names(causes: Sequence[str]) -> None:
    if not 1 <= len(causes) <= _MOST_CAUSES:
        raise UsageError(
            "is not a number of causes that can be told apart",
            where=_WHERE,
            column="cause",
            value=len(causes),
            allowed=f"1 to {_MOST_CAUSES}",
        )
    wrong = [c for c in causes if c in _RESERVED or list(causes).count(c) > 1]
    if wrong:
        raise UsageError(
            "cannot be the name of a cause",
            where=_WHERE,
            column="cause",
            value=wrong[0],
            allowed=f"names of their own, and none of {', '.join(_RESERVED)}",
        )


def _ends(entries: Integers, days: Integers) -> tuple[int, int]:
    """First and last day; rows that leave before they are at risk are refused."""
    first, last, wrong = survey(entries, days)
    if wrong:
        raise UsageError(
            f"in {wrong} of {len(days)} rows the exit is not after the entry",
            where=_WHERE,
            column="exit",
            allowed="a day after the day of entry, since a row is at risk from the day after",
            next_step="Leave out those who entered and left on the same day, or count them apart.",
        )
    return int(first), int(last)


def _beside(given: Any, name: str, ends: Column) -> Column | None:
    """A column with as many rows as the exits."""
    if given is None:
        return None
    column = column_of(given, name, _WHERE)
    if len(column) != len(ends):
        raise InputRefused(
            f"has {len(column)} rows, and exit has {len(ends)}", where=_WHERE, column=name
        )
    return column


def _causes(
    column: Column | None, names: Sequence[str] | None
) -> tuple[npt.NDArray[np.int8], tuple[str, ...]]:
    """Numbers of causes, 0 for none, and their names."""
    if column is None:
        raise UsageError("is not given", where=_WHERE, column="cause")
    if not (column.is_category or column.values.null_count() == len(column)):
        known = ("event",) if names is None else tuple(names)
        _refuse_names(known)
        return _numbers_of_causes(column, len(known)), known
    told = columns.categories(column, may_miss=True)
    codes, found = told.codes, told.levels
    seen = tuple(n for n in found if n != CENSORED) or ("event",)
    known = seen if names is None else tuple(names)
    _refuse_names(known)
    check_events(found, (() if names is None else known), where=_WHERE, column="cause")
    for name in found:
        said = "is a cause that is not among the causes"
        check_code(name, (CENSORED, *known), said, where=_WHERE, column="cause")
    number = {name: k for k, name in enumerate(known, 1)}
    # A missing one has the code -1, and so the last place.
    place = np.array([*(number.get(n, 0) for n in found), 0], np.int8)
    return place[codes], known


def check_events(
    found: Iterable[str], named: Iterable[str] = (), *, where: str, column: str
) -> None:
    """Refuse texts of what ended a row that are almost "censored", or another code, or empty.

    So are zero and false as texts or levels, which as numbers mean that nothing happened, unless
    they are named.

    Parameters
    ----------
    found
        The texts that occur.
    named
        Codes of events that were named.
    where, column
        Which column it is.

    Examples
    --------
    >>> check_events(["return", "cens"], where="follow-up", column="cause")
    Traceback (most recent call last):
    ...
    folkestrom.errors.InputRefused: follow-up, column cause: 'cens' would count as an event.
    Allowed: 'censored', or nothing, where no event ended the row.
    Next: Write 'censored', or make it missing (null).
    """
    listed, events = list(found), tuple(named)
    check_spellings(listed, events, [CENSORED], where=where, column=column)
    for name in listed:
        said = name.strip().casefold()
        almost = name != CENSORED and said.startswith(CENSORED[:4])
        if almost or (said in _NOTHING and name not in events):
            raise InputRefused(
                "would count as an event", where=where, column=column, value=name,
                allowed=f"{CENSORED!r}, or nothing, where no event ended the row",
                next_step=f"Write {CENSORED!r}, or make it missing (null).",
            )  # fmt: skip


def _numbers_of_causes(column: Column, most: int) -> npt.NDArray[np.int8]:
    found = columns.occurrences(column)
    high = int(found.max())
    if high > most:
        raise InputRefused(
            f"is not the number of a cause ({int((found > most).sum())} of {len(found)} rows)",
            where=_WHERE,
            column="cause",
            value=high,
            allowed=f"0 for censored, and 1 to {most}",
            next_step="Name every cause, in the order of its numbers.",
        )
    return np.ascontiguousarray(found.astype(np.int8))


def _labelled(column: Column | None) -> tuple[npt.NDArray[np.int32], tuple[str, ...]]:
    if column is None:
        return np.zeros(0, np.int32), ()
    found = columns.categories(column)
    return found.codes.astype(np.int32), found.levels
