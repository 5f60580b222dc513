"""The question of demographic indicators."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

import duckdb

from folkestrom.analysis.indicators.indicators import indicators
from folkestrom.app.office import arguments
from folkestrom.app.office.arguments import Day, Knowledge, Place
from folkestrom.app.office.presentation import AS_COUNTED, Presentation
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import PUBLISHED, KnownAt
from folkestrom.model.time import EXTRACTION_MONTHS
from folkestrom.statistics.periods import Period, split


@dataclass(frozen=True, slots=True)
class IndicatorsQuestion:
    """Fertility, mortality, age and crude rates by year; see `analysis.indicators`.

    The years are in their order; the rest is as of `Store.indicators`.
    """

    years: tuple[Period, ...]
    by: tuple[str, ...] = ()
    known_at: KnownAt = PUBLISHED
    extraction_months: int = EXTRACTION_MONTHS
    shown: Presentation = AS_COUNTED

    @classmethod
    def asked(
        cls, place: Place, *, from_: Day, to_: Day, by: str | Iterable[str], known_at: Knowledge,
        extraction_months: int | None, shown: Presentation = AS_COUNTED,
    ) -> Self:  # fmt: skip
        """The question as a user asks it; `place` names an argument as it was typed."""
        start, end = arguments.day(from_, place("from_")), arguments.day(to_, place("to_"))
        years = tuple(split(start, end, "year"))
        known = arguments.knowledge(known_at, place("known_at"))
        months = arguments.months(extraction_months, known, place("extraction_months"))
        return cls(years, arguments.names(by), known, months, shown)

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Cells:
        """The answer of an open store."""
        rules = self.shown.rules
        found = indicators(
            connection, self.years, self.by, self.known_at,
            extraction_months=self.extraction_months, counts=rules is not None,
        )  # fmt: skip
        if rules is not None:
            # Imported here: what protects takes a while to load.
            from folkestrom.outputs.demography import published_indicators

            found = published_indicators(found, rules)
        return replace(self.shown, rules=None).of(found)
