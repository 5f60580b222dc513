"""Capture and recapture: to the digits of other programs, and what lists cannot tell."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm

from folkestrom.errors import UsageError
from folkestrom.quality.lists.log_linear import Lists, fitted, lists_of, models
from folkestrom.quality.lists.two import lower_bound, two_lists

PAIRS = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]


def read(reference: Path, name: str) -> tuple[Lists, dict[str, Any]]:
    folder = reference.parent / "cases" / "quality"
    if not folder.exists():
        pytest.skip("the cases of quality are not there")
    answers = json.loads((folder / "capture_recapture_answers.json").read_text("utf-8"))
    with (folder / f"{name}.csv").open(encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    counts = {tuple(map(int, row[:-1])): float(row[-1]) for row in rows}
    return lists_of(header[:-1], counts), answers[name]


@pytest.mark.parametrize(
    ("name", "terms", "model"),
    [
        ("HIV", [], "independence"),
        ("HIV", [(0, 1)], "with_c1c2"),
        ("HIV", PAIRS, "all_pairs"),
        ("kosovo_aggregate", [], "independence"),
        ("kosovo_aggregate", PAIRS, "all_pairs"),
    ],
)
def test_models_to_the_digit(reference: Path, name: str, terms: Any, model: str) -> None:
    lists, answers = read(reference, name)
    assert lists.observed == answers["observed"]
    found = fitted(lists, terms)
    assert round(found.total, 2) == answers[model]["N"]
    assert round(found.deviance, 3) == answers[model]["deviance"]
    assert found.freedom == answers[model]["df"]
    assert lists.observed < found.lower < found.total < found.upper


def test_kosovo_is_a_set_of_models_that_disagree(reference: Path) -> None:
    lists, answers = read(reference, "kosovo_aggregate")
    found = models(lists)
    totals = [model.total for model in found]
    assert len(found) == 113
    assert sum(model.weight for model in found) == pytest.approx(1)
    low, high = answers["published_interval"]
    assert min(totals) < low < high < max(totals)
    assert [model.bic for model in found] == sorted(model.bic for model in found)


def test_chao_to_the_digit(reference: Path) -> None:
    folder = reference.parent / "cases" / "quality"
    if not folder.exists():
        pytest.skip("the cases of quality are not there")
    answers = json.loads((folder / "capture_recapture_answers.json").read_text("utf-8"))["ill"]
    found = lower_bound(answers["f1"], answers["f2"], answers["observed"])
    assert round(found.total, 4) == answers["chao_lower_bound_f1sq_over_2f2"]
    assert answers["observed"] < found.lower < found.total < found.upper


def test_the_profile_is_where_the_likelihood_ratio_crosses_its_quantile() -> None:
    """Each bound, fitted by another program with those on no list given."""
    lists = lists_of(["a", "b", "c"], dict(zip(
        [(1, 1, 1), (1, 1, 0), (1, 0, 1), (0, 1, 1), (1, 0, 0), (0, 1, 0), (0, 0, 1)],
        [12.0, 30, 25, 18, 110, 95, 70], strict=True,
    )))  # fmt: skip
    found = fitted(lists, [(0, 1)], level=0.9)

    def deviance(total: float) -> float:
        on = np.vstack([lists.patterns, np.zeros(3)])
        design = sm.add_constant(np.column_stack([on, on[:, 0] * on[:, 1]]))
        counts = np.append(lists.counts, total - lists.observed)
        return float(sm.GLM(counts, design, family=sm.families.Poisson()).fit().deviance)

    for bound in (found.lower, found.upper):
        assert deviance(bound) - deviance(found.total) == pytest.approx(2.7055, abs=2e-3)


def test_independence_of_two_lists_is_lincoln_and_petersen() -> None:
    lists = lists_of(["a", "b"], {(1, 1): 40, (1, 0): 160, (0, 1): 260})
    assert fitted(lists).total == pytest.approx(200 * 300 / 40)
    assert two_lists(200, 300, 40, method="lincoln-petersen").total == 1500


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """1 000 persons, 600 trials: Chapman's mean and interval, and the profile of independence."""
    generator = np.random.default_rng(3)
    chapman, profile, totals = [], [], []
    for _ in range(600):
        on = generator.random((1000, 2)) < (0.2, 0.25)
        first, second = on.sum(axis=0)
        both = int(on.all(axis=1).sum())
        found = two_lists(int(first), int(second), both)
        totals.append(found.total)
        chapman.append(found.lower <= 1000 <= found.upper)
        made = fitted(lists_of("ab", {(1, 1): both, (1, 0): first - both, (0, 1): second - both}))
        profile.append(made.lower <= 1000 <= made.upper)
    assert np.mean(totals) == pytest.approx(1000, abs=15)
    assert 0.92 < np.mean(chapman) < 0.98
    assert 0.92 < np.mean(profile) < 0.98


def test_lower_bound_without_anybody_seen_twice() -> None:
    assert lower_bound(10, 0, 10, corrected=True).total == 10 + 10 * 9 / 2
    with pytest.raises(UsageError, match="infinite"):
        lower_bound(10, 0, 10)


@pytest.mark.parametrize(
    ("names", "counts", "says"),
    [
        (["tax", "work"], {(1, 0): 5, (0, 1): 7}, "tax and work do not overlap"),
        (["tax", "work"], {(1, 1): 5, (0, 1): 7}, "work contains tax"),
        (["a", "b", "c"], {(1, 0, 0): 5, (0, 1, 0): 7, (0, 0, 1): 3}, "do not overlap"),
        (["a", "b", "c"], {(1, 1, 0): 5, (0, 1, 0): 7, (0, 1, 1): 3}, "b contains a"),
        (["a"], {(1,): 5}, "not a set of lists"),
        (["a", "a"], {(1, 1): 5}, "not a set of lists"),
        (["a", "b"], {(0, 0): 5}, "not a number of persons"),
        (["a", "b"], {(1, 1): math.nan}, "not a number of persons"),
    ],
)
def test_lists_that_say_nothing_are_refused(names: Any, counts: Any, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        lists_of(names, counts)


def test_two_lists_that_say_nothing_are_refused() -> None:
    with pytest.raises(UsageError, match="the second contains the first"):
        two_lists(10, 20, 10)
    with pytest.raises(UsageError, match="not the number of persons on both"):
        two_lists(10, 20, 11)


def test_a_pair_that_shares_nobody_has_no_dependence_to_estimate() -> None:
    lists = lists_of("abc", {(1, 0, 0): 50, (0, 1, 0): 40, (0, 0, 1): 60, (1, 0, 1): 8,
                             (0, 1, 1): 9})  # fmt: skip
    found = models(lists)
    assert found
    assert not any("a×b" in model.name for model in found)
