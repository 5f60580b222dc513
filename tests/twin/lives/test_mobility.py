"""Uncalibrated, what happens is what the known model says: the panel recovers it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.twin.mobility_reading import AWAY, Panel, read_panel, score_test

#: Of 2 × 60 standard normal numbers one beyond this has a chance of 1 in 1 500.
FAR = 4.6


@pytest.fixture(scope="module")
def panel(free: Path) -> Panel:
    return read_panel(free / "truth")


def test_the_panel_is_the_adult_residents_of_every_year(panel: Panel) -> None:
    frame = panel.frame
    assert frame.select("person", "year").is_unique().all()
    assert frame["completed_age"].min() == 18
    years = dict(frame["year"].value_counts().iter_rows())
    assert set(years) == set(range(2000, 2021))
    assert min(years.values()) > 32_000


def test_outcomes_are_as_frequent_as_the_model_says_at_every_level(panel: Panel) -> None:
    probabilities = panel.probabilities()
    scores = []
    for k, outcome in enumerate(AWAY, start=1):
        p, happened = probabilities[:, k], panel.outcome == k
        for name, mine in panel.levels():
            spread = np.sqrt((p[mine] * (1 - p[mine])).sum())
            if spread > 3:
                scores.append((abs((happened[mine] - p[mine]).sum()) / spread, outcome, name))
    assert len(scores) > 80
    worst = max(scores)
    assert worst[0] < FAR, worst
    # Together they are about standard normal: neither too far off nor suspiciously near.
    squares = np.mean([z**2 for z, _, _ in scores])
    assert 0.5 < squares < 1.8


def test_outcomes_follow_the_intercepts(panel: Panel) -> None:
    probabilities = panel.probabilities()
    for k in (1, 2):
        order = np.argsort(panel.intercepts[:, k - 1])
        for part in np.array_split(order, 10):
            p = probabilities[part, k]
            z = ((panel.outcome[part] == k).sum() - p.sum()) / np.sqrt((p * (1 - p)).sum())
            assert abs(z) < FAR


def test_intercepts_have_the_stated_covariance(free: Path) -> None:
    persons = pl.read_parquet(free / "truth" / "persons.parquet")
    pair = persons.select(f"intercept_{name}" for name in AWAY).to_numpy()
    assert pair.std(axis=0) == pytest.approx([0.7, 1.0], rel=0.02)
    assert np.corrcoef(pair.T)[0, 1] == pytest.approx(0.4, abs=0.02)


def test_true_and_registered_outcome_differ_as_reports_do(free: Path) -> None:
    frame = pl.read_parquet(free / "truth" / "panel.parquet").with_columns(
        pl.col("true_outcome", "registered_outcome").cast(pl.String)
    )
    counts = {
        (a, b): n
        for a, b, n in frame.group_by("true_outcome", "registered_outcome").len().iter_rows()
    }
    left = sum(n for (true, _), n in counts.items() if true == "abroad")
    assert 0.04 < counts["abroad", "stay"] / left < 0.1  # reported later, or never
    assert counts["another_municipality", "stay"] > 0
    assert counts["stay", "abroad"] > 0  # reported in error, annulled later
    assert counts["stay", "another_municipality"] > 0
    gone = [n for (true, _), n in counts.items() if true is None]
    assert sum(gone) > 40  # in the register only
    assert ("another_municipality", "abroad") not in counts
    assert ("abroad", "another_municipality") not in counts


def test_children_go_where_their_mother_goes(free: Path) -> None:
    reports = pl.read_parquet(free / "reports" / "*.parquet").with_columns(
        pl.col("kind").cast(pl.String)
    )
    births = reports.filter(pl.col("kind").is_in(["birth", "first_registration", "immigration"]))
    mothers = births.select("person", "mother", "birth_date").drop_nulls().unique("person")
    left = reports.filter((pl.col("kind") == "emigration") & pl.col("corrects").is_null())
    left = left.select("person", "event_date").join(mothers, on="person")
    young = left.filter(pl.col("event_date").dt.year() - pl.col("birth_date").dt.year() < 17)
    days = left_days(reports)
    with_mother = [(m, day) in days for m, day in young.select("mother", "event_date").iter_rows()]
    assert len(with_mother) > 150
    assert np.mean(with_mother) > 0.95


def left_days(reports: pl.DataFrame) -> set[tuple[int, object]]:
    """Persons and days of all reported emigrations."""
    left = reports.filter(pl.col("kind") == "emigration").select("person", "event_date")
    return set(left.iter_rows())


def test_the_lives_are_drawn_with_the_stated_coefficients(panel: Panel) -> None:
    # Estimates, of more persons and several seeds: tests/acceptance/test_mobility_recovery.py.
    assert 1e-4 < score_test(panel) < 1 - 1e-4
    others = panel.coefficients.copy()
    others[panel.free[0]] += 0.2
    assert score_test(replace(panel, coefficients=others)) < 1e-6


def test_the_variable_files_say_what_the_panel_says(free: Path) -> None:
    frame = pl.read_parquet(free / "truth" / "panel.parquet").with_columns(
        day=pl.date(pl.col("year"), 1, 1)
    )
    for name in ("education", "employment", "income"):
        spells = pl.read_parquet(free / "variables" / f"{name}.parquet").sort("person", "from")
        found = frame.sort("person", "day").join_asof(
            spells, left_on="day", right_on="from", by="person", check_sortedness=False
        )
        assert (found["day"] < found["to"]).all()
        assert (found["value"].cast(pl.String) == found[name].cast(pl.String)).all()
