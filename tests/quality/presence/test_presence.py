"""The residency index and what its threshold misses: beside loops, closed forms and draws."""

from __future__ import annotations

import numpy as np
import pytest

from folkestrom.errors import UsageError
from folkestrom.quality.presence.index import Index, sign_weights
from folkestrom.quality.presence.misclassification import (
    Estimates,
    Share,
    averaged,
    corrected,
    share_below,
    shrunk,
)

YEARS = 6


def test_the_index_is_what_the_recursion_says_person_by_person() -> None:
    generator = np.random.default_rng(1)
    signs = generator.integers(0, 2**YEARS, (200, 3))
    since = generator.integers(-2, YEARS + 1, 200)
    weights, index = np.array([1.0, 0.6, 0.1]), Index()
    found = index.of(signs, since, weights, YEARS)
    for person in range(200):
        value = 1.0
        for year in range(YEARS):
            if since[person] >= year:
                value = 1.0
                continue
            shown = [int(f"{bits:0{YEARS}b}"[::-1][year]) for bits in signs[person]]
            value = min(
                1.0, 0.8 * value + 0.2 * sum(w * s for w, s in zip(weights, shown, strict=True))
            )
        assert found[person] == pytest.approx(value)


def test_who_shows_the_most_telling_sign_each_year_stays_above_the_threshold() -> None:
    found = Index().of(np.array([[2**YEARS - 1], [0]]), np.zeros(2, int), np.ones(1), YEARS)
    assert Index().below(found).tolist() == [False, True]
    # 0.5 · 1 + 0.2 is 0.7, and not below it, however it is added up.
    assert not Index(0.5, 0.2).below(np.array([0.1 + 0.2 + 0.4])).any()


def test_weights_of_one_sign_are_those_of_a_table_of_two_by_two() -> None:
    """Firth's penalty is half a person in each cell of a saturated table."""
    cells = {(1, 1): 60, (1, 0): 3, (0, 1): 10, (0, 0): 20, (2, 1): 30, (2, 0): 0}
    signs, present = [], []
    for (kind, here), persons in cells.items():
        # Three kinds of persons: no sign, the first, the second; two signs make it saturated.
        signs += [(kind == 1, kind == 2)] * persons
        present += [here] * persons
    odds = {k: np.log((cells[k, 1] + 0.5) / (cells[k, 0] + 0.5)) for k in (0, 1, 2)}
    expected = np.array([odds[1] - odds[0], odds[2] - odds[0]])
    found = sign_weights(np.array(signs, bool), np.array(present, bool))
    assert found == pytest.approx(expected / expected.max(), abs=1e-6)


def test_signs_that_tell_nothing_are_refused() -> None:
    signs = np.array([[1], [0], [1], [1]], bool)
    with pytest.raises(UsageError, match="no more often by those who are here"):
        sign_weights(signs, np.array([0, 1, 0, 1], bool))


@pytest.mark.parametrize("gone", [0, 8, 60])
def test_intervals_hold_the_number_in_95_of_100_draws(gone: int) -> None:
    """Two strata, errors estimated from samples: 2 000 draws, whose own error is 0.5 per cent."""
    generator = np.random.default_rng(gone)
    persons, errors, caught = np.array([[3000, 1000]]), np.array([0.01, 0.04]), 0.85
    samples, known = np.array([2000, 500]), 80
    of_gone = np.array([gone // 2, gone - gone // 2])
    held = []
    for _ in range(2000):
        false = generator.binomial(persons[0] - of_gone, errors)
        below = (false + generator.binomial(of_gone, caught))[None]
        value = generator.binomial(samples, errors) / samples
        smooth = (value * samples + 0.5) / (samples + 1)
        shown = np.array([generator.binomial(known, caught) / known])
        present = Share(value, smooth * (1 - smooth) / (samples + 1))
        found = corrected(below, persons, present, Share(shown, shown * (1 - shown) / known))
        held.append(found.lower[0] <= gone <= found.upper[0])
    assert 0.935 < np.mean(held) < 0.985


def test_the_days_of_one_person_count_once() -> None:
    generator = np.random.default_rng(4)
    below = np.repeat(generator.random(400) < 0.3, 5)
    person, one = np.repeat(np.arange(400), 5), np.zeros(2000, int)
    found = share_below(below, person, one, 1)
    assert found.value[0] == pytest.approx(below.mean())
    assert found.variance[0] == pytest.approx(below.mean() * (1 - below.mean()) / 400, rel=0.01)


@pytest.mark.parametrize(
    ("below", "message"), [(0, "everybody passes"), (100, "nobody passes"), (2, "as often")]
)
def test_a_threshold_that_tells_nobody_apart_is_refused(below: int, message: str) -> None:
    share = Share(np.array([0.5]), np.zeros(1))
    with pytest.raises(UsageError, match=message):
        corrected(np.array([[below]]), np.array([[100]]), share, share)


def test_small_areas_lean_on_the_others_as_far_as_they_are_unsure() -> None:
    generator = np.random.default_rng(5)
    areas, persons = 300, np.full(300, 500.0)
    truth = 500 * np.clip(generator.normal(0.06, 0.02, areas), 0, 1)
    errors = generator.uniform(4, 20, areas)
    total = truth + generator.normal(0, errors)
    direct = Estimates(total, total - 1.96 * errors, total + 1.96 * errors)
    found = shrunk(direct, persons)
    assert ((found.total - truth) ** 2).mean() < 0.7 * ((total - truth) ** 2).mean()
    assert 0.92 < ((found.lower <= truth) & (truth <= found.upper)).mean() < 0.98
    alike = Estimates(np.full(9, 30.0), np.full(9, 10.0), np.full(9, 50.0))
    assert shrunk(alike, persons[:9]).total == pytest.approx(np.full(9, 30.0))


def test_models_together_are_the_mixture_of_what_each_says() -> None:
    generator = np.random.default_rng(2)
    first = Estimates(np.array([100.0, 7.0]), np.array([90.0, 5.0]), np.array([130.0, np.inf]))
    unknown = np.array([np.nan])
    other = Estimates(*(np.append(end, unknown) for end in (160.0, 140.0, 180.0)))
    alone = averaged([first, first], [0.2, 0.3])
    for name in ("total", "lower", "upper"):
        assert getattr(alone, name) == pytest.approx(getattr(first, name), rel=2e-3)
    found = averaged([first, other], [0.3, 0.7])
    assert found.total == pytest.approx([0.3 * 100 + 0.7 * 160, 7])
    normal = generator.normal(size=400_000) / 1.959964
    of_first = 100 + normal * np.where(normal > 0, 30, 10)
    of_other = 160 + normal * 20
    drawn = np.where(generator.random(400_000) < 0.3, of_first, of_other)
    ends = np.quantile(drawn, [0.025, 0.975])
    assert [found.lower[0], found.upper[0]] == pytest.approx(ends, rel=5e-3)
    assert found.lower[1] == pytest.approx(5, rel=2e-3)
    assert np.isinf(found.upper[1])
    nobody = averaged([other, other], [1, 1])
    assert np.isnan([nobody.total[1], nobody.lower[1], nobody.upper[1]]).all()
