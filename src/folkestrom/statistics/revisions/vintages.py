"""Vintages: one figure by many knowledge dates, counted in one pass.

A row of a history counts on the knowledge dates from its `known_from` to before its `known_to`.
Where persons are described by other histories, these say the same of nearly everybody on all dates:
who it is not so of is described on each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa

from folkestrom.engine.steps import Step, compose, parameters_of, step
from folkestrom.errors import UsageError
from folkestrom.households.homes import Span
from folkestrom.model.cells import Cells
from folkestrom.model.codes import Kind
from folkestrom.model.knowledge import LATEST, PUBLISHED, KnownAt, KnownMoment
from folkestrom.model.names import check_code
from folkestrom.model.specification import Dimension, Measure, TableSpecification, Text, same
from folkestrom.model.time import EXTRACTION_MONTHS, add_months
from folkestrom.statistics.changes import described_flows
from folkestrom.statistics.coverage import Coverage, coverage
from folkestrom.statistics.flows import CONDITIONS, FLOWS, Window, flow_rows, flows
from folkestrom.statistics.homes import provide_homes_of
from folkestrom.statistics.periods import MONTHS, Every, Period
from folkestrom.statistics.population import PERSONS, Moment, coded, fetch, stock_steps
from folkestrom.statistics.revisions.by_knowledge import cells_by_knowledge, figures, on_dates
from folkestrom.statistics.revisions.explained import check_drawn
from folkestrom.statistics.revisions.moments import known_then
from folkestrom.variables.description import EVENT_ROWS, RESIDENTS, columns_of, described
from folkestrom.variables.knowledge import changed
from folkestrom.variables.knowledge.changed import (
    ON_DATES,
    described_by,
    kin_as_known,
    quiet_rows,
    redescribed,
    rows_on_dates,
)
from folkestrom.variables.knowledge.places import cut_by_places, of_places
from folkestrom.variables.past import stays_of_children
from folkestrom.variables.selection import Only, chosen_with, kept, kept_notes
from folkestrom.variables.sources import CHILDREN
from folkestrom.variables.variable import Variable, needs_of, notes
from folkestrom.variables.vocabulary import Setting

POPULATION: Final = "population"
#: What there are vintages of: the population of a day, and flows of a period.
FIGURES: Final = {POPULATION: PERSONS} | {measure.id: measure for measure in FLOWS}

#: So many knowledge dates at most: each is a term of one sum in SQL, whose depth is limited.
MOST: Final = 400

_KINDS: Final = ", ".join(
    str(int(kind))
    for kind in (Kind.BIRTH, Kind.DEATH, Kind.IMMIGRATION, Kind.EMIGRATION, Kind.MOVE)
)
_KNOWN: Final = "known_from <= $known_last AND known_to > $known_first"

KNOWN_AT: Final = Dimension("known_at", Text("Known at", "Kjent"), classification="Date")
REVISION: Final = Measure(
    "revision", Text("Revision since the first", "Revisjon siden den første"), PERSONS.unit
)
SPECIFICATION: Final = TableSpecification(
    id="vintages",
    title=Text("{figure} by knowledge date. {when}", "{figure} etter kunnskapsdato. {when}"),
    dimensions=(KNOWN_AT,),
    measures=(REVISION,),
    contents=Text(
        "The same figure, as known on each of several days.",
        "Samme tall, slik det var kjent på hver av flere dager.",
    ),
    reference_time=Text("{when}", "{when}"),
    method=Text(
        "A population is the state at the end of the day before the date; a flow the events of the "
        "period, late reports about earlier ones left out.",
        "En folkemengde er tilstanden ved utgangen av dagen før datoen; en endring er hendelsene i "
        "perioden, uten forsinkede meldinger om tidligere perioder.",
    ),
    knowledge_time=same("{known}"),
)


@step("residents_as_known", reads=["residence"])
def residents_as_known() -> str:
    """Who is resident at the end of `$eve`, as known on any day from `$known_first` on."""
    return f"""
        SELECT person, municipality, basic_unit, sex, birth_date, country_of_birth,
               known_from, known_to
        FROM residence
        WHERE valid_from <= $eve AND valid_to > $eve AND {_KNOWN}
    """


@step("events_as_known", reads=["event"])
def events_as_known() -> str:
    """Events of the period that stand on any day from `$known_first` to `$known_last`."""
    return f"""
        SELECT * FROM event
        WHERE event_date >= $start AND event_date < $end AND kind IN ({_KINDS}) AND {_KNOWN}
    """


def vintages(
    connection: duckdb.DuckDBPyConnection,
    figure: str,
    of: date | Period,
    known_at: Sequence[KnownAt] = (),
    *,
    every: Every = "year",
    until: date | None = None,
    only: Only | None = None,
    extraction_months: int = EXTRACTION_MONTHS,
) -> Cells:
    """A figure by knowledge date, and what it differs by from the first.

    Parameters
    ----------
    connection
        An open store.
    figure
        "population", or a flow: "births", "deaths", "immigration", "emigration", "internal_in",
        "internal_out".
    of
        The day of a population, or the period of a flow.
    known_at
        The knowledge dates; none: from the extraction on, one every year, and the last one.
    every, until
        Otherwise how far they are apart, and the last one.
    only
        Codes to keep, by variable.
    extraction_months
        Months from the day, or the end of the period, to the first knowledge date.

    Raises
    ------
    UsageError
        A knowledge date before the extraction; what describes no such figure.
    """
    check_code(figure, FIGURES, "is no figure that has vintages", where="figure")
    if isinstance(of, Period) == (figure == POPULATION):
        raise UsageError(
            "is of a day" if figure == POPULATION else "is of a period", where="figure",
            value=figure, next_step="Say a date of a population, and a quarter or a year of others",
        )  # fmt: skip
    limits = coverage(connection)
    if isinstance(of, Period):
        limits.check_day(of.start, "quarter" if of.is_quarter else "from")
    end = of.end if isinstance(of, Period) else of
    limits.check_day(end, "to" if isinstance(of, Period) else "date")
    known = _days(limits, end, known_at, every, until, extraction_months)
    if len(known) > MOST:
        raise UsageError(
            "are more knowledge dates than are counted at once", where="known_at",
            value=len(known), allowed=f"up to {MOST}", next_step="Ask for fewer, further apart",
        )  # fmt: skip
    setting = Setting(connection, "stock" if figure == POPULATION else "flow", known[0])
    _, chosen, codes = chosen_with(setting, (), only)
    if figure != POPULATION and FIGURES[figure] not in described_flows(chosen):
        raise UsageError(
            "describes other flows", where="only", value=", ".join(v.name for v in chosen)
        )
    days = [day for day in known if not isinstance(day, KnownMoment)]
    counted = _in_one_pass(connection, figure, of, days, chosen, codes) if days else []
    found = dict(zip(days, counted, strict=True))
    for day in known:
        if day not in found:
            with known_then(connection, day):
                found[day] = _at(connection, figure, of, day, chosen, codes)
    values = [found[day] for day in known]
    return _cells(figure, of, known, values, (*kept_notes(codes, chosen), *notes(chosen)), limits)


def _days(
    limits: Coverage, end: date, asked: Sequence[KnownAt], every: Every, until: date | None,
    months: int,
) -> list[date]:  # fmt: skip
    drawn = limits.knowledge(PUBLISHED, months).day(end)
    named = {PUBLISHED: drawn, LATEST: max(drawn, limits.last)}
    if asked:
        said = {day if isinstance(day, date) else named[day] for day in asked}
        # A moment comes after its day began: so do their texts.
        known = sorted(said, key=str)
        check_drawn(known[0], drawn)
        return known
    if until is not None:
        limits.check_day(until, "until")
    last = until or named[LATEST]
    check_drawn(last, drawn, "until")
    known, day = [], drawn
    while day <= last:
        known.append(day)
        day = add_months(drawn, MONTHS[every] * len(known))
    return known if until or known[-1] == last else [*known, last]


def _in_one_pass(
    connection: duckdb.DuckDBPyConnection,
    figure: str,
    of: date | Period,
    known: Sequence[date],
    chosen: Sequence[Variable],
    codes: Only,
) -> list[int]:
    """The figure on each knowledge date."""
    needs, steps, rows = needs_of(chosen), [residents_as_known()], RESIDENTS
    if isinstance(of, Period):
        level = max((variable.area for variable in chosen), default=0)
        steps, rows = [events_as_known().named("counted_events"), flow_rows(level)], EVENT_ROWS
    start, end = (of.start, of.end) if isinstance(of, Period) else (of, of)
    eve = start - timedelta(days=1)
    values = changed.parameters(
        {"start": start, "end": end, "eve": eve, "described_first": eve}, known
    )
    provide_homes_of(connection, needs, [Span(day, eve, end) for day in known])
    steps += cut_by_places(steps[-1].name, needs, rows)
    have = columns_of(of_places(needs))
    changing = described_by(needs, rows)
    passes = [(steps, rows)]
    if changing:
        # As tables, since they are read twice.
        source = steps[-1].name
        listed = [*steps, kin_as_known(), redescribed(source, changing, rows)]
        _put(connection, changed.TABLE, listed, values)
        if CHILDREN in changing:
            _put(connection, "stays_of_children", [stays_of_children()], values)
        once, often = quiet_rows(source), rows_on_dates(source, len(known), rows)
        passes = [([*steps, once], rows), ([*steps, often], ON_DATES[rows.name])]
    condition = CONDITIONS.get(FIGURES[figure], "TRUE")
    total = np.zeros(len(known), np.int64)
    for begun, sort in passes:
        shown = [*begun, *described(begun[-1].name, needs, sort, have)]
        by = {f"v{n}": variable.sql for n, variable in enumerate(chosen)}
        shown.append(cells_by_knowledge(shown[-1].name, by, on_dates(len(known)), condition))
        cells = _kept(fetch(connection, shown, values), chosen, codes)
        total += figures((len(known) + 1,), (), cells)
    return total.tolist()


def _put(
    connection: duckdb.DuckDBPyConnection, table: str, steps: Sequence[Step],
    values: dict[str, object],
) -> None:  # fmt: skip
    text = compose(steps)
    statement = f"CREATE OR REPLACE TEMP TABLE {table} AS {text}"
    connection.execute(statement, parameters_of(text, values))


def _kept(found: pa.Table, chosen: Sequence[Variable], codes: Only) -> pa.Table:
    counts = {"came": pa.int32(), "gone": pa.int32(), "number": pa.int64()}
    return kept(coded(found, chosen, counts), codes, chosen, ["came", "gone"])


def _at(
    connection: duckdb.DuckDBPyConnection,
    figure: str,
    of: date | Period,
    known: date,
    chosen: Sequence[Variable],
    codes: Only,
) -> int:
    """The figure on one knowledge date."""
    if isinstance(of, Period):
        found = flows(connection, Window(of.start, of.end, known, known), chosen)
    else:
        found = fetch(connection, stock_steps(chosen), Moment(of, known).parameters)
    measure = FIGURES[figure].id
    cells = kept(coded(found, chosen, {measure: pa.int64()}), codes, chosen, [])
    return sum(cells[measure].to_pylist())


def _cells(
    figure: str,
    of: date | Period,
    known: Sequence[date],
    values: Sequence[int],
    noted: tuple[Text, ...],
    limits: Coverage,
) -> Cells:
    measure = FIGURES[figure]
    when = of.code if isinstance(of, Period) else str(of)
    label = Text("Population", "Folkemengde") if figure == POPULATION else measure.label
    title = Text(
        SPECIFICATION.title.en.format(figure=label.en, when=when),
        SPECIFICATION.title.no.format(figure=label.no, when=when),
    )
    span = known[0] if len(known) == 1 else f"{known[0]} – {known[-1]}"
    filled = replace(SPECIFICATION, title=title).fill(when=when, known=span)
    made = replace(
        filled,
        measures=(measure, replace(REVISION, unit=measure.unit)),
        footnotes=(*filled.footnotes, *noted, *limits.notes(known[-1])),
        time=when,
    )
    figures = np.asarray(values, np.int64)
    moments = any(isinstance(day, KnownMoment) for day in known)
    shown = pa.array([str(day) for day in known])
    data = {
        KNOWN_AT.id: shown if moments else pa.array(known, pa.date32()),
        measure.id: pa.array(figures),
        REVISION.id: pa.array(figures - figures[:1]),
    }
    return Cells(made, pa.table(data))
