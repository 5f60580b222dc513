"""Figures as known at a moment within a day: what was received that day before it counts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from folkestrom.engine.rows import is_table
from folkestrom.engine.steps import create_view
from folkestrom.model.knowledge import KnownMoment
from folkestrom.residence.publish import residence
from folkestrom.variables.borders.asked import fixed_borders, put_up
from folkestrom.variables.borders.views import ASKED


@contextmanager
def known_then(connection: duckdb.DuckDBPyConnection, known: object) -> Iterator[None]:
    """Let a connection see all tables as known at a moment; otherwise as they are.

    Parameters
    ----------
    connection
        An open store, which may see places in other borders.
    known
        What is asked for: a `KnownMoment`, or anything else.
    """
    if not isinstance(known, KnownMoment):
        yield
        return
    # Imported here: the kernels bring a compiler, and most questions are asked without.
    from folkestrom.register.as_known.moments import as_known

    with as_known(connection, known):
        create_view(connection, [residence()])
        _see_borders_again(connection)
        yield
    _see_borders_again(connection)


def _see_borders_again(connection: duckdb.DuckDBPyConnection) -> None:
    """Put up borders that were asked for, over the tables that a connection sees now."""
    if is_table(connection, ASKED):
        for view in ("residence", "event"):
            connection.execute(f"DROP VIEW IF EXISTS temp.{view}")
        put_up(connection, fixed_borders(connection))
