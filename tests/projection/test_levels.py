"""Levels, paths, names and letters of scenarios; what contradicts or cannot be reached."""

from __future__ import annotations

import tomllib
from typing import Any

import numpy as np
import pytest

from folkestrom.errors import UsageError
from folkestrom.projection.assumptions import Rates
from folkestrom.projection.changes import Change, How
from folkestrom.projection.indicators import remaining_years
from folkestrom.projection.projecting import project
from folkestrom.projection.rates.period import period_life_table
from folkestrom.projection.scenario import Scenario, built_in, named, scenario_of
from folkestrom.projection.structure import FEMALE, Group, Structure

AGES = 120
CELLS = Structure((
    Group("native", leaves_to="away"),
    Group("new", part_of=("immigrants",), children=(("native", 1.0),)),
    Group("away", resident=False, leaves_to="native"),
), AGES)  # fmt: skip
PEOPLE = np.zeros(CELLS.shape)
PEOPLE[:, :, :90] = np.array([1000.0, 100, 50])[:, None, None]


def rates() -> Rates:
    age = np.arange(AGES)
    mortality = np.minimum(3e-5 * np.exp(0.1 * age), 1) * np.array([[1.3], [0.9]])
    emigration = np.zeros(CELLS.shape)
    emigration[:, :, 20:40] = np.array([0.01, 0.05, 0.1])[:, None, None]
    fertility = np.zeros((3, AGES))
    fertility[:, 20:40] = np.array([0.08, 0.12, 0.08])[:, None]
    come = np.zeros(CELLS.shape)
    come[1, :, 20:30] = 40
    return Rates(mortality[None, None], emigration[None], fertility[None], come[None])


def applied(scenario: Scenario, steps: int = 30) -> Rates:
    return scenario.applied(rates(), CELLS, 2020, steps, PEOPLE)


def test_life_expectancy_is_that_of_a_life_table() -> None:
    found = applied(Scenario("long", (
        Change("mortality", "level", 85.0, sex="male", path=((2020, 82.0), (2040, 88.0))),
    )))  # fmt: skip
    for step, years in ((0, 82.0), (10, 85.0), (20, 88.0), (29, 88.0)):
        lived = np.full(AGES, 1e6)
        table = period_life_table(found.mortality[step, 0, 0] * lived, lived, "male")
        assert table is not None
        assert table.expectation[0] == pytest.approx(years, abs=0.1)
        assert remaining_years(found.mortality[step, 0, 0], CELLS)[0] == pytest.approx(years)
    assert found.mortality[:, 0, 1] == pytest.approx(np.tile(rates().mortality[0, 0, 1], (30, 1)))
    ratio = found.mortality[20, 0, 0] / rates().mortality[0, 0, 0]
    assert np.ptp(ratio[:79]) < 1e-9
    assert ratio[100:] == pytest.approx(1)
    assert (np.diff(ratio[80:100]) > 0).all()


def test_children_per_woman_are_those_of_all_residents_together() -> None:
    found = applied(Scenario("many", (Change("fertility", "level", 2.1, fade_in=10),)))
    women = PEOPLE[:2, FEMALE, 20:40]
    each = (found.fertility[:, :2, 20:40] * women).sum(axis=1) / women.sum(axis=0)
    before = (0.08 * 1000 + 0.12 * 100) / 1100 * 20
    assert each.sum(axis=1)[[0, 4, 9, 29]] == pytest.approx(
        [before + (2.1 - before) * share for share in (0.1, 0.5, 1, 1)]
    )
    assert found.fertility[20, 1, 30] / found.fertility[20, 0, 30] == pytest.approx(1.5)


@pytest.mark.parametrize("wanted", [0.0, 500.0])
def test_net_migration_comes_to_a_level(wanted: float) -> None:
    found = applied(Scenario("net", (Change("net_migration", "level", wanted),)))
    made = project(CELLS, PEOPLE, found.assumptions(CELLS), steps=30)
    net = (made.immigration - made.emigration)[:, :2].sum(axis=(1, 2, 3))
    assert net == pytest.approx(wanted, abs=0.01)
    ages = found.immigration[7, 1].sum(axis=0)
    assert ages[20:30] == pytest.approx(ages[20])


def test_levels_of_draws_are_those_of_each() -> None:
    base = rates()
    scenario = named("MMC") + Scenario("net", (Change("net_migration", "level", 100.0),))
    factors = np.array([1.0, 1.4])
    both = Rates(
        base.mortality, base.emigration * factors[:, None, None, None, None],
        base.fertility * factors[:, None, None, None], base.immigration,
    )  # fmt: skip
    found = scenario.applied(both, CELLS, 2020, 30, PEOPLE)
    for draw, factor in enumerate(factors):
        alone = scenario.applied(
            Rates(base.mortality, base.emigration * factor, base.fertility * factor,
                  base.immigration), CELLS, 2020, 30, PEOPLE,
        )  # fmt: skip
        assert found.fertility[draw] == pytest.approx(alone.fertility)
        assert found.immigration[draw] == pytest.approx(alone.immigration, rel=1e-4)


def test_returns_in_a_fixed_number_do_not_follow_the_stock() -> None:
    for leaving in (1.0, 0.0):
        scenario = named("fixed-return") + Scenario(
            "x", (Change("emigration", "multiply", leaving),)
        )
        found = project(CELLS, PEOPLE, applied(scenario).assumptions(CELLS), steps=30)
        assert found.immigration[:, 0].sum(axis=(1, 2)) == pytest.approx(50 * 0.1 * 2 * 20)
        gone = project(CELLS, PEOPLE, applied(named("no-return")).assumptions(CELLS), steps=9)
        assert gone.immigration[:, 0].sum() == 0


def test_over_coverage_is_taken_from_the_beginning() -> None:
    low, high = named("over-coverage").ends
    assert (low.started(PEOPLE, CELLS) == PEOPLE).all()
    found = high.started(PEOPLE, CELLS)
    assert found[1, :, 20:67] == pytest.approx(97)
    assert found[1, :, :20] == pytest.approx(100)
    assert (found[0] == PEOPLE[0]).all()


def test_letters_and_names() -> None:
    assert named("MMMM").changes == named("MMM").changes
    assert named("HML").fingerprint == named("HMKL").fingerprint
    assert named("CC0").changes == (Change("migration", "multiply", 0.0),)
    for name in built_in():
        if "natives" not in name and name != "immigrants-only":
            assert all(applied(one) is not None for one in named(name).ends)
    for letters in ("HHH", "LLL", "CCE", "MM0"):
        found = applied(named(letters), 81)
        assert np.isfinite(found.mortality).all()
    nobody = project(CELLS, PEOPLE, applied(named("CC0")).assumptions(CELLS), steps=5)
    assert nobody.immigration.sum() == nobody.emigration.sum() == 0
    with pytest.raises(
        UsageError, match=r"(?s)'halfemigration' is neither.*Did you mean 'half-emi"
    ):
        named("halfemigration")
    with pytest.raises(UsageError, match=r"alternative MMX, migration: 'X' is no letter"):
        named("MMX")


def test_contradictions() -> None:
    def level(amount: float, **more: object) -> Scenario:
        return Scenario(f"{amount}", (Change("fertility", "level", amount, **more),))  # type: ignore[arg-type]

    with pytest.raises(UsageError, match=(
        r"scenario 1.5, change 1 \+ scenario 1.7, change 1: 'fertility, groups native new away, "
        r"ages 0-, from 2020' contradict each other"
    )):  # fmt: skip
        applied(level(1.5) + level(1.7))
    with pytest.raises(UsageError, match="contradict each other"):
        applied(named("MMM+HCC"))
    applied(level(1.5) + level(1.5))
    applied(level(1.5, groups=("native",)) + level(1.7, groups=("new",)))
    applied(level(1.5) + Scenario("half", (Change("fertility", "multiply", 0.5),)))


def _set(place: str, amount: float, **more: Any) -> Scenario:
    return Scenario(place, (Change("emigration", "multiply", 1.0),
                            Change("emigration", "set", amount, **more)), place=place)  # fmt: skip


def test_a_group_within_another_at_the_same_ages_is_a_contradiction() -> None:
    whole = _set("a.toml", 0.01, groups=("immigrants",), ages=(20, 39), first=2025)
    nested = _set("b.toml", 0.03, groups=("new",), ages=(30, 66), sex="female")
    for one, other in ((whole, nested), (nested, whole)):
        places = " + ".join(f"{part.place}, change 2" for part in (one, other))
        with pytest.raises(UsageError) as raised:
            applied(one + other)
        assert str(raised.value).startswith(
            f"{places}: 'emigration, groups new, sex female, ages 30-39, from 2025' contradict each"
        )
    # With a third between them they still do; each by itself with it does not.
    third = Scenario("third", (Change("emigration", "multiply", 0.5),))
    with pytest.raises(UsageError, match=r"a\.toml, change 2 \+ b\.toml, change 2"):
        applied(whole + third + nested)
    applied(whole + third)
    applied(third + nested)


@pytest.mark.parametrize("more", [
    {"groups": ("new",), "ages": (40, 66)}, {"groups": ("native",)},
    {"groups": ("immigrants",), "ages": (20, 39), "sex": "female"},
])  # fmt: skip
def test_what_meets_nowhere_is_no_contradiction_whatever_the_order(more: dict[str, Any]) -> None:
    one = _set("a", 0.01, groups=("immigrants",), ages=(20, 39), sex="male")
    other = _set("b", 0.03, **more)
    first, second = (applied(pair).emigration for pair in (one + other, other + one))
    assert (first == second).all()


def test_a_range_meets_what_its_ends_meet() -> None:
    ranged = scenario_of(tomllib.loads(
        '[[change]]\ncomponent = "emigration"\nset = [0.01, 0.02]\ngroups = "immigrants"'
    ), "ranged")  # fmt: skip
    both = ranged + _set("b", 0.03, groups=("new",))
    assert [one.name for one in both.ends] == ["ranged + b: 0.01", "ranged + b: 0.02"]
    with pytest.raises(UsageError, match="is a range"):
        applied(both)
    for end in both.ends:
        with pytest.raises(UsageError, match="contradict each other"):
            applied(end)
    assert ranged.fingerprint not in {one.fingerprint for one in ranged.ends}
    plain = scenario_of(tomllib.loads(
        '[[change]]\ncomponent = "emigration"\nset = 0.02\ngroups = "immigrants"'
    ))  # fmt: skip
    assert ranged.ends[1].fingerprint == plain.fingerprint
    for number in ("[0.02]", "[0.02, 0.01]", '[0.01, "x"]', "[0.01, 0.02, 0.03]", "[0.01, true]"):
        with pytest.raises(UsageError, match=r"(?s)set: .* is no range.*\[0.01, 0.03\]"):
            scenario_of(tomllib.loads(f'[[change]]\ncomponent = "emigration"\nset = {number}'))


def test_multiplying_and_adding_by_themselves_go_in_any_order_and_together_not() -> None:
    def one(how: How, amount: float) -> Scenario:
        return Scenario(f"{how} {amount}", (Change("emigration", how, amount),))

    for how, amounts in (("multiply", (0.5, 0.8)), ("add", (0.01, 0.02))):
        parts = [one(how, amount) for amount in amounts]  # type: ignore[arg-type]
        either = [applied(a + b).emigration for a, b in (parts, parts[::-1])]
        assert either[0] == pytest.approx(either[1])
    half, more, still = one("multiply", 0.5), one("add", 0.01), one("set", 0.02)
    base = np.broadcast_to(rates().emigration[:, :2], applied(half).emigration[:, :2].shape)
    assert applied(half + more).emigration[:, :2] == pytest.approx(base / 2 + 0.01)
    assert applied(more + half).emigration[:, :2] == pytest.approx((base + 0.01) / 2)
    assert applied(still + half).emigration[:, :2] == pytest.approx(0.01)
    assert applied(half + still).emigration[:, :2] == pytest.approx(0.02)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('component = "fertility"\nlevel = 1.5\nages = "20-30"', "cannot be said of a part"),
        ('component = "fertility"\nlevel = -1', "is a level that these rates cannot be brought to"),
        ('component = "mortality"\nlevel = 200', "is a level that these rates cannot be brought"),
        ('component = "emigration"\nlevel = 5', r"'level' must be said by one.*multiply, add, set"),
        ('component = "net_migration"\nlevel = 10\ngroups = "new"', "is of all together, whoever"),
        ('component = "net_migration"\nlevel = 10\nages = "20-30"', "is of all together, whoever"),
        ('component = "net_migration"\nlevel = -1e6', "is more emigration than immigration can"),
        ('component = "emigration"\nmultiply = 0.5\nfrom = 2051', "'2051' begins after the last"),
        ('component = "fertility"\nlevel = {2020 = 1, 2030 = 2}\nfrom = 2021', "says twice when"),
        ('component = "population"\nmultiply = 0.9\nfrom = 2021', "says twice when it comes"),
        ('component = "fertility"\nlevel = {soon = 1.5}', "is no number that can be"),
        ('component = "fertility"\nlevel = {}', "has no year"),
        ('component = "fertility"\nlevle = 1.5', r"(?s)'levle' is no key.*Did you mean 'level'"),
    ],
)  # fmt: skip
def test_what_cannot_be(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=rf"(?s){said}"):
        applied(scenario_of(tomllib.loads(f"[[change]]\n{text}"), "trial"))


def test_levels_need_to_know_who_is_there() -> None:
    with pytest.raises(UsageError, match="needs the population at the beginning"):
        named("MCC").applied(rates(), CELLS, 2020, 30)
