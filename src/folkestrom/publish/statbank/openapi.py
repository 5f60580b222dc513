"""The interface described for programs: OpenAPI 3.1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from folkestrom.model.specification import Language
from folkestrom.publish.statbank.dataset import Published
from folkestrom.publish.statbank.files import MEDIA
from folkestrom.publish.statbank.listing import API_VERSION, LICENCE
from folkestrom.publish.statbank.requests import Query, Selected
from folkestrom.publish.statbank.saved import SavedQuery
from folkestrom.publish.tables.definition import CONTENTS

_TEXT: Final = {"type": "string"}
# Clients send parameters without a value, too.
_COUNT: Final = {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 100_000}, {"const": ""}]}
_FORMAT: Final = {"type": "string", "enum": [*MEDIA, ""]}
_OBJECT: Final = {"type": "object"}
_TEXTS: Final = {"type": "array", "items": _TEXT}


@dataclass(frozen=True, slots=True)
class _Parameter:
    """One parameter of an address."""

    name: str
    description: str
    schema: dict[str, Any]
    carried_by: str = "query"

    def described(self) -> dict[str, Any]:
        """As OpenAPI has it; where values of variables are asked for, the name is a pattern."""
        found = {
            "name": self.name, "in": self.carried_by, "description": self.description,
            "schema": self.schema, "required": self.carried_by == "path",
        }  # fmt: skip
        if self.schema.get("type") == "object":
            found |= {"style": "deepObject", "explode": True}
        return found


_LANGUAGES: Final = [language.value for language in Language]
_PARAMETERS: Final = {
    "lang": _Parameter("lang", "Language of texts.", {"type": "string", "enum": [*_LANGUAGES, ""]}),
    "id": _Parameter("id", "The number of a table, or of one that it resembles.", _TEXT, "path"),
    "list": _Parameter("id", "The name of a code list.", _TEXT, "path"),
    "saved": _Parameter("id", "The name of a saved query.", _TEXT, "path"),
    "query": _Parameter("query", "Words that number, title or variables have.", _TEXT),
    "pastDays": _Parameter("pastDays", "Only tables updated in so many days.", _COUNT),
    "pageNumber": _Parameter("pageNumber", "Page of the list, from 1.", _COUNT),
    "pageSize": _Parameter("pageSize", "Tables of a page.", _COUNT),
    "vintage": _Parameter(
        "vintage", "A day (`2021-02-19`), an instant, or a release: the table as it was.", _TEXT
    ),
    "defaultSelection": _Parameter(
        "defaultSelection", "`true`: only what the default selection has.", _TEXT
    ),
    "valuecodes": _Parameter(
        "valuecodes", "By variable, codes and expressions: `valuecodes[Tid]=TOP(2)`.",
        {"type": "object", "additionalProperties": _TEXT},
    ),
    "codelist": _Parameter(
        "codelist", "By variable, the code list that its codes are of.",
        {"type": "object", "additionalProperties": _TEXT},
    ),
    "heading": _Parameter("heading", "Variables that go across, with commas.", _TEXT),
    "stub": _Parameter("stub", "Variables that go down, with commas.", _TEXT),
    "outputFormat": _Parameter(
        "outputFormat", "Format of the answer.", _FORMAT
    ),
    "outputFormatParams": _Parameter(
        "outputFormatParams", "How printed tables look: `UseCodes,IncludeTitle`.", _TEXT
    ),
}  # fmt: skip
_ASKED: Final = ("valuecodes", "codelist", "heading", "stub")
_WRITTEN: Final = ("outputFormat", "outputFormatParams")

#: Each path with its parameters besides the language, and what it answers.
_PATHS: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    "/config": ((), "What the interface allows"),
    "/tables": (("query", "pastDays", "pageNumber", "pageSize"), "The list of tables"),
    "/tables/{id}": (("id", "vintage"), "One table, as the list has it"),
    "/tables/{id}/metadata": (
        ("id", "vintage", "defaultSelection"), "Variables, values and code lists of a table",
    ),
    "/tables/{id}/defaultselection": (("id", "vintage"), "What is shown of a table by itself"),
    "/tables/{id}/revisions": (("id",), "Every vintage of a table, and what it changed"),
    "/tables/{id}/data": (("id", "vintage", *_ASKED, *_WRITTEN), "Figures"),
    "/codelists/{id}": (("list",), "A code list"),
    "/savedqueries/{id}": (("saved",), "A saved query"),
    "/savedqueries/{id}/selection": (("saved",), "The values that a saved query means today"),
    "/savedqueries/{id}/data": (("saved", *_WRITTEN), "The figures of a saved query"),
    "/calendar": ((), "What comes out when"),
}  # fmt: skip

_SELECTED: Final = {
    "type": "object",
    "required": ["variableCode"],
    "properties": {"variableCode": _TEXT, "valueCodes": _TEXTS, "codelist": _TEXT},
}
_QUERY: Final = {
    "type": "object",
    "properties": {
        "selection": {"type": "array", "items": _SELECTED},
        "placement": {
            "type": "object", "properties": {"heading": _TEXTS, "stub": _TEXTS},
        },
    },
}  # fmt: skip
_SAVED: Final = {
    "type": "object",
    "required": ["tableId", "selection"],
    "properties": {
        "tableId": _TEXT, "language": _TEXT, "selection": _QUERY, "outputFormatParams": _TEXTS,
        "outputFormat": _FORMAT,
    },
}  # fmt: skip
_PROBLEM: Final = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": _TEXT, "title": _TEXT, "detail": _TEXT, "status": {"type": "integer"},
    },
}  # fmt: skip


def openapi(base: str, tables: Mapping[str, Published]) -> dict[str, Any]:
    """The description of the interface.

    Parameters
    ----------
    base
        Its address.
    tables
        The tables that are out, by their numbers: examples are taken from them.
    """
    paths: dict[str, Any] = {
        path: {"get": _operation(summary, names, "200", _types(path))}
        for path, (names, summary) in _PATHS.items()
    }
    names = ("id", "vintage", *_WRITTEN)
    asked = _operation("Figures", names, "200", _types("/data"), _QUERY)
    paths["/tables/{id}/data"]["post"] = asked
    made = _operation("Save a query", (), "201", ["application/json"], _SAVED)
    paths["/savedqueries"] = {"post": made}
    for path, examples in _examples(tables).items():
        for operation in paths[path].values():
            for one in operation["parameters"]:
                if one["name"] in examples:
                    one["example"] = examples[one["name"]]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "PxWebApi", "version": API_VERSION,
            "description": "Tables of statistics: all of PxWebApi 2, and every vintage of a table.",
            "license": {"name": "CC BY 4.0", "url": LICENCE},
        },
        "servers": [{"url": base}],
        "paths": paths,
    }  # fmt: skip


def _examples(tables: Mapping[str, Published]) -> dict[str, dict[str, Any]]:
    """Examples of parameters by path: of the first table that is out."""
    if not tables:
        return {}
    made = tables[min(tables)].definition
    asked = {CONTENTS: made.contents[0].code, made.time.id: "TOP(2)"}
    found: dict[str, dict[str, Any]] = {
        path: {"id": made.id} for path in _PATHS if "/tables/" in path
    }
    found["/tables/{id}/data"]["valuecodes"] = asked
    query = Query([Selected(variable, [code]) for variable, code in asked.items()])
    name = SavedQuery(made.id, query, _LANGUAGES[0]).named().id
    found |= {path: {"id": name} for path in _PATHS if path.startswith("/savedqueries/")}
    lists = [one.id for variable in made.variables for one in variable.code_lists]
    return found | ({"/codelists/{id}": {"id": lists[0]}} if lists else {})


def _types(path: str) -> list[str]:
    if not path.endswith("/data"):
        return ["application/json"]
    return sorted({media.partition(";")[0] for media in MEDIA.values()})


def _operation(
    summary: str, names: Sequence[str], status: str, types: Sequence[str],
    body: dict[str, Any] | None = None,
) -> dict[str, Any]:  # fmt: skip
    content = {media: {"schema": _OBJECT if media.endswith("json") else {}} for media in types}
    problem = {"application/problem+json": {"schema": _PROBLEM}}
    answers = {status: {"description": summary, "content": content}}
    for code, text in (("400", "What is asked is wrong"), ("404", "There is none"),
                       ("414", "The address is too long"), ("429", "Too many calls")):  # fmt: skip
        answers[code] = {"description": text, "content": problem}
    parameters = [_PARAMETERS[name].described() for name in ("lang", *names)]
    found: dict[str, Any] = {"summary": summary, "parameters": parameters, "responses": answers}
    if body is not None:
        # A question without a body asks for the default selection; nothing cannot be saved.
        needed = "tableId" in body["properties"]
        found["requestBody"] = {
            "required": needed,
            "content": {"application/json": {"schema": body}},
        }
    return found
