"""Identification: which coefficients a panel determines, with names for what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from folkestrom.analysis.design.collinearity import linear_dependencies, listed, orthogonalise
from folkestrom.analysis.mobility.estimation.kernels.tally import (
    count_changers,
    count_levels,
    cross_products,
)
from folkestrom.analysis.mobility.estimation.separation import model_matrix_of
from folkestrom.analysis.mobility.panel.panel import Panel
from folkestrom.errors import InputRefused

#: Levels that are combinations of others are looked for among so many persons first.
_SAMPLE = 20_000


@dataclass(frozen=True)
class Identified:
    """Which positions of the coefficient table have a coefficient, and what was left out.

    Attributes
    ----------
    free
        Positions with a coefficient.
    notes
        A sentence for each position that has none although it is no reference.
    """

    free: NDArray[np.int64]
    notes: tuple[str, ...]


def identify(
    panel: Panel,
    *,
    effects: bool,
    penalised: bool = False,
    collinear: Literal["refuse", "drop"] = "refuse",
) -> Identified:
    """Refuse what has no estimate; leave out levels without rows.

    Parameters
    ----------
    panel
        The rows.
    effects
        Whether persons have effects.
    penalised
        A penalty gives separated coefficients an estimate, so that they are let through.
    collinear
        What to do with a covariate that is a combination of others.
    """
    counts = np.zeros((len(panel.positions), len(panel.outcomes)), dtype=np.int64)
    count_levels(0, panel.persons, panel.rows, counts)
    _check_outcomes(panel, counts[0])
    if effects:
        _check_persons(panel)
    levels = [p for p, position in enumerate(panel.positions) if position.level]
    empty = [p for p in levels if counts[p].sum() == 0]
    _check_references(panel, empty)
    if not penalised:
        _check_separation(panel, counts, [p for p in levels if p not in set(empty)])
    notes = [f"{panel.positions[p].label} has no rows and was left out" for p in empty]
    out = set(empty) | {p for p, position in enumerate(panel.positions) if position.reference}
    free = np.array([p for p in range(len(panel.positions)) if p not in out], dtype=np.int64)
    dependent = _find_dependent(panel, free)
    if dependent and collinear == "refuse":
        p, others = next(iter(dependent.items()))
        raise InputRefused(
            f"is a combination of {_names(panel, others)}",
            column=panel.positions[p].label,
            next_step='Leave one of them out, or fit with collinear="drop"',
        )
    notes += [
        f"{panel.positions[p].label} is a combination of {_names(panel, others)} and was left out"
        for p, others in dependent.items()
    ]
    return Identified(
        np.array([p for p in free if p not in dependent], dtype=np.int64), tuple(notes)
    )


def _check_outcomes(panel: Panel, counts: NDArray[np.int64]) -> None:
    seen = [name for name, n in zip(panel.outcomes, counts, strict=True) if n]
    if len(seen) == 1:
        raise InputRefused(
            f"every row has the outcome {seen[0]}: there is nothing to explain", column="outcome",
            next_step="Check how the outcome was derived, or widen the study",
        )  # fmt: skip
    if len(seen) < len(panel.outcomes):
        missing = [name for name in panel.outcomes if name not in seen]
        raise InputRefused(
            f"no row has the outcome {', '.join(missing)}", column="outcome",
            next_step="Name only outcomes that occur",
        )  # fmt: skip


def _check_persons(panel: Panel) -> None:
    several, changers = count_changers(panel.rows.start, panel.rows.outcome)
    if not several:
        raise InputRefused(
            "every person has one row: a person's effect cannot be told from chance",
            next_step='Add years, or fit without effects (effects="none")',
        )
    if not changers:
        raise InputRefused(
            "no person's outcome ever changes: the variance of the effects has no finite estimate",
            next_step='Add years, or fit without effects (effects="none")',
        )


def _check_references(panel: Panel, empty: list[int]) -> None:
    for p in empty:
        if panel.positions[p].reference:
            raise InputRefused(
                "is the reference, and has no rows",
                column=panel.positions[p].term,
                value=panel.positions[p].level,
                next_step="Choose a level with rows as the reference",
            )


def _check_separation(panel: Panel, counts: NDArray[np.int64], levels: list[int]) -> None:
    for p in levels:
        for k in np.flatnonzero(counts[p] == 0):
            position = panel.positions[p]
            raise InputRefused(
                f"never occurs with the outcome {panel.outcomes[k]} in its "
                f"{int(counts[p].sum())} rows (separation): its coefficient has no finite estimate",
                column=position.term,
                value=position.level,
                next_step="Join the level with another, leave its rows out, or fit with a penalty",
            )


def _find_dependent(panel: Panel, free: NDArray[np.int64]) -> dict[int, list[int]]:
    """Positions that are combinations of others, and of which."""
    levels = free[free < panel.rows.offset_n]
    sample = panel
    if panel.persons > _SAMPLE:
        sample = panel.take(np.linspace(0, panel.persons - 1, _SAMPLE).astype(np.int64))
    among = linear_dependencies(_products(sample, levels))
    if among and sample is not panel:
        among = linear_dependencies(_products(panel, levels))
    found = {int(levels[k]): [int(levels[o]) for o in others] for k, others in among.items()}
    if levels.size < free.size:
        numbers = orthogonalise(model_matrix_of(panel, free)).combinations
        # A number that does not vary is a multiple of the constant.
        found |= {
            int(free[k]): [int(free[o]) for o in others or [0]] for k, others in numbers.items()
        }
    return found


def _products(panel: Panel, free: NDArray[np.int64]) -> NDArray[np.float64]:
    number = np.full(len(panel.positions), -1, dtype=np.int64)
    number[free] = np.arange(free.size)
    out = np.zeros((free.size, free.size))
    cross_products(0, panel.persons, panel.rows, number, out)
    return out


def _names(panel: Panel, positions: list[int]) -> str:
    return listed([panel.positions[p].label for p in positions])
