"""Questions about how figures changed: vintages of one, and revisions of many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date as calendar_day
from typing import Self

import duckdb

from folkestrom.app.office import arguments
from folkestrom.app.office.arguments import Day, Knowledge, Place
from folkestrom.app.office.presentation import AS_COUNTED, Presentation
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import PUBLISHED, KnownAt
from folkestrom.model.names import without_effect
from folkestrom.model.time import EXTRACTION_MONTHS
from folkestrom.statistics.periods import Every, Period
from folkestrom.statistics.revisions.triangle import DELAYS, revisions
from folkestrom.statistics.revisions.vintages import POPULATION, vintages
from folkestrom.variables.selection import Kept, Only, codes_kept


@dataclass(frozen=True, slots=True)
class FigureVintagesQuestion:
    """One figure by knowledge date; see `statistics.revisions.vintages`.

    Its fields are as of `Store.vintages`.
    """

    figure: str
    of: calendar_day | Period
    known_at: tuple[KnownAt, ...] = ()
    every: Every = "year"
    until: calendar_day | None = None
    only: Only = field(default_factory=dict)
    extraction_months: int = EXTRACTION_MONTHS
    shown: Presentation = AS_COUNTED

    @classmethod
    def asked(
        cls, place: Place, *, figure: str, date: Day | None, from_: Day | None, to_: Day | None,
        quarter: str | None, year: int | str | None, known_at: str | Sequence[Knowledge],
        every: Every | None, until: Day | None, only: Kept | None, extraction_months: int | None,
        shown: Presentation = AS_COUNTED,
    ) -> Self:  # fmt: skip
        """The question as a user asks it; `place` names an argument as it was typed."""
        of: calendar_day | Period
        if date is None and figure == POPULATION:
            raise UsageError("is missing", where=place("date"), next_step="Give a day")
        if date is None:
            (of,) = arguments.periods(place, from_, to_, None, quarter, year)
        elif any(said is not None for said in (from_, to_, quarter, year)):
            raise UsageError("are a day and a period: give one of them", where=place("date"))
        else:
            of = arguments.day(date, place("date"))
        known = tuple(arguments.several_known(known_at, place("known_at")))
        for name, said in (("every", every), ("until", until)):
            if known and said is not None:
                raise without_effect(
                    place(name), said, f"{place('known_at')} lists the days", "Leave it out"
                )
        last = None if until is None else arguments.day(until, place("until"))
        months = arguments.months(extraction_months, PUBLISHED, place("extraction_months"))
        kept = codes_kept(only or {}, place("only"))
        return cls(figure, of, known, every or "year", last, kept, months, shown)

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Cells:
        """The answer of an open store."""
        found = vintages(
            connection, self.figure, self.of, self.known_at, every=self.every, until=self.until,
            only=self.only, extraction_months=self.extraction_months,
        )  # fmt: skip
        return self.shown.of(found)


@dataclass(frozen=True, slots=True)
class RevisionsQuestion:
    """Revision triangles, or measures of revision; see `statistics.revisions.triangle`.

    Its fields are as of `Store.revisions`.
    """

    start: calendar_day
    end: calendar_day
    every: Every = "quarter"
    delays: tuple[int, ...] = DELAYS
    kinds: tuple[str, ...] = ()
    measures: bool = False
    shown: Presentation = AS_COUNTED

    @classmethod
    def asked(
        cls, place: Place, *, from_: Day, to_: Day, every: Every | None,
        delays: str | Sequence[int], kind: str | Iterable[str], measures: bool,
        shown: Presentation = AS_COUNTED,
    ) -> Self:  # fmt: skip
        """The question as a user asks it; `place` names an argument as it was typed."""
        period = arguments.period(from_, to_, place)
        months = arguments.whole_numbers(delays, place("delays")) or DELAYS
        kinds = arguments.names(kind)
        return cls(period.start, period.end, every or "quarter", months, kinds, measures, shown)

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Cells:
        """The answer of an open store."""
        found = revisions(
            connection, self.start, self.end, self.every, self.delays, self.kinds,
            summary=self.measures,
        )  # fmt: skip
        return self.shown.of(found)
