"""Who is followed from which day to which, and what ended it: checked, and in whole days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from folkestrom.analysis.followup.kernels import survey
from folkestrom.errors import InputRefused, UsageError
from folkestrom.model.names import check_code, check_spellings

Integers: TypeAlias = npt.NDArray[np.integer[Any]]
Floats: TypeAlias = npt.NDArray[np.float64]

_WHERE = "follow-up"
#: Causes are kept as small integers.
_MOST_CAUSES = 100
#: Group numbers within such a range are told apart by a table, without hashing.
_SMALL_RANGE = 1 << 16
#: What a row is called that no event ended.
CENSORED: Final = "censored"
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
        The last day of each row: whole numbers, or dates.
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
        What curves are drawn, and tests compare, by: texts or numbers.
    stratum
        What tests are stratified by: texts or numbers.

    Examples
    --------
    >>> f = follow_up([3, 5, 5], [1, 0, 2], causes=["return", "death"])
    >>> f.rows, f.first, f.last
    (3, 0, 5)
    """
    days = _days(exit, "exit")
    if not len(days):
        raise UsageError("there are no rows", where=_WHERE, next_step="Check the selection.")
    entries = np.zeros(0, days.dtype) if entry is None else _days(entry, "entry")
    if len(entries) and entries.dtype != days.dtype:
        entries, days = entries.astype(np.int64), days.astype(np.int64)
    codes, names = _causes(cause, causes)
    weights = np.zeros(0) if weight is None else _weights(weight)
    group_codes, groups = _labelled(group, "group")
    stratum_codes, strata = _labelled(stratum, "stratum")
    columns = {
        "entry": (entry, entries),
        "cause": (cause, codes),
        "weight": (weight, weights),
        "group": (group, group_codes),
        "stratum": (stratum, stratum_codes),
    }
    for name, (given, column) in columns.items():
        if given is not None and len(column) != len(days):
            raise UsageError(
                f"has {len(column)} rows, and exit has {len(days)}", where=_WHERE, column=name
            )
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


def _days(values: npt.ArrayLike, column: str) -> Integers:
    found = np.asarray(values)
    if found.dtype.kind == "O" and len(found) and all(isinstance(v, date) for v in found):
        found = found.astype("datetime64[D]")
    if found.ndim != 1:
        raise UsageError("is not a column", where=_WHERE, column=column)
    if found.dtype.kind == "M":
        if np.isnat(found).any():
            raise UsageError(
                f"{int(np.isnat(found).sum())} days are missing", where=_WHERE, column=column
            )
        found = found.astype("datetime64[D]").astype(np.int64)
    if found.dtype.kind == "f" or (found.dtype.kind == "O" and len(found)):
        found = _whole(found, column)
    if found.dtype.kind not in "iu" and len(found):
        raise UsageError(
            "does not hold days", where=_WHERE, column=column, allowed="whole numbers, or dates"
        )
    kept = np.int32 if found.dtype.itemsize < 4 or found.dtype == np.int32 else np.int64
    return np.ascontiguousarray(found.astype(kept, copy=False))


def _whole(found: npt.NDArray[Any], column: str) -> Integers:
    try:
        numbers = found.astype(np.float64)
    except (TypeError, ValueError):
        numbers = np.full(len(found), np.nan)
    whole = np.isfinite(numbers) & (np.floor(numbers) == numbers)
    if not whole.all():
        raise UsageError(
            f"{int((~whole).sum())} of {len(found)} values are missing or no whole numbers",
            where=_WHERE,
            column=column,
            allowed="whole numbers of days, or dates",
        )
    return numbers.astype(np.int64)


def _causes(
    values: npt.ArrayLike, names: Sequence[str] | None
) -> tuple[npt.NDArray[np.int8], tuple[str, ...]]:
    """Numbers of causes, 0 for none, and their names."""
    told = _told_by_name(values)
    if told is None:
        known = ("event",) if names is None else tuple(names)
        _refuse_names(known)
        return _numbers_of_causes(values, len(known)), known
    codes, found = told
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


def _told_by_name(values: npt.ArrayLike) -> tuple[npt.NDArray[np.int64], list[str]] | None:
    """Codes, -1 where missing, and the names that occur in their order; None of numbers."""
    if isinstance(values, np.ndarray) and values.dtype.kind not in "OUST":
        return None
    try:
        given = as_arrow(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):  # of several kinds: no names
        return None
    kind = given.type.value_type if pa.types.is_dictionary(given.type) else given.type
    if not (
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    ):
        return None
    coded = given if pa.types.is_dictionary(given.type) else given.dictionary_encode()
    codes = coded.indices.cast(pa.int64()).fill_null(-1).to_numpy()
    listed = [str(name) for name in coded.dictionary.to_pylist()]
    used = np.flatnonzero(np.bincount(codes[codes >= 0], minlength=len(listed)))
    order = used if pa.types.is_dictionary(given.type) else sorted(used, key=lambda k: listed[k])
    rank = np.full(len(listed) + 1, -1, np.int64)
    rank[order] = np.arange(len(order))
    return rank[codes], [listed[int(k)] for k in order]


def _numbers_of_causes(values: npt.ArrayLike, most: int) -> npt.NDArray[np.int8]:
    found = np.asarray(values)
    if found.dtype.kind == "b":
        return np.ascontiguousarray(found.view(np.int8))
    if found.dtype.kind not in "iu":
        found = _whole(found, "cause")
    low, high = (int(found.min()), int(found.max())) if len(found) else (0, 0)
    if low < 0 or high > most:
        wrong = int(((found < 0) | (found > most)).sum())
        raise UsageError(
            f"{wrong} of {len(found)} rows have a cause that is not among the causes",
            where=_WHERE,
            column="cause",
            value=high if high > most else low,
            allowed=f"0 for censored, and 1 to {most}",
            next_step="Name every cause, in the order of its numbers.",
        )
    return np.ascontiguousarray(found.astype(np.int8, copy=False))


def _weights(values: npt.ArrayLike) -> Floats:
    found = np.ascontiguousarray(np.asarray(values, dtype=np.float64))
    wrong = ~(np.isfinite(found) & (found >= 0))
    if wrong.any():
        raise UsageError(
            f"{int(wrong.sum())} of {len(found)} weights are negative, missing or infinite",
            where=_WHERE,
            column="weight",
            allowed="numbers from 0 up",
        )
    if len(found) and not found.any():
        raise UsageError("all weights are 0", where=_WHERE, column="weight")
    return found


def _labelled(
    values: npt.ArrayLike | None, column: str
) -> tuple[npt.NDArray[np.int32], tuple[str, ...]]:
    """Numbers of the values, and the values as texts, in their own order."""
    if values is None:
        return np.zeros(0, np.int32), ()
    if isinstance(values, np.ndarray) and values.dtype.kind in "iu" and values.ndim == 1:
        low, high = (int(values.min()), int(values.max())) if len(values) else (0, 0)
        if high - low < _SMALL_RANGE:
            return _numbered(values, low)
    given = as_arrow(values)
    if given.null_count:
        raise UsageError(
            f"{given.null_count} of {len(given)} values are missing",
            where=_WHERE,
            column=column,
            next_step="Give what is unknown a name of its own, or leave it out.",
        )
    coded = given.dictionary_encode() if not pa.types.is_dictionary(given.type) else given
    order = pc.sort_indices(coded.dictionary).to_numpy()
    ranks = np.empty(len(order), np.int32)
    ranks[order] = np.arange(len(order), dtype=np.int32)
    names = tuple(str(coded.dictionary[int(i)].as_py()) for i in order)
    return ranks[coded.indices.to_numpy()], names


def _numbered(values: Integers, low: int) -> tuple[npt.NDArray[np.int32], tuple[str, ...]]:
    places = values.astype(np.int64) - low
    found = np.flatnonzero(np.bincount(places))
    ranks = np.zeros(int(found[-1]) + 1 if len(found) else 1, np.int32)
    ranks[found] = np.arange(len(found), dtype=np.int32)
    return ranks[places], tuple(str(int(place) + low) for place in found)


def check_events(
    found: Iterable[str], named: Iterable[str] = (), *, where: str, column: str
) -> None:
    """Refuse texts of what ended a row that are almost "censored", or another code, or empty.

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
    listed = list(found)
    check_spellings(listed, (CENSORED, *named), where=where, column=column)
    for name in listed:
        if name != CENSORED and name.strip().casefold().startswith(CENSORED[:4]):
            raise InputRefused(
                "would count as an event", where=where, column=column, value=name,
                allowed=f"{CENSORED!r}, or nothing, where no event ended the row",
                next_step=f"Write {CENSORED!r}, or make it missing (null).",
            )  # fmt: skip


def as_arrow(values: Any) -> pa.Array:
    """A column as one Arrow array; missing values of all kinds are null."""
    if hasattr(values, "to_arrow"):  # of Polars, with the levels of an Enum
        values = values.to_arrow()
    if isinstance(values, pa.ChunkedArray):
        return values.combine_chunks()
    return values if isinstance(values, pa.Array) else pa.array(values, from_pandas=True)
