"""Groups of countries of birth, as data with their source."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

from folkestrom.model.countries import COUNTRY_CODES


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
    return {**_groups("immigrant_groups.csv"), "other": ()}


@cache
def parts_of_the_world() -> dict[str, tuple[str, ...]]:
    """Countries of each part of the world that figures of country background have, by alpha-2 code.

    Examples
    --------
    >>> [part for part, codes in parts_of_the_world().items() if "TR" in codes]
    ['asia']
    """
    return _groups("country_background.csv")


def part_of_the_world_sql(column: str) -> str:
    """The number of the part of the world that a country is in, from 1 on, as an SQL expression."""
    whens = " ".join(
        f"WHEN {column} IN ({', '.join(str(COUNTRY_CODES[code]) for code in codes)}) THEN {number}"
        for number, codes in enumerate(parts_of_the_world().values(), start=1)
    )
    return f"CASE {whens} END"


def _groups(file: str) -> dict[str, tuple[str, ...]]:
    text = (files("folkestrom.classifications") / "data" / file).read_text("utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    found: dict[str, tuple[str, ...]] = {}
    for row in rows:
        found[row["group"]] = (*found.get(row["group"], ()), row["code"])
    return found
