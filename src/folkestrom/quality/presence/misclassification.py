"""How many are gone, of how many seem to be: errors of a threshold, measured and corrected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from folkestrom.errors import UsageError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: So many who are known to have left say how many of them seem to be gone.
LEAST_GONE: Final = 10
#: So many points stand for the distribution of what a model says.
_POINTS: Final = 1_000
#: Variance of a share of which nothing is known.
_UNKNOWN: Final = 1e6


@dataclass(frozen=True, slots=True)
class Estimates:
    """Numbers of persons by group, each with its interval.

    Parameters
    ----------
    total, lower, upper
        By group: (groups,).
    """

    total: Floats
    lower: Floats
    upper: Floats


@dataclass(frozen=True, slots=True)
class Share:
    """A share of the known persons of a stratum who fall below a threshold.

    Parameters
    ----------
    value
        By stratum: (strata,).
    variance
        Of the estimate. Persons who are looked at on several days are clusters.
    """

    value: Floats
    variance: Floats


def share_below(
    below: NDArray[np.bool_], person: Integers, stratum: Integers, strata: int
) -> Share:
    """Shares below, of rows that have several of one person.

    The variance is at least that with a gamma prior of shape one half and the mean of all strata: a
    stratum of which nobody is below is not sure to have none, and small ones do not add up to many.

    Parameters
    ----------
    below, person, stratum
        By row.
    strata
        How many.

    Examples
    --------
    >>> found = share_below(np.arange(100) < 20, np.arange(100), np.zeros(100, int), 1)
    >>> found.value.round(2).tolist(), np.sqrt(found.variance).round(3).tolist()
    ([0.2], [0.04])
    """
    rows = np.bincount(stratum, minlength=strata).astype(float)
    some = np.maximum(rows, 1)
    value = np.bincount(stratum, weights=below, minlength=strata) / some
    pooled = (below.sum() + 0.5) / (len(below) + 1)
    value = np.where(rows > 0, value, pooled)
    # What is left of each person in each stratum: persons are independent, their days are not.
    pairs, place = np.unique(person * strata + stratum, return_inverse=True)
    rest = np.bincount(place, weights=below - value[stratum], minlength=len(pairs))
    clustered = np.bincount(pairs % strata, weights=rest**2, minlength=strata) / some**2
    prior = rows + 0.5 / pooled
    smooth = (value * rows + 0.5) / prior
    return Share(value, np.maximum(clustered, smooth * (1 - smooth) / prior))


def corrected(
    below: Integers, persons: Integers, present: Share, gone: Share, *, level: float = 0.95,
    held_up: tuple[float, float] = (0.0, 0.0),
) -> Estimates:  # fmt: skip
    """Persons who are gone, by group, corrected for those who seem so or do not.

    Rogan & Gladen (1978), *American Journal of Epidemiology* 107, 71-76, in strata. The interval
    holds the numbers that would not be rejected: a score interval, with what is not known of both
    shares.

    Parameters
    ----------
    below, persons
        Those below the threshold, and all: (groups, strata).
    present, gone
        Share below of those who are present, by stratum, and of those who are gone: one stratum.
    level
        Of the intervals.
    held_up
        So many of those who are gone are not below besides, with the variance.

    Raises
    ------
    UsageError
        Nobody below, or all; a threshold that those who are gone pass as often as others.

    Examples
    --------
    >>> present, gone = Share(np.array([0.02]), np.zeros(1)), Share(np.array([0.9]), np.zeros(1))
    >>> found = corrected(np.array([[64]]), np.array([[1000]]), present, gone)
    >>> found.total.round(6).tolist(), found.lower.round().tolist(), found.upper.round().tolist()
    ([50.0], [39.0], [61.0])
    """
    check_threshold(int(below.sum()), int(persons.sum()))
    everybody = persons.sum(axis=1).astype(float)
    some = np.maximum(everybody, 1)
    expected = persons @ present.value
    mean = expected / some
    detected, uncertain = float(gone.value[0]), float(gone.variance[0])
    tells = detected - mean
    if not (tells[everybody > 0] > 0).all():
        raise UsageError(
            "is a threshold that those who are gone pass as often as others", where="threshold",
            allowed="one that tells them apart", next_step="Try others, or other signs",
        )  # fmt: skip
    more = below.sum(axis=1) - expected + held_up[0]
    squared = float(norm.ppf((1 + level) / 2)) ** 2
    chance = persons @ (present.value * (1 - present.value))
    known = persons.astype(float) ** 2 @ present.variance
    # (more - tells G)² = z² (variance of the count, if G are gone): an equation of second degree.
    share = known / some
    second = tells**2 - squared * (uncertain + share / some)
    first = -2 * more * tells - squared * (
        detected * (1 - detected) - chance / some - 2 * share
    )  # fmt: skip
    last = more**2 - squared * (chance + known + held_up[1])
    root = np.sqrt(np.maximum(first**2 - 4 * second * last, 0))
    safe = np.where(second > 0, second, 1)
    lower = np.where(second > 0, (-first - root) / (2 * safe), 0)
    upper = np.where(second > 0, (-first + root) / (2 * safe), everybody)
    lower, upper, total = (np.clip(n, 0, everybody) for n in (lower, upper, more / tells))
    return Estimates(total, lower, upper)


def check_threshold(below: int, persons: int) -> None:
    """Refuse a threshold that tells nobody from anybody.

    Parameters
    ----------
    below, persons
        How many are below it, and all.
    """
    if 0 < below < persons:
        return
    who = "everybody passes" if below == 0 else "nobody passes"
    step = "a higher one" if below == 0 else "a lower one"
    raise UsageError(
        f"is a threshold that {who}: it says nothing of who has left", where="threshold",
        allowed="one that some pass and some do not",
        next_step=f"Ask for {step}, for fewer or other signs, or for another method",
    )  # fmt: skip


def averaged(
    found: Sequence[Estimates], weights: Sequence[float], *, level: float = 0.95
) -> Estimates:
    """What a set of models says together: none of them is known to be the right one.

    Their weighted mean, and an interval of the mixture of what each says (Buckland, Burnham &
    Augustin 1997, *Biometrics* 53, 603-618), each with two halves of normal distributions by its
    ends. Models that say nothing of a group are left out of it.

    Parameters
    ----------
    found, weights
        Of each model.
    level
        That of the intervals, and of those of the result.

    Examples
    --------
    >>> one = Estimates(np.array([50.0]), np.array([40.0]), np.array([60.0]))
    >>> other = Estimates(np.array([70.0]), np.array([60.0]), np.array([80.0]))
    >>> both = averaged([one, other], [1, 1])
    >>> both.total.tolist(), both.lower.round().tolist(), both.upper.round().tolist()
    ([60.0], [42.0], [78.0])
    """
    total, lower, upper = (
        np.array([getattr(one, name) for one in found]) for name in ("total", "lower", "upper")
    )
    weight = np.where(np.isnan(total), 0, np.asarray(weights, float)[:, None])
    tail = (1 - level) / 2
    normal = norm.ppf((np.arange(_POINTS) + 0.5) / _POINTS)[:, None, None] / norm.ppf(1 - tail)
    # An end without bound is as far at every point: infinity times nothing would be no number.
    away = np.where(normal > 0, upper - total, total - lower)
    points = np.nan_to_num(total + normal * away, nan=0.0, posinf=np.inf)
    points = points.reshape(-1, total.shape[1])
    order = np.argsort(points, axis=0)
    share = np.take_along_axis(np.tile(weight, (_POINTS, 1)), order, axis=0).cumsum(axis=0)
    ends = [
        np.take_along_axis(
            points, np.take_along_axis(order, (share < part * share[-1]).sum(0)[None], 0), 0
        )[0]
        for part in (tail, 1 - tail)
    ]  # fmt: skip
    whole = weight.sum(axis=0)
    mean = (weight * np.nan_to_num(total)).sum(axis=0) / np.where(whole > 0, whole, np.nan)
    said = np.where(whole > 0, 1.0, np.nan)
    return Estimates(mean, *(end * said for end in ends))


def shrunk(found: Estimates, persons: Floats, *, level: float = 0.95) -> Estimates:
    """Estimates of small areas, each drawn to the mean of all as far as it is not to be believed.

    Fay & Herriot (1979), *JASA* 74, 269-277, of shares with one mean; its variance by moments that
    weigh each area by what it is sure of (DerSimonian & Laird 1986), and the errors by Prasad & Rao
    (1990), *JASA* 85, 163-171. The variance of an area is by its persons, as in the area where half
    of all persons are in surer ones, and no less than that of a Poisson count: the intervals
    themselves go with the estimates, so that areas where none are found seemed surest. Areas
    without an estimate have the mean.

    Parameters
    ----------
    found
        The direct estimates.
    persons
        Persons of each group.
    level
        That of the intervals, and of those of the result.

    Examples
    --------
    >>> direct = Estimates(np.array([0.0, 50.0]), np.array([0.0, 30.0]), np.array([20.0, 70.0]))
    >>> shrunk(direct, np.array([100.0, 1000.0])).total.round(1).tolist()
    [2.1, 47.9]
    """
    normal = float(norm.ppf((1 + level) / 2))
    many, known = np.maximum(persons, 1), ~np.isnan(found.total)
    share = np.where(known, found.total / many, 0)
    each = ((found.upper - found.lower)[known] / (2 * normal)) ** 2 / many[known]
    order = np.argsort(each)
    half = np.searchsorted(many[known][order].cumsum(), many[known].sum() / 2)
    least = found.total[known].sum() / many[known].sum()
    variance = np.where(known, max(each[order[half]], least, 1e-12) / many, _UNKNOWN)
    precision = 1 / variance
    around = precision @ (share - precision @ share / precision.sum()) ** 2 - (known.sum() - 1)
    scale = precision.sum() - (precision**2).sum() / precision.sum()
    between = max(float(around / scale), 0.0) if known.sum() > 1 else 0.0
    weight = 1 / (between + variance)
    mean = float((weight * share).sum() / weight.sum())
    own = between * weight
    total = own * share + (1 - own) * mean
    error = own * variance + (1 - own) ** 2 / weight.sum()
    error += 2 * variance**2 * weight**3 * 2 / (weight**2).sum()
    away = normal * np.sqrt(error)
    return Estimates(
        np.clip(total, 0, 1) * persons, np.clip(total - away, 0, 1) * persons,
        np.clip(total + away, 0, 1) * persons,
    )  # fmt: skip
