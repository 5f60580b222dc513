"""Extracts: they count what was published, are kept by class, and come back as they were."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import date
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

import folkestrom
from folkestrom.app.office.api import Store
from folkestrom.engine.store import database_file
from folkestrom.errors import StoreError, UsageError
from folkestrom.model.cells import DESCRIPTION
from tests.app.office.small_country import ANNA, LATE, country
from tests.intake.desk import write

FLOWS = ("births", "deaths", "immigration", "emigration", "internal_in", "internal_out")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return country(tmp_path_factory.mktemp("country"))


@pytest.fixture
def store(made: Store, tmp_path: Path) -> Store:
    return folkestrom.open(shutil.copytree(made.path, tmp_path / "store"))


def _counted(store: Store, name: str) -> Counter[tuple[str, str]]:
    """How often an extract has each count and municipality."""
    (row,) = [row for row in store.extracts().to_pylist() if row["name"] == name]
    table = pq.read_table(row["file"])
    assert table.num_rows == row["rows"]
    return Counter(
        zip(table["counted_as"].to_pylist(), table["municipality"].to_pylist(), strict=True)
    )


@pytest.mark.parametrize("said", ["2001", "2002", "2001Q3", "2002Q1", "2002Q2"])
def test_an_extract_has_whom_the_published_figures_count(store: Store, said: str) -> None:
    which = {"quarter": said} if "Q" in said else {"year": said}
    made = store.make_extract(**which)
    found = _counted(store, said)
    account = store.changes(**which, by="municipality").to_pylist()
    expected = {(flow, row["municipality"]): row[flow] for row in account for flow in FLOWS}
    stock = store.population(made.window.end, "municipality").to_pylist()
    expected |= {("population", row["municipality"]): row["persons"] for row in stock}
    assert found == Counter(expected)
    assert sum(expected.values()) > 0


def test_what_an_extract_says_of_a_person(store: Store) -> None:
    made = store.make_extract(2001)
    (row,) = pq.read_table(
        store.path / "extracts" / made.file_name, filters=[("counted_as", "=", "births")]
    ).to_pylist()
    assert row | {"person": 0} == {
        "counted_as": "births", "person": 0, "event_date": "2001-03-01", "municipality": "0301",
        "basic_unit": "03010001", "country": None, "sex": "female", "birth_date": "2001-03-01",
        "country_of_birth": "NO", "marital_status": "never_married", "citizenship": "NO",
    }  # fmt: skip


def test_a_file_that_is_gone_is_drawn_again_as_it_was(store: Store, tmp_path: Path) -> None:
    """Also when late reports have come in, which change what is known now."""
    made = store.make_extract(quarter="2001Q3")
    file = store.path / "extracts" / made.file_name
    before = file.read_bytes()
    published, now = (
        store.changes(quarter="2001Q3"),
        store.changes(quarter="2001Q3", known_at="latest"),
    )
    assert [gone.name for gone in store.expire_extracts("2001Q3", on="2100-01-01")] == ["2001Q3"]
    assert not file.exists()
    store.intake(write(tmp_path / "late.csv", LATE))
    assert store.changes(quarter="2001Q3", known_at="latest") != now
    again = store.make_extract(quarter="2001Q3")
    assert (again.checksum, file.read_bytes()) == (made.checksum, before)
    assert store.changes(quarter="2001Q3") == published
    lines = store.retention_log()
    assert [line["done"] for line in lines] == ["drawn", "expired", "drawn"]
    assert lines[1]["on"] == "2100-01-01", "what is asked for by another day says so for good"


def test_classes_decide_what_expires(store: Store) -> None:
    store.make_extract(2001)
    store.make_extract(quarter="2001Q3")
    store.make_extract(estimate="2003-01-01", known_at="2002-12-05")
    assert store.expire_extracts() == []
    with pytest.raises(UsageError, match="'2001' is kept for good"):
        store.expire_extracts("2001", on="2999-01-01")
    with pytest.raises(UsageError, match="'2001Q3' is kept until"):
        store.expire_extracts(["2001Q3"])
    gone = store.expire_extracts(on="2999-01-01")
    assert [one.name for one in gone] == ["2001Q3", "2003-estimated-2002-12-05"]
    assert store.extracts()["state"].to_pylist() == ["expired", "kept", "expired"]
    assert store.extracts()["class"].to_pylist() == ["quarterly", "annual", "estimated"]
    assert len(list((store.path / "extracts").iterdir())) == 1
    assert store.expire_extracts(on="2999-01-01") == []


def _failed(store: Store) -> list[str]:
    return [check.name for check in store.check() if check.result == "failed"]


def test_a_check_sees_what_was_tampered_with(store: Store) -> None:
    made = store.make_extract(2001)
    store.make_extract(2002)
    store.make_extract(quarter="2001Q3")
    assert _failed(store) == []
    file = store.path / "extracts" / made.file_name
    shutil.copy(file, file.with_name("2001-of-before.parquet"))
    assert _failed(store) == ["left_over"]
    store.seal("2003-04-01")
    assert _failed(store) == []
    rows = pq.read_table(file)
    pq.write_table(rows.slice(1), file)
    assert _failed(store) == ["files"]
    assert store.make_extract(2001).checksum == made.checksum
    file.write_bytes(b"PAR1")
    assert _failed(store) == ["files"]
    file.unlink()
    assert _failed(store) == ["files"]
    assert store.extracts()["state"].to_pylist().count("missing") == 1
    store.make_extract(2001)
    changed = "SET line = replace(line, 'drawn', 'moved') WHERE number = 2"
    for change in (f"UPDATE retention_log {changed}",
                   "DELETE FROM retention_log WHERE number = 2"):  # fmt: skip
        with duckdb.connect(str(database_file(store.path))) as connection:
            connection.execute(change)
        assert _failed(store) == ["lines"]


def test_a_log_that_was_changed_is_told(store: Store) -> None:
    store.make_extract(2001)
    with duckdb.connect(str(database_file(store.path))) as connection:
        connection.execute(f"DELETE FROM stay WHERE person = {ANNA}")
    with pytest.raises(StoreError, match=r"extract 2001: .* is not what it was"):
        store.make_extract(2001)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"year": 2003}, "2003' is drawn on 2004-02-01, and the log's last reports became known"),
        ({"quarter": "2003Q1"}, r"drawn on 2003-05-01, which is not sealed[\s\S]* seal 2003-05-01"),
        ({"year": 1999}, "is before the log begins: its first stock is that of 2000-01-01"),
        ({"quarter": "1979Q1"}, "is before the log begins"),
        ({"year": 2001, "quarter": "2001Q1"}, "one of three ways"),
        ({}, "one of three ways"),
        ({"estimate": "2002-01-01"}, "one of three ways"),
        ({"estimate": "2002-01-01", "known_at": "2002-01-01"}, "is not estimated on 2002-01-01"),
        ({"estimate": "2002-02-01", "known_at": "2002-01-15"}, "a 1 January"),
    ],
)
def test_what_cannot_be_drawn(store: Store, asked: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        store.make_extract(**asked)  # type: ignore[arg-type]
    assert store.extracts().num_rows == 0


def test_what_was_never_sealed(store: Store) -> None:
    with duckdb.connect(str(database_file(store.path))) as connection:
        connection.execute("DELETE FROM meta WHERE key = 'sealed_until'")
    with pytest.raises(UsageError, match=r"not sealed[\s\S]*nothing yet[\s\S]*seal 2002-02-01"):
        store.make_extract(2001)
    store.seal(date(2002, 2, 1))
    assert store.make_extract(2001).rows > 0


def test_figures_later_than_the_seal_say_that_they_are_not_sealed(store: Store) -> None:
    def said(year: int, **asked: str) -> bool:
        described = store.changes(year=year, **asked).schema.metadata[DESCRIPTION.encode()]
        return b"not sealed: what is delivered later" in described

    with duckdb.connect(database_file(store.path)) as connection:
        connection.execute("UPDATE meta SET value = '2002-02-01' WHERE key = 'sealed_until'")
    assert not said(2001)
    assert said(2002)
    assert not said(2002, known_at="2003-02-01")
