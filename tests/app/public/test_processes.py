"""Several processes over one folder: what comes out comes out in all of them at once."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from urllib.request import urlopen

import psutil

from folkestrom.app.public.statbank import PREFIX
from folkestrom.publish.releases.release import write_release
from folkestrom.publish.releases.shelf import put_out
from tests.publish.small_bank import DECISION, OUT, definition, figures, shelf_with

PROCESSES, CLIENTS = 3, 6
#: All that says what is out: a list, figures, a file of them, a page.
PATHS = (
    f"{PREFIX}/tables",
    f"{PREFIX}/tables/B1001/metadata",
    f"{PREFIX}/tables/B1001/data?valuecodes[Tid]=2021&valuecodes[ContentsCode]=*",
    f"{PREFIX}/tables/B1001/data?outputFormat=parquet",
    f"{PREFIX}/tables/B1001/revisions",
    "/en/tables/B1001",
)  # fmt: skip


@contextmanager
def processes(folder: Path) -> Iterator[str]:
    """A server of several processes, as long as the block lasts; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "folkestrom.app.public", str(folder)]
    server = subprocess.Popen([*command, "--workers", str(PROCESSES), "--port", str(port)])
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: len(answering(address)) == PROCESSES)
        yield address
    finally:
        children = psutil.Process(server.pid).children(recursive=True)
        server.terminate()
        server.wait(30)
        psutil.wait_procs(children, 10)


def wait_for(there: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not there() and time.monotonic() < until:
        time.sleep(0.1)


def answering(address: str) -> set[int]:
    """The processes that have a connection open, of as many as are opened at the same time."""
    port = int(address.rpartition(":")[2])
    with ThreadPoolExecutor(4 * PROCESSES) as pool:
        clients = list(pool.map(lambda _: kept_open(port), range(4 * PROCESSES)))
    found = {
        one.pid
        for one in psutil.net_connections("tcp")
        if one.laddr and one.laddr.port == port and one.status == "ESTABLISHED" and one.pid
    } - {os.getpid()}
    for client in clients:
        client.close()
    return found


def kept_open(port: int) -> HTTPConnection:
    client = HTTPConnection("127.0.0.1", port, timeout=60)
    with suppress(OSError):  # it does not listen yet
        client.request("GET", f"{PREFIX}/config")
        client.getresponse().read()
    return client


def test_all_processes_give_the_old_until_an_instant_and_the_new_from_it_on(tmp_path: Path) -> None:
    public = shelf_with(tmp_path)
    persons = figures().values["Personer1"] + 1
    other = replace(figures(), values=figures().values | {"Personer1": persons})
    release = write_release(
        tmp_path / "drafts", [(definition(), other, DECISION)], made_at=OUT + timedelta(days=1),
        made_by="A", program="1", log_position=2,
    )  # fmt: skip
    seen: dict[str, list[tuple[float, float, bytes]]] = defaultdict(list)
    stop = threading.Event()

    def ask(address: str) -> None:
        while not stop.is_set():
            for path in PATHS:
                # A connection of its own each time, which any of the processes may accept.
                begun = time.monotonic()
                with urlopen(address + path, timeout=60) as answer:
                    content = answer.read()
                seen[path].append((begun, time.monotonic(), content))

    def asked_since(moment: float) -> int:
        return min(sum(begun > moment for begun, *_ in seen[path]) for path in PATHS)

    with processes(public) as address, ThreadPoolExecutor(CLIENTS) as pool:
        asking = [pool.submit(ask, address) for _ in range(CLIENTS)]
        wait_for(lambda: asked_since(0.0) >= CLIENTS)
        first = time.monotonic()
        put_out(public, release, OUT + timedelta(days=1))
        last = time.monotonic()
        wait_for(lambda: asked_since(last) >= CLIENTS)
        stop.set()
        for one in asking:
            one.result()
    for path, answers in seen.items():
        before = {content for _, ended, content in answers if ended < first}
        after = {content for begun, _, content in answers if begun > last}
        assert len(before) == 1, path
        assert len(after) == 1, path
        assert before.isdisjoint(after), path
        assert {content for *_, content in answers} == before | after, path
