"""The office's pages as a server that ends by itself when it is left alone."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from folkestrom.app.office.web.access import HOST, Access, Door
from folkestrom.app.office.web.routes import Office, error_page, routes
from folkestrom.app.office.web.views import Say
from folkestrom.errors import UsageError, as_it_is
from folkestrom.model.specification import Language
from folkestrom.publish.releases.desk import Desk


def application(office: Office, door: Door) -> Starlette:
    """The application, for any server of ASGI.

    Parameters
    ----------
    office
        What its pages are made from.
    door
        Who is let in.
    """

    async def missing(request: Request, error: Exception) -> Response:
        found = error if isinstance(error, HTTPException) else HTTPException(500)
        return error_page(office, request, found)

    return Starlette(
        routes=routes(office),
        exception_handlers={HTTPException: missing},
        middleware=[Middleware(Access, door=door)],
    )


def serve(
    store: Path, releases: Path, language: Language, port: int, idle: float,
    say: Callable[[str], None], norwegian: Say = as_it_is,
) -> None:  # fmt: skip
    """Answer one browser on this machine, until it is left alone or interrupted.

    Parameters
    ----------
    store, releases
        The store, and the folder of releases; neither needs to be there.
    language
        Of who asks for no other.
    port
        What is listened on; 0: one that is free.
    idle
        Seconds without a question after which it ends.
    say
        Told the address, once it is listened on.
    norwegian
        How messages of the program are said in Norwegian.

    Raises
    ------
    UsageError
        A port that another program has.
    """
    try:
        listening = socket.create_server((HOST, port))
    except OSError as error:
        raise UsageError(
            "cannot be listened on", where="--port", value=port,
            next_step="Leave it out for one that is free",
        ) from error  # fmt: skip
    door = Door(listening.getsockname()[1])
    made = application(Office(store, Desk(releases), language, norwegian), door)
    server = uvicorn.Server(uvicorn.Config(
        made, log_level="warning", access_log=False, server_header=False, lifespan="off",
    ))  # fmt: skip

    async def until_left_alone() -> None:
        answering = asyncio.create_task(server.serve([listening]))
        watching = asyncio.create_task(door.left_alone(idle))
        await asyncio.wait((answering, watching), return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        watching.cancel()
        await answering

    with listening, suppress(KeyboardInterrupt):
        say(door.address)
        asyncio.run(until_left_alone())
