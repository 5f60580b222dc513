"""Paths of places through time: rows are counted by them first, and places looked up afterwards.

Basic units that are in the same municipality on every day have one path. There are a few hundred,
so that a table of many days converts its cells rather than every row of the register.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Final

import duckdb
import numpy as np
from numpy.typing import NDArray

from folkestrom.engine.rows import catalog_of, first_row, is_table
from folkestrom.engine.steps import compose, create_view, run, step
from folkestrom.variables.borders.views import ASKED, PLACES

#: The path of every basic unit that occurs.
PATHS: Final = "border_path"


@step("border_path")
def border_path() -> str:
    """The number of every basic unit's path."""
    spells = "string_agg(concat(valid_from, ' ', municipality), ',' ORDER BY valid_from)"
    return f"""
        SELECT key, unit, CAST(dense_rank() OVER (ORDER BY path) AS SMALLINT) AS path
        FROM (SELECT key, unit, {spells} AS path FROM {PLACES} GROUP BY key, unit)
    """


@step("residence", reads=["residence"], example={"catalog": "folkestrom"})
def residence_by_path(catalog: str) -> str:
    """Who is resident where, with the number of the path for the municipality."""
    return f"""
        SELECT r.* REPLACE (p.path AS municipality)
        FROM {catalog}.main.residence r JOIN {PATHS} p ON p.unit = r.unit
    """


@step("path_codes", example={"expression": "municipality", "days": [date(2020, 1, 1)]})
def path_codes(expression: str, days: Sequence[date]) -> str:
    """What a place is of every path on several days, a row a day and path."""
    listed = ", ".join(f"(DATE '{day}')" for day in days)
    return f"""
        SELECT {expression} AS code
        FROM (SELECT path, min(key) AS key FROM {PATHS} GROUP BY path) p
        JOIN {PLACES} b ON b.key = p.key
        JOIN (VALUES {listed}) AS d(day) ON b.valid_from <= d.day AND b.valid_to > d.day
        ORDER BY d.day, p.path
    """


def codes_of_paths(
    connection: duckdb.DuckDBPyConnection, expression: str, days: Sequence[date]
) -> NDArray[np.int32] | None:
    """What a place is of every path on several days; None: no other borders are asked for.

    Parameters
    ----------
    connection
        An open store.
    expression
        The place, of `municipality`.
    days
        The days, in order.

    Returns
    -------
    ndarray
        (days, paths); paths are numbered from 1.
    """
    if not is_table(connection, ASKED):
        return None
    paths = compose([border_path()])
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {PATHS} AS {paths}")
    codes = run(connection, [path_codes(expression, days)]).fetchnumpy()["code"]
    return np.asarray(codes, np.int32).reshape(len(days), -1)


@contextmanager
def by_path(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let a connection see the number of a path for every municipality, while the block lasts.

    Parameters
    ----------
    connection
        An open store of which `codes_of_paths` was asked.
    """
    view = "SELECT sql FROM duckdb_views() WHERE temporary AND view_name = 'residence'"
    before = first_row(connection, view)
    create_view(connection, [residence_by_path(catalog_of(connection))], temporary=True)
    try:
        yield
    finally:
        connection.execute("DROP VIEW temp.residence")
        if before:
            connection.execute(before[0])
