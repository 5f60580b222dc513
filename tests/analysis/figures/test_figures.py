"""Pictures: deterministic, readable, in two languages, and of what the data say."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle

from folkestrom.analysis.figure_style import COLOURS, GREY, INK
from folkestrom.analysis.figures import chord_plot, curve_plot, sankey_plot, state_plot
from folkestrom.analysis.flows import FlowMatrix, flow_matrix, move_sequences
from folkestrom.analysis.followup import (
    Curves,
    aalen_johansen,
    follow_up,
    kaplan_meier,
    nelson_aalen,
)
from folkestrom.errors import UserError


def curves() -> Curves:
    return aalen_johansen(
        follow_up(
            [200, 500, 700, 1000, 150, 400, 400, 400], [1, 2, 1, 0, 1, 0, 0, 0],
            causes=["returned", "died"], group=["2019"] * 4 + ["2021"] * 4,
        )
    )  # fmt: skip


def states() -> Curves:
    day = [date(2010, 1, 1) + timedelta(days=300 * k) for k in range(3)]
    moves = {
        "person": [1, 1, 1, 2, 2, 3], "date": [*day, day[0], day[2], day[0]],
        "from_country": ["PL", "NO", "PL", "PL", "NO", "PL"],
        "to_country": ["NO", "PL", "NO", "NO", "DE", "NO"], "country_of_birth": ["PL"] * 6,
    }  # fmt: skip
    return move_sequences(moves, until=date(2013, 1, 1)).state_distribution()


def flows() -> FlowMatrix:
    return flow_matrix(
        {
            "origin": ["Oslo", "Bergen", "PL", "Oslo", "Oslo"],
            "destination": ["Bergen", "Oslo", "Oslo", "PL", "Oslo"],
            "n": [300, 200, 50, 1500, 9999],
        },
        weight="n",
    )  # fmt: skip


PLOTS: dict[str, Callable[..., Figure]] = {
    "curves": lambda **k: curve_plot(curves(), **k),
    "states": lambda **k: state_plot(states(), **k),
    "sankey": lambda **k: sankey_plot(flows(), **k),
    "chord": lambda **k: chord_plot(flows(), **k),
}


def texts(figure: Figure) -> set[str]:
    return {t.get_text() for t in figure.findobj(lambda a: hasattr(a, "get_text")) if t.get_text()}


@pytest.mark.parametrize("name", PLOTS)
def test_the_same_data_give_the_same_file_with_text_as_text(name: str, tmp_path: Path) -> None:
    files = [tmp_path / f"{k}.svg" for k in range(2)]
    for file in files:
        PLOTS[name](file=file, title="Ærlig talt")
    first, second = (file.read_bytes() for file in files)
    assert first == second
    assert ">Ærlig talt</text>" in first.decode()
    PLOTS[name](file=tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize("name", PLOTS)
def test_unknown_files_and_languages_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not end as a file of any format does"):
        PLOTS[name](file=tmp_path / "picture.gif")
    with pytest.raises(UserError, match="lang: 'sv' is not known"):
        PLOTS[name](lang="sv", **({"most": 1} if name in {"sankey", "chord"} else {}))


@pytest.mark.parametrize("colour", [*COLOURS, GREY, INK])
def test_colours_can_be_told_from_white(colour: str) -> None:
    """WCAG 2.2, success criterion 1.4.3 at level AA: 4.5 to 1."""

    def part(value: int) -> float:
        share = value / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = (part(int(colour[k : k + 2], 16)) for k in (1, 3, 5))
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    assert 1.05 / (luminance + 0.05) >= 4.5


def test_curves_are_steps_with_numbers_at_risk_below() -> None:
    figure = curve_plot(curves(), outcomes=["returned"], unit="days", until=1000)
    axis = figure.axes[0]
    line = next(line for line in axis.get_lines() if line.get_label() == "2019")
    assert line.get_drawstyle() == "steps-post"
    assert line.get_xdata().tolist() == [0, 200, 500, 700, 1000]  # type: ignore[union-attr]
    assert line.get_ydata().tolist() == pytest.approx([0, 25, 25, 50, 50])  # type: ignore[union-attr]
    found = texts(figure)
    assert {"2019", "2021", "At risk", "Days", "Share, per cent"} <= found
    at_risk = [t.get_text() for t in axis.texts]
    row = at_risk.index("2019")
    # At 0, 200, 400, … 1000: after those who left on the day.
    assert at_risk[row + 1 : row + 7] == ["4", "3", "3", "2", "1", "0"]


def test_words_in_norwegian() -> None:
    found = texts(curve_plot(curves(), lang="no"))
    assert {"Under risiko", "År", "Andel, prosent", "2019: returnert", "2021: død"} <= found
    assert "opprinnelsesland" in texts(state_plot(states(), lang="no"))
    assert "Oslo  1\u202f800" in texts(sankey_plot(flows(), lang="no"))


def test_hazards_are_no_shares() -> None:
    follow = follow_up([1, 2, 3], [1, 1, 0])
    assert "Cumulative hazard" in texts(curve_plot(nelson_aalen(follow), unit="days"))
    assert "Share, per cent" in texts(curve_plot(kaplan_meier(follow), unit="days"))


def test_areas_of_states_reach_100() -> None:
    figure = state_plot(states())
    tops = [c.get_datalim(figure.axes[0].transData).y1 for c in figure.axes[0].collections]
    assert max(tops) == pytest.approx(100)
    assert {"here", "country of origin", "third country"} <= texts(figure)


def test_ribbons_are_as_thick_as_flows() -> None:
    figure = sankey_plot(flows())
    shapes = [p for p in figure.axes[0].patches if isinstance(p, PathPatch)]
    found = sorted(s.get_path().vertices[0, 1] - s.get_path().vertices[7, 1] for s in shapes)  # type: ignore[call-overload, index]
    assert found == pytest.approx([50 / 2050, 200 / 2050, 300 / 2050, 1500 / 2050])
    blocks = [p.get_height() for p in figure.axes[0].patches if isinstance(p, Rectangle)]
    assert sum(blocks) == pytest.approx(2)
    # What moved within Oslo is not shown.
    assert not any(re.search("9[,\u202f]?999", t) for t in texts(figure))


def test_places_around_the_circle_have_all_their_moves() -> None:
    found = texts(chord_plot(flows()))
    assert {"Oslo\n2\u202f050", "Bergen\n500", "PL\n1\u202f550"} <= found
    assert "other\n500" in texts(chord_plot(flows(), most=2))


def test_long_curves_stay_small_files(tmp_path: Path) -> None:
    days = list(range(1, 6001))
    curve_plot(kaplan_meier(follow_up(days, [1] * 6000)), tmp_path / "long.svg")
    assert (tmp_path / "long.svg").stat().st_size < 150_000


def test_what_is_refused() -> None:
    refused: list[tuple[str, Callable[[], Any]]] = [
        ("is no outcome of these curves", lambda: curve_plot(curves(), outcomes=["emigrated"])),
        ("is not known", lambda: curve_plot(curves(), unit="weeks")),  # type: ignore[arg-type]
        ("takes the states of one group", lambda: state_plot(curves())),
        ("has no moves between places", lambda: sankey_plot(flows().largest(0))),
        ("has no moves between places", lambda: chord_plot(flows().largest(0))),
        ("is no number of places", lambda: sankey_plot(flows(), most=0)),
    ]
    for message, call in refused:
        with pytest.raises(UserError, match=message):
            call()
