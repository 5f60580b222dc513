"""Groups that outcomes split: bases and counts through one gate."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from folkestrom.analysis.flows import flow_matrix
from folkestrom.disclosure import Rules, mean, quantiles, release
from folkestrom.errors import UsageError

SHAPE = (2, 3, 3)
CELLS = int(np.prod(SHAPE))
COUNTS = st.lists(
    st.one_of(st.integers(0, 6), st.integers(0, 80)), min_size=CELLS, max_size=CELLS
).filter(any)
SPLIT: dict[str, Any] = {
    "counts": "n",
    "base": "base",
    "population": "persons",
    "split": ["outcome"],
    "dimensions": ["sex", "area", "outcome"],
}


def table(values: list[int]) -> pl.DataFrame:
    """Persons and person-years are the same, so that nobody has two years."""
    sex, area, outcome = (axis.ravel() for axis in np.indices(SHAPE))
    frame = pl.DataFrame({"sex": sex, "area": area, "outcome": outcome, "n": values})
    base = pl.col("n").sum().over("sex", "area")
    return frame.with_columns(
        base.alias("base"), base.alias("persons"), per=100 * pl.col("n") / base
    )


def totals(frame: pl.DataFrame) -> np.ndarray:
    """The totals over sexes, and over areas, of each outcome."""
    known = []
    for others in (["area", "outcome"], ["sex", "outcome"]):
        for _, line in frame.with_row_index("k").group_by(others):
            known.append(np.isin(np.arange(CELLS), line["k"].to_numpy()))
    return np.array(known, float)


def groups(frame: pl.DataFrame) -> list[np.ndarray]:
    return [
        ((frame["sex"] == s) & (frame["area"] == a)).to_numpy().astype(float)
        for s in range(SHAPE[0])
        for a in range(SHAPE[1])
    ]


def width(totals: np.ndarray, counts: np.ndarray, of: np.ndarray) -> float:
    """How far a sum of counts can move when all of the totals stay, and no count is negative."""
    ends = [
        linprog(sign * of, A_eq=totals, b_eq=totals @ counts, bounds=(0, None)).fun
        for sign in (1, -1)
    ]
    return float(-ends[1] - ends[0])


@settings(max_examples=30)
@given(COUNTS, st.sampled_from([0, 40]))
def test_neither_small_counts_nor_small_bases_can_be_solved_for(
    values: list[int], population: int
) -> None:
    frame = table(values)
    rules = Rules("ours", minimum_population=population, minimum_cell=5)
    shown = release(frame, rules, **SPLIT).to("polars")
    assert isinstance(shown, pl.DataFrame)
    counts, bases = frame["n"].to_numpy(), frame["base"].to_numpy()
    public = totals(frame)
    unit = np.eye(CELLS)
    told = [unit[k] for k in range(CELLS) if shown["n"][k] is not None]
    told += [of for of in groups(frame) if shown["base"][int(np.argmax(of))] is not None]
    known = np.vstack([public, *told])
    rank = np.linalg.matrix_rank(known)
    whole = np.vstack([public, *groups(frame)])

    def found(of: np.ndarray, public: np.ndarray) -> bool:
        solved = np.linalg.matrix_rank(np.vstack([known, of])) == rank
        # Whatever is hidden, some follow from totals: the gate says so, and cannot help it.
        return bool(solved) and width(public, counts, of) > 1e-6

    assert not [k for k in range(CELLS) if 0 < counts[k] < 5 and found(unit[k], whole)]
    for of in groups(frame):
        first = int(np.argmax(of))
        if 0 < bases[first] < max(5, population):
            assert shown["base"][first] is shown["persons"][first] is None
            assert not found(of, public)
    hidden = shown["n"].is_null().to_numpy()
    assert shown["per"].is_null().to_numpy()[hidden].all()


@given(COUNTS)
def test_rounded_bases_are_the_sums_of_rounded_counts(values: list[int]) -> None:
    frame = table(values).drop("per")
    shown = release(frame, Rules("r", rounding_base=3), **SPLIT).to("polars")
    assert isinstance(shown, pl.DataFrame)
    assert shown["persons"].null_count() == CELLS
    sums = shown.select(pl.col("n").sum().over("sex", "area"))["n"]
    assert shown["base"].to_list() == sums.to_list()
    assert not {1, 2} & {*shown["n"], *shown["base"]}


def test_years_of_few_persons_are_small() -> None:
    frame = pl.DataFrame({"area": ["a", "b", "c"], "n": [11, 40, 60], "of": [1, 20, 30]})
    asked: dict[str, Any] = {"counts": "n", "persons": "of", "dimensions": ["area"]}
    found = release(frame, "statistics", **asked)
    assert found.cells.data["n"].to_pylist() == [None, None, 60]
    assert found.cells.data.column_names == ["area", "n"]
    found = release(frame, "rounded", **asked)
    assert found.cells.data["n"].to_pylist() == [None, None, 60]
    assert "larger counts of fewer than 3 persons suppressed: 1" in found.note.en


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"split": ["region"]}, "is no dimension"),
        ({"base": None, "population": None}, "how many there are"),
        ({"counts": ["n", "base"], "base": "persons", "population": None}, "take one count"),
        ({"persons": "people"}, "is not a measure"),
        ({"population": "people"}, "is not a measure"),
    ],
)
def test_bad_questions(change: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        release(table([9] * CELLS), "statistics", **(SPLIT | change))


def test_the_flows_of_a_matrix_cannot_be_found_from_its_totals() -> None:
    random = np.random.default_rng(5)
    places = [f"{k:02}" for k in range(9)]
    moves = pl.DataFrame(
        {
            "origin": [a for a in places for _ in places],
            "destination": places * len(places),
            "moves": np.where(random.random(81) < 0.4, 0, random.geometric(0.12, 81)),
        }
    )
    flows = flow_matrix(moves, weight="moves").flows()
    shown = release(flows, "statistics", counts="moves", dimensions=["origin", "destination"])
    frame = shown.to("polars")
    assert isinstance(frame, pl.DataFrame)
    assert not (frame["origin"] == frame["destination"]).any()
    small = (flows["moves"] < 3).to_numpy()
    hidden = np.flatnonzero(frame["moves"].is_null().to_numpy())
    assert 0 < small.sum() < len(hidden) < flows.height
    assert set(np.flatnonzero(small)) <= set(hidden.tolist())
    known = np.array(
        [
            (flows[side].to_numpy()[hidden] == place).astype(float)
            for side in ("origin", "destination")
            for place in places
        ]
    )
    rank = np.linalg.matrix_rank(known)
    unit = np.eye(len(hidden))
    solved = [
        int(cell)
        for k, cell in enumerate(hidden)
        if np.linalg.matrix_rank(np.vstack([known, unit[k]])) == rank
    ]
    assert not [cell for cell in solved if small[cell]]


def test_counts_may_be_whole_numbers_of_any_type() -> None:
    frame = pl.DataFrame({"area": ["a", "b"], "n": [4.0, 9.5]})
    with pytest.raises(UsageError, match="whole counts"):
        release(frame, "statistics", counts="n", dimensions=["area"])


def test_a_quantile_or_a_mean_is_nobodys_value() -> None:
    incomes = np.array([*np.arange(99) * 1000.0, 1e9])
    assert quantiles(incomes, [0.5])[0] not in incomes
    # Ten values are replaced at the upper end: the largest that counts is the tenth from it.
    assert mean(incomes) == np.clip(incomes, 10_000, 89_000).mean()
    assert np.isnan(mean(incomes[:19]))
    assert np.isnan(mean(incomes, repeats=6))
    assert np.isnan(quantiles(incomes, [0.5], repeats=6)).all()


def test_a_quantile_beyond_the_limits_is_nobodys_value_either() -> None:
    incomes = np.cumsum(np.arange(2001.0))
    # The 1st and the 99th percentile are a person's: places 20 and 1980 of 0 to 2000.
    assert np.quantile(incomes, [0.01, 0.99]).tolist() == incomes[[20, 1980]].tolist()
    found = quantiles(incomes, [0.005, 0.01, 0.99, 0.995])
    assert not np.isin(found, incomes).any()
    assert found[0] == found[1]
    assert found[2] == found[3]
