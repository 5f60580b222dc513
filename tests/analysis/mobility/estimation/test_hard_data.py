"""Data that have no estimate, or hardly: each is named, and none is called converged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from folkestrom.analysis.mobility import (
    MobilityFit,
    Panel,
    factor,
    fit_mobility,
    interaction,
    make_panel,
    number,
)
from folkestrom.errors import InputRefused, UsageError, UserError
from tests.analysis.mobility.panels import draw

RNG = np.random.default_rng(3)
N = 400
PERSON = np.repeat(np.arange(N // 4), 4)
SEX = RNG.integers(0, 2, N)
OUTCOME = RNG.choice(3, N, p=[0.6, 0.3, 0.1])
OUTCOMES = ("stay", "municipality", "abroad")


def panel(outcome: Any = OUTCOME, terms: Any = (), person: Any = PERSON, **more: Any) -> Panel:
    sex = factor("sex", SEX, levels=["man", "woman"])
    return make_panel(person, outcome, [sex, *terms], outcomes=OUTCOMES, **more)


def refused(call: Any, *words: str) -> UserError:
    with pytest.raises(UserError) as caught:
        call()
    for word in words:
        assert word in str(caught.value)
    return caught.value


def test_one_outcome_only() -> None:
    refused(lambda: fit_mobility(panel(np.zeros(N, int))), "every row has the outcome stay")


def test_an_outcome_that_never_occurs() -> None:
    refused(lambda: fit_mobility(panel(np.minimum(OUTCOME, 1))), "no row has the outcome abroad")


def test_no_rows() -> None:
    refused(lambda: make_panel([], [], [], outcomes=OUTCOMES), "no rows")


def test_a_code_that_is_no_outcome() -> None:
    wrong = OUTCOME.copy()
    wrong[6] = 5
    refused(lambda: panel(wrong), "row 7", "'5'", "2 (abroad)")
    missing = OUTCOME.astype(float)
    missing[6] = np.nan
    refused(lambda: panel(missing), "row 7", "'nan'")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite(bad: float) -> None:
    values = np.arange(5.0)
    values[3] = bad
    refused(lambda: number("wealth", values), "row 4", "wealth", "not a finite number")
    refused(lambda: factor("sex", values, levels=["a", "b"]), "sex", "not a finite number")


def test_a_separated_level_is_named_and_a_penalty_lets_it_through() -> None:
    place = RNG.integers(0, 3, N)
    outcome = np.where((place == 2) & (OUTCOME == 2), 0, OUTCOME)
    made = panel(outcome, [factor("place", place, levels=["rural", "urban", "island"])])
    refused(lambda: fit_mobility(made), "place", "'island'", "abroad", "separation")
    fit = fit_mobility(made, effects="none", penalty=1.0)
    assert fit.converged_
    assert -8 < fit.params_["abroad: place[island]"] < -0.5


def test_a_number_that_separates_is_named_and_nothing_called_converged() -> None:
    fit = fit_mobility(panel(terms=[number("ticket", (OUTCOME == 2) + 0.0)]), effects="none")
    assert not fit.converged_
    assert "ticket" in fit.message_
    assert "separation" in fit.message_
    assert "NOT CONVERGED" in fit.summary()


def test_an_empty_cell_is_left_out_and_noted() -> None:
    place = factor("place", RNG.integers(0, 2, N), levels=["rural", "urban", "island"])
    fit = fit_mobility(panel(terms=[place]), effects="none")
    assert "place[island] has no rows" in fit.notes[0]
    assert "abroad: place[island]" not in fit.params_
    refused(lambda: fit.predict([{"sex": "man", "place": "island"}]), "nothing is known")
    other = factor("place", [1] * N, levels=["rural", "urban"])
    refused(lambda: fit_mobility(panel(terms=[other])), "place", "'rural'", "reference")


def test_an_empty_pair_of_an_interaction_is_left_out() -> None:
    sex = factor("sex", SEX, levels=["man", "woman"])
    place = factor("place", np.where(SEX == 1, 0, RNG.integers(0, 2, N)), levels=["a", "b"])
    made = make_panel(PERSON, OUTCOME, [sex, place, *interaction(sex, place)], outcomes=OUTCOMES)
    fit = fit_mobility(made, effects="none")
    assert fit.notes == ("sex:place[woman:b] has no rows and was left out",)


def test_collinear_terms_are_named_or_dropped() -> None:
    born = factor("born", SEX, levels=["here", "abroad"])
    refused(lambda: fit_mobility(panel(terms=[born])), "born[abroad]", "combination of sex[woman]")
    fit = fit_mobility(panel(terms=[born]), effects="none", collinear="drop")
    without = fit_mobility(panel(), effects="none")
    assert fit.params_ == pytest.approx(without.params_)
    assert "born[abroad] is a combination of sex[woman]" in fit.notes[0]
    age = RNG.uniform(20, 60, N)
    numbers = [number("age", age), number("year", 2020 + 0 * age), number("birth", 2020 - age)]
    refused(lambda: fit_mobility(panel(terms=numbers)), "year", "combination of (intercept)")
    years = [number("age", age), number("squared", age**2)]
    assert fit_mobility(panel(terms=years), effects="none").converged_


def test_one_year_panels() -> None:
    single = panel(person=np.arange(N))
    refused(lambda: fit_mobility(single), "every person has one row", 'effects="none"')
    assert fit_mobility(single, effects="none").converged_


def test_persons_who_never_change() -> None:
    outcome = np.repeat(RNG.choice(3, N // 4), 4)
    refused(lambda: fit_mobility(panel(outcome)), "no person's outcome ever changes")


def test_persons_with_one_year_among_others() -> None:
    drawn = draw(2_000, 4, seed=2)
    kept = RNG.random(drawn.person.size) < 0.5
    terms = [
        factor("sex", drawn.terms[0].codes[kept], levels=["man", "woman"])  # type: ignore[union-attr]
    ]
    made = make_panel(drawn.person[kept], drawn.outcome[kept], terms, outcomes=OUTCOMES)
    assert (np.diff(made.rows.start) == 1).any()
    assert fit_mobility(made, effects="diagonal").converged_


def test_an_absorbing_outcome() -> None:
    drawn = draw(3_000, 6, seed=6)
    gone = np.zeros(drawn.person.size, dtype=bool)
    away = (drawn.outcome == 2).reshape(-1, 6)
    gone = (np.cumsum(away, axis=1) - away > 0).ravel()
    terms = [factor("sex", drawn.terms[0].codes[~gone], levels=["man", "woman"])]  # type: ignore[union-attr]
    made = make_panel(drawn.person[~gone], drawn.outcome[~gone], terms, outcomes=OUTCOMES)
    assert fit_mobility(made).converged_


def test_a_rare_outcome() -> None:
    rng = np.random.default_rng(8)
    size = 60_000
    outcome = rng.choice(3, size, p=[0.899, 0.1, 0.001])
    made = make_panel(
        np.repeat(np.arange(size // 10), 10),
        outcome,
        [factor("sex", rng.integers(0, 2, size), levels=["man", "woman"])],
        outcomes=OUTCOMES,
    )
    fit = fit_mobility(made, effects="none")
    assert fit.converged_
    assert fit.bse_["abroad: sex[woman]"] > 5 * fit.bse_["municipality: sex[woman]"]


def test_a_variance_going_to_zero_is_noted() -> None:
    rng = np.random.default_rng(11)
    # Everyone does the same things in another order: less variation than chance would give.
    outcome = np.concatenate([rng.permutation([0, 0, 0, 1, 1, 2]) for _ in range(300)])
    made = make_panel(np.repeat(np.arange(300), 6), outcome, [], outcomes=OUTCOMES)
    fit = fit_mobility(made)
    assert any("is zero" in note for note in fit.notes)
    assert fit.params_["var(municipality)"] < 1e-3
    none = fit_mobility(made, effects="none")
    assert fit.log_likelihood_ == pytest.approx(none.log_likelihood_, abs=0.01)


def test_fifty_years_of_one_outcome_after_another() -> None:
    rng = np.random.default_rng(12)
    lean = np.repeat(rng.normal(0, 2, 200), 50)
    outcome = (rng.logistic(size=10_000) + lean > 0).astype(int)
    made = make_panel(np.repeat(np.arange(200), 50), outcome, [], outcomes=("stay", "move"))
    fit = fit_mobility(made)
    assert fit.converged_
    assert 2 < fit.params_["var(move)"] < 7


def test_weights_count_persons() -> None:
    drawn = draw(300, 5, seed=9)
    double = np.repeat(np.arange(300) % 2 + 1.0, 5)
    weighted = fit_mobility(
        make_panel(drawn.person, drawn.outcome, drawn.terms, outcomes=OUTCOMES, weight=double)
    )
    twice = np.flatnonzero(double == 2)
    rows = np.concatenate([np.arange(1500), twice])
    terms = [
        factor(t.name, t.codes[rows], levels=t.levels)  # type: ignore[union-attr]
        for t in drawn.terms[:3]
    ]
    income = number("income", drawn.terms[3].values[rows])  # type: ignore[union-attr]
    person = np.concatenate([drawn.person, drawn.person[twice] + 1000])
    copied = fit_mobility(
        make_panel(person, drawn.outcome[rows], [*terms, income], outcomes=OUTCOMES)
    )
    assert weighted.params_ == pytest.approx(copied.params_, abs=1e-5)
    assert weighted.bse_ == pytest.approx(copied.bse_, abs=1e-5)


def test_weights_that_cannot_be() -> None:
    refused(lambda: panel(weight=-np.ones(N)), "row 1", "weight")
    refused(lambda: panel(weight=np.arange(N) + 1.0), "differs between the years of one person")
    refused(lambda: panel(weight=np.zeros(N)), "0 in every row")


def test_options_that_cannot_be() -> None:
    made = panel()
    for options in (
        {"effects": "free"},
        {"standard_errors": "robust"},
        {"penalty": -1},
        {"tolerance": 0},
        {"cluster": [1, 2]},
    ):
        with pytest.raises(UsageError):
            fit_mobility(made, **options)  # type: ignore[arg-type]
    with pytest.raises(UsageError):
        make_panel(PERSON, OUTCOME, [], outcomes=("only",))
    with pytest.raises(UsageError, match="same name"):
        panel(terms=[factor("sex", SEX, levels=["a", "b"])])
    with pytest.raises(UsageError, match="10 rows"):
        panel(terms=[number("short", np.arange(10))])


def test_profiles_that_cannot_be(tmp_path: Any) -> None:
    fit = fit_mobility(panel(terms=[number("age", RNG.normal(size=N))]), effects="none")
    refused(lambda: fit.predict([{"sex": "man", "aeg": 3}]), "Did you mean 'age'")
    refused(lambda: fit.predict([{"sex": "man"}]), "says nothing of age")
    refused(lambda: fit.predict([{"sex": "other", "age": 1}]), "is not a level")
    refused(lambda: fit.predict([{"sex": "man", "age": "old"}]), "is not a number")
    refused(lambda: fit.wald_test(["wealth"]), "is no estimate")
    twice = [*fit.names_[:1], *fit.names_[:1]]
    assert fit.wald_test(twice) == fit.wald_test(twice[:1])
    broken = tmp_path / "fit.json"
    broken.write_text("{}")
    with pytest.raises(InputRefused):
        MobilityFit.load(broken)


def test_no_message_names_a_person() -> None:
    secret = PERSON + 31_415_926
    for call in (
        lambda: panel(person=secret, weight=np.arange(N) + 1.0),
        lambda: fit_mobility(panel(np.zeros(N, int), person=secret)),
        lambda: fit_mobility(panel(np.repeat(RNG.choice(3, N // 4), 4), person=secret)),
    ):
        assert "31415" not in str(refused(call))
