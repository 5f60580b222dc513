"""What a table of the catalogue is made of: a question to the store, and codes for the public."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal, Protocol

import duckdb

from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.specification import Category, Text
from folkestrom.model.time import EXTRACTION_MONTHS, add_months
from folkestrom.publish.protection import Policy
from folkestrom.publish.tables.definition import CodeList, Group
from folkestrom.statistics.changes import changes
from folkestrom.statistics.coverage import Coverage
from folkestrom.statistics.moves import moves
from folkestrom.statistics.periods import Every, split
from folkestrom.statistics.population import population
from folkestrom.variables.borders.asked import fixed_borders, put_up

#: The code of the nation among places.
NATION: Final = "0"
#: The oldest age that stands by itself.
OLDEST: Final = 105
#: The youngest and the oldest mothers, who are told with those who are younger or older.
_MOTHERS: Final = (15, 50)

Times = Literal["stock", "year", "quarter"]


class Ask(Protocol):
    """A question of statistics by variables, for all times of a table."""

    def __call__(
        self,
        connection: duckdb.DuckDBPyConnection,
        times: Sequence[date],
        by: Sequence[str],
        *,
        keys: bool = False,
    ) -> Cells:
        """The cells, with a column of times; if asked, with the sums of record keys."""


@dataclass(frozen=True, slots=True)
class Column:
    """A variable of a table, and where its values come from.

    Parameters
    ----------
    id, label
        As the public knows it.
    of
        The variable of the vocabulary.
    code
        The public's code of one of the vocabulary's; several may become one.
    values
        All values in their order; empty: those that occur, by the vocabulary's codes.
    eliminated_by
        As in `publish.tables.definition.Variable`.
    levels
        Of places: the variables of the vocabulary that stand in it, beside the nation.
    code_lists
        Other lists of its values.
    """

    id: str
    label: Text
    of: str
    code: Callable[[str], str] = str
    values: tuple[Category, ...] = ()
    eliminated_by: str = "*"
    levels: tuple[str, ...] = ()
    code_lists: tuple[CodeList, ...] = ()


@dataclass(frozen=True, slots=True)
class Declared:
    """A table of the catalogue.

    Parameters
    ----------
    id, title, resembles
        As in `publish.tables.definition.Definition`.
    columns
        Its variables, without time.
    ask
        The question.
    timing
        1 January of every year; years; or quarters.
    contents
        The public's code of each measure that is shown.
    policy
        How it is protected, and why.
    notes
        What there is to say of it beside the notes of its figures.
    derived
        Measures that are differences of two others, as these are shown.
    summed
        Levels of places, "" being the nation, whose counts are the sums of those of the finest.
    rate
        A measure of which rates are shown too, of the counts as these are shown.
    asked_with
        Variables of another table of the same question, so that one answer serves both; None: no
        other table is made of it.
    needs_homes
        Whether it is of who lives with whom, so that reports must tell dwellings.
    needs_parts
        Whether it is by part of town, so that the store must have the classification of units.
    """

    id: str
    title: Text
    columns: tuple[Column, ...]
    ask: Ask
    timing: Times
    contents: Mapping[str, str]
    policy: Policy
    derived: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    summed: tuple[str, ...] = ("", "county")
    rate: str = ""
    asked_with: tuple[str, ...] | None = None
    needs_homes: bool = False
    needs_parts: bool = False
    notes: tuple[Text, ...] = ()
    resembles: tuple[str, ...] = ()
    subject: str = "be"
    subject_label: Text = field(default_factory=lambda: Text("Population", "Befolkning"))


def stock(connection: duckdb.DuckDBPyConnection, times: Sequence[date], by: Sequence[str], *,
          keys: bool = False) -> Cells:  # fmt: skip
    """Residents on days, as published."""
    return population(connection, times, by, keys=keys)


def stock_by_part(connection: duckdb.DuckDBPyConnection, times: Sequence[date],
                  by: Sequence[str], *, keys: bool = False) -> Cells:  # fmt: skip
    """Residents on days by part of town, which stands in place of basic units while it is asked."""
    with closing(connection.cursor()) as apart:
        if (day := fixed_borders(connection)) is not None:
            put_up(apart, day)
        return population(apart, times, by, keys=keys)


def account(every: Every, connection: duckdb.DuckDBPyConnection, times: Sequence[date],
            by: Sequence[str], *, keys: bool = False) -> Cells:  # fmt: skip
    """Changes of periods, as published; the times are where they begin and end."""
    return changes(connection, split(times[0], times[-1], every), by, sums=False, keys=keys)


def between_places(connection: duckdb.DuckDBPyConnection, times: Sequence[date],
                   by: Sequence[str], *, keys: bool = False) -> Cells:  # fmt: skip
    """Moves of years by origin and destination, as published."""
    own = [name for name in by if name not in ("origin", "destination")]
    periods = split(times[0], times[-1], "year")
    return moves(connection, periods, ["municipality", *own], keys=keys)


def abroad(connection: duckdb.DuckDBPyConnection, times: Sequence[date], by: Sequence[str], *,
           keys: bool = False) -> Cells:  # fmt: skip
    """Immigration and emigration of years by country, as published."""
    periods = split(times[0], times[-1], "year")
    return moves(connection, periods, by, abroad=True, keys=keys)


def times_of(declared: Declared, limits: Coverage, first: int | None = None) -> list[date]:
    """The days that a table is made for: those of stocks, or where its periods begin and end.

    Parameters
    ----------
    declared
        The table.
    limits
        How far the log reaches.
    first
        The first year; None: the register's.

    Raises
    ------
    UsageError
        None that is over and drawn.
    """
    months = 3 if declared.timing == "quarter" else 12
    day = date(max(limits.first.year, first or 0), 1, 1)
    if day < limits.first:
        day = date(day.year + 1, 1, 1)
    found = []
    while add_months(day, EXTRACTION_MONTHS) <= limits.last:
        found.append(day)
        day = add_months(day, months)
    if len(found) < (1 if declared.timing == "stock" else 2):
        raise UsageError(
            "has no period that is over, and whose figures are drawn", where="the store",
            value=declared.id, next_step="Take in reports of a whole year",
        )  # fmt: skip
    return found


def age_code(code: str) -> str:
    """An age as statistics banks write it.

    Examples
    --------
    >>> age_code("7"), age_code("107"), age_code("unknown")
    ('007', '105+', 'unknown')
    """
    if not code.isdecimal():
        return code
    return f"{int(code):03}" if int(code) < OLDEST else f"{OLDEST}+"


def age_group_code(code: str) -> str:
    """The group of five ages that an age is in, by the code of the list of groups.

    Examples
    --------
    >>> age_group_code("7"), age_group_code("99"), age_group_code("107"), age_group_code("unknown")
    ('F005', 'F095', 'F100', 'unknown')
    """
    return f"F{min(int(code), OLDEST - 5) // 5 * 5:03}" if code.isdecimal() else code


def mother_age_code(code: str) -> str:
    """The age of a mother; the youngest and the oldest are open.

    Examples
    --------
    >>> mother_age_code("13"), mother_age_code("30"), mother_age_code("51")
    ('015-', '030', '050+')
    """
    if not code.isdecimal():
        return code
    first, last = _MOTHERS
    age = max(first, min(int(code), last))
    return f"{age:03}{'-' if age == first else '+' if age == last else ''}"


def ages_of_mothers() -> tuple[Category, ...]:
    """Single ages of mothers, the first and the last open."""
    open_ = {
        _MOTHERS[0]: (" or younger", " eller yngre"),
        _MOTHERS[1]: (" or older", " eller eldre"),
    }
    found = []
    for age in range(_MOTHERS[0], _MOTHERS[1] + 1):
        en, no = open_.get(age, ("", ""))
        label = Text(f"{age} years{en}", f"{age} år{no}")
        found.append(Category(mother_age_code(str(age)), label))
    return tuple(found)


def five_years_of_mothers() -> CodeList:
    """Groups of mothers' ages; the first and the last are open."""
    codes = [category.code for category in ages_of_mothers()]
    starts = range(_MOTHERS[0], _MOTHERS[1], 5)
    groups = []
    for start in starts:
        at = start - _MOTHERS[0]
        of = codes[at:] if start == starts[-1] else codes[at : at + 5]
        name = f"{start}+" if start == starts[-1] else f"{start}\N{EN DASH}{start + 4}"
        label = Text(f"{name} years", f"{name} år")
        if start == starts[0]:
            label = Text(f"Under {start + 5} years", f"Under {start + 5} år")
        groups.append(Group(f"M{start:03}", label, tuple(of)))
    label = Text("Five-year age groups of mothers", "Femårige aldersgrupper for mødre")
    return CodeList("agg_MorAlder", label, tuple(groups))


def ages() -> tuple[Category, ...]:
    """Single ages up to the last, which is open."""
    listed = [
        Category(age_code(str(age)), Text(f"{age} years", f"{age} år")) for age in range(OLDEST)
    ]
    last = Text(f"{OLDEST} years or older", f"{OLDEST} år eller eldre")
    return (*listed, Category(age_code(str(OLDEST)), last))


def five_years() -> CodeList:
    """Groups of five ages each; the last is open."""
    codes = [category.code for category in ages()]
    groups = []
    for start in range(0, OLDEST, 5):
        open_ = start == OLDEST - 5
        of = codes[start:] if open_ else codes[start : start + 5]
        name = f"{start}+" if open_ else f"{start}\N{EN DASH}{start + 4}"
        label = Text(f"{name} years", f"{name} år")
        groups.append(Group(f"F{start:03}", label, tuple(of)))
    label = Text("Five-year age groups", "Femårige aldersgrupper")
    return CodeList("agg_FemAarigGruppering", label, tuple(groups))


#: The age groups of the sources' first table of the population: where each begins.
_GROUPS: Final = (0, 1, 6, 13, 16, 20, 45, 67, 80, 90)


def age_groups() -> CodeList:
    """The age groups that the population's first table has; the last is open."""
    codes = [category.code for category in ages()]
    groups = []
    for start, end in zip(_GROUPS, (*_GROUPS[1:], len(codes)), strict=True):
        last = "+ years" if end == len(codes) else " years"
        span = f"{start}" if end in (start + 1, len(codes)) else f"{start}\N{EN DASH}{end - 1}"
        name = Text(f"{span}{last}", f"{span}{last}".replace("years", "år"))
        groups.append(Group(f"A{start:03}", name, tuple(codes[start:end])))
    label = Text("Age groups of the population", "Aldersgrupper for folkemengden")
    return CodeList("agg_FolkemengdeAlder", label, tuple(groups))
