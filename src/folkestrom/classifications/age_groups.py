"""Groupings of age: where each group begins, and what it is called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from folkestrom.model.specification import Category, Text


@dataclass(frozen=True, slots=True)
class AgeGroups:
    """Groups of completed age without gaps from 0 up; the last one is open.

    Parameters
    ----------
    name
        Name of the dimension.
    starts
        Youngest age of each group.

    Examples
    --------
    >>> [group.code for group in AgeGroups("example", (0, 1, 6, 90)).categories]
    ['0', '1-5', '6-89', '90+']
    """

    name: str
    starts: tuple[int, ...]

    @property
    def categories(self) -> tuple[Category, ...]:
        """The groups in order of age."""
        ends = (*self.starts[1:], None)
        return tuple(_category(start, end) for start, end in zip(self.starts, ends, strict=True))

    def sql(self, age: str = "age") -> str:
        """Number of the group, from 0, as an SQL expression over an age."""
        whens = [
            f"WHEN {age} >= {start} THEN {number}"
            for number, start in reversed(list(enumerate(self.starts)))
        ]
        return f"CASE {' '.join(whens)} END"


def _category(start: int, end: int | None) -> Category:
    if end is None:
        return Category(f"{start}+", Text(f"{start} years or older", f"{start} år eller eldre"))
    if end == start + 1:
        return Category(str(start), Text(f"{start} years", f"{start} år"))
    return Category(f"{start}-{end - 1}", Text(f"{start}-{end - 1} years", f"{start}-{end - 1} år"))


#: Five years each, 100 and older together.
FIVE_YEAR: Final = AgeGroups("age_five_year", tuple(range(0, 101, 5)))

#: Ages of mothers, five years each.
MOTHERS: Final = AgeGroups("mother_age_five_year", (0, *range(15, 51, 5)))

#: The groups of the published table by age: school ages, working ages, old ages.
PUBLISHED: Final = AgeGroups("age_group", (0, 1, 6, 13, 16, 20, 45, 67, 80, 90))
