"""Of those who came from the eight countries, as many have left again as the sources say."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from folkestrom.twin import create
from tests.twin.leaving_reading import read_reports

LEFT = 0.32


@pytest.mark.parametrize("seed", [21, 22, 23])
def test_at_one_in_twenty_the_share_is_met_to_half_a_per_cent(seed: int, tmp_path: Path) -> None:
    done = create(tmp_path / "country", scale=0.05, seed=seed, variables=False)
    arrived, left = read_reports(done.report_folder).left_again(2021)
    assert math.isclose(left / arrived, LEFT, abs_tol=0.005)


def test_with_a_reference_too(reference: Path, tmp_path: Path) -> None:
    done = create(tmp_path / "c", scale=0.05, seed=24, reference=reference, variables=False)
    arrived, left = read_reports(done.report_folder).left_again(2021)
    assert math.isclose(left / arrived, LEFT, abs_tol=0.005)
