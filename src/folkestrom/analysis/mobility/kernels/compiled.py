"""Compiles the kernels of the mobility model.

numba's disk cache looks at the file of the cached function, not at those of the functions that it
calls. All files of this folder are therefore made part of what the cache is keyed by.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])

#: Sums may be taken in lanes, so that they run in vectors; infinities and NaN keep their meaning.
_FLOATS = {"reassoc", "contract", "nsz", "arcp"}


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


_SOURCES = _fingerprint()


def kernel(function: Function) -> Function:
    """Compile a function that holds no lock of the interpreter; keep the code on disk."""
    return _compile(function, _FLOATS)


def ordered_kernel(function: Function) -> Function:
    """As `kernel`, with every sum taken in the order in which it is written."""
    return _compile(function, {"contract", "nsz"})


def _compile(function: Function, floats: set[str]) -> Function:
    # Called and not inlined, a kernel would be handed every field of every array, person by person.
    options = {"cache": True, "nogil": True, "error_model": "numpy", "forceinline": True}
    compiled: Any = njit(fastmath=floats, **options)(function)
    # Not a public part of numba. Where it is missing, remove the cache by hand after an edit.
    file: Any = getattr(getattr(compiled, "_cache", None), "_cache_file", None)
    if hasattr(file, "_source_stamp"):
        file._source_stamp = (file._source_stamp, _SOURCES)
    return compiled
