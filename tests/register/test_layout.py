"""Rows of one class lie together, and none is lost on the way to the file."""

from __future__ import annotations

from collections import Counter

import duckdb
import numpy as np
import pytest

from folkestrom.register.layout import TableWriter, arrow_table, insert_arrow, with_listed
from folkestrom.register.tables import OPEN_DAY, REPORTED_UNIT, STAY, TABLES, Table


def random_rows(table: Table, count: int, seed: int) -> np.ndarray:
    """Rows with dates of forty years, half of them open, and NULL where that may be."""
    dice = np.random.default_rng(seed)
    rows = dice.integers(0, 100, (len(table.columns), count))
    for number, column in enumerate(table.columns):
        if column.type == "DATE":
            rows[number] = dice.integers(7_000, 20_000, count)
        if column.name.endswith("_to") and column.type == "DATE":
            rows[number, dice.random(count) < 0.5] = OPEN_DAY
        if column.nullable:
            rows[number, dice.random(count) < 0.3] = np.iinfo(column.dtype).min
    return rows


def create(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """The table, and a list of the units that `random_rows` has, numbered the other way round."""
    connection.execute(table.create_sql())
    connection.execute(
        f"CREATE TABLE {REPORTED_UNIT} AS "
        "SELECT n::INTEGER AS basic_unit, 100 - n::INTEGER AS unit FROM range(100) AS of(n)"
    )


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_row_is_written_once(table: Table) -> None:
    writer = TableWriter(table, group=16)
    parts = [random_rows(table, count, seed) for seed, count in enumerate((5_000, 0, 1, 700))]
    with duckdb.connect() as connection:
        create(connection, table)
        for part in parts:
            writer.add(part)
            writer.write_full(connection)
        writer.write_rest(connection)
        written = Counter(connection.execute(f"SELECT * FROM {table.name}").fetchall())
        expected: Counter[tuple[object, ...]] = Counter()
        for part in parts:
            connection.register("part", with_listed(connection, table, arrow_table(table, part)))
            expected += Counter(connection.execute("SELECT * FROM part").fetchall())
    assert written == expected


def test_a_unit_that_no_report_has_is_not_written() -> None:
    with duckdb.connect() as connection:
        create(connection, STAY)
        rows = random_rows(STAY, 3, 1)
        for wrong in (7_777, 100):
            rows[STAY.index("basic_unit"), 1] = wrong
            with pytest.raises(RuntimeError, match="a basic unit that no report has"):
                insert_arrow(connection, STAY, arrow_table(STAY, rows))
        assert connection.execute("FROM stay").fetchall() == []


def test_rows_that_lie_together_end_in_the_same_year() -> None:
    table = next(table for table in TABLES if table.name == "stay")
    writer = TableWriter(table, group=64)
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        create(connection, table)
        writer.add(random_rows(table, 50_000, 9))
        writer.write_full(connection)
        rows = connection.execute("SELECT valid_to, known_to FROM stay").fetchall()
    assert len(rows) % 64 == 0
    for start in range(0, len(rows), 64):
        block = rows[start : start + 64]
        superseded = {known_to.year < 9999 for _, known_to in block}
        assert len(superseded) == 1
        days = [known_to if True in superseded else valid_to for valid_to, known_to in block]
        assert (max(days) - min(days)).days <= 366
