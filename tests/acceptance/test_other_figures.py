"""The whole country at full size beside other published figures, as the manual's table says."""

from __future__ import annotations

from pathlib import Path

from folkestrom.twin import create
from tests.twin.other_figures import figures, too_far

#: By how much, by chance apart: the table, or one of its figures.
BOUNDS = {
    "households": 0.06, "children": 0.05, "events": 0.01, "immigration": 0.02, "emigration": 0.01,
    "living_alone": 0.03, "couples_without_children": 0.03, "persons_multi_family": 0.04,
    "births_outside_marriage": 0.04,
}  # fmt: skip


def test_households_children_events_and_migrants(reference: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    create(whole, reference=reference, last_year=2022, dwellings=True)
    found = figures(whole, reference)
    assert len(found) == 21 + 2 * 21
    assert not too_far(found, BOUNDS)
