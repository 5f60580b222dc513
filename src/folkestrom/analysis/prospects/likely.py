"""Figures of a projection in many draws: their median, and the ends of an interval."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from folkestrom.analysis.prospects.by_area import AreaStart
from folkestrom.analysis.prospects.by_cells import (
    cell_dimensions,
    cell_measures,
    notes_of_areas,
)
from folkestrom.analysis.prospects.measures import COMPONENT_LABELS, USUAL, chosen
from folkestrom.analysis.prospects.outlook import (
    BASELINE,
    check_years,
    fingerprint,
    framed,
    of_ranges,
    steps_shown,
)
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.names import check_code
from folkestrom.model.specification import Language, Measure, TableSpecification, Text
from folkestrom.projection.assumptions import Floats
from folkestrom.projection.indicators import composition
from folkestrom.projection.scenario import Scenario
from folkestrom.projection.start import Start
from folkestrom.projection.stochastic.by_area import simulate_areas
from folkestrom.projection.stochastic.figures import (
    ASSUMED,
    EXPLODED,
    counted_share,
    over_range,
)
from folkestrom.projection.stochastic.figures import figures_of as drawn
from folkestrom.projection.stochastic.history import History, drawn_factors
from folkestrom.projection.stochastic.limits import COMPONENTS, Limits
from folkestrom.projection.stochastic.scores import middle_and_ends
from folkestrom.projection.stochastic.simulation import Factors
from folkestrom.projection.structure import Structure

#: Draws that can be asked for.
MOST_DRAWS: Final = 100_000
INTERVALS: Final = (80.0,)
SEED: Final = 1
_OF_DRAWN_AREAS: Final = Text(
    "Areas share in what is drawn for the nation, and add up to it in each draw. Their own levels "
    "are drawn too, with the spread and correlation that areas had in the years that the register "
    "knows, and with the chance in a year's events of so few. Medians of areas do not add up.",
    "Områdene deler det som er trukket for landet, og summerer seg til det i hver trekning. Deres "
    "egne nivåer er også trukket, med den spredningen og korrelasjonen som områdene hadde i årene "
    "som registeret kjenner, og med tilfeldigheten i et års hendelser blant så få. Medianer for "
    "områder summerer seg ikke.",
)
_OF_LEVELS: Final = Text(
    "{name} says levels of rates before draws; what is drawn comes on top, of mortality its trend "
    "too.",
    "{name} angir nivåer for ratene før trekning; det som trekkes, kommer i tillegg, for "
    "dødeligheten også trenden.",
)
#: Figures that are drawn.
DRAWN: Final = (*USUAL, *ASSUMED)


@dataclass(frozen=True, slots=True, eq=False)
class Likely:
    """How what may come is drawn.

    Parameters
    ----------
    draws, seed
        How many, and what makes them the same each time.
    intervals
        Per cent of draws between the ends of each interval.
    history
        Series; None: those of the register.
    limits
        What experts say; None: nothing.
    difference
        Whether figures are those of scenarios less those of the baseline.
    """

    draws: int
    seed: int = SEED
    intervals: tuple[float, ...] = INTERVALS
    history: History | None = None
    limits: Limits | None = None
    difference: bool = False

    @property
    def needs_series(self) -> bool:
        """Whether series are needed, and none are given."""
        named = self.limits.components if self.limits else ()
        return self.history is None and {*named} != {*COMPONENTS}

    def check(self, scenarios: Sequence[Scenario]) -> None:
        """Refuse numbers that cannot be, and differences from nothing.

        Parameters
        ----------
        scenarios
            The scenarios.
        """
        if not 2 <= self.draws <= MOST_DRAWS:
            raise UsageError(
                "is no number of draws", where="draws", value=self.draws,
                allowed=f"2 to {MOST_DRAWS}",
            )  # fmt: skip
        if not self.intervals or not all(0 < one < 100 for one in self.intervals):
            raise UsageError(
                "is no interval", where="interval", value=_listed(self.intervals),
                allowed="per cent of the draws, such as 80, or 50,80,95",
            )  # fmt: skip
        if self.seed < 0:
            raise UsageError("is no seed", where="seed", value=self.seed, allowed="0, 1, 2 …")
        if self.difference and not scenarios:
            raise UsageError(
                "is of scenarios from the baseline, and there is none", where="difference",
                next_step="Give a scenario too",
            )  # fmt: skip


def likely_outlook(
    begun: Start,
    first: int,
    last: int,
    asked: Likely,
    scenarios: Sequence[Scenario] = (),
    *,
    every: int = 1,
    indicators: Sequence[str] = (),
    areas: AreaStart | None = None,
) -> Cells:
    """The years to come of a start, in many draws.

    Parameters
    ----------
    begun, first, last, scenarios, every
        As for `outlook`.
    asked
        How what may come is drawn.
    indicators
        Some of `DRAWN`; none: the usual figures.
    areas
        What a projection of areas starts from, with its model; None: of the nation.

    Returns
    -------
    Cells
        A row a year, an area and a scenario if there are any.

    Raises
    ------
    UsageError
        Numbers that cannot be; a component without series and limits; a figure that is not drawn.
    """
    check_years(first, last, every)
    asked.check(scenarios)
    if areas and indicators:
        raise UsageError(
            "cannot be asked for together", where="areas, indicator, draws",
            next_step="Leave --indicator out: draws of areas are of the usual figures",
        )  # fmt: skip
    measures = tuple(one.measure for one in chosen(indicators))
    for one in measures:
        check_drawn(one.id)
    measures = cell_measures((), areas) if areas else measures
    own = [*cell_dimensions(begun.structure, (), areas)]
    shown = steps_shown(first, last, every)
    factors = factors_of(begun, asked, first, shown[-1] + 1)
    tables, said, baseline = [], [], None
    for scenario in (BASELINE, *scenarios):
        found, share = figures_of(
            begun, scenario, first, shown, factors, [one.id for one in measures], areas
        )
        if share:
            said.append(_exploded(scenario.name, share))
        if asked.difference and baseline is not None:
            with np.errstate(invalid="ignore"):  # ratios of areas where nobody is of working age
                found = {name: values - baseline[name] for name, values in found.items()}
        baseline = found if baseline is None else baseline
        if not asked.difference or scenario is not BASELINE:
            years = [str(first + n) for n in shown]
            tables.append(_table(scenario.name, years, found, measures, asked.intervals, areas))
    made = framed(pa.concat_tables(tables), first, last, scenarios, measures, own, drawn=True)
    spec = likely_specification(made.specification, asked)
    dimensions = spec.dimensions
    if asked.difference:
        scenario_of_it, *others = dimensions
        kept = scenario_of_it.categories[1:]
        dimensions = (replace(scenario_of_it, categories=kept), *others)
    ranges = of_ranges(scenarios, drawn=True)
    of_areas = (*notes_of_areas(areas), *([_OF_DRAWN_AREAS] if areas else []))
    levels = [_OF_LEVELS.fill(name=one.name) for one in scenarios if one.says_levels]
    notes = (*spec.footnotes, *of_areas, *ranges, *levels, *said, *map(fingerprint, scenarios))
    return replace(made, specification=replace(spec, dimensions=dimensions, footnotes=notes))


def likely_specification(spec: TableSpecification, asked: Likely) -> TableSpecification:
    """The specification, with the ends of intervals and what draws are.

    Parameters
    ----------
    spec
        That of figures without draws.
    asked
        How what may come is drawn.
    """
    contents = Text(
        "Residents at the beginning of each year, and births, deaths and migration in it, as they "
        "may come.",
        "Bosatte ved inngangen til hvert år, og fødte, døde og flyttinger gjennom året, slik de "
        "kan bli.",
    )
    return replace(
        spec,
        measures=tuple(end for one in spec.measures for end in with_ends(one, asked.intervals)),
        contents=contents,
        footnotes=(said_of(asked), *_of_limits(asked.limits), *spec.footnotes),
    )


def with_ends(measure: Measure, intervals: Sequence[float]) -> tuple[Measure, ...]:
    """A figure, and the lower and the upper end of each interval; of several, each says which.

    Parameters
    ----------
    measure
        The figure.
    intervals
        Per cent of draws between the ends of each.
    """
    made = [measure]
    for level in intervals:
        id = f"_{level:g}".replace(".", "_") if len(intervals) > 1 else ""
        of = Text(f" {level:g} %", f" {level:g} %".replace(".", ",")) if id else Text("", "")
        made += [
            Measure(f"{measure.id}_{end}{id}", Text(f"{measure.label.en}, {end}{of.en}",
                    f"{measure.label.no}, {no}{of.no}"), measure.unit,
                    decimals=measure.decimals, empty=None)
            for end, no in (("lower", "nedre"), ("upper", "øvre"))
        ]  # fmt: skip
    return tuple(made)


def _listed(levels: Sequence[float], language: Language = Language.EN) -> str:
    """Levels as they are read: 50, 80 and 95."""
    said = [f"{level:g}" for level in levels]
    if language is Language.NO:
        said = [one.replace(".", ",") for one in said]
    last = " og " if language is Language.NO else " and "
    return last.join(filter(None, (", ".join(said[:-1]), *said[-1:])))


def said_of(asked: Likely) -> Text:
    """What draws are, for a footnote.

    Parameters
    ----------
    asked
        How what may come is drawn.
    """
    en, no = (_listed(asked.intervals, one) for one in (Language.EN, Language.NO))
    several = len(asked.intervals) > 1
    of = Text("intervals", "intervallene") if several else Text("interval", "intervallet")
    less = Text(" Scenarios less the baseline, draw by draw.",
                " Scenarier minus basisbanen, trekning for trekning.")  # fmt: skip
    drawn = Text(
        f"Medians of {asked.draws} draws (seed {asked.seed}), and the {of.en} that {en} per cent "
        "of them lie in. Levels of fertility, mortality, immigration and emigration are drawn "
        "by models of their series or by limits that experts gave, the same for all scenarios; "
        "levels of the series are relative to the years that rates are of.",
        f"Medianer av {asked.draws} trekninger (frø {asked.seed}), og {of.no} som {no} prosent "
        "av dem ligger i. Nivået på fruktbarhet, dødelighet, inn- og utvandring er trukket "
        "etter modeller for tidsseriene eller etter grenser fra eksperter, de samme for alle "
        "scenarier; nivåene er målt mot årene som ratene gjelder.",
    )
    return Text(drawn.en + less.en, drawn.no + less.no) if asked.difference else drawn


def _of_limits(limits: Limits | None) -> Iterator[Text]:
    """What limits are taken for: a `now` that was left out shows here."""
    for one in limits.limits if limits else ():
        named = COMPONENT_LABELS[one.component]
        low, medium, high = (f"{each:.3g}" for each in (one.low, one.medium, one.high))
        en = f"{low}, {medium} and {high} times what was."
        no = f"{low}, {medium} og {high}".replace(".", ",")
        yield Text(
            f"{named.en} in {one.year}: low, medium and high are {en}",
            f"{named.no} i {one.year}: lav, middels og høy er {no} ganger det som var.",
        )


def check_drawn(indicator: str) -> None:
    """Refuse a figure that is none of draws."""
    check_code(indicator, DRAWN, "is no figure that is drawn", where="indicator")


def factors_of(begun: Start, asked: Likely, first: int, steps: int) -> Factors:
    """Factors of the rates of a start, in draws.

    Parameters
    ----------
    begun
        The start.
    asked
        How they are drawn.
    first, steps
        The year of the start, and how many there are.

    Raises
    ------
    UsageError
        A component without series and limits.
    """
    if asked.needs_series:
        raise UsageError(
            "are needed where there is no register", where="series, limits",
            next_step="Name a CSV file of series with --series, or limits of all with --limits",
        )  # fmt: skip
    return drawn_factors(
        begun.structure, asked.history, asked.limits, first=first, steps=steps,
        base_years=round(begun.counts.years), draws=asked.draws, seed=asked.seed,
    )  # fmt: skip


def figures_of(
    begun: Start, scenario: Scenario, first: int, shown: Sequence[int], factors: Factors,
    names: Collection[str] = (), areas: AreaStart | None = None,
) -> tuple[dict[str, Floats], float]:  # fmt: skip
    """Figures of the steps that are shown, by draw, and the share of draws that exploded.

    Parameters
    ----------
    begun
        As for `likely_outlook`.
    scenario, first, shown, factors, names
        As for `folkestrom.projection.stochastic.figures.figures_of`.
    areas
        Whose figures they are, by draw, step and area; None: the nation's.
    """
    cells, start, rates = begun.structure, begun.population, begun.rates
    if not areas or not areas.model:
        return drawn(cells, start, rates, scenario, first, shown, factors, names)
    return over_range(
        scenario, factors,
        lambda at, draws: _of_areas(begun, at, first, shown, factors, draws, areas),
    )  # fmt: skip


def _of_areas(
    begun: Start, scenario: Scenario, first: int, shown: Sequence[int], factors: Factors,
    draws: NDArray[np.intp], areas: AreaStart,
) -> tuple[dict[str, Floats], float]:  # fmt: skip
    """Figures of areas in some draws, of one scenario that is no range."""
    cells, steps, model = begun.structure, shown[-1] + 1, areas.model
    assert model is not None  # noqa: S101 - asked before
    population = scenario.started(begun.population, cells)
    rates = scenario.applied(begun.rates, cells, first, steps, population)
    under = areas.under(scenario, cells, first, steps)
    with np.errstate(over="ignore", invalid="ignore"):
        found = simulate_areas(
            cells, areas.of_nation(population), rates, areas.areas, factors.some(draws),
            lambda number: model.draw(int(draws[number])), shown=shown,
            figures=lambda persons, happened: {**_composed(persons, cells), **happened},
            during=under.during,
        )  # fmt: skip
    most = found["population"].sum(axis=-1).max(axis=1)
    return found, counted_share(most, begun.population[cells.resident].sum(), scenario.name)


def _composed(persons: Floats, cells: Structure) -> dict[str, Floats]:
    """Figures of areas' populations: (areas,)."""
    residents = persons[:, cells.resident].sum(axis=(1, 2))[:, None]
    immigrants = persons[:, cells.part("immigrants")].sum(axis=(1, 2, 3))
    return {"population": residents.sum(axis=(1, 2)), **composition(residents, immigrants, cells)}


def _exploded(name: str, share: float) -> Text:
    said = f"{100 * share:.1f}"
    return Text(
        f"{name}: in {said} per cent of the draws the population grows to more than {EXPLODED} "
        "times what it was. Models are driven further there than their series can tell.",
        f"{name}: i {said.replace('.', ',')} prosent av trekningene vokser folketallet til mer enn "
        f"{EXPLODED} ganger det det var. Der er modellene drevet lenger enn tidsseriene kan si noe "
        "om.",
    )


def _table(
    name: str, years: Sequence[str], found: Mapping[str, Floats], measures: Sequence[Measure],
    intervals: Sequence[float], areas: AreaStart | None,
) -> pa.Table:  # fmt: skip
    codes = areas.codes if areas else ("",)
    columns: dict[str, pa.Array] = {
        "scenario": pa.array([name] * len(years) * len(codes)),
        "year": pa.array([year for year in years for _ in codes]),
        **({areas.level: pa.array([*codes] * len(years))} if areas else {}),
    }
    for measure in measures:
        ends = with_ends(measure, intervals)
        for end, values in zip(ends, middle_and_ends(found[measure.id], intervals), strict=True):
            rounded = np.round(values.ravel(), measure.decimals)
            kind = pa.float64() if measure.decimals else pa.int64()
            columns[end.id] = pa.array(rounded, kind, safe=False)
    return pa.table(columns)
