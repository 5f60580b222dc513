"""Making the catalogue: every table from the store, into one release that nobody outside sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from folkestrom import __version__
from folkestrom.app.office.catalogue.cubes import Level, cube
from folkestrom.app.office.catalogue.declared import Declared, times_of
from folkestrom.app.office.catalogue.tables import TABLES
from folkestrom.engine.store_derived import log_state
from folkestrom.model.names import check_code
from folkestrom.publish.releases.release import write_release
from folkestrom.publish.tables.definition import Definition
from folkestrom.publish.tables.figures import Figures
from folkestrom.statistics.coverage import coverage

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class BuildQuestion:
    """Tables of the catalogue, as a release.

    Parameters
    ----------
    folder
        Where releases that are not out lie.
    made_by
        Who makes it.
    tables
        Their numbers; empty: all.
    first
        The first year; None: the register's.
    progress
        Told which table is made.
    """

    folder: Path
    made_by: str
    tables: tuple[str, ...] = ()
    first: int | None = None
    progress: Progress = lambda _table: None

    def __post_init__(self) -> None:
        for id in self.tables:
            check_code(id, list(TABLES), "is no table of the catalogue", where="tables")

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Path:
        """The release's folder."""
        wanted = [TABLES[id] for id in self.tables or TABLES]
        return write_release(
            self.folder,
            self._made(connection, wanted),
            made_at=datetime.now(UTC),
            made_by=self.made_by,
            program=__version__,
            log_position=log_state(connection).position,
        )

    def _made(
        self, connection: duckdb.DuckDBPyConnection, wanted: Sequence[Declared]
    ) -> Iterator[tuple[Definition, Figures]]:
        for declared in wanted:
            self.progress(f"{declared.id} {declared.title.en}")
            yield table(connection, declared, self.first)


def table(
    connection: duckdb.DuckDBPyConnection, declared: Declared, first: int | None = None
) -> tuple[Definition, Figures]:
    """One table of the catalogue.

    Parameters
    ----------
    connection
        An open store.
    declared
        The table.
    first
        The first year; None: the register's.
    """
    times = times_of(declared, coverage(connection), first)
    places = [column for column in declared.columns if column.levels]
    own = [column.of for column in declared.columns if not column.levels]
    asked = {"": own} | {level: [level, *own] for column in places for level in column.levels}
    return cube(
        declared,
        [Level(place, declared.ask(connection, times, by)) for place, by in asked.items()],
    )
