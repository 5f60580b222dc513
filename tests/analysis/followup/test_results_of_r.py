"""Results of R, met to the digits that were written.

R wrote 15 significant digits; what the two programs add up in another order is not far above that.
"""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest

from folkestrom.analysis.followup import (
    Curve,
    FollowUp,
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
from tests.oracle.survival.reading import data, numbers, result

#: Differences of nearly equal numbers, as lower ends of plain intervals are, lose a digit or two.
WRITTEN = {"rtol": 1e-12, "atol": 1e-13}
INTERVALS = get_args(Interval)


def trial(name: str) -> dict[str, np.ndarray]:
    return {c.name: c.fill_null(-1).to_numpy() for c in data(name)}


def competing(group: np.ndarray | None = None) -> FollowUp:
    """First of progression and death."""
    d = trial("cohort")
    free = d["pstat"] == 0
    return follow_up(
        np.where(free, d["futime"], d["ptime"]),
        np.where(free, 2 * d["death"], 1),
        causes=["pcm", "death"],
        group=group,
    )


class Meets:
    """A curve beside what R says of some of its times."""

    def __init__(self, curve: Curve, wanted: dict[str, Any]) -> None:
        assert len(curve.time) == wanted["times"]
        self.curve, self.wanted = curve, wanted
        self.rows = np.searchsorted(curve.time, wanted["time"])
        assert curve.time[self.rows].tolist() == wanted["time"]

    def numbers(self, **names: str) -> None:
        for mine, theirs in names.items():
            found = getattr(self.curve, mine)[self.rows]
            np.testing.assert_allclose(found, numbers(self.wanted[theirs]), **WRITTEN)

    def interval(self, kind: str, mark: str = "") -> None:
        name = f"{mark}_{kind.replace('-', '')}"
        self.numbers(lower=f"lower{name}", upper=f"upper{name}")


@pytest.mark.parametrize("interval", INTERVALS)
@pytest.mark.parametrize("by_sex", [False, True])
def test_kaplan_meier_and_nelson_aalen(by_sex: bool, interval: Interval) -> None:
    lung = trial("lung")
    follow = follow_up(lung["time"], lung["died"], group=lung["sex"] if by_sex else None)
    wanted = result("km_lung_by_sex" if by_sex else "km_lung_overall")
    curves = kaplan_meier(follow, interval=interval)
    hazards = nelson_aalen(follow, interval="log")
    assert len(curves) == len(wanted)
    for curve, hazard, expected in zip(curves, hazards, wanted.values(), strict=True):
        meets = Meets(curve, expected)
        meets.numbers(estimate="surv", se="se")
        meets.interval(interval)
        Meets(hazard, expected).numbers(estimate="cumhaz", se="cumhaz_se")
        if interval == "log":
            median = quantile(curve)
            assert [median.time, median.lower, median.upper] == expected["median"]


@pytest.mark.parametrize("interval", INTERVALS)
def test_kaplan_meier_with_weights_and_its_robust_variance(interval: Interval) -> None:
    lung, wanted = trial("lung"), result("km_robust_lung_weighted")
    follow = follow_up(lung["time"], lung["died"], weight=wanted["weights"])
    meets = Meets(kaplan_meier(follow, interval=interval).of(), wanted["overall"])
    meets.numbers(estimate="surv", se="se")
    meets.interval(interval)


@pytest.mark.parametrize("interval", INTERVALS)
@pytest.mark.parametrize("variance", ["greenwood", "robust"])
def test_cumulative_incidence(variance: Any, interval: Interval) -> None:
    # R's variance is robust; without late entry and weights Greenwood's is the same number.
    curves = aalen_johansen(competing(), interval=interval, variance=variance)
    for cause in ("pcm", "death"):
        meets = Meets(curves.of(outcome=cause), result("cif"))
        meets.numbers(at_risk="n_risk", estimate=f"cif_{cause}", se=f"se_{cause}")
        meets.interval(interval, f"_{cause}")


def test_late_entry() -> None:
    wanted = result("counting_truncation")
    rows = wanted["data"]
    counts = count(follow_up(rows["stop"], rows["event"], entry=rows["start"])).to("arrow")
    names = {"time": "time", "at_risk": "n_risk", "event": "n_event", "censored": "n_censor"}
    for name, theirs in names.items():
        assert counts[name].to_pylist() == wanted["overall"][theirs]


def test_states() -> None:
    d = trial("cohort")
    # Some progress and die in the same month: R has them die only.
    progressed = (d["pstat"] == 1) & (d["ptime"] < d["futime"])
    assert ((d["pstat"] == 1) & (d["death"] == 1) & ~progressed).sum() >= 9
    end = np.where(d["death"] == 1, "death", None)
    first = np.where(progressed, "pcm", end)
    follow = transitions(
        np.concatenate([np.where(progressed, d["ptime"], d["futime"]), d["futime"][progressed]]),
        ["mgus"] * len(end) + ["pcm"] * int(progressed.sum()),
        np.concatenate([first, end[progressed]]),
        entry=np.concatenate([np.zeros(len(end), int), d["ptime"][progressed]]),
        states=["mgus", "pcm", "death"],
    )
    curves = state_occupation(follow)
    for state in ("mgus", "pcm", "death"):
        Meets(curves.of(outcome=state), result("multistate")).numbers(estimate=state)


@pytest.mark.parametrize(("name", "until"), [("lung", 365), ("veteran", 180)])
def test_restricted_mean(name: str, until: int) -> None:
    rows, wanted = trial(name), result("rmst")[name]
    found = restricted_mean(follow_up(rows["time"], rows["died"]), until)
    assert until == wanted["tau"]
    np.testing.assert_allclose(found.mean, wanted["rmst"], **WRITTEN)
    np.testing.assert_allclose(found.se, wanted["se"], **WRITTEN)


def test_log_rank() -> None:
    lung, wanted = trial("lung"), result("logrank_lung_sex")
    found = log_rank(follow_up(lung["time"], lung["died"], group=lung["sex"]))
    assert list(found.groups) == wanted["groups"]
    assert found.rows.tolist() == wanted["n"]
    assert found.observed.tolist() == wanted["obs"]
    np.testing.assert_allclose(found.expected, wanted["exp"], **WRITTEN)
    assert found.degrees == wanted["df"]
    np.testing.assert_allclose(found.statistic, wanted["chisq"], **WRITTEN)
    np.testing.assert_allclose(found.p_value, wanted["p"], **WRITTEN)


def test_log_rank_within_strata() -> None:
    known = {k: v[trial("lung")["ecog"] >= 0] for k, v in trial("lung").items()}
    wanted = result("logrank_stratified_lung_sex_ecog")
    found = log_rank(
        follow_up(known["time"], known["died"], group=known["sex"], stratum=known["ecog"])
    )
    np.testing.assert_allclose(found.statistic, wanted["chisq"], **WRITTEN)
    np.testing.assert_allclose(found.p_value, wanted["p"], **WRITTEN)


@pytest.mark.parametrize("by", ["sex", "age"])
def test_gray(by: str) -> None:
    d = trial("cohort")
    group = d["sex"] if by == "sex" else np.digitize(d["age"], [60, 70])
    for cause, wanted in result(f"gray_{by}").items():
        found = gray_test(competing(group), cause)
        assert found.degrees == wanted["df"]
        np.testing.assert_allclose(found.statistic, wanted["statistic"], rtol=1e-12)
        np.testing.assert_allclose(found.p_value, wanted["p_value"], rtol=1e-12)


@pytest.mark.parametrize(("name", "rho"), [("peto", 1.0), ("half", 0.5), ("strata", 1.0)])
def test_log_rank_weighted_by_survival(name: str, rho: float) -> None:
    lung, wanted = trial("lung"), result("powers")[name]
    if name == "strata":
        lung = {k: v[lung["ecog"] >= 0] for k, v in lung.items()}
    stratum = lung["ecog"] if name == "strata" else None
    follow = follow_up(lung["time"], lung["died"], group=lung["sex"], stratum=stratum)
    found = log_rank(follow, "fleming-harrington", rho=rho)
    np.testing.assert_allclose(found.observed, wanted["obs"], **WRITTEN)
    np.testing.assert_allclose(found.expected, wanted["exp"], **WRITTEN)
    np.testing.assert_allclose(found.statistic, wanted["chisq"], **WRITTEN)
