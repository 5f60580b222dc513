"""Equivalents in draws of what may come: how sure it is what would do the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize.elementwise import find_root

from folkestrom.analysis.prospects.likely import Likely, factors_of, figures_of
from folkestrom.errors import UsageError
from folkestrom.model.specification import Text
from folkestrom.projection.assumptions import Floats
from folkestrom.projection.scenario import Scenario
from folkestrom.projection.start import Start
from folkestrom.projection.stochastic.scores import middle_and_ends
from folkestrom.projection.stochastic.simulation import LEVELS, Factors

#: The factor of a draw is sought between that without draws divided by this, and times it.
_REACH: Final = 8.0


@dataclass(frozen=True, slots=True, eq=False)
class DrawnEquivalent:
    """What would do the same, in each draw.

    Parameters
    ----------
    before, after
        The figure of the last year without and with the scenario: (draws,).
    factors
        What the component would be times; of draws in which no factor does it, no number.
    """

    before: Floats
    after: Floats
    factors: Floats

    def summary(self, names: Sequence[str], intervals: Sequence[float]) -> dict[str, float]:
        """Medians, and the intervals of the factor that so many per cent of the draws lie in.

        Parameters
        ----------
        names
            Of the factor, and the ends of its intervals.
        intervals
            Per cent of draws between the ends of each.
        """
        found = middle_and_ends(self.factors[np.isfinite(self.factors)], intervals)
        of_factor = {name: float(one) for name, one in zip(names, found, strict=True)}
        medians = {"before": float(np.median(self.before)), "after": float(np.median(self.after))}
        return medians | of_factor

    def remarks(self, name: str) -> tuple[Text, ...]:
        """In how many draws no factor does the same as the scenario of that name."""
        if not (share := float(np.isnan(self.factors).mean())):
            return ()
        said = f"{100 * share:.1f}"
        return (
            Text(
                f"{name}: in {said} per cent of the draws no factor does the same; they are "
                "left out of the interval.",
                f"{name}: i {said.replace('.', ',')} prosent av trekningene gjør ingen faktor "
                "det samme; de er ikke med i intervallet.",
            ),
        )


def equivalent_draws(
    begun: Start, base: Scenario, scenario: Scenario, first: int, steps: int, component: str,
    indicator: str, around: float, asked: Likely,
) -> DrawnEquivalent:  # fmt: skip
    """By how much a component would have to change in each draw to do what a scenario does.

    Without and with the scenario, and with the factor, rates are drawn alike. The factor is found
    by Chandrupatla's method (1997, *Advances in Engineering Software* 28: 145-149), on the scale of
    logarithms.

    Parameters
    ----------
    begun, first, component, indicator
        As for `equivalents`.
    base, scenario
        What is changed, and what does it.
    steps
        Until the year of the figure.
    around
        The factor without draws.
    asked
        How what may come is drawn.

    Raises
    ------
    UsageError
        A figure that cannot be solved for; no draw in which a factor does it.
    """
    drawn = factors_of(begun, asked, first, steps)

    def last(of: Scenario, factors: Factors) -> Floats:
        return figures_of(begun, of, first, [steps - 1], factors, [indicator])[0][indicator][:, 0]

    wanted = last(scenario, drawn)

    def missing(x: Floats, draw: NDArray[Any]) -> Floats:
        at = draw.astype(np.intp)
        return last(base, _times(drawn, component, np.exp(x), at)) - wanted[at]

    middle = np.log(max(around, 1 / _REACH))
    ends = middle - np.log(_REACH), middle + np.log(_REACH)
    found = find_root(missing, ends, args=(np.arange(asked.draws),), tolerances={"xatol": 1e-6})
    if not found.success.any():
        raise UsageError(
            "has no equivalent in any draw", where=f"scenario {scenario.name}", value=component,
            next_step="Look for that of another component, or of another figure",
        )  # fmt: skip
    return DrawnEquivalent(
        last(base, drawn), wanted, np.where(found.success, np.exp(found.x), np.nan)
    )


def _times(drawn: Factors, component: str, factor: Floats, at: NDArray[np.intp]) -> Factors:
    """Some draws, with one component times a factor of each."""
    drawn = drawn.some(at)
    levels, index = drawn.levels, drawn.index
    if component != "mortality":
        levels[..., LEVELS.index(component)] *= factor[:, None]
        return replace(drawn, levels=levels, index=index)
    even = np.ones((1, *drawn.patterns.shape[1:]))
    more = np.broadcast_to(np.log(factor)[:, None, None], (*index.shape[:2], 1))
    return Factors(
        levels, np.concatenate([drawn.patterns, even]), np.concatenate([index, more], axis=2)
    )
