"""Households of a register's own individuals in years to come, as cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from folkestrom.analysis.microsimulation.families import ADULT, Households, households
from folkestrom.analysis.microsimulation.kernel import Persons
from folkestrom.analysis.microsimulation.lives import Lives
from folkestrom.analysis.prospects.by_cells import check_cells
from folkestrom.analysis.prospects.families.assumed import families_of
from folkestrom.analysis.prospects.families.register import linked
from folkestrom.analysis.prospects.individuals import individuals
from folkestrom.analysis.prospects.likely import INTERVALS, with_ends
from folkestrom.analysis.prospects.outlook import check_years, steps_shown
from folkestrom.analysis.prospects.projected import BASE_YEARS, begun_of
from folkestrom.analysis.prospects.simulated import (
    DIMENSIONS,
    check_seed,
    check_simulated,
    rates_under,
)
from folkestrom.classifications import age_groups
from folkestrom.classifications.code_lists import MARITAL_STATUS
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
from folkestrom.projection.assumptions import Floats
from folkestrom.projection.groups import DURATIONS
from folkestrom.projection.scenario import Scenario
from folkestrom.projection.stochastic.scores import interval
from folkestrom.projection.structure import Structure
from folkestrom.variables.registry import VARIABLES

#: How many runs may be asked for.
MOST_RUNS: Final = 1000
_LARGEST: Final = 6
_PERSONS: Final = Text("persons", "personer")
PERSONS: Final = Measure("persons", Text("Persons", "Personer"), _PERSONS)
OF_HOUSEHOLDS: Final = (
    Measure("households", Text("Households", "Husholdninger"),
            Text("households", "husholdninger")),
    PERSONS,
    Measure("mean_size", Text("Persons per household", "Personer per husholdning"),
            Text("persons per household", "personer per husholdning"), decimals=2, empty=None),
)  # fmt: skip
OF_PERSONS: Final = (
    PERSONS,
    Measure("living_alone", Text("Live alone", "Bor alene"), _PERSONS),
    Measure("share_living_alone", Text("Share that live alone", "Andel som bor alene"),
            Text("per cent", "prosent"), decimals=1, empty=None),
)  # fmt: skip
TYPES: Final = {
    "alone": Text("Living alone", "Aleneboende"),
    "couple": Text("Couple without children at home", "Par uten hjemmeboende barn"),
    "couple_with_children": Text("Couple with children", "Par med barn"),
    "parent_with_children": Text("Mother or father with children", "Mor eller far med barn"),
    "child_alone": Text("Under 18, with no parent", "Under 18 år, uten foreldre"),
}
_SPECIFICATION: Final = TableSpecification(
    id="simulated-households",
    title=Text("Simulated households. {when}", "Simulerte husholdninger. {when}"),
    dimensions=(),
    measures=(),
    contents=Text(
        "Residents and their households at the beginning of each year: married couples, parents "
        "with children at home, and those who live alone.",
        "Bosatte og husholdningene deres ved inngangen til hvert år: ektepar, foreldre med "
        "hjemmeboende barn, og de som bor alene.",
    ),
    reference_time=same("{when}"),
    method=Text(
        "Microsimulation: each year each person stays, dies, leaves and has a child at random, at "
        "the rates of the population projection, and marries, divorces and leaves home at those "
        "of the register. Rates are those of {base}, as known on {known}. {runs} runs, the first "
        "of seed {seed}.",
        "Mikrosimulering: hvert år blir hver person, dør, utvandrer og får barn ved trekning, med "
        "ratene til befolkningsframskrivingen, og gifter seg, skilles og flytter hjemmefra med "
        "registerets. Rater er som i {base}, slik det var kjent {known}. {runs} kjøringer, den "
        "første med frø {seed}.",
    ),
    knowledge_time=same("{known}"),
    footnotes=(
        Text(
            "The register knows no dwellings and no cohabitants. Spouses live together if they "
            "live in the same municipality; children who never married live with the mother, or "
            "else the father, if they live in the same basic unit.",
            "Registeret kjenner verken boliger eller samboere. Ektefeller bor sammen hvis de bor i "
            "samme kommune; barn som er ugift, bor hos mor, eller ellers far, hvis de bor i samme "
            "grunnkrets.",
        ),
        Text(
            "The separated are among the divorced, registered partners among the married, and "
            "those of unknown marital status among the never married.",
            "Separerte er blant de skilte, registrerte partnere blant de gifte, og de med "
            "uoppgitt sivilstand blant de ugifte.",
        ),
    ),
)
_RUNS: Final = Text(
    "Means of the runs, and the interval that {level:g} per cent of them lie in: what is chance if "
    "all rates are right.",
    "Gjennomsnitt av kjøringene, og intervallet som {level:g} prosent av dem ligger i: det som er "
    "tilfeldig hvis alle rater er riktige.",
)


class _Shown(NamedTuple):
    """What persons are told apart by: everybody, their households, and the groups."""

    p: Persons
    homes: Households
    cells: Structure


def _type(shown: _Shown) -> NDArray[np.intp]:
    homes = shown.homes
    adult = shown.p.age[homes.persons] >= ADULT
    return np.select(
        [homes.couple & (homes.size == 2), homes.couple, homes.size > 1, adult],
        [1, 2, 3, 0], 4,
    )  # fmt: skip


def _status(shown: _Shown) -> NDArray[np.intp]:
    return shown.p.marital[shown.homes.persons].astype(np.intp)


def _size(shown: _Shown) -> NDArray[np.intp]:
    return np.minimum(shown.homes.size, _LARGEST) - 1


def _ages(of: age_groups.AgeGroups) -> tuple[Dimension, Any]:
    """Groups of ages, all of them known."""
    dimension, starts = VARIABLES[of.name].dimension, np.array(of.starts)
    return replace(
        dimension, categories=of.categories
    ), lambda shown: np.searchsorted(starts, shown.p.age[shown.homes.persons], side="right") - 1


def _of_lives(name: str) -> tuple[Dimension, Any]:
    """One of `DIMENSIONS`, of residents."""
    dimension, place = DIMENSIONS[name]
    return dimension, lambda shown: place(shown.p, shown.cells)[shown.homes.persons]


_MARITAL: Final = MARITAL_STATUS.categories[:4]
_APART: Final = Text("Divorced or separated", "Skilt eller separert")
_SIZES: Final = (*(str(n) for n in range(1, _LARGEST)), f"{_LARGEST}+")
#: What residents may be told apart by: the dimension, and the place of each in it.
BY: Final[dict[str, tuple[Dimension, Any]]] = {
    "household_type": (
        Dimension("household_type", Text("Household", "Husholdning"),
                  tuple(Category(code, label) for code, label in TYPES.items())), _type,
    ),
    "household_size": (
        Dimension("household_size", Text("Persons in the household", "Personer i husholdningen"),
                  tuple(Category(code, same(code)) for code in _SIZES)), _size,
    ),
    **{of.name: _ages(of) for of in (age_groups.PUBLISHED, age_groups.FIVE_YEAR)},
    "sex": _of_lives("sex"),
    "marital_status": (
        replace(MARITAL_STATUS, categories=(*_MARITAL[:3], replace(_MARITAL[3], label=_APART))),
        _status,
    ),
    "immigrant_group": _of_lives("immigrant_group"),
}  # fmt: skip
_YEAR: Final = Dimension("year", Text("Year", "År"), classification="Calendar year")


def simulated_households(
    connection: duckdb.DuckDBPyConnection,
    first: int,
    last: int,
    *,
    by: Sequence[str] = ("household_type",),
    every: int = 0,
    runs: int = 1,
    seed: int = 0,
    scenario: Scenario | None = None,
    durations: int = DURATIONS,
    base_years: int = BASE_YEARS,
    known_at: KnownAt = PUBLISHED,
    extraction_months: int = EXTRACTION_MONTHS,
) -> Cells:
    """Households at the beginnings of years to come, of the individuals of a store.

    Parameters
    ----------
    connection
        An open store.
    first, last
        The first year that is lived through, and the last; households are of the beginning of the
        first, and of the end of the last.
    by
        Some of `BY`.
    every
        Years between the beginnings that are shown besides; 0: none.
    runs
        How often all is simulated: figures are means, with the interval that 80 per cent lie in.
    seed
        Of the first run; those of the others follow.
    scenario, durations, base_years, known_at, extraction_months
        As for `simulated`.

    Returns
    -------
    Cells
        A row a year and combination that occurs: by household only, households; else persons and
        those who live alone.

    Raises
    ------
    UsageError
        As for `simulated`; a number of runs that cannot be.
    """
    check_arguments(simulated_households, locals())
    check_years(first, last, every or 1)
    check_cells("", by, durations, tuple(BY))
    if not 1 <= runs <= MOST_RUNS:
        raise UsageError(
            "is no number of runs", where="runs", value=runs, allowed=f"1 to {MOST_RUNS}"
        )
    check_seed(seed, runs)
    check_simulated(scenario)
    begun, known, notes = begun_of(
        connection, first, base_years, known_at, extraction_months, durations
    )
    day, cells = date(first, 1, 1), begun.structure
    assumed = rates_under(scenario, begun, first, last).assumptions(cells)
    persons = individuals(connection, day, known, cells, seed)
    persons |= linked(connection, day, known, persons["person"])
    families = families_of(connection, day, known, base_years, persons, cells, assumed)
    shown = steps_shown(first, last + 1, every or last + 1 - first)
    drawn = []
    for run in range(runs):
        lives = Lives(cells, persons, seed + run, first, families=families)
        found = [_counted(lives.persons, cells, by)]
        for step in range(last + 1 - first):
            lives.live(assumed, step)
            if step + 1 in shown:
                found.append(_counted(lives.persons, cells, by))
        drawn.append(np.stack(found, axis=1))
    said = [same(f"{scenario.name}: {scenario.fingerprint}")] if scenario else []
    spec = _SPECIFICATION.fill(
        when=f"{first} – {last + 1}", base=f"{first - base_years} – {first - 1}",
        known=str(known), seed=str(seed), runs=str(runs),
    )  # fmt: skip
    measures = measures_of(by)
    made = replace(
        spec, dimensions=(_YEAR, *(BY[name][0] for name in by)),
        measures=tuple(end for one in measures for end in with_ends(one, INTERVALS))
        if runs > 1 else measures,
        footnotes=(*[_RUNS.fill(level=INTERVALS[0])] * (runs > 1), *spec.footnotes, *said, *notes),
    )  # fmt: skip
    return Cells(made, _table(np.stack(drawn), [first + n for n in shown], by, measures))


def measures_of(by: Sequence[str]) -> tuple[Measure, ...]:
    """What is counted: households, or persons where what tells them apart is their own.

    Parameters
    ----------
    by
        Some of `BY`.
    """
    return OF_HOUSEHOLDS if all(name.startswith("household") for name in by) else OF_PERSONS


def _counted(p: Persons, cells: Structure, by: Sequence[str]) -> Floats:
    """Persons, households and those who live alone, by cell: (3, cells)."""
    homes = households(p, cells.resident)
    shown = _Shown(p, homes, cells)
    lengths = [len(BY[name][0].categories) for name in by]
    places: Any = [BY[name][1](shown) for name in by]
    at = np.ravel_multi_index(places, lengths) if by else np.zeros(len(homes.persons), np.intp)
    alone = (homes.size == 1) & (p.age[homes.persons] >= ADULT)
    return np.stack([
        np.bincount(at, weights=values, minlength=int(np.prod(lengths)))
        for values in (None, 1 / homes.size, alone)
    ])  # fmt: skip


def _table(
    drawn: Floats, years: Sequence[int], by: Sequence[str], measures: Sequence[Measure]
) -> pa.Table:
    """A row a year and combination that occurs in any run: of (runs, 3, years, cells)."""
    persons, homes, alone = np.moveaxis(drawn, 1, 0)
    year, place = np.nonzero(persons.any(axis=0))
    lengths = [len(BY[name][0].categories) for name in by]
    made: dict[str, Any] = {"year": pa.array([str(one) for one in np.array(years)[year]])}
    for name, places in zip(by, np.unravel_index(place, lengths) if by else (), strict=True):
        codes = np.array([category.code for category in BY[name][0].categories])
        made[name] = pa.array(codes[places])
    with np.errstate(invalid="ignore"):
        values = {
            "persons": persons, "households": homes, "mean_size": persons / homes,
            "living_alone": alone, "share_living_alone": 100 * alone / persons,
        }  # fmt: skip
    for measure in measures:
        for name, figures in _ends(measure.id, values[measure.id][:, year, place]):
            rounded = np.round(figures, measure.decimals)
            made[name] = pa.array(rounded, pa.float64() if measure.decimals else pa.int64())
    return pa.table(made)


def _ends(name: str, runs: Floats) -> Iterator[tuple[str, Floats]]:
    """The mean of runs, and the ends of their interval, of those in which a figure is defined."""
    yield name, np.nanmean(runs, axis=0)
    if len(runs) > 1:
        lower, upper = interval(runs, INTERVALS[0] / 100)
        yield f"{name}_lower", lower
        yield f"{name}_upper", upper
