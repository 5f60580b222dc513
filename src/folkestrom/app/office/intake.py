"""What the office does to feed a store: take in, quarantine, seal, look at it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from folkestrom.app.office.session import looking, register_tables, writing
from folkestrom.engine.failures import path_errors
from folkestrom.engine.store import Waiting, database_file, staging_folder, transaction
from folkestrom.engine.store_derived import is_fresh, log_state, refresh
from folkestrom.engine.store_meta import format_version
from folkestrom.intake import quarantine, sealing
from folkestrom.intake.batch import IntakeOrder, take_in
from folkestrom.intake.counts import IntakeResult
from folkestrom.intake.reading.files import find_files
from folkestrom.intake.tables import count_rows, last_known
from folkestrom.model.time import local_day
from folkestrom.register.build import compile_kernels

if TYPE_CHECKING:
    from folkestrom.intake.load import Progress


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """What a store holds.

    Parameters
    ----------
    folder
        The store.
    format_version
        Version of its layout.
    bytes
        Size of its file.
    reports
        Reports in the log.
    batches
        Intakes so far.
    quarantined
        Records that wait in quarantine, by reason.
    waiting_targets
        Reports whose target has not come.
    sealed_until
        The last sealed knowledge date.
    last_known_from
        The latest day on which a report became known.
    fresh
        Whether the derived tables are made from the log as it is.
    """

    folder: str
    format_version: int
    bytes: int
    reports: int
    batches: int
    quarantined: dict[str, int]
    waiting_targets: int
    sealed_until: date | None
    last_known_from: date | None
    fresh: bool


def intake(
    folder: Path,
    files: Iterable[str | Path],
    waiting: Waiting,
    *,
    retake: bool = False,
    taken_at: datetime | None = None,
    progress: Progress | None = None,
    stage: Callable[[str], None] | None = None,
    borders: str | None = None,
) -> IntakeResult:
    """Take files in: the log, and all that is derived from it, in one step or not at all.

    Parameters
    ----------
    folder
        The store; made when missing.
    files
        Files, folders or patterns.
    waiting
        How to wait for others.
    retake
        Whether the files are exports of quarantined records that come back.
    taken_at
        The moment of the intake; None: now.
    progress
        Told how many records are read.
    stage
        Told when the log is done and the "register" begins.
    borders
        In which borders the reports of a new store are: a year, or "as-it-was".
    """
    found = find_files(files)
    tables = register_tables()
    # The register's compiled code is loaded while the engine reads and checks the reports.
    with writing(folder, waiting) as connection, ThreadPoolExecutor(1) as beside:
        order = IntakeOrder(
            found,
            staging_folder(folder),
            retake,
            taken_at,
            progress or _silent,
            lambda: beside.submit(compile_kernels),
            borders,
        )
        with transaction(connection):
            result = take_in(connection, order)
            if stage:
                stage(tables.name)
            refresh(connection, tables)
    return result


def seal(folder: Path, until: date, waiting: Waiting) -> date:
    """Seal knowledge dates up to one, today at the latest.

    What is delivered later never changes what was published.
    """
    with looking(folder, waiting):
        pass  # a seal makes no store
    with writing(folder, waiting) as connection, transaction(connection):
        return sealing.seal(connection, until, local_day(datetime.now(UTC)))


def list_quarantine(folder: Path, waiting: Waiting, limit: int | None = None) -> pa.Table:
    """What waits in quarantine, and why."""
    with looking(folder, waiting) as connection:
        return quarantine.list_open(connection, limit)


def count_quarantine(folder: Path, waiting: Waiting) -> dict[str, int]:
    """How many records wait in quarantine, by reason."""
    with looking(folder, waiting) as connection:
        return quarantine.count_by_reason(connection)


def export_quarantine(folder: Path, to: Path, waiting: Waiting) -> int:
    """Write the records that wait in quarantine to a file; return how many."""
    with looking(folder, waiting) as connection, path_errors(to, "FILE"):
        return quarantine.export(connection, to)


def info(folder: Path, waiting: Waiting) -> StoreInfo:
    """What a store holds."""
    with looking(folder, waiting) as connection:
        return StoreInfo(
            folder=str(folder),
            format_version=format_version(connection),
            bytes=database_file(folder).stat().st_size,
            **count_rows(connection),
            quarantined=quarantine.count_by_reason(connection),
            sealed_until=sealing.sealed_until(connection),
            last_known_from=last_known(connection),
            fresh=log_state(connection).position == 0 or is_fresh(connection, register_tables()),
        )


def _silent(_rows: int) -> None:
    """Say nothing."""
