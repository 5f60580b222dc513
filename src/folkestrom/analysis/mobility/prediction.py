"""Chances for profiles, averaged over the effects of the population."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from folkestrom.analysis.mobility.covariance import Covariance
from folkestrom.analysis.mobility.distributions import normal_quantile
from folkestrom.analysis.mobility.panel import Position
from folkestrom.analysis.mobility.quadrature import product_rule
from folkestrom.errors import UsageError

Array = NDArray[np.float64]
Profile = Mapping[str, str | float]

#: Points in each dimension for the average over the population.
_ORDER = 21


@dataclass(frozen=True)
class Profiled:
    """What a prediction needs of a fitted model; the attributes are those of `MobilityFit`."""

    outcomes: tuple[str, ...]
    positions: tuple[Position, ...]
    free: NDArray[np.int64]
    parents: Mapping[str, Any]
    covariance: Covariance
    theta: Array

    def row(self, profile: Profile) -> Array:
        """The profile's values of the free positions."""
        values = np.zeros(len(self.positions))
        values[0] = 1.0
        known: dict[str, str | float] = dict(profile)
        terms = list(dict.fromkeys(p.term for p in self.positions[1:]))
        self._check_names(profile, terms)
        # What interactions are made of comes before them.
        for term in sorted(terms, key=lambda t: t.count(":")):
            places = [k for k, p in enumerate(self.positions) if p.term == term]
            if self.positions[places[0]].level:
                level = self._level(term, places, known)
                values[next(k for k in places if self.positions[k].level == level)] = 1.0
            else:
                values[places[0]] = self._number(term, known)
        left_out = [
            self.positions[k].label
            for k in np.flatnonzero(values)
            if k not in set(self.free.tolist()) and not self.positions[k].reference
        ]
        if left_out:
            raise UsageError(
                "was left out of the fit: nothing is known of it", value=", ".join(left_out)
            )
        return values[self.free]

    def _check_names(self, profile: Profile, terms: list[str]) -> None:
        asked = [t for t in terms if t not in self.parents]
        asked += [n for t in terms for n in _names_of(self.parents.get(t, ())) if n not in terms]
        for name in profile:
            if name not in asked:
                near = difflib.get_close_matches(name, asked, 1)
                hint = f"Did you mean {near[0]}?" if near else None
                raise UsageError(
                    "is no covariate of the model", value=name, allowed=asked, next_step=hint
                )
        missing = [name for name in dict.fromkeys(asked) if name not in profile]
        if missing:
            raise UsageError(f"the profile says nothing of {', '.join(missing)}")

    def _level(self, term: str, places: list[int], known: dict[str, str | float]) -> str:
        levels = [self.positions[k].level for k in places]
        if term in self.parents:
            one, other = self.parents[term]
            level = f"{known[one]}:{known[other]}"
            known[term] = level if level in levels else levels[0]
        if known[term] not in levels:
            raise UsageError("is not a level", column=term, value=known[term], allowed=levels[:20])
        return str(known[term])

    def _number(self, term: str, known: dict[str, str | float]) -> float:
        product = 1.0
        for name, level in self.parents.get(term, ((term, ""),)):
            if level:
                product *= float(known[name] == level)
            else:
                value = known[name]
                if isinstance(value, str) or not np.isfinite(value):
                    raise UsageError("is not a number", column=name, value=value)
                product *= float(value)
        known[term] = product
        return product


def _names_of(parents: Sequence[Any]) -> list[str]:
    return [p if isinstance(p, str) else p[0] for p in parents]


def predict(
    model: Profiled, vcov: Array, profiles: Sequence[Profile], level: float
) -> pl.DataFrame:
    """Chances of each outcome for profiles, with errors and intervals.

    Parameters
    ----------
    model
        The fitted model.
    vcov
        Covariance of its parameters.
    profiles
        For each covariate a level or a number.
    level
        Coverage of the intervals, by the delta method on the logit scale.
    """
    reach = normal_quantile(0.5 + level / 2)
    rows: list[dict[str, object]] = []
    for k, profile in enumerate(profiles):
        chances, slopes = _average(model, model.row(profile))
        errors = np.sqrt(np.einsum("ij,jk,ik->i", slopes, vcov, slopes))
        for j, outcome in enumerate(model.outcomes):
            p, error = float(chances[j]), float(errors[j])
            logit, width = np.log(p / (1 - p)), reach * error / (p * (1 - p))
            rows.append(
                {
                    "profile": k,
                    "outcome": outcome,
                    "chance": p,
                    "standard_error": error,
                    "low": 1 / (1 + np.exp(width - logit)),
                    "high": 1 / (1 + np.exp(-width - logit)),
                }
            )
    return pl.DataFrame(rows)


def _average(model: Profiled, row: Array) -> tuple[Array, Array]:
    """Chances averaged over the effects, and their derivatives in the parameters."""
    equations, n = len(model.outcomes) - 1, model.covariance.effects
    coefficients = equations * row.size
    beta = model.theta[:coefficients].reshape(equations, -1)
    rule = product_rule(_ORDER, n)
    index = rule.index[:, : rule.nodes]
    z = np.sqrt(2.0) * rule.points[index]
    weight = np.exp(rule.log_weights[index].sum(axis=0)) if n else np.ones(1)
    weight = weight / weight.sum()
    predictor = np.repeat((beta @ row)[:, None], weight.size, axis=1)
    if n:
        predictor = predictor + model.covariance.root(model.theta[coefficients:]) @ z
    top = np.maximum(predictor.max(axis=0), 0.0)
    powers = np.vstack([np.exp(-top), np.exp(predictor - top)])
    p = powers / powers.sum(axis=0)
    slopes = np.zeros((equations + 1, model.theta.size))
    for j in range(equations + 1):
        # Derivative of p_j in each predictor.
        bent = p[j] * ((np.arange(1, equations + 1)[:, None] == j) - p[1:])
        mean = bent @ weight
        slopes[j, :coefficients] = np.outer(mean, row).ravel()
        if n:
            slopes[j, coefficients:] = ((bent * weight) @ z.T).ravel() @ model.covariance.basis
    return p @ weight, slopes
