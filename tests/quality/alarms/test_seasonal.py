"""Days against their season: few alarms where nothing is wrong, and one for every sort of fault."""

from __future__ import annotations

import numpy as np
import pytest

from folkestrom.quality.alarms.seasonal import LEVEL, season

DAYS = np.arange(4 * 365)
WEEKDAY, MONTH = DAYS % 7, DAYS % 365 // 31
#: Few reports on Saturdays and Sundays, more in August, and a trend.
MEAN = 200 * np.where(WEEKDAY > 4, 0.1, 1) * np.where(MONTH == 7, 1.6, 1) * (1 + DAYS / 3000)
LATER = range(3 * 365, len(DAYS))


def _counts(seed: int, series: int = 8) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.poisson(MEAN[:, None] * np.geomspace(0.05, 1, series))


def test_a_clean_year_has_hardly_an_alarm_and_no_bias() -> None:
    found = season(_counts(1), WEEKDAY, MONTH, LATER)
    days = (np.abs(found.score) > 5).any(axis=1)
    assert days.sum() <= 2
    assert abs(np.median(found.score)) < 0.3
    assert 0.9 < np.std(found.score) < 1.25


@pytest.mark.parametrize(("factor", "sign"), [(0.0, -1), (0.4, -1), (2.0, 1), (3.0, 1)])
def test_a_day_that_is_missing_mostly_missing_doubled_or_more_is_found(
    factor: float, sign: int
) -> None:
    counts = _counts(2)
    asked = [day for day in LATER if WEEKDAY[day] < 5][::25]
    for day in asked:
        wrong = counts.copy()
        wrong[day] = (wrong[day] * factor).astype(int)
        found = season(wrong, WEEKDAY, MONTH, [day])
        assert sign * found.score[0, -1] > 5, day


def test_wrong_days_of_last_week_hide_none_of_today() -> None:
    counts = _counts(3)
    day = LATER[200]
    clean = season(counts, WEEKDAY, MONTH, [day])
    counts[day - 6 : day - 2] = [[0], [5000], [0], [5000]]
    found = season(counts, WEEKDAY, MONTH, [day])
    assert np.abs(found.score - clean.score).max() < 1
    counts[day] = 0
    assert season(counts, WEEKDAY, MONTH, [day]).score[0, -1] < -5


def test_without_seasons_it_is_the_median_and_its_deviation() -> None:
    counts = np.random.default_rng(4).negative_binomial(20, 0.05, (100, 1))
    same = np.zeros(100, int)
    roots = 2 * np.sqrt(counts[:, 0] + 0.375)
    found = season(counts, same, same, [99])
    level = np.median(roots[99 - LEVEL : 99])
    recent = roots[99 - 2 * LEVEL : 99]
    spread = 1.4826 * np.median(np.abs(recent - np.median(recent)))
    assert spread > 1
    assert found.score[0, 0] == pytest.approx((roots[99] - level) / spread)
    assert found.expected[0, 0] == pytest.approx(level**2 / 4 - 0.375)
    assert found.high[0, 0] == pytest.approx((level + 5 * spread) ** 2 / 4 - 0.375)


def test_the_first_weeks_have_nothing_to_be_compared_with() -> None:
    found = season(_counts(5), WEEKDAY, MONTH, [0, 27, 28])
    assert np.isnan(found.score[:2]).all()
    assert np.isfinite(found.score[2]).all()
