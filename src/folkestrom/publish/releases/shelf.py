"""The folder that the public is served from: releases that are out, and a list of them.

The list is replaced in one step. Whoever reads looks at it before each answer, so that all tables
of a release are there from the same instant on, in every process, without a restart. What is not
out yet never lies in this folder.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from folkestrom.errors import FolkestromError, InputRefused
from folkestrom.model.specification import Text
from folkestrom.publish.releases.release import Manifest, check_release, table_folders
from folkestrom.publish.statbank.dataset import Approval, Published
from folkestrom.publish.tables.folder import read_table

_LIST: Final = "out.json"
_CALENDAR: Final = "calendar.json"
_NOTICE: Final = "notice.json"
_RELEASES: Final = "releases"
_T = TypeVar("_T")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Out:
    """A release that is out.

    Parameters
    ----------
    release
        Its name.
    since
        The instant from which it has been out, in UTC.
    approval
        Who approved it; None: that was not kept when it came out.
    """

    release: str
    since: datetime
    approval: Approval | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """A change to the calendar.

    Parameters
    ----------
    at
        When it was made, in UTC.
    before, due
        When the release was to come out, and when it is now, in UTC; None: not at all.
    why
        The reason.
    """

    at: datetime
    before: datetime | None
    due: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class Announced:
    """What was said of a release that is to come: never anything of its figures.

    Parameters
    ----------
    titles
        What its tables are about, by their numbers.
    due
        When it comes out, in UTC; None: not yet determined.
    state
        "scheduled", "out" or "withdrawn".
    moved
        What was said otherwise before, or at short notice, and why.
    told
        When that was last said, in UTC; None: before that was written down.
    """

    titles: dict[str, Text]
    due: datetime | None
    state: str
    moved: tuple[Moved, ...] = ()
    told: datetime | None = None


def releases_of(shelf: Path) -> Path:
    """The folder that the releases themselves lie in.

    Parameters
    ----------
    shelf
        The public folder.
    """
    return shelf / _RELEASES


def listed(shelf: Path) -> list[Out]:
    """The releases that are out, from the first on.

    Parameters
    ----------
    shelf
        The public folder.
    """
    return _read(shelf / _LIST, list[Out]) or []


def _read(path: Path, type: type[_T]) -> _T | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=type)
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError as error:
        raise InputRefused("is not as it was written", where=str(path)) from error


def put_out(shelf: Path, release: Path, since: datetime, approval: Approval | None = None) -> None:
    """Make a release public, at once and as a whole.

    Parameters
    ----------
    shelf
        The public folder, on the same file system as the release.
    release
        The release; it is moved.
    since
        The instant from which it is out.
    approval
        Who approved it. It stands in the list, beside the release: that never changes.
    """
    place = releases_of(shelf)
    place.mkdir(parents=True, exist_ok=True)
    out = listed(shelf)
    if all(one.release != release.name for one in out):
        out.append(Out(release.name, since, approval))
    # The list is written first, and shown once the release is there.
    with _replacing(shelf / _LIST, msgspec.json.encode(out)):
        # Whoever was killed in the middle of this does it again.
        if release.exists() or not (place / release.name).exists():
            check_release(release)
            release.rename(place / release.name)


@contextmanager
def announcing(shelf: Path, coming: Sequence[Announced]) -> Iterator[None]:
    """Say what comes out when, once what is done in the context is done: both, or neither.

    Parameters
    ----------
    shelf
        The public folder.
    coming
        What is scheduled, and what was taken off its way.
    """
    shelf.mkdir(parents=True, exist_ok=True)
    with _replacing(shelf / _CALENDAR, msgspec.json.encode(coming)):
        yield


def announce(shelf: Path, coming: Sequence[Announced]) -> None:
    """Say what comes out when, unless that is said already.

    Parameters
    ----------
    shelf, coming
        As for `announcing`.
    """
    path, content = shelf / _CALENDAR, msgspec.json.encode(coming)
    if coming and not (path.is_file() and path.read_bytes() == content):
        replace_file(path, content)


def announced(shelf: Path) -> list[Announced]:
    """What comes out when, as was announced.

    Parameters
    ----------
    shelf
        The public folder.
    """
    return _read(shelf / _CALENDAR, list[Announced]) or []


def put_notice(shelf: Path, notice: Text) -> None:
    """Say something on every page: that the data are synthetic, or that something is wrong.

    Parameters
    ----------
    shelf
        The public folder.
    notice
        What is said.
    """
    shelf.mkdir(parents=True, exist_ok=True)
    replace_file(shelf / _NOTICE, msgspec.json.encode(notice))


def replace_file(path: Path, content: bytes) -> None:
    """Write a file in one step: whoever reads sees the old one or the new one, and no part of it.

    Parameters
    ----------
    path, content
        The file.
    """
    with _replacing(path, content):
        pass


@contextmanager
def _replacing(path: Path, content: bytes) -> Iterator[None]:
    """A file that is written now, and takes the place of another at the end; none if that fails."""
    new = path.with_name(f"{path.name}.new")
    try:
        with new.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


_Stamp = tuple[int, int, int] | None


def _stamp(path: str) -> _Stamp:
    """What tells one state of a file from another; None: there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - three in each question, at a third of the time
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


class Shelf:
    """The tables that are out, as of each question.

    Parameters
    ----------
    folder
        The public folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._list, self._calendar = str(folder / _LIST), str(folder / _CALENDAR)
        self._seen: _Stamp = None
        self._told: tuple[_Stamp, list[Announced]] = (None, [])
        self._tables: dict[str, Published] = {}
        self._vintages: dict[str, list[tuple[Path, datetime]]] = {}
        self._opened: dict[tuple[str, Path], Published] = {}
        self._sound: dict[str, Manifest] = {}
        self._approvals: dict[str, Approval | None] = {}
        self._lock = threading.Lock()

    def tables(self) -> Mapping[str, Published]:
        """The newest of every table, by its number.

        A list or release that is broken leaves those that were there before.
        """
        seen = _stamp(self._list)
        if seen is not None and seen != self._seen:
            with self._lock:
                if seen != self._seen:
                    self._tables = self._read()
                    self._seen = seen
        return self._tables

    def calendar(self) -> list[Announced]:
        """What was announced, the next first; nothing where that cannot be read."""
        stamp = _stamp(self._calendar)
        if stamp != self._told[0]:
            try:
                found = announced(self._folder)
            except (FolkestromError, OSError) as error:
                _log.error("%s", error)
                return []
            self._told = stamp, sorted(found, key=lambda one: (one.due is None, one.due))
        return self._told[1]

    def state(self) -> object:
        """Something that is another as soon as anything is out, or announced, that was not."""
        return _stamp(self._list), _stamp(self._calendar)

    def notice(self) -> Text | None:
        """What is to be said on every page; None: nothing."""
        try:
            return _read(self._folder / _NOTICE, Text)
        except (FolkestromError, OSError) as error:
            _log.error("%s", error)
            return None

    def unchanged_for(self, now: datetime, most: int) -> int:
        """Whole seconds in which nothing comes out, up to so many.

        Parameters
        ----------
        now
            The time, in UTC.
        most
            The largest answer.
        """
        due = [one.due for one in self.calendar() if one.state == "scheduled" and one.due]
        left = min(((day - now).total_seconds() for day in due), default=most)
        return int(max(0, min(most, left)))

    def _read(self) -> dict[str, Published]:
        try:
            outs = listed(self._folder)
        except (FolkestromError, OSError) as error:
            _log.error("%s", error)
            return self._tables
        vintages: dict[str, list[tuple[Path, datetime]]] = {}
        self._approvals = {out.release: out.approval for out in outs}
        for out in outs:
            folder = releases_of(self._folder) / out.release
            try:
                # Every file once, when it is first seen: what was copied by halves stays out.
                if out.release not in self._sound:
                    self._sound[out.release] = check_release(folder)
            except FolkestromError as error:
                _log.error("%s", error)
                continue
            for id, at in table_folders(folder, self._sound[out.release]).items():
                vintages.setdefault(id, []).append((at, out.since))
        self._vintages = vintages
        newest = {id: self._table(id, *places[-1]) for id, places in vintages.items()}
        return {
            id: table
            for id, one in newest.items()
            if (table := one or self._tables.get(id)) is not None
        }

    def vintages(self, id: str) -> list[Published]:
        """Every vintage of a table that came out, from the first on.

        Parameters
        ----------
        id
            The table's number.
        """
        self.tables()
        found = (self._table(id, *place) for place in self._vintages.get(id, []))
        return [table for table in found if table is not None]

    def _table(self, id: str, folder: Path, since: datetime) -> Published | None:
        if (id, folder) not in self._opened:
            try:
                release = folder.parent.parent.name
                found = Published(
                    *read_table(folder), since, release, self._sound[release].why,
                    self._approvals.get(release),
                )  # fmt: skip
            except FolkestromError as error:
                _log.error("%s", error)
                return None
            self._opened[id, folder] = found
        return self._opened[id, folder]
