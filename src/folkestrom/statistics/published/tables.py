"""The cells of the published tables, counted from the register."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, Literal

import duckdb
import pyarrow as pa

from folkestrom.classifications.age_groups import PUBLISHED
from folkestrom.classifications.code_lists import UNKNOWN_CODE
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.countries import NORWAY
from folkestrom.model.knowledge import PUBLISHED as AS_PUBLISHED
from folkestrom.model.knowledge import Knowledge, KnownAt
from folkestrom.model.names import check_code
from folkestrom.model.specification import Category, TableSpecification, Text
from folkestrom.model.time import EXTRACTION_MONTHS
from folkestrom.statistics.changes import changes
from folkestrom.statistics.coverage import coverage
from folkestrom.statistics.periods import year as year_of
from folkestrom.statistics.population import population
from folkestrom.statistics.published import specifications as spec
from folkestrom.statistics.published.rounding import change_in_percent
from folkestrom.statistics.published.specifications import BOTH, TOTAL

#: Whether unknown marital status is a category of its own, or left out the way the page does.
Unknown = Literal["published", "category"]

#: How many citizenships the page shows.
LARGEST: Final = 15


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition of the published tables.

    Parameters
    ----------
    connection
        An open store.
    year
        The year on whose 1 January the tables stand; changes are those of the year before.
    known_at
        Knowledge date; "published": each turn of the year at its own extraction; "latest": all that
        is known.
    extraction_months
        Months from the turn of the year to its extraction.
    unknown
        How the table by marital status treats the unknown one.
    """

    connection: duckdb.DuckDBPyConnection
    year: int
    known_at: KnownAt = AS_PUBLISHED
    extraction_months: int = EXTRACTION_MONTHS
    unknown: Unknown = "published"

    def stock(self, by: Sequence[str], year: int | None = None) -> Counter[tuple[str, ...]]:
        """Persons by variables on 1 January of a year; by default the table's."""
        cells = population(
            self.connection,
            date(year or self.year, 1, 1),
            by,
            self.known_at,
            extraction_months=self.extraction_months,
        )
        columns = [cells.data[name].to_pylist() for name in (*by, "persons")]
        return Counter({tuple(row[:-1]): row[-1] for row in zip(*columns, strict=True)})

    def fill(self, specification: TableSpecification) -> TableSpecification:
        """A specification with this edition's years."""
        knowledge = self.knowledge
        filled = specification.fill(
            year=self.year,
            before=self.year - 1,
            five=self.year - 5,
            ten=self.year - 10,
            known=knowledge.day(date(self.year, 1, 1)),
        )
        return replace(filled, vintage=knowledge.vintage)

    @property
    def knowledge(self) -> Knowledge:
        """What is known of each turn of the year."""
        return coverage(self.connection).knowledge(self.known_at, self.extraction_months)


def table(edition: Edition, name: str) -> Cells:
    """One of the published tables: "key-figures", "age-groups", "marital-status", "citizenship".

    Parameters
    ----------
    edition
        Which edition.
    name
        Which table.
    """
    check_code(name, tuple(TABLES), "is not a published table", where="table")
    cells = TABLES[name](edition)
    known = edition.knowledge.day(date(edition.year, 1, 1))
    made = cells.specification
    footnotes = (*made.footnotes, *coverage(edition.connection).notes(known))
    return replace(cells, specification=replace(made, footnotes=footnotes))


def key_figures(edition: Edition) -> Cells:
    """Population at both ends of the year before, and what changed it."""
    period = year_of(edition.year - 1)
    cells = changes(
        edition.connection,
        [period],
        known_at=edition.known_at,
        extraction_months=edition.extraction_months,
    )
    (account,) = cells.rows()
    account["population_growth"] = account["growth"]
    account["statistical_adjustment"] = account["adjustment"]
    figures = [category.code for category in spec.KEY_FIGURES.dimensions[0].categories]
    made = replace(edition.fill(spec.KEY_FIGURES), method=cells.specification.method)
    return _cells(made, {"figure": figures}, value=[account[f] for f in figures])


def age_groups(edition: Edition) -> Cells:
    """Population by the published groups of age, with its change over one, five and ten years."""
    codes = [TOTAL, *(group.code for group in PUBLISHED.categories)]
    now = _by_group(edition, edition.year)
    limits, knowledge = coverage(edition.connection), edition.knowledge
    columns: dict[str, list[Any]] = {"population": [now[code] for code in codes]}
    for years, name in ((1, "change_1_year"), (5, "change_5_years"), (10, "change_10_years")):
        turn = date(edition.year - years, 1, 1)
        reached = turn >= limits.first and knowledge.reaches(turn)
        then = _by_group(edition, edition.year - years) if reached else Counter()
        columns[name] = [change_in_percent(now[code], then[code]) for code in codes]
    return _cells(edition.fill(spec.AGE_GROUPS), {"age_group": codes}, **columns)


def marital_status(edition: Edition) -> Cells:
    """Population by sex, five-year groups of age and marital status, with totals."""
    if edition.unknown not in ("published", "category"):
        raise UsageError(
            "is not a way to show the unknown",
            where="unknown",
            value=edition.unknown,
            allowed=("published", "category"),
        )
    counted = edition.stock(["sex", "age_five_year", "marital_status"])
    counts = _with_totals(counted, (BOTH, TOTAL, TOTAL))
    as_published = edition.unknown == "published"
    specification = spec.MARITAL_STATUS_AS_PUBLISHED if as_published else spec.MARITAL_STATUS_OWN
    sexes, ages, statuses = ([c.code for c in d.categories] for d in specification.dimensions)
    cells = [(sex, age, status) for sex in sexes for age in ages for status in statuses]
    persons = [_shown(counts, cell, as_published=as_published) for cell in cells]
    names = [dimension.id for dimension in specification.dimensions]
    codes = dict(zip(names, map(list, zip(*cells, strict=True)), strict=True))
    return _cells(edition.fill(specification), codes, persons=persons)


def citizenship(edition: Edition) -> Cells:
    """Foreign citizens by sex: all of them, and the largest citizenships by size."""
    counted = edition.stock(["citizenship", "sex"])
    foreign = Counter({cell: n for cell, n in counted.items() if cell[0] != NORWAY})
    counts = _with_totals(foreign, (TOTAL, BOTH))
    largest = sorted(
        {country for country, _ in foreign if country not in _NOT_COUNTRIES},
        key=lambda country: (-counts[country, BOTH], country),
    )[:LARGEST]
    sexes = [category.code for category in spec.CITIZENSHIP.dimension("sex").categories]
    cells = [(country, sex) for country in (TOTAL, *largest) for sex in sexes]
    codes = {"citizenship": [c for c, _ in cells], "sex": [s for _, s in cells]}
    specification = edition.fill(_of_countries(spec.CITIZENSHIP, largest))
    return _cells(specification, codes, persons=[counts[cell] for cell in cells])


#: The published tables by name.
TABLES: Final[dict[str, Callable[[Edition], Cells]]] = {
    "key-figures": key_figures,
    "age-groups": age_groups,
    "marital-status": marital_status,
    "citizenship": citizenship,
}

#: Stateless and unknown are in the total, and are no citizenship of a country.
_NOT_COUNTRIES: Final = frozenset({"XS", UNKNOWN_CODE})


def _by_group(edition: Edition, year: int) -> Counter[str]:
    counted = edition.stock(["age_group"], year)
    groups = Counter({group: n for (group,), n in counted.items()})
    groups[TOTAL] = counted.total()
    return groups


def _with_totals(
    counted: Counter[tuple[str, ...]], totals: tuple[str, ...]
) -> Counter[tuple[str, ...]]:
    """Counts with a total along every dimension, each under its own code."""
    counts = counted
    for place, total in enumerate(totals):
        summed = Counter(counts)
        for cell, n in counts.items():
            summed[(*cell[:place], total, *cell[place + 1 :])] += n
        counts = summed
    return counts


def _shown(
    counts: Counter[tuple[str, ...]], cell: tuple[str, str, str], *, as_published: bool
) -> int:
    """A cell of the table by marital status.

    The published layout leaves the unknown out of every total, but for the totals of the age groups
    of both sexes together, which include it.
    """
    sex, age, status = cell
    includes_unknown = not as_published or (sex == BOTH and age != TOTAL)
    if status != TOTAL or includes_unknown:
        return counts[cell]
    return counts[cell] - counts[sex, age, UNKNOWN_CODE]


def _of_countries(specification: TableSpecification, countries: list[str]) -> TableSpecification:
    dimension, sex = specification.dimensions
    total = Category(TOTAL, Text("Total", "I alt"))
    listed = tuple(Category(code, dimension.labels(code)) for code in countries)
    return replace(specification, dimensions=(replace(dimension, categories=(total, *listed)), sex))


def _cells(
    specification: TableSpecification, codes: dict[str, list[str]], **measures: list[Any]
) -> Cells:
    columns: dict[str, Any] = {
        name: pa.array(values, pa.string()).dictionary_encode() for name, values in codes.items()
    }
    for measure in specification.measures:
        type = pa.float64() if measure.decimals else pa.int32()
        columns[measure.id] = pa.array(measures[measure.id], type)
    return Cells(specification, pa.table(columns))
