"""One sweep over dwellings: who lives there from one change to the next, and in which families.

A dwelling is looked at anew on every day on which a person comes or goes, marries or divorces, or
comes of an age that a rule asks for; between two such days nothing can change.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from folkestrom.engine.kernels import fingerprint, kernel
from folkestrom.households.arrays import Homes, Ints, Pieces, Rules
from folkestrom.households.codes import (
    Couple,
    FamilyType,
    HouseholdType,
    Parents,
    Role,
    Youngest,
)

_FOLDER: Final = Path(__file__).parent
_SOURCES: Final = fingerprint(_FOLDER / f"{name}.py" for name in ("kernel", "arrays", "codes"))
_compiled = partial(kernel, sources=_SOURCES, _nrt=False)
# A call hands over every array of the tuples: three quarters of the time, where it is a call.
_inlined = partial(_compiled, inline="always")

_MALE, _FEMALE = 1, 2
#: Who is unknown here: parents and partners that nobody has, sexes, and days of birth.
_NOBODY = 0
_MARRIED, _COMMON, _INFERRED = int(Couple.MARRIED), int(Couple.COMMON_CHILD), int(Couple.INFERRED)
_REFERENCE, _PARTNER, _CHILD = int(Role.REFERENCE), int(Role.PARTNER), int(Role.CHILD)
_NONE, _SMALL, _OLDER = int(Youngest.NONE), int(Youngest.SMALL), int(Youngest.OLDER)
_ADULT = int(Youngest.ADULT)
_COMPLETED = 10_000


class _Work(NamedTuple):
    """Of the members of one dwelling at one time, by their place among them; and of its days.

    `many` is how many live there from one of its days to the next, and `turn` the next day on which
    they are too many for a private household, or no longer.
    """

    piece: Ints
    mate: Ints
    couple: Ints
    head: Ints
    size: Ints
    children: Ints
    days: Ints
    many: Ints
    turn: Ints


@_inlined
def _is_child_of(p: Pieces, child: int, parent: int) -> bool:
    """Whether one is the other's own child; nobody is older than a parent, or as old."""
    known = p.mother[child] == p.person[parent] or p.father[child] == p.person[parent]
    return bool(known and (p.born[parent] < p.born[child] or p.born[child] == 0))


@_inlined
def _are_siblings(p: Pieces, a: int, b: int) -> bool:
    same_mother = p.mother[a] == p.mother[b] and p.mother[a] != _NOBODY
    return bool(same_mother or (p.father[a] == p.father[b] and p.father[a] != _NOBODY))


@_inlined
def _may_cohabit(p: Pieces, a: int, b: int, day: int, rules: Rules) -> bool:
    """Whether two without a common child are a possible couple."""
    if p.married[a] or p.married[b] or p.couple_on[a] > day or p.couple_on[b] > day:
        return False
    if p.sex[a] == 0 or p.sex[b] == 0 or (p.sex[a] == p.sex[b] and not rules.same_sex):
        return False
    if p.born[a] == 0 or p.born[b] == 0:
        return False
    if abs(p.born[a] - p.born[b]) // _COMPLETED >= rules.age_difference:
        return False
    return not (_is_child_of(p, a, b) or _is_child_of(p, b, a) or _are_siblings(p, a, b))


@_inlined
def _pair_known(p: Pieces, rules: Rules, n: int, w: _Work) -> None:
    """Spouses, and parents of a common child: of several partners that of the youngest child."""
    for i in range(n):
        a = w.piece[i]
        for j in range(i + 1, n):
            b = w.piece[j]
            if p.spouse[a] == p.person[b] and p.spouse[b] == p.person[a]:
                w.mate[i], w.mate[j], w.couple[i], w.couple[j] = j, i, _MARRIED, _MARRIED
    for k in range(n - 1, -1, -1):
        first = -1
        for i in range(n):
            if i == k or not _is_child_of(p, w.piece[k], w.piece[i]):
                continue
            if first < 0:
                first = i
                continue
            a, b = w.piece[first], w.piece[i]
            alike = p.sex[a] == p.sex[b] and not (rules.same_sex or rules.same_sex_with_child)
            if w.mate[first] < 0 and w.mate[i] < 0 and not alike:
                w.mate[first], w.mate[i] = i, first
                w.couple[first], w.couple[i] = _COMMON, _COMMON


@_inlined
def _pair_inferred(p: Pieces, rules: Rules, n: int, day: int, w: _Work) -> None:
    """The only possible couple of those who are in none."""
    found, one, other = 0, -1, -1
    for i in range(n):
        for j in range(i + 1, n):
            if w.mate[i] >= 0 or w.mate[j] >= 0:
                continue
            if _may_cohabit(p, w.piece[i], w.piece[j], day, rules):
                found, one, other = found + 1, i, j
    if found != 1:
        return
    if rules.no_other_adult:
        for k in range(n):
            if k != one and k != other and p.adult_on[w.piece[k]] <= day:
                return
    w.mate[one], w.mate[other] = other, one
    w.couple[one], w.couple[other] = _INFERRED, _INFERRED


@_inlined
def _form_families(p: Pieces, n: int, w: _Work) -> int:
    """Put everybody into a family, under its reference person; return how many families."""
    for i in range(n):
        w.head[i] = i if w.mate[i] < 0 else min(i, w.mate[i])
        w.size[i] = w.children[i] = 0
    for i in range(n):
        if w.mate[i] >= 0:
            continue
        mother, father, own = -1, -1, False
        for j in range(n):
            if j == i:
                continue
            own |= _is_child_of(p, w.piece[j], w.piece[i])
            if _is_child_of(p, w.piece[i], w.piece[j]):
                if p.mother[w.piece[i]] == p.person[w.piece[j]]:
                    mother = j
                else:
                    father = j
        if not own and (mother >= 0 or father >= 0):
            parent = mother if mother >= 0 else father
            w.head[i] = parent if w.mate[parent] < 0 else min(parent, w.mate[parent])
            w.children[w.head[i]] += 1
    families = 0
    for i in range(n):
        w.size[w.head[i]] += 1
        families += w.head[i] == i
    return families


@_inlined
def _is_a_child(i: int, w: _Work) -> bool:
    """Whether a person has the role of a child."""
    return bool(w.head[i] != i and w.mate[i] < 0)


@_inlined
def _parents(p: Pieces, i: int, day: int, w: _Work) -> int:
    """Which of the parents a child of 0 to 17 years lives with."""
    c = w.piece[i]
    if p.adult_on[c] <= day:
        return Parents.NOT_A_CHILD
    if not _is_a_child(i, w):
        return Parents.NEITHER
    head = w.head[i]
    mate = w.mate[head]
    both = mate >= 0 and _is_child_of(p, c, w.piece[head]) and _is_child_of(p, c, w.piece[mate])
    if both:
        married = w.couple[head] == _MARRIED
        return Parents.MARRIED if married else Parents.COHABITING
    own = head if _is_child_of(p, c, w.piece[head]) else mate
    if p.mother[c] == p.person[w.piece[own]]:
        return Parents.MOTHER if mate < 0 else Parents.MOTHER_AND_STEP_PARENT
    return Parents.FATHER if mate < 0 else Parents.FATHER_AND_STEP_PARENT


@_inlined
def _family_type(p: Pieces, head: int, w: _Work) -> int:
    if w.mate[head] >= 0:
        married = w.couple[head] == _MARRIED
        if w.children[head]:
            if married:
                return FamilyType.MARRIED_COUPLE_WITH_CHILDREN
            return FamilyType.COHABITING_COUPLE_WITH_CHILDREN
        return FamilyType.MARRIED_COUPLE if married else FamilyType.COHABITING_COUPLE
    if not w.children[head]:
        return FamilyType.SINGLE
    female = p.sex[w.piece[head]] == _FEMALE
    return FamilyType.MOTHER_WITH_CHILDREN if female else FamilyType.FATHER_WITH_CHILDREN


@_inlined
def _household_type(families: int, n: int, youngest: int, w: _Work) -> int:
    minors = youngest in (_SMALL, _OLDER)
    if families > 1:
        if minors:
            return HouseholdType.SEVERAL_FAMILIES_WITH_CHILDREN
        return HouseholdType.SEVERAL_FAMILIES
    if n == 1:
        return HouseholdType.LIVING_ALONE
    if youngest == _NONE:
        return HouseholdType.COUPLE_WITHOUT_CHILDREN
    if youngest == _ADULT:
        return HouseholdType.ADULT_CHILDREN
    head = w.head[0]
    if w.mate[head] < 0:
        return HouseholdType.PARENT_WITH_CHILDREN
    if w.couple[head] == _MARRIED:
        return HouseholdType.MARRIED_COUPLE_WITH_CHILDREN
    return HouseholdType.COHABITING_COUPLE_WITH_CHILDREN


@_inlined
def _youngest(p: Pieces, n: int, day: int, w: _Work) -> int:
    """Age group of the youngest who has the role of a child."""
    found = _NONE
    for i in range(n):
        if _is_a_child(i, w):
            c = w.piece[i]
            if p.school_on[c] > day:
                return _SMALL
            group = _OLDER if p.adult_on[c] > day else _ADULT
            found = group if found == _NONE else min(found, group)
    return found


@_compiled
def _sort(days: Ints, count: int) -> None:
    """Shell's sort: in place, since a kernel without reference counts makes no array."""
    gap = count // 2
    while gap > 0:
        for k in range(gap, count):
            day, at = days[k], k
            while at >= gap and days[at - gap] > day:
                days[at] = days[at - gap]
                at -= gap
            days[at] = day
        gap //= 2


@_inlined
def _days_of_change(p: Pieces, low: int, high: int, days: Ints) -> int:
    """Days on which the dwelling is looked at anew, in order; return how many."""
    count = 0
    for i in range(low, high):
        for day in (p.since[i], p.until[i]):
            days[count] = day
            count += 1
        for day in (p.school_on[i], p.adult_on[i], p.couple_on[i]):
            if p.since[i] < day < p.until[i]:
                days[count] = day
                count += 1
    _sort(days, count)
    kept = 0
    for k in range(count):
        if k == 0 or days[k] != days[kept - 1]:
            days[kept] = days[k]
            kept += 1
    return kept


@_inlined
def _place(days: Ints, count: int, day: int) -> int:
    """Which of the days it is, by halves."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if days[middle] < day:
            low = middle + 1
        else:
            high = middle
    return low


@_inlined
def _look_for_crowds(p: Pieces, low: int, high: int, count: int, largest: int, w: _Work) -> None:
    """How many live there from each day to the next, and when that turns too many, or back."""
    for k in range(count):
        w.many[k] = 0
    for i in range(low, high):
        w.many[_place(w.days, count, p.since[i])] += 1
        w.many[_place(w.days, count, p.until[i])] -= 1
    for k in range(1, count):
        w.many[k] += w.many[k - 1]
    for k in range(count - 1, -1, -1):
        same = k + 1 < count and (w.many[k] > largest) == (w.many[k + 1] > largest)
        w.turn[k] = w.turn[k + 1] if same else k + 1


@_inlined
def _put_apart(p: Pieces, i: int, day: int, until: int, out: Homes, row: int) -> None:
    """A person in no private household: nothing is told of others there."""
    out.person[row] = out.household[row] = out.family[row] = p.person[i]
    out.since[row], out.until[row] = day, until
    out.size[row] = out.family_size[row] = 0
    out.household_type[row], out.family_type[row] = HouseholdType.OTHER, FamilyType.OTHER
    out.role[row] = out.couple[row] = out.youngest[row] = 0
    grown = p.adult_on[i] <= day
    out.parents[row] = Parents.NOT_A_CHILD if grown else Parents.NEITHER


@_compiled
def _put_all_apart(p: Pieces, low: int, high: int, count: int, largest: int, w: _Work, out: Homes,
                   row: int, write: bool) -> int:  # fmt: skip
    """Rows of times in which too many live in a dwelling; return the next one's place."""
    for i in range(low, high):
        k, stop = _place(w.days, count, p.since[i]), _place(w.days, count, p.until[i])
        grown = _place(w.days, count, p.adult_on[i])
        while k < stop:
            end = min(w.turn[k], stop)
            if k < grown < end:
                end = grown
            if w.many[k] > largest:
                if write:
                    _put_apart(p, i, w.days[k], w.days[end], out, row)
                row += 1
            k = end
    return row


@_inlined
def _put_household(p: Pieces, rules: Rules, n: int, day: int, until: int, w: _Work, out: Homes,
                   row: int) -> int:  # fmt: skip
    """Rows of all who live in a private dwelling at one time; return the next one's place."""
    for i in range(n):
        w.mate[i], w.couple[i] = -1, 0
    _pair_known(p, rules, n, w)
    _pair_inferred(p, rules, n, day, w)
    families = _form_families(p, n, w)
    youngest = _youngest(p, n, day, w)
    kind = _household_type(families, n, youngest, w)
    for i in range(n):
        head = w.head[i]
        out.person[row] = p.person[w.piece[i]]
        out.household[row] = p.person[w.piece[0]]
        out.family[row] = p.person[w.piece[head]]
        out.since[row], out.until[row] = day, until
        out.size[row], out.family_size[row] = n, w.size[head]
        out.household_type[row], out.youngest[row] = kind, youngest
        out.family_type[row] = _family_type(p, head, w)
        out.role[row] = _REFERENCE if head == i else (_CHILD if w.mate[i] < 0 else _PARTNER)
        out.couple[row] = w.couple[i]
        out.parents[row] = _parents(p, i, day, w)
        row += 1
    return row


@_compiled
def _sweep(p: Pieces, starts: Ints, rules: Rules, w: _Work, out: Homes, write: bool) -> int:
    """All rows, or only how many there are."""
    row = 0
    for d in range(len(starts) - 1):
        low, high = starts[d], starts[d + 1]
        largest = rules.largest if low >= rules.first_private else 0
        count = _days_of_change(p, low, high, w.days)
        crowded = high - low > largest
        if crowded:
            _look_for_crowds(p, low, high, count, largest, w)
            row = _put_all_apart(p, low, high, count, largest, w, out, row, write)
        for k in range(count - 1):
            if crowded and w.many[k] > largest:
                continue
            day, n = w.days[k], 0
            for i in range(low, high):
                if p.since[i] <= day < p.until[i]:
                    w.piece[n] = i
                    n += 1
            if write:
                row = _put_household(p, rules, n, day, w.days[k + 1], w, out, row)
            else:
                row += n
    return row


def sweep(pieces: Pieces, starts: Ints, rules: Rules) -> Homes:
    """The households, families and couples of dwellings, from one change to the next.

    Parameters
    ----------
    pieces
        Who lives where and when.
    starts
        Where each dwelling's pieces begin, and how many there are in all; of shape
        (dwellings + 1,).
    rules
        Parameters.

    Returns
    -------
    Homes
        One row a person and time in which nothing changes in the dwelling; in the order of
        dwellings.
    """
    longest = int(np.diff(starts).max(initial=0))
    work = _Work(**{n: np.zeros(5 * longest, np.int32) for n in _Work._fields})
    short = dict.fromkeys(
        ("household_type", "family_type", "role", "couple", "parents", "youngest"), np.int8
    )
    long = dict.fromkeys(("person", "household", "family"), np.int64)
    types: dict[str, Any] = long | short

    def arrays(rows: int) -> Homes:
        return Homes(**{n: np.empty(rows, types.get(n, np.int32)) for n in Homes._fields})

    out = arrays(_sweep(pieces, starts, rules, work, arrays(0), False))
    _sweep(pieces, starts, rules, work, out, True)
    return out
