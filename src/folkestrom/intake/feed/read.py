"""Reads a feed's folder into files of report records, each event once."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from folkestrom.engine.failures import path_errors
from folkestrom.engine.scratch import replacing
from folkestrom.errors import UsageError, masked
from folkestrom.intake.feed.documents import Entry
from folkestrom.intake.feed.event_types import Treatment, event_types, treatment
from folkestrom.intake.feed.folder import Documents, FeedFolder, Page
from folkestrom.intake.feed.index import Index
from folkestrom.intake.feed.mapping import Mapper
from folkestrom.intake.feed.reasons import Reason, UnreadableError
from folkestrom.intake.identities.fingerprints import report_file
from folkestrom.intake.identities.pseudonyms import Key

SOURCE: Final = "folkeregisteret"
_INDEX: Final = "read-so-far.db"
_QUARANTINE: Final = "quarantine.tsv"
#: Identifiers of documents; identity numbers are shorter.
_IDENTIFIER: Final = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LONGEST: Final = 200
_COLUMNS: Final = ("number", "document", "type", "reason", "what")


@dataclass(frozen=True, slots=True)
class FeedRead:
    """What a reading has made.

    Parameters
    ----------
    events
        Events read, those that waited in quarantine among them.
    reports
        Report records written.
    ignored
        Events of which nothing is counted.
    quarantined
        Events of these that wait in quarantine.
    waiting
        All events that wait in quarantine, of earlier readings too.
    """

    events: int
    reports: int
    ignored: int
    quarantined: int
    waiting: int

    @property
    def is_refused(self) -> bool:
        """Whether nothing came of the events, and some wait."""
        return bool(self.waiting) and not self.reports and not self.ignored

    def as_dict(self) -> dict[str, int]:
        """The counts by name."""
        return asdict(self)


def read(
    folder: FeedFolder,
    key: Key,
    reports: Path,
    *,
    source: str = SOURCE,
    progress: Callable[[int], None] | None = None,
) -> FeedRead:
    """Make report records of all that is new, and of what waited in quarantine.

    Parameters
    ----------
    folder
        The feed's folder.
    key
        Key of pseudonyms.
    reports
        Folder of the report files; made when missing.
    source
        Name of the source in the records.
    progress
        Told how many events are read.

    Raises
    ------
    UsageError
        If the key is not the one of the folder, or the reports are of another key or source.
    """
    folder.check_key(key)
    _apart(reports, folder.path)
    with path_errors(reports, "--reports"):
        reports.mkdir(mode=0o700, parents=True, exist_ok=True)
    with Index.opened(reports / _INDEX) as index:
        _same(index, reports, key=key.fingerprint, source=source)
        if "key" not in folder.settings():
            folder.keep(key=key.fingerprint)
        run = (index.setting("run") or 0) + 1
        index.set("run", run)
        reading = _Run(index, Mapper(index, key, source), progress)
        written = report_file(reports, run, key)
        with replacing(written) as beside, beside.open("wb") as file:
            for line in reading.lines(folder.pages()):
                file.write(line + b"\n")
        waiting = list(index.waiting())
        _list(reports / _QUARANTINE, waiting)
        if not reading.reports:
            written.unlink()
    return FeedRead(
        reading.events, reading.reports, reading.ignored, reading.quarantined, len(waiting)
    )


class _Run:
    """One reading, with its counts."""

    def __init__(
        self, index: Index, mapper: Mapper, progress: Callable[[int], None] | None
    ) -> None:
        self._index = index
        self._mapper = mapper
        self._progress = progress
        self.events = self.reports = self.ignored = self.quarantined = 0

    def lines(self, pages: list[Page]) -> Iterator[bytes]:
        """Records of what is new, and of what waits, in the order of the feed."""
        done = self._index.setting("read_to") or 0
        waiting = {number for number, *_ in self._index.waiting()}
        for page in pages:
            if page.last <= done and waiting.isdisjoint(range(page.first, page.last + 1)):
                continue
            documents = page.documents()
            for entry in page.entries():
                if entry.sekvensnummer > done or entry.sekvensnummer in waiting:
                    yield from self._entry(entry, documents)
            if self._progress:
                self._progress(self.events)
        if pages:
            self._index.set("read_to", max(done, pages[-1].last))

    def _entry(self, entry: Entry, documents: Documents) -> list[bytes]:
        self.events += 1
        listed = entry.hendelse
        try:
            made = self._records(entry, documents)
        except UnreadableError as error:
            self.quarantined += 1
            self._index.wait(
                entry.sekvensnummer,
                _shown(listed.hendelsesdokument),
                _shown(listed.type),
                str(error.reason),
                _shown(error.what),
            )
            return []
        self._index.release(entry.sekvensnummer)
        self.ignored += not made
        self.reports += len(made)
        return made

    def _records(self, entry: Entry, documents: Documents) -> list[bytes]:
        listed = entry.hendelse
        match treatment(listed.type):
            case Treatment.IGNORED:
                return []
            case Treatment.QUARANTINED if listed.type in event_types():
                raise UnreadableError(Reason.LEFT_TO_PEOPLE)
            case Treatment.QUARANTINED:
                raise UnreadableError(Reason.UNKNOWN_EVENT_TYPE)
        document = documents.event(listed.hendelsesdokument)
        person = documents.person(listed.persondokument)
        return self._mapper.read(listed.type, document, person)


def _shown(text: str | None) -> str:
    """A text of the feed without anything that could be a person's number."""
    text = text or ""
    return text if _IDENTIFIER.fullmatch(text) else masked(text)[:_LONGEST]


def _same(index: Index, reports: Path, **settings: str) -> None:
    """Refuse reports of another key or source in the same folder."""
    for name, value in settings.items():
        known = index.setting(name)
        if known is None:
            index.set(name, value)
        elif known != value:
            raise UsageError(
                "was written with another key, or for another source",
                where="--reports",
                value=str(reports),
                allowed=f"a new folder, or what it was written with: {known}",
                next_step="Name a new folder: everything is read into it anew.",
            )


def _apart(reports: Path, folder: Path) -> None:
    if reports.resolve().is_relative_to(folder.resolve()):
        raise UsageError(
            "lies in the folder of the feed, which holds identity numbers",
            where="--reports",
            value=str(reports),
            next_step="Name a folder inside the wall.",
        )


def _list(file: Path, waiting: list[tuple[Any, ...]]) -> None:
    with replacing(file) as beside, beside.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened, delimiter="\t")
        writer.writerow(_COLUMNS)
        writer.writerows(waiting)
