"""How DuckDB is set up: memory, threads, where it spills, what never varies."""

from __future__ import annotations

import os
import re
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from folkestrom.engine.failures import (
    MEMORY_VARIABLE,
    SPILL_VARIABLE,
    THREADS_VARIABLE,
    resource_errors,
)
from folkestrom.errors import UsageError

#: Memory for DuckDB when nothing else is said: enough for a country, and it leaves room
#: for the arrays that kernels hold beside it.
DEFAULT_MEMORY_MIB: Final = 4096
#: Files that the engine opens for one database: it, its journal, what it spills, what it reads.
_FILES: Final = 8
_UNITS: Final = {"bytes": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Limits of one connection.

    Parameters
    ----------
    memory
        Memory limit as DuckDB writes it ("4GiB"). Work that needs more spills to disk.
    threads
        Number of threads.
    spill
        Folder for what does not fit in memory; created when needed. None: beside the
        database, or none for a database in memory.
    """

    memory: str = f"{DEFAULT_MEMORY_MIB}MiB"
    threads: int = 1
    spill: Path | None = None

    @classmethod
    def from_environment(cls) -> EngineSettings:
        """Limits from FOLKESTROM_MEMORY, FOLKESTROM_THREADS and FOLKESTROM_SPILL."""
        spill = os.environ.get(SPILL_VARIABLE)
        return cls(
            memory=_memory(os.environ.get(MEMORY_VARIABLE)),
            threads=_threads(os.environ.get(THREADS_VARIABLE)),
            spill=Path(spill) if spill else None,
        )


def connect(
    database: Path | None = None,
    settings: EngineSettings | None = None,
    *,
    read_only: bool = False,
) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB database, or one in memory, that behaves the same on every machine.

    The zone is UTC, so that a moment never depends on where the machine stands; nothing is
    fetched from a network; there is no progress bar, since the core does not print.

    Parameters
    ----------
    database
        The database file; None for one in memory.
    settings
        Limits; by default those of the environment.
    read_only
        Open without the right to write.
    """
    settings = settings or EngineSettings.from_environment()
    with resource_errors():
        _require_files()
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": settings.memory,
        "threads": settings.threads,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if settings.spill is not None:
        config["temp_directory"] = str(settings.spill)
    elif database is None:
        # The engine's own choice would be a folder where the command happens to be run.
        config["temp_directory"] = ""
    try:
        connection = duckdb.connect(
            ":memory:" if database is None else str(database), read_only=read_only, config=config
        )
    except (duckdb.ParserException, duckdb.InvalidInputException) as error:
        raise UsageError(
            "is not a memory limit or thread count that the engine takes",
            where=f"{MEMORY_VARIABLE}, {THREADS_VARIABLE}",
            value=f"{settings.memory}, {settings.threads}",
            allowed="a size such as 4GiB, and a whole number of threads",
        ) from error
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")
    return connection


def _require_files() -> None:
    """See that some more files can be opened: without them the engine ends the process."""
    with ExitStack() as opened:
        for _ in range(_FILES):
            opened.enter_context(Path(os.devnull).open("rb"))


def threads_of(connection: duckdb.DuckDBPyConnection) -> int:
    """How many threads a connection uses."""
    return int(_current(connection, "threads"))


def memory_of(connection: duckdb.DuckDBPyConnection) -> int:
    """How much memory a connection uses before it spills, in bytes."""
    found = re.fullmatch(r"([\d.]+) ?(\w+)", _current(connection, "memory_limit"))
    return int(float(found[1]) * _UNITS.get(found[2], 1)) if found else 2**33


def _current(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    return str(connection.execute(f"SELECT current_setting('{name}')").fetchall()[0][0])


def _memory(text: str | None) -> str:
    if not text:
        return _default_memory()
    # The engine would take a number below zero for no limit at all.
    if text.strip().startswith("-"):
        raise UsageError(
            "is not a memory limit",
            where=MEMORY_VARIABLE,
            value=text,
            allowed="a size such as 4GiB",
        )
    return text


def _default_memory() -> str:
    try:
        installed = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    except (ValueError, OSError):
        return f"{DEFAULT_MEMORY_MIB}MiB"
    return f"{min(DEFAULT_MEMORY_MIB, installed // 2)}MiB"


def _threads(text: str | None) -> int:
    if not text:
        return _available_cores()
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise UsageError(
        "is not a number of threads",
        where=THREADS_VARIABLE,
        value=text,
        allowed="a whole number from 1 up",
    )


def _available_cores() -> int:
    # The cores this process may use, which in a container are fewer than the machine's.
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
