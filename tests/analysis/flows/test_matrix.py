from __future__ import annotations

import math

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from folkestrom.analysis.flows import flow_matrix
from folkestrom.errors import UserError

PLACES = ["0301", "1103", "4601", "PL", "SE"]
MOVES = st.lists(
    st.tuples(st.sampled_from(PLACES), st.sampled_from(PLACES), st.integers(1, 50)), min_size=1
)


@settings(max_examples=30)
@given(MOVES)
def test_totals_are_counted_by_hand(moves: list[tuple[str, str, int]]) -> None:
    origin, destination, weight = (list(column) for column in zip(*moves, strict=True))
    data = pa.table({"origin": origin, "destination": destination, "n": weight})
    found = flow_matrix(data, weight="n")
    for row in found.totals().iter_rows(named=True):
        came = sum(n for o, d, n in moves if d == row["place"] != o)
        left = sum(n for o, d, n in moves if o == row["place"] != d)
        assert (row["in"], row["out"], row["net"]) == (came, left, came - left)
        assert row["gross"] == came + left
        if came + left:
            assert math.isclose(row["efficiency"], 100 * (came - left) / (came + left))
        else:
            assert row["efficiency"] is None
    assert found.totals()["net"].sum() == 0
    between = sum(n for o, d, n in moves if o != d)
    assert found.flows()["moves"].sum() == between
    assert found.flows(within=True)["moves"].sum() == sum(weight)
    assert found.pairs()["gross"].sum() == between


@settings(max_examples=30)
@given(MOVES)
def test_larger_places_take_moves_within_off_the_flows(moves: list[tuple[str, str, int]]) -> None:
    data = {"origin": [m[0] for m in moves], "destination": [m[1] for m in moves]}
    found = flow_matrix(data)
    county = found.grouped(lambda place: place[:2])
    assert county.counts.sum() == len(moves)
    assert county.flows()["moves"].sum() == sum(o[:2] != d[:2] for o, d, _ in moves)
    one = found.grouped(dict.fromkeys(PLACES, "everywhere"))
    assert one.flows().is_empty()
    assert math.isnan(one.effectiveness)


def test_effectiveness_is_100_one_way_and_0_both_ways() -> None:
    one = flow_matrix({"origin": ["a", "a"], "destination": ["b", "c"]})
    assert one.effectiveness == 100
    both = flow_matrix({"origin": ["a", "b"], "destination": ["b", "a"]})
    assert both.effectiveness == 0
    assert both.count("a", "b") == 1


def test_intervals_of_shares_are_wilsons() -> None:
    """Newcombe (1998), Statist. Med. 17, table I: 81 of 263, and 0 of 20."""
    data = {"origin": ["a"] * 263, "destination": ["b"] * 81 + ["a"] * 182}
    row = flow_matrix(data).probabilities().filter(origin="a", destination="b").row(0, named=True)
    assert (round(row["lower"], 4), round(row["upper"], 4)) == (0.2553, 0.3662)
    none = flow_matrix({"origin": ["a"] * 20 + ["b"], "destination": ["a"] * 20 + ["b"]})
    row = none.probabilities().filter(origin="a", destination="b").row(0, named=True)
    assert (round(row["lower"], 4), round(row["upper"], 4)) == (0.0, 0.1611)


def test_shares_of_an_origin_add_up_to_1() -> None:
    generator = np.random.default_rng(1)
    data = pl.DataFrame(
        {name: generator.choice(PLACES, 200).tolist() for name in ("origin", "destination")}
    )
    shares = flow_matrix(data).probabilities().group_by("origin").agg(pl.col("share").sum())
    np.testing.assert_allclose(shares["share"].to_numpy(), 1.0)


def test_what_is_unknown_is_a_place_and_stands_last() -> None:
    found = flow_matrix({"origin": ["z", None, "z"], "destination": ["a", "z", None]})
    assert found.places == ("a", "z", "unknown")
    assert found.count("unknown", "z") == 1


def test_the_largest_places_and_all_others() -> None:
    data = {"origin": ["a", "a", "b", "c"], "destination": ["b", "b", "a", "d"]}
    found = flow_matrix(data).largest(2)
    assert found.places == ("a", "b", "other")
    assert found.count("other", "other") == 1


def test_what_is_refused() -> None:
    with pytest.raises(UserError, match="'to' is not a column"):
        flow_matrix({"origin": ["a"], "destination": ["b"]}, destination="to")
    with pytest.raises(UserError, match="there are no moves"):
        flow_matrix({"origin": [], "destination": []})
    with pytest.raises(UserError, match="is negative"):
        flow_matrix({"origin": ["a"], "destination": ["b"], "n": [-1]}, weight="n")
    with pytest.raises(UserError, match="is a int, not a table"):
        flow_matrix(7)
    found = flow_matrix({"origin": ["a"], "destination": ["b"]})
    with pytest.raises(UserError, match="'x' is no place"):
        found.count("x", "a")
    with pytest.raises(UserError, match="is not a level"):
        found.probabilities(2.0)
