"""What is assumed of the future: how many of each cell stay, die, leave, are born and come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from folkestrom.errors import UsageError
from folkestrom.projection.moves import Floats, Moves
from folkestrom.projection.structure import SEXES, Structure

__all__ = ["Assumptions", "Floats", "Rates", "checked_array", "of_cohorts"]


@dataclass(frozen=True, slots=True, eq=False)
class Assumptions:
    """What happens in each step to each cell.

    All arrays may have leading axes (draws), and each axis may have length 1 where the value is the
    same along it. Those of cohorts have one value more than there are age groups: the first is of
    those born in the step, the n-th of those who were in age group n - 1 at its beginning, the last
    of those who were in the open one.

    Parameters
    ----------
    stay
        Share that is alive and has not left at the end: (…, steps, groups, 2, ages + 1).
    leave
        Share that has left by then, alive; the rest has died.
    fertility
        Births by woman and year: (…, steps, groups, ages).
    immigration
        Persons who come in the step, by age group, or net of those who go, where no more is known:
        (…, steps, groups, 2, ages). Half of them count from its beginning, and half at its end.
    males_per_female
        Among the newborn.
    moves
        Moves between areas, which are then the axis in front of the steps; None: no areas.
    """

    stay: Floats
    leave: Floats
    fertility: Floats
    immigration: Floats
    males_per_female: float = 1.06
    moves: Moves | None = None

    def checked(self, structure: Structure) -> Assumptions:
        """These, with all of their axes; refused are shares that cannot be, and other shapes.

        Parameters
        ----------
        structure
            The cells.
        """
        cohorts = (len(SEXES), structure.ages + 1)
        stay = checked_array("stay", self.stay, structure, cohorts)
        leave = checked_array("leave", self.leave, structure, cohorts)
        if (over := stay + leave).max(initial=0.0) > 1 + 1e-12:
            raise UsageError(
                "stays and leaves in a cell together",
                where="stay, leave", value=f"{over.max():.4f}", allowed="at most 1",
            )  # fmt: skip
        fertility = checked_array("fertility", self.fertility, structure, (structure.ages,))
        immigration = checked_array(
            "immigration", self.immigration, structure, (len(SEXES), structure.ages), -np.inf
        )
        if not self.males_per_female > 0:
            raise UsageError(
                "is no ratio", where="males_per_female", value=self.males_per_female,
                allowed="a number above 0",
            )  # fmt: skip
        moves = self.moves.checked(structure) if self.moves else None
        return Assumptions(stay, leave, fertility, immigration, self.males_per_female, moves)

    @property
    def draws(self) -> tuple[int, ...]:
        """Axes in front of the steps."""
        shapes = (self.stay, self.leave, self.immigration, self.fertility[..., None])
        return np.broadcast_shapes(*(array.shape[:-4] for array in shapes))

    @property
    def steps(self) -> int:
        """For how many steps something is assumed."""
        lengths = (self.stay.shape[-4], self.leave.shape[-4], self.fertility.shape[-3])
        return int(max(*lengths, self.immigration.shape[-4]))


@dataclass(frozen=True, slots=True, eq=False)
class Rates:
    """What is assumed, as rates by person-year: what is estimated, and what scenarios change.

    Parameters
    ----------
    mortality, emigration
        Rates by person-year: (…, steps, groups, 2, ages). Of a group that lives abroad the second
        is the rate of return.
    fertility, immigration, males_per_female
        As in `Assumptions`.
    """

    mortality: Floats
    emigration: Floats
    fertility: Floats
    immigration: Floats
    males_per_female: float = 1.06

    def assumptions(self, structure: Structure) -> Assumptions:
        """Shares of those who stay, die and leave.

        A cohort is half of the step in one age group and half in the next; dying and leaving
        compete with each other at the mean of the rates of both (Preston, Heuveline and
        Guillot 2001, chapter 4). Newborn are half a step in the first.

        Parameters
        ----------
        structure
            The cells.

        Raises
        ------
        UsageError
            Rates that are negative, no numbers, or of another shape.

        Examples
        --------
        >>> import numpy as np
        >>> none = np.zeros((1, 1, 1, 1))
        >>> made = Rates(np.full((1, 1, 2, 3), 0.1), none, none[0], none)
        >>> made.assumptions(Structure(ages=3)).stay[0, 0, 0].round(4).tolist()
        [0.9512, 0.9048, 0.9048, 0.9048]
        """
        cells = (len(SEXES), structure.ages)
        dying, leaving = (
            of_cohorts(checked_array(name, rates, structure, cells), structure)
            for name, rates in (("mortality", self.mortality), ("emigration", self.emigration))
        )
        total = dying + leaving
        gone = -np.expm1(-total)
        share = np.divide(leaving, total, out=np.zeros_like(total), where=total > 0)
        return Assumptions(
            1 - gone, gone * share, self.fertility, self.immigration, self.males_per_female
        ).checked(structure)


def checked_array(
    name: str, given: ArrayLike, structure: Structure, last: tuple[int, ...], least: float = 0.0
) -> Floats:
    """An array of the steps, groups and what follows, all of it numbers, from 0 on.

    Parameters
    ----------
    name
        What it is, for errors.
    given
        The array; its groups and what follows may have length 1.
    structure
        The cells.
    last
        Lengths of the axes after the groups.
    least
        The least value that can be.
    """
    array = np.asarray(given, np.float64)
    wanted = (len(structure.groups), *last)
    found = array.shape[-len(wanted) :]
    fits = array.ndim > len(wanted) and all(
        own in (1, full) for own, full in zip(found, wanted, strict=True)
    )
    if not fits:
        said = ", ".join(str(length) for length in wanted)
        raise UsageError(
            "has another shape", where=name, value=str(array.shape),
            allowed=f"(…, steps, {said}), or 1 for any of them",
        )  # fmt: skip
    wrong = np.argwhere(~(np.isfinite(array) & (array >= least)))
    if wrong.size:
        at = tuple(int(n) for n in wrong[0])
        raise UsageError(
            "is none that can be", where=f"{name}{list(at)}", value=float(array[at]),
            allowed="numbers from 0 on" if least == 0 else "numbers",
        )  # fmt: skip
    return np.broadcast_to(array, (*array.shape[: -len(wanted)], *wanted))


def of_cohorts(rates: Floats, structure: Structure) -> Floats:
    """What a cohort meets in a step, of rates by age group: half of one, half of the next.

    Parameters
    ----------
    rates
        By person-year: (…, ages).
    structure
        The cells.

    Returns
    -------
    array of shape (…, ages + 1)
        Rates times years, those who are born in the step first.

    Examples
    --------
    >>> of_cohorts(np.array([0.2, 0.4]), Structure(ages=2)).round(2).tolist()
    [0.1, 0.3, 0.4]
    """
    first = rates[..., :1] / 2
    between = (rates[..., :-1] + rates[..., 1:]) / 2
    return structure.width * np.concatenate([first, between, rates[..., -1:]], axis=-1)
