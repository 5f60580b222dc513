"""Repeats, conflicts, targets, seals: what several records say about each other."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from folkestrom.app.office.session import writing
from folkestrom.engine.store import Waiting, open_for_writing
from folkestrom.errors import UsageError
from folkestrom.intake.tables import create_tables, lacks_columns
from tests.intake.desk import Desk, annulment, move, record, write


def test_the_same_file_twice_changes_nothing(desk: Desk, tmp_path: Path) -> None:
    file = write(tmp_path / "r.csv", [record(1), record(2, kind="deth")])
    desk.take(file)
    before = desk.rows("FROM report"), desk.rows("FROM quarantine"), desk.rows("FROM batch")
    again = desk.take(file)
    assert again.batch is None
    assert (again.total.read, again.total.repeats) == (2, 2)
    assert before == (
        desk.rows("FROM report"),
        desk.rows("FROM quarantine"),
        desk.rows("FROM batch"),
    )


def test_the_same_records_in_another_file_are_repeats(desk: Desk) -> None:
    records = [
        record(1),
        record(2, kind="deth"),
        record(3, received_at="2021-01-05 11:00:00+01:00"),
    ]
    desk.take_records(records)
    again = desk.take_records([*records, record(1)], "other.ndjson")
    assert (again.total.accepted, again.total.quarantined, again.total.repeats) == (0, 0, 4)


def test_same_key_other_content(desk: Desk) -> None:
    early, late = record(1, value="a"), record(1, value="b", received_at="2021-01-06T10:00:00Z")
    result = desk.take_records([late, early])
    assert (result.total.accepted, result.total.quarantined) == (1, 1)
    assert desk.rows("SELECT value FROM report") == [("a",)]
    assert desk.reasons() == {"1": "key_conflict"}


def test_an_earlier_record_displaces_a_later_one(desk: Desk) -> None:
    desk.take_records([record(1, value="b", received_at="2021-01-06T10:00:00Z")], "b.csv")
    result = desk.take_records([record(1, value="a")], "a.csv")
    assert (result.total.accepted, result.withdrawn) == (1, 1)
    assert desk.rows("SELECT value FROM report") == [("a",)]
    found = desk.rows('SELECT file, "row", reason FROM quarantine')
    assert [(Path(file).name, row, reason) for file, row, reason in found] == [
        ("b.csv", 1, "key_conflict")
    ]


def test_a_sealed_report_is_not_displaced(desk: Desk) -> None:
    desk.take_records([record(1, value="b", received_at="2021-01-06T10:00:00Z")], "b.csv")
    desk.seal(date(2021, 2, 1))
    result = desk.take_records([record(1, value="a")], "a.csv")
    assert (result.total.quarantined, result.withdrawn) == (1, 0)
    assert desk.rows("SELECT value FROM report") == [("b",)]


def test_targets_are_found_now_and_later(desk: Desk) -> None:
    desk.take_records([record(1), annulment(2, 1), annulment(3, 4)], "a.csv")
    assert desk.rows(
        "SELECT r.source_report_id, t.source_report_id FROM report r "
        "LEFT JOIN report t ON t.position = r.target ORDER BY 1"
    ) == [("1", None), ("2", "1"), ("3", None)]
    desk.take_records([record(4)], "b.csv")
    assert desk.rows("SELECT source_report_id FROM report WHERE target IS NOT NULL ORDER BY 1") == [
        ("2",), ("3",),
    ]  # fmt: skip


def test_a_target_of_another_source_is_none(desk: Desk) -> None:
    result = desk.take_records([record(1, source="other"), annulment(2, 1)])
    assert result.total.accepted == 2
    assert desk.rows("SELECT count(target) FROM report") == [(0,)]


@pytest.mark.parametrize("together", [True, False])
def test_a_target_about_somebody_else(desk: Desk, together: bool) -> None:
    pointing, target = annulment(1, 2), record(2, person="88")
    if together:
        desk.take_records([pointing, target])
    else:
        desk.take_records([pointing], "a.csv")
        assert desk.take_records([target], "b.csv").withdrawn == 1
    assert desk.reasons() == {"1": "other_person"}
    assert desk.rows("SELECT source_report_id FROM report") == [("2",)]


def test_a_sealed_record_stays_when_its_target_is_about_somebody_else(desk: Desk) -> None:
    desk.take_records([annulment(1, 2)], "a.csv")
    desk.seal(date(2021, 2, 1))
    assert desk.take_records([record(2, person="88")], "b.csv").withdrawn == 0
    assert desk.rows("SELECT source_report_id, target FROM report ORDER BY 1") == [
        ("1", None), ("2", None),
    ]  # fmt: skip


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_the_last_of_a_circle_is_refused(desk: Desk, order: tuple[int, ...]) -> None:
    circle = [
        annulment(1, 2, received_at="2021-01-05T10:00:00Z"),
        annulment(2, 3, received_at="2021-01-07T10:00:00Z"),
        annulment(3, 1, received_at="2021-01-06T10:00:00Z"),
    ]
    for n in order:
        desk.take_records([circle[n]], f"{n}.csv")
    assert desk.reasons() == {"2": "cycle"}
    assert desk.rows(
        "SELECT r.source_report_id, t.source_report_id FROM report r "
        "LEFT JOIN report t ON t.position = r.target ORDER BY 1"
    ) == [("1", None), ("3", "1")]


def test_a_refused_record_comes_back(desk: Desk) -> None:
    """Its target's number belonged, after all, to an earlier report about the same person."""
    late = "2021-01-09T10:00:00Z"
    desk.take_records([annulment(1, 2), record(2, person="88", received_at=late)], "a.csv")
    assert desk.reasons() == {"1": "other_person"}
    result = desk.take_records([record(2)], "b.csv")
    assert (result.withdrawn, result.reinstated) == (1, 1)
    assert desk.reasons() == {"2": "key_conflict"}
    assert desk.rows("SELECT source_report_id FROM report WHERE target IS NOT NULL") == [("1",)]


def test_sealing_moves_late_deliveries_to_the_day_they_are_taken_in(desk: Desk) -> None:
    desk.take_records([record(1)], "a.csv")
    desk.seal(date(2021, 2, 1))
    desk.taken_at = datetime(2021, 3, 1, 12, tzinfo=UTC)
    desk.take_records([record(2), move(3, received_at="2021-02-01T10:00:00Z")], "b.csv")
    assert desk.rows("SELECT source_report_id, known_from::VARCHAR FROM report ORDER BY 1") == [
        ("1", "2021-01-06"), ("2", "2021-03-02"), ("3", "2021-02-02"),
    ]  # fmt: skip


def test_a_seal_is_not_moved_back(desk: Desk) -> None:
    desk.seal(date(2021, 2, 1))
    desk.seal(date(2021, 2, 1))
    with pytest.raises(UsageError, match="2021-02-01 or later"):
        desk.seal(date(2021, 1, 31))


def test_positions_go_on(desk: Desk) -> None:
    desk.take_records([record(1), record(2, kind="x"), record(3)], "a.csv")
    desk.take_records([record(4)], "b.csv")
    found = desk.rows("SELECT source_report_id, position FROM report ORDER BY position")
    assert found == [("1", 1), ("3", 3), ("4", 4)]


def test_counts_of_each_file(desk: Desk, tmp_path: Path) -> None:
    one = write(tmp_path / "1.csv", [record(1), record(2, kind="x"), record(1)])
    two = write(
        tmp_path / "2.parquet", [record(1), record(3), annulment(4, 5), record(5, person="9")]
    )
    result = desk.take(one, two)
    counts = [(f.read, f.accepted, f.quarantined, f.repeats) for f in result.files]
    assert counts == [(3, 1, 1, 1), (4, 2, 1, 1)]
    kept = desk.rows("SELECT read, accepted, quarantined, repeats FROM delivery ORDER BY file")
    assert kept == counts


def test_an_empty_file(desk: Desk) -> None:
    assert desk.take_records([]).total.read == 0
    assert desk.take_records([], "r.parquet").total.read == 0


def test_a_log_older_than_its_columns_is_given_them(desk: Desk) -> None:
    desk.take_records([move(1)])
    with open_for_writing(desk.folder, create_tables) as connection:
        for table in ("report", "refused"):
            for column in ("dwelling", "survivor"):
                connection.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        assert lacks_columns(connection)
    with writing(desk.folder, Waiting()) as connection:
        assert not lacks_columns(connection)
    desk.take_records([move(2, dwelling="9")], "later.csv")
    assert desk.rows("SELECT source_report_id, dwelling FROM report ORDER BY 1") == [
        ("1", None),
        ("2", 9),
    ]
