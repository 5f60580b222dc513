"""The variable files: what a researcher would link to the register, as spells of persons.

A row is a spell ``[from, to)`` of a value. A yearly value holds for adult residents of 1 January
and is the one that the mobility truth of that year uses; years that follow each other with the same
value are one row. Immigrant background and the year of first immigration never change.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from folkestrom.twin.lives import income, wealth
from folkestrom.twin.lives.compiled import kernel
from folkestrom.twin.lives.levels import LISTED, list_levels
from folkestrom.twin.lives.mobility import EDUCATIONS, EMPLOYMENTS, GROUPS, INCOMES
from folkestrom.twin.lives.people import RESIDENT
from folkestrom.twin.lives.random import draws
from folkestrom.twin.lives.stock import day_number, year_starts
from folkestrom.twin.output import parquet_tables
from folkestrom.twin.receipt import reports as r
from folkestrom.twin.receipt.reports import Rows
from folkestrom.twin.years.country import Country
from folkestrom.twin.years.simulation import Observer
from folkestrom.twin.years.window import Window, adults

VARIABLES = {"education": EDUCATIONS, "employment": EMPLOYMENTS, "income": INCOMES}
"""Yearly files with names of values, and those names."""
AMOUNTS = {"wealth": wealth.UNIT, "income_amount": income.UNIT}
"""Yearly files of NOK, and what their values are multiples of."""
_CHUNK = 4_000_000
NOBODY = -(2**31)
_STILLBORN = 221
_NAMED, _NUMBERED, _YEARS = parquet_tables.TEXT, pa.int64(), pa.int16()


def _schema(value: pa.DataType) -> pa.Schema:
    fields = (
        ("person", pa.int64()),
        ("value", value),
        ("from", parquet_tables.DATE),
        ("to", parquet_tables.DATE),
    )
    return pa.schema(fields)


class Spells:
    """One variable's open spells: value and first year by person.

    Parameters
    ----------
    capacity
        Number of persons at most.
    """

    def __init__(self, capacity: int) -> None:
        self.value = np.full(capacity, NOBODY, np.int32)
        self.since = np.zeros(capacity, np.int16)

    def turn(
        self, persons: NDArray[np.int32], values: NDArray[Any], year: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int16]]:
        """Begin a year with the values of its residents.

        Returns
        -------
        tuple of arrays
            Persons, values and first years of the spells that ended with the year before.
        """
        going_on = np.full(len(self.value), NOBODY, np.int32)
        going_on[persons] = values
        ended = np.flatnonzero((self.value != going_on) & (self.value != NOBODY))
        out = ended, self.value[ended], self.since[ended]
        _begin(self.value, self.since, going_on, year)
        return out


@kernel
def _begin(
    value: NDArray[np.int32], since: NDArray[np.int16], new: NDArray[np.int32], year: int
) -> None:
    """Take over new values; the year is the first of those that changed."""
    for p in range(value.size):
        if new[p] != value[p]:
            value[p] = new[p]
            since[p] = year


class Variables(Observer):
    """Writes the yearly variable files as the years go by.

    Parameters
    ----------
    folder
        Where to; must exist.
    capacity
        Number of persons at most.
    """

    def __init__(self, folder: Path, capacity: int) -> None:
        self._values: list[tuple[str, ...] | int] = [*VARIABLES.values(), *AMOUNTS.values()]
        types = dict.fromkeys(VARIABLES, _NAMED) | dict.fromkeys(AMOUNTS, _NUMBERED)
        self._sheets = [
            parquet_tables.ParquetTable(folder / f"{name}.parquet", _schema(kind))
            for name, kind in types.items()
        ]
        self._spells = [Spells(capacity) for _ in self._sheets]
        self._year = 0

    def opened(self, country: Country, w: Window) -> None:
        """Note the values of the year; write the spells that ended."""
        listed = adults(w)
        levels = np.empty((len(LISTED), len(listed)), np.int8)
        list_levels(country.people, listed, w.year, country.seed, levels)
        found = levels[[LISTED.index(name) for name in VARIABLES]]
        amounts = np.empty((len(AMOUNTS), len(listed)), np.int32)
        wealth.list_wealth(country.people, listed, found[0], w.year, country.seed, amounts[0])
        income.list_incomes(country.people, listed, found, w.year, country.seed, amounts[1])
        self._turn(w.year, listed, [*found, *amounts])
        self._year = w.year

    def finished(self, _country: Country) -> None:
        """Write the spells that are still open: they hold to the end of the last year."""
        nothing: list[NDArray[Any]] = [np.empty(0, np.int32) for _ in self._sheets]
        self._turn(self._year + 1, nothing[0], nothing)
        for sheet in self._sheets:
            sheet.close()

    def _turn(self, year: int, persons: NDArray[np.int32], values: list[NDArray[Any]]) -> None:
        for spells, sheet, new, meant in zip(
            self._spells, self._sheets, values, self._values, strict=True
        ):
            write_spells(sheet, spells.turn(persons, new, year), year, meant)


def write_spells(
    sheet: parquet_tables.ParquetTable,
    ended: tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int16]],
    year: int,
    meant: tuple[str, ...] | int,
) -> None:
    """Write spells that ended on 1 January of `year`: values name something or count a unit."""
    for low in range(0, len(ended[0]), _CHUNK):
        persons, values, since = (column[low : low + _CHUNK] for column in ended)
        told = (
            pa.array(values.astype(np.int64) * meant)
            if isinstance(meant, int)
            else parquet_tables.labelled(values, meant)
        )
        end = year_starts(np.full(len(persons), year))
        sheet.add(
            {
                "person": parquet_tables.persons(persons),
                "value": told,
                "from": parquet_tables.dates(year_starts(since.astype(np.int64))),
                "to": parquet_tables.dates(end),
            }
        )


class Backgrounds(Observer):
    """Writes immigrant background and year of first immigration, at the end.

    The reports of the stock tell of neither when a person came nor, as a rule, of parents.

    Parameters
    ----------
    folder
        Where to; must exist.
    """

    def __init__(self, folder: Path) -> None:
        self._background, self._arrival = folder / "background.parquet", folder / "arrival.parquet"

    def finished(self, country: Country) -> None:
        """Write everybody who ever was in a report; the year, of those born abroad."""
        people, end = country.people, day_number(country.last_year + 1)
        with parquet_tables.ParquetTable(self._background, _schema(_NAMED)) as sheet:
            for low in range(0, country.size, _CHUNK):
                part = np.arange(low, min(low + _CHUNK, country.size))
                background = parquet_tables.labelled(people.group[part], GROUPS)
                sheet.add(_constant(part, background, people.birth[part], end))
        came = np.flatnonzero(people.arrival_year[: country.size] > 0)
        years = people.arrival_year[came]
        with parquet_tables.ParquetTable(self._arrival, _schema(_YEARS)) as sheet:
            since = year_starts(years.astype(np.int64))
            sheet.add(_constant(came, pa.array(years), since, end))


class Stillbirths(Observer):
    """Writes the women who had a stillborn child in a year: as many as were published.

    Each is as old as a mother of the year, and had no live birth in it or the years beside it. The
    register's reports tell of none of them.

    Parameters
    ----------
    path
        The file.
    """

    def __init__(self, path: Path) -> None:
        self._sheet = parquet_tables.ParquetTable(path, _schema(_YEARS))
        self._mothers = [np.empty(0, np.int64)] * 2
        self._year, self._number = 0, 0

    def closed(self, country: Country, w: Window, rows: Rows) -> None:
        """Note the mothers of the year, and choose for the year before it."""
        born = rows.person[(rows.kind == r.BIRTH) & (rows.relation == 0)]
        mothers = country.people.mother[born].astype(np.int64)
        self._choose(country, mothers[mothers >= 0])
        self._year = w.year
        self._number = int(country.targets.stillbirths[w.t]) if w.fraction == 1.0 else 0

    def finished(self, country: Country) -> None:
        """Choose for the last year, if it was a whole one."""
        self._choose(country, np.empty(0, np.int64))
        self._sheet.close()

    def _choose(self, country: Country, after: NDArray[np.int64]) -> None:
        people, year = country.people, self._year
        before, mothers = self._mothers
        self._mothers = [mothers, after]
        women = (people.sex[: country.size] == 1) & (people.status[: country.size] == RESIDENT)
        women[np.concatenate([before, mothers, after])] = False
        pool = np.flatnonzero(women)
        pool = pool[np.argsort(draws(country.seed, pool, year, _STILLBORN), kind="stable")]
        chance = draws(country.seed, mothers, year, _STILLBORN)
        alike = people.birth_year[mothers[np.argsort(chance, kind="stable")[: self._number]]]
        chosen = [
            pool[people.birth_year[pool] == born][:many]
            for born, many in zip(*np.unique(alike, return_counts=True), strict=True)
        ]
        found = np.sort(np.concatenate([*chosen, np.empty(0, np.int64)]))
        ends = (parquet_tables.dates(year_starts(np.full(len(found), y))) for y in (year, year + 1))
        since, until = ends
        self._sheet.add(
            {
                "person": parquet_tables.persons(found),
                "value": pa.array(np.ones(len(found), np.int16)),
                "from": since,
                "to": until,
            }
        )


def _constant(
    persons: NDArray[np.int64], values: pa.Array, since: NDArray[Any], end: int
) -> dict[str, pa.Array]:
    until = parquet_tables.dates(np.full(len(persons), end))
    return {
        "person": parquet_tables.persons(persons),
        "value": values,
        "from": parquet_tables.dates(since),
        "to": until,
    }


def write_centrality(path: Path, country: Country) -> None:
    """Write the centrality class of each municipality: for a study to join by municipality.

    Parameters
    ----------
    path
        The file.
    country
        What is simulated.
    """
    targets = country.targets
    codes = pa.array([f"{code:04d}" for code in targets.municipality_codes.tolist()])
    start, end = day_number(targets.years[0]), day_number(country.last_year + 1)
    number = len(codes)
    schema = pa.schema(
        [
            ("municipality", pa.string()), ("value", pa.int8()),
            ("from", parquet_tables.DATE), ("to", parquet_tables.DATE),
        ]
    )  # fmt: skip
    with parquet_tables.ParquetTable(path, schema) as sheet:
        sheet.add(
            {
                "municipality": codes,
                "value": pa.array(targets.centrality),
                "from": parquet_tables.dates(np.full(number, start)),
                "to": parquet_tables.dates(np.full(number, end)),
            }
        )
