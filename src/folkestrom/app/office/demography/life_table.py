"""The question of life tables."""

from __future__ import annotations

from dataclasses import dataclass, replace

import duckdb

from folkestrom.analysis.life_tables.cells import (
    Asked,
    cells_of,
    differences,
    life_tables,
)
from folkestrom.analysis.life_tables.design import LifeTableDesign, counts
from folkestrom.analysis.rates.rates import DAYS_PER_YEAR
from folkestrom.app.office.answer import Answer
from folkestrom.app.office.presentation import AS_COUNTED, Presentation
from folkestrom.app.office.rates import EventQuestion
from folkestrom.errors import UsageError
from folkestrom.statistics.coverage import coverage


@dataclass(frozen=True, slots=True)
class LifeTableQuestion:
    """Life tables, or what a difference between two is made of; see `analysis.life_tables`.

    Its fields are as of `Store.life_table`.
    """

    events: EventQuestion
    design: LifeTableDesign
    shown: Presentation = AS_COUNTED

    def __post_init__(self) -> None:
        self.events.check(self.design.names)
        if self.shown.rules is not None and self.design.between:
            raise UsageError(
                "is not for what a difference is made of: contributions of ages tell few events",
                where="publish", value=self.shown.rules.name,
                next_step="Publish the two life tables",
            )  # fmt: skip

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Answer:
        """The answer of an open store."""
        design, kept = self.design, self.design.only(self.events.only)
        period, first = self.events.period, coverage(connection).first
        log_years = (period.start - first).days // 365
        if design.since_arrival and log_years < 1:
            raise UsageError(
                "is too early for durations: the log knows no immigration of the year before",
                where="from", value=period.start,
                allowed=f"days from {first.replace(year=first.year + 1)}",
            )  # fmt: skip
        design.check_followed(log_years)
        found = {
            name: replace(self.events, event=name, only=kept).occurrences(connection, design.names)
            for name in design.exits
        }
        made, left_out = counts(found, design, self.events.only, log_years)
        asked = Asked(design, found, self.events.only, log_years, left_out)
        spec, data = (differences if design.between else life_tables)(made, asked)
        cells, exact = cells_of(spec, data, asked)
        if (rules := self.shown.rules) is None:
            return Answer(self.shown.of(cells), self.shown.of(exact).table())
        # Imported here: what protects takes a while to load.
        from folkestrom.outputs.demography import published_life_tables

        years = (period.end - period.start).days / DAYS_PER_YEAR
        events = [f"{name}s" for name in design.exits]
        told = published_life_tables(cells, rules, events, years)
        return Answer(replace(self.shown, rules=None).of(told))
