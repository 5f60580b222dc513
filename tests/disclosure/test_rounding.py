"""Rounding and cell keys: bounds that are promised."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkestrom.disclosure import PerturbationTable, perturb, round_small
from folkestrom.errors import InputRefused


@given(st.lists(st.integers(0, 12), min_size=1, max_size=30), st.sampled_from([3, 5, 10]))
def test_what_is_promised_of_rounding(values: list[int], base: int) -> None:
    counts = np.array(values, np.int64)
    codes = [np.arange(len(counts)) % 3, np.arange(len(counts)) // 3]
    rounded = round_small(counts, codes, base)
    small = (counts > 0) & (counts < base)
    assert set(rounded[small].tolist()) <= {0, base}
    assert (rounded[~small] == counts[~small]).all()
    assert abs(rounded - counts).max() < base
    # The sum is as near as whole steps of the base allow.
    assert 2 * abs(int(rounded.sum() - counts.sum())) <= base
    for code in codes:
        totals = np.bincount(code, rounded)
        assert not ((totals > 0) & (totals < base)).any()


def test_the_same_records_always_get_the_same_noise() -> None:
    table = PerturbationTable.of([0, 1, 1], [0, -1, 2], [0, 0, 0.4], [1, 0.4, 1])
    assert perturb([3, 3], [1.7, 0.7], table).tolist() == [5, 5]


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        (([0, 2], [0, 0], [0, 0], [1, 1]), "every count"),
        (([0, 1, 1], [0, 0, 1], [0, 0, 0.6], [1, 0.5, 1]), "do not cover"),
        (([0, 1], [-1, 0], [0, 0], [1, 1]), "negative"),
    ],
)
def test_bad_perturbation_tables(columns: Any, says: str) -> None:
    with pytest.raises(InputRefused, match=says):
        PerturbationTable.of(*columns)
