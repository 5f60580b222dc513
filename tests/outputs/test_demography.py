"""Moves, indicators and life tables for publication: nothing of few events is told."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

import folkestrom
import folkestrom.twin
from folkestrom.analysis.indicators.indicators import COUNTS, SOURCES, indicators
from folkestrom.app.office.api import Store
from folkestrom.app.office.session import asking
from folkestrom.errors import UsageError
from folkestrom.statistics.periods import split
from tests.app.cli.asking import ask, rows

FROM, TO = "2019-01-01", "2020-01-01"
YEARS = ("2018-01-01", "2021-01-01")
LEAST = 3


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A country in which most events are few."""
    folder = tmp_path_factory.mktemp("few")
    folkestrom.twin.create(folder / "twin", scale=0.001, first_year=2018, last_year=2021,
                           truth=False, variables=False)  # fmt: skip
    opened = folkestrom.open(folder / "store")
    opened.intake(folder / "twin" / "reports")
    return opened


def _open(store: Store, name: str, **asked: Any) -> pl.DataFrame:
    found: pl.DataFrame = getattr(store, name)(FROM, TO, to="polars", **asked)
    return found.with_columns(pl.col(pl.Categorical).cast(pl.String))


@pytest.mark.parametrize("abroad", [False, True])
def test_small_moves_are_not_shown_nor_derivable_by_a_line(store: Store, abroad: bool) -> None:
    """Where a line's total is shown, no single cell of it is hidden."""
    told = _open(store, "moves", abroad=abroad, publish="statistics", totals=True)
    true = _open(store, "moves", abroad=abroad, totals=True)
    keys = ["country"] if abroad else ["origin", "destination"]
    both = true.join(told, on=keys, suffix="_told")
    assert len(both) == len(true) == len(told)
    for name in ("immigration", "emigration") if abroad else ("moves",):
        shown = both.filter(pl.col(f"{name}_told").is_not_null())
        assert (shown[name] == shown[f"{name}_told"]).all()
        cells = both.filter(*(pl.col(key) != "total" for key in keys))
        few = cells.filter(pl.col(name).is_between(1, LEAST - 1))
        assert len(few) > 0
        assert few[f"{name}_told"].is_null().all()
        hidden = cells.filter(pl.col(f"{name}_told").is_null())
        for key in [None] if abroad else keys:
            totals = both.filter(*(pl.col(k) == "total" for k in keys if k != key))
            known = totals.filter(pl.col(f"{name}_told").is_not_null())
            if key is None:
                assert known.is_empty() or len(hidden) != 1
            else:
                alone = hidden.group_by(key).len().filter(pl.col("len") == 1)
                assert alone.join(known, on=key).is_empty()
    if abroad:
        net = both.filter(pl.col("net_migration_told").is_not_null())
        assert (net["net_migration_told"] == net["net_migration"]).all()
        without = pl.any_horizontal(pl.col("immigration_told", "emigration_told").is_null())
        assert (both["net_migration_told"].is_null() == both.select(without).to_series()).all()


def test_rounded_net_migration_is_of_rounded_counts(store: Store) -> None:
    told = _open(store, "moves", abroad=True, publish="rounded")
    assert (told["net_migration"] == told["immigration"] - told["emigration"]).all()
    assert not told["immigration"].is_between(1, LEAST - 1).any()


def test_indicators_of_few_events_are_not_shown(store: Store) -> None:
    told = _open(store, "indicators", by="county", publish="statistics")
    with asking(store.path, store.waiting) as connection:
        start, end = (date.fromisoformat(day) for day in (FROM, TO))
        found = indicators(connection, split(start, end, "year"), ["county"], counts=True)
    true = pl.DataFrame(found.data).with_columns(pl.col("county").cast(pl.String))
    true = true.join(told, on="county", suffix="_told")
    small = 0
    for figure, counts in SOURCES.items():
        few = pl.any_horizontal(pl.col(name).is_between(1, LEAST - 1) for name in counts)
        small += (hidden := true.filter(few)).height
        assert hidden[f"{figure}_told"].is_null().all()
        shown = true.filter(pl.col(f"{figure}_told").is_not_null())
        assert (shown[figure] == shown[f"{figure}_told"]).all()
    assert small > 0
    assert not {count.id for count in COUNTS[2:]} & set(told.columns)
    assert told["mean_age"].is_not_null().sum() > 0


def test_a_life_table_is_shown_whole_or_not_at_all(store: Store) -> None:
    with pytest.raises(UsageError, match="columns tell one another"):
        store.life_table(*YEARS, publish="statistics")
    asked: dict[str, Any] = {"ages": [75, 80], "open_age": 85, "abridged": True, "to": "polars"}
    told = store.life_table(*YEARS, publish="statistics", **asked)
    true = store.life_table(*YEARS, **asked)
    assert not true["deaths"].is_between(1, LEAST - 1).any()
    assert told["deaths"].to_list() == true["deaths"].to_list()
    assert told["expectation"].to_list() == true["expectation"].round(2).to_list()
    with pytest.raises(UsageError, match="rounds the counts"):
        store.life_table(*YEARS, publish="rounded")
    with pytest.raises(UsageError, match="contributions"):
        store.life_table(*YEARS, "sex", between=("male", "female"), publish="statistics")


def test_commands_protect_as_python_does(store: Store) -> None:
    asked = ("moves", "--from", FROM, "--to", TO, "--publish", "statistics")
    told = rows(ask(store.path, "--format", "csv", *asked))
    python = _open(store, "moves", publish="statistics")["moves"].to_list()
    assert [row["moves"] for row in told] == ["" if n is None else str(n) for n in python]
