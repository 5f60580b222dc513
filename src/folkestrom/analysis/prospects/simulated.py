"""Lives of a register's own individuals in years to come, as cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from folkestrom.analysis.microsimulation.kernel import DEAD, LEFT, Persons
from folkestrom.analysis.microsimulation.lives import Lives
from folkestrom.analysis.prospects.by_area import area_start
from folkestrom.analysis.prospects.by_cells import check_cells
from folkestrom.analysis.prospects.groups import GROUP, IMMIGRANTS
from folkestrom.analysis.prospects.individuals import individuals
from folkestrom.analysis.prospects.outlook import check_years
from folkestrom.analysis.prospects.projected import BASE_YEARS, begun_of
from folkestrom.columns import check_arguments
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import PUBLISHED, KnownAt
from folkestrom.model.names import without_effect
from folkestrom.model.specification import (
    Category,
    Dimension,
    Measure,
    TableSpecification,
    Text,
    same,
)
from folkestrom.model.time import EXTRACTION_MONTHS
from folkestrom.projection.assumptions import Rates
from folkestrom.projection.groups import ABROAD, BORN_HERE, DURATIONS
from folkestrom.projection.scenario import Scenario
from folkestrom.projection.start import Start
from folkestrom.projection.structure import SEXES, Structure
from folkestrom.variables.registry import VARIABLES

#: Seeds that may be asked for: 0 and up to this one.
_LAST_SEED: Final = 2**32 - 1
_OFTEN: Final = 3
_PER_PERSON: Final = Text("per person", "per person")
MEASURES: Final = (
    Measure("persons", Text("Persons", "Personer"), Text("persons", "personer")),
    Measure("mean_years", Text("Years lived in the country", "År bodd i landet"),
            Text("years per person", "år per person"), decimals=1, empty=None),
    *(Measure(id, label, _PER_PERSON, decimals=3, empty=None) for id, label in (
        ("mean_emigrations", Text("Emigrations per person", "Utvandringer per person")),
        ("mean_returns", Text("Returns per person", "Tilbakeflyttinger per person")),
        ("mean_moves", Text("Moves per person", "Flyttinger per person")),
        ("mean_children", Text("Children per person", "Barn per person")),
    )),
)  # fmt: skip
STATUSES: Final = {
    "resident": Text("Lives in the country", "Bor i landet"),
    "abroad": Text("Lives abroad, may return", "Bor i utlandet, kan flytte tilbake"),
    "left": Text("Has left for good", "Har utvandret for godt"),
    "dead": Text("Has died", "Er død"),
}
_GROUPS: Final = (*BORN_HERE, *IMMIGRANTS)
_NOT_SIMULATED: Final = {
    "moves": "in simulated lives people move as they did",
    "population": "lives are those of all individuals of the register",
}

_SPECIFICATION: Final = TableSpecification(
    id="simulation",
    title=Text("Simulated lives. {when}", "Simulerte livsløp. {when}"),
    dimensions=(),
    measures=MEASURES,
    contents=Text(
        "All who lived in the country at the beginning, had left it and might return, were born in "
        "it later or came later, each once, by what has become of them at the end.",
        "Alle som bodde i landet ved inngangen, hadde flyttet fra det og kunne komme tilbake, ble "
        "født i det senere eller kom senere, hver én gang, etter hva det til slutt er blitt av "
        "dem.",
    ),
    reference_time=same("{when}"),
    method=Text(
        "Microsimulation: each year each person stays, dies, leaves, moves and has a child at "
        "random, at the rates of the population projection. Rates are those of {base}, as known on "
        "{known}. One draw, of seed {seed}.",
        "Mikrosimulering: hvert år blir hver person, dør, utvandrer, flytter og får barn ved "
        "trekning, med ratene til befolkningsframskrivingen. Rater er som i {base}, slik det var "
        "kjent {known}. Én trekning, med frø {seed}.",
    ),
    knowledge_time=same("{known}"),
    footnotes=(
        Text(
            "Years lived in the country are those since the register began, and half a year in the "
            "year in which a person comes, leaves or dies. Emigrations, returns, moves and "
            "children are those of the simulated years.",
            "År bodd i landet er de siden registeret begynte, og et halvt år i det året noen "
            "kommer, drar eller dør. Utvandringer, tilbakeflyttinger, flyttinger og barn er de i "
            "de simulerte årene.",
        ),
    ),
)


def simulated(
    connection: duckdb.DuckDBPyConnection,
    first: int,
    last: int,
    *,
    seed: int = 0,
    by: Sequence[str] = (GROUP.name,),
    scenario: Scenario | None = None,
    areas: str = "",
    durations: int = DURATIONS,
    base_years: int = BASE_YEARS,
    known_at: KnownAt = PUBLISHED,
    extraction_months: int = EXTRACTION_MONTHS,
) -> Cells:
    """Lives of the individuals of a store, from the first of January of a year.

    Parameters
    ----------
    connection
        An open store.
    first, last
        The first year that is lived through, and the last.
    seed
        Of the random numbers: the same seed is the same lives, with any number of threads.
    by
        Some of `DIMENSIONS`.
    scenario
        What changes; None: nothing.
    areas, durations, base_years, known_at, extraction_months
        As for `projected`; areas are not scaled to the nation.

    Returns
    -------
    Cells
        A row a combination that occurs.

    Raises
    ------
    UsageError
        As for `projected`; a seed that is none.
    """
    check_arguments(simulated, locals())
    check_years(first, last)
    check_cells(areas, by, durations, tuple(DIMENSIONS))
    if "moves" in by and not areas:
        raise UsageError(
            "are between areas", where="by", value="moves",
            next_step="Say which, with --areas county or municipality",
        )  # fmt: skip
    check_seed(seed)
    check_simulated(scenario)
    begun, known, notes = begun_of(
        connection, first, base_years, known_at, extraction_months, durations
    )
    day = date(first, 1, 1)
    cells, steps = begun.structure, last - first + 1
    rates = rates_under(scenario, begun, first, last)
    parts = area_start(connection, day, known, begun, areas) if areas else None
    persons = individuals(connection, day, known, cells, seed, areas, parts)
    lives = Lives(cells, persons, seed, first)
    assumed = parts.areas.assumptions(cells, rates) if parts else rates.assumptions(cells)
    for step in range(steps):
        lives.live(assumed, step)
    spec = _SPECIFICATION.fill(
        when=f"{first} – {last}", base=f"{first - base_years} – {first - 1}", known=str(known),
        seed=str(seed),
    )  # fmt: skip
    measures = MEASURES if areas else tuple(m for m in MEASURES if m.id != "mean_moves")
    said = [same(f"{scenario.name}: {scenario.fingerprint}")] if scenario else []
    footnotes = (*spec.footnotes, *said, *notes)
    dimensions = tuple(DIMENSIONS[name][0] for name in by)
    made = replace(spec, dimensions=dimensions, measures=measures, footnotes=footnotes)
    return Cells(made, _table(lives.persons, cells, by, measures))


def check_seed(seed: int, runs: int = 1) -> None:
    """Refuse a seed that is none, of several runs that of the last.

    Parameters
    ----------
    seed, runs
        The first seed, and how many there are.
    """
    if not 0 <= seed <= _LAST_SEED + 1 - runs:
        raise UsageError(
            "is no seed", where="seed", value=seed, allowed=f"0 to {_LAST_SEED + 1 - runs}"
        )


def check_simulated(scenario: Scenario | None) -> None:
    """Refuse a scenario of what is not simulated: moves, and who is there at the beginning."""
    if scenario is None:
        return
    for change in scenario.changes:
        if reason := _NOT_SIMULATED.get(change.component):
            raise without_effect(
                f"scenario {scenario.name}", change.component, reason,
                "Leave it out, or project cells instead of individuals",
            )  # fmt: skip


def rates_under(scenario: Scenario | None, begun: Start, first: int, last: int) -> Rates:
    """Rates of the years that are lived through.

    Parameters
    ----------
    scenario
        What changes; None: nothing.
    begun
        What the projection starts from.
    first, last
        The first year, and the last.
    """
    if scenario is None:
        return begun.rates
    cells = begun.structure
    population = scenario.started(begun.population, cells)
    return scenario.applied(begun.rates, cells, first, last - first + 1, population)


def _table(
    p: Persons, cells: Structure, by: Sequence[str], measures: Sequence[Measure]
) -> pa.Table:
    """A row a combination that occurs."""
    columns = [DIMENSIONS[name][1](p, cells) for name in by]
    lengths = [len(DIMENSIONS[name][0].categories) for name in by]
    places = np.ravel_multi_index(columns, lengths) if by else np.zeros(len(p.sex), np.intp)
    size = int(np.prod(lengths))
    persons = np.bincount(places, minlength=size)
    shown = np.flatnonzero(persons)
    made: dict[str, Any] = {}
    for name, place in zip(by, np.unravel_index(shown, lengths) if by else (), strict=True):
        codes = np.array([category.code for category in DIMENSIONS[name][0].categories])
        made[name] = pa.array(codes[place])
    values: dict[str, NDArray[Any]] = {
        "mean_years": p.half_years / 2,
        "mean_emigrations": p.emigrations,
        "mean_returns": p.returns,
        "mean_moves": p.moves,
        "mean_children": _children(p),
    }
    for measure in measures:
        if measure.id == "persons":
            made[measure.id] = pa.array(persons[shown])
            continue
        sums = np.bincount(places, weights=values[measure.id], minlength=size)
        made[measure.id] = pa.array(np.round(sums[shown] / persons[shown], measure.decimals))
    return pa.table(made)


def _children(p: Persons) -> NDArray[np.intp]:
    return np.bincount(p.mother[p.mother >= 0], minlength=len(p.mother))


def _group(p: Persons, cells: Structure) -> NDArray[np.intp]:
    """The group that each belonged to first, whatever the years since immigration."""
    named = [{*group.part_of, group.code.removesuffix(ABROAD)} for group in cells.groups]
    places = [n for one in named for n, code in enumerate(_GROUPS) if code in one]
    return np.array(places)[p.first_group]


def _status(p: Persons, cells: Structure) -> NDArray[np.intp]:
    here = np.where(cells.resident, 0, 1)[np.maximum(p.group, 0)]
    return np.select([p.group == DEAD, p.group == LEFT], [3, 2], here)


def _sex(p: Persons, _: Structure) -> NDArray[np.intp]:
    return p.sex.astype(np.intp)


def _tens(values: Callable[[Persons], NDArray[Any]], least: int, most: int) -> Any:
    """Tens of a number: their categories, and the place of each person among them."""
    starts = range(least, most, 10)

    def place(p: Persons, _: Structure) -> NDArray[np.intp]:
        return np.clip((values(p) - least) // 10, 0, len(starts) - 1).astype(np.intp)

    return tuple(Category(f"{n}-{n + 9}", same(f"{n}–{n + 9}")) for n in starts), place


def _times(values: Callable[[Persons], NDArray[Any]]) -> Any:
    """How often, up to three times or more."""
    codes = [*(str(n) for n in range(_OFTEN)), f"{_OFTEN}+"]

    def place(p: Persons, _: Structure) -> NDArray[np.intp]:
        return np.minimum(values(p), _OFTEN).astype(np.intp)

    return tuple(Category(code, same(code)) for code in codes), place


def _dimension(id: str, label: Text, made: Any) -> tuple[Dimension, Any]:
    return Dimension(id, label, made[0]), made[1]


#: What lives may be told apart by: the dimension, and the place of each person in it.
DIMENSIONS: Final[dict[str, tuple[Dimension, Callable[[Persons, Structure], Any]]]] = {
    GROUP.name: (
        replace(GROUP.dimension, categories=tuple(
            one for one in GROUP.dimension.categories if one.code in _GROUPS)), _group,
    ),
    "sex": (
        replace(VARIABLES["sex"].dimension, categories=tuple(
            one for one in VARIABLES["sex"].dimension.categories if one.code in SEXES)), _sex,
    ),
    "birth_cohort": _dimension(
        "birth_cohort", Text("Born in", "Født i"), _tens(lambda p: p.born, 1880, 2310)
    ),
    "years_lived": _dimension(
        "years_lived", Text("Completed years lived in the country", "Fullførte år bodd i landet"),
        _tens(lambda p: p.half_years // 2, 0, 130),
    ),
    "emigrations": _dimension(
        "emigrations", Text("Emigrations", "Utvandringer"), _times(lambda p: p.emigrations)
    ),
    "returns": _dimension(
        "returns", Text("Returns", "Tilbakeflyttinger"), _times(lambda p: p.returns)
    ),
    "moves": _dimension("moves", Text("Moves", "Flyttinger"), _times(lambda p: p.moves)),
    "children": _dimension("children", Text("Children", "Barn"), _times(_children)),
    "status": (
        Dimension("status", Text("At the end", "Til slutt"),
                  tuple(Category(code, label) for code, label in STATUSES.items())), _status,
    ),
}  # fmt: skip
