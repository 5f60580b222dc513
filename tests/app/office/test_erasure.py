"""Erasure: nothing is left of a person's number, others are as they were, and losses are told."""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

import folkestrom
from folkestrom.app.office.api import Store
from folkestrom.engine.store import database_file
from folkestrom.errors import StoreError, UsageError
from tests.app.office.small_country import ANNA, BOB, CHILD, DORA, LATE, country
from tests.intake.desk import write

FIGURES = ("births", "deaths", "immigration", "emigration", "internal_in", "internal_out")
ORDER = "court 17/2026"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = country(tmp_path_factory.mktemp("country"))
    store.make_extract(2001)
    store.make_extract(quarter="2001Q3")
    store.make_extract(quarter="2002Q1")
    store.expire_extracts("2002Q1", on="2100-01-01")
    return store


@pytest.fixture
def store(made: Store, tmp_path: Path) -> Store:
    return folkestrom.open(shutil.copytree(made.path, tmp_path / "store"))


def places_of(store: Store, person: int) -> Iterator[str]:
    """Where a number stands: as text or as a number in any file, or in any row of any table."""
    for file in store.path.rglob("*"):
        if file.is_file():
            held = file.read_bytes()
            if str(person).encode() in held or struct.pack("<q", person) in held:
                yield file.name
    with duckdb.connect(str(database_file(store.path)), read_only=True) as connection:
        for table, column, kind in connection.execute(
            "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal"
        ).fetchall():
            text = "from_base64" if column == "quarantine_bytes" else ""
            if connection.execute(
                f'SELECT 1 FROM "{table}" WHERE contains({text}("{column}")::VARCHAR, $number)',
                {"number": str(person)},
            ).fetchall():
                yield f"{table}.{column} {kind}"
    for file in store.path.rglob("*.parquet"):
        rows = duckdb.sql(f"SELECT 1 FROM '{file}' WHERE person = {person}").fetchall()
        yield from [file.name] * len(rows)


def published(store: Store) -> dict[tuple[str, str], int]:
    """Published figures of the nation, by year, quarter or day."""
    found: dict[tuple[str, str], int] = {}
    for every in ("year", "quarter"):
        end = "2003-01-01" if every == "year" else "2003-04-01"
        account = store.changes("2000-01-01", end, every=every).to_pylist()
        found |= {(row["period"], figure): row[figure] for row in account for figure in FIGURES}
    days = [f"{year}-{month:02d}-01" for year in range(2000, 2003) for month in (1, 4, 7, 10)]
    for day in (*days, "2003-01-01", "2003-04-01"):
        found[day, "population"] = store.population(day)["persons"][0].as_py()
    return found


def cells(store: Store) -> list[Any]:
    """Tables by what persons, their parents and their spouses are, and by a linked variable."""
    by = ("municipality", "sex,age,marital_status", "citizenship,country_of_birth", "income")
    days = ("2001-01-01", "2002-01-01", "2003-01-01")
    stocks = [store.population(day, one, known_at="2003-04-01") for one in by for day in days]
    flows = store.changes("2000-01-01", "2003-01-01", "mother_age", every="year")
    later = store.vintages("population", "2002-01-01", known_at="2002-02-01,2003-03-01,latest")
    return [*(t.to_pylist() for t in (*stocks, flows, later)), published(store)]


def test_what_is_searched_is_found_before(store: Store) -> None:
    found = set(places_of(store, ANNA))
    assert {"folkestrom.duckdb", "report.person BIGINT", "report.partner BIGINT",
            "attribute.mother BIGINT", "linked_income.person BIGINT", "quarantine.record VARCHAR",
            "linkage_held.person VARCHAR"} <= found  # fmt: skip
    assert sum(place.endswith(".parquet") for place in found) >= 2


@pytest.mark.parametrize("person", [ANNA, BOB, DORA])
def test_an_identity_is_erased_and_figures_stay(store: Store, tmp_path: Path, person: int) -> None:
    before, extracts = cells(store), store.extracts()
    done = store.erase(person, ORDER)
    assert list(places_of(store, person)) == []
    assert cells(store) == before
    assert done.figures == ()
    assert done.extracts == tuple(extracts["name"].to_pylist())
    assert store.extracts()["rows"] == extracts["rows"]
    assert store.extracts()["state"] == extracts["state"]
    assert [one for one in store.check() if one.result != "ok"] == []
    # The store goes on: what is delivered later is worked in, and extracts are what they are now.
    gone = store.make_extract(quarter="2002Q1").checksum
    assert gone == store.extracts()["checksum"].to_pylist()[-1]
    store.intake(
        write(tmp_path / "late.csv", [one for one in LATE if one["person"] != str(person)])
    )
    assert [one for one in store.check() if one.result != "ok"] == []


def test_kin_stay_kin_of_the_number_that_takes_its_place(store: Store) -> None:
    done = store.erase(ANNA, ORDER)
    assert (done.reports, done.named_by_others, done.records) == (5, 2, 4)
    with duckdb.connect(str(database_file(store.path)), read_only=True) as connection:
        rows = connection.execute(
            f"SELECT mother FROM report WHERE person = {CHILD} UNION ALL "
            f"SELECT partner FROM report WHERE person = {BOB} AND partner IS NOT NULL UNION ALL "
            f"SELECT person FROM report WHERE partner = {BOB}"
        ).fetchall()
    assert len(rows) == 3
    assert len(set(rows)) == 1


def test_the_place_of_a_row_does_not_tell_the_number(store: Store) -> None:
    """Tables made of the log are in the order of persons: also of the number that came instead."""

    def in_order(table: str) -> list[int]:
        with duckdb.connect(str(database_file(store.path)), read_only=True) as connection:
            rows = connection.execute(f"SELECT person FROM {table} ORDER BY rowid").fetchall()
        return [person for (person,) in rows]

    tables = ("stay", "attribute", "event", "marital", "citizenship", "linked_income")
    assert all(ANNA in in_order(table) for table in tables)
    store.erase(ANNA, ORDER)
    for table in tables:
        assert in_order(table) == sorted(in_order(table))


@pytest.mark.parametrize("person", [ANNA, BOB, CHILD, DORA])
def test_what_is_lost_without_the_reports(store: Store, person: int) -> None:
    """The list is the difference between all published figures before and after."""
    before = published(store)
    done = store.erase(person, ORDER, remove_reports=True)
    after = published(store)
    lost = {(one.of, one.figure): one.change for one in done.figures}
    assert lost == {k: after[k] - before[k] for k in before if after[k] != before[k]}
    assert lost
    assert list(places_of(store, person)) == []
    assert [one for one in store.check() if one.result != "ok"] == []
    line = store.retention_log()[-1]
    assert (line["done"], line["order"], line["removed"]) == ("identity erased", ORDER, True)
    assert len(line["figures"]) == len(lost)
    assert str(person) not in json.dumps(store.retention_log())
    for name in ("2001", "2001Q3"):
        asked = {"quarter": name} if "Q" in name else {"year": name}
        account = store.changes(**asked).to_pylist()[0]  # type: ignore[arg-type]
        rows = store.make_extract(**asked).rows  # type: ignore[arg-type]
        day = "2002-01-01" if name == "2001" else "2001-10-01"
        assert rows == sum(account[flow] for flow in FIGURES) + after[day, "population"]


def test_an_order_that_is_none_and_a_number_of_nobody(store: Store) -> None:
    held = database_file(store.path).read_bytes()
    for order in ("", f"case {ANNA}"):
        with pytest.raises(UsageError, match="which order it is") as error:
            store.erase(ANNA, order)
        assert str(ANNA) not in str(error.value)
    with pytest.raises(UsageError, match="the number of nobody") as error:
        store.erase(ANNA + 7, ORDER)
    assert str(ANNA + 7) not in str(error.value)
    assert database_file(store.path).read_bytes() == held
    with pytest.raises(UsageError, match="the number of nobody"):  # 7 is not the number 17
        store.erase(7, ORDER)


def test_a_number_inside_the_numbers_of_reports(store: Store, tmp_path: Path) -> None:
    """It cannot be replaced there, since reports are told apart by them: nothing is changed."""
    late = [one | {"source_report_id": f"{DORA}-{one['source_report_id']}"} for one in LATE]
    store.intake(write(tmp_path / "late.csv", late))
    before = cells(store)
    with pytest.raises(StoreError, match="column source_report_id: has the person's number"):
        store.erase(DORA, ORDER)
    assert cells(store) == before
    assert [line["done"] for line in store.retention_log()].count("identity erased") == 0
    assert not (store.path / "staging").exists()
