"""Nobody is in the register before the date of birth, as known then."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from folkestrom.model.knowledge import KnownAt
from folkestrom.statistics.changes import changes, explain
from folkestrom.statistics.periods import year
from folkestrom.statistics.population import population
from tests.reference.register import (
    ANNULMENT,
    ATTRIBUTE_CORRECTION,
    BEFORE_BIRTH,
    BIRTH,
    DEATH,
    DEATH_BEFORE_BIRTH,
    EMIGRATION,
    IMMIGRATION,
    MOVE,
    Report,
    derived_tables,
)
from tests.register.kernel import kernel_tables
from tests.statistics.small_store import store_of

OLD, NEW_YEAR, NEW = date(2020, 12, 30), date(2021, 1, 1), date(2021, 1, 2)
NOW = date(2030, 1, 1)


def told(number: int, kind: int, day: date | None, received: date, **values: Any) -> Report:
    place = {"municipality": 301, "basic_unit": 3010001} if kind in (2, 3, 5) else {}
    return Report(
        position=number,
        person=1,
        kind=kind,
        received_at=datetime(received.year, received.month, received.day, 12, tzinfo=UTC),
        known_from=received + timedelta(days=1),
        key_hash=number,
        event_date=day,
        **place,
        **values,
    )


def birth(day: date = OLD, received: date = date(2021, 1, 5)) -> Report:
    return told(1, BIRTH, day, received, birth_date=day, sex=1)


def correction(born: date, received: date = date(2021, 3, 1), number: int = 9) -> Report:
    return told(number, ATTRIBUTE_CORRECTION, received, received, birth_date=born)


def with_somebody_else(reports: list[Report]) -> duckdb.DuckDBPyConnection:
    """A store that also knows a person who lived and died long before, and is corrected late."""
    born, late = date(1980, 1, 1), date(2032, 1, 1)
    others = [
        told(20, BIRTH, born, born, birth_date=born, sex=1),
        told(21, DEATH, date(1990, 1, 1), date(1990, 1, 1)),
        told(22, ATTRIBUTE_CORRECTION, late, late, sex=2),
    ]
    return store_of([*reports, *(replace(report, person=2) for report in others)])


def stock(reports: list[Report], day: date, known_at: date = NOW) -> dict[int, int]:
    with with_somebody_else(reports) as connection:
        found = population(connection, day, by=["age"], known_at=known_at)
    return dict(zip(found.data["age"].to_pylist(), found.data["persons"].to_pylist(), strict=True))


def births(reports: list[Report], of: int, known_at: KnownAt = NOW) -> dict[str, int]:
    with with_somebody_else(reports) as connection:
        ((row),) = changes(connection, [year(of)], known_at=known_at).data.to_pylist()
    names = ("births", "immigration", "deaths", "adjustment", "population_start", "population_end")
    return {name: row[name] for name in names}


def test_a_birth_is_where_its_date_is_corrected_to() -> None:
    reports = [birth(), correction(NEW)]
    assert stock(reports, NEW_YEAR) == {}
    assert stock(reports, date(2022, 1, 1)) == {0: 1}
    assert births(reports, 2020)["births"] == 0
    assert births(reports, 2021) == {
        "births": 1, "immigration": 0, "deaths": 0, "adjustment": 0, "population_start": 0,
        "population_end": 1,
    }  # fmt: skip
    # As known before the correction, it all is as it was.
    assert stock(reports, NEW_YEAR, date(2021, 2, 1)) == {0: 1}
    flags = kernel_tables(reports)["flag"]
    assert flags == {(1, 1, BEFORE_BIRTH, date(2021, 3, 2), date(9999, 12, 31))}


def test_as_published_the_adjustment_takes_it_back() -> None:
    reports = [birth(), correction(NEW)]
    assert births(reports, 2020, "published")["births"] == 1
    found = births(reports, 2021, "published")
    assert (found["births"], found["adjustment"]) == (1, -1)
    assert found["population_start"] == found["population_end"] == 1
    with with_somebody_else(reports) as connection:
        (unit,) = explain(connection, year(2021)).data.to_pylist()
    assert (unit["kind"], unit["units"]) == ("attribute_correction", -1)


def test_a_birth_is_where_its_date_is_corrected_back_to() -> None:
    reports = [birth(NEW), correction(OLD)]
    assert stock(reports, NEW_YEAR) == {0: 1}
    assert births(reports, 2020)["births"] == 1
    assert births(reports, 2021)["births"] == 0
    assert not kernel_tables(reports)["flag"]


def test_what_happened_before_birth_is_flagged_until_the_correction_is_annulled() -> None:
    moved = told(2, MOVE, date(2020, 12, 31), date(2021, 1, 6))
    died = told(3, DEATH, date(2020, 12, 31), date(2021, 1, 7))
    taken_back = told(10, ANNULMENT, None, date(2021, 4, 1), target=9, aims=True)
    reports = [birth(), moved, died, correction(NEW), taken_back]
    tables = kernel_tables(reports)
    now = {(flag[0], flag[2]) for flag in tables["flag"] if flag[3] == date(2021, 3, 2)}
    assert now == {(1, BEFORE_BIRTH), (2, BEFORE_BIRTH), (3, DEATH_BEFORE_BIRTH)}
    assert {flag[4] for flag in tables["flag"]} == {date(2021, 4, 2)}
    assert stock(reports, NEW_YEAR, date(2021, 3, 15)) == {}
    assert stock(reports, date(2022, 1, 1)) == {}


def test_whoever_immigrated_before_birth_is_counted_from_birth() -> None:
    came = told(1, IMMIGRATION, OLD, date(2021, 1, 5), birth_date=date(2019, 5, 5), country=5)
    left = told(2, EMIGRATION, date(2020, 12, 31), date(2021, 1, 6), country=5)
    back = told(3, IMMIGRATION, date(2021, 6, 1), date(2021, 6, 2), country=5)
    reports = [came, left, back, correction(NEW)]
    assert stock(reports, NEW_YEAR) == {}
    assert stock(reports, date(2022, 1, 1)) == {0: 1}
    assert [births(reports, y)["immigration"] for y in (2020, 2021)] == [0, 1]
    assert births(reports, 2021)["adjustment"] == 0


@pytest.mark.parametrize("born", [date(2020, 12, 29), OLD, NEW, date(2021, 1, 5), date(2021, 2, 1)])
@pytest.mark.parametrize("died", [None, OLD, NEW, date(2021, 1, 20)])
def test_births_stocks_and_ages_agree_whatever_is_corrected(born: date, died: date | None) -> None:
    reports = [birth(), correction(born), *([] if died is None else [told(2, DEATH, died, NOW)])]
    assert {k: v for k, v in kernel_tables(reports).items() if v} == derived_tables(reports)
    known = date(2031, 1, 1)
    for of in (2020, 2021):
        account = births(reports, of, known)
        assert account["births"] == (of == born.year)
        assert account["adjustment"] == 0
        assert account["population_end"] == sum(stock(reports, date(of + 1, 1, 1), known).values())
    assert stock(reports, date(born.year, 1, 1), known) == {}
