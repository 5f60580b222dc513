"""Time-series models of several levels at once, and draws of what they may be.

Each level has an equation of its own, y(t) = constant + slope y(t - 1) + error: a random walk, one
with drift, or an autoregression of the first order. Errors of a year are correlated between levels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from folkestrom.errors import UsageError
from folkestrom.projection.assumptions import Floats

Kind = Literal["walk", "drift", "autoregression"]
#: How many of an equation's coefficients are estimated.
_PARAMETERS: Final[dict[Kind, int]] = {"walk": 0, "drift": 1, "autoregression": 2}
#: Years that a model needs at least, and beyond the number of its levels.
LEAST_YEARS: Final = 12
_MORE_YEARS: Final = 8
#: Slope of an autoregression from which it is as good as a random walk.
_STEEPEST: Final = 0.98
_ROUNDS: Final = 200


@dataclass(frozen=True, slots=True, eq=False)
class LevelModel:
    """A model of several levels.

    Parameters
    ----------
    names
        Of the levels.
    kinds
        Of their equations.
    last
        The levels of the last year, (levels,).
    coefficients
        Constants and slopes, (levels, 2).
    covariance
        Of the errors, (levels, levels).
    projections
        For each level what makes coefficients of errors, (2, years): (X'X)⁻¹ X'.
    """

    names: tuple[str, ...]
    kinds: tuple[Kind, ...]
    last: Floats
    coefficients: Floats
    covariance: Floats
    projections: tuple[Floats, ...]

    def draw(self, draws: int, steps: int, chance: np.random.Generator) -> Floats:
        """Levels of the years that follow, in each draw: (draws, steps, levels).

        Each draw has a covariance of its own, from the inverse Wishart distribution, and
        coefficients from their sampling distribution under it; autoregressions stay stationary.

        Parameters
        ----------
        draws, steps
            How many.
        chance
            Source of randomness.
        """
        from scipy.stats import invwishart

        years = self.projections[0].shape[1]
        used = max(_PARAMETERS[kind] for kind in self.kinds)
        freedom = max(years - used, len(self.names))
        scale = self.covariance * freedom
        covariances = np.reshape(
            invwishart(freedom, scale).rvs(draws, random_state=chance), (draws, *scale.shape)
        )
        roots = np.linalg.cholesky(covariances)
        coefficients = self._coefficients(roots, chance)
        found = np.empty((draws, steps, len(self.names)))
        level = np.broadcast_to(self.last, (draws, len(self.names)))
        for step in range(steps):
            errors = np.einsum("dij,dj->di", roots, chance.standard_normal(level.shape))
            level = coefficients[..., 0] + coefficients[..., 1] * level + errors
            found[:, step] = level
        return found

    def _coefficients(self, roots: Floats, chance: np.random.Generator) -> Floats:
        """Constants and slopes of each draw: (draws, levels, 2)."""
        found = np.empty((len(roots), *self.coefficients.shape))
        wanted = np.arange(len(roots))
        stationary = [n for n, kind in enumerate(self.kinds) if kind == "autoregression"]
        for _ in range(_ROUNDS):
            noise = chance.standard_normal((len(wanted), self.projections[0].shape[1],
                                            len(self.names)))  # fmt: skip
            errors = np.einsum("dij,dtj->dti", roots[wanted], noise)
            for n, made in enumerate(self.projections):
                found[wanted, n] = self.coefficients[n] + errors[..., n] @ made.T
            wanted = wanted[(np.abs(found[wanted][:, stationary, 1]) >= 1).any(axis=1)]
            if not wanted.size:
                break
        found[wanted] = self.coefficients
        return found


def fit_levels(names: Sequence[str], values: Floats, kinds: Sequence[Sequence[Kind]]) -> LevelModel:
    """A model fitted by least squares, equation by equation.

    Of several kinds that a level may have, the one with the least Bayesian information criterion is
    taken. The slope of an autoregression is corrected for its bias in short series (Kendall 1954).

    Parameters
    ----------
    names
        Of the levels.
    values
        Of consecutive years, (years, levels).
    kinds
        For each level those that it may have.

    Raises
    ------
    UsageError
        A series that is too short.

    Examples
    --------
    >>> walk = np.random.default_rng(1).standard_normal(60).cumsum()
    >>> model = fit_levels(["x"], walk[:, None], [("walk", "autoregression")])
    >>> model.kinds
    ('walk',)
    """
    years, levels = values.shape
    least = least_years(levels)
    if years < least:
        raise UsageError(
            "is a series too short for the model", where="series", value=f"{years} years",
            allowed=f"at least {least} years in a row with all of {', '.join(names)}",
            next_step="Give a longer one by --series, start later, or say by --limits how sure the "
            "components are",
        )  # fmt: skip
    fits = [
        min((_equation(values[:, n], kind) for kind in kinds[n]), key=lambda fit: fit[0])
        for n in range(levels)
    ]
    used = np.array([_PARAMETERS[fit[1]] for fit in fits])
    errors = np.column_stack([fit[4] for fit in fits])
    free = np.sqrt(np.outer(years - 1 - used, years - 1 - used))
    # A level that never changed has no error; the least there is keeps the matrix regular.
    covariance = errors.T @ errors / free + 1e-12 * np.eye(levels)
    return LevelModel(
        tuple(names), tuple(fit[1] for fit in fits), values[-1],
        np.array([fit[2] for fit in fits]), covariance, tuple(fit[3] for fit in fits),
    )  # fmt: skip


def least_years(levels: int) -> int:
    """Years that a model of so many levels needs at least.

    Examples
    --------
    >>> least_years(3), least_years(6)
    (12, 14)
    """
    return max(LEAST_YEARS, levels + _MORE_YEARS)


def _equation(values: Floats, kind: Kind) -> tuple[float, Kind, Floats, Floats, Floats]:
    """Criterion, kind, coefficients, (X'X)⁻¹ X' and errors of an equation."""
    before, after = values[:-1], values[1:]
    years = len(after)
    made = np.zeros((2, years))
    start = np.array([0.0, 1.0])
    if kind == "drift":
        made[0] = 1 / years
    elif kind == "autoregression":
        start = np.zeros(2)
        made = np.linalg.pinv(np.column_stack([np.ones(years), before]))
    coefficients = start + made @ (after - start[1] * before)
    errors = after - coefficients[0] - coefficients[1] * before
    likelihood = years * np.log(max(errors @ errors, 1e-300) / years)
    criterion = likelihood + _PARAMETERS[kind] * np.log(years)
    if kind == "autoregression":
        slope = coefficients[1] + (1 + 3 * coefficients[1]) / years
        if slope >= _STEEPEST:
            # As good as a random walk: it is one where that is allowed, else returns to its mean.
            criterion = np.inf
            coefficients = np.array([(1 - _STEEPEST) * values.mean(), _STEEPEST])
        else:
            coefficients = np.array([after.mean() - slope * before.mean(), slope])
    return float(criterion), kind, coefficients, made, errors
