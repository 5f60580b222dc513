"""The question of who was not known yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date as calendar_day
from typing import Literal, Self

import duckdb

from folkestrom.app.office import arguments
from folkestrom.app.office.arguments import Day, Place
from folkestrom.app.office.presentation import AS_COUNTED, Presentation
from folkestrom.app.office.quality.flags import day_of, knowledge_date
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import LATEST
from folkestrom.statistics.quality.under_coverage import under_coverage


@dataclass(frozen=True, slots=True)
class UnderCoverageQuestion:
    """Residents of a day who were not known yet; see `Store.under_coverage`."""

    date: calendar_day
    by: tuple[str, ...] = ()
    known_at: calendar_day | Literal["latest"] = LATEST
    shown: Presentation = AS_COUNTED

    @classmethod
    def asked(
        cls, place: Place, *, date: Day, by: str | Iterable[str], known_at: Day | Literal["latest"],
        shown: Presentation = AS_COUNTED,
    ) -> Self:  # fmt: skip
        """The question as a user asks it; `place` names an argument as it was typed."""
        known = knowledge_date(known_at, place("known_at"))
        return cls(arguments.day(date, place("date")), arguments.names(by), known, shown)

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Cells:
        """The answer of an open store."""
        known = day_of(connection, self.known_at)
        return self.shown.of(under_coverage(connection, self.date, known, self.by))
