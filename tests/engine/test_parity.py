"""What differs between engines is pinned: the same text, the same rows, on each of them.

DuckDB runs always. Spark runs where pyspark and Java are there, and the tests say so when not.
"""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from folkestrom.engine.settings import connect
from folkestrom.engine.spark import to_spark

Run = Callable[[str], list[tuple[Any, ...]]]

CASES: dict[str, tuple[str, list[tuple[Any, ...]]]] = {
    "a month after the last day of January": (
        "SELECT CAST(DATE '2021-01-31' + INTERVAL 1 MONTH AS DATE) AS day",
        [(date(2021, 2, 28),)],
    ),
    "a year after 29 February": (
        "SELECT CAST(DATE '2020-02-29' + INTERVAL 1 YEAR AS DATE) AS day",
        [(date(2021, 2, 28),)],
    ),
    "the day before 1 March, in and out of leap years": (
        "SELECT DATE '2020-03-01' - 1 AS leap, DATE '2021-03-01' - 1 AS common",
        [(date(2020, 2, 29), date(2021, 2, 28))],
    ),
    "integer division of positive and negative numbers": (
        "SELECT 7 // 2 AS up, 1 // 2 AS small, 6 // 3 AS even",
        [(3, 0, 2)],
    ),
    "nulls come last": (
        "SELECT x FROM (VALUES (2), (NULL), (1)) AS t(x) ORDER BY x",
        [(1,), (2,), (None,)],
    ),
    "nulls come last downwards too": (
        "SELECT x FROM (VALUES (2), (NULL), (1)) AS t(x) ORDER BY x DESC NULLS LAST",
        [(2,), (1,), (None,)],
    ),
    "one unnest gives a row an element": (
        "SELECT k, unnest(list) AS x FROM (SELECT 'a' AS k, [1, 2] AS list) AS t ORDER BY x",
        [("a", 1), ("a", 2)],
    ),
    "completed age at the end of the day before": (
        """
        SELECT born, year(day - 1) - year(born)
          - CASE WHEN month(day - 1) * 100 + day(day - 1) < month(born) * 100 + day(born)
                 THEN 1 ELSE 0 END AS age
        FROM (VALUES (DATE '2000-02-29', DATE '2021-03-01'), (DATE '2000-12-31', DATE '2021-01-01'))
          AS t(born, day)
        ORDER BY born
        """,
        [(date(2000, 2, 29), 20), (date(2000, 12, 31), 20)],
    ),
    "half-open intervals in two times": (
        """
        SELECT n FROM (VALUES (1, DATE '2020-01-01', DATE '2021-01-01'),
                              (2, DATE '2021-01-01', DATE '9999-12-31')) AS t(n, since, until)
        WHERE since <= DATE '2021-01-01' - 1 AND until > DATE '2021-01-01' - 1
        """,
        [(1,)],
    ),
    "counts under a condition": (
        "SELECT count(*) FILTER (WHERE x > 1) AS n FROM (VALUES (1), (2), (NULL)) AS t(x)",
        [(1,)],
    ),
    "the latest of several by an order": (
        """
        SELECT k, x FROM (VALUES ('a', 1), ('a', 3), ('b', 2)) AS t(k, x)
        QUALIFY row_number() OVER (PARTITION BY k ORDER BY x DESC) = 1 ORDER BY k
        """,
        [("a", 3), ("b", 2)],
    ),
}


@pytest.fixture(scope="module")
def duckdb_run() -> Run:
    connection = connect()
    return lambda sql: connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def spark_run() -> Iterator[Run]:
    if importlib.util.find_spec("pyspark") is None or shutil.which("java") is None:
        pytest.skip("parity on Spark: pyspark or Java is not installed")
    from pyspark.sql import SparkSession  # type: ignore[import-not-found,unused-ignore]

    session = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "1")
        .getOrCreate()
    )
    yield lambda sql: [tuple(row) for row in session.sql(to_spark(sql)).collect()]
    session.stop()


@pytest.mark.parametrize("case", CASES)
def test_duckdb(case: str, duckdb_run: Run) -> None:
    sql, rows = CASES[case]
    assert duckdb_run(sql) == rows


@pytest.mark.parametrize("case", CASES)
def test_spark(case: str, spark_run: Run) -> None:
    sql, rows = CASES[case]
    assert spark_run(sql) == rows
