"""Sums of record keys: those of exactly the persons that are counted, however they are counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import duckdb
import numpy as np
import pytest

from folkestrom.statistics.moves import moves
from folkestrom.statistics.periods import split
from folkestrom.statistics.population import population
from folkestrom.statistics.record_keys import fingerprint, record_keys, with_record_keys
from tests.reference.register import OPEN
from tests.statistics.small_store import hand_made

SECRET = b"a secret that is long enough to be one"
DAYS = [date(2001, 1, 1), date(2002, 1, 1), date(2003, 1, 1)]


def a_store() -> duckdb.DuckDBPyConnection:
    """Forty persons of both sexes in three municipalities, some of whom come late or leave."""
    places, moved = (301, 1101, 1103), date(2001, 6, 1)
    rows = [
        {
            "person": n * 7,
            "municipality": places[n % 3],
            "basic_unit": places[n % 3] * 10_000 + 1,
            "sex": 1 + n % 2,
            "valid_from": date(1999 + n % 4, 12, 31),
            "valid_to": date(2002, 6, 1) if n % 5 == 0 else OPEN,
            "position": n,
        }
        for n in range(1, 41)
    ]  # fmt: skip
    events = []
    for n in range(1, 41):
        left, reached = places[n % 3], places[(n + 1) % 3]
        units = (left * 10_000 + 1, reached * 10_000 + 1)
        events.append((n, n * 7, 5, moved, 1, moved, left, reached, *units, None, None,
                       1 + n % 2, date(1980, 6, 1), moved, OPEN))  # fmt: skip
    store: duckdb.DuckDBPyConnection = hand_made(rows, event=events)
    return store


@pytest.fixture(scope="module")
def store() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = a_store()
    with with_record_keys(connection, SECRET):
        yield connection


def key(person: int) -> int:
    return int(record_keys(np.array([person // 16]), SECRET)[0, person % 16])


def test_sums_are_of_the_persons_that_are_counted(store: duckdb.DuckDBPyConnection) -> None:
    series = population(store, DAYS, ["municipality", "sex"], "latest", keys=True).data
    found = {tuple(row[:-2]): row[-2:] for row in zip(*series.to_pydict().values(), strict=True)}
    known = date(2029, 1, 1)
    counted: Counter[Any] = Counter()
    sums: Counter[Any] = Counter()
    for day in DAYS:
        eve = day - timedelta(days=1)
        rows = store.execute(
            "SELECT person, municipality, sex FROM residence WHERE valid_from <= ? AND valid_to > ?"
            " AND known_from <= ? AND known_to > ?",
            [eve, eve, known, known],
        ).fetchall()
        for person, municipality, sex in rows:
            cell = (day, f"{municipality:04}", {1: "male", 2: "female"}[sex])
            counted[cell] += 1
            sums[cell] += key(person)
    assert found == {cell: (n, sums[cell] % 2**32) for cell, n in counted.items()}
    one_day = population(store, DAYS[1], ["municipality", "sex"], "latest", keys=True).data
    of_day = {tuple(row[:-2]): row[-2:] for row in zip(*one_day.to_pydict().values(), strict=True)}
    assert of_day == {cell[1:]: value for cell, value in found.items() if cell[0] == DAYS[1]}


def test_sums_of_moves_add_up(store: duckdb.DuckDBPyConnection) -> None:
    periods = split(date(2001, 1, 1), date(2004, 1, 1), "year")
    found = moves(store, periods, ["municipality"], "latest", keys=True).data.to_pydict()
    assert len(found["moves"]) > 0
    assert all(0 < total < 2**32 for total in found["moves_keys"])
    by_sex = moves(store, periods, ["municipality", "sex"], "latest", keys=True).data.to_pydict()
    assert sum(by_sex["moves"]) == sum(found["moves"])
    assert sum(by_sex["moves_keys"]) % 2**32 == sum(found["moves_keys"]) % 2**32


def test_keys_are_of_the_secret_and_in_no_store(store: duckdb.DuckDBPyConnection) -> None:
    other = record_keys(np.arange(100), b"another secret, also long enough to be one")
    own = record_keys(np.arange(100), SECRET)
    assert not (own == other).any()
    assert fingerprint(SECRET) != fingerprint(b"another secret, also long enough to be one")
    connection = a_store()
    with with_record_keys(connection, SECRET):
        connection.sql("SELECT key FROM record_key")
    with pytest.raises(duckdb.CatalogException):
        connection.sql("SELECT key FROM record_key")
