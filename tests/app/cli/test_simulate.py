"""Simulated lives and households as a user asks for them."""

from __future__ import annotations

from typing import Any

import pytest

from folkestrom.app.cli.options import option
from folkestrom.app.office.demography.simulation import SimulationQuestion
from folkestrom.errors import UsageError


def asked(**given: Any) -> SimulationQuestion:
    usual: dict[str, Any] = {"by": None, "households": False, "every": None, "runs": 1, "areas": ""}
    return SimulationQuestion.asked(
        option, from_=2021, to_=2030, seed=0, scenario=None, durations=10, years=5,
        known_at="published", extraction_months=None, **(usual | given),
    )  # fmt: skip


def test_what_figures_are_by_if_nothing_is_said() -> None:
    assert asked().by == ("immigrant_group",)
    assert asked(households=True).by == ("household_type",)
    assert asked(households=True, by="sex,age_five_year").by == ("sex", "age_five_year")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"households": True, "areas": "county"}, "--areas: 'county' has no households: these are"),
        ({"every": 5}, "(?s)--every: '5' has no effect: only households have it.*Ask for househol"),
        ({"runs": 5}, "--runs: '5' has no effect: only households have it"),
    ],
)
def test_what_has_no_households(given: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        asked(**given)
