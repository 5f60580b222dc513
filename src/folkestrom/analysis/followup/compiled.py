"""Compiles kernels; what is compiled is kept on disk.

numba's disk cache looks only at the file of the cached function: kernels therefore call no
compiled function of another file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


def kernel(function: Function) -> Function:
    """Compile a function of numbers and arrays; it does not hold the interpreter's lock."""
    return cast("Function", njit(cache=True, nogil=True)(function))
