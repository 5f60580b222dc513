"""Compiles the kernels of the mobility model."""

from __future__ import annotations

from pathlib import Path

from folkestrom.analysis.mobility.panel import arrays
from folkestrom.engine import kernels
from folkestrom.engine.kernels import Function

#: Sums may be taken in lanes, so that they run in vectors; infinities and NaN keep their meaning.
_FLOATS = {"reassoc", "contract", "nsz", "arcp"}
_SOURCES = kernels.fingerprint([*Path(__file__).parent.glob("*.py"), Path(arrays.__file__)])


def kernel(function: Function) -> Function:
    """Compile a function that holds no lock of the interpreter; keep the code on disk."""
    return _compile(function, _FLOATS)


def ordered_kernel(function: Function) -> Function:
    """As `kernel`, with every sum taken in the order in which it is written."""
    return _compile(function, {"contract", "nsz"})


def _compile(function: Function, floats: set[str]) -> Function:
    # Called and not inlined, a kernel would be handed every field of every array, person by person.
    options = {"error_model": "numpy", "forceinline": True, "fastmath": floats}
    return kernels.kernel(function, _SOURCES, **options)
