"""Questions as SDMX asks them: a key, limits of time and filters become those of `selection`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from folkestrom.publish.sdmx.names import TIME_PERIOD, TOTAL
from folkestrom.publish.sdmx.structure import Structure
from folkestrom.publish.statbank.periods import days
from folkestrom.publish.statbank.problems import (
    ILLEGAL_EXPRESSION,
    NO_VALUE,
    NO_VARIABLE,
    Problem,
    quoted,
)
from folkestrom.publish.statbank.selection import Asked

_ALL: Final = ("", "all", "*")
_TEXTS: Final[dict[str, Callable[[str, str], bool]]] = {
    "eq": lambda code, value: code == value,
    "ne": lambda code, value: code != value,
    "sw": str.startswith,
    "ew": str.endswith,
    "co": lambda code, value: value in code,
    "nc": lambda code, value: value not in code,
}
_TIMES: Final[dict[str, Callable[[str, str], bool]]] = {
    "ge": lambda code, value: days(code)[0] >= days(value)[0],
    "gt": lambda code, value: days(code)[0] > days(value)[1],
    "le": lambda code, value: days(code)[1] <= days(value)[1],
    "lt": lambda code, value: days(code)[1] < days(value)[0],
}


@dataclass(frozen=True, slots=True)
class KeyQuery:
    """What is asked of a dataflow.

    Parameters
    ----------
    key
        Codes with `+` or commas between them, dimensions with points; empty, `*`: any.
    filters
        By dimension, comparisons such as `ge:2020`, all of which hold; codes with commas
        between them, one of which does.
    newest, oldest
        So many of the last and first periods; 0: all.
    """

    key: str = ""
    filters: Sequence[tuple[str, str]] = field(default_factory=tuple)
    newest: int = 0
    oldest: int = 0


def asked(structure: Structure, query: KeyQuery) -> Asked:
    """The question that a key asks; whatever a key leaves open is wanted.

    Parameters
    ----------
    structure
        The table's.
    query
        The key and its limits.

    Raises
    ------
    Problem
        A dimension or code that there is not, or nothing that is left.
    """
    wanted = _by_key(structure, query.key)
    for name, conditions in query.filters:
        if name not in structure.codes:
            raise _no_dimension(structure, name)
        # In an address a plus sign means a space.
        for condition in conditions.replace("+", " ").split():
            wanted[name] = [c for c in wanted[name] if _holds(name, condition)(c)]
    times = wanted[TIME_PERIOD]
    first, last = times[: query.oldest], times[-query.newest :] if query.newest else []
    if query.oldest or query.newest:
        wanted[TIME_PERIOD] = [*dict.fromkeys([*first, *last])]
    for name, codes in wanted.items():
        if not codes:
            raise Problem("No results found", f"no value of {name} is asked for.", 404)
    return _asked(structure, wanted)


def _by_key(structure: Structure, key: str) -> dict[str, list[str]]:
    """What each dimension is asked for; without the total, unless it is asked for."""
    found = {name: [c for c in codes if c != TOTAL] for name, codes in structure.codes.items()}
    if key in _ALL:
        return found
    names = [name for name in found if name != TIME_PERIOD]
    parts = key.split(".")
    if len(parts) != len(names):
        raise Problem(
            ILLEGAL_EXPRESSION,
            f"{quoted(key)} has {len(parts)} dimensions with points between them, and the table "
            f"has {len(names)}: {'.'.join(names)}.",
        )
    for name, part in zip(names, parts, strict=True):
        if part not in _ALL:
            found[name] = _known(structure, name, part.replace("+", ",").replace(" ", ","))
    return found


def _known(structure: Structure, name: str, codes: str) -> list[str]:
    """Codes of a dimension, in their order."""
    listed = codes.split(",")
    for code in listed:
        if code not in structure.codes[name]:
            raise Problem(
                NO_VALUE,
                f"{quoted(code)} is no code of {name}: they are in the code list of the data "
                f"structure DSD_{structure.table.id}.",
            )
    if TOTAL in listed and len(listed) > 1:
        raise Problem(ILLEGAL_EXPRESSION, f"{TOTAL} of {name} is asked for by itself.")
    return [code for code in structure.codes[name] if code in listed]


def _holds(name: str, condition: str) -> Callable[[str], bool]:
    operator, _, value = condition.rpartition(":")
    known = _TEXTS | (_TIMES if name == TIME_PERIOD else {})
    compare = known.get(operator or "eq")
    if compare is None:
        raise Problem(
            ILLEGAL_EXPRESSION, f"{quoted(condition)} of {name}: allowed are {', '.join(known)}."
        )
    if operator in _TIMES:
        days(value)
    any_of = compare
    return lambda code: any(any_of(code, one) for one in value.split(","))


def _asked(structure: Structure, wanted: Mapping[str, Iterable[str]]) -> Asked:
    table = structure.table
    ids = {name: v.id for name, v in zip(structure.names, table.variables, strict=True)}
    values = {
        ids.get(name, name): [structure.codes[name][code] for code in codes]
        for name, codes in wanted.items()
        if list(codes) != [TOTAL]
    }
    return Asked(values)


def _no_dimension(structure: Structure, name: str) -> Problem:
    known = ", ".join(structure.codes)
    return Problem(NO_VARIABLE, f"{quoted(name)} is no dimension of the table: {known}.")
