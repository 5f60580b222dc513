"""The Python interface: one `Store` object that answers questions."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Store:
    """A report log with everything that is derived from it.

    Parameters
    ----------
    path
        The store's folder.
    """

    path: Path


def open_store(path: str | os.PathLike[str]) -> Store:
    """Open the store in a folder."""
    return Store(Path(path))
