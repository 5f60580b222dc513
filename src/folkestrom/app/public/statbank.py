"""The interface of the statistics bank over HTTP: PxWebApi, version 2."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from folkestrom.model.specification import Language
from folkestrom.publish.releases.shelf import Shelf
from folkestrom.publish.statbank.dataset import Addresses, Published, dataset, whole
from folkestrom.publish.statbank.files import MEDIA, Answer
from folkestrom.publish.statbank.grid import Style
from folkestrom.publish.statbank.listing import (
    Limits,
    Wanted,
    code_list,
    config,
    default_selection,
    table_entry,
    table_of,
    tables_page,
)
from folkestrom.publish.statbank.openapi import openapi
from folkestrom.publish.statbank.problems import Problem
from folkestrom.publish.statbank.requests import (
    asked_by_address,
    asked_by_body,
    format_of,
    language_of,
    parts,
    whole_number,
)
from folkestrom.publish.statbank.saved import recalled, response, saved
from folkestrom.publish.statbank.selection import Asked, Chosen, chosen, default_values
from folkestrom.publish.statbank.vintages import revisions, vintage
from folkestrom.publish.tables.definition import CONTENTS

#: Where the interface is, as Statistics Norway has it.
PREFIX: Final = "/api/pxwebapi/v2"
#: Most tables of a page of the list, and most days to look back.
_MOST_TABLES: Final = 100_000
_MOST_DAYS: Final = 100_000
_LARGEST_BODY: Final = 1 << 20
_JSON: Final = "application/json"
#: Cells that are written at once, in less time than it takes to change to a thread.
_SMALL: Final = 2_000
#: Seconds that an answer may be kept by caches, if nothing comes out meanwhile.
_CACHED: Final = 300


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Bank:
    """What the interface answers from.

    Parameters
    ----------
    shelf
        The tables that are out.
    limits
        What one client may ask for.
    language
        Language of answers to whoever names none.
    now
        The clock.
    """

    shelf: Shelf
    limits: Limits = field(default_factory=Limits)
    language: Language = Language.NO
    now: Callable[[], datetime] = _now


@dataclass(frozen=True, slots=True)
class Question:
    """A request, with what nearly every answer needs."""

    request: Request
    bank: Bank
    language: Language
    addresses: Addresses

    def parameter(self, name: str) -> str | None:
        """A parameter, whatever capitals its name is written in."""
        wanted = name.casefold()
        for key, value in self.request.query_params.multi_items():
            if key.casefold() == wanted:
                return value
        return None

    def table(self, id: str | None = None) -> Published:
        """The table that the path names, in the vintage that is asked for: the newest."""
        shelf = self.bank.shelf
        named = self.request.path_params["id"] if id is None else id
        newest = table_of(shelf.tables(), named)
        wanted = self.parameter("vintage")
        return vintage(self.vintages(newest), wanted) if wanted else newest

    def vintages(self, newest: Published) -> list[Published]:
        """Every vintage of a table, from the first on."""
        return self.bank.shelf.vintages(newest.definition.id) or [newest]


Answering = Callable[[Question], Awaitable[Response]]


def routes(bank: Bank) -> list[Route]:
    """The paths of the interface.

    Parameters
    ----------
    bank
        What it answers from.
    """

    def route(path: str, answer: Answering, *methods: str) -> Route:
        async def endpoint(request: Request) -> Response:
            return await replied(request, bank, answer)

        return Route(f"{PREFIX}{path}", endpoint, methods=[*methods] or ["GET"])

    return [
        route("/config", _config),
        route("/tables", _tables),
        route("/tables/{id}", _table),
        route("/tables/{id}/metadata", _metadata),
        route("/tables/{id}/defaultselection", _default_selection),
        route("/tables/{id}/data", _data, "GET", "POST"),
        route("/tables/{id}/revisions", _revisions),
        route("/codelists/{id}", _code_list),
        route("/savedqueries", _save, "POST"),
        route("/savedqueries/{id}", _saved),
        route("/savedqueries/{id}/selection", _saved_selection),
        route("/savedqueries/{id}/data", _saved_data),
        route("/calendar", _calendar),
        route("/openapi.json", _openapi),
    ]


async def replied(request: Request, bank: Bank, answer: Answering) -> Response:
    """An answer, or the problem with the question.

    Parameters
    ----------
    request, bank
        The question, and what it is answered from.
    answer
        Answers it.
    """
    addresses = Addresses(f"{request.base_url}".rstrip("/") + PREFIX)
    try:
        language = language_of(request.query_params.get("lang"), bank.language)
        found = await answer(Question(request, bank, language, addresses))
    except Problem as problem:
        return problem_response(problem)
    return cached(request, found, bank)


def cached(request: Request, found: Response, bank: Bank) -> Response:
    """An answer with how long it may be kept, or that it is what the client has already.

    Parameters
    ----------
    request, found
        The question, and its answer.
    bank
        What knows when something comes out.
    """
    kept = {
        "ETag": f'"{hashlib.sha256(found.body).hexdigest()[:32]}"',
        "Cache-Control": cache_control(bank),
    }
    if request.headers.get("if-none-match") == kept["ETag"]:
        return Response(status_code=304, headers=kept)
    found.headers.update(kept)
    return _part(request, found)


def cache_control(bank: Bank) -> str:
    """How long an answer may be kept: never past the second at which another is right.

    Parameters
    ----------
    bank
        What knows when something comes out.
    """
    seconds = bank.shelf.unchanged_for(bank.now(), _CACHED)
    return f"public, max-age={seconds}" if seconds else "no-cache"


def _part(request: Request, found: Response) -> Response:
    """The part of a file that is asked for: programs read Parquet by address from its end."""
    if found.headers["content-type"] != MEDIA["parquet"]:
        return found
    # What is compressed on the way has other places.
    found.headers.update({"Accept-Ranges": "bytes", "Content-Encoding": "identity"})
    size = len(found.body)
    asked = re.fullmatch(r"bytes=(\d{0,15})-(\d{0,15})", request.headers.get("range", ""))
    if asked is None or not any(asked.groups()):
        return found
    first = int(asked[1]) if asked[1] else max(size - int(asked[2]), 0)
    last = min(int(asked[2]), size - 1) if asked[1] and asked[2] else size - 1
    headers = dict(found.headers) | {"Content-Range": f"bytes {first}-{last}/{size}"}
    if first > last:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
    headers.pop("content-length")
    return Response(bytes(found.body)[first : last + 1], 206, headers)


def problem_response(problem: Problem) -> Response:
    """What is wrong with a question, as an answer.

    Parameters
    ----------
    problem
        What is wrong.
    """
    return _json(problem.described(), problem.status, "application/problem+json")


def _json(value: Any, status: int = 200, media: str = _JSON) -> Response:
    return Response(msgspec.json.encode(value), status, media_type=media)


async def _config(question: Question) -> Response:
    bank = question.bank
    return _json(config(bank.limits, list(MEDIA), bank.language))


async def _tables(question: Question) -> Response:
    bank = question.bank
    days = question.parameter("pastDays")
    since = None
    if days:
        since = bank.now() - timedelta(days=whole_number("pastDays", days, 1, _MOST_DAYS))
    wanted = Wanted(
        question.parameter("query") or "",
        since,
        whole_number("pageNumber", question.parameter("pageNumber"), 1, _MOST_TABLES),
        whole_number("pageSize", question.parameter("pageSize"), 20, _MOST_TABLES),
    )
    return _json(tables_page(bank.shelf.tables(), wanted, question.language, question.addresses))


async def _table(question: Question) -> Response:
    entry = table_entry(question.table(), question.language, question.addresses)
    return _json({"language": question.language.value} | entry)


async def _metadata(question: Question) -> Response:
    table = question.table()
    asked = whole(table.definition)
    if (question.parameter("defaultSelection") or "").casefold() == "true":
        asked = chosen(table.definition, Asked())
    return _json(dataset(table, asked, question.language, question.addresses, figures=False))


async def _default_selection(question: Question) -> Response:
    made = question.table().definition
    asked = chosen(made, Asked())
    address = question.addresses.to(
        "self", f"/tables/{made.id}/defaultselection", question.language
    )
    values = default_values(made)
    return _json(default_selection(values, question.language, address, asked.heading, asked.stub))


async def _revisions(question: Question) -> Response:
    """What each vintage changed: not of PxWebApi."""
    tables = question.vintages(question.table())
    return _json(await run_in_threadpool(revisions, tables, question.language, question.addresses))


async def _data(question: Question) -> Response:
    request, table = question.request, question.table()
    if request.method == "POST":
        asked = asked_by_body(await body_of(request))
    else:
        asked = asked_by_address(request.query_params.multi_items())
    answer = Answer(
        format_of(question.parameter("outputFormat"), MEDIA), question.language,
        question.addresses, Style.of(parts(question.parameter("outputFormatParams") or "")),
    )  # fmt: skip
    found = chosen(table.definition, asked, question.bank.limits.cells)
    return await answered(table, found, answer, MEDIA[answer.format])


async def answered(table: Published, found: Chosen, answer: Answer, media: str) -> Response:
    """The cells of a question as an answer.

    Parameters
    ----------
    table, found
        The table, and the cells.
    answer, media
        How they are written, and what that is called.
    """
    if found.size <= _SMALL:
        content = answer.written(table, found)
    else:  # in a thread: other questions are answered while it is
        content = await run_in_threadpool(answer.written, table, found)
    headers = {"Last-Modified": f"{table.updated:%a, %d %b %Y %H:%M:%S GMT}"}
    if media != _JSON:
        headers["Content-Disposition"] = (
            f'attachment; filename="{table.definition.id}.{answer.format}"'
        )
    return Response(content, headers=headers, media_type=media)


async def _save(question: Question) -> Response:
    query = saved(await body_of(question.request))
    table = table_of(question.bank.shelf.tables(), query.tableId)
    chosen(table.definition, query.selection.asked())
    return _json(response(query, question.addresses.base), 201)


async def _saved(question: Question) -> Response:
    query = recalled(question.request.path_params["id"])
    return _json(response(query, question.addresses.base))


async def _saved_selection(question: Question) -> Response:
    query = recalled(question.request.path_params["id"])
    found = chosen(
        table_of(question.bank.shelf.tables(), query.tableId).definition, query.selection.asked()
    )
    values = {one.variable.id: [value.code for value in one.values] for one in found.shown}
    values[CONTENTS] = [content.code for content in found.contents]
    link = question.addresses.to("self", f"/savedqueries/{query.id}/selection", question.language)
    return _json(default_selection(values, question.language, link, found.heading, found.stub))


async def _saved_data(question: Question) -> Response:
    query = recalled(question.request.path_params["id"])
    table = question.table(query.tableId)
    language = question.parameter("lang") or query.language
    given = question.parameter("outputFormatParams")
    answer = Answer(
        format_of(question.parameter("outputFormat") or query.outputFormat, MEDIA),
        language_of(language, question.bank.language), question.addresses,
        Style.of(query.outputFormatParams if given is None else parts(given)),
    )  # fmt: skip
    found = chosen(table.definition, query.selection.asked(), question.bank.limits.cells)
    return await answered(table, found, answer, MEDIA[answer.format])


async def body_of(request: Request) -> bytes:
    """The body of a request, unless it is larger than any question.

    Parameters
    ----------
    request
        The request.
    """
    found = b""
    async for piece in request.stream():
        found += piece
        if len(found) > _LARGEST_BODY:
            raise Problem("No query specified", f"a query has {_LARGEST_BODY:,} bytes at most.")
    return found


async def _code_list(question: Question) -> Response:
    tables, id = question.bank.shelf.tables(), question.request.path_params["id"]
    return _json(code_list(tables, id, question.language, question.addresses))


async def _openapi(question: Question) -> Response:
    return _json(openapi(question.addresses.base, question.bank.shelf.tables()))


async def _calendar(question: Question) -> Response:
    """What comes out when: not of PxWebApi, and never anything of the figures."""
    coming = [
        {
            "tables": {id: title.of(question.language) for id, title in one.titles.items()},
            "due": _instant(one.due),
            "state": one.state,
            "changes": [
                {
                    "changed": _instant(moved.at),
                    "from": _instant(moved.before),
                    "to": _instant(moved.due),
                    "why": moved.why,
                }
                for moved in one.moved
            ],
        }
        for one in question.bank.shelf.calendar()
    ]
    return _json({"language": question.language.value, "releases": coming})


def _instant(at: datetime | None) -> str | None:
    return None if at is None else f"{at:%Y-%m-%dT%H:%M:%SZ}"
