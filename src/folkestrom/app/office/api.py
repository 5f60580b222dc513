"""The Python interface: one `Store` object that answers questions."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import duckdb
import pyarrow as pa

from folkestrom.analysis.study import Groups, Study, read_study
from folkestrom.app.office import arguments, intake, linkage
from folkestrom.app.office.arguments import names, parameter
from folkestrom.app.office.intake import StoreInfo
from folkestrom.app.office.linkage import LinkedInfo
from folkestrom.app.office.session import answer, reading
from folkestrom.app.office.statistics import (
    ChangesQuestion,
    ExplanationQuestion,
    PopulationQuestion,
    TableQuestion,
)
from folkestrom.app.office.studies import StoreStudy
from folkestrom.columns import check_arguments, check_path
from folkestrom.engine.store import Waiting
from folkestrom.errors import UsageError
from folkestrom.intake.counts import IntakeResult
from folkestrom.model.cells import Frame, Target
from folkestrom.model.knowledge import PUBLISHED
from folkestrom.outputs.rules import Rules

if TYPE_CHECKING:
    from folkestrom.analysis.decomposition import Decomposition
    from folkestrom.app.office.arguments import Day, Knowledge
    from folkestrom.intake.load import Progress
    from folkestrom.linkage.counts import LinkResult


@dataclass(frozen=True, slots=True)
class Store:
    """A report log with everything that is derived from it.

    Nothing is held open between calls, so that others can write in the meantime.

    Parameters
    ----------
    path
        The store's folder.
    waiting
        How long to wait while another process writes, and where to say so.
    """

    path: Path
    waiting: Waiting = field(default_factory=Waiting)

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
        check_arguments(Store.intake, locals())
        return intake.intake(
            self.path, _paths(files), self.waiting, taken_at=taken_at, progress=progress
        )

    def quarantine(self, limit: int | None = None) -> pa.Table:
        """What waits in quarantine: where it came from and what is wrong, without the records.

        Parameters
        ----------
        limit
            How many rows at most; None: all.
        """
        check_arguments(Store.quarantine, locals())
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
        check_arguments(Store.export_quarantine, locals())
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
        check_arguments(Store.retake, locals())
        return intake.intake(self.path, _paths(files), self.waiting, retake=True, taken_at=taken_at)

    def seal(self, until: Day) -> date:
        """Seal knowledge dates: what is delivered later never changes what was published.

        Parameters
        ----------
        until
            The last knowledge date to seal.
        """
        check_arguments(Store.seal, locals())
        return intake.seal(self.path, arguments.day(until, "until"), self.waiting)

    def info(self) -> StoreInfo:
        """What the store holds."""
        return intake.info(self.path, self.waiting)

    def population(
        self,
        date: Day | None = None,
        by: str | Iterable[str] = (),
        known_at: Knowledge = PUBLISHED,
        *,
        dates: Day | Sequence[Day] = (),
        extraction_months: int | None = None,
        to: Target = "arrow",
    ) -> Frame:
        """Residents by variables, at a day or at several.

        Parameters
        ----------
        date
            Reference date: the stock is the state at the end of the day before. Here and below a
            day is a `date`, a `datetime` at midnight, or a text such as "2021-01-01".
        by
            Names of variables, such as ["municipality", "sex", "age"] or "sex,age".
        known_at
            Knowledge date; "published": the extraction after each date; "latest": all that is
            known.
        dates
            Several reference dates instead of one; the result then has a column `date`.
        extraction_months
            Months from a date to its extraction, for "published"; 1 by default.
        to
            "arrow", "polars" or "pandas".
        """
        check_arguments(Store.population, locals())
        question = PopulationQuestion.asked(
            parameter, date=date, dates=dates, by=by, known_at=known_at,
            extraction_months=extraction_months,
        )  # fmt: skip
        return answer(self.path, self.waiting, question).to(to)

    def changes(
        self,
        from_: Day,
        to_: Day,
        by: str | Iterable[str] = (),
        known_at: Knowledge = PUBLISHED,
        *,
        every: Literal["year", "quarter", "month"] | None = None,
        quarters: Literal["summation", "register"] | None = None,
        extraction_months: int | None = None,
        to: Target = "arrow",
    ) -> Frame:
        """Accounts of the population between two days; flows alone by what changes by itself.

        Parameters
        ----------
        from_, to_
            The days, `[from_, to_)`.
        by
            Names of variables, such as "county" or "sex".
        known_at
            "published": each period at its extractions. A day, or "latest", all that is known: one
            knowledge date for everything.
        every
            Split into periods of this length.
        quarters
            Populations at 1 April, 1 July and 1 October by "summation" (the default), or from the
            "register".
        extraction_months
            Months from the end of a period to its extraction; 1 by default.
        to
            "arrow", "polars" or "pandas".
        """
        check_arguments(Store.changes, locals())
        question = ChangesQuestion.asked(
            parameter, from_=from_, to_=to_, by=by, known_at=known_at, every=every,
            quarters=quarters, extraction_months=extraction_months,
        )  # fmt: skip
        return answer(self.path, self.waiting, question).to(to)

    def explain(
        self,
        from_: Day,
        to_: Day,
        area: Literal["nation", "county", "municipality"] = "nation",
        *,
        quarters: Literal["summation", "register"] | None = None,
        extraction_months: int | None = None,
        to: Target = "arrow",
    ) -> Frame:
        """Every unit of a period's adjustment, with the report that it is owed to.

        Parameters
        ----------
        from_, to_
            The period, `[from_, to_)`.
        area
            Adjustment of the nation, of counties or of municipalities.
        quarters, extraction_months
            As for `changes`.
        to
            "arrow", "polars" or "pandas".
        """
        check_arguments(Store.explain, locals())
        changes = ChangesQuestion.asked(
            parameter, from_=from_, to_=to_, by=area, known_at=PUBLISHED, every=None,
            quarters=quarters, extraction_months=extraction_months,
        )  # fmt: skip
        question = ExplanationQuestion.asked(parameter, changes)
        return answer(self.path, self.waiting, question).to(to)

    def table(
        self,
        name: str,
        year: int | str,
        *,
        known_at: Knowledge = PUBLISHED,
        extraction_months: int | None = None,
        unknown: Literal["published", "category"] | None = None,
        to: Target = "arrow",
    ) -> Frame:
        """A published table as it stands on 1 January of a year.

        Parameters
        ----------
        name
            "key-figures", "age-groups", "marital-status" or "citizenship".
        year
            The year; changes are those of the year before.
        known_at
            Knowledge date; "published": at the extraction; "latest": all that is known.
        extraction_months
            Months from the turn of the year to its extraction; 1 by default.
        unknown
            In "marital-status": unknown status left out as on the page that is "published" (the
            default), or as a "category".
        to
            "arrow", "polars" or "pandas".
        """
        check_arguments(Store.table, locals())
        question = TableQuestion.asked(
            parameter, name=name, year=year, known_at=known_at,
            extraction_months=extraction_months, unknown=unknown,
        )  # fmt: skip
        return answer(self.path, self.waiting, question).to(to)

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
        check_arguments(Store.link, locals())
        day = None if known_from is None else arguments.day(known_from, "known_from")
        return linkage.link(self.path, _paths(files), as_, self.waiting, adds=add, known_from=day)

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
        check_arguments(Store.export_held, locals())
        return linkage.export(self.path, variable, Path(file), self.waiting)

    def study(self, study: Study | str | os.PathLike[str]) -> StoreStudy:
        """A study on this store: its flow chart, fingerprint, episodes and person-years.

        Parameters
        ----------
        study
            A `Study`, or the TOML file that has one.
        """
        check_arguments(Store.study, locals())
        definition = study if isinstance(study, Study) else read_study(Path(study))
        found = StoreStudy(self.path, definition, self.waiting)
        _ = found.fingerprint  # what the study names is looked up at once
        return found

    def rates(
        self,
        from_: Day,
        to_: Day,
        by: str | Iterable[str] = (),
        *,
        event: str = "emigration",
        destination: str | None = None,
        only: Mapping[str, str | Iterable[str]] | None = None,
        standardise_by: str | Iterable[str] = (),
        against: str | None = None,
        method: Literal["direct", "indirect"] = "direct",
        known_at: Knowledge = PUBLISHED,
        level: float = 0.95,
        groups: Mapping[str, Groups] | None = None,
        publish: Rules | str | None = None,
        to: Target = "arrow",
    ) -> Frame:
        """Rates of emigration, or of another event, per 1 000 person-years of residents.

        Parameters
        ----------
        from_, to_
            The period, `[from_, to_)`.
        by
            Names of variables: the register's, linked ones, and those of `groups`.
        event
            "emigration", "out_migration", "immigration", "death" or "birth".
        destination
            Of out-migration: "abroad", "municipality" or "county" (another one), or "anywhere".
        only
            Codes to keep, such as `{"county": "03"}`.
        standardise_by
            Variables that are standardised for.
        against
            To whose composition, and whom the ratio compares with: "nation" (the default), a code
            such as "03", or "immigrant_category=other".
        method
            "direct" or "indirect" standardisation.
        known_at
            Knowledge date; "published": as known at the extraction a month after the period;
            "latest": all that is known.
        level
            Level of the intervals.
        groups
            Variables made of others, by name, such as `{"tenth": Groups("income", quantiles=10)}`.
        publish
            Rules of disclosure control, or their name: the result is the protected table only.
        to
            "arrow", "polars" or "pandas".

        Examples
        --------
        >>> open_store("no-such-store").rates("2020-01-01", "2019-01-01")
        Traceback (most recent call last):
        ...
        folkestrom.errors.UsageError: from: '2020-01-01' is not before the end of the period.
        Allowed: days before 2019-01-01.
        """
        check_arguments(Store.rates, locals())
        from folkestrom.app.office.rates import EventQuestion, RateQuestion

        events = EventQuestion.asked(
            parameter, from_=from_, to_=to_, event=event, destination=destination, only=only,
            known_at=known_at, level=level, groups=groups, publish=publish,
        )  # fmt: skip
        question = RateQuestion(events, names(by), names(standardise_by), against, method)
        return answer(self.path, self.waiting, question).to(to)

    def decompose(
        self,
        from_: Day,
        to_: Day,
        by: str,
        between: tuple[str, str],
        factors: str | Iterable[str],
        *,
        event: str = "emigration",
        destination: str | None = None,
        only: Mapping[str, str | Iterable[str]] | None = None,
        known_at: Knowledge = PUBLISHED,
        level: float = 0.95,
        groups: Mapping[str, Groups] | None = None,
        publish: Rules | str | None = None,
    ) -> Decomposition:
        """How much of the difference of two groups' rates is composition, how much propensity.

        Parameters
        ----------
        from_, to_
            The period, `[from_, to_)`.
        by, between
            A variable, and two of its codes; one of them may be "nation", everybody, or "others",
            everybody else.
        factors
            Variables that make up the composition.
        event, destination, only, known_at, level, groups
            As for `rates`.
        publish
            Rules of disclosure control that both groups must satisfy: "research", "statistics", or
            rules of one's own. The result is then rounded as in tables; standard errors, what
            single cells contribute, and the sizes of the groups are left out.

        Raises
        ------
        UsageError
            With `publish`: a group that the rules do not let be shown, or factors whose
            combinations could be found.
        """
        check_arguments(Store.decompose, locals())
        from folkestrom.app.office.rates import DecompositionQuestion, EventQuestion

        events = EventQuestion.asked(
            parameter, from_=from_, to_=to_, event=event, destination=destination, only=only,
            known_at=known_at, level=level, groups=groups, publish=publish,
        )  # fmt: skip
        question = DecompositionQuestion(events, by, between, names(factors))
        return answer(self.path, self.waiting, question).found

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Ask the store's tables directly, by SQL; they are up to date, and cannot be changed."""
        with reading(self.path, self.waiting) as connection:
            yield connection


def open_store(path: str | os.PathLike[str]) -> Store:
    """Open the store in a folder."""
    return Store(Path(path))


def _paths(
    files: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
) -> list[Path]:
    listed = [files] if isinstance(files, str | os.PathLike) else list(files)
    if not listed:
        raise UsageError("names no file", where="files")
    for file in listed:
        check_path(file, "files")
    return [Path(file) for file in listed]
