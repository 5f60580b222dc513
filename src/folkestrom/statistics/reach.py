"""How far the log reaches: before and after that, there is nothing to count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from folkestrom.engine.steps import run, step
from folkestrom.errors import UsageError
from folkestrom.model.specification import Text


@dataclass(frozen=True, slots=True)
class Reach:
    """Days that the log can speak of.

    Parameters
    ----------
    first
        First day with a stock.
    last
        Last knowledge day on which something became known.
    """

    first: date
    last: date

    def check_day(self, day: date, where: str = "date") -> None:
        """Refuse a reference day outside of what the log knows."""
        if day > self.last:
            raise UsageError(
                f"is later than what the log knows: its last reports became known on {self.last}",
                where=where,
                value=day,
                allowed=f"days from {self.first} to {self.last}",
                next_step="Take in later reports first, or ask for an earlier day",
            )
        if day < self.first:
            raise UsageError(
                f"is before the log begins: its first stock is that of {self.first}",
                where=where,
                value=day,
                allowed=f"days from {self.first} to {self.last}",
            )

    def remarks(self, known_at: date) -> tuple[Text, ...]:
        """What to say of figures as known on a day that the log does not reach."""
        if known_at <= self.last:
            return ()
        return (
            Text(
                f"The log's last reports became known on {self.last}: figures as known on "
                f"{known_at} lack what came later.",
                f"De siste meldingene i loggen ble kjent {self.last}: tall slik de var kjent "
                f"{known_at} mangler det som kom senere.",
            ),
        )


@step("log_reach")
def log_reach() -> str:
    """First day on which anybody is resident, and last day on which a report became known."""
    return """
        SELECT (SELECT min(valid_from) FROM residence) AS first_day,
               (SELECT max(known_from) FROM report) AS last_known
    """


def reach(connection: duckdb.DuckDBPyConnection) -> Reach:
    """How far the log of an open store reaches."""
    ((first, last),) = run(connection, [log_reach()]).fetchall()
    if first is None or last is None:
        raise UsageError(
            "has no residents: there is nothing to count",
            where="the store",
            next_step="Take in reports with `folkestrom intake FILES`",
        )
    return Reach(first + timedelta(days=1), last)
