"""A seal is never undone, so nothing is sealed that is still to come."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from folkestrom.errors import UsageError
from tests.intake.desk import TAKEN_AT, Desk, record


def test_a_day_that_has_not_come_is_not_sealed(desk: Desk) -> None:
    for day in (date(2021, 3, 2), date(2099, 1, 1), date.max):
        with pytest.raises(UsageError, match="2021-03-01 \\(today\\) or earlier"):
            desk.seal(day)
    desk.seal(TAKEN_AT.date())
    assert desk.take_records([record(1)]).total.accepted == 1
    assert desk.rows("SELECT known_from::VARCHAR FROM report") == [("2021-03-02",)]


def test_today_is_the_local_day(desk: Desk) -> None:
    desk.taken_at = datetime(2021, 2, 28, 23, 30, tzinfo=UTC)
    desk.seal(date(2021, 3, 1))
    with pytest.raises(UsageError, match="2021-03-01 \\(today\\) or earlier"):
        desk.seal(date(2021, 3, 2))
