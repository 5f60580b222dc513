"""Municipalities from one set of borders to another."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkestrom.classifications.conversion import (
    border_days,
    conversion,
    convert,
    municipality_changes,
    shares_of,
)
from folkestrom.classifications.tables import municipalities
from folkestrom.errors import UsageError

DAYS = st.dates(date(1960, 1, 1), date(2026, 1, 1))


def test_every_code_that_comes_or_goes_does_so_by_a_change() -> None:
    for day in border_days(date(1960, 1, 1)):
        before = set(municipalities(day - timedelta(days=1))["code"])
        after = set(municipalities(day)["code"])
        rows = municipality_changes().filter(pl.col("day") == day)
        old, new = set(rows["old"]), set(rows["new"])
        assert before - after <= old <= before
        assert after - before <= new <= after


@pytest.mark.parametrize(
    ("code", "until"),
    [("1507", {"1508", "1580"}), ("1850", {"1806", "1875"}), ("5012", {"5055", "5056", "5059"})],
)
def test_the_splits_of_2020_and_2024(code: str, until: set[str]) -> None:
    rows = conversion(date(2019, 1, 1) if code != "1507" else date(2023, 1, 1), date(2024, 1, 1))
    found = rows.filter(pl.col("code_from") == code)
    assert set(found["code_to"]) == until
    assert not found["exact"].any()
    assert found["weight"].sum() == pytest.approx(1)


@given(DAYS, DAYS)
def test_shares_are_of_the_codes_of_the_other_day_and_sum_to_one(one: date, other: date) -> None:
    rows = conversion(one, other)
    assert set(rows["code_to"]) == set(municipalities(other)["code"])
    sums = rows.group_by("code_from").agg(pl.col("weight").sum())
    assert (sums["weight"] - 1).abs().max() < 1e-9  # type: ignore[operator]


def test_there_and_back_along_mergers_alone_is_the_identity() -> None:
    """What is exact forward comes from one place, and a way back leads there."""
    for code in (int(c) for c in municipalities(date(2010, 1, 1))["code"]):
        forward = shares_of(code, date(2010, 1, 1), date(2024, 1, 1))
        for to in forward:
            assert code in shares_of(to, date(2024, 1, 1), date(2010, 1, 1))


@given(
    st.dictionaries(st.sampled_from(["a", "b", "c"]), st.integers(0, 10**7)),
    st.lists(st.integers(1, 1000), min_size=2, max_size=5),
)
def test_no_total_is_lost_and_no_part_a_whole_unit_off(
    totals: dict[str, int], parts: list[int]
) -> None:
    shares = [part / sum(parts) for part in parts]
    weights = [(code, f"{n}", share) for code in "abc" for n, share in enumerate(shares)]
    found = convert(totals, weights)
    assert sum(found.values()) == sum(totals.values())
    for n, share in enumerate(shares):
        assert abs(found.get(f"{n}", 0) - share * sum(totals.values())) < max(len(totals), 1e-9) + (
            not totals
        )


def test_totals_of_codes_without_weights_are_refused() -> None:
    with pytest.raises(UsageError, match="no weights that sum to 1"):
        convert({"0301": 1}, [("0302", "0301", 1.0)])


def _reference() -> Path:
    folder = os.environ.get("FOLKESTROM_REFERENCE")
    if not folder:
        pytest.skip("FOLKESTROM_REFERENCE names no folder of published figures")
    return Path(folder)


def published_weights() -> pl.DataFrame:
    path = _reference() / "municipalities" / "redistricting_b2024.csv.gz"
    code = {
        name: pl.col(f"location_code_{name}").str.strip_prefix("municip_nor")
        for name in ("original", "current")
    }
    return (
        pl.read_csv(path, infer_schema_length=0)
        .filter(pl.col("granularity_geo") == "municip")
        .select(
            code["original"].alias("code_from"),
            code["current"].alias("code_to"),
            pl.col("calyear").cast(pl.Float64).cast(pl.Int32).alias("year"),
            pl.col("weighting").cast(pl.Float64).alias("weight"),
        )
    )


#: What became Ålesund in 2020 goes in part to Haram (Ålesund was divided as one in 2024), and
#: Snillfjord's forerunner in three parts, whichever of the two it is counted from.
_PUBLISHED_AS_DIVIDED = {"1504", "1523", "1529", "1534", "1546"}


def testpublished_weights_of_every_year_agree_on_what_is_exact() -> None:
    theirs = published_weights()
    for year in range(2003, 2024):
        ours = conversion(date(year, 1, 1), date(2024, 1, 1)).filter("exact")
        joined = ours.join(theirs.filter(pl.col("year") == year), on="code_from", suffix="_theirs")
        wrong = joined.filter(pl.col("code_to") != pl.col("code_to_theirs"))
        assert set(wrong["code_from"]) <= _PUBLISHED_AS_DIVIDED, (year, wrong)
        assert joined["code_from"].n_unique() > 350


def _real_totals(year: int) -> dict[str, int]:
    path = _reference() / "population" / "pop_municip_sex_age_year.csv.gz"
    rows = pl.read_csv(path, infer_schema_length=0).group_by("location_code")
    summed = rows.agg(pl.col(str(year)).cast(pl.Float64).sum())
    return {code: round(many) for code, many in summed.iter_rows()}


@pytest.mark.parametrize("year", [2006, 2012, 2017, 2018, 2020, 2023])
def test_real_totals_are_kept_to_the_person_in_every_year_s_borders(year: int) -> None:
    """Real populations of 2024 in the borders of a year, and back by the published weights."""
    totals = _real_totals(2024)
    back = conversion(date(2024, 1, 1), date(year, 1, 1)).drop("exact").rows()
    then = convert(totals, back)
    assert sum(then.values()) == sum(totals.values())
    assert set(then) == set(municipalities(date(year, 1, 1))["code"])
    theirs = published_weights().filter(pl.col("year") == year).drop("year").rows()
    again = convert(then, theirs)
    assert sum(again.values()) == sum(totals.values())
    exact = dict.fromkeys(again, 0.0)
    contributing = dict.fromkeys(again, 0)
    for code, to, weight in theirs:
        exact[to] += then.get(code, 0) * weight
        contributing[to] += 0 < weight < 1
    for code, many in again.items():
        assert abs(many - exact[code]) < max(contributing[code], 1e-6)
