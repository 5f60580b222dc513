"""Where a feed comes from: the register's service over HTTP, or a folder of saved JSON."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec

from folkestrom.errors import InputRefused, UsageError
from folkestrom.intake.feed.pull import GO_ON, UnansweredError

TOKEN: Final = "FOLKESTROM_FEED_TOKEN"  # noqa: S105 - the name of a variable
_PAGE_SIZE: Final = 1000
_SECONDS: Final = 60.0
_GONE: Final = (404, 410)
_MILLISECONDS: Final = 1000.0
_raw: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


class HttpFeed:
    """The register's service.

    Parameters
    ----------
    url
        Its address, up to the rights package: `https://…/offentlig-med-hjemmel/api`.
    """

    tag: tuple[int, str] | None = None

    def __init__(self, url: str) -> None:
        token = os.environ.get(TOKEN)
        headers = {"Accept": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            self._client = httpx.Client(base_url=url, headers=headers, timeout=_SECONDS)
        except httpx.InvalidURL as error:
            raise _no_address(url) from error
        self._url = url

    def close(self) -> None:
        """End the connections."""
        self._client.close()

    def page(self, number: int) -> bytes | None:
        """The page that begins with a number; None: nothing is new."""
        headers = {}
        if self.tag is not None and self.tag[0] == number:
            headers["If-None-Match"] = self.tag[1]
        answer = self._ask("v1/hendelser/feed", headers, {"seq": number})
        if answer.status_code == httpx.codes.NOT_MODIFIED:
            return None
        if answer.status_code == httpx.codes.NOT_ACCEPTABLE:
            raise InputRefused(
                f"number {number} is older than 36 months, and no longer delivered",
                where="the feed",
                next_step="Take an extract from the register, and pull with --start after it.",
            )
        self._check(answer)
        if "etag" in answer.headers:
            self.tag = number, answer.headers["etag"]
        return answer.content

    def event_document(self, name: str) -> bytes | None:
        """An event document; None: it is gone."""
        return self._document(f"v1/hendelser/{name}")

    def person_document(self, name: str) -> bytes | None:
        """A person document; None: it is gone."""
        return self._document(f"v1/personer/arkiv/{name}")

    def _document(self, path: str) -> bytes | None:
        answer = self._ask(path, {}, {})
        if answer.status_code in _GONE:
            return None
        self._check(answer)
        return answer.content

    def _ask(self, path: str, headers: dict[str, str], query: dict[str, Any]) -> httpx.Response:
        try:
            return self._client.get(path, headers=headers, params=query)
        except httpx.UnsupportedProtocol as error:
            raise _no_address(self._url) from error
        except httpx.TransportError as error:
            name = type(error).__name__
            raise UnansweredError(
                InputRefused(
                    f"did not answer, or not to the end ({name})",
                    where="the feed",
                    next_step=GO_ON,
                )
            ) from error

    def _check(self, answer: httpx.Response) -> None:
        code = answer.status_code
        if code == httpx.codes.OK:
            return
        if code == httpx.codes.TOO_MANY_REQUESTS:
            wait = answer.headers.get("Retry-After", "")
            raise UnansweredError(
                InputRefused(
                    "asks for fewer questions (status 429)", where="the feed", next_step=GO_ON
                ),
                float(wait) / _MILLISECONDS if wait.isdigit() else 0,
            )
        if httpx.codes.is_server_error(code):
            raise UnansweredError(
                InputRefused(f"answered with the status {code}", where="the feed", next_step=GO_ON)
            )
        if code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise UsageError(
                f"gives no access (status {code})",
                where="the feed",
                next_step=f"Set a new access token in {TOKEN}, of a client that has this right.",
            )
        raise UsageError(
            f"answered with the status {code}", where="the feed", next_step="Check the --url."
        )


def _no_address(url: str) -> UsageError:
    return UsageError(
        "is no address", where="--url", value=url, allowed="an address that begins with https://"
    )


class SavedFeed:
    """A folder of saved JSON: pages, event documents and person documents in any files.

    What a value is, its fields say. A person document is known by the name of its file, or by
    `persondokument` beside it.

    Parameters
    ----------
    folder
        The folder; files end in `.json`, `.ndjson` or `.jsonl`.
    """

    tag: tuple[int, str] | None = None

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise UsageError("is no folder", where="--from", value=str(folder))
        self._events: dict[int, msgspec.Raw] = {}
        self._documents: dict[str, bytes] = {}
        self._persons: dict[str, bytes] = {}
        files = sorted(p for p in folder.rglob("*") if p.suffix in {".json", ".ndjson", ".jsonl"})
        for file in files:
            for value in _values(file):
                self._keep(value, file)
        self._numbers = sorted(self._events)

    def page(self, number: int) -> bytes | None:
        """The page that begins with a number; None: nothing is new."""
        rest = [n for n in self._numbers if n >= number][:_PAGE_SIZE]
        return msgspec.json.encode([self._events[n] for n in rest])

    def event_document(self, name: str) -> bytes | None:
        """An event document; None: it is not there."""
        return self._documents.get(name)

    def person_document(self, name: str) -> bytes | None:
        """A person document; None: it is not there."""
        return self._persons.get(name)

    def close(self) -> None:
        """Nothing is open."""

    def _keep(self, raw: bytes, file: Path) -> None:
        try:
            value: Any = msgspec.json.decode(raw)
        except msgspec.MsgspecError as error:
            raise InputRefused(
                "is no JSON, or cut off", where=str(file), next_step="Save the file once more."
            ) from error
        if isinstance(value, list):
            for event in msgspec.json.decode(raw, type=list[msgspec.Raw]):
                self._keep(bytes(event), file)
        elif isinstance(value, dict) and "sekvensnummer" in value:
            self._events[int(value["sekvensnummer"])] = msgspec.Raw(raw)
        elif isinstance(value, dict) and "dokumentidentifikator" in value and "hendelse" in value:
            self._documents[str(value["dokumentidentifikator"])] = raw
        elif isinstance(value, dict) and "persondokument" in value:
            self._persons[str(value["persondokument"])] = bytes(_raw.decode(raw)["dokument"])
        elif isinstance(value, dict):
            self._persons[file.stem] = raw


def _values(file: Path) -> Iterator[bytes]:
    content = file.read_bytes()
    with suppress(msgspec.MsgspecError):
        if file.suffix == ".json":
            msgspec.json.decode(content)
            yield content
            return
    yield from (line for line in content.splitlines() if line.strip())
