"""Two lists of the same persons, and the lower bound of how many none has."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, log, sqrt

from scipy.stats import norm

from folkestrom.errors import UsageError


@dataclass(frozen=True, slots=True)
class Estimate:
    """How many there are.

    Parameters
    ----------
    total
        On a list or on none.
    se
        Its standard error.
    lower, upper
        Interval of confidence.
    """

    total: float
    se: float
    lower: float
    upper: float


def two_lists(
    first: int, second: int, both: int, *, method: str = "chapman", level: float = 0.95
) -> Estimate:
    """How many there are, of two lists of which neither says who is on the other.

    Parameters
    ----------
    first, second, both
        Persons on the one, the other, and both.
    method
        "chapman" (1951), nearly unbiased, or "lincoln-petersen". Variances: Seber (1982), *The
        Estimation of Animal Abundance*, section 3.1.
    level
        Of the interval, which is log-normal in those on no list (Burnham & others 1987).

    Raises
    ------
    UsageError
        Nobody is on both; one list has all of the other; what cannot be counted.

    Examples
    --------
    >>> two_lists(200, 250, 50, method="lincoln-petersen").total
    1000.0
    >>> round(two_lists(200, 250, 50).total, 2)
    988.24
    """
    if not 0 <= both <= min(first, second):
        raise UsageError(
            "is not the number of persons on both lists", where="both", value=both,
            allowed=f"0 to {min(first, second)}, the shorter list",
        )  # fmt: skip
    check_overlap("the first", "the second", both, first - both, second - both)
    if method == "chapman":
        product = (first + 1) * (second + 1)
        total = product / (both + 1) - 1
        variance = product * (first - both) * (second - both) / ((both + 1) ** 2 * (both + 2))
    elif method == "lincoln-petersen":
        total = first * second / both
        variance = first * second * (first - both) * (second - both) / both**3
    else:
        raise UsageError(
            "is not a method", where="method", value=method, allowed=("chapman", "lincoln-petersen")
        )
    return log_normal(total, first + second - both, variance, level)


def lower_bound(
    once: int, twice: int, observed: int, *, corrected: bool = False, level: float = 0.95
) -> Estimate:
    """At least how many there are, whoever is easier to find than others.

    Chao (1987), *Biometrics* 43, 783–791.

    Parameters
    ----------
    once, twice
        Persons seen once and twice, or on one list and on two.
    observed
        Persons seen at all.
    corrected
        Corrected for bias, which needs nobody seen twice.
    level
        Of the interval, log-normal in those not seen.

    Raises
    ------
    UsageError
        Nobody seen twice; fewer observed than seen once and twice.

    Examples
    --------
    >>> round(lower_bound(1645, 183, 1880).total, 4)
    9273.5109
    """
    if min(once, twice) < 0 or observed < once + twice:
        raise UsageError(
            "is fewer than were seen once and twice", where="observed", value=observed,
            allowed=f"from {max(once, 0) + max(twice, 0)}",
        )  # fmt: skip
    if not corrected and twice == 0:
        raise UsageError(
            "has nobody seen twice, and the bound is infinite", where="twice", value=twice,
            allowed="numbers from 1", next_step="Ask for the estimate that is corrected for bias",
        )  # fmt: skip
    if corrected:
        unseen = once * (once - 1) / (2 * (twice + 1))
        variance = unseen + once * (2 * once - 1) ** 2 / (4 * (twice + 1) ** 2)
        variance += once**2 * twice * (once - 1) ** 2 / (4 * (twice + 1) ** 4)
    else:
        ratio = once / twice
        unseen = once * ratio / 2
        variance = twice * (ratio**2 / 2 + ratio**3 + ratio**4 / 4)
    return log_normal(observed + unseen, observed, variance, level)


def log_normal(total: float, observed: float, variance: float, level: float) -> Estimate:
    """An estimate with the interval that is log-normal in those who were not seen.

    Parameters
    ----------
    total, observed
        All, and those seen.
    variance
        Of the total.
    level
        Of the interval.
    """
    if not 0 < level < 1:
        raise UsageError("is not a level", where="level", value=level, allowed="between 0 and 1")
    unseen = total - observed
    if unseen <= 0:
        return Estimate(total, sqrt(variance), observed, observed if variance == 0 else inf)
    width = exp(float(norm.ppf((1 + level) / 2)) * sqrt(log(1 + variance / unseen**2)))
    return Estimate(total, sqrt(variance), observed + unseen / width, observed + unseen * width)


def check_overlap(one: str, other: str, both: float, only_one: float, only_other: float) -> None:
    """Refuse two lists that say nothing of whom both miss.

    Parameters
    ----------
    one, other
        What the lists are called.
    both, only_one, only_other
        Persons on both, and on one of them alone.
    """
    if both == 0:
        raise UsageError(
            f"{one} and {other} do not overlap: nobody is on both", where="lists",
            allowed="lists of the same population, with persons linked across them",
            next_step="Check the linkage; if it is right, add their numbers, and use a third list",
        )  # fmt: skip
    if only_one == 0 or only_other == 0:
        inner, outer = (one, other) if only_one == 0 else (other, one)
        raise UsageError(
            f"{outer} contains {inner}: it seems to be made from it, and says nothing of whom "
            "it misses",
            where="lists", allowed="lists that were made apart from one another",
            next_step=f"Leave {inner} out, and use another list",
        )  # fmt: skip
