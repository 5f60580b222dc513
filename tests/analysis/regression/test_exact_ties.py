"""Exact ties: R's results, sums over all sets, and the conditional logit."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import polars as pl
import pytest

from folkestrom.analysis.regression import adjusted_survival, cox, proportionality_test
from folkestrom.errors import ResourceError, UsageError
from tests.analysis.regression.slowly import made_up, matrix, slope
from tests.oracle.survival.reading import data, result

NAMES = ["place", "age"]


@pytest.mark.parametrize("name", ["coarse", "strata"])
def test_ties_of_months_are_those_of_r(name: str) -> None:
    """Up to dozens of events at a time: sums over more sets than can be written out."""
    rows = data("lung").with_columns(time=(pl.col("time") / 60).ceil().cast(int))
    options: Any = {"covariates": ["age", "sex"]}
    if name == "strata":
        rows, options = rows.drop_nulls("ecog"), {"covariates": ["age", "ecog"], "strata": "sex"}
    fit = cox(rows, stop="time", event="died", ties="exact", **options)
    wanted = result(f"exact_{name}")
    assert fit.converged_
    distance = (fit.theta - wanted["coef"]) / wanted["se"]
    assert np.abs(distance).max() < 2e-7
    np.testing.assert_allclose(list(fit.bse_.values()), wanted["se"], rtol=2e-7)
    own = [fit.log_likelihood_null_, fit.log_likelihood_]
    np.testing.assert_allclose(own, wanted["loglik"], rtol=1e-12)


def sets_of(rows: dict[str, np.ndarray]) -> list[tuple[list[int], np.ndarray]]:
    """For each time those with an event, and all sets of as many of those at risk."""
    found = []
    for sex in ("f", "m"):
        own = rows["sex"] == sex
        for t in np.unique(rows["stop"][rows["event"] & own]):
            at_risk = np.flatnonzero((rows["start"] < t) & (t <= rows["stop"]) & own)
            events = [i for i in at_risk if rows["event"][i] and rows["stop"][i] == t]
            found.append((events, np.array(list(itertools.combinations(at_risk, len(events))))))
    return found


def enumerated(theta: np.ndarray, x: np.ndarray, sets: Any) -> float:
    """The likelihood as sums over these sets."""
    risk = x @ theta
    return sum(
        float(risk[events].sum() - np.log(np.exp(risk[each].sum(axis=1)).sum()))
        for events, each in sets
    )


@pytest.mark.parametrize("seed", range(3))
def test_the_likelihood_is_the_sum_over_all_sets(seed: int) -> None:
    """With late entry and strata, and times at which all or nearly all have the event."""
    rows = made_up(36, seed)
    for name in ("start", "stop"):
        rows[name] = rows[name] // 8 + (name == "stop")
    fit = cox(
        rows, start="start", stop="stop", event="event", covariates=NAMES, strata="sex",
        ties="exact",
    )  # fmt: skip
    x, sets = matrix(rows), sets_of(rows)

    def value(theta: np.ndarray) -> float:
        return enumerated(theta, x, sets)

    assert fit.converged_
    assert max(len(events) for events, _ in sets) > 2
    np.testing.assert_allclose(fit.log_likelihood_, value(fit.theta), rtol=1e-11)
    np.testing.assert_allclose(slope(value, fit.theta), 0, atol=1e-4)
    second = -slope(lambda t: slope(value, t, 1e-4), fit.theta, 1e-4)
    np.testing.assert_allclose(np.linalg.inv(second), fit.vcov, rtol=2e-3, atol=1e-6)


def test_without_ties_all_are_the_same() -> None:
    generator = np.random.default_rng(1)
    rows = {"stop": generator.permutation(80) + 1, "event": generator.random(80) < 0.7,
            "x": generator.normal(size=80)}  # fmt: skip
    fits = [cox(rows, stop="stop", event="event", covariates=["x"], ties=t)  # type: ignore[arg-type]
            for t in ("exact", "efron")]  # fmt: skip
    np.testing.assert_allclose(fits[0].theta, fits[1].theta, rtol=1e-6)
    np.testing.assert_allclose(fits[0].log_likelihood_, fits[1].log_likelihood_, rtol=1e-12)


def test_thousands_at_risk_and_far_apart_do_not_overflow() -> None:
    generator = np.random.default_rng(2)
    x = generator.normal(size=4000)
    event = generator.random(4000) < 1 / (1 + np.exp(-(2 * x - 1)))
    rows = {"stop": np.ones(4000), "event": event, "x": 30 * x, "z": generator.normal(size=4000)}
    fit = cox(rows, stop="stop", event="event", covariates=["x", "z"], ties="exact")
    assert fit.converged_
    # Of one time with many events it is nearly the plain logit.
    assert abs(fit.params_["x"] - 2 / 30) < 4 * fit.bse_["x"]


def test_separation_is_of_events_from_others_at_risk() -> None:
    """Both events are ahead of the others; that they differ from one another says nothing."""
    rows = {"stop": [3, 3, 4, 5], "event": [1, 1, 0, 0], "x": [2.0, 3.0, 1.0, 0.0]}
    fit = cox(rows, stop="stop", event="event", covariates=["x"], ties="exact")
    assert not fit.converged_
    assert "separation" in fit.message_
    plain = cox(rows | {"x": [2.0, 0.5, 1.0, 0.0]}, stop="stop", event="event", covariates=["x"],
                ties="exact")  # fmt: skip
    assert plain.converged_


def test_what_is_refused() -> None:
    rows = made_up(60, 4)
    options: Any = {"stop": "stop", "start": "start", "event": "event", "covariates": NAMES}
    for column in ("weight", "cluster"):
        with pytest.raises(UsageError, match="has no place in the exact likelihood"):
            cox(rows, ties="exact", **options, **{column: "person"})
    fit = cox(rows, ties="exact", **options)
    for call in (
        fit.cumulative_hazard, lambda: proportionality_test(fit),
        lambda: adjusted_survival(fit, rows),
    ):  # fmt: skip
        with pytest.raises(UsageError, match="have no baseline hazard"):
            call()
    many = {"stop": np.ones(200_000), "event": np.arange(200_000) % 2, "x": np.arange(200_000.0)}
    with pytest.raises(ResourceError, match="up to 100000 events at one time"):
        cox(many, stop="stop", event="event", covariates=["x"], ties="exact")
