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

from folkestrom.app.public import sdmx, version1
from folkestrom.app.public.calls import Calls
from folkestrom.app.public.prospects.routes import projection_routes
from folkestrom.app.public.repeats import Repeats
from folkestrom.app.public.site.routes import error_page, site_routes
from folkestrom.app.public.site.site import Site
from folkestrom.app.public.statbank import PREFIX, Bank, cache_control, problem_response, routes
from folkestrom.publish.releases.shelf import Shelf
from folkestrom.publish.statbank.listing import Limits
from folkestrom.publish.statbank.problems import Problem
from folkestrom.publish.statbank.version1 import error

#: Where a process of the server finds the public folder.
FOLDER_VARIABLE: Final = "FOLKESTROM_PUBLIC"
#: And what one client may ask for: the numbers of `Limits`.
LIMITS_VARIABLE: Final = "FOLKESTROM_PUBLIC_LIMITS"
#: And borders for maps, if it has any.
BORDERS_VARIABLE: Final = "FOLKESTROM_BORDERS"
#: What programs ask is below this, and kept for who asks again; all else is for people.
_INTERFACES: Final = "/api/"


def application(bank: Bank, borders: Path | None = None) -> Starlette:
    """The application, for any server of ASGI.

    Parameters
    ----------
    bank
        What it answers from.
    borders
        Borders of municipalities and counties, for maps.
    """
    site = Site(bank, borders)

    async def problem(request: Request, error: Exception) -> Response:
        found = error if isinstance(error, HTTPException) else HTTPException(500)
        if request.url.path.startswith(_INTERFACES):
            return _problem(found)
        return error_page(site, request, found)

    def current() -> list[tuple[bytes, bytes]]:
        return [(b"cache-control", cache_control(bank).encode())]

    return Starlette(
        routes=[
            *routes(bank),
            *version1.routes(bank),
            *sdmx.routes(bank),
            *projection_routes(site),
            *site_routes(site),
        ],
        exception_handlers={HTTPException: problem},
        middleware=[
            Middleware(Calls, limits=bank.limits, refused=_refused),
            Middleware(Repeats, state=bank.shelf.state, prefix=_INTERFACES, current=current),
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


def _problem(error: HTTPException) -> Response:
    """What has no path, or is asked in another way than it answers to."""
    detail = f"There is nothing of that kind here: the interface is at {PREFIX}."
    title = HTTPStatus(error.status_code).phrase
    answer = problem_response(Problem(title, detail, error.status_code))
    answer.headers.update(error.headers or {})
    return answer


def from_environment() -> Starlette:
    """The application of one process, by the environment that it was started in."""
    limits = Limits(*map(int, os.environ.get(LIMITS_VARIABLE, "").split()))
    borders = os.environ.get(BORDERS_VARIABLE)
    bank = Bank(Shelf(Path(os.environ[FOLDER_VARIABLE])), limits)
    return application(bank, Path(borders) if borders else None)
