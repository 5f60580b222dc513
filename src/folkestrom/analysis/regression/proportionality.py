"""Whether hazards stay proportional over time."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import polars as pl
from scipy.stats import rankdata

from folkestrom.analysis.inference.distributions import chi2_tail
from folkestrom.analysis.regression.cox import CoxFit
from folkestrom.analysis.regression.risk_sets import Spells
from folkestrom.columns import check_arguments
from folkestrom.errors import UsageError

Clock = Literal["km", "rank", "log", "identity"]


def proportionality_test(fit: CoxFit, clock: Clock = "km") -> pl.DataFrame:
    """Score tests of coefficients that change with time (Grambsch & Therneau 1994).

    The alternative has β + γ g(t) for a coefficient; what is tested is γ = 0, for each coefficient
    and for all together. Not an approximation by residuals: the score and the information of
    the larger model, at the estimates of the smaller one.

    Parameters
    ----------
    fit
        What `cox` or `fine_gray` returned.
    clock
        g, as R's `cox.zph` has them: the share of all rows that have had the event before, by
        Kaplan and Meier's estimate; the mean rank of the time among the ends of all rows; the
        logarithm of time, or itself. Neither shares nor ranks know weights or strata.

    Returns
    -------
    polars.DataFrame
        Columns name, chi2, freedom, p; the last row is for all.

    Examples
    --------
    >>> from folkestrom.analysis.regression import cox
    >>> data = {"days": [5, 8, 9, 12, 14, 20], "left": [1, 1, 0, 1, 1, 1],
    ...         "place": ["urban", "urban", "rural", "rural", "urban", "rural"]}
    >>> fit = cox(data, stop="days", event="left", covariates=["place"])
    >>> proportionality_test(fit).select("name", "freedom").rows()
    [('place[urban]', 1), ('(all)', 1)]
    """
    check_arguments(proportionality_test, locals())
    fit.check_hazards("proportionality_test")
    partial, state = fit.partial, fit.state
    g = _clock(fit, clock)
    inner = partial.information(state)
    mixed = partial.information(state, g)
    left = partial.information(state, g * g) - mixed @ np.linalg.solve(inner, mixed)
    back = np.linalg.inv(partial.sets.design.coefficients())
    score, left = back.T @ partial.score(state, g), back.T @ left @ back
    own = score**2 / np.diag(left)
    everything = float(score @ np.linalg.solve(left, score))
    statistics = [*own.tolist(), everything]
    freedom = [1] * len(own) + [len(own)]
    return pl.DataFrame(
        {
            "name": [*fit.names_, "(all)"],
            "chi2": statistics,
            "freedom": freedom,
            "p": [chi2_tail(s, f) for s, f in zip(statistics, freedom, strict=True)],
        }
    )


def _clock(fit: CoxFit, clock: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    time = fit.partial.sets.time
    if clock == "identity":
        g = time.astype(np.float64)
    elif clock == "log" and time.min() > 0:
        g = np.log(time.astype(np.float64))
    elif clock == "rank":
        ends = np.sort(fit.spells.stop)
        g = rankdata(ends)[np.searchsorted(ends, time)]
    elif clock == "km":
        g = _had(fit.spells)[np.searchsorted(np.unique(fit.spells.stop), time)]
    else:
        raise UsageError(
            "is no clock for these times", column="clock", value=clock, allowed=get_args(Clock)
        )
    # Far from zero, differences would lose digits; what is tested does not depend on it.
    return np.asarray((g - g.mean()) / max(float(g.std()), 1e-300))


def _had(spells: Spells) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The share that has had the event before each of the times at which rows end."""
    ends, place = np.unique(spells.stop, return_inverse=True)
    at_risk = len(place) - np.searchsorted(np.sort(spells.stop), ends)
    if len(spells.start):
        # Rows that begin on a day are not at risk of its events.
        at_risk = at_risk - (len(place) - np.searchsorted(np.sort(spells.start), ends))
    left = np.cumprod(1.0 - np.bincount(place, spells.event) / at_risk)
    return 1.0 - np.concatenate([[1.0], left[:-1]])
