"""Waiting for a store that another process, or another thread of this one, has open."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

import duckdb

from folkestrom.engine.store_errors import still_in_use, unopenable

_FIRST_PAUSE: Final = 0.02
_LONGEST_PAUSE: Final = 0.25
_HOLDER = re.compile(r"\(PID (\d+)\)")
_turns: dict[Path, threading.Lock] = {}
_turns_guard = threading.Lock()


class WaitingLike(Protocol):
    """What one needs to know about waiting."""

    @property
    def seconds(self) -> float | None:
        """How long; None: for as long as it takes."""

    @property
    def say(self) -> Callable[[str], None]:
        """Where to say so."""


def acquired(
    connect: Callable[[], duckdb.DuckDBPyConnection], folder: Path, waiting: WaitingLike
) -> duckdb.DuckDBPyConnection:
    """Connect as soon as nobody stands in the way.

    Parameters
    ----------
    connect
        Opens the database, or fails because of a lock.
    folder
        The store, for messages.
    waiting
        How long to wait, and where to say so.
    """
    began = time.monotonic()
    pause = _FIRST_PAUSE
    said = False
    while True:
        try:
            return connect()
        except duckdb.Error as error:
            holder = _holder(error)
            if holder is None:
                raise unopenable(folder, error) from error
        if not said:
            waiting.say(f"The store {folder} is in use by {holder}; waiting for it.")
            said = True
        if waiting.seconds is not None and time.monotonic() - began >= waiting.seconds:
            raise still_in_use(folder, holder, waiting.seconds)
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)


@contextmanager
def writer_turn(folder: Path, waiting: WaitingLike) -> Iterator[None]:
    """One writer at a time within this process, where the file's lock does not tell them apart."""
    with _turns_guard:
        turn = _turns.setdefault(folder.resolve(), threading.Lock())
    if not turn.acquire(blocking=False):
        waiting.say(f"The store {folder} is in use by another thread; waiting for it.")
        seconds = -1 if waiting.seconds is None else waiting.seconds
        if not turn.acquire(timeout=seconds):
            raise still_in_use(folder, "another thread", seconds)
    try:
        yield
    finally:
        turn.release()


def _holder(error: duckdb.Error) -> str | None:
    """Who has the store, or None when something else is wrong."""
    text = str(error)
    if "Could not set lock on file" in text:
        found = _HOLDER.search(text)
        return f"process {found[1]}" if found else "another process"
    if "different configuration than existing connections" in text:
        return "another part of this program"
    return None
