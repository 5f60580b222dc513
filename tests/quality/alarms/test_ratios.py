"""Ratios of cells: Statistics Canada's own example, and the paper's definition written plainly."""

from __future__ import annotations

import statistics

import numpy as np
import pytest

from folkestrom.errors import UsageError
from folkestrom.quality.alarms.ratios import bounds, ratios

#: Example 1 of the user guide of Statistics Canada's Banff (procedure Outlier, method "current"):
#: variables X01 and X02 by province; what it marks with multipliers 4 and 2.5, minimum 0.05.
BANFF = {
    ("X01", 10): [-1, 9, 17, 7, 5, 2, 2, -8, 14, 9, 19, 3, 2, 1, -3],
    ("X02", 10): [-18, 12, 5, 13, 19, 15, 1, -18, 18, 9, 4, 3, 14, 4, -18],
    ("X01", 11): [-1, 16, 7, 11, 4, 18, 10, 1, 7, 0, 3, -12, 1, 18, -6],
    ("X02", 11): [-13, 10, 17, 14, 19, 11, 10, 12, 2, 5, 16, -9, 4, 9, -13],
}
MARKED = {
    ("X01", 10): ([-8], [-8, -3, 19]), ("X02", 10): ([-18] * 3, [-18] * 3),
    ("X01", 11): ([], [-12]), ("X02", 11): ([], [-13, -13]),
}  # fmt: skip


@pytest.mark.parametrize("which", BANFF, ids=str)
def test_intervals_mark_what_banff_marks(which: tuple[str, int]) -> None:
    values = np.array(BANFF[which], float)
    for width, expected in zip((4, 2.5), MARKED[which], strict=True):
        low, high = bounds(values, 0.05, width)
        assert sorted(values[(values < low) | (values > high)]) == sorted(expected)


def _by_definition(
    now: list[int], before: list[int], u: float, a: float, c: float
) -> tuple[list[float], list[bool]]:
    middle = statistics.median(x / y for x, y in zip(now, before, strict=True))
    effects = []
    for x, y in zip(now, before, strict=True):
        r = x / y
        s = r / middle - 1 if r >= middle else 1 - middle / r
        effects.append(s * max(x, y) ** u)
    ranked = sorted(effects)
    q1, q3 = ranked[len(ranked) // 4], ranked[-len(ranked) // 4]
    m = statistics.median(effects)
    low, high = m - c * max(m - q1, abs(a * m)), m + c * max(q3 - m, abs(a * m))
    return effects, [not low <= e <= high for e in effects]


@pytest.mark.parametrize("seed", range(20))
def test_cells_are_those_of_the_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size = np.exp(rng.normal(4, 1, 61))
    before, now = rng.poisson(size) + 1, rng.poisson(size) + 1
    now[:3] *= [3, 8, 20]
    u, a, c = rng.uniform(0, 1), rng.uniform(0, 0.2), rng.uniform(2, 10)
    effects, outside = _by_definition(now.tolist(), before.tolist(), u, a, c)

    found = ratios(now, before, exponent=u, least=a, width=c)

    assert found.effect == pytest.approx(effects)
    # Counts that are shown as limits are those of the limits of effects.
    assert (((now < found.low) | (now > found.high)) == outside).all()
    assert outside[2]


def test_a_cell_without_a_count_has_no_ratio() -> None:
    found = ratios([0, *[20] * 12], [10, 0, *[20] * 11])
    assert np.isnan(found.effect[:2]).all()
    assert np.isnan(found.high[1])
    assert found.low[0] == found.high[0] == pytest.approx(10)


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(UsageError, match="too few cells"):
        ratios([0] * 5 + [3] * 9, [3] * 14)
    with pytest.raises(UsageError, match="not counts of the same cells"):
        ratios([1, 2], [1, 2, 3])
