"""Projections from 2006, 2011 and 2016 with what was known then, beside what happened.

Peers: nothing changes, and every age group grows as it did in the five years before. The official
totals are those of the rounds of June 2011 and of June 2016 (tables of yearly growth in the main
alternative MMMM); of the round of December 2005 its published assumptions, projected by us.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from folkestrom.analysis.prospects.likely import Likely, factors_of, figures_of
from folkestrom.analysis.prospects.outlook import BASELINE, future_of
from folkestrom.projection.indicators import remaining_years
from folkestrom.projection.rates.estimates import closed
from folkestrom.projection.scenario import Scenario, scenario_of
from folkestrom.projection.start import Start
from folkestrom.projection.stochastic.scores import covered, crps
from folkestrom.projection.structure import Structure
from folkestrom.projection.tables import read_tables
from tests.projection.norway.levels import history
from tests.projection.norway.official import GROUPS
from tests.projection.norway.series import Series, read, write_tables

#: Of draws, of no change, of a line, and whether the interval held what came.
Score = tuple[float, float, float, bool]

STARTS = (2006, 2011, 2016)
AHEAD = (5, 10, 15, 20)
LAST_SEEN = 2026
#: Yearly growth in thousands in the main alternatives of 2011 and 2016.
GROWTH = {
    2011: (64.6, 67.9, 69.1, 70.2, 70.0, 68.9, 67.9, 67.4, 66.0, 65.0, 63.8, 61.4, 59.0, 56.6,
           53.6),
    2016: (56.6, 57.5, 56.4, 51.0, 48.0, 48.1, 48.5, 48.6, 48.8, 48.8),
}  # fmt: skip
#: The main alternative of December 2005: fertility, life expectancy, net immigration.
ROUND_OF_2005: dict[str, Any] = {
    "name": "official 2005",
    "change": [
        {"component": "fertility", "level": {"2005": 1.84, "2060": 1.8}},
        {"component": "mortality", "sex": "male", "level": {"2004": 77.5, "2050": 84.7}},
        {"component": "mortality", "sex": "female", "level": {"2004": 82.11, "2050": 88.9}},
        {"component": "net_migration", "level": {"2005": 16705, "2010": 16000}},
    ],
}


def in_groups(persons: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Persons by age in the groups of the official file."""
    return np.array([persons[low:high].sum() for low, high in GROUPS.values()])


def longer_lives(series: Series, begun: Start, first: int) -> Scenario:
    """Life expectancy of each sex goes on to rise as in the twenty years before."""
    said = []
    for sex, name in enumerate(("male", "female")):
        years = np.arange(first - 20, first)
        lives = [_life(series, int(year), sex) for year in years]
        slope = np.polyfit(years, lives, 1)[0]
        now = remaining_years(begun.rates.mortality[0, 0], begun.structure)[sex, 0]
        # The rates are of five years, whose middle is two and a half before the start.
        path = {str(first - 2): now, str(first + 40): now + 42 * slope}
        said.append({"component": "mortality", "sex": name, "level": path})
    return scenario_of({"name": "longer lives", "change": said})


def _life(series: Series, year: int, sex: int) -> float:
    lived = (series.population[year] + series.population[year + 1])[sex] / 2
    rates = closed(series.deaths[year][sex], lived)
    return float(remaining_years(rates, Structure(ages=len(rates)))[0])


def errors(reference: Path, folder: Path) -> dict[tuple[int, int, str], tuple[float, float]]:
    """By start, years ahead and method: error of the total, and mean absolute one by age group.

    In per cent of what happened.
    """
    series = read(reference)
    found: dict[tuple[int, int, str], tuple[float, float]] = {}
    for first in STARTS:
        base = range(first - 5, first)
        begun = read_tables(write_tables(series, folder / str(first), first, base))
        futures = {"rates as they were": BASELINE, "longer lives": longer_lives(
            series, begun, first)}  # fmt: skip
        if first == 2006:
            futures["official"] = scenario_of(ROUND_OF_2005)
        steps = LAST_SEEN - first + 1
        persons: Mapping[str, Any] = {
            name: future_of(begun, one, first, steps).persons.sum(axis=1)
            for name, one in futures.items()
        }
        now, before = (in_groups(series.population[y].sum(axis=0)) for y in (first, first - 5))
        for ahead in AHEAD:
            if first + ahead > LAST_SEEN:
                continue
            truth = in_groups(series.population[first + ahead].sum(axis=0))
            guesses = {name: in_groups(one[ahead]) for name, one in persons.items()}
            guesses["no change"] = now
            guesses["linear"] = now + (now - before) * ahead / 5
            for name, guess in guesses.items():
                found[first, ahead, name] = (
                    100 * (guess.sum() / truth.sum() - 1),
                    100 * float(np.mean(np.abs(guess / truth - 1))),
                )
            if first in GROWTH:
                total = now.sum() + 1000 * sum(GROWTH[first][:ahead])
                found[first, ahead, "official"] = 100 * (total / truth.sum() - 1), np.nan
    return found


def scores(reference: Path, folder: Path) -> dict[tuple[int, int], Score]:
    """Of the total in 1 000 draws, by start and years ahead, in per cent of what happened.

    The continuous ranked probability score, the absolute errors of no change and of a line, and
    whether the interval of 80 per cent held it.
    """
    series, past = read(reference), history(reference)
    found: dict[tuple[int, int], Score] = {}
    for first in STARTS:
        begun = read_tables(
            write_tables(series, folder / str(first), first, range(first - 5, first))
        )
        ahead = [years for years in AHEAD if first + years <= LAST_SEEN]
        factors = factors_of(begun, Likely(1000, history=past), first, ahead[-1] + 1)
        draws = figures_of(begun, BASELINE, first, ahead, factors)[0]["population"]
        now, before = (series.population[year].sum() for year in (first, first - 5))
        truth = np.array([series.population[first + years].sum() for years in ahead])
        line = now + (now - before) * np.array(ahead) / 5
        errors_of = [100 * np.abs(guess / truth - 1) for guess in (now, line)]
        score, inside = 100 * crps(draws, truth) / truth, covered(draws, truth, 0.8)
        for n, years in enumerate(ahead):
            naive, straight = (float(one[n]) for one in errors_of)
            found[first, years] = float(score[n]), naive, straight, bool(inside[n])
    return found
