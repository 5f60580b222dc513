"""Linked values of a merged identity are those of whoever goes on, on every day and as known."""

from __future__ import annotations

import itertools
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import folkestrom
from folkestrom.engine.steps import compose
from folkestrom.variables.linked import continued
from tests.app.cli.asking import ask, rows

DAYS = range(6)
KNOWN = ("valid_from", "valid_to", "known_from", "known_to")
#: Row: person, value, first and last day, first and last knowledge day.
Row = tuple[int, ...]


@st.composite
def histories(draw: st.DrawFn) -> list[Row]:
    """Values of three numbers, one at most on each day as known on each."""
    found: list[Row] = []
    for person in (1, 2, 3):
        for _ in range(draw(st.integers(0, 3))):
            valid, known = (
                sorted(draw(st.lists(st.sampled_from(DAYS), min_size=2, max_size=2, unique=True)))
                for _ in range(2)
            )
            row = (person, len(found) + 1, *valid, *known)
            if not any(_told([row], person, d, k) and _told(found, person, d, k)
                       for d, k in itertools.product(DAYS, DAYS)):  # fmt: skip
                found.append(row)
    return found


def _told(history: list[Row], person: int, day: int, known: int) -> list[int]:
    return [
        v for p, v, vf, vt, kf, kt in history if p == person and vf <= day < vt and kf <= known < kt
    ]


@settings(max_examples=60)
@given(histories(), st.sampled_from([0, 1, 3]), st.sampled_from([4, 9]))
def test_values_are_found_by_the_number_that_goes_on(
    history: list[Row], since: int, until: int
) -> None:
    """Number 3 is continued as 1, which has its own values first."""
    day = "DATE '2020-01-01' + {0}::INTEGER"
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE identity (person BIGINT, survivor BIGINT, "
                           "known_from DATE, known_to DATE)")  # fmt: skip
        connection.execute(f"INSERT INTO identity SELECT 3, 1, {day.format(since)}, "
                           f"{day.format(until)}")  # fmt: skip
        connection.execute('CREATE TABLE linked_x (person BIGINT, "value" INTEGER, valid_from '
                           "DATE, valid_to DATE, known_from DATE, known_to DATE)")  # fmt: skip
        for row in history:
            listed = ", ".join(day.format(n) for n in row[2:])
            connection.execute(f"INSERT INTO linked_x SELECT {row[0]}, {row[1]}, {listed}")
        number = ", ".join(f"{name} - {day.format(0)}" for name in KNOWN)
        found = connection.execute(
            f'SELECT person, "value", {number} FROM ({compose([continued("memory", "linked_x")])})'
        ).fetchall()
    for d, k in itertools.product(DAYS, DAYS):
        merged = since <= k < until
        theirs = _told(history, 3, d, k)
        assert _told(found, 2, d, k) == _told(history, 2, d, k)
        assert _told(found, 3, d, k) == ([] if merged else theirs)
        assert _told(found, 1, d, k) == (_told(history, 1, d, k) or (theirs if merged else []))


HEADER = (
    "source,source_report_id,received_at,person,kind,event_date,municipality,basic_unit,"
    "sex,birth_date,citizenship,country_of_birth,origin,survivor"
)
START = (
    "2010-01-01T09:00:00Z,{0},first_registration,1999-12-31,0301,03010101,male,1975-01-01,NO,NO,"
    "first_registration,"
)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Number 3 is continued as 2, which has no value; 4 and 5 as each other, and 6 as nobody."""
    lines = [f"folk,{n},{START.format(n)}" for n in range(1, 7)] + [
        f"folk,{n},2020-06-0{n - 10}T09:00:00Z,{who},merge,2020-06-0{n - 10},,,,,,,,{into}"
        for n, who, into in [(11, 3, 2), (12, 4, 5), (13, 5, 4), (14, 6, 9)]
    ]
    (tmp_path / "all.csv").write_text("\n".join([HEADER, *lines]))
    (tmp_path / "degree.csv").write_text(
        "person,value,from,to\n1,low,2000-01-01,\n3,high,2000-01-01,\n"
    )
    opened = folkestrom.open(tmp_path / "store")
    assert opened.intake(tmp_path / "all.csv").total.quarantined == 0
    opened.link(tmp_path / "degree.csv", "degree", known_from="2010-02-01")
    return tmp_path / "store"


@pytest.mark.parametrize(
    ("known", "counted"),
    [("2020-05-01", {"high": 1, "low": 1, "unknown": 4}),
     ("2020-07-01", {"high": 1, "low": 1, "unknown": 2})],
)  # fmt: skip
def test_the_survivor_has_the_value(store: Path, known: str, counted: dict[str, int]) -> None:
    asked = ("population", "--date", "2020-01-01", "--known-at", known, "--by", "degree")
    found = rows(ask(store, "--format", "csv", *asked))
    assert {row["degree"]: int(row["persons"]) for row in found if int(row["persons"])} == counted


def test_a_merge_that_does_not_hold_is_explained(store: Path) -> None:
    told = {
        person: ask(store, "explain", str(person), "--date", "2020-07-01", "--known-at",
                    "2020-07-01").stdout.replace("\n", " ")
        for person in (2, 3, 4, 5, 6)
    }  # fmt: skip
    assert "continued as another person" in told[3]
    assert "continued as another person" in told[4]
    assert "does not hold: a merge of identities that leads back" in told[5]
    assert "does not hold: a merge into a person without a record" in told[6]
    assert all("does not hold" not in told[person] for person in (2, 3, 4))
