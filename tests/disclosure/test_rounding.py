"""Rounding and cell keys: bounds that are promised, and published results of R."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkestrom.disclosure import PerturbationTable, perturb, round_small, utility
from folkestrom.errors import InputRefused


@pytest.fixture(scope="module")
def case(reference: Path) -> Path:
    folder = reference.parent / "cases" / "disclosure"
    if not folder.is_dir():
        pytest.skip("disclosure: there is no folder cases/disclosure beside the published series")
    return folder


@given(st.lists(st.integers(0, 12), min_size=1, max_size=30), st.sampled_from([3, 5, 10]))
def test_what_is_promised_of_rounding(values: list[int], base: int) -> None:
    counts = np.array(values, np.int64)
    codes = [np.arange(len(counts)) % 3, np.arange(len(counts)) // 3]
    rounded = round_small(counts, codes, base)
    small = (counts > 0) & (counts < base)
    assert set(rounded[small].tolist()) <= {0, base}
    assert (rounded[~small] == counts[~small]).all()
    assert abs(rounded - counts).max() < base
    # The sum is as near as whole steps of the base allow.
    assert 2 * abs(int(rounded.sum() - counts.sum())) <= base
    for code in codes:
        totals = np.bincount(code, rounded)
        assert not ((totals > 0) & (totals < base)).any()


def published(frame: pl.DataFrame, dimensions: list[str]) -> tuple[list[int], list[int]]:
    """True and rounded cells of every margin, the inner cells among them."""
    rows: list[tuple[int, int]] = []
    for size in range(len(dimensions) + 1):
        for chosen in itertools.combinations(dimensions, size):
            groups = frame.group_by(chosen or pl.lit(1)).agg(pl.col("true", "rounded").sum())
            rows += groups.select("true", "rounded").rows()
    return [row[0] for row in rows], [row[1] for row in rows]


@pytest.mark.parametrize(
    ("file", "count", "dimensions", "base", "run"),
    [
        ("exPSD", "freq", ["rows", "cols"], 5, "exPSD_table2_base5_all"),
    ],
)
def test_totals_are_kept_as_well_as_by_small_count_rounding(
    case: Path, file: str, count: str, dimensions: list[str], base: int, run: str
) -> None:
    """The same table with the same cells to publish; the measures of R's package beside ours.

    Which of equally good cells goes up is drawn there, so that cells are not compared.
    """
    folder = case / "small_count_rounding"
    frame = pl.read_csv(folder / f"input_{file}.csv")
    codes = [frame[name].rank("dense").to_numpy().astype(np.int64) - 1 for name in dimensions]
    rounded = round_small(frame[count].to_numpy(), codes, base)
    ours = utility(*published(frame.with_columns(true=count, rounded=rounded), dimensions))
    theirs = next(r for r in json.loads((folder / "runs.json").read_text()) if r["id"] == run)
    assert ours.largest <= theirs["metrics"]["maxdiff"]
    assert ours.mean_absolute <= theirs["metrics"]["meanAbsDiff"] + 1e-9
    assert ours.root_mean_square <= theirs["metrics"]["rootMeanSquare"] + 1e-9
    assert ours.hellinger == pytest.approx(theirs["metrics"]["HDutility"], abs=0.02)


@pytest.mark.parametrize("part", ["inner", "publish"])
@pytest.mark.parametrize(
    "run",
    ["exPSD_base5_margins_identifyNewFALSE", "exPSD_base5_zeroCandidates", "z2_base3",
     "z2_base3_leverage"],
)  # fmt: skip
def test_measures_of_utility_are_rs(case: Path, run: str, part: str) -> None:
    folder = case / "small_count_rounding"
    table = pl.read_csv(folder / f"expected_{run}_{part}.csv")
    found = utility(table["original"].to_numpy(), table["rounded"].to_numpy())
    metrics: dict[str, Any] = next(
        r["metrics"] for r in json.loads((folder / "runs.json").read_text()) if r["id"] == run
    )
    prefix = "inner_" if part == "inner" else ""
    assert found.hellinger == pytest.approx(metrics[f"{prefix}HDutility"], abs=1e-11)
    assert found.mean_absolute == pytest.approx(metrics[f"{prefix}meanAbsDiff"], abs=1e-10)
    assert found.root_mean_square == pytest.approx(metrics[f"{prefix}rootMeanSquare"], abs=1e-10)


@pytest.mark.parametrize("name", ["D2V1.08js1", "D5V3js2pstay0.5_cellKey_tests"])
def test_perturbations_have_the_moments_that_their_tables_promise(case: Path, name: str) -> None:
    rows = pl.read_csv(case / "ptable" / f"{name}.csv")
    table = PerturbationTable.of(*(rows[c].to_numpy() for c in ("i", "v", "p_int_lb", "p_int_ub")))
    keys = (np.arange(100_000) + 0.5) / 100_000
    for row in pl.read_csv(case / "ptable" / f"{name}_check.csv").rows(named=True):
        found = perturb(np.full(len(keys), row["i"]), keys, table) - row["i"]
        assert found.mean() == pytest.approx(row["p_mean"], abs=1e-3)
        assert found.var() == pytest.approx(row["p_var"], abs=1e-3)
        assert (found == 0).mean() == pytest.approx(row["p_stay"], abs=1e-3)


def test_every_row_of_a_perturbation_table_is_found(case: Path) -> None:
    rows = pl.read_csv(case / "ptable" / "D5V3js2pstay0.5_cellKey_tests.csv")
    table = PerturbationTable.of(*(rows[c].to_numpy() for c in ("i", "v", "p_int_lb", "p_int_ub")))
    lower, upper = rows["p_int_lb"].to_numpy(), rows["p_int_ub"].to_numpy()
    for keys in (lower, (lower + upper) / 2, (lower + upper) / 2 + 5):
        assert (perturb(rows["i"].to_numpy(), keys, table) == rows["j"].to_numpy()).all()


def test_the_same_records_always_get_the_same_noise() -> None:
    table = PerturbationTable.of([0, 1, 1], [0, -1, 2], [0, 0, 0.4], [1, 0.4, 1])
    assert perturb([3, 3], [1.7, 0.7], table).tolist() == [5, 5]


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        (([0, 2], [0, 0], [0, 0], [1, 1]), "every count"),
        (([0, 1, 1], [0, 0, 1], [0, 0, 0.6], [1, 0.5, 1]), "do not cover"),
        (([0, 1], [-1, 0], [0, 0], [1, 1]), "negative"),
    ],
)
def test_bad_perturbation_tables(columns: Any, says: str) -> None:
    with pytest.raises(InputRefused, match=says):
        PerturbationTable.of(*columns)
