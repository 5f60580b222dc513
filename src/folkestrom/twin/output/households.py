"""Who truly lives with whom: dwelling, couple, kind of household, on 1 January of some years."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from folkestrom.twin.lives.people import LATE_EMIGRATION, RESIDENT
from folkestrom.twin.lives.random import draws
from folkestrom.twin.lives.stock import day_number
from folkestrom.twin.output import parquet_tables
from folkestrom.twin.output.dwellings import Dwellings, age_of, together
from folkestrom.twin.receipt.files import dwellings as as_reported
from folkestrom.twin.receipt.reports import Rows
from folkestrom.twin.years.country import Country
from folkestrom.twin.years.simulation import Observer
from folkestrom.twin.years.window import Index, Window

KINDS: Final = (
    "alone", "couple_without_children", "married_children_0_17", "cohabiting_children_0_17",
    "parent_children_0_17", "one_family_adult_children", "multi_family_without_children_0_17",
    "multi_family_with_children_0_17", "institution",
)  # fmt: skip
COUPLES: Final = ("married", "cohabiting")
PARENTS: Final = (
    "married_parents", "cohabiting_parents", "parent_alone", "parent_and_step_parent", "no_parent",
)  # fmt: skip
EVERY: Final = 5
"""Years between two dates, for the truth would be larger than the reports."""
STUDY_AGES: Final = (19, 25)
STUDENTS: Final = 0.55
"""Share of those at their parents' who will have a bachelor's degree and study elsewhere."""
_STUDENT, _PLACE = 221, 222
_OWN_ROOM: Final = 5_000_000_000
"""From here on numbers are of dwellings in which one student lives."""
_SCHEMA = pa.schema(
    [
        ("date", parquet_tables.DATE),
        ("person", pa.int64()),
        ("dwelling", pa.int64()),
        ("household", parquet_tables.TEXT),
        ("partner", pa.int64()),
        ("couple", parquet_tables.TEXT),
        ("parents", parquet_tables.TEXT),
    ]
)
_STUDENTS = pa.schema(
    [
        ("person", pa.int64()),
        ("value", parquet_tables.TEXT),
        ("from", parquet_tables.DATE),
        ("to", parquet_tables.DATE),
    ]
)
_ACTUAL = _STUDENTS.set(1, pa.field("value", pa.int64()))


class Households(Observer):
    """Writes who truly lives with whom; whoever has left without a report does not.

    `household` is the kind, `partner` the other of a couple, `parents` of those below 18 how they
    live with theirs.
    """

    def __init__(self, path: Path, homes: Dwellings) -> None:
        self._sheet = parquet_tables.ParquetTable(path, _SCHEMA)
        self._homes = homes

    def opened(self, country: Country, w: Window) -> None:
        """Write the first stock."""
        if w.t == 0:
            self._write(country, w.year)

    def closed(self, country: Country, w: Window, _rows: Rows) -> None:
        """Write the end of every fifth year and of the last."""
        last = w.t + 1 == country.targets.windows
        if w.fraction == 1.0 and (last or (w.year + 1) % EVERY == 0):
            self._write(country, w.year + 1)

    def finished(self, _country: Country) -> None:
        """Finish the file."""
        self._sheet.close()

    def _write(self, country: Country, year: int) -> None:
        here, dwelling, kind, pair, parents = households(country, year, self._homes.institutions)
        people = country.people
        couple = np.where(pair < 0, -1, np.where(people.marital[here] == 2, 0, 1))
        self._sheet.add(
            {
                "date": parquet_tables.dates(np.full(len(here), day_number(year))),
                "person": parquet_tables.persons(here),
                "dwelling": as_reported(dwelling.astype(np.int32)),
                "household": parquet_tables.labelled(kind, KINDS),
                "partner": parquet_tables.persons(pair),
                "couple": parquet_tables.labelled(couple, COUPLES),
                "parents": parquet_tables.labelled(parents, PARENTS),
            }
        )


def households(
    country: Country, year: int, institutions: int
) -> tuple[Index, Index, Index, Index, Index]:
    """Return who lives here on 1 January, dwelling, kind, partner and how parents live together.

    A family is a couple or a person with the children who live there, of any age, and have neither
    partner nor child there: Statistics Norway's rule.
    """
    people, n = country.people, country.size
    there = (people.status[:n] == RESIDENT) & (people.pending[:n] != LATE_EMIGRATION)
    there &= people.dwelling[:n] >= 0  # the few who are registered late for the first stock
    here = np.flatnonzero(there)
    home = np.where(there, people.dwelling[:n], -1).astype(np.int64)
    minor = age_of(people, here, year - 1) < 18
    pair = np.full(n, -1, np.int64)
    found = together(people, here)
    pair[here] = np.where((found >= 0) & (home[found] == home[here]), found, -1)
    with_parent = [
        _at_home(q[here].astype(np.int64), here, home) for q in (people.mother, people.father)
    ]
    has_child = np.zeros(n, np.bool_)
    for q in with_parent:
        has_child[q[q >= 0]] = True
    parent = np.where(with_parent[0] >= 0, with_parent[0], with_parent[1])
    child = (parent >= 0) & (pair[here] < 0) & ~has_child[here]
    child &= minor | (home[here] >= institutions)
    head = np.where(child, parent, here)
    of = pair[head]
    head = np.where((of >= 0) & (people.sex[head] == 0), of, head)

    def number(chosen: NDArray[np.bool_]) -> Index:
        return np.bincount(home[here[chosen]], minlength=int(home.max()) + 1)

    paired = pair[here] >= 0
    families, persons = number(head == here), number(here >= 0)
    couples, married = number(paired), number(paired & (people.marital[here] == 2))
    young, children = number(minor), number(child)
    kind = np.select(
        [
            np.arange(len(families)) < institutions, families > 1, persons == 1, children == 0,
            (couples > 0) & (young > 0), young > 0,
        ],
        [8, 6 + (young > 0), 0, 1, np.where(married > 0, 2, 3), 4],
        5,
    )  # fmt: skip
    return (
        here,
        home[here],
        kind[home[here]],
        pair[here],
        _parents(country, with_parent, pair, minor),
    )


def _at_home(parent: Index, here: Index, home: Index) -> Index:
    """Return the parent where in the same dwelling, else -1."""
    return np.where((parent >= 0) & (home[parent] == home[here]), parent, -1)


def _parents(
    country: Country, with_parent: list[Index], pair: Index, minor: NDArray[np.bool_]
) -> Index:
    """Return how those below 18 live with their parents, -1 for all others."""
    mother, father = with_parent
    either = np.where(mother >= 0, mother, father)
    both = (mother >= 0) & (pair[mother] == father) & (father >= 0)
    married = country.people.marital[either] == 2
    kind = np.select([either < 0, both & married, both, pair[either] >= 0], [4, 0, 1, 3], default=2)
    return np.where(minor, kind, -1)


class Students(Observer):
    """Writes where students live who stay registered at their parents': municipality, dwelling.

    The file of dwellings has 0 for who lives in an institution.
    """

    def __init__(self, folder: Path, homes: Dwellings) -> None:
        self._place = parquet_tables.ParquetTable(folder / "study_municipality.parquet", _STUDENTS)
        self._home = parquet_tables.ParquetTable(folder / "actual_dwelling.parquet", _ACTUAL)
        self._homes = homes

    def opened(self, country: Country, w: Window) -> None:
        """Write who studies elsewhere this year."""
        people, listed = country.people, w.order[: w.start[-1]].astype(np.int64)
        age = age_of(people, listed, w.year - 1)
        p = listed[(age >= STUDY_AGES[0]) & (age < STUDY_AGES[1])]
        home = np.where(people.status == RESIDENT, people.dwelling, -1).astype(np.int64)
        parents = [_at_home(q[p].astype(np.int64), p, home) for q in (people.mother, people.father)]
        at_home = (parents[0] >= 0) | (parents[1] >= 0)
        p = p[
            at_home & (people.marital[p] == 1) & (people.mate[p] < 0) & (people.education[p] >= 2)
        ]
        p = p[draws(country.seed, p, 0, _STUDENT) < STUDENTS]
        targets = country.targets
        size = targets.municipality_population[w.t] * (np.asarray(targets.centrality) <= 2)
        total = np.cumsum(size)
        place = np.searchsorted(total, draws(country.seed, p, 0, _PLACE) * total[-1], side="right")
        away = place != people.municipality[p]
        p, place = p[away], place[away]
        codes = [f"{code:04d}" for code in targets.municipality_codes.tolist()]
        self._add(self._place, w, p, parquet_tables.labelled(place, codes))
        cared_for = listed[people.dwelling[listed] < self._homes.institutions]
        cared_for = cared_for[people.dwelling[cared_for] >= 0]
        both = np.concatenate([p, cared_for])
        own = np.concatenate([_OWN_ROOM + p, np.zeros(len(cared_for), np.int64)])
        self._add(self._home, w, both, pa.array(own))

    def _add(
        self, sheet: parquet_tables.ParquetTable, w: Window, persons: Index, value: pa.Array
    ) -> None:
        """Write a value that holds for the window."""
        sheet.add(
            {
                "person": parquet_tables.persons(persons),
                "value": value,
                "from": parquet_tables.dates(np.full(len(persons), w.first_day)),
                "to": parquet_tables.dates(np.full(len(persons), w.end_day)),
            }
        )

    def finished(self, _country: Country) -> None:
        """Finish the file."""
        self._place.close()
        self._home.close()
