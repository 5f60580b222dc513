"""The application that answers the public."""

from __future__ import annotations

import os
from http import HTTPStatus
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from folkestrom.app.public import version1
from folkestrom.app.public.calls import Calls
from folkestrom.app.public.repeats import Repeats
from folkestrom.app.public.statbank import PREFIX, Bank, cache_control, problem_response, routes
from folkestrom.publish.releases.shelf import Shelf
from folkestrom.publish.statbank.listing import Limits
from folkestrom.publish.statbank.problems import Problem
from folkestrom.publish.statbank.version1 import error

#: Where a process of the server finds the public folder.
FOLDER_VARIABLE: Final = "FOLKESTROM_PUBLIC"
#: And what one client may ask for: the numbers of `Limits`.
LIMITS_VARIABLE: Final = "FOLKESTROM_PUBLIC_LIMITS"
#: Answers below this path are kept for who asks again.
_KEPT: Final = "/api/"


def application(bank: Bank) -> Starlette:
    """The application, for any server of ASGI.

    Parameters
    ----------
    bank
        What it answers from.
    """

    def current() -> list[tuple[bytes, bytes]]:
        return [(b"cache-control", cache_control(bank).encode())]

    return Starlette(
        routes=[*routes(bank), *version1.routes(bank)],
        exception_handlers={HTTPException: _problem},
        middleware=[
            Middleware(Calls, limits=bank.limits, refused=_refused),
            Middleware(Repeats, state=bank.shelf.state, prefix=_KEPT, current=current),
            Middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["GET", "POST"]),
            Middleware(GZipMiddleware, minimum_size=1000, compresslevel=4),
        ],
    )


def _refused(path: str, problem: Problem) -> Response:
    """A problem in the words of the version that was asked."""
    if not path.startswith(version1.PREFIX):
        return problem_response(problem)
    status, body = error(problem)
    return JSONResponse(body, status)


async def _problem(_request: Request, error: Exception) -> Response:
    """What has no path, or is asked in another way than it answers to."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    title = HTTPStatus(status).phrase
    detail = f"There is nothing of that kind here: the interface is at {PREFIX}."
    answer = problem_response(Problem(title, detail, status))
    answer.headers.update(getattr(error, "headers", None) or {})
    return answer


def from_environment() -> Starlette:
    """The application of one process, by the environment that it was started in."""
    limits = Limits(*map(int, os.environ.get(LIMITS_VARIABLE, "").split()))
    return application(Bank(Shelf(Path(os.environ[FOLDER_VARIABLE])), limits))
