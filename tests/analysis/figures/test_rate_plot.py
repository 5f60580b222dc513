"""Rates of groups side by side: what is drawn where, and what is not there to be drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from folkestrom.analysis.figures import rate_plot
from folkestrom.errors import UsageError

ROWS = {
    "county": ["03", "03", "11", "11"],
    "sex": ["f", "m", "f", "m"],
    "rate": [12.0, 14.0, 4.0, None],
    "lower": [11.0, 13.0, 3.5, None],
    "upper": [13.0, 15.0, 4.5, None],
}
ASKED: dict[str, Any] = {"label": "county", "estimate": "rate"}


def drawn(figure: Any) -> list[list[tuple[float, float]]]:
    """Points of every group, as estimate and place."""
    return [
        list(zip(*(bars.lines[0].get_data()), strict=True)) for bars in figure.axes[0].containers
    ]


def test_groups_lie_beside_each_other_from_the_top_down(tmp_path: Path) -> None:
    file = tmp_path / "rates.svg"
    figure = rate_plot(ROWS, file, group="sex", labels={"03": "Oslo", "m": "Men"}, **ASKED)
    assert drawn(figure) == [[(12.0, -0.1), (4.0, 0.9)], [(14.0, 0.1)]]
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.get_yticklabels()] == ["Oslo", "11"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["f", "Men"]
    bottom, top = axes.get_ylim()
    assert bottom > top
    assert axes.get_xlim()[0] == 0
    assert "svg" in file.read_text(encoding="utf-8")


def test_what_is_suppressed_is_said_and_not_drawn() -> None:
    rows = {name: values[2:] for name, values in ROWS.items()}
    figure = rate_plot(rows | {"county": ["11", "15"]}, limits=None, **ASKED)
    assert drawn(figure) == [[(4.0, 0.0)]]
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["11", "15  .."]


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ({"county": ["03"], "rate": [1.0]}, "lower"),
        ({name: [] for name in ROWS}, "no row for the picture"),
    ],
)
def test_no_picture(rows: Any, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        rate_plot(rows, **ASKED)
