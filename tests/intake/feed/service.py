"""The register's service over HTTP, on this machine, with the faults that it is asked to have."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.intake.feed.register import Register

ERROR = json.dumps({"kode": "FREG-001", "melding": "Feil i tjenesten."}).encode()
BASE = "/folkeregisteret/offentlig-med-hjemmel/api/v1/"


class Answer:
    """Status, body and headers; `cut`: so many bytes are sent of those that are promised."""

    def __init__(
        self, status: int, body: bytes = b"", cut: int | None = None, **headers: str
    ) -> None:
        self.status, self.body, self.cut = status, body, cut
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


#: Told the path below the address, and how many questions came before; None: no fault.
Fault = Callable[[str, int], Answer | None]


class Service:
    """The service.

    Parameters
    ----------
    register
        What it delivers; may grow.
    fault
        What goes wrong.
    oldest
        Numbers before it are older than 36 months.
    """

    def __init__(self, register: Register, fault: Fault | None = None, oldest: int = 1) -> None:
        self.register, self.fault, self.oldest = register, fault, oldest
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []

    def answer(self, path: str, headers: Any) -> Answer:
        below = path.removeprefix(BASE)
        self.asked.append(below)
        self.headers.append(dict(headers))
        found = self.fault(below, len(self.asked) - 1) if self.fault else None
        return found or self._usual(below, headers)

    def _usual(self, below: str, headers: Any) -> Answer:
        url = urlsplit(below)
        name = url.path.rsplit("/", 1)[-1]
        if url.path == "hendelser/feed":
            number = int(parse_qs(url.query)["seq"][0])
            if number < self.oldest:
                return Answer(406, ERROR)
            body = self.register.page(number)
            tag = f'"{number}-{len(self.register.events)}"'
            if headers.get("If-None-Match") == tag:
                return Answer(304)
            return Answer(200, body, ETag=tag)
        if url.path.startswith("hendelser/") and name in self.register.documents:
            return Answer(200, self.register.documents[name])
        if url.path.startswith("personer/arkiv/") and name in self.register.persons:
            return Answer(200, self.register.person_document(name))
        return Answer(404, ERROR)


@contextmanager
def serving(service: Service) -> Iterator[str]:
    """Serve on a free port of this machine, as long as it is needed; the address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self) -> None:
            answer = service.answer(self.path, self.headers)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.status != 304:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body[: answer.cut])
            if answer.cut is not None:
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{BASE.removesuffix('/v1/')}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
