"""SQL that changes its meaning silently, between engines or with the data, is forbidden here.

Each rule has a name, and a reason that says what goes wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import sqlglot
from sqlglot import exp


@dataclass(frozen=True, slots=True)
class Finding:
    """One forbidden construct in a text.

    Parameters
    ----------
    rule
        Name of the rule.
    reason
        What goes wrong.
    sql
        The construct.
    """

    rule: str
    reason: str
    sql: str


REASONS: Final[dict[str, str]] = {
    "parallel-unnest": "two unnests in one SELECT are zipped by DuckDB and multiplied by others",
    "date-diff-year": "counts turns of the year, not completed years: an age comes out wrong",
    "date-sub-three": "three-argument date_sub counts whole parts in DuckDB, subtracts elsewhere",
    "cast-of-series": "a series of dates is of timestamps here and of dates there",
    "asof-join": "exists on few engines, and drops rows without a match unless told otherwise",
}

_UNNESTS = (exp.Explode, exp.Unnest)
_SERIES = (exp.Unnest, exp.GenerateSeries, exp.Explode)


def lint(sql: str) -> list[Finding]:
    """Find the forbidden constructs of one statement in DuckDB's dialect.

    Examples
    --------
    >>> [finding.rule for finding in lint("SELECT date_diff('year', born, day) FROM person")]
    ['date-diff-year']
    >>> lint("SELECT year(day) - year(born) FROM person")
    []
    """
    tree = sqlglot.parse_one(sql, read="duckdb")
    return [
        Finding(rule, REASONS[rule], node.sql("duckdb"))
        for rule, find in _RULES.items()
        for node in find(tree)
    ]


def _parallel_unnests(tree: exp.Expr) -> Iterator[exp.Expr]:
    for select in tree.find_all(exp.Select):
        if sum(1 for _ in _unnests_of(select)) > 1:
            yield select


def _unnests_of(select: exp.Select) -> Iterator[exp.Expr]:
    for projection in select.expressions:
        for node in projection.find_all(*_UNNESTS):
            if node.find_ancestor(exp.Select) is select:
                yield node


def _year_differences(tree: exp.Expr) -> Iterator[exp.Expr]:
    for node in tree.find_all(exp.DateDiff, exp.TimestampDiff, exp.DatetimeDiff):
        unit = node.args.get("unit")
        if unit is not None and unit.name.upper() in {"YEAR", "YEARS", "Y"}:
            yield node


def _three_argument_subtractions(tree: exp.Expr) -> Iterator[exp.Expr]:
    for node in tree.find_all(exp.Anonymous):
        if node.name.lower() in {"date_sub", "datesub"} and len(node.expressions) == 3:
            yield node


def _casts_of_series(tree: exp.Expr) -> Iterator[exp.Expr]:
    for cast in tree.find_all(exp.Cast, exp.TryCast):
        inner = cast.this
        named = isinstance(inner, exp.Column) and inner.name in _series_columns(cast)
        if named or any(_same_select(cast, node) for node in inner.find_all(*_SERIES)):
            yield cast


def _same_select(one: exp.Expr, other: exp.Expr) -> bool:
    return one.find_ancestor(exp.Select) is other.find_ancestor(exp.Select)


def _series_columns(node: exp.Expr) -> set[str]:
    select = node.find_ancestor(exp.Select)
    if select is None:
        return set()
    names: set[str] = set()
    for source in select.find_all(exp.Unnest, exp.Table):
        is_series = isinstance(source, exp.Unnest) or isinstance(source.this, _SERIES)
        if is_series and source.find_ancestor(exp.Select) is select:
            names.update(source.alias_column_names)
    return names


def _asof_joins(tree: exp.Expr) -> Iterator[exp.Expr]:
    for join in tree.find_all(exp.Join):
        if str(join.args.get("method") or "").upper() == "ASOF":
            yield join


_RULES: Final[dict[str, Callable[[exp.Expr], Iterator[exp.Expr]]]] = {
    "parallel-unnest": _parallel_unnests,
    "date-diff-year": _year_differences,
    "date-sub-three": _three_argument_subtractions,
    "cast-of-series": _casts_of_series,
    "asof-join": _asof_joins,
}
