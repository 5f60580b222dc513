"""Studies of a store: definitions in, flow charts, episodes and panels out."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from folkestrom.analysis.study.definition import Study
from folkestrom.analysis.study.episodes import EpisodeQuery
from folkestrom.analysis.study.flow_chart import FlowChart
from folkestrom.analysis.study.panel import PanelQuery, panel_query
from folkestrom.analysis.study.prepared import Prepared, ends_of, prepare
from folkestrom.analysis.study.toml_file import read_study
from folkestrom.app.office import arguments
from folkestrom.app.office.publishing import published_chart, rules_of
from folkestrom.app.office.session import reading
from folkestrom.app.output.place import check_place, put
from folkestrom.app.output.rows import FORMATS, write_rows
from folkestrom.columns import check_arguments
from folkestrom.disclosure import Rules
from folkestrom.engine.failures import resource_errors
from folkestrom.engine.store import Waiting
from folkestrom.errors import UsageError
from folkestrom.model.cells import DESCRIPTION, Frame, Target, as_frame
from folkestrom.model.file_format import format_of
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
    """

    path: Path
    definition: Study
    waiting: Waiting = field(default_factory=Waiting)

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
        return _reader(self._panel_batches(), progress)

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
        return _reader(self._episode_batches(), progress)

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
        from folkestrom.app.office.describing import Asked, described

        asked = Asked(arguments.names(by), of, tuple(quantiles))
        rules = rules_of(publish)
        return described(self.path, self.waiting, self.definition, asked, rules).to(to)

    def follow_up(
        self,
        by: str | Iterable[str] = (),
        at: str | int | Iterable[str | int] = (),
        **options: Any,
    ) -> Frame:
        """Cumulative incidence of what ends the episodes, by groups, at some times since the entry.

        Parameters
        ----------
        by
            Columns of the episodes, or variables, as of the entry.
        at
            Times since the entry: days, or years such as "5y".
        **options
            As for `folkestrom.app.office.following.follow_up_frame`: events, level, publish,
            picture, lang, to.
        """
        check_arguments(StoreStudy.follow_up, locals())
        from folkestrom.app.office.following import follow_up_frame

        return follow_up_frame(self, by, at, **options)

    def _episode_batches(self) -> Iterator[pa.RecordBatch | pa.Schema]:
        with self.prepared() as prepared:
            query = _episode_query(prepared)
            about = json.dumps(_described(prepared), ensure_ascii=False)
            yield query.layout.schema.with_metadata({DESCRIPTION: about})
            yield from query.batches(query.tally)

    def _panel_batches(self) -> Iterator[pa.RecordBatch | pa.Schema]:
        with self.prepared() as prepared:
            query = panel_query(prepared)
            about = json.dumps(_described(prepared), ensure_ascii=False)
            yield query.layout.schema.with_metadata({DESCRIPTION: about})
            yield from query.batches(query.tally)

    @contextmanager
    def prepared(self) -> Iterator[Prepared]:
        """The study with its store open."""
        with reading(self.path, self.waiting) as connection, resource_errors():
            yield prepare(connection, self.definition)


def study_on(path: Path, study: Study | str | os.PathLike[str], waiting: Waiting) -> StoreStudy:
    """A study, or the file that has one, on a store; what it names is looked up at once."""
    check_arguments(study_on, locals())
    definition = study if isinstance(study, Study) else read_study(Path(study))
    found = StoreStudy(path, definition, waiting)
    _ = found.fingerprint
    return found


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


def check_rows(publish: Rules | str | None, episodes: Path | None, panel: Path | None) -> None:
    """Refuse rows of persons beside what is to be published.

    Parameters
    ----------
    publish
        Rules, or their name.
    episodes, panel
        Files that were asked for.
    """
    if rules_of(publish) is not None and (episodes or panel):
        raise UsageError(
            "holds rows of persons, which are not published",
            where="--episodes" if episodes else "--panel",
            value=str(episodes or panel),
            next_step="Write the file without --publish, for the office; what may be published "
            "of it, `folkestrom describe` shows",
        )


def make(
    study: StoreStudy,
    *,
    episodes: Path | None = None,
    panel: Path | None = None,
    publish: Rules | str | None = None,
    progress: Progress | None = None,
) -> Made:
    """Make a study, and write its rows to files; rows are counted as they are written.

    Parameters
    ----------
    study
        The study.
    episodes, panel
        Files to write, whose names decide the format; None: the rows are only counted.
    publish
        Rules of disclosure control for the flow charts, or their name.
    progress
        Told how many rows are written.

    Raises
    ------
    UsageError
        Rows of persons asked for beside what is to be published.
    """
    check_rows(publish, episodes, panel)
    rules = rules_of(publish)
    for path, where in ((episodes, "--episodes"), (panel, "--panel")):
        if path is not None:
            check_place(path, where)
            format_of(path, FORMATS, where)
    charts: list[FlowChart] = []
    written: dict[Path, int] = {}
    with study.prepared() as prepared:
        wanted = prepared.study
        queries: list[tuple[EpisodeQuery | PanelQuery, Path | None]] = []
        if wanted.entry is not None or episodes is not None:
            queries.append((_episode_query(prepared), episodes))
        if wanted.panel is not None or panel is not None:
            queries.append((panel_query(prepared), panel))
        for query, path in queries:
            if path is None:
                charts.append(_charted(query.flow_chart(), prepared, rules))
                continue
            tally = query.tally
            batches = _counted(query.batches(tally), progress)
            where = "--episodes" if path is episodes else "--panel"
            schema = query.layout.schema
            written[path] = write_rows(path, schema, batches, _described(prepared), where)
            charts.append(_charted(query.chart(tally), prepared, None))
        return Made(wanted.title, prepared.fingerprint, tuple(charts), written)


def check_picture(path: Path) -> None:
    """Refuse a file that no flow chart is written to."""
    check_place(path, "--flow-chart")
    format_of(path, {".svg": "svg"}, "--flow-chart")


def write_picture(made: Made, path: Path) -> None:
    """Write the flow chart to an SVG file; of two, that of the episodes."""
    check_picture(path)
    put(made.charts[0].to_svg().encode(), path)


def chart_csv(made: Made) -> bytes:
    """The flow charts as CSV."""
    return csv_of(pa.concat_tables([chart.table for chart in made.charts]))


def _charted(chart: FlowChart, prepared: Prepared, rules: Rules | None) -> FlowChart:
    """A flow chart with what was known, and the numbers that may be shown."""
    return published_chart(replace(chart, known=prepared.known_text), rules)


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
