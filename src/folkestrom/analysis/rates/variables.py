"""What exposure can be broken down by: the variables of stocks, and those that time alone moves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from folkestrom.errors import UsageError
from folkestrom.model.countries import NO_CODE
from folkestrom.model.specification import Category, Dimension, Text
from folkestrom.statistics.age_groups import AgeGroups
from folkestrom.statistics.variables import VARIABLES, Variable, nearest_name

#: Groups of completed years since the first immigration.
DURATIONS: Final = AgeGroups("duration", (0, 1, 2, 3, 5, 10, 15, 20))

_BORN_HERE: Final = len(DURATIONS.starts)
_NOT_SEEN: Final = _BORN_HERE + 1
_DURATION_CATEGORIES: Final = (
    *(
        Category(code, Text(f"{english} since immigration", f"{code} år siden innvandring"))
        for code in (category.code for category in DURATIONS.categories)
        for english in [f"{code.replace('+', ' or more')} year{'' if code == '1' else 's'}"]
    ),
    Category("born_in_norway", Text("Born in Norway", "Født i Norge")),
    Category("unknown", Text("Immigrated before the log", "Innvandret før loggen")),
)

YEAR: Final = Variable(
    Dimension("year", Text("Year", "År"), classification="Calendar year"),
    "year",
    needs=frozenset({"year"}),
)
DURATION: Final = Variable(
    Dimension(
        "duration",
        Text("Duration of stay", "Botid"),
        _DURATION_CATEGORIES,
        classification="Completed years since the first immigration",
    ),
    "duration",
    lambda n: _DURATION_CATEGORIES[n].code,
    frozenset({"birthplace", "duration"}),
)

#: Every variable that exposure has, by name.
EXPOSED: Final[dict[str, Variable]] = {
    **{id: variable for id, variable in VARIABLES.items() if "stock" in variable.of},
    YEAR.id: YEAR,
    DURATION.id: DURATION,
}


def duration_sql(years: str) -> str:
    """Number of the group of duration, as an SQL expression over described persons.

    Parameters
    ----------
    years
        SQL of the completed years since the first immigration, null where the log has none.

    Examples
    --------
    >>> duration_sql("years").splitlines()[0]
    'CASE WHEN country_of_birth = 167 THEN 8'
    """
    return f"""CASE WHEN country_of_birth = {NO_CODE} THEN {_BORN_HERE}
      WHEN {years} IS NULL THEN {_NOT_SEEN} ELSE {DURATIONS.sql(years)} END"""


def exposed(names: Iterable[str]) -> tuple[Variable, ...]:
    """The variables of those names.

    Parameters
    ----------
    names
        What was asked for.

    Raises
    ------
    UsageError
        An unknown name, with the nearest known one; a name given twice.

    Examples
    --------
    >>> [variable.id for variable in exposed(["county", "year"])]
    ['county', 'year']
    """
    wanted = list(names)
    for name in wanted:
        if name not in EXPOSED:
            nearest = nearest_name(name, EXPOSED)
            raise UsageError(
                "is not a variable that exposure has",
                where="by",
                value=name,
                allowed=tuple(EXPOSED),
                next_step=f"Did you mean {nearest!r}?" if nearest else None,
            )
        if wanted.count(name) > 1:
            raise UsageError("is asked for twice", where="by", value=name)
    return tuple(EXPOSED[name] for name in wanted)
