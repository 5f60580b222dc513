"""Signs of life: who was active where in each year, the unreported and the unregistered too.

A sign of a year is one of its last months: who left unreported in that year shows those of one who
has left. Each source is drawn by itself, so that signs depend on one another by age alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from folkestrom.twin.lives.people import LATE_EMIGRATION
from folkestrom.twin.lives.random import draws
from folkestrom.twin.lives.stock import day_number
from folkestrom.twin.output import parquet_tables
from folkestrom.twin.output.variables import Spells, write_spells
from folkestrom.twin.years.country import Country
from folkestrom.twin.years.simulation import Observer
from folkestrom.twin.years.window import Window

#: Ages at which groups that show signs alike begin (assumption, as all that follows).
AGES: Final = (0, 6, 16, 20, 67)
#: Of each source, the probability to show a sign in a year: by age group, and last of who has left.
SHOWN: Final = {
    "work": (0.0, 0.0, 0.35, 0.78, 0.1, 0.03),
    "benefits": (0.6, 0.6, 0.4, 0.45, 0.9, 0.05),
    "tax": (0.0, 0.0, 0.6, 0.95, 0.95, 0.08),
    "education": (0.8, 0.99, 0.9, 0.12, 0.0, 0.02),
    "health": (0.9, 0.75, 0.75, 0.8, 0.95, 0.02),
}
#: Of those who are not registered.
UNREGISTERED_SHOW: Final = {"work": 0.5, "tax": 0.3, "health": 0.4}
#: How many live here unregistered, for each resident of the first stock.
UNREGISTERED: Final = 0.001
_PURPOSE: Final = 231
_PERSON_FROM_TO: Final = pa.schema(
    [("person", pa.int64()), ("from", parquet_tables.DATE), ("to", parquet_tables.DATE)]
)
_SPELLS: Final = pa.schema(
    [
        ("person", pa.int64()), ("value", parquet_tables.TEXT),
        ("from", parquet_tables.DATE), ("to", parquet_tables.DATE),
    ]
)  # fmt: skip


class Signs(Observer):
    """Writes a file a source, and the truth of who is not registered.

    Parameters
    ----------
    work
        The country's folder.
    country
        What is simulated.
    """

    def __init__(self, work: Path, country: Country) -> None:
        folder = work / "signs"
        folder.mkdir()
        # Their numbers are beyond those of all who can ever be registered.
        first = len(country.people.birth)
        self._unregistered = first + np.arange(round(UNREGISTERED * country.size))
        size = first + len(self._unregistered)
        self._sources = {
            name: (parquet_tables.ParquetTable(folder / f"{name}.parquet", _SPELLS), Spells(size))
            for name in SHOWN
        }
        days = {"from": country.targets.years[0], "to": country.last_year + 1}
        truth = work / "truth" / "unregistered.parquet"
        with parquet_tables.ParquetTable(truth, _PERSON_FROM_TO) as sheet:
            since = {name: np.full(len(self._unregistered), day_number(y))
                     for name, y in days.items()}  # fmt: skip
            dates = {name: parquet_tables.dates(day) for name, day in since.items()}
            sheet.add({"person": parquet_tables.persons(self._unregistered), **dates})

    def opened(self, country: Country, w: Window) -> None:
        """Draw the signs of the year that is over, of all who are registered at its end."""
        people, n = country.people, country.size
        # Who is reported this year to have left before it was registered until then.
        reported = np.flatnonzero(people.left_year[:n] == w.year)
        persons = np.concatenate([w.order[: w.start[-1]].astype(np.int64), reported])
        gone = people.pending[persons] == LATE_EMIGRATION
        gone &= people.pending_day[persons] < w.first_day
        gone[len(persons) - len(reported) :] = True
        age = np.maximum(w.year - 1 - people.birth_year[persons].astype(np.int64), 0)
        group = np.where(gone, len(AGES), np.searchsorted(AGES, age, side="right") - 1)
        everybody = np.concatenate([persons, self._unregistered])
        for nth, (name, probabilities) in enumerate(SHOWN.items()):
            here = np.full(len(self._unregistered), UNREGISTERED_SHOW.get(name, 0.0))
            chance = np.concatenate([np.array(probabilities)[group], here])
            shown = draws(country.seed, everybody, w.year, _PURPOSE + nth) < chance
            self._turn(name, everybody[shown], w.year - 1)

    def finished(self, country: Country) -> None:
        """Write the signs of the last year, and finish the files."""
        for name, (sheet, _) in self._sources.items():
            self._turn(name, np.empty(0, np.int64), country.last_year)
            sheet.close()

    def _turn(self, name: str, persons: NDArray[np.int64], year: int) -> None:
        sheet, spells = self._sources[name]
        shown = np.zeros(len(persons), np.int32)
        ended = spells.turn(persons.astype(np.int32), shown, year)
        write_spells(sheet, ended, year, ("shown",))
