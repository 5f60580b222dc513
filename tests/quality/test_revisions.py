"""Measures of revision: by hand from their formulas, and beside statsmodels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray

from folkestrom.errors import UsageError
from folkestrom.quality.revisions import measures

RANDOM = np.random.default_rng(7)


def series(n: int, kind: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    truth = 14_000 + 900 * np.sin(np.arange(n) * np.pi / 2) + RANDOM.normal(0, 120, n)
    if kind == "noise":  # the first figure is the truth and an error
        return truth + RANDOM.normal(0, 60, n), truth
    if kind == "news":  # the first figure is what could be foreseen of the truth
        return truth, truth + RANDOM.normal(0, 60, n)
    return truth - 40, truth


@pytest.mark.parametrize("n", [8, 40, 84])
@pytest.mark.parametrize("lags", [0, 1, 3, None])
@pytest.mark.parametrize("kind", ["noise", "news", "biased"])
def test_tests_are_those_of_statsmodels(n: int, lags: int | None, kind: str) -> None:
    earlier, later = series(n, kind)
    later = later + RANDOM.normal(0, 1e-3, n)
    found = measures(earlier, later, lags)
    used = int(4 * (n / 100) ** (2 / 9)) if lags is None else lags

    def fitted(outcome: Any, known: Any) -> Any:
        design = np.ones((n, 1)) if known is None else sm.add_constant(known)
        covariance = {"maxlags": used, "use_correction": True}
        return sm.OLS(outcome, design).fit(cov_type="HAC", cov_kwds=covariance, use_t=True)

    bias = fitted(later - earlier, None)
    assert found.bias_t == pytest.approx(bias.tvalues[0], rel=1e-8)
    assert found.bias_p == pytest.approx(bias.pvalues[0], rel=1e-6, abs=1e-12)
    for mine, outcome, known in (
        (found.news_p, later, earlier), (found.noise_p, earlier, later),
    ):  # fmt: skip
        # About the middle of the series, where statsmodels too is exact.
        middle = known.mean()
        joint = fitted(outcome - middle, known - middle).f_test((np.eye(2), [0, 1]))
        assert mine == pytest.approx(float(joint.pvalue), rel=1e-5, abs=1e-10)


def test_measures_by_hand() -> None:
    # R = 2, -1, 0, 3: MR = 4/4, MAR = 6/4, RMAR = 6 / (12 + 9 + 10 + 13).
    found = measures([10, 10, 10, 10], [12, 9, 10, 13])
    assert (found.periods, found.mean, found.mean_absolute) == (4, 1.0, 1.5)
    assert found.relative == pytest.approx(6 / 44)
    # Without lags, and with the n / (n - 1) of a small sample, t is the textbook's one-sample t.
    assert measures([10, 10, 10, 10], [12, 9, 10, 13], 0).bias_t == pytest.approx(
        1 / np.sqrt(10 / 3 / 4)
    )
    assert np.isnan(found.news_p)  # earlier figures that do not vary foresee nothing


def test_news_and_noise_are_told_apart() -> None:
    rejected = {(kind, test): 0 for kind in ("news", "noise") for test in ("news", "noise")}
    for _ in range(200):
        for kind in ("news", "noise"):
            truth = RANDOM.normal(100, 10, 84)
            other = truth + RANDOM.normal(0, 6, 84)
            found = measures(*((truth, other) if kind == "news" else (other, truth)))
            rejected[kind, "news"] += found.news_p < 0.05
            rejected[kind, "noise"] += found.noise_p < 0.05
    # Right about the one that is so (5 per cent nominal, somewhat more by robust tests), and
    # nearly always about the other.
    for kind, other in (("news", "noise"), ("noise", "news")):
        assert rejected[kind, kind] <= 30
        assert rejected[kind, other] >= 190


def test_nothing_revised_and_too_few() -> None:
    same = measures([5, 6, 7, 8], [5, 6, 7, 8])
    assert (same.mean, same.mean_absolute, same.relative) == (0, 0, 0)
    assert np.isnan([same.bias_t, same.news_p, same.noise_p]).all()
    few = measures([5, 6], [6, 6])
    assert few.mean == 0.5
    assert np.isnan([few.bias_p, few.news_p]).all()
    assert np.isnan(measures([1, -1], [0, 0]).relative)


@pytest.mark.parametrize(
    ("earlier", "later", "says"),
    [
        ([1, 2], [1], "not two series"),
        ([], [], "not two series"),
        ([[1]], [[1]], "not two series"),
        ([1, None], [1, 2], "missing"),
    ],
)
def test_what_has_no_measure(earlier: Any, later: Any, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        measures(earlier, later)
