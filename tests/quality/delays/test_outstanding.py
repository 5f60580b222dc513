"""What is still to come of a country of which everything is known: means, sums, intervals."""

from __future__ import annotations

import numpy as np
import pytest

from folkestrom.errors import UsageError
from folkestrom.quality.delays.outstanding import (
    Balance,
    Reported,
    credible,
    expected_totals,
    outstanding,
)

PLACES, YEARS = 60, 6
#: Yearly events for each person of births, deaths, arrivals and departures.
RATES = np.array([0.011, 0.008, 0.05, 0.05])
#: Share of events by age on the day of knowledge; what is known of them then, and at the end.
AGE = np.array([0.02, 0.06, 0.84])
KNOWN = np.array([0.5, 0.8, 0.98])
REST = 0.08


def country(seed: int) -> tuple[Reported, np.ndarray, np.ndarray]:
    """Counts whose truth is drawn: the last year's is (components, places); groups of places."""
    generator = np.random.default_rng(seed)
    population = np.exp(generator.uniform(6, 10.5, PLACES)).round()
    own = generator.gamma(30, 1 / 30, (4, PLACES))
    own[3] = own[2]
    year = generator.gamma(400, 1 / 400, (YEARS, 4, 1))
    year[:, 3] = year[:, 2]
    level = RATES[:, None] * population * own * year
    # Departures are those who arrive elsewhere in the country: the same in sum.
    events = generator.poisson(level[:, None] * AGE[:, None, None])
    known = generator.binomial(events, KNOWN[:, None, None])
    late = np.concatenate([events - known, np.zeros((YEARS, 1, 4, PLACES))], axis=1)
    rest = generator.poisson(level * REST)
    truth = late[-1].sum(axis=0) + rest[-1]
    late[-1], rest[-1] = 0, 0
    counts = Reported(
        known.astype(float), late.astype(float), rest.astype(float),
        np.broadcast_to(population, (YEARS, PLACES)).copy(),
    )  # fmt: skip
    return counts, truth, np.arange(PLACES) % 3


def test_intervals_of_places_hold_as_often_as_they_say() -> None:
    held, nation = [], []
    signs = np.array([1, -1, 1, -1])
    for seed in range(30):
        counts, truth, _ = country(seed)
        classes = np.digitize(counts.population[-1], [2000, 10_000])
        found = outstanding(counts, classes, draws=400, seed=seed)
        net, actual = np.einsum("c,dcp->dp", signs, found.draws), signs @ truth
        low, high = np.quantile(net, [0.05, 0.95], axis=0)
        held.append((np.ceil(low) <= actual) & (actual <= np.floor(high)))
        low, high = np.quantile(net.sum(axis=1), [0.05, 0.95])
        nation.append(low <= actual.sum() <= high)
    assert 0.87 < np.mean(held) < 0.93
    assert np.mean(nation) > 0.75


def test_means_are_those_that_events_were_drawn_with() -> None:
    errors = [expected_totals(c) / t.sum(axis=1) - 1 for c, t, _ in map(country, range(30))]
    assert np.abs(np.mean(errors, axis=0)).max() < 0.02


def test_who_leaves_a_place_arrives_in_another() -> None:
    counts, _, groups = country(1)
    found = outstanding(counts, np.zeros(PLACES, np.int64), [Balance(2, 3, groups)], draws=20)
    for values in (found.expected, *found.draws):
        for group in range(3):
            arrivals, departures = values[2:, groups == group].sum(axis=1)
            assert arrivals == pytest.approx(departures)
    again = outstanding(counts, np.zeros(PLACES, np.int64), [Balance(2, 3, groups)], draws=20)
    assert np.array_equal(found.draws, again.draws)


def test_a_year_that_reports_late_is_seen_in_what_is_known_of_the_last_weeks() -> None:
    """Twice as many events of the last weeks as usual are known: more is to come, but not twice."""
    counts, _, _ = country(2)
    usual = expected_totals(counts)
    counts.known[-1, 0] *= 2
    more = expected_totals(counts)
    assert (more > usual).all()
    assert (more < 1.5 * usual).all()


def test_a_large_place_where_nothing_happened_is_not_expected_to_be_as_others() -> None:
    counts, _, _ = country(3)
    place = counts.population[-1].argmax()
    for values in (counts.known, counts.late, counts.rest):
        values[..., place] = 0
    found = outstanding(counts, np.zeros(PLACES, np.int64), draws=2)
    rate = found.expected / counts.population[-1]
    assert (rate[:, place] < np.median(rate, axis=1) / 2).all()


def test_nothing_known_and_nothing_to_come() -> None:
    none = Reported(
        np.zeros((3, 2, 1, 4)), np.zeros((3, 3, 1, 4)), np.zeros((3, 1, 4)), np.ones((3, 4))
    )
    found = outstanding(none, np.zeros(4, np.int64), draws=5)
    assert not found.expected.any()
    assert not found.draws.any()


def test_one_past_year_shows_no_dispersion() -> None:
    counts, _, _ = country(1)
    with pytest.raises(UsageError, match="too few past years"):
        outstanding(counts.until(1), np.zeros(PLACES, np.int64))


def test_many_counts_are_believed_and_few_are_not() -> None:
    generator = np.random.default_rng(1)
    truth = generator.gamma(10, 0.1, 2000)
    expected = np.exp(generator.uniform(-2, 6, 2000))
    counts = generator.poisson(truth * expected)
    found = credible(counts[None].astype(float), expected[None])[0]
    own = counts / expected
    assert np.mean((found - truth) ** 2) < min(
        np.mean((own - truth) ** 2), np.mean((1 - truth) ** 2)
    )
