"""The chain ladder with the standard errors of Mack (1993, 1999)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from folkestrom.errors import UsageError
from folkestrom.quality.delays.triangle import Floats, Triangle, check_develops

#: How the variance of a development that one origin shows is told from those before.
LastSigma = Literal["mack", "log-linear"]


@dataclass(frozen=True, slots=True)
class Tail:
    """What is to come after the last development of a triangle (Mack 1999).

    Parameters
    ----------
    factor
        By how much the last counts grow.
    se
        Standard error of the factor.
    sigma
        Square root of the variance of a count's growth, for each counted.
    """

    factor: float
    se: float
    sigma: float

    def __post_init__(self) -> None:
        for name, value, least in (("factor", self.factor, 1.0), ("se", self.se, 0.0)):
            if not value >= least:
                raise UsageError(
                    "is too little", where=f"tail, {name}", value=value, allowed=f"from {least:g}"
                )
        if not self.sigma >= 0:
            raise UsageError(
                "is too little", where="tail, sigma", value=self.sigma, allowed="from 0"
            )


@dataclass(frozen=True, slots=True)
class ChainLadder:
    """What will be known in the end, with standard errors.

    Parameters
    ----------
    factors, factor_se, sigma
        Of each development, the tail last: (developments,).
    full
        Cumulative counts, known and predicted: (origins, developments + 1).
    process_se, parameter_se
        Standard errors of the last column: of what happens, and of the factors: (origins,).
    total_se
        Standard error of the sum of all origins.
    latest
        What was known last: (origins,).
    """

    factors: Floats
    factor_se: Floats
    sigma: Floats
    full: Floats
    process_se: Floats
    parameter_se: Floats
    total_se: float
    latest: Floats

    @property
    def ultimate(self) -> Floats:
        """What will be known in the end, by origin."""
        return np.asarray(self.full[:, -1])

    @property
    def to_come(self) -> Floats:
        """What is still to come, by origin."""
        return np.asarray(self.ultimate - self.latest)

    @property
    def se(self) -> Floats:
        """Standard error of what is still to come, by origin."""
        return np.hypot(self.process_se, self.parameter_se)


def chain_ladder(
    triangle: Triangle, *, last_sigma: LastSigma = "mack", tail: Tail | None = None
) -> ChainLadder:
    """Factors weighted by counts, and Mack's distribution-free standard errors.

    Mack (1993), *ASTIN Bulletin* 23, 213–225; the tail and the recursion of errors, Mack (1999),
    *ASTIN Bulletin* 29, 361–366. Developments may be negative, where annulments outweigh reports.

    Parameters
    ----------
    triangle
        Cumulative counts.
    last_sigma
        Of a development that one origin shows: "mack", the least of the two before it and what
        continues them; "log-linear", what continues the logarithms of all.
    tail
        What comes after the last development; None: nothing.

    Raises
    ------
    UsageError
        One diagonal; a development that starts from nothing.

    Examples
    --------
    >>> from folkestrom.quality.delays.triangle import triangle_of
    >>> found = chain_ladder(triangle_of([[10, 15], [20, 30], [40, None]]))
    >>> found.factors.tolist(), found.ultimate.tolist()
    ([1.5, 1.0], [15.0, 30.0, 60.0])
    """
    check_develops(triangle)
    table = triangle.cumulative
    pairs = triangle.known[:, 1:]
    before = np.where(pairs, table[:, :-1], 0.0)
    after = np.where(pairs, table[:, 1:], 0.0)
    weight = before.sum(axis=0)
    factors = after.sum(axis=0) / weight
    single = np.divide(after, before, out=np.broadcast_to(factors, after.shape).copy(),
                       where=before > 0)  # fmt: skip
    shown = (before > 0).sum(axis=0)
    squares = (before * (single - factors) ** 2).sum(axis=0)
    variance = np.divide(squares, shown - 1, out=np.full(len(shown), np.nan), where=shown > 1)
    sigma = np.sqrt(_completed(variance, last_sigma))
    factor_se = sigma / np.sqrt(weight)
    end = tail or Tail(1.0, 0.0, 0.0)
    return _predicted(
        triangle, np.append(factors, end.factor), np.append(factor_se, end.se),
        np.append(sigma, end.sigma),
    )  # fmt: skip


def _completed(variance: Floats, rule: LastSigma) -> Floats:
    """Variances, with those of developments that one origin shows."""
    if rule not in ("mack", "log-linear"):
        raise UsageError(
            "is not a rule for the last sigma", where="last_sigma", value=rule,
            allowed=("mack", "log-linear"),
        )  # fmt: skip
    known = np.flatnonzero(variance > 0)
    found = variance.copy()
    for at in np.flatnonzero(np.isnan(variance)):
        if rule == "log-linear" and len(known) > 1:
            line = np.polyfit(known, np.log(variance[known]) / 2, 1)
            found[at] = np.exp(2 * np.polyval(line, at))
        elif at >= 2 and found[at - 2] > 0:
            found[at] = min(found[at - 1] ** 2 / found[at - 2], found[at - 2], found[at - 1])
        else:
            found[at] = found[at - 1] if at else 0.0
    return found


def _predicted(
    triangle: Triangle, factors: Floats, factor_se: Floats, sigma: Floats
) -> ChainLadder:
    origins, count = triangle.cumulative.shape
    full = np.column_stack([triangle.cumulative, np.full(origins, np.nan)])
    process = np.zeros(origins)
    parameter = np.zeros(origins)
    total = 0.0
    for at in range(count):
        ahead = np.isnan(full[:, at + 1])
        now = full[ahead, at]
        squared = factors[at] ** 2
        process[ahead] = squared * process[ahead] + now * sigma[at] ** 2
        parameter[ahead] = squared * parameter[ahead] + now**2 * factor_se[at] ** 2
        total = squared * total + now.sum() ** 2 * factor_se[at] ** 2
        full[ahead, at + 1] = now * factors[at]
    return ChainLadder(
        factors, factor_se, sigma, full, np.sqrt(process), np.sqrt(parameter),
        float(np.sqrt(process.sum() + total)), triangle.latest,
    )  # fmt: skip
