"""Conditions of a study as SQL, and the step of the flow chart at which a row is left out."""

from __future__ import annotations

from collections.abc import Sequence

from folkestrom.analysis.study.definition import Who
from folkestrom.errors import UsageError
from folkestrom.variables.variable import Variable
from folkestrom.variables.vocabulary import Vocabulary


def condition_sql(who: Who, vocabulary: Vocabulary) -> str:
    """A condition as an SQL expression over described rows; a missing number never meets it."""
    variable = vocabulary[who.variable]
    where = f"who, {who.variable}"
    if who.from_ is not None or who.below is not None:
        return _between(who, variable, where)
    if not variable.coded:
        raise UsageError(
            "is a number: it has no codes",
            where=where,
            value=", ".join(who.in_ or who.not_in),
            allowed="from and below",
        )
    numbers = [variable.number(code, where) for code in who.in_ or who.not_in]
    known = [str(number) for number in numbers if number is not None]
    parts = [f"coalesce(({variable.sql}) IN ({', '.join(known)}), FALSE)"] if known else []
    # What has no number is shown as unknown, beside what has the number of unknown.
    if variable.unknown in (who.in_ or who.not_in):
        parts.append(f"({variable.sql}) IS NULL")
    found = f"({' OR '.join(parts) or 'FALSE'})"
    return f"NOT {found}" if who.not_in else found


def _between(who: Who, variable: Variable, where: str) -> str:
    if variable.coded:
        raise UsageError(
            "has codes and no numbers",
            where=where,
            value=who.text,
            allowed="in or not_in",
        )
    bounds = []
    if who.from_ is not None:
        bounds.append(f"({variable.sql}) >= {who.from_!r}")
    if who.below is not None:
        bounds.append(f"({variable.sql}) < {who.below!r}")
    return f"coalesce({' AND '.join(bounds)}, FALSE)"


def dropped_at(conditions: Sequence[str], first: int = 1) -> str:
    """Number of the first condition that a row does not meet, from `first` on; 0: it meets all."""
    if not conditions:
        return "0"
    whens = " ".join(
        f"WHEN NOT ({condition}) THEN {number}"
        for number, condition in enumerate(conditions, start=first)
    )
    return f"CASE {whens} ELSE 0 END"
