"""Questions about moves: from where to where, and to and from which country."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Self

import duckdb

from folkestrom.app.office import arguments
from folkestrom.app.office.arguments import Day, Knowledge, Place
from folkestrom.app.office.presentation import AS_COUNTED, Presentation
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import PUBLISHED, KnownAt
from folkestrom.model.time import EXTRACTION_MONTHS
from folkestrom.publish.arrangement import PLAIN
from folkestrom.statistics.moves import moves
from folkestrom.statistics.periods import Every, Period, split
from folkestrom.variables.selection import Kept, Only, codes_kept


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
    shown: Presentation = AS_COUNTED
    only: Only = field(default_factory=dict)

    @classmethod
    def asked(
        cls, place: Place, *, from_: Day, to_: Day, by: str | Iterable[str],
        known_at: Knowledge, every: Every | None, abroad: bool, extraction_months: int | None,
        shown: Presentation = AS_COUNTED, only: Kept | None = None,
    ) -> Self:  # fmt: skip
        """The question as a user asks it; `place` names an argument as it was typed."""
        start, end = arguments.day(from_, place("from_")), arguments.day(to_, place("to_"))
        known = arguments.knowledge(known_at, place("known_at"))
        months = arguments.months(extraction_months, known, place("extraction_months"))
        periods = tuple(split(start, end, every))
        kept = codes_kept(only or {}, place("only"))
        return cls(periods, arguments.names(by), known, abroad, months, shown, kept)

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Cells:
        """The answer of an open store."""
        cells = moves(
            connection, self.periods, self.by, self.known_at,
            abroad=self.abroad, only=self.only, extraction_months=self.extraction_months,
        )  # fmt: skip
        if replace(self.shown.arrangement, labels=None) != PLAIN:
            # Rows in an order, or some of them, are a list and no matrix.
            cells = replace(cells, specification=replace(cells.specification, columns=()))
        return self.shown.of(cells)
