"""Scratch folders: of the user alone, gone when done with, and cleared when their process died.

A scratch folder is locked by the process that made it. The system takes the lock away with the
process, however that ends, so that a folder without one belongs to nobody, and whoever next makes
one at the same place removes it.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

PREFIX: Final = ".folkestrom-scratch-"
_TRIES: Final = 100

_log = logging.getLogger("folkestrom")
#: Scratch folders that all of a process shares, by their parent, with how many use them.
_shared: dict[Path, tuple[Path, ExitStack, int]] = {}
_guard = threading.RLock()


@contextmanager
def scratch(parent: Path, say: Callable[[str], None] | None = None) -> Iterator[Path]:
    """A new folder that only the user may look into, removed afterwards with all that is in it.

    Parameters
    ----------
    parent
        Where it is made; there, what a killed process has left is removed first.
    say
        Where to say so; None: a warning of the logger.
    """
    clear(parent, say)
    folder, lock = _locked(parent)
    try:
        yield folder
    finally:
        remove(folder)
        os.close(lock)


@contextmanager
def shared_scratch(parent: Path, say: Callable[[str], None] | None = None) -> Iterator[Path]:
    """A scratch folder that is the same for all of this process, until the last has done with it.

    Parameters
    ----------
    parent, say
        As for `scratch`.
    """
    parent = parent.resolve()
    with _guard:
        if parent not in _shared:
            stack = ExitStack()
            _shared[parent] = (stack.enter_context(scratch(parent, say)), stack, 0)
        folder, stack, users = _shared[parent]
        _shared[parent] = folder, stack, users + 1
    try:
        yield folder
    finally:
        with _guard:
            users = _shared[parent][2] - 1
            _shared[parent] = folder, stack, users
            if not users:
                del _shared[parent]
                stack.close()


@contextmanager
def replacing(to: Path, *, mode: int = 0o600) -> Iterator[Path]:
    """A path to write a file to, which takes its place when all is written, and goes when not.

    Parameters
    ----------
    to
        The file; of a link, what it points to is replaced. A device or a pipe is written to.
    mode
        Who may read and write it: the user alone, unless it holds no persons.
    """
    to = to.resolve()
    if to.exists() and not to.is_file():
        yield to
        return
    with scratch(to.parent) as folder:
        beside = folder / to.name
        yield beside
        beside.chmod(mode)
        beside.replace(to)


def clear(parent: Path, say: Callable[[str], None] | None = None) -> None:
    """Remove scratch folders whose process has died.

    Parameters
    ----------
    parent, say
        As for `scratch`.
    """
    for folder in sorted(parent.glob(f"{PREFIX}*")):
        lock = _lock_of(folder)
        if lock is None:
            continue
        try:
            remove(folder, say or _log.warning)
        finally:
            os.close(lock)


def remove(folder: Path, say: Callable[[str], None] | None = None) -> None:
    """Remove a folder with all that is in it, whatever else happens meanwhile.

    Parameters
    ----------
    folder
        The folder; it may be gone already.
    say
        Where to say that it is what an interrupted command left; None: nowhere.
    """
    if say is not None and folder.is_dir():
        say(f"Removing what an interrupted command left in {folder}.")
    with suppress(FileNotFoundError):
        shutil.rmtree(folder)


def _locked(parent: Path) -> tuple[Path, int]:
    """A new folder and its lock."""
    for _ in range(_TRIES):
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        lock = _lock_of(folder)
        if lock is not None:
            return folder, lock
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK), str(parent))


def _lock_of(folder: Path) -> int | None:
    """The lock of a folder, or None if another process has it, or has removed the folder."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if folder.exists() and os.path.samestat(os.fstat(handle), folder.stat()):
            return handle
    except OSError:
        _log.debug("%s is in use", folder.name)
    os.close(handle)
    return None
