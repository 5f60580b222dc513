"""What a projection starts from: who is there, and the rates of the years before."""

from __future__ import annotations

from dataclasses import dataclass

from folkestrom.projection.assumptions import Floats, Rates
from folkestrom.projection.counts import Counts
from folkestrom.projection.structure import Structure


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """What a projection starts from.

    Parameters
    ----------
    structure
        Its groups.
    population
        Persons, those abroad too: (groups, 2, ages).
    counts, rates
        Events of the years before, and rates of them, to be kept in all years to come.
    left_out
        Residents of unknown sex or age, who are in none of the cells.
    """

    structure: Structure
    population: Floats
    counts: Counts
    rates: Rates
    left_out: int = 0
