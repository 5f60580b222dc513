"""Figures of a projection by year: what each is, how it is defined, and how it is computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from folkestrom.errors import InputRefused, UsageError
from folkestrom.model.names import check_code
from folkestrom.model.specification import Measure, Text, same
from folkestrom.projection.assumptions import Floats, Rates
from folkestrom.projection.changes import Change, cells_of
from folkestrom.projection.indicators import (
    median_age,
    old_age_dependency,
    prospective_dependency,
    remaining_years,
    share_of_ages,
    total_fertility,
)
from folkestrom.projection.projecting import Projection
from folkestrom.projection.scenario import ages_of
from folkestrom.projection.structure import FEMALE, MALE, SEXES, Structure
from folkestrom.projection.tables import csv_rows

#: What components are called.
COMPONENT_LABELS: Final = {
    "population": Text("Population at the beginning", "Folkemengde ved starten"),
    "mortality": Text("Mortality", "Dødelighet"),
    "fertility": Text("Fertility", "Fruktbarhet"),
    "immigration": Text("Immigration", "Innvandring"),
    "emigration": Text("Emigration", "Utvandring"),
    "return": Text("Return", "Tilbakeflytting"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Future:
    """A projection, and the rates that it is made with."""

    found: Projection
    rates: Rates

    @property
    def cells(self) -> Structure:
        """The cells."""
        return self.found.structure

    @property
    def persons(self) -> Floats:
        """Residents at the beginning of each step: (steps, 2, ages)."""
        return self.found.residents[:-1]

    def flow(self, name: str) -> Floats:
        """Events of residents in each step."""
        happened = getattr(self.found, name)[:, self.cells.resident]
        return np.asarray(happened.sum(axis=(-1, -2, -3)))

    def mean(self, name: str) -> Floats:
        """Rates of all residents together: (steps, 2, ages); of an age with nobody, plain means."""
        here = self.cells.resident
        there = self.found.population[:-1, here]
        there = np.where(there.sum(axis=1, keepdims=True) > 0, there, 1.0)
        rates = np.broadcast_to(getattr(self.rates, name), self.found.births.shape)[:, here]
        return np.asarray((rates * there).sum(axis=1) / there.sum(axis=1))

    @property
    def total_fertility(self) -> Floats:
        """Children per woman, of the women of each age together."""
        cells, here = self.cells, self.cells.resident
        persons = self.found.population[:-1, here]
        rates = np.broadcast_to(self.rates.fertility, (len(persons), len(here), cells.ages))
        return total_fertility(rates[:, here], persons, cells)


@dataclass(frozen=True, slots=True)
class Indicator:
    """A figure by year: what it is, and how it comes from a future."""

    measure: Measure
    of: Callable[[Future], Floats]


_PERSONS, _YEARS = Text("persons", "personer"), Text("years", "år")
_PER_CENT: Final = Text("per cent of the population", "prosent av befolkningen")


def _persons(id: str, en: str, no: str, of: Callable[[Future], Floats]) -> Indicator:
    return Indicator(Measure(id, Text(en, no), _PERSONS, empty=None), of)


def _decimal(
    id: str, en: str, no: str, unit: Text, of: Callable[[Future], Floats], decimals: int = 1
) -> Indicator:
    return Indicator(Measure(id, Text(en, no), unit, decimals=decimals, empty=None), of)


def _aged(age: int) -> Indicator:
    return _decimal(
        f"aged_{age}", f"Aged {age} and over, per cent", f"{age} år og eldre, prosent", _PER_CENT,
        lambda f: 100 * share_of_ages(f.persons, f.cells, age),
    )  # fmt: skip


def _life(id: str, en: str, no: str, sex: int) -> Indicator:
    return _decimal(
        id, f"Life expectancy at birth, {en}", f"Forventet levealder ved fødselen, {no}", _YEARS,
        lambda f: remaining_years(f.mean("mortality")[:, sex], f.cells)[:, 0],
    )  # fmt: skip


def _dependency(old: int, working: int) -> Indicator:
    usual = (old, working) == (65, 20)
    id = "old_age_dependency" if usual else f"old_age_dependency_{old}_{working}"
    said = "" if usual else f" {old}+/{working}-{old - 1}"
    return _decimal(
        id, f"Old-age dependency ratio{said}", f"Forsørgerbrøk for eldre{said}",
        Text(
            f"persons {old} and over per person {working}-{old - 1}",
            f"personer {old} år og eldre per person {working}-{old - 1} år",
        ),
        lambda f: old_age_dependency(f.persons, f.cells, old, working), 3,
    )  # fmt: skip


def _immigrants(future: Future) -> Floats:
    of_them = future.found.population[:-1, future.cells.part("immigrants")].sum(axis=(1, 2, 3))
    persons = future.persons.sum(axis=(1, 2))
    return np.divide(100 * of_them, persons, out=np.full_like(persons, np.nan), where=persons > 0)


def _net(future: Future) -> Floats:
    return future.flow("immigration") - future.flow("emigration")


def _natural(future: Future) -> Floats:
    return future.flow("births") - future.flow("deaths")


_ALL: Final = (
    _persons(
        "population", "Population 1 January", "Folkemengde 1. januar",
        lambda f: f.persons.sum(axis=(1, 2)),
    ),
    _persons("births", "Births", "Fødte", lambda f: f.flow("births")),
    _persons("deaths", "Deaths", "Døde", lambda f: f.flow("deaths")),
    _persons("immigration", "Immigration", "Innvandring", lambda f: f.flow("immigration")),
    _persons("emigration", "Emigration", "Utvandring", lambda f: f.flow("emigration")),
    _dependency(65, 20),
    _decimal(
        "median_age", "Median age", "Medianalder", _YEARS, lambda f: median_age(f.persons, f.cells)
    ),
    _aged(80),
    _decimal(
        "immigrants", "Immigrants, per cent", "Innvandrere, prosent", _PER_CENT, _immigrants
    ),
    _persons("growth", "Growth", "Vekst", lambda f: _natural(f) + _net(f)),
    _persons("natural_increase", "Excess of births", "Fødselsoverskudd", _natural),
    _persons("net_migration", "Net migration", "Nettoinnvandring", _net),
    _decimal(
        "prospective_dependency", "Prospective old-age dependency ratio",
        "Prospektiv forsørgerbrøk for eldre",
        Text(
            "persons with 15 years left or less per younger person from 20 on",
            "personer med 15 år igjen eller mindre per yngre person fra 20 år",
        ),
        lambda f: prospective_dependency(f.persons, f.cells, f.mean("mortality")), 3,
    ),
    _aged(70),
    _decimal(
        "total_fertility", "Total fertility rate", "Samlet fruktbarhetstall",
        Text("children per woman", "barn per kvinne"), lambda f: f.total_fertility, 2,
    ),
    _life("life_expectancy_male", "males", "menn", MALE),
    _life("life_expectancy_female", "females", "kvinner", FEMALE),
    _decimal(
        "years_in_country", "Expected years in the country of a newborn before leaving",
        "Forventede år i landet for en nyfødt før utvandring", _YEARS,
        lambda f: remaining_years(f.mean("mortality") + f.mean("emigration"), f.cells)[
            ..., 0].mean(axis=-1),
    ),
)  # fmt: skip
#: All figures by name, and those that are shown if none are chosen.
INDICATORS: Final = {one.measure.id: one for one in _ALL}
USUAL: Final = tuple(INDICATORS)[:9]
#: Columns that no need can be called as.
_TAKEN: Final = ("scenario", "year", *INDICATORS)


def chosen(names: Sequence[str]) -> tuple[Indicator, ...]:
    """Figures by name; of the dependency ratio with other limits than 65 and 20 if they are said.

    Parameters
    ----------
    names
        The names; `old_age_dependency:67:20` is of persons of 67 and over per person of 20 to 66.

    Examples
    --------
    >>> [one.measure.id for one in chosen(["growth", "old_age_dependency:67:18"])]
    ['growth', 'old_age_dependency_67_18']
    """
    found = (_indicator(name) for name in names or USUAL)
    return tuple({one.measure.id: one for one in found}.values())


def _indicator(name: str) -> Indicator:
    first, *limits = name.split(":")
    check_code(first, INDICATORS, "is no figure of a projection", where="indicator")
    if not limits:
        return INDICATORS[first]
    numbers = [int(one) for one in limits if one.isdecimal()]
    if first != "old_age_dependency" or len(numbers) != len(limits) or len(numbers) != 2 or not (
        0 < numbers[1] < numbers[0] < 100
    ):  # fmt: skip
        raise UsageError(
            "has limits that cannot be", where="indicator", value=name,
            allowed="old_age_dependency:67:20, the age of old age and that of working age",
        )  # fmt: skip
    return _dependency(*numbers)


def needs(path: Path, cells: Structure) -> tuple[Indicator, ...]:
    """Figures that a table of needs per head says: hours of care, users, workers.

    Parameters
    ----------
    path
        A CSV file with the columns `need`, `ages`, `per_head`, and where it depends on them `sex`
        and `group`.
    cells
        The cells.

    Raises
    ------
    InputRefused
        A file, a column, an age, a group or a number that cannot be.
    """
    rows = csv_rows(path, ("need", "ages", "sex", "group", "per_head"),
                    ("need", "ages", "per_head"))  # fmt: skip
    found: dict[str, Floats] = {}
    rows_of: dict[str, NDArray[np.intp]] = {}
    for n, row in enumerate(rows, start=1):
        if not row["need"].strip() or row["need"] in _TAKEN:
            raise InputRefused(
                "is no name for a need", where=str(path), row=n, column="need", value=row["need"],
                next_step="Give it a name that nothing else in the table has",
            )  # fmt: skip
        meant, per_head = _whose(row, path, n, cells)
        said = rows_of.setdefault(row["need"], np.zeros(cells.shape, np.intp))
        if (before := said[meant].max()) > 0:
            raise InputRefused(
                "has persons whose need an earlier row says", where=str(path), row=n,
                column="ages", value=row["ages"],
                next_step=f"Let row {before} and this one have ages, sexes or groups of their own",
            )  # fmt: skip
        said[meant] = n
        found.setdefault(row["need"], np.zeros(cells.shape))[meant] = per_head
    return tuple(
        _decimal(
            name, name, name, same(""),
            lambda f, w=weight: (f.found.population[:-1] * w).sum(axis=(1, 2, 3)),  # type: ignore[misc]
        )
        for name, weight in found.items()
    )  # fmt: skip


def _whose(
    row: Mapping[str, str], path: Path, n: int, cells: Structure
) -> tuple[NDArray[np.bool_], float]:
    """Whom a row of needs is of, and the need of each."""
    where, sex, group = f"{path}, row {n}", row.get("sex", ""), row.get("group", "")
    ages = ages_of(row["ages"], f"{where}, ages")
    if sex:
        check_code(sex, SEXES, "is no sex", where=where)
    try:
        per_head = float(row["per_head"])
    except ValueError:
        per_head = np.nan
    if not 0 <= per_head < 1e6:
        raise InputRefused(
            "is none that can be", where=str(path), row=n, column="per_head",
            value=row["per_head"], allowed="numbers from 0 on",
        )  # fmt: skip
    of = Change("population", "multiply", per_head, (group,) if group else (), sex, ages)
    meant = cells_of(of, cells, where) & cells.resident[:, None, None]
    if not meant.any():
        raise InputRefused(
            "is of nobody", where=str(path), row=n, column="ages", value=row["ages"],
            allowed=f"ages up to {cells.lower_ages[-1]}, of groups that live in the country",
        )  # fmt: skip
    return meant, per_head
