"""The population of years to come, under one scenario or several, as cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa

from folkestrom.analysis.prospects.counted import Start, start
from folkestrom.analysis.prospects.likely import Likely, likely_specification, likely_tables
from folkestrom.analysis.prospects.past import history
from folkestrom.columns import check_arguments
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import PUBLISHED, KnownAt
from folkestrom.model.specification import (
    Category,
    Dimension,
    Measure,
    TableSpecification,
    Text,
    same,
)
from folkestrom.model.time import EXTRACTION_MONTHS
from folkestrom.projection.indicators import median_age, old_age_dependency, share_of_ages
from folkestrom.projection.projecting import Projection, project
from folkestrom.projection.rates.estimates import CLOSED_FROM, Floats
from folkestrom.projection.scenario import Scenario
from folkestrom.projection.stochastic.simulation import Sums
from folkestrom.projection.structure import Structure
from folkestrom.statistics.coverage import coverage

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


_FLOWS: Final = {
    "births": Text("Births", "Fødte"),
    "deaths": Text("Deaths", "Døde"),
    "immigration": Text("Immigration", "Innvandring"),
    "emigration": Text("Emigration", "Utvandring"),
}
MEASURES: Final = (
    Measure("population", Text("Population 1 January", "Folkemengde 1. januar"), _PERSONS),
    *(Measure(id, label, _PERSONS, empty=None) for id, label in _FLOWS.items()),
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


def projected(
    connection: duckdb.DuckDBPyConnection,
    first: int,
    last: int,
    *,
    base_years: int = BASE_YEARS,
    scenarios: Sequence[Scenario] = (),
    every: int = 1,
    known_at: KnownAt = PUBLISHED,
    extraction_months: int = EXTRACTION_MONTHS,
    likely: Likely | None = None,
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
    known_at, extraction_months
        As for `population`, of the start; rates are as known then.
    likely
        How draws are made of what may come; None: rates stay as they were.

    Returns
    -------
    Cells
        A row a year, and a scenario if there are any.

    Raises
    ------
    UsageError
        Years that the log does not reach, or in the wrong order; a scenario that cannot be.
    """
    check_arguments(projected, locals())
    _check_years(first, last, base_years, every)
    limits = coverage(connection)
    day = date(first, 1, 1)
    limits.check_day(day, "from")
    limits.check_day(date(first - base_years, 1, 1), "years")
    known = limits.knowledge(known_at, extraction_months).day(day)
    begun = start(connection, day, known, base_years)
    futures = (_NOTHING_CHANGED, *scenarios)
    names = [one.name for one in futures]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(
            "must each have a name of their own", where="scenarios", value=", ".join(twice),
            next_step="Give one of them another `name`; `baseline` is that of rates as they were",
        )  # fmt: skip
    shown = [n for n in range(last - first + 1) if n % every == 0 or n == last - first]
    drawn: tuple[Text, ...] = ()
    if likely is None:
        tables = [_rows(begun, scenario, first, shown) for scenario in futures]
    else:
        likely.check(scenarios)
        if likely.needs_register:
            past = history(connection, begun.structure, begun.rates, limits.first, day, known)
            likely = replace(likely, history=past)
        tables, drawn = likely_tables(
            begun, futures, shown, first, base_years, likely, MEASURES, _figures_of_sums
        )
    spec = _SPECIFICATION.fill(
        when=f"{first} – {last}", base=f"{first - base_years} – {first - 1}", known=str(known)
    )
    spec = spec if likely is None else likely_specification(spec, likely)
    year = Dimension("year", Text("Year", "År"), classification="Calendar year")
    scenario = Dimension(
        "scenario", Text("Scenario", "Scenario"),
        tuple(Category(name, _label(name, likely is not None)) for name in names),
    )  # fmt: skip
    said = (*spec.footnotes, *drawn, *_said(scenarios), *limits.notes(known), *_left_out(begun))
    if likely is not None and likely.difference:
        scenario = replace(scenario, categories=scenario.categories[1:])
    dimensions = (scenario, year) if scenarios else (year,)
    data = pa.concat_tables(tables)
    return Cells(
        replace(spec, dimensions=dimensions, footnotes=said),
        data if scenarios else data.drop_columns("scenario"),
    )


def _check_years(first: int, last: int, base_years: int, every: int) -> None:
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


def _rows(begun: Start, scenario: Scenario, first: int, shown: Sequence[int]) -> pa.Table:
    """A scenario's figures, a row a year."""
    cells, steps = begun.structure, shown[-1] + 1
    rates = scenario.applied(begun.rates, cells, first, steps)
    found = project(cells, begun.population, rates.assumptions(cells), steps=steps)
    columns: dict[str, pa.Array] = {
        "scenario": pa.array([scenario.name] * len(shown)),
        "year": pa.array([str(first + n) for n in shown]),
    }
    figures = _figures(found)
    if not max(figures[name].max() for name in ("population", *_FLOWS)) < _MOST_PERSONS:
        raise UsageError(
            "makes more persons than can be counted", where=f"scenario {scenario.name}",
            allowed=f"less than {_MOST_PERSONS:.0f}", next_step="Change fertility or immigration "
            "by less",
        )  # fmt: skip
    for measure in MEASURES:
        values = np.round(figures[measure.id][shown], measure.decimals)
        columns[measure.id] = pa.array(values, pa.float64() if measure.decimals else pa.int64(),
                                       safe=False)  # fmt: skip
    return pa.table(columns)


def _figures(found: Projection) -> dict[str, Floats]:
    """Every measure by step."""
    cells = found.structure
    of_them = found.population[:-1, cells.part("immigrants")].sum(axis=(-1, -2, -3))
    flows = {name: getattr(found, name)[:, cells.resident].sum(axis=(-1, -2, -3))
             for name in _FLOWS}  # fmt: skip
    return _measured(cells, found.residents[:-1], of_them, flows)


def _figures_of_sums(found: Sums) -> dict[str, Floats]:
    """Every measure by draw and step."""
    flows = {name: getattr(found, name)[..., found.sets.index("residents")] for name in _FLOWS}
    of_them = found.of("immigrants")[:, :-1].sum(axis=(-1, -2))
    # Figures are of both sexes together, and of half as many numbers take half as long.
    persons = found.of("residents")[:, :-1].sum(axis=-2, keepdims=True)
    return _measured(found.structure, persons, of_them, flows)


def _measured(
    cells: Structure, persons: Floats, immigrants: Floats, flows: dict[str, Floats]
) -> dict[str, Floats]:
    total = persons.sum(axis=(-1, -2))
    return {
        "population": total,
        **flows,
        "old_age_dependency": old_age_dependency(persons, cells),
        "median_age": median_age(persons, cells),
        "aged_80": 100 * share_of_ages(persons, cells, 80),
        "immigrants": 100 * immigrants / total,
    }


def _label(name: str, drawn: bool) -> Text:
    if name != "baseline":
        return same(name)
    return Text("Baseline", "Basisbane") if drawn else Text("Rates as they were", "Rater som før")


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
