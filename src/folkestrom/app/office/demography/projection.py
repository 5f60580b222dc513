"""The question of a projection."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Self

import duckdb

from folkestrom.analysis.prospects.compared import decomposed, equivalents
from folkestrom.analysis.prospects.likely import INTERVALS, SEED, Likely, likely_outlook
from folkestrom.analysis.prospects.outlook import of_smooth, outlook
from folkestrom.analysis.prospects.projected import BASE_YEARS, begun_of, projected, with_series
from folkestrom.analysis.study.toml_file import read_table
from folkestrom.app.office import arguments
from folkestrom.app.office.arguments import Knowledge, Percentages, Place
from folkestrom.app.office.presentation import AS_COUNTED, Presentation
from folkestrom.engine.failures import shortage
from folkestrom.errors import InputRefused, UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import PUBLISHED, KnownAt
from folkestrom.model.names import without_effect
from folkestrom.model.specification import same
from folkestrom.model.time import EXTRACTION_MONTHS
from folkestrom.projection.groups import DURATIONS
from folkestrom.projection.scenario import Scenario, named, scenario_of
from folkestrom.projection.start import Start
from folkestrom.projection.stochastic.history import COLUMNS, History, history_of
from folkestrom.projection.stochastic.limits import Limits, limits_of
from folkestrom.projection.tables import read_tables

File = str | os.PathLike[str]
Scenarios = File | Scenario


@dataclass(frozen=True, slots=True)
class ProjectionQuestion:
    """The population of years to come; see `analysis.prospects`.

    Its fields are as of `Store.project`.
    """

    first: int
    last: int
    base_years: int = BASE_YEARS
    scenarios: tuple[Scenario, ...] = ()
    every: int = 1
    indicators: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    needs: Path | None = None
    equivalent: str | None = None
    decompose: bool = False
    areas: str = ""
    durations: int = DURATIONS
    known_at: KnownAt = PUBLISHED
    extraction_months: int = EXTRACTION_MONTHS
    shown: Presentation = AS_COUNTED
    likely: Likely | None = None
    smooth: bool = False

    @classmethod
    def asked(
        cls, place: Place, *, from_: int, to_: int, years: int,
        scenarios: Scenarios | Sequence[Scenarios], every: int,
        indicator: str | Iterable[str] | None, by: str | Iterable[str] | None,
        needs: str | os.PathLike[str] | None, equivalent: str | None, decompose: bool,
        areas: str, durations: int, known_at: Knowledge, extraction_months: int | None,
        draws: int | None = None, seed: int = SEED, interval: Percentages = INTERVALS,
        series: File | None = None, limits: File | None = None, difference: bool = False,
        smooth: bool = False, shown: Presentation = AS_COUNTED,
    ) -> Self:  # fmt: skip
        """The question as a user asks it; `place` names an argument as it was typed."""
        known = arguments.knowledge(known_at, place("known_at"))
        months = arguments.months(extraction_months, known, place("extraction_months"))
        if isinstance(scenarios, str | os.PathLike | Scenario):
            scenarios = [scenarios]
        read = tuple(map(scenario_read, scenarios or ()))
        for one in read:
            if one.changes_moves and not areas:
                raise without_effect(
                    f"scenario {one.name}", "moves", "moves are between areas",
                    f"Say which by {place('areas')}, county or municipality",
                )  # fmt: skip
        figures, told = arguments.names(indicator), arguments.names(by)
        intervals = arguments.percentages(interval, place("interval"))
        compares = decompose or equivalent is not None
        if compares and (told or needs or areas or len(figures) != 1 or (decompose and equivalent)):
            raise UsageError(
                "compares scenarios by one figure",
                where=place("decompose" if decompose else "equivalent"),
                allowed="one name for " + place("indicator"),
                next_step="Leave out what asks for another table",
            )  # fmt: skip
        if compares and every != 1:
            raise without_effect(place("every"), every, "the last year is compared", "Leave it out")
        likely = None
        if draws is not None:
            if decompose or told or needs or (difference and compares):
                raise without_effect(
                    place("draws"), draws, "draws are of the usual figures", "Leave out the other"
                )
            likely = Likely(draws, seed, intervals, _history(series), _limits(limits), difference)
        elif series is not None or limits is not None or difference:
            raise UsageError(
                "are of draws, and none are asked for", where="series, limits, difference",
                next_step="Say how many draws, such as 3000",
            )  # fmt: skip
        elif seed != SEED or intervals != INTERVALS:
            name = "seed" if seed != SEED else "interval"
            raise without_effect(
                place(name), seed if seed != SEED else interval, "no draws are asked for",
                "Say how many draws, such as 3000",
            )  # fmt: skip
        return cls(
            from_, to_, years, read, every, figures, told, None if needs is None else Path(needs),
            equivalent, decompose, areas, durations, known, months, shown, likely, smooth,
        )  # fmt: skip

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Cells:
        """The answer of an open store."""
        if self.equivalent is not None or self.decompose:
            begun, known, notes = begun_of(
                connection, self.first, self.base_years, self.known_at, self.extraction_months,
                self.durations, smooth=self.smooth,
            )  # fmt: skip
            likely = self.likely and with_series(
                connection, self.likely, begun, date(self.first, 1, 1), known
            )
            found = replace(self, likely=likely)._of(begun)
            spec = found.specification
            said = replace(spec, knowledge_time=same(str(known)), footnotes=(
                *spec.footnotes, *notes))  # fmt: skip
            return self.shown.of(Cells(said, found.data))
        found = projected(
            connection, self.first, self.last, base_years=self.base_years,
            scenarios=self.scenarios, every=self.every, indicators=self.indicators, by=self.by,
            needed=self.needs, likely=self.likely, areas=self.areas, durations=self.durations,
            smooth=self.smooth, known_at=self.known_at, extraction_months=self.extraction_months,
        )  # fmt: skip
        return self.shown.of(found)

    def _of(self, begun: Start) -> Cells:
        """The answer from any start."""
        if self.equivalent is not None:
            return equivalents(
                begun, self.first, self.last, self.scenarios, self.equivalent, self.indicators[0],
                self.likely,
            )  # fmt: skip
        if self.decompose:
            return decomposed(begun, self.first, self.last, self.scenarios, self.indicators[0])
        if self.likely is not None:
            return likely_outlook(
                begun, self.first, self.last, self.likely, self.scenarios, every=self.every,
                indicators=self.indicators,
            )  # fmt: skip
        return outlook(
            begun, self.first, self.last, self.scenarios, every=self.every,
            indicators=self.indicators, by=self.by, needed=self.needs,
        )  # fmt: skip

    def answer_of_tables(self, folder: Path) -> Cells:
        """The answer from a folder of published tables."""
        begun = read_tables(folder, self.first, smooth=self.smooth)
        found = self._of(begun)
        spec = found.specification
        said = replace(spec, footnotes=(*spec.footnotes, *of_smooth(begun)))
        return self.shown.of(Cells(said, found.data))


def scenario_read(given: Scenarios) -> Scenario:
    """A scenario, that of a file, one that is built in, or several with + in between.

    Parameters
    ----------
    given
        The scenario, the file, or names.
    """
    if isinstance(given, Scenario):
        return given
    path = Path(given)
    first, *others = str(given).split("+")
    if path.is_file() or (path.suffix and not others):
        return scenario_of(read_table(path), path.stem, str(path))
    if not others:
        return named(first)
    found = scenario_read(first.strip())
    for other in others:
        found = found + scenario_read(other.strip())
    return found


def _limits(file: File | None) -> Limits | None:
    """Limits of a file."""
    return None if file is None else limits_of(read_table(Path(file)), str(file))


def _history(file: File | None) -> History | None:
    """Series of a file."""
    if file is None:
        return None
    try:
        with Path(file).open(encoding="utf-8-sig", newline="") as stream:
            return history_of(csv.DictReader(stream, strict=True), str(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise shortage(error) or InputRefused(
            "cannot be read", where=str(file), allowed="a CSV file in UTF-8 with the columns "
            + ", ".join(COLUMNS),
        ) from error  # fmt: skip
