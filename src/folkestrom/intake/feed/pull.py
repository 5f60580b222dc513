"""Pulls pages and documents of a feed, each once and in order, whatever the feed does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

import msgspec

from folkestrom.errors import InputRefused, UsageError
from folkestrom.intake.feed.documents import REGISTERED, Entry, read_document, read_page
from folkestrom.intake.feed.event_types import Treatment, event_types, treatment
from folkestrom.intake.feed.folder import FeedFolder

#: Seconds to keep trying.
PATIENCE: Final = 900.0
#: What to do when a feed does not answer as it should.
GO_ON: Final = "Pull again later: it goes on after the last page that is saved."
_LONGEST_PAUSE: Final = 300.0
_AT_ONCE: Final = 8
#: Types whose documents may leave out what the person document has.
_OF_WHOLE_PERSONS: Final = frozenset(
    name for name, type in event_types().items()
    if type.treatment is Treatment.MAPPED and name.startswith("person")
) | {"endringIIdentifikasjonsnummer", "endringIInnflytting", "endringIStatus"}  # fmt: skip

Answered = TypeVar("Answered")
#: An event document, a person document with its name, and whether one of them is gone.
_Documents = tuple[bytes | None, tuple[str, bytes] | None, bool]


class UnansweredError(Exception):
    """The feed did not answer as it should, and may do so later.

    Parameters
    ----------
    error
        What is said if it never does.
    seconds
        How long it asks to wait.
    """

    def __init__(self, error: InputRefused, seconds: float = 0) -> None:
        self.error = error
        self.seconds = seconds
        super().__init__(str(error))


class Source(Protocol):
    """Where pages and documents come from.

    Attributes
    ----------
    tag
        Number and tag of the last page that was asked for, where the source has tags.
    """

    tag: tuple[int, str] | None

    def page(self, number: int) -> bytes | None:
        """The page that begins with a number; None: nothing is new."""

    def event_document(self, name: str) -> bytes | None:
        """An event document; None: it is gone."""

    def person_document(self, name: str) -> bytes | None:
        """A person document; None: it is gone."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull has saved.

    Parameters
    ----------
    events, documents
        Events, and documents of both kinds.
    gone
        Events of which the feed does not have a document, or no longer; the next pull asks again.
    ignored
        Events of which nothing is counted, whose documents are not asked for.
    last
        Number of the last event in the folder.
    """

    events: int
    documents: int
    gone: int
    ignored: int
    last: int


def pull(
    source: Source,
    folder: FeedFolder,
    *,
    start: int | None = None,
    patience: float = PATIENCE,
    sleep: Callable[[float], None] = time.sleep,
    progress: Callable[[int], None] | None = None,
) -> Pulled:
    """Save all that is new.

    Parameters
    ----------
    source
        Where it comes from.
    folder
        Where it is saved.
    start
        The first number to ask for; None: the one after the last that is saved.
    patience
        Seconds to keep trying, of each question.
    sleep
        Waits for seconds.
    progress
        Told the number of each page's last event.

    Raises
    ------
    InputRefused
        If the feed did not answer as it should; what was saved until then stands.
    UsageError
        If `start` would leave out or repeat what is saved.
    """
    folder.make()
    with folder.alone(), ThreadPoolExecutor(_AT_ONCE) as beside:
        number = _first(folder, start)
        source.tag = _tag(folder)
        asking = _Asking(source, patience, sleep)
        events = ignored = 0
        documents = _ask_again(folder, lambda entries: beside.map(asking.documents, entries))
        gone = folder.gone()
        while True:
            entries, raw = asking.page(number)
            if not entries:
                break
            found = list(beside.map(asking.documents, entries))
            ours = [one for one, _, _ in found if one is not None]
            persons = [one for _, one, _ in found if one is not None]
            numbers = [entry.sekvensnummer for entry in entries]
            lost = {n for n, (*_, is_lost) in zip(numbers, found, strict=True) if is_lost}
            if lost != gone.intersection(numbers):
                gone = gone.difference(numbers) | lost
                folder.keep(gone=sorted(gone))
            folder.save(raw, entries, ours, persons)
            events += len(entries)
            documents += len(ours) + len(persons)
            ignored += sum(_is_ignored(entry) for entry in entries)
            number = entries[-1].sekvensnummer + 1
            if progress:
                progress(number - 1)
        if source.tag is not None:
            folder.keep(tag=list(source.tag))
        return Pulled(events, documents, len(gone), ignored, folder.last())


def _ask_again(folder: FeedFolder, documents: Callable[[list[Entry]], Iterator[_Documents]]) -> int:
    """Ask for documents that an earlier pull was told are gone; how many there are by now."""
    gone, come = folder.gone(), 0
    for page in folder.pages() if gone else ():
        here = [entry for entry in page.entries() if entry.sekvensnummer in gone]
        found = list(documents(here))
        back = {e.sekvensnummer for e, (*_, lost) in zip(here, found, strict=True) if not lost}
        if back:
            ours = [one for one, _, _ in found if one is not None]
            persons = [one for _, one, _ in found if one is not None]
            come += folder.add(page, ours, persons)
            gone -= back
            folder.keep(gone=sorted(gone))
    return come


def _is_ignored(entry: Entry) -> bool:
    return treatment(entry.hendelse.type) is Treatment.IGNORED


def _first(folder: FeedFolder, start: int | None) -> int:
    last = folder.last()
    if start is None:
        return last + 1
    if start <= last:
        raise UsageError(
            "is saved already",
            where="--start",
            value=start,
            allowed=f"a number after {last}, the last that is saved",
            next_step="Leave it out, to go on after the last.",
        )
    return start


def _tag(folder: FeedFolder) -> tuple[int, str] | None:
    kept = folder.settings().get("tag")
    return None if kept is None else (int(kept[0]), str(kept[1]))


class _Asking:
    """Questions to a source, asked again until they are answered, or patience ends."""

    def __init__(self, source: Source, patience: float, sleep: Callable[[float], None]) -> None:
        self._source = source
        self._patience = patience
        self._sleep = sleep

    def page(self, number: int) -> tuple[list[Entry], bytes]:
        """The page that begins with a number."""
        return self._answered(lambda: self._page(number))

    def documents(self, entry: Entry) -> _Documents:
        """The documents of an event that are needed, and whether one is gone."""
        listed = entry.hendelse
        if _is_ignored(entry) or not listed.hendelsesdokument:
            return None, None, False
        name, person = listed.hendelsesdokument, listed.persondokument
        raw = self._answered(lambda: _whole(self._source.event_document(name)))
        if raw is None:
            return None, None, True
        if not person or not _needs_person(listed.type, raw):
            return raw, None, False
        found = self._answered(lambda: _whole(self._source.person_document(person)))
        if found is None:
            return raw, None, True
        return raw, (person, found), False

    def _page(self, number: int) -> tuple[list[Entry], bytes]:
        raw = self._source.page(number)
        if raw is None:
            return [], b""
        try:
            entries = read_page(raw)
        except msgspec.MsgspecError as error:
            raise UnansweredError(
                InputRefused(
                    f"sent a page that is broken or cut off, from {number}",
                    where="the feed",
                    next_step=GO_ON,
                )
            ) from error
        numbers = [entry.sekvensnummer for entry in entries]
        for wanted, got in enumerate(numbers, start=number):
            if got < wanted:
                raise UnansweredError(
                    InputRefused(
                        f"repeated number {got} where {wanted} comes",
                        where="the feed",
                        next_step=GO_ON,
                    )
                )
            if got > wanted:
                raise UnansweredError(
                    InputRefused(
                        f"skipped number {wanted}: {got} came",
                        where="the feed",
                        next_step="Pull again later. If the register says why numbers are missing, "
                        "pull with --start after them.",
                    )
                )
        return entries, raw

    def _answered(self, ask: Callable[[], Answered]) -> Answered:
        waited = 0.0
        for pause in _pauses():
            try:
                return ask()
            except UnansweredError as error:
                seconds = max(pause, error.seconds)
                if waited + seconds > self._patience:
                    raise error.error from error
                self._sleep(seconds)
                waited += seconds
        raise AssertionError


def _pauses() -> Iterator[float]:
    pause = 1.0
    while True:
        yield pause
        pause = min(2 * pause, _LONGEST_PAUSE)


def _whole(raw: bytes | None) -> bytes | None:
    """A document, if it is all there."""
    if raw is not None:
        try:
            msgspec.json.decode(raw, type=dict)
        except msgspec.MsgspecError as error:
            raise UnansweredError(
                InputRefused(
                    "sent a document that is broken or cut off", where="the feed", next_step=GO_ON
                )
            ) from error
    return raw


def _needs_person(type: str, raw: bytes) -> bool:
    """Whether the document may leave out what the person document has, or not say what it means."""
    if type in _OF_WHOLE_PERSONS:
        return True
    with suppress(msgspec.MsgspecError):
        changes = read_document(raw).hendelse.egenskapshendelse
        return any(change.entitetsendring != REGISTERED for change in changes)
    return False
