"""What was read so far, beside the reports: whose number is whose, which reports stand.

The documents that correct or annul never say which report they mean, so what stands is looked up
here. One SQLite file, in one transaction with a run's reports. It holds pseudonyms, no numbers.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from folkestrom.errors import StoreError
from folkestrom.model.codes import Kind

_DAYS: Final = ("event_date", "birth_date")
_LAYOUT: Final = """
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS number (pseudonym INTEGER PRIMARY KEY, proof INTEGER, person INTEGER);
CREATE TABLE IF NOT EXISTS report (
    place INTEGER PRIMARY KEY, person INTEGER, kind INTEGER, day TEXT, received TEXT, id TEXT,
    record BLOB);
CREATE INDEX IF NOT EXISTS report_of_person ON report (person);
CREATE TABLE IF NOT EXISTS waiting (
    number INTEGER PRIMARY KEY, document TEXT, type TEXT, reason TEXT, what TEXT);
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """A report that nothing has corrected or annulled.

    Parameters
    ----------
    place
        Its number in the index.
    kind, day, received, id
        Its kind, event date, moment of receipt, and its source's number.
    record
        The whole record, as written.
    """

    place: int
    kind: Kind
    day: str
    received: str
    id: str
    record: bytes

    @property
    def values(self) -> dict[str, Any]:
        """Its columns; days are dates."""
        found: dict[str, Any] = msgspec.json.decode(self.record)
        days = {name: date.fromisoformat(found[name]) for name in _DAYS if name in found}
        return found | days


class Index:
    """The index of one folder of reports.

    Parameters
    ----------
    file
        Where it is; made when missing.
    """

    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None, timeout=0)
        self._connection.execute(
            "PRAGMA cache_size = -262144"
        )  # 256 MiB: persons come in any order
        self._ask = self._connection.execute

    @classmethod
    @contextmanager
    def opened(cls, file: Path) -> Iterator[Index]:
        """The index in a transaction, which stands if all goes well."""
        file.touch(mode=0o600)
        index = cls(file)
        try:
            index._begin(file)
            yield index
            index._ask("COMMIT")
        finally:
            index._connection.close()

    def _begin(self, file: Path) -> None:
        try:
            self._connection.executescript(f"BEGIN EXCLUSIVE; {_LAYOUT}")
        except sqlite3.OperationalError as error:
            raise StoreError(
                "is being written by another process",
                where=str(file.parent),
                next_step="Wait for it, and read again.",
            ) from error

    def setting(self, name: str) -> Any:
        """A setting, or None."""
        row = self._ask("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return row and row[0]

    def set(self, name: str, value: object) -> None:
        """Keep a setting."""
        self._ask("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, value))

    def owner(self, pseudonym: int) -> tuple[int, int] | None:
        """The further bits that a pseudonym was first seen with, and whose it is."""
        question = "SELECT proof, person FROM number WHERE pseudonym = ?"
        found: tuple[int, int] | None = self._ask(question, (pseudonym,)).fetchone()
        return found

    def own(self, pseudonym: int, proof: int, person: int) -> None:
        """Say whose a pseudonym is."""
        self._ask("INSERT OR REPLACE INTO number VALUES (?, ?, ?)", (pseudonym, proof, person))

    def standing(self, person: int) -> list[Standing]:
        """A person's standing reports, in order of their days."""
        rows = self._ask(
            "SELECT place, kind, day, received, id, record FROM report WHERE person = ? "
            "ORDER BY day, place", (person,),
        )  # fmt: skip
        return [Standing(place, Kind(kind), *rest) for place, kind, *rest in rows]

    def add(
        self, person: int, kind: Kind, day: date, received: datetime, id: str, record: bytes
    ) -> None:
        """Add a report that stands."""
        self._ask(
            "INSERT INTO report VALUES (NULL, ?, ?, ?, ?, ?, ?)",
            (person, int(kind), day.isoformat(), received.isoformat(), id, record),
        )

    def drop(self, place: int) -> None:
        """Take out a report that stands no more."""
        self._ask("DELETE FROM report WHERE place = ?", (place,))

    def wait(self, number: int, document: str, type: str, reason: str, what: str) -> None:
        """Put an event into quarantine."""
        row = (number, document, type, reason, what)
        self._ask("INSERT OR REPLACE INTO waiting VALUES (?, ?, ?, ?, ?)", row)

    def release(self, number: int) -> None:
        """Take an event out of quarantine."""
        self._ask("DELETE FROM waiting WHERE number = ?", (number,))

    def waiting(self) -> Iterable[tuple[Any, ...]]:
        """What is in quarantine: number, document, type, reason, what is wrong."""
        return self._ask("SELECT * FROM waiting ORDER BY number").fetchall()
