"""The stays of a synthetic country need every rule, and the rules find the right answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import pytest

from folkestrom.engine.steps import run
from folkestrom.residence.counted import bridge
from folkestrom.residence.deciding import Rulebook, standing_steps, verdict_steps
from folkestrom.residence.law import BASES, READINGS, RESIDENT, Base, Reading, rules
from folkestrom.residence.stays import read_stays
from folkestrom.twin import Result

ASKED = {"day": date(2021, 1, 1), "known_at": date(2021, 2, 1)}


@pytest.fixture(scope="module")
def connection(small: Result) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        assert read_stays(opened, small.folder / "stays.parquet") > 1000
        yield opened


def dicts(cursor: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def verdicts_of(
    connection: duckdb.DuckDBPyConnection, base: Base = "registered", reading: Reading = "law"
) -> list[dict[str, Any]]:
    steps = verdict_steps(Rulebook(base, reading))
    return dicts(run(connection, steps, {"known_at": ASKED["known_at"]}))


def names_in(row: dict[str, Any]) -> set[str]:
    """The rules that decide a stay."""
    return {rules()[row[n]].name for n in ("rule", "where_rule") if row[n] is not None}


def test_the_rules_find_the_truth(small: Result, connection: duckdb.DuckDBPyConnection) -> None:
    truth = duckdb.read_parquet(
        str(small.folder / "truth" / "residence.parquet"), connection=connection
    ).fetchall()
    steps = standing_steps(Rulebook())
    found = {row["person"]: row for row in dicts(run(connection, steps, ASKED))}
    asked: dict[int, set[str]] = {}
    for row in verdicts_of(connection):
        asked.setdefault(row["person"], set()).update(names_in(row))
    kept = 0
    for person, resident, municipality, rule in truth:
        said = found.get(person, {})
        assert (said.get("outcome") == RESIDENT) == resident, person
        if resident:
            assert f"{said['municipality']:04d}" == municipality, person
        if rule is not None:
            assert rule in asked[person]
            kept += 1
    assert len(truth) > 500
    assert kept > 20


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("reading", READINGS)
def test_every_rule_decides_some_stay(
    connection: duckdb.DuckDBPyConnection, base: Base, reading: Reading
) -> None:
    used = {name for row in verdicts_of(connection, base, reading) for name in names_in(row)}
    assert used == {r.name for r in rules() if base in r.bases and reading in r.readings}


def test_immigrations_of_2020_by_both_bases_are_as_published(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """38 071 by the law (Statistics Norway), 36 287 by twelve months (Eurostat, migr_imm1ctz)."""
    found = (
        bridge(connection, Rulebook(), date(2020, 1, 1), date(2021, 1, 1), ASKED["known_at"])
        .to("arrow")
        .to_pylist()
    )
    arrived = [row for row in found if row["event"] == "immigration"]
    law = sum(row["registered"] for row in arrived)
    both = sum(row["usual"] for row in arrived if row["counted"] == "both")
    assert law > 100
    assert abs(both - law * 36_287 / 38_071) <= 0.5
    only = {row["rule"] for row in arrived if row["counted"] == "registered_only"}
    assert only == {"short_stay"}
