"""The interface of the statistics bank over HTTP: PxWebApi, version 1, for older clients."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from folkestrom.app.public.statbank import Bank, Question, answered, body_of, cached
from folkestrom.model.specification import Language
from folkestrom.publish.statbank.dataset import Addresses, Published
from folkestrom.publish.statbank.files import Answer
from folkestrom.publish.statbank.grid import Style
from folkestrom.publish.statbank.problems import Problem
from folkestrom.publish.statbank.requests import language_of
from folkestrom.publish.statbank.version1 import (
    chosen_by,
    config,
    error,
    listing,
    media,
    metadata,
    question,
)

#: Where the interface is, as Statistics Norway has it; a language follows.
PREFIX: Final = "/api/v0"

Answering = Callable[[Request, Bank, Language], Awaitable[Response]]


def routes(bank: Bank) -> list[Route]:
    """The paths of the interface.

    Parameters
    ----------
    bank
        What it answers from.
    """

    def route(path: str, answer: Answering, *methods: str) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                language = language_of(request.path_params["lang"], bank.language)
                return cached(request, await answer(request, bank, language), bank)
            except Problem as problem:
                status, body = error(problem)
                return _json(body, status)

        return Route(f"{PREFIX}/{{lang}}{path}", endpoint, methods=[*methods] or ["GET"])

    return [route("/table", _list), route("/table/{id}", _table, "GET", "POST")]


def _json(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")


async def _list(request: Request, bank: Bank, language: Language) -> Response:
    words = request.query_params.get("query", "").strip("*")
    return _json(listing(bank.shelf.tables(), language, words))


def _of(request: Request, bank: Bank, language: Language) -> Published:
    return Question(request, bank, language, Addresses("")).table()


async def _table(request: Request, bank: Bank, language: Language) -> Response:
    if request.method == "POST":
        asked = question(await body_of(request))
        table = _of(request, bank, language)
        found = chosen_by(table.definition, asked, bank.limits.cells)
        base = f"{request.base_url}".rstrip("/") + f"{PREFIX}/{language.value}"
        answer = Answer(asked.format, language, Addresses(base), Style())
        return await answered(table, found, answer, media(asked.format))
    if "config" in request.query_params:
        return _json(config(bank.limits))
    return _json(metadata(_of(request, bank, language), language))
