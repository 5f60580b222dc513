"""The questions: explain one person, audit the register, bridge two population bases."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import duckdb

from folkestrom.app.office import arguments
from folkestrom.app.office.arguments import Day, Knowledge, Place
from folkestrom.app.office.presentation import AS_COUNTED, Presentation
from folkestrom.app.office.quality.flags import day_of
from folkestrom.classifications.areas import FIRST_DAY
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import LATEST, PUBLISHED, KnownAt
from folkestrom.model.names import check_code
from folkestrom.model.time import extraction
from folkestrom.residence.deciding import Rulebook
from folkestrom.residence.explaining import Explanation, explain
from folkestrom.residence.law import BASES, READINGS, Base, Reading
from folkestrom.residence.stays import first_day, put_in_borders, read_stays
from folkestrom.variables.borders.numbers import numbers_on


@dataclass(frozen=True, slots=True)
class ExplainQuestion:
    """Why one person is, or is not, counted; see `Store.explain_person`."""

    person: int
    day: dt.date
    known_at: KnownAt = PUBLISHED
    stays: Path | None = None
    book: Rulebook = Rulebook()  # noqa: RUF009 - frozen

    @classmethod
    def asked(
        cls, place: Place, *, person: int, date: Day, known_at: Knowledge,
        stays: str | os.PathLike[str] | None, base: str, reading: str,
    ) -> Self:  # fmt: skip
        """The question as a user asks it; `place` names an argument as it was typed."""
        if person <= 0:
            raise UsageError("is no pseudonym", where=place("person"), allowed="a positive number")
        return cls(
            person, arguments.day(date, place("date")),
            arguments.knowledge(known_at, place("known_at")),
            None if stays is None else Path(stays), book_of(base, reading, place),
        )  # fmt: skip

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Explanation:
        """The answer of an open store."""
        known = known_on(connection, self.known_at, self.day)
        if self.stays is None:
            return explain(connection, self.person, self.day, known)
        read_stays(connection, self.stays)
        return explain(connection, self.person, self.day, known, self.book)


@dataclass(frozen=True, slots=True)
class AuditQuestion:
    """Whom the register counts against the rules; see `Store.residence_audit`."""

    stays: Path
    day: dt.date
    by: tuple[str, ...] = ()
    known_at: KnownAt = PUBLISHED
    book: Rulebook = Rulebook()  # noqa: RUF009 - frozen
    shown: Presentation = AS_COUNTED

    @classmethod
    def asked(
        cls, place: Place, *, stays: str | os.PathLike[str], date: Day, by: str,
        known_at: Knowledge, base: str, reading: str, shown: Presentation = AS_COUNTED,
    ) -> Self:  # fmt: skip
        """The question as a user asks it; `place` names an argument as it was typed."""
        names = arguments.names(by)
        for name in names:
            check_code(name, ("municipality",), "is not what an audit is by", where=place("by"))
        return cls(
            Path(stays), arguments.day(date, place("date")), names,
            arguments.knowledge(known_at, place("known_at")), book_of(base, reading, place), shown,
        )  # fmt: skip

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Cells:
        """The answer of an open store."""
        from folkestrom.residence.counted import audit

        read_stays(connection, self.stays)
        known = known_on(connection, self.known_at, self.day)
        since = max(first_day(connection) or self.day, FIRST_DAY)
        put_in_borders(connection, numbers_on(connection, self.day, since), self.day, known)
        return self.shown.of(audit(connection, self.book, self.day, known, self.by))


@dataclass(frozen=True, slots=True)
class BridgeQuestion:
    """Migration by two population bases; see `Store.residence_bridge`."""

    stays: Path
    start: dt.date
    end: dt.date
    known_at: KnownAt = PUBLISHED
    reading: Reading = "law"
    shown: Presentation = AS_COUNTED

    @classmethod
    def asked(
        cls, place: Place, *, stays: str | os.PathLike[str], from_: Day, to_: Day,
        known_at: Knowledge, reading: str, shown: Presentation = AS_COUNTED,
    ) -> Self:  # fmt: skip
        """The question as a user asks it; `place` names an argument as it was typed."""
        start = arguments.day(from_, place("from_"))
        end = arguments.day(to_, place("to_"))
        if start >= end:
            raise UsageError("is not before the end", where=place("from_"), value=start)
        book = book_of("registered", reading, place)
        known = arguments.knowledge(known_at, place("known_at"))
        return cls(Path(stays), start, end, known, book.reading, shown)

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Cells:
        """The answer of an open store."""
        from folkestrom.residence.counted import bridge

        read_stays(connection, self.stays)
        known = known_on(connection, self.known_at, self.end)
        book = Rulebook(reading=self.reading)
        return self.shown.of(bridge(connection, book, self.start, self.end, known))


def book_of(base: str, reading: str, place: Place) -> Rulebook:
    """The rules that a user asks for."""
    check_code(base, BASES, "is not a population base of the rules", where=place("base"))
    check_code(reading, READINGS, "is not a reading of the rules", where=place("reading"))
    found_base: Base = "usual" if base == "usual" else "registered"
    found_reading: Reading = "page" if reading == "page" else "law"
    return Rulebook(found_base, found_reading)


def known_on(connection: duckdb.DuckDBPyConnection, known: KnownAt, day: dt.date) -> dt.date:
    """The knowledge date itself."""
    if known == PUBLISHED:
        return extraction(day)
    if known == LATEST:
        return day_of(connection, LATEST)
    return known
