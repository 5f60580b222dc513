"""The population by usual residence of twelve months, in place of the registered one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb

from folkestrom.engine.steps import Step, compose, create_view, materialise, step
from folkestrom.model.codes import Sex
from folkestrom.model.countries import COUNTRIES
from folkestrom.residence.deciding import Rulebook, standing_on, verdict_steps
from folkestrom.residence.law import RESIDENT
from folkestrom.residence.stays import read_stays


@step("usual_residents", reads=["residence", "residence_stay"])
def usual_residents() -> str:
    """Residents at the end of the day before `$day`, as known on `$known_at`, by both sources.

    Of whom stays are told, the rules say who is resident and where; all others are as registered.
    What the register has never known of a person is as the last stay says.
    """
    sexes = " ".join(f"WHEN '{sex.name.lower()}' THEN {sex.value}" for sex in Sex)
    countries = ", ".join(f"'{code}'" for code in COUNTRIES)
    return f"""
        SELECT * FROM residence
        WHERE valid_from < $day AND valid_to >= $day
          AND known_from <= $known_at AND known_to > $known_at
          AND person NOT IN (SELECT person FROM standing_on)
        UNION ALL BY NAME
        SELECT s.person, s.municipality::SMALLINT AS municipality,
               CASE WHEN r.municipality = s.municipality THEN r.basic_unit
                 ELSE s.municipality * 10000 END::INTEGER AS basic_unit,
               NULL::BIGINT AS dwelling,
               coalesce(r.sex, t.sex, 0)::TINYINT AS sex,
               coalesce(r.birth_date, t.birth_date) AS birth_date,
               coalesce(r.country_of_birth, t.country_of_birth)::SMALLINT AS country_of_birth,
               s.since AS valid_from, DATE '9999-12-31' AS valid_to,
               s.since AS known_from, DATE '9999-12-31' AS known_to, 0::BIGINT AS position
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
          SELECT person, arg_max(CASE sex {sexes} END, from_date) AS sex,
                 arg_max(birth_date, from_date) AS birth_date,
                 arg_max(list_position([{countries}], country_of_birth), from_date)
                   AS country_of_birth
          FROM residence_stay GROUP BY person
        ) AS t ON t.person = s.person
        WHERE s.outcome = '{RESIDENT}'
    """


@step("residence")
def residence_by_usual() -> str:
    """The table that all later rooms read, of those who are usually resident."""
    return "SELECT * FROM usual_residents"


@contextmanager
def usual_residence(
    connection: duckdb.DuckDBPyConnection, stays: Path, day: date, known_at: date
) -> Iterator[None]:
    """Let a connection see as residents, of one day, who has lived here for twelve months.

    Parameters
    ----------
    connection
        An open store, in the borders of its reports.
    stays
        A file of stays, as `read_stays` has it.
    day
        The reference date; what counts is the state at the end of the day before.
    known_at
        The knowledge date.
    """
    read_stays(connection, stays)
    steps = [*verdict_steps(Rulebook("usual")), standing_on(), usual_residents()]
    made = Step("usual_residents", compose(steps), "Residents by the rule of twelve months.")
    materialise(connection, [made], {"day": day, "known_at": known_at}, trace=[])
    create_view(connection, [residence_by_usual()], temporary=True)
    try:
        yield
    finally:
        connection.execute("DROP VIEW temp.residence")
