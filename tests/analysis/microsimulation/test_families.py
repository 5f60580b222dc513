"""Couples, children and households of simulated lives: what adds up, and a plain second one."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

import numpy as np
import pytest

from folkestrom.analysis.microsimulation.families import Donors, Families, households
from folkestrom.analysis.microsimulation.family_kernel import (
    DIVORCED,
    MARRIED,
    NEVER,
    WIDOWED,
    Probabilities,
)
from folkestrom.analysis.microsimulation.kernel import DEAD, LEFT, Persons
from folkestrom.analysis.microsimulation.lives import Lives
from folkestrom.projection.assumptions import Assumptions, Rates
from folkestrom.projection.projecting import project
from folkestrom.projection.structure import Group, Structure

CELLS = Structure((Group("here", leaves_to="away"), Group("away", resident=False,
                   leaves_to="here"), Group("new", part_of=("immigrants",))), 100)  # fmt: skip
YEARS, RUNS = 6, 40


def probabilities(rate: float = 1.0, couples: float = 0.6, children: float = 0.5) -> Probabilities:
    """Of the grown-up alike, whatever their age; `rate` times as large."""
    adult = (np.arange(CELLS.ages) >= 18) * np.ones((2, 1)) * rate
    marriage = np.stack([0.08 * adult, 0 * adult, 0.03 * adult, 0.12 * adult])
    return Probabilities(marriage, np.array([0.1, 0.2]), 0.04 * adult, 0.05 * adult, 0.2 * adult,
                   couples, children, CELLS.resident)  # fmt: skip


def assumed(chance: Probabilities) -> Families:
    older = Donors.of(np.zeros(40), np.arange(18.0, 58.0), np.array([[0.0, 3.0]] * 40))
    kinds = np.zeros(len(CELLS.groups), np.intp)
    newcomers = Donors.of(
        np.repeat([0, 0, 1, 1], 20), np.repeat([5, 30, 5, 30], 20),
        np.repeat([[NEVER, 0, 1], [MARRIED, 1, 0]] * 2, 20, axis=0),
    )  # fmt: skip
    mothers = Donors.of(np.zeros(1), np.zeros(1), np.array([28]))
    return Families(chance, older, newcomers, mothers, kinds)


def people(couples: int = 300) -> dict[str, np.ndarray]:
    """Couples with two children each, of whom one is of age; and as many who live alone."""
    n = np.arange(couples)
    man, woman = 3 * 0 + n, couples + n
    age = 30 + n % 40
    made = {
        "age": np.concatenate([age + 2, age, age - 25, np.full(couples, 17), 20 + n % 60]),
        "sex": np.concatenate([0 * n, 0 * n + 1, n % 2, n // 2 % 2, n % 2]),
        "spouse": np.concatenate([woman, man, *[0 * n - 1] * 3]),
        "parent": np.concatenate([0 * n - 1, 0 * n - 1, woman, woman, 0 * n - 1]),
        "marital": np.concatenate([n * 0 + MARRIED, n * 0 + MARRIED, *[0 * n] * 3]),
    }  # fmt: skip
    return made | {"group": np.zeros(5 * couples, int)}


def rates(immigration: float = 0.0) -> Assumptions:
    shape = CELLS.shape
    mortality = np.broadcast_to(0.0005 * 1.09 ** np.arange(CELLS.ages), shape)
    leaving = np.zeros(shape)
    leaving[0], leaving[1] = 0.03, 0.2
    fertility = np.zeros((3, CELLS.ages))
    fertility[0, 20:41] = 0.09
    coming = np.zeros(shape)
    coming[2, :, [3, 8, 25, 31, 36, 70]] = immigration
    return Rates(mortality[None], leaving[None], fertility[None], coming[None]).assumptions(CELLS)


def lived(seed: int, of: Families, given: Assumptions, years: int = YEARS) -> Lives:
    lives = Lives(CELLS, people(), seed, 2021, 2, of)
    for step in range(years):
        lives.live(given, step)
    return lives


def sums(p: Persons) -> list[float]:
    """What both simulations are compared by."""
    homes = households(p, CELLS.resident)
    status = p.marital[homes.persons]
    sizes = [int(((homes.size == n) / homes.size).sum().round()) for n in range(1, 5)]
    both = (p.group == 1) & (p.spouse >= 0)
    return [len(homes.persons), *np.bincount(status, minlength=4), *sizes, int(both.sum()),
            int((p.parent[homes.persons] >= 0).sum())]  # fmt: skip


def check_families(p: Persons) -> None:
    """What holds of families in any run."""
    there = np.flatnonzero(p.group >= 0)
    wed = there[p.spouse[there] >= 0]
    assert (p.spouse[p.spouse[wed]] == wed).all()
    assert (p.marital[wed] == MARRIED).all()
    assert (p.group[p.spouse[wed]] >= 0).all()
    # Each couple is a man and a woman: as many husbands as wives.
    assert (p.sex[wed] + p.sex[p.spouse[wed]] == 1).all()
    child = there[p.parent[there] >= 0]
    here = CELLS.resident[p.group]
    assert (here[child] == here[p.parent[child]]).all()
    assert (p.marital[child] == NEVER).all()
    assert (p.parent[p.parent[child]] < 0).all()
    homes = households(p, CELLS.resident)
    assert len(homes.persons) == (CELLS.resident[p.group[there]]).sum()
    # Sizes add up to persons exactly: each household has as many members as it says.
    found, members = np.unique(homes.household, return_counts=True)
    assert dict(zip(homes.household, homes.size, strict=True)) == dict(
        zip(found, members, strict=True)
    )
    assert members.sum() == len(homes.persons)


@dataclass(eq=False)
class Person:
    """One person of the plain simulation."""

    sex: int
    age: int
    status: int = NEVER
    where: str = "here"
    spouse: Person | None = None
    parent: Person | None = None
    children: list[Person] = field(default_factory=list)


class Plain:
    """The same rules, person by person, with Python's own random numbers."""

    def __init__(self, seed: int, given: Assumptions, chance: Probabilities) -> None:
        self.random, self.given, self.chance = Random(seed), given, chance
        made = people()
        self.everybody = [
            Person(int(sex), int(age), int(status))
            for sex, age, status in zip(made["sex"], made["age"], made["marital"], strict=True)
        ]
        for one, spouse, parent in zip(self.everybody, made["spouse"], made["parent"], strict=True):
            one.spouse = self.everybody[spouse] if spouse >= 0 else None
            one.parent = self.everybody[parent] if parent >= 0 else None

    def drawn(self) -> dict[Person, float]:
        """Of each the number that decides who leaves: a spouse's, a parent's, or their own."""
        own = {one: self.random.random() for one in self.everybody}
        for one in self.everybody:
            beside = one.spouse and one.sex == 0 and one.spouse.where == one.where
            if beside and self.random.random() < self.chance.couples:
                own[one.spouse] = own[one]
        of_parents = {
            one: own[one.parent] for one in self.everybody
            if one.parent and one.parent.where == one.where
            and self.random.random() < self.chance.children
        }  # fmt: skip
        return own | of_parents

    def year(self) -> None:
        own, born = self.drawn(), []
        for one in self.everybody:
            before = one.where
            self.fate(one, own[one], one.age + 1)
            older = min(one.age + 1, CELLS.ages - 1)
            if one.sex == 1 and before == "here":
                chance = self.given.fertility[0, 0, one.age] / 2
                chance += self.given.fertility[0, 0, older] / 2 * (one.where == before)
                if self.random.random() < chance:
                    born.append(self.child(one, own[one]))
            one.age = older
        self.everybody += born
        for one in self.everybody:
            self.settle(one)
        self.everybody = [one for one in self.everybody if one.where != "dead"]
        asked: tuple[list[Person], list[Person]] = ([], [])
        parting = [one for one in self.everybody if one.where == "here" and self.parts(one, asked)]
        for one in parting:
            assert one.spouse
            one.status = one.spouse.status = DIVORCED
            one.spouse.spouse = one.spouse = None
        self.wed(*asked)

    def fate(self, one: Person, value: float, cohort: int) -> None:
        at = (0, ["here", "away"].index(one.where), one.sex, cohort)
        leave, stay = self.given.leave[at], self.given.stay[at]
        if value < leave:
            one.where = "away" if one.where == "here" else "here"
        elif self.random.random() < 1 - stay / (1 - leave):
            one.where = "dead"

    def child(self, mother: Person, value: float) -> Person:
        mother.parent = None
        males = self.given.males_per_female / (1 + self.given.males_per_female)
        one = Person(int(self.random.random() >= males), 0, parent=mother)
        self.fate(one, value, 0)
        return one

    def settle(self, one: Person) -> None:
        if one.where == "dead":
            return
        if one.parent and one.parent.where != one.where:
            other = one.parent.spouse
            one.parent = other if other and other.where == one.where else None
        if one.spouse and one.spouse.where == "dead":
            one.status, one.spouse = WIDOWED, None

    def parts(self, one: Person, asked: tuple[list[Person], list[Person]]) -> bool:
        """What happens to one; whether the couple parts. Who marries a resident is kept."""
        at, value = (one.sex, one.age), self.random.random()
        if one.parent and self.random.random() < self.chance.leaving_home[at]:
            one.parent = None
        if one.status != MARRIED:
            marries = value < self.chance.marriage[(one.status, *at)]
            if marries and self.random.random() < self.chance.outside[one.sex]:
                one.status, one.parent = MARRIED, None
            elif marries:
                asked[one.sex].append(one)
        elif one.spouse is None:
            widowed = self.chance.widowhood[at]
            if value < widowed + self.chance.divorce[at]:
                one.status = WIDOWED if value < widowed else DIVORCED
        elif one.sex == 0 or one.spouse.where == "away":
            return bool(value < self.chance.divorce[at])
        return False

    def wed(self, men: list[Person], women: list[Person]) -> None:
        # As many as the mean of both: of the sex with too few, others like them.
        many = (len(men) + len(women) + self.random.randrange(2)) // 2
        for side, sex in ((men, 0), (women, 1)):
            others = [
                one for one in self.everybody
                if one.where == "here" and one.sex == sex and one.status != MARRIED
                and one not in side and one.age >= 18
            ]  # fmt: skip
            weights = [float(self.chance.marriage[one.status, sex, one.age]) for one in others]
            while len(side) < many:
                (n,) = self.random.choices(range(len(others)), weights)
                side.append(others.pop(n))
                weights.pop(n)
            self.random.shuffle(side)
            del side[many:]
            side.sort(key=lambda one: one.age)
        for man, woman in zip(men, women, strict=True):
            man.status = woman.status = MARRIED
            man.spouse, woman.spouse = woman, man
            man.parent = woman.parent = None

    def sums(self) -> list[float]:
        here = [one for one in self.everybody if one.where == "here"]
        members: dict[int, int] = {}
        for one in here:
            head = one.parent or one
            couple = head.spouse is not None and head.spouse.where == "here"
            name = min(id(head), id(head.spouse)) if couple else id(head)
            members[name] = members.get(name, 0) + 1
        status = [sum(one.status == n for one in here) for n in range(4)]
        sizes = [sum(size == n for size in members.values()) for n in range(1, 5)]
        away = sum(one.where == "away" and one.spouse is not None for one in self.everybody)
        return [len(here), *status, *sizes, away, sum(one.parent is not None for one in here)]


def same_means(one: np.ndarray, other: np.ndarray) -> None:
    variance = one.var(axis=0, ddof=1) / len(one) + other.var(axis=0, ddof=1) / len(other)
    assert np.abs((one.mean(axis=0) - other.mean(axis=0)) / np.sqrt(variance)).max() < 4


def test_a_plain_simulation_says_the_same() -> None:
    given, chance = rates(), probabilities()
    ours = np.array([sums(lived(seed, assumed(chance), given).persons) for seed in range(RUNS)])
    plain = []
    for seed in range(RUNS):
        other = Plain(seed, given, chance)
        for _ in range(YEARS):
            other.year()
        plain.append(other.sums())
    same_means(ours.astype(float), np.array(plain, float))


def test_families_change_no_mean_of_the_projection() -> None:
    given = rates(immigration=30.0)
    counts = np.zeros(CELLS.shape)
    made = people()
    np.add.at(counts, (made["group"], made["sex"], made["age"]), 1)
    expected = project(CELLS, counts, given, steps=YEARS).population[YEARS]
    runs = [lived(seed, assumed(probabilities()), given) for seed in range(RUNS)]
    for one in runs:
        check_families(one.persons)
    found = np.stack([one.counted()[0] for one in runs]).reshape(RUNS, 3, 2, 5, 20).sum(axis=-1)
    wanted = expected.reshape(3, 2, 5, 20).sum(axis=-1)
    known = found.std(axis=0) > 0
    error = found.std(axis=0, ddof=1)[known] / np.sqrt(RUNS)
    assert np.abs((found.mean(axis=0) - wanted)[known] / error).max() < 4


def test_marriages_and_divorces_are_rates_times_exposure() -> None:
    """Of a year in which nothing else happens: of both sexes together, as each of them says."""
    none = np.zeros((1, 1, 1, 1))
    still, chance = Rates(none, none, none[0], none).assumptions(CELLS), probabilities()
    made = people()
    age, sex, status = made["age"] + 1, made["sex"], made["marital"]
    single, married = status == NEVER, status == MARRIED
    outside = chance.marriage[NEVER, sex, age] * chance.outside[sex]
    inside = chance.marriage[NEVER, sex, age] - outside
    found = []
    for seed in range(200):
        p = lived(seed, assumed(chance), still, years=1).persons
        wed = single & (p.marital == MARRIED)
        found.append([
            (wed & (p.spouse >= 0)).sum(), (wed & (p.spouse < 0) & (sex == 0)).sum(),
            (wed & (p.spouse < 0) & (sex == 1)).sum(), (p.marital == DIVORCED).sum(),
        ])  # fmt: skip
    expected = [inside[single].sum(), *(outside[single & (sex == s)].sum() for s in (0, 1)),
                chance.divorce[sex, age][married].sum()]  # fmt: skip
    runs = np.array(found, float)
    error = runs.std(axis=0, ddof=1) / np.sqrt(len(runs))
    assert np.abs((runs.mean(axis=0) - expected) / error).max() < 4
    assert (runs[:, 0] % 2 == 0).all()


def test_nothing_happens_where_all_rates_are_none() -> None:
    none = np.zeros((1, 1, 1, 1))
    still = Rates(none, none, none[0], none).assumptions(CELLS)
    lives = Lives(CELLS, people(), 1, 2021, 2, assumed(probabilities(rate=0)))
    before = households(lives.persons, CELLS.resident)
    for step in range(YEARS):
        lives.live(still, step)
    after = households(lives.persons, CELLS.resident)
    for name in ("persons", "household", "size", "couple"):
        assert (getattr(before, name) == getattr(after, name)).all()
    assert sorted(set(before.size)) == [1, 4]


@pytest.mark.parametrize(("couples", "children"), [(0.0, 0.0), (0.6, 0.5), (1.0, 1.0)])
def test_couples_leave_together_as_often_as_is_said(couples: float, children: float) -> None:
    given, many, both, kids = rates(), 0.0, 0.0, [0.0, 0.0]
    n = 300
    for seed in range(60):
        p = lived(seed, assumed(probabilities(0, couples, children)), given, years=1).persons
        away = p.group[: 4 * n] == 1
        many += away[: 2 * n].sum()
        both += 2 * (away[:n] & away[n : 2 * n]).sum()
        for part in (2, 3):
            kids[0] += away[part * n : (part + 1) * n].sum()
            kids[1] += (away[part * n : (part + 1) * n] & away[n : 2 * n]).sum()
    alone = 0.03
    error = np.sqrt(0.25 / (many / 2))
    assert both / many == pytest.approx(couples + (1 - couples) * alone, abs=4 * error)
    share = kids[1] / kids[0]
    assert share == pytest.approx(children + (1 - children) * alone, abs=4 * error)


def test_who_is_left_is_widowed_and_children_are_with_the_other_parent() -> None:
    """Of four families, each without the mother in another way."""
    made = people(4)
    lives = Lives(CELLS, made, 1, 2021, 1, assumed(probabilities(rate=0)))
    p = lives.persons
    p.group[4], p.group[5], p.group[6] = DEAD, LEFT, 1
    none = np.zeros((1, 1, 1, 1))
    lives.live(Rates(none, none, none[0], none).assumptions(CELLS), 0)
    assert p.marital[:4].tolist() == [WIDOWED, MARRIED, MARRIED, MARRIED]
    assert p.spouse[:4].tolist() == [-1, -1, 6, 7]
    assert p.parent[8:12].tolist() == p.parent[12:16].tolist() == [0, 1, 2, 7]
    assert households(p, CELLS.resident).size[:4].tolist() == [3, 3, 3, 4]


def test_couples_are_as_far_apart_in_age_as_those_of_the_register() -> None:
    random = np.random.default_rng(5)
    age = random.uniform(20, 60, 3000)
    older = np.where(age < 40, random.normal(2, 2, 3000), random.normal(6, 4, 3000))
    weddings = Donors.of(np.zeros(3000), age, np.column_stack([0 * age, older]))
    n = 4000
    women = random.choice(age, n)
    men = women + weddings.like(np.zeros(n), women, random.uniform(size=n))[:, 1]
    made = {"age": np.concatenate([men, women]).astype(int), "sex": np.repeat([0, 1], n)}
    lives = Lives(CELLS, made | {"group": made["sex"] * 0}, 1, 2021, 1)
    p = lives.persons
    of = Families(probabilities(), weddings, None, weddings, np.zeros(3, np.intp))
    of.marry(p, np.full(2 * n, 0.5), 1, 2021)
    wives = np.arange(n, 2 * n)
    apart = p.age[p.spouse[wives]].astype(int) - p.age[wives]
    young = p.age[wives] < 40
    for some, mean, spread in ((young, 2, 2), (~young, 6, 4)):
        assert apart[some].mean() == pytest.approx(mean, abs=0.4)
        # Completed years of both: a spread of their own.
        assert apart[some].std() == pytest.approx(np.hypot(spread, 0.41), abs=0.4)


def test_who_comes_has_families_as_who_came() -> None:
    """Grown-ups are married to each other, and children live with mothers among them."""
    none = np.zeros((1, 1, 1, 1))
    lives = Lives(CELLS, people(5), 1, 2021, 2, assumed(probabilities(rate=0)))
    coming = np.zeros(CELLS.shape)
    coming[2, :, [5, 33]] = 200
    lives.live(Rates(none, none, none[0], coming[None]).assumptions(CELLS), 0)
    p = lives.persons
    new = np.flatnonzero(p.first_group == 2)
    grown, young = new[p.age[new] > 20], new[p.age[new] < 10]
    assert len(grown) > 300
    assert (p.marital[grown] == MARRIED).all()
    # Those of the sex that more come of are left over.
    men = (p.sex[grown] == 0).sum()
    assert (p.spouse[grown] < 0).sum() <= abs(2 * men - len(grown)) + 40
    assert (p.group[p.parent[young]] == 2).all()
    assert (p.age[p.parent[young]] > 20).all()
    assert (p.sex[p.parent[young]] == 1).all()
    check_families(p)


def test_the_same_seed_is_the_same_families_with_any_number_of_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = rates(immigration=5.0)
    one = lived(3, assumed(probabilities()), given).persons
    monkeypatch.setattr("folkestrom.analysis.microsimulation.lives._PART", 37)
    many = lived(3, assumed(probabilities()), given).persons
    for a, b in zip(one, many, strict=True):
        assert (a == b).all()
