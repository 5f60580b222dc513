"""The folder of a feed: pages and documents as they were received, and the key's fingerprint.

`pages/FIRST-LAST.json` is a page; beside it, under the same name in `documents` and `persons`, are
the documents of its events, one a line. A page's file is written last, so that what is there is
whole. The folder holds identity numbers: it is its owner's alone, and lies outside the wall.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from folkestrom.engine.failures import path_errors
from folkestrom.engine.scratch import replacing
from folkestrom.errors import InputRefused, UsageError
from folkestrom.intake.feed.documents import (
    Entry,
    EventDocument,
    Person,
    document_line,
    read_document,
    read_page,
    read_person,
    read_saved_person,
)
from folkestrom.intake.feed.reasons import Reason, UnreadableError
from folkestrom.intake.identities.pseudonyms import Key

_DIGITS: Final = 12
_PAGES, _DOCUMENTS, _PERSONS = "pages", "documents", "persons"
_SETTINGS: Final = "settings.json"


class _Identified(msgspec.Struct):
    dokumentidentifikator: str


_IDENTIFIER: Final = msgspec.json.Decoder(_Identified).decode


@dataclass(frozen=True, slots=True)
class Page:
    """A saved page.

    Parameters
    ----------
    folder
        The feed's folder.
    first, last
        Numbers of its first and last event.
    """

    folder: Path
    first: int
    last: int

    @property
    def name(self) -> str:
        """Name of its files, without an ending."""
        return f"{self.first:0{_DIGITS}d}-{self.last:0{_DIGITS}d}"

    def file(self, kind: str) -> Path:
        """Its file in the folder of pages, documents or persons."""
        return self.folder / kind / f"{self.name}.{'json' if kind == _PAGES else 'ndjson'}"

    def entries(self) -> list[Entry]:
        """Its events."""
        path = self.file(_PAGES)
        try:
            return read_page(path.read_bytes())
        except msgspec.MsgspecError as error:
            raise InputRefused(
                "is damaged",
                where=str(path),
                next_step="Remove it and all pages after it, and pull again.",
            ) from error

    def documents(self) -> Documents:
        """The documents of its events."""
        lines = [
            path.read_bytes().splitlines() if path.exists() else []
            for path in (self.file(kind) for kind in (_DOCUMENTS, _PERSONS))
        ]
        return Documents(*lines)


class Documents:
    """Documents of one page, by their identifiers.

    Parameters
    ----------
    events, persons
        Lines of the two files.
    """

    def __init__(self, events: list[bytes], persons: list[bytes]) -> None:
        self._events = dict(_identified(events))
        self._persons = {
            saved.persondokument: saved.dokument for saved in map(read_saved_person, persons)
        }

    def event(self, name: str | None) -> EventDocument:
        """An event document."""
        found = self._events.get(name or "")
        if found is None:
            raise UnreadableError(Reason.NO_DOCUMENT)
        return found if isinstance(found, EventDocument) else _read(read_document, found)

    def person(self, name: str | None) -> Person | None:
        """A person document, where one was saved."""
        raw = self._persons.get(name or "")
        return None if raw is None else _read(read_person, raw)


def _identified(lines: list[bytes]) -> Iterator[tuple[str, EventDocument | bytes]]:
    """Event documents with their identifiers; of one that cannot be read its line."""
    for line in lines:
        try:
            document = read_document(line)
            yield document.dokumentidentifikator, document
        except msgspec.MsgspecError:
            try:
                yield _IDENTIFIER(line).dokumentidentifikator, line
            except msgspec.MsgspecError:
                continue


def _read(reader: Any, raw: Any) -> Any:
    try:
        return reader(raw)
    except msgspec.MsgspecError as error:
        # It says where in the document, and which type was expected: never a value.
        raise UnreadableError(Reason.BROKEN_DOCUMENT, str(error)) from error


class FeedFolder:
    """A folder of pages and documents.

    Parameters
    ----------
    path
        The folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def existing(cls, path: Path) -> FeedFolder:
        """A folder that was pulled into."""
        if not (path / _PAGES).is_dir():
            raise UsageError(
                "is no folder of a feed",
                where="FOLDER",
                value=str(path),
                allowed="a folder that folkestrom feed pull has written",
                next_step="Pull first: folkestrom feed pull --url URL --to FOLDER",
            )
        return cls(path)

    def make(self) -> None:
        """Make the folder, for its owner alone, if it is not there."""
        with path_errors(self.path, "--to"):
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            for kind in (_PAGES, _DOCUMENTS, _PERSONS):
                (self.path / kind).mkdir(mode=0o700, exist_ok=True)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let no two pulls write at a time."""
        handle = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            raise UsageError(
                "is being written by another process",
                where=str(self.path),
                next_step="Wait for it, and pull again.",
            ) from error
        try:
            yield
        finally:
            os.close(handle)

    def pages(self) -> list[Page]:
        """All pages, in order."""
        names = sorted(path.stem for path in (self.path / _PAGES).glob("*-*.json"))
        return [Page(self.path, *map(int, name.split("-"))) for name in names]

    def last(self) -> int:
        """Number of the last event; 0 if there is none."""
        pages = self.pages()
        return pages[-1].last if pages else 0

    def save(
        self,
        raw: bytes,
        entries: Sequence[Entry],
        documents: Iterable[bytes],
        persons: Iterable[tuple[str, bytes]],
    ) -> None:
        """Save a page: its documents first.

        Parameters
        ----------
        raw
            The page as received.
        entries
            Its events.
        documents
            Event documents as received.
        persons
            Person documents, with their identifiers.
        """
        page = Page(self.path, entries[0].sekvensnummer, entries[-1].sekvensnummer)
        _write(page.file(_DOCUMENTS), b"\n".join(map(document_line, documents)))
        _write(page.file(_PERSONS), b"\n".join(_person_lines(persons)))
        _write(page.file(_PAGES), raw)

    def add(
        self, page: Page, documents: Iterable[bytes], persons: Iterable[tuple[str, bytes]]
    ) -> int:
        """Add documents that come later to those of a page; return how many are new.

        Parameters
        ----------
        page
            The page.
        documents, persons
            As for `save`; those that are there already are passed over.
        """
        added = 0
        for kind, lines in (
            (_DOCUMENTS, [*map(document_line, documents)]), (_PERSONS, _person_lines(persons)),
        ):  # fmt: skip
            there = page.file(kind).read_bytes().splitlines()
            new = [line for line in lines if line not in there]
            if new:
                _write(page.file(kind), b"\n".join([*there, *new]))
                added += len(new)
        return added

    def gone(self) -> set[int]:
        """Numbers of events of which the feed did not have a document."""
        return set(self.settings().get("gone", ()))

    def settings(self) -> dict[str, Any]:
        """The key's fingerprint, the last answer's tag, and of which events documents are gone."""
        path = self.path / _SETTINGS
        found: dict[str, Any] = json.loads(path.read_bytes()) if path.exists() else {}
        return found

    def keep(self, **settings: object) -> None:
        """Keep settings."""
        _write(self.path / _SETTINGS, json.dumps(self.settings() | settings).encode())

    def check_key(self, key: Key) -> None:
        """Refuse another key than the one that the folder was read with before.

        Raises
        ------
        UsageError
            If it is another one.
        """
        known = self.settings().get("key")
        if known is not None and known != key.fingerprint:
            raise UsageError(
                "is not the key that this folder was read with",
                where=key.file,
                allowed=f"the key with the fingerprint {known}",
                next_step="Take that key, or a copy of it. If it is lost: folkestrom feed rotate.",
            )


def _person_lines(persons: Iterable[tuple[str, bytes]]) -> list[bytes]:
    return [
        msgspec.json.encode({"persondokument": key, "dokument": msgspec.Raw(document_line(raw))})
        for key, raw in persons
    ]


def _write(path: Path, content: bytes) -> None:
    with path_errors(path), replacing(path) as beside, beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
