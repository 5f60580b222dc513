"""Projections of Norway from published tables, beside the official ones and what happened."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from folkestrom.analysis.prospects.measures import chosen
from folkestrom.analysis.prospects.outlook import future_of
from folkestrom.projection.scenario import named
from folkestrom.projection.tables import read_tables
from tests.projection.norway.backtests import Score, errors, scores
from tests.projection.norway.official import (
    BROAD,
    GROUPS,
    ROUND_OF_2018,
    ROUNDS,
    Round,
    differences,
    official,
    projected,
)
from tests.projection.norway.series import read, write_tables

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "projections-of-norway.md"
NAMES = {"all": "all", **dict(zip(GROUPS, (
    "0", "1–5", "6–12", "13–15", "16–19", "20–44", "45–66", "67–79", "80–89", "90 and over"),
    strict=True)), "0-19": "0–19", "20-66": "20–66", "80+": "80 and over"}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("norway")


def as_page(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:+.1f}".replace("-", "−")


@pytest.mark.parametrize("made", ROUNDS, ids=lambda made: str(made.first))
@pytest.mark.parametrize("year", [2030, 2050])
def test_official_rounds(reference: Path, folder: Path, made: Round, year: int) -> None:
    found = differences(reference, folder / str(made.first), made, year)
    assert abs(found["all"]) < 1
    assert max(abs(found[name]) for name in BROAD) < 3
    narrow = {name: value for name, value in found.items() if name in GROUPS}
    oldest = narrow.pop("90 år eller eldre")
    assert max(map(abs, narrow.values())) < 3
    # Life expectancy of 2060 is published in whole years: half a year more is three per cent.
    assert abs(oldest) < 10


def test_the_round_of_2018_and_dependency_ratios(reference: Path, folder: Path) -> None:
    found = projected(reference, folder / "2018", ROUND_OF_2018).persons.sum(axis=(1, 2))
    assert found[2040 - 2018] == pytest.approx(6_056_200, rel=0.01)
    assert found[2060 - 2018] == pytest.approx(6_510_100, rel=0.01)
    ratio = chosen(["old_age_dependency"])[0].of
    ratios = [
        float(ratio(projected(reference, folder / str(made.first), made))[-1])
        for made in (ROUND_OF_2018, *ROUNDS)
    ]
    # Tønnessen and Syse (2023) have 0.54.
    assert ratios[0] < 0.54 < ratios[1]
    assert ", ".join(f"{one:.3f}" for one in ratios) in PAGE.read_text("utf-8")


def test_letters_that_are_built_in(reference: Path, folder: Path) -> None:
    """From the rates of 2017-2021, without who came from Ukraine: all a little low."""
    begun = read_tables(write_tables(read(reference), folder / "letters", 2022, range(2017, 2022)))
    said = []
    for letters, theirs in (("MMM", "MMMM"), ("LLL", "LLML"), ("HHH", "HHMH")):
        found = future_of(begun, named(letters), 2022, 29).persons[-1].sum()
        ratio = found / official(reference, 2022, theirs)[2050].sum()
        assert 0.975 < ratio < 1
        said.append(f"{letters} {as_page(100 * (ratio - 1))}")
    assert ", ".join(said) in PAGE.read_text("utf-8")


def official_rows(reference: Path, folder: Path) -> Iterator[str]:
    columns = [
        differences(reference, folder / str(made.first), made, year)
        for made in ROUNDS for year in (2030, 2040, 2050)
    ]  # fmt: skip
    for name in ("all", *BROAD, *(name for name in GROUPS if NAMES[name] != "67–79")):
        said = NAMES.get(name, NAMES.get(f"{name} år", name))
        yield f"| {said} | " + " | ".join(as_page(one[name]) for one in columns) + " |"


def backtest_rows(reference: Path, folder: Path) -> Iterator[str]:
    found = errors(reference, folder)
    kinds = ("rates as they were", "longer lives", "official", "no change", "linear")
    for first, ahead in dict.fromkeys((first, ahead) for first, ahead, _ in found):
        cells = []
        for kind in kinds:
            total, mean = found[first, ahead, kind]
            cells.append(f"{as_page(total)} ({'–' if math.isnan(mean) else f'{mean:.1f}'})")
        yield f"| {first} | {first + ahead} | " + " | ".join(cells) + " |"


def score_rows(found: Mapping[tuple[int, int], Score]) -> Iterator[str]:
    for (first, ahead), (score, *naive, inside) in found.items():
        numbers = " | ".join(f"{one:.1f}" for one in (score, *naive))
        yield f"| {first} | {first + ahead} | {numbers} | {'yes' if inside else 'no'} |"


def test_the_page_says_what_comes_out(reference: Path, folder: Path) -> None:
    page = PAGE.read_text("utf-8").splitlines()
    for row in (*official_rows(reference, folder), *backtest_rows(reference, folder / "b")):
        assert row in page


def test_backtests_beat_naive_peers(reference: Path, folder: Path) -> None:
    found = errors(reference, folder / "backtests")
    for first, ahead in {(first, ahead) for first, ahead, _ in found}:
        ours = found[first, ahead, "longer lives"][1]
        assert ours < found[first, ahead, "no change"][1]
        assert ours < found[first, ahead, "linear"][1]


def test_draws_of_backtests_are_better_than_naive_peers(reference: Path, folder: Path) -> None:
    found = scores(reference, folder / "draws")
    page = PAGE.read_text("utf-8").splitlines()
    for row in score_rows(found):
        assert row in page
    mean, naive, straight, inside = np.mean(list(found.values()), axis=0)
    assert mean < straight < naive
    assert 0.6 < inside < 1
