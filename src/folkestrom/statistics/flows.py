"""Flows: births, deaths and migration in a period, by any variables.

`$start` and `$end` are the period's days, `[start, end)`; `$known_start` and `$known_end` the
knowledge dates of its two stocks. Flows are counted from the reports that stand, never from
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
from folkestrom.statistics.population import fetch
from folkestrom.statistics.record_keys import SUFFIX, key_sum, rows_with_keys
from folkestrom.variables.description import EVENT_ROWS, described
from folkestrom.variables.variable import Variable, needs_of

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

#: The event type that each of them counts.
_KINDS: Final = {
    BIRTHS.id: Kind.BIRTH,
    DEATHS.id: Kind.DEATH,
    IMMIGRATION.id: Kind.IMMIGRATION,
    EMIGRATION.id: Kind.EMIGRATION,
    INTERNAL_IN.id: Kind.MOVE,
    INTERNAL_OUT.id: Kind.MOVE,
}
_ARRIVALS: Final = f"{int(Kind.BIRTH)}, {int(Kind.IMMIGRATION)}"
_DEPARTURES: Final = f"{int(Kind.EMIGRATION)}, {int(Kind.DEATH)}"
_MOVE: Final = int(Kind.MOVE)

#: Two ends of a move by the level of the finest place asked for: nation, county, … basic unit.
ENDS: Final = {
    0: ("municipality_from", "municipality_to"),
    1: ("municipality_from // 100", "municipality_to // 100"),
    2: ("municipality_from", "municipality_to"),
    3: ("basic_unit_from", "basic_unit_to"),
}


#: Which of the rows that flows are counted from each of them counts.
CONDITIONS: Final = {
    BIRTHS: f"kind = {int(Kind.BIRTH)}",
    DEATHS: f"kind = {int(Kind.DEATH)}",
    IMMIGRATION: f"kind = {int(Kind.IMMIGRATION)}",
    EMIGRATION: f"kind = {int(Kind.EMIGRATION)}",
    INTERNAL_IN: f"kind = {_MOVE} AND arriving",
    INTERNAL_OUT: f"kind = {_MOVE} AND NOT arriving",
}


@dataclass(frozen=True, slots=True)
class Window:
    """A period, with the knowledge dates of the stocks at its two ends.

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


@step("counted_events", reads=["event"])
def counted_events(kinds: Sequence[Kind] = (*dict.fromkeys(_KINDS.values()),)) -> str:
    """The reports that make up the flows of the period.

    Reports that stand at the period's extraction, and whose event is of the period, or earlier
    and reported too late for any earlier one. They lie by year of the event, so that only the late
    ones are looked for in years before.
    """
    standing = f"""
        FROM event
        WHERE known_from <= $known_end AND known_to > $known_end
          AND kind IN ({", ".join(str(int(kind)) for kind in kinds)})"""
    return f"""
        SELECT *{standing}
          AND event_date >= $start AND event_date < $end
        UNION ALL
        SELECT *{standing}
          AND event_date < $start AND first_known > $known_start
    """


def term() -> str:
    """SQL: which of the flows a row is counted in, by its place in `FLOWS`."""
    cases = (f"WHEN {sql} THEN {n}" for n, sql in enumerate(CONDITIONS.values()))
    return f"CASE {' '.join(cases)} END"


@step("flow_rows", example={"level": 2})
def flow_rows(level: int) -> str:
    """Every event at the place where it counts; a move at both of its ends.

    A move is counted when it crosses a border of the finest units asked for: those of
    municipalities for the nation and for municipalities, those of counties for counties. Who dies
    while not resident leaves no place, and is not counted.

    Who is born or arrives is described as of that day; who moves, leaves or dies as of the end of
    the day before, since the event itself may end what describes them.
    """
    left, reached = ENDS[level]
    common = f"""position, person, kind, event_date, first_known, known_from, known_to, country,
               reason, sex, birth_date,
               CASE WHEN kind IN ({_ARRIVALS}) THEN event_date ELSE event_date - 1 END
                 AS described_on,
               municipality_from // 100 = municipality_to // 100 AS within_county"""
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


@step("flow_cells", example={"source": "flow_rows", "by": ("municipality",)})
def flow_cells(source: str, by: Sequence[str], *, keys: bool = False) -> str:
    """Number of events of each sort by each combination of the variables that occurs."""
    columns = "".join(f"{sql} AS v{n}, " for n, sql in enumerate(by))
    places = ", ".join(str(n + 1) for n in range(len(by)))
    grouping = f"GROUP BY {places} ORDER BY {places}" if by else ""
    measures = ", ".join(
        f"count(*) FILTER (WHERE {condition}) AS {measure.id}"
        + (f", {key_sum(condition)} AS {measure.id}{SUFFIX}" if keys else "")
        for measure, condition in CONDITIONS.items()
    )
    return f"SELECT {columns}{measures} FROM {source} {grouping}"


def flow_steps(chosen: Sequence[Variable], *, keys: bool = False) -> list[Step]:
    """Steps to the flows by variables; the window's values are bound when they run."""
    # The age of a mother is of births alone: other events need not be looked at.
    kinds = [
        kind for name, kind in _KINDS.items() if all(name in (v.flows or _KINDS) for v in chosen)
    ]
    steps = [
        counted_events([*dict.fromkeys(kinds)]),
        flow_rows(max((v.area for v in chosen), default=0)),
    ]
    steps += described(steps[-1].name, needs_of(chosen), EVENT_ROWS)
    steps += [rows_with_keys(steps[-1].name, events=True)] if keys else []
    by = tuple(variable.sql for variable in chosen)
    return [*steps, flow_cells(steps[-1].name, by, keys=keys)]


def flows(
    connection: duckdb.DuckDBPyConnection,
    window: Window,
    chosen: Sequence[Variable],
    *,
    keys: bool = False,
) -> pa.Table:
    """Flows of a period: numbers of the variables in columns v0, v1 …, and the counts."""
    return fetch(connection, flow_steps(chosen, keys=keys), window.parameters)
