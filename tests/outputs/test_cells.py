"""Populations and accounts for publication: what a reader can work out from what is shown."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from folkestrom.disclosure import Rules, named
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.outputs.cells import published
from folkestrom.statistics.changes import changes
from folkestrom.statistics.periods import year
from folkestrom.statistics.population import population
from tests.statistics.small_store import hand_made

DAY = date(2021, 1, 1)
STATISTICS = named("statistics")


def people(numbers: dict[tuple[int, int], int]) -> Any:
    """A store with so many persons by municipality and sex."""
    found = []
    for (place, sex), many in numbers.items():
        found += [{"municipality": place, "sex": sex} for _ in range(many)]
    return hand_made([{"person": n} | row for n, row in enumerate(found, 1)])


def frame(cells: Cells) -> pl.DataFrame:
    return pl.DataFrame(cells.data).with_columns(pl.col(pl.Categorical).cast(pl.String))


def test_a_small_cell_goes_with_one_beside_it_in_every_direction() -> None:
    store = people({(301, 1): 9, (301, 2): 1, (1101, 1): 8, (1101, 2): 7})
    shown = frame(published(population(store, DAY, ["municipality", "sex"]), STATISTICS))
    assert shown["persons"].null_count() == 4


def test_totals_stand_where_they_give_nothing_away() -> None:
    store = people({(301, 1): 9, (301, 2): 1, (1101, 1): 8, (1101, 2): 7})
    cells = published(population(store, DAY, ["municipality", "sex"]), STATISTICS, totals=True)
    shown = frame(cells)
    totals = shown.filter((pl.col("municipality") == "total") | (pl.col("sex") == "total"))
    assert totals["persons"].null_count() == 0
    assert shown["persons"].null_count() == 4


def test_a_total_that_is_small_itself_is_not_shown() -> None:
    store = people({(301, 1): 30, (1101, 1): 40, (1103, 1): 2})
    shown = frame(
        published(population(store, DAY, ["municipality", "sex"]), STATISTICS, totals=True)
    )
    small = shown.filter(pl.col("municipality") == "1103")
    assert small["persons"].null_count() == small.height
    others = shown.filter(pl.col("municipality").is_in(["0301", "1101"]), pl.col("sex") == "total")
    assert others["persons"].null_count() == 1  # else the grand total gives it away


def test_rounded_totals_are_of_rounded_counts() -> None:
    store = people({(301, 1): 1, (301, 2): 1, (1101, 1): 8, (1101, 2): 2})
    cells = published(
        population(store, DAY, ["municipality", "sex"]), named("rounded"), totals=True
    )
    shown = frame(cells)
    inner = shown.filter(pl.col("municipality") != "total", pl.col("sex") != "total")
    assert set(inner["persons"]) <= {0, 3, 8}
    assert shown.row(0) == ("total", "total", inner["persons"].sum())


def test_groups_below_the_minimum_population_are_not_shown() -> None:
    store = people({(301, 1): 30, (1101, 1): 12, (1103, 1): 40})
    rules = Rules("ours", minimum_population=20)
    shown = frame(published(population(store, DAY, ["municipality"]), rules))
    assert shown.filter(pl.col("municipality") == "1101")["persons"].to_list() == [None]


def account(**changed: list[int]) -> Cells:
    """An account of three municipalities, with what is said of it."""
    rows = {(place, 1): 30 for place in (301, 1101, 1103)}
    made = changes(people(rows), [year(2020)], ["municipality"], "latest")
    flows = {
        "births": [10, 11, 12], "deaths": [7, 8, 9], "immigration": [13, 14, 15],
        "emigration": [4, 5, 6], "internal_in": [20, 21, 22], "internal_out": [19, 21, 23],
    } | changed  # fmt: skip
    columns = {name: pl.Series(values, dtype=pl.Int32) for name, values in flows.items()}
    growth = (
        pl.col("births")
        - pl.col("deaths")
        + pl.col("immigration")
        - pl.col("emigration")
        + pl.col("internal_in")
        - pl.col("internal_out")
    )
    table = frame(made).with_columns(**columns, population_start=pl.Series([400, 500, 600]))
    table = table.with_columns(
        population_end=pl.col("population_start") + growth,
        growth=growth,
        excess_of_births=pl.col("births") - pl.col("deaths"),
        net_migration=pl.col("immigration") - pl.col("emigration"),
        net_internal=pl.col("internal_in") - pl.col("internal_out"),
    )
    return Cells(made.specification, table.to_arrow())


def test_an_account_never_tells_the_figure_that_it_lacks() -> None:
    shown = frame(published(account(births=[1, 11, 12]), STATISTICS))
    assert shown["births"].to_list().count(None) == 2  # else the sum over places tells it
    assert shown["births"][0] is None
    flows = ["births", "deaths", "immigration", "emigration", "internal_in", "internal_out"]
    for row in shown.select(flows).iter_rows():
        assert row.count(None) != 1  # else the rest of the account tells it
    assert shown["excess_of_births"][0] is None
    assert shown.select("population_start", "population_end").null_count().row(0) == (0, 0)


def test_an_account_without_small_counts_is_whole() -> None:
    assert frame(published(account(), STATISTICS)).equals(frame(account()))


@pytest.mark.parametrize(
    ("by", "rules", "message"),
    [
        (["municipality"], "rounded", "rounds the counts, and the rest of an account is"),
        (["citizenship"], "research", "whose population is not in the table"),
    ],
)
def test_rules_that_cannot_be_meant(by: list[str], rules: str, message: str) -> None:
    cells = changes(people({(301, 1): 30}), [year(2020)], by, "latest")
    with pytest.raises(UsageError, match=message):
        published(cells, named(rules))


def test_days_are_protected_apart() -> None:
    numbers = {(301, 1): 9, (301, 2): 1, (1101, 1): 8, (1101, 2): 7}
    rows = [{"municipality": p, "sex": s} for (p, s), many in numbers.items() for _ in range(many)]
    rows += [{"municipality": 301, "sex": 2, "valid_from": date(2020, 6, 1)} for _ in range(4)]
    store = hand_made([{"person": n} | row for n, row in enumerate(rows, 1)])
    days = [date(2020, 1, 1), DAY]
    shown = frame(published(population(store, days, ["municipality", "sex"]), STATISTICS))
    hidden = shown.filter(pl.col("persons").is_null())
    assert hidden["date"].unique().to_list() == [date(2020, 1, 1)]


def test_nobody_is_0_for_the_public_too() -> None:
    cells = population(people({(301, 1): 9}), DAY, ["sex"], only={"citizenship": "KI"})
    assert frame(published(cells, STATISTICS, totals=True)).rows() == [("total", 0)]


def test_rows_that_are_there_are_known_to_count_persons() -> None:
    numbers = {(301, 1): 90, (301, 2): 1, (1101, 1): 80, (1101, 2): 1, (1103, 1): 70, (1103, 2): 1}
    cells = population(people(numbers), DAY, ["municipality", "sex"])
    shown = frame(published(cells, STATISTICS, totals=True))
    total = shown.filter(pl.col("municipality") == "total", pl.col("sex") == "female")
    # Three rows that add up to 3, and each counts a person: so the total gives them away.
    assert total["persons"].to_list() == [None]


def test_few_moves_in_all_are_not_shown_of_any_place() -> None:
    cells = account(internal_in=[1, 1, 0], internal_out=[0, 1, 1])
    shown = frame(published(cells, STATISTICS, totals=True))
    for name in ("internal_in", "internal_out", "net_internal"):
        assert shown[name].null_count() == shown.height
