"""Compiles kernels, and keeps what is compiled on disk only as long as it is still true.

numba's disk cache looks at the file of the cached function, not at those of the functions and
constants that went into it. The files that several kernels share are therefore made part of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])
_SHARED = (
    "income.py", "levels.py", "mobility.py", "origins.py", "people.py", "random.py", "wealth.py",
)  # fmt: skip


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for name in _SHARED:
        digest.update(Path(__file__).with_name(name).read_bytes())
    return digest.hexdigest()


_SOURCES = _fingerprint()


def kernel(function: Function) -> Function:
    """Compile a function; the compiled code is kept on disk for the next time.

    It neither holds the interpreter's lock nor knows Python's types: what it is given must be
    numbers, arrays and named tuples of them.
    """
    compiled: Any = njit(cache=True, nogil=True)(function)
    # Not a public part of numba. Where it is missing, remove the cache by hand after an edit.
    file: Any = getattr(getattr(compiled, "_cache", None), "_cache_file", None)
    if hasattr(file, "_source_stamp"):
        file._source_stamp = (file._source_stamp, _SOURCES)
    return compiled


def inner(function: Function) -> Function:
    """Compile a function that kernels call for a person or a cell, and that makes no array.

    Arrays taken out of a tuple count a reference each, which costs more than what most such
    functions do. Here none is counted: the kernel that calls holds the arrays.
    """
    compiled: Any = njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)
    return compiled
