"""Which of one person's reports stand: annulments, corrections, and targets that come later.

The rule: a report is live if it is known and no acting annulment targets it. A report and all that
corrects it, directly or through other corrections, is a family; of the live ones that no live one
corrects, likewise directly or not, the latest stands. An annulment acts if it stands in its own
family.

Aims form trees. A tree is resolved from its deepest reports upwards, whenever one of its members
becomes known; reports that neither aim nor are aimed at never come here.
"""

from __future__ import annotations

from numba import njit

from folkestrom.register.kernel.memory import Memory
from folkestrom.register.kernel.rows import NO_TARGET, Reports
from folkestrom.register.kernel.rules import ANNULMENT


@njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def prepare_aims(rows: Reports, work: Memory, count: int) -> None:
    """Find the target of each report, and the trees that aims form."""
    aiming = 0
    for k in range(count):
        work.report[k].target = -1
        work.report[k].tree = -1
        work.report[k].by_position = k
        aiming += rows[work.order[k]].target != NO_TARGET
    if not aiming:
        return
    _sort_by_position(rows, work, count)
    for k in range(count):
        row = rows[work.order[k]]
        if row.target >= 0:
            work.report[k].target = _at_position(rows, work, count, row.target)
    _find_trees(rows, work, count)


@njit(inline="always")
def _sort_by_position(rows: Reports, work: Memory, count: int) -> None:
    # Shell sort: positions mostly rise with knowledge already, and nothing is allocated.
    gap = 1
    while gap < count // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for i in range(gap, count):
            moved = work.report[i].by_position
            position = rows[work.order[moved]].position
            j = i
            while (
                j >= gap and rows[work.order[work.report[j - gap].by_position]].position > position
            ):
                work.report[j].by_position = work.report[j - gap].by_position
                j -= gap
            work.report[j].by_position = moved
        gap //= 3


@njit(inline="always")
def _at_position(rows: Reports, work: Memory, count: int, position: int) -> int:
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if rows[work.order[work.report[middle].by_position]].position < position:
            low = middle + 1
        else:
            high = middle
    if low < count and rows[work.order[work.report[low].by_position]].position == position:
        return int(work.report[low].by_position)
    return -1


@njit(inline="always")
def _find_trees(rows: Reports, work: Memory, count: int) -> None:
    """Number the trees, and list their members, tree by tree, deepest first."""
    for k in range(count):
        work.report[k].depth = -1
    for k in range(count):
        if rows[work.order[k]].target != NO_TARGET:
            _walk_up(work, k)
    # A counting sort by (tree, depth): first how many members each root has, then their places.
    trees = 0
    for k in range(count):
        if work.report[k].depth == 0:
            work.report[k].tree = trees
            trees += 1
    for k in range(count):
        if work.report[k].depth > 0:
            work.report[k].tree = work.report[_root(work, k)].tree
    _list_members(work, count, trees)


@njit(inline="always")
def _walk_up(work: Memory, start: int) -> None:
    """Set the depth of a report and of all that it aims at through others."""
    steps, k = 0, start
    # Intake refuses cycles; the bound keeps a damaged log from running on for ever.
    while k >= 0 and work.report[k].depth < 0 and steps < len(work.life) - 1:
        work.spare[steps] = k
        steps += 1
        k = work.report[k].target
    depth = work.report[k].depth if k >= 0 else -1
    for step in range(steps - 1, -1, -1):
        depth += 1
        k = work.spare[step]
        work.report[k].depth = depth
        work.report[k].word = work.report[work.report[k].target].word if depth > 0 else k


@njit(inline="always")
def _root(work: Memory, k: int) -> int:
    # `_walk_up` leaves each report's root in `word`, which is not in use before the first day.
    return int(work.report[k].word)


@njit(inline="always")
def _list_members(work: Memory, count: int, trees: int) -> None:
    for tree in range(trees + 1):
        work.report[tree].first_member = 0
    for k in range(count):
        if work.report[k].depth >= 0:
            work.report[work.report[k].tree + 1].first_member += 1
    for tree in range(trees):
        work.report[tree + 1].first_member += work.report[tree].first_member
        work.spare[tree] = work.report[tree].first_member
    for k in range(count):
        if work.report[k].depth >= 0:
            tree = work.report[k].tree
            work.report[work.spare[tree]].member = k
            work.spare[tree] += 1
    for tree in range(trees):
        _deepest_first(work, work.report[tree].first_member, work.report[tree + 1].first_member)


@njit(inline="always")
def _deepest_first(work: Memory, low: int, high: int) -> None:
    gap = 1
    while gap < (high - low) // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for i in range(low + gap, high):
            moved, j = work.report[i].member, i
            while (
                j >= low + gap
                and work.report[work.report[j - gap].member].depth < work.report[moved].depth
            ):
                work.report[j].member = work.report[j - gap].member
                j -= gap
            work.report[j].member = moved
        gap //= 3


@njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def resolve_tree(rows: Reports, work: Memory, tree: int) -> None:
    """Decide anew which members of a tree of aims stand."""
    low, high = work.report[tree].first_member, work.report[tree + 1].first_member
    for i in range(low, high):
        k = work.report[i].member
        work.report[k].annulled = 0
        work.report[k].word = -1
        work.report[k].stands = 0
    for i in range(low, high):
        k = work.report[i].member
        if not work.report[k].known:
            continue
        if work.report[k].word < 0 and not work.report[k].annulled:
            work.report[k].word = k
        is_annulment = rows[work.order[k]].kind == ANNULMENT
        target = work.report[k].target
        if is_annulment or target < 0 or not work.report[target].known:
            # The head of a family: its last word is what stands of the family.
            if work.report[k].word >= 0:
                work.report[work.report[k].word].stands = 1
            if is_annulment and target >= 0 and work.report[k].word == k:
                work.report[target].annulled = 1
        elif work.report[k].word > work.report[target].word:
            work.report[target].word = work.report[k].word


@njit(inline="always")
def is_waiting(rows: Reports, work: Memory, k: int) -> bool:
    """Whether a report stands and what it annuls or corrects has not come."""
    if not work.report[k].stands or rows[work.order[k]].target == NO_TARGET:
        return False
    return work.report[k].target < 0 or not work.report[work.report[k].target].known
