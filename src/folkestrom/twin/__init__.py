"""A synthetic country: report files, and apart from them the truth that made them.

>>> import folkestrom.twin
>>> folkestrom.twin.create("country", scale=0.01)  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from folkestrom.twin.output.creation import Result, create

__all__ = ["Result", "create"]


def __getattr__(name: str) -> Any:
    # Later than the import of the package: who only wants a target needs no compiler.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from folkestrom.twin.output import creation

    return getattr(creation, name)
