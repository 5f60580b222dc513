"""The population by usual residence of twelve months, in place of the registered one.

Of whom stays are told, the rules say who is resident, where, and who came and left; all others are
as registered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Final

import duckdb

from folkestrom.engine.steps import Step, compose, create_view, materialise, step
from folkestrom.model.codes import Kind, Sex
from folkestrom.model.countries import COUNTRIES
from folkestrom.model.time import OPEN
from folkestrom.residence.deciding import Rulebook, standing_steps, verdict_steps
from folkestrom.residence.law import RESIDENT, nordic_limits
from folkestrom.residence.reporting import decisions_in_order, told_reports
from folkestrom.residence.stays import read_stays

_BOOK: Final = Rulebook("usual")
_SEXES: Final = " ".join(f"WHEN '{sex.name.lower()}' THEN {sex.value}" for sex in Sex)
_COUNTRIES: Final = ", ".join(f"'{code}'" for code in COUNTRIES)


@step("usual_residents", reads=["residence", "residence_stay"])
def usual_residents() -> str:
    """Residents at the end of the day before `$day`, as known on `$known_at`, by both sources.

    Each row holds for that day and knowledge date alone. What the register has never known of a
    person is as the last stay says.
    """
    return f"""
        SELECT * REPLACE (($day - INTERVAL 1 DAY)::DATE AS valid_from, $day AS valid_to,
                          $known_at AS known_from, ($known_at + INTERVAL 1 DAY)::DATE AS known_to)
        FROM (
          SELECT * FROM residence
          WHERE valid_from < $day AND valid_to >= $day
            AND known_from <= $known_at AND known_to > $known_at
            AND person NOT IN (SELECT person FROM standing_on)
          UNION ALL BY NAME
          SELECT s.person, s.municipality::SMALLINT AS municipality,
                 CASE WHEN r.municipality = s.municipality THEN r.basic_unit
                   ELSE s.municipality * 10000 END::INTEGER AS basic_unit,
                 coalesce(r.sex, t.sex, 0)::TINYINT AS sex,
                 coalesce(r.birth_date, t.birth_date) AS birth_date,
                 coalesce(r.country_of_birth, t.country_of_birth)::SMALLINT AS country_of_birth
          FROM standing_on s
          LEFT JOIN (
            SELECT person, arg_max(municipality, valid_from) AS municipality,
                   arg_max(basic_unit, valid_from) AS basic_unit,
                   arg_max(sex, valid_from) AS sex, arg_max(birth_date, valid_from) AS birth_date,
                   arg_max(country_of_birth, valid_from) AS country_of_birth
            FROM residence
            WHERE valid_from < $day AND known_from <= $known_at AND known_to > $known_at
            GROUP BY person
          ) AS r ON r.person = s.person
          LEFT JOIN (
            SELECT person, arg_max(CASE sex {_SEXES} END, from_date) AS sex,
                   arg_max(birth_date, from_date) AS birth_date,
                   arg_max(list_position([{_COUNTRIES}], country_of_birth), from_date)
                     AS country_of_birth
            FROM residence_stay GROUP BY person
          ) AS t ON t.person = s.person
          WHERE s.outcome = '{RESIDENT}'
        ) AS r
    """


@step("usual_events", reads=["event", "residence_stay"])
def usual_events() -> str:
    """Events by both sources: arrivals, departures, moves and deaths as the rules decide them.

    An event becomes known on the day after it is decided. Who leaves or dies does so from where
    the last decision has them; who is not resident then, from no place.
    """
    kinds = " ".join(f"WHEN '{kind.name.lower()}' THEN {kind.value}" for kind in Kind)
    return f"""
        SELECT * FROM event WHERE person NOT IN (SELECT person FROM residence_stay)
        UNION ALL BY NAME
        SELECT person, (CASE kind {kinds} END)::TINYINT AS kind, event_date,
               (decided_on + INTERVAL 1 DAY)::DATE AS first_known,
               (decided_on + INTERVAL 1 DAY)::DATE AS known_from, DATE '{OPEN}' AS known_to,
               municipality_from::SMALLINT AS municipality_from,
               municipality_to::SMALLINT AS municipality_to,
               (municipality_from * 10000)::INTEGER AS basic_unit_from,
               (municipality_to * 10000)::INTEGER AS basic_unit_to,
               list_position([{_COUNTRIES}], country)::SMALLINT AS country,
               (CASE sex {_SEXES} ELSE 0 END)::TINYINT AS sex, birth_date
        FROM (
          SELECT *, lag(municipality_to) OVER (PARTITION BY person
                      ORDER BY event_date, decided_on, last) AS municipality_from
          FROM (
            SELECT person, kind, event_date, decided_on, 0 AS last, country, sex, birth_date,
                   CASE WHEN kind <> 'emigration' THEN municipality END AS municipality_to
            FROM told_reports
            UNION ALL
            SELECT DISTINCT ON (person) person, 'death', death_date, death_date, 1, NULL, sex,
                   birth_date, NULL
            FROM told_reports WHERE death_date < $known_at
          ) AS e
        ) AS e
    """


@contextmanager
def usual_residence(
    connection: duckdb.DuckDBPyConnection, stays: Path, moments: Sequence[tuple[date, date]]
) -> Iterator[None]:
    """Let a connection see who has lived here for twelve months, and their events.

    Parameters
    ----------
    connection
        An open store, in the borders of its reports.
    stays
        A file of stays, as `read_stays` has it.
    moments
        The reference dates that may be asked for, each with its knowledge date; events are as known
        on the last. What counts of a day is the state at the end of the day before.
    """
    read_stays(connection, stays)
    names = []
    for number, (day, known_at) in enumerate(moments):
        steps = [*standing_steps(_BOOK), usual_residents()]
        made = Step(
            f"usual_residents_{number}", compose(steps), "Residents of a day, by the rules."
        )
        materialise(connection, [made], {"day": day, "known_at": known_at}, trace=[])
        names.append(made.name)
    limits = nordic_limits(_BOOK.reading)
    told = [*verdict_steps(_BOOK), decisions_in_order(_BOOK.base, limits), told_reports()]
    events = Step("usual_events", compose([*told, usual_events()]), "Events, by the rules.")
    materialise(connection, [events], {"known_at": moments[-1][1]}, trace=[])
    residents = " UNION ALL BY NAME ".join(f"SELECT * FROM {name}" for name in names)
    views = {"residence": residents, "event": "SELECT * FROM usual_events"}
    for name, sql in views.items():
        create_view(connection, [Step(name, sql, "As by usual residence.")], temporary=True)
    try:
        yield
    finally:
        for name in views:
            connection.execute(f"DROP VIEW temp.{name}")
