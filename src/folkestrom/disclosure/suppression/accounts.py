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
    """

    codes: Sequence[Codes]
    summed: Codes
    times: Codes

    def parts(self) -> list[npt.NDArray[np.intp]]:
        """The cells of each time."""
        return [np.flatnonzero(self.times == time) for time in np.unique(self.times)]


def suppress_counts(counts: Counts, primary: Mask, of: Layout, minimum: int) -> Suppression:
    """Suppress cells of one count in a table that may show its totals.

    Parameters
    ----------
    counts, primary, minimum
        As for `suppress`.
    of
        How the cells belong together.

    Examples
    --------
    >>> times = np.zeros(4, np.int64)
    >>> of = Layout([np.array([0, 1, 2, 3])], np.array([0, 0, 0, 1]), times)
    >>> counts = np.array([1, 20, 30, 51])
    >>> suppress_counts(counts, counts < 5, of, 5).hidden.tolist()
    [True, True, False, False]
    """
    return _suppress([counts], [primary], of, [1], minimum)[0]


def suppress_account(
    counts: Sequence[Counts], primary: Sequence[Mask], of: Layout, account: Account, minimum: int
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
    needed = [mask.copy() for mask in primary]
    while True:
        found = _suppress(counts, needed, of, list(account.signs.values()), minimum, (first, last))
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


def _suppress(
    counts: Sequence[Counts],
    primary: Sequence[Mask],
    of: Layout,
    signs: Sequence[int],
    minimum: int,
    stocks: Sequence[int] = (),
) -> list[Suppression]:
    """The same for every time, with the counts side by side as one more dimension."""
    many, size = len(counts), len(of.times)
    hidden = np.zeros((many, size), np.bool_)
    given: list[list[int]] = [[] for _ in counts]
    lines: list[list[int]] = [[] for _ in counts]
    down = np.array([[sign < 0] for sign in signs]) ^ (of.summed % 2 == 1)
    dear = np.array([[n in stocks] for n in range(many)]) | (of.summed > 0)
    for cells in of.parts():
        values = np.stack([count[cells] for count in counts])
        limit = np.full(values.shape, _NO_LIMIT)
        # Far enough from 0 that what is counted down never ends there.
        most = int(values.max(initial=0)) + 2 * max(minimum, 1)
        values[down[:, cells]] = most - values[down[:, cells]]
        limit[down[:, cells]] = most
        codes = [np.tile(code[cells], many) for code in of.codes]
        if many > 1:
            codes.append(np.repeat(np.arange(many), len(cells)))
        wanted = np.stack([mask[cells] for mask in primary])
        found = suppress(
            values.ravel(), wanted.ravel(), codes, minimum,
            most=limit.ravel(), dear=dear[:, cells].ravel(),
        )  # fmt: skip
        hidden[:, cells] = found.hidden.reshape(many, -1)
        for listed, places in ((given, found.given_away), (lines, found.by_lines)):
            for place in places:
                listed[place // len(cells)].append(int(cells[place % len(cells)]))
    return [Suppression(hidden[n], tuple(given[n]), tuple(lines[n])) for n in range(many)]
