"""The question of a projection."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import duckdb

from folkestrom.analysis.prospects.groups import DURATIONS
from folkestrom.analysis.prospects.projected import BASE_YEARS, projected
from folkestrom.analysis.study.toml_file import read_table
from folkestrom.app.office import arguments
from folkestrom.app.office.arguments import Knowledge, Place
from folkestrom.app.office.presentation import AS_COUNTED, Presentation
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import PUBLISHED, KnownAt
from folkestrom.model.time import EXTRACTION_MONTHS
from folkestrom.projection.scenario import Scenario, scenario_of

Scenarios = str | os.PathLike[str] | Scenario


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
    areas: str = ""
    by: tuple[str, ...] = ()
    durations: int = DURATIONS
    known_at: KnownAt = PUBLISHED
    extraction_months: int = EXTRACTION_MONTHS
    shown: Presentation = AS_COUNTED

    @classmethod
    def asked(
        cls, place: Place, *, from_: int, to_: int, years: int,
        scenarios: Scenarios | Sequence[Scenarios], every: int, areas: str,
        by: str | Iterable[str], durations: int, known_at: Knowledge,
        extraction_months: int | None, shown: Presentation = AS_COUNTED,
    ) -> Self:  # fmt: skip
        """The question as a user asks it; `place` names an argument as it was typed."""
        known = arguments.knowledge(known_at, place("known_at"))
        months = arguments.months(extraction_months, known, place("extraction_months"))
        if isinstance(scenarios, str | os.PathLike | Scenario):
            scenarios = [scenarios]
        read = tuple(map(scenario_read, scenarios or ()))
        cells = areas, arguments.names(by), durations
        return cls(from_, to_, years, read, every, *cells, known, months, shown)

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Cells:
        """The answer of an open store."""
        found = projected(
            connection, self.first, self.last, base_years=self.base_years,
            scenarios=self.scenarios, every=self.every, areas=self.areas, by=self.by,
            durations=self.durations, known_at=self.known_at,
            extraction_months=self.extraction_months,
        )  # fmt: skip
        return self.shown.of(found)


def scenario_read(given: Scenarios) -> Scenario:
    """A scenario, or that of a file.

    Parameters
    ----------
    given
        The scenario, or the file.
    """
    if isinstance(given, Scenario):
        return given
    path = Path(given)
    return scenario_of(read_table(path), path.stem, str(path))
