"""Lists in strata: the sum of what each says, and what strata cannot say."""

from __future__ import annotations

import numpy as np
import pytest

from folkestrom.errors import UsageError
from folkestrom.quality.lists.log_linear import fitted, lists_of, models
from folkestrom.quality.lists.stratified import best_terms, stratified

NAMES = ("a", "b", "c")
ONE = {(1, 1, 1): 40.0, (1, 1, 0): 60.0, (1, 0, 1): 55.0, (0, 1, 1): 30.0, (1, 0, 0): 200.0,
       (0, 1, 0): 90.0, (0, 0, 1): 80.0}  # fmt: skip


def test_one_stratum_is_the_model_itself_and_two_are_twice_it() -> None:
    terms = ((0, 1),)
    model = fitted(lists_of(NAMES, ONE), terms)
    assert stratified(NAMES, [ONE], terms).total == pytest.approx(model.total)
    twice = stratified(NAMES, [ONE, ONE], terms)
    assert twice.total == pytest.approx(2 * model.total)
    assert twice.upper - twice.total == pytest.approx(2**0.5 * (model.upper - model.total))
    best = best_terms(NAMES, [ONE])
    assert next(iter(best.values())) == pytest.approx(models(lists_of(NAMES, ONE))[0].weight)


def test_strata_mend_lists_that_depend_on_one_another_by_age_alone() -> None:
    """Young and old on lists with different probabilities: together, the lists seem dependent."""
    generator = np.random.default_rng(1)
    held, biased = [], []
    for _ in range(30):
        strata = []
        for chances in ((0.9, 0.8, 0.7), (0.2, 0.3, 0.25)):
            on = generator.random((2000, 3)) < chances
            patterns, counts = np.unique(on.astype(int), axis=0, return_counts=True)
            found = zip(patterns.tolist(), counts.tolist(), strict=True)
            strata.append({tuple(on): float(many) for on, many in found if any(on)})
        model = stratified(NAMES, strata)
        held.append(model.lower <= 4000 <= model.upper)
        whole = {p: sum(s.get(p, 0) for s in strata) for p in ONE}
        biased.append(stratified(NAMES, [whole]).upper < 4000)
    assert np.mean(held) > 0.85
    assert np.mean(biased) > 0.9


def test_a_list_inside_another_in_one_stratum_is_left_out_there_and_refused_in_all() -> None:
    inside = {(1, 1, 1): 10.0, (1, 1, 0): 10.0, (1, 0, 1): 20.0, (1, 0, 0): 60.0, (0, 0, 1): 30.0}
    alone = {(1, 1): 30.0, (1, 0): 70.0, (0, 1): 30.0}
    found = stratified(NAMES, [inside])
    assert found.total == pytest.approx(fitted(lists_of(("a", "c"), alone)).total)
    with pytest.raises(UsageError, match="a contains b"):
        best_terms(NAMES, [inside])
    with pytest.raises(UsageError, match="only one has anybody"):
        stratified(NAMES, [ONE, {(1, 0, 0): 5.0}])
