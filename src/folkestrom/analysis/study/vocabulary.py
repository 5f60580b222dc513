"""Every variable that a study can name: those of statistics, and those of emigration research.

A variable is an SQL expression over described rows (`describe`), which gives a number. A coded
variable has levels, and the number that stands for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import duckdb
import pyarrow as pa

from folkestrom.analysis.study.describe import LINKED, LINKED_PLACE
from folkestrom.classifications.code_lists import (
    UNKNOWN_CODE,
    country_code,
    county_code,
    long_list,
    municipality_code,
)
from folkestrom.classifications.country_groups import immigrant_groups
from folkestrom.errors import UsageError
from folkestrom.linkage.catalogue import TEXT, WHOLE_NUMBER, Linked
from folkestrom.model.codes import PARTNERED_STATUSES, Reason
from folkestrom.model.countries import COUNTRY_CODES
from folkestrom.model.names import check_code, suggestion
from folkestrom.model.specification import Text
from folkestrom.statistics import variables as statistics
from folkestrom.statistics.as_of import age_sql


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of studies.

    Parameters
    ----------
    name
        What it is called.
    sql
        Expression over described rows.
    needs
        What the rows must be described by first; see `describe`.
    levels
        Codes in the order of results; None for a number.
    numbers
        The number that stands for each level.
    type
        Arrow type of a number.
    nothing
        What stands for a missing number among the levels; None: nothing does.
    note
        What readers of a table by it should know.
    """

    name: str
    sql: str
    needs: frozenset[str] = frozenset()
    levels: tuple[str, ...] | None = None
    numbers: tuple[int, ...] = ()
    type: pa.DataType = field(default_factory=pa.int16)
    nothing: str | None = UNKNOWN_CODE
    note: Text | None = None

    @property
    def coded(self) -> bool:
        """Whether it has levels."""
        return self.levels is not None

    def number(self, code: str, where: str) -> int | None:
        """The number of a code; None for what is unknown.

        Raises
        ------
        UsageError
            A code that the variable does not have.
        """
        levels = self.levels or ()
        if code in levels:
            place = levels.index(code)
            return self.numbers[place] if place < len(self.numbers) else None
        listed = long_list(self.name)
        if code in listed:
            return listed[code]  # nobody has it yet
        raise UsageError(
            f"is not a code of {self.name}",
            where=where,
            value=code,
            allowed=_shortened(levels),
            next_step=suggestion(code, levels),
        )


_NO_YES: Final = ("no", "yes")
_GROUPS: Final = ("native", "norwegian_born")
_SHOWN: Final = 30

#: Where the numbers are found that occur in a store, of variables with long lists.
_FOUND: Final = {
    "municipality": ("residence", "municipality", municipality_code),
    "county": ("residence", "municipality // 100", county_code),
    "basic_unit": ("residence", "basic_unit", lambda n: f"{n:08d}"),
    "citizenship": ("citizenship", "citizenship", country_code),
    "country_of_birth": ("attribute", "country_of_birth", country_code),
    "first_municipality": ("residence", "municipality", municipality_code),
    "first_county": ("residence", "municipality // 100", county_code),
    "destination_country": ("event", "country", country_code),
    "destination": (
        "event",
        "CASE WHEN kind = 8 THEN -country WHEN kind = 5 THEN municipality_to END",
        lambda n: country_code(-n) if n < 0 else municipality_code(n),
    ),
}
#: What statistics needs of rows, by the names that it has here.
_NEEDS: Final = {"birthplace": "attribute"}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The variables of one study on one store.

    Parameters
    ----------
    known
        Every variable by name.
    """

    known: Mapping[str, Variable]

    def __getitem__(self, name: str) -> Variable:
        return self.known[name]

    def note_of(self, names: Iterable[str]) -> str:
        """What readers of a study should know of its variables."""
        notes = [self.known[name].note for name in dict.fromkeys(names)]
        return " ".join(note.en for note in notes if note is not None)

    def check(self, names: Iterable[str], where: str) -> None:
        """Refuse a name that no variable has, and suggest the nearest one."""
        for name in names:
            check_code(
                name, tuple(self.known), "is not a variable", where=where,
                further=f"Variables of your own are linked with `folkestrom link FILE --as {name}`",
            )  # fmt: skip


def built_in(connection: duckdb.DuckDBPyConnection, names: Iterable[str]) -> dict[str, Variable]:
    """Variables that every store has.

    Parameters
    ----------
    connection
        The store, where long lists of codes are looked up.
    names
        Those whose levels will be needed.
    """
    wanted = set(names)
    found = {
        name: of_statistics(variable)
        for name, variable in statistics.VARIABLES.items()
        if "stock" in variable.of
    }
    found |= {variable.name: variable for variable in OWN}
    for name in wanted & _FOUND.keys():
        found[name] = _looked_up(connection, found[name])
    return found


def of_statistics(variable: statistics.Variable) -> Variable:
    """A variable of statistics as one of studies: with the levels that its dimension lists."""
    needs = {_NEEDS.get(need, need) for need in variable.needs}
    needs.add("place" if variable.area else "attribute")
    if variable.decode is None:
        return Variable(variable.id, variable.sql, frozenset(needs))
    listed = variable.dimension.categories or ()
    order = [category.code for category in listed]
    codes: dict[str, int] = {}
    for number in range(len(order) + 1):
        try:
            codes.setdefault(variable.decode(number), number)
        except (ValueError, IndexError, KeyError):
            continue
    levels = tuple(code for code in order if code in codes)
    numbers = tuple(codes[level] for level in levels)
    if UNKNOWN_CODE not in levels:
        levels += (UNKNOWN_CODE,)
    return Variable(variable.id, variable.sql, frozenset(needs), levels, numbers)


def of_linked(linked: Linked) -> Variable:
    """A linked variable as one of studies: texts are codes, numbers are numbers."""
    need = f"{LINKED if linked.key == 'person' else LINKED_PLACE}{linked.name}"
    if linked.kind == TEXT:
        levels = [level for level, _ in linked.levels if level != UNKNOWN_CODE]
        numbers = [number for level, number in linked.levels if level != UNKNOWN_CODE]
        spare = [number for level, number in linked.levels if level == UNKNOWN_CODE]
        return Variable(
            linked.name,
            linked.table,
            frozenset({need}),
            (*levels, UNKNOWN_CODE),
            (*numbers, *spare),
        )
    kind = pa.int64() if linked.kind == WHOLE_NUMBER else pa.float64()
    return Variable(linked.name, linked.table, frozenset({need}), type=kind)


def _looked_up(connection: duckdb.DuckDBPyConnection, variable: Variable) -> Variable:
    """A variable with the levels that occur in the store, whoever has them and whenever."""
    table, expression, code = _FOUND[variable.name]
    rows = connection.execute(
        f"SELECT DISTINCT {expression} AS number FROM {table} ORDER BY number"
    ).fetchall()
    named = {code(int(number)): int(number) for (number,) in rows if number is not None}
    levels = sorted(name for name in named if name != UNKNOWN_CODE)
    numbers = [named[level] for level in levels]
    if variable.nothing is not None:
        levels.append(variable.nothing)
        if UNKNOWN_CODE in named:
            numbers.append(named[UNKNOWN_CODE])
    return Variable(
        variable.name,
        variable.sql,
        variable.needs,
        tuple(levels),
        tuple(numbers),
        variable.type,
        variable.nothing,
    )


def _years(since: str) -> str:
    return age_sql("described_on", since)


def _group_sql() -> str:
    """Number of the immigrant group: natives, born here of immigrants, then groups of countries."""
    category = statistics.VARIABLES["immigrant_category"].sql
    groups = immigrant_groups()
    whens = " ".join(
        f"WHEN country_of_birth IN ({', '.join(str(COUNTRY_CODES[c]) for c in listed)}) "
        f"THEN {number}"
        for number, listed in enumerate(groups.values(), start=len(_GROUPS))
        if listed
    )
    other = len(_GROUPS) + list(groups).index("other")
    return f"""CASE ({category}) WHEN 0 THEN CASE {whens} ELSE {other} END
      WHEN 1 THEN 1 WHEN 4 THEN NULL ELSE 0 END"""


def _flag(name: str, condition: str, *needs: str) -> Variable:
    sql = f"CASE WHEN {condition} THEN 1 ELSE 0 END"
    return Variable(name, sql, frozenset(needs), _NO_YES, (0, 1))


def _levels(name: str, sql: str, levels: tuple[str, ...], *needs: str) -> Variable:
    numbers = tuple(range(len(levels)))
    return Variable(name, sql, frozenset(needs), (*levels, UNKNOWN_CODE), numbers)


_PARTNER: Final = (
    "marital_status IN "
    f"({', '.join(str(int(s)) for s in sorted(PARTNERED_STATUSES) if 'SEPARATED' not in s.name)})"
)
_FAMILIES: Final = ("single", "couple", "couple_with_children", "single_with_children")

#: The year in which the pandemic came.
COVID_YEAR: Final = 2020


def covid_year_sql(year: str) -> str:
    """Number of the level of `covid_year`, as an SQL expression.

    Parameters
    ----------
    year
        SQL of a calendar year.

    Examples
    --------
    >>> covid_year_sql("year")
    'CASE WHEN year = 2020 THEN 1 ELSE 0 END'
    """
    return f"CASE WHEN {year} = {COVID_YEAR} THEN 1 ELSE 0 END"


def _children_of_immigrants_sql() -> str:
    """Born in Norway of immigrants (1), or not (0); nothing where that cannot be told."""
    category = statistics.VARIABLES["immigrant_category"].sql
    return f"CASE ({category}) WHEN 1 THEN 1 WHEN 3 THEN NULL WHEN 4 THEN NULL ELSE 0 END"


#: Variables that studies have beside those of statistics.
OWN: Final = (
    Variable("immigration_year", "year(immigrated)", frozenset({"past"})),
    Variable("first_immigration_year", "year(first_immigrated)", frozenset({"past"})),
    Variable("years_since_immigration", _years("immigrated"), frozenset({"past"})),
    Variable("years_since_first_immigration", _years("first_immigrated"), frozenset({"past"})),
    Variable("years_in_municipality", _years("moved_in"), frozenset({"past"})),
    Variable("first_municipality", "first_municipality", frozenset({"past"}), ()),
    Variable("first_county", "first_municipality // 100", frozenset({"past"}), ()),
    _levels(
        "immigration_reason",
        "immigration_reason - 1",
        tuple(reason.name.lower() for reason in Reason),
        "past",
    ),
    _levels(
        "immigrant_group",
        _group_sql(),
        (*_GROUPS, *immigrant_groups()),
        "attribute",
        "parents",
    ),
    _levels(
        "children_of_immigrants",
        _children_of_immigrants_sql(),
        _NO_YES,
        "attribute",
        "parents",
    ),
    Variable(
        "covid_year",
        covid_year_sql("year(reference_day)"),
        levels=("other_years", str(COVID_YEAR)),
        numbers=(0, 1),
    ),
    Variable("children", "children", frozenset({"children"})),
    _flag("with_children", "children > 0", "children"),
    _flag("with_partner", _PARTNER, "marital"),
    _levels(
        "family",
        f"CASE WHEN {_PARTNER} THEN CASE WHEN children > 0 THEN 2 ELSE 1 END "
        "WHEN children > 0 THEN 3 ELSE 0 END",
        _FAMILIES,
        "marital",
        "children",
    ),
    Variable(
        "destination",
        _FOUND["destination"][1].replace("municipality_to", "went_to"),
        frozenset({"outcome"}),
        (),
        nothing=None,
    ),
    Variable(
        "destination_country",
        "CASE WHEN kind = 8 THEN country END",
        frozenset({"outcome"}),
        (),
        nothing=None,
    ),
)

#: Every name that is taken, so that no linked variable or group can have it.
BUILT_IN: Final = frozenset(
    {v.name for v in OWN} | {n for n, v in statistics.VARIABLES.items()} | {"person", "year"}
)


def _shortened(levels: tuple[str, ...]) -> str:
    shown = ", ".join(levels[:_SHOWN])
    return shown if len(levels) <= _SHOWN else f"{shown} … ({len(levels)} in all)"
