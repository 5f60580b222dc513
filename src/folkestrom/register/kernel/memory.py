"""Working memory for one person's history.

A person's reports are numbered `k` in the order in which they came to be known, so that the later
of two is the one with the larger `k`; the events among them `r`, in the order of life. Each
thread has one `Memory`, large enough for the person with most reports.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from folkestrom.register.kernel.rows import Integers

#: Places in `Memory.state`, and of the first three in `Memory.ends`: the events that opened the
#: spells at hand (-1: none), whether there is a record, whether death came, the day of the last
#: event that counts, and how many of that day do.
HOME, STATUS, CITIZEN, REGISTERED, DIED, DAY, NTH = range(7)
SPELLS: Final = 3
STATES: Final = 7

#: No day.
NONE: Final = -(2**62)

#: Places in `Memory.number`: how many of each list there are, and the first start of a record.
#: Then how many merges and splits, which merge stands (-1: none), since when, and whether it holds.
CHANGED, TOUCHED, CORRECTIONS, START, EVENTS, IDENTITIES, MERGE_TOLD, TOLD_SINCE, MERGED = range(9)

_REPORT_FIELDS: Final = (
    "place",  # its place in life, or -1
    "target",  # the report it aims at, or -1
    "known",  # whether it is known yet
    "stands",
    "stood",  # whether it did before the day at hand
    "annulled",
    "word",  # what stands of it and its corrections
    "tree",  # number of its tree of aims, or -1
    "depth",  # how many aims lie between it and the tree's root
    "waits",  # since when it is flagged because its target has not come
    "orphan",  # since when it is flagged because there is no record
    # Lists that happen to be as long as there are reports:
    "by_position",  # reports in the order of log positions
    "correction",  # attribute corrections
    "identity",  # merges and splits
    "member",  # reports of trees, tree by tree, deepest first
    "first_member",  # of each tree
)

_EVENT_FIELDS: Final = (
    # The first and the last event of its day, where that has both immigration and emigration; else
    # the event itself.
    "first_of_day",
    "last_of_day",
    # What is known on the day at hand ...
    "active",
    "day",  # on which it happened
    "nth",  # which it is of the events of that day
    "applied",  # whether it counts as an event
    "left_municipality",
    "left_unit",
    "reason",  # why it is not applied, or 0
    # ... and what was last put out, with since when.
    "out_day",
    "out_nth",
    "out_applied",
    "out_applied_since",
    "out_municipality",
    "out_unit",
    "out_reason",
    "out_reason_since",
    # Whether it is on one of the two lists below.
    "is_changed",
    "is_touched",
)


class Memory(NamedTuple):
    """See the module for `k` and `r`."""

    order: Integers  # k -> its row
    life: Integers  # r -> k
    spare: Integers
    report: NDArray[Any]  # by k
    event: NDArray[Any]  # by r
    state: Integers  # [r, STATES]: the state after an event, or after the last of its day
    ends: Integers  # [r, spell]: when the spell that it opened ends, or NONE
    out_ends: Integers  # the same as last put out ...
    out_since: Integers  # ... and since when
    changed: Integers  # events that come to stand, cease to, or must be judged anew
    touched: Integers  # events whose rows may differ from what is out
    current: Integers  # the state while replaying
    number: Integers
    counts: Integers  # rows in the sink before the person at hand


def new_work(longest: int) -> Memory:
    """Working memory for histories of at most `longest` reports."""

    def numbers(*shape: int) -> Integers:
        return np.zeros(shape, np.int64)

    def records(fields: tuple[str, ...]) -> NDArray[Any]:
        return np.zeros(longest + 1, np.dtype([(name, np.int64) for name in fields]))

    return Memory(
        order=numbers(longest + 1),
        life=numbers(longest + 1),
        spare=numbers(longest + 1),
        report=records(_REPORT_FIELDS),
        event=records(_EVENT_FIELDS),
        state=numbers(longest, STATES),
        ends=numbers(longest, SPELLS),
        out_ends=numbers(longest, SPELLS),
        out_since=numbers(longest, SPELLS),
        changed=numbers(longest + 1),
        touched=numbers(longest + 1),
        current=numbers(STATES),
        number=numbers(9),
        counts=numbers(9),
    )
