"""PxWebApi, version 1: how older clients ask, and what they read.

A question names filters instead of expressions; a variable that it leaves out is summed if it can
be, and has all its values if not. What is answered is the same as in version 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from folkestrom.model.specification import Language
from folkestrom.publish.formats.cube import CONTENTS_LABEL
from folkestrom.publish.statbank.dataset import Published, title, whole
from folkestrom.publish.statbank.files import MEDIA
from folkestrom.publish.statbank.listing import Limits
from folkestrom.publish.statbank.problems import (
    NO_FORMAT,
    TOO_MANY_CALLS,
    TOO_MANY_CELLS,
    Problem,
)
from folkestrom.publish.statbank.requests import decoded
from folkestrom.publish.statbank.selection import Asked, Chosen, chosen
from folkestrom.publish.tables.definition import CONTENTS, Definition

_SUCH_AS: Final = (
    '{"query": [{"code": "Tid", "selection": {"filter": "top", "values": ["1"]}}], '
    '"response": {"format": "json-stat2"}}'
)
#: What formats are called here, by what they are called in version 2.
FORMATS: Final = {
    "json-stat2": "json-stat2", "json-stat": "json-stat", "json": "json-px", "csv": "csv",
    "csv2": "csv", "csv3": "csv", "px": "px", "xlsx": "xlsx", "parquet": "parquet", "html": "html",
}  # fmt: skip
_FILTERS: Final = ("item", "all", "top", "vs", "agg", "agg_single")


@dataclass(frozen=True, slots=True)
class _Selection:
    filter: str = "item"
    values: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Item:
    code: str
    selection: _Selection = field(default_factory=_Selection)


@dataclass(frozen=True, slots=True)
class _Response:
    format: str = "json-stat2"


@dataclass(frozen=True, slots=True)
class Question:
    """A question as the body of a request has it."""

    query: list[_Item] = field(default_factory=list)
    response: _Response = field(default_factory=_Response)

    @property
    def format(self) -> str:
        """The format of the answer, as version 2 calls it."""
        name = self.response.format.casefold()
        if name not in FORMATS:
            raise Problem(NO_FORMAT, f"The format is one of {', '.join(FORMATS)}.")
        return FORMATS[name]


def question(body: bytes) -> Question:
    """The question of a request.

    Parameters
    ----------
    body
        The JSON.
    """
    return decoded(body, Question, _SUCH_AS) if body.strip() else Question()


def chosen_by(definition: Definition, asked: Question, most: int) -> Chosen:
    """The cells that a question asks for.

    Parameters
    ----------
    definition, asked
        The table, and the question.
    most
        The most cells that may be asked for.
    """
    ids = [*(variable.id for variable in definition.variables), CONTENTS]
    known = {id.casefold(): id for id in ids}
    values: dict[str, list[str]] = {}
    lists: dict[str, str] = {}
    for item in asked.query:
        name = known.get(item.code.casefold())
        kind, _, of = item.selection.filter.partition(":")
        if name is None or name in values or kind.casefold() not in _FILTERS:
            raise _wrong(item.code)
        given = item.selection.values
        values[name] = [f"TOP({count})" for count in given] if kind.casefold() == "top" else given
        if of and (kind.casefold() != "vs" or _has(definition, name, of)):
            lists[name] = of
    # Who leaves out a variable that cannot be summed gets all of it.
    summed = {variable.id for variable in definition.variables if variable.eliminated_by}
    values |= {id: ["*"] for id in ids if not values.get(id) and id not in summed}
    values = {id: given for id, given in values.items() if given}
    try:
        return chosen(definition, Asked(values, lists), most)
    except Problem as problem:
        if problem.title == TOO_MANY_CELLS:
            raise
        raise _wrong(_first_wrong(definition, values, lists)) from problem


def _has(definition: Definition, variable: str, value_set: str) -> bool:
    """Whether a variable has a list of that name; other value sets are the variable as a whole."""
    wanted = value_set.casefold()
    lists = (
        found for one in definition.variables if one.id == variable for found in one.code_lists
    )
    return any(wanted in (one.id.casefold(), one.id.casefold().partition("_")[2]) for one in lists)


def _first_wrong(
    definition: Definition, values: Mapping[str, list[str]], lists: Mapping[str, str]
) -> str:
    """The first variable whose selection is wrong by itself."""
    every = {name: ["*"] for name in values}
    for name, given in values.items():
        alone = {name: lists[name]} if name in lists else {}
        try:
            chosen(definition, Asked(every | {name: given}, alone))
        except Problem:
            return name
    return next(iter(values))


def _wrong(name: str) -> Problem:
    # Clients look for this sentence.
    return Problem(
        "The request for variable",
        f"The request for variable '{name[:60]}' has an error. Please check your query.",
    )


def error(problem: Problem) -> tuple[int, dict[str, str]]:
    """Status and body by which older clients know what is wrong.

    Parameters
    ----------
    problem
        What is wrong.
    """
    if problem.title == TOO_MANY_CELLS:
        return 403, {"error": f"Too many values selected: {problem.detail}"}
    if problem.title == TOO_MANY_CALLS:
        text = "429 - Too many requests in too short timeframe. Please try again later."
        return 429, {"error": text}
    return problem.status, {"error": problem.detail}


def metadata(table: Published, language: Language) -> dict[str, Any]:
    """What there is to ask of a table.

    Parameters
    ----------
    table, language
        The table, and the language of its texts.
    """
    made = table.definition
    variables: list[dict[str, Any]] = [
        {
            "code": variable.id,
            "text": variable.label.of(language),
            "values": [value.code for value in variable.values],
            "valueTexts": [value.label.of(language) for value in variable.values],
            **({"elimination": True} if variable.eliminated_by else {}),
            **({"time": True} if variable.role == "time" else {}),
        }
        for variable in made.variables
    ]
    contents = {
        "code": CONTENTS,
        "text": CONTENTS_LABEL.of(language).lower(),
        "values": [content.code for content in made.contents],
        "valueTexts": [content.label.of(language) for content in made.contents],
    }
    variables.insert(-1, contents)
    return {"title": title(made, whole(made), language), "variables": variables}


def config(limits: Limits) -> dict[str, Any]:
    """What one client may ask for; both names of the limit, since clients follow one or the other.

    Parameters
    ----------
    limits
        The limits.
    """
    return {
        "maxValues": limits.cells, "maxCells": limits.cells, "maxCalls": limits.calls,
        "timeWindow": limits.window, "CORS": True,
    }  # fmt: skip


def listing(
    tables: Mapping[str, Published], language: Language, words: str
) -> list[dict[str, Any]]:
    """The tables, as older clients list them.

    Parameters
    ----------
    tables, language
        The tables, and the language of their titles.
    words
        Words that the title or the number has; empty: all tables.
    """
    entries = [
        {
            "id": id, "type": "t", "updated": table.stamp.rstrip("Z"),
            "text": title(table.definition, whole(table.definition), language),
        }
        for id, table in sorted(tables.items())
    ]  # fmt: skip
    wanted = words.casefold().split()
    return [
        entry
        for entry in entries
        if all(word in f"{entry['id']} {entry['text']}".casefold() for word in wanted)
    ]


def media(format: str) -> str:
    """Type of an answer.

    Parameters
    ----------
    format
        As version 2 calls it, or the first version of JSON-stat.
    """
    return MEDIA["json-stat2" if format == "json-stat" else format]
