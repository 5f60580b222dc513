"""Composition and rates: a published case, Das Gupta's formulas, and intervals by simulation."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from folkestrom.analysis.decomposition import Decomposition, kitagawa
from folkestrom.analysis.decomposition.dasgupta import composition_changes
from folkestrom.errors import UsageError
from tests.oracle.demography.reading import two_countries


def test_the_case() -> None:
    """Preston, Heuveline & Guillot (2001), boxes 2.1-2.3."""
    table = two_countries()
    found = kitagawa(
        table.rename({"deaths": "events"}), "country", ("sweden", "kazakhstan"), "age",
        exposure="population", unit="years",
    )  # fmt: skip
    deaths, people = (
        [rows[name].to_numpy() for _, rows in table.group_by("country", maintain_order=True)]
        for name in ("deaths", "population")
    )
    rates = [1000 * d / p for d, p in zip(deaths, people, strict=True)]
    shares = [p / p.sum() for p in people]
    composition = float(((shares[0] - shares[1]) * (rates[0] + rates[1]) / 2).sum())
    by_rates = float(((rates[0] - rates[1]) * (shares[0] + shares[1]) / 2).sum())
    assert found.values == pytest.approx((10.54756, 7.42304), abs=5e-6)
    assert (composition, by_rates) == pytest.approx((7.63242, -4.50790), abs=5e-6)
    for name, wanted in {
        "difference": composition + by_rates, "composition": composition, "rates": by_rates,
    }.items():  # fmt: skip
        assert found.of(name)["estimate"] == pytest.approx(wanted, rel=1e-12)
    assert found.cells["composition"].sum() == pytest.approx(composition)


def two_areas(seed: int, scale: float = 1.0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    rows = [
        (area, age, sex, 365.2425 * scale * rng.uniform(200, 2000))
        for area in "ab" for age in "012" for sex in "fm"
    ]  # fmt: skip
    table = pl.DataFrame(rows, schema=["area", "age", "sex", "days"], orient="row")
    rate = rng.uniform(0.005, 0.05, len(rows))
    events = rng.poisson(rate * table["days"].to_numpy() / 365.2425)
    return table.with_columns(events=events, rate=rate)


def estimates(found: Decomposition, component: str = "composition") -> dict[str, float]:
    rows = found.data.filter((pl.col("component") == component) & pl.col("term").is_not_null())
    return dict(zip(rows["term"], rows["estimate"], strict=True))


def test_factors_add_up_whatever_their_order() -> None:
    table = two_areas(1)
    found = kitagawa(table, "area", ("a", "b"), ["age", "sex"])
    swapped = kitagawa(table, "area", ("a", "b"), ["sex", "age"])
    assert estimates(found) == pytest.approx(estimates(swapped))
    total = found.of("composition")["estimate"]
    assert sum(estimates(found).values()) == pytest.approx(total)
    joint = kitagawa(table, "area", ("a", "b"), "age:sex")
    assert joint.of("composition")["estimate"] == pytest.approx(total)
    assert found.of("difference")["estimate"] == pytest.approx(
        total + found.of("rates")["estimate"]
    )
    back = kitagawa(table, "area", ("b", "a"), ["age", "sex"])
    assert {k: -v for k, v in estimates(back).items()} == pytest.approx(estimates(found))


def test_two_factors_are_das_guptas() -> None:
    """Das Gupta (1993), cross-classified data by two factors, written out."""
    rng = np.random.default_rng(4)
    n = rng.uniform(1, 9, (2, 3, 2))
    a = [np.sqrt(m / m.sum(0) * m.sum(1, keepdims=True) / m.sum()) for m in n]
    b = [np.sqrt(m / m.sum(1, keepdims=True) * m.sum(0) / m.sum()) for m in n]
    codes = [np.repeat([0, 1, 2], 2), np.tile([0, 1], 3)]
    found = composition_changes(codes, n[0].ravel(), n[1].ravel())
    np.testing.assert_allclose(found[0], ((b[0] + b[1]) / 2 * (a[0] - a[1])).ravel())
    np.testing.assert_allclose(found[1], ((a[0] + a[1]) / 2 * (b[0] - b[1])).ravel())


def test_three_factors_are_the_mean_over_all_orders() -> None:
    rng = np.random.default_rng(5)
    n = rng.uniform(1, 9, (2, 2, 3, 2))
    n[0, 0, 0, 0] = 0.0
    codes = [axis.ravel() for axis in np.indices((2, 3, 2))]

    def part(m: np.ndarray, i: int) -> np.ndarray:
        orders = list(permutations(range(3)))
        found = np.ones_like(m)
        for order in orders:
            before = order[: order.index(i)]
            whole = m.sum(tuple(set(range(3)) - set(before)), keepdims=True)
            joint = m.sum(tuple(set(range(3)) - {*before, i}), keepdims=True)
            found = found * (joint / whole) ** (1 / len(orders))
        return found

    mine, theirs = ([part(m, i) for i in range(3)] for m in n)
    expected = np.zeros((3, *n[0].shape))
    for order in permutations(range(3)):
        now = list(theirs)
        for i in order:
            before = np.prod(now, axis=0)
            now[i] = mine[i]
            expected[i] += (np.prod(now, axis=0) - before) / 6
    found = composition_changes(codes, n[0].ravel(), n[1].ravel())
    np.testing.assert_allclose(found, expected.reshape(3, -1), atol=1e-12)


def test_a_factor_that_is_equal_contributes_nothing() -> None:
    rows = [
        (area, age, sex, young * males)
        for area, share in (("a", 0.7), ("b", 0.3))
        for age, young in (("0", share), ("1", 1 - share))
        for sex, males in (("f", 0.5), ("m", 0.5))
    ]
    table = pl.DataFrame(rows, schema=["area", "age", "sex", "days"], orient="row")
    table = table.with_columns(events=pl.Series([5, 3, 2, 7] * 2), days=pl.col("days") * 1e5)
    found = estimates(kitagawa(table, "area", ("a", "b"), ["age", "sex"]))
    assert found["sex"] == pytest.approx(0, abs=1e-12)
    assert abs(found["age"]) > 0.1


COUNTS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 500)), min_size=8, max_size=8)


@settings(max_examples=30)
@given(COUNTS)
def test_components_always_add_up(counts: list[tuple[int, int]]) -> None:
    rows = [(area, age, sex) for area in "ab" for age in "01" for sex in "fm"]
    table = pl.DataFrame(rows, schema=["area", "age", "sex"], orient="row").with_columns(
        events=pl.Series([e if d else 0 for e, d in counts]),
        days=pl.Series([d for _, d in counts]),
    )
    if table.group_by("area").agg(pl.col("days").sum())["days"].min() == 0:
        return
    found = kitagawa(table, "area", ("a", "b"), ["age", "sex"])
    difference = found.of("difference")["estimate"]
    parts = [found.of(name)["estimate"] for name in ("composition", "rates")]
    assert sum(parts) == pytest.approx(difference, abs=1e-6)
    assert difference == pytest.approx(found.values[0] - found.values[1], abs=1e-6)
    assert sum(estimates(found).values()) == pytest.approx(parts[0], abs=1e-6)


@pytest.mark.parametrize("second", ["b", "nation", "others"])
def test_standard_errors_are_the_spread_of_repetitions(second: str) -> None:
    table = two_areas(2)
    expected = table["rate"].to_numpy() * table["days"].to_numpy() / 365.2425
    rng = np.random.default_rng(7)
    drawn, said = [], []
    for _ in range(70):
        again = table.with_columns(events=rng.poisson(expected))
        found = kitagawa(again, "area", ("a", second), ["age", "sex"])
        drawn.append(found.data["estimate"].to_numpy())
        said.append(found.data["se"].to_numpy())
    np.testing.assert_allclose(np.std(drawn, axis=0), np.mean(said, axis=0), rtol=0.3)


def test_persons_drawn_anew() -> None:
    rng = np.random.default_rng(8)
    size = 3000
    table = pl.DataFrame({
        "person": np.arange(size), "area": rng.choice(["a", "b"], size),
        "age": rng.choice(["0", "1"], size), "days": np.full(size, 365.2425),
    }).with_columns(
        events=(pl.Series(rng.random(size)) < pl.col("age").cast(pl.Int64) * 0.1 + 0.1)
        .cast(pl.Int64)
    )  # fmt: skip
    asked: dict[str, Any] = {"factors": "age", "per": 1.0}
    found = kitagawa(
        table, "area", ("a", "b"), intervals="bootstrap", replicates=200, seed=3, **asked
    )
    repeated = kitagawa(
        table, "area", ("a", "b"), intervals="bootstrap", replicates=200, seed=3, **asked
    )
    assert found.data.equals(repeated.data)
    # The spread of two shares' difference, of which persons are all that is drawn.
    shares = table.group_by("area").agg(p=pl.col("events").mean(), n=pl.len())
    variance = sum(p * (1 - p) / n for p, n in shares.select("p", "n").rows())
    assert found.of("difference")["se"] == pytest.approx(variance**0.5, rel=0.15)
    # The composition itself is drawn too, unlike with Poisson intervals.
    fixed = kitagawa(table, "area", ("a", "b"), **asked)
    assert found.of("composition")["se"] > 2 * fixed.of("composition")["se"]


def test_cells_of_one_group_alone_are_said() -> None:
    table = pl.DataFrame({"area": ["a", "a", "b"], "age": ["0", "1", "0"],
                          "events": [1, 2, 3], "days": [100, 300, 100]})  # fmt: skip
    found = kitagawa(table, "area", ("a", "b"), "age")
    assert found.unmatched == pytest.approx((0.75, 0.0))


@pytest.mark.parametrize(
    ("between", "factors", "says"),
    [
        (("a", "c"), "age", "'c' does not occur"),
        (("a", "b"), "edad", "is not a column"),
        (("a", "b"), "area", "tells the groups apart already"),
        (("a", "b"), [], "is not a number of factors"),
    ],
)
def test_bad_questions(between: tuple[str, str], factors: Any, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        kitagawa(two_areas(1), "area", between, factors)
