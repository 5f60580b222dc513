"""Text files that are not what they should be: what is said of them, and what is never said."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
from pathlib import Path

import pytest

from folkestrom.errors import InputRefused
from folkestrom.intake.quarantine import export, list_open
from tests.intake.desk import Desk, Record, record, write

PERSON = "17059912345"


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


@pytest.mark.parametrize("ending", ["csv", "ndjson"])
@pytest.mark.parametrize("fault", ["cut short", "damaged"])
def test_a_packed_file_that_is_not_whole(
    desk: Desk, tmp_path: Path, ending: str, fault: str
) -> None:
    plain = write(tmp_path / f"r.{ending}", [record(n, person=n * 7919) for n in range(1, 9000)])
    content = bytearray(gzip.compress(plain.read_bytes()))
    half = len(content) // 2
    file = tmp_path / f"r.{ending}.gz"
    damaged = content[:half] + b"\xff" * 100 + content[half + 100 :]
    file.write_bytes(content[:half] if fault == "cut short" else damaged)
    assert "not a whole gzip file" in _refused(desk, file)


_ENDS = ["\r\n", "\n", "\r"]


@pytest.mark.parametrize(
    ("ends", "packed"),
    [
        (["\r"], False), (["\r\n", "\n"], True), (["\n", "\r"], False),
        (["\r\n", "\r"], True), (_ENDS, False), (_ENDS, True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("ending", ["csv", "ndjson"])
def test_lines_that_end_in_several_ways(
    desk: Desk, tmp_path: Path, ending: str, ends: list[str], packed: bool
) -> None:
    values = ["Tromsø", "two\r\nlines", "a\rb", "a\nb", 'say "x",\r', ""] * 3
    records = [record(n, value=value) for n, value in enumerate(values)]
    plain = write(tmp_path / f"r.{ending}", records)
    if ending == "csv":
        # Only the ends of records: a quotation mark stands on both sides of the others.
        parts = plain.read_bytes().decode().split("\r\n")
        lines = [""]
        for part in parts[:-1]:
            lines[-1] += part
            if lines[-1].count('"') % 2:
                lines[-1] += "\r\n"
            else:
                lines.append("")
        lines.pop()
    else:
        lines = plain.read_text().splitlines()
    mixed = "".join(line + ends[n % len(ends)] for n, line in enumerate(lines)).encode()
    file = tmp_path / f"m.{ending}{'.gz' if packed else ''}"
    file.write_bytes(gzip.compress(mixed) if packed else mixed)
    assert desk.take(file).total.accepted == len(records)
    found = desk.rows("SELECT value FROM report ORDER BY source_report_id::INTEGER")
    assert [value or "" for (value,) in found] == values


def test_a_carriage_return_within_the_header(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "r.csv"
    file.write_bytes(b"source,source_report_id,\rperson\nreg,1,77\n")
    assert "column 3: has a name that the report record does not have" in _refused(desk, file)


_KINDS = {
    "an Excel workbook": b"PK\x03\x04\x14\x00[Content_Types].xml xl/workbook.xml",
    "a zip file": b"PK\x03\x04\x14\x00reports.csv",
    "packed by zstd": b"\x28\xb5\x2f\xfd\x04\x00",
    "packed by bzip2": bz2.compress(b"source,source_report_id"),
    "packed by xz": lzma.compress(b"source,source_report_id"),
    "a Parquet file": b"PAR1\x15\x04\x15\x10",
    "text in UTF-16": "source,source_report_id\n".encode("utf-16"),
    "text in UTF-16LE": "source,source_report_id\n".encode("utf-16-le"),
    "text in UTF-16BE": "source,source_report_id\n".encode("utf-16-be"),
    "packed by gzip": gzip.compress(b"source,source_report_id\n"),
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("ending", ["csv", "ndjson"])
@pytest.mark.parametrize("kind", _KINDS)
def test_what_a_file_is_by_its_first_bytes(
    desk: Desk, tmp_path: Path, kind: str, ending: str, packed: bool
) -> None:
    content = _KINDS[kind]
    if kind == "packed by gzip" and not packed:
        pytest.skip("that is read")
    file = tmp_path / f"r.{ending}"
    file.write_bytes(gzip.compress(content) if packed else content)
    text = _refused(desk, file)
    assert kind in text
    assert "WINDOWS" not in text


@pytest.mark.parametrize("kind", [k for k in _KINDS if "Parquet" not in k and "UTF" not in k])
def test_what_is_called_parquet(desk: Desk, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "r.parquet"
    file.write_bytes(_KINDS[kind])
    assert kind in _refused(desk, file)
    file.write_bytes(write(tmp_path / "r.csv", [record(1)]).read_bytes())
    assert "is text, by its first bytes" in _refused(desk, file)


@pytest.mark.parametrize("ending", ["csv", "ndjson"])
def test_gzip_is_read_whatever_it_is_called(desk: Desk, tmp_path: Path, ending: str) -> None:
    file = write(tmp_path / f"r.{ending}", [record(1), record(2)])
    plain = file.read_bytes()
    file.write_bytes(gzip.compress(plain))
    (tmp_path / f"plain.{ending}.gz").write_bytes(plain.replace(b"reg", b"nav"))
    assert desk.take(file, tmp_path / f"plain.{ending}.gz").total.accepted == 4


@pytest.mark.parametrize("name", ["r.csv", "r.csv.gz", "r.ndjson", "r.jsonl.gz"])
@pytest.mark.parametrize("content", [b"", b"\n\n"])
def test_empty_files(desk: Desk, tmp_path: Path, name: str, content: bytes) -> None:
    file = tmp_path / name
    file.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    is_line = content and "csv" in name
    assert ("begins with an empty line" if is_line else "is empty.") in _refused(desk, file)


@pytest.mark.parametrize("layout", ["pretty", "list", "list of lines", "values"])
def test_json_of_another_layout(desk: Desk, tmp_path: Path, layout: str) -> None:
    records = [record(1), record(2)]
    texts = {
        "pretty": json.dumps(records[0], indent=2),
        "list": json.dumps(records),
        "list of lines": "[\n" + ",\n".join(map(json.dumps, records)) + "\n]",
        "values": '"reg"\n1\n',
    }
    file = tmp_path / "r.ndjson"
    file.write_text(texts[layout])
    assert "not one JSON object each" in _refused(desk, file)


def test_a_first_line_that_is_broken_is_for_quarantine(desk: Desk, tmp_path: Path) -> None:
    file = write(tmp_path / "r.ndjson", [record(1)])
    file.write_text('{"source": "reg", "sou\n' + file.read_text())
    total = desk.take(file).total
    assert (total.accepted, total.quarantined) == (1, 1)


@pytest.mark.parametrize(
    "line", [f"{PERSON},death,2020-01-05", "reg,1,2021-01-05T10:00:00Z,77,death", "77,88"]
)
def test_a_file_without_a_header_row(desk: Desk, tmp_path: Path, line: str) -> None:
    file = tmp_path / "r.csv"
    file.write_text(f"{line}\n{line}\n")
    text = _refused(desk, file).replace(str(tmp_path), "")
    assert "column 1: is not a column of the report record" in text
    assert "no header row" in text
    assert not any(value in text for value in [PERSON, "77", "2021-01-05T10"])


def test_json_that_is_keyed_by_person(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "r.ndjson"
    file.write_text(json.dumps({PERSON: {"kind": "death"}}) + "\n")
    text = _refused(desk, file)
    assert "names no column of the report record" in text
    assert PERSON not in text


@pytest.mark.parametrize("name", [PERSON, "170599-12345", "p17059912345", "77", ""])
def test_a_value_among_the_names(desk: Desk, tmp_path: Path, name: str) -> None:
    file = write(tmp_path / "r.csv", [{**record(1), name: "x"}])
    text = _refused(desk, file).replace(str(tmp_path), "")
    assert "column 7: has a name that the report record does not have" in text
    assert not name or name not in text


def test_only_near_names_are_suggested(desk: Desk, tmp_path: Path) -> None:
    text = _refused(desk, write(tmp_path / "r.csv", [{**record(1), "note": "x"}]))
    assert "has a column 'note'" in text
    assert "Did you mean" not in text
    text = _refused(desk, write(tmp_path / "r.csv", [{**record(1), "event-date": "x"}]))
    assert "Did you mean event_date? It is there already: remove the column" in text


_SLIPPED: list[tuple[Record, str]] = [
    (record(1, kind=PERSON), "…"),
    (record(2, citizenship=f"p{PERSON}"), "p…"),
    (record(3, event_date="2021-02-30"), "2021-02-30"),
    (record(4, basic_unit="3010101"), "3010101"),
    (record(5, basic_unit=PERSON), "…"),
    (record(6, kind="annulment", annuls=PERSON, corrects=PERSON, event_date=""), "…"),
]


def test_the_list_leaves_long_numbers_out(desk: Desk, tmp_path: Path) -> None:
    desk.take_records([values for values, _ in _SLIPPED])
    with desk.open() as connection:
        listed = list_open(connection).column("value").to_pylist()
        export(connection, tmp_path / "mend.csv")
    assert listed == [shown for _, shown in _SLIPPED]
    assert (tmp_path / "mend.csv").read_text().count(PERSON) > len(_SLIPPED)


def test_a_person_in_the_place_of_the_quarantine_number(desk: Desk, tmp_path: Path) -> None:
    desk.take_records([record(1, kind="deth")])
    file = write(tmp_path / "mend.csv", [{"quarantine_id": PERSON, **record(1)}])
    with pytest.raises(InputRefused) as caught:
        desk.take(file, retake=True)
    assert "mend.csv, row 1, column quarantine_id: is not the number" in str(caught.value)
    assert PERSON not in str(caught.value)
