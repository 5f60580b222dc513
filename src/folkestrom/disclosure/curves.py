"""Curves of counts: which of their times can be shown, so that no small count lies between two.

A published curve of who had left, by days, gives single departures away: each step is one or a
few persons. The usual practice shows a step only when several have come together, as OpenSAFELY's
rounded Kaplan-Meier curves do, which put events off until there are enough of them; what else
results of survival analysis can say of one person: O'Keefe, Sparks, McAullay & Loong (2012),
"Confidentialising survival analysis output in a remote data access system", *Journal of Privacy
and Confidentiality* 4(1). Here times are left out, and estimates stand on days on which they are
true.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from folkestrom.disclosure.records import DisclosureRecord, whole_percentages
from folkestrom.disclosure.rules import Rules
from folkestrom.errors import UsageError
from folkestrom.model.specification import Text

Counts: TypeAlias = npt.NDArray[np.integer[Any]]
Flags: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class ThinnedCurves:
    """What of the curves of one group can be shown.

    Parameters
    ----------
    times
        One flag a time: whether the curves can be shown there.
    kinds
        One flag an event type: whether it has a curve at all.
    """

    times: Flags
    kinds: Flags


def thin(
    events: npt.ArrayLike,
    others: npt.ArrayLike,
    at_risk: npt.ArrayLike,
    minimum: int,
    *,
    zeros: bool = False,
    first: npt.ArrayLike | None = None,
) -> ThinnedCurves:
    """Times at which curves of counts can be shown.

    From the start to the first shown time, between two neighbouring ones, and from the last one
    to the end, each event type, and each of the others, is counted 0 times or at least the
    minimum. Times are gone through in their order, and one that leaves a small count on either
    side is merged with the next.

    An event type that is rare on the whole has no curve. What is derivable of it by subtraction
    is its sum with the censored, and so it is held to the minimum together with them.
    This is of counts alone: an incidence of another kind tells an event from a loss, unless it is
    estimated with the rare kind's events as losses, which is left to the caller.

    Parameters
    ----------
    events
        Times + 1 rows: how many had each event type until each time, and until the end.
    others
        The same of whatever else changes who is at risk: first the censored, and then,
        if there are any, those who entered late.
    at_risk
        How many are still at risk after each time; 0 or at least the minimum where it is shown.
    minimum
        The least count that can be shown.
    zeros
        Counts of 0 are too small as well.
    first
        Flags of times that are looked at before the rest: whether they can be shown does
        not depend on what else is asked for. None: all are alike.

    Examples
    --------
    >>> found = thin([[3], [5], [6], [20]], [[0], [0], [9], [40]], [57, 55, 45], 5)
    >>> found.times.tolist()
    [False, True, False]
    """
    kinds, rest, present = (np.asarray(values) for values in (events, others, at_risk))
    _check(kinds, rest, present)
    shown = _fits(kinds[-1], minimum, zeros)
    lost = rest.copy()
    lost[:, 0] += kinds[:, ~shown].sum(axis=1)
    flows = np.concatenate([kinds[:, shown], lost], axis=1)
    allowed = _fits(present, minimum, zeros)
    wanted = np.ones(len(present), np.bool_) if first is None else np.asarray(first, np.bool_)
    end = len(present)
    kept = list(_kept(flows, np.flatnonzero(wanted & allowed), (-1, end), minimum, zeros))
    edges = [-1, *kept, end]
    for low, high in pairwise(edges):
        between = np.arange(low + 1, high)
        kept += _kept(flows, between[allowed[low + 1 : high]], (low, high), minimum, zeros)
    times = np.zeros(end, np.bool_)
    times[kept] = True
    return ThinnedCurves(times, shown)


def applied(
    rules: Rules,
    *,
    groups: int = 0,
    kinds: int = 0,
    times: int = 0,
    percentages: int = 0,
    several: bool = False,
) -> tuple[DisclosureRecord, ...]:
    """What thinning did, for readers.

    Parameters
    ----------
    rules
        The rules.
    groups
        Groups that are not shown.
    kinds
        Curves of rare events that are not shown, in groups that are.
    times
        Times that were left out, of the groups that are shown.
    percentages
        Percentages that were made whole.
    several
        Whether a person may be counted several times; the minimum is one of persons.

    Examples
    --------
    >>> print(applied(Rules("ours", minimum_cell=5), times=2)[-1].text.en)
    times left out, so that no count between two of them is 1-4
    """
    least, most = 0 if rules.zeros else 1, rules.minimum_cell - 1
    small = str(most) if least == most else f"{least}-{most}"
    rare = Text(f"curves of {small} events not shown", f"kurver for {small} hendelser er ikke vist")
    between = Text(
        f"times left out, so that no count between two of them is {small}",
        f"tidspunkter utelatt, så ikke noe antall mellom to av dem er {small}",
    )
    if several:
        rare = Text(
            f"curves of events that may be of {small} persons not shown",
            f"kurver for hendelser som kan gjelde {small} personer, er ikke vist",
        )
        between = Text(
            f"times left out, so that no count between two of them may be of {small} persons",
            f"tidspunkter utelatt, så ikke noe antall mellom to av dem kan gjelde {small} personer",
        )
    limit = smallest_group(rules)
    found = [
        DisclosureRecord(
            "minimum_population",
            Text(
                f"groups of fewer than {limit} persons not shown",
                f"grupper med færre enn {limit} personer er ikke vist",
            ),
            groups,
        )
    ]
    if rules.minimum_cell:
        found += [
            DisclosureRecord("minimum_cell", rare, kinds),
            DisclosureRecord("curves", between, times),
        ]
    if rules.whole_percent_below:
        found.append(whole_percentages(rules, percentages))
    return tuple(found)


def smallest_group(rules: Rules) -> int:
    """How many persons a group must have for any of its curves to be shown.

    Parameters
    ----------
    rules
        The rules.

    Examples
    --------
    >>> smallest_group(Rules("ours", minimum_cell=3))
    3
    """
    return max(rules.minimum_population, rules.minimum_cell)


def _check(events: Counts, others: Counts, at_risk: Counts) -> None:
    rows = len(at_risk) + 1
    for name, values in (("events", events), ("others", others)):
        if values.ndim != 2 or len(values) != rows or not values.shape[1]:
            raise UsageError(
                f"has no row for each of {len(at_risk)} times and one for the end",
                where="thin",
                column=name,
            )
        steps = np.diff(values, axis=0, prepend=np.zeros((1, values.shape[1]), values.dtype))
        if values.dtype.kind not in "iu" or (steps < 0).any():
            raise UsageError("holds no whole counts that only rise", where="thin", column=name)


def _fits(counts: Counts, minimum: int, zeros: bool) -> Flags:
    fits: Flags = counts >= minimum
    return fits if zeros else fits | (counts == 0)


def _kept(
    flows: Counts, candidates: Iterable[np.intp], ends: tuple[int, int], minimum: int, zeros: bool
) -> list[int]:
    """Those of the candidates between two rows that leave no small count on either side."""
    low, high = ends
    before = flows[low] if low >= 0 else np.zeros_like(flows[0])
    kept = []
    if not _fits(flows[high] - before, minimum, zeros).all():
        return []
    for row in candidates:
        both = np.stack([flows[row] - before, flows[high] - flows[row]])
        if _fits(both, minimum, zeros).all():
            kept.append(int(row))
            before = flows[row]
    return kept
