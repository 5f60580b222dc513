"""A few persons with pseudonyms as long as real ones, and everything that may name one of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

import folkestrom
from folkestrom.app.office.api import Store
from folkestrom.engine.store import database_file
from tests.intake.desk import Record, annulment, write

#: The mother of a child, a wife, and who is moved, corrected, linked and quarantined.
ANNA = 4_611_686_018_427_387_905
BOB, CHILD, DORA = ANNA + 1_000_003, ANNA + 2_000_003, ANNA - 3_000_017
_START = {
    "kind": "first_registration", "event_date": "1999-12-31", "received_at": "1999-12-31T12:00:00Z",
    "municipality": "0301", "basic_unit": "03010001", "country_of_birth": "NO",
    "citizenship": "NO", "marital_status": "never_married", "origin": "first_registration",
}  # fmt: skip


def _report(number: int, person: int, received: str, **values: Any) -> Record:
    at = f"{received}T08:00:00Z"
    return {"source": "tax", "source_report_id": str(number), "person": str(person),
            "received_at": at} | values  # fmt: skip


def _move(number: int, person: int, received: str, day: str) -> Record:
    there = {"municipality": "1103", "basic_unit": "11030001"}
    return _report(number, person, received, kind="move", event_date=day, **there)


REPORTS: list[Record] = [
    _report(1, ANNA, "1999-12-31", sex="female", birth_date="1970-05-17", **_START),
    _report(2, BOB, "1999-12-31", sex="male", birth_date="1968-01-02", **_START),
    _report(3, DORA, "1999-12-31", sex="female", birth_date="1950-01-02", **_START),
    _report(4, ANNA, "2000-06-20", kind="marital_change", event_date="2000-06-17",
            marital_status="married", partner=str(BOB)),
    _report(5, BOB, "2000-06-20", kind="marital_change", event_date="2000-06-17",
            marital_status="married", partner=str(ANNA)),
    _report(6, CHILD, "2001-03-05", kind="birth", event_date="2001-03-01", municipality="0301",
            basic_unit="03010001", sex="female", birth_date="2001-03-01", country_of_birth="NO",
            citizenship="NO", origin="birth", mother=str(ANNA), father=str(BOB)),
    _move(7, ANNA, "2001-09-01", "2001-08-20"),
    _report(8, ANNA, "2002-04-10", kind="emigration", event_date="2002-03-20", country="SE"),
    _report(9, ANNA, "2003-02-10", kind="immigration", event_date="2002-12-20", country="SE",
            municipality="1103", basic_unit="11030001", sex="female", birth_date="1970-05-17",
            country_of_birth="NO", citizenship="NO", origin="immigration", reason="family"),
    _move(10, DORA, "2002-05-01", "2002-04-20"),
    annulment(11, 10, source="tax", person=str(DORA), received_at="2003-05-01T08:00:00Z"),
    _move(15, BOB, "2003-05-02", "2003-04-25"),
    # Quarantined: Anna's own, a child's that names her, and a line that is no record.
    _report(12, ANNA, "2002-05-01", kind="moove", event_date="2002-04-20"),
    _report(13, DORA + 5, "2002-05-01", kind="birth", event_date="2002-02-30", mother=str(ANNA)),
]  # fmt: skip
#: What becomes known after the extractions of 2001, 2002 and their quarters.
LATE: list[Record] = [
    annulment(21, 7, source="tax", person=str(ANNA), received_at="2005-01-10T08:00:00Z"),
    _report(22, DORA, "2005-01-10", kind="death", event_date="2001-09-09"),
    _report(23, CHILD + 1, "2005-01-11", kind="birth", event_date="2001-09-02", municipality="0301",
            basic_unit="03010001", sex="male", birth_date="2001-09-02", country_of_birth="NO",
            citizenship="NO", origin="birth", mother=str(DORA)),
]  # fmt: skip


def country(folder: Path) -> Store:
    """A store of all that, sealed, with a linked variable; its numbers are not compressed."""
    store = folkestrom.open(folder / "store")
    file = write(folder / "reports.csv", REPORTS)
    text = file.read_text(encoding="utf-8")
    file.write_text(f"{text}tax;14;{ANNA};2002\n", encoding="utf-8")
    store.intake(file)
    (folder / "income.csv").write_text(
        f"person,value,from,to\n{ANNA},7,2000-01-01,2002-01-01\n{BOB},9,2000-01-01,2002-01-01\n"
        f"{ANNA},x,2002-01-01,2003-01-01\n",
        encoding="utf-8",
    )
    store.link(folder / "income.csv", "income", known_from="2000-01-01")
    store.seal("2003-04-01")
    uncompressed(store)
    return store


def uncompressed(store: Store) -> None:
    """Write the store's tables so that whoever searches its file finds what they hold."""
    with duckdb.connect(str(database_file(store.path))) as connection:
        connection.execute("PRAGMA force_compression = 'uncompressed'")
        for (table,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall():
            connection.execute(f"CREATE TABLE {table}_again AS FROM {table}")
            connection.execute(f"DROP TABLE {table}")
            connection.execute(f"ALTER TABLE {table}_again RENAME TO {table}")
        connection.execute("CHECKPOINT")
