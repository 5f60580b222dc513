"""Sources: few, numbered in the order in which they come."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from folkestrom.errors import InputRefused
from folkestrom.intake import load
from tests.intake.desk import Desk, record, write


def _of_sources(file: Path, first: int, many: int) -> Path:
    return write(file, [record(n, source=f"s{n}") for n in range(first, first + many)])


def test_swapped_columns_are_told(desk: Desk, tmp_path: Path) -> None:
    good = write(tmp_path / "a.csv", [record(1)])
    swapped = [record("reg", source=str(n)) for n in range(load.SOURCES_OF_FILE + 1)]
    with pytest.raises(InputRefused, match="names 1001 sources") as caught:
        desk.take(good, write(tmp_path / "b.csv", swapped))
    assert "swapped" in str(caught.value)
    assert "b.csv" in str(caught.value)
    assert desk.rows("SELECT (SELECT count(*) FROM report), (SELECT count(*) FROM source)") == [
        (0, 0)
    ]


def test_as_many_as_a_file_may_name(desk: Desk, tmp_path: Path) -> None:
    many = load.SOURCES_OF_FILE
    files = [_of_sources(tmp_path / f"{n}.csv", n * many, many) for n in range(3)]
    assert desk.take(*files).total.accepted == 3 * many
    numbered = desk.rows("SELECT code, name FROM source ORDER BY code")
    assert numbered == [(n + 1, f"s{n}") for n in range(3 * many)]
    found = desk.rows(
        "SELECT count(*) FROM report r JOIN source s ON s.code = r.source "
        "WHERE s.name = 's' || r.source_report_id"
    )
    assert found == [(3 * many,)]


def test_a_store_of_too_many(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "SOURCES_OF_STORE", 5)
    desk.take(_of_sources(tmp_path / "a.csv", 0, 3))
    with pytest.raises(InputRefused, match="brings the store's sources to 6"):
        desk.take(_of_sources(tmp_path / "b.csv", 2, 4))
    assert desk.take(_of_sources(tmp_path / "c.csv", 2, 3)).total.accepted == 2


def test_an_empty_name_is_none(desk: Desk, tmp_path: Path) -> None:
    file = write(tmp_path / "r.parquet", [record(1, source=""), record(2), record(3, source=None)])
    assert pq.read_table(file)["source"].to_pylist() == ["", "reg", None]
    assert desk.take(file).total.accepted == 1
    assert desk.rows("SELECT name FROM source") == [("reg",)]
    assert {reason for reason, *_ in desk.quarantined()} == {"missing_value"}


def test_names_are_texts(desk: Desk, tmp_path: Path) -> None:
    """A quotation mark in a name is part of it."""
    table = pq.read_table(write(tmp_path / "r.parquet", [record(1), record(2)]))
    place = table.schema.get_field_index("source")
    names = pa.array(["o'b", 'o"b'])
    pq.write_table(table.set_column(place, "source", names), tmp_path / "r.parquet")
    assert desk.take(tmp_path / "r.parquet").total.accepted == 2
    assert {name for (name,) in desk.rows("SELECT name FROM source")} == {"o'b", 'o"b'}
