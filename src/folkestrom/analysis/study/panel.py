"""Making a study's panel, part by part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import duckdb
import pyarrow as pa

from folkestrom.analysis.study.columns import Layout, layout_of, levels_of
from folkestrom.analysis.study.conditions import condition_sql, dropped_at
from folkestrom.analysis.study.definition import Panel, Study
from folkestrom.analysis.study.flow_chart import PERSON_YEARS, FlowChart, FlowCounts
from folkestrom.analysis.study.person_ranges import PersonRange, person_ranges
from folkestrom.analysis.study.person_years import DIED, LEFT, outcome_steps, rows_of_part
from folkestrom.analysis.study.prepared import Prepared, panel_of
from folkestrom.analysis.study.streams import count_rows, create_temporary, stream
from folkestrom.engine.steps import Step, step
from folkestrom.households.homes import Span
from folkestrom.model.knowledge import Knowledge
from folkestrom.statistics.homes import provide_homes_of
from folkestrom.variables.description import PERSON_DAYS, columns_of, described
from folkestrom.variables.past import stays_of_children
from folkestrom.variables.sources import ATTRIBUTE, BIRTHPLACE, CHILDREN, RESIDENCE, Source
from folkestrom.variables.variable import needs_of
from folkestrom.variables.vocabulary import Vocabulary

#: What a person-year has before anything is joined to it.
_HAVE = frozenset({"year", *columns_of([RESIDENCE, ATTRIBUTE, BIRTHPLACE])})


@step("panel_rows", example={"source": "rows_of_part", "columns": ("sex",), "name": ("sex",)})
def panel_rows(source: str, columns: Sequence[str], name: Sequence[str]) -> str:
    """Person-years in the order of persons and years, with their variables' numbers."""
    listed = "".join(
        f", {sql} AS v{number}" for number, (sql, _) in enumerate(zip(columns, name, strict=True))
    )
    return f"SELECT person, year, outcome{listed} FROM {source} ORDER BY person, year"


@step("kept_rows")
def kept_rows() -> str:
    """Rows of the part that no step of the flow chart has left out."""
    return "SELECT * FROM part_rows WHERE dropped = 0"


@dataclass(frozen=True, slots=True)
class PanelQuery:
    """A panel, ready to be made.

    Parameters
    ----------
    connection
        The store; temporary tables are made in it.
    study
        The study.
    panel
        Its panel.
    vocabulary
        Its variables.
    last_known
        The last day on which something became known, for all that is known.
    """

    connection: duckdb.DuckDBPyConnection
    study: Study
    panel: Panel
    vocabulary: Vocabulary
    knowledge: Knowledge

    @property
    def layout(self) -> Layout:
        """Columns of the result."""
        levels = self.panel.levels
        return layout_of(
            {"person": pa.int64(), "year": pa.int16(), "outcome": pa.int8()},
            {name: self.vocabulary[name] for name in self.panel.variables},
            outcome=levels_of(levels, range(len(levels)), None),
        )

    @property
    def tally(self) -> FlowCounts:
        """An empty flow chart."""
        years = f"{self.panel.from_}" + (
            f"–{self.panel.to}" if self.panel.to > self.panel.from_ else ""
        )
        texts = [f"resident on 1 January of {years}", *(who.dropped_text for who in self.study.who)]
        named = " or ".join(self.panel.outcomes)
        texts.append(f"died in the year, before {named}")
        if not self._all_leaving_counts:
            texts.append(f"left the country in the year, before {named}")
        return FlowCounts(texts, self.panel.levels)

    def batches(self, tally: FlowCounts) -> Iterator[pa.RecordBatch]:
        """The panel's rows, part by part in the order of persons; counted on the way.

        Parameters
        ----------
        tally
            Where rows are counted.
        """
        layout = self.layout
        for part in self._parts():
            self._make_rows(part, tally)
            given = self._parameters | part.parameters
            yield from stream(self.connection, self._result_steps(), given, layout)

    def flow_chart(self) -> FlowChart:
        """The flow chart alone."""
        tally = self.tally
        for part in self._parts():
            self._make_rows(part, tally)
        return self.chart(tally)

    def chart(self, tally: FlowCounts) -> FlowChart:
        """The flow chart of what was counted."""
        named = (*(who.variable for who in self.study.who), *self.panel.variables)
        return tally.chart(self.study.title, PERSON_YEARS, self.vocabulary.note_of(named))

    def _parts(self) -> Sequence[PersonRange]:
        if CHILDREN in (*self._condition_needs, *self._result_needs):
            create_temporary(
                self.connection, "stays_of_children", [stays_of_children()], self._parameters
            )
        eves = {year: date(year - 1, 12, 31) for year in range(self.panel.from_, self.panel.to + 1)}
        spans = [
            Span(self.knowledge.day(date(year + 1, 1, 1)), eve, eve + timedelta(days=1))
            for year, eve in eves.items()
        ]
        provide_homes_of(self.connection, (*self._condition_needs, *self._result_needs), spans)
        return person_ranges(self.connection, 0.8 * (self.panel.to - self.panel.from_ + 1))

    @property
    def _all_leaving_counts(self) -> bool:
        events = set(self.panel.outcomes.values())
        return "emigration" in events or {"return", "onward"} <= events

    @property
    def _condition_needs(self) -> list[Source]:
        return needs_of(self.vocabulary[who.variable] for who in self.study.who)

    @property
    def _result_needs(self) -> list[Source]:
        return needs_of(self.vocabulary[name] for name in self.panel.variables)

    @property
    def _parameters(self) -> dict[str, object]:
        first, last = self.panel.from_, self.panel.to
        known = [self.knowledge.day(date(year + 1, 1, 1)) for year in (first, last)]
        return {
            "first_year": first,
            "last_year": last,
            "described_first": date(first - 1, 12, 31),
            "known_first": known[0],
            "known_last": known[1],
        }

    def _make_rows(self, part: PersonRange, tally: FlowCounts) -> None:
        """The part's person-years in a temporary table, with the step at which each is left out."""
        conditions = [condition_sql(who, self.vocabulary) for who in self.study.who]
        steps = outcome_steps(self.study, self.panel)
        steps += described(steps[-1].name, self._condition_needs, PERSON_DAYS, _HAVE)
        conditions.append(f"outcome <> {DIED}")
        if not self._all_leaving_counts:
            conditions.append(f"outcome <> {LEFT}")
        dropped = dropped_at(conditions)
        steps.append(rows_of_part(steps[-1].name, dropped, ()))
        create_temporary(self.connection, "part_rows", steps, self._parameters | part.parameters)
        count_rows(self.connection, tally, len(conditions) + 1, "outcome")

    def _result_steps(self) -> list[Step]:
        chosen = [self.vocabulary[name] for name in self.panel.variables]
        have = _HAVE | columns_of(self._condition_needs)
        steps = [kept_rows()]
        steps += described(steps[-1].name, self._result_needs, PERSON_DAYS, have)
        return [
            *steps,
            panel_rows(steps[-1].name, [v.sql for v in chosen], list(self.panel.variables)),
        ]


def panel_query(prepared: Prepared, variables: Sequence[str] | None = None) -> PanelQuery:
    """The panel of a study on a store.

    Parameters
    ----------
    prepared
        The study.
    variables
        Other variables than the definition's, of its vocabulary.

    Raises
    ------
    UsageError
        The study has no panel.
    """
    panel = panel_of(prepared.study)
    return PanelQuery(
        prepared.connection,
        prepared.study,
        panel if variables is None else replace(panel, variables=tuple(variables)),
        prepared.vocabulary,
        prepared.knowledge,
    )
