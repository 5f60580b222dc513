"""The question of a projection."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import duckdb

from folkestrom.analysis.prospects.likely import INTERVAL, Likely
from folkestrom.analysis.prospects.projected import BASE_YEARS, projected
from folkestrom.analysis.study.toml_file import read_table
from folkestrom.app.office import arguments
from folkestrom.app.office.arguments import Knowledge, Place
from folkestrom.app.office.presentation import AS_COUNTED, Presentation
from folkestrom.engine.failures import shortage
from folkestrom.errors import InputRefused, UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import PUBLISHED, KnownAt
from folkestrom.model.time import EXTRACTION_MONTHS
from folkestrom.projection.scenario import Scenario, scenario_of
from folkestrom.projection.stochastic.history import COLUMNS, History, history_of
from folkestrom.projection.stochastic.limits import Limits, limits_of

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
    known_at: KnownAt = PUBLISHED
    extraction_months: int = EXTRACTION_MONTHS
    shown: Presentation = AS_COUNTED
    likely: Likely | None = None

    @classmethod
    def asked(
        cls, place: Place, *, from_: int, to_: int, years: int,
        scenarios: Scenarios | Sequence[Scenarios], every: int, known_at: Knowledge,
        extraction_months: int | None, draws: int | None = None, seed: int = 1,
        interval: float = INTERVAL, series: File | None = None, limits: File | None = None,
        difference: bool = False, shown: Presentation = AS_COUNTED,
    ) -> Self:  # fmt: skip
        """The question as a user asks it; `place` names an argument as it was typed."""
        known = arguments.knowledge(known_at, place("known_at"))
        months = arguments.months(extraction_months, known, place("extraction_months"))
        if isinstance(scenarios, str | os.PathLike | Scenario):
            scenarios = [scenarios]
        read = tuple(map(_read, scenarios or ()))
        likely = None
        if draws is not None:
            likely = Likely(draws, seed, interval, _history(series), _limits(limits), difference)
        elif series is not None or limits is not None or difference:
            raise UsageError(
                "are of draws, and none are asked for", where="series, limits, difference",
                next_step="Say how many draws, such as 3000",
            )  # fmt: skip
        return cls(from_, to_, years, read, every, known, months, shown, likely)

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Cells:
        """The answer of an open store."""
        found = projected(
            connection, self.first, self.last, base_years=self.base_years,
            scenarios=self.scenarios, every=self.every, known_at=self.known_at,
            extraction_months=self.extraction_months, likely=self.likely,
        )  # fmt: skip
        return self.shown.of(found)


def _read(given: Scenarios) -> Scenario:
    """A scenario, or that of a file."""
    if isinstance(given, Scenario):
        return given
    path = Path(given)
    return scenario_of(read_table(path), path.stem, str(path))


def _limits(file: File | None) -> Limits | None:
    """Limits of a file."""
    return None if file is None else limits_of(read_table(Path(file)), str(file))


def _history(file: File | None) -> History | None:
    """Series of a file."""
    if file is None:
        return None
    try:
        with Path(file).open(encoding="utf-8-sig", newline="") as stream:
            return history_of(csv.DictReader(stream), str(file))
    except (OSError, UnicodeDecodeError) as error:
        raise shortage(error) or InputRefused(
            "cannot be read", where=str(file), allowed="a CSV file in UTF-8 with the columns "
            + ", ".join(COLUMNS),
        ) from error  # fmt: skip
