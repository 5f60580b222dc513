"""Rounds of mending: whatever is done between them, every record is in one place, and one only."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from folkestrom.engine.store import transaction
from folkestrom.intake.batch import IntakeOrder, take_in
from folkestrom.intake.counts import FileCount
from folkestrom.intake.quarantine import export, list_open
from folkestrom.intake.quarantine_records import record_sql
from folkestrom.intake.reading.files import find_files
from folkestrom.intake.reading.header import EXPORT_COLUMNS
from tests.intake.desk import TAKEN_AT, Desk, Record, annulment, new_store, record, write

#: A record by what it says, or a line that is none by its text.
Content = frozenset[tuple[str, str]] | str


def _export(desk: Desk, to: Path) -> list[Record]:
    """What waits, written out to be mended."""
    with desk.open() as connection:
        export(connection, to)
    return _read(to)


def _read(file: Path) -> list[Record]:
    text = file.read_text("utf-8")
    if file.suffix == ".csv":
        return list(csv.DictReader(io.StringIO(text, newline="")))
    return [json.loads(line) for line in text.splitlines()]


def _places(desk: Desk) -> list[tuple[str, int]]:
    return desk.rows(
        'SELECT file, "row" FROM quarantine WHERE closed_by IS NULL ORDER BY file, "row"'
    )


def test_what_is_never_mended_is_there_after_every_round(desk: Desk, tmp_path: Path) -> None:
    desk.take_records([record(n, event_date=f"2020-02-{n}") for n in (30, 31, 32)])
    file = tmp_path / "mend.csv"
    for left in (2, 1, 0):
        rows = _export(desk, file)
        assert len(rows) == left + 1
        rows[0]["event_date"] = "2020-02-02"
        total = desk.take(write(file, rows), retake=True).total
        assert (total.accepted, total.quarantined, total.repeats) == (1, left, 0)
    assert desk.rows("SELECT count(*) FROM report") == [(3,)]


def _key_conflict(desk: Desk) -> None:
    desk.take_records([record(2, received_at="2021-02-02T10:00:00Z")], "late.csv")
    desk.take_records([record(2, value="x")], "early.csv")


def _cycle(desk: Desk) -> None:
    desk.take_records([record(1, corrects="2"), record(2, corrects="1")])


def _other_person(desk: Desk) -> None:
    desk.take_records([record(1), annulment(2, 1, person="88")])


# How a record is written does not depend on what is wrong with it: each format once, each fault.
@pytest.mark.parametrize(
    ("wrong", "ending"),
    [(_key_conflict, "csv"), (_cycle, "ndjson"), (_other_person, "parquet"), (_cycle, "csv")],
)
def test_taken_in_again_unmended(desk: Desk, tmp_path: Path, wrong: object, ending: str) -> None:
    assert callable(wrong)
    wrong(desk)
    before, log = desk.quarantined(), desk.rows("SELECT count(*) FROM report")
    assert len(before) == 1
    place = _places(desk)
    for n in range(2):
        file = tmp_path / f"{n}.{ending}"
        with desk.open() as connection:
            export(connection, file)
        total = desk.take(file, retake=True).total
        assert (total.read, total.quarantined, total.repeats) == (1, 1, 0)
        assert desk.quarantined() == before
        assert _places(desk) == place
    assert desk.rows("SELECT count(*) FROM report") == log


_TORN = '{"source": "reg", "source'


def _broken(desk: Desk) -> None:
    """Two broken lines in CSV, the last line of its file among them, and one in NDJSON."""
    desk.folder.mkdir()
    file = write(desk.folder / "a.csv", [record(1, value="two\nlines"), record(2)])
    lines = file.read_text().splitlines()
    file.write_text("\n".join([*lines[:3], "", "reg,3", *lines[3:], "", "reg,4\n"]))
    other = write(desk.folder / "b.ndjson", [record(5)])
    other.write_text(f"{other.read_text()}{_TORN}\n")
    assert desk.take(file, other).total.quarantined == 3


@pytest.mark.parametrize("ending", ["csv", "ndjson", "parquet"])
def test_broken_lines_keep_their_text_and_place(desk: Desk, tmp_path: Path, ending: str) -> None:
    _broken(desk)
    what = "SELECT record, right(file, 8), row FROM quarantine WHERE closed_by IS NULL ORDER BY 1"
    before = desk.rows(what)
    assert before == [
        ("reg,3", "re/a.csv", 2), ("reg,4", "re/a.csv", 4), (_TORN, "b.ndjson", 2),
    ]  # fmt: skip
    for n in range(2):
        file = tmp_path / f"{n}.{ending}"
        with desk.open() as connection:
            export(connection, file)
        assert desk.take(file, retake=True).total.quarantined == 3
        assert desk.rows(what) == before
    assert desk.quarantined() == [("broken_record", None, None)] * 3
    with desk.open() as connection:
        assert "as many values as" in list_open(connection).to_pylist()[0]["allowed"]


def test_a_broken_line_is_mended_in_the_columns(desk: Desk, tmp_path: Path) -> None:
    _broken(desk)
    rows = _export(desk, tmp_path / "mend.csv")
    rows[0] |= record(3)
    total = desk.take(write(tmp_path / "mend.csv", rows), retake=True).total
    assert (total.accepted, total.quarantined) == (1, 2)


def test_delivered_again_after_its_key_has_become_free(desk: Desk, tmp_path: Path) -> None:
    """The record that took the key is mended to another number; the other one waits on, once."""
    desk.take_records([record(9, person="88"), record(1, corrects="9")], "first.csv")
    other = record(1, received_at="2021-02-02T10:00:00Z")
    desk.take_records([other], "second.csv")
    assert sorted(r for r, *_ in desk.quarantined()) == ["key_conflict", "other_person"]
    rows = _export(desk, tmp_path / "mend.csv")
    mended = [r | {"source_report_id": "5", "corrects": ""} for r in rows if r["corrects"]]
    assert desk.take(write(tmp_path / "mend.csv", mended), retake=True).total.accepted == 1
    assert desk.take_records([other], "again.ndjson").total.repeats == 1
    _export(desk, tmp_path / "more.csv")
    assert desk.take(tmp_path / "more.csv", retake=True).total.accepted == 1
    assert desk.quarantined() == []
    assert desk.take_records([other], "once-more.csv").total.repeats == 1


_TIMES = [f"2021-01-0{day}T10:00:00.000000Z" for day in (5, 6)]
_NUMBERS = ["1", "2", "3"]


@st.composite
def _records(draw: st.DrawFn) -> Record:
    """Few keys, persons and moments, so that everything collides with everything."""
    how = draw(st.sampled_from(["plain", "annuls", "corrects", "corrects", "bad", "bad"]))
    target = draw(st.sampled_from(_NUMBERS))
    given = {
        "person": draw(st.sampled_from(["77", "77", "88"])),
        "received_at": draw(st.sampled_from(_TIMES)),
    }
    number = draw(st.sampled_from(_NUMBERS))
    if how == "annuls":
        return annulment(number, target, **given)
    if how == "corrects":
        return record(number, corrects=target, **given)
    return (
        record(number, event_date="2020-02-31", **given)
        if how == "bad"
        else record(number, **given)
    )


_LINES = st.sampled_from(['{"source": "reg", "sou', "reg,1", '"text"'])
_DELIVERIES = st.tuples(st.lists(_records(), min_size=1, max_size=4), st.lists(_LINES, max_size=2))


def _content(values: Record) -> Content:
    return frozenset((k, v) for k, v in values.items() if v and k not in EXPORT_COLUMNS)


def _key(content: Content) -> str:
    """The number of a report; all are of one source."""
    return dict(content)["source_report_id"] if isinstance(content, frozenset) else ""


class _Books:
    """What must be somewhere: every record that was delivered, as it was mended last."""

    def __init__(self, folder: Path, store: duckdb.DuckDBPyConnection) -> None:
        self.folder = folder
        self.store = store
        self.became: dict[Content, Content] = {}
        self.files = 0

    def file(self, ending: str) -> Path:
        self.files += 1
        return self.folder / f"{self.files}.{ending}"

    def take(self, file: Path, *, retake: bool) -> FileCount:
        order = IntakeOrder(find_files([file]), self.folder / "staging", retake, TAKEN_AT)
        with transaction(self.store):
            total = take_in(self.store, order).total
        assert total.read == total.accepted + total.quarantined + total.repeats
        return total

    def deliver(self, records: list[Record], lines: list[str]) -> None:
        file = write(self.file("ndjson"), records)
        file.write_text(file.read_text() + "".join(f"{line}\n" for line in lines))
        log, wrong = self._log(), self._wrong()
        self.take(file, retake=False)
        for content in [*map(_content, records), *lines]:
            self.became.setdefault(content, content)
        # What waited for what it says itself is mended by a report that is accepted under its key.
        new = {_key(one): one for one in {*map(_content, records)} & {*self._log()} - {*log}}
        for content in wrong:
            if _key(content) in new:
                self.became[content] = new[_key(content)]

    def _log(self) -> list[Content]:
        return self._found(f"SELECT {record_sql('r')}, TRUE FROM report r")

    def _wrong(self) -> list[Content]:
        return self._found(
            "SELECT record, TRUE FROM quarantine WHERE closed_by IS NULL AND "
            "reason NOT IN ('broken_record', 'key_conflict', 'other_person', 'cycle')"
        )

    def mend(self, data: st.DataObject) -> None:
        """Write out, leave some as they are, mend some, forget some, and take in again."""
        ending = data.draw(st.sampled_from(["csv", "ndjson"]))
        file = self.file(ending)
        export(self.store, file)
        new = {}
        back = []
        for row in _read(file):
            what = data.draw(st.sampled_from(["leave", "mend", "forget"]))
            if what == "forget":
                continue
            old = row["quarantine_line"] or _content(row)
            if what == "mend":
                row |= dict.fromkeys(set(row) - {*EXPORT_COLUMNS}) | data.draw(_records())
            new[old] = _content(row) or old
            back.append(row)
        if not back:
            return
        total = self.take(write(self.file(ending), back), retake=True)
        assert total.read == len(back)
        # All at once: two records may have been mended into each other.
        self.became |= new
        self.became |= {content: content for content in new.values()}

    def check(self) -> None:
        """Nothing is lost, and nothing is there twice."""
        log = self._log()
        held = self._found(
            "SELECT record, reason <> 'broken_record' FROM quarantine WHERE closed_by IS NULL"
        )
        assert len({*log, *held}) == len(log) + len(held)
        assert {*log, *held} == {old for old, new in self.became.items() if old == new}
        refused = self.store.execute(
            "SELECT count(*) FROM refused ANTI JOIN "
            "(FROM quarantine WHERE closed_by IS NULL) USING (position)"
        ).fetchone()
        assert refused == (0,)

    def _found(self, sql: str) -> list[Content]:
        rows = self.store.execute(sql).fetchall()
        return [_content(json.loads(text)) if is_record else text for text, is_record in rows]


# An example is half a dozen intakes, so there are fewer of them than elsewhere.
@settings(max_examples=max(4, settings().max_examples // 15))
@given(st.lists(_DELIVERIES, min_size=2, max_size=4), st.data())
def test_nothing_is_lost_or_doubled(
    deliveries: list[tuple[list[Record], list[str]]], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder, closing(new_store()) as store:
        books = _Books(Path(folder), store)
        for records, lines in deliveries:
            books.deliver(records, lines)
            books.check()
            for _ in range(data.draw(st.integers(0, 2))):
                books.mend(data)
                books.check()
