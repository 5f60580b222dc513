"""Who is let in: one browser on this machine, by a token that works once, then by its cookie."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: The only address that is listened on, and the only name that is answered to.
HOST: Final = "127.0.0.1"
_CLOSED: Final = (
    "Open the address that the command printed: it works once. For another one, end the command "
    "and start it again.\n"
    "Åpne adressen som kommandoen skrev: den virker én gang. For en ny, avslutt kommandoen og "
    "start den igjen.\n"
)
#: Figures that are not out are kept by no browser, and given to no page of another site.
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class Door:
    """The token, the browser that came with it, and when it last asked.

    Parameters
    ----------
    port
        The port that is listened on.
    """

    def __init__(self, port: int) -> None:
        self._host = f"{HOST}:{port}"
        self._token = secrets.token_urlsafe(32)
        self._session = secrets.token_urlsafe(32)
        # Cookies of a machine are the same for all its ports.
        self._cookie = f"folkestrom-office-{port}"
        self._spent = False
        self._asking = 0
        self._asked = time.monotonic()

    @property
    def address(self) -> str:
        """The address that lets a browser in, once."""
        return f"http://{self._host}/?token={self._token}"

    async def left_alone(self, seconds: float) -> None:
        """Wait until nobody has asked for so long.

        Parameters
        ----------
        seconds
            How long.
        """
        while (left := self._asked + seconds - time.monotonic()) > 0 or self._asking:
            await asyncio.sleep(min(max(left, 0.05), 1))

    def refusal(self, request: Request) -> Response | None:
        """What is answered instead of a page; None: it is let in.

        Parameters
        ----------
        request
            What is asked.
        """
        # Another name that leads here belongs to a page of another site (DNS rebinding).
        if request.headers.get("host") != self._host:
            return PlainTextResponse(f"The address is http://{self._host}/\n", 400)
        if request.method not in ("GET", "HEAD"):
            return PlainTextResponse("Pages are shown, and nothing is changed.\n", 405)
        token = request.query_params.get("token")
        if request.url.path == "/" and token is not None and request.method == "GET":
            return self._opened(token)
        if not _same(request.cookies.get(self._cookie, ""), self._session):
            return PlainTextResponse(_CLOSED, 403)
        return None

    def _opened(self, token: str) -> Response:
        if self._spent or not _same(token, self._token):
            return PlainTextResponse(_CLOSED, 403)
        self._spent = True
        answer = RedirectResponse("/", 303)
        answer.set_cookie(self._cookie, self._session, httponly=True, samesite="strict")
        return answer

    def begun(self) -> None:
        """Note that a request was let in."""
        self._asking += 1

    def ended(self) -> None:
        """Note that there was an answer."""
        self._asking -= 1
        self._asked = time.monotonic()


def _same(one: str, other: str) -> bool:
    return secrets.compare_digest(one.encode(), other.encode())


class Access:
    """Middleware that lets nobody else in, and has every answer say that it is not to be kept.

    Parameters
    ----------
    app
        What answers.
    door
        Who is let in.
    """

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app, self._door = app, door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        refusal = self._door.refusal(Request(scope))
        if refusal is not None:
            await refusal(scope, receive, guarded)
            return
        self._door.begun()
        try:
            await self._app(scope, receive, guarded)
        finally:
            self._door.ended()
