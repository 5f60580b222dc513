"""The tables of a store: made from nothing, and kept up to date day by day."""

from __future__ import annotations

import random
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from folkestrom.register import build, increment, log_rows
from tests.reference.register import Report, derived_tables
from tests.register.histories import logs
from tests.register.log import append, empty_log, stored_tables
from tests.register.random_log import random_log


@settings(
    max_examples=settings().max_examples // 3,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(logs(), st.integers(0, 12), st.integers(0, 12))
def test_any_parts_of_a_log_give_the_whole_logs_tables(
    reports: list[Report], first: int, second: int
) -> None:
    """However a log arrives, and whatever of it has been worked in already."""
    first, second = sorted((min(first, len(reports)), min(second, len(reports))))
    # Positions follow arrival, as intake gives them.
    place = {r.position: n for n, r in enumerate(reports, 1)}
    reports = [_moved(report, place) for report in reports]
    expected = derived_tables(reports)
    with empty_log() as connection:
        done = 0
        for end in (first, second, len(reports)):
            append(connection, reports[done:end])
            build.update(connection, done)
            done = end
        stored = stored_tables(connection)
    for name, rows in stored.items():
        assert rows == expected.get(name, set()), name


def _moved(report: Report, place: dict[int, int]) -> Report:
    values = report.__dict__ | {"position": place[report.position]}
    if report.target is not None:
        values["target"] = place[report.target]
    return Report(**values)


def test_thirty_random_days_leave_the_tables_of_a_full_rebuild() -> None:
    dice = random.Random(5)
    reports = random_log(dice, persons=300, reports=2_500)
    days = sorted(dice.sample(sorted({r.known_from for r in reports})[100:], 30))
    with empty_log() as connection:
        done = [r for r in reports if r.known_from < days[0]]
        append(connection, done)
        build.update(connection, 0)
        position = len(done)
        for day, until in zip(days, [*days[1:], date.max], strict=True):
            # The day itself, then all that is until the next of the thirty, at once.
            for batch in (
                [r for r in reports if r.known_from == day],
                [r for r in reports if day < r.known_from < until],
            ):
                append(connection, batch)
                increment.work_in(connection, position)
                position += len(batch)
        worked_in = stored_tables(connection)
        build.rebuild(connection)
        assert stored_tables(connection) == worked_in
        # An annulment, years later, of one of the very first reports.
        old = reports[40]
        annulment = Report(
            position=position + 1,
            person=old.person,
            kind=10,
            received_at=datetime(2030, 1, 1, tzinfo=UTC),
            known_from=date(2030, 1, 2),
            key_hash=position,
            target=old.position,
            aims=True,
        )
        append(connection, [annulment])
        build.update(connection, position)
        worked_in = stored_tables(connection)
        build.rebuild(connection)
        assert stored_tables(connection) == worked_in


def test_a_log_larger_than_memory_is_read_in_ranges_of_persons() -> None:
    reports = random_log(random.Random(6), persons=40, reports=300)
    with empty_log() as connection:
        append(connection, reports)
        ranges = list(log_rows.ranges_of_persons(connection, 50 * log_rows.ROW.itemsize))
        assert len(ranges) > 3
        parts = [log_rows.read_persons(connection, log_rows.in_range(*r)) for r in ranges]
        assert sum(len(part.rows) for part in parts) == len(reports)
        people = [set(part.rows["person"].tolist()) for part in parts]
        assert len(set.union(*people)) == sum(len(some) for some in people)


def test_tables_that_are_not_as_the_log_makes_them_are_made_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    reports = random_log(random.Random(7), persons=20, reports=200)
    with empty_log() as connection:
        append(connection, reports[:150])
        build.update(connection, 0)
        connection.execute("DELETE FROM stay")
        append(connection, reports[150:])
        build.update(connection, 150)
        assert "making all tables again" in caplog.text
        damaged = stored_tables(connection)
        build.rebuild(connection)
        assert stored_tables(connection) == damaged


def test_looking_at_tables_needs_no_compiler() -> None:
    """Importing what tells the tables' version leaves the kernels alone."""
    import subprocess

    code = "import sys, folkestrom.register.build; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=Path.cwd()).returncode == 0


def test_an_empty_log_gives_empty_tables() -> None:
    with empty_log() as connection:
        build.update(connection, 0)
        assert not any(stored_tables(connection).values())
