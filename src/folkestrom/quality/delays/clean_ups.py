"""Those whom only a clean-up finds: how many it leaves, by how fewer each one finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import expit

from folkestrom.errors import UsageError
from folkestrom.quality.delays.triangle import Floats

_GRID: Final = np.linspace(-6, 6, 1201)


@dataclass(frozen=True, slots=True)
class Left:
    """Who is left after clean-ups, in draws of what is likely.

    Parameters
    ----------
    found
        Share of the hidden that a clean-up finds: (draws,).
    hidden
        Hidden persons of each cohort after the last clean-up: (draws, cohorts).
    ever
        All who were ever hidden of each cohort: (draws, cohorts).
    """

    found: Floats
    hidden: Floats
    ever: Floats


def left_after(counts: Floats, draws: int = 2_000, seed: int = 1) -> Left:
    """Removal estimate of several cohorts with one probability to be found.

    Of a cohort, each clean-up finds the same share of who is left (Zippin 1956, *Biometrics* 12,
    163-189). The share is drawn from its likelihood, given how many were found in all; who is left,
    from the negative binomial of each cohort.

    Parameters
    ----------
    counts
        Found by cohort and clean-up: (cohorts, clean-ups); NaN where the cohort had not left yet.
    draws, seed
        How many draws, and what makes them the same again.

    Raises
    ------
    UsageError
        No cohort that two clean-ups looked at; later clean-ups that do not find fewer.

    Examples
    --------
    >>> found = left_after(np.array([[400.0, 200.0, 100.0], [np.nan, 400.0, 200.0]]))
    >>> round(float(found.found.mean()), 2), found.hidden.mean(axis=0).round(-1).tolist()
    (0.5, [100.0, 200.0])
    """
    known = ~np.isnan(counts)
    looked = known.sum(axis=1)
    if not len(counts) or looked.max() < 2:
        raise UsageError(
            "are too few clean-ups: nothing shows what share they find", where="clean_ups",
            value=int(looked.max(initial=0)), allowed="two or more that looked at the same cohort",
            next_step="Name more of them, or ask for another method",
        )  # fmt: skip
    nth = np.cumsum(known, axis=1) - 1
    some = np.where(known, counts, 0)
    n, later = some.sum(axis=1), (some * nth).sum()
    share = expit(_GRID)
    missed = np.log1p(-share)
    seen = np.log(-np.expm1(looked[:, None] * missed))
    of_all = n.sum() * np.log(share) + later * missed - n @ seen
    if of_all[0] >= of_all.max() - 0.5:
        raise UsageError(
            "find no fewer from one to the next, so that nothing shows how many are left",
            where="clean_ups", allowed="clean-ups that did their work alike",
            next_step="Leave one out, or ask for another method",
        )  # fmt: skip
    generator = np.random.default_rng(seed)
    # Jeffreys' prior of a share, on the scale of its logit.
    weight = np.exp(of_all - of_all.max()) * np.sqrt(share * (1 - share))
    found = np.asarray(
        expit(generator.choice(_GRID, draws, p=weight / weight.sum()) + generator.uniform(
            -0.005, 0.005, draws))
    )  # fmt: skip
    ever_found = -np.expm1(looked * np.log1p(-found)[:, None])
    hidden = generator.negative_binomial(n + 0.5, ever_found).astype(float)
    return Left(found, hidden, hidden + n)


def spread_back(found: Floats, delays: Floats) -> Floats:
    """Found emigrants spread over the years in which they left.

    Parameters
    ----------
    found
        Found by year: (years,).
    delays
        Weight of having left so many years before: (delays,), from 0.

    Returns
    -------
    (years + delays - 1,), the earliest year first; it adds up to what was found.

    Examples
    --------
    >>> spread_back(np.array([0.0, 12.0]), np.array([0.0, 2.0, 1.0])).tolist()
    [0.0, 4.0, 8.0, 0.0]
    """
    share = delays / delays.sum()
    return np.convolve(found, share[::-1])
