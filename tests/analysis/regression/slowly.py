"""The models as their definitions have them, without any of the program's shortcuts."""

from __future__ import annotations

from typing import Any

import numpy as np


def log_likelihood(
    theta: np.ndarray,
    x: np.ndarray,
    stop: np.ndarray,
    event: np.ndarray,
    *,
    start: np.ndarray | None = None,
    weight: np.ndarray | None = None,
    efron: bool = True,
    stratum: np.ndarray | None = None,
) -> float:
    """The partial likelihood: a loop over strata, times of events, and tied events."""
    weight = np.ones(len(stop)) if weight is None else weight
    start = np.full(len(stop), -np.inf) if start is None else start
    stratum = np.zeros(len(stop)) if stratum is None else stratum
    risk = weight * np.exp(x @ theta)
    value = 0.0
    for s in np.unique(stratum):
        for t in np.unique(stop[event & (stratum == s)]):
            at_risk = (stratum == s) & (start < t) & (stop >= t)
            tied = at_risk & event & (stop == t)
            value += float((weight[tied] * (x[tied] @ theta)).sum())
            whole, part = risk[at_risk].sum(), risk[tied].sum()
            for k in range(int(tied.sum())):
                left = whole - (k / tied.sum() * part if efron else 0.0)
                value -= weight[tied].mean() * np.log(left)
    return value


def slope(function: Any, at: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """First derivatives, by differences."""
    return np.array(
        [
            (function(at + step * unit) - function(at - step * unit)) / (2 * step)
            for unit in np.eye(len(at))
        ]
    )


def made_up(rows: int, seed: int) -> dict[str, np.ndarray]:
    """Spells in days, with ties, late entry, strata, weights and two causes."""
    generator = np.random.default_rng(seed)
    place = generator.choice(["city", "suburb", "village"], rows)
    age = generator.normal(40, 12, rows)
    effect = np.where(place == "city", 0.6, np.where(place == "village", -0.4, 0.0))
    rate = 0.03 * np.exp(effect + 0.02 * (age - 40))
    start = generator.integers(0, 15, rows)
    start[: rows // 4] = 0
    left = start + 1 + generator.geometric(np.clip(rate, 0, 0.9))
    until = start + 1 + generator.integers(0, 70, rows)
    return {
        "start": start,
        "stop": np.minimum(left, until),
        "event": left <= until,
        "cause": np.where(left <= until, generator.integers(1, 3, rows), 0),
        "place": place,
        "age": age,
        "sex": generator.choice(["f", "m"], rows),
        "weight": generator.random(rows) + 0.5,
        "person": np.arange(rows) // 2,
    }


def matrix(data: dict[str, np.ndarray]) -> np.ndarray:
    """Covariates place (city the reference) and age, spread out."""
    columns = [data["place"] == "suburb", data["place"] == "village", data["age"]]
    return np.column_stack(columns).astype(float)
