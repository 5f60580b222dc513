"""What textbooks and other programs project, to their digits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from folkestrom.projection.assumptions import Assumptions
from folkestrom.projection.projecting import Projection, project
from folkestrom.projection.structure import FEMALE, Structure


def case(reference: Path, name: str) -> dict[str, Any]:
    file = reference.parent / "cases" / "projection" / name
    if not file.exists():
        pytest.skip(f"the case {name} is not there")
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found


def sweden(reference: Path, steps: int, migrants: bool) -> tuple[Projection, dict[str, Any]]:
    """Preston, Heuveline and Guillot (2001), boxes 6.1 and 6.2."""
    made = case(reference, "ccm_sweden1993_preston_box61_62.json")
    given = made["inputs"]
    lived = np.array(given["nLx"], float)
    ages = len(lived)
    stay = np.empty(ages + 1)
    stay[0] = lived[0] / (5 * given["radix"])
    stay[1:-2] = lived[1:-1] / lived[:-2]
    stay[-2:] = lived[-1] / (lived[-1] + lived[-2])
    come = np.array(given["net_migrants_5y_each_sex"], float) * migrants
    assumed = Assumptions(
        np.broadcast_to(stay, (steps, 1, 2, ages + 1)), np.zeros((1, 1, 1, 1)),
        np.array(given["asfr"])[None, None], come[None, None, None], given["srb"],
    )  # fmt: skip
    persons = np.broadcast_to(np.array(given["pop_f"], float), (1, 2, ages))
    return project(Structure(ages=ages, width=5), persons, assumed), made["expected"]


def test_sweden_closed(reference: Path) -> None:
    found, expected = sweden(reference, 2, False)
    females = found.residents[:, FEMALE].sum(axis=-1)
    assert females.round().tolist() == list(expected["box61"]["total"].values())
    assert round(found.residents[1, FEMALE, 0]) == expected["box61"]["pop_0_4_1998"]


def test_sweden_with_migration(reference: Path) -> None:
    found, expected = sweden(reference, 1, True)
    for sex, name in enumerate(("pop_m_1998", "pop_f_1998")):
        assert np.abs(found.residents[1, sex] - expected["box62"][name]).max() < 0.7
    births = expected["box62"]["births_both_sexes_by_age_mother"]
    assert abs(found.births.sum() - sum(births)) < 1


def test_burkina_faso_as_another_program(reference: Path) -> None:
    """Computed with the R package popReconstruct (Wheldon and others 2013)."""
    made = case(reference, "ccm_burkina_faso_popreconstruct.json")
    given = {name: np.array(made["inputs"][name]["values"], float)
             for name in ("baseline", "survival", "fertility", "migration")}  # fmt: skip
    expected = np.array(made["expected"]["population"]["values"], float)
    ages = len(given["baseline"])
    persons = np.zeros((1, 2, ages))
    persons[0, FEMALE] = given["baseline"][:, 0]
    for step in range(given["fertility"].shape[1]):
        come = np.zeros((1, 1, 2, ages))
        # Net migration, as a share of those at the beginning.
        come[0, 0, FEMALE] = given["migration"][:, step] * persons[0, FEMALE]
        assumed = Assumptions(
            given["survival"][:, step][None, None, None], np.zeros((1, 1, 1, 1)),
            given["fertility"][:, step][None, None], come, made["inputs"]["srb"],
        )  # fmt: skip
        found = project(Structure(ages=ages, width=5), persons, assumed, late_mothers=False)
        persons = np.stack([np.zeros((1, ages)), found.population[1, :, FEMALE]], axis=1)
        assert persons[0, FEMALE] == pytest.approx(expected[:, step + 1], rel=1e-9)
