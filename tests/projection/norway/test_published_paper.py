"""Half the emigration: what Tønnessen and Syse (2023) found, and what makes it so little.

*How much would reduced emigration mitigate ageing in Norway?* Vienna Yearbook of Population
Research 21: from 0.54 to 0.52 in 2060, as much as 15 per cent more births, 0.25 children per woman.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from folkestrom.analysis.prospects.compared import equivalents
from folkestrom.analysis.prospects.outlook import future_of
from folkestrom.projection.scenario import named
from tests.projection.norway.fewer_leave import (
    FIRST_YEAR,
    LAST,
    STEPS,
    abroad,
    baseline,
    begun,
    dependency,
    half,
    steps_to_it,
)
from tests.projection.norway.groups import by_duration, fitted
from tests.projection.norway.test_published_rounds import PAGE

#: How many live abroad: as the United Nations count, half of them, a quarter.
STOCKS = (1.0, 0.5, 0.25)


def test_half_the_emigration_is_two_hundredths(reference: Path) -> None:
    before = dependency(future_of(begun(reference), baseline(), FIRST_YEAR, STEPS))
    assert before == pytest.approx(0.54, abs=0.03)
    assert half(reference) == pytest.approx(-0.02, abs=0.005)
    page = PAGE.read_text("utf-8")
    assert f"from {before:.3f} to {before + half(reference):.3f}" in page
    for component, digits in (("fertility", 2), ("immigration", -1)):
        (row,) = equivalents(
            begun(reference), FIRST_YEAR, LAST, [baseline(), baseline() + named("half-emigration")],
            component, "old_age_dependency",
        ).data.to_pylist()  # fmt: skip
        more = f"{100 * (row['factor'] - 1):.0f} per cent"
        assert more in page
        shown = f"{round(row['more'], digits):,.{max(digits, 0)}f}".replace(",", " ")
        assert f"{shown} children" in page or f"{shown} persons" in page
        if component == "fertility":
            assert 1.05 < row["factor"] < 1.2


def rows(reference: Path) -> Iterator[str]:
    found = [steps_to_it(reference, stock) for stock in STOCKS]
    for name in found[0]:
        cells = [f"{one[name]:.4f}".replace("-", "−") for one in found]
        yield f"| {name} | " + " | ".join(cells) + " |"


def test_each_part_of_it(reference: Path) -> None:
    page = PAGE.read_text("utf-8")
    for row in rows(reference):
        assert row in page
    for stock in STOCKS:
        effects = list(steps_to_it(reference, stock).values())
        assert effects == sorted(effects)
        # Not three times, as a cruder account has it: see the page.
        assert 1.3 < effects[0] / effects[-1] < 2


def test_who_came_lately_leaves_most(reference: Path) -> None:
    parameters, _ = fitted(reference)
    rates = by_duration(parameters)
    assert rates[0] > 4 * rates[-1]
    page = PAGE.read_text("utf-8")
    said = ", ".join(f"{100 * rates[n]:.1f}" for n in (0, 1, 2, 5, 10, 20))
    assert said in page
    assert f"{abroad(reference):,.0f}".replace(",", " ") in page
