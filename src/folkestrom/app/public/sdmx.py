"""SDMX over HTTP: the REST interface of SDMX 2.1 and of SDMX 3.0, for the clients of either."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from types import ModuleType
from typing import Any, Final, NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from folkestrom.app.public.statbank import Bank, Question, replied
from folkestrom.publish.sdmx.names import AGENCY, TIME_PERIOD, VERSION
from folkestrom.publish.statbank.problems import TOO_MANY_CELLS, Problem, quoted
from folkestrom.publish.statbank.requests import whole_number

PREFIX: Final = "/api/sdmx"
_ANY: Final = ("", "all", "*")
_NEWEST: Final = (*_ANY, "latest", "+", "~", VERSION, "1.0", "1")
_LIMITS: Final = {"startPeriod": "ge", "endPeriod": "le"}
_FILTER: Final = re.compile(r"c\[.+\]")
_MOST_PERIODS: Final = 100_000
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)


class _Path(NamedTuple):
    """What a path asks for; of data and availability, the key too."""

    kind: str
    agency: str
    id: str
    version: str
    key: str


def routes(bank: Bank) -> list[Route]:
    """The paths of the interface.

    Parameters
    ----------
    bank
        What it answers from.
    """

    def route(version: str) -> Route:
        async def answer(question: Question) -> Response:
            return await _answer(question, version)

        async def endpoint(request: Request) -> Response:
            return await replied(request, bank, answer)

        return Route(f"{PREFIX}/{version}/{{path:path}}", endpoint)

    return [route("2.1"), route("3.0")]


async def _answer(question: Question, version: str) -> Response:
    """Structures, figures, or what there is of them."""
    path = _path(version, question.request.path_params["path"])
    if path.agency not in (*_ANY, AGENCY) or path.version not in _NEWEST:
        raise Problem(
            "No results found",
            f"{quoted(f'{path.agency} {path.version}')}: all is of {AGENCY}, in version {VERSION}. "
            "Earlier vintages of a table are asked for with ?vintage=.",
            404,
        )
    kinds: dict[str, Callable[[Question, _Path, str, ModuleType], Awaitable[Response]]] = {
        "data": _data, "availability": _availability,
    }  # fmt: skip
    return await kinds.get(path.kind, _structures)(question, path, version, _library())


def _path(version: str, path: str) -> _Path:
    kind, *rest = path.strip("/").split("/")
    if version == "2.1" and kind == "data":
        flow, key = (*rest, "", "")[:2]
        agency, id, of = (*flow.split(","), "", "")[:3] if "," in flow else ("", flow, "")
        return _Path(kind, agency, id, of, key)
    if version == "3.0":
        first, *rest = rest or [""]
        if kind == "structure":
            kind = first
        elif first not in (*_ANY, "dataflow"):
            raise Problem("Not Found", f"{quoted(first)}: data are asked for by dataflow.", 404)
    agency, id, of, key = (*rest, "", "", "", "")[:4]
    return _Path(kind, agency, id, of, key)


def _library() -> ModuleType:
    """What writes messages, if it is installed."""
    try:
        from folkestrom.publish.sdmx import messages
    except ImportError as error:
        raise Problem(
            "Not Implemented", "this server has no SDMX: it needs folkestrom[sdmx].", 501
        ) from error
    return messages


async def _structures(
    question: Question, path: _Path, version: str, messages: ModuleType
) -> Response:
    tables = question.bank.shelf.tables()
    format = messages.STRUCTURES.of(_accepted(question), version)
    # A schema is a data structure with all that it refers to.
    kind, related = (path.kind, _related(question))
    if kind == "schema":
        kind, related = "dataflow", True
    newest = max((table.updated for table in tables.values()), default=_LONG_AGO)

    def made() -> bytes:
        found = messages.structures(tables, kind, path.id, related=related)
        return bytes(messages.structure_message(found, format, newest))

    return _sent(await run_in_threadpool(made), format.value)


async def _data(question: Question, path: _Path, version: str, messages: ModuleType) -> Response:
    format = messages.DATA.of(_accepted(question), version)
    plain = {question.parameter("detail"), question.parameter("attributes")} & {"dataonly", "none"}
    across = question.parameter("dimensionAtObservation") or TIME_PERIOD
    found = _cells(question, path, messages)
    content = await run_in_threadpool(
        messages.data_message, found, format, across, status=not plain
    )
    return _sent(content, format.value)


async def _availability(
    question: Question, path: _Path, _version: str, messages: ModuleType
) -> Response:
    found = _cells(question, path, messages)
    made = messages.availability_message
    content = await run_in_threadpool(made, found, related=_related(question))
    return _sent(content, messages.AVAILABILITY.value)


def _cells(question: Question, path: _Path, messages: ModuleType) -> Any:
    """The cells that a path and its parameters ask for."""
    parameters = question.request.query_params.multi_items()
    filters = [(name[2:-1], value) for name, value in parameters if _FILTER.fullmatch(name)]
    for name, operator in _LIMITS.items():
        if value := question.parameter(name):
            filters.append((TIME_PERIOD, f"{operator}:{value}"))
    oldest, newest = (
        whole_number(name, question.parameter(name), 0, _MOST_PERIODS)
        for name in ("firstNObservations", "lastNObservations")
    )
    query = messages.KeyQuery(path.key, filters, newest, oldest)
    most = question.bank.limits.cells if path.kind == "data" else None
    try:
        return messages.selected(question.table(path.id), query, most)
    except Problem as problem:
        if problem.title == TOO_MANY_CELLS:
            problem.status = 413
        raise


def _accepted(question: Question) -> str:
    return question.request.headers.get("accept", "")


def _related(question: Question) -> bool:
    """Whether what an artefact refers to is asked for with it."""
    return question.parameter("references") not in (None, "", "none")


def _sent(content: bytes, media: str) -> Response:
    return Response(content, headers={"Vary": "Accept"}, media_type=media)
