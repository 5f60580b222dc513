"""Stays as an authority's case files tell them: what the rules of residence need to know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import duckdb
import polars as pl

from folkestrom.engine.rows import first_row
from folkestrom.errors import InputRefused
from folkestrom.model.countries import COUNTRIES
from folkestrom.model.report import MUNICIPALITY_DIGITS

#: The table of the steps in `folkestrom.residence.deciding`.
TABLE: Final = "residence_stay"

#: Grounds of a stay; which rules ask for which is in the rules' own data.
GROUNDS: Final = (
    "work", "study", "family", "asylum", "protection", "birth", "embassy", "nato",
    "foreign_service", "military", "posting", "shelf", "institution", "conscript", "prisoner",
    "patient", "commuter", "politician", "other",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StayColumn:
    """One column of a file of stays.

    Parameters
    ----------
    name
        Its name.
    type
        SQL type of its values.
    description
        What it says.
    required
        Whether every stay must have it.
    codes
        The values that it may have; none: any of its type.
    """

    name: str
    type: str
    description: str
    required: bool = False
    codes: tuple[str, ...] = ()


COLUMNS: Final = (
    StayColumn("person", "BIGINT", "Pseudonym of the person.", required=True),
    StayColumn("country", "VARCHAR", "Where the stay is: `NO`, `SJ` (Svalbard and Jan Mayen) or "
               "another country; `XX`: whereabouts unknown.", required=True, codes=COUNTRIES),
    StayColumn("from_date", "DATE", "First day of the stay.", required=True),
    StayColumn("ground", "VARCHAR", "Why the person is there.", required=True, codes=GROUNDS),
    StayColumn("municipality", "INTEGER", "Of a stay in Norway: the municipality, four digits."),
    StayColumn("intended_to", "DATE", "Until when it was meant to last when it began; empty: for "
               "good."),
    StayColumn("to_date", "DATE", "Day on which it ended; empty while it lasts."),
    StayColumn("citizenship", "VARCHAR", "Citizenship.", codes=COUNTRIES),
    StayColumn("needs_permit", "BOOLEAN", "Whether the person needs a residence permit."),
    StayColumn("permit_from", "DATE", "From when on a permit was granted; of an asylum seeker, the "
               "decision."),
    StayColumn("permit_to", "DATE", "Until when; empty: for good."),
    StayColumn("unlawful_from", "DATE", "Of a foreign citizen's stay in Norway: from when on the "
               "immigration authority has given notice that it is no longer lawful."),
    StayColumn("nordic_notice", "BOOLEAN", "Of a stay in another Nordic country: false if that "
               "country's notice had not come within three months."),
    StayColumn("family_country", "VARCHAR", "Where the spouse or children live with whom the "
               "person has a joint home; empty: none.", codes=COUNTRIES),
    StayColumn("family_municipality", "INTEGER", "In Norway, the municipality of that home."),
    StayColumn("nights", "INTEGER", "Nights spent there in twelve months; empty: all."),
    StayColumn("distance_km", "INTEGER", "Of a member of the Storting or the government: from the "
               "home to the place of work."),
    StayColumn("dwelling_abroad", "BOOLEAN", "Has a dwelling of their own abroad."),
    StayColumn("dwelling_norway", "BOOLEAN", "Still has a permanent dwelling in Norway."),
    StayColumn("work_norway", "BOOLEAN", "Still works for a municipality's labour market."),
    StayColumn("visits_norway", "BOOLEAN", "Stays in Norway more than sporadically in a year."),
    StayColumn("death_date", "DATE", "Day of death."),
    StayColumn("sex", "VARCHAR", "Legal sex; reports of arrivals need it.",
               codes=("male", "female", "unknown")),
    StayColumn("birth_date", "DATE", "Date of birth; likewise."),
    StayColumn("country_of_birth", "VARCHAR", "Country of birth; likewise.", codes=COUNTRIES),
)  # fmt: skip

_BY_NAME: Final = {column.name: column for column in COLUMNS}
_OTHER_DEATH: Final = f"""
    t.death_date <> (SELECT arg_min(o.death_date, o.stay) FROM {TABLE} o WHERE o.person = t.person)
"""
_MUNICIPALITIES: Final = ("municipality", "family_municipality")


def read_stays(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Put the stays of a file into the temporary table of the rules; return how many there are.

    Parameters
    ----------
    connection
        Any connection.
    path
        A Parquet, CSV or NDJSON file with the columns of `COLUMNS`.

    Raises
    ------
    InputRefused
        A file that is none, columns that lack or are unknown, and values that cannot be: the first
        of them, by row and column.
    """
    frame = _frame(path)
    _check_names(path, frame.columns)
    connection.register("arriving_stays", frame.with_row_index("stay", 1).to_arrow())
    try:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {TABLE} AS {_typed(frame.columns)}")
        _check_values(connection, path, frame.columns)
    finally:
        connection.unregister("arriving_stays")
    return frame.height


def put_in_borders(
    connection: duckdb.DuckDBPyConnection, numbers: pl.DataFrame, day: date, known_at: date
) -> None:
    """Give the stays that were read the numbers that their municipalities have on a day.

    Of one that is divided, the part in which the register has the person then, else the largest.

    Parameters
    ----------
    connection
        An open store, with the stays.
    numbers
        `code`, `begins`, `ends`, `to`, `weight`: where a number, used in a time, is on the day.
    day, known_at
        Reference and knowledge date.
    """
    connection.register("numbers", numbers.to_arrow())
    try:
        for column in _MUNICIPALITIES:
            connection.execute(
                f"""
                UPDATE {TABLE} t SET {column} = n."to" FROM (
                  SELECT o.stay, arg_max(m."to", (m."to" IS NOT DISTINCT FROM r.municipality)::INT
                    + m.weight / 2) AS "to"
                  FROM {TABLE} o
                  JOIN numbers m ON m.code = o.{column}
                    AND m.begins <= o.from_date AND m.ends > o.from_date
                  LEFT JOIN residence r ON r.person = o.person
                    AND r.valid_from < $day AND r.valid_to >= $day
                    AND r.known_from <= $known_at AND r.known_to > $known_at
                  GROUP BY o.stay
                ) n WHERE n.stay = t.stay
                """,
                {"day": day, "known_at": known_at},
            )
    finally:
        connection.unregister("numbers")


def first_day(connection: duckdb.DuckDBPyConnection) -> date | None:
    """The first day of any stay that was read."""
    row = first_row(connection, f"SELECT min(from_date) FROM {TABLE}")
    return None if row is None else row[0]


def _frame(path: Path) -> pl.DataFrame:
    try:
        if path.suffix == ".parquet":
            return pl.read_parquet(path)
        if path.suffix in (".ndjson", ".jsonl"):
            return pl.read_ndjson(path)
        return pl.read_csv(path, infer_schema=False, null_values=[""])
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputRefused(
            "is not a file of stays that can be read",
            where=str(path),
            allowed="a Parquet, CSV or NDJSON file with a row a stay",
            next_step="Look at the path, and at the file's ending.",
        ) from error


def _check_names(path: Path, names: list[str]) -> None:
    for name in names:
        if name not in _BY_NAME:
            raise InputRefused(
                "is not a column of stays", where=str(path), value=name,
                allowed=list(_BY_NAME), next_step="Rename the column, or leave it out.",
            )  # fmt: skip
    for column in COLUMNS:
        if column.required and column.name not in names:
            raise InputRefused(
                "lacks a column", where=str(path), column=column.name,
                allowed=[c.name for c in COLUMNS if c.required],
                next_step="Add it; every stay must have a value.",
            )  # fmt: skip


def _typed(names: list[str]) -> str:
    columns = []
    for column in COLUMNS:
        value = f'TRY_CAST("{column.name}"::VARCHAR AS {column.type})'
        given = value if column.name in names else f"NULL::{column.type}"
        columns.append(f"{given} AS {column.name}")
    return f"SELECT stay, {', '.join(columns)} FROM arriving_stays"


def _check_values(connection: duckdb.DuckDBPyConnection, path: Path, names: list[str]) -> None:
    """Refuse the first value that is none of its column's, or that contradicts another."""
    for condition, name, allowed in _faults(names):
        found = connection.execute(
            f'SELECT t.stay, a."{name}"::VARCHAR FROM {TABLE} t '
            f"JOIN arriving_stays a USING (stay) WHERE {condition} ORDER BY 1 LIMIT 1"
            if name in names
            else f"SELECT stay, NULL FROM {TABLE} t WHERE {condition} ORDER BY 1 LIMIT 1"
        ).fetchall()
        if found:
            row, value = found[0]
            raise InputRefused(
                "is no value of its column", where=str(path), row=row, column=name, value=value,
                allowed=allowed, next_step="Mend that row. Nothing was decided.",
            )  # fmt: skip


def _faults(names: list[str]) -> list[tuple[str, str, str | tuple[str, ...]]]:
    found: list[tuple[str, str, str | tuple[str, ...]]] = []
    kinds = {"DATE": "a day such as 2021-02-28", "BOOLEAN": "true or false"}
    for column in COLUMNS:
        if column.name not in names:
            continue
        wrong = f't.{column.name} IS NULL AND a."{column.name}" IS NOT NULL'
        if column.required:
            wrong = f"t.{column.name} IS NULL"
        found.append((wrong, column.name, kinds.get(column.type, "a whole number")))
        if column.codes:
            listed = ", ".join(f"'{code}'" for code in column.codes)
            found.append((f"t.{column.name} NOT IN ({listed})", column.name, column.codes))
    found += [
        ("t.person <= 0", "person", "a positive number"),
        ("t.permit_to < t.permit_from", "permit_to", "a day not before permit_from"),
        (_OTHER_DEATH, "death_date", "the same day in every stay of a person"),
    ]
    found += [
        (f"t.{name} NOT BETWEEN 1 AND 9999", name, f"{MUNICIPALITY_DIGITS} digits")
        for name in _MUNICIPALITIES
    ]
    found += [
        ("t.country = 'NO' AND t.municipality IS NULL", "municipality", "one, of stays in Norway"),
        ("t.to_date <= t.from_date", "to_date", "a day after from_date"),
        ("t.intended_to <= t.from_date", "intended_to", "a day after from_date"),
        ("t.unlawful_from <= t.from_date", "unlawful_from", "a day after from_date"),
        ("t.nights NOT BETWEEN 0 AND 366", "nights", "from 0 to 366"),
        ("t.death_date < t.from_date", "death_date", "a day not before from_date"),
    ]
    return found
