"""The question of a transmission: data sets of a year, counted, protected and written."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import duckdb

from folkestrom.analysis.study.toml_file import read_table
from folkestrom.app.office import arguments
from folkestrom.app.office.arguments import Day, Knowledge, Place
from folkestrom.app.office.catalogue.secret import read_secret
from folkestrom.app.office.residence.questions import known_on
from folkestrom.engine.failures import path_errors
from folkestrom.engine.rows import is_table
from folkestrom.errors import UsageError
from folkestrom.intake.sealing import sealed_until
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import PUBLISHED, KnownAt
from folkestrom.model.names import check_code
from folkestrom.model.specification import Text
from folkestrom.model.time import LOCAL_ZONE
from folkestrom.statistics.coverage import coverage
from folkestrom.variables.borders.views import ASKED

if TYPE_CHECKING:
    from folkestrom.app.office.transmission.protection import DataSets
    from folkestrom.publish.transmission.declared import DataSet
    from folkestrom.publish.transmission.records import Observations

#: Statuses that the office may give a data set.
_SAID: Final = ("B", "E", "P", "D")


@dataclass(frozen=True, slots=True)
class TransmitQuestion:
    """Data sets of a year for Eurostat; see `Store.transmit`."""

    year: int
    out: Path
    data_sets: tuple[DataSet, ...]
    published: date
    made_on: date
    stays: Path | None = None
    revision_of: Path | None = None
    provisional: bool = False
    statuses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    structure: Path | None = None
    texts: Mapping[str, Text] = field(default_factory=dict)
    known_at: KnownAt = PUBLISHED
    #: What record keys are made from; None: there is none.
    secret: bytes | None = field(default=None, repr=False)
    #: How the user typed the names of arguments.
    places: Place = arguments.parameter

    @classmethod
    def asked(
        cls, place: Place, *, year: int | str, out: str | os.PathLike[str],
        data_set: str | Iterable[str], published: Day | None, known_at: Knowledge,
        stays: str | os.PathLike[str] | None, revision_of: str | os.PathLike[str] | None,
        provisional: bool, status: str | Iterable[str] | None,
        structure: str | os.PathLike[str] | None, metadata: str | os.PathLike[str] | None,
        keys: str | os.PathLike[str] | None, store: Path,
    ) -> Self:  # fmt: skip
        """The question as a user asks it; `place` names an argument as it was typed."""
        from folkestrom.publish.transmission.declared import data_sets

        _check_installed()
        today = datetime.now(LOCAL_ZONE).date()
        day = today if published is None else arguments.day(published, place("published"))
        wanted = tuple(data_sets(arguments.names(data_set), place("data_set")))
        folder = Path(out)
        _check_empty(folder, place("out"))
        keyed = [one.id for one in wanted if one.units]
        if keyed and keys is None:
            raise UsageError(
                "are protected by cell keys, and no secret is named",
                where=place("data_set"), value=", ".join(keyed),
                next_step="Make one with `folkestrom publish keys FILE`, once, outside store and "
                "releases, and name it with --keys FILE",
            )  # fmt: skip
        texts: Mapping[str, Text] = {}
        if metadata is not None:
            from folkestrom.publish.transmission.metadata import texts_of

            texts = texts_of(read_table(Path(metadata)), str(metadata))
        return cls(
            arguments.year(year, place("year")), folder, wanted, day, today,
            None if stays is None else Path(stays),
            None if revision_of is None else Path(revision_of),
            provisional, _statuses(arguments.names(status), wanted, place("status")),
            None if structure is None else Path(structure), texts,
            arguments.knowledge(known_at, place("known_at")),
            None if keys is None else read_secret(Path(keys), (store, folder)), place,
        )  # fmt: skip

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Cells:
        """What was sent: a row a data set; the files are in their folder."""
        from folkestrom.app.office.transmission.facts import facts
        from folkestrom.app.office.transmission.protection import DataSets
        from folkestrom.publish.transmission.files import Transmission, listed, revised, write
        from folkestrom.publish.transmission.metadata import filled

        coverage(connection).check_day(self._end, self.places("year"))
        known = known_on(connection, self.known_at, self._end)
        provisional = self._provisional(connection, known)
        if self.stays is not None and is_table(connection, ASKED):
            raise UsageError(
                "are in the codes of their own day, and figures in other borders",
                where=self.places("stays"), next_step="Leave the borders out",
            )  # fmt: skip
        if self.published < known:
            raise UsageError(
                f"is before {known}, when the figures are known",
                where=self.places("published"), value=self.published,
                allowed="the day on which they are published nationally, or later",
            )  # fmt: skip
        protected = DataSets(
            self.year, self.known_at, self.secret, self.stays,
            tuple((day, known_on(connection, self.known_at, day)) for day in self._days),
        )  # fmt: skip
        before = None if self.revision_of is None else revised(
            self.revision_of, self.year, self.places("revision_of"), protected.fingerprint
        )  # fmt: skip
        sent = tuple(self._observed(connection, provisional, protected))
        made = Transmission(
            self.year, known, self.published, self.made_on, sent, self.structure,
            self.places("structure"), before, protected.fingerprint,
        )  # fmt: skip
        said = {**filled(facts(connection, made)), **self.texts}
        with path_errors(self.out, self.places("out")):
            write(made, self.out, said)
        return listed(made, said)

    @property
    def _days(self) -> tuple[date, date]:
        return date(self.year, 1, 1), date(self.year + 1, 1, 1)

    @property
    def _end(self) -> date:
        return self._days[1]

    def _provisional(self, connection: duckdb.DuckDBPyConnection, known: date) -> bool:
        """Whether the figures may still change: their knowledge date is not sealed."""
        sealed = sealed_until(connection)
        if sealed is not None and known <= sealed:
            return False
        if not self.provisional:
            raise UsageError(
                f"is not sealed: its figures, as known on {known}, may still change",
                where=self.places("year"), value=self.year,
                allowed=f"years whose figures were known by {sealed}" if sealed else None,
                next_step=f"`folkestrom seal {known}`, or send them as provisional: "
                f"{self.places('provisional')}",
            )  # fmt: skip
        return True

    def _observed(
        self, connection: duckdb.DuckDBPyConnection, provisional: bool, protected: DataSets
    ) -> Iterator[Observations]:
        from folkestrom.publish.transmission.declared import tables
        from folkestrom.publish.transmission.records import observations

        made = protected.made(connection, self.data_sets)
        for one in self.data_sets:
            statuses = {*self.statuses.get(one.id, ()), *["P"] * provisional}
            notes = []
            if one.base == "usual":
                notes.append(tables()["notes"]["stays" if self.stays else "national"])
                statuses |= set() if self.stays else {"D"}
            yield observations(one, *made[one.id], self.year, statuses, notes)


def _statuses(
    given: Iterable[str], wanted: Iterable[DataSet], where: str
) -> dict[str, tuple[str, ...]]:
    """By data set, the statuses that the office gives it: of texts such as "POP=B"."""
    names = [one.id for one in wanted]
    found: dict[str, tuple[str, ...]] = {}
    for text in given:
        name, _, status = text.partition("=")
        check_code(name.strip(), names, "is no data set that is sent", where=where)
        check_code(status.strip(), _SAID, "is no status that the office gives", where=where)
        found[name.strip()] = (*found.get(name.strip(), ()), status.strip())
    return found


def _check_empty(folder: Path, where: str) -> None:
    """Refuse a folder that holds something: what was sent is never overwritten."""
    with path_errors(folder, where):
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UsageError(
                "is not empty, and what was sent is not overwritten", where=where, value=folder,
                allowed="a folder that is empty, or not there yet",
            )  # fmt: skip


def _check_installed() -> None:
    from importlib.util import find_spec

    if find_spec("pysdmx") is None:
        raise UsageError(
            "needs folkestrom[sdmx]", where="transmit",
            next_step="pip install 'folkestrom[sdmx]'",
        )  # fmt: skip
