"""Stays of the country's persons as case files have them, and who of them is resident.

Made of the reports that stand: what they tell of arrivals, moves and departures is put into stays
that the rules of residence decide in the same way. Beside them are persons whom no report tells of
(staff of embassies, visitors, asylum seekers who wait, those who were gone before the register
begins), and residents who are away or elsewhere without having moved, some of whom the register
should no longer have. The right answer for the last 1 January is the truth.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from folkestrom.engine.paths import literal
from folkestrom.model.report import UNITS

#: Share of immigrations that are for less than twelve months and for six or more. 2020: 38 071 by
#: the law (Statistics Norway), 36 287 by twelve months (Eurostat, migr_imm1ctz).
SHORT_SHARE: Final = 1 - 36_287 / 38_071

#: Persons whom no report tells of, for every 10 000 reports of an immigration: how many, what their
#: stay is, and the rule by which they are not resident.
_UNREPORTED: Final = (
    (40, "embassy", "NULL", "US", "diplomats"),
    (20, "nato", "NULL", "US", "nato"),
    (300, "work", "100", "PL", "short_stay"),
    (150, "asylum", "NULL", "SY", "asylum_waiting"),
    (60, "commuter", "NULL", "SE", "commuter_from_abroad"),
    (60, "work", "150", "PH", "permit_too_short"),
)
#: Persons who were gone before the register begins: how many for every 10 000 immigrations, their
#: citizenship, the rule that ended residence, and their stays: where, why, from when.
_GONE: Final = (
    (20, "SO", "six_months_abroad_1970", (("NO", "asylum", "1990-05-01"),
                                          ("SO", "other", "1995-06-01"))),
    (10, "PL", "unknown_foreigner_1998", (("NO", "work", "1992-02-01"),
                                          ("XX", "other", "1997-03-01"))),
    (10, "NO", "unknown_norwegian_1998", (("NO", "birth", "1960-08-01"),
                                          ("XX", "other", "1994-06-01"))),
)  # fmt: skip
#: Share of foreigners' emigrations that are known by a notice that their stay is not lawful.
_NOTICES: Final = 0.005
#: Share of moves that are to an institution.
_INSTITUTIONS: Final = 0.002
#: Citizenships with which a stay for work needs a residence permit; others have them too.
_PERMITS: Final = "('US', 'IN', 'CN', 'PH', 'RU', 'PK', 'TH', 'VN', 'BR', 'UA')"
#: Stays of residents who have not moved, of every 10 000 persons who never did: how many, where
#: (NULL: in Norway), why, days (NULL: until now), and the rule that leaves them where they are, or
#: that ends residence though the register has them still.
_UNMOVED: Final = (
    (4, "SJ", "work", "NULL", "dependencies"),
    (2, "US", "foreign_service", "NULL", "foreign_service"),
    (6, "GB", "shelf", "NULL", "dependencies"),
    (10, "ES", "other", "90", "short_absence"),
    (5, "SE", "work", "200", "nordic_stay"),
    (6, "US", "study", "330", "reported_only"),
    (40, None, "study", "NULL", "student"),
    (8, None, "conscript", "NULL", "conscripts_prisoners_patients"),
    (2, None, "prisoner", "NULL", "conscripts_prisoners_patients"),
    (4, None, "patient", "60", "conscripts_prisoners_patients"),
    (3, None, "institution", "100", "elsewhere_for_a_time"),
    (12, None, "commuter", "NULL", "elsewhere_for_a_time"),
    (4, None, "work", "NULL", "joint_home"),
    (1, None, "politician", "NULL", "politician"),
    (2, None, "work", "NULL", "most_nights"),
    (2, "SE", "work", "NULL", "nordic_void"),
    (3, "XX", "other", "NULL", "unknown_whereabouts"),
)
#: Of these the register is wrong.
_ENDED: Final = "unknown_whereabouts"

_EVENTS: Final = """
    CREATE TEMP TABLE stood AS
    WITH told AS (FROM read_parquet($reports))
    SELECT *, (event_date, received_at, source_report_id) AS placed FROM told t
    WHERE kind IN ('birth', 'first_registration', 'immigration', 'move', 'emigration', 'death')
      AND NOT EXISTS (
        SELECT 1 FROM told o WHERE coalesce(o.annuls, o.corrects) = t.source_report_id
          AND NOT EXISTS (SELECT 1 FROM told a WHERE a.annuls = o.source_report_id)
      )
"""
_MIGRANTS: Final = """
    CREATE TEMP TABLE told_stay AS
    WITH person AS (
      SELECT person, max(event_date) FILTER (kind = 'death') AS death_date,
             arg_max(sex, placed) AS sex, arg_max(birth_date, placed) AS birth_date,
             arg_min(country_of_birth, placed) AS country_of_birth,
             arg_max(citizenship, placed) AS citizenship,
             bool_or(kind IN ('immigration', 'emigration')) AS migrant,
             bool_or(kind = 'move') AS moved
      FROM stood GROUP BY person
    ), spell AS (
      SELECT s.person, CASE WHEN kind = 'emigration' THEN country ELSE 'NO' END AS country,
             event_date AS from_date, kind,
             TRY_CAST(CASE WHEN kind <> 'emigration' THEN basic_unit END AS INTEGER)
               AS municipality,
             lead(event_date) OVER (PARTITION BY s.person ORDER BY event_date, s.received_at,
                 s.source_report_id)
               AS to_date,
             reason, p.* EXCLUDE (person)
      FROM stood s JOIN person p ON p.person = s.person
      WHERE kind <> 'death'
    )
    SELECT *, (person * 2654435761) % 4294967296 AS dice FROM spell
    WHERE (to_date IS NULL OR to_date > from_date)
      AND (migrant OR (NOT moved AND death_date IS NULL))
"""
_STAYS: Final = """
    CREATE TEMP TABLE case_stay AS
    WITH ranked AS (
      SELECT *, kind = 'immigration'
               AND least(coalesce(arrival_to, $end), $end) < from_date + INTERVAL 12 MONTH
               AND kind_after IS DISTINCT FROM 'move' AS brief,
             count(*) FILTER (kind = 'immigration') OVER (PARTITION BY year(from_date)) AS arrived,
             row_number() OVER (PARTITION BY kind ORDER BY dice, person, from_date) AS place_of_kind
      FROM (
        SELECT *, min(CASE WHEN kind = 'emigration' THEN from_date END) OVER (
                    PARTITION BY person ORDER BY from_date ROWS BETWEEN 1 FOLLOWING
                    AND UNBOUNDED FOLLOWING) AS arrival_to,
               lead(kind) OVER (PARTITION BY person ORDER BY from_date) AS kind_after
        FROM told_stay WHERE migrant
      ) AS t
    ), chosen AS (
      SELECT *, row_number() OVER (PARTITION BY year(from_date), brief ORDER BY dice, person,
                                   from_date) AS place
      FROM ranked
    )
    SELECT person, country, from_date,
           CASE WHEN kind IN ('birth', 'first_registration') THEN 'birth'
                WHEN kind = 'emigration' THEN 'other'
                WHEN kind = 'move' AND place_of_kind <= ceil($institutions * (
                    SELECT count(*) FROM ranked WHERE kind = 'move'))
                  THEN 'institution'
                ELSE CASE reason WHEN 'work' THEN 'work' WHEN 'education' THEN 'other'
                  WHEN 'family' THEN 'family' WHEN 'refuge' THEN 'asylum' ELSE 'other' END
           END AS ground,
           municipality,
           CASE WHEN brief AND place <= round(arrived * $share)
             THEN (from_date + (6 + dice % 6) * INTERVAL 1 MONTH)::DATE END AS intended_to,
           to_date, citizenship,
           CASE WHEN reason = 'refuge' OR needs_permit THEN from_date END AS permit_from,
           NULL::INTEGER AS family_municipality, NULL::VARCHAR AS family_country,
           needs_permit, NULL::INTEGER AS nights, NULL::DATE AS unlawful_from,
           NULL::BOOLEAN AS nordic_notice,
           CASE WHEN kind = 'emigration' THEN TRUE END AS dwelling_abroad,
           CASE WHEN kind = 'emigration' THEN FALSE END AS dwelling_norway,
           death_date, sex, birth_date, country_of_birth, NULL::VARCHAR AS rule
    FROM chosen, LATERAL (SELECT kind = 'immigration' AND reason = 'work'
                            AND citizenship IN {permits} AS needs_permit) AS p
"""
#: Foreigners who left for good, of whom only the notice is known.
_NOTICED: Final = """
    CREATE TEMP TABLE noticed AS
    SELECT person, from_date FROM (
      SELECT *, row_number() OVER (ORDER BY person * 2654435761 % 4294967296, person) AS place,
             count(*) OVER () AS many
      FROM case_stay
      WHERE country NOT IN ('NO', 'SE', 'DK', 'FI', 'IS', 'XX') AND citizenship <> 'NO'
        AND to_date IS NULL AND death_date IS NULL AND from_date BETWEEN '2017-11-01' AND $day
    ) AS s
    WHERE place <= ceil(many * $share)
"""
_NOTICE: Final = """
    DELETE FROM case_stay WHERE (person, from_date) IN (FROM noticed);
    UPDATE case_stay SET unlawful_from = to_date, to_date = NULL, rule = 'no_lawful_stay'
    WHERE (person, to_date) IN (FROM noticed)
"""


def write_stays(
    reports: Path, to: Path, truth: Path, last_year: int, places: pa.Table | None = None
) -> None:
    """Write the stays of a country whose reports are written, and who of them is resident.

    Parameters
    ----------
    reports
        Folder of report files.
    to
        Parquet file of stays.
    truth
        Parquet file of the truth: `person`, `resident` and `municipality` on 1 January of the last
        year, and `rule`, where one rule keeps the register from being changed.
    last_year
        The country ends on 1 February of it.
    places
        What municipality each basic unit is in, from when to when: `unit`, `municipality`,
        `begins`, `ends`; None: that of its number, always.
    """
    # One thread: the same rows in the same order, whatever the machine.
    with duckdb.connect(config={"threads": 1}) as connection:
        pattern = {"reports": literal(reports) + "/*.parquet"}
        connection.execute(_EVENTS, pattern)
        connection.execute(_MIGRANTS)
        end = f"{last_year}-02-01"
        connection.execute(
            _STAYS.replace("{permits}", _PERMITS),
            {"end": end, "share": SHORT_SHARE, "institutions": _INSTITUTIONS},
        )
        connection.execute(_NOTICED, {"day": f"{last_year - 1}-12-01", "share": _NOTICES})
        connection.execute(_NOTICE)
        _add_unreported(connection, last_year)
        _add_gone(connection)
        _add_unmoved(connection, last_year)
        connection.execute(
            f"CREATE TEMP TABLE place AS {_FIXED}"
            if places is None
            else "CREATE TEMP TABLE place AS FROM places"
        )
        day = f"DATE '{last_year}-01-01'"
        connection.execute(f"COPY ({_ordered()}) TO '{literal(to)}' (FORMAT parquet)")
        connection.execute(f"COPY ({_truth(day)}) TO '{literal(truth)}' (FORMAT parquet)")


#: The municipality of every unit that stays are in, as its number says.
_FIXED: Final = f"""
    SELECT DISTINCT municipality AS unit, municipality // {UNITS} AS municipality,
           DATE '0001-01-01' AS begins, DATE '9999-12-31' AS ends
    FROM (SELECT municipality FROM case_stay UNION SELECT family_municipality FROM case_stay
          UNION SELECT municipality FROM told_stay)
"""


def _ordered() -> str:
    """Stays as they are written: up to now their municipalities were basic units."""
    names = ("municipality", "family_municipality")
    replaced = ", ".join(f"{n}_of.municipality::INTEGER AS {n}" for n in names)
    joins = " ".join(
        f"LEFT JOIN place {n}_of ON {n}_of.unit = c.{n} AND {n}_of.begins <= from_date "
        f"AND {n}_of.ends > from_date"
        for n in names
    )
    return f"""
        SELECT c.* EXCLUDE (rule) REPLACE ({replaced}) FROM case_stay c {joins} ORDER BY ALL
    """


def _truth(day: str) -> str:
    """Of each person of whom stays are told, what stands on a day, and which rule keeps it so."""
    return f"""
        SELECT c.person,
               coalesce(r.kind <> 'emigration' AND NOT coalesce(r.death_date < {day}, FALSE), FALSE)
                 AND coalesce(max(c.rule), '') <> '{_ENDED}' AS resident,
               CASE WHEN r.kind <> 'emigration' THEN lpad(p.municipality::VARCHAR, 4, '0')
                 END AS municipality,
               max(c.rule) AS rule
        FROM case_stay c LEFT JOIN (
          SELECT person, arg_max(kind, from_date) AS kind,
                 arg_max(municipality, from_date) AS municipality, any_value(death_date)
                   AS death_date
          FROM told_stay WHERE from_date < {day} GROUP BY person
        ) AS r ON r.person = c.person
        LEFT JOIN place p ON p.unit = r.municipality AND p.begins <= {day} AND p.ends > {day}
        GROUP BY c.person, r.kind, r.death_date, p.municipality ORDER BY 1
    """


def _add_unreported(connection: duckdb.DuckDBPyConnection, last_year: int) -> None:
    """Persons whom no report tells of, with pseudonyms above all others."""
    for share, ground, days, origin, rule in _UNREPORTED:
        connection.execute(
            f"""
            INSERT INTO case_stay BY NAME
            SELECT top + n AS person, 'NO' AS country,
                   DATE '{last_year - 2}-03-01' + (n * 7 % 500)::INTEGER AS from_date,
                   '{ground}' AS ground, (SELECT arg_min(municipality, person) FROM case_stay
                     WHERE municipality IS NOT NULL) AS municipality,
                   from_date + {days}::INTEGER AS intended_to, from_date + {days}::INTEGER
                     AS to_date,
                   '{origin}' AS citizenship, '{origin}' AS country_of_birth,
                   CASE WHEN '{ground}' = 'commuter' THEN '{origin}' END AS family_country,
                   '{rule}' = 'permit_too_short' AS needs_permit, 'unknown' AS sex,
                   DATE '1985-05-17' AS birth_date, '{rule}' AS rule
            FROM {_further(share)}
            """
        )


def _add_gone(connection: duckdb.DuckDBPyConnection) -> None:
    """Persons whose stays all are of the time before the register begins, or who vanished then."""
    for share, citizenship, rule, (here, there) in _GONE:
        stays = ", ".join(
            f"('{country}', '{ground}', DATE '{begins}', {ends}, {home})"
            for (country, ground, begins), ends, home in (
                (here, f"DATE '{there[2]}'", "'birth'"), (there, "NULL", "NULL"),
            )
        )  # fmt: skip
        connection.execute(
            f"""
            INSERT INTO case_stay BY NAME
            SELECT top + n AS person, country, from_date, ground, to_date,
                   CASE WHEN home IS NOT NULL THEN (SELECT arg_min(municipality, person)
                     FROM case_stay WHERE municipality IS NOT NULL) END AS municipality,
                   '{citizenship}' AS citizenship, '{citizenship}' AS country_of_birth,
                   'unknown' AS sex, DATE '1960-08-01' AS birth_date, '{rule}' AS rule
            FROM {_further(share)},
                 (VALUES {stays}) AS v (country, ground, from_date, to_date, home)
            """
        )


def _further(share: int) -> str:
    """Rows `top`, the first pseudonym above all others, and `n`, from 0, of so many persons."""
    return f"""
        (SELECT max(person) + 1 AS top FROM (
           SELECT person FROM stood UNION ALL SELECT person FROM case_stay)) AS t,
        (SELECT unnest(range(CAST(ceil(count(*) * {share} / 10000.0) AS BIGINT))) AS n
         FROM stood WHERE kind = 'immigration') AS s
    """


def _add_unmoved(connection: duckdb.DuckDBPyConnection, last_year: int) -> None:
    """Residents who never moved, who are away, some until they return, or elsewhere for a time."""
    connection.execute(
        """
        CREATE TEMP TABLE settled AS
        SELECT *, row_number() OVER (ORDER BY dice, person) - 1 AS place
        FROM told_stay WHERE NOT migrant AND from_date < $day AND birth_date < $adult
        """,
        {"day": f"{last_year - 5}-01-01", "adult": f"{last_year - 25}-01-01"},
    )
    ((many,),) = connection.execute("SELECT count(*) FROM settled").fetchall()
    done, end = 0, f"DATE '{last_year}-02-01'"
    for share, country, ground, days, rule in _UNMOVED:
        here = country is None
        where = "'NO'" if here else f"'{country}'"
        some = max(1, round(many * share / 10_000))
        away = f"DATE '{last_year - (4 if rule == _ENDED else 1)}-04-01' AS away"
        chosen = f"SELECT * FROM settled WHERE place BETWEEN {done} AND {done + some - 1}"
        connection.execute(
            f"""
            INSERT INTO case_stay BY NAME
            SELECT person, 'NO' AS country, from_date, 'birth' AS ground, municipality,
                   citizenship, sex, birth_date, country_of_birth,
                   CASE WHEN {not here} THEN away END AS to_date, NULL AS rule,
                   CASE WHEN '{rule}' = 'most_nights' THEN 170 END AS nights
            FROM ({chosen}), (SELECT {away})
            UNION ALL BY NAME
            SELECT person, {where} AS country, away AS from_date, '{ground}' AS ground,
                   CASE WHEN {here} THEN
                     CASE municipality // {UNITS} WHEN 301 THEN 46010001 ELSE 3010001 END
                     END AS municipality,
                   away + {days}::INTEGER AS intended_to,
                   CASE WHEN {here} OR away + {days}::INTEGER < {end} THEN away + {days}::INTEGER
                     END AS to_date,
                   citizenship, sex, birth_date, country_of_birth,
                   CASE WHEN '{rule}' = 'joint_home' THEN 'NO' END AS family_country,
                   CASE WHEN '{rule}' = 'joint_home' THEN municipality END AS family_municipality,
                   CASE WHEN '{rule}' = 'reported_only' THEN TRUE END AS dwelling_norway,
                   CASE WHEN '{rule}' = 'most_nights' THEN 120 END AS nights,
                   CASE WHEN '{rule}' = 'nordic_void' THEN FALSE END AS nordic_notice,
                   '{rule}' AS rule
            FROM ({chosen}), (SELECT {away})
            UNION ALL BY NAME
            SELECT person, 'NO' AS country, away + {days}::INTEGER AS from_date, 'other' AS ground,
                   municipality, citizenship, sex, birth_date, country_of_birth
            FROM ({chosen}), (SELECT {away})
            WHERE {not here} AND away + {days}::INTEGER < {end}
            """
        )
        done += some
