"""The population of years to come from any start, under one scenario or several, as cells."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from folkestrom.analysis.prospects.by_area import LEVELS, AreaStart
from folkestrom.analysis.prospects.by_cells import (
    BY,
    MOVES_BETWEEN,
    OF_CELLS,
    cell_dimensions,
    cell_measures,
    check_cells,
    move_tables,
    notes_of_areas,
    tables,
)
from folkestrom.analysis.prospects.measures import Future, Indicator, chosen, needs
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.specification import (
    Category,
    Dimension,
    Measure,
    TableSpecification,
    Text,
    same,
)
from folkestrom.projection.assumptions import Floats
from folkestrom.projection.projecting import project
from folkestrom.projection.scenario import Scenario
from folkestrom.projection.start import Start
from folkestrom.projection.stochastic.figures import EXPLODED
from folkestrom.projection.structure import Structure

#: Years that may be asked for.
_FIRST_YEAR: Final = 1800
_LAST_YEAR: Final = 2300
MOST_YEARS: Final = 500
#: Whole numbers up to here are exact.
_MOST_PERSONS: Final = 1e15
#: A group with fewer than half a person has nobody.
_NOBODY: Final = 0.5
_MOST_NAMED: Final = 4
#: Rows of a table of moves from where to where.
_MOST_ROWS: Final = 20_000_000
BASELINE: Final = Scenario("baseline")

_SPECIFICATION: Final = TableSpecification(
    id="projection",
    title=Text("Population projection. {when}", "Befolkningsframskriving. {when}"),
    dimensions=(),
    measures=(),
    contents=Text(
        "Residents at the beginning of each year, and births, deaths and migration in it, if rates "
        "stay as they were, but for what a scenario changes.",
        "Bosatte ved inngangen til hvert år, og fødte, døde og flyttinger gjennom året, dersom "
        "ratene blir som de har vært, bortsett fra det et scenario endrer.",
    ),
    reference_time=same("{when}"),
    method=Text(
        "Cohort-component method by single year of age, sex and population group, with the rates "
        "of published tables.",
        "Kohort-komponentmetoden etter ettårig alder, kjønn og befolkningsgruppe, med ratene til "
        "publiserte tabeller.",
    ),
)  # fmt: skip
_BETWEEN: Final = Text(
    "Projected moves, by origin and destination. {when}",
    "Framskrevne flyttinger, etter fra- og tilflyttingssted. {when}",
)
_OF_BETWEEN: Final = Text(
    "Moves between areas in each year, if rates stay as they were, but for what a scenario "
    "changes.",
    "Flyttinger mellom områder gjennom året, dersom ratene blir som de har vært, bortsett fra det "
    "et scenario endrer.",
)
_OF_DEPENDENCY: Final = Text(
    "The old-age dependency ratio is of persons of 65 and over per person of 20 to 64.",
    "Forsørgerbrøken for eldre er personer 65 år og eldre per person 20–64 år.",
)


_OF_SMOOTH: Final = Text(
    "Rates by single year of age are smooth: P-splines (Eilers and Marx 1996), but for the death "
    "rates of infants and of the old.",
    "Rater etter ettårig alder er glattet: P-splines (Eilers og Marx 1996), bortsett fra dødsrater "
    "for spedbarn og de eldste.",
)


def outlook(
    begun: Start,
    first: int,
    last: int,
    scenarios: Sequence[Scenario] = (),
    *,
    every: int = 1,
    indicators: Sequence[str] = (),
    by: Sequence[str] = (),
    needed: str | Path | None = None,
    areas: AreaStart | None = None,
) -> Cells:
    """The years to come of a start.

    Parameters
    ----------
    begun
        What it starts from: of a store, or `folkestrom.projection.tables.read_tables`.
    first, last
        The year whose beginning is the start, and the last year that is shown.
    scenarios
        What changes; they are shown beside what comes if nothing does.
    every
        Years between those that are shown; the last is shown in any case.
    indicators
        Names of figures; none: the usual ones.
    by
        Some of "immigrant_group", "sex" and "age": persons and events by these instead of figures
        of all.
    needed
        A CSV file of needs per head, whose totals are shown as well.
    areas
        What a projection of areas starts from; None: of the nation.

    Returns
    -------
    Cells
        A row a year, a scenario and an area if there are any, and what figures are by.

    Raises
    ------
    UsageError
        Years in the wrong order; a figure or a scenario that cannot be.
    """
    check_years(first, last, every)
    ranges, scenarios = of_ranges(scenarios, drawn=False), ends_of(scenarios)
    _names(scenarios)
    between = [*indicators] == [MOVES_BETWEEN.id]
    if between:
        indicators = _checked_between(begun, first, last, scenarios, every, by, areas)
    figures = chosen(indicators)
    if needed is not None:
        figures += needs(Path(needed), begun.structure)
    check_cells("", by)
    if (by or areas) and (indicators or needed):
        raise UsageError(
            "cannot be asked for together", where="areas, by, indicator",
            next_step="Ask for persons by areas, group, sex and age, or for figures of all",
        )  # fmt: skip
    steps, shown = last - first + 1, steps_shown(first, last, every)
    years = [str(first + n) for n in shown]
    rows, said = [], list[Text]()
    baseline: Future | None = None
    for scenario in (BASELINE, *scenarios):
        future = future_of(begun, scenario, first, steps)
        said += _exploded(scenario, future, first)
        under = areas and areas.under(scenario, begun.structure, first, steps)
        rows.append(_cells(future, scenario, shown, years, by, under, between) if by or areas else
                    _rows(future, scenario, shown, years, figures))  # fmt: skip
        if baseline is None:
            baseline = future
        else:
            said += _said(scenario, future, baseline, first)
    measures = tuple(one.measure for one in figures)
    if by or areas:
        measures = cell_measures(by, areas, between)
    notes = (*notes_of_areas(areas), *([OF_CELLS] * bool(by)), *ranges)
    own = cell_dimensions(begun.structure, by, areas, between)
    made = framed(pa.concat_tables(rows), first, last, scenarios, measures, own)
    spec = made.specification
    if between:
        # As those that were counted: a matrix of counties can be read, one of municipalities not.
        across = ("destination",) * (areas is not None and areas.level == LEVELS[0])
        spec = replace(spec, title=_BETWEEN.fill(when=f"{first} – {last}"), contents=_OF_BETWEEN,
                       columns=across)  # fmt: skip
    return replace(made, specification=replace(spec, footnotes=(*spec.footnotes, *notes, *said)))


def ends_of(scenarios: Sequence[Scenario]) -> list[Scenario]:
    """The scenarios; of a range both its ends.

    Parameters
    ----------
    scenarios
        The scenarios.
    """
    return [end for one in scenarios for end in one.ends]


def of_ranges(scenarios: Sequence[Scenario], *, drawn: bool) -> list[Text]:
    """What is said of scenarios that are ranges.

    Parameters
    ----------
    scenarios
        The scenarios.
    drawn
        Whether what they are is drawn.
    """
    en, no = (
        ("drawn evenly between its ends", "trukket jevnt mellom endene")
        if drawn else ("shown by both its ends", "vist ved begge endene")
    )  # fmt: skip
    said = []
    for one in scenarios:
        if one.upper:
            low, high = (end.name.removeprefix(f"{one.name}: ") for end in one.ends)
            texts = f"a range, from {low} to {high}, {en}", f"et intervall, fra {low} til {high}, "
            said.append(Text(f"{one.name}: {texts[0]}.",
                             f"{one.name}: {texts[1].replace('.', ',')}{no}."))  # fmt: skip
    return said


def of_smooth(begun: Start) -> tuple[Text, ...]:
    """What is said of smooth rates, where the start has them.

    Parameters
    ----------
    begun
        The start.
    """
    return (_OF_SMOOTH,) if begun.counts.smooth else ()


def _checked_between(
    begun: Start, first: int, last: int, scenarios: Sequence[Scenario], every: int,
    by: Sequence[str], areas: AreaStart | None,
) -> Sequence[str]:  # fmt: skip
    """No other indicators; refused are moves without areas, and more rows than can be held."""
    if areas is None:
        raise UsageError(
            "are between areas", where="indicator", value=MOVES_BETWEEN.id,
            next_step="Say which, with --areas county or municipality",
        )  # fmt: skip
    lengths = dict(zip(BY, begun.structure.shape, strict=True))
    rows = len(areas.codes) ** 2 * len(steps_shown(first, last, every)) * (1 + len(scenarios))
    rows *= math.prod(lengths[name] for name in by)
    if rows > _MOST_ROWS:
        raise UsageError(
            "are more rows than one table can have", where="areas, by, every", value=rows,
            allowed=f"up to {_MOST_ROWS}",
            next_step="Ask for counties, for fewer years with --every, or for less in --by",
        )  # fmt: skip
    return ()


def framed(
    data: pa.Table, first: int, last: int, scenarios: Sequence[Scenario],
    measures: tuple[Measure, ...], own: Iterable[Dimension] = (), *, drawn: bool = False,
) -> Cells:  # fmt: skip
    """Rows of a projection as cells.

    Parameters
    ----------
    data
        The rows, with a column of scenarios.
    first, last, scenarios
        As for `outlook`.
    measures, own
        What is shown, and dimensions beside scenario and year.
    drawn
        Whether the baseline is of draws.
    """
    scenario = Dimension(
        "scenario", Text("Scenario", "Scenario"),
        tuple(Category(name, _label(name, drawn)) for name in _names(scenarios)),
    )  # fmt: skip
    year = Dimension("year", Text("Year", "År"), classification="Calendar year")
    usual = any(one.id == "old_age_dependency" for one in measures)
    spec = replace(
        _SPECIFICATION.fill(when=f"{first} – {last}"),
        dimensions=(*((scenario,) if scenarios else ()), year, *own), measures=measures,
        footnotes=(_OF_DEPENDENCY,) * usual,
    )  # fmt: skip
    return Cells(spec, data if scenarios else data.drop_columns("scenario"))


def future_of(begun: Start, scenario: Scenario, first: int, steps: int) -> Future:
    """A start projected under a scenario.

    Parameters
    ----------
    begun
        What it starts from.
    scenario
        What changes.
    first, steps
        The year of the start, and how many there are.

    Raises
    ------
    UsageError
        A scenario that cannot be, or that makes more persons than can be counted.
    """
    cells = begun.structure
    population = scenario.started(begun.population, cells)
    rates = scenario.applied(begun.rates, cells, first, steps, population)
    found = project(cells, population, rates.assumptions(cells), steps=steps)
    if not found.population.sum(axis=(1, 2, 3)).max() < _MOST_PERSONS:
        raise UsageError(
            "makes more persons than can be counted", where=f"scenario {scenario.name}",
            allowed=f"less than {_MOST_PERSONS:.0f}", next_step="Change fertility or immigration "
            "by less",
        )  # fmt: skip
    return Future(found, rates)


def check_years(first: int, last: int, every: int = 1) -> None:
    """Refuse years that a projection cannot have."""
    if not _FIRST_YEAR <= first <= last <= _LAST_YEAR:
        raise UsageError(
            "are no years of a projection", where="from, to", value=f"{first}, {last}",
            allowed=f"two years from {_FIRST_YEAR} to {_LAST_YEAR}, the second not the earlier",
        )  # fmt: skip
    check_number_of_years("every", every)


def check_number_of_years(name: str, value: int) -> None:
    """Refuse what is no number of years."""
    if not 1 <= value <= MOST_YEARS:
        raise UsageError(
            "is no number of years", where=name, value=value, allowed=f"1 to {MOST_YEARS}"
        )


def steps_shown(first: int, last: int, every: int) -> list[int]:
    """Which steps are shown; the last is in any case.

    Parameters
    ----------
    first, last, every
        As for `outlook`.

    Examples
    --------
    >>> steps_shown(2020, 2026, 4)
    [0, 4, 6]
    """
    steps = last - first + 1
    return [n for n in range(steps) if n % every == 0 or n == steps - 1]


def _names(scenarios: Sequence[Scenario]) -> list[str]:
    names = [one.name for one in (BASELINE, *scenarios)]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(
            "must each have a name of their own", where="scenarios", value=", ".join(twice),
            next_step="Give one of them another `name`; `baseline` is that of rates as they were",
        )  # fmt: skip
    return names


def _rows(
    future: Future, scenario: Scenario, shown: list[int], years: list[str],
    figures: Sequence[Indicator],
) -> pa.Table:  # fmt: skip
    """A scenario's figures, a row a year."""
    columns: dict[str, pa.Array] = {
        "scenario": pa.array([scenario.name] * len(shown)), "year": pa.array(years),
    }  # fmt: skip
    for one in figures:
        columns[one.measure.id] = _rounded(one.of(future)[shown], one.measure)
    return pa.table(columns)


def _cells(
    future: Future, scenario: Scenario, shown: list[int], years: list[str], by: Sequence[str],
    areas: AreaStart | None, between: bool,
) -> pa.Table:  # fmt: skip
    """A scenario's figures by cells, rows of each year one after the other."""
    found = []
    measures = cell_measures(by, areas, between)
    made = (move_tables(future, shown, by, areas) if between and areas else
            tables(future, shown, by, areas))  # fmt: skip
    for year, table in zip(years, made, strict=True):
        columns: dict[str, Any] = {
            "scenario": [scenario.name] * len(table), "year": [year] * len(table),
            **{name: table[name] for name in table.column_names},
        }  # fmt: skip
        for measure in measures:
            columns[measure.id] = _rounded(table[measure.id].to_numpy(), measure)
        kept = {d.id for d in cell_dimensions(future.cells, by, areas, between)}
        kept |= {"scenario", "year", *(m.id for m in measures)}
        found.append(pa.table({name: of for name, of in columns.items() if name in kept}))
    return pa.concat_tables(found)


def _rounded(values: Floats, measure: Measure) -> pa.Array:
    shown = np.round(values, measure.decimals)
    return pa.array(shown, pa.float64() if measure.decimals else pa.int64(), safe=False)


def _label(name: str, drawn: bool) -> Text:
    if name != BASELINE.name:
        return same(name)
    return Text("Baseline", "Basisbane") if drawn else Text("Rates as they were", "Rater som før")


def fingerprint(scenario: Scenario) -> Text:
    """What tells a scenario from others of the same name.

    Parameters
    ----------
    scenario
        The scenario.
    """
    return Text(
        f"{scenario.name}: fingerprint {scenario.fingerprint}.",
        f"{scenario.name}: fingeravtrykk {scenario.fingerprint}.",
    )


def _exploded(scenario: Scenario, future: Future, first: int) -> Iterator[Text]:
    """From when on there are more than rates can tell of."""
    persons = future.persons.sum(axis=(1, 2))
    if (far := persons > EXPLODED * persons[0]).any():
        year = first + int(np.argmax(far)) * future.cells.width
        yield Text(
            f"{scenario.name}: by {year} the population is more than {EXPLODED} times what it was. "
            "No rates stay as they are for that long.",
            f"{scenario.name}: innen {year} er folketallet mer enn {EXPLODED} ganger det det var. "
            "Ingen rater blir som de er så lenge.",
        )


def _said(scenario: Scenario, future: Future, baseline: Future, first: int) -> Iterator[Text]:
    """What tells a scenario from others of the same name, and whom it leaves without anybody."""
    yield fingerprint(scenario)
    own, other = (one.found.population.sum(axis=(-2, -1)) for one in (future, baseline))
    emptied = (own < _NOBODY) & (other >= _NOBODY)
    if emptied[0].any():
        groups, named = emptied[0].sum(), _named(future.cells, emptied[0])
        yield Text(
            f"{scenario.name}: leaves out {groups} of the groups, in which nobody is at the "
            f"beginning: {named}.",
            f"{scenario.name}: {groups} av gruppene er utelatt, med ingen i dem ved starten: "
            f"{named}.",
        )
    emptied &= own[0] >= _NOBODY
    if emptied.any():
        step = int(np.argmax(emptied.any(axis=1)))
        year, groups = first + step * future.cells.width, int(emptied.any(axis=0).sum())
        named = _named(future.cells, emptied[step])
        yield Text(
            f"{scenario.name}: nobody is left in {groups} of the groups, first by {year} in "
            f"{named}.",
            f"{scenario.name}: ingen er igjen i {groups} av gruppene, først innen {year} i "
            f"{named}.",
        )


def _named(cells: Structure, which: NDArray[np.bool_]) -> str:
    """Groups by name; those that are all of several together, by the name of these."""
    left = {g.code for g, one in zip(cells.groups, which, strict=True) if one}
    members: dict[str, set[str]] = {}
    for group in cells.groups:
        for part in (group.code, *group.part_of):
            members.setdefault(part, set()).add(group.code)
    said: list[str] = []
    for part, of_it in sorted(members.items(), key=lambda one: -len(one[1])):
        if of_it <= left:
            said.append(part)
            left -= of_it
    return ", ".join([*said[:_MOST_NAMED], *(["…"] if len(said) > _MOST_NAMED else [])])
