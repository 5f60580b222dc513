"""A desk that takes reports in: small records, files of them, and a look at the store."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from folkestrom.engine.settings import connect
from folkestrom.engine.store import (
    open_for_reading,
    open_for_writing,
    staging_folder,
    transaction,
)
from folkestrom.engine.store_meta import create_meta
from folkestrom.intake.batch import IntakeOrder, take_in
from folkestrom.intake.counts import IntakeResult
from folkestrom.intake.reading.files import find_files
from folkestrom.intake.sealing import seal
from folkestrom.intake.tables import CONTENT_COLUMNS, create_tables
from folkestrom.model.report import COLUMNS, Type
from folkestrom.model.time import local_day

Record = dict[str, Any]
TAKEN_AT = datetime(2021, 3, 1, 12, tzinfo=UTC)

_ARROW = {
    Type.STRING: pa.string(),
    Type.INT64: pa.int64(),
    Type.DATE: pa.date32(),
    Type.TIMESTAMP: pa.timestamp("us", "UTC"),
}


def record(number: int | str, **values: Any) -> Record:
    """A death, unless the values say otherwise."""
    return {
        "source": "reg",
        "source_report_id": str(number),
        "received_at": "2021-01-05T10:00:00Z",
        "person": "77",
        "kind": "death",
        "event_date": "2021-01-02",
        **values,
    }


def annulment(number: int | str, target: int | str, **values: Any) -> Record:
    """An annulment of another report."""
    return record(number, kind="annulment", event_date=None, annuls=str(target), **values)


def move(number: int | str, **values: Any) -> Record:
    """A move to a basic unit of Oslo."""
    place = {"municipality": "0301", "basic_unit": "03010101"}
    return record(number, kind="move", **{**place, **values})


def write(path: Path, records: Sequence[Record]) -> Path:
    """Write records in the format that the file's name stands for."""
    if path.suffix == ".parquet":
        return _write_parquet(path, records)
    with path.open("w", encoding="utf-8", newline="") as stream:
        if path.suffix == ".ndjson":
            stream.writelines(json.dumps(r) + "\n" for r in records)
            return path
        names = list(dict.fromkeys(name for r in records for name in r)) or list(record(0))
        writer = csv.DictWriter(stream, names)
        writer.writeheader()
        writer.writerows(records)
    return path


def _write_parquet(path: Path, records: Sequence[Record]) -> Path:
    columns = {}
    for column in COLUMNS:
        values = [_typed(column.type, r.get(column.name)) for r in records]
        columns[column.name] = pa.array(values, _ARROW[column.type])
    pq.write_table(pa.table(columns), path)
    return path


def _typed(kind: Type, value: Any) -> Any:
    if value is None or kind == Type.STRING:
        return value
    if kind == Type.INT64:
        return int(value)
    if kind == Type.DATE:
        return date.fromisoformat(value)
    return datetime.fromisoformat(value)


def new_store() -> duckdb.DuckDBPyConnection:
    """An empty store in memory: for tests of many small intakes."""
    connection = connect()
    create_meta(connection, 1)
    create_tables(connection)
    return connection


def log_rows(connection: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    """The log without the labels that depend on the order of arrival."""
    content = ", ".join(f"r.{name}" for name in CONTENT_COLUMNS if name != "source")
    return connection.execute(
        f"SELECT s.name, r.key_hash, r.known_from, {content}, t.source_report_id "
        "FROM report r JOIN source s ON s.code = r.source "
        "LEFT JOIN report t ON t.position = r.target ORDER BY ALL"
    ).fetchall()


@dataclass
class Desk:
    """A store in a folder."""

    folder: Path
    taken_at: datetime = TAKEN_AT

    def take(self, *files: Path, retake: bool = False) -> IntakeResult:
        """Take files in, log only."""
        with open_for_writing(self.folder, create_tables) as connection, transaction(connection):
            order = IntakeOrder(
                find_files(files), staging_folder(self.folder), retake, self.taken_at
            )
            return take_in(connection, order)

    def take_records(self, records: Iterable[Record], name: str = "r.csv") -> IntakeResult:
        """Take records in through a file beside the store."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.take(write(self.folder / name, list(records)))

    def seal(self, until: date) -> None:
        """Seal knowledge dates."""
        with open_for_writing(self.folder, create_tables) as connection, transaction(connection):
            seal(connection, until, local_day(self.taken_at))

    @contextmanager
    def open(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Look at the store."""
        with open_for_reading(self.folder) as connection:
            yield connection

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        with self.open() as connection:
            return connection.execute(sql).fetchall()

    def quarantined(self) -> list[tuple[Any, ...]]:
        """Reason, column and value of what waits, in order."""
        return self.rows(
            "SELECT reason, column_name, value FROM quarantine WHERE closed_by IS NULL ORDER BY id"
        )

    def reasons(self) -> dict[str, str]:
        """Reason of each report number that waits."""
        return dict(
            self.rows(
                "SELECT json_extract_string(record, '$.source_report_id'), reason "
                "FROM quarantine WHERE closed_by IS NULL"
            )
        )
