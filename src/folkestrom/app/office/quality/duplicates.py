"""Likely duplicates of persons, and families that cannot be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, Self

import duckdb

from folkestrom.app.office.arguments import Day, Place
from folkestrom.app.office.quality.flags import check_rows_file, day_of, knowledge_date
from folkestrom.app.output.rows import write_rows
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import LATEST
from folkestrom.register.quality.duplicates import count_duplicates, list_duplicates
from folkestrom.register.quality.families import impossible_families
from folkestrom.register.quality.linkage import above, count_linked, linked_pairs


@dataclass(frozen=True, slots=True)
class DuplicatesQuestion:
    """Pairs of numbers that may be one person's, by rule; see `Store.duplicates`."""

    known_at: date | Literal["latest"] = LATEST
    pairs: Path | None = None
    least: int = 0
    linkage: bool = False
    #: How the user typed `pairs`.
    where: str = "pairs"

    @classmethod
    def asked(
        cls, place: Place, *, known_at: Day | Literal["latest"], pairs: Path | None,
        least: int | None, linkage: bool,
    ) -> Self:  # fmt: skip
        """The question as a user asks it; `place` names an argument as it was typed."""
        known = knowledge_date(known_at, place("known_at"))
        check_rows_file(pairs, place("pairs"))
        if least is not None and pairs is None:
            raise UsageError(
                "chooses what goes into a file, and there is none",
                where=place("least"),
                value=least,
                next_step=f"Name one with {place('pairs')}",
            )
        return cls(known, pairs, least or 0, linkage, place("pairs"))

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Cells:
        """The answer of an open store; the pairs themselves go to their file."""
        known = day_of(connection, self.known_at)
        if self.linkage:
            linked = linked_pairs(connection, known)
            cells, found = count_linked(linked, known), above(linked, self.least)
        else:
            cells = count_duplicates(connection, known)
        if self.pairs is not None:
            if not self.linkage:
                found = list_duplicates(connection, known, self.least)
            about = {"title": cells.specification.title.en, "knowledge_time": str(known)}
            write_rows(self.pairs, found.schema, iter(found.to_batches()), about, self.where)
        return cells


@dataclass(frozen=True, slots=True)
class FamiliesQuestion:
    """Families that cannot be, by rule; see `Store.impossible_families`."""

    known_at: date | Literal["latest"] = LATEST

    @classmethod
    def asked(cls, place: Place, *, known_at: Day | Literal["latest"]) -> Self:
        """The question as a user asks it; `place` names an argument as it was typed."""
        return cls(knowledge_date(known_at, place("known_at")))

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Cells:
        """The answer of an open store."""
        return impossible_families(connection, day_of(connection, self.known_at))
