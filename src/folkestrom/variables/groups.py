"""Variables made of others: ranges of a number, groups of codes, quantile groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

import duckdb

from folkestrom.columns.values import codes as texts_of
from folkestrom.columns.values import is_number, put
from folkestrom.errors import UsageError
from folkestrom.model.specification import Dimension, Text
from folkestrom.variables.linked import label_of
from folkestrom.variables.ranks import rank_sql, ranks, rule_of_ranks
from folkestrom.variables.sources import REFERENCE_DAY, History, at_first_place
from folkestrom.variables.variable import EVERYWHERE, Variable

_PLACES: Final = ("municipality", "first_municipality")


@dataclass(frozen=True, slots=True)
class Groups:
    """A variable made of another one, by name in `Study.groups`.

    Parameters
    ----------
    of
        The variable that is grouped.
    starts
        Least number of each group, as in (18, 25, 67): "18-24", "25-66", "67+". Numbers below the
        first are in `other`.
    codes
        Name of each group, with the codes in it.
    quantiles
        How many groups, by rank among the year's residents with a value: 10 for tenths.
    by
        For a municipality: a linked variable of municipalities that groups them.
    other
        What is in no group; None: unknown.
    """

    of: str
    starts: tuple[float, ...] = ()
    codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    quantiles: int | None = None
    by: str | None = None
    other: str | None = None

    def __post_init__(self) -> None:
        where = f"groups of {self.of}"
        put(self, "starts", tuple(self.starts))
        grouped = {str(name): texts_of(listed, where) for name, listed in self.codes.items()}
        put(self, "codes", grouped)
        ways = (self.starts, self.codes, self.quantiles is not None, self.by)
        if sum(map(bool, ways)) != 1:
            raise UsageError(
                "are made in one way",
                where=where,
                allowed="starts = [18, 25, 67], codes = {name = [codes]}, quantiles = 10, or "
                'by = "centrality"',
            )
        if any(not is_number(start) for start in self.starts) or sorted(self.starts) != list(
            self.starts
        ):
            raise UsageError("are not numbers in rising order", where=f"{where}, starts")
        if self.quantiles is not None and not 2 <= self.quantiles <= 100:
            raise UsageError(
                "is not a number of groups",
                where=f"{where}, quantiles",
                value=self.quantiles,
                allowed="whole numbers from 2 to 100",
            )
        listed = [code for group in grouped.values() for code in group]
        twice = [code for code in listed if listed.count(code) > 1]
        if twice:
            raise UsageError("is in two groups", where=where, value=twice[0])


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
    of_places = {other: v for other, v in linked.items() if _source_of(v).key == "municipality"}
    if by not in of_places:
        raise UsageError(
            "is not a linked variable of municipalities",
            where=where,
            value=by,
            allowed=tuple(of_places),
        )
    found = _named(of_places[by], name)
    if of.name == "municipality":
        return found
    here, there = _source_of(found), at_first_place(_source_of(found))
    sql = found.sql.replace(here.name, there.name)
    return replace(found, sql=sql, needs=frozenset({there}), area=0)


def _source_of(linked: Variable) -> History:
    return next(source for source in linked.needs if isinstance(source, History))


def _named(variable: Variable, name: str) -> Variable:
    dimension = Dimension(name, label_of(name), variable.dimension.categories)
    return replace(variable, dimension=dimension)


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
    source = next(iter(of.needs), None)
    if not (isinstance(source, History) and source.holds == "reference"):
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
    needs = made.needs | {REFERENCE_DAY}
    return replace(made, needs=needs, note=rule_of_ranks(name, of.name, many, ranked))


def _made(
    name: str, levels: tuple[str, ...], whens: Sequence[str], other: str | None, of: Variable
) -> Variable:
    listed = levels if other is None or other in levels else (*levels, other)
    rest = "" if other is None else f"WHEN ({of.sql}) IS NOT NULL THEN {listed.index(other)} "
    sql = f"CASE {' '.join(whens)} {rest}END" if whens or rest else "NULL::TINYINT"
    made = replace(_named(of, name), sql=sql, groups=None, note=None, uses=EVERYWHERE)
    return made.listed(dict(enumerate(listed)))


def note_of_groups(name: str, groups: Groups) -> Text:
    """What readers of a table by groups of a linked variable should know."""
    label = label_of(name)
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
