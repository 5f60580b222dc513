"""The named steps from rows of a file to rows of the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from folkestrom.engine.steps import Step, compose, step
from folkestrom.errors import FolkestromError
from folkestrom.intake.checks import PLACED, Check, checks, first_found, sound
from folkestrom.intake.columns import ZONELESS, Reading, delivered_name, life_columns, readings
from folkestrom.intake.tables import CONTENT_COLUMNS, REPORT_COLUMNS
from folkestrom.model.report import COLUMNS, Column, Type
from folkestrom.model.time import STANDARD_TIME, SUMMER_TIME, summers

_FILES_ONLY = "reads Parquet files by their row numbers, which only DuckDB has"
_STANDARD = STANDARD_TIME // timedelta(microseconds=1)
#: The hour of UTC in which summer time decides what day it is.
_SUMMER_EVENING = 24 - (STANDARD_TIME + SUMMER_TIME) // timedelta(hours=1)
_SAMPLE_TYPES = {column.name: "VARCHAR" for column in COLUMNS}
_SAMPLE = {"paths": ("reports.parquet",), "firsts": (1,), "found": _SAMPLE_TYPES, "sources": {}}


@dataclass(frozen=True, slots=True)
class Moment:
    """When an intake happens, and what it must leave alone.

    Parameters
    ----------
    batch
        Number of the intake.
    taken_at
        The moment, with its zone.
    known_now
        The first knowledge date of whatever is taken in now.
    sealed_until
        The last sealed knowledge date, if any.
    borders
        The day whose codes of places all reports have; None: those of their own day.
    """

    batch: int
    taken_at: datetime
    known_now: date
    sealed_until: date | None = None
    borders: date | None = None


_SAMPLE_MOMENT = Moment(1, datetime(2021, 2, 1, 12, tzinfo=UTC), date(2021, 2, 2), date(2021, 2, 1))


@step("delivered", example=_SAMPLE, duckdb_only=_FILES_ONLY)
def delivered(
    paths: Sequence[str],
    firsts: Sequence[int],
    found: Mapping[str, str],
    sources: Mapping[str, int],
) -> str:
    """The rows of files as they were delivered, each with its position in the log.

    A file is given as many positions as it has rows, in the order of the rows; a column that it
    does not have is empty throughout.
    """
    columns = ",\n  ".join(
        f"{r.delivered} AS {delivered_name(r.column.name)}" for r in readings(found, sources)
    )
    listed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
    starts = ", ".join(str(first) for first in firsts)
    return f"""
SELECT
  ([{starts}]::BIGINT[])[file_index::BIGINT + 1] + file_row_number AS position,
  {columns}
FROM read_parquet([{listed}], file_row_number = true)
"""


@step("coded", example={"read": readings(_SAMPLE_TYPES, {})}, duckdb_only=_FILES_ONLY)
def coded(read: Sequence[Reading], *, dated: bool = False) -> str:
    """Every value in the log's type, NULL where it does not fit, beside what was delivered.

    If asked, with the days on which the numbers of municipalities begin and end.
    """
    columns = ",\n  ".join(f"{r.coded} AS {r.column.name}" for r in read)
    if dated:
        columns += ",\n  " + ",\n  ".join(c for name in PLACED for c in life_columns(name))
    raw = ", ".join(delivered_name(r.column.name) for r in read)
    return f"SELECT\n  position,\n  {raw},\n  {columns}\nFROM delivered"


@step("dated")
def dated() -> str:
    """The local day of receipt.

    Norwegian time is one hour ahead of UTC, two in summer: a moment after 22 UTC is of the next day
    in summer, and before 23 UTC only then. When each year's summer time began and ended is from
    `model.time`: engines have time zones of their own, which differ in the past.
    """
    first, last = _summer_lists()
    return f"""
SELECT
  *,
  CASE
    WHEN hour(received_at) = {_SUMMER_EVENING}
      AND received_at >= {first} AND received_at < {last}
    THEN received_at::DATE + 1
    ELSE make_timestamp(epoch_us(received_at) + {_STANDARD})::DATE
  END AS received_day
FROM coded
"""


def _summer_lists() -> tuple[str, str]:
    """The first and the last moment of summer time in the year of receipt, as SQL."""
    spans: dict[int, tuple[datetime, datetime]] = {}
    for begins, ends in summers():
        for year in range(begins.year, ends.year + 1):
            if year in spans:
                raise FolkestromError(f"{year} has two summer times.")
            new_year, next_year = (datetime(y, 1, 1, tzinfo=UTC) for y in (year, year + 1))
            spans[year] = max(begins, new_year), min(ends, next_year)
    years = range(min(spans), max(spans) + 1)
    texts = [
        [f"{m:%Y-%m-%d %H:%M}" for m in spans[y]] if y in spans else ["NULL"] * 2 for y in years
    ]
    # As one text: to plan a query with hundreds of values takes longer than to run it.
    first, last = (
        f"('[{', '.join(side)}]'::TIMESTAMP[])[year(received_at) - {years[0] - 1}]"
        for side in zip(*texts, strict=True)
    )
    return first, last


@step("known", example={"moment": _SAMPLE_MOMENT, "conditions": "TRUE"}, duckdb_only=_FILES_ONLY)
def known(moment: Moment, conditions: str) -> str:
    """Sound records, with the day from which they are known.

    A report is known from the local midnight after its receipt on. If that lies in what is sealed,
    it is known from the day after it is taken in.
    """
    day = "received_day + 1"
    if moment.sealed_until is not None:
        sealed = f"DATE '{moment.sealed_until}'"
        now = f"DATE '{moment.known_now}'"
        day = f"CASE WHEN {day} <= {sealed} THEN {now} ELSE {day} END"
    columns = ", ".join(CONTENT_COLUMNS)
    return f"""
SELECT position, {moment.batch}::INTEGER AS batch, ({day})::DATE AS known_from, {columns}
FROM dated
WHERE {conditions}
"""


@step("report_rows", duckdb_only="the keys come from a table made by intake.keys")
def report_rows() -> str:
    """Rows of the log; what they point at is looked up when all are there."""
    names = ", ".join(_from_known(name) for name in REPORT_COLUMNS)
    return f"SELECT {names} FROM known JOIN keys ON keys.position = known.position"


def _from_known(name: str) -> str:
    if name == "key_hash":
        return "keys.key_hash"
    return "NULL::BIGINT AS target" if name == "target" else f"known.{name}"


@step("unsound", example={"conditions": "kind IS NULL", "number": "0"}, duckdb_only=_FILES_ONLY)
def unsound(conditions: str, number: str) -> str:
    """Records that a check finds something in: which check, and the record as delivered."""
    fields = ", ".join(f"{column.name} := {_as_text(column)}" for column in COLUMNS)
    return f"""
SELECT
  position,
  ({number})::INTEGER AS check_number,
  json_merge_patch('{{}}'::JSON, to_json(struct_pack({fields})))::VARCHAR AS record
FROM dated
WHERE NOT ({conditions})
"""


def _as_text(column: Column) -> str:
    """A value as it was delivered; what a file type leaves unsaid of a moment, that it is UTC."""
    name = delivered_name(column.name)
    if column.type != Type.TIMESTAMP:
        return f"{name}::VARCHAR"
    zoneless = ", ".join(f"'{kind}'" for kind in sorted(ZONELESS))
    return f"{name}::VARCHAR || CASE WHEN typeof({name}) IN ({zoneless}) THEN 'Z' ELSE '' END"


@dataclass(frozen=True, slots=True)
class Query:
    """SQL for one group of files that have the same columns.

    Parameters
    ----------
    accept
        SELECT of the log's rows.
    refuse
        SELECT of the records that a check finds something in.
    checks
        The checks, as `refuse` numbers them.
    """

    accept: str
    refuse: str
    checks: list[Check]


def queries(
    paths: Sequence[str],
    firsts: Sequence[int],
    found: Mapping[str, str],
    sources: Mapping[str, int],
    moment: Moment,
) -> Query:
    """Compose the steps for one group of files.

    Parameters
    ----------
    paths
        Parquet files with the same columns.
    firsts
        Position of each file's first row.
    found
        Their columns, name to DuckDB type.
    sources
        Code of each source that the files name.
    moment
        The intake.
    """
    read = readings(found, sources, moment.borders)
    each_day = moment.borders is None
    listed = checks(read, moment.taken_at, each_day=each_day)
    conditions = sound(listed)
    begin: list[Step] = [
        delivered(paths, firsts, found, sources), coded(read, dated=each_day), dated(),
    ]  # fmt: skip
    return Query(
        compose([*begin, known(moment, conditions), report_rows()]),
        compose([*begin, unsound(conditions, first_found(listed))]),
        listed,
    )
