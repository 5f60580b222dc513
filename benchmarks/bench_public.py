"""How fast the public server answers, beside datasette over the same cells.

    python benchmarks/bench_public.py [--datasette PROGRAM] [--seconds 5]

makes a table of 798 000 cells in the shape of Statistics Norway's 07459, and asks both servers, one
process each, the same questions over 50 connections. Without datasette (`pip install datasette`, in
an environment of its own) ours is measured alone. With `--requests 100000` it makes 50 million
cells instead, and looks at memory over so many answers.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import cycle, product
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import psutil

from folkestrom.model.specification import Category, same
from folkestrom.publish.releases.decision import Decision
from folkestrom.publish.releases.release import write_release
from folkestrom.publish.releases.shelf import put_out
from folkestrom.publish.tables.definition import Content, Definition, Variable
from folkestrom.publish.tables.figures import Figures

CONNECTIONS = 50
PLACES, AGES, YEARS = 171, 106, 22
#: Tables of 798 000 cells each that are 50 million.
MANY = 63
LARGE = "valuecodes[Region]=*&valuecodes[Kjonn]=*&valuecodes[Alder]=*&valuecodes[Tid]=*"
TEN_THOUSAND = (
    "valuecodes[Region]=*&valuecodes[Kjonn]=*&valuecodes[Tid]=top(3)&valuecodes[Alder]=00?"
)


def release(folder: Path, tables: int = 1) -> Path:
    """A public folder with tables of 798 000 cells; those of the first lie in `cells.db` too."""

    def values(codes: list[str]) -> tuple[Category, ...]:
        return tuple(Category(code, same(code)) for code in codes)

    codes = [[f"{n:04}" for n in range(PLACES)], ["1", "2"], [f"{n:03}" for n in range(AGES)],
             [str(2000 + n) for n in range(YEARS)]]  # fmt: skip
    names = ["Region", "Kjonn", "Alder", "Tid"]
    variables = tuple(
        Variable(
            name,
            same(name),
            values(of),
            "time" if name == "Tid" else "",
            "" if name == "Tid" else "*",
        )
        for name, of in zip(names, codes, strict=True)
    )
    content = Content("Personer1", same("Persons"), same("persons"))
    shape = tuple(len(variable.values) for variable in variables)
    persons = np.random.default_rng(1).integers(0, 900, shape, np.int32)
    now = datetime.now(UTC)
    label, why = same("Population"), same("Drawn by chance")
    made = (
        (
            Definition(f"B{1001 + n}", label, "be", label, variables, (content,)),
            Figures({"Personer1": persons + n}),
            Decision("none", why),
        )
        for n in range(tables)
    )
    found = write_release(
        folder / "drafts", made, made_at=now, made_by="A",
        program="1", log_position=1,
    )  # fmt: skip
    put_out(folder / "public", found, now)
    if tables > 1:
        return folder / "public"
    with sqlite3.connect(folder / "cells.db") as base:
        base.execute(
            "CREATE TABLE B1001 (Region TEXT, Kjonn TEXT, Alder TEXT, Tid TEXT, Personer1 INT)"
        )
        rows = (
            key + (n,) for key, n in zip(product(*codes), persons.ravel().tolist(), strict=True)
        )
        base.executemany("INSERT INTO B1001 VALUES (?, ?, ?, ?, ?)", rows)
        base.execute("CREATE INDEX by_place ON B1001 (Region, Kjonn, Alder, Tid)")
    return folder / "public"


@contextmanager
def served(command: list[str], path: str) -> Iterator[tuple[str, float, int]]:
    """A server while the block lasts: its address, when it first answered, and its process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    begun = time.perf_counter()
    process = subprocess.Popen([*command, "--port", str(port)], stdout=subprocess.DEVNULL)
    try:
        while True:
            try:
                urlopen(address + path).read()
                break
            except OSError:
                time.sleep(0.02)
        yield address, time.perf_counter() - begun, process.pid
    finally:
        process.terminate()
        process.wait()


async def asked(address: str, paths: Sequence[str], seconds: float) -> tuple[float, float]:
    """Answers a second over all connections, and the 99th percentile of an answer's time, in ms."""
    times: list[float] = []
    host, port = address.removeprefix("http://").split(":")
    questions = cycle(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode() for path in paths)
    until = time.perf_counter() + seconds

    async def client() -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        while time.perf_counter() < until:
            begun = time.perf_counter()
            writer.write(next(questions))
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            if not head.startswith(b"http/1.1 200"):
                raise RuntimeError(head.decode())
            if b"content-length:" in head:
                length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
                await reader.readexactly(length)
            else:  # in pieces, the last of which is empty
                while piece := int((await reader.readline()).strip(), 16):
                    await reader.readexactly(piece + 2)
                await reader.readline()
            times.append(time.perf_counter() - begun)
        writer.close()

    begun = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(CONNECTIONS)))
    return len(times) / (time.perf_counter() - begun), 1000 * float(np.percentile(times, 99))


def one(address: str, path: str) -> tuple[float, int]:
    """The best time of one answer in ms, and its size in bytes."""
    best, size = float("inf"), 0
    for n in range(7):
        begun = time.perf_counter()
        size = len(urlopen(f"{address}{path}&new={n}").read())  # one that is not kept yet
        best = min(best, time.perf_counter() - begun)
    return 1000 * best, size


def resident(process: int) -> float:
    """Memory of a process, in MiB."""
    return psutil.Process(process).memory_info().rss / 2**20


def large(folder: Path, requests: int) -> None:
    """How long 50 M cells take to be there, and what answering leaves behind in memory."""
    public = release(folder, MANY)
    api = "/api/pxwebapi/v2"
    command = [sys.executable, "-m", "folkestrom.app.public", str(public)]
    with served(command, f"{api}/config") as (address, start, process):
        cells = MANY * PLACES * 2 * AGES * YEARS / 1e6
        print(f"{cells:.0f} M cells: first answer after {start:.2f} s")
        # Never the same twice, of all tables: the longest path, and the most to be kept.
        asking = [
            f"{api}/tables/B{1001 + n % MANY}/data?valuecodes[Region]={n % PLACES:04}"
            f"&valuecodes[Tid]=*&valuecodes[Kjonn]=1&valuecodes[Alder]={n // PLACES % AGES:03}"
            for n in range(MANY * PLACES)
        ]
        memory, done = [resident(process)], 0
        while done < requests:
            each, _ = asyncio.run(asked(address, asking, 10))
            done += int(10 * each)
            memory.append(resident(process))
        print(f"  memory over {done:,} answers: {', '.join(f'{m:.0f}' for m in memory)} MiB")


def main() -> None:
    """Ask both, and print what each did."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--datasette", default=shutil.which("datasette"))
    reader.add_argument("--seconds", type=float, default=5.0)
    reader.add_argument("--requests", type=int, default=0, help="over 50 M cells")
    given = reader.parse_args()
    if given.requests:
        with tempfile.TemporaryDirectory() as name:
            large(Path(name), given.requests)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        public = release(folder)
        api = "/api/pxwebapi/v2"
        cells = list(product(range(PLACES), range(AGES)))
        np.random.default_rng(2).shuffle(cells)
        ours = [
            f"{api}/tables/B1001/data?valuecodes[Region]={place:04}&valuecodes[Tid]=*"
            f"&valuecodes[Kjonn]=1&valuecodes[Alder]={age:03}"
            for place, age in cells
        ]
        command = [sys.executable, "-m", "folkestrom.app.public", str(public)]
        with served(command, f"{api}/config") as (address, start, process):
            print(f"folkestrom: first answer after {start:.2f} s")
            for text, asked_for in (("10 000 cells", TEN_THOUSAND), ("all cells", LARGE)):
                took, size = one(address, f"{api}/tables/B1001/data?{asked_for}")
                print(f"  {text}: {took:.1f} ms, {size:,} bytes")
            before = resident(process)
            mine = asyncio.run(asked(address, ours, given.seconds))
            after = resident(process)
            print(f"  22 cells: {mine[0]:.0f} a second, 99 % within {mine[1]:.0f} ms")
            same = asyncio.run(asked(address, ours[:1], given.seconds))
            print(f"  always the same: {same[0]:.0f} a second, 99 % within {same[1]:.0f} ms")
            print(f"  memory {before:.0f} MiB, and {after:.0f} MiB after these")
        if given.datasette is None:
            return
        theirs = [
            f"/cells/B1001.json?_shape=array&Region__exact={place:04}&Kjonn__exact=1"
            f"&Alder__exact={age:03}"
            for place, age in cells
        ]
        command = [given.datasette, "serve", str(folder / "cells.db")]
        with served(command, "/-/versions.json") as (address, start, _):
            peer = asyncio.run(asked(address, theirs, given.seconds))
            print(f"datasette: first answer after {start:.2f} s")
            print(f"  22 cells: {peer[0]:.0f} a second, 99 % within {peer[1]:.0f} ms")
        print(f"times as many answers: {mine[0] / peer[0]:.1f}")


if __name__ == "__main__":
    main()
