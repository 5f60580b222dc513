"""The variable files: every adult resident's education, employment and income, year by year.

A row is a spell ``[from, to)`` of a value: years that follow each other with the same value are one
row. A value of year y holds for residents of 1 January y, and is the one that the mobility truth of
that year uses.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from folkestrom.twin import sheets
from folkestrom.twin.compiled import kernel
from folkestrom.twin.country import Country
from folkestrom.twin.levels import list_levels
from folkestrom.twin.mobility import EDUCATIONS, EMPLOYMENTS, INCOMES
from folkestrom.twin.observer import Observer
from folkestrom.twin.stock import year_starts
from folkestrom.twin.window import Window, adults

VARIABLES = {"education": EDUCATIONS, "employment": EMPLOYMENTS, "income": INCOMES}
"""Files and the names of their values, in the order of the levels 2, 3, 4 of `list_levels`."""
_SCHEMA = pa.schema(
    [("person", pa.int64()), ("value", sheets.TEXT), ("from", sheets.DATE), ("to", sheets.DATE)]
)
_CHUNK = 4_000_000
NOBODY = -1


class Spells:
    """One variable's open spells: value and first year by person.

    Parameters
    ----------
    capacity
        Number of persons at most.
    """

    def __init__(self, capacity: int) -> None:
        self.value = np.full(capacity, NOBODY, np.int8)
        self.since = np.zeros(capacity, np.int16)

    def turn(
        self, persons: NDArray[np.int32], values: NDArray[np.int8], year: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int8], NDArray[np.int16]]:
        """Begin a year with the values of its residents.

        Returns
        -------
        tuple of arrays
            Persons, values and first years of the spells that ended with the year before.
        """
        going_on = np.full(len(self.value), NOBODY, np.int8)
        going_on[persons] = values
        ended = np.flatnonzero((self.value != going_on) & (self.value != NOBODY))
        out = ended, self.value[ended], self.since[ended]
        _begin(self.value, self.since, going_on, year)
        return out


@kernel
def _begin(
    value: NDArray[np.int8], since: NDArray[np.int16], new: NDArray[np.int8], year: int
) -> None:
    """Take over new values; the year is the first of those that changed."""
    for p in range(value.size):
        if new[p] != value[p]:
            value[p] = new[p]
            since[p] = year


class Variables(Observer):
    """Writes the variable files as the years go by.

    Parameters
    ----------
    folder
        Where to; must exist.
    capacity
        Number of persons at most.
    """

    def __init__(self, folder: Path, capacity: int) -> None:
        self._sheets = [sheets.Sheet(folder / f"{name}.parquet", _SCHEMA) for name in VARIABLES]
        self._spells = [Spells(capacity) for _ in VARIABLES]
        self._year = 0

    def opened(self, country: Country, w: Window) -> None:
        """Note the values of the year; write the spells that ended."""
        listed = adults(w)
        levels = np.empty((5, len(listed)), np.int8)
        list_levels(country.people, listed, w.year, country.seed, levels)
        self._year = w.year
        for spells, sheet, values, names in zip(
            self._spells, self._sheets, levels[2:], VARIABLES.values(), strict=True
        ):
            _write(sheet, spells.turn(listed, values, w.year), w.year, names)

    def finished(self, _country: Country) -> None:
        """Write the spells that are still open: they hold to the end of the last year."""
        nobody = np.empty(0, np.int32), np.empty(0, np.int8)
        for spells, sheet, names in zip(
            self._spells, self._sheets, VARIABLES.values(), strict=True
        ):
            _write(sheet, spells.turn(*nobody, self._year + 1), self._year + 1, names)
            sheet.close()


def _write(
    sheet: sheets.Sheet,
    ended: tuple[NDArray[np.int64], NDArray[np.int8], NDArray[np.int16]],
    year: int,
    names: tuple[str, ...],
) -> None:
    """Write spells that ended on 1 January of `year`."""
    for low in range(0, len(ended[0]), _CHUNK):
        persons, values, since = (column[low : low + _CHUNK] for column in ended)
        end = year_starts(np.full(len(persons), year))
        sheet.add(
            {
                "person": sheets.persons(persons),
                "value": sheets.labelled(values, names),
                "from": sheets.dates(year_starts(since.astype(np.int64))),
                "to": sheets.dates(end),
            }
        )
