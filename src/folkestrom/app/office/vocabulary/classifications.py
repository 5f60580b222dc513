"""What the office does with classifications: load them from files, or pull them from a service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from folkestrom.app.office.session import writing
from folkestrom.classifications.loading import Loaded, counts, keep, read_folder
from folkestrom.classifications.service import LISTS, pulled
from folkestrom.engine.failures import path_errors
from folkestrom.engine.store import Waiting, transaction
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
    """

    codes: Mapping[str, int]
    faults: tuple[str, ...]


def load(folder: Path, files: Path, waiting: Waiting) -> ClassificationsResult:
    """Load classifications from a folder of files, in place of those that the store had."""
    with path_errors(files, "--from"):
        loaded = read_folder(files)
    return _kept(folder, loaded, waiting)


def pull(
    folder: Path, waiting: Waiting, lists: Mapping[str, int] | None = None
) -> ClassificationsResult:
    """Pull classifications from the service, in place of those that the store had."""
    tomorrow = local_day(datetime.now(UTC)) + timedelta(days=1)
    return _kept(folder, pulled(LISTS | dict(lists or {}), tomorrow), waiting)


def _kept(folder: Path, loaded: Loaded, waiting: Waiting) -> ClassificationsResult:
    with writing(folder, waiting) as connection, transaction(connection):
        keep(connection, loaded)
    return ClassificationsResult(counts(loaded), loaded.faults)
