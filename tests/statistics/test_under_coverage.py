"""Who was not known yet: counted person by person, and estimated before they had come."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

import folkestrom
from folkestrom.app.office.api import Store
from folkestrom.errors import UsageError
from folkestrom.model.time import OPEN
from folkestrom.twin.output.creation import create

DAY = date(2020, 1, 1)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("under")
    create(folder / "twin", scale=0.004, first_year=2015, last_year=2021, variables=False,
           truth=False)  # fmt: skip
    made = folkestrom.open(folder / "store")
    made.intake(folder / "twin" / "reports")
    return made


def _rows(store: Store, day: date) -> list[tuple[int, date, date]]:
    """Who is resident on a day by any knowledge, and from when until when that was known."""
    with store.reading() as connection:
        return connection.execute(
            "SELECT person, known_from, known_to FROM residence WHERE valid_from < $d "
            "AND valid_to >= $d", {"d": day},
        ).fetchall()  # fmt: skip


@pytest.mark.parametrize("day", [DAY, date(2019, 8, 1)])
def test_those_found_are_who_was_missing(store: Store, day: date) -> None:
    found = store.under_coverage(day, to="polars")
    rows = _rows(store, day)
    final = {person for person, _, until in rows if until == OPEN}
    for delay, many, estimated in found.select("delay", "found", "missing").iter_rows():
        looked_at = day + timedelta(int(delay))
        seen = {person for person, since, until in rows if since <= looked_at and until > day}
        assert many == len(final - seen), delay
        assert many <= estimated < many + 1  # the last class has not passed
    by_place = store.under_coverage(day, "kind,county", to="polars")
    assert by_place.filter(delay="0")["found"].sum() == found["found"][0] > 3


def test_an_estimate_covers_who_came_afterwards(store: Store) -> None:
    inside = many = 0
    for month in range(1, 13):
        day = date(2019, month, 1)
        truth = store.under_coverage(day, to="polars")["found"].to_list()
        for wait in (3, 20, 60):
            early = store.under_coverage(day, known_at=day + timedelta(wait), to="polars")
            ends = early.select("low", "high").rows()
            inside += sum(low <= is_ <= high for is_, (low, high) in zip(truth, ends, strict=True))
            many += len(ends)
    # Days share years, so that nine tenths are not to be met to the per cent.
    assert inside / many > 0.88


def test_what_cannot_be_asked_is_refused(store: Store) -> None:
    with pytest.raises(UsageError, match="too short a log before it"):
        store.under_coverage("2016-01-01")
    with pytest.raises(UsageError, match="nobody can have been found"):
        store.under_coverage(DAY, known_at=DAY)
    with pytest.raises(UsageError, match="not what missing persons are told apart by"):
        store.under_coverage(DAY, "age")
