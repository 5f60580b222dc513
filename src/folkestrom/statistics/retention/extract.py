"""Extracts: the individual files behind published figures, drawn from the register at any time.

An extract has a row for each person of the population at the end of its period, and one for each
event that the period's flows count, with codes as reports have them. It is a pure function of the
log and its knowledge dates, and so can be drawn again when its file is gone.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import duckdb

from folkestrom.engine.paths import quoted
from folkestrom.engine.rows import first_number
from folkestrom.engine.steps import Step, compose, parameters_of, step
from folkestrom.errors import UsageError
from folkestrom.intake.quarantine_records import written
from folkestrom.intake.sealing import sealed_until
from folkestrom.model.knowledge import PUBLISHED
from folkestrom.statistics.coverage import coverage
from folkestrom.statistics.flows import CONDITIONS, Window, counted_events, flow_rows
from folkestrom.statistics.periods import Period
from folkestrom.statistics.population import residents
from folkestrom.statistics.regimes.clock import TODAYS, Clock
from folkestrom.statistics.regimes.regime import ruling
from folkestrom.statistics.retention.classes import RetentionClass, retention_classes
from folkestrom.variables.description import EVENT_ROWS, RESIDENTS, described
from folkestrom.variables.sources import BIRTHPLACE, CITIZENSHIP, MARITAL

#: What an extract has of a person or an event, called as in reports.
_COLUMNS: Final = (
    "event_date", "municipality", "basic_unit", "country", "sex", "birth_date",
    "country_of_birth", "marital_status", "citizenship",
)  # fmt: skip
_TABLE: Final = "individual_rows"
_GROUP: Final = 100_000
_IN_NAME: Final = 16


@dataclass(frozen=True, slots=True)
class Extract:
    """An extract: what it is of, as known when, and once it is drawn, what it has.

    Parameters
    ----------
    name
        Its name, such as "2020" or "2020Q3".
    covers
        "year", "quarter" or "estimate".
    window
        Its period, and the knowledge dates of the stocks at its two ends.
    rows, checksum
        How many rows it has, and their checksum.
    drawn_on
        When its file was drawn last.
    is_held
        Whether the file is kept still.
    """

    name: str
    covers: str
    window: Window
    rows: int = 0
    checksum: str = ""
    drawn_on: date = date.min
    is_held: bool = True

    @property
    def rule(self) -> RetentionClass:
        """Its retention class."""
        return retention_classes()[self.covers]

    @property
    def due(self) -> date | None:
        """The day from which its file is no longer kept."""
        return self.rule.due(self.drawn_on)

    @property
    def file_name(self) -> str:
        """The name of its file, by what it holds."""
        return f"{self.name}-{self.checksum[:_IN_NAME]}.parquet"


def of_period(connection: duckdb.DuckDBPyConnection, period: Period, where: str) -> Extract:
    """The extract of a year or a quarter: as published, by the rules of its day.

    Parameters
    ----------
    connection
        An open store.
    period
        The year or the quarter.
    where
        The argument that asks for it.

    Raises
    ------
    UsageError
        It cannot be drawn: the log does not reach, nobody knows by which rules, or more may become
        known of its extraction, which is not sealed.
    """
    limits = coverage(connection)
    limits.check_day(period.start, where)
    rules = ruling(period.start, None, "flows", where) if period.is_quarter else TODAYS
    window = Clock(limits.knowledge(PUBLISHED), regime=rules).window(period)
    _check_drawn(connection, window.known_end, limits.last, where, period.code)
    return Extract(period.code, "quarter" if period.is_quarter else "year", window)


def of_estimate(
    connection: duckdb.DuckDBPyConnection, day: date, made_on: date, where: str
) -> Extract:
    """The extract of an estimate: who is resident when it is made, and the year's events so far.

    Parameters
    ----------
    connection
        An open store.
    day
        The turn of a year that is estimated.
    made_on
        The day on which it is made: reports that are known then are in.
    where
        The argument that asks for it.
    """
    start = date(day.year - 1, 1, 1)
    if (day.month, day.day) != (1, 1) or not start < made_on < day:
        raise UsageError(
            f"is not estimated on {made_on}", where=where, value=day,
            allowed="a 1 January, and a day of the year before it",
            next_step="Say both, such as 2021-01-01 and 2020-12-05",
        )  # fmt: skip
    limits = coverage(connection)
    limits.check_day(start, where)
    _check_drawn(connection, made_on, limits.last, where, str(day))
    window = Window(start, made_on, limits.knowledge(PUBLISHED).day(start), made_on)
    return Extract(f"{day.year}-estimated-{made_on}", "estimate", window)


def _check_drawn(
    connection: duckdb.DuckDBPyConnection, known: date, last: date, where: str, value: str
) -> None:
    """Refuse what later deliveries may still change."""
    if known > last:
        raise UsageError(
            f"is drawn on {known}, and the log's last reports became known on {last}", where=where,
            value=value, allowed=f"what was drawn until {last}",
            next_step="Take in later reports first, or draw an earlier one",
        )  # fmt: skip
    sealed = sealed_until(connection)
    if sealed is None or sealed < known:
        raise UsageError(
            f"is drawn on {known}, which is not sealed: later deliveries may still change it",
            where=where, value=value,
            allowed="nothing yet" if sealed is None else f"what was drawn until {sealed}",
            next_step=f"Seal the extraction first: folkestrom seal {known}",
        )  # fmt: skip


@step(
    "individual_rows", duckdb_only="codes are looked up in a list",
    example={"stock": "residents", "events": "flow_rows"},
)  # fmt: skip
def individual_rows(stock: str, events: str) -> str:
    """Persons of the population, and events of the flows, one row each, with codes as in reports.

    A move between municipalities has two rows, one at either end.
    """
    kinds = " ".join(f"WHEN {sql} THEN '{flow.id}'" for flow, sql in CONDITIONS.items())
    coded = ", ".join(f"{written('r', name)} AS {name}" for name in _COLUMNS)
    return f"""
        SELECT counted_as, person, {coded}
        FROM (
          SELECT 'population' AS counted_as, NULL::DATE AS event_date, NULL::SMALLINT AS country, *
          FROM {stock}
          UNION ALL BY NAME
          SELECT CASE {kinds} END AS counted_as, person, {", ".join(_COLUMNS)} FROM {events}
        ) r
    """


def extract_steps() -> list[Step]:
    """Steps to the rows of an extract; its values are bound when they run."""
    needs = [BIRTHPLACE, MARITAL, CITIZENSHIP]
    stock = [residents(), *described("residents", needs, RESIDENTS)]
    events = [counted_events(), flow_rows(2), *described("flow_rows", needs, EVENT_ROWS)]
    return [*stock, *events, individual_rows(stock[-1].name, events[-1].name)]


def draw(
    connection: duckdb.DuckDBPyConnection, extract: Extract, to: Path, drawn_on: date
) -> Extract:
    """Draw an extract into a Parquet file; return it with its number of rows, and their checksum.

    Parameters
    ----------
    connection
        An open store.
    extract
        What it is of.
    to
        The file.
    drawn_on
        The day.
    """
    text = compose(extract_steps())
    window = extract.window
    days = {"eve": window.end - timedelta(days=1), "known_at": window.known_end}
    given = parameters_of(text, window.parameters | days)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {_TABLE} AS {text}", given)
    target = str(to).replace("'", "''")
    rows = first_number(
        connection,
        f"COPY (FROM {_TABLE} ORDER BY ALL) TO '{target}' (FORMAT parquet, COMPRESSION zstd)",
    )
    connection.execute(f"DROP TABLE {_TABLE}")
    to.chmod(0o600)
    return replace(extract, rows=rows, checksum=checksum(connection, to), drawn_on=drawn_on)


def checksum(connection: duckdb.DuckDBPyConnection, file: Path) -> str:
    """SHA-256 over the SHA-256 of every row of an extract, in their order.

    It is of what the file says, and not of its bytes: these differ with the version of the writer.
    """
    names = ("counted_as", "person", *_COLUMNS)
    values = ", ".join(f"coalesce({name}::VARCHAR, '')" for name in names)
    rows = connection.sql(
        f"SELECT sha256(concat_ws('|', {values})) AS digest FROM read_parquet('{quoted(file)}')"
    )
    found = hashlib.sha256()
    for batch in rows.to_arrow_reader(_GROUP):
        found.update("".join(batch.column("digest").to_pylist()).encode())
    return found.hexdigest()
