"""Where people actually live: dwelling and place, on the days that are asked about."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import duckdb
import polars as pl
import pytest

from folkestrom.errors import UsageError
from folkestrom.households.actual import Sources, put_up
from folkestrom.linkage.catalogue import Linked
from folkestrom.statistics import homes
from folkestrom.statistics.population import population
from folkestrom.variables.borders import asked
from tests.reference.register import OPEN
from tests.statistics.small_store import RESIDENT, hand_made

EVE, DAY, KNOWN = date(2020, 12, 31), date(2021, 1, 1), date(2021, 2, 1)
SOURCES = Sources("linked_dwelling", "linked_place", ((1, 1101),))
#: Persons by number: registered in Oslo (301), but for 6, who lives in dwelling 50 of 1103.
REGISTERED = {1: 10, 2: 10, 3: 10, 4: 10, 5: 10, 6: 50, 7: 10, 8: 10}


def store() -> duckdb.DuckDBPyConnection:
    stays: list[dict[str, Any]] = [
        {"person": n, "dwelling": home, "position": n} for n, home in REGISTERED.items()
    ]
    stays[5] |= {"municipality": 1103, "basic_unit": 11030007}
    long = (date(2000, 1, 1), OPEN)
    connection = hand_made(stays, marital=[(4, 2, 5, *long, *long, 1)])
    for name in ("dwelling", "place"):
        connection.execute(
            f'CREATE TABLE linked_{name} (person BIGINT, "value" BIGINT, valid_from DATE, '
            "valid_to DATE, known_from DATE, known_to DATE)"
        )
    year = (date(2020, 8, 1), date(2021, 6, 1), *long)
    dwellings = [
        (1, 50, *year),  # where 6 is registered
        (2, 0, *year),  # an institution
        (3, 77, *year),  # nobody is registered there
        (4, 50, *year),  # who is married stays
        (7, 50, *year[:2], date(2021, 3, 1), OPEN),  # known too late
    ]
    connection.executemany("INSERT INTO linked_dwelling VALUES (?, ?, ?, ?, ?, ?)", dwellings)
    connection.executemany("INSERT INTO linked_place VALUES (?, ?, ?, ?, ?, ?)", [(8, 1, *year)])
    return connection


def where(connection: duckdb.DuckDBPyConnection) -> dict[int, tuple[int, int | None, int | None]]:
    found = connection.execute(
        "SELECT person, municipality, basic_unit, dwelling FROM residence "
        "WHERE valid_from <= $1 AND valid_to > $1 AND known_from <= $2 AND known_to > $2",
        [EVE, KNOWN],
    ).fetchall()
    assert len(found) == len(REGISTERED), "everybody, once"
    return {person: tuple(rest) for person, *rest in found}


def test_place_and_dwelling_are_where_persons_live() -> None:
    connection = store()
    before, unit = where(connection), RESIDENT["basic_unit"]
    with put_up(connection, [(EVE, KNOWN)], SOURCES) as found:
        assert found == (4, 1)
        assert where(connection) == before | {
            1: (1103, 11030007, 50), 2: (301, unit, -2), 3: (301, unit, 77), 8: (1101, None, None),
        }  # fmt: skip
    assert where(connection) == before


def test_places_are_in_the_borders_that_are_asked_for() -> None:
    connection = store()
    connection.execute(
        "CREATE TEMP VIEW residence AS SELECT * REPLACE (CAST(municipality + 1 AS SMALLINT) AS "
        "municipality) FROM memory.main.residence"
    )
    before = where(connection)
    with put_up(connection, [(EVE, KNOWN)], Sources("linked_dwelling")):
        assert where(connection)[1] == (1104, 11030007, 50)
    assert where(connection) == before


def test_each_day_is_as_it_was_known_and_may_be_asked_for_again() -> None:
    connection = store()
    later = date(2021, 7, 1)
    days = [(EVE, KNOWN), (EVE, later), (date(2020, 6, 30), KNOWN)]
    at = (
        "SELECT municipality FROM residence WHERE person = 7 AND valid_from <= $1 "
        "AND valid_to > $1 AND known_from <= $2 AND known_to > $2"
    )
    with put_up(connection, days, SOURCES):
        for (day, known), place in zip(days, (301, 1103, 301), strict=True):
            assert connection.execute(at, [day, known]).fetchall() == [(place,)]
    with put_up(connection, [(EVE, KNOWN)], Sources("linked_dwelling")):
        assert where(connection)[8] == (301, RESIDENT["basic_unit"], 10)


@pytest.mark.parametrize("borders", ["as reported", None, date(2020, 1, 1)])
def test_nobody_is_lost_and_places_are_those_of_a_plain_count(
    monkeypatch: pytest.MonkeyPatch, borders: date | str | None
) -> None:
    connection = store()
    connection.execute("CREATE TABLE meta (key VARCHAR, value VARCHAR)")
    if not isinstance(borders, str):
        asked.put_up(connection, borders)
    linked = {
        "actual_dwelling": Linked("actual_dwelling", "person", "whole number", (), OPEN, ()),
        "actual_municipality": Linked("actual_municipality", "person", "text", (("1101", 1),),
                                      OPEN, ()),
    }  # fmt: skip
    monkeypatch.setattr(homes, "linked_variables", lambda _: linked)
    monkeypatch.setattr(homes, "check_known", lambda *_: None)
    connection.execute("ALTER TABLE linked_dwelling RENAME TO linked_actual_dwelling")
    connection.execute("ALTER TABLE linked_place RENAME TO linked_actual_municipality")
    expected = Counter({"0301": 5, "1101": 1, "1103": 2})
    found = population(connection, DAY, ["municipality"], KNOWN, population="actual")
    counts = dict(pl.DataFrame(found.data).select("municipality", "persons").rows())
    assert {str(place): n for place, n in counts.items()} == expected
    days = [date(2020, 7, 1), DAY]
    many = population(connection, days, ["municipality"], KNOWN, population="actual")
    rows = pl.DataFrame(many.data).filter(pl.col("persons") > 0)
    of_days = {(d, str(place)): n for d, place, n in rows.rows()}
    before = {(days[0], "0301"): 7, (days[0], "1103"): 1}
    assert of_days == before | {(DAY, place): n for place, n in expected.items()}
    said = " ".join(note.en for note in found.specification.footnotes)
    assert "4 elsewhere than registered. Of 1 of them it is not known" in said


def test_what_says_nothing_of_a_place_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    linked = {"actual_municipality": Linked("actual_municipality", "person", "text",
                                            (("Oslo", 1),), date(2000, 1, 1), ())}  # fmt: skip
    monkeypatch.setattr(homes, "linked_variables", lambda _: linked)
    with (
        pytest.raises(UsageError, match="does not say where people live"),
        homes.live(store(), "actual", [(EVE, KNOWN)]),
    ):
        pass


def test_municipalities_of_other_borders_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = store()
    connection.execute("CREATE TABLE meta (key VARCHAR, value VARCHAR)")
    asked.put_up(connection, date(2024, 1, 1))
    place = Linked("actual_municipality", "person", "text", (("3805", 1),), OPEN, ())
    monkeypatch.setattr(homes, "linked_variables", lambda _: {"actual_municipality": place})
    monkeypatch.setattr(homes, "check_known", lambda *_: None)
    with pytest.raises(UsageError, match="not those of 2024-01-01"):
        population(connection, DAY, ["municipality"], KNOWN, population="actual")
