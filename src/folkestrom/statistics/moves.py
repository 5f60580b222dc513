"""Moves: between places of one sort, from where to where; and to and from countries.

They are the flows of accounts, counted by the same rules: summed over destinations, moves are the
internal out-migration of `changes`, summed over origins its in-migration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from folkestrom.engine.steps import Step, step
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.codes import Kind
from folkestrom.model.knowledge import PUBLISHED, Knowledge, KnownAt
from folkestrom.model.names import check_code
from folkestrom.model.specification import Measure, TableSpecification, Text, same
from folkestrom.model.time import EXTRACTION_MONTHS
from folkestrom.statistics.changes import NET_MIGRATION, PERIOD
from folkestrom.statistics.coverage import Coverage, coverage
from folkestrom.statistics.flows import (
    EMIGRATION,
    ENDS,
    IMMIGRATION,
    Window,
    counted_events,
    flows,
)
from folkestrom.statistics.periods import Period
from folkestrom.statistics.population import cells, coded, fetch
from folkestrom.statistics.record_keys import names_of_sums, rows_with_keys
from folkestrom.variables.description import EVENT_ROWS, described
from folkestrom.variables.registry import VARIABLES
from folkestrom.variables.selection import Only, codes_meant, kept, kept_notes
from folkestrom.variables.sources import RESIDENCE
from folkestrom.variables.variable import Variable, needs_of, notes
from folkestrom.variables.vocabulary import Setting, known_names
from folkestrom.variables.vocabulary import chosen as chosen_of

MOVES: Final = Measure("moves", Text("Moves", "Flyttinger"), Text("moves", "flyttinger"))

#: The measures that are counted; net migration follows from them.
COUNTED: Final = (MOVES, IMMIGRATION, EMIGRATION)

_METHOD: Final = Text(
    "Reports about the period, and late ones about earlier periods, known on {known}.",
    "Meldinger om perioden, og forsinkede meldinger om tidligere perioder, kjent {known}.",
)
SPECIFICATION: Final = TableSpecification(
    id="moves",
    title=Text("Internal migration, by origin and destination. {when}",
               "Innenlandske flyttinger, etter fra- og tilflyttingssted. {when}"),
    dimensions=(),
    measures=(MOVES,),
    contents=Text(
        "Moves of residents between places in Norway. Every move counts, several by one person "
        "too; moves inside a place, immigration and emigration are not among them.",
        "Bosattes flyttinger mellom steder i Norge. Hver flytting teller, også flere av samme "
        "person; flytting innenfor et sted, innvandring og utvandring er ikke med.",
    ),
    reference_time=same("{when}"),
    method=_METHOD,
    knowledge_time=same("{known}"),
)  # fmt: skip
MIGRATION: Final = replace(
    SPECIFICATION,
    id="migration",
    title=Text("Immigration and emigration, by country. {when}",
               "Inn- og utvandring, etter land. {when}"),
    measures=(IMMIGRATION, EMIGRATION, NET_MIGRATION),
    contents=Text(
        "Immigrations by the country come from, emigrations by the country gone to, as stated. "
        "Every one counts, several by one person too.",
        "Innvandringer etter fraflyttingsland, utvandringer etter tilflyttingsland, som oppgitt. "
        "Hver av dem teller, også flere av samme person.",
    ),
)  # fmt: skip


#: Where a place is kept that the table is not by.
_OUT_OF: Final = Text(
    "The place is that before the move: these are moves out of it. Moves into it are kept by "
    "destination.",
    "Stedet er det før flyttingen: dette er flyttinger ut av det. Flyttinger inn i det velges med "
    "destination.",
)


@step("move_rows", example={"level": 2})
def move_rows(level: int) -> str:
    """Every counted move that crosses a border of that level, once, with both of its ends.

    Who moves is described as of the end of the day before, at the place left, as in an account.
    """
    left, reached = ENDS[level]
    return f"""
        SELECT person, kind, event_date, country, reason, sex, birth_date,
               event_date - 1 AS described_on,
               municipality_from AS municipality, basic_unit_from AS basic_unit,
               municipality_to, basic_unit_to
        FROM counted_events
        WHERE kind = {int(Kind.MOVE)} AND {left} <> {reached}
    """


def moves(
    connection: duckdb.DuckDBPyConnection,
    periods: Sequence[Period],
    by: Iterable[str] = (),
    known_at: KnownAt = PUBLISHED,
    *,
    abroad: bool = False,
    only: Only | None = None,
    extraction_months: int = EXTRACTION_MONTHS,
    keys: bool = False,
) -> Cells:
    """Moves between places by origin and destination, or migration by country.

    Parameters
    ----------
    connection
        An open store.
    periods
        What moves are counted in, in order.
    by
        Names of variables. Of moves inside the country one of them is the sort of place, county if
        none is.
    known_at
        As for `changes`.
    abroad
        Immigration and emigration by country instead, with net migration.
    only
        Codes to keep, by variable: of the table, such as `origin`, or others.
    extraction_months
        Months from the end of a period to its extraction.
    keys
        With the sum of the record keys beside each count, in a session that has them.

    Returns
    -------
    Cells
        A row a combination that occurs.

    Raises
    ------
    UsageError
        More than one sort of place, or none, where moves are between places.
    """
    limits = coverage(connection)
    for period in periods:
        limits.check_day(period.start, "from")
        limits.check_day(period.end, "to")
    knowledge = limits.knowledge(known_at, extraction_months)
    known = min(knowledge.day(period.end) for period in periods)
    setting = Setting(connection, "flow", known)
    chosen = chosen_of(setting, by)
    shown = _by_country(chosen) if abroad else _by_ends(chosen)
    named = [variable.name for variable in shown]
    kept_by = [name for name in only or {} if name not in named]
    for name in kept_by:
        check_code(
            name, [*named, *known_names(setting)],
            "is not a dimension of moves", where="only",
        )  # fmt: skip
    others = chosen_of(setting, kept_by, "only")
    counted_by = (*shown, *others)
    codes = codes_meant(only, counted_by)
    count: Callable[..., pa.Table] = _migration if abroad else _matrix
    specification = MIGRATION if abroad else SPECIFICATION
    tables = []
    for period in periods:
        counted = count(connection, _window(knowledge, period), counted_by, keys=keys)
        types = {measure.id: pa.int32() for measure in specification.measures}
        types |= names_of_sums([m.id for m in specification.measures if keys and m in COUNTED])
        cells = kept(coded(counted, counted_by, types), codes, counted_by, named)
        column = pa.array([period.code] * cells.num_rows, pa.string()).dictionary_encode()
        tables.append(cells.add_column(0, PERIOD.id, column))
    data = pa.concat_tables(tables).unify_dictionaries()
    made = _specification(specification, periods, shown, limits, knowledge)
    said = (*made.footnotes, *kept_notes(codes, counted_by))
    if not abroad and any(variable.area for variable in others):
        said = (*said, _OUT_OF)
    return Cells(replace(made, footnotes=said), data)


def _window(knowledge: Knowledge, period: Period) -> Window:
    known_start, known_end = knowledge.day(period.start), knowledge.day(period.end)
    return Window(period.start, period.end, known_start, known_end)


def _by_ends(chosen: Sequence[Variable]) -> tuple[Variable, ...]:
    """The variables, with the place among them at both ends of a move."""
    places = [v for v in chosen if v.area and RESIDENCE in v.needs] or [VARIABLES["county"]]
    if len(places) > 1:
        raise UsageError(
            "are several sorts of places, and moves are between places of one",
            where="by",
            value=", ".join(place.name for place in places),
            allowed="county, municipality, part_of_town or basic_unit, and variables that are no "
            "place",
        )
    (place,) = places
    found = []
    for variable in chosen if place in chosen else (place, *chosen):
        found += ends_of(place) if variable is place else [variable]
    return tuple(found)


def ends_of(place: Variable) -> list[Variable]:
    """A place as where moves are from, and where to.

    Parameters
    ----------
    place
        The county, the municipality or the basic unit.
    """
    label, (_, reached) = place.dimension.label, ENDS[place.area]
    origin = Text(f"{label.en} of out-migration", f"Fraflyttings{label.no.lower()}")
    destination = Text(f"{label.en} of in-migration", f"Tilflyttings{label.no.lower()}")
    ends = (("origin", origin, place.sql), ("destination", destination, reached))
    return [
        replace(place, dimension=replace(place.dimension, id=id, label=said), sql=sql)
        for id, said, sql in ends
    ]


def _by_country(chosen: Sequence[Variable]) -> tuple[Variable, ...]:
    country = VARIABLES["country"]
    return tuple(chosen) if country in chosen else (country, *chosen)


def _matrix(
    connection: duckdb.DuckDBPyConnection,
    window: Window,
    shown: Sequence[Variable],
    *,
    keys: bool,
) -> pa.Table:
    found = fetch(connection, move_steps(shown, keys=keys), window.parameters)
    return found.rename_columns([n.replace("persons", MOVES.id) for n in found.column_names])


def move_steps(shown: Sequence[Variable], *, keys: bool = False) -> list[Step]:
    """Steps to the moves by variables; the window's values are bound when they run.

    Parameters
    ----------
    shown
        The variables, with the two ends.
    keys
        With sums of record keys.
    """
    level = max(variable.area for variable in shown)
    # What describes rows of flows knows them by that name.
    steps = [counted_events(), move_rows(level).named("flow_rows")]
    steps += described(steps[-1].name, needs_of(shown), EVENT_ROWS)
    steps += [rows_with_keys(steps[-1].name, events=True)] if keys else []
    return [*steps, cells(steps[-1].name, tuple(variable.sql for variable in shown), keys=keys)]


def _migration(
    connection: duckdb.DuckDBPyConnection,
    window: Window,
    shown: Sequence[Variable],
    *,
    keys: bool,
) -> pa.Table:
    found = flows(connection, window, shown, keys=keys)
    came, left = (found[measure.id] for measure in (IMMIGRATION, EMIGRATION))
    net = found.append_column(NET_MIGRATION.id, pc.subtract(came, left))
    return net.filter(pc.greater(pc.add(came, left), 0))


def with_net_migration(cells: Cells) -> Cells:
    """Immigration and emigration with what follows from the two, where both are told."""
    net = pc.subtract(cells.data[IMMIGRATION.id], cells.data[EMIGRATION.id])
    made = replace(cells.specification, measures=(*cells.specification.measures, NET_MIGRATION))
    data = cells.data.append_column(NET_MIGRATION.id, net)
    return replace(cells, specification=made, data=data)


def _specification(
    made: TableSpecification,
    periods: Sequence[Period],
    shown: Sequence[Variable],
    limits: Coverage,
    knowledge: Knowledge,
) -> TableSpecification:
    codes = [period.code for period in periods]
    when = codes[0] if len(codes) == 1 else f"{codes[0]} – {codes[-1]}"
    ends = [period.end for period in periods]
    filled = made.fill(when=when, known=knowledge.days(*ends))
    return replace(
        filled,
        dimensions=(PERIOD, *(variable.dimension for variable in shown)),
        # A matrix of counties can be read; one of municipalities is a list.
        columns=tuple(v.name for v in shown if v.name == "destination" and v.area == 1),
        footnotes=(*notes(shown), *limits.notes(knowledge.day(ends[-1]))),
        vintage=knowledge.vintage,
    )
