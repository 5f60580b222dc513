"""How many calls a client may make, and how long its addresses may be."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from starlette.types import ASGIApp, Receive, Scope, Send

from folkestrom.publish.statbank.listing import Limits
from folkestrom.publish.statbank.problems import TOO_MANY_CALLS, Problem

#: Longest address that is read; more than any client makes, less than what servers cut off.
LONGEST_ADDRESS: Final = 32_000
#: So many clients are remembered; the one that was heard of first is forgotten first.
_MOST_CLIENTS: Final = 100_000


class Calls:
    """Middleware that refuses addresses that are too long, and calls that are too many.

    Calls are counted in each process by itself.

    Parameters
    ----------
    app
        What answers.
    limits
        How many calls a client may make in how many seconds; 0: as many as it likes.
    refused
        Makes an answer to a path of a problem.
    clock
        Seconds.
    """

    def __init__(
        self,
        app: ASGIApp,
        limits: Limits,
        refused: Callable[[str, Problem], Any],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app, self._limits, self._refused, self._clock = app, limits, refused, clock
        self._clients: dict[str, deque[float]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call, or refuse it."""
        problem = self._problem(scope) if scope["type"] == "http" else None
        if problem is None:
            await self._app(scope, receive, send)
            return
        answer = self._refused(scope["path"], problem)
        if problem.title == TOO_MANY_CALLS:
            answer.headers["Retry-After"] = str(self._limits.window)
        await answer(scope, receive, send)

    def _problem(self, scope: Scope) -> Problem | None:
        length = len(scope["raw_path"]) + len(scope["query_string"])
        if length > LONGEST_ADDRESS:
            return Problem(
                "URI Too Long",
                f"the address has {length:,} letters, and {LONGEST_ADDRESS:,} are allowed. Send "
                "the question as the body of a POST.",
                414,
            )
        # Clients ask for the limits first, to keep them; a page is kept, and brings its pictures.
        path = scope["path"]
        limited = path.startswith("/api/") and not path.endswith("/config")
        return self._too_many(scope) if self._limits.calls and limited else None

    def _too_many(self, scope: Scope) -> Problem | None:
        now = self._clock()
        client = (scope.get("client") or ("",))[0]
        made = self._clients.setdefault(client, deque())
        while made and made[0] <= now - self._limits.window:
            made.popleft()
        if len(made) >= self._limits.calls:
            return Problem(
                TOO_MANY_CALLS,
                f"{self._limits.calls} calls in {self._limits.window} seconds are allowed. Wait "
                f"{self._limits.window} seconds, or ask for more values in one call.",
                429,
            )
        made.append(now)
        if len(self._clients) > _MOST_CLIENTS:
            del self._clients[next(iter(self._clients))]
        return None
