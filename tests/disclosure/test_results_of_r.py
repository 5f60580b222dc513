"""Rounding and cell keys beside R's packages SmallCountRounding and ptable."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from folkestrom.disclosure import PerturbationTable, perturb, round_small, utility

ORACLE = Path(__file__).parents[1] / "oracle" / "disclosure"
CASE = json.loads((ORACLE / "small_count_rounding.json").read_text(encoding="utf-8"))


def published(frame: pl.DataFrame, dimensions: list[str]) -> tuple[list[int], list[int]]:
    """True and rounded cells of every margin, the inner cells among them."""
    rows: list[tuple[int, int]] = []
    for size in range(len(dimensions) + 1):
        for chosen in itertools.combinations(dimensions, size):
            groups = frame.group_by(chosen or pl.lit(1)).agg(pl.col("true", "rounded").sum())
            rows += groups.select("true", "rounded").rows()
    return [row[0] for row in rows], [row[1] for row in rows]


def test_totals_are_kept_as_well_as_by_small_count_rounding() -> None:
    """The same table with the same cells to publish; the measures of R's package beside ours.

    Which of equally good cells goes up is drawn there, so that cells are not compared.
    """
    inner, theirs = CASE["inner"], CASE["measures_of_all"]
    frame = pl.DataFrame(inner)
    codes = [
        frame[name].rank("dense").to_numpy().astype(np.int64) - 1 for name in ("rows", "columns")
    ]
    rounded = round_small(frame["count"].to_numpy(), codes, 5)
    frame = frame.with_columns(true="count", rounded=rounded)
    ours = utility(*published(frame, ["rows", "columns"]))
    assert ours.largest <= theirs["maxdiff"]
    assert ours.mean_absolute <= theirs["meanAbsDiff"] + 1e-9
    assert ours.root_mean_square <= theirs["rootMeanSquare"] + 1e-9
    assert ours.hellinger == pytest.approx(theirs["HDutility"], abs=0.02)


@pytest.mark.parametrize("run", CASE["runs"], ids=lambda run: run["run"])
def test_measures_of_utility_are_rs(run: dict[str, Any]) -> None:
    found = utility(np.array(run["original"]), np.array(run["rounded"]))
    assert found.hellinger == pytest.approx(run["HDutility"], abs=1e-11)
    assert found.mean_absolute == pytest.approx(run["meanAbsDiff"], abs=1e-10)
    assert found.root_mean_square == pytest.approx(run["rootMeanSquare"], abs=1e-10)


def perturbation() -> tuple[pl.DataFrame, PerturbationTable]:
    rows = pl.read_csv(ORACLE / "perturbation.csv")
    return rows, PerturbationTable.of(*(rows[c].to_numpy() for c in rows.columns))


@pytest.mark.parametrize("count", range(5))
def test_perturbations_have_the_moments_that_their_table_promises(count: int) -> None:
    _, table = perturbation()
    keys = (np.arange(100_000) + 0.5) / 100_000
    found = perturb(np.full(len(keys), count), keys, table) - count
    assert found.mean() == pytest.approx(0, abs=1e-3)
    assert found.var() == pytest.approx(1.08 if count else 0, abs=1e-3)
    stays = (1, 0, 0.5463, 0.2776, 0.3637)[count]
    assert (found == 0).mean() == pytest.approx(stays, abs=1e-3)


def test_every_row_of_a_perturbation_table_is_found() -> None:
    rows, table = perturbation()
    lower, upper = rows["from"].to_numpy(), rows["to"].to_numpy()
    for keys in (lower, (lower + upper) / 2, (lower + upper) / 2 + 5):
        found = perturb(rows["count"].to_numpy(), keys, table)
        assert (found == (rows["count"] + rows["change"]).to_numpy()).all()
