"""Figures of a projection in many draws, and whether any of these explode."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from folkestrom.errors import UsageError
from folkestrom.projection.assumptions import Floats, Rates
from folkestrom.projection.indicators import composition, remaining_years, total_fertility
from folkestrom.projection.scenario import Scenario
from folkestrom.projection.stochastic.simulation import Factors, Sums, simulate
from folkestrom.projection.structure import SEXES, Structure

FLOWS: Final = ("births", "deaths", "immigration", "emigration")
#: Figures of what is assumed: they are drawn where they are asked for.
ASSUMED: Final = ("total_fertility", *(f"life_expectancy_{sex}" for sex in SEXES))
#: So many times as many persons as at the start are more than a model can tell of.
EXPLODED: Final = 10
_MOST_PERSONS: Final = 1e15
#: Places in a scenario's range that draws are at, evenly from end to end.
_PLACES: Final = 20


def figures_of(
    structure: Structure, population: Floats, rates: Rates, scenario: Scenario, first: int,
    shown: Sequence[int], factors: Factors, names: Collection[str] = (),
) -> tuple[dict[str, Floats], float]:  # fmt: skip
    """Figures of the steps that are shown, by draw, and the share of draws that exploded.

    Parameters
    ----------
    structure, population, rates
        The cells, who is in them at the start, and rates as they were.
    scenario, first
        What changes, and the year of the start.
    shown
        The steps.
    factors
        Of the rates, in each draw.
    names
        Those of `ASSUMED` that are wanted beside the usual ones.

    Returns
    -------
    dict of arrays (draws, steps shown), float
        Population, `FLOWS`, those of `composition`, and those named; and the share.

    Raises
    ------
    UsageError
        More persons than can be counted.
    """
    return over_range(
        scenario, factors, lambda at, draws: _figures(
            structure, population, rates, at, first, shown, factors.some(draws), names
        ),
    )  # fmt: skip


def over_range(
    scenario: Scenario, factors: Factors,
    figures: Callable[[Scenario, NDArray[np.intp]], tuple[dict[str, Floats], float]],
) -> tuple[dict[str, Floats], float]:  # fmt: skip
    """Figures of a scenario; of a range, with its draws evenly from end to end.

    Parameters
    ----------
    scenario, factors
        As for `figures_of`.
    figures
        Those of a scenario that is no range, in the draws of these numbers.
    """
    if not scenario.upper:
        return figures(scenario, np.arange(factors.draws))
    # Where in its range a draw is has nothing to do with its rates: each place has as many draws.
    places = min(_PLACES, factors.draws)
    whole: dict[str, Floats] = {}
    exploded = 0.0
    for n in range(places):
        draws = np.arange(n, factors.draws, places)
        found, share = figures(scenario.at((n + 0.5) / places), draws)
        exploded += share * len(draws) / factors.draws
        for name, values in found.items():
            of_all = whole.setdefault(name, np.empty((factors.draws, *values.shape[1:])))
            of_all[draws] = values
    return whole, exploded


def _figures(
    structure: Structure, population: Floats, rates: Rates, scenario: Scenario, first: int,
    shown: Sequence[int], factors: Factors, names: Collection[str],
) -> tuple[dict[str, Floats], float]:  # fmt: skip
    """As `figures_of`, of one scenario that is no range."""
    steps = shown[-1] + 1
    begun = scenario.started(population, structure)
    changed = scenario.applied(rates, structure, first, steps, begun)
    sets = {"residents": structure.resident, "immigrants": structure.part("immigrants")}
    assumed = _Assumed(structure, changed, factors, shown) if {*names} & {*ASSUMED} else None
    if assumed:
        sets |= {f"{n}": structure.resident & (assumed.alike == n) for n in range(assumed.many)}

    def kept(sums: Sums) -> dict[str, Floats]:
        found = _of_sums(sums)
        most = np.nan_to_num(found["population"], nan=np.inf).max(axis=1)
        told = {name: values[:, shown] for name, values in found.items()} | {"most": most}
        return told | assumed.of(sums) if assumed else told

    with np.errstate(over="ignore", invalid="ignore"):
        drawn = simulate(structure, begun, changed, sets, factors, steps=steps, figures=kept)
    share = counted_share(drawn.pop("most"), begun[structure.resident].sum(), scenario.name)
    return drawn, share


def counted_share(most: Floats, begun: float, name: str) -> float:
    """The share of draws that exploded, if all of them can be counted.

    Parameters
    ----------
    most
        The largest population of each draw: (draws,).
    begun
        The population at the start.
    name
        The scenario's, for errors.

    Raises
    ------
    UsageError
        More persons than can be counted.
    """
    if not (most < _MOST_PERSONS).all():
        raise UsageError(
            "makes more persons than can be counted", where=f"scenario {name}",
            value=f"in {(most >= _MOST_PERSONS).mean():.1%} of the draws",
            next_step="Give longer series or limits, or project fewer years",
        )  # fmt: skip
    return float((most > EXPLODED * begun).mean())


def _of_sums(found: Sums) -> dict[str, Floats]:
    """The usual figures by draw and step."""
    residents = found.sets.index("residents")
    immigrants = found.of("immigrants")[:, :-1].sum(axis=(-1, -2))
    # Figures are of both sexes together, and of half as many numbers take half as long.
    persons, cells = found.of("residents")[:, :-1].sum(axis=-2, keepdims=True), found.structure
    return {
        "population": persons.sum(axis=(-1, -2)),
        **{name: getattr(found, name)[..., residents] for name in FLOWS},
        **composition(persons, immigrants, cells),
    }


class _Assumed:
    """Fertility and mortality of all residents together, who are of groups with rates of theirs."""

    def __init__(
        self, structure: Structure, rates: Rates, factors: Factors, shown: Sequence[int]
    ) -> None:
        self._factors, self._shown = factors, shown
        groups = len(structure.groups)
        by_group = [
            np.moveaxis(np.broadcast_to(one, (len(one), groups, *one.shape[2:])), 1, 0)
            for one in (rates.fertility, rates.mortality)
        ]
        rows = np.column_stack([one.reshape(groups, -1) for one in by_group])
        _, firsts, self.alike = np.unique(rows, axis=0, return_index=True, return_inverse=True)
        self.many = len(firsts)
        self._rates = [
            np.stack([one[firsts, min(step, one.shape[1] - 1)] for step in shown])
            for one in by_group
        ]

    def of(self, sums: Sums) -> dict[str, Floats]:
        """By draw and step: of an age with nobody, plain means."""
        persons = sums.population[:, self._shown, -self.many :]
        persons = np.where(persons.sum(axis=2, keepdims=True) > 0, persons, 1.0)
        fertility, mortality = self._rates
        levels, dying = self._factors.of(sums.draws, self._shown)
        mean = (mortality * persons).sum(axis=2) / persons.sum(axis=2)
        left = remaining_years(mean * dying, sums.structure)[..., 0]
        born = total_fertility(fertility, persons, sums.structure) * levels[..., 0]
        found = [born, *np.moveaxis(left, 2, 0)]
        return dict(zip(ASSUMED, found, strict=True))
