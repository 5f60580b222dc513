"""Transmission: what a store sends to Eurostat."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from folkestrom.app.office.arguments import Day, Knowledge, parameter
from folkestrom.app.office.store.opened import Opened
from folkestrom.app.office.transmission.question import TransmitQuestion
from folkestrom.columns import check_arguments
from folkestrom.model.cells import Frame, Target
from folkestrom.model.knowledge import PUBLISHED


@dataclass(frozen=True, slots=True)
class Transmission(Opened):
    """Methods that write what is sent to others."""

    def transmit(
        self,
        year: int | str,
        out: str | os.PathLike[str],
        data_set: str | Iterable[str] = (),
        *,
        published: Day | None = None,
        known_at: Knowledge = PUBLISHED,
        stays: str | os.PathLike[str] | None = None,
        revision_of: str | os.PathLike[str] | None = None,
        provisional: bool = False,
        status: str | Iterable[str] | None = None,
        structure: str | os.PathLike[str] | None = None,
        metadata: str | os.PathLike[str] | None = None,
        keys: str | os.PathLike[str] | None = None,
        to: Target = "arrow",
    ) -> Frame:
        """Write data sets of a year for Eurostat, as SDMX files with a metadata report.

        Parameters
        ----------
        year
            The year: stocks of 31 December, flows of the year.
        out
            The folder to write; empty, or not there yet.
        data_set
            Names of data sets; none: all.
        published
            Day of national publication, from which the time limit runs; None: today.
        known_at
            As for `population`.
        stays
            A file of stays, to decide who is usually resident for twelve months.
        revision_of
            The folder of an earlier transmission that this one revision_of.
        provisional
            Send what is not sealed, marked as provisional.
        status
            What the office knows of data sets: "POP=B" (break), "POP=E" (estimated).
        structure
            A file of data structures to write by; None: this program's own.
        metadata
            A TOML file of what the office says in the metadata report, by concept.
        keys
            The file of the secret of cell keys; data sets that are sent as counted need none.
        to
            "arrow", "polars" or "pandas".

        Returns
        -------
        Frame
            What was sent: a row a data set, with its statuses and how many observations it has.
        """
        check_arguments(Transmission.transmit, locals())
        question = TransmitQuestion.asked(
            parameter, year=year, out=out, data_set=data_set, published=published,
            known_at=known_at, stays=stays, revision_of=revision_of, provisional=provisional,
            status=status, structure=structure, metadata=metadata, keys=keys, store=self.path,
        )  # fmt: skip
        return self._answer(question).to(to)
