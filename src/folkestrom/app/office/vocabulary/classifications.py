"""What the office does with classifications: load them from files, or pull them from a service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl

from folkestrom.app.office.session import register_tables, writing
from folkestrom.classifications.areas import FIRST_DAY
from folkestrom.classifications.divisions.changes import later_codes
from folkestrom.classifications.divisions.division import in_force, using
from folkestrom.classifications.loading import CENTRALITY, Loaded, counts, keep, read_folder
from folkestrom.classifications.service import pulled
from folkestrom.engine.failures import path_errors
from folkestrom.engine.store import Waiting, staging_folder, transaction
from folkestrom.engine.store_derived import refresh
from folkestrom.intake import quarantine
from folkestrom.intake.batch import IntakeOrder, take_in
from folkestrom.intake.reading.files import find_files
from folkestrom.linkage.catalogue import linked_variables
from folkestrom.linkage.delivery import LinkOrder, link
from folkestrom.model.time import local_day


@dataclass(frozen=True, slots=True)
class ClassificationsResult:
    """What was put into a store.

    Parameters
    ----------
    codes
        Codes of each classification.
    faults
        What is wrong in the lists, and how it is taken.
    released
        Reports that waited in quarantine for their numbers of municipalities, and are in the log
        now.
    waiting
        Those of them that wait still.
    """

    codes: Mapping[str, int]
    faults: tuple[str, ...]
    released: int = 0
    waiting: int = 0


def load(folder: Path, files: Path, waiting: Waiting) -> ClassificationsResult:
    """Load classifications from a folder of files, in place of those that the store had."""
    with path_errors(files, "--from", reading=True):
        loaded = read_folder(files)
    return _kept(folder, loaded, waiting)


def pull(folder: Path, waiting: Waiting) -> ClassificationsResult:
    """Pull classifications from the service, in place of those that the store had."""
    tomorrow = local_day(datetime.now(UTC)) + timedelta(days=1)
    return _kept(folder, pulled(tomorrow), waiting)


def _kept(folder: Path, loaded: Loaded, waiting: Waiting) -> ClassificationsResult:
    with writing(folder, waiting) as connection, transaction(connection):
        before = in_force()
        keep(connection, loaded)
        if loaded.centrality is not None:
            _link(connection, staging_folder(folder), loaded.centrality)
        of = loaded.division
        counted = (0, 0)
        if of is not None and of != before:
            changed = {*later_codes(before), *later_codes(of)}
            with using(of):
                counted = _released(connection, staging_folder(folder), sorted(changed))
    return ClassificationsResult(counts(loaded), loaded.faults, *counted)


def _link(connection: duckdb.DuckDBPyConnection, staging: Path, classes: pl.DataFrame) -> None:
    """Keep classes of municipalities as the linked variable that they are."""
    staging.mkdir(mode=0o700, exist_ok=True)
    file = staging / f"{CENTRALITY}.parquet"
    classes.write_parquet(file)
    refresh(connection, register_tables())
    # The first were known all the time; what replaces others is known from now on.
    known = None if CENTRALITY in linked_variables(connection) else FIRST_DAY
    link(connection, LinkOrder(CENTRALITY, find_files([file]), staging, known_from=known))


def _released(
    connection: duckdb.DuckDBPyConnection, staging: Path, codes: Sequence[str]
) -> tuple[int, int]:
    """Take in again what waits for its numbers of municipalities; how many are in, and wait."""
    staging.mkdir(mode=0o700, exist_ok=True)
    file = staging / "released.parquet"
    if not quarantine.export(connection, file, codes):
        return 0, 0
    order = IntakeOrder(find_files([file]), staging, retake=True)
    (done,) = take_in(connection, order).files
    refresh(connection, register_tables())
    return done.accepted, done.quarantined
