"""Whether hazards stay proportional over time."""

from __future__ import annotations

import itertools
from typing import Literal, get_args

import numpy as np
import polars as pl

from folkestrom.analysis.inference.distributions import chi2_tail
from folkestrom.analysis.regression.cox import CoxFit
from folkestrom.columns import check_arguments
from folkestrom.errors import UsageError

Clock = Literal["rank", "log", "identity"]


def proportionality_test(fit: CoxFit, clock: Clock = "rank") -> pl.DataFrame:
    """Score tests of coefficients that change with time (Grambsch & Therneau 1994).

    The alternative has β + γ g(t) for a coefficient; what is tested is γ = 0, for each coefficient
    and for all together. Not an approximation by residuals: the score and the information of
    the larger model, at the estimates of the smaller one.

    Parameters
    ----------
    fit
        What `cox` or `fine_gray` returned.
    clock
        g: the rank of the event time among those of its stratum, its logarithm, or itself.

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
    time, starts = fit.partial.sets.time.astype(np.float64), fit.partial.sets.starts
    if clock == "identity":
        g = time
    elif clock == "log" and time.min() > 0:
        g = np.log(time)
    elif clock == "rank":
        g = np.concatenate(
            [np.arange(b - a, dtype=np.float64) for a, b in itertools.pairwise(starts)]
        )
    else:
        raise UsageError(
            "is no clock for these times", column="clock", value=clock, allowed=get_args(Clock)
        )
    # Far from zero, differences would lose digits; what is tested does not depend on it.
    return np.asarray((g - g.mean()) / max(float(g.std()), 1e-300))
