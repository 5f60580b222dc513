"""States that are left and entered again, made-up cohorts with a known truth, many rows."""

from __future__ import annotations

import numpy as np
import pytest

from folkestrom.analysis.followup import (
    aalen_johansen,
    follow_up,
    gray_test,
    incidence_and_shares,
    kaplan_meier,
    log_rank,
    state_occupation,
    transition_probabilities,
    transitions,
)

STATES = ("here", "away", "dead")
#: Probabilities a day to go on to each of the states.
DAILY = np.array([[0.93, 0.06, 0.01], [0.10, 0.88, 0.02], [0.0, 0.0, 1.0]])


def stays(persons: int, days: int, generator: np.random.Generator) -> dict[str, list[object]]:
    """Stays of persons who start here, go away and come back, and are seen for some days."""
    columns: dict[str, list[object]] = {k: [] for k in ("entry", "exit", "origin", "destination")}
    for _ in range(persons):
        state, since, seen = 0, 0, int(generator.integers(days // 2, days + 1))
        for day in range(1, seen + 1):
            new = int(generator.choice(3, p=DAILY[state]))
            if new != state or day == seen:
                went = STATES[new] if new != state else None
                values = (since, day, STATES[state], went)
                for column, value in zip(columns.values(), values, strict=True):
                    column.append(value)
                state, since = new, day
            if state == 2:
                break
    return columns


def test_shares_of_states_and_their_errors_are_those_of_many_cohorts() -> None:
    generator = np.random.default_rng(1)
    found, errors = [], []
    for _ in range(150):
        follow = transitions(**stays(60, 16, generator), states=STATES)  # type: ignore[arg-type]
        curves = state_occupation(follow)
        found.append([curve.at(8) for curve in curves])
        errors.append([curve.se[np.searchsorted(curve.time, 8, "right") - 1] for curve in curves])
    truth = np.linalg.matrix_power(DAILY, 8)[0]
    spread = np.std(found, axis=0)
    np.testing.assert_allclose(np.mean(found, axis=0), truth, atol=4 * spread.max() / 150**0.5)
    # A standard deviation of 150 cohorts is itself known to about 6 %.
    np.testing.assert_allclose(np.mean(errors, axis=0), spread, rtol=0.2)


def test_chances_over_two_spans_multiply() -> None:
    follow = transitions(**stays(80, 16, np.random.default_rng(2)), states=STATES)  # type: ignore[arg-type]

    def matrix(since: int, until: int) -> np.ndarray:
        curves = transition_probabilities(follow, since=since)
        return np.array([[curves.of(i, j).at(until) for j in STATES] for i in STATES])

    np.testing.assert_allclose(matrix(0, 5) @ matrix(5, 12), matrix(0, 12), atol=1e-12)
    np.testing.assert_allclose(matrix(5, 12).sum(axis=1), 1.0)
    shares = [state_occupation(follow).of(outcome=state).at(12) for state in STATES]
    np.testing.assert_allclose(shares, matrix(0, 12)[0], atol=1e-12)


def test_an_own_start_may_be_given() -> None:
    follow = transitions(
        [3, 5, 5], ["here", "here", "away"], ["away", None, None], entry=[0, 0, 3], states=STATES
    )
    away = state_occupation(follow, initial=[0.5, 0.5, 0.0]).of(outcome="away")
    assert away.start == 0.5
    assert away.at([2, 3]).tolist() == [0.5, 0.75]


@pytest.mark.parametrize("test", [log_rank, lambda follow: gray_test(follow, "return")])
def test_equal_groups_differ_by_chance_only(test: object) -> None:
    generator = np.random.default_rng(3)
    probabilities = []
    for _ in range(400):
        first = generator.geometric([[0.05], [0.03], [0.04]], (3, 150))
        cause = (first.argmin(axis=0) + 1) % 3
        follow = follow_up(
            first.min(axis=0), cause, causes=["return", "death"], group=np.arange(150) % 3
        )
        probabilities.append(test(follow).p_value)  # type: ignore[operator]
    # Of 400 tests at 5 per cent 20 are expected, with a standard deviation of 4.4.
    assert 8 <= sum(p < 0.05 for p in probabilities) <= 33
    assert abs(np.mean(probabilities) - 0.5) < 4 * (1 / 12 / 400) ** 0.5


def test_late_entry_is_no_advantage() -> None:
    # Those who enter late have outlived others who are never seen.
    generator = np.random.default_rng(4)
    entry = generator.integers(0, 30, 40_000)
    exit = generator.geometric(0.03, 40_000)
    seen = exit > entry
    curve = kaplan_meier(follow_up(exit[seen], seen[seen], entry=entry[seen])).of()
    days = np.array([10, 30, 60])
    np.testing.assert_allclose(curve.at(days), 0.97**days, atol=0.012)


def test_the_crude_share_depends_on_how_long_one_was_followed() -> None:
    generator = np.random.default_rng(5)
    away = generator.geometric(0.01, 20_000)
    followed = np.repeat([300, 60], 10_000)
    table = incidence_and_shares(
        follow_up(
            np.minimum(away, followed),
            away <= followed,
            causes=["return"],
            group=np.repeat(["early", "late"], 10_000),
        ),
        at=[60, 200],
    ).to("polars")
    early, early_on, late, late_on = table.rows(named=True)
    assert early["crude_share"] > 0.9
    assert late["crude_share"] < 0.5
    truth = 1 - 0.99**60
    assert early["incidence"] == pytest.approx(truth, abs=0.02)
    assert late["incidence"] == pytest.approx(truth, abs=0.02)
    assert late["lower"] < late["incidence"] < late["upper"]
    assert early_on["incidence"] == pytest.approx(1 - 0.99**200, abs=0.02)
    assert late_on["incidence"] is None
    assert (early["median_followed"], late["median_followed"]) == (300.0, 60.0)
    assert early["rows"] == 10_000


def test_rows_counted_in_parts_add_up_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(6)
    rows = 1 << 20
    entry = generator.integers(0, 50, rows)
    exit = entry + generator.integers(1, 50, rows)
    weight = generator.random(rows)
    follow = follow_up(exit, generator.integers(0, 3, rows), entry=entry, causes=["a", "b"],
                       weight=weight)  # fmt: skip
    found = []
    for threads in ("1", "3"):
        monkeypatch.setenv("FOLKESTROM_THREADS", threads)
        found.append(aalen_johansen(follow).to("arrow"))
    assert found[0] == found[1]
    at_risk = weight[(entry < 40) & (exit >= 40)].sum()
    curve = kaplan_meier(follow).of()
    assert curve.at_risk[curve.time == 40][0] == pytest.approx(at_risk, rel=1e-12)
