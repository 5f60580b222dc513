"""Codes that are kept: the cells that the whole table has of them, added up."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.statistics.changes import changes
from folkestrom.statistics.periods import year
from folkestrom.statistics.population import population
from folkestrom.variables.registry import VARIABLES
from folkestrom.variables.selection import kept
from tests.statistics.small_store import hand_made


def frame(cells: Cells) -> pl.DataFrame:
    found = pl.DataFrame(cells.data)
    return found.with_columns(pl.col(pl.Categorical).cast(pl.String))


def people() -> list[dict[str, object]]:
    return [
        {"person": 1, "municipality": 301, "sex": 1, "birth_date": date(2000, 5, 1)},
        {"person": 2, "municipality": 301, "sex": 2, "birth_date": date(2001, 5, 1)},
        {"person": 3, "municipality": 1103, "sex": 2, "birth_date": None},
    ]


def test_one_variable_is_kept_and_another_shown() -> None:
    store = hand_made(people())
    cells = population(store, date(2021, 1, 1), ["municipality"], only={"sex": "female"})
    assert dict(frame(cells).rows()) == {"0301": 1, "1103": 1}
    assert "Only Sex: Females." in [note.en for note in cells.specification.footnotes]


def test_nobody_is_0_and_not_nothing() -> None:
    store = hand_made(people())
    assert frame(population(store, date(2021, 1, 1), only={"county": "46"})).rows() == [(0,)]


def test_unknown_is_a_code() -> None:
    store = hand_made(people())
    assert frame(population(store, date(2021, 1, 1), only={"age": "unknown"})).rows() == [(1,)]


@pytest.mark.parametrize(
    ("only", "message"),
    [
        ({"cuonty": "03"}, "'cuonty' is not a dimension of the population.*Did you mean 'county'"),
        ({"sex": "femal"}, "column sex: 'femal' is not a code of sex.*Did you mean 'female'"),
        ({"age": "old"}, "column age: 'old'"),
        ({"county": "11", "municipality": "0301"}, "contradict each other"),
        ({"age": "20", "age_five_year": "15-19"}, "contradict each other"),
        ({"sex": []}, "keeps nothing"),
    ],
)
def test_what_cannot_be_meant(only: dict[str, str], message: str) -> None:
    store = hand_made(people())
    with pytest.raises(UsageError, match=f"(?s){message}"):
        population(store, date(2021, 1, 1), only=only)


CODES = st.lists(
    st.tuples(st.sampled_from(["0301", "1101", "1103"]), st.sampled_from(["male", "female"]),
              st.integers(0, 9)),
    min_size=1, max_size=12,
)  # fmt: skip


@settings(max_examples=50)
@given(CODES, st.sets(st.sampled_from(["0301", "1101", "1103"]), min_size=1), st.booleans())
def test_what_is_kept_is_that_part_added_up(
    cells: list[tuple[str, str, int]], places: set[str], by_sex: bool
) -> None:
    data = pl.DataFrame(cells, schema=["municipality", "sex", "n"], orient="row")
    variables = [VARIABLES["municipality"], VARIABLES["sex"]]
    named = ["sex"] if by_sex else []
    found = pl.DataFrame(kept(data.to_arrow(), {"municipality": places}, variables, named))
    rows = data.filter(pl.col("municipality").is_in(places))
    expected = rows.group_by(named).agg(pl.col("n").sum()) if by_sex else rows.select(pl.sum("n"))
    assert sorted(found.rows()) == sorted(expected.rows())


def test_a_part_of_an_account_closes() -> None:
    store = hand_made(people())
    whole = frame(changes(store, [year(2020)], ["municipality", "sex"], "latest"))
    part = frame(changes(store, [year(2020)], ["sex"], "latest", only={"county": "03"}))
    expected = whole.filter(pl.col("municipality") == "0301").drop("municipality")
    assert part.sort("sex").rows() == expected.sort("sex").rows()
    flows = changes(store, [year(2020)], ["sex"], "latest", only={"citizenship": "NO"})
    assert "population_end" not in flows.data.column_names
