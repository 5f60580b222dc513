"""Results of R, met to the digits that were printed.

R printed 13 significant digits: half a unit of the last is 5e-13 of the value at most, and what the
two programs add up in another order is far below that.
"""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest

from folkestrom.analysis.followup import (
    Curve,
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
from folkestrom.analysis.followup.curves import Interval
from tests.analysis.followup.reading import Cases, numbers, trial

#: Differences of nearly equal numbers, as lower ends of plain intervals are, lose a digit or two.
PRINTED = {"rtol": 1e-12, "atol": 1e-13}
INTERVALS = get_args(Interval)


def meets(curve: Curve, wanted: dict[str, Any], interval: str, mark: str = "") -> None:
    name = interval.replace("-", "")
    names = ("lower_{}_{}", "upper_{}_{}") if mark else ("lower_{1}", "upper_{1}")
    lower, upper = (wanted[pattern.format(mark, name)] for pattern in names)
    np.testing.assert_allclose(curve.lower, numbers(lower), **PRINTED)
    np.testing.assert_allclose(curve.upper, numbers(upper), **PRINTED)


@pytest.mark.parametrize("interval", INTERVALS)
@pytest.mark.parametrize("by_sex", [False, True])
def test_kaplan_meier_and_nelson_aalen(cases: Cases, by_sex: bool, interval: Interval) -> None:
    data = trial("lung")
    follow = follow_up(data["time"], data["died"], group=data["sex"] if by_sex else None)
    wanted = cases.result("km_lung_by_sex" if by_sex else "km_lung_overall")
    curves = kaplan_meier(follow, interval=interval)
    hazards = nelson_aalen(follow, interval="log")
    assert len(curves) == len(wanted)
    for curve, hazard, expected in zip(curves, hazards, wanted.values(), strict=True):
        assert curve.time.tolist() == expected["time"]
        np.testing.assert_allclose(curve.estimate, expected["surv"], **PRINTED)
        np.testing.assert_allclose(curve.se, expected["se"], **PRINTED)
        meets(curve, expected, interval)
        np.testing.assert_allclose(hazard.estimate, expected["cumhaz"], **PRINTED)
        np.testing.assert_allclose(hazard.se**2, expected["cumhaz_var"], **PRINTED)
        if interval == "log":
            median = quantile(curve)
            found = [median.time, median.lower, median.upper]
            assert found == [expected[f"median{end}"] for end in ("", "_lower", "_upper")]


@pytest.mark.parametrize("interval", INTERVALS)
def test_kaplan_meier_with_weights_and_its_robust_variance(
    cases: Cases, interval: Interval
) -> None:
    data, wanted = trial("lung"), cases.result("km_robust_lung_weighted")
    curve = kaplan_meier(
        follow_up(data["time"], data["died"], weight=wanted["weights"]), interval=interval
    ).of()
    expected = wanted["overall"]
    assert curve.time.tolist() == expected["time"]
    np.testing.assert_allclose(curve.estimate, expected["surv"], **PRINTED)
    np.testing.assert_allclose(curve.se, expected["se"], **PRINTED)
    meets(curve, expected, interval)


@pytest.mark.parametrize("interval", INTERVALS)
@pytest.mark.parametrize("variance", ["greenwood", "robust"])
def test_cumulative_incidence(cases: Cases, variance: Any, interval: Interval) -> None:
    # R's variance is robust; without late entry and weights Greenwood's is the same number.
    wanted = cases.result("cif_mgus2")
    curves = aalen_johansen(cases.competing(), interval=interval, variance=variance)
    for cause in ("pcm", "death"):
        curve = curves.of(outcome=cause)
        assert curve.time.tolist() == wanted["time"]
        assert curve.at_risk.tolist() == wanted["n_risk"]
        np.testing.assert_allclose(curve.estimate, wanted[f"cif_{cause}"], **PRINTED)
        np.testing.assert_allclose(curve.se, wanted[f"se_{cause}"], **PRINTED)
        meets(curve, wanted, interval, cause)


def test_late_entry(cases: Cases) -> None:
    wanted = cases.result("counting_truncation")
    data = wanted["data"]
    counts = count(follow_up(data["stop"], data["event"], entry=data["start"])).to("arrow")
    names = {"time": "time", "at_risk": "n_risk", "event": "n_event", "censored": "n_censor"}
    for name, theirs in names.items():
        assert counts[name].to_pylist() == wanted["overall"][theirs]


def test_states(cases: Cases) -> None:
    d = cases.gammopathy()
    # Nine persons progress and die in the same month: R's fixture has them die only.
    progressed = (d["pstat"] == 1) & (d["ptime"] < d["futime"])
    end = np.where(d["death"] == 1, "death", None)
    first = np.where(progressed, "pcm", end)
    follow = transitions(
        np.concatenate([np.where(progressed, d["ptime"], d["futime"]), d["futime"][progressed]]),
        ["mgus"] * len(end) + ["pcm"] * int(progressed.sum()),
        np.concatenate([first, end[progressed]]),
        entry=np.concatenate([np.zeros(len(end), int), d["ptime"][progressed]]),
        states=["mgus", "pcm", "death"],
    )
    wanted = cases.result("multistate_mgus2")
    curves = state_occupation(follow)
    for state in wanted["states"]:
        curve = curves.of(outcome=state)
        assert curve.time.tolist() == wanted["time"]
        np.testing.assert_allclose(curve.estimate, wanted[state], **PRINTED)


@pytest.mark.parametrize(("name", "until"), [("lung", 365), ("veteran", 180)])
def test_restricted_mean(cases: Cases, name: str, until: int) -> None:
    data, wanted = trial(name), cases.result("rmst")[name]
    found = restricted_mean(follow_up(data["time"], data["died"]), until)
    assert until == wanted["tau"]
    np.testing.assert_allclose(found.mean, wanted["rmst"], **PRINTED)
    np.testing.assert_allclose(found.se, wanted["se"], **PRINTED)


def test_log_rank(cases: Cases) -> None:
    data, wanted = trial("lung"), cases.result("logrank_lung_sex")
    found = log_rank(follow_up(data["time"], data["died"], group=data["sex"]))
    assert list(found.groups) == wanted["groups"]
    assert found.rows.tolist() == wanted["n"]
    assert found.observed.tolist() == wanted["obs"]
    np.testing.assert_allclose(found.expected, wanted["exp"], **PRINTED)
    assert found.degrees == wanted["df"]
    np.testing.assert_allclose(found.statistic, wanted["chisq"], **PRINTED)
    np.testing.assert_allclose(found.p_value, wanted["p"], **PRINTED)


def test_log_rank_within_strata(cases: Cases) -> None:
    known = {k: v[trial("lung")["ecog"] >= 0] for k, v in trial("lung").items()}
    wanted = cases.result("logrank_stratified_lung_sex_ecog")
    found = log_rank(
        follow_up(known["time"], known["died"], group=known["sex"], stratum=known["ecog"])
    )
    np.testing.assert_allclose(found.statistic, wanted["chisq"], **PRINTED)
    np.testing.assert_allclose(found.p_value, wanted["p"], **PRINTED)


@pytest.mark.parametrize("by", ["sex", "age"])
def test_gray(cases: Cases, by: str) -> None:
    d = cases.gammopathy()
    group = d["sex"] if by == "sex" else np.digitize(d["age"], [60, 70])
    for cause, wanted in cases.result(f"grays_test_mgus2_{by}").items():
        found = gray_test(cases.competing(group), cause)
        assert found.degrees == wanted["df"]
        np.testing.assert_allclose(found.statistic, wanted["statistic"], rtol=1e-12)
        np.testing.assert_allclose(found.p_value, wanted["p_value"], rtol=1e-12)
