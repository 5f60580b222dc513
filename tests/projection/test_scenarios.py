"""What a scenario changes: that, from then on, and nothing else."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest

from folkestrom.errors import UsageError
from folkestrom.projection.scenario import Scenario, scenario_of
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
    expected[1:3, 1, 3:5] = 10
    assert added == pytest.approx(np.broadcast_to(expected, added.shape))


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
        ('[[change]]\ncomponent = "return"', "change 1: must be said by one of three"),
        ('[[change]]\ncomponent = "return"\nset = 0\nadd = 1', "'add, set' must be said"),
        ('[[change]]\ncomponent = "return"\nset = nan', "must be said by one of three"),
        ('[[change]]\ncomponent = "return"\nset = 0\nages = "40-30"', "end before they begin"),
        ('[[change]]\ncomponent = "return"\nset = 0\nages = "old"', "are no ages"),
        ('[[change]]\ncomponent = "return"\nset = 0\nfade_in = -1', "is no year"),
        ('[[change]]\ncomponent = "return"\nset = 0\nsex = "men"', "is no sex"),
        ('[[change]]\ncomponent = "return"\nset = 0\ngroups = ["nativ"]', "Did you mean 'native'"),
        ('[[change]]\ncomponent = "mortality"\nadd = -1', "rates less than nothing"),
    ],
)  # fmt: skip
def test_a_scenario_that_cannot_be_meant(text: str, said: str) -> None:
    _, rates = drawn(5)
    with pytest.raises(UsageError, match=said):
        scenario(text).applied(rates, CELLS, 2021, 7)
