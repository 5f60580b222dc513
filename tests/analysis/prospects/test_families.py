"""Families of a small register: told by a list of events, and counted from it in plain Python."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import Any

import duckdb
import numpy as np
import pytest

from folkestrom.analysis.microsimulation.families import households
from folkestrom.analysis.microsimulation.lives import Lives
from folkestrom.analysis.prospects.counted import start
from folkestrom.analysis.prospects.families.assumed import families_of, leaving_home
from folkestrom.analysis.prospects.families.households import BY, simulated_households
from folkestrom.analysis.prospects.families.register import linked
from folkestrom.analysis.prospects.individuals import individuals
from folkestrom.errors import UsageError
from folkestrom.model.codes import Kind, MaritalStatus
from folkestrom.projection.changes import Change
from folkestrom.projection.scenario import Scenario, named
from folkestrom.projection.structure import Structure
from folkestrom.statistics.population import population
from tests.reference.register import Report
from tests.statistics.small_store import store_of
from tests.statistics.test_coverage import report

DAY, KNOWN, YEARS = date(2021, 1, 1), date(2021, 2, 1), 4
UNITS = (3010001, 3010002, 11010001)
ABROAD = 3


@dataclass
class Known:
    """What the register knows of one person."""

    born: date
    sex: int
    unit: int | None
    status: int = 1
    spouse: int | None = None
    mother: int | None = None
    father: int | None = None


class Country:
    """Random events of a few hundred persons, and what is known after each."""

    def __init__(self) -> None:
        self.random, self.people = Random(7), dict[int, Known]()
        self.reports: list[Report] = []
        self.weddings: list[tuple[int, int | None, date]] = []
        self.gone: dict[tuple[int, int], Known] = {}
        for n in range(1, 401):
            day = date(1940 + n % 72, 3, 1 + n % 28)
            self.begin(n, Kind.FIRST_REGISTRATION, date(1999 + 13 * (n % 72 > 59), 12, 31), day)
        self.day = date(2015, 1, 1)
        while self.day < date(2020, 12, 20):
            self.day += timedelta(days=self.random.randrange(1, 4))
            self.happen(self.random.choice(list(self.people)))

    def tell(self, n: int, kind: Kind, day: date, **more: Any) -> None:
        one = self.people[n]
        made = replace(report(n, kind, day, day, **more), birth_date=one.born, sex=one.sex)
        unit = one.unit or UNITS[0]
        place = len(self.reports) + 1
        made = replace(made, basic_unit=unit, municipality=unit // 10_000, position=place,
                       key_hash=place)  # fmt: skip
        self.reports.append(made)

    def begin(self, n: int, kind: Kind, day: date, born: date) -> None:
        one = Known(born, 1 + n % 2, self.random.choice(UNITS))
        grown = [m for m, other in self.people.items() if 20 < (born - other.born).days / 365 < 40]
        for sex, name in ((2, "mother"), (1, "father")):
            some = [m for m in grown if self.people[m].sex == sex]
            if some and self.random.random() < 0.9:
                setattr(one, name, self.random.choice(some))
        if one.mother and kind == Kind.BIRTH:
            one.unit = self.people[one.mother].unit
        self.people[n] = one
        self.tell(n, kind, day, mother=one.mother, father=one.father, marital_status=1)

    def change(self, n: int, status: MaritalStatus, partner: int | None = None) -> None:
        one = self.people[n]
        one.status, one.spouse = int(status), partner
        self.tell(n, Kind.MARITAL_CHANGE, self.day, marital_status=int(status), partner=partner)

    def happen(self, n: int) -> None:
        one, random = self.people[n], self.random
        age = (self.day - one.born).days / 365.25
        what = random.random()
        if one.unit is None:
            if what < 0.3:
                one.unit = random.choice(UNITS)
                self.tell(n, Kind.IMMIGRATION, self.day, country=ABROAD)
        elif what < 0.35:
            self.marry(n, age)
        elif what < 0.45 and one.status == MaritalStatus.MARRIED:
            new = random.choice((MaritalStatus.SEPARATED, MaritalStatus.DIVORCED))
            for each in [n] if one.spouse is None else [n, one.spouse]:
                self.change(each, new)
        elif what < 0.5:
            self.leave(n)
            if one.spouse is not None and self.people[one.spouse].unit and random.random() < 0.6:
                self.leave(one.spouse)
        elif what < 0.8:
            self.move(n, random.choice([unit for unit in UNITS if unit != one.unit]))
        elif what < 0.85 and age > 60:
            self.die(n)

    def move(self, n: int, unit: int) -> None:
        spouse = self.people[n].spouse
        for each in [n] if spouse is None else [n, spouse]:
            if self.people[each].unit not in (None, unit):
                self.people[each].unit = unit
                self.tell(each, Kind.MOVE, self.day)

    def leave(self, n: int) -> None:
        self.gone[n, self.day.year] = replace(self.people[n])
        self.tell(n, Kind.EMIGRATION, self.day, country=ABROAD)
        self.people[n].unit = None

    def marry(self, n: int, age: float) -> None:
        others = [
            m for m, other in self.people.items()
            if other.sex != self.people[n].sex and other.status != MaritalStatus.MARRIED
            and other.unit and abs((other.born - self.people[n].born).days) < 3000
        ]  # fmt: skip
        if age < 20 or self.people[n].status == MaritalStatus.MARRIED or not others:
            return
        partner = self.random.choice([*others, None]) if self.random.random() < 0.9 else None
        self.change(n, MaritalStatus.MARRIED, partner)
        self.weddings.append((n, partner, self.day))
        if partner is not None:
            self.change(partner, MaritalStatus.MARRIED, n)
            self.weddings.append((partner, n, self.day))

    def die(self, n: int) -> None:
        spouse = self.people[n].spouse
        self.tell(n, Kind.DEATH, self.day)
        del self.people[n]
        if spouse is not None:
            self.change(spouse, MaritalStatus.WIDOWED)

    def households(self) -> set[frozenset[int]]:
        """Who lives with whom, told once more, person by person."""
        here = {n: one for n, one in self.people.items() if one.unit}
        with_parent: dict[int, int] = {}
        for n, one in here.items():
            for parent in (one.father, one.mother):
                if parent in here and here[parent].unit == one.unit and one.status <= 1:
                    with_parent[n] = parent
        of: dict[int, set[int]] = {n: {n} for n in here}
        for n, one in here.items():
            spouse = here.get(one.spouse or 0)
            if spouse and spouse.unit and one.unit and spouse.unit // 10_000 == one.unit // 10_000:
                assert one.spouse
                of[n] = of[one.spouse] = of[n] | of[one.spouse]
        for child, parent in with_parent.items():
            if child not in with_parent.values():
                of[parent].add(child)
                of[child] = of[parent]
        return {frozenset(members) for members in of.values()}


COUNTRY = Country()


@pytest.fixture(scope="module")
def store() -> duckdb.DuckDBPyConnection:
    last = replace(report(999, Kind.BIRTH, date(2021, 1, 30), KNOWN), position=10**6, key_hash=1)
    return store_of([*COUNTRY.reports, last])


@pytest.fixture(scope="module")
def persons(store: duckdb.DuckDBPyConnection) -> tuple[Structure, dict[str, Any]]:
    begun = start(store, DAY, KNOWN, YEARS)
    made = individuals(store, DAY, KNOWN, begun.structure, 0)
    return begun.structure, made | linked(store, DAY, KNOWN, made["person"])


def test_households_of_the_start_are_those_of_the_register(
    persons: tuple[Structure, dict[str, Any]],
) -> None:
    cells, made = persons
    homes = households(Lives(cells, made, 1, 2021).persons, cells.resident)
    members: dict[int, set[int]] = {}
    for place, household in zip(homes.persons, homes.household, strict=True):
        members.setdefault(int(household), set()).add(int(made["person"][place]))
    found = {frozenset(one) for one in members.values()}
    assert found == COUNTRY.households()
    assert len({len(one) for one in found}) > 3


def test_the_table_begins_with_the_register(store: duckdb.DuckDBPyConnection) -> None:
    asked: dict[str, Any] = {"base_years": YEARS, "every": 3, "seed": 5}
    sizes = Counter(min(len(one), 6) for one in COUNTRY.households())
    rows = simulated_households(store, 2021, 2028, by=("household_size",), **asked).data.to_pylist()
    begins = {row["household_size"]: row["households"] for row in rows if row["year"] == "2021"}
    assert begins == {f"{n}+" if n == 6 else str(n): many for n, many in sizes.items()}
    assert {row["year"] for row in rows} == {"2021", "2024", "2027", "2029"}
    # Marital status as the table of the population has it.
    own = population(store, DAY, ["marital_status"], KNOWN).data.to_pylist()
    counted = {row["marital_status"]: row["persons"] for row in own}
    counted["divorced"] = counted.get("divorced", 0) + counted.pop("separated")
    rows = simulated_households(store, 2021, 2028, by=("marital_status",), **asked).data.to_pylist()
    assert {r["marital_status"]: r["persons"] for r in rows if r["year"] == "2021"} == counted


def test_the_table_adds_up_whatever_it_is_by(store: duckdb.DuckDBPyConnection) -> None:
    asked: dict[str, Any] = {"base_years": YEARS, "seed": 2}
    whole = simulated_households(store, 2021, 2030, by=(), **asked).data.to_pylist()
    for name in BY:
        rows = simulated_households(store, 2021, 2030, by=(name,), **asked).data.to_pylist()
        for one in whole:
            of_year = [row for row in rows if row["year"] == one["year"]]
            assert sum(row["persons"] for row in of_year) == one["persons"]
            if "households" in of_year[0]:
                assert sum(row["households"] for row in of_year) == one["households"]
    assert whole[0]["mean_size"] == round(whole[0]["persons"] / whole[0]["households"], 2)


def test_runs_are_means_with_their_interval(store: duckdb.DuckDBPyConnection) -> None:
    asked: dict[str, Any] = {"base_years": YEARS, "by": ("household_type",)}
    many = simulated_households(store, 2021, 2030, runs=4, seed=3, **asked).data.to_pylist()
    each = [simulated_households(store, 2021, 2030, seed=3 + n, **asked).data for n in range(4)]
    for row in many:
        runs = [
            one["households"] for table in each for one in table.to_pylist()
            if (one["year"], one["household_type"]) == (row["year"], row["household_type"])
        ]  # fmt: skip
        runs += [0] * (4 - len(runs))
        assert row["households"] == pytest.approx(np.mean(runs), abs=0.5)
        lower, upper = np.quantile(runs, [0.1, 0.9])
        assert row["households_lower"] == pytest.approx(lower, abs=0.5)
        assert row["households_upper"] == pytest.approx(upper, abs=0.5)


def test_rates_are_those_of_the_years_before(
    store: duckdb.DuckDBPyConnection, persons: tuple[Structure, dict[str, Any]]
) -> None:
    cells, made = persons
    begun = start(store, DAY, KNOWN, YEARS)
    found = families_of(store, DAY, KNOWN, YEARS, made, cells, begun.rates.assumptions(cells))
    late = [one for one in COUNTRY.weddings if one[2] >= date(2017, 1, 1)]
    born = {one.person: one.birth_date for one in COUNTRY.reports}
    for sex in (1, 2):
        of_sex = [one for one in late if one[0] % 2 + 1 == 3 - sex or 1 + one[0] % 2 == sex]
        of_sex = [one for one in late if 1 + one[0] % 2 == sex]
        outside = sum(partner is None for _, partner, _ in of_sex) / len(of_sex)
        assert found.probabilities.outside[sex - 1] == pytest.approx(outside)
    older = sorted(
        (born[wife] - born[husband]).days / 365.2425  # type: ignore[operator]
        for wife, husband, _ in late if 1 + wife % 2 == 2 and husband is not None
    )  # fmt: skip
    assert sorted(found.weddings.values[:, 1]) == pytest.approx(older)
    # A draw of half the couples is as many as are seen to leave in the same year.
    left = [(n, year, one) for (n, year), one in COUNTRY.gone.items()
            if year >= 2017 and one.status == 2 and one.spouse]  # fmt: skip
    together = sum((one.spouse, year) in COUNTRY.gone for _, year, one in left)
    assert 0.3 < together / len(left) < found.probabilities.couples <= 1


def test_leaving_home_is_how_much_the_share_at_home_falls() -> None:
    """Of a population in which it is 1, 0.8, 0.4, 0.4 and 0 from 17 to 21 years."""
    cells, at_home = Structure(ages=120), {17: 10, 18: 8, 19: 4, 20: 4, 21: 0}
    age = np.repeat(list(at_home), 11)
    mother = np.arange(11) == 10
    parent = np.concatenate([
        np.where(mother | (np.arange(11) >= many), -1, 11 * n + 10)
        for n, many in enumerate(at_home.values())
    ])  # fmt: skip
    none = np.zeros(len(age), int)
    made = {"age": age, "parent": parent, "sex": none, "group": none, "marital": none}
    made["has_parent"] = np.tile(~mother, len(at_home))
    found = leaving_home(made, cells)
    assert found[0, 18:22] == pytest.approx([0.2, 0.5, 0, 1], abs=1e-6)
    assert found[0, :18].max() == found[1].max() == 0


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"runs": 0}, "runs: '0' is no number of runs"),
        ({"seed": 2**32 - 2, "runs": 3}, "is no seed"),
        ({"by": ("size",)}, "by: 'size' is nothing that"),
        ({"every": -1}, "every: '-1' is no number of years"),
        ({"scenario": named("natives-only")}, "'population' has no effect"),
        ({"scenario": Scenario("x", (Change("moves", "multiply", 0.5),))}, "'moves' has no effect"),
    ],
)
def test_what_cannot_be_asked(
    store: duckdb.DuckDBPyConnection, asked: dict[str, Any], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        simulated_households(store, 2021, 2031, base_years=YEARS, **asked)
