"""The embedded targets: every printed cell, every identity, at every scale."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from folkestrom.errors import UsageError, UserError
from folkestrom.model.countries import COUNTRIES
from folkestrom.twin.targets import published, schedules
from folkestrom.twin.targets.checks import check_consistency, check_published, contradictions
from folkestrom.twin.targets.definition import (
    AGE_GROUPS,
    Targets,
    age_group,
    cohort_group_population,
)
from folkestrom.twin.targets.embedded import embedded_targets, final_groups
from folkestrom.twin.targets.expected import compare_published, percent_change, published_tables
from folkestrom.twin.targets.scale import scale_targets

FLOWS = ("births", "deaths", "immigration", "emigration")


@pytest.fixture(scope="module")
def embedded() -> Targets:
    return embedded_targets()


def assert_identities(targets: Targets) -> None:
    """Every sum that has to hold, written out once more."""
    total = targets.total
    births = targets.births.sum(axis=1)
    net = targets.immigration - targets.emigration
    assert (np.diff(total) == births - targets.deaths + net + targets.adjustment).all()
    assert (targets.municipality_population.sum(axis=1) == total).all()
    assert (targets.citizenship.sum(axis=2) == targets.population.sum(axis=2)).all()
    groups = cohort_group_population(targets.population)
    assert (targets.marital.sum(axis=3) == groups).all()
    assert (groups.sum(axis=(1, 2)) == total).all()
    for name in (*FLOWS, "population", "municipality_population", "marital", "citizenship"):
        assert getattr(targets, name).min() >= 0, name
    assert contradictions(targets) == []


def test_embedded_targets_give_the_page_cell_by_cell(embedded: Targets) -> None:
    made = published_tables(embedded)
    assert compare_published(made, published.published_2021()).is_empty()
    assert made.equals(published.published_2021())


def test_embedded_targets_add_up(embedded: Targets) -> None:
    assert_identities(embedded)
    assert embedded.years == tuple(range(2000, 2022))
    assert embedded.total[-2:].tolist() == [5_367_580, 5_391_369]
    assert embedded.adjustment.tolist() == [0] * 20 + [94]


def test_about_thirty_thousand_leave_a_year(embedded: Targets) -> None:
    assert 28_000 < embedded.emigration.mean() < 31_000
    assert np.abs(np.diff(embedded.emigration[:-1])).max() < 1_000


def test_stocks_stand_on_the_page_not_on_one_year(embedded: Targets) -> None:
    """The back-cast is smooth: no cohort jumps by more than migration and death explain."""
    base = np.maximum(embedded.cohort_base[:, :, :90], 1)
    assert np.abs(embedded.cohort_residual[:, :, :90] / base).max() < 0.3
    assert (embedded.population[:, :, :100] > 0).all()


def test_the_page_contradicts_itself_by_the_unknown() -> None:
    unknown = published.unknown_marital_by_age()
    assert unknown.sum() == sum(published.UNKNOWN_MARITAL_BY_SEX) == 2072
    cells = {tuple(row[:4]): row[4] for row in published.published_2021().iter_rows()}
    rows = [cells["marital-status", "both", group, "total"] for group in AGE_GROUPS]
    assert sum(rows) - cells["marital-status", "both", "total", "total"] == 2072
    assert (final_groups().sum(axis=0) == rows).all()


def test_published_tables_agree_with_one_another(embedded: Targets) -> None:
    assert check_published(embedded.population[-1], published.table3_counts()) == []
    broken = published.table3_counts() | {("male", "PL"): 70_042}
    assert check_published(embedded.population[-1], broken) == [
        "Table 3, PL: men and women are +7 against both sexes"
    ]


def test_fifteen_largest_are_the_largest(embedded: Targets) -> None:
    final = embedded.citizenship[-1].sum(axis=0)
    assert embedded.citizenship_codes[:16] == ("NO", *published.TABLE3_CITIZENSHIPS)
    assert final[16:].max() < final[1:16].min() == 9_763
    assert set(embedded.citizenship_codes) <= set(COUNTRIES)
    assert len(set(embedded.citizenship_codes)) == len(embedded.citizenship_codes)


def test_the_eight_rise_from_2004(embedded: Targets) -> None:
    place = [embedded.citizenship_codes.index(code) for code in ("PL", "LT", "LV")]
    stock = embedded.citizenship[:, :, place].sum(axis=(1, 2))
    assert stock[4] < 0.06 * stock[-1]
    assert (np.diff(stock) >= 0).all()
    assert np.allclose(embedded.immigration_citizenship.sum(axis=1), 1.0)


def test_marital_statuses_have_a_plausible_past(embedded: Targets) -> None:
    marital = embedded.marital
    partners = marital[:, :, :, 6].sum(axis=(1, 2))
    assert partners.argmax() == embedded.years.index(2009)
    never = marital[:, :, :, 1].sum(axis=(1, 2)) / embedded.total
    assert 0.45 < never[0] < 0.5 < never[-1] < 0.54
    in_2000 = [g for g in range(21) if 5 * g - 21 in range(70, 76)]
    women = marital[0, 1, in_2000].sum(axis=0)
    assert 0.25 < women[3] / women.sum() < 0.5


def test_nobody_becomes_never_married_but_by_coming(embedded: Targets) -> None:
    # Groups born after 2000 grow by births too.
    never = embedded.marital[:, :, 5:, 1]
    grown = np.maximum(np.diff(never, axis=0), 0).sum(axis=(1, 2))
    assert (grown < embedded.immigration).all()


def test_a_later_start_is_the_same_country() -> None:
    late, whole = embedded_targets(2015), embedded_targets()
    assert late.years == tuple(range(2015, 2022))
    assert (late.population == whole.population[15:]).all()
    assert (late.marital == whole.marital[15:]).all()
    assert (late.citizenship == whole.citizenship[15:]).all()
    assert_identities(late)


def test_years_before_the_tables_lead_to_their_first(embedded: Targets) -> None:
    early = embedded_targets(1985)
    assert early.years == tuple(range(1985, 2022))
    assert (early.population[15:] == embedded.population).all()
    assert (early.immigration[15:] == embedded.immigration).all()
    assert_identities(early)
    # Table 05803: residents on 1 January 1985 and 2000, births of 1990.
    ratio = early.total[0] / early.total[15]
    assert ratio == pytest.approx(4_145_845 / 4_478_497, rel=1e-5)
    assert early.births[5].sum() == 60_939


@pytest.mark.parametrize(("first", "last"), [(1984, 2021), (2021, 2021), (2000, 2020)])
def test_a_span_without_tables_is_refused(first: int, last: int) -> None:
    with pytest.raises(UserError, match="not a span"):
        embedded_targets(first, last)


@pytest.mark.parametrize("scale", [0.001, 0.01, 0.1, 1, 10])
def test_scaled_targets_add_up(embedded: Targets, scale: float) -> None:
    scaled = scale_targets(embedded, scale)
    assert_identities(scaled)
    assert scaled.scale == scale
    assert scaled.total[-1] == round(5_391_369 * scale)
    for name in (*FLOWS, "adjustment", "population", "municipality_population"):
        off = getattr(scaled, name) - getattr(embedded, name) * scale
        assert np.abs(off).max() < 1, name


@given(scale=st.floats(0.0003, 3.0))
@settings(max_examples=15, deadline=None)
def test_any_scale_adds_up(scale: float) -> None:
    scaled = scale_targets(embedded_targets(), scale)
    assert_identities(scaled)
    off = (
        published_tables(scaled)["number"] - published_tables(embedded_targets())["number"] * scale
    )
    # Cells that take the rest of many roundings; every other is off by less than two.
    assert off.abs().max() < 8


def test_scaled_tables_of_ten_countries(embedded: Targets) -> None:
    ten = published_tables(scale_targets(embedded, 10))
    one = published_tables(embedded)
    assert ten["number"].equals(one["number"] * 10)
    assert ten["percent"].equals(one["percent"])


@pytest.mark.parametrize("scale", [0, -1, float("nan"), float("inf"), 1e-6])
def test_an_impossible_scale_is_refused(embedded: Targets, scale: float) -> None:
    with pytest.raises(UsageError, match="scale") as caught:
        scale_targets(embedded, scale)
    assert caught.value.allowed
    assert caught.value.next_step


def test_contradictions_are_named_with_their_size(embedded: Targets) -> None:
    deaths = embedded.deaths.copy()
    deaths[-1] += 7
    with pytest.raises(UserError, match=r"account of 2020.*\(\+7\)"):
        check_consistency(embedded.altered({"deaths": deaths}))
    population = embedded.population.copy()
    population[5, 1, 30] -= 3
    found = contradictions(embedded.altered({"population": population}))
    assert any("1 January 2005" in text and "+3" in text for text in found)


def test_impossible_cohorts_are_named(embedded: Targets) -> None:
    population = embedded.population.copy()
    moved = population[10, 0, 30] // 2
    population[10, 0, 30] -= moved
    population[10, 0, 80] += 40 * moved
    found = contradictions(embedded.altered({"population": population}))
    assert any(text.startswith("cohorts grow by") for text in found)


def test_a_wrong_shape_is_named(embedded: Targets) -> None:
    found = contradictions(embedded.altered({"deaths": embedded.deaths[1:]}))
    assert found == ["deaths has shape (20,), not (21,)"]


def test_cohort_groups_are_of_the_last_day() -> None:
    assert age_group(21, 21)[[0, 4, 5, 99, 100, 105]].tolist() == [0, 0, 1, 19, 20, 20]
    assert age_group(21, 0)[[0, 78, 79, 105]].tolist() == [4, 19, 20, 20]


@given(now=st.integers(1, 10**7), before=st.integers(1, 10**7))
def test_percentages_round_half_away_from_zero(now: int, before: int) -> None:
    printed = percent_change(now, before)
    assert printed is not None
    assert abs(printed - 100 * (now - before) / before) <= 0.05 + 1e-6


def test_schedules_have_the_shapes_they_are_known_for() -> None:
    rates = schedules.death_rates(2020)
    assert rates[0, 40:].argmax() + 40 == 105
    assert (np.diff(rates[:, 40:], axis=1) > 0).all()
    assert (rates[0, 50:90] > rates[1, 50:90]).all()
    assert (schedules.death_rates(2000)[:, 40:90] > rates[:, 40:90]).all()
    assert 28 <= schedules.fertility_rates(2010).argmax() <= 31
    assert abs(schedules.fertility_rates(2010, 1.7).sum() - 1.7) < 1e-9
    assert abs(schedules.immigration_shares().sum() - 1.0) < 1e-9
    assert (schedules.emigration_rates()[:, 15:60].argmax(axis=1) > 5).all()
