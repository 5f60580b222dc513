"""The panel of the mobility truth: one row for each adult resident and year, and what came of it.

True and registered outcome are kept apart. The true one is what the person did; it is missing for
whoever had left before without a report, and so is in the register only. The registered one is the
first move to another municipality or emigration of the year as known at the extraction, a month
after the year's end: late reports are not in it, reports in error are.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from folkestrom.twin.lives.levels import LISTED, list_levels
from folkestrom.twin.lives.mobility import LEVELS, OUTCOMES, age_level, covid_level
from folkestrom.twin.lives.people import DIE, LATE_EMIGRATION, LATE_MOVE, LEAVE, MOVE, STAY
from folkestrom.twin.output import parquet_tables
from folkestrom.twin.receipt import reports as r
from folkestrom.twin.receipt.reports import Rows
from folkestrom.twin.years.country import Country
from folkestrom.twin.years.simulation import Observer
from folkestrom.twin.years.window import Window, adult_parts, adults

_TEXTS = ("sex", "age", *LISTED, "covid", "centrality", "first_centrality", "county")
_SCHEMA = pa.schema(
    [
        ("person", pa.int64()),
        ("year", pa.int16()),
        ("completed_age", pa.int16()),
        *((name, parquet_tables.TEXT) for name in _TEXTS),
        ("true_outcome", parquet_tables.TEXT),
        ("registered_outcome", parquet_tables.TEXT),
    ]
)


@dataclass
class _Year:
    """The panel's rows of one year: persons, their levels by variable, and outcomes."""

    year: int
    persons: NDArray[np.int32]
    age: NDArray[np.int16]
    levels: dict[str, NDArray[np.int8]]
    gone: NDArray[np.bool_]
    true: NDArray[np.int8]
    registered: NDArray[np.int8]

    def keep(self, rows: NDArray[np.bool_]) -> None:
        """Leave out rows."""
        for name in ("persons", "age", "gone", "true", "registered"):
            setattr(self, name, getattr(self, name)[rows])
        self.levels = {name: values[rows] for name, values in self.levels.items()}


class Panel(Observer):
    """Writes the panel, each year when the reports that annul some of it have come.

    Parameters
    ----------
    path
        The file.
    """

    def __init__(self, path: Path) -> None:
        self._sheet = parquet_tables.ParquetTable(path, _SCHEMA)
        self._held: _Year | None = None

    def opened(self, country: Country, w: Window) -> None:
        """Write last year; list this year's adults and their levels."""
        if self._held is not None:
            _take_back(self._held, country, w)
            self._write(self._held)
        self._held = _list_year(country, w) if w.fraction == 1.0 else None

    def closed(self, country: Country, w: Window, rows: Rows) -> None:
        """Note what everybody did, and what is registered of it."""
        if self._held is None:
            return
        held, people = self._held, country.people
        drawn = np.concatenate([w.true_outcome[part] for part in adult_parts(w)])
        registered = registered_outcomes(rows, country.size, (w.first_day, w.end_day))[held.persons]
        late = people.pending[held.persons] == LATE_MOVE
        true = np.where(drawn == LEAVE, LEAVE, np.where(late | (registered == MOVE), MOVE, STAY))
        true[w.erroneous[held.persons] == 1] = STAY
        true[held.gone] = -1
        held.true, held.registered = true.astype(np.int8), registered
        held.keep(drawn != DIE)

    def finished(self, _country: Country) -> None:
        """Write what is held."""
        if self._held is not None:
            self._write(self._held)
        self._sheet.close()

    def _write(self, held: _Year) -> None:
        columns = {
            "person": parquet_tables.persons(held.persons),
            "year": pa.array(np.full(len(held.persons), held.year, np.int16)),
            "completed_age": pa.array(held.age),
            "true_outcome": parquet_tables.labelled(held.true, OUTCOMES),
            "registered_outcome": parquet_tables.labelled(held.registered, OUTCOMES),
        }
        for name, values in held.levels.items():
            columns[name] = parquet_tables.labelled(values, LEVELS[name])
        self._sheet.add(columns)


def _list_year(country: Country, w: Window) -> _Year:
    people, targets, listed = country.people, country.targets, adults(w)
    found = np.empty((len(LISTED), len(listed)), np.int8)
    list_levels(people, listed, w.year, country.seed, found)
    age = (w.year - 1 - people.birth_year[listed]).astype(np.int16)
    here, first = people.municipality[listed], people.first_municipality[listed]
    levels = dict(zip(LISTED, found, strict=True))
    levels["sex"] = people.sex[listed]
    levels["age"] = age_level()[np.minimum(age, 120)]
    levels["centrality"] = targets.centrality[here] - 1
    levels["first_centrality"] = targets.centrality[first] - 1
    levels["county"] = country.county[here].astype(np.int8)
    levels["covid"] = covid_level(levels["county"], w.year)
    nothing = np.empty(0, np.int8)
    gone = people.pending[listed] == LATE_EMIGRATION
    return _Year(w.year, listed, age, levels, gone, nothing, nothing)


def registered_outcomes(rows: Rows, size: int, days: tuple[int, int]) -> NDArray[np.int8]:
    """Return each person's first move to another municipality or emigration on days [from, to)."""
    away = rows.content["municipality_from"] != rows.content["municipality"]
    outcome = np.where(rows.kind == r.EMIGRATION, LEAVE, np.where(rows.kind == r.MOVE, MOVE, STAY))
    index = np.flatnonzero((outcome == LEAVE) | ((outcome == MOVE) & away))
    index = index[(rows.day[index] >= days[0]) & (rows.day[index] < days[1])]
    index = index[rows.relation[index] == 0]
    # Of several the first: assigned last.
    index = index[np.argsort(-rows.day[index], kind="stable")]
    out = np.full(size, STAY, np.int8)
    out[rows.person[index]] = outcome[index]
    return out


def _take_back(held: _Year, country: Country, w: Window) -> None:
    """Let those whose leaving or move has been annulled have stayed."""
    if w.revised is None or country.earlier is None:
        return
    wrong = np.zeros(country.size, np.bool_)
    for kind in (r.EMIGRATION, r.MOVE):
        rows = country.earlier.take(w.revised.annulled.get(kind, np.empty(0, np.int64)))
        moved = rows.content["municipality_from"] != rows.content["municipality"]
        wrong[rows.person[moved]] = True
    held.true[wrong[held.persons] & (held.true != -1)] = STAY
