"""The variables of one question on one store: those of every store, linked ones, and groups."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

import duckdb

from folkestrom.classifications.code_lists import UNKNOWN_CODE
from folkestrom.engine.steps import run, step
from folkestrom.errors import UsageError, UserError
from folkestrom.linkage.catalogue import Linked, linked_variables
from folkestrom.model.names import check_code, unknown, without_effect
from folkestrom.variables.borders.asked import PART_OF_TOWN, note_of_borders, where_places_are
from folkestrom.variables.groups import Groups, grouped, note_of_groups
from folkestrom.variables.linked import check_known, in_classes, note_of_linked, of_linked
from folkestrom.variables.registry import RESERVED, VARIABLES, variables_of
from folkestrom.variables.variable import Use, Variable

#: Where the numbers are that a store has of a variable whose list is long.
_LONG: Final = {
    "municipality": ("residence", "municipality"),
    "county": ("residence", "municipality // 100"),
    "basic_unit": ("residence", "basic_unit"),
    PART_OF_TOWN: ("residence", "basic_unit"),
    "citizenship": ("citizenship", "citizenship"),
    "country_of_birth": ("attribute", "country_of_birth"),
    "first_municipality": ("residence", "municipality"),
    "first_county": ("residence", "municipality // 100"),
    "destination_country": ("event", "country"),
    "destination": ("event", VARIABLES["destination"].sql.replace("went_to", "municipality_to")),
}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The variables of one study on one store.

    Parameters
    ----------
    known
        Every variable by name.
    groups
        Names of those that are groups of others.
    """

    known: Mapping[str, Variable]
    groups: frozenset[str] = frozenset()

    def __getitem__(self, name: str) -> Variable:
        return self.known[name]

    def note_of(self, names: Iterable[str]) -> str:
        """How groups came about, as a flow chart says it."""
        made = [self.known[name].note for name in dict.fromkeys(names) if name in self.groups]
        return " ".join(note.en for note in made if note is not None)

    def check(self, names: Iterable[str], where: str) -> None:
        """Refuse a name that no variable has, and suggest the nearest one."""
        for name in names:
            check_code(
                name, tuple(self.known), "is not a variable", where=where,
                further=_all_of_them(name),
            )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Setting:
    """Where names are looked up.

    Parameters
    ----------
    connection
        An open store.
    use
        What the variables are asked for.
    known
        Knowledge date; of several, the first.
    groups
        Variables made of others, by name.
    years
        For groups of equal size of a linked variable: eve and knowledge date of each year.
    """

    connection: duckdb.DuckDBPyConnection
    use: Use
    known: date
    groups: Mapping[str, Groups] = field(default_factory=dict)
    years: Callable[[Linked], Mapping[int, Mapping[str, object]]] | None = None


#: Who else has a variable, and how to ask for it there.
_ELSEWHERE: Final[Mapping[Use, tuple[str, str]]] = {
    "flow": ("changes", "Ask `folkestrom changes` for it"),
    "exposure": ("rates", "Ask `folkestrom rates` for it"),
    "panel": (
        "studies, of what became of a person-year",
        "Make a panel of it with `folkestrom study`, which has propensities",
    ),
}
_NOT_THERE: Final[Mapping[Use, str]] = {
    "stock": "is not a dimension of the population",
    "flow": "is not a dimension of changes",
    "exposure": "is not a variable that exposure has",
}


def known_names(setting: Setting) -> tuple[str, ...]:
    """Every name that may be asked for.

    Parameters
    ----------
    setting
        Where they are looked up.
    """
    linked = linked_variables(setting.connection)
    return (*variables_of(setting.use), *setting.groups, *linked)


def chosen(setting: Setting, names: Iterable[str], where: str = "by") -> tuple[Variable, ...]:
    """The variables of those names, for cells of statistics: each has codes, or whole numbers.

    Parameters
    ----------
    setting
        Where they are looked up.
    names
        What was asked for.
    where
        The argument that names them.

    Raises
    ------
    UsageError
        An unknown name, with the nearest known one; a name given twice; a linked variable that was
        not known yet, or of numbers without groups; a group that cannot be made.
    """
    wanted = list(names)
    own = variables_of(setting.use)
    linked = linked_variables(setting.connection)
    known = (*own, *setting.groups, *linked)
    _check_origins(setting, own, linked)
    check_levels(wanted, where)
    found = []
    for name in wanted:
        if wanted.count(name) > 1:
            raise UsageError("is asked for twice", where=where, value=name)
        if name in own:
            check_one(name, linked, where)
            found.append(note_of_borders(setting.connection, own[name]))
        elif name in setting.groups:
            found.append(_grouped(setting, name, own, linked))
        elif name in linked:
            found.append(_linked(setting, linked[name]))
        else:
            raise _unknown(setting, name, known, where)
    return tuple(found)


def check_levels(names: Iterable[str], where: str) -> None:
    """Refuse parts of town and basic units at once: one of them is the smallest place of a row.

    Parameters
    ----------
    names
        What is asked for.
    where
        The argument that names it.
    """
    if {PART_OF_TOWN, "basic_unit"} <= {*names}:
        raise UsageError(
            "is asked for beside basic_unit, and a table has one of the two", where=where,
            value=PART_OF_TOWN, next_step="Leave one of them out",
        )  # fmt: skip


def check_one(name: str, linked: Mapping[str, Linked], where: str) -> None:
    """Refuse a name that is the register's and a linked one: linked before the program had it.

    Parameters
    ----------
    name
        A variable of every store.
    linked
        Linked variables.
    where
        The argument that names it.
    """
    if name in linked:
        raise UsageError(
            "is a variable of the register's, and a linked one too",
            where=where,
            value=name,
            next_step=f"Link yours by another name: `folkestrom link FILE --as my_{name}`; to ask "
            f"for the register's {name}, take the reports into a new store",
        )


def _unknown(setting: Setting, name: str, known: Sequence[str], where: str) -> UserError:
    if name == "year" and setting.use != "exposure":
        return UsageError(
            "is no variable here: each day or period of a series is a row of its own",
            where=where,
            value=name,
            next_step="Ask for --every year; across, for --wide date or --wide period",
        )
    if name in VARIABLES:
        asked, next_step = _ELSEWHERE[next(u for u in _ELSEWHERE if u in VARIABLES[name].uses)]
        return UsageError(
            f"is a variable of {asked}",
            where=where,
            value=name,
            allowed=tuple(known),
            next_step=next_step,
        )
    if ":" in name:
        return UsageError(
            "is not a variable: several of them are crossed by naming each",
            where=where,
            value=name,
            allowed=", ".join(part.strip() for part in name.split(":")),
        )
    return unknown(
        name, tuple(known), _NOT_THERE[setting.use], where=where, further=_all_of_them(name)
    )


def _all_of_them(name: str) -> str:
    """Where a variable may be found, or come from."""
    return (
        "`folkestrom variables` lists them all; variables of your own are linked with "
        f"`folkestrom link FILE --as {name}`"
    )


def _check_origins(
    setting: Setting, own: Mapping[str, Variable], linked: Mapping[str, Linked]
) -> None:
    check_groups(setting.groups, linked)
    for name, group in setting.groups.items():
        if group.of not in own and group.of not in linked:
            raise _unknown(setting, group.of, (*own, *linked), f"groups, {name}")


def _linked(setting: Setting, linked: Linked) -> Variable:
    """A linked variable whose values are levels."""
    check_known(linked, setting.known)
    made = of_linked(linked)
    if not made.coded:
        made = in_classes(setting.connection, linked, made, setting.use)
    return replace(made, note=note_of_linked(linked, setting.use))


def _grouped(
    setting: Setting, name: str, own: Mapping[str, Variable], linked: Mapping[str, Linked]
) -> Variable:
    """A variable made of another one, as studies make it."""
    groups = setting.groups[name]
    used = [linked[other] for other in (groups.of, groups.by) if other and other in linked]
    for variable in used:
        check_known(variable, setting.known)
    mine = {id: of_linked(variable) for id, variable in linked.items()}
    of = mine.get(groups.of) or with_levels(setting.connection, own[groups.of])
    ranked = setting.years is not None and groups.quantiles and used
    years = setting.years(linked[groups.of]) if ranked and setting.years else {}
    made = grouped(setting.connection, name, groups, of, years, mine)
    if not made.coded and groups.by is not None:
        made = in_classes(setting.connection, linked[groups.by], made)
    if groups.quantiles:
        return made
    return replace(made, note=note_of_groups(name, groups) if used else of.note)


@step(
    "numbers_that_occur",
    reads=["residence", "citizenship", "attribute", "event"],
    example={"table": "residence", "expression": "municipality"},
)
def numbers_that_occur(table: str, expression: str) -> str:
    """Every number that a variable has in a store, whoever has it and whenever."""
    return f"SELECT DISTINCT {expression} AS number FROM {table} ORDER BY number"


def with_levels(connection: duckdb.DuckDBPyConnection, variable: Variable) -> Variable:
    """A variable with the levels that occur in the store, whoever has them and whenever.

    Parameters
    ----------
    connection
        The store.
    variable
        A variable of every store; those with short lists have their levels already.
    """
    if variable.name not in _LONG or variable.decode is None:
        return variable
    table, expression = _LONG[variable.name]
    if table == "residence" and "municipality" in expression:
        table = where_places_are(connection)
    rows = run(connection, [numbers_that_occur(table, expression)]).fetchall()
    found = [int(number) for (number,) in rows if number is not None]
    numbers = {variable.decode(number): number for number in found}
    unknown = numbers.pop(UNKNOWN_CODE, None) if variable.unknown is not None else None
    levels = sorted(name for name in numbers if name != UNKNOWN_CODE)
    rest = () if variable.unknown is None else (variable.unknown,)
    spare = () if unknown is None else (unknown,)
    return variable.with_levels((*levels, *rest), (*(numbers[n] for n in levels), *spare))


def check_groups(groups: Mapping[str, Groups], linked: Mapping[str, Linked]) -> None:
    """Refuse groups with the name of a variable, and groups of groups.

    Parameters
    ----------
    groups
        Variables made of others, by name.
    linked
        Linked variables.
    """
    for name, group in groups.items():
        if not isinstance(group, Groups):
            raise UsageError(
                "is no grouping", where=f"groups, {name}", allowed="Groups(of=…, quantiles=10)"
            )
        if name in RESERVED or name in linked:
            raise UsageError("is a variable already", where="groups", value=name)
        if group.of in groups:
            raise UsageError(
                "is a group itself; groups are made of variables",
                where=f"groups, {name}",
                value=group.of,
            )


def check_used(groups: Mapping[str, Groups], names: Iterable[str]) -> None:
    """Refuse groups of which none is asked for.

    Parameters
    ----------
    groups
        Variables made of others, by name.
    names
        What was asked for.
    """
    if groups and not groups.keys() & set(names):
        raise without_effect(
            "groups", ", ".join(groups), "nothing is asked for by any of them",
            f"Name one where variables are named, such as by: {next(iter(groups))}",
        )  # fmt: skip
