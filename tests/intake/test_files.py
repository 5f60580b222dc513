"""Files that cannot be read are refused with what to do, and nothing of them is kept."""

from __future__ import annotations

import gzip
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from folkestrom.errors import InputRefused
from folkestrom.intake.reading.files import find_files
from tests.intake.desk import Desk, record, write


def _refused(desk: Desk, file: Path) -> str:
    """What is said about a file; a good one beside it is not taken in either."""
    good = write(file.parent / "a-good.csv", [record(99)])
    with pytest.raises(InputRefused) as caught:
        desk.take(good, file)
    assert desk.rows("SELECT count(*) FROM report") == [(0,)]
    text = str(caught.value)
    assert str(file) in text
    assert "Next:" in text
    return text


def test_truncated_parquet(desk: Desk, tmp_path: Path) -> None:
    file = write(tmp_path / "r.parquet", [record(n) for n in range(50)])
    file.write_bytes(file.read_bytes()[:-200])
    assert "not a whole Parquet file" in _refused(desk, file)


def test_parquet_damaged_in_the_middle(desk: Desk, tmp_path: Path) -> None:
    file = write(tmp_path / "r.parquet", [record(n) for n in range(5000)])
    content = bytearray(file.read_bytes())
    content[40:2000] = b"\xff" * 1960
    file.write_bytes(content)
    assert "not a whole Parquet file" in _refused(desk, file)


def test_parquet_damaged_anywhere(desk: Desk, tmp_path: Path) -> None:
    """Whatever the engine says of the damage, the file is named; or what is read is sound."""
    good = write(tmp_path / "good.parquet", [record(n) for n in range(3000)]).read_bytes()
    random = Random(1)
    said = []
    for _ in range(15):
        content, size = bytearray(good), random.choice([4, 50, 400])
        at = random.randrange(4, len(good) - size - 8)
        content[at : at + size] = bytes(byte ^ 0x5A for byte in content[at : at + size])
        file = tmp_path / "r.parquet"
        file.write_bytes(content)
        try:
            desk.take(file)
        except InputRefused as error:
            said.append(str(error))
    assert len(said) > 5
    assert all(str(tmp_path / "r.parquet") in text for text in said)


def test_the_damaged_one_of_several_files_is_named(desk: Desk, tmp_path: Path) -> None:
    files = [
        write(tmp_path / f"{name}.parquet", [record(f"{name}{n}") for n in range(3000)])
        for name in "abc"
    ]
    content = bytearray(files[1].read_bytes())
    content[40:2000] = b"\xff" * 1960
    files[1].write_bytes(content)
    with pytest.raises(InputRefused, match=r"b\.parquet"):
        desk.take(*files)


def test_wrong_header(desk: Desk, tmp_path: Path) -> None:
    file = write(tmp_path / "r.csv", [{**record(1), "event-date": "2021-01-02"}])
    text = _refused(desk, file)
    assert "has a column 'event-date'" in text
    assert "Did you mean" in text


def test_wrong_header_is_told_with_the_nearest_column(desk: Desk, tmp_path: Path) -> None:
    values = record(1)
    values["eventdate"] = values.pop("event_date")
    assert "Did you mean event_date?" in _refused(desk, write(tmp_path / "r.ndjson", [values]))


def test_missing_column(desk: Desk, tmp_path: Path) -> None:
    values = record(1)
    del values["person"]
    assert "has no column 'person'" in _refused(desk, write(tmp_path / "r.csv", [values]))


def test_column_twice(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "r.csv"
    file.write_text("source,source_report_id,received_at,person,kind,kind\n")
    assert "column kind: is there twice" in _refused(desk, file)


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "ndjson"])
def test_windows_1252(desk: Desk, tmp_path: Path, ending: str) -> None:
    file = write(tmp_path / "r.csv", [record(1), record(2, value="Tromsø")])
    if ending == "ndjson":
        file = tmp_path / "r.ndjson"
        file.write_text('{"source": "Tromsø", "source_report_id": "1"}\n', "utf-8")
    content = file.read_text("utf-8").encode("cp1252")
    file = tmp_path / f"w.{ending}"
    file.write_bytes(gzip.compress(content) if ending == "csv.gz" else content)
    text = _refused(desk, file)
    assert "WINDOWS-1252" in text
    assert "iconv" in text
    assert "Troms" not in text


def test_advice_for_a_shell_takes_the_name_of_a_file_as_it_is(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "a b;$(reboot).csv"
    file.write_bytes(
        write(tmp_path / "r.csv", [record(1, value="ø")]).read_text("utf-8").encode("cp1252")
    )
    assert "-- 'a b;$(reboot).csv' > 'utf8-a b;$(reboot).csv'." in _refused(desk, file)


def test_open_quotation_mark(desk: Desk, tmp_path: Path) -> None:
    file = write(tmp_path / "r.csv", [record(1), record(2)])
    file.write_text(file.read_text().replace("death", '"death', 1))
    assert "quotation mark is not closed" in _refused(desk, file)


def test_not_gzip(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "r.csv.gz"
    file.write_bytes(b"no gzip at all")
    assert "not a whole gzip file" in _refused(desk, file)


def test_wrong_type_in_parquet(desk: Desk, tmp_path: Path) -> None:
    table = pq.read_table(write(tmp_path / "r.parquet", [record(1)]))
    floats = table["person"].cast(pa.float64())
    table = table.set_column(table.schema.get_field_index("person"), "person", floats)
    pq.write_table(table, tmp_path / "r.parquet")
    text = _refused(desk, tmp_path / "r.parquet")
    assert "column person: is a column of type DOUBLE" in text
    assert "int64" in text


def test_an_export_is_not_taken_in_as_a_delivery(desk: Desk, tmp_path: Path) -> None:
    file = write(tmp_path / "r.csv", [{"quarantine_id": "1", **record(1)}])
    assert "quarantine retake" in _refused(desk, file)


@pytest.mark.parametrize("name", ["r.txt", "none.csv", "none*.csv", "empty"])
def test_nothing_to_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "r.txt").write_text("")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputRefused, match=r"Allowed: files ending in \.parquet"):
        find_files([tmp_path / name])


def test_files_folders_and_patterns(tmp_path: Path) -> None:
    for name in ("b.csv", "a.ndjson", "c.txt"):
        (tmp_path / name).write_text(name)
    assert [f.path.name for f in find_files([tmp_path])] == ["a.ndjson", "b.csv"]
    assert [f.path.name for f in find_files([tmp_path / "*.csv", tmp_path])] == [
        "b.csv", "a.ndjson",
    ]  # fmt: skip


def test_what_is_read_as_it_should_be(desk: Desk, tmp_path: Path) -> None:
    packed = tmp_path / "1.csv.gz"
    plain = write(tmp_path / "0.csv", [record(1, value='a "b", c\nd')])
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    excel = tmp_path / "2.csv"
    text = write(tmp_path / "x.csv", [record(2, value="Tromsø")]).read_text("utf-8")
    excel.write_bytes(b"\xef\xbb\xbf" + text.replace(",", ";").encode())
    numbers = tmp_path / "3.ndjson"
    numbers.write_text(
        '{"source":"reg","source_report_id":3,"received_at":"2021-01-05T10:00:00Z",'
        '"person":77,"kind":"death","event_date":"2021-01-02","mother":null}\n\n'
    )
    assert desk.take(packed, excel, numbers).total.accepted == 3
    values = desk.rows("SELECT source_report_id, value FROM report ORDER BY 1")
    assert values == [("1", 'a "b", c\nd'), ("2", "Tromsø"), ("3", None)]


def test_parquet_of_other_makes(desk: Desk, tmp_path: Path) -> None:
    """Numbers as int32, moments without a zone, texts of another kind, columns left out."""
    table = pa.table(
        {
            "source": pa.array(["reg"], pa.large_string()),
            "source_report_id": pa.array([7], pa.int64()),
            "received_at": pa.array([0], pa.timestamp("ms")),
            "person": pa.array([77], pa.int32()),
            "kind": pa.array(["death"]).dictionary_encode(),
            "event_date": pa.array(["1969-12-31"]),
            "value": pa.nulls(1),
        }
    )
    pq.write_table(table, tmp_path / "r.parquet")
    assert desk.take(tmp_path / "r.parquet").total.accepted == 1, desk.quarantined()
    assert desk.rows("SELECT source_report_id, known_from::VARCHAR FROM report") == [
        ("7", "1970-01-02")
    ]


@pytest.mark.parametrize("ending", ["csv", "ndjson", "parquet"])
@pytest.mark.parametrize("name", ["day[1]", "day*", "day?", "o'day", "day[!x]{a,b}"])
def test_a_file_is_read_by_its_name(desk: Desk, tmp_path: Path, name: str, ending: str) -> None:
    """What a name would mean as a pattern are other files."""
    for other in ("day1", "dayx", "day"):
        write(tmp_path / f"{other}.{ending}", [record(n) for n in range(10, 20)])
    assert desk.take(write(tmp_path / f"{name}.{ending}", [record(1), record(2)])).total.read == 2
    assert desk.rows("SELECT count(*) FROM report") == [(2,)]
