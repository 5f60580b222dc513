"""What episodes and panels are made with alike: temporary tables, counts, streams of batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import duckdb
import pyarrow as pa

from folkestrom.analysis.study.columns import Layout
from folkestrom.analysis.study.flow_chart import Tally
from folkestrom.engine.steps import Step, compose, parameters_of

_BATCH: Final = 262_144


def stream(
    connection: duckdb.DuckDBPyConnection,
    steps: Sequence[Step],
    parameters: Mapping[str, object],
    layout: Layout,
) -> Iterator[pa.RecordBatch]:
    """Rows of the last step, batch by batch, with the columns of the result."""
    text = compose(steps)
    found = connection.sql(text, params=parameters_of(text, parameters))
    for batch in found.to_arrow_reader(_BATCH):
        if batch.num_rows:
            yield layout.batch(batch)


def create_temporary(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    steps: Sequence[Step],
    parameters: Mapping[str, object],
) -> None:
    """Make a temporary table of the last step's rows."""
    text = compose(steps)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS {text}", parameters_of(text, parameters)
    )


def count_rows(
    connection: duckdb.DuckDBPyConnection, tally: Tally, steps: int, outcome: str
) -> None:
    """Count the part's rows into the flow chart."""
    dropped = dict(
        connection.execute("SELECT dropped, count(*) FROM part_rows GROUP BY dropped").fetchall()
    )
    # A person is there after a step if any of the person's rows is.
    reached = dict(
        connection.execute(
            f"SELECT reached, count(*) FROM (SELECT max(CASE WHEN dropped = 0 THEN {steps} "
            "ELSE dropped END) AS reached FROM part_rows GROUP BY person) GROUP BY reached"
        ).fetchall()
    )
    ended = dict(
        connection.execute(
            f"SELECT {outcome}, count(*) FROM part_rows WHERE dropped = 0 GROUP BY 1"
        ).fetchall()
    )
    counts = [
        (dropped.get(number, 0) if number else 0, sum(n for r, n in reached.items() if r > number))
        for number in range(steps)
    ]
    tally.add(counts, ended)
