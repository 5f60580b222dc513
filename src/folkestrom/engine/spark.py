"""The same text for Spark: DuckDB's dialect is the method, Spark's is carried over from it."""

from __future__ import annotations

import sqlglot
from sqlglot.errors import ErrorLevel, SqlglotError

from folkestrom.engine.steps import StepError


def to_spark(sql: str) -> str:
    """Carry a statement over to Spark, refusing what Spark has no words for.

    Examples
    --------
    >>> to_spark("SELECT person // 2 AS half FROM report ORDER BY half")
    'SELECT person DIV 2 AS half FROM report ORDER BY half NULLS LAST'
    """
    try:
        (text,) = sqlglot.transpile(
            sql, read="duckdb", write="spark", unsupported_level=ErrorLevel.RAISE
        )
        sqlglot.parse_one(text, read="spark")
    except SqlglotError as error:
        raise StepError(f"no Spark text for: {sql}") from error
    return text
