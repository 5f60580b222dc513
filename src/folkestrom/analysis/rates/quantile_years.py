"""The years whose quantile groups the rates of a period need."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import duckdb

from folkestrom.engine.rows import is_any
from folkestrom.errors import UsageError
from folkestrom.linkage.catalogue import Linked
from folkestrom.statistics.coverage import Coverage
from folkestrom.statistics.periods import Period


def quantile_years(
    connection: duckdb.DuckDBPyConnection, period: Period, known: date, limits: Coverage
) -> Callable[[Linked], dict[int, dict[str, object]]]:
    """Eve and knowledge date of the 1 Januaries of a period's years, by linked variable.

    Events of the first day are described as of the day before, which may be of another year: it is
    there too if a person has a value then.

    Parameters
    ----------
    connection
        An open store.
    period, known
        The period, and the knowledge date.
    limits
        How far the log reaches.
    """
    first, last = period.start - timedelta(days=1), period.end - timedelta(days=1)
    asked = range(period.start.year, last.year + 1)

    def of(linked: Linked) -> dict[int, dict[str, object]]:
        found: dict[int, dict[str, object]] = {}
        valued = set()
        for year in range(first.year, last.year + 1):
            turn = date(year, 1, 1)
            held = (
                f"{linked.table} WHERE valid_from <= $turn AND valid_to > $turn "
                "AND known_from <= $known AND known_to > $known"
            )
            given = {"turn": turn, "known": known}
            if turn >= limits.first and is_any(connection, held, given):
                valued.add(year)
            if year in valued or year in asked:
                found[year] = {"eve": turn - timedelta(days=1), "known": known}
        if valued.isdisjoint(asked):
            raise UsageError(
                "has no value on 1 January of any year of the period: groups of equal size are of "
                "the residents of those days",
                where="groups",
                value=linked.name,
                next_step="Ask for other years, or for groups by bounds (starts)",
            )
        return found

    return of
