"""Vintages of a table: as it was on a day, and what each changed of the one before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from folkestrom.model.specification import Language
from folkestrom.model.time import LOCAL_ZONE
from folkestrom.publish.statbank.dataset import Addresses, Published
from folkestrom.publish.statbank.problems import NO_VINTAGE, Problem, quoted
from folkestrom.publish.tables.comparison import Comparison, compare


def vintage(tables: Sequence[Published], wanted: str) -> Published:
    """The vintage of a table that is asked for.

    Parameters
    ----------
    tables
        The vintages, from the first on; at least one.
    wanted
        A day, at the end of which it was the newest; an instant such as `2021-02-19T08:00+01:00`;
        or the name of its release, or how that begins.
    """
    instant = _instant(wanted)
    if instant is not None:
        found = [table for table in tables if table.updated <= instant]
        named = found[-1:]
    else:
        named = [table for table in tables if table.release.startswith(wanted.casefold())]
    if len(named) != 1:
        known = ", ".join(f"{table.release} (from {table.stamp})" for table in tables)
        raise Problem(NO_VINTAGE, f"{quoted(wanted)} is no vintage of the table: {known}.", 404)
    return named[0]


def _instant(text: str) -> datetime | None:
    try:
        if len(text) == len("2021-02-19"):
            following = date.fromisoformat(text) + timedelta(days=1)
            return datetime.combine(following, time(), LOCAL_ZONE) - timedelta(microseconds=1)
        # In an address a plus sign means a space.
        found = datetime.fromisoformat(text.replace(" ", "+"))
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=LOCAL_ZONE)


def revisions(
    tables: Sequence[Published], language: Language, addresses: Addresses
) -> dict[str, Any]:
    """Every vintage of a table, the newest first, with what it changed of the one before.

    Parameters
    ----------
    tables
        The vintages, from the first on; at least one.
    language, addresses
        Language of its texts, and where links lead.
    """
    id = tables[-1].definition.id
    return {
        "language": language.value,
        "id": id,
        "revisions": [
            {
                "vintage": table.release,
                "updated": table.stamp,
                "correction": table.why or None,
                "changes": None if n == 0 else _described(compared(tables[n - 1], table)),
                "links": [
                    addresses.to(
                        "data", f"/tables/{id}/data", language, f"&vintage={table.release}"
                    )
                ],
            }
            for n, table in reversed(list(enumerate(tables)))
        ],
    }


class _Pair:
    """Two vintages, told from other pairs by the releases that they are of."""

    def __init__(self, before: Published, after: Published) -> None:
        self.before, self.after = before, after
        self._key = (before.release, after.release, after.definition.id)

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Pair) and self._key == other._key


def compared(before: Published, after: Published) -> Comparison | None:
    """What a vintage changed of the one before; None: they have other variables.

    Parameters
    ----------
    before, after
        The two.
    """
    return _remembered(_Pair(before, after))


@lru_cache(maxsize=1000)
def _remembered(pair: _Pair) -> Comparison | None:
    before, after = pair.before, pair.after
    return compare((before.definition, before.figures), (after.definition, after.figures))


def _described(found: Comparison | None) -> dict[str, Any]:
    """What a vintage changed; of other variables there is nothing to compare."""
    return {"comparable": False} if found is None else {"comparable": True, **asdict(found)}
