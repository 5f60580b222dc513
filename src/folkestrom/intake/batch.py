"""One intake: files in, a longer log out, and every record accounted for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np

from folkestrom.engine.rows import first_number
from folkestrom.engine.store_derived import LogState, log_state, put_log_state
from folkestrom.intake.build import Moment
from folkestrom.intake.counts import FileCount, IntakeResult
from folkestrom.intake.identities.fingerprints import check_fingerprints
from folkestrom.intake.load import PlacedDelivery, Progress, load, place
from folkestrom.intake.quarantine import main_reason, reopen
from folkestrom.intake.quarantine_records import make_work_tables, quarantine_records
from folkestrom.intake.reading.files import Format, InputFile
from folkestrom.intake.reading.readers import Delivery, read_parquet
from folkestrom.intake.reading.text_files import convert
from folkestrom.intake.redeliveries import close_mended, repeats_waiting, still_waiting
from folkestrom.intake.resolution.borders import settle_borders, tell_meanings
from folkestrom.intake.resolution.conflicts import find_earlier, settle_keys
from folkestrom.intake.resolution.links import add_links, settle_links
from folkestrom.intake.sealing import sealed_until
from folkestrom.intake.tables import create_lines
from folkestrom.model.time import known_from


@dataclass(frozen=True, slots=True)
class IntakeOrder:
    """What is to be taken in, and how.

    Parameters
    ----------
    files
        The files.
    staging
        Scratch folder for conversions.
    retake
        Whether the files are exports of quarantined records that come back.
    taken_at
        The moment of the intake; None: now.
    progress
        Told how many rows are read.
    looked_at
        Called when every file has been looked at and none is unreadable.
    borders
        In which borders the reports are, of a store that takes in its first ones: a year, or
        "as-it-was". None: of invented persons those of 2020, else those of their own day.
    """

    files: Sequence[InputFile]
    staging: Path
    retake: bool = False
    taken_at: datetime | None = None
    progress: Progress = lambda _rows: None
    looked_at: Callable[[], object] = lambda: None
    borders: str | None = None


def take_in(connection: duckdb.DuckDBPyConnection, order: IntakeOrder) -> IntakeResult:
    """Take files in, within the caller's transaction.

    Parameters
    ----------
    connection
        The store.
    order
        The files.
    """
    known = {} if order.retake else _taken_before(connection, order.files)
    new = [file for file in order.files if file.digest not in known]
    waiting = still_waiting(connection, list(known))
    if not new:
        files = tuple(_repeated(file, known) for file in order.files)
        return IntakeResult(None, files, waiting=tuple(waiting))
    check_fingerprints(connection, [file.path for file in new])
    deliveries = _prepare(connection, new, order)
    order.looked_at()
    taken_at = order.taken_at or datetime.now(UTC)
    state = log_state(connection)
    borders = settle_borders(connection, order.borders, deliveries, empty=not state.position)
    moment = replace(_moment(connection, taken_at), borders=borders)
    placed = place(deliveries, state.position)
    first = state.position + 1
    make_work_tables(connection)
    create_lines(connection)
    _announce(connection, placed)
    if order.retake:
        placed = reopen(connection, placed, moment.batch)
    hashes = load(connection, placed, moment, order.progress)
    tell_meanings(connection)
    quarantine_records(connection, moment.batch, first)
    add_links(connection, first)
    find_earlier(connection, hashes, first)
    settle_keys(connection, hashes, moment.batch, first)
    quarantine_records(connection, moment.batch, first)
    settle_links(connection, moment, first)
    quarantine_records(connection, moment.batch, first)
    closed = [] if order.retake else close_mended(connection, moment.batch, first)
    counted = _count(connection, placed)
    _record(connection, placed, counted, moment, taken_at)
    withdrawn, reinstated = _left(connection), _came_back(connection)
    last = state.position + sum(d.rows for d in deliveries)
    changed = state.withdrawals + (1 if withdrawn or reinstated else 0)
    put_log_state(connection, LogState(last, changed))
    by_digest = {p.delivery.file.digest: c for p, c in zip(placed, counted, strict=True)}
    files = tuple(by_digest.get(f.digest) or _repeated(f, known) for f in order.files)
    waiting = sorted({*waiting, *repeats_waiting(connection)} - {*closed})
    read = 0 if state.position else sum(d.rows for d in deliveries)
    return IntakeResult(
        moment.batch, files, withdrawn, reinstated, tuple(closed), tuple(waiting),
        main_reason(connection, read, borders),
    )  # fmt: skip


def _prepare(
    connection: duckdb.DuckDBPyConnection, files: Sequence[InputFile], order: IntakeOrder
) -> list[Delivery]:
    """Look at every file before any of them is taken in."""
    with closing(connection.cursor()) as converter:
        return [_delivery(converter, file, n, order) for n, file in enumerate(files)]


def _delivery(
    converter: duckdb.DuckDBPyConnection, file: InputFile, number: int, order: IntakeOrder
) -> Delivery:
    if file.format == Format.PARQUET:
        return read_parquet(converter, file, retake=order.retake)
    order.staging.mkdir(mode=0o700, exist_ok=True)
    target = order.staging / f"{number}.parquet"
    return convert(converter, file, target, retake=order.retake)


def _moment(connection: duckdb.DuckDBPyConnection, taken_at: datetime) -> Moment:
    batch = first_number(connection, "SELECT max(batch) FROM batch") + 1
    sealed = sealed_until(connection)
    after = date.min if sealed is None else sealed + timedelta(days=1)
    return Moment(batch, taken_at, max(known_from(taken_at), after), sealed)


def _taken_before(
    connection: duckdb.DuckDBPyConnection, files: Sequence[InputFile]
) -> dict[str, int]:
    """Digests of files that were taken in before, with the number of their records."""
    rows = connection.execute(
        "SELECT digest, max(read) FROM delivery WHERE digest IN (SELECT unnest($digests)) "
        "GROUP BY digest",
        {"digests": [file.digest for file in files]},
    ).fetchall()
    return {str(digest): int(read) for digest, read in rows}


def _repeated(file: InputFile, known: dict[str, int]) -> FileCount:
    read = known[file.digest]
    return FileCount(str(file.path), read, 0, 0, read)


def _announce(connection: duckdb.DuckDBPyConnection, placed: Sequence[PlacedDelivery]) -> None:
    connection.execute(
        "INSERT INTO arriving SELECT unnest($first), unnest($last), unnest($file)",
        {
            "first": [p.first for p in placed],
            "last": [p.first + p.delivery.rows - 1 for p in placed],
            "file": [str(p.delivery.file.path) for p in placed],
        },
    )


def _count(
    connection: duckdb.DuckDBPyConnection, placed: Sequence[PlacedDelivery]
) -> list[FileCount]:
    """Count what became of every record of every file."""
    found = connection.execute("SELECT position, is_repeat FROM outcome").fetchnumpy()
    starts = np.array([p.first for p in placed])
    file_of = np.searchsorted(starts, np.asarray(found["position"]), side="right") - 1
    repeat = np.asarray(found["is_repeat"], bool)
    repeats = np.bincount(file_of[repeat], minlength=len(placed))
    held = np.bincount(file_of[~repeat], minlength=len(placed))
    return [
        FileCount(
            str(p.delivery.file.path),
            p.delivery.rows,
            p.delivery.rows - int(held[n]) - int(repeats[n]),
            int(held[n]),
            int(repeats[n]),
        )
        for n, p in enumerate(placed)
    ]


def _record(
    connection: duckdb.DuckDBPyConnection,
    placed: Sequence[PlacedDelivery],
    counted: Sequence[FileCount],
    moment: Moment,
    taken_at: datetime,
) -> None:
    """Write down the intake and its files."""
    at = taken_at.astimezone(UTC).replace(tzinfo=None)
    connection.execute(
        "INSERT INTO batch VALUES ($batch, $at, $withdrawn, $reinstated)",
        {
            "batch": moment.batch,
            "at": at,
            "withdrawn": _left(connection),
            "reinstated": _came_back(connection),
        },
    )
    connection.execute(
        "INSERT INTO delivery SELECT $batch, unnest($file), unnest($digest), unnest($first), "
        "unnest($read), unnest($accepted), unnest($quarantined), unnest($repeats)",
        {
            "batch": moment.batch,
            "file": [c.file for c in counted],
            "digest": [p.delivery.file.digest for p in placed],
            "first": [p.first for p in placed],
            "read": [c.read for c in counted],
            "accepted": [c.accepted for c in counted],
            "quarantined": [c.quarantined for c in counted],
            "repeats": [c.repeats for c in counted],
        },
    )


def _left(connection: duckdb.DuckDBPyConnection) -> int:
    return first_number(connection, "SELECT count(*) FROM gone WHERE was_in_log")


def _came_back(connection: duckdb.DuckDBPyConnection) -> int:
    return first_number(connection, "SELECT count(*) FROM came_back")
