"""What a projection tells persons apart by: population groups, sexes, and age groups of one width.

A group may follow another with time (a year longer in the country), take those who leave
(emigrants, who may return), and be that of other groups' children. Everything of this kind is
said here, and nothing of it in the method.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from folkestrom.errors import UsageError, UserError
from folkestrom.model.names import check_code

#: The order of the sexes in every array.
SEXES: Final = ("male", "female")
MALE, FEMALE = 0, 1


@dataclass(frozen=True, slots=True)
class Group:
    """A population group.

    Parameters
    ----------
    code
        Its name.
    label
        What it is called; empty: as its name.
    part_of
        Names for several groups together, by which scenarios may call them.
    resident
        Whether its persons live in the country; those who don't are followed because they may come.
    leaves_to
        The group that who leaves belongs to from then on; empty: nobody follows them.
    next
        The group that its persons belong to a step later; empty: this one.
    children
        The groups that its mothers' newborn belong to, each with its share; none: this one.
    alike
        The name that it shares with groups whose rates are estimated together with its own.
    """

    code: str
    label: str = ""
    part_of: tuple[str, ...] = ()
    resident: bool = True
    leaves_to: str = ""
    next: str = ""
    children: tuple[tuple[str, float], ...] = ()
    alike: str = ""


def check_groups(
    groups: Sequence[Group], where: str = "groups", error: type[UserError] = UsageError
) -> None:
    """Refuse groups that have one name or name others that are none, and children's shares.

    Parameters
    ----------
    groups
        The groups.
    where, error
        Where they stand, and the error to raise.
    """
    codes = [group.code for group in groups]
    if len(set(codes)) < len(codes) or not codes:
        raise error("must each have a name of their own", where=where, value=", ".join(codes))
    for group in groups:
        named = {"leaves_to": [group.leaves_to], "next": [group.next],
                 "children": [code for code, _ in group.children]}  # fmt: skip
        for field, others in named.items():
            for code in others:
                place = f"{where}, {group.code}: {field}"
                check_code(code, ["", *codes], "is no group", where=place, error=error)
        shares = [share for _, share in group.children]
        if shares and not (min(shares) >= 0 and abs(sum(shares) - 1) < 1e-9):
            raise error(
                "are no shares of all", where=f"{where}, {group.code}: children", value=shares,
                allowed="numbers from 0 on that add up to 1",
            )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Structure:
    """The cells of a projection.

    Parameters
    ----------
    groups
        The groups, in the order of the arrays.
    ages
        How many age groups there are; the last is open.
    width
        Width of an age group, and length of a step, in years.
    """

    groups: tuple[Group, ...] = (Group("all"),)
    ages: int = 120
    width: int = 1

    def __post_init__(self) -> None:
        check_groups(self.groups)
        if self.ages < 2:
            raise UsageError(
                "is too few age groups", where="ages", value=self.ages, allowed="2 ..."
            )
        if self.width < 1:
            raise UsageError(
                "is no width in years", where="width", value=self.width, allowed="1 ..."
            )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Groups, sexes and age groups."""
        return len(self.groups), len(SEXES), self.ages

    @property
    def resident(self) -> NDArray[np.bool_]:
        """Whether each group lives in the country."""
        return np.array([group.resident for group in self.groups])

    def part(self, name: str) -> NDArray[np.bool_]:
        """Whether each group is part of several together.

        Parameters
        ----------
        name
            What these are called.
        """
        return np.array([name in group.part_of for group in self.groups])

    def places(self, field: str) -> NDArray[np.intp]:
        """The place of the group that a field of each names; -1: none, its own for empty ones.

        Parameters
        ----------
        field
            "leaves_to" or "next".
        """
        codes = [group.code for group in self.groups]
        own = -1 if field == "leaves_to" else None
        named: Sequence[str] = [getattr(group, field) for group in self.groups]
        return np.array(
            [codes.index(name) if name else (n if own is None else own)
             for n, name in enumerate(named)],
            np.intp,
        )  # fmt: skip

    @property
    def children(self) -> NDArray[np.float64]:
        """Shares of the newborn by group of the mother (rows) and of their own."""
        codes = [group.code for group in self.groups]
        found = np.zeros((len(codes), len(codes)))
        for n, group in enumerate(self.groups):
            for code, share in group.children or ((group.code, 1.0),):
                found[n, codes.index(code)] += share
        return found

    @property
    def lower_ages(self) -> NDArray[np.intp]:
        """The first age of each age group."""
        return np.arange(self.ages, dtype=np.intp) * self.width
