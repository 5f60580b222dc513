"""What must hold of any follow-up: against definitions, and between estimators."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from folkestrom.analysis.followup import (
    aalen_johansen,
    count,
    follow_up,
    gray_test,
    kaplan_meier,
    log_rank,
    nelson_aalen,
    quantile,
    restricted_mean,
    state_occupation,
    transitions,
)
from tests.analysis.followup.slowly import CAUSES, Rows, counted, estimates, jackknife, rows

CLOSE = {"rtol": 1e-10, "atol": 1e-12}
#: An example takes in its rows several times, so there are fewer of them than elsewhere.
few = settings(max_examples=settings().max_examples // 3)


@given(rows())
@few
def test_counts_are_those_of_the_definition(r: Rows) -> None:
    counts = count(r.taken_in(group=None))
    for day in range(counts.first + 1, int(r.exit.max()) + 1):
        at_risk, events = counted(r, day)
        place = day - counts.first
        np.testing.assert_allclose(counts.at_risk[0, place], at_risk, **CLOSE)
        np.testing.assert_allclose(counts.events[0, place], events, **CLOSE)
        left = r.weight[(r.exit == day) & (r.cause == 0)].sum()
        np.testing.assert_allclose(counts.censored[0, place], left, **CLOSE)


@given(rows())
@few
def test_estimates_are_those_of_the_definition(r: Rows) -> None:
    follow = r.taken_in(group=None)
    until = int(r.exit.max())
    wanted = estimates(r, until)
    incidence = aalen_johansen(follow)
    found = {"survival": kaplan_meier(follow).of(), "hazard": nelson_aalen(follow).of()}
    found |= {cause: incidence.of(outcome=cause) for cause in CAUSES}
    for name, curve in found.items():
        np.testing.assert_allclose(curve.at(range(1, until + 1)), wanted[name], **CLOSE)
    area = restricted_mean(follow, until).mean[0]
    np.testing.assert_allclose(area, wanted["area"][-1], **CLOSE)


@given(rows(most=12))
@few
def test_robust_variances_are_those_of_the_jackknife(r: Rows) -> None:
    follow = r.taken_in(group=None)
    until = int(r.exit.max())
    incidence = aalen_johansen(follow, variance="robust")
    curves = {"survival": kaplan_meier(follow).of(), "hazard": nelson_aalen(follow).of()}
    curves |= {cause: incidence.of(outcome=cause) for cause in CAUSES}
    for name, curve in curves.items():
        wanted = jackknife(r, lambda one, name=name: estimates(one, until)[name])
        np.testing.assert_allclose(curve.se**2, wanted[curve.time - 1], rtol=1e-5, atol=1e-8)
    wanted = jackknife(r, lambda one: estimates(one, until)["area"])[-1]
    found = restricted_mean(follow, until).se[0] ** 2
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


@given(rows(late=False))
@few
def test_without_late_entry_and_weights_robust_variances_are_greenwoods(r: Rows) -> None:
    follow = r.taken_in(weight=None)
    for one, other in zip(
        aalen_johansen(follow, variance="greenwood"),
        aalen_johansen(follow, variance="robust"),
        strict=True,
    ):
        np.testing.assert_allclose(one.estimate, other.estimate, **CLOSE)
        np.testing.assert_allclose(one.se, other.se, rtol=1e-7, atol=1e-7)
    until = int(min(r.exit[r.group == g].max() for g in "ab"))
    means = [restricted_mean(follow, until, variance=v).se for v in ("greenwood", "robust")]
    np.testing.assert_allclose(*means, rtol=1e-7, atol=1e-7)


@given(st.lists(st.integers(1, 20), min_size=1, max_size=40))
def test_without_censoring_survival_is_the_share_still_there(days: list[int]) -> None:
    curve = kaplan_meier(follow_up(days, np.ones(len(days), int))).of()
    share = np.array([np.mean(np.array(days) > t) for t in curve.time])
    np.testing.assert_allclose(curve.estimate, share, **CLOSE)
    np.testing.assert_allclose(curve.se, np.sqrt(share * (1 - share) / len(days)), **CLOSE)
    assert curve.estimate[-1] == 0.0
    assert curve.at(1000) == 0.0


@given(rows())
def test_survival_and_incidences_add_up_to_one(r: Rows) -> None:
    follow = r.taken_in()
    curves = list(aalen_johansen(follow))
    survival = list(kaplan_meier(follow))
    for g, one in enumerate(survival):
        parts = curves[4 * g : 4 * g + 4]
        np.testing.assert_allclose(parts[0].estimate, one.estimate, **CLOSE)
        np.testing.assert_allclose(parts[0].se, one.se, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(sum(c.estimate for c in parts), 1.0, **CLOSE)


@given(rows())
@few
def test_a_weight_of_two_counts_as_two_rows(r: Rows) -> None:
    twice = np.repeat(np.arange(len(r.exit)), 2)
    doubled = r.taken_in(weight=None, order=twice)
    weighted = r.taken_in(weight=np.full(len(r.exit), 2.0))
    for kind in (kaplan_meier, nelson_aalen, aalen_johansen):
        for one, other in zip(kind(doubled), kind(weighted, variance="greenwood"), strict=True):
            assert one.time.tolist() == other.time.tolist()
            for name in ("at_risk", "events", "censored", "estimate", "se"):
                np.testing.assert_allclose(getattr(one, name), getattr(other, name), **CLOSE)


@given(rows())
@few
def test_a_weight_of_nothing_is_no_row(r: Rows) -> None:
    # The first row stays, and the first of the other group, so that days and groups do.
    weight = np.where(np.arange(len(r.exit)) % 3 == 2, 0.0, r.weight)
    follow = r.taken_in(weight=weight)
    kept = r.taken_in(order=np.flatnonzero(weight))
    for one, other in zip(aalen_johansen(follow), aalen_johansen(kept), strict=True):
        assert one.to("arrow") == other.to("arrow")


@given(rows(late=False))
@few
def test_entry_on_day_zero_is_no_late_entry(r: Rows) -> None:
    for one, other in zip(
        aalen_johansen(r.taken_in(entry=None)), aalen_johansen(r.taken_in()), strict=True
    ):
        np.testing.assert_array_equal(one.estimate, other.estimate)
        np.testing.assert_array_equal(one.se, other.se)


@given(rows(), st.randoms(use_true_random=False))
@few
def test_the_order_of_rows_does_not_matter(r: Rows, random: object) -> None:
    order = np.arange(len(r.exit))
    random.shuffle(order)  # type: ignore[attr-defined]
    follow, shuffled = r.taken_in(), r.taken_in(order=order)
    for one, other in zip(aalen_johansen(follow), aalen_johansen(shuffled), strict=True):
        assert one.time.tolist() == other.time.tolist()
        np.testing.assert_allclose(one.estimate, other.estimate, **CLOSE)
        np.testing.assert_allclose(one.se, other.se, rtol=1e-7, atol=1e-7)


@given(rows())
@few
def test_days_may_be_counted_from_another_day(r: Rows) -> None:
    moved = Rows(r.entry - 700, r.exit - 700, r.cause, r.weight, r.group)
    dates = np.datetime64("1970-01-01") + r.exit.astype("timedelta64[D]")
    entered = [date(1970, 1, 1) + timedelta(int(day)) for day in r.entry]
    wanted = list(kaplan_meier(r.taken_in()))
    for one, other, dated in zip(
        wanted,
        kaplan_meier(moved.taken_in()),
        kaplan_meier(r.taken_in(exit=dates, entry=entered)),
        strict=True,
    ):
        np.testing.assert_array_equal(one.time, other.time + 700)
        np.testing.assert_array_equal(one.estimate, other.estimate)
        np.testing.assert_array_equal(one.estimate, dated.estimate)


@given(rows(late=False))
@few
def test_with_one_way_out_states_are_competing_risks(r: Rows) -> None:
    follow = r.taken_in(group=None, weight=None)
    names = np.array([None, *CAUSES], dtype=object)
    states = transitions(
        r.exit, ["here"] * len(r.exit), list(names[r.cause]), states=["here", *CAUSES]
    )
    for cause in CAUSES:
        one = aalen_johansen(follow, variance="greenwood").of(outcome=cause)
        other = state_occupation(states).of(outcome=cause)
        np.testing.assert_array_equal(one.estimate, other.estimate)
        np.testing.assert_allclose(one.se, other.se, **CLOSE)


@given(rows())
@few
def test_a_cause_of_its_own_hazard_adds_to_that_of_all(r: Rows) -> None:
    follow = r.taken_in()
    parts = [list(nelson_aalen(follow, cause=cause)) for cause in CAUSES]
    for g, whole in enumerate(nelson_aalen(follow)):
        np.testing.assert_allclose(sum(p[g].estimate for p in parts), whole.estimate, **CLOSE)


@given(rows(late=False))
@few
def test_tests_say_the_same_whatever_groups_are_called(r: Rows) -> None:
    swapped = np.where(r.group == "a", "b", "a")
    for test in (log_rank, lambda f: gray_test(f, "return")):
        one = test(r.taken_in(weight=None))
        other = test(r.taken_in(weight=None, group=swapped))
        np.testing.assert_allclose(one.statistic, other.statistic, rtol=1e-8, atol=1e-9)
        np.testing.assert_allclose(one.expected.sum(), one.observed.sum(), rtol=1e-10)


@given(rows(late=False))
@few
def test_the_same_in_two_strata_is_twice_the_evidence(r: Rows) -> None:
    twice = np.tile(np.arange(len(r.exit)), 2)
    stratum = np.repeat([1, 2], len(r.exit))
    rows_twice = Rows(*(getattr(r, name)[twice] for name in Rows.__dataclass_fields__))
    for test in (log_rank, lambda f: gray_test(f, "death")):
        one = test(r.taken_in(weight=None))
        two = test(rows_twice.taken_in(weight=None, stratum=stratum))
        np.testing.assert_allclose(2 * one.statistic, two.statistic, rtol=1e-8, atol=1e-9)


@given(rows())
def test_half_have_had_the_event_by_the_median(r: Rows) -> None:
    for curve in kaplan_meier(r.taken_in()):
        median = quantile(curve)
        if not np.isnan(median.time):
            assert curve.at(median.time) <= 0.5 + 1e-7
            assert np.isnan(median.lower) or median.lower <= median.time
            assert np.isnan(median.upper) or median.upper >= median.time


WEIGHTS = {
    "log-rank": lambda n, d, kaplan_meier, peto: 1.0,
    "gehan": lambda n, d, kaplan_meier, peto: n,
    "tarone-ware": lambda n, d, kaplan_meier, peto: n**0.5,
    "peto": lambda n, d, kaplan_meier, peto: peto * (1 - d / (n + 1)),
    "fleming-harrington": lambda n, d, kaplan_meier, peto: (
        kaplan_meier**0.5 * (1 - kaplan_meier) ** 1.5
    ),
}


@given(rows(), st.sampled_from(list(WEIGHTS)))
@settings(max_examples=60)
def test_weighted_log_rank_is_that_of_the_definition(r: Rows, emphasis: Any) -> None:
    """Two groups, day by day within two strata: (O − E)² / V with the weights of the day."""
    stratum = np.arange(len(r.exit)) % 2
    powers = {"rho": 0.5, "gamma": 1.5} if emphasis == "fleming-harrington" else {}
    found = log_rank(r.taken_in(weight=None, stratum=stratum), emphasis, **powers)
    less, variance = 0.0, 0.0
    for s in (0, 1):
        before, peto = 1.0, 1.0
        for day in range(1, int(r.exit.max()) + 1):
            at_risk = (r.entry < day) & (day <= r.exit) & (stratum == s)
            died = at_risk & (r.exit == day) & (r.cause > 0)
            n, d, first = at_risk.sum(), died.sum(), (at_risk & (r.group == "a")).sum()
            if d:
                w = WEIGHTS[emphasis](n, d, before, peto)
                less += w * ((died & (r.group == "a")).sum() - d * first / n)
                if n > 1:
                    variance += w**2 * d * (n - d) / (n - 1) * first / n * (1 - first / n)
                before, peto = before * (1 - d / n), peto * (1 - d / (n + 1))
    np.testing.assert_allclose(found.observed[0] - found.expected[0], less, **CLOSE)
    if variance > 1e-12:
        np.testing.assert_allclose(found.statistic, less**2 / variance, rtol=1e-8, atol=1e-10)
