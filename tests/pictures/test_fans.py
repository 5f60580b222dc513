"""Fans: every interval is drawn where it is, told apart, and explained."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from folkestrom.model.cells import Cells
from folkestrom.model.specification import Dimension, Language, Measure, same
from folkestrom.pictures.charts import Chart, chart
from folkestrom.pictures.lines import _TINT
from folkestrom.pictures.style import COLOURS
from tests.pictures.results import result

YEAR, SCENARIO = Dimension("year", same("Year")), Dimension("scenario", same("Scenario"))
#: By level, how far its ends are from the middle, in the first and in the second year.
REACH = {"50": 1, "80": 2, "97_5": 5}


def fan(scenarios: int = 1) -> Cells:
    """Figures of two years, whose ends stand in an order of their own."""
    middle = np.arange(10.0, 10 + 2 * scenarios)
    columns: dict[str, Any] = {"ratio": middle}
    for level, reach in REACH.items():
        columns |= {f"ratio_lower_{level}": middle - reach, f"ratio_upper_{level}": middle + reach}
    measures = tuple(Measure(name, same(name), same("per person"), 1, None) for name in columns)
    years = {"year": ["2021", "2060"] * scenarios}
    if scenarios == 1:
        return result((YEAR,), years | columns, measures)
    names = {"scenario": [name for name in "ab"[:scenarios] for _ in range(2)]}
    return result((SCENARIO, YEAR), names | years | columns, measures)


def legend(drawn: Chart) -> list[str]:
    return [text.get_text() for one in drawn.figure.legends for text in one.get_texts()]


def luminance(colour: Any) -> float:
    """Relative luminance, as WCAG 2.2 defines it."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scenarios", [1, 2])
def test_each_band_has_its_ends_and_edges_of_its_own(scenarios: int) -> None:
    axes = chart(fan(scenarios)).figure.axes[0]
    ends = sorted(
        (
            round(float(box.y1 - box.y0), 6)
            for box in (area.get_paths()[0].get_extents() for area in axes.collections)
        ),
        reverse=True,
    )
    assert ends == sorted([2 * r + 1 for r in REACH.values()] * scenarios, reverse=True)
    edges = [line for line in axes.lines if line.get_linewidth() < 1]
    assert len(edges) == 2 * len(REACH) * scenarios
    assert len({str(line._dash_pattern) for line in edges}) == len(REACH)
    widest = [line.get_ydata()[0] for line in edges if line.get_linestyle() == "-"][:2]
    assert widest == [5, 15]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (Language.EN, [f"{n} per cent interval" for n in ("97.5", "80", "50")]),
        (Language.NO, [f"{n} prosents intervall" for n in ("97,5", "80", "50")]),
    ],
)
def test_the_legend_says_what_each_band_is(language: Language, said: list[str]) -> None:
    assert legend(chart(fan(), language)) == said
    assert legend(chart(fan(2), language)) == ["b", "a", *said]


def test_points_show_several_intervals_by_their_width() -> None:
    names = ("factor", *(f"factor_{end}_{level}" for level in REACH for end in ("lower", "upper")))
    measures = tuple(Measure(name, same(name), same(""), 1, None) for name in names)
    columns = {"scenario": ["a", "b"]} | {
        name: [3.0 + 2 * ("upper" in name) - 2 * ("lower" in name)] * 2 for name in names
    }
    drawn = chart(result((SCENARIO,), columns, measures))
    assert legend(drawn) == [f"{n} per cent interval" for n in ("97.5", "80", "50")]
    widths = {bars.lines[2][0].get_linewidth()[0] for bars in drawn.figure.axes[0].containers}
    assert len(widths) == len(REACH)


@pytest.mark.parametrize("colour", COLOURS)
def test_edges_stand_out_from_every_band(colour: str) -> None:
    """At least 3 to 1, as WCAG 2.2 asks of what a picture is understood by."""
    for inside in range(4):
        share = 1 - (1 - _TINT) ** inside
        ground = [share * c + 1 - share for c in to_rgb(colour)]
        assert (luminance(ground) + 0.05) / (luminance(to_rgb(colour)) + 0.05) >= 3
