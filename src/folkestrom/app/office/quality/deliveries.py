"""Questions about deliveries: the quality report of one, and the list of all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Self

import duckdb

from folkestrom.app.office import arguments
from folkestrom.app.office.arguments import Day, Place
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.statistics.quality.deliveries import MOST_DAYS, history, report


@dataclass(frozen=True, slots=True)
class DeliveryQuestion:
    """The quality report of a delivery; see `Store.quality_of_delivery`."""

    delivery: int | None = None
    days: int | None = None
    until: date | None = None
    alarms: bool = False

    @classmethod
    def asked(
        cls, place: Place, *, delivery: int | None, days: int | None, until: Day | None,
        alarms: bool,
    ) -> Self:  # fmt: skip
        """The question as a user asks it; `place` names an argument as it was typed."""
        if days is not None and not 1 <= days <= MOST_DAYS:
            raise UsageError(
                "is not a number of days", where=place("days"), value=days,
                allowed=f"1 to {MOST_DAYS}",
            )  # fmt: skip
        last = None if until is None else arguments.day(until, place("until"))
        return cls(delivery, days, last, alarms)

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Cells:
        """The answer of an open store."""
        return report(connection, self.delivery, self.days, self.until, alarms=self.alarms)


@dataclass(frozen=True, slots=True)
class DeliveriesQuestion:
    """Every delivery with what was counted of it."""

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Cells:
        """The answer of an open store."""
        return history(connection)
