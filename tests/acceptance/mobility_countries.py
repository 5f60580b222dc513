"""Uncalibrated countries made in memory, and the mobility model fitted to their panels."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray

from folkestrom.analysis.mobility import MobilityFit, factor, fit_mobility, make_panel
from folkestrom.twin.lives.mobility import LEVELS, OUTCOMES, Mobility
from folkestrom.twin.output import panel as truth_panel
from folkestrom.twin.targets.definition import Targets
from folkestrom.twin.targets.embedded import embedded_targets
from folkestrom.twin.targets.scale import scale_targets
from folkestrom.twin.years import country as c
from folkestrom.twin.years import simulation, window

SCALE = 0.01
#: Of one in a hundred, a few dozen are so wealthy: their years are left out, which a covariate
#: may decide, and with them the coefficients that have no estimate for want of emigrants.
RARE = ("20-50", "50+")
VARIABLES = tuple(name for name in LEVELS if name != "immigrant_wealth")


@dataclass
class Gathered(truth_panel.Panel):
    """The panel of the mobility truth, kept instead of written."""

    persons: list[NDArray[np.int32]] = field(default_factory=list)
    outcomes: list[NDArray[np.int8]] = field(default_factory=list)
    levels: list[dict[str, NDArray[np.int8]]] = field(default_factory=list)
    _held: truth_panel._Year | None = None

    def finished(self, country: c.Country) -> None:
        """Keep what is held."""
        if self._held is not None:
            self._write(self._held)

    def _write(self, held: truth_panel._Year) -> None:
        wealth = held.levels["wealth"]
        common = ~np.isin(wealth, [LEVELS["wealth"].index(name) for name in RARE])
        held.keep(common & (held.true >= 0))
        self.persons.append(held.persons)
        self.outcomes.append(held.true)
        self.levels.append(held.levels)


@cache
def targets() -> Targets:
    """What the countries are drawn around."""
    return scale_targets(embedded_targets(2000, 2021), SCALE)


def live(seed: int) -> Gathered:
    """Simulate a country of one in a hundred without writing anything."""
    state = c.found(targets(), seed, calibrated=False)
    gathered = Gathered()
    for t in range(targets().windows + 1):
        w = window.open_window(state, t, 12 if t < targets().windows else 1)
        simulation.run_window(state, w, [gathered])
        simulation.finish(state, w, [gathered])
    gathered.finished(state)
    return gathered


def most_common(gathered: Gathered) -> dict[str, int]:
    """Of each variable the level that most person-years have, to compare the others with."""
    return {
        name: int(np.bincount(np.concatenate([at[name] for at in gathered.levels])).argmax())
        for name in VARIABLES
    }


def fit(gathered: Gathered, references: dict[str, int]) -> tuple[MobilityFit, dict[str, float]]:
    """Fit the model; returns the fit and the true value of each of its estimates."""
    told = Mobility().coefficients
    terms, values = [], {}
    base = told["constant"][:, 0].copy()
    for name in VARIABLES:
        codes = np.concatenate([levels[name] for levels in gathered.levels])
        reference = references[name]
        names = LEVELS[name]
        terms.append(factor(name, codes, levels=names, reference=names[reference]))
        base += told[name][:, reference]
        for k, outcome in enumerate(OUTCOMES[1:]):
            values |= {
                f"{outcome}: {name}[{level}]": told[name][k, at] - told[name][k, reference]
                for at, level in enumerate(names)
            }
    panel = make_panel(
        np.concatenate(gathered.persons), np.concatenate(gathered.outcomes), terms,
        outcomes=OUTCOMES,
    )  # fmt: skip
    found = fit_mobility(panel)
    (s, t), r = Mobility().deviations, Mobility().correlation
    values |= {f"{o}: (intercept)": b for o, b in zip(OUTCOMES[1:], base, strict=True)}
    values |= {f"var({o})": v * v for o, v in zip(OUTCOMES[1:], (s, t), strict=True)}
    values |= {f"cov({OUTCOMES[1]},{OUTCOMES[2]})": r * s * t}
    return found, {name: float(values[name]) for name in found.names_}
