"""What a difference is made of: sums, two methods side by side, and one age after the other."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from folkestrom.errors import InputRefused
from folkestrom.projection.rates.differences import arriaga, contributions, stepwise
from folkestrom.projection.rates.life_table import Floats, life_table, years_of_dying

AGE = np.array([0, 1, *range(5, 90, 5)], np.float64)


@pytest.fixture
def two(reference: Path) -> tuple[Floats, Floats]:
    """Death rates of women in Kazakhstan 1992 and Sweden 1985."""
    file = reference.parent / "cases" / "decomposition" / "decomp_kitagawa_sweden_kazakhstan.json"
    if not file.exists():
        pytest.skip("worked cases are not there")
    given = json.loads(file.read_text(encoding="utf-8"))["input"]
    first, second = (
        np.array(given[f"{land}_deaths"]) / np.array(given[f"{land}_pop"])
        for land in ("kaz", "swe")
    )
    return first, second


def expectation(rate: Floats, within: Floats) -> float:
    """Written out: nothing of the program's."""
    reached, lived = 1.0, 0.0
    for n, m in enumerate(rate):
        if n == len(rate) - 1:
            return lived + reached / m
        width, a = AGE[n + 1] - AGE[n], within[n]
        dying = width * m / (1 + (width - a) * m)
        lived += reached * (width * (1 - dying) + a * dying)
        reached *= 1 - dying
    return lived


def replaced_one_by_one(rates: tuple[Floats, Floats], within: tuple[Floats, Floats]) -> Floats:
    """Of the first, ages are replaced from the youngest on; the steps between."""
    rate, a = rates[0].copy(), within[0].copy()
    before, steps = expectation(rate, a), []
    for n in range(len(rate)):
        rate[n], a[n] = rates[1][n], within[1][n]
        steps.append(expectation(rate, a) - before)
        before += steps[-1]
    return np.array(steps)


def test_both_methods_beside_replacing_one_by_one(two: tuple[Floats, Floats]) -> None:
    first, second = two
    within = tuple(years_of_dying(AGE, rate, "female", "coale-demeny") for rate in two)
    a = (within[0], within[1])
    one, other = (life_table(AGE, rate, w) for rate, w in zip(two, a, strict=True))
    difference = float(other.expectation[0] - one.expectation[0])
    assert difference > 5
    # Arriaga has the first's mortality at younger ages: as if replaced from the oldest on, which
    # is the way back of replacing from the youngest on.
    by_arriaga = arriaga(one, other)
    assert by_arriaga.sum() == pytest.approx(difference)
    assert by_arriaga == pytest.approx(-replaced_one_by_one((second, first), (a[1], a[0])))
    found = contributions(AGE, (first[None], second[None]), a)[0]
    assert found.sum() == pytest.approx(difference)
    there, back = by_arriaga, -arriaga(other, one)
    assert found == pytest.approx((there + back) / 2)
    assert found == pytest.approx(by_arriaga, abs=0.05 * difference)


def test_ways_out_and_ages_add_up(two: tuple[Floats, Floats]) -> None:
    share = np.linspace(0.9, 0.1, AGE.size)
    rates = np.stack([two[0] * share, two[0] * (1 - share)]), np.stack([two[1], two[1] * 0.2])
    half = np.append(np.diff(AGE), 0) / 2
    found = contributions(AGE, rates, (half, half))
    one, other = (life_table(AGE, rate.sum(axis=0), half).expectation[0] for rate in rates)
    assert found.shape == rates[0].shape
    assert found.sum() == pytest.approx(other - one)
    # Where a way out is the same in both, it adds nothing.
    same = contributions(AGE, (rates[0], np.stack([rates[0][0], rates[1][1]])), (half, half))
    assert np.abs(same[0]).max() < 1e-12


def test_stepwise_is_exact_of_a_sum() -> None:
    first, second = np.array([1.0, 2.0, 4.0]), np.array([3.0, 1.0, 9.0])
    found = stepwise(lambda x: x.sum(axis=-1), first, second)
    assert found.tolist() == [2, -1, 5]


def test_tables_of_other_ages_are_refused() -> None:
    tables = [
        life_table(age, np.full(2, 0.1), np.full(2, 0.5))
        for age in (np.array([0.0, 1.0]), np.array([0.0, 5.0]))
    ]
    with pytest.raises(InputRefused, match="other ages"):
        arriaga(*tables)
