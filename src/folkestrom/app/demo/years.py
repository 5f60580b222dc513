"""Births, deaths and migration of many years in one pass over the events.

The same flows as `Store.changes` gives year by year, which reads the events once for each.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import duckdb

from folkestrom.engine.steps import Step, run, step
from folkestrom.model.codes import Kind
from folkestrom.model.time import EXTRACTION_MONTHS, extraction

#: Flows of the country, by event type.
KINDS: Final = {
    Kind.BIRTH: "births",
    Kind.DEATH: "deaths",
    Kind.IMMIGRATION: "immigration",
    Kind.EMIGRATION: "emigration",
}
#: What they do to a population.
_SIGNS: Final = {"births": 1, "deaths": -1, "immigration": 1, "emigration": -1}
_COUNTED: Final = ", ".join(str(int(kind)) for kind in KINDS)
#: Who leaves or dies while not resident leaves no place, and is not counted.
_PLACED: Final = (
    f"(kind NOT IN ({int(Kind.DEATH)}, {int(Kind.EMIGRATION)}) OR municipality_from IS NOT NULL)"
)


@step("windows")
def windows(first: int = 2000, last: int = 2020) -> str:
    """Years, each from one extraction to the next."""
    known = {year: extraction(date(year, 1, 1)) for year in range(first, last + 2)}
    rows = ", ".join(
        f"({year}, DATE '{known[year]}', DATE '{known[year + 1]}')"
        for year in range(first, last + 1)
    )
    return f"SELECT * FROM (VALUES {rows}) AS w(year, known_start, known_end)"


@step("flows_by_year", reads=["event"])
def flows_by_year() -> str:
    """Events by the one year that counts them.

    An event is counted in its own year if its report was known at that year's extraction, and
    otherwise in the year between whose extractions it became known; in either case only if
    it stands at the extraction that ends the year.
    """
    return f"""
        SELECT w.year AS year, e.kind AS kind, count(*) AS events
        FROM event e
        JOIN windows w ON year(e.event_date) = w.year
        WHERE e.kind IN ({_COUNTED}) AND {_PLACED} AND e.first_known <= w.known_end
          AND e.known_from <= w.known_end AND e.known_to > w.known_end
        GROUP BY w.year, e.kind
        UNION ALL
        SELECT w.year AS year, e.kind AS kind, count(*) AS events
        FROM late_events e
        JOIN windows w ON e.first_known > w.known_start AND e.first_known <= w.known_end
        WHERE e.known_from <= w.known_end AND e.known_to > w.known_end
        GROUP BY w.year, e.kind
    """


@step("late_events", reads=["event"])
def late_events() -> str:
    """Events that became known after the extraction of their year."""
    return f"""
        SELECT kind, event_date, first_known, known_from, known_to
        FROM event
        WHERE kind IN ({_COUNTED}) AND {_PLACED}
          AND first_known > make_date(year(event_date) + 1, {1 + EXTRACTION_MONTHS}, 1)
    """


def years(
    connection: duckdb.DuckDBPyConnection, populations: Mapping[int, int]
) -> list[dict[str, Any]]:
    """Accounts of the country, one year after the other.

    Parameters
    ----------
    connection
        An open store.
    populations
        Residents on 1 January, as published, of consecutive years.
    """
    first, *_, last = sorted(populations)
    steps: list[Step] = [windows(first, last - 1), late_events(), flows_by_year()]
    found = {year: dict.fromkeys(_SIGNS, 0) for year in range(first, last)}
    for year, kind, events in run(connection, steps).fetchall():
        found[year][KINDS[Kind(kind)]] += events
    return [_account(year, flows, populations) for year, flows in found.items()]


def _account(year: int, flows: dict[str, int], populations: Mapping[int, int]) -> dict[str, Any]:
    growth = populations[year + 1] - populations[year]
    net = sum(sign * flows[name] for name, sign in _SIGNS.items())
    return {"year": year, **flows, "adjustment": growth - net}
