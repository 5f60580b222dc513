"""Answers that are asked for again: at eight o'clock everybody asks for the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from folkestrom.app.pages.kept import Kept

#: What each takes beside its body, about.
_BESIDE: Final = 2_000
#: What depends on the day on which it is asked.
_OF_TODAY: Final = b"pastdays"


@dataclass(slots=True)
class _Answer:
    start: Message
    body: list[Message] = field(default_factory=list)
    size: int = 0


class Repeats:
    """Middleware that keeps answers for as long as what they are made of stays.

    Parameters
    ----------
    app
        What answers.
    state
        What answers are made of: something else when anything came out, or was announced.
    prefix
        Only what lies below this path is kept.
    current
        Headers that an answer has at the instant at which it is given.
    """

    def __init__(
        self, app: ASGIApp, state: Callable[[], Any], prefix: str,
        current: Callable[[], list[tuple[bytes, bytes]]],
    ) -> None:  # fmt: skip
        self._app, self._state, self._prefix, self._current = app, state, prefix, current
        self._kept: Kept[_Answer] = Kept()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Give an answer that is kept, or have it made."""
        key = self._key(scope) if scope["type"] == "http" else None
        if key is None:
            await self._app(scope, receive, send)
            return
        state = self._state()
        known = self._kept.find(state, key)
        if known is None:
            await self._app(scope, receive, self._keeping(key, state, send))
            return
        kept = [one for one in known.start["headers"] if one[0] != b"cache-control"]
        await send({**known.start, "headers": [*kept, *self._current()]})
        for message in known.body:
            await send(message)

    def _key(self, scope: Scope) -> tuple[Any, ...] | None:
        query = scope["query_string"]
        if scope["method"] != "GET" or not scope["path"].startswith(self._prefix):
            return None
        headers = Headers(scope=scope)
        if _OF_TODAY in query.lower() or "range" in headers or "if-none-match" in headers:
            return None
        told = (headers.get(name, "") for name in ("host", "accept", "accept-encoding", "origin"))
        return (scope["scheme"], scope["raw_path"], query, *told)

    def _keeping(self, key: tuple[Any, ...], state: Any, send: Send) -> Send:
        """Send an answer, and keep it if it is one."""
        made: list[_Answer] = []

        async def keeping(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                made.append(_Answer(message))
            elif made and message["type"] == "http.response.body":
                made[0].body.append(message)
                made[0].size += len(message.get("body", b""))
                # What came out while it was made may or may not be in it.
                if not message.get("more_body") and state == self._state():
                    self._kept.keep(state, key, made[0], made[0].size + _BESIDE)
            await send(message)

        return keeping
