"""Flows: births, deaths and migration in a period, by any variables.

`$start` and `$end` are the period's days, `[start, end)`; `$known_start` and `$known_end` the
knowledge days of its two stocks. Flows are counted from the reports that stand, never from
history: a stay of no days at all is two moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import duckdb
import pyarrow as pa

from folkestrom.engine.steps import Step, step
from folkestrom.model.codes import Kind
from folkestrom.model.specification import Measure, Text
from folkestrom.statistics.as_of import age_sql
from folkestrom.statistics.population import fetch
from folkestrom.statistics.variables import Variable

_EVENTS: Final = Text("events", "hendelser")
_MOVES: Final = Text("moves", "flyttinger")

BIRTHS: Final = Measure("births", Text("Births", "Fødte"), _EVENTS)
DEATHS: Final = Measure("deaths", Text("Deaths", "Døde"), _EVENTS)
IMMIGRATION: Final = Measure("immigration", Text("Immigration", "Innvandring"), _MOVES)
EMIGRATION: Final = Measure("emigration", Text("Emigration", "Utvandring"), _MOVES)
INTERNAL_IN: Final = Measure(
    "internal_in", Text("In-migration, internal", "Innenlandsk innflytting"), _MOVES
)
INTERNAL_OUT: Final = Measure(
    "internal_out", Text("Out-migration, internal", "Innenlandsk utflytting"), _MOVES
)

#: What is counted, in the order of an account.
FLOWS: Final = (BIRTHS, DEATHS, IMMIGRATION, EMIGRATION, INTERNAL_IN, INTERNAL_OUT)

_ARRIVALS: Final = f"{int(Kind.BIRTH)}, {int(Kind.IMMIGRATION)}"
_DEPARTURES: Final = f"{int(Kind.EMIGRATION)}, {int(Kind.DEATH)}"
_MOVE: Final = int(Kind.MOVE)

#: Two ends of a move by the level of the finest place asked for: nation, county, … basic unit.
_ENDS: Final = {
    0: ("municipality_from", "municipality_to"),
    1: ("municipality_from // 100", "municipality_to // 100"),
    2: ("municipality_from", "municipality_to"),
    3: ("basic_unit_from", "basic_unit_to"),
}


@dataclass(frozen=True, slots=True)
class Window:
    """A period, with the knowledge days of the stocks at its two ends.

    Parameters
    ----------
    start, end
        The period, `[start, end)`.
    known_start, known_end
        When the stocks at its start and at its end are looked at.
    """

    start: date
    end: date
    known_start: date
    known_end: date

    @property
    def parameters(self) -> dict[str, object]:
        """Values for the steps."""
        return {
            "start": self.start,
            "end": self.end,
            "known_start": self.known_start,
            "known_end": self.known_end,
        }


def in_window(alias: str = "") -> str:
    """Condition on an event: of the period, or late for it.

    Late is what happened before the period and became known after the period's first stock was
    taken: no earlier period could count it.
    """
    a = f"{alias}." if alias else ""
    return f"""{a}event_date < $end
          AND ({a}event_date >= $start OR {a}first_known > $known_start)"""


@step("counted_events")
def counted_events() -> str:
    """The reports that make up the flows of the period.

    Reports that stand at the period's extraction, and whose event is of the period, or earlier
    and reported too late for any earlier one.
    """
    return f"""
        SELECT *
        FROM event
        WHERE known_from <= $known_end AND known_to > $known_end
          AND {in_window()}
          AND kind IN ({_ARRIVALS}, {_MOVE}, {_DEPARTURES})
    """


@step("flow_rows", example={"level": 2})
def flow_rows(level: int) -> str:
    """Every event at the place where it counts; a move at both of its ends.

    A move is counted when it crosses a border of the finest units asked for: those of
    municipalities for the nation and for municipalities, those of counties for counties. Who dies
    while not resident leaves no place, and is not counted.
    """
    left, reached = _ENDS[level]
    common = "person, kind, event_date, country, reason, sex, birth_date"
    return f"""
        SELECT {common}, TRUE AS arriving, municipality_to AS municipality,
               basic_unit_to AS basic_unit
        FROM counted_events
        WHERE kind IN ({_ARRIVALS}) OR (kind = {_MOVE} AND {left} <> {reached})
        UNION ALL
        SELECT {common}, FALSE AS arriving, municipality_from AS municipality,
               basic_unit_from AS basic_unit
        FROM counted_events
        WHERE municipality_from IS NOT NULL
          AND (kind IN ({_DEPARTURES}) OR (kind = {_MOVE} AND {left} <> {reached}))
    """


@step("flow_rows_dated")
def flow_rows_dated(source: str = "flow_rows") -> str:
    """Events with the day as of which the person is described.

    Who is born or arrives is described as of that day; who moves, leaves or dies as of the end of
    the day before, since the event itself may end what describes them.
    """
    return f"""
        SELECT f.*, CASE WHEN kind IN ({_ARRIVALS}) THEN event_date ELSE event_date - 1 END
          AS described_on
        FROM {source} f
    """


@step("flow_rows_with_marital")
def flow_rows_with_marital(source: str = "flow_rows_dated") -> str:
    """Events with the person's marital status; unknown where the register has none."""
    return f"""
        SELECT f.*, coalesce(h.marital_status, 0) AS marital_status
        FROM {source} f LEFT JOIN marital h ON {_described("h")}
    """


@step("flow_rows_with_citizenship")
def flow_rows_with_citizenship(source: str = "flow_rows_dated") -> str:
    """Events with the person's citizenship; nothing where the register has none."""
    return f"""
        SELECT f.*, h.citizenship
        FROM {source} f LEFT JOIN citizenship h ON {_described("h")}
    """


@step("flow_rows_with_birthplace")
def flow_rows_with_birthplace(source: str = "flow_rows") -> str:
    """Events with the person's country of birth."""
    return f"""
        SELECT f.*, a.country_of_birth
        FROM {source} f LEFT JOIN attribute a ON {_known("a", "f.person")}
    """


@step("flow_rows_with_parents")
def flow_rows_with_parents(source: str = "flow_rows_with_birthplace") -> str:
    """Events with the countries of birth of the person's parents."""
    return f"""
        SELECT f.*, m.country_of_birth AS mother_born, p.country_of_birth AS father_born
        FROM {source} f
        LEFT JOIN attribute a ON {_known("a", "f.person")}
        LEFT JOIN attribute m ON {_known("m", "a.mother")}
        LEFT JOIN attribute p ON {_known("p", "a.father")}
    """


@step("flow_rows_with_mother")
def flow_rows_with_mother(source: str = "flow_rows") -> str:
    """Births with the mother's completed age on the day, and her country of birth.

    Nothing for other events, and where the mother is not in the register.
    """
    age = age_sql("f.event_date", "m.birth_date")
    return f"""
        SELECT f.*, CASE WHEN m.birth_date IS NOT NULL THEN {age} END AS mother_age,
               m.country_of_birth AS mother_country_of_birth
        FROM {source} f
        LEFT JOIN attribute a ON f.kind = {int(Kind.BIRTH)} AND {_known("a", "f.person")}
        LEFT JOIN attribute m ON {_known("m", "a.mother")}
    """


@step("flow_rows_with_age")
def flow_rows_with_age(source: str = "flow_rows") -> str:
    """Events with the person's completed age at the end of the day of the event."""
    return f"SELECT f.*, {age_sql('event_date')} AS age FROM {source} f"


@step("flow_cells", example={"source": "flow_rows", "by": ("municipality",)})
def flow_cells(source: str, by: Sequence[str]) -> str:
    """Number of events of each sort by each combination of the variables that occurs."""
    columns = "".join(f"{sql} AS v{n}, " for n, sql in enumerate(by))
    places = ", ".join(str(n + 1) for n in range(len(by)))
    grouping = f"GROUP BY {places} ORDER BY {places}" if by else ""
    counts = {
        BIRTHS: f"kind = {int(Kind.BIRTH)}",
        DEATHS: f"kind = {int(Kind.DEATH)}",
        IMMIGRATION: f"kind = {int(Kind.IMMIGRATION)}",
        EMIGRATION: f"kind = {int(Kind.EMIGRATION)}",
        INTERNAL_IN: f"kind = {_MOVE} AND arriving",
        INTERNAL_OUT: f"kind = {_MOVE} AND NOT arriving",
    }
    measures = ", ".join(
        f"count(*) FILTER (WHERE {condition}) AS {measure.id}"
        for measure, condition in counts.items()
    )
    return f"SELECT {columns}{measures} FROM {source} {grouping}"


def flow_steps(chosen: Sequence[Variable]) -> list[Step]:
    """Steps to the flows by variables; the window's values are bound when they run."""
    needs = frozenset[str]().union(*(variable.needs for variable in chosen))
    steps = [counted_events(), flow_rows(max((v.area for v in chosen), default=0))]
    if needs & {"marital", "citizenship"}:
        steps.append(flow_rows_dated(steps[-1].name))
    for need, described in _DESCRIPTIONS.items():
        if need in needs:
            steps.append(described(steps[-1].name))
    return [*steps, flow_cells(steps[-1].name, tuple(variable.sql for variable in chosen))]


def flows(
    connection: duckdb.DuckDBPyConnection, window: Window, chosen: Sequence[Variable]
) -> pa.Table:
    """Flows of a period: numbers of the variables in columns v0, v1 …, and the counts."""
    return fetch(connection, flow_steps(chosen), window.parameters)


_DESCRIPTIONS: Final = {
    "marital": flow_rows_with_marital,
    "citizenship": flow_rows_with_citizenship,
    "birthplace": flow_rows_with_birthplace,
    "parents": flow_rows_with_parents,
    "mother": flow_rows_with_mother,
    "age": flow_rows_with_age,
}


def _described(history: str) -> str:
    return f"""{_known(history, "f.person")}
          AND {history}.valid_from <= f.described_on AND {history}.valid_to > f.described_on"""


def _known(table: str, person: str) -> str:
    return f"""{table}.person = {person}
          AND {table}.known_from <= $known_end AND {table}.known_to > $known_end"""
