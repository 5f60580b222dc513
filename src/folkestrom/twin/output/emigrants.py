"""Who really left the country, when, and when, if ever, it was reported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from folkestrom.twin.lives.people import LATE_EMIGRATION
from folkestrom.twin.output import parquet_tables
from folkestrom.twin.receipt import reports as r
from folkestrom.twin.receipt.reports import Rows
from folkestrom.twin.years.country import Country
from folkestrom.twin.years.simulation import Observer
from folkestrom.twin.years.window import Window

_SCHEMA = pa.schema(
    [
        ("person", pa.int64()),
        ("left", parquet_tables.DATE),
        ("reported", parquet_tables.MOMENT),
        ("late", pa.bool_()),
        ("clean_up", pa.bool_()),
    ]
)


class Emigrants(Observer):
    """Writes the emigrants, a window's when the one after has revised it.

    Parameters
    ----------
    path
        The file.
    """

    def __init__(self, path: Path) -> None:
        self._sheet = parquet_tables.ParquetTable(path, _SCHEMA)
        self._kept: Rows | None = None
        self._cleaned = np.empty(0, np.int64)

    def opened(self, country: Country, w: Window) -> None:
        """Write last window's, without those that were reported in error."""
        if self._kept is not None:
            self._write(_revised(self._kept, country, w))
        self._kept = None

    def closed(self, _country: Country, w: Window, rows: Rows) -> None:
        """Note who left, or was found to have left."""
        found = (rows.kind == r.EMIGRATION) & (rows.relation == 0)
        found &= w.erroneous[rows.person] == 0
        self._kept = rows.take(np.flatnonzero(found))
        self._cleaned = w.cleaned

    def finished(self, country: Country) -> None:
        """Write the last window's, and those whose leaving has never been reported."""
        if self._kept is not None:
            self._write(self._kept)
        people, n = country.people, country.size
        hidden = np.flatnonzero(people.pending[:n] == LATE_EMIGRATION)
        never = np.ones(len(hidden), np.bool_)
        self._sheet.add(
            {
                "person": parquet_tables.persons(hidden),
                "left": parquet_tables.dates(people.pending_day[hidden]),
                "reported": parquet_tables.moments(np.zeros(len(hidden)), never),
                "late": pa.array(never),
                "clean_up": pa.array(~never),
            }
        )
        self._sheet.close()

    def _write(self, rows: Rows) -> None:
        self._sheet.add(
            {
                "person": parquet_tables.persons(rows.person),
                "left": parquet_tables.dates(rows.day),
                "reported": parquet_tables.moments(rows.received),
                "late": pa.array(rows.late),
                "clean_up": pa.array(rows.late & np.isin(rows.person, self._cleaned)),
            }
        )


def _revised(rows: Rows, country: Country, w: Window) -> Rows:
    """Leave out what was annulled; a corrected day is the true one."""
    if w.revised is None or country.earlier is None:
        return rows
    wrong = country.earlier.person[w.revised.annulled.get(r.EMIGRATION, np.empty(0, np.int64))]
    rows = rows.take(np.flatnonzero(~np.isin(rows.person, wrong)))
    corrected = w.revised.corrected.get(r.EMIGRATION, np.empty(0, np.int64))
    order = np.argsort(country.earlier.person[corrected])
    persons = country.earlier.person[corrected][order]
    day = country.people.last_residence[persons]
    at = np.searchsorted(persons, rows.person)
    mine = (at < len(persons)) & (np.append(persons, -1)[at] == rows.person)
    # An earlier leaving of the same person keeps its day: only the last can be corrected.
    mine[mine] &= rows.day[mine] == country.earlier.day[corrected][order][at[mine]]
    rows.day[mine] = day[at[mine]]
    return rows
