"""Compiles kernels, and keeps what is compiled on disk only as long as it is still true.

numba's disk cache looks at the file of the cached function, not at those of the functions and
constants that went into it. Files that several kernels share are therefore made part of its key.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


def fingerprint(files: Iterable[Path]) -> str:
    """What tells one state of source files from another.

    Parameters
    ----------
    files
        The files; their order does not count.
    """
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def kernel(function: Function, sources: str = "", **options: Any) -> Function:
    """Compile a function of numbers, arrays and named tuples of them, which holds no lock.

    Parameters
    ----------
    function
        The function. Without `sources` it calls no compiled function of another file.
    sources
        Fingerprint of the files that it shares with others.
    **options
        Further options of numba.
    """
    compiled: Any = njit(cache=True, nogil=True, **options)(function)
    # Not a public part of numba. Where it is missing nothing is kept, so that nothing can be stale.
    file: Any = getattr(getattr(compiled, "_cache", None), "_cache_file", None)
    if not hasattr(file, "_version"):
        uncached: Any = njit(nogil=True, **options)(function)
        return uncached
    # An index of another version is not read: it may name classes that are no longer there.
    file._version += sources or fingerprint([Path(inspect.getfile(function))])
    return compiled
