"""The question of households, families, couples and children."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date as calendar_day
from typing import Any, Self, get_args

import duckdb

from folkestrom.app.office import arguments
from folkestrom.app.office.arguments import Day, Knowledge, Place
from folkestrom.app.office.presentation import AS_COUNTED, Presentation
from folkestrom.errors import UsageError
from folkestrom.households.homes import LARGEST, Method
from folkestrom.households.rules import cohabitation_rule
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import PUBLISHED, KnownAt
from folkestrom.model.names import check_code
from folkestrom.model.time import EXTRACTION_MONTHS
from folkestrom.statistics.homes import Population
from folkestrom.statistics.households.counted import Counted, households
from folkestrom.variables.selection import Kept, Only, codes_kept


@dataclass(frozen=True, slots=True)
class HouseholdsQuestion:
    """Households, families, couples or children of a day; see `statistics.households`.

    Its fields are as of `Store.households`; `basis` is its population.
    """

    date: calendar_day
    by: tuple[str, ...] = ()
    known_at: KnownAt = PUBLISHED
    count: Counted = "households"
    basis: Population = "register"
    method: Method = field(default_factory=Method)
    extraction_months: int = EXTRACTION_MONTHS
    only: Only = field(default_factory=dict)
    totals: bool = False
    shown: Presentation = AS_COUNTED

    @classmethod
    def asked(
        cls, place: Place, *, date: Day, by: str | Iterable[str], known_at: Knowledge,
        count: Any, population: Any, rule: Any, least_age: int | None,
        age_difference: int | None, largest: int | None, extraction_months: int | None,
        only: Kept | None, totals: bool, shown: Presentation = AS_COUNTED,
    ) -> Self:  # fmt: skip
        """The question as a user asks it; `place` names an argument as it was typed."""
        known = arguments.knowledge(known_at, place("known_at"))
        months = arguments.months(extraction_months, known, place("extraction_months"))
        day = arguments.day(date, place("date"))
        cohabitation_rule(rule, day, place("rule"))
        check_code(count, get_args(Counted), "is not what is counted here", where=place("count"))
        check_code(population, get_args(Population), "is no population", where=place("population"))
        method = Method(
            rule,
            _number(least_age, place("least_age")),
            _number(age_difference, place("age_difference")),
            _number(largest, place("largest")) or LARGEST,
        )
        kept = codes_kept(only or {}, place("only"))
        return cls(
            day, arguments.names(by), known, count, population, method, months, kept, totals, shown
        )

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Cells:
        """The answer of an open store."""
        protects = self.shown.rules is not None
        found = households(
            connection, self.date, self.by, self.known_at, count=self.count,
            population=self.basis, method=self.method, only=self.only,
            # Means are of what is shown.
            totals=self.totals and not protects, means=not protects, amounts=not protects,
            extraction_months=self.extraction_months,
        )  # fmt: skip
        return replace(self.shown, totals=self.totals and protects).of(found)


def _number(value: Any, where: str) -> int | None:
    """A number of years or persons; None: the rule's."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value > 0):
        return value
    raise UsageError("is no number of years or persons", where=where, value=value, allowed="1, 2 …")
