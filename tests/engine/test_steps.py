"""Steps compose, bind, trace, and say what does not fit."""

from __future__ import annotations

import duckdb
import pytest

from folkestrom.engine.settings import connect
from folkestrom.engine.steps import (
    Step,
    StepError,
    StepTrace,
    compose,
    create_table,
    run,
    step,
)

SERIES = Step("numbers", "SELECT range AS n FROM range($count)", "")
EVEN = Step("even", "SELECT n FROM numbers WHERE n % 2 = 0 AND n >= $least", "")


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    return connect()


def test_the_last_step_is_the_answer(connection: duckdb.DuckDBPyConnection) -> None:
    found = run(connection, [SERIES, EVEN], {"count": 6, "least": 1, "unused": 0}).fetchall()
    assert found == [(2,), (4,)]


def test_debug_mode_keeps_every_step_and_gives_the_same_rows(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    trace: list[StepTrace] = []
    found = run(connection, [SERIES, EVEN], {"count": 6, "least": 1}, trace=trace).fetchall()
    assert found == [(2,), (4,)]
    assert [(t.name, t.rows) for t in trace] == [("numbers", 6), ("even", 2)]
    assert connection.execute("SELECT count(*) FROM numbers").fetchone() == (6,)


@pytest.mark.parametrize("traced", [False, True])
def test_steps_become_a_table(connection: duckdb.DuckDBPyConnection, traced: bool) -> None:
    trace: list[StepTrace] | None = [] if traced else None
    create_table(connection, "kept", [SERIES, EVEN], {"count": 6, "least": 0}, trace=trace)
    assert connection.execute("SELECT sum(n) FROM kept").fetchone() == (6,)


def test_a_missing_value_is_named(connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(StepError, match="least"):
        run(connection, [SERIES, EVEN], {"count": 6})


@pytest.mark.parametrize("steps", [[], [SERIES, SERIES]])
def test_what_does_not_fit_is_refused(steps: list[Step]) -> None:
    with pytest.raises(StepError):
        compose(steps)


def test_a_step_states_its_rule() -> None:
    with pytest.raises(StepError, match="docstring"):
        step("silent")(lambda: "SELECT 1")
    with pytest.raises(StepError, match="lower-case"):
        step("Not A Name")
