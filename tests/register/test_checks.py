"""The audits find nothing in sound tables, and each finds its kind of damage."""

from __future__ import annotations

import random
from collections.abc import Iterator

import duckdb
import pytest

from folkestrom.register import build
from folkestrom.register.checks import audit, audits
from tests.register.log import append, empty_log
from tests.register.random_log import random_log

LAST = "valid_to = DATE '9999-12-31' AND known_to = DATE '9999-12-31'"
DAMAGE = {
    ("empty_intervals", "marital"): "UPDATE marital SET valid_to = valid_from",
    ("two_at_once", "stay"): f"""
        INSERT INTO stay
        SELECT * REPLACE (valid_from - 1 AS valid_from, position + 1 AS position)
        FROM stay WHERE {LAST}""",
    ("unopened_stays", "stay"): "DELETE FROM event WHERE kind = 5",
    ("wrong_units", "stay"): "UPDATE stay SET unit = unit + 1",
    ("residents_before_birth", "stay"): "UPDATE stay SET birth_date = valid_from + 1",
    ("unknown_persons", "stay"): "DELETE FROM attribute WHERE person % 2 = 0",
    ("lives_after_death", "marital"): """
        UPDATE marital SET valid_to = DATE '9999-12-31'
        WHERE person IN (SELECT person FROM event WHERE kind = 9)""",
    ("known_too_early", "event"): "UPDATE event SET known_from = DATE '1999-01-01'",
}


@pytest.fixture
def tables() -> Iterator[duckdb.DuckDBPyConnection]:
    with empty_log() as connection:
        append(connection, random_log(random.Random(8), persons=60, reports=600))
        build.update(connection, 0)
        yield connection


def test_sound_tables_pass_every_audit(tables: duckdb.DuckDBPyConnection) -> None:
    assert [finding for finding in audit(tables, of=1) if finding.rows] == []


@pytest.mark.parametrize("broken", DAMAGE, ids=lambda pair: "-".join(pair))
def test_each_audit_finds_its_damage(
    tables: duckdb.DuckDBPyConnection, broken: tuple[str, str]
) -> None:
    tables.execute(DAMAGE[broken])
    found = {(finding.audit, finding.table) for finding in audit(tables, of=1) if finding.rows}
    assert broken in found


def test_every_audit_has_a_damage() -> None:
    assert {step.name for _, step in audits()} == {name for name, _ in DAMAGE}
