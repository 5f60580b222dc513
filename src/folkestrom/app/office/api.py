"""The Python interface: one `Store` object that answers questions."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from folkestrom.app.office import feeding
from folkestrom.app.office.feeding import StoreInfo
from folkestrom.app.office.session import reading
from folkestrom.engine.store import Waiting
from folkestrom.intake.counts import IntakeResult
from folkestrom.intake.load import Progress


@dataclass(frozen=True, slots=True)
class Store:
    """A report log with everything that is derived from it.

    Nothing is held open between calls, so that others can write in the meantime.

    Parameters
    ----------
    path
        The store's folder.
    waiting
        How long to wait while somebody else writes, and where to say so.
    """

    path: Path
    waiting: Waiting = field(default_factory=Waiting)

    def intake(
        self,
        files: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
        *,
        taken_at: datetime | None = None,
        progress: Progress | None = None,
    ) -> IntakeResult:
        """Take report files in; the store is made when there is none.

        Parameters
        ----------
        files
            A file, a folder, a pattern, or several of them.
        taken_at
            The moment of the intake; None: now.
        progress
            Told how many records are read.
        """
        return feeding.intake(
            self.path, _paths(files), self.waiting, taken_at=taken_at, progress=progress
        )

    def quarantine(self, limit: int | None = None) -> pa.Table:
        """What waits in quarantine: where it came from and what is wrong, without the records.

        Parameters
        ----------
        limit
            How many rows at most; None: all.
        """
        return feeding.list_quarantine(self.path, self.waiting, limit)

    def export_quarantine(self, file: str | os.PathLike[str]) -> int:
        """Write the records that wait in quarantine to a CSV, NDJSON or Parquet file.

        Parameters
        ----------
        file
            Where to; it holds persons' records, and so belongs to the office.
        """
        return feeding.export_quarantine(self.path, Path(file), self.waiting)

    def retake(
        self,
        files: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
        *,
        taken_at: datetime | None = None,
    ) -> IntakeResult:
        """Take mended records in again, and close their places in quarantine.

        Parameters
        ----------
        files
            Files that `export_quarantine` wrote, mended.
        taken_at
            The moment of the intake; None: now.
        """
        return feeding.intake(
            self.path, _paths(files), self.waiting, retake=True, taken_at=taken_at
        )

    def seal(self, until: date) -> date:
        """Seal knowledge days: what is delivered later never changes what was published.

        Parameters
        ----------
        until
            The last knowledge day to seal.
        """
        return feeding.seal(self.path, until, self.waiting)

    def info(self) -> StoreInfo:
        """What the store holds."""
        return feeding.info(self.path, self.waiting)

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Ask the store's tables directly, by SQL; they are up to date, and cannot be changed."""
        with reading(self.path, self.waiting) as connection:
            yield connection


def open_store(path: str | os.PathLike[str]) -> Store:
    """Open the store in a folder."""
    return Store(Path(path))


def _paths(
    files: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
) -> list[Path]:
    listed = [files] if isinstance(files, str | os.PathLike) else files
    return [Path(file) for file in listed]
