"""Questions about residents: stocks, changes, published tables, and why an adjustment is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date as calendar_day
from typing import Any, Final, Literal, Self, get_args

import duckdb

from folkestrom.app.office import arguments
from folkestrom.app.office.arguments import Day, Knowledge, Place
from folkestrom.app.office.presentation import AS_COUNTED, Presentation
from folkestrom.errors import UsageError
from folkestrom.intake.sealing import sealed_until
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import PUBLISHED, KnownAt
from folkestrom.model.names import check_code, without_effect
from folkestrom.model.specification import Text
from folkestrom.model.time import EXTRACTION_MONTHS, extraction
from folkestrom.statistics import changes as accounts
from folkestrom.statistics import population as stocks
from folkestrom.statistics.homes import Population
from folkestrom.statistics.periods import Every, Period
from folkestrom.statistics.published import tables
from folkestrom.statistics.published.tables import Edition, Unknown
from folkestrom.statistics.regimes.clock import TODAYS, Quarters
from folkestrom.statistics.regimes.regime import Regime
from folkestrom.statistics.revisions import explained as revised
from folkestrom.variables.selection import Kept, Only, codes_kept

#: What an adjustment is explained by.
Area = Literal["nation", "county", "municipality", "part_of_town", "basic_unit"]
#: What is asked about cells, and has no effect on a list.
_OF_CELLS: Final = ("only", "totals", "share_of", "order", "top", "wide", "labels", "publish")


@dataclass(frozen=True, slots=True)
class PopulationQuestion:
    """Residents by variables, at one day or several; see `statistics.population`.

    Of several dates the result has a column `date`; `basis` is its population; the rest is as of
    `Store.population`.
    """

    dates: calendar_day | tuple[calendar_day, ...]
    by: tuple[str, ...] = ()
    known_at: KnownAt = PUBLISHED
    extraction_months: int = EXTRACTION_MONTHS
    only: Only = field(default_factory=dict)
    basis: Population = "register"
    shown: Presentation = AS_COUNTED

    @classmethod
    def asked(
        cls, place: Place, *, date: Day | None, dates: Day | Sequence[Day],
        by: str | Iterable[str], known_at: Knowledge, extraction_months: int | None,
        only: Kept | None = None, population: Any = "register",
        shown: Presentation = AS_COUNTED,
    ) -> Self:  # fmt: skip
        """The question as a user asks it; `place` names an argument as it was typed."""
        check_code(population, get_args(Population), "is no population", where=place("population"))
        several = arguments.days(dates, place("dates"))
        if date is not None and several:
            raise UsageError("are one day and several: give one of them", where="date, dates")
        known = arguments.knowledge(known_at, place("known_at"))
        months = arguments.months(extraction_months, known, place("extraction_months"))
        days = tuple(several) if date is None else arguments.day(date, place("date"))
        kept = codes_kept(only or {}, place("only"))
        return cls(days, arguments.names(by), known, months, kept, population, shown)

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Cells:
        """The answer of an open store."""
        found = stocks.population(
            connection, self.dates, self.by, self.known_at, only=self.only,
            population=self.basis, extraction_months=self.extraction_months,
            amounts=self.shown.rules is None,
        )  # fmt: skip
        return self.shown.of(found)


@dataclass(frozen=True, slots=True)
class ChangesQuestion:
    """Accounts of periods, or flows alone; see `statistics.changes`.

    The periods are in their order; the rest is as of `Store.changes`.
    """

    periods: tuple[Period, ...]
    by: tuple[str, ...] = ()
    known_at: KnownAt = PUBLISHED
    quarters: Quarters = "summation"
    extraction_months: int = EXTRACTION_MONTHS
    only: Only = field(default_factory=dict)
    shown: Presentation = AS_COUNTED
    regime: Regime = TODAYS
    so_far: bool = False

    @classmethod
    def asked(
        cls, place: Place, *, from_: Day | None, to_: Day | None, by: str | Iterable[str],
        known_at: Knowledge, every: Every | None, quarters: Quarters | None,
        extraction_months: int | None, only: Kept | None = None,
        quarter: str | None = None, year: int | str | None = None, so_far: bool = False,
        preliminary: bool = False, regime: str | None = None, explained: bool = False,
        shown: Presentation = AS_COUNTED,
    ) -> Self:  # fmt: skip
        """The question as a user asks it; `place` names an argument as it was typed."""
        periods = arguments.periods(place, from_, to_, every, quarter, year)
        if so_far and quarter is None:
            raise without_effect(place("so_far"), so_far, "it is of a quarter", "Say a quarter")
        if preliminary and year is None:
            where = place("preliminary")
            raise without_effect(where, preliminary, "it is of a year", "Say a year")
        known = arguments.knowledge(known_at, place("known_at"))
        rules = arguments.regime(
            place, periods, regime, known, quarter=quarter is not None, preliminary=preliminary,
            by=[*arguments.names(by), *(only or ())], explained=explained,
        )  # fmt: skip
        if so_far:
            (period,) = periods
            periods = (Period(calendar_day(period.start.year, 1, 1), period.end),)
        way = arguments.quarters(quarters, periods, known, place("quarters"))
        drawn = PUBLISHED if explained else known
        months = arguments.months(extraction_months, drawn, place("extraction_months"))
        kept = codes_kept(only or {}, place("only"))
        whole = so_far or preliminary
        return cls(periods, arguments.names(by), known, way, months, kept, shown, rules, whole)

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Cells:
        """The answer of an open store."""
        found = accounts.changes(
            connection, self.periods, self.by, self.known_at, only=self.only,
            quarters=self.quarters, extraction_months=self.extraction_months,
            regime=self.regime, so_far=self.so_far,
            # Footnotes hold amounts that no rules have seen.
            sums=self.shown.rules is None,
        )  # fmt: skip
        if self.known_at == PUBLISHED:
            found = _sealed(
                connection, found, extraction(self.periods[-1].end, self.extraction_months)
            )
        return self.shown.of(found)


def _sealed(connection: duckdb.DuckDBPyConnection, cells: Cells, known: calendar_day) -> Cells:
    """With a footnote where an office seals, and has not sealed these figures."""
    sealed = sealed_until(connection)
    if sealed is None or known <= sealed:
        return cells
    note = Text(
        f"Figures as known on {known} are not sealed: what is delivered later can change them. "
        f"Sealed: until {sealed}.",
        f"Tall slik de var kjent {known}, er ikke forseglet: senere leveranser kan endre dem. "
        f"Forseglet: til og med {sealed}.",
    )
    made = cells.specification
    return replace(cells, specification=replace(made, footnotes=(*made.footnotes, note)))


@dataclass(frozen=True, slots=True)
class ExplanationQuestion:
    """A period's adjustment report by report, or what published figures were revised by.

    Area, quarters, extraction and the rest are as of `Store.explain`.
    """

    period: Period
    area: Area = "nation"
    quarters: Quarters = "summation"
    extraction_months: int = EXTRACTION_MONTHS
    known_at: KnownAt = PUBLISHED
    regime: Regime = TODAYS
    so_far: bool = False

    @classmethod
    def asked(cls, place: Place, changes: ChangesQuestion) -> Self:
        """Why the adjustment of an account is; `place` names an argument as it was typed."""
        areas = [area for area in get_args(Area) if changes.by in ((area,), ())]
        if not areas:
            raise UsageError(
                "is not what an adjustment is explained by",
                where=place("by"),
                value=",".join(changes.by),
                allowed="county, municipality, part_of_town, basic_unit, or nothing for the nation",
            )
        if changes.known_at != PUBLISHED and changes.so_far:
            raise UsageError(
                "is of several windows: what was revised is explained for one quarter, or a year",
                where=place("so_far"),
                next_step="Ask for each quarter by itself",
            )
        if len(changes.periods) > 1:
            raise UsageError(
                "an adjustment is explained for one period at a time",
                where=place("every"),
                next_step=f"Leave {place('every')} out, or choose one period, such as "
                f"{place('from_')} {changes.periods[-1].start} "
                f"{place('to_')} {changes.periods[-1].end}",
            )
        if changes.only or changes.shown != AS_COUNTED:
            raise UsageError(
                "is a list of reports, whole and for the office, with their sums by kind below it",
                where=place("explain"),
                next_step="Leave out what keeps, protects or arranges cells: "
                f"{', '.join(map(place, _OF_CELLS))}",
            )
        (period,) = changes.periods
        return cls(
            period, areas[0], changes.quarters, changes.extraction_months, changes.known_at,
            changes.regime, changes.so_far,
        )  # fmt: skip

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Cells:
        """The answer of an open store."""
        if self.known_at != PUBLISHED:
            return revised.explain(
                connection, self.period, self.area, self.known_at, self.regime,
                extraction_months=self.extraction_months,
            )  # fmt: skip
        return accounts.explain(
            connection, self.period, self.area, quarters=self.quarters, regime=self.regime,
            so_far=self.so_far, extraction_months=self.extraction_months,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class TableQuestion:
    """One of the published tables; see `statistics.published`.

    Its fields are as of `Store.table`.
    """

    name: str
    year: int
    known_at: KnownAt = PUBLISHED
    extraction_months: int = EXTRACTION_MONTHS
    unknown: Unknown = "published"
    shown: Presentation = AS_COUNTED

    @classmethod
    def asked(
        cls, place: Place, *, name: str, year: int | str, known_at: Knowledge,
        extraction_months: int | None, unknown: Unknown | None,
        shown: Presentation = AS_COUNTED,
    ) -> Self:  # fmt: skip
        """The question as a user asks it; `place` names an argument as it was typed."""
        known = arguments.knowledge(known_at, place("known_at"))
        months = arguments.months(extraction_months, known, place("extraction_months"))
        where = arguments.unknown(unknown, name, place("unknown"))
        return cls(name, arguments.year(year, place("year")), known, months, where, shown)

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Cells:
        """The answer of an open store."""
        edition = Edition(
            connection, self.year, self.known_at, self.extraction_months, self.unknown
        )
        return self.shown.of(tables.table(edition, self.name))
