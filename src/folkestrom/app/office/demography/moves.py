"""Questions about moves: from where to where, and to and from which country."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import duckdb

from folkestrom.app.office import arguments
from folkestrom.app.office.arguments import Day, Knowledge, Place
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import PUBLISHED, KnownAt
from folkestrom.model.time import EXTRACTION_MONTHS
from folkestrom.statistics.moves import moves
from folkestrom.statistics.periods import Every, Period, split


@dataclass(frozen=True, slots=True)
class MovesQuestion:
    """Moves by origin and destination, or migration by country; see `statistics.moves`.

    The periods are in their order; the rest is as of `Store.moves`.
    """

    periods: tuple[Period, ...]
    by: tuple[str, ...] = ()
    known_at: KnownAt = PUBLISHED
    abroad: bool = False
    extraction_months: int = EXTRACTION_MONTHS

    @classmethod
    def asked(
        cls, place: Place, *, from_: Day, to_: Day, by: str | Iterable[str],
        known_at: Knowledge, every: Every | None, abroad: bool, extraction_months: int | None,
    ) -> Self:  # fmt: skip
        """The question as a user asks it; `place` names an argument as it was typed."""
        start, end = arguments.day(from_, place("from_")), arguments.day(to_, place("to_"))
        known = arguments.knowledge(known_at, place("known_at"))
        months = arguments.months(extraction_months, known, place("extraction_months"))
        periods = tuple(split(start, end, every))
        return cls(periods, arguments.names(by), known, abroad, months)

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Cells:
        """The answer of an open store."""
        return moves(
            connection, self.periods, self.by, self.known_at,
            abroad=self.abroad, extraction_months=self.extraction_months,
        )  # fmt: skip
