"""Compiles the kernels of the twin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from numba import njit

from folkestrom.engine import kernels
from folkestrom.engine.kernels import Function

_SHARED = "income", "levels", "mobility", "origins", "people", "random", "wealth"
_SOURCES = kernels.fingerprint(Path(__file__).with_name(f"{name}.py") for name in _SHARED)


def kernel(function: Function) -> Function:
    """Compile a function; the compiled code is kept on disk for the next time."""
    return kernels.kernel(function, _SOURCES)


def inner(function: Function) -> Function:
    """Compile a function that kernels call for a person or a cell, and that makes no array.

    Arrays taken out of a tuple count a reference each, which costs more than what most such
    functions do. Here none is counted: the kernel that calls holds the arrays.
    """
    compiled: Any = njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)
    return compiled
