"""The population of years to come, under one scenario or several, as cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from folkestrom.analysis.prospects.by_area import LEVELS, AreaStart, area_start
from folkestrom.analysis.prospects.by_cells import BY, FLOWS, MOVES, tables
from folkestrom.analysis.prospects.counted import Start, start
from folkestrom.analysis.prospects.groups import DURATIONS
from folkestrom.columns import check_arguments
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import PUBLISHED, KnownAt
from folkestrom.model.names import check_code
from folkestrom.model.specification import (
    Category,
    Dimension,
    Measure,
    TableSpecification,
    Text,
    same,
)
from folkestrom.model.time import EXTRACTION_MONTHS
from folkestrom.projection.rates.estimates import CLOSED_FROM
from folkestrom.projection.scenario import Scenario
from folkestrom.statistics.coverage import coverage
from folkestrom.variables.registry import VARIABLES

#: Over how many years before the start rates are taken, if nothing else is said.
BASE_YEARS: Final = 5
#: Years that may be asked for.
_FIRST_YEAR: Final = 1800
_LAST_YEAR: Final = 2300
_MOST_YEARS: Final = 500
#: Whole numbers up to here are exact.
_MOST_PERSONS: Final = 1e15
_NOTHING_CHANGED: Final = Scenario("baseline")

_PERSONS, _YEARS = Text("persons", "personer"), Text("years", "år")
_PER_CENT: Final = Text("per cent of the population", "prosent av befolkningen")


def _share(id: str, en: str, no: str) -> Measure:
    return Measure(id, Text(en, no), _PER_CENT, decimals=1, empty=None)


_LABELS: Final = {
    "births": Text("Births", "Fødte"),
    "deaths": Text("Deaths", "Døde"),
    "immigration": Text("Immigration", "Innvandring"),
    "emigration": Text("Emigration", "Utvandring"),
}
MEASURES: Final = (
    Measure("population", Text("Population 1 January", "Folkemengde 1. januar"), _PERSONS),
    *(Measure(id, label, _PERSONS, empty=None) for id, label in _LABELS.items()),
    Measure(
        "old_age_dependency",
        Text("Old-age dependency ratio", "Forsørgerbrøk for eldre"),
        Text("persons 65 and over per person 20-64", "personer 65 år og eldre per person 20-64 år"),
        decimals=3, empty=None,
    ),
    Measure(
        "median_age", Text("Median age", "Medianalder"), _YEARS, decimals=1, empty=None
    ),
    _share("aged_80", "Aged 80 and over, per cent", "80 år og eldre, prosent"),
    _share("immigrants", "Immigrants, per cent", "Innvandrere, prosent"),
)  # fmt: skip

_SPECIFICATION: Final = TableSpecification(
    id="projection",
    title=Text("Population projection. {when}", "Befolkningsframskriving. {when}"),
    dimensions=(),
    measures=MEASURES,
    contents=Text(
        "Residents at the beginning of each year, and births, deaths and migration in it, if rates "
        "stay as they were, but for what a scenario changes.",
        "Bosatte ved inngangen til hvert år, og fødte, døde og flyttinger gjennom året, dersom "
        "ratene blir som de har vært, bortsett fra det et scenario endrer.",
    ),
    reference_time=same("{when}"),
    method=Text(
        "Cohort-component method by single year of age, sex and population group: natives, "
        "Norwegian-born to immigrant parents, and immigrants by group of countries and years since "
        "immigration. Rates and immigration are those of {base}, as known on {known}.",
        "Kohort-komponentmetoden etter ettårig alder, kjønn og befolkningsgruppe: majoritet, "
        "norskfødte av innvandrere, og innvandrere etter landgruppe og år siden innvandring. Rater "
        "og innvandring er som i {base}, slik det var kjent {known}.",
    ),
    knowledge_time=same("{known}"),
    footnotes=(
        Text(
            "Emigration rates are a factor of group and duration times one of sex and age. Natives "
            "and Norwegian-born return at a rate of those who live abroad, so that fewer who leave "
            "are fewer who return. Death rates from age "
            f"{CLOSED_FROM} on are by Kannisto's model.",
            "Utvandringsrater er en faktor for gruppe og botid ganger en for kjønn og alder. "
            "Majoritet og norskfødte flytter tilbake med en rate av dem som bor i utlandet, slik "
            "at færre som drar, gir færre som kommer tilbake. Dødsrater fra "
            f"{CLOSED_FROM} år er etter Kannistos modell.",
        ),
        Text(
            "The old-age dependency ratio is of persons of 65 and over per person of 20 to 64.",
            "Forsørgerbrøken for eldre er personer 65 år og eldre per person 20–64 år.",
        ),
    ),
)

_OF_AREAS: Final = (
    Text(
        "Rates of an area are the nation's times a factor of the area, nearer to 1 the smaller it "
        "is. Births, deaths and emigration are then scaled, so that areas add up to the nation.",
        "Rater i et område er landets ganger en faktor for området, nærmere 1 jo mindre det er. "
        "Fødte, døde og utvandring er deretter skalert, slik at områdene summerer seg til landet.",
    ),
    Text(
        "Moves are of persons who live in another area at the end of a year than at its beginning, "
        "or than where they were born in it.",
        "Flyttinger er personer som bor i et annet område ved utgangen av året enn ved inngangen, "
        "eller enn der de ble født i løpet av det.",
    ),
)
_OF_CELLS: Final = Text(
    "Events are by age at the end of the year.", "Hendelser er etter alder ved utgangen av året."
)


def projected(
    connection: duckdb.DuckDBPyConnection,
    first: int,
    last: int,
    *,
    base_years: int = BASE_YEARS,
    scenarios: Sequence[Scenario] = (),
    every: int = 1,
    areas: str = "",
    by: Sequence[str] = (),
    durations: int = DURATIONS,
    known_at: KnownAt = PUBLISHED,
    extraction_months: int = EXTRACTION_MONTHS,
) -> Cells:
    """The population of a store, projected from the first of January of a year.

    Parameters
    ----------
    connection
        An open store.
    first, last
        The year whose beginning is the start, and the last year that is shown.
    base_years
        Over how many years before the start rates are taken.
    scenarios
        What changes; they are shown beside what comes if nothing does.
    every
        Years between those that are shown; the last is shown in any case.
    areas
        "county" or "municipality": figures of each, that add up to those of the nation; empty: of
        the nation.
    by
        Some of "immigrant_group", "sex" and "age".
    durations
        Completed years since immigration that groups of immigrants are told apart by.
    known_at, extraction_months
        As for `population`, of the start; rates are as known then.

    Returns
    -------
    Cells
        A row a year, a scenario and an area if there are any, and what figures are by.

    Raises
    ------
    UsageError
        Years that the log does not reach, or in the wrong order; a scenario that cannot be.
    """
    check_arguments(projected, locals())
    check_years(first, last, base_years, every)
    check_cells(areas, by, durations)
    limits = coverage(connection)
    day = date(first, 1, 1)
    limits.check_day(day, "from")
    limits.check_day(date(first - base_years, 1, 1), "years")
    known = limits.knowledge(known_at, extraction_months).day(day)
    begun = start(connection, day, known, base_years, durations)
    parts = area_start(connection, day, known, begun, areas) if areas else None
    futures = (_NOTHING_CHANGED, *scenarios)
    names = [one.name for one in futures]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(
            "must each have a name of their own", where="scenarios", value=", ".join(twice),
            next_step="Give one of them another `name`; `baseline` is that of rates as they were",
        )  # fmt: skip
    years = range(first, last + 1)
    rows = [_rows(begun, scenario, years, every, by, areas, parts) for scenario in futures]
    spec = _SPECIFICATION.fill(
        when=f"{first} – {last}", base=f"{first - base_years} – {first - 1}", known=str(known)
    )
    year = Dimension("year", Text("Year", "År"), classification="Calendar year")
    scenario = Dimension(
        "scenario", Text("Scenario", "Scenario"),
        tuple(Category(name, _label(name)) for name in names),
    )  # fmt: skip
    said = (*spec.footnotes, *_said(scenarios), *limits.notes(known), *_left_out(begun))
    said = (*said, *(_OF_AREAS if areas else ()), *((_OF_CELLS,) if by else ()))
    of_cells = tuple(VARIABLES[name].dimension for name in (areas, *by) if name)
    dimensions = (*((scenario,) if scenarios else ()), year, *of_cells)
    data = pa.concat_tables(rows)
    return Cells(
        replace(spec, dimensions=dimensions, measures=_measures(by, parts), footnotes=said),
        data if scenarios else data.drop_columns("scenario"),
    )


def check_cells(areas: str, by: Sequence[str], durations: int, known: Sequence[str] = BY) -> None:
    """Refuse what a projection is not by.

    Parameters
    ----------
    areas, by, durations
        As for `projected`.
    known
        What it may be by.
    """
    if areas:
        check_code(areas, LEVELS, "is no level of areas", where="areas")
    for name in by:
        check_code(name, known, "is nothing that a projection is by", where="by")
    if len({*by}) < len(by):
        raise UsageError("has a name twice", where="by", value=", ".join(by))
    if not 0 <= durations <= DURATIONS:
        raise UsageError(
            "is no number of years", where="durations", value=durations,
            allowed=f"0 to {DURATIONS}",
        )  # fmt: skip


def check_years(first: int, last: int, base_years: int, every: int) -> None:
    """Refuse years that a projection cannot be of.

    Parameters
    ----------
    first, last, base_years, every
        As for `projected`.
    """
    if not _FIRST_YEAR <= first < last <= _LAST_YEAR:
        raise UsageError(
            "are no years of a projection", where="from, to", value=f"{first}, {last}",
            allowed=f"two years from {_FIRST_YEAR} to {_LAST_YEAR}, the second the later",
        )  # fmt: skip
    for name, value in (("years", base_years), ("every", every)):
        if not 1 <= value <= _MOST_YEARS:
            raise UsageError(
                "is no number of years", where=name, value=value, allowed=f"1 to {_MOST_YEARS}"
            )


def _rows(
    begun: Start,
    scenario: Scenario,
    years: range,
    every: int,
    by: Sequence[str],
    level: str,
    areas: AreaStart | None,
) -> pa.Table:
    """A scenario's figures, rows of each year one after the other."""
    steps = len(years)
    rates = scenario.applied(begun.rates, begun.structure, years[0], steps)
    shown = [n for n in range(steps) if n % every == 0 or n == steps - 1]
    found = []
    for year, table in zip(
        (str(years[n]) for n in shown),
        tables(begun, rates, steps, shown, by, level, areas),
        strict=True,
    ):
        most = max(pc.max(table[name]).as_py() for name in ("population", *FLOWS))
        if not most < _MOST_PERSONS:
            raise UsageError(
                "makes more persons than can be counted", where=f"scenario {scenario.name}",
                allowed=f"less than {_MOST_PERSONS:.0f}", next_step="Change fertility or "
                "immigration by less",
            )  # fmt: skip
        columns = {"scenario": [scenario.name] * len(table), "year": [year] * len(table)}
        codes = [name for name in table.column_names if name in (level, *by)]
        columns |= {name: table[name] for name in codes}
        columns |= {measure.id: _rounded(table[measure.id], measure)
                    for measure in _measures(by, areas)}  # fmt: skip
        found.append(pa.table(columns))
    return pa.concat_tables(found)


def _rounded(column: pa.ChunkedArray, measure: Measure) -> pa.Array:
    values = np.round(column.to_numpy(), measure.decimals)
    return pa.array(values, pa.float64() if measure.decimals else pa.int64(), safe=False)


def _measures(by: Sequence[str], areas: AreaStart | None) -> tuple[Measure, ...]:
    counted = (*MEASURES[: 1 + len(FLOWS)], *(MOVES if areas else ()))
    return counted if by else (*counted, *MEASURES[1 + len(FLOWS) :])


def _label(name: str) -> Text:
    return Text("Rates as they were", "Rater som før") if name == "baseline" else same(name)


def _said(scenarios: Sequence[Scenario]) -> Iterator[Text]:
    """What tells each scenario from others of the same name."""
    for one in scenarios:
        yield Text(
            f"{one.name}: fingerprint {one.fingerprint}.",
            f"{one.name}: fingeravtrykk {one.fingerprint}.",
        )


def _left_out(begun: Start) -> Iterator[Text]:
    if begun.left_out:
        yield Text(
            f"{begun.left_out} residents of unknown sex or age are left out.",
            f"{begun.left_out} bosatte med ukjent kjønn eller alder er ikke med.",
        )
