"""Persons who move between states: away, back, away again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from folkestrom import columns
from folkestrom.analysis.followup.counting import Counts, count
from folkestrom.analysis.followup.curves import Curve, Curves, Interval, Scale, bounds
from folkestrom.analysis.followup.product_integral import product_integral
from folkestrom.analysis.followup.subjects import Floats, FollowUp, follow_up
from folkestrom.columns import check_arguments, column_of
from folkestrom.errors import InputRefused, UsageError
from folkestrom.model.names import check_code

_WHERE = "transitions"


def transitions(
    exit: npt.ArrayLike,
    origin: npt.ArrayLike,
    destination: npt.ArrayLike,
    *,
    states: Sequence[str],
    entry: npt.ArrayLike | None = None,
    weight: npt.ArrayLike | None = None,
) -> FollowUp:
    """Check stays in states and take them in: one row a stay over the days (entry, exit].

    Parameters
    ----------
    exit
        The last day of each stay.
    origin
        The state stayed in: a name.
    destination
        The state gone to on that day: a name, or None when the stay was only seen so far.
    states
        Names of all states.
    entry
        The day on which the stay began; day 0 by default.
    weight
        Weights of the rows.

    Returns
    -------
    FollowUp
        Groups are states of origin, and causes are states gone to.

    Examples
    --------
    >>> f = transitions([5, 9], ["home", "away"], ["away", None], entry=[0, 5],
    ...                 states=["home", "away"])
    >>> f.groups, f.causes
    (('home', 'away'), ('home', 'away'))
    """
    check_arguments(transitions, locals())
    if len(set(states)) != len(states) or len(states) < 2:
        raise UsageError(
            "states need names of their own, and there must be two", where=_WHERE, value=states
        )
    origins = _codes(origin, states, "origin")
    destinations = _codes(destination, states, "destination", or_none=True)
    if len(origins) == len(destinations) and (same := int((origins == destinations).sum())):
        raise UsageError(
            f"{same} of {len(origins)} rows go to the state that they are in",
            where=_WHERE,
            column="destination",
            allowed="another state, or None for stays whose end was not seen",
            next_step="Join such rows to one stay.",
        )
    found = follow_up(
        exit, destinations + 1, entry=entry, causes=states, weight=weight, group=origins
    )
    # States that nobody was seen to stay in, such as death, are groups without rows.
    places = np.array(found.groups, np.int32)
    return replace(found, group=places[found.group], groups=tuple(states))


def _codes(
    values: npt.ArrayLike, states: Sequence[str], column: str, *, or_none: bool = False
) -> npt.NDArray[np.int64]:
    given = column_of(values, column, _WHERE)
    missing = given.values.null_count()
    if not given.is_category and missing < len(given):
        raise InputRefused(
            f"holds {given.kind}, and no names of states", where=_WHERE, column=column,
            allowed=list(states),
        )  # fmt: skip
    if missing and not or_none:
        raise InputRefused(
            f"is missing in {missing} of {len(given)} rows", where=_WHERE, column=column,
            allowed=list(states),
        )  # fmt: skip
    found = columns.categories(given, may_miss=True)
    for level in found.levels:
        check_code(
            level, states, "is no known state", where=_WHERE, column=column, error=InputRefused
        )
    place = np.array([*(list(states).index(level) for level in found.levels), -1], np.int64)
    return np.asarray(place[found.codes])


def state_occupation(
    follow: FollowUp,
    *,
    initial: Sequence[float] | None = None,
    interval: Interval = "plain",
    level: float = 0.95,
) -> Curves:
    """The share in each state on each day (Aalen & Johansen 1978).

    Parameters
    ----------
    follow
        What `transitions` returns.
    initial
        The shares before the first day; by default those at risk on the day after the first
        entry.
    interval, level
        As of `kaplan_meier`. Standard errors are Greenwood's: they take rows, or weights, as
        so many persons.

    Examples
    --------
    >>> f = transitions([5, 9, 9, 9], ["home", "home", "away", "home"],
    ...                 ["away", None, "home", None], entry=[0, 0, 5, 0],
    ...                 states=["home", "away"])
    >>> state_occupation(f).of(outcome="away").at([0, 5, 9]).round(4).tolist()
    [0.0, 0.3333, 0.0]
    """
    check_arguments(state_occupation, locals())
    scale = Scale(interval, level)
    counts = count(follow)
    start, own = _initial(counts, initial)
    return _curves(counts, start, own, None, scale, after=0)


def transition_probabilities(
    follow: FollowUp,
    *,
    since: int | None = None,
    interval: Interval = "plain",
    level: float = 0.95,
) -> Curves:
    """Transition probabilities: of each state on each day, given the state on one day.

    Parameters
    ----------
    follow
        What `transitions` returns.
    since
        The day from which on; by default the first day of entry. Groups of the result are the
        states of that day.
    interval, level
        As of `state_occupation`.

    Examples
    --------
    >>> f = transitions([5, 9, 9, 9], ["home", "home", "away", "home"],
    ...                 ["away", None, "home", None], entry=[0, 0, 5, 0],
    ...                 states=["home", "away"])
    >>> transition_probabilities(f, since=5).of("away", "home").at([6, 9]).tolist()
    [0.0, 1.0]
    """
    check_arguments(transition_probabilities, locals())
    scale = Scale(interval, level)
    counts = count(follow)
    after = 0 if since is None else since - follow.first
    if not 0 <= after < follow.last - follow.first:
        raise UsageError(
            "is not a day within the follow-up",
            where=_WHERE,
            column="since",
            value=since,
            allowed=f"{follow.first} to {follow.last - 1}",
        )
    none = np.zeros((len(follow.causes), len(follow.causes)))
    curves: list[Curve] = []
    for number, name in enumerate(follow.causes):
        start = np.zeros(len(follow.causes))
        start[number] = 1.0
        curves += _curves(counts, start, none, name, scale, after=after)
    return Curves(tuple(curves))


def _initial(counts: Counts, given: Sequence[float] | None) -> tuple[Floats, Floats]:
    """Shares before the first day, and their covariance: nothing when they are given."""
    states = len(counts.causes)
    if given is None:
        at_risk = counts.at_risk[:, 1]
        share = at_risk / at_risk.sum()
        covariance = (np.diag(share) - np.outer(share, share)) / at_risk.sum()
        return share, covariance
    share = np.asarray(given, dtype=np.float64)
    if share.shape != (states,) or not (share >= 0).all() or abs(share.sum() - 1) > 1e-9:
        raise UsageError(
            "are not shares of the states",
            where=_WHERE,
            column="initial",
            value=given,
            allowed=f"{states} numbers from 0 up that add up to 1",
        )
    return share, np.zeros((states, states))


def _curves(
    counts: Counts, start: Floats, own: Floats, name: str | None, scale: Scale, *, after: int
) -> Curves:
    moves = np.ascontiguousarray(counts.events[:, after + 1 :])
    at_risk = np.ascontiguousarray(counts.at_risk[:, after + 1 :])
    shares, variances = np.zeros((2, at_risk.shape[1], len(start)))
    product_integral(at_risk, moves, start, own, shares, variances)
    days = np.flatnonzero(counts.rows_left[:, after + 1 :].any(axis=(0, 2)))
    errors = np.sqrt(np.maximum(variances, 0.0))
    curves = []
    for number, state in enumerate(counts.causes):
        estimate, se = shares[days, number], errors[days, number]
        lower, upper = bounds(estimate, se, scale)
        curves.append(
            Curve(
                group=name,
                outcome=state,
                start=float(start[number]),
                until=_until(counts),
                time=days + counts.first + after + 1,
                at_risk=at_risk[number, days],
                events=moves[:, days, number].sum(axis=0),
                censored=counts.censored[number, days + after + 1],
                estimate=estimate,
                se=se,
                lower=lower,
                upper=upper,
            )
        )
    return Curves(tuple(curves))


def _until(counts: Counts) -> float:
    """The last day of exit, or later when those who left then all went to where none leave."""
    last = counts.rows_left.shape[1] - 1
    censored = counts.rows_left[:, last, 0].sum()
    absorbing = counts.rows_left.sum(axis=(1, 2)) == 0
    went = counts.rows_left[:, last, 1:].sum(axis=0)
    return math.inf if not censored and not went[~absorbing].sum() else float(counts.first + last)
