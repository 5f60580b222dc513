"""Names that SDMX allows, for the codes of tables."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

AGENCY: Final = "FOLKESTROM"
VERSION: Final = "1.0.0"
#: The dimension of time, and the one value that stands for all of a variable's.
TIME_PERIOD: Final = "TIME_PERIOD"
TOTAL: Final = "_T"

_OPEN: Final = re.compile(r"(\w+)\+")
_NOT_ALLOWED: Final = re.compile(r"[^A-Za-z0-9_@$-]")


def ids(codes: Iterable[str]) -> dict[str, str]:
    """Each code's name in SDMX: letters, digits, `_`, `@`, `$` and `-`; no two are the same.

    Examples
    --------
    >>> ids(["0301", "105+", "a b", "a.b"])
    {'0301': '0301', '105+': 'GE105', 'a b': 'a_b', 'a.b': 'a_b_'}
    """
    found: dict[str, str] = {}
    taken = {TOTAL}
    for code in codes:
        name = _NOT_ALLOWED.sub("_", _OPEN.sub(r"GE\1", code))
        while name in taken:
            name += "_"
        found[code] = name
        taken.add(name)
    return found
