"""Panels with known truth, for the tests of the mobility model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from folkestrom.analysis.mobility import Panel, Term, factor, make_panel, number

OUTCOMES = ("stay", "municipality", "abroad")


@dataclass
class Drawn:
    """A panel drawn from the model, and the parameters that it was drawn with."""

    person: NDArray[np.int64]
    outcome: NDArray[np.int64]
    terms: list[Term]
    truth: dict[str, float]
    outcomes: tuple[str, ...] = OUTCOMES

    @property
    def panel(self) -> Panel:
        return make_panel(self.person, self.outcome, self.terms, outcomes=self.outcomes)


def draw(
    persons: int,
    years: int,
    *,
    seed: int = 1,
    outcomes: int = 3,
    root: NDArray[np.float64] | None = None,
) -> Drawn:
    """Persons observed for some years each, with sex, age group, place and a yearly number."""
    rng = np.random.default_rng(seed)
    equations = outcomes - 1
    if root is None:
        root = np.array([[1.0, 0, 0], [0.4, 0.9, 0], [0.2, 0.3, 0.7]])[:equations, :equations]
    n = persons * years
    person = np.repeat(np.arange(persons), years)
    columns = {
        "sex": (np.repeat(rng.integers(0, 2, persons), years), ["man", "woman"]),
        "age": (rng.integers(0, 4, n), ["20-29", "30-39", "40-49", "50-66"]),
        "place": (
            np.repeat(rng.choice(3, persons, p=[0.6, 0.3, 0.1]), years),
            ["rural", "urban", "capital"],
        ),
    }
    income = rng.normal(size=n)
    predictor = np.tile(np.linspace(-1.5, -2.0, equations), (n, 1))
    names = ("municipality", "abroad", "elsewhere")[:equations]
    truth = {f"{o}: (intercept)": float(predictor[0, j]) for j, o in enumerate(names)}
    for name, (codes, levels) in columns.items():
        slopes = rng.normal(0, 0.4, (len(levels), equations))
        slopes[0] = 0
        predictor += slopes[codes]
        truth |= {
            f"{o}: {name}[{level}]": float(slopes[k, j])
            for j, o in enumerate(names)
            for k, level in enumerate(levels)
            if k
        }
    predictor += income[:, None] * 0.2
    truth |= {f"{o}: income": 0.2 for o in names}
    predictor += np.repeat(rng.normal(size=(persons, equations)) @ root.T, years, axis=0)
    full = np.hstack([np.zeros((n, 1)), predictor]) + rng.gumbel(size=(n, outcomes))
    covariance = root @ root.T
    truth |= {f"var({o})": float(covariance[j, j]) for j, o in enumerate(names)}
    truth |= {
        f"cov({names[i]},{names[j]})": float(covariance[i, j])
        for i in range(equations)
        for j in range(i + 1, equations)
    }
    terms: list[Term] = [factor(k, codes, levels=levels) for k, (codes, levels) in columns.items()]
    terms.append(number("income", income))
    return Drawn(person, full.argmax(axis=1), terms, truth, ("stay", *names))
