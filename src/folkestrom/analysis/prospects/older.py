"""Future older immigrants: those of the register, carried forward, with intervals."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import product
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa

from folkestrom.analysis.prospects.counted import start
from folkestrom.analysis.prospects.groups import GROUP, IMMIGRANTS, place
from folkestrom.analysis.prospects.outlook import check_years, steps_shown
from folkestrom.analysis.prospects.projected import begun_of
from folkestrom.classifications.age_groups import AgeGroups
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
from folkestrom.projection.assumptions import Floats, Rates
from folkestrom.projection.counts import Counts
from folkestrom.projection.groups import DURATIONS
from folkestrom.projection.projecting import project
from folkestrom.projection.start import Start
from folkestrom.projection.structure import SEXES
from folkestrom.statistics.coverage import coverage
from folkestrom.variables.registry import VARIABLES

#: Ages from which persons are older, if nothing else is said.
AGES: Final = (67, 80)
DRAWS: Final = 200
_MOST_YEARS: Final = 100
_MOST_DRAWS: Final = 100_000
#: Groups of completed years since immigration; the structure tells those up to 10 apart.
_STAYS: Final = AgeGroups("duration", (0, 5, DURATIONS))
_PERSONS: Final = Text("persons", "personer")

_GROUP: Final = replace(
    GROUP.dimension,
    categories=tuple(c for c in GROUP.dimension.categories if c.code in IMMIGRANTS),
)
_DURATION: Final = Dimension(
    "duration", VARIABLES["duration"].dimension.label,
    tuple(
        Category(c.code, Text(f"{c.code} years of residence", f"{c.code} års botid"))
        for c in _STAYS.categories
    ),
    classification="Completed years",
)  # fmt: skip
_SEX: Final = replace(
    VARIABLES["sex"].dimension,
    categories=tuple(c for c in VARIABLES["sex"].dimension.categories if c.code in SEXES),
)
_YEAR: Final = Dimension("year", Text("Year", "År"), classification="Calendar year")
#: What they may be told apart by.
BY: Final = {d.id: d for d in (_GROUP, _DURATION, _SEX)}

_SPECIFICATION: Final = TableSpecification(
    id="older_immigrants",
    title=Text("Older immigrants. {when}", "Eldre innvandrere. {when}"),
    dimensions=(),
    measures=(
        Measure("persons", Text("Persons", "Personer"), _PERSONS),
        Measure("low", Text("Low", "Lav"), _PERSONS, empty=None),
        Measure("high", Text("High", "Høy"), _PERSONS, empty=None),
    ),
    contents=Text(
        "Immigrants resident at the beginning of each year who are older, if rates stay as they "
        "were.",
        "Innvandrere bosatt ved inngangen til hvert år som er eldre, dersom ratene blir som de har "
        "vært.",
    ),
    reference_time=same("{when}"),
    method=Text(
        "Cohort-component method as of `project`; rates and immigration are those of {base}, as "
        "known on {known}. Intervals of {level} per cent are of {draws} draws of the events that "
        "rates are made of, and of who of each cell then stays.",
        "Kohort-komponentmetoden som i `project`; rater og innvandring er som i {base}, slik det "
        "var kjent {known}. Intervaller på {level} prosent er av {draws} trekninger av hendelsene "
        "som ratene er laget av, og av hvem i hver celle som så blir.",
    ),
    knowledge_time=same("{known}"),
)
_CHANCE: Final = Text(
    "Intervals are of chance alone: that rates and immigration may change is not in them.",
    "Intervallene gjelder bare tilfeldigheter: at rater og innvandring kan endre seg, er ikke med.",
)
_CHANGES: Final = Text(
    "In the draws death rates by sex, and emigration rates and immigration by group, drift as far "
    "in either direction, in as many years, as they changed from the years before to those that "
    "they are of, and stay there.",
    "I trekningene driver dødsrater etter kjønn, og utvandringsrater og innvandring etter gruppe, "
    "like langt i en av retningene, på like mange år, som de endret seg fra årene før til dem de "
    "er fra, og blir der.",
)


def older_immigrants(
    connection: duckdb.DuckDBPyConnection,
    first: int,
    last: int,
    by: Iterable[str] = (GROUP.name,),
    *,
    ages: Sequence[int] = AGES,
    base_years: int = 5,
    every: int = 1,
    level: float = 0.95,
    draws: int = DRAWS,
    seed: int = 1,
    known_at: KnownAt = PUBLISHED,
    extraction_months: int = EXTRACTION_MONTHS,
) -> Cells:
    """Older immigrants of years to come, by group of countries, duration of residence and sex.

    Parameters
    ----------
    connection
        An open store.
    first, last
        The year whose beginning is the start, and the last year that is shown.
    by
        Names of `BY`.
    ages
        Ages from which persons are older; there is a row for each.
    base_years
        Over how many years before the start rates are taken.
    every
        Years between those that are shown; the last is shown in any case.
    level, draws, seed
        Level of the intervals, of how many draws they are, and their seed.
    known_at, extraction_months
        As for `population`, of the start; rates are as known then.

    Returns
    -------
    Cells
        The number expected, and the interval of what chance may make of it: of the events that
        rates were estimated from (Poisson), and of who of each cell stays and comes at these rates
        (binomial, Poisson). Rates and immigration drift as far, in either direction, as they did
        from as many years before the base years to these, if the register reaches back so far, and
        stay there.

    Raises
    ------
    UsageError
        Years that the log does not reach, or in the wrong order; ages, draws or a level that cannot
        be; what they are not told apart by.
    """
    check_arguments(older_immigrants, locals())
    names, ages = list(dict.fromkeys(by)), list(dict.fromkeys(ages))
    for name in names:
        check_code(name, BY, "is not a dimension of older immigrants", where="by")
    check_years(first, last, every)
    _check(base_years, ages, draws, seed, level)
    begun, known, notes = begun_of(connection, first, base_years, known_at, extraction_months)
    shown = steps_shown(first, last, every)
    cells = list(_cells(names, len(begun.structure.groups)))
    masks = np.array([mask for _, mask in cells])
    expected = _totals(_projected(begun, begun.rates, shown), masks, ages)
    changes = None
    if date(first - 2 * base_years, 1, 1) >= coverage(connection).first:
        middle = date(first - base_years, 1, 1)
        changes = drift(start(connection, middle, known, base_years), begun)
    futures = drawn_futures(begun, shown, draws, seed, changes)
    drawn = np.array([_totals(persons, masks, ages) for persons in futures])
    tail = (1 - level) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail], axis=0)
    figures = {"persons": expected, "low": low, "high": high}
    rows: list[dict[str, Any]] = [
        {"year": str(first + shown[year]), **cells[cell][0], "ages": f"{ages[age]}+"}
        | {name: round(float(figure[cell, age, year])) for name, figure in figures.items()}
        for cell, age, year in np.ndindex(*expected.shape)
    ]
    rows.sort(key=lambda row: row["year"])
    made = _SPECIFICATION.fill(
        when=f"{first} – {last}", base=f"{first - base_years} – {first - 1}", known=known,
        level=f"{100 * level:g}", draws=draws,
    )  # fmt: skip
    dimensions = (_YEAR, *(BY[name] for name in names), _age_limits(ages))
    footnotes = (_CHANCE if changes is None else _CHANGES, *notes)
    return Cells(
        replace(made, dimensions=dimensions, footnotes=footnotes), pa.Table.from_pylist(rows)
    )


def _age_limits(ages: Sequence[int]) -> Dimension:
    labels = {f"{age}+": Text(f"{age} years or older", f"{age} år eller eldre") for age in ages}
    listed = tuple(Category(code, label) for code, label in labels.items())
    return Dimension("ages", Text("Age", "Alder"), listed)


def _check(base_years: int, ages: Sequence[int], draws: int, seed: int, level: float) -> None:
    if seed < 0:
        raise UsageError("is negative", where="seed", value=seed, allowed="0 and more")
    if not ages:
        raise UsageError("are no ages", where="ages", allowed="such as 67,80")
    for name, value, most in (
        ("years", base_years, _MOST_YEARS), ("draws", draws, _MOST_DRAWS),
        *(("ages", age, _MOST_YEARS) for age in ages),
    ):  # fmt: skip
        if not 1 <= value <= most:
            raise UsageError(
                "is no number that can be", where=name, value=value, allowed=f"1 to {most}"
            )
    # Beyond each end there is a draw at least: of fewer, ends say nothing of what is between.
    if draws * (1 - level) < 2 - 1e-9:
        raise UsageError(
            "are too few draws for an interval of that level", where="draws", value=draws,
            allowed=f"{math.ceil(2 / (1 - level) - 1e-9)} or more",
        )  # fmt: skip


def _projected(begun: Start, rates: Rates, shown: Sequence[int]) -> Floats:
    """Persons expected: (years shown, groups, 2, ages)."""
    cells = begun.structure
    found = project(cells, begun.population, rates.assumptions(cells), steps=max(shown[-1], 1))
    return found.population[list(shown)]


@dataclass(frozen=True, slots=True, eq=False)
class Drift:
    """By how much rates change, as standard deviations of their logarithm over the base years.

    The models of series that `likely` has need fourteen years, and are of all groups together:
    these are known after as many years as rates are of and as many before, and are of each group.

    Parameters
    ----------
    mortality
        By sex.
    emigration, immigration
        By group.
    """

    mortality: Floats
    emigration: Floats
    immigration: Floats

    def changed(self, rates: Rates, walk: Floats, generator: np.random.Generator) -> Rates:
        """Rates that drift away, each at a speed of its own.

        Parameters
        ----------
        rates
            As they were.
        walk
            How much of the change has come by each step.
        generator
            Where chance comes from.
        """
        by_sex, leave, come = (
            np.exp(np.multiply.outer(walk, sd * generator.standard_normal(len(sd))))
            for sd in (self.mortality, self.emigration, self.immigration)
        )
        return replace(
            rates,
            mortality=rates.mortality * by_sex[:, None, :, None],
            emigration=rates.emigration * leave[:, :, None, None],
            immigration=rates.immigration * come[:, :, None, None],
        )


def drift(earlier: Start, begun: Start) -> Drift:
    """How rates changed from the years before the base years to these, beyond chance.

    Parameters
    ----------
    earlier, begun
        A start at the beginning of the base years, and the one at their end.
    """
    cells, now, old = begun.structure, begun.counts, earlier.rates
    here, sizes = cells.resident, len(cells.groups)
    expected = old.mortality[0] * now.lived
    mortality = _change(now.deaths[here].sum(axis=(0, 2)), expected[here].sum(axis=(0, 2)))
    emigration, immigration = np.zeros(sizes), np.zeros(sizes)
    for code in IMMIGRANTS:
        rows = [place(code, duration) for duration in range(DURATIONS + 1)]
        left, came = now.emigration[rows].sum(), now.immigration[rows].sum()
        emigration[rows] = _change(left, (old.emigration[0] * now.lived)[rows].sum())
        immigration[rows] = _change(came, now.years * old.immigration[0][rows].sum())
    return Drift(mortality, emigration, immigration)


def _change(events: Any, expected: Any) -> Floats:
    """The logarithm of what became of what was expected, less what chance makes of both."""
    seen, thought = (np.asarray(one, float) + 0.5 for one in (events, expected))
    return np.sqrt(np.maximum(np.log(seen / thought) ** 2 - 1 / seen - 1 / thought, 0))


def drawn_futures(
    begun: Start, shown: Sequence[int], draws: int, seed: int, changes: Drift | None = None
) -> Iterator[Floats]:
    """What chance may make of the years to come, once a draw.

    Parameters
    ----------
    begun
        The start, with the events that rates are estimated from.
    shown
        Years from the start; the last is how far it goes.
    draws, seed
        How many, and the seed.
    changes
        By how much rates change; None: not at all.

    Yields
    ------
    array of shape (years shown, groups, 2, ages)
        Persons.
    """
    generator = np.random.default_rng(seed)
    none = np.zeros((1, 1, 1, 1))
    nobody_leaves = Rates(none, none, none[:, 0], none)
    there = _projected(begun, nobody_leaves, shown)
    walk = np.minimum(np.arange(1, max(shown[-1], 1) + 1) / begun.counts.years, 1)
    for _ in range(draws):
        rates = _again(begun.counts, generator).rates()
        if changes is not None:
            rates = changes.changed(rates, walk, generator)
        stay = _projected(begun, replace(rates, immigration=none), shown)
        come = np.maximum(_projected(begun, rates, shown) - stay, 0)
        share = np.divide(stay, there, out=np.zeros_like(stay), where=there > 0)
        stayed = generator.binomial(np.round(there).astype(np.int64), np.clip(share, 0, 1))
        yield np.asarray(stayed + generator.poisson(come), np.float64)


def _again(counts: Counts, generator: np.random.Generator) -> Counts:
    """Events as they may have come out as well."""
    names = ("deaths", "emigration", "immigration", "births")
    drawn: dict[str, Any] = {
        name: generator.poisson(getattr(counts, name)).astype(float) for name in names
    }
    return replace(counts, **drawn)


def _cells(names: Sequence[str], groups: int) -> Iterator[tuple[dict[str, str], Floats]]:
    """Codes of each combination, and who is in it: (groups, 2)."""
    stays = [c.code for c in _STAYS.categories]
    for codes in product(*([c.code for c in BY[name].categories] for name in names)):
        said = dict(zip(names, codes, strict=True))
        mask = np.zeros((groups, len(SEXES)))
        for group, duration in product(IMMIGRANTS, range(DURATIONS + 1)):
            stay = stays[np.searchsorted(_STAYS.starts, duration, "right") - 1]
            if said.get(_GROUP.id, group) == group and said.get(_DURATION.id, stay) == stay:
                mask[place(group, duration)] = 1
        if _SEX.id in said:
            mask *= np.array([sex == said[_SEX.id] for sex in SEXES])
        yield said, mask


def _totals(persons: Floats, masks: Floats, ages: Sequence[int]) -> Floats:
    """Persons by combination, age from which they are older, and year shown."""
    older = np.array([persons[..., age:].sum(axis=-1) for age in ages])
    return np.asarray(np.einsum("cgs,aygs->cay", masks, older))
