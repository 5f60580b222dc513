"""What episodes and panels are made with alike: temporary tables, counts, streams of batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import duckdb
import pyarrow as pa

from folkestrom.analysis.study.columns import Layout
from folkestrom.analysis.study.flow_chart import FlowCounts, RangeCounts
from folkestrom.engine.steps import Step, compose, parameters_of, run, step

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


@step(
    "persons_by_step",
    example={"steps": 2, "outcome": "outcome"},
    duckdb_only="puts steps and outcomes into the bits of a number",
)
def persons_by_step(steps: int, outcome: str) -> str:
    """Persons by the last step that any of their rows reached, those that rows left at, outcomes.

    A person is there after a step if any of the person's rows is.
    """
    return f"""
        SELECT reached, steps, ended, count(*)
        FROM (
          SELECT max(CASE WHEN dropped = 0 THEN {steps} ELSE dropped END) AS reached,
                 bit_or(CASE WHEN dropped > 0 THEN 1::BIGINT << dropped ELSE 0 END) AS steps,
                 bit_or(CASE WHEN dropped = 0 THEN 1::BIGINT << {outcome} ELSE 0 END) AS ended
          FROM part_rows GROUP BY person
        )
        GROUP BY ALL
    """


@step("rows_by", example={"column": "dropped", "condition": "dropped > 0"})
def rows_by(column: str, condition: str) -> str:
    """Rows by the step at which they are left out, or by what became of them."""
    return f"SELECT {column}, count(*) FROM part_rows WHERE {condition} GROUP BY 1"


def count_rows(
    connection: duckdb.DuckDBPyConnection, tally: FlowCounts, steps: int, outcome: str
) -> None:
    """Count the part's rows into the flow chart."""
    rows = run(connection, [persons_by_step(steps, outcome)]).fetchall()
    losing: Counter[int] = Counter()
    ended: Counter[int] = Counter()
    persons = [0] * steps
    for reached, flags, ends, many in rows:
        losing.update(dict.fromkeys(_set_bits(flags), many))
        ended.update(dict.fromkeys(_set_bits(ends), many))
        for number in range(min(reached, steps)):
            persons[number] += many
    dropped = run(connection, [rows_by("dropped", "dropped > 0")]).fetchall()
    outcomes = run(connection, [rows_by(outcome, "dropped = 0")]).fetchall()
    tally.add(RangeCounts(dict(dropped), losing, persons, dict(outcomes), ended))


def _set_bits(flags: int) -> list[int]:
    return [place for place in range(flags.bit_length()) if flags >> place & 1]
