"""Likely duplicates of persons, and families that cannot be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, Self

import duckdb
import pyarrow as pa

from folkestrom.app.office.arguments import Day, Place
from folkestrom.app.office.quality.flags import check_rows_file, day_of, knowledge_date
from folkestrom.app.output.rows import write_rows
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import LATEST
from folkestrom.register.quality.duplicates import count_duplicates, list_duplicates
from folkestrom.register.quality.linkage import LEAST, linked_pairs
from folkestrom.register.quality.families import impossible_families


@dataclass(frozen=True, slots=True)
class DuplicatesQuestion:
    """Pairs of numbers that may be one person's, by rule; see `Store.duplicates`."""

    known_at: date | Literal["latest"] = LATEST
    pairs: Path | None = None
    least: int = 0
    #: How the user typed `pairs`.
    where: str = "pairs"

    @classmethod
    def asked(
        cls, place: Place, *, known_at: Day | Literal["latest"], pairs: Path | None,
        least: int | None,
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
        return cls(known, pairs, least or 0, place("pairs"))

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Cells:
        """The answer of an open store; the pairs themselves go to their file."""
        known = day_of(connection, self.known_at)
        cells = count_duplicates(connection, known)
        if self.pairs is not None:
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


@dataclass(frozen=True, slots=True)
class LinkageQuestion:
    """Pairs of numbers that are probably one person's; see `Store.linked_duplicates`."""

    known_at: date | Literal["latest"] = LATEST
    least: float = LEAST

    @classmethod
    def asked(cls, place: Place, *, known_at: Day | Literal["latest"], least: float) -> Self:
        """The question as a user asks it; `place` names an argument as it was typed."""
        if not 0 < least < 1:
            raise UsageError(
                "is not a probability", where=place("least"), value=least,
                allowed="between 0 and 1, such as 0.9",
            )  # fmt: skip
        return cls(knowledge_date(known_at, place("known_at")), least)

    def answer(self, connection: duckdb.DuckDBPyConnection) -> pa.Table:
        """The answer of an open store: rows of persons, for the office."""
        return linked_pairs(connection, day_of(connection, self.known_at), self.least)
