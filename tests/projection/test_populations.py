"""The short way to populations gives those of the method."""

from __future__ import annotations

import numpy as np
import pytest

from folkestrom.errors import UsageError
from folkestrom.projection.assumptions import Rates
from folkestrom.projection.groups import by_duration
from folkestrom.projection.populations import populations
from folkestrom.projection.projecting import project
from folkestrom.projection.structure import Group, Structure


@pytest.mark.parametrize(
    "cells",
    [
        Structure(ages=20, width=5),
        by_duration({"nordic": "", "other": ""}, 0.7),
        # Two groups that are followed by the same, and one that nobody goes to.
        Structure((Group("a", leaves_to="b", children=(("b", 1.0),)), Group("b", next="a"),
                   Group("c", next="a", leaves_to="b")), 7),
    ],
)  # fmt: skip
@pytest.mark.parametrize("seed", range(3))
def test_populations_are_those_of_the_method(cells: Structure, seed: int) -> None:
    numbers = np.random.default_rng(seed)
    rates = Rates(
        numbers.uniform(0, 0.3, (1, *cells.shape)), numbers.uniform(0, 0.3, (1, *cells.shape)),
        numbers.uniform(0, 0.2, (1, len(cells.groups), cells.ages)),
        numbers.uniform(0, 50, (1, *cells.shape)), numbers.uniform(0.9, 1.2),
    )  # fmt: skip
    start, assumed = numbers.uniform(0, 1000, cells.shape), rates.assumptions(cells)
    found = populations(cells, start, assumed, 40)
    assert np.allclose(found, project(cells, start, assumed, steps=40).population, rtol=1e-12)


def test_what_changes_is_refused() -> None:
    cells, none = Structure(ages=3), np.zeros((2, 1, 1, 1))
    changing = Rates(none, none, none[:, 0], none).assumptions(cells)
    with pytest.raises(UsageError, match="change from step to step"):
        populations(cells, np.zeros((1, 2, 3)), changing, 4)
