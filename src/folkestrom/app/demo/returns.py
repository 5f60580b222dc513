"""How many of those who came from eight EU countries have left again.

The source says 32 per cent. The synthetic country is made to come near that, so here it is a check
of the country and no finding.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import duckdb

from folkestrom.engine.steps import run, step
from folkestrom.model.codes import Kind, Origin
from folkestrom.model.countries import COUNTRY_CODES

#: Countries that joined the Union in 2004 and that the source counts together.
COUNTRIES: Final = ("PL", "LV", "LT", "EE", "CZ", "SK", "HU", "SI")
SINCE: Final = date(2004, 1, 1)
#: What the source says, in percent.
STATED: Final = 32


@dataclass(frozen=True, slots=True)
class Returns:
    """Arrivals since `SINCE`, and those of them who have left and not come back.

    Parameters
    ----------
    arrived, left
        Persons.
    """

    arrived: int
    left: int


@step("arrivals_since", reads=["attribute"])
def arrivals_since() -> str:
    """Persons born in one of eight EU countries whose record began by immigration since a day."""
    countries = ", ".join(str(COUNTRY_CODES[country]) for country in COUNTRIES)
    return f"""
        SELECT person
        FROM attribute
        WHERE origin = {int(Origin.IMMIGRATION)} AND country_of_birth IN ({countries})
          AND valid_from >= $since AND valid_from < $day
          AND known_from <= $known_at AND known_to > $known_at
    """


@step("still_here_or_dead", reads=["event", "residence"])
def still_here_or_dead() -> str:
    """Who is resident at the end of the day before, and who has died while resident."""
    return f"""
        SELECT person
        FROM residence
        WHERE valid_from < $day AND valid_to >= $day
          AND known_from <= $known_at AND known_to > $known_at
        UNION ALL
        SELECT person
        FROM event
        WHERE kind = {int(Kind.DEATH)} AND event_date < $day
          AND known_from <= $known_at AND known_to > $known_at
    """


@step("arrived_and_left")
def arrived_and_left() -> str:
    """How many arrived, and how many of them have left and not come back."""
    return """
        SELECT count(*) AS arrived, count(*) - count(s.person) AS departed
        FROM arrivals_since a
        LEFT JOIN (SELECT DISTINCT person FROM still_here_or_dead) AS s ON s.person = a.person
    """


def returns(connection: duckdb.DuckDBPyConnection, day: date, known_at: date) -> Returns:
    """Count them in an open store.

    Parameters
    ----------
    connection
        The store.
    day
        The state before this day is meant.
    known_at
        Knowledge date.
    """
    parameters = {"since": SINCE, "day": day, "known_at": known_at}
    ((arrived, left),) = run(
        connection, [arrivals_since(), still_here_or_dead(), arrived_and_left()], parameters
    ).fetchall()
    return Returns(arrived, left)
