"""A line that is no record is kept byte for byte, whatever its bytes are."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
import tempfile
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from folkestrom.engine.store import transaction
from folkestrom.errors import InputRefused
from folkestrom.intake.batch import IntakeOrder, take_in
from folkestrom.intake.quarantine import export, list_open
from folkestrom.intake.reading.files import find_files
from tests.intake.desk import TAKEN_AT, Desk, new_store, record, write


def exported(file: Path) -> list[bytes]:
    """The lines of an export, as they were delivered."""
    if file.suffix == ".parquet":
        rows = pq.read_table(file).to_pylist()
    elif file.suffix == ".csv":
        with file.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
    else:
        rows = [json.loads(line) for line in file.read_text("utf-8").split("\n") if line]
    return [
        base64.b64decode(row["quarantine_bytes"])
        if row.get("quarantine_bytes")
        else row["quarantine_line"].encode()
        for row in rows
    ]


_LATIN, _TORN, _NUL = "reg,Tromsø".encode("latin-1"), "reg,Tromsø".encode()[:-1], b"reg,a\0b"
_LINES = [
    _LATIN,
    _TORN,
    _NUL,
    b"reg,\xef\xbb\xbfmark",
    b'reg,"two\r\nlines \xe6"',
    b'reg,"say ""x"" \n\xe6"',
    b"reg,\\xe6",
    b"reg,\xe6",
    b"reg,[/b]\x1b[31m",
    b"reg," + b"x" * 90_000 + b"\xff",
    b"reg, 2 \t",
]


# What a line is read as does not depend on the format that it is exported in.
@pytest.mark.parametrize(
    ("ending", "end", "packed"),
    [
        ("csv", b"\n", False), ("csv", b"\r\n", False), ("csv", b"\r", False),
        ("ndjson", b"\r\n", True), ("parquet", b"\n", True),
    ],
)  # fmt: skip
def test_of_csv(desk: Desk, tmp_path: Path, ending: str, end: bytes, packed: bool) -> None:
    header = b"\xef\xbb\xbfsource,source_report_id,received_at,person,kind,event_date"
    sound = b"reg,%d,2021-01-05T10:00:00Z,77,death,2021-01-02"
    lines = [part for n, line in enumerate(_LINES) for part in (sound % n, line, b"")]
    content = end.join([header, *lines])
    file = tmp_path / ("r.csv.gz" if packed else "r.csv")
    file.write_bytes(gzip.compress(content) if packed else content)
    total = desk.take(file).total
    assert (total.accepted, total.quarantined) == (len(_LINES), len(_LINES))
    for n in range(2):
        to = tmp_path / f"mend{n}.{ending}"
        with desk.open() as connection:
            assert export(connection, to) == len(_LINES)
            places = list_open(connection).column("row").to_pylist()
        assert exported(to) == _LINES
        assert places == [2 * n + 2 for n in range(len(_LINES))]
        assert to.stat().st_mode & 0o777 == 0o600
        total = desk.take(to, retake=True).total
        assert (total.quarantined, total.repeats) == (len(_LINES), 0)
    again = tmp_path / "again.csv"
    again.write_bytes(end.join([header, *_LINES]))
    assert desk.take(again).total.repeats == len(_LINES)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_of_ndjson(desk: Desk, tmp_path: Path, end: bytes) -> None:
    good = json.dumps(record(1)).encode()
    broken = [good[:-9] + byte for byte in (b"\xe6", b"\0", b"\1", b"\xc3", b"\\xe6", b" ", b"")]
    file = tmp_path / "r.ndjson"
    file.write_bytes(end.join([b"\xef\xbb\xbf" + good, *broken, b"", b"  "]))
    total = desk.take(file).total
    assert (total.accepted, total.quarantined) == (1, len(broken))
    with desk.open() as connection:
        export(connection, tmp_path / "mend.csv")
    assert exported(tmp_path / "mend.csv") == broken


@pytest.mark.parametrize("ending", ["csv", "ndjson"])
def test_a_sound_record_in_another_encoding_refuses_the_file(
    desk: Desk, tmp_path: Path, ending: str
) -> None:
    file = write(tmp_path / f"r.{ending}", [record(1), record(2, value="Troms?")])
    file.write_bytes(file.read_bytes().replace(b"?", b"\xf8") + b"reg,\xe6\n")
    with pytest.raises(InputRefused, match="WINDOWS-1252"):
        desk.take(file)


#: Anything but what would make the line another line, or several.
_BYTES = st.binary(max_size=40).map(lambda b: b.translate(None, b'",;|\t\r\n'))


# An example is an intake, so there are fewer of them than elsewhere, with more lines each.
@settings(max_examples=max(7, settings().max_examples // 15))
@given(st.lists(_BYTES, min_size=40, max_size=100), st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_any_damaged_line(parts: list[bytes], end: bytes) -> None:
    lines = list(dict.fromkeys(b"reg," + part for part in parts))
    header = b"source,source_report_id,received_at,person,kind,event_date"
    sound = b"reg,%d,2021-01-05T10:00:00Z,77,death,2021-01-02"
    content = end.join([header, *(one for n, b in enumerate(lines) for one in (b, sound % n))])
    with tempfile.TemporaryDirectory() as name, closing(new_store()) as store:
        folder = Path(name)
        (folder / "r.csv").write_bytes(content)
        files = find_files([folder / "r.csv"])
        with transaction(store):
            total = take_in(store, IntakeOrder(files, folder / "staging", taken_at=TAKEN_AT)).total
        assert (total.accepted, total.quarantined) == (len(lines), len(lines))
        export(store, folder / "mend.csv")
        assert exported(folder / "mend.csv") == lines


def test_far_into_a_large_file(desk: Desk, tmp_path: Path) -> None:
    """Beyond the pieces in which the engine reads, and by several threads."""
    out = io.BytesIO()
    out.write(b"source,source_report_id,received_at,person,kind,event_date,value\n")
    many = 30_000
    filler = b"x" * 2_000
    for n in range(many):
        out.write(b"reg,%d,2021-01-05T10:00:00Z,77,death,2021-01-02,%s\n" % (n, filler))
        if n % 10_000 == 9_999:
            out.write(b"reg,%d,\xe6\n" % n)
    file = tmp_path / "r.csv"
    file.write_bytes(out.getvalue())
    assert desk.take(file).total.quarantined == 3
    with desk.open() as connection:
        export(connection, tmp_path / "mend.csv")
        places = list_open(connection).column("row").to_pylist()
    assert exported(tmp_path / "mend.csv") == [b"reg,%d,\xe6" % n for n in (9_999, 19_999, 29_999)]
    assert places == [10_001, 20_002, 30_003]
