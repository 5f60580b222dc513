"""Events that are still to be known of a period, by component and place: estimates and draws.

What is known of a year on one day of it, and what became known afterwards of earlier years, on the
same days of each. Late reports are estimated from both of what a chain ladder and what an expected
level say; events of the days that remain from the level of the year so far.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from folkestrom.errors import UsageError
from folkestrom.quality.delays.distribution import counts_drawn
from folkestrom.quality.delays.triangle import Floats

#: With fewer years nothing shows by how much they differ.
LEAST_YEARS: Final = 2
#: How many years the common dispersion of all components counts beside those of each.
_PRIOR_YEARS: Final = 4
#: Over how many years the level of a place is taken.
_LEVEL_YEARS: Final = 3


@dataclass(frozen=True, slots=True)
class Reported:
    """Counts of several years, the one to estimate last.

    Parameters
    ----------
    known
        Events of the year so far that were known on its day of knowledge, by their age on it:
        (years, ages, components, places).
    late
        Events from before the day of knowledge that became known after it, less those that were
        annulled: by age, and last those from before the year; 0 of the year to estimate:
        (years, ages + 1, components, places).
    rest
        Events of the days that remained, likewise: (years, components, places).
    population
        Persons of each place: (years, places).
    """

    known: Floats
    late: Floats
    rest: Floats
    population: Floats

    def until(self, year: int) -> Reported:
        """The counts as of an earlier year.

        Parameters
        ----------
        year
            Its number; all years before it come along.
        """
        past = slice(0, year + 1)
        return Reported(self.known[past], self.late[past], self.rest[past], self.population[past])

    @property
    def new(self) -> Floats:
        """All that became known: (years, components, places)."""
        return np.asarray(self.late.sum(axis=1) + self.rest)


@dataclass(frozen=True, slots=True)
class Balance:
    """Two components of one event: who leaves one place of a group reaches another of it.

    Parameters
    ----------
    arrivals, departures
        Numbers of the components.
    groups
        Group of each place: (places,).
    """

    arrivals: int
    departures: int
    groups: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Outstanding:
    """What is still to become known.

    Parameters
    ----------
    expected
        By component and place: (components, places).
    draws
        Draws of it: (draws, components, places).
    """

    expected: Floats
    draws: Floats


def outstanding(
    counts: Reported,
    classes: NDArray[np.int64],
    balances: Sequence[Balance] = (),
    *,
    draws: int = 1_000,
    seed: int = 1,
) -> Outstanding:
    """What is still to become known, with what is likely.

    Late reports by age: Benktander's credibility mixture of the chain ladder and the expected level
    (Mack 2000, *ASTIN Bulletin* 30, 333–347). Dispersion of totals: prediction errors of past
    years, each left out in turn, shrunk towards those of all components; of places: Pearson's,
    around what would have been expected of them. Places are negative binomial, and add up to the
    totals.

    Parameters
    ----------
    counts
        What was known of this year and earlier ones.
    classes
        Size class of each place, in which reporting is alike: (places,).
    balances
        Components that must be equal in sum.
    draws, seed
        How many draws, and what makes them the same again.

    Raises
    ------
    UsageError
        Fewer than two past years.
    """
    past = len(counts.known) - 1
    if past < LEAST_YEARS:
        raise UsageError(
            "are too few past years: nothing shows by how much they differ", where="years",
            value=past, allowed=f"from {LEAST_YEARS}",
            next_step="Use a method that goes by the last December, or a later knowledge date",
        )  # fmt: skip
    totals = expected_totals(counts)
    shares = _shares(counts, classes)
    expected = _balanced((totals[:, None] * shares)[None], balances)[0]
    generator = np.random.default_rng(seed)
    spread, freedom = _spread_of_totals(counts, totals)
    drawn = totals + spread * generator.standard_t(freedom, (draws, len(totals)))
    mean = np.maximum(drawn, 0)[:, :, None] * shares
    dispersion = _dispersion_of_places(counts, classes)[:, classes]
    found = counts_drawn(generator, mean, dispersion)
    found *= _ratio(mean.sum(axis=-1), found.sum(axis=-1))[:, :, None]
    return Outstanding(expected, _balanced(found, balances))


def expected_totals(counts: Reported, leave: int | None = None) -> Floats:
    """What is still to become known of the last year, or of one that is left out, in all places.

    Parameters
    ----------
    counts
        As for `outstanding`.
    leave
        Number of a past year to estimate from all others; None: the last year from all before.

    Returns
    -------
    (components,).
    """
    past = np.delete(np.arange(len(counts.known) - 1), [] if leave is None else [leave])
    now = len(counts.known) - 1 if leave is None else leave
    known, late = counts.known.sum(axis=-1), counts.late.sum(axis=-1)
    return _mixed(known, late, counts.rest.sum(axis=-1), past, known[now])


def _mixed(
    known: Floats, late: Floats, rest: Floats, past: NDArray[np.int64], now: Floats
) -> Floats:
    """Late reports by age, and the rest of the year; `now` is (ages, components, …)."""
    level = known[past].sum(axis=(0, 1))
    here = now.sum(axis=0)
    by_level = _ratio(late[past].sum(axis=0), level)
    grown = _ratio(late[past, :-1].sum(axis=0), known[past].sum(axis=0))
    developed = 1 / (1 + np.maximum(grown, 0))
    if now.ndim > by_level.ndim:
        by_level, grown, developed = by_level[..., None], grown[..., None], developed[..., None]
        remaining = _ratio(rest[past].sum(axis=0), level)[:, None]
    else:
        remaining = _ratio(rest[past].sum(axis=0), level)
    late_now = developed * grown * now + (1 - developed) * by_level[:-1] * here
    return np.asarray(late_now.sum(axis=0) + (by_level[-1] + remaining) * here)


def _shares(counts: Reported, classes: NDArray[np.int64]) -> Floats:
    """Share of each place in what is still to become known: (components, places).

    Each place by its own level over some years, as far as that is to be believed, times what its
    size class has had more or less than the nation.
    """
    first = max(0, len(counts.known) - _LEVEL_YEARS)
    level = counts.known[first:].sum(axis=1)
    people = counts.population[first:, None, :]
    rate = _ratio(_by(level, classes), _by(people, classes))[..., classes]
    expected = (rate * people).sum(axis=0)
    believed = expected * credible(level.sum(axis=0), expected)
    past = np.arange(len(counts.known) - 1)
    of_classes = counts.known.sum(axis=-1), counts.late.sum(axis=-1), counts.rest.sum(axis=-1)
    in_class = _by(counts.known, classes)
    said = np.array([_mixed(*of_classes, past, in_class[year]) for year in (*past, len(past))])
    more = credible(_by(counts.new[:-1], classes).sum(axis=0), said[:-1].sum(axis=0))
    of_class = (said[-1] * more)[:, classes]
    shares = of_class * _ratio(believed, _by(believed, classes)[:, classes])
    return _ratio(np.maximum(shares, 0), np.maximum(shares, 0).sum(axis=1, keepdims=True))


def credible(counts: Floats, expected: Floats) -> Floats:
    """How many times what is expected, as far as counts are to be believed.

    Gamma multipliers of Poisson counts with the variance by moments (Bühlmann & Straub 1970): few
    counts stay near 1, many are as they are.

    Parameters
    ----------
    counts, expected
        By component and unit: (components, units).

    Examples
    --------
    >>> expected = np.array([[1.0, 1.0, 1000.0, 1000.0]])
    >>> credible(np.array([[2.0, 0.0, 1500.0, 500.0]]), expected).round(1).tolist()
    [[1.2, 0.8, 1.5, 0.5]]
    """
    some = np.where(expected > 0, expected, 0)
    excess = ((counts - expected) ** 2 - expected) * (expected > 0)
    variance = np.maximum(_ratio(excess.sum(axis=1), (some**2).sum(axis=1)), 1e-12)[:, None]
    return np.asarray((np.maximum(counts, 0) * variance + 1) / (some * variance + 1))


def _spread_of_totals(counts: Reported, totals: Floats) -> tuple[Floats, int]:
    """Standard errors of the totals, and degrees of freedom that they are known by."""
    past = len(counts.known) - 1
    actual = counts.new[:-1].sum(axis=-1)
    errors = np.array([expected_totals(counts, year) for year in range(past)]) - actual
    standard = errors**2 / np.maximum(np.abs(actual), 1)
    own, common = standard.mean(axis=0), standard.mean()
    shrunk = (past * own + _PRIOR_YEARS * common) / (past + _PRIOR_YEARS)
    return np.sqrt(np.maximum(shrunk, 1) * np.abs(totals)), past + _PRIOR_YEARS - 1


def _dispersion_of_places(counts: Reported, classes: NDArray[np.int64]) -> Floats:
    """Variance of places by what is expected of them, by component and class."""
    squares, freedom = [], []
    for year in range(1, len(counts.known) - 1):
        then = counts.until(year)
        shares = _shares(then, classes)
        actual = counts.new[year]
        expected = shares * actual.sum(axis=1, keepdims=True)
        some = expected > 0
        squares.append(_by(np.where(some, (actual - expected) ** 2, 0), classes))
        freedom.append(_by(np.where(some, expected * (1 - shares), 0), classes))
    found = _ratio(np.sum(squares, axis=0), np.sum(freedom, axis=0))
    return np.maximum(found, 1)


def _balanced(found: Floats, balances: Sequence[Balance]) -> Floats:
    """Arrivals and departures of each group scaled to their mean: (draws, components, places)."""
    found = found.copy()
    for balance in balances:
        pair = [balance.arrivals, balance.departures]
        sums = _by(found[:, pair], balance.groups)
        scale = _ratio(sums.mean(axis=1, keepdims=True), sums)
        found[:, pair] *= scale[:, :, balance.groups]
    return found


def _by(values: Floats, groups: NDArray[np.int64]) -> Floats:
    """Sums by group of places: (…, groups)."""
    belongs = np.zeros((len(groups), int(groups.max(initial=0)) + 1))
    belongs[np.arange(len(groups)), groups] = 1
    return np.asarray(values @ belongs)


def _ratio(part: Floats, whole: Floats) -> Floats:
    """A ratio; 0 where there is nothing."""
    part, whole = np.broadcast_arrays(part, whole)
    return np.divide(part, whole, out=np.zeros(part.shape), where=whole != 0)
