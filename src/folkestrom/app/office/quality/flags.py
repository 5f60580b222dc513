"""Reports that stand and are not applied as they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, Self

import duckdb

from folkestrom.app.office import arguments
from folkestrom.app.office.arguments import Day, Place
from folkestrom.app.output.place import check_place
from folkestrom.app.output.rows import FORMATS, write_rows
from folkestrom.errors import UsageError
from folkestrom.intake.tables import last_known
from folkestrom.model.cells import Cells
from folkestrom.model.file_format import format_of
from folkestrom.model.knowledge import LATEST, PUBLISHED
from folkestrom.register.flag_counts import Window, count_flags, list_flags


@dataclass(frozen=True, slots=True)
class FlagQuestion:
    """Flags by their reason and source, or others; see `Store.flags`."""

    by: tuple[str, ...]
    first: date = date.min
    end: date = date.max
    known_at: date | Literal["latest"] = LATEST
    reports: Path | None = None
    #: How the user typed the names of arguments.
    places: tuple[str, str] = ("by", "reports")

    @classmethod
    def asked(
        cls, place: Place, *, by: str | Iterable[str], from_: Day | None, to_: Day | None,
        known_at: Day | Literal["latest"], reports: Path | None = None,
    ) -> Self:  # fmt: skip
        """The question as a user asks it; `place` names an argument as it was typed."""
        first = date.min if from_ is None else arguments.day(from_, place("from_"))
        end = date.max if to_ is None else arguments.day(to_, place("to_"))
        if first >= end:
            raise UsageError("is not before the end", where=place("from_"), value=first)
        known = knowledge_date(known_at, place("known_at"))
        check_rows_file(reports, place("reports"))
        places = (place("by"), place("reports"))
        return cls(arguments.names(by), first, end, known, reports, places)

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Cells:
        """The answer of an open store; the reports themselves go to their file."""
        known = day_of(connection, self.known_at)
        window = Window(known, self.first, self.end)
        cells = count_flags(connection, window, self.by, self.places[0])
        if self.reports is not None:
            found = list_flags(connection, window)
            about = {"title": cells.specification.title.en, "knowledge_time": str(known)}
            batches = iter(found.to_batches())
            write_rows(self.reports, found.schema, batches, about, self.places[1])
        return cells


def knowledge_date(value: Day | Literal["latest"], where: str) -> date | Literal["latest"]:
    """A knowledge date, or the last one; what has no reference date has no extraction."""
    known = arguments.knowledge(value, where)
    if known == PUBLISHED:
        raise UsageError(
            "goes by a reference date, and there is none here",
            where=where,
            value=known,
            allowed=f"a day, or {LATEST!r}",
        )
    return known


def day_of(connection: duckdb.DuckDBPyConnection, known_at: date | Literal["latest"]) -> date:
    """The knowledge date itself, or the last one; there is none in an empty log."""
    if isinstance(known_at, date):
        return known_at
    last = last_known(connection)
    if last is None:
        raise UsageError(
            "has no reports: there is nothing to count", where="the store",
            next_step="Take in reports with `folkestrom intake FILES`",
        )  # fmt: skip
    return last


def check_rows_file(to: Path | None, where: str) -> None:
    """Refuse a file that rows cannot be written to, before anything is counted."""
    if to is not None:
        check_place(to, where)
        format_of(to, FORMATS, where)
