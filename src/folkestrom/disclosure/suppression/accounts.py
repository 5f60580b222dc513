"""Suppression in tables that show their totals, or whose counts make up an account.

A total is what its cells add up to, and in an account what is there at the beginning and is added
equals what is there at the end and is taken away. Either is a sum that is known once one side is
counted down from a large number instead of up: n - x, of which more is less of x. So one search for
complementary suppressions, which knows sums only, serves these tables too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from folkestrom.disclosure.suppression.complementary import Suppression, suppress
from folkestrom.disclosure.suppression.lines import Codes, Counts, Mask

#: No count is known to be at most this.
_NO_LIMIT = 2**53


@dataclass(frozen=True, slots=True)
class Account:
    """Counts that add up to a figure that is known.

    Parameters
    ----------
    signs
        Each of the counts, with 1 if it is there at the beginning or added, and -1 if it is there
        at the end or taken away.
    stocks
        What is there at the beginning and at the end: the end of a period may be the beginning of
        the next.
    computed
        Measures that are computed from the counts, each with those it is computed from.
    """

    signs: Mapping[str, int]
    stocks: tuple[str, str]
    computed: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Equal:
    """Two counts that are equal where all places are taken together.

    Parameters
    ----------
    counts
        The counts: what comes in from another place has left it.
    places
        Dimensions that are places; without any, the counts are equal in every row.
    """

    counts: tuple[str, str]
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """How the cells of a table belong together.

    Parameters
    ----------
    codes
        For each dimension the code of every cell; that of time is not among them.
    summed
        Over how many dimensions each cell is a total; 0: it is none.
    times
        The time of every cell. Those of different times are not added up.
    occurring
        A row is there only where something is counted.
    whole
        Rows of all places together.
    """

    codes: Sequence[Codes]
    summed: Codes
    times: Codes
    occurring: bool = False
    whole: Mask | None = None

    def parts(self) -> list[npt.NDArray[np.intp]]:
        """The cells of each time."""
        return [np.flatnonzero(self.times == time) for time in np.unique(self.times)]

    def least(self, counts: Sequence[Counts]) -> npt.NDArray[np.int64]:
        """What each count is known to be at least: a row with nothing else would not be there."""
        there = np.stack(counts) > 0
        known: npt.NDArray[np.int64] = (there & (there.sum(axis=0) == 1)).astype(np.int64)
        return known if self.occurring else np.zeros_like(known)


def suppress_counts(
    counts: Sequence[Counts], primary: Sequence[Mask], of: Layout, minimum: int
) -> list[Suppression]:
    """Suppress cells of each of some counts in a table that may show its totals.

    Parameters
    ----------
    counts, primary, minimum
        As for `suppress`, of each count.
    of
        How the cells belong together.

    Examples
    --------
    >>> times = np.zeros(4, np.int64)
    >>> of = Layout([np.array([0, 1, 2, 3])], np.array([0, 0, 0, 1]), times)
    >>> counts = np.array([1, 20, 30, 51])
    >>> suppress_counts([counts], [counts < 5], of, 5)[0].hidden.tolist()
    [True, True, False, False]
    """
    if not counts:
        return []
    least = of.least(counts)
    found: list[Suppression] = []
    for n, (count, mask) in enumerate(zip(counts, primary, strict=True)):
        stack = _Stack([count], of, [1], least[n : n + 1], minimum)
        found += stack.suppress([mask])
    return found


def suppress_account(
    counts: Sequence[Counts],
    primary: Sequence[Mask],
    of: Layout,
    account: Account,
    minimum: int,
    equal: Equal | None = None,
) -> list[Suppression]:
    """Suppress cells of the counts of an account, so that the others of it tell none of them.

    Parameters
    ----------
    counts, primary
        As for `suppress`, in the order of the account's signs.
    of, minimum
        As for `suppress_counts`.
    account
        What adds up.
    equal
        Counts of it that are equal, and so add up to nothing, in the rows of all places together.

    Examples
    --------
    >>> account = Account({"start": 1, "births": 1, "deaths": -1, "end": -1}, ("start", "end"))
    >>> none = np.zeros(1, np.int64)
    >>> of = Layout([], none, none)
    >>> counts = [np.array([n]) for n in (100, 2, 9, 93)]
    >>> found = suppress_account(counts, [c < 3 for c in counts], of, account, 3)
    >>> [one.hidden.item() for one in found]
    [False, True, True, False]
    """
    names = list(account.signs)
    first, last = (names.index(stock) for stock in account.stocks)
    apart = np.zeros((len(names), len(of.times)), np.bool_)
    pair: list[int] = []
    if equal is not None and of.whole is not None:
        pair = [names.index(name) for name in equal.counts]
        apart[pair] = of.whole
    signs = list(account.signs.values())
    stack = _Stack(counts, of, signs, of.least(counts), minimum, (first, last), apart)
    needed = [mask.copy() for mask in primary]
    if pair and apart[pair[0]].all():
        found = suppress_counts([counts[pair[0]]], [primary[pair[0]]], of, minimum)
        needed[pair[0]] |= found[0].hidden
    for n in pair:
        needed[n] |= needed[pair[0]] & apart[n] | needed[pair[-1]] & apart[n]
    while True:
        found = stack.suppress(needed)
        ends, starts = found[last].hidden, found[first].hidden
        more = _adjacent(of, ends, starts)
        if not ((more[0] & ~starts).any() or (more[1] & ~ends).any()):
            return found
        needed[first] |= more[0]
        needed[last] |= more[1]


def _adjacent(of: Layout, ends: Mask, starts: Mask) -> tuple[Mask, Mask]:
    """Beginnings that are a hidden end of the time before, and ends that are a hidden beginning."""
    parts = of.parts()
    more_starts, more_ends = np.zeros_like(starts), np.zeros_like(ends)
    keys = np.column_stack([*of.codes, np.zeros(len(ends), np.int64)])
    for before, after in pairwise(parts):
        more_starts[after] = _among(keys[after], keys[before[ends[before]]])
        more_ends[before] = _among(keys[before], keys[after[starts[after]]])
    return more_starts, more_ends


def _among(keys: npt.NDArray[Any], hidden: npt.NDArray[Any]) -> list[bool]:
    found = {tuple(key) for key in hidden.tolist()}
    return [tuple(key) in found for key in keys.tolist()]


class _Stack:
    """The counts side by side as one more dimension, and what is taken away counted down."""

    def __init__(
        self,
        counts: Sequence[Counts],
        of: Layout,
        signs: Sequence[int],
        least: npt.NDArray[np.int64],
        minimum: int,
        stocks: Sequence[int] = (),
        apart: Mask | None = None,
    ) -> None:
        self.counts = np.stack(counts)
        self.of = of
        self.down = np.array([[sign < 0] for sign in signs]) ^ (of.summed % 2 == 1)
        known = np.array([[n in stocks] for n in range(len(counts))])
        self.dear = known | (of.summed > 0)
        self.least = least
        self.minimum = minimum
        # What is known for itself: it has no part in the equations.
        self.apart = np.zeros(self.counts.shape, np.bool_) if apart is None else apart
        self.found: dict[int, tuple[bytes, Suppression]] = {}

    def suppress(self, primary: Sequence[Mask]) -> list[Suppression]:
        """Suppress in each time that has other primary cells than before."""
        hidden = np.stack(primary)
        given: list[list[int]] = [[] for _ in hidden]
        lines: list[list[int]] = [[] for _ in hidden]
        for number, cells in enumerate(self.of.parts()):
            wanted = hidden[:, cells]
            key = wanted.tobytes()
            if number not in self.found or self.found[number][0] != key:
                self.found[number] = (key, self._part(cells, wanted))
            found = self.found[number][1]
            there = np.flatnonzero(~self.apart[:, cells].ravel())
            part = wanted.ravel().copy()
            part[there] |= found.hidden
            hidden[:, cells] = part.reshape(len(hidden), -1)
            for listed, places in ((given, found.given_away), (lines, found.by_lines)):
                for place in there[list(places)].tolist():
                    listed[place // len(cells)].append(int(cells[place % len(cells)]))
        return [
            Suppression(hidden[n], tuple(given[n]), tuple(lines[n])) for n in range(len(hidden))
        ]

    def _part(self, cells: npt.NDArray[np.intp], wanted: Mask) -> Suppression:
        many, down = len(self.counts), self.down[:, cells]
        values, least = self.counts[:, cells].copy(), self.least[:, cells].copy()
        # Far enough from 0 that what is counted down never ends there.
        most = int(values.max(initial=0)) + 2 * max(self.minimum, 1)
        limit = np.where(down, most - least, _NO_LIMIT)
        values[down] = most - values[down]
        least[down] = 0
        codes = [np.tile(code[cells], many) for code in self.of.codes]
        if many > 1:
            codes.append(np.repeat(np.arange(many), len(cells)))
        there = ~self.apart[:, cells].ravel()
        return suppress(
            values.ravel()[there], wanted.ravel()[there], [code[there] for code in codes],
            self.minimum, most=limit.ravel()[there], dear=self.dear[:, cells].ravel()[there],
            least=least.ravel()[there],
        )  # fmt: skip
