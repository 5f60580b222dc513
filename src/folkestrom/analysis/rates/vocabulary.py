"""The variables of one question on one store: the register's own, linked ones, and groups of them.

Names, levels and groups are those of studies (`analysis.study`), so that a group that a panel has
is the same group here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

import duckdb

from folkestrom.analysis.rates.crossing import BY_YEAR, FIRST_PLACE
from folkestrom.analysis.rates.variables import EXPOSED
from folkestrom.analysis.study.definition import Groups
from folkestrom.analysis.study.describe import LINKED_PLACE
from folkestrom.analysis.study.grouping import grouped
from folkestrom.analysis.study.vocabulary import (
    BUILT_IN,
    built_in,
    of_linked,
    of_statistics,
)
from folkestrom.analysis.study.vocabulary import Variable as OfStudies
from folkestrom.classifications.code_lists import UNKNOWN_CODE
from folkestrom.engine.rows import first_row, is_any
from folkestrom.errors import UsageError, UserError
from folkestrom.linkage.catalogue import NUMBER, WHOLE_NUMBER, Linked, linked_variables
from folkestrom.model.names import unknown, without_effect
from folkestrom.model.specification import Category, Dimension, Text, same
from folkestrom.statistics.periods import Period
from folkestrom.statistics.reach import Reach
from folkestrom.statistics.variables import Variable

#: A linked whole number is a class, with a group for each number, if they span no more than this.
MOST_CLASSES: Final = 150

_UNKNOWN: Final = Category(UNKNOWN_CODE, Text("Unknown", "Uoppgitt"))


@dataclass(frozen=True, slots=True)
class Setting:
    """Where names are looked up.

    Parameters
    ----------
    connection
        An open store.
    period
        The period.
    known
        Knowledge day.
    limits
        How far the log reaches.
    groups
        Variables made of others, by name.
    """

    connection: duckdb.DuckDBPyConnection
    period: Period
    known: date
    limits: Reach
    groups: Mapping[str, Groups]


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


def exposed(setting: Setting, names: Iterable[str]) -> tuple[Variable, ...]:
    """The variables of those names.

    Parameters
    ----------
    setting
        Where they are looked up.
    names
        What was asked for.

    Raises
    ------
    UsageError
        An unknown name, with the nearest known one; a name given twice; a linked variable that was
        not known yet, or of numbers without groups; a group that cannot be made.
    """
    wanted = list(names)
    linked = linked_variables(setting.connection)
    _check_groups(setting.groups, linked)
    found = []
    for name in wanted:
        if wanted.count(name) > 1:
            raise UsageError("is asked for twice", where="by", value=name)
        if name in EXPOSED and name in linked:
            raise UsageError(
                "is a variable of the register's, and a linked one too",
                where="by",
                value=name,
                next_step=f"Link yours by another name: `folkestrom link FILE --as my_{name}`",
            )
        if name in EXPOSED:
            found.append(EXPOSED[name])
        elif name in setting.groups:
            found.append(_grouped(setting, name, linked))
        elif name in linked:
            found.append(_linked(setting, linked[name]))
        else:
            raise _unknown(name, (*EXPOSED, *setting.groups, *linked), "by")
    return tuple(found)


def _unknown(name: str, known: Sequence[str], where: str) -> UserError:
    if name in BUILT_IN:
        return UsageError(
            "is a variable of studies, of what became of a person-year",
            where=where,
            value=name,
            allowed=tuple(known),
            next_step="Make a panel of it with `folkestrom study`, which has propensities",
        )
    if ":" in name:
        return UsageError(
            "is not a variable: several of them are crossed by naming each",
            where=where,
            value=name,
            allowed=", ".join(part.strip() for part in name.split(":")),
        )
    return unknown(
        name,
        tuple(known),
        "is not a variable that exposure has",
        where=where,
        further=f"Variables of your own are linked with `folkestrom link FILE --as {name}`",
    )


def _check_groups(groups: Mapping[str, Groups], linked: Mapping[str, Linked]) -> None:
    for name, group in groups.items():
        where = f"groups, {name}"
        if name in EXPOSED or name in BUILT_IN or name in linked:
            raise UsageError("is a variable already", where="groups", value=name)
        if group.of in groups:
            raise UsageError(
                "is a group itself; groups are made of variables", where=where, value=group.of
            )
        if group.of not in EXPOSED and group.of not in linked:
            raise _unknown(group.of, (*EXPOSED, *linked), where)


def _check_known(setting: Setting, linked: Linked) -> None:
    if linked.first_known > setting.known:
        raise UsageError(
            f"was linked as known from {linked.first_known} on, and the question is for what was "
            f"known on {setting.known}",
            where="known_at",
            value=linked.name,
            next_step=f"Link it with `folkestrom link FILE --as {linked.name} --known-from DAY`, "
            "the day from which its values were to be had, or ask for a later day, such as all "
            "that is known: --known-at latest",
        )


def _linked(setting: Setting, linked: Linked) -> Variable:
    """A linked variable whose values are levels."""
    _check_known(setting, linked)
    made = of_linked(linked)
    if not made.coded:
        made = _classes(setting, linked, made)
    label = _label(linked.name)
    note = Text(
        f"{label.en} is linked to the register; who has no value is unknown.",
        f"{label.no} er koblet til registeret; den som ikke har noen verdi, er uoppgitt.",
    )
    return _variable(linked.name, made, made.needs, _area(linked), note)


def _area(linked: Linked) -> int:
    return 0 if linked.key == "person" else 2


def _classes(setting: Setting, linked: Linked, made: OfStudies) -> OfStudies:
    """Whole numbers that lie close together, as levels."""
    low, high = None, None
    if linked.kind == WHOLE_NUMBER:
        row = first_row(
            setting.connection, f'SELECT min("value"), max("value") FROM {linked.table}'
        )
        low, high = row or (None, None)
    if linked.kind == NUMBER or (low is not None and high - low > MOST_CLASSES):
        raise UsageError(
            "is a linked number, and there would be a group for every number",
            where="by",
            value=linked.name,
            allowed="groups of it, by bounds or of equal size",
            next_step=f'Say groups, such as {linked.name}_tenth = {{of = "{linked.name}", '
            f"quantiles = 10}}, and ask for {linked.name}_tenth",
        )
    rows = setting.connection.execute(
        f'SELECT DISTINCT "value" FROM {linked.table} ORDER BY "value"'
    ).fetchall()
    numbers = tuple(int(number) for (number,) in rows)
    levels = (*(str(number) for number in numbers), UNKNOWN_CODE)
    return OfStudies(made.name, made.sql, made.needs, levels, numbers)


def _grouped(setting: Setting, name: str, linked: Mapping[str, Linked]) -> Variable:
    """A variable made of another one, as studies make it."""
    groups = setting.groups[name]
    used = [linked[other] for other in (groups.of, groups.by) if other and other in linked]
    for variable in used:
        _check_known(setting, variable)
    mine = {id: of_linked(variable) for id, variable in linked.items()}
    of = mine[groups.of] if groups.of in linked else _of_studies(setting, groups.of)
    years = _years(setting, linked[groups.of]) if groups.quantiles and used else {}
    made = grouped(setting.connection, name, groups, of, years, mine)
    needs = set(mine[groups.of].needs if groups.of in linked else EXPOSED[groups.of].needs)
    area = _area(linked[groups.of]) if groups.of in linked else EXPOSED[groups.of].area
    if groups.by is not None:
        needs |= {need for need in made.needs if need.startswith(LINKED_PLACE)}
        if not made.coded:
            made = _classes(setting, linked[groups.by], made)
    if groups.quantiles:
        needs.add(BY_YEAR)
    return _variable(name, made, frozenset(needs), area, _rule(name, groups, made, used))


def _of_studies(setting: Setting, name: str) -> OfStudies:
    """As studies have it, with what exposure makes of it."""
    found = built_in(setting.connection, {name})
    if name in found:
        return replace(found[name], sql=EXPOSED[name].sql)
    return of_statistics(EXPOSED[name])


def _years(setting: Setting, linked: Linked) -> dict[int, dict[str, object]]:
    """Eve and knowledge day of the 1 Januaries of the period's years.

    Events of the first day are described as of the day before, which may be of another year: it is
    there too if somebody has a value then.
    """
    first, last = setting.period.start - timedelta(days=1), setting.period.end - timedelta(days=1)
    asked = range(setting.period.start.year, last.year + 1)
    found: dict[int, dict[str, object]] = {}
    valued = set()
    for year in range(first.year, last.year + 1):
        turn = date(year, 1, 1)
        held = (
            f"{linked.table} WHERE valid_from <= $turn AND valid_to > $turn "
            "AND known_from <= $known AND known_to > $known"
        )
        given = {"turn": turn, "known": setting.known}
        if turn >= setting.limits.first and is_any(setting.connection, held, given):
            valued.add(year)
        if year in valued or year in asked:
            found[year] = {"eve": turn - timedelta(days=1), "known": setting.known}
    if valued.isdisjoint(asked):
        raise UsageError(
            "has no value on 1 January of any year of the period: groups of equal size are of the "
            "residents of those days",
            where="groups",
            value=linked.name,
            next_step="Ask for other years, or for groups by bounds (starts)",
        )
    return found


def _rule(name: str, groups: Groups, made: OfStudies, used: Sequence[Linked]) -> Text | None:
    """What readers of a table by groups should know."""
    label = _label(name)
    if groups.quantiles:
        return made.note
    if not used:
        return EXPOSED[groups.of].note
    of = groups.of if groups.by is None else f"{groups.by} ({groups.of})"
    # Without a name of its own, what is in none of the groups is with the unknown.
    rest = groups.other is None and bool(groups.starts or groups.codes)
    en, no = ("no value", "noen verdi")
    if rest:
        en, no = (
            "no value, or one in none of the groups,",
            "noen verdi, eller en utenfor gruppene",
        )
    return Text(
        f"{label.en}: by {of}, linked to the register; who has {en} is unknown.",
        f"{label.no}: etter {of}, koblet til registeret; den som ikke har {no}, er uoppgitt.",
    )


def _variable(
    name: str, made: OfStudies, needs: frozenset[str], area: int, note: Text | None
) -> Variable:
    """A variable of studies as one of exposure."""
    levels = dict(zip(made.numbers, made.levels or (), strict=False))
    categories = tuple(
        _UNKNOWN if level == UNKNOWN_CODE else Category(level, same(level))
        for level in made.levels or ()
    )
    # Numbers that stand for what is unknown are the same as no number.
    spare = [str(number) for number, level in levels.items() if level == UNKNOWN_CODE]
    sql = f"nullif({made.sql}, {spare[0]})" if spare else made.sql
    if FIRST_PLACE in made.sql:
        needs |= {FIRST_PLACE}
    return Variable(
        Dimension(name, _label(name), categories),
        sql,
        levels.__getitem__,
        needs,
        area=area,
        note=note,
    )


def _label(name: str) -> Text:
    text = name.replace("_", " ")
    return same(text[:1].upper() + text[1:])
