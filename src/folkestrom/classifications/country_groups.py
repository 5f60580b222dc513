"""Groups of countries of birth, as data with their source."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files


@cache
def immigrant_groups() -> dict[str, tuple[str, ...]]:
    """Countries of each group, by alpha-2 code; "other" is every country that is not listed.

    Examples
    --------
    >>> list(immigrant_groups())
    ['nordic', 'eu8', 'western', 'other']
    >>> immigrant_groups()["eu8"]
    ('CZ', 'EE', 'HU', 'LT', 'LV', 'PL', 'SI', 'SK')
    """
    text = (files("folkestrom.classifications") / "data" / "immigrant_groups.csv").read_text(
        "utf-8"
    )
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    found: dict[str, tuple[str, ...]] = {}
    for row in rows:
        found[row["group"]] = (*found.get(row["group"], ()), row["code"])
    return {**found, "other": ()}
