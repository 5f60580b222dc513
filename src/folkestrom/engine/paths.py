"""Names of files as the engine takes them."""

from __future__ import annotations

import glob
from pathlib import Path


def literal(path: Path) -> str:
    """A path that means the file itself: the engine reads `*`, `?` and `[` as patterns.

    Examples
    --------
    >>> literal(Path("day[1].csv"))
    'day[[]1].csv'
    """
    return glob.escape(str(path))


def quoted(path: Path) -> str:
    """The same inside the quotation marks of a text of SQL.

    Examples
    --------
    >>> quoted(Path("o'day*.csv"))
    "o''day[*].csv"
    """
    return literal(path).replace("'", "''")
