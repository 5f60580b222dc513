"""The register as known at a moment, against the interpreter on what had been received by then."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from folkestrom.errors import UsageError
from folkestrom.model.knowledge import KnownMoment
from folkestrom.register import build
from folkestrom.register.as_known import moments
from folkestrom.register.tables import TABLES
from tests.reference.register import OPEN, Report, Tables, derived_tables
from tests.register.histories import logs
from tests.register.log import append, empty_log, stored_tables

HOURS = st.lists(st.sampled_from((0, 7, 8, 15, 22, 23)), min_size=36, max_size=36)


def in_hours(reports: list[Report], hours: list[int]) -> list[Report]:
    """The same reports, received at some hour in UTC; where that is the next day, known then."""
    made = []
    for n, (report, hour) in enumerate(zip(reports, hours, strict=False), 1):
        received = datetime.combine(report.received_at.date(), time(hour, 30), UTC)
        late = (report.known_from - report.received_at.date()).days + (hour == 23)
        place = {r.position: m for m, r in enumerate(reports, 1)}
        made.append(
            replace(
                report,
                position=n,
                target=None if report.target is None else place[report.target],
                received_at=received,
                known_from=received.date() + timedelta(days=late),
            )
        )
    return made


def by_then(reports: list[Report], day: date, moment: datetime) -> list[Report]:
    """What is known at the moment, each as known on its day: a seal has kept the others back."""
    begins = datetime.combine(day, time(), UTC) - timedelta(hours=1)
    known = [r for r in reports if r.known_from <= day]
    next_day = [r for r in reports if r.known_from == day + timedelta(days=1)]
    received = [r for r in next_day if begins <= r.received_at < moment]
    return known + [replace(r, known_from=day) for r in received]


def as_of(day: date, tables: Tables) -> Tables:
    """Rows that are known on the day, without how long they are."""
    found: Tables = {}
    for table in TABLES:
        since, until = table.index("known_from"), table.index("known_to")
        found[table.name] = {
            tuple(value for n, value in enumerate(row) if n not in (since, until))
            for row in tables.get(table.name, ())
            if row[since] <= day < row[until]
        }
    return found


@settings(
    max_examples=settings().max_examples // 3,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(logs(), HOURS, st.integers(0, 23))
def test_a_moment_is_the_log_up_to_it(reports: list[Report], hours: list[int], hour: int) -> None:
    reports = in_hours(reports, hours)
    day = reports[0].received_at.date()
    moment = datetime.combine(day, time(hour), UTC) - timedelta(hours=1)
    with empty_log() as connection:
        append(connection, reports)
        build.update(connection, 0)
        whole = stored_tables(connection)
        if hour:
            with moments.as_known(connection, KnownMoment(moment)):
                then = stored_tables(connection)
        else:
            then = whole
        assert stored_tables(connection) == whole
    assert as_of(day, then) == as_of(day, derived_tables(by_then(reports, day, moment)))


def test_a_day_on_which_most_was_received_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moments, "MOST", 0)
    received = datetime(2000, 1, 5, 8, 31, tzinfo=UTC)
    birth = Report(
        position=1, person=1, kind=2, received_at=received, known_from=date(2000, 1, 6),
        key_hash=1, event_date=date(2000, 1, 1), municipality=1, basic_unit=1,
    )  # fmt: skip
    with empty_log() as connection:
        append(connection, [birth])
        build.update(connection, 0)
        with (
            pytest.raises(UsageError, match="Ask for the day after, 2000-01-06"),
            moments.as_known(connection, KnownMoment(received + timedelta(minutes=1))),
        ):
            pass
        (row,) = stored_tables(connection)["stay"]
        assert row[-2] == OPEN
