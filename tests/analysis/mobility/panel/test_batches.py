"""Panels from batches are the panels that they are parts of; sizes that cannot be are named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from folkestrom.analysis.mobility import Panel, factor, fit_mobility, make_panel, number
from folkestrom.analysis.mobility.panel.batches import panel_from_batches
from folkestrom.errors import InputRefused, ResourceError, UsageError
from tests.analysis.mobility.panels import OUTCOMES, draw


def parts(panel: Panel, size: int) -> Iterator[Panel]:
    for first in range(0, panel.persons, size):
        yield panel.take(np.arange(first, min(first + size, panel.persons)))


@pytest.mark.parametrize("in_files", [False, True])
def test_a_panel_from_batches_is_the_whole(tmp_path: Path, in_files: bool) -> None:
    whole = draw(500, 4, seed=5).panel
    folder = tmp_path / "panel" if in_files else None
    made = panel_from_batches(parts(whole, 70), rows=whole.size, folder=folder)
    assert np.array_equal(made.rows.start, whole.rows.start)
    assert np.array_equal(made.rows.outcome, whole.rows.outcome)
    assert np.array_equal(made.rows.codes8[:, : whole.size], whole.rows.codes8[:, : whole.size])
    assert np.array_equal(made.rows.numbers[:, : whole.size], whole.rows.numbers[:, : whole.size])
    one, other = (fit_mobility(p, effects="diagonal") for p in (whole, made))
    assert np.array_equal(one.theta, other.theta)
    if in_files:
        assert {p.name for p in (tmp_path / "panel").iterdir()} == {
            "codes8.npy", "numbers.npy", "outcome.npy",
        }  # fmt: skip


def test_batches_that_do_not_fit_together() -> None:
    whole = draw(100, 4, seed=5).panel
    other = draw(100, 4, seed=5, outcomes=2).panel
    with pytest.raises(UsageError, match="batches differ"):
        panel_from_batches([whole, other], rows=800)
    with pytest.raises(InputRefused, match="have 400 rows"):
        panel_from_batches([whole], rows=500)
    with pytest.raises(InputRefused, match="or more"):
        panel_from_batches([whole, whole], rows=500)
    weighted = make_panel([1], [0], [], outcomes=OUTCOMES, weight=[2.0])
    plain = make_panel([1], [0], [], outcomes=OUTCOMES)
    with pytest.raises(UsageError, match="weight"):
        panel_from_batches([plain, weighted], rows=2)


def test_a_panel_larger_than_memory_says_what_it_needs() -> None:
    with pytest.raises(ResourceError, match=r"(?s)needs \d+\.\d GiB.*Name a folder"):
        panel_from_batches([draw(10, 2).panel], rows=10**13)


def test_a_covariate_with_ten_thousand_levels() -> None:
    rng = np.random.default_rng(4)
    size = 60_000
    codes = rng.integers(0, 10_000, size)
    outcome = (rng.random(size) < 0.5).astype(int)
    street = factor("street", codes, levels=[f"street {k}" for k in range(10_000)])
    person = np.repeat(np.arange(size // 4), 4)
    made = make_panel(person, outcome, [street], outcomes=("stay", "move"))
    assert made.rows.codes16.dtype == np.uint16
    # Six rows a level: some have one outcome only, and the first such is named.
    with pytest.raises(InputRefused, match=r"street.*separation"):
        fit_mobility(made, effects="none")


def test_a_factor_with_many_levels_beside_cells_and_numbers() -> None:
    drawn = draw(1_500, 4, seed=12)
    rng = np.random.default_rng(4)
    many = rng.integers(0, 300, drawn.person.size)
    few = many % 3
    names = [f"place {k}" for k in range(300)]
    # Levels that are three in truth: two codings of the same thing give the same fit.
    wide = factor("few", few, levels=names[:300])
    narrow = factor("few", few, levels=names[:3])
    income = number("x", drawn.terms[3].values)  # type: ignore[union-attr]
    fits = [
        fit_mobility(
            make_panel(
                drawn.person, drawn.outcome, [*drawn.terms[:3], t, income], outcomes=OUTCOMES
            ),
            effects="diagonal",
        )
        for t in (wide, narrow)
    ]
    for name, value in fits[1].params_.items():
        assert fits[0].params_[name] == pytest.approx(value, abs=1e-5)
