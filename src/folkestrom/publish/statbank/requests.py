"""Questions as they come: parameters of an address, or a body of JSON."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeVar

import msgspec

from folkestrom.model.specification import Language
from folkestrom.publish.statbank.problems import (
    ILLEGAL_QUERY,
    NO_FORMAT,
    NO_LANGUAGE,
    Problem,
    quoted,
)
from folkestrom.publish.statbank.selection import Asked

_T = TypeVar("_T")
_SUCH_AS: Final = '{"selection": [{"variableCode": "Tid", "valueCodes": ["TOP(1)"]}]}'
_OF_VARIABLE: Final = re.compile(r"(valuecodes|codelist|outputvalues)\[(.+)\]", re.IGNORECASE)
#: A code in brackets, which may hold commas; an expression in parentheses; or what has no comma.
_PART: Final = re.compile(
    r"\s*(?:\[(?!\s*(?:range|top|bottom)\()(?P<code>[^\]]*)\]|\[(?P<inner>[^\]]*)\]"
    r"|(?P<other>(?:[^,(\[]|\([^)]*\))*))\s*(?:,|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Selected:
    """What is selected of one variable, in the names of the interface."""

    variableCode: str  # noqa: N815 - the names of the interface
    valueCodes: list[str] = field(default_factory=list)  # noqa: N815
    codelist: str | None = None
    codeList: str | None = None  # noqa: N815


@dataclass(frozen=True, slots=True)
class Placement:
    """Variables that go across, and that go down."""

    heading: list[str] | None = None
    stub: list[str] | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """A question as the body of a request has it."""

    selection: list[Selected] = field(default_factory=list)
    placement: Placement | None = None

    def asked(self) -> Asked:
        """The question that it asks."""
        values = {one.variableCode: one.valueCodes for one in self.selection}
        if len(values) < len(self.selection):
            raise Problem(
                ILLEGAL_QUERY, "a variable is selected twice: list all its values in one."
            )
        lists = {o.variableCode: o.codelist or o.codeList or "" for o in self.selection}
        placed = self.placement or Placement()
        given = {name: id for name, id in lists.items() if id}
        return Asked(values, given, placed.heading, placed.stub)


def asked_by_address(parameters: Iterable[tuple[str, str]]) -> Asked:
    """The question that the parameters of an address ask.

    Parameters
    ----------
    parameters
        Names and values, decoded.

    Examples
    --------
    >>> found = asked_by_address([("valueCodes[Region]", "03,TOP(2,1)"), ("codelist[Region]", "x")])
    >>> found.values, found.code_lists
    ({'Region': ['03', 'TOP(2,1)']}, {'Region': 'x'})
    """
    values: dict[str, list[str]] = {}
    lists: dict[str, str] = {}
    placed: dict[str, list[str]] = {}
    for name, value in parameters:
        if found := _OF_VARIABLE.fullmatch(name):
            kind, variable = found[1].casefold(), found[2]
            if kind == "valuecodes":
                values.setdefault(variable, []).extend(parts(value))
            elif kind == "codelist" and value:
                lists[variable] = value
        elif name.casefold() in ("heading", "stub"):
            placed.setdefault(name.casefold(), []).extend(parts(value))
    return Asked(values, lists, placed.get("heading"), placed.get("stub"))


def parts(text: str) -> Iterator[str]:
    """Codes and expressions with commas between them; a code with a comma stands in brackets.

    Examples
    --------
    >>> list(parts("03, [a,b],RANGE(1,3),[range(4,5)]"))
    ['03', 'a,b', 'RANGE(1,3)', 'range(4,5)']
    """
    at = 0
    while at < len(text):
        found = _PART.match(text, at)
        if found is None or found.end() == at:
            raise Problem(
                "Illegal selection expression",
                f"{quoted(text[at:])}: codes have commas between them; a code that holds one "
                "stands in brackets, as in [a,b].",
            )
        at = found.end()
        part = found["code"] or found["inner"] or (found["other"] or "").strip()
        if part:
            yield part


def asked_by_body(body: bytes) -> Asked:
    """The question that a body of JSON asks; an empty one asks for nothing in particular.

    Parameters
    ----------
    body
        The JSON: `{"selection": [{"variableCode": …, "valueCodes": […], "codelist": …}]}`.
    """
    if not body.strip():
        return Asked()
    return decoded(body, Query, _SUCH_AS).asked()


def decoded(body: bytes, type: type[_T], such_as: str) -> _T:
    """What a body of JSON holds.

    Parameters
    ----------
    body, type
        The JSON, and what it has to be.
    such_as
        An example, for errors.
    """
    try:
        return msgspec.json.decode(body, type=type)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(
            ILLEGAL_QUERY, f"the body is no query: {error}. It is such as {such_as}."
        ) from error


def language_of(name: str | None, default: Language) -> Language:
    """The language that is asked for; empty or none: the default.

    Parameters
    ----------
    name, default
        What was asked for, and what whoever names none gets.
    """
    if not name:
        return default
    try:
        return Language({"nb": "no", "nn": "no"}.get(name.casefold(), name.casefold()))
    except ValueError:
        known = ", ".join(one.value for one in Language)
        raise Problem(NO_LANGUAGE, f"{quoted(name)} is no language here: {known}.") from None


def format_of(name: str | None, known: Iterable[str]) -> str:
    """The format that is asked for; none: the first.

    Parameters
    ----------
    name, known
        What was asked for, and what there is.
    """
    listed = list(known)
    if not name:
        return listed[0]
    if name.casefold() not in listed:
        raise Problem(NO_FORMAT, f"{quoted(name)} is no format here: {', '.join(listed)}.")
    return name.casefold()


def whole_number(name: str, text: str | None, default: int, most: int) -> int:
    """A parameter that is a whole number from 1 up.

    Parameters
    ----------
    name, text
        The parameter, and what was given.
    default, most
        What stands for none, and the largest.
    """
    if not text:
        return default
    if not text.isascii() or not text.isdecimal() or len(text) > 9 or not 1 <= int(text) <= most:
        raise Problem("Parameter error", f"{name} is a whole number from 1 to {most:,}.")
    return int(text)
