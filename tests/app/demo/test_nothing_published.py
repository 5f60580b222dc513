"""Nothing published is on the path of a figure: another log gives other figures, and only those."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

import folkestrom
from folkestrom.app.demo.comparison import tidy
from folkestrom.app.office.api import Store
from folkestrom.statistics.published.rounding import change_in_percent
from tests.app.demo.conftest import Demonstration

TABLES = ("key-figures", "age-groups", "marital-status", "citizenship")
EVE = date(2020, 12, 31)
Key = tuple[str, str, str, str]
Figures = dict[Key, int | float | None]


def figures(store: Store) -> Figures:
    """Every cell of the four tables."""
    frames = [tidy(name, pl.DataFrame(store.table(name, 2021))) for name in TABLES]
    return {
        (row["table"], row["sex"], row["row"], row["column"]): (
            row["percent"] if row["number"] is None else row["number"]
        )
        for row in pl.concat(frames).iter_rows(named=True)
    }


def resident_of(table: dict[str, object], one: Figures, units: int) -> Figures:
    """What the tables must be with one more (or fewer) Norwegian resident."""
    sex, age, group, status = (str(table[n]) for n in ("sex", "five", "group", "status"))
    must = dict(one)
    for row in ("total", group):
        new = _number(one, "age-groups", "both", row, "population") + units
        must["age-groups", "both", row, "population"] = new
        for years in (1, 5, 10):
            key = ("age-groups", "both", row, f"change_{years}")
            must[key] = change_in_percent(new, table[f"{row}_{years}"])  # type: ignore[arg-type]
    for people in ("both", sex):
        for row in ("total", age):
            for column in ("total", status):
                key = ("marital-status", people, row, column)
                must[key] = _number(one, *key) + units
    for name in ("population_end", "population_growth"):
        must["key-figures", "", "value", name] = (
            _number(one, "key-figures", "", "value", name) + units
        )
    return must


def _number(one: Figures, *key: str) -> int:
    value = one[key]  # type: ignore[index]
    assert isinstance(value, int)
    return value


def described(store: Store, person: int, day: date) -> dict[str, object]:
    """Where a person belongs in the tables, and the groups' earlier populations."""
    with store.reading() as connection:
        found = connection.execute(
            """
            SELECT a.sex, year($eve) - year(a.birth_date), m.marital_status
            FROM attribute a JOIN marital m ON m.person = a.person
            WHERE a.person = $person AND a.known_to = DATE '9999-12-31'
              AND m.known_to = DATE '9999-12-31'
              AND m.valid_from <= $day AND m.valid_to >= $day
            """,
            {"person": person, "day": day, "eve": EVE},
        ).fetchone()
    assert found is not None
    sex, age, status = found
    names = ["", "never_married", "married", "widowed", "divorced", "separated"]
    ages = pl.DataFrame(store.table("age-groups", 2021))["age_group"].cast(pl.String).to_list()
    group = next(g for g in ages[1:] if _low(g) <= age <= _high(g))
    five = "100+" if age >= 100 else f"{age // 5 * 5}-{age // 5 * 5 + 4}"
    earlier: dict[str, object] = {
        f"{row}_{years}": _population(store, row, 2021 - years)
        for row in ("total", group)
        for years in (1, 5, 10)
    }
    return {
        "sex": "male" if sex == 1 else "female",
        "group": group,
        "five": five,
        "status": names[status],
        **earlier,
    }


def _low(group: str) -> int:
    return int(group.split("-", maxsplit=1)[0].rstrip("+"))


def _high(group: str) -> int:
    return 200 if group.endswith("+") else int(group.rsplit("-", maxsplit=1)[-1])


def _population(store: Store, group: str, year: int) -> int:
    table = pl.DataFrame(store.table("age-groups", year))
    rows = table.filter(pl.col("age_group").cast(pl.String) == group)
    return int(rows["population"][0])


@pytest.fixture(scope="module")
def log(demonstration: Demonstration) -> pl.DataFrame:
    return demonstration.log()


def _untouched(log: pl.DataFrame, kind: str, first: date, last: date) -> pl.DataFrame:
    """Reports of a kind, of Norwegians of known status, that nothing annuls or corrects."""
    revised = log.filter(pl.col("annuls").is_not_null() | pl.col("corrects").is_not_null())
    foreign = log.filter(pl.col("citizenship").cast(pl.String) != "NO")
    return log.filter(
        pl.col("kind").cast(pl.String) == kind,
        pl.col("event_date").is_between(first, last),
        pl.col("received_at") < datetime(2021, 1, 20, tzinfo=UTC),
        ~pl.col("person").is_in(revised["person"].unique().to_list()),
        ~pl.col("person").is_in(foreign["person"].unique().to_list()),
    ).sort("event_date", "source_report_id")


def test_a_dropped_death_changes_exactly_the_cells_it_must(
    demonstration: Demonstration, log: pl.DataFrame, tmp_path: Path
) -> None:
    death = _untouched(log, "death", date(2020, 3, 1), date(2020, 10, 1)).row(0, named=True)
    reports = tmp_path / "reports"
    reports.mkdir()
    for file in sorted(demonstration.reports.glob("*.parquet")):
        kept = pl.read_parquet(file).filter(pl.col("source_report_id") != death["source_report_id"])
        kept.write_parquet(reports / file.name)
    other = folkestrom.open(tmp_path / "store")
    assert other.intake(reports).total.accepted == log.height - 1
    store = folkestrom.open(demonstration.store)
    before = figures(store)
    must = resident_of(described(store, death["person"], death["event_date"]), before, 1)
    must["key-figures", "", "value", "deaths"] = (
        _number(before, "key-figures", "", "value", "deaths") - 1
    )
    must["key-figures", "", "value", "excess_of_births"] = (
        _number(before, "key-figures", "", "value", "excess_of_births") + 1
    )
    after = figures(other)
    assert _changed(must, after) == {}
    # All of this was about something: the figures are no longer the expected ones.
    assert len(_changed(before, after)) >= 4 + 2 + 8


def test_an_annulled_emigration_comes_back_through_the_adjustment(
    demonstration: Demonstration, log: pl.DataFrame, tmp_path: Path
) -> None:
    left = _untouched(log, "emigration", date(2017, 1, 1), date(2019, 6, 1))
    # Nothing else is known of them since: they neither came back nor died.
    last = log.group_by("person").agg(pl.col("event_date").max().alias("last"))
    once = left.join(last, on="person", maintain_order="left").filter(
        pl.col("event_date") == pl.col("last")
    )
    emigration = once.row(0, named=True)
    shutil.copytree(demonstration.store, tmp_path / "store")
    store = folkestrom.open(tmp_path / "store")
    before = figures(store)
    (tmp_path / "annulment.csv").write_text(
        "source,source_report_id,received_at,person,kind,annuls\n"
        f"{emigration['source']},A1,2020-06-15T09:00:00Z,{emigration['person']},annulment,"
        f"{emigration['source_report_id']}\n",
        encoding="utf-8",
    )
    assert store.intake(tmp_path / "annulment.csv").total.accepted == 1
    after = figures(store)
    day = emigration["event_date"]
    must = resident_of(described(store, emigration["person"], day), before, 1)
    must["key-figures", "", "value", "statistical_adjustment"] = (
        _number(before, "key-figures", "", "value", "statistical_adjustment") + 1
    )
    assert _changed(must, after) == {}
    explained = pl.DataFrame(store.explain(date(2020, 1, 1), date(2021, 1, 1)))
    unit = explained.filter(pl.col("source_report_id").cast(pl.String) == "A1")
    assert unit.select(pl.col("kind", "target_kind").cast(pl.String), "units").rows() == [
        ("annulment", "emigration", 1)
    ]


def _changed(one: Figures, other: Figures) -> dict[Key, tuple[object, object]]:
    keys = one.keys() | other.keys()
    return {k: (one.get(k), other.get(k)) for k in keys if one.get(k) != other.get(k)}
