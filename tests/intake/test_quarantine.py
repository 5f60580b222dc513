"""Out of quarantine to be mended, and back in: nothing is lost on the way."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from folkestrom.errors import InputRefused, UsageError
from folkestrom.intake.quarantine import count_by_reason, export, list_open
from folkestrom.intake.reasons import DESCRIPTIONS, Reason
from tests.intake.desk import Desk, annulment, record, write


def _export(desk: Desk, to: Path) -> int:
    with desk.open() as connection:
        return export(connection, to)


def _replace(file: Path, old: str, new: str) -> None:
    """What a person does in an editor."""
    if file.suffix != ".parquet":
        file.write_text(file.read_text("utf-8").replace(old, new), "utf-8")
        return
    table = pq.read_table(file)
    rows = [{k: new if v == old else v for k, v in row.items()} for row in table.to_pylist()]
    pq.write_table(pa.Table.from_pylist(rows, table.schema), file)


@pytest.mark.parametrize("ending", ["csv", "ndjson", "parquet"])
def test_mended_and_taken_in_again(desk: Desk, tmp_path: Path, ending: str) -> None:
    desk.take_records([record(1, event_date="2021-02-30", value='a "b",\nc'), record(2)])
    file = tmp_path / f"mend.{ending}"
    assert _export(desk, file) == 1
    _replace(file, "2021-02-30", "2020-12-30")
    result = desk.take(file, retake=True)
    assert (result.total.read, result.total.accepted) == (1, 1)
    assert desk.quarantined() == []
    assert desk.rows(
        "SELECT source_report_id, event_date::VARCHAR, value FROM report ORDER BY 1"
    ) == [("1", "2020-12-30", 'a "b",\nc'), ("2", "2021-01-02", None)]


def test_still_wrong(desk: Desk, tmp_path: Path) -> None:
    desk.take_records([record(1, event_date="2021-02-30"), record(2, kind="deth")])
    file = tmp_path / "mend.csv"
    _export(desk, file)
    _replace(file, "deth", "death")
    result = desk.take(file, retake=True)
    assert (result.total.accepted, result.total.quarantined) == (1, 1)
    assert desk.quarantined() == [("impossible_date", "event_date", "2021-02-30")]
    assert desk.rows("SELECT id, closed_by FROM quarantine ORDER BY id") == [
        (1, 2), (2, 2), (3, None),
    ]  # fmt: skip


def test_a_record_comes_back_once(desk: Desk, tmp_path: Path) -> None:
    desk.take_records([record(1, kind="deth")])
    file = tmp_path / "mend.csv"
    _export(desk, file)
    _replace(file, "deth", "death")
    desk.take(file, retake=True)
    with pytest.raises(InputRefused, match="not the number of a record that waits"):
        desk.take(file, retake=True)


def test_broken_lines_are_written_out_whole(desk: Desk, tmp_path: Path) -> None:
    file = write(tmp_path / "r.csv", [record(1)])
    file.write_text(file.read_text() + "reg,2\n")
    desk.take(file)
    mend = tmp_path / "mend.csv"
    _export(desk, mend)
    assert '"reg,2"' in mend.read_text()
    lines = mend.read_text().splitlines()
    names = lines[0].split(",")
    values = dict.fromkeys(names, "") | {"quarantine_id": "1"} | record(2)
    mend.write_text("\n".join([lines[0], ",".join(values[name] for name in names)]))
    assert desk.take(mend, retake=True).total.accepted == 1
    assert desk.quarantined() == []


def test_the_record_as_it_was_is_a_repeat_afterwards(desk: Desk, tmp_path: Path) -> None:
    desk.take_records([annulment(1, 3), annulment(2, 1), record(3, person="88")], "a.csv")
    assert desk.reasons() == {"1": "other_person"}
    file = tmp_path / "mend.csv"
    _export(desk, file)
    desk.take_records([record(4)], "b.csv")
    text = file.read_text().splitlines()
    file.write_text("\n".join([text[0], text[1].rsplit(",", 2)[0] + ",4,"]))
    assert desk.take(file, retake=True).total.accepted == 1
    targets = (
        "SELECT r.source_report_id, t.source_report_id FROM report r "
        "JOIN report t ON t.position = r.target ORDER BY 1"
    )
    assert desk.rows(targets) == [("1", "4"), ("2", "1")]
    again = desk.take_records([annulment(1, 3)], "c.csv")
    assert again.total.repeats == 1
    assert desk.rows(targets) == [("1", "4"), ("2", "1")]


def test_listed(desk: Desk) -> None:
    desk.take_records([record(n, kind="deth") for n in range(3)] + [record(9, person="x")])
    with desk.open() as connection:
        assert list_open(connection, 2).num_rows == 2
        rows = list_open(connection).to_pylist()
        assert count_by_reason(connection) == {"unknown_kind": 3, "broken_type": 1}
    assert rows[0]["row"] == 1
    assert rows[0]["reason"] == "unknown_kind"
    assert "death" in rows[0]["allowed"]
    assert rows[3]["value"] is None


def test_where_an_export_cannot_go(desk: Desk, tmp_path: Path) -> None:
    desk.take_records([record(1)])
    for name in ("mend.txt", "nowhere/mend.csv"):
        with pytest.raises(UsageError):
            _export(desk, tmp_path / name)


def test_every_reason_is_in_the_manual() -> None:
    page = (Path(__file__).parents[2] / "docs/how-to/mend-quarantine.md").read_text("utf-8")
    for reason in Reason:
        assert f"| `{reason}` | {DESCRIPTIONS[reason]} |" in page
