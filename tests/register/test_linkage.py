"""Linkage finds persons of a synthetic country who came back under another number."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl
import pytest

import folkestrom
from folkestrom.errors import UsageError
from folkestrom.twin.output.creation import create
from tests.register.test_families import HEAD, _person

pytest.importorskip("splink", reason="splink is not installed")

#: Who comes back is another person from then on; of one in five the birth date has one wrong digit,
#: and of one in three no parent is known.
RENUMBERED = """
    WITH back AS (
      SELECT i.person, min(i.received_at) AS since
      FROM reports i JOIN reports e ON e.person = i.person AND e.kind = 'emigration'
       AND e.event_date < i.event_date AND e.received_at < i.received_at
      WHERE i.kind = 'immigration' AND i.corrects IS NULL GROUP BY i.person
    )
    SELECT r.* REPLACE (
      CASE WHEN b.person IS NULL THEN r.person ELSE r.person + 500000000 END AS person,
      CASE WHEN b.person % 5 = 0 AND day(r.birth_date) % 10 < 8 AND day(r.birth_date) < 28
           THEN r.birth_date + 1 ELSE r.birth_date END AS birth_date,
      CASE WHEN b.person % 3 = 0 THEN NULL ELSE r.mother END AS mother,
      CASE WHEN b.person % 3 = 0 THEN NULL ELSE r.father END AS father
    )
    FROM reports r LEFT JOIN back b ON b.person = r.person AND r.received_at >= b.since
"""


def test_those_who_came_back_are_found(tmp_path: Path) -> None:
    create(tmp_path / "twin", scale=0.01, first_year=2010, last_year=2021, variables=False,
           truth=False)  # fmt: skip
    with duckdb.connect() as connection:
        connection.execute(
            f"CREATE TABLE reports AS SELECT * FROM '{tmp_path}/twin/reports/*.parquet'"
        )
        connection.execute(f"COPY ({RENUMBERED}) TO '{tmp_path}/reports.parquet'")
    store = folkestrom.open(tmp_path / "store")
    store.intake(tmp_path / "reports.parquet")
    with store.reading() as connection:
        # Who is to be found: whose two lives are both there.
        truth = {
            person for (person,) in connection.execute(
                "SELECT DISTINCT person - 500000000 FROM event WHERE person > 500000000 "
                "AND kind = 3 AND person - 500000000 IN (SELECT person FROM event WHERE kind = 8)"
            ).fetchall()
        }  # fmt: skip
    file = tmp_path / "pairs.parquet"
    counted = store.duplicates(linkage=True, pairs=file, to="polars")
    pairs = pl.read_parquet(file)
    assert counted["pairs"].sum() == pairs.height
    right = pairs.filter(pairs["other_person"] - pairs["person"] == 500_000_000)
    recall = right["person"].n_unique() / len(truth)
    precision = right.height / pairs.height
    assert len(truth) > 100
    assert precision > 0.8
    assert recall > 0.6
    store.duplicates(linkage=True, pairs=file, least=90)
    assert pl.read_parquet(file).equals(pairs.filter(pl.col("probability") >= 0.9))


def test_a_register_of_few_has_no_weights(tmp_path: Path) -> None:
    (tmp_path / "few.csv").write_text(f"{HEAD}\n{_person(1, '1980-01-01')},,\n", encoding="utf-8")
    store = folkestrom.open(tmp_path / "store")
    assert store.intake(tmp_path / "few.csv").total.accepted == 1
    with pytest.raises(UsageError, match="too few persons who left or came"):
        store.duplicates(linkage=True)
