"""Every SQL step of the project: states its rule, is one SELECT, lints, and is Spark too."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
import sqlglot
from sqlglot import exp

import folkestrom
from folkestrom.engine.lint import lint
from folkestrom.engine.spark import to_spark
from folkestrom.engine.steps import RegisteredStep, registered_steps


def _all_steps() -> dict[str, RegisteredStep]:
    for module in pkgutil.walk_packages(folkestrom.__path__, "folkestrom."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return {
        name: found for name, found in registered_steps().items() if name.startswith("folkestrom.")
    }


STEPS = _all_steps()


@pytest.mark.parametrize("name", STEPS)
def test_step(name: str) -> None:
    registered = STEPS[name]
    made = registered.sample()
    statements = sqlglot.parse(made.sql, read="duckdb")
    assert len(statements) == 1, "one statement a step"
    assert isinstance(statements[0], exp.Query), "a step is a SELECT"
    assert lint(made.sql) == []
    if registered.duckdb_only is None:
        assert to_spark(made.sql)
    else:
        assert len(registered.duckdb_only) > 10, "say why it stays on DuckDB"
