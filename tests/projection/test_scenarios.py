"""What a scenario changes: that, from then on, and nothing else."""

from __future__ import annotations

import tomllib
from typing import Any

import numpy as np
import pytest

from folkestrom.errors import UsageError
from folkestrom.projection.changes import Change
from folkestrom.projection.scenario import Scenario, named, scenario_of
from tests.projection.test_properties import CELLS, drawn


def scenario(text: str) -> Scenario:
    return scenario_of(tomllib.loads(text), "trial")


def test_half_the_emigration_of_natives_fades_in() -> None:
    _, rates = drawn(1)
    found = scenario("""
        name = "Half"
        [[change]]
        component = "emigration"
        groups = ["native"]
        multiply = 0.5
        from = 2022
        fade_in = 2
    """).applied(rates, CELLS, 2021, 7)
    ratio = found.emigration / rates.emigration
    assert ratio[0] == pytest.approx(1)
    assert ratio[1, 0] == pytest.approx(0.75)
    assert ratio[2:, 0] == pytest.approx(0.5)
    assert ratio[:, 1:] == pytest.approx(1)
    assert found.mortality is rates.mortality


def test_emigration_is_of_residents_and_return_of_those_abroad() -> None:
    _, rates = drawn(2)
    for component, changed in (("emigration", [0, 1, 2]), ("return", [3])):
        found = scenario(f'[[change]]\ncomponent = "{component}"\nset = 0').applied(
            rates, CELLS, 2021, 7
        )
        zero = (found.emigration == 0).all(axis=(0, 2, 3))
        assert np.flatnonzero(zero).tolist() == changed


def test_ages_sex_and_groups_together() -> None:
    _, rates = drawn(3)
    found = scenario("""
        [[change]]
        component = "immigration"
        groups = "immigrants"
        sex = "female"
        ages = "3-4"
        add = 10
    """).applied(rates, CELLS, 2021, 7)
    added = found.immigration - rates.immigration
    expected = np.zeros(CELLS.shape)
    expected[1:3, 1, 3:5] = 1
    assert ((added > 0) == np.broadcast_to(expected, added.shape)).all()
    assert added.sum(axis=(-1, -2, -3)) == pytest.approx(10)


def test_changes_follow_each_other_and_a_name_changes_nothing() -> None:
    _, rates = drawn(4)
    half = scenario('name = "a"\n[[change]]\ncomponent = "fertility"\nmultiply = 0.5')
    other = scenario('name = "b"\n[[change]]\ncomponent = "fertility"\nmultiply = 0.5')
    both = half + other
    assert both.name == "a + b"
    assert both.applied(rates, CELLS, 2021, 7).fertility == pytest.approx(rates.fertility / 4)
    assert half.fingerprint == other.fingerprint != both.fingerprint


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[chang]]\ncomponent = "return"', r"(?s)'chang' is no key.*Did you mean 'change'"),
        ('[[change]]\ncomponent = "retrun"\nset = 0', r"(?s)change 1, component.*'return'"),
        ('[[change]]\ncomponent = "return"\nmutliply = 0', "(?s)mutliply.*'multiply'"),
        ('[[change]]\ncomponent = "return"', "change 1: must be said by one number"),
        ('[[change]]\ncomponent = "return"\nset = 0\nadd = 1', "'add, set' must be said"),
        ('[[change]]\ncomponent = "return"\nset = nan', "is no number that can be"),
        ('[[change]]\ncomponent = "return"\nset = 0\nages = "40-30"', "end before they begin"),
        ('[[change]]\ncomponent = "return"\nset = 0\nages = "old"', "are no ages"),
        ('[[change]]\ncomponent = "return"\nset = 0\nfade_in = -1', "is no number of years"),
        ('[[change]]\ncomponent = "return"\nset = 0\nsex = "men"', "is no sex"),
        ('[[change]]\ncomponent = "return"\nset = 0\ngroups = ["nativ"]', "Did you mean 'native'"),
        ('[[change]]\ncomponent = "mortality"\nadd = -1', "makes rates or numbers negative"),
        ('[[change]]\ncomponent = "return"\nset = 20', "set: '20.0' is no rate by person-year"),
    ],
)  # fmt: skip
def test_a_scenario_that_cannot_be_meant(text: str, said: str) -> None:
    _, rates = drawn(5)
    with pytest.raises(UsageError, match=said):
        scenario(text).applied(rates, CELLS, 2021, 7)


def test_immigrants_are_so_many_in_all_by_sex_and_age_as_before() -> None:
    _, rates = drawn(6)
    for how, amount in (("set", 5), ("add", 5), ("multiply", 3)):
        found = scenario(f"""
            [[change]]
            component = "immigration"
            groups = "immigrants"
            ages = "2-"
            {how} = {amount}
        """).applied(rates, CELLS, 2021, 7)
        old, new = (one.immigration[..., 1:3, :, 2:] for one in (rates, found))
        before, after = (one.sum(axis=(-1, -2, -3)) for one in (old, new))
        wanted = {"set": before * 0 + amount, "add": before + amount, "multiply": before * amount}
        assert after == pytest.approx(np.broadcast_to(wanted[how], after.shape))
        assert new == pytest.approx(old * (after / before)[..., None, None, None])
        untouched = found.immigration[..., [0, 3], :, :]
        assert (untouched == rates.immigration[..., [0, 3], :, :]).all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("groups = 5\nmultiply = 1", r"(?s)groups: '5' is no list of groups.*\"native\""),
        ('groups = [["native"]]\nmultiply = 1', "is no list of groups"),
        ("from = true\nmultiply = 1", "from: 'True' is no year"),
        (f"from = {10**20}\nmultiply = 1", "is no year"),
        (f"fade_in = {10**20}\nmultiply = 1", "fade_in: .* is no number of years"),
        (f"multiply = {10**400}", "is no number that can be"),
        ("multiply = 1e300", "(?s)multiply: '1e.300' is no number that can be.*Allowed"),
        ('multiply = "50%"', "multiply: '50%' is no number"),
        ('sex = ""\nmultiply = 1', r"Allowed: male, female"),
        ('ages = "40-30"\nmultiply = 1', "(?s)end before they begin.*Allowed: 30-39"),
        ('ages = "200-300"\nmultiply = 1', "(?s)change 1: is of nobody.*Next"),
    ],
)
def test_a_slip_in_a_change_names_it_and_what_is_allowed(change: str, said: str) -> None:
    _, rates = drawn(5)
    with pytest.raises(UsageError, match=said):
        scenario(f'[[change]]\ncomponent = "emigration"\n{change}').applied(rates, CELLS, 2021, 7)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ('"return"\ngroups = "immigrants"\nset = 0', "is of nobody"),
        ('"fertility"\nsex = "male"\nmultiply = 2', "is of nobody"),
        ('"immigration"\nset = -10', "negative"),
        ('"return"\nfixed = -1', "negative"),
        ('"return"\ngroups = "immigrants"\nfixed = 1', "is of nobody"),
        ('"emigration"\nset = 1.5', "(?s)set: '1.5' is no rate by person-year.*up to 1"),
        ('"mortality"\nadd = {2021 = 0.1, 2030 = 2}', "add: '1.* is no rate by person-year"),
        ('["emigration"]\nset = 0', "is no component.*"),
        ('"immigration"\nmultiply = -1', "negative"),
    ],
)
def test_a_change_that_changes_nobody_or_below_zero_is_refused(change: str, said: str) -> None:
    _, rates = drawn(5)
    persons = np.ones(CELLS.shape)
    with pytest.raises(UsageError, match=said):
        scenario(f"[[change]]\ncomponent = {change}").applied(rates, CELLS, 2021, 7, persons)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("multiply = -1", "change 1, multiply: '-1.0' makes"),
        ("over_coverage = 1.5", "change 1, over_coverage: '1.5' is no share"),
        ("over_coverage = -0.1", "(?s)over_coverage: '-0.1' is no share.*Allowed: 0 to 1"),
        ('ages = "500-"\nmultiply = 1', "nobody"),
    ],
)
def test_a_start_with_less_than_nobody_is_refused(change: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        scenario(f'[[change]]\ncomponent = "population"\n{change}').started(
            np.ones(CELLS.shape), CELLS
        )


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        (("emigrat", "multiply", 0.5), "(?s)'emigrat' is no component.*Did you mean 'emigration'"),
        (("emigration", "level", 0.5), "(?s)'level' does not change this.*multiply, add, set"),
        (("emigration", "multiply", 0.5, (), "man"), "(?s)'man' is no sex.*male, female"),
    ],
)
def test_a_change_that_is_made_in_code_is_looked_at_too(said: Any, wrong: str) -> None:
    with pytest.raises(UsageError, match=wrong):
        Change(*said)


def test_a_file_without_a_change_is_refused_and_no_name_is_the_files() -> None:
    with pytest.raises(UsageError, match=r"(?s)has no change.*\[\[change\]\]"):
        scenario("")
    assert scenario('name = ""\n[[change]]\ncomponent = "return"\nset = 0').name == "trial"


def test_levels_of_immigration_and_of_net_migration_contradict_each_other() -> None:
    persons, rates = drawn(7)
    level = scenario('[[change]]\ncomponent = "immigration"\nlevel = 700')
    for one, other in ((named("MME"), level), (level, named("MME"))):
        with pytest.raises(UsageError, match="contradict each other"):
            (one + other).applied(rates, CELLS, 2021, 7, persons)
    assert len((named("MME") + named("half-emigration")).changes) == 5
