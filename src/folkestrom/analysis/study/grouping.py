"""Variables made of others: ranges of a number, groups of codes, quantile groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

import duckdb

from folkestrom.analysis.study.definition import Groups
from folkestrom.analysis.study.describe import LINKED_PLACE, place_column
from folkestrom.analysis.study.ranks import rank_sql, ranks, rule_of_ranks
from folkestrom.analysis.study.vocabulary import Variable
from folkestrom.classifications.code_lists import UNKNOWN_CODE
from folkestrom.errors import UsageError

_PLACES: Final = ("municipality", "first_municipality")


def grouped(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    groups: Groups,
    of: Variable,
    years: Mapping[int, Mapping[str, object]],
    linked: Mapping[str, Variable],
) -> Variable:
    """A variable made of another one.

    Parameters
    ----------
    connection
        The store, where quantile groups are found.
    name
        What it is called.
    groups
        How it is made.
    of
        The variable that is grouped.
    years
        For quantile groups: knowledge of each year.
    linked
        Linked variables.
    """
    where = f"groups, {name}"
    if groups.by is not None:
        return _of_places(name, groups.by, of, linked, where)
    if groups.codes:
        return _of_codes(name, groups, of, where)
    if of.coded:
        raise UsageError(
            "has codes and no numbers", where=where, value=of.name, allowed="codes = {…}"
        )
    if groups.starts:
        return _of_ranges(name, groups, of)
    return _of_quantiles(connection, name, groups, of, years)


def _of_places(
    name: str, by: str, of: Variable, linked: Mapping[str, Variable], where: str
) -> Variable:
    """What a linked variable of municipalities says of one of a person's places."""
    if of.name not in _PLACES:
        raise UsageError("is not a municipality", where=where, value=of.name, allowed=_PLACES)
    variable = linked.get(by)
    need = f"{LINKED_PLACE}{by}"
    if variable is None or variable.needs != {need}:
        raise UsageError(
            "is not a linked variable of municipalities",
            where=where,
            value=by,
            allowed=tuple(n for n, v in linked.items() if v.needs == {f"{LINKED_PLACE}{n}"}),
        )
    sql = place_column(by, of.name)
    return replace(variable, name=name, sql=sql, needs=frozenset({f"{need}:{of.name}"}))


def _of_codes(name: str, groups: Groups, of: Variable, where: str) -> Variable:
    if not of.coded:
        raise UsageError(
            "is a number: it has no codes",
            where=where,
            value=of.name,
            allowed="starts or quantiles",
        )
    whens = []
    unknown = None
    for place, listed in enumerate(groups.codes.values()):
        numbers = [of.number(code, where) for code in listed]
        if None in numbers:
            unknown = place
        known = ", ".join(str(number) for number in numbers if number is not None)
        if known:
            whens.append(f"WHEN ({of.sql}) IN ({known}) THEN {place}")
    if unknown is not None:
        whens.append(f"WHEN ({of.sql}) IS NULL THEN {unknown}")
    return _made(name, tuple(groups.codes), whens, groups.other, of)


def _of_ranges(name: str, groups: Groups, of: Variable) -> Variable:
    whole = all(float(start).is_integer() for start in groups.starts)
    bands = [_range(low, high, whole) for low, high in pairwise([*groups.starts, None])]
    # What is in no band is below all of them, and comes first.
    below = [] if groups.other is None or groups.other in bands else [groups.other]
    whens = [
        f"WHEN ({of.sql}) >= {start!r} THEN {place}"
        for place, start in reversed(list(enumerate(groups.starts, start=len(below))))
    ]
    return _made(name, (*below, *bands), whens, groups.other, of)


def _range(low: float | None, high: float | None, whole: bool) -> str:
    start = _number(low or 0)
    if high is None:
        return f"{start}+"
    if whole and low is not None and high == low + 1:
        return start
    return f"{start}-{_number(high - 1 if whole else high)}"


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else str(value)


def _of_quantiles(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    groups: Groups,
    of: Variable,
    years: Mapping[int, Mapping[str, object]],
) -> Variable:
    many = groups.quantiles or 1
    if not any(need.startswith("linked:") for need in of.needs):
        raise UsageError(
            "is not a linked number: groups of equal size are of linked numbers",
            where=f"groups, {name}",
            value=of.name,
        )
    ranked = {year: ranks(connection, of.name, many, known) for year, known in years.items()}
    whens = [
        f"WHEN year(reference_day) = {year} THEN {rank_sql(found, of.sql)}"
        for year, found in ranked.items()
        if found
    ]
    levels = tuple(str(number) for number in range(1, many + 1))
    made = _made(name, levels, whens, None, of)
    return replace(made, note=rule_of_ranks(name, of.name, many, ranked))


def _made(
    name: str, levels: tuple[str, ...], whens: Sequence[str], other: str | None, of: Variable
) -> Variable:
    named = levels if other is None or other in levels else (*levels, other)
    numbers = tuple(range(len(named)))
    rest = "" if other is None else f"WHEN ({of.sql}) IS NOT NULL THEN {named.index(other)} "
    sql = f"CASE {' '.join(whens)} {rest}END" if whens or rest else "NULL::TINYINT"
    return Variable(name, sql, of.needs, (*named, UNKNOWN_CODE), numbers)
