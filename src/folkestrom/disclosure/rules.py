"""Rules of disclosure control, by name: what is too small to be shown, and what is then done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from folkestrom.columns import check_arguments
from folkestrom.errors import UsageError


@dataclass(frozen=True, slots=True)
class Rules:
    """What a table must satisfy before anybody outside sees it.

    Parameters
    ----------
    name
        What notes call the rules.
    minimum_population
        Groups with a smaller population (or fewer person-years) are not shown at all; 0: any are.
    minimum_cell
        Counts from 1 to below this are suppressed, and more with them so that no total gives them
        away; 0: none are.
    zeros
        Counts of 0 are too small as well.
    rounding_base
        Counts from 1 to below this become 0 or this instead of being suppressed; 0: they do not.
    whole_percent_below
        Percentages of fewer persons than this are whole.

    Examples
    --------
    >>> Rules("ours", minimum_cell=3, rounding_base=3)
    Traceback (most recent call last):
    ...
    folkestrom.errors.UsageError: rules: are two ways to treat one small count.
    Allowed: minimum_cell or rounding_base.
    """

    name: str
    minimum_population: int = 0
    minimum_cell: int = 0
    zeros: bool = False
    rounding_base: int = 0
    whole_percent_below: int = 0

    def __post_init__(self) -> None:
        for field in (
            "minimum_population", "minimum_cell", "rounding_base", "whole_percent_below",
        ):  # fmt: skip
            value = getattr(self, field)
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise UsageError(
                    "is not a limit", where="rules", column=field, value=value, allowed="0, 1, 2 …"
                )
        if self.minimum_cell and self.rounding_base:
            raise UsageError(
                "are two ways to treat one small count",
                where="rules",
                allowed="minimum_cell or rounding_base",
            )


#: As strict as platforms that give researchers figures without an application.
RESEARCH: Final = Rules(
    "research", minimum_population=1000, minimum_cell=5, whole_percent_below=1000
)
#: Frequencies of a statistical office: nothing below three.
STATISTICS: Final = Rules("statistics", minimum_cell=3)
#: The same, keeping tables whole: small counts become 0 or 3.
ROUNDED: Final = Rules("rounded", rounding_base=3)

#: The rules that a name stands for.
NAMED: Final = {rules.name: rules for rules in (RESEARCH, STATISTICS, ROUNDED)}


def named(name: str, where: str = "rules") -> Rules:
    """The rules of a name.

    Parameters
    ----------
    name
        "research", "statistics" or "rounded".
    where
        What it was given as.

    Examples
    --------
    >>> named("research").minimum_population
    1000
    """
    check_arguments(named, locals())
    if name not in NAMED:
        raise UsageError("is no set of rules", where=where, value=name, allowed=tuple(NAMED))
    return NAMED[name]
