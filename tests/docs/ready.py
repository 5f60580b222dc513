"""A process that has loaded the program, and forks for every command and script of a page.

Most of the time of a short command goes into loading libraries. Each still runs in a process, a
folder and an environment of its own, with the shell's own pipes and files.

    python -m tests.docs.ready SOCKET
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).parents[2]
#: What commands and pages load.
LOADED = (
    "folkestrom.app.cli.main", "folkestrom.analysis.figures", "folkestrom.analysis.flows",
    "folkestrom.analysis.mobility", "folkestrom.analysis.regression", "matplotlib.pyplot",
    "scipy.stats", "pandas", "duckdb", "pyarrow.parquet", "folkestrom.twin.output.creation",
    "folkestrom.app.office.intake", "folkestrom.app.office.catalogue.build",
)  # fmt: skip
#: Stands in for a program: hands its arguments and its files to the process that is ready.
STAND_IN = """#!{python} -IS
import json, os, signal, socket, sys
with socket.socket(socket.AF_UNIX) as line:
    line.connect({address!r})
    said = json.dumps([{program!r}, sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(line, [len(said).to_bytes(8, "big")], [0, 1, 2])
    line.sendall(said)
    process = int.from_bytes(line.recv(8), "big")
    signal.signal(signal.SIGTERM, lambda *_: os.kill(process, signal.SIGTERM))
    ended = line.recv(1)
    sys.exit(ended[0] if ended else 143)
"""


@cache
def stand_ins() -> Path:
    """A folder with `folkestrom` and `python`, as long as these tests run."""
    folder = tempfile.TemporaryDirectory(prefix="ready-")
    path = Path(folder.name)
    address = str(path / "line")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.docs.ready", address],
        cwd=ROOT,
        env={**os.environ, "MPLBACKEND": "agg", "NO_COLOR": "1", "COLUMNS": "120"},
    )
    atexit.register(folder.cleanup)
    atexit.register(process.wait)
    atexit.register(process.terminate)
    for program in ("folkestrom", "python"):
        text = STAND_IN.format(python=sys.executable, address=address, program=program)
        (path / program).write_text(text, encoding="utf-8")
        (path / program).chmod(0o755)
    while not (path / "line").exists():
        assert process.poll() is None, "the process that loads the program has ended"
        time.sleep(0.05)
    return path


def serve(address: str) -> None:
    """Load, listen, and fork for whoever asks."""
    for module in LOADED:
        importlib.import_module(module)
    signal.signal(signal.SIGCHLD, _reap)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(f"{address}.unready")
        door.listen()
        Path(f"{address}.unready").rename(address)
        while True:
            line, _ = door.accept()
            with line:
                if os.fork() == 0:
                    door.close()
                    _answer(line)


def _reap(_signal: int, _frame: FrameType | None) -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _answer(line: socket.socket) -> None:
    """Be the process that was asked for, and tell how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    size, files, *_ = socket.recv_fds(line, 8, 3)
    said = b""
    while len(said) < int.from_bytes(size, "big"):
        said += line.recv(1 << 16)
    line.send(os.getpid().to_bytes(8, "big"))
    os.set_inheritable(line.fileno(), True)  # a command that becomes another program lives on
    program, arguments, folder, environment = json.loads(said)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    # What was opened on the files of the process that loads may not suit these.
    for name, number, mode in (("stdin", 0, "r"), ("stdout", 1, "w"), ("stderr", 2, "w")):
        stream = os.fdopen(number, mode, encoding="utf-8", closefd=False)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    sys.stderr.reconfigure(errors="backslashreplace", line_buffering=True)  # type: ignore[union-attr]
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    code = 1
    try:
        code = _run(program, arguments)
    finally:
        line.send(bytes([code]))
        os._exit(code)


def _run(program: str, arguments: list[str]) -> int:
    sys.argv = [program, *arguments]
    try:
        if program == "folkestrom":
            from folkestrom.app.cli.start import main

            main()
        else:
            sys.path.insert(0, "")
            exec(arguments[1], {"__name__": "__main__"})  # as `python -c`
    except SystemExit as ended:
        sys.stdout.flush()
        return int(ended.code or 0)
    except BaseException:  # noqa: BLE001
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
        return 1
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    serve(sys.argv[1])
