"""From the register's tables: what stands, as known on a day."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import pytest

from folkestrom.analysis.flows import flows_of_period, left_again, move_sequences, moves_of
from folkestrom.errors import UserError
from folkestrom.model.codes import Kind, Origin
from folkestrom.model.countries import COUNTRY_CODES
from folkestrom.register.tables import ATTRIBUTE, EVENT
from tests.statistics.small_store import fill

KNOWN, OPEN = date(2000, 1, 2), date(9999, 12, 31)
PERIOD = (date(2020, 1, 1), date(2021, 1, 1))


def _row(table: Any, **values: Any) -> tuple[Any, ...]:
    given = {
        "known_from": KNOWN,
        "known_to": OPEN,
        "first_known": KNOWN,
        "sex": 1,
        "order_in_day": 1,
    } | values
    return tuple(given.get(column.name) for column in table.columns)


def event(position: int, person: int, kind: Kind, day: date, **values: Any) -> tuple[Any, ...]:
    country = values.pop("to", None)
    code = None if country is None else COUNTRY_CODES[country]
    return _row(
        EVENT, position=position, person=person, kind=int(kind), event_date=day, country=code,
        **values,
    )  # fmt: skip


def attribute(person: int, born: str, arrived: date) -> tuple[Any, ...]:
    return _row(
        ATTRIBUTE, person=person, country_of_birth=COUNTRY_CODES[born], valid_from=arrived,
        valid_to=OPEN, origin=int(Origin.IMMIGRATION), position=person,
    )  # fmt: skip


@pytest.fixture
def store() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    day = date(2020, 5, 1)
    events = [
        event(1, 1, Kind.MOVE, day, municipality_from=301, municipality_to=1103),
        event(2, 2, Kind.MOVE, day, municipality_from=1103, municipality_to=1101),
        event(3, 3, Kind.MOVE, date(2021, 1, 1), municipality_from=301, municipality_to=1103),
        # Known late: not yet, at the first of two days.
        event(4, 4, Kind.MOVE, day, municipality_from=301, municipality_to=1103,
              known_from=date(2021, 6, 1)),
        event(5, 5, Kind.IMMIGRATION, date(2010, 1, 1), municipality_to=301, to="PL"),
        event(6, 5, Kind.EMIGRATION, date(2020, 3, 1), municipality_from=301, to="PL"),
        event(7, 6, Kind.IMMIGRATION, date(2020, 2, 1), municipality_to=301, to="XX"),
        event(8, 7, Kind.IMMIGRATION, date(2012, 1, 1), municipality_to=301, to="DE"),
        event(9, 7, Kind.DEATH, date(2015, 1, 1), municipality_from=301),
    ]  # fmt: skip
    people = [
        attribute(5, "PL", date(2010, 1, 1)),
        attribute(6, "LT", date(2020, 2, 1)),
        attribute(7, "PL", date(2012, 1, 1)),
        attribute(8, "SE", date(2012, 1, 1)),
    ]
    fill(connection, {"event": events, "attribute": people})
    return connection


def test_flows_between_places_at_home_and_abroad(store: duckdb.DuckDBPyConnection) -> None:
    found = flows_of_period(store, *PERIOD, known_at=date(2021, 2, 1))
    assert found.flows(within=True).rows() == [
        ("03", "11", 1.0), ("03", "PL", 1.0), ("11", "11", 1.0), ("unknown", "03", 1.0),
    ]  # fmt: skip
    later = flows_of_period(store, *PERIOD, known_at=date(2022, 1, 1))
    assert later.count("03", "11") == 2
    towns = flows_of_period(store, *PERIOD, known_at=date(2021, 2, 1), level="municipality")
    assert towns.count("1103", "1101") == 1
    assert towns.count("unknown", "0301") == 1
    countries = flows_of_period(store, *PERIOD, known_at=date(2021, 2, 1), level="country")
    assert countries.count("NO", "NO") == 2
    assert countries.count("NO", "PL") == 1


def test_arrivals_and_their_moves(store: duckdb.DuckDBPyConnection) -> None:
    found = moves_of(
        store, ["PL", "LT"], since=date(2004, 1, 1), until=date(2021, 1, 1),
        known_at=date(2021, 2, 1),
    )  # fmt: skip
    sequences = move_sequences(found, until=date(2021, 1, 1))
    persons = sequences.persons.select("person", "origin", "sequence", "type").rows()
    assert persons == [
        (5, "PL", "PL>NO>PL", "returned"),
        (6, "LT", "unknown>NO", "stayed"),
        (7, "PL", "DE>NO", "died"),
    ]
    crude = left_again(sequences, [5]).crude.row(0, named=True)
    assert (crude["arrived"], crude["away"], crude["died"]) == (3, 1, 1)
    before = moves_of(
        store, ["PL"], since=date(2004, 1, 1), until=date(2012, 1, 1), known_at=date(2021, 2, 1)
    )
    assert before.rows() == [(5, date(2010, 1, 1), "PL", "NO", "PL")]


def test_what_is_refused(store: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(UserError, match="there are no moves from"):
        flows_of_period(store, date(1990, 1, 1), date(1991, 1, 1), known_at=date(2021, 2, 1))
    with pytest.raises(UserError, match="level: 'parish' is not known"):
        flows_of_period(store, *PERIOD, known_at=date(2021, 2, 1), level="parish")  # type: ignore[arg-type]
    with pytest.raises(UserError, match="is no period"):
        flows_of_period(store, PERIOD[1], PERIOD[0], known_at=date(2021, 2, 1))
    with pytest.raises(UserError, match="'EU' is no country"):
        moves_of(store, ["EU"], since=PERIOD[0], until=PERIOD[1], known_at=PERIOD[1])
