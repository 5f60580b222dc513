"""Which merges of identities hold: what depends on the reports of several persons.

On each knowledge date, of the merges that stand by their own person's reports:

- of those that lead round in a circle, the one that became known last does not hold;
- one that leads to nobody with a record, over others or directly, does not hold;
- the others hold, and the person as whom an identity is continued is the one at the end of all.

A merge that does not hold is flagged, and everything that is told of its person stands. What this
changes is handed to the kernel as further rows of the persons concerned: from a day on, one of them
says what holds, whatever the person's own reports say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from folkestrom.intake.resolution.cycles import last_of_cycles
from folkestrom.model.codes import Kind
from folkestrom.register.flags import FlagReason
from folkestrom.register.kernel.rows import NO_TARGET, NULL64, ROW, Reports
from folkestrom.register.kernel.rules import ANNULMENT, MERGE, UNFIT_MERGE
from folkestrom.register.kernel.sink import ATTRIBUTE, IDENTITY, rows_of
from folkestrom.register.kernel.sweep import swept
from folkestrom.register.tables import OPEN_DAY, TABLES

_LAST: Final = np.iinfo(np.int64).max


class Ruling(NamedTuple):
    """What holds of an identity: the merge, and as whom it is continued or why it is not."""

    position: int = NULL64
    survivor: int = NULL64
    reason: int = 0


_NOTHING: Final = Ruling()
#: Of each person a value, with the knowledge dates `[from, to)` on which it holds.
_Spans = Mapping[int, list[tuple[int, int, Any]]]


def rulings(rows: Reports) -> Reports:
    """Rows that say which merges hold, where it is not as each person's own reports say.

    Parameters
    ----------
    rows
        All reports of all persons who are merged, or are said to survive a merge.

    Returns
    -------
    Reports
        Rows to be swept with those persons' reports.
    """
    rows = rows[np.argsort(rows["person"], kind="stable")]
    told = _spans(rows, IDENTITY, "survivor")
    if not told:
        return np.empty(0, ROW)
    events = rows[(rows["kind"] <= ANNULMENT)]
    records = _spans(events, ATTRIBUTE, "person")
    merges = rows[rows["kind"] == MERGE]
    order = {
        int(m["position"]): (int(m["known_from"]), int(m["received_at"]), int(m["key_hash"]))
        for m in merges
    }
    found = [
        _row(person, day, ruling)
        for persons in _connected(told)
        for person, day, ruling in _changes(persons, told, records, order)
    ]
    return np.array(found, ROW)


def _spans(rows: Reports, table: int, value: str) -> _Spans:
    """What a derived table says of persons by themselves; with it, the report that says so."""
    found: dict[int, list[tuple[int, int, Any]]] = defaultdict(list)
    columns = ("person", "known_from", "known_to", value, "position")
    if len(rows):
        values = rows_of(swept(rows), table)
        places = [TABLES[table].index(name) for name in columns]
        for person, known_from, known_to, said, position in values[places].T.tolist():
            found[person].append((known_from, known_to, (position, said)))
    return found


def _connected(told: _Spans) -> Iterator[set[int]]:
    """Persons whom merges connect, whenever they are known."""
    near: dict[int, set[int]] = defaultdict(set)
    for person, spans in told.items():
        for _, _, (_, survivor) in spans:
            near[person].add(survivor)
            near[survivor].add(person)
    left = set(near)
    while left:
        found, following = set(), {left.pop()}
        while following:
            found |= following
            following = set().union(*(near[person] for person in following)) - found
        left -= found
        yield found


def _changes(
    persons: Collection[int], told: _Spans, records: _Spans, order: Mapping[int, tuple[int, ...]]
) -> Iterator[tuple[int, int, Ruling]]:
    """From when what holds of whom, from the first day on which it is not as told."""
    spans = [span for of in (told, records) for person in persons for span in of.get(person, ())]
    said: dict[int, Ruling] = {}
    for day in sorted({day for span in spans for day in span[:2]} - {OPEN_DAY}):
        merged = {p: value for p in persons for value in _known(told, p, day)}
        registered = {p for p in persons if any(_known(records, p, day))}
        now = ruled(merged, registered, order)
        for person in persons:
            ruling = now.get(person, _NOTHING)
            as_told = Ruling(*merged[person]) if person in merged else _NOTHING
            if ruling != said.get(person, as_told):
                yield person, day, ruling
                said[person] = ruling


def _known(spans: _Spans, person: int, day: int) -> Iterator[Any]:
    return (value for since, until, value in spans.get(person, ()) if since <= day < until)


def ruled(
    merged: Mapping[int, tuple[int, int]],
    registered: Collection[int],
    order: Mapping[int, tuple[int, ...]],
) -> dict[int, Ruling]:
    """What holds of merges that are known on one day.

    Parameters
    ----------
    merged
        Of persons, the merge's position and the survivor that it tells.
    registered
        Persons with a record, were no merge known.
    order
        When each merge became known.

    Examples
    --------
    >>> chain = ruled({1: (10, 2), 2: (11, 3)}, {1, 2, 3}, {10: (1,), 11: (2,)})
    >>> [ruling.survivor for ruling in chain.values()]
    [3, 3]
    """
    by_merge = {person: survivor for person, (_, survivor) in merged.items()}
    when = {person: order[position] for person, (position, _) in merged.items()}
    cut = last_of_cycles(by_merge, when)
    ends: dict[int, int | None] = {}
    for person in merged:
        path, last = [], person
        while last in by_merge and last not in cut and last not in ends:
            path.append(last)
            last = by_merge[last]
        end = ends.setdefault(last, last if last in registered else None)
        for earlier in reversed(path):
            # Who is continued as nobody goes on, and so do those who are continued as that person.
            end = ends[earlier] = end or (earlier if earlier in registered else None)
    found = {}
    for person, (position, survivor) in merged.items():
        end = None if person in cut else ends[survivor]
        circular = (
            FlagReason.CIRCULAR_MERGE if person in cut else FlagReason.SURVIVOR_WITHOUT_RECORD
        )
        found[person] = Ruling(position, end) if end else Ruling(position, reason=circular)
    return found


def _row(person: int, day: int, ruling: Ruling) -> tuple[Any, ...]:
    """A row of the kernel; it comes last of its day."""
    kind = Kind.SPLIT if ruling == _NOTHING else UNFIT_MERGE if ruling.reason else Kind.MERGE
    values = dict.fromkeys(ROW.names or (), 0) | {
        "person": person, "known_from": day, "kind": int(kind), "received_at": _LAST,
        "position": -1, "target": NO_TARGET, "mother": ruling.position,
        "partner": ruling.survivor, "reason": ruling.reason,
    }  # fmt: skip
    return tuple(values.values())
