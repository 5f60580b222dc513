"""A made-up register of any size, written as the tables that the register stage hands on.

Independent of the twin and of the register on purpose: it gives statistics something of full size
to count when neither is there, with the shape that matters for speed: persons with one to several
spells, each closing of a spell superseding a row, late reports, places of very unequal size.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from folkestrom.residence.publish import publish

Int = NDArray[np.int32]

EPOCH = np.datetime64("1970-01-01")
OPEN = 2_932_896
START = int((np.datetime64("1999-12-31") - EPOCH).astype(int))
END = int((np.datetime64("2022-02-01") - EPOCH).astype(int))

#: Shares of persons who are there from the start, are born, or immigrate.
SHARES = (0.66, 0.18, 0.16)
LEAVING = 0.21
MOVES = 1.6
MUNICIPALITIES = 356
NORWAY, ELSEWHERE = 166, 181

_STAY_COLUMNS = "*, CAST(dense_rank() OVER (ORDER BY basic_unit) AS INTEGER) AS unit"
_EVENT_COLUMNS = """
    * REPLACE (nullif(municipality_from, -1)::SMALLINT AS municipality_from,
               nullif(municipality_to, -1)::SMALLINT AS municipality_to),
    NULL::INTEGER AS basic_unit_from, NULL::INTEGER AS basic_unit_to,
    NULL::SMALLINT AS country, NULL::TINYINT AS reason
"""


@dataclass(frozen=True)
class Lives:
    """One entry a person."""

    entry: Int
    born: Int
    exit: Int
    sex: NDArray[np.int8]
    foreign: NDArray[np.bool_]
    at_start: NDArray[np.bool_]
    home: Int


@dataclass(frozen=True)
class Spells:
    """One entry a spell of residence, those of a person side by side."""

    person: NDArray[np.int64]
    place: Int
    begin: Int
    end: Int
    known: Int
    closed: Int


def lives(persons: int, rng: np.random.Generator) -> Lives:
    """Draw persons: when and how they come, and whether they leave."""
    stock, births = (int(persons * share) for share in SHARES[:2])
    others = persons - stock
    entry = np.concatenate([np.full(stock, START), rng.integers(START + 1, END, others)])
    age = rng.integers(0, 365 * 95, persons)
    age[stock : stock + births] = 0
    exit = np.full(persons, OPEN)
    leaving = rng.random(persons) < LEAVING
    exit[leaving] = entry[leaving] + 1 + (rng.random(leaving.sum()) * (END - entry[leaving]))
    weights = 1 / np.arange(1, MUNICIPALITIES + 1) ** 0.8
    return Lives(
        entry.astype(np.int32),
        (entry - age).astype(np.int32),
        exit.astype(np.int32),
        rng.integers(1, 3, persons).astype(np.int8),
        np.arange(persons) >= stock + births,
        np.arange(persons) < stock,
        rng.choice(_codes(), persons, p=weights / weights.sum()).astype(np.int32),
    )


def spells(people: Lives, rng: np.random.Generator) -> Spells:
    """Cut each life at random moves; every report is known some days after its event."""
    counts = rng.poisson(MOVES, len(people.entry)) + 1
    person = np.repeat(np.arange(len(counts)), counts)
    first = np.zeros(len(person), bool)
    first[np.cumsum(counts) - counts] = True
    last = np.roll(first, -1)
    share = rng.random(len(person))
    share[first] = 0
    until = np.minimum(people.exit, END)
    begin = people.entry[person] + (share * (until - people.entry)[person]).astype(np.int32)
    begin = begin[np.lexsort((begin, person))]
    end = np.where(last, people.exit[person], np.roll(begin, -1))
    known = begin + 1 + rng.exponential(20, len(person)).astype(np.int32)
    known[begin == START] = START
    left = np.where(people.exit < OPEN, people.exit + 5, OPEN)[person]
    closed = np.where(last, left, np.roll(known, -1))
    place = np.where(first, people.home[person], rng.permutation(people.home[person]))
    return Spells(*(a.astype(np.int32) for a in (person, place, begin, end, known, closed)))


def residence(people: Lives, found: Spells) -> pa.Table:
    """What is known now, and what was known before each closing."""
    there = found.begin < found.end
    ended = there & (found.end < OPEN)
    seen_before = ended & (found.known < found.closed)
    now_known = np.where(ended, np.maximum(found.known, found.closed), found.known)
    still = np.full(len(there), OPEN, np.int32)
    return pa.concat_tables(
        [
            _residence_rows(people, found, there, found.end, now_known, still),
            _residence_rows(people, found, seen_before, still, found.known, found.closed),
        ]
    )


def events(people: Lives, found: Spells) -> pa.Table:
    """Births, immigrations, moves and departures."""
    person = found.person
    first = np.append(True, person[1:] != person[:-1])
    start = np.where(people.at_start[person], 1, np.where(people.foreign[person], 3, 2))
    kind = np.where(first, start, 5)
    left = np.where(first, -1, np.roll(found.place, 1))
    gone = np.append(first[1:], True) & (found.end < OPEN)
    kinds = np.concatenate([kind, np.where(people.foreign[person], 8, 9)[gone]])
    columns = {
        "position": np.arange(len(kinds)),
        "person": np.concatenate([person, person[gone]]),
        "kind": kinds.astype(np.int8),
        "event_date": np.concatenate([found.begin, found.end[gone]]),
        "first_known": np.concatenate([found.known, found.closed[gone]]),
        "municipality_from": np.concatenate([left, found.place[gone]]).astype(np.int16),
        "municipality_to": np.concatenate([found.place, np.full(gone.sum(), -1)]).astype(np.int16),
        "sex": np.concatenate([people.sex[person], people.sex[person[gone]]]),
        "birth_date": np.concatenate([people.born[person], people.born[person[gone]]]),
    }
    columns["known_from"] = columns["first_known"]
    columns["known_to"] = np.full(len(kinds), OPEN, np.int32)
    return _table(columns)


def history(people: Lives, column: str, values: NDArray[np.generic]) -> pa.Table:
    """One value a person, from the start of the record to the end of time."""
    still = np.full(len(values), OPEN, np.int32)
    return _table(
        {
            "person": np.arange(len(values)),
            column: values,
            "valid_from": people.entry,
            "valid_to": still,
            "known_from": people.entry,
            "known_to": still,
        }
    )


def write(connection: duckdb.DuckDBPyConnection, persons: int, seed: int = 1) -> None:
    """Write the tables, rows in the order that lets a query skip most of them."""
    rng = np.random.default_rng(seed)
    people = lives(persons, rng)
    found = spells(people, rng)
    citizenship = np.where(people.foreign, ELSEWHERE, NORWAY).astype(np.int16)
    status = rng.integers(1, 6, persons).astype(np.int8)
    tables = {
        "stay": (residence(people, found), "known_to, valid_to, valid_from"),
        "event": (events(people, found), "known_to, event_date"),
        "marital": (history(people, "marital_status", status), "known_to, valid_to"),
        "citizenship": (history(people, "citizenship", citizenship), "known_to, valid_to"),
        "report": (_table({"known_from": np.array([END], np.int32)}), "known_from"),
    }
    for name, (rows, order) in tables.items():
        connection.register("made", rows)
        what = {"event": _EVENT_COLUMNS, "stay": _STAY_COLUMNS}.get(name, "*")
        connection.execute(
            f"CREATE OR REPLACE TABLE {name} AS SELECT {what} FROM made ORDER BY {order}"
        )
        connection.unregister("made")
    listed = "SELECT DISTINCT basic_unit, unit FROM stay ORDER BY unit"
    connection.execute(f"CREATE OR REPLACE TABLE reported_unit AS {listed}")
    connection.execute("CREATE OR REPLACE VIEW known_report AS SELECT known_from FROM report")
    connection.execute("CREATE TABLE IF NOT EXISTS source (code SMALLINT, name VARCHAR)")
    publish(connection)


def _residence_rows(
    people: Lives,
    found: Spells,
    chosen: NDArray[np.bool_],
    valid_to: Int,
    known_from: Int,
    known_to: Int,
) -> pa.Table:
    person = found.person[chosen]
    place = found.place[chosen]
    return _table(
        {
            "person": person,
            "municipality": place.astype(np.int16),
            "basic_unit": place * 10_000 + found.begin[chosen] % 40,
            "dwelling": pa.nulls(len(place), pa.int64()),
            "sex": people.sex[person],
            "birth_date": people.born[person],
            "country_of_birth": np.where(people.foreign, ELSEWHERE, NORWAY)[person].astype(
                np.int16
            ),
            "valid_from": found.begin[chosen],
            "valid_to": valid_to[chosen],
            "known_from": known_from[chosen],
            "known_to": known_to[chosen],
            "position": np.flatnonzero(chosen),
        }
    )


def _table(columns: Mapping[str, NDArray[np.generic]]) -> pa.Table:
    dates = {"valid_from", "valid_to", "known_from", "known_to", "first_known"}
    dates |= {"event_date", "birth_date"}
    return pa.table(
        {
            name: pa.array(values).cast(pa.int32()).view(pa.date32())
            if name in dates
            else pa.array(values)
            for name, values in columns.items()
        }
    )


def _codes() -> Int:
    return np.unique(np.linspace(301, 5444, MUNICIPALITIES).astype(np.int32))
