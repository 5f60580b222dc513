"""What a store takes in: reports, mended ones, linked variables."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from folkestrom.app.office import arguments, intake, linkage
from folkestrom.app.office.arguments import parameter
from folkestrom.app.office.intake import StoreInfo
from folkestrom.app.office.linkage import LinkedInfo
from folkestrom.app.office.vocabulary import classifications
from folkestrom.app.office.vocabulary.classifications import ClassificationsResult
from folkestrom.app.office.vocabulary.conversion import ConversionQuestion, convert
from folkestrom.columns import check_arguments, check_path
from folkestrom.errors import UsageError
from folkestrom.intake.counts import IntakeResult
from folkestrom.model.cells import Frame, Target

if TYPE_CHECKING:
    from folkestrom.app.office.arguments import Day
    from folkestrom.intake.load import Progress
    from folkestrom.linkage.counts import LinkResult


from folkestrom.app.office.store.opened import Opened


@dataclass(frozen=True, slots=True)
class Deliveries(Opened):
    """Methods that take files in, and say what is held."""

    def intake(
        self,
        files: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
        *,
        taken_at: datetime | None = None,
        progress: Progress | None = None,
    ) -> IntakeResult:
        """Take report files in; the store is made when there is none.

        Parameters
        ----------
        files
            A file, a folder, a pattern, or several of them.
        taken_at
            The moment of the intake; None: now.
        progress
            Told how many records are read.
        """
        check_arguments(Deliveries.intake, locals())
        return intake.intake(
            self.path, _paths(files), self.waiting, taken_at=taken_at, progress=progress,
            borders=self.borders,
        )  # fmt: skip

    def quarantine(self, limit: int | None = None) -> pa.Table:
        """What waits in quarantine: where it came from and what is wrong, without the records.

        Parameters
        ----------
        limit
            How many rows at most; None: all.
        """
        check_arguments(Deliveries.quarantine, locals())
        if limit is not None and limit < 0:
            raise UsageError("is negative", where="quarantine, limit", value=limit)
        return intake.list_quarantine(self.path, self.waiting, limit)

    def export_quarantine(self, file: str | os.PathLike[str]) -> int:
        """Write the records that wait in quarantine to a CSV, NDJSON or Parquet file.

        Parameters
        ----------
        file
            Where to; it holds persons' records, and so belongs to the office.
        """
        check_arguments(Deliveries.export_quarantine, locals())
        return intake.export_quarantine(self.path, Path(file), self.waiting)

    def retake(
        self,
        files: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
        *,
        taken_at: datetime | None = None,
    ) -> IntakeResult:
        """Take mended records in again, and close their places in quarantine.

        Parameters
        ----------
        files
            Files that `export_quarantine` wrote, mended.
        taken_at
            The moment of the intake; None: now.
        """
        check_arguments(Deliveries.retake, locals())
        return intake.intake(self.path, _paths(files), self.waiting, retake=True, taken_at=taken_at)

    def seal(self, until: Day) -> date:
        """Seal knowledge dates: what is delivered later never changes what was published.

        Parameters
        ----------
        until
            The last knowledge date to seal.
        """
        check_arguments(Deliveries.seal, locals())
        return intake.seal(self.path, arguments.day(until, "until"), self.waiting)

    def info(self) -> StoreInfo:
        """What the store holds."""
        return intake.info(self.path, self.waiting)

    def link(
        self,
        files: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
        as_: str,
        *,
        known_from: Day | None = None,
        add: bool = False,
    ) -> LinkResult:
        """Link a variable of your own: files with the columns person, value, from and to.

        Parameters
        ----------
        files
            A file, a folder, a pattern, or several of them: one delivery.
        as_
            What the variable is called.
        known_from
            First knowledge date of the values; None: the day after they are linked.
        add
            Add to what was linked before. If not, the delivery replaces the whole variable, and
            what it replaces stays what was known before.
        """
        check_arguments(Deliveries.link, locals())
        day = None if known_from is None else arguments.day(known_from, "known_from")
        return linkage.link(self.path, _paths(files), as_, self.waiting, adds=add, known_from=day)

    def load_classifications(self, folder: str | os.PathLike[str]) -> ClassificationsResult:
        """Load classifications from a folder of files, in place of those that the store has.

        Parameters
        ----------
        folder
            The folder.
        """
        check_arguments(Deliveries.load_classifications, locals())
        check_path(folder, "folder")
        return classifications.load(self.path, Path(folder), self.waiting)

    def pull_classifications(self) -> ClassificationsResult:
        """Pull classifications from Statistics Norway's service, in place of those of the store."""
        return classifications.pull(self.path, self.waiting)

    def convert_totals(
        self,
        file: str | os.PathLike[str],
        from_: str | int,
        to_: str | int,
        *,
        places: str = "municipality",
        measure: str | Iterable[str] = "persons",
        weights: str | os.PathLike[str] | None = None,
        to: Target = "arrow",
    ) -> Frame:
        """Totals of a file in other borders, with what is estimated marked in `status`.

        The store need not be there; if it is, changes of municipalities that it knows count too.

        Parameters
        ----------
        file
            A CSV or Parquet file of totals by municipality.
        from_, to_
            Years whose borders the totals are in, and shall be in.
        places, measure
            The file's column of municipalities, and those of totals.
        weights
            A file of your own weights: `code_from`, `code_to`, `weight`; None: shares of basic
            units.
        to
            "arrow", "polars" or "pandas".
        """
        check_arguments(Deliveries.convert_totals, locals())
        check_path(file, "file")
        question = ConversionQuestion.asked(
            parameter, file=file, from_=from_, to_=to_, places=places, measure=measure,
            weights=weights,
        )  # fmt: skip
        return convert(self.path, self.waiting, question).to(to)

    def linked(self) -> list[LinkedInfo]:
        """What variables are linked."""
        return linkage.linked(self.path, self.waiting)

    def export_held(self, variable: str, file: str | os.PathLike[str]) -> int:
        """Write the rows of a variable that were not accepted to a file, to be mended.

        Parameters
        ----------
        variable
            The linked variable.
        file
            Where to; it holds persons' values, and so belongs to the office.
        """
        check_arguments(Deliveries.export_held, locals())
        return linkage.export(self.path, variable, Path(file), self.waiting)


def _paths(
    files: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
) -> list[Path]:
    listed = [files] if isinstance(files, str | os.PathLike) else list(files)
    if not listed:
        raise UsageError("names no file", where="files")
    for file in listed:
        check_path(file, "files")
    return [Path(file) for file in listed]
