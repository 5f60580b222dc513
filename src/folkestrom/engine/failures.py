"""What the machine refuses (room, memory, files, rights), told so that a user knows what to do.

Python says it by the number of an `OSError`; the engines (DuckDB, Arrow, Polars, the loader of
modules) say it in the system's own words. Both are read here, and nowhere else.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import duckdb

from folkestrom.errors import FolkestromError, ResourceError, UsageError, UserError

MEMORY_VARIABLE: Final = "FOLKESTROM_MEMORY"
THREADS_VARIABLE: Final = "FOLKESTROM_THREADS"
SPILL_VARIABLE: Final = "FOLKESTROM_SPILL"

_UNCHANGED: Final = "nothing was changed in the store"
_FREE: Final = f"Free some room and run the command again; {_UNCHANGED}."
_FILES: Final = (
    "Raise the limit (ulimit -n), or name fewer files at a time, and run the command again; "
    f"{_UNCHANGED}."
)
_SPILL: Final = (
    f"Set {MEMORY_VARIABLE} higher, {THREADS_VARIABLE} lower, or {SPILL_VARIABLE} to a folder "
    f"on a larger disk; {_UNCHANGED}."
)
#: What can run out, by the system's number: what is wrong, and the next step.
_SHORTAGES: Final[dict[int, tuple[str, str]]] = {
    errno.ENOSPC: ("the disk is full", _FREE),
    errno.EDQUOT: ("the disk is full: the user's quota is used up", _FREE),
    errno.EFBIG: (
        "a file would grow larger than is allowed here",
        f"Raise the limit (ulimit -f) and run the command again; {_UNCHANGED}.",
    ),
    errno.EMFILE: ("too many files are open in this process", _FILES),
    errno.ENFILE: ("too many files are open on this machine", _FILES),
    errno.ENOMEM: (
        "memory ran out, and so did the room to spill to",
        _SPILL,
    ),
    errno.EAGAIN: (
        "no more threads or processes can be started",
        f"Raise the limit (ulimit -u), or set {THREADS_VARIABLE} lower; {_UNCHANGED}.",
    ),
    errno.EIO: (
        "the disk cannot be read or written: the system reports an input/output error",
        f"Look at the disk, and run the command again; {_UNCHANGED}.",
    ),
}
#: What a user may have no right to, or has named wrongly.
_REFUSALS: Final = (
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EISDIR,
    errno.EEXIST, errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTEMPTY, errno.ENXIO, errno.ENODEV,
)  # fmt: skip
#: The system's words for each, and what the engines say in words of their own.
_WORDS: Final[tuple[tuple[str, int], ...]] = (
    *((os.strerror(number).lower(), number) for number in (*_SHORTAGES, *_REFUSALS)),
    ("can't start new thread", errno.EAGAIN),
    ("bad_alloc", errno.ENOMEM),
    ("failed to allocate", errno.ENOMEM),
)
_QUOTED: Final = re.compile(r"""["']([^"']*/[^"']*)["']""")


def number_of(error: BaseException) -> int | None:
    """The system's number of a failure, or None when the system did not refuse anything.

    Examples
    --------
    >>> number_of(duckdb.IOException('Cannot write "a.db": No space left on device')) == 28
    True
    >>> number_of(ValueError("no such level"))
    """
    if isinstance(error, MemoryError | duckdb.OutOfMemoryException):
        return errno.ENOMEM
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    if isinstance(error, FolkestromError):
        return None
    text = str(error).lower()
    return next((number for words, number in _WORDS if words in text), None)


def shortage(error: BaseException) -> ResourceError | None:
    """What ran out, if that is what happened, here or in what led to here.

    Parameters
    ----------
    error
        What was raised.
    """
    for one in _chain(error):
        told = _SHORTAGES.get(number_of(one) or 0)
        if told is not None:
            return ResourceError(told[0], next_step=told[1])
    return None


def refusal(error: BaseException) -> UsageError | None:
    """The error for a path that the system does not let us use, if that is what happened.

    Parameters
    ----------
    error
        What was raised.
    """
    number = number_of(error) if isinstance(error, OSError | duckdb.Error) else None
    if number not in _REFUSALS:
        return None
    found = _QUOTED.search(str(error))
    path = getattr(error, "filename", None) or (found[1] if found else None)
    if path is None:
        return None
    return UsageError(
        f"cannot be used: {os.strerror(number).lower()}",
        where=os.fsdecode(path),
        next_step="Look at the path and at its permissions, or name another one.",
    )


def user_error_of(error: BaseException) -> UserError | None:
    """What the machine refuses as an error that a user can mend, or None for anything else."""
    return shortage(error) or refusal(error)


@contextmanager
def resource_errors() -> Iterator[None]:
    """Turn what ran out, whoever says so, into errors with a next step."""
    try:
        yield
    except FolkestromError:
        raise
    except Exception as error:
        short = shortage(error)
        if short is None:
            raise
        raise short from error


@contextmanager
def path_errors(
    path: Path | None = None, where: str = "", *, reading: bool = False
) -> Iterator[None]:
    """Turn what the system says against a path into an error with a next step.

    Parameters
    ----------
    path
        The path that is written, or read; None: the one that the system names.
    where
        What the path was given as.
    reading
        It is read.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except Exception as error:
        if path is not None:
            found = (_unread if reading else _unwritten)(error, path, where)
        else:
            found = user_error_of(error) if isinstance(error, OSError) else None
        if found is None:
            raise
        raise found from error


def _unread(error: Exception, path: Path, where: str) -> UserError | None:
    number = number_of(error)
    if number not in _REFUSALS:
        return user_error_of(error) if isinstance(error, OSError) else None
    return UsageError(
        f"cannot be read: {os.strerror(number).lower()}",
        where=where,
        value=path,
        next_step="Name a file that is there and may be read",
    )


def _unwritten(error: Exception, path: Path, where: str) -> UserError | None:
    short = shortage(error)
    if short is not None:
        return ResourceError(
            f"cannot be written: {short.message}",
            where=where,
            value=path,
            next_step="Free some room, or choose another place; an earlier file is as it was",
        )
    number = number_of(error)
    if number is None:
        return None
    return UsageError(
        f"cannot be written: {os.strerror(number).lower()}",
        where=where,
        value=path,
        next_step="Choose another place",
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
