"""Studies of a store: definitions in, flow charts, episodes and panels out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import duckdb
import pyarrow as pa

from folkestrom.analysis.study.definition import Study
from folkestrom.analysis.study.episodes import EpisodeQuery
from folkestrom.analysis.study.flow_chart import FlowChart
from folkestrom.analysis.study.panel import PanelQuery, panel_query
from folkestrom.analysis.study.prepared import Prepared, ends_of, prepare
from folkestrom.app.office import arguments
from folkestrom.app.office.session import answer, asking
from folkestrom.app.output.json_text import json_text
from folkestrom.app.output.place import check_place, put
from folkestrom.app.output.rows import FORMATS, write_rows
from folkestrom.columns import check_arguments
from folkestrom.engine.store import Waiting
from folkestrom.errors import UsageError
from folkestrom.model.cells import DESCRIPTION, Frame, Target, as_frame
from folkestrom.model.file_format import format_of
from folkestrom.model.names import check_code, without_effect
from folkestrom.model.specification import Language
from folkestrom.outputs import flow_chart
from folkestrom.outputs.rules import Rules, rules_of
from folkestrom.publish.formats.csv_file import csv_of

#: Told how many rows are made.
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class StoreStudy:
    """A study on a store; nothing is held open between calls.

    Parameters
    ----------
    path
        The store's folder.
    definition
        The study.
    waiting
        How to wait while another process writes.
    borders
        Borders that places are in; None: as they are reported.
    """

    path: Path
    definition: Study
    waiting: Waiting = field(default_factory=Waiting)
    borders: str | None = None

    @property
    def fingerprint(self) -> str:
        """Hash of definition, method, log and linked deliveries: the same, the same result."""
        with self.prepared() as prepared:
            return prepared.fingerprint

    def panel(self, to: Target = "arrow") -> Frame:
        """The person-years: `person`, `year`, `outcome` and the panel's variables.

        Sorted by person and year. `outcome` and coded variables are dictionaries.

        Parameters
        ----------
        to
            "arrow", "polars" or "pandas".
        """
        check_arguments(StoreStudy.panel, locals())
        return as_frame(self.panel_batches().read_all(), to)

    def panel_batches(self, progress: Progress | None = None) -> pa.RecordBatchReader:
        """The same, batch by batch, in memory that does not grow with the number of rows.

        Parameters
        ----------
        progress
            Told how many rows are made.
        """
        return _reader(self._batches(panel_query), progress)

    def panel_flow_chart(self, publish: Rules | str | None = None) -> FlowChart:
        """How many person-years there are, and why others are left out.

        Parameters
        ----------
        publish
            Rules of disclosure control, or their name: numbers that must not be shown are None.
        """
        check_arguments(StoreStudy.panel_flow_chart, locals())
        rules = rules_of(publish)
        with self.prepared() as prepared:
            return _charted(panel_query(prepared).flow_chart(), prepared, rules)

    def episodes(self, to: Target = "arrow") -> Frame:
        """The episodes: one row each, or several where a variable is "varying".

        Columns: `person`; `entry_date`, the day of entry; `start` and `stop`, days from entry, at
        risk over (start, stop]; `entered`, the day of entry into observation; `event`, what
        happened at `stop`, "censored" if nothing; and the variables. Sorted by person, day of
        entry and start. `event` and coded variables are dictionaries.

        Parameters
        ----------
        to
            "arrow", "polars" or "pandas".
        """
        check_arguments(StoreStudy.episodes, locals())
        return as_frame(self.episode_batches().read_all(), to)

    def episode_batches(self, progress: Progress | None = None) -> pa.RecordBatchReader:
        """The same, batch by batch, in memory that does not grow with the number of rows.

        Parameters
        ----------
        progress
            Told how many rows are made.
        """
        return _reader(self._batches(_episode_query), progress)

    def flow_chart(self, publish: Rules | str | None = None) -> FlowChart:
        """Who is in the study and who is left out: episodes, or person-years without any.

        Parameters
        ----------
        publish
            As for `panel_flow_chart`.
        """
        check_arguments(StoreStudy.flow_chart, locals())
        rules = rules_of(publish)
        with self.prepared() as prepared:
            chart = panel_query if prepared.study.entry is None else _episode_query
            return _charted(chart(prepared).flow_chart(), prepared, rules)

    def describe(
        self,
        by: str | Iterable[str] = (),
        of: str | None = None,
        *,
        quantiles: Iterable[float] = (),
        publish: Rules | str | None = None,
        to: Target = "arrow",
    ) -> Frame:
        """What the panel shows: outcomes, or the values of a number, in each cell.

        Without `of` a row has the `persons` and person-years (`base`) of a cell, the
        `person_years` with an outcome, and its `percent` with Wilson's limits. With it, the
        `persons` and `person_years` that have a value, the `missing` ones, the mean and
        quantiles (`q50`, …).

        Parameters
        ----------
        by
            Names of variables, in the panel or not; "year", and with `of` "outcome", too.
        of
            A variable that is a number.
        quantiles
            Which quantiles, as shares; 0.1, 0.25, 0.5, 0.75 and 0.9 by default.
        publish
            Rules of disclosure control, or their name: the result is the protected table only.
        to
            "arrow", "polars" or "pandas".
        """
        check_arguments(StoreStudy.describe, locals())
        # It brings SciPy and tables, which other questions to a study do without.
        from folkestrom.app.office.description import DescriptionQuestion

        question = DescriptionQuestion(
            self.definition, arguments.names(by), of, tuple(quantiles), rules_of(publish),
        )  # fmt: skip
        return answer(self.path, self.waiting, question, self.borders).to(to)

    def follow_up(
        self,
        by: str | Iterable[str] = (),
        at: str | int | Iterable[str | int] = (),
        *,
        events: str | Iterable[str] = (),
        level: float = 0.95,
        over_coverage: str | None = None,
        publish: Rules | str | None = None,
        picture: str | os.PathLike[str] | None = None,
        lang: Literal["en", "no"] | None = None,
        to: Target = "arrow",
    ) -> Frame:
        """Cumulative incidence of what ends the episodes, by groups, at some times since the entry.

        A row a group, event and time, with the columns of `by` and event, days, persons, episodes,
        at_risk (followed beyond that day), events (until then), incidence, lower, upper and
        crude_share, in per cent.

        Parameters
        ----------
        by
            Columns of the episodes, or variables, as of the entry.
        at
            Times since the entry: days, such as 365, or years of 365.25 days, such as "5y", rounded
            to whole days. By default 1, 2, 5 and 10 years, as far as anybody is followed.
        events
            Events that are shown; by default all that end the study's episodes.
        level
            Level of the intervals.
        over_coverage
            As for `Store.rates`: bounds if such a share of those without an event is gone.
        publish
            Rules of disclosure control, or their name: the result is what may be shown of the
            table.
        picture
            A file to draw the curves in; with `publish`, what may be shown of them.
        lang
            Language of the picture: "en" (the default) or "no".
        to
            "arrow", "polars" or "pandas".
        """
        check_arguments(StoreStudy.follow_up, locals())
        from folkestrom.app.office.followup import FollowUpQuestion, Picture

        if picture is None and lang is not None:
            raise without_effect(
                "lang", lang, "it is of the picture, and none is drawn", "Say picture"
            )
        language = check_code(lang or "en", tuple(Language), "is no language", where="lang")
        question = FollowUpQuestion.asked(
            arguments.parameter, self.definition, by=by, at=at, events=events, level=level,
            publish=publish, picture=None if picture is None else Picture(Path(picture),
            Language(language)), over_coverage=over_coverage,
        )  # fmt: skip
        return answer(self.path, self.waiting, question, self.borders).to(to)

    def _batches(
        self, rows: Callable[[Prepared], EpisodeQuery | PanelQuery]
    ) -> Iterator[pa.RecordBatch | pa.Schema]:
        with self.prepared() as prepared:
            query = rows(prepared)
            about = json_text(_described(prepared))
            yield query.layout.schema.with_metadata({DESCRIPTION: about})
            yield from query.batches(query.tally)

    @contextmanager
    def prepared(self) -> Iterator[Prepared]:
        """The study with its store open."""
        with asking(self.path, self.waiting, self.borders) as connection:
            yield prepare(connection, self.definition)


@dataclass(frozen=True, slots=True)
class Made:
    """A study that has been made.

    Parameters
    ----------
    title
        What it is about.
    fingerprint
        Its fingerprint.
    charts
        Flow charts of its episodes and of its person-years, as far as it has them.
    written
        Rows of each file that was written.
    """

    title: str
    fingerprint: str
    charts: tuple[FlowChart, ...]
    written: dict[Path, int]

    def as_dict(self) -> dict[str, object]:
        """The same for machines."""
        return {
            "title": self.title,
            "fingerprint": self.fingerprint,
            "flow_charts": [chart.as_dict() for chart in self.charts],
            "written": {str(path): rows for path, rows in self.written.items()},
        }


@dataclass(frozen=True, slots=True)
class StudyQuestion:
    """Who is in a study, who was left out why, and its rows in files.

    Rows are counted, and written where files for them are named; the picture is of the flow chart.

    Raises
    ------
    UsageError
        Rows of persons asked for beside what is to be published; a file that cannot be written.
    """

    study: Study
    episodes: Path | None = None
    panel: Path | None = None
    picture: Path | None = None
    rules: Rules | None = None

    def __post_init__(self) -> None:
        if self.rules is not None and (self.episodes or self.panel):
            raise UsageError(
                "holds rows of persons, which are not published",
                where="--episodes" if self.episodes else "--panel",
                value=str(self.episodes or self.panel),
                next_step="Write the file without --publish, for the office; what may be published "
                "of it, `folkestrom describe` shows",
            )
        for path, where, formats in (
            (self.picture, "--flow-chart", {".svg": "svg"}),
            (self.episodes, "--episodes", FORMATS),
            (self.panel, "--panel", FORMATS),
        ):
            if path is not None:
                check_place(path, where)
                format_of(path, formats, where)

    def answer(
        self, connection: duckdb.DuckDBPyConnection, progress: Progress | None = None
    ) -> Made:
        """Make the study on an open store; rows are counted as they are written.

        Parameters
        ----------
        connection
            The store.
        progress
            Told how many rows are written.
        """
        charts: list[FlowChart] = []
        written: dict[Path, int] = {}
        prepared = prepare(connection, self.study)
        for query, path, where in self._queries(prepared):
            if path is None:
                charts.append(_charted(query.flow_chart(), prepared, self.rules))
                continue
            tally = query.tally
            batches = _counted(query.batches(tally), progress)
            schema = query.layout.schema
            written[path] = write_rows(path, schema, batches, _described(prepared), where)
            charts.append(_charted(query.chart(tally), prepared, None))
        return Made(self.study.title, prepared.fingerprint, tuple(charts), written)

    def _queries(
        self, prepared: Prepared
    ) -> Iterator[tuple[EpisodeQuery | PanelQuery, Path | None, str]]:
        if self.study.entry is not None or self.episodes is not None:
            yield _episode_query(prepared), self.episodes, "--episodes"
        if self.study.panel is not None or self.panel is not None:
            yield panel_query(prepared), self.panel, "--panel"


def write_picture(made: Made, path: Path) -> None:
    """Write the flow chart to an SVG file; of two, that of the episodes."""
    put(made.charts[0].to_svg().encode(), path)


def chart_csv(made: Made) -> bytes:
    """The flow charts as CSV."""
    return csv_of(pa.concat_tables([chart.table for chart in made.charts]))


def _charted(chart: FlowChart, prepared: Prepared, rules: Rules | None) -> FlowChart:
    """A flow chart with what was known, and the numbers that may be shown."""
    chart = replace(chart, known=prepared.known_text)
    return chart if rules is None else flow_chart.published(chart, rules)


def _described(prepared: Prepared) -> dict[str, str]:
    """What rows and charts of a study say of themselves."""
    return {
        "title": prepared.study.title,
        "fingerprint": prepared.fingerprint,
        "knowledge_time": prepared.knowledge_time,
        "vintage": prepared.knowledge.vintage.en,
    }


def _episode_query(prepared: Prepared) -> EpisodeQuery:
    entry, exit_ = ends_of(prepared.study)
    return EpisodeQuery(
        prepared.connection,
        prepared.study,
        entry,
        exit_,
        prepared.vocabulary,
        prepared.knowledge.day(exit_.end),
    )


def _reader(
    batches: Iterator[pa.RecordBatch | pa.Schema], progress: Progress | None
) -> pa.RecordBatchReader:
    schema = next(batches)
    return pa.RecordBatchReader.from_batches(schema, _counted(batches, progress))


def _counted(
    batches: Iterator[pa.RecordBatch | pa.Schema], progress: Progress | None
) -> Iterator[pa.RecordBatch]:
    rows = 0
    for batch in batches:
        if isinstance(batch, pa.RecordBatch):
            rows += batch.num_rows
            if progress is not None:
                progress(rows)
            yield batch
