"""Making a study's episodes, part by part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import duckdb
import pyarrow as pa

from folkestrom.analysis.study.columns import Layout, layout_of, levels_of
from folkestrom.analysis.study.conditions import condition_sql, dropped_at
from folkestrom.analysis.study.definition import ENTRY, EXIT, VARYING, Entry, Exit, Study, ValueAt
from folkestrom.analysis.study.flow_chart import EPISODES, FlowChart, FlowCounts
from folkestrom.analysis.study.person_ranges import PersonRange, person_ranges
from folkestrom.analysis.study.person_years import rows_of_part
from folkestrom.analysis.study.spells import (
    can_vary,
    change_steps,
    ending_condition,
    endings,
    entry_steps,
    episodes,
    event_sql,
    joined_pieces,
    needs_of_events,
    pieces,
)
from folkestrom.analysis.study.streams import count_rows, create_temporary, stream
from folkestrom.engine.steps import step
from folkestrom.errors import UsageError
from folkestrom.households.homes import Span
from folkestrom.statistics.homes import provide_homes_of
from folkestrom.variables.description import PERSON_DAYS, described
from folkestrom.variables.past import stays_of_children
from folkestrom.variables.sources import CHILDREN
from folkestrom.variables.variable import Variable, needs_of
from folkestrom.variables.vocabulary import Vocabulary

CENSORED: Final = "censored"
_BASE: Final = (
    "person, occurrence, entry_date, entered, start, stop, event, described_on, reference_day, "
    "known, kind, country, went_to"
)


@step("episodes_kept")
def episodes_kept() -> str:
    """Episodes that no step of the flow chart has left out, without what conditions needed."""
    return f"SELECT {_BASE} FROM part_rows WHERE dropped = 0"


@step("looked_at", example={"described_on": "$end - 1", "reference_day": "$end"})
def looked_at(described_on: str, reference_day: str) -> str:
    """Episodes as of one of their days."""
    return f"""
        SELECT * EXCLUDE (described_on, reference_day), {described_on} AS described_on,
               {reference_day} AS reference_day
        FROM episodes_kept
    """


@step("values_then", example={"source": "looked_at", "named": {"v0": "sex"}})
def values_then(source: str, named: dict[str, str]) -> str:
    """Numbers of the variables that are looked at together."""
    new = "".join(f", {sql} AS {name}" for name, sql in named.items())
    return f"SELECT person, occurrence{new} FROM {source}"


@step("episodes_with_values", example={"names": ("v0",)})
def episodes_with_values(names: Sequence[str]) -> str:
    """Episodes with those numbers, beside the ones they had."""
    new = "".join(f", v.{name}" for name in names)
    return f"""
        SELECT e.*{new}
        FROM episodes_kept e
        JOIN values_then v ON v.person = e.person AND v.occurrence = e.occurrence
    """


@step("pieces_with_values", example={"source": "rows", "named": {"v0": "sex"}, "kept": ("v1",)})
def pieces_with_values(source: str, named: dict[str, str], kept: Sequence[str]) -> str:
    """Pieces of episodes with the numbers of the variables that they are cut by."""
    new = "".join(f", {sql} AS {name}" for name, sql in named.items())
    old = "".join(f", {name}" for name in kept)
    return f"""
        SELECT person, occurrence, entry_date, start, stop, entered, event{old}{new}
        FROM {source}
    """


@step("episode_rows", example={"source": "episodes_kept", "columns": ("v0",)})
def episode_rows(source: str, columns: Sequence[str]) -> str:
    """Episodes in the order of persons and days."""
    listed = "".join(f", {name}" for name in columns)
    return f"""
        SELECT person, entry_date, start, stop, entered, event{listed}
        FROM {source}
        ORDER BY person, entry_date, start, stop
    """


@dataclass(frozen=True, slots=True)
class EpisodeQuery:
    """Episodes, ready to be made.

    Parameters
    ----------
    connection
        The store; temporary tables are made in it.
    study
        The study.
    entry, exit
        Its entry and exit.
    vocabulary
        Its variables.
    known
        The knowledge date.
    """

    connection: duckdb.DuckDBPyConnection
    study: Study
    entry: Entry
    exit: Exit
    vocabulary: Vocabulary
    known: date

    def __post_init__(self) -> None:
        for name, value in self.study.variables.items():
            variable = self.vocabulary[value.variable]
            if value.at == VARYING and not can_vary(needs_of([variable])):
                raise UsageError(
                    "cannot cut episodes: the days on which it changes are not looked for",
                    where=f"variables, {name}",
                    value=value.variable,
                    allowed="entry, exit, or a day",
                    next_step="Or take it year by year, in a panel",
                )

    @property
    def layout(self) -> Layout:
        """Columns of the result."""
        levels = (CENSORED, *self.exit.events)
        return layout_of(
            {
                "person": pa.int64(),
                "entry_date": pa.date32(),
                "start": pa.int32(),
                "stop": pa.int32(),
                "entered": pa.int32(),
                "event": pa.int8(),
            },
            {name: self.vocabulary[at.variable] for name, at in self.study.variables.items()},
            event=levels_of(levels, range(len(levels)), None),
        )

    @property
    def tally(self) -> FlowCounts:
        """An empty flow chart."""
        entry = self.entry
        if entry.event == "resident":
            texts = [f"resident on {entry.on}"]
        else:
            what = f"birthday {entry.age}" if entry.event == "birthday" else entry.event
            texts = [f"{what.replace('_', ' ')} from {entry.from_} to before {entry.to}"]
        texts += [text for text, _ in self._conditions]
        return FlowCounts(texts, (CENSORED, *self.exit.events))

    def batches(self, tally: FlowCounts) -> Iterator[pa.RecordBatch]:
        """The episodes, part by part in the order of persons; counted on the way.

        Parameters
        ----------
        tally
            Where rows are counted.
        """
        layout = self.layout
        for part in self._parts():
            self._make_rows(part, tally)
            source = self._with_values(part)
            columns = [f"v{number}" for number in range(len(self.study.variables))]
            yield from stream(self.connection, [episode_rows(source, columns)], {}, layout)

    def flow_chart(self) -> FlowChart:
        """The flow chart alone."""
        tally = self.tally
        for part in self._parts():
            self._make_rows(part, tally)
        return self.chart(tally)

    def chart(self, tally: FlowCounts) -> FlowChart:
        """The flow chart of what was counted."""
        named = [who.variable for who in self.study.who]
        named += [value.variable for value in self.study.variables.values()]
        return tally.chart(self.study.title, EPISODES, self.vocabulary.note_of(named))

    @property
    def _conditions(self) -> list[tuple[str, str]]:
        """Lines of the flow chart, with the condition of each."""
        found: list[tuple[str, str]] = []
        if self.entry.occurrence == "first" and self.entry.event != "resident":
            found.append(("not the person's first in these days", "occurrence = 1"))
        found += [(who.dropped_text, condition_sql(who, self.vocabulary)) for who in self.study.who]
        if self.entry.observed_from is not None:
            text = f"left before observation began, on {self.entry.observed_from}"
            found.append((text, "entered = 0 OR stop > entered"))
        found.append(("no day of follow-up: ended on the day of entry", "stop > entered"))
        return found

    def _parts(self) -> Sequence[PersonRange]:
        names = [who.variable for who in self.study.who]
        names += [value.variable for value in self.study.variables.values()]
        needs = needs_of(self.vocabulary[name] for name in names)
        if CHILDREN in needs:
            create_temporary(
                self.connection, "stays_of_children", [stays_of_children()], self._parameters
            )
        span = Span(self.known, self._described_first, self.exit.end + timedelta(days=1))
        provide_homes_of(self.connection, needs, [span])
        return person_ranges(self.connection, 1.0)

    @property
    def _described_first(self) -> date:
        """Who enters as a resident, or emigrates, is described as of the day before."""
        days = [value.at for value in self.study.variables.values() if isinstance(value.at, date)]
        return min([self.entry.first_day, *days]) - timedelta(days=1)

    @property
    def _parameters(self) -> dict[str, object]:
        entry = self.entry
        return {
            "known_first": self.known,
            "known_last": self.known,
            "entry_from": entry.from_,
            "entry_to": entry.to,
            "entry_on": entry.on,
            "observed_from": entry.observed_from,
            "end": self.exit.end,
            "described_first": self._described_first,
        }

    def _make_rows(self, part: PersonRange, tally: FlowCounts) -> None:
        """The part's episodes in a temporary table, with the step at which each is left out."""
        conditions = [sql for _, sql in self._conditions]
        needs = needs_of(self.vocabulary[who.variable] for who in self.study.who)
        needs += needs_of_events(self.exit)
        steps = entry_steps(self.entry)
        steps += described(steps[-1].name, needs, PERSON_DAYS)
        source = steps[-1].name
        observed = self.entry.observed_from is not None
        steps += [
            endings(source, ending_condition(self.entry, self.exit)),
            episodes(source, event_sql(self.exit), observed),
            rows_of_part("episodes", dropped_at(conditions), ("r.entered AS start",)),
        ]
        create_temporary(self.connection, "part_rows", steps, self._parameters | part.parameters)
        count_rows(self.connection, tally, len(conditions) + 1, "event")

    def _with_values(self, part: PersonRange) -> str:
        """Make the part's episodes with all variables; return the name of the table or step."""
        given = self._parameters | part.parameters
        create_temporary(self.connection, "episodes_kept", [episodes_kept()], given)
        kept: list[str] = []
        columns = {f"v{n}": value for n, value in enumerate(self.study.variables.values())}
        fixed = {value.at: None for value in columns.values() if value.at != VARYING}
        for at in fixed:
            mine = {name: self._variable(v) for name, v in columns.items() if v.at == at}
            self._add_values(at, mine, given)
            kept += mine
        mine = {name: self._variable(v) for name, v in columns.items() if v.at == VARYING}
        if not mine:
            return "episodes_kept"
        self._cut(mine, kept, given)
        return "episodes_cut"

    def _variable(self, value: ValueAt) -> Variable:
        return self.vocabulary[value.variable]

    def _add_values(
        self, at: str | date, mine: dict[str, Variable], given: dict[str, object]
    ) -> None:
        """Add variables that are looked at on one day to the episodes."""
        days = {
            ENTRY: ("described_on", "reference_day"),
            EXIT: ("entry_date + stop - 1", "entry_date + stop - 1"),
        }
        steps = [looked_at(*days.get(str(at), (f"DATE '{at}' - 1", f"DATE '{at}'")))]
        steps += described(steps[-1].name, needs_of(mine.values()), PERSON_DAYS)
        steps.append(values_then(steps[-1].name, {name: v.sql for name, v in mine.items()}))
        steps.append(episodes_with_values(list(mine)))
        create_temporary(self.connection, "episodes_kept", steps, given)

    def _cut(self, mine: dict[str, Variable], kept: list[str], given: dict[str, object]) -> None:
        """Cut the episodes wherever a variable changes."""
        needs = needs_of(mine.values())
        changes = change_steps(needs)
        steps = [*changes, pieces([change.name for change in changes])]
        create_temporary(self.connection, "episodes_in_pieces", steps, given)
        steps = described("episodes_in_pieces", needs, PERSON_DAYS)
        source = steps[-1].name if steps else "episodes_in_pieces"
        steps.append(pieces_with_values(source, {n: v.sql for n, v in mine.items()}, kept))
        create_temporary(self.connection, "valued_pieces", steps, given)
        create_temporary(self.connection, "episodes_cut", [joined_pieces(list(mine), kept)], {})
