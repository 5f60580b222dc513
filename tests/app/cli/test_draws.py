"""Draws of a projection as a user asks for them: files, and what goes wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from folkestrom.app.cli.options import option
from folkestrom.app.office.demography.projection import ProjectionQuestion
from folkestrom.errors import InputRefused, UsageError
from folkestrom.projection.scenario import scenario_of

LIMIT = """coverage = 90
[[limit]]
component = "fertility"
year = 2050
low = 0.8
medium = 1
high = 1.2
"""


def asked(**given: Any) -> ProjectionQuestion:
    usual = {"scenarios": (), "areas": ""}
    return ProjectionQuestion.asked(
        option, from_=2021, to_=2030, years=5, every=1, indicator=(), by=(),
        needs=None, equivalent=None, decompose=False, durations=10,
        known_at="published", extraction_months=None, **usual | given,
    )  # fmt: skip


def test_files_of_series_and_limits(tmp_path: Path) -> None:
    series, limits = tmp_path / "series.csv", tmp_path / "limits.toml"
    series.write_text("\ufeffcomponent,year,value\nfertility,2019,1.5\nfertility,2020,1.4\n")
    limits.write_text(LIMIT)
    likely = asked(draws=10, series=series, limits=limits).likely
    assert likely is not None
    assert likely.history is not None
    assert likely.history.levels["fertility"].tolist() == [1.5, 1.4]
    assert likely.limits is not None
    assert likely.limits.coverage == 90
    assert asked().likely is None


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match=r"(?s)none.csv.*cannot be read.*component, year"):
        asked(draws=10, series=tmp_path / "none.csv")
    with pytest.raises(InputRefused, match=r"(?s)none.toml.*cannot be read"):
        asked(draws=10, limits=tmp_path / "none.toml")
    long = tmp_path / "series.csv"
    long.write_text("component,year,value\n" + "x" * 200_000)
    with pytest.raises(InputRefused, match=r"series.csv: cannot be read"):
        asked(draws=10, series=long)
    wrong = tmp_path / "limits.toml"
    wrong.write_text(LIMIT, encoding="utf-8-sig")
    assert asked(draws=10, limits=wrong).likely is not None
    wrong.write_text(LIMIT.replace("medium", "meduim"))
    with pytest.raises(UsageError, match=r"(?s)limits.toml, limit 1.*meduim.*medium"):
        asked(draws=10, limits=wrong)


@pytest.mark.parametrize(
    ("given", "levels"),
    [(80, (80,)), ("80", (80,)), ("95,50", (50, 95)), ((50, 97.5, 50), (50, 97.5))],
)
def test_one_interval_or_several(given: Any, levels: tuple[float, ...]) -> None:
    likely = asked(draws=10, interval=given).likely
    assert likely is not None
    assert likely.intervals == levels
    assert asked(interval="80").likely is None
    with pytest.raises(UsageError, match="no draws are asked for"):
        asked(interval=given if levels != (80,) else 95)


@pytest.mark.parametrize("given", ["", "50,", "half", "50;80"])
def test_what_is_no_interval(given: str) -> None:
    with pytest.raises(UsageError, match=r"(?s)--interval: .* are no per cent.*50,80,95"):
        asked(draws=10, interval=given)


@pytest.mark.parametrize("given", [{"series": "x"}, {"limits": "x"}, {"difference": True}])
def test_what_is_of_draws_without_draws(given: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"(?s)are of draws.*Next: Say how many"):
        asked(**given)


def test_draws_may_be_of_areas_and_moves_are_between_them() -> None:
    assert asked(draws=10, areas="county").likely is not None
    change = {"component": "moves", "destinations": "03", "multiply": 0.5}
    fewer = scenario_of({"name": "fewer", "change": [change]})
    assert asked(scenarios=[fewer], areas="county").scenarios == (fewer,)
    with pytest.raises(UsageError, match=r"(?s)fewer: 'moves' has no effect.*Say which by --areas"):
        asked(scenarios=[fewer])
