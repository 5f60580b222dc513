"""A delivery once more: what is mended closes what waits, and what is not is said to wait."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.intake.desk import Desk, Record, annulment, record, write

WRONG = "2021-02-30"


def _take(
    desk: Desk, folder: Path, *records: Record, more: str = "", name: str = "r.csv"
) -> object:
    folder.mkdir(exist_ok=True)
    file = write(folder / name, records)
    file.write_text(file.read_text() + more)
    return desk.take(file)


def _open(desk: Desk) -> list[int]:
    return [
        n for (n,) in desk.rows("SELECT id FROM quarantine WHERE closed_by IS NULL ORDER BY id")
    ]


def test_the_same_file_again_says_what_still_waits(desk: Desk, tmp_path: Path) -> None:
    file = write(tmp_path / "r.csv", [record(1), record(2, event_date=WRONG), record(3, kind="x")])
    assert not desk.take(file).is_refused
    again = desk.take(file)
    assert (again.batch, again.waiting, again.is_refused) == (None, (1, 2), True)
    (tmp_path / "other.csv").write_bytes(file.read_bytes() + b"\r\n")
    other = desk.take(tmp_path / "other.csv")
    assert (other.total.repeats, other.waiting, other.is_refused) == (3, (1, 2), True)


def test_a_file_without_what_waits_is_no_refusal(desk: Desk, tmp_path: Path) -> None:
    file = write(tmp_path / "r.csv", [record(1)])
    desk.take(file)
    assert (desk.take(file).waiting, desk.take(file).is_refused) == ((), False)


def test_a_delivery_of_nothing_but_faults_is_refused(desk: Desk, tmp_path: Path) -> None:
    assert desk.take(write(tmp_path / "r.csv", [record(1, kind="x")])).is_refused


def test_mended_under_the_same_key(desk: Desk, tmp_path: Path) -> None:
    file = write(tmp_path / "r.csv", [record(1), record(2, event_date=WRONG), record(3, kind="x")])
    desk.take(file)
    result = desk.take(write(tmp_path / "other.csv", [record(3), record(2, event_date=WRONG)]))
    assert (result.total.accepted, result.closed, result.waiting) == (1, (2,), (1,))
    assert _open(desk) == [1]
    assert desk.rows("SELECT closed_by, record IS NOT NULL FROM quarantine WHERE id = 2") == [
        (2, True)
    ]
    assert desk.take(file).waiting == (1,)


def test_a_closed_record_delivered_once_more_is_a_repeat(desk: Desk, tmp_path: Path) -> None:
    _take(desk, tmp_path / "a", record(2, event_date=WRONG))
    _take(desk, tmp_path / "b", record(2))
    again = desk.take(write(tmp_path / "c.csv", [record(2, event_date=WRONG)]))
    assert (again.total.repeats, again.waiting, _open(desk)) == (1, (), [])


def test_a_line_is_mended_in_its_place(desk: Desk, tmp_path: Path) -> None:
    """By file name and row, where the line has the report's source and number among its values."""
    _take(desk, tmp_path / "a", record(1), more="reg,2\nreg,9\n")
    assert _open(desk) == [1, 2]
    elsewhere = desk.take(write(tmp_path / "x.csv", [record(3), record(2)]))
    assert elsewhere.closed == ()
    result = _take(desk, tmp_path / "b", record(1), record(5), record(9))
    assert (result.closed, _open(desk)) == ((2,), [1])


def test_a_key_is_mended_in_its_place(desk: Desk, tmp_path: Path) -> None:
    _take(desk, tmp_path / "a", record(1), record("", person="88"), record("", person="99"))
    assert _open(desk) == [1, 2]
    result = _take(desk, tmp_path / "b", record(1), record(2, person="88"), record(3, person="66"))
    assert (result.closed, _open(desk)) == ((1,), [2])


def test_the_same_name_alone_closes_nothing(desk: Desk, tmp_path: Path) -> None:
    _take(desk, tmp_path / "a", record(1, event_date=WRONG), more="reg,2\n")
    result = _take(desk, tmp_path / "b", record(11), record(12))
    assert (result.total.accepted, result.closed, _open(desk)) == (2, (), [1, 2])


@pytest.mark.parametrize("new", [record(2, value="y"), annulment(2, 1)])
def test_what_waits_for_another_record_is_not_closed(
    desk: Desk, tmp_path: Path, new: Record
) -> None:
    _take(desk, tmp_path / "a", record(1), record(2), record(2, value="x"))
    before = desk.quarantined()
    assert [reason for reason, *_ in before] == ["key_conflict"]
    _take(desk, tmp_path / "b", new)
    assert desk.quarantined()[:1] == before


def test_within_one_delivery_nothing_is_closed(desk: Desk, tmp_path: Path) -> None:
    result = _take(desk, tmp_path / "a", record(1, event_date=WRONG), record(1))
    assert (result.closed, _open(desk)) == ((), [1])
