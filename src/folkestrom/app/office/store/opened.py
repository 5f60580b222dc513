"""A store that is asked: where it is, and how to wait for others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from folkestrom.app.office.session import reading
from folkestrom.engine.store import Waiting
from folkestrom.linkage.catalogue import linked_variables
from folkestrom.variables.codes import CodeTable, known_variables


@dataclass(frozen=True, slots=True)
class Opened:
    """Where a store is, and how to wait while another process writes; see `Store`."""

    path: Path
    waiting: Waiting = field(default_factory=Waiting)

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Ask the store's tables directly, by SQL; they are up to date, and cannot be changed.

        Beside them stands `code`: every code of every variable, with its labels.
        """
        with reading(self.path, self.waiting) as connection:
            known = known_variables(linked_variables(connection))
            connection.register("code", CodeTable(tuple(known.values())))
            yield connection
