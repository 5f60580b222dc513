"""Populations at rates that stay as they are, in a fifth of the time of `projecting.project`.

What happens in between is not kept, so that a page can show them while a reader waits.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from folkestrom.errors import UsageError
from folkestrom.projection.assumptions import Assumptions, Floats
from folkestrom.projection.structure import FEMALE, MALE, SEXES, Structure


def populations(
    structure: Structure, population: ArrayLike, assumed: Assumptions, steps: int
) -> Floats:
    """Persons at the turns of the steps.

    Parameters
    ----------
    structure, population
        As for `project`.
    assumed
        What happens in every step: arrays of one step, without draws; nobody leaves by number.
    steps
        How many steps.

    Returns
    -------
    Floats
        As `Projection.population`: (steps + 1, groups, 2, ages).

    Raises
    ------
    UsageError
        Assumptions of several steps or draws.

    Examples
    --------
    >>> from folkestrom.projection.assumptions import Rates
    >>> cells, none = Structure(ages=3), np.zeros((1, 1, 1, 1))
    >>> nobody_dies = Rates(none, none, none[:, 0], none).assumptions(cells)
    >>> populations(cells, np.full((1, 2, 3), 10.0), nobody_dies, 1)[1, 0, 0].tolist()
    [0.0, 10.0, 20.0]
    """
    assumed = assumed.checked(structure)
    if assumed.draws or assumed.steps != 1:
        raise UsageError("change from step to step, or have draws", where="assumptions")
    stay, leave, half = assumed.stay[0], assumed.leave[0], assumed.immigration[0] / 2
    rates = structure.width * assumed.fertility[0] / 2
    share = assumed.males_per_female / (1 + assumed.males_per_female)
    shares, children = np.empty(len(SEXES)), structure.children
    shares[MALE], shares[FEMALE] = share, 1 - share
    to, abroad = structure.places("next"), structure.places("leaves_to")
    order = np.argsort(to, kind="stable")
    targets, starts = np.unique(to[order], return_index=True)
    found = np.zeros((steps + 1, *structure.shape))
    found[0] = population
    end, gone = np.zeros(structure.shape), np.zeros(structure.shape[1:])
    for before, after in pairwise(found):
        there = before + half
        _older(there, stay, end)
        mothers = there[:, FEMALE] + end[:, FEMALE] + half[:, FEMALE]
        newborn = ((mothers * rates).sum(axis=1) @ children)[:, None] * shares
        end[..., 0] = newborn * stay[..., 0]
        after[targets] = np.add.reduceat(end[order], starts, axis=0)
        np.add(after, half, out=after)
        for group in np.flatnonzero(abroad >= 0):
            _older(there[group], leave[group], gone)
            gone[..., 0] = newborn[group] * leave[group, :, 0]
            after[abroad[group]] += gone
    return found


def _older(persons: Floats, share: Floats, into: Floats) -> None:
    """Those of whom a share stays or leaves, by the age group that they are in a step later."""
    into[..., 0] = 0
    np.multiply(persons[..., :-1], share[..., 1:-1], out=into[..., 1:])
    into[..., -1] += persons[..., -1] * share[..., -1]
