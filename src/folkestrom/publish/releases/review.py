"""A release beside what is out, for whoever approves it: a diff to be read in a minute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from folkestrom.publish.releases.release import Manifest, table_folders
from folkestrom.publish.statbank.dataset import Published
from folkestrom.publish.tables.comparison import Comparison, Sum, compare, sums
from folkestrom.publish.tables.folder import read_table

#: Under these policies figures are not meant to add up.
_NOT_ADDING: frozenset[str] = frozenset({"cell keys", "suppression"})


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A table of a release beside the one that is out.

    Parameters
    ----------
    table
        Its number.
    before
        The release of the one that is out; empty: there is none.
    comparison
        What is different; None where nothing can be compared.
    sums
        Levels that do not add up to their total, though they should.
    """

    table: str
    before: str
    comparison: Comparison | None
    sums: tuple[Sum, ...]


def review(folder: Path, manifest: Manifest, out: Mapping[str, Published]) -> list[Reviewed]:
    """Every table of a release beside the one that is out.

    Parameters
    ----------
    folder, manifest
        The release.
    out
        The tables that are out, by their numbers.
    """
    found = []
    for id, at in table_folders(folder, manifest).items():
        table = read_table(at)
        before = out.get(id)
        decision = manifest.decisions.get(id)
        adds = decision is None or decision.policy not in _NOT_ADDING
        found.append(
            Reviewed(
                id,
                before.release if before else "",
                compare((before.definition, before.figures), table) if before else None,
                tuple(sums(table)) if adds else (),
            )
        )
    return found
