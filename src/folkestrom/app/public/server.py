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
from starlette.responses import Response

from folkestrom.app.public.statbank import PREFIX, Bank, problem_response, routes
from folkestrom.publish.releases.shelf import Shelf
from folkestrom.publish.statbank.problems import Problem

#: Where a process of the server finds the public folder.
FOLDER_VARIABLE: Final = "FOLKESTROM_PUBLIC"


def application(bank: Bank) -> Starlette:
    """The application, for any server of ASGI.

    Parameters
    ----------
    bank
        What it answers from.
    """
    return Starlette(
        routes=routes(bank),
        exception_handlers={HTTPException: _problem},
        middleware=[
            Middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["GET", "POST"]),
            Middleware(GZipMiddleware, minimum_size=1000, compresslevel=4),
        ],
    )


async def _problem(_request: Request, error: Exception) -> Response:
    """What has no path, or is asked in another way than it answers to."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    title = HTTPStatus(status).phrase
    detail = f"There is nothing of that kind here: the interface is at {PREFIX}."
    return problem_response(Problem(title, detail, status))


def from_environment() -> Starlette:
    """The application of one process, by the environment that it was started in."""
    return application(Bank(Shelf(Path(os.environ[FOLDER_VARIABLE]))))
