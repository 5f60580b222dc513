"""Log-linear models of several lists: a set of models with their estimates, never one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import xlogy
from scipy.stats import chi2

from folkestrom.errors import UsageError
from folkestrom.quality.lists.two import check_overlap

Floats = NDArray[np.float64]
#: Lists, by number, that depend on one another.
Term = tuple[int, ...]

#: Of more lists there are too many models to show.
MOST_LISTS = 5
#: Of so many lists, every hierarchical model is fitted; of more, those of pairs.
_EVERY_MODEL = 4
_STEPS, _CLOSE = 200, 1e-12
#: An estimate of so many times those on the lists is none.
FAR = 1e7


@dataclass(frozen=True, slots=True)
class Lists:
    """How many persons are on each combination of lists.

    Parameters
    ----------
    names
        What the lists are called.
    patterns
        1 on a list, 0 not: (patterns, lists). All combinations but that of no list.
    counts
        Persons of each: (patterns,).
    """

    names: tuple[str, ...]
    patterns: NDArray[np.int64]
    counts: Floats

    @property
    def observed(self) -> float:
        """Persons on any list."""
        return float(self.counts.sum())

    def seen(self, times: int) -> int:
        """Persons on so many lists.

        Parameters
        ----------
        times
            How many.
        """
        return int(self.counts[self.patterns.sum(axis=1) == times].sum())


@dataclass(frozen=True, slots=True)
class Model:
    """One model, and how many there are by it.

    Parameters
    ----------
    name
        The lists that depend on one another: "a×b, c"; "independence".
    total
        On a list or on none.
    lower, upper
        Interval by the profile of the likelihood (Cormack 1992, *Biometrics* 48, 567–576).
    deviance, freedom
        Distance from the counts, and its degrees of freedom.
    aic, bic
        Deviance with 2, or the logarithm of persons, for each parameter.
    weight
        Share of the model in the set, by BIC.
    """

    name: str
    total: float
    lower: float
    upper: float
    deviance: float
    freedom: int
    aic: float
    bic: float
    weight: float = math.nan


def lists_of(names: Sequence[str], counts: Mapping[Term, float]) -> Lists:
    """Lists of counts by combination; a combination without a count has nobody.

    Parameters
    ----------
    names
        What the lists are called.
    counts
        Persons by combination, 1 on a list and 0 not.

    Raises
    ------
    UsageError
        Too few or too many lists; lists that say nothing of one another.

    Examples
    --------
    >>> lists_of(["a", "b"], {(1, 1): 50, (1, 0): 150, (0, 1): 200}).observed
    400.0
    """
    size = len(names)
    if not 2 <= size <= MOST_LISTS or len(set(names)) < size:
        raise UsageError(
            "is not a set of lists", where="lists", value=", ".join(names),
            allowed=f"2 to {MOST_LISTS} lists, each with a name of its own",
            next_step="Put lists together that were made alike",
        )  # fmt: skip
    every = [tuple(int(bit) for bit in np.binary_repr(n, size)) for n in range(1, 2**size)]
    for pattern, number in counts.items():
        if tuple(pattern) not in every or not (number >= 0 and math.isfinite(number)):
            raise UsageError(
                "is not a number of persons on a combination of the lists", where="lists",
                value=f"{pattern}: {number:g}",
                allowed=f"{size} times 0 or 1, at least one of them 1, and numbers from 0",
            )  # fmt: skip
    found = Lists(tuple(names), np.array(every), np.array([float(counts.get(p, 0)) for p in every]))
    _check_lists(found)
    return found


def _check_lists(lists: Lists) -> None:
    on = lists.patterns.astype(bool)
    if len(lists.names) > 2 and not lists.counts[on.sum(axis=1) > 1].sum():
        check_overlap(lists.names[0], "the other lists", 0, 1, 1)
    for one, other in combinations(range(len(lists.names)), 2):
        both, first, second = (
            float(lists.counts[found].sum())
            for found in (
                on[:, one] & on[:, other], on[:, one] & ~on[:, other], on[:, other] & ~on[:, one]
            )
        )  # fmt: skip
        # Two of several lists may have nobody in common.
        if both or len(lists.names) == 2:
            check_overlap(lists.names[one], lists.names[other], both, first, second)


def models(lists: Lists, *, level: float = 0.95) -> list[Model]:
    """Every model that can be fitted, the best by BIC first.

    Of up to four lists all hierarchical models but the one of as many parameters as combinations
    with all lists; of five those of pairs (Bishop, Fienberg & Holland 1975, *Discrete Multivariate
    Analysis*, chapter 6). Models of pairs of lists that share nobody are left out: there is no
    estimate of their dependence.

    Parameters
    ----------
    lists
        The counts.
    level
        Of the intervals.
    """
    size = len(lists.names)
    found = []
    for terms in hierarchical(size):
        if not all(shared(lists, term) for term in terms):
            continue
        made = fitted(lists, terms, level=level)
        if made.total < FAR * max(lists.observed, 1):
            found.append(made)
    least = min(model.bic for model in found)
    shares = np.array([math.exp((least - model.bic) / 2) for model in found])
    shares /= shares.sum()
    weighed = [
        Model(m.name, m.total, m.lower, m.upper, m.deviance, m.freedom, m.aic, m.bic, float(share))
        for m, share in zip(found, shares, strict=True)
    ]
    return sorted(weighed, key=lambda model: (model.bic, model.name))


def shared(lists: Lists, term: Term) -> bool:
    """Whether anybody is on all lists of a term, without whom there is no estimate of it.

    Parameters
    ----------
    lists, term
        The counts, and lists by number.
    """
    return bool(lists.counts[lists.patterns[:, term].all(axis=1)].sum())


def hierarchical(size: int) -> list[tuple[Term, ...]]:
    """Sets of terms of two lists and more, each with all that it is made of.

    Parameters
    ----------
    size
        How many lists.

    Examples
    --------
    >>> hierarchical(3)[:3], len(hierarchical(3))
    ([(), ((0, 1),), ((0, 2),)], 8)
    """
    most = size - 1 if size <= _EVERY_MODEL else 2
    terms = list(
        chain.from_iterable(combinations(range(size), order) for order in range(2, most + 1))
    )
    found: list[frozenset[Term]] = [frozenset()]
    for term in terms:
        needs = set(combinations(term, len(term) - 1)) if len(term) > 2 else set()
        found += [made | {term} for made in found if needs <= made]
    return [tuple(sorted(made, key=lambda t: (len(t), t))) for made in found]


def fitted(lists: Lists, terms: Iterable[Term] = (), *, level: float | None = 0.95) -> Model:
    """One model, by Poisson likelihood, with the interval of its profile.

    Parameters
    ----------
    lists
        The counts.
    terms
        Lists that depend on one another, by number: `[(0, 1)]`, the first and the second.
    level
        Of the interval; None: there is none, which takes much less time.

    Examples
    --------
    >>> two = lists_of(["a", "b"], {(1, 1): 50, (1, 0): 150, (0, 1): 200})
    >>> round(fitted(two).total)
    1000
    """
    terms = tuple(terms)
    size = len(lists.names)
    used = [*((n,) for n in range(size)), *terms]
    design = _design(lists.patterns, used)
    if design.shape[1] > len(lists.counts):
        raise UsageError(
            "has more parameters than there are combinations", where="terms",
            value=model_name(lists.names, terms), allowed="fewer dependences",
        )  # fmt: skip
    means, parameters = _poisson(design, lists.counts)
    unseen = math.exp(min(parameters[0], 700.0))
    deviance = _deviance(lists.counts, means)
    freedom = len(lists.counts) - design.shape[1]
    lower = upper = math.nan
    if level is not None:
        lower, upper = _profile(lists, design, unseen, level)
    said = deviance + 2 * design.shape[1]
    bic = deviance + math.log(max(lists.observed, 1)) * design.shape[1]
    return Model(
        model_name(lists.names, terms), lists.observed + unseen, lower, upper, deviance, freedom,
        said, bic,
    )  # fmt: skip


def model_name(names: Sequence[str], terms: Sequence[Term]) -> str:
    """What a model is called: "a×b, c×d"; "independence".

    Parameters
    ----------
    names
        What the lists are called.
    terms
        Lists that depend on one another, by number.
    """
    inside = [t for t in terms if not any(set(t) < set(other) for other in terms)]
    return ", ".join("×".join(names[n] for n in term) for term in inside) or "independence"


def _design(patterns: NDArray[np.int64], terms: Sequence[Term]) -> Floats:
    return np.column_stack(
        [np.ones(len(patterns)), *(patterns[:, term].all(axis=1) for term in terms)]
    ).astype(np.float64)


def _poisson(design: Floats, counts: Floats) -> tuple[Floats, Floats]:
    """Means and parameters of a log-linear model, by iteratively reweighted least squares."""
    means: Floats = counts + 0.5
    parameters: Floats = np.zeros(design.shape[1])
    before = np.inf
    for _ in range(_STEPS):
        root = np.sqrt(means)
        worked = np.log(means) + (counts - means) / means
        solved = np.linalg.lstsq(design * root[:, None], worked * root, rcond=None)[0]
        parameters = solved.astype(np.float64)
        means = np.asarray(np.exp(np.clip(design @ parameters, -30, 700)))
        deviance = _deviance(counts, means)
        if abs(before - deviance) <= _CLOSE * (1 + deviance):
            break
        before = deviance
    return means, parameters


def _deviance(counts: Floats, means: Floats) -> float:
    ratio = np.where(counts > 0, counts / means, 1.0)
    return float(2 * (xlogy(counts, ratio) - (counts - means)).sum())


def _profile(lists: Lists, design: Floats, unseen: float, level: float) -> tuple[float, float]:
    """Numbers of all for which the deviance, with those on no list given, is not too far."""
    whole = np.vstack([design, np.eye(1, design.shape[1])])

    def above(number: float) -> float:
        counts = np.append(lists.counts, number)
        return _deviance(counts, _poisson(whole, counts)[0]) - least

    least = 0.0
    least = above(unseen) + float(chi2.ppf(level, 1))
    low = 0.0 if above(0.0) <= 0 else float(brentq(above, 0.0, unseen, xtol=1e-3))
    high = 2 * unseen + 1
    while above(high) < 0:
        high *= 2
        if high > FAR * (lists.observed + 1):
            return lists.observed + low, math.inf
    found = float(brentq(above, unseen, high, xtol=1e-3))
    return lists.observed + low, lists.observed + found
