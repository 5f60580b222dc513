"""Adjusted curves against R, definitions in loops, and derivatives by differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from folkestrom.analysis.followup import (
    aalen_johansen,
    difference_at,
    follow_up,
    kaplan_meier,
    restricted_mean,
)
from folkestrom.analysis.mobility import factor, interaction
from folkestrom.analysis.regression import adjusted_incidence, adjusted_survival, cox, fine_gray
from folkestrom.errors import UserError
from tests.analysis.regression.slowly import made_up
from tests.oracle.survival.reading import data, result

NAMES = ["place", "age"]
LATE: dict[str, Any] = {"start": "start", "stop": "stop", "covariates": NAMES}


def test_survival_of_profiles_and_of_a_population_is_that_of_r() -> None:
    wanted = result("adjusted_lung")
    fit = cox(data("lung"), stop="time", event="died", covariates=["age", "sex"])
    one = adjusted_survival(fit, {"age": [60.0]}, by="sex", levels=[1, 2], at=wanted["time"])
    np.testing.assert_allclose([c.estimate for c in one], wanted["surv"], rtol=1e-7)
    np.testing.assert_allclose([c.se for c in one], wanted["se"], rtol=1e-6)
    all_ages = adjusted_survival(fit, data("lung"), by="sex", levels=[1, 2], at=wanted["time"])
    np.testing.assert_allclose([c.estimate for c in all_ages], wanted["mean"], rtol=1e-7)


def test_incidences_are_sums_over_profiles_of_hazards_of_r() -> None:
    """R's cumulative hazards of two regressions, put together in a loop."""
    wanted = result("adjusted_cohort")
    d = data("cohort").with_columns(
        end=pl.when(pstat=0).then("futime").otherwise("ptime"),
        cause=pl.when(pstat=1).then(1).otherwise(2 * pl.col("death")),
    )
    fits = {
        name: cox(d, stop="end", event="cause", cause=k, covariates=["age", "sex"])
        for k, name in ((1, "pcm"), (2, "death"))
    }
    population = d.with_row_index().filter(pl.col("index") < wanted["profiles"])
    curves = adjusted_incidence(fits, population, at=wanted["time"])
    for name in ("survival", "pcm", "death"):
        np.testing.assert_allclose(curves.of(outcome=name).estimate, wanted[name], rtol=1e-7)
    total = np.sum([curve.estimate for curve in curves], axis=0)
    np.testing.assert_allclose(total, 1.0, rtol=1e-12)


def curves_of(rows: dict[str, np.ndarray], model: str, weight: str | None) -> Any:
    """Curves at two times and areas, in one vector; and standard errors."""
    options: Any = LATE | {"ties": "breslow", "weight": weight}
    if model == "fine_gray":
        fits: Any = fine_gray(rows, event="cause", cause=1, **options)
    else:
        strata = "sex" if model == "strata" else None
        fits = {str(k): cox(rows, event="cause", cause=k, strata=strata, **options) for k in (1, 2)}
    people = made_up(40, 1)
    curves = adjusted_incidence(fits, people, by="place", at=[20, 41], weight="weight")
    last = curves.curves[-1].outcome
    areas = curves.restricted_means(30.5, outcome=last)
    single = [v for c in curves for v in c.estimate]
    errors = [v for c in curves for v in c.se]
    table = areas.to("polars")
    difference = curves.differences(30, outcome=last).to("polars")
    return (
        np.array([*single, *areas.estimate, *difference["difference"][1:]]),
        np.array([*errors, *table["se"], *difference["difference_se"][1:]]),
    )


@pytest.mark.parametrize("model", ["cox", "strata"])
def test_robust_errors_are_the_infinitesimal_jackknife(model: str) -> None:
    """What each row's weight does to curves, differences and areas, with late entry."""
    rows = made_up(30, 5)
    moves = []
    for i in range(30):
        sides = []
        for step in (1e-3, -1e-3):
            weight = rows["weight"].copy()
            weight[i] *= 1 + step
            sides.append(curves_of(rows | {"weight": weight}, model, "weight")[0])
        moves.append((sides[0] - sides[1]) / 2e-3)
    wanted = np.sqrt((np.array(moves) ** 2).sum(axis=0))
    np.testing.assert_allclose(curves_of(rows, model, "weight")[1], wanted, rtol=2e-4)


@pytest.mark.parametrize("model", ["cox", "strata"])
def test_errors_from_the_information_are_those_of_many_rows(model: str) -> None:
    """The model is right here: robust errors must come near."""
    rows = made_up(6000, 8)
    plain = curves_of(rows, model, None)
    robust = curves_of(rows | {"one": np.ones(6000)}, model, "one")
    np.testing.assert_allclose(plain[0], robust[0], rtol=1e-9)
    np.testing.assert_allclose(plain[1], robust[1], rtol=0.08)


@pytest.mark.parametrize("model", ["cox", "fine_gray"])
def test_errors_are_the_spread_of_samples(model: str) -> None:
    drawn = [curves_of(made_up(300, 100 + k), model, None) for k in range(80)]
    spread = np.std([estimate for estimate, _ in drawn], axis=0)
    errors = np.mean([se for _, se in drawn], axis=0)
    # A standard deviation of 80 samples is itself known to some 8 %.
    np.testing.assert_allclose(errors, spread, rtol=0.25)
    assert abs(np.mean(errors / spread) - 1) < 0.1


def test_without_an_effect_curves_are_the_plain_ones() -> None:
    """A stratum each: exp(−Nelson–Aalen) of each group, with late entry."""
    rows = made_up(500, 2)
    rows["x"] = np.tile([0.0, 1.0], 250)
    fit = cox(
        rows, start="start", stop="stop", event="event", covariates=["x"], strata="sex",
        ties="breslow",
    )  # fmt: skip
    curves = adjusted_survival(fit, rows, by="sex", at=[10, 30])
    assert [c.group for c in curves] == ["f", "m"]
    follow = follow_up(rows["stop"], rows["event"], entry=rows["start"], group=rows["sex"])
    for curve in kaplan_meier(follow):
        near = curves.of(curve.group)
        np.testing.assert_allclose(near.estimate, curve.at([10, 30]), atol=0.02)
        np.testing.assert_allclose(near.se, curve.se[np.isin(curve.time, [10, 30])], rtol=0.1)


def test_fine_and_grays_curve_is_aalen_and_johansens() -> None:
    rows = made_up(800, 3)
    rows["x"] = np.tile([0.0, 1.0], 400)
    fit = fine_gray(
        rows, start="start", stop="stop", event="cause", cause=1, covariates=["x"], ties="breslow"
    )
    curves = adjusted_incidence(fit, rows, at=[10, 30])
    curve = curves.of(outcome="1")  # by the name of its cause, which begins at nothing
    assert curve.start == 0
    assert "array(" not in repr(curves)
    assert repr(curves).count("\n") < 20
    assert repr(fit) == fit.summary()
    follow = follow_up(rows["stop"], rows["cause"], entry=rows["start"], causes=["a", "b"])
    wanted = aalen_johansen(follow, variance="robust").of(outcome="a")
    np.testing.assert_allclose(curve.estimate, wanted.at([10, 30]), atol=0.01)
    np.testing.assert_allclose(curve.se, wanted.se[np.isin(wanted.time, [10, 30])], rtol=0.1)


def test_interactions_follow_the_level_and_weights_are_persons() -> None:
    rows = made_up(400, 4)
    place, sex = factor("place", rows["place"]), factor("sex", rows["sex"])
    terms = [place, sex, *interaction(place, sex), "age"]
    fit = cox(rows, start="start", stop="stop", event="event", covariates=terms)
    people = {"place": ["village", "city", "city"], "age": [30, 40, 40]}
    twice = adjusted_survival(fit, people, by="sex", at=[20])
    once = adjusted_survival(
        fit, {"place": ["village", "city"], "age": [30, 40], "n": [1, 2]}, by="sex", weight="n",
        at=[20],
    )  # fmt: skip
    for level, one, other in zip(("f", "m"), twice, once, strict=True):
        np.testing.assert_allclose(one.estimate, other.estimate, rtol=1e-12)
        hazards = [
            fit.cumulative_hazard({"place": p, "sex": level, "age": a}).filter(pl.col("time") <= 20)
            for p, a in zip(people["place"], people["age"], strict=True)
        ]
        if level == "f":
            wanted = np.mean([np.exp(-h["estimate"][-1]) for h in hazards])
            np.testing.assert_allclose(one.estimate, wanted, rtol=1e-10)
    assert list(twice.differences(20, reference="m").to("polars")["difference"])[1] is None


def test_areas_are_sums_of_the_curve() -> None:
    rows = made_up(300, 6)
    fit = cox(rows, event="event", **LATE)
    curves = adjusted_survival(fit, rows, by="place")
    found = curves.restricted_means(25.5)
    for value, curve in zip(found.estimate, curves, strict=True):
        steps = np.append(curve.time[curve.time < 25.5], 25.5)
        heights = np.append(1.0, curve.estimate)[: len(steps)]
        np.testing.assert_allclose(value, (np.diff(steps, prepend=0) * heights).sum(), rtol=1e-12)
    assert found.degrees == 2
    assert 0 < found.p_value < 1


def test_what_is_refused() -> None:
    rows = made_up(200, 7)
    fit, late = cox(rows, event="event", **LATE), cox(rows, event="cause", cause=1, **LATE)
    share = fine_gray(rows, event="cause", cause=1, **LATE)
    wrong: list[tuple[Any, str]] = [
        (lambda: adjusted_survival(fit, rows, by="plase"), "Did you mean 'place'"),
        (lambda: adjusted_survival(fit, rows, by="age"), "is a number"),
        (lambda: adjusted_survival(fit, rows, by="place", levels=["town"]), "no level of place"),
        (lambda: adjusted_survival(fit, {"place": ["town"], "age": [3]}), "does not know"),
        (lambda: adjusted_survival(fit, {"place": ["city"]}), "'age' is not a column"),
        (lambda: adjusted_survival(fit, rows, at=[9999]), "within the follow-up"),
        (lambda: adjusted_survival(fit, rows).differences(5), "has not two levels"),
        (lambda: adjusted_survival(fit, rows, by="place").differences(0), "no time within"),
        (lambda: adjusted_survival(share, rows), "of the other kind"),
        (lambda: adjusted_incidence(fit, rows), "of the other kind"),
        (lambda: adjusted_incidence({"a": late, "b": cox(made_up(9, 1) | {"age": np.arange(9.0)},
            event="event", start="start", stop="stop", covariates=["age"])}, rows), "same rows"),
    ]  # fmt: skip
    for call, said in wrong:
        with pytest.raises(UserError, match=said):
            call()


def test_differences_of_curves_and_areas_by_hand() -> None:
    rows = made_up(400, 9)
    follow = follow_up(
        rows["stop"], rows["cause"], entry=rows["start"], causes=["a", "b"], group=rows["place"]
    )
    found = difference_at(follow, 20, cause="a", reference="suburb").to("polars")
    curves = aalen_johansen(follow)
    values = {c.group: (c.at(20), c.se[np.searchsorted(c.time, 20, "right") - 1])
              for c in curves if c.outcome == "a"}  # fmt: skip
    for row in found.iter_rows(named=True):
        own, other = values[row["group"]], values["suburb"]
        if row["group"] == "suburb":
            assert row["p"] is None
            continue
        assert row["difference"] == pytest.approx(own[0] - other[0], rel=1e-12)
        assert row["difference_se"] == pytest.approx(np.hypot(own[1], other[1]), rel=1e-12)
        assert row["ratio"] == pytest.approx(own[0] / other[0], rel=1e-12)
        logs = np.hypot(own[1] / own[0], other[1] / other[0])
        assert np.log(row["ratio_upper"] / row["ratio"]) == pytest.approx(1.959964 * logs, rel=1e-6)
    means = restricted_mean(follow, 20)
    assert means.mean.shape == (3,)
