"""A start from plain published tables: CSV files of a country, which no register is needed for.

`population.csv`, `deaths.csv`, `births.csv`, `immigration.csv`, `emigration.csv`, and where there
is more than one group `groups.csv`. Each has a row a cell: `sex`, `age`, `group` and `year` where
these are told apart, and `number` or `rate`.
"""

from __future__ import annotations

import csv
import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from folkestrom.errors import InputRefused
from folkestrom.model.names import check_code
from folkestrom.projection.assumptions import Floats
from folkestrom.projection.counts import Counts
from folkestrom.projection.start import Start
from folkestrom.projection.structure import FEMALE, SEXES, Group, Structure, check_groups

#: Ages of a projection: the last is open.
_AGES: Final = 120
#: The open age group of a table may begin no earlier: death rates above are by a model.
_LEAST_OPEN: Final = 90
#: So much of the population may be left that events do not explain: statistical adjustment.
_ADJUSTMENT: Final = 0.01
#: So many events of an age can be more than the persons of it.
_FEW: Final = 20
_FIGURES: Final = ("number", "rate")
_COLUMNS: Final = ("year", "group", "sex", "age", *_FIGURES)
_OF_GROUPS: Final = ("group", "label", "part_of", "resident", "next", "leaves_to", "children",
                     "alike")  # fmt: skip


def read_tables(
    folder: str | os.PathLike[str], first: int | None = None, *, smooth: bool = False
) -> Start:
    """The start of a projection that the CSV files of a folder say.

    Person-years are the mean of the population at both ends of each year, or the population where
    there is that of one day only.

    Parameters
    ----------
    folder
        Where the files are; the how-to "Project the population" says what is in each.
    first
        The year of the start, which is then the last of the population's, if it says years.
    smooth
        Whether rates that are counted are smooth from one year of age to the next.

    Raises
    ------
    InputRefused
        A file, a column, an age or a sex that is missing, a figure that cannot be, a row twice;
        more events than persons, years that leave one out or end before the first, populations of
        several years that events do not explain.
    """
    path = Path(folder)
    groups = _groups(path / "groups.csv")
    people = _Table(path / "population.csv", groups, ("number",), needs=("sex", "age"))
    stocks = people.by_year()
    _check_every_age(people, stocks[-1])
    people.check_whole()
    people.check_in_a_row(first)
    cells = Structure(groups, _AGES)
    years = max(len(stocks) - 1, 1)
    lived = (stocks[1:] + stocks[:-1]).sum(axis=0) / 2 if len(stocks) > 1 else stocks[0]
    births = _Table(path / "births.csv", groups, needs=("age",), of_sex=False)
    found = {
        name: _Table(path / f"{name}.csv", groups, figures, needs=("sex", "age"))
        for name, figures in (
            ("deaths", _FIGURES), ("immigration", ("number",)), ("emigration", _FIGURES)
        )
    }  # fmt: skip
    for one in (births, *found.values()):
        one.check_years(people, years)
    _check_every_age(found["deaths"], found["deaths"].sum())
    numbers = {name: one.numbers(cells) for name, one in found.items()}
    counts = Counts(
        cells, years, lived, numbers["deaths"], numbers["emigration"], numbers["immigration"],
        births.numbers(cells)[:, FEMALE], smooth=smooth,
    )  # fmt: skip
    _check_reached(path, cells, stocks[-1], counts)
    for one, events in ((found["deaths"], counts.deaths), (found["emigration"], counts.emigration)):
        _check_enough(one, events, lived)
    _check_enough(births, counts.births, lived[:, FEMALE])
    if len(stocks) > 1 and not any(one.of_rates for one in (births, *found.values())):
        _check_account(people.path, stocks, counts)
    rates = counts.rates()
    given: dict[str, Any] = {
        name: one.sum()[None] for name, one in
        (("mortality", found["deaths"]), ("emigration", found["emigration"])) if one.of_rates
    }  # fmt: skip
    if births.of_rates:
        given["fertility"] = births.sum()[None, :, FEMALE]
    return Start(cells, stocks[-1], counts, replace(rates, **given))


@dataclass(frozen=True, slots=True)
class _Cell:
    year: int
    group: int | None
    sex: int | None
    age: int
    figure: float


class _Table:
    """A file's rows, checked."""

    def __init__(
        self, path: Path, groups: tuple[Group, ...], figures: tuple[str, ...] = _FIGURES,
        needs: tuple[str, ...] = (), *, of_sex: bool = True,
    ) -> None:  # fmt: skip
        self.path, self._groups = path, [group.code for group in groups]
        rows = csv_rows(path, [name for name in _COLUMNS if of_sex or name != "sex"], needs)
        named = set(rows[0])
        which = [one for one in figures if one in named]
        if len(which) != 1:
            raise InputRefused("must have one column of figures", where=str(path), allowed=figures)
        self.figure, self.of_rates = which[0], which[0] == "rate"
        self._has_sex, self._has_group = "sex" in named, "group" in named
        self._oldest = 0
        self.cells = [self._cell(row, n) for n, row in enumerate(rows, start=1)]
        self._check_once()

    def _cell(self, row: Mapping[str, str], n: int) -> _Cell:
        place = str(self.path)
        sex = group = None
        if self._has_sex:
            sex = SEXES.index(self._code(row, "sex", SEXES, n))
        if self._has_group:
            group = self._groups.index(self._code(row, "group", self._groups, n))
        year = re.fullmatch(r"\d{4}", row.get("year") or "0000")
        if not year:
            raise InputRefused("is no year", where=place, row=n, column="year", value=row["year"])
        age = re.fullmatch(r"(\d{1,3})(\+?)", row["age"])
        if not age or int(age[1]) >= _AGES:
            raise InputRefused(
                "is no age", where=place, row=n, column="age", value=row["age"],
                allowed=f"completed years from 0 to {_AGES - 1}, such as 42, or 105+",
            )  # fmt: skip
        if age[2] and "sex" in row and int(age[1]) < _LEAST_OPEN:
            raise InputRefused(
                "begins too early for an open age group", where=place, row=n, column="age",
                value=row["age"], allowed=f"{_LEAST_OPEN}+ or later",
                next_step="Use a table by single year of age up to there",
            )  # fmt: skip
        self._oldest = max(self._oldest, int(age[1]))
        return _Cell(int(year[0]), group, sex, int(age[1]), self._number(row, n))

    def _code(self, row: Mapping[str, str], column: str, known: Any, n: int) -> str:
        return check_code(
            row[column], known, f"is no {column}", where=f"{self.path}, row {n}", column=column,
            error=InputRefused,
        )  # fmt: skip

    def _number(self, row: Mapping[str, str], n: int) -> float:
        text = row[self.figure]
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not 0 <= number <= (1 if self.of_rates else 1e9):
            raise InputRefused(
                "is none that can be", where=str(self.path), row=n, column=self.figure, value=text,
                allowed="0 to 1, by person-year" if self.of_rates else "0 to 1000000000",
            )  # fmt: skip
        return number

    def _check_once(self) -> None:
        seen: set[tuple[int | None, ...]] = set()
        for n, one in enumerate(self.cells, start=1):
            key = one.year, one.group, one.sex, one.age
            if key in seen:
                raise InputRefused(
                    "is there before", where=str(self.path), row=n, next_step="Keep one of the two"
                )
            seen.add(key)

    def check_whole(self) -> None:
        """Persons are whole."""
        for n, one in enumerate(self.cells, start=1):
            if one.figure % 1:
                raise InputRefused(
                    "has persons in parts", where=str(self.path), row=n, column=self.figure,
                    value=one.figure, allowed="whole numbers",
                    next_step="Round them, so that the total stays",
                )  # fmt: skip

    def check_in_a_row(self, first: int | None) -> None:
        """Years follow each other, and end with the first of the projection."""
        own = self.years
        last = own[-1] if first is None or own == [0] else first
        wanted = list(range(last - len(own) + 1, last + 1))
        if own != wanted:
            raise InputRefused(
                "are no years in a row that end with the start of the projection",
                where=str(self.path), value=", ".join(map(str, own)),
                allowed=[str(year) for year in wanted],
                next_step="Begin the projection in the last of them, and leave none out",
            )  # fmt: skip

    @property
    def years(self) -> list[int]:
        """The years that it has, in order; 0 where it says none."""
        return sorted({one.year for one in self.cells})

    def check_years(self, people: _Table, years: int) -> None:
        """A table of numbers is of the years that lie between the days of the population's."""
        own, wanted = self.years, people.years
        wanted = wanted[:-1] if len(wanted) > 1 else own[:1]
        if own != wanted and not (self.of_rates and len(own) == 1):
            if own == [0]:
                raise InputRefused(
                    "has no such column, though population.csv is of several days",
                    where=str(self.path), column="year", allowed=[str(year) for year in wanted],
                    next_step="Say which year each figure is of, or give the population of one day",
                )  # fmt: skip
            raise InputRefused(
                "is of other years than lie between those of population.csv", where=str(self.path),
                value=", ".join(map(str, own)), allowed=[str(year) for year in wanted],
            )  # fmt: skip
        if years > 1 and self.of_rates and len(own) > 1:
            raise InputRefused("has rates of more than one year", where=str(self.path))

    def by_year(self) -> Floats:
        """Figures by year, group, sex and age; of all sexes and groups where it tells none."""
        places = {year: n for n, year in enumerate(self.years)}
        array = np.zeros((len(places), len(self._groups), len(SEXES), _AGES))
        for one in self.cells:
            # A rate of the oldest age is that of all above.
            ages = slice(one.age, None if self.of_rates and one.age == self._oldest > 60
                         else one.age + 1)  # fmt: skip
            group = slice(None) if one.group is None else one.group
            array[places[one.year], group, slice(None) if one.sex is None else one.sex, ages] = (
                one.figure
            )
        return array

    def sum(self) -> Floats:
        """Figures of all years together."""
        return np.asarray(self.by_year().sum(axis=0))

    def numbers(self, cells: Structure) -> Floats:
        """Events of all years together; none where it has rates."""
        if self.of_rates:
            return np.zeros(cells.shape)
        if len(self._groups) > 1 and not self._has_group:
            if self.path.stem != "deaths":
                raise InputRefused(
                    "has no such column", where=str(self.path), column="group",
                    next_step="Say whose they are, since there are several groups",
                )  # fmt: skip
            # Death rates are of all groups together.
            found = np.zeros(cells.shape)
            found[int(np.argmax(cells.resident))] = self.sum()[0]
            return found
        return self.sum()


def csv_rows(path: Path, columns: Sequence[str], needs: Sequence[str] = ()) -> list[dict[str, str]]:
    """The rows of a CSV file, which has no other columns than those, and at least one row.

    Parameters
    ----------
    path
        The file.
    columns
        The columns that it may have.
    needs
        Those that it must have.

    Raises
    ------
    InputRefused
        A file that cannot be read, a column that is missing or has another name, or no row.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream, restkey="", restval="", strict=True))
    except FileNotFoundError as error:
        raise InputRefused(
            "is not there", where=str(path),
            next_step="Write it, as the manual's page 'Project the population' has it",
        ) from error  # fmt: skip
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputRefused(
            "cannot be read", where=str(path), allowed="a CSV file in UTF-8"
        ) from error
    if not rows:
        raise InputRefused("has no rows", where=str(path))
    for name in rows[0]:
        check_code(name, columns, "is no column of this table", where=str(path),
                   error=InputRefused)  # fmt: skip
    for column in needs:
        if column not in rows[0]:
            raise InputRefused("has no such column", where=str(path), column=column)
    return rows


def _groups(path: Path) -> tuple[Group, ...]:
    """The groups of `groups.csv`; without that file one of all."""
    if not path.exists():
        return (Group("all", alike="all"),)
    rows = csv_rows(path, _OF_GROUPS, ("group",))
    for n, row in enumerate(rows, start=1):
        check_code(row.get("resident", ""), ("", "yes", "no"), "is neither yes nor no",
                   where=f"{path}, row {n}", column="resident", error=InputRefused)  # fmt: skip
    groups = tuple(
        Group(
            row["group"], row.get("label", ""), tuple(row.get("part_of", "").split()),
            row.get("resident", "") != "no", row.get("leaves_to", ""), row.get("next", ""),
            tuple(_children(row.get("children", ""), path, n)), row.get("alike", ""),
        )
        for n, row in enumerate(rows, start=1)
    )  # fmt: skip
    check_groups(groups, str(path), InputRefused)
    return groups


def _children(text: str, path: Path, n: int) -> Iterator[tuple[str, float]]:
    for part in text.split():
        found = re.fullmatch(r"([^:]+)(?::(\d+(?:\.\d+)?|\.\d+))?", part)
        if not found:
            raise InputRefused(
                "are no groups with their shares", where=str(path), row=n, column="children",
                value=text, allowed="such as native:0.7 second:0.3",
            )  # fmt: skip
        yield found[1], float(found[2] or 1)


def _check_every_age(table: _Table, figures: Floats) -> None:
    """Both sexes, and every age up to the oldest."""
    there = {(one.sex, one.age) for one in table.cells}
    for sex, name in enumerate(SEXES):
        for age in range(max(one.age for one in table.cells) + 1):
            if (sex, age) not in there:
                raise InputRefused(
                    "has no row for an age", where=str(table.path), value=f"{name}, {age}",
                    next_step="Give every age from 0 to the oldest, with 0 where nobody is",
                )  # fmt: skip
    if not figures.any():
        raise InputRefused("has nothing but 0", where=str(table.path))


def _check_account(path: Path, stocks: Floats, counts: Counts) -> None:
    """Residents at the end are those at the beginning, the born and who came, less who went."""
    cells = counts.structure
    here = cells.resident
    back = counts.emigration[~here & (cells.places("leaves_to") >= 0)].sum()
    growth = (
        counts.births.sum() + counts.immigration[here].sum() + back
        - counts.deaths[here].sum() - counts.emigration[here].sum()
    )  # fmt: skip
    begin, end = stocks[0, here].sum(), stocks[-1, here].sum()
    if abs(missing := end - begin - growth) > _ADJUSTMENT * end:
        raise InputRefused(
            "persons are not explained by births, deaths and migration of the years between",
            where=str(path), value=round(missing),
            allowed=f"up to {_ADJUSTMENT:.0%} of the population, more or fewer",
            next_step="Look for a year, a group or a sex that is missing in one of the files",
        )  # fmt: skip


def _check_enough(table: _Table, events: Floats, lived: Floats) -> None:
    """More events than persons are of another population; few can be chance."""
    events, lived = events.sum(axis=0), lived.sum(axis=0)
    if (over := (events > lived) & (events > _FEW)).any():
        *sex, age = (int(place) for place in np.argwhere(over)[0])
        raise InputRefused(
            "has more events than there are persons", where=str(table.path),
            value=", ".join([*(SEXES[one] for one in sex), str(age)]),
            allowed=f"up to {lived[over][0]:.0f}, as population.csv has",
            next_step="Look at whether both files are of the same persons, and in the same unit",
        )  # fmt: skip


def _check_reached(folder: Path, cells: Structure, population: Floats, counts: Counts) -> None:
    """A group that has nobody, and that nobody can come to, is a slip."""
    reached = np.array([one.any() for one in population + counts.immigration])
    for field in ("next", "leaves_to"):
        to = cells.places(field)
        reached[to[(to >= 0) & (to != np.arange(len(to)))]] = True
    of_others = cells.children * ~np.eye(len(cells.groups), dtype=bool)
    reached |= (of_others > 0).any(axis=0)
    if not reached.all():
        raise InputRefused(
            "has nobody, and nobody can come to it", where=str(folder / "groups.csv"),
            value=cells.groups[int(np.argmin(reached))].code,
            next_step="Give it persons or immigration, or name it as the group that others go to",
        )  # fmt: skip
