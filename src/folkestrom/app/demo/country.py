"""The synthetic country that the demonstration counts, and what its figures should be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from folkestrom.twin.output.creation import create
from folkestrom.twin.targets.definition import Targets
from folkestrom.twin.targets.expected import published_tables
from folkestrom.twin.targets.published import published_2021

#: Called with what is being made, how much of it is done, and how much there is.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Country:
    """What is known of a country beside its reports.

    Parameters
    ----------
    source
        Where its targets come from: "embedded" or "reference".
    reports
        Folder of its report files.
    published
        The tables that its figures should give, in tidy form.
    notes
        What has to be said about the targets.
    """

    source: str
    reports: Path
    published: pl.DataFrame
    notes: tuple[str, ...]


def make_country(
    folder: Path, scale: float, seed: int, reference: Path | None, progress: Progress
) -> Country:
    """Make a country and write its report files.

    Parameters
    ----------
    folder
        Where to; replaced when it is there.
    scale
        Size beside Norway's.
    seed
        The same seed gives the same reports.
    reference
        A folder of published series to take the targets from; None: those of the page alone.
    progress
        Told how far it is.
    """
    done = create(
        folder,
        scale,
        seed,
        reference,
        variables=False,
        truth=False,
        overwrite=True,
        progress=progress,
    )
    notes = (*done.targets.notes, *done.notes)
    return Country(done.targets.source, done.report_folder, expected_tables(done.targets), notes)


def expected_tables(targets: Targets) -> pl.DataFrame:
    """The published tables at full size; at another scale those that the scaled targets make."""
    return published_2021() if targets.scale == 1 else published_tables(targets)
