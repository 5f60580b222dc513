"""A variable says the same of a person in stocks, flows, rates and studies."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import polars as pl
import pytest

import folkestrom
from folkestrom.analysis.study import Entry, Exit, Study, ValueAt
from folkestrom.app.office.api import Store
from folkestrom.twin import create
from folkestrom.variables.registry import VARIABLES

DAY: Final = date(2019, 1, 1)
#: It stands in place of basic units, in stores that have a classification of them.
NEEDS_MORE: Final = {"part_of_town"}
BOTH: Final = [
    n for n, v in VARIABLES.items() if {"stock", "episode"} <= v.uses and n not in NEEDS_MORE
] + ["income"]
COUNTED: Final = [
    n for n, v in VARIABLES.items() if {"flow", "exposure"} <= v.uses and n not in NEEDS_MORE
] + ["income"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store that has taken in a twin's reports, and a variable."""
    folder = create(tmp_path_factory.mktemp("twin") / "country", scale=0.001).folder
    made = folkestrom.open(folder / "store")
    made.intake(folder / "reports")
    made.link(folder / "variables" / "income.parquet", "income", known_from="2000-01-01")
    return made


@pytest.fixture(scope="module")
def residents(store: Store) -> pl.DataFrame:
    """Residents on the day, as episodes that begin then, with every variable."""
    study = Study(
        "Residents",
        entry=Entry("resident", on=DAY),
        exit=Exit(events=("emigration",), end=date(2019, 2, 1)),
        variables={f"{name}_then": ValueAt(name, "entry") for name in BOTH},
    )
    found = store.study(study).episodes("polars")
    assert isinstance(found, pl.DataFrame)
    return found


def counts(codes: pl.Series, numbers: pl.Series) -> dict[Any, int]:
    pairs = zip(codes.cast(pl.String).to_list(), numbers.to_list(), strict=True)
    return {code: number for code, number in pairs if number}


@pytest.mark.parametrize("name", BOTH)
def test_a_stock_is_the_residents_of_a_study(
    name: str, store: Store, residents: pl.DataFrame
) -> None:
    stock = store.population(DAY, name, "latest", to="polars")
    of_study = residents.group_by(pl.col(f"{name}_then").alias(name)).len()
    assert counts(stock[name], stock["persons"]) == counts(of_study[name], of_study["len"])


@pytest.mark.parametrize("name", COUNTED)
def test_flows_are_the_events_of_rates(name: str, store: Store) -> None:
    flows = store.changes("2018-01-01", DAY, name, "latest", to="polars")
    for event, flow in (("emigration", "emigration"), ("death", "deaths")):
        rates = store.rates("2018-01-01", DAY, name, event=event, known_at="latest", to="polars")
        assert counts(flows[name], flows[flow]) == counts(rates[name], rates["events"]), event
