"""The question of simulated lives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import duckdb

from folkestrom.analysis.prospects.groups import GROUP
from folkestrom.analysis.prospects.projected import BASE_YEARS
from folkestrom.analysis.prospects.simulated import simulated
from folkestrom.app.office import arguments
from folkestrom.app.office.arguments import Knowledge, Place
from folkestrom.app.office.demography.projection import Scenarios, scenario_read
from folkestrom.app.office.presentation import AS_COUNTED, Presentation
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import PUBLISHED, KnownAt
from folkestrom.model.time import EXTRACTION_MONTHS
from folkestrom.projection.groups import DURATIONS
from folkestrom.projection.scenario import Scenario


@dataclass(frozen=True, slots=True)
class SimulationQuestion:
    """Lives of individuals in years to come; see `analysis.prospects.simulated`.

    Its fields are as of `Store.simulate`.
    """

    first: int
    last: int
    seed: int = 0
    by: tuple[str, ...] = (GROUP.name,)
    scenario: Scenario | None = None
    areas: str = ""
    durations: int = DURATIONS
    base_years: int = BASE_YEARS
    known_at: KnownAt = PUBLISHED
    extraction_months: int = EXTRACTION_MONTHS
    shown: Presentation = AS_COUNTED

    @classmethod
    def asked(
        cls, place: Place, *, from_: int, to_: int, by: str | Iterable[str], seed: int,
        scenario: Scenarios | None, areas: str, durations: int, years: int, known_at: Knowledge,
        extraction_months: int | None, shown: Presentation = AS_COUNTED,
    ) -> Self:  # fmt: skip
        """The question as a user asks it; `place` names an argument as it was typed."""
        known = arguments.knowledge(known_at, place("known_at"))
        months = arguments.months(extraction_months, known, place("extraction_months"))
        read = None if scenario is None else scenario_read(scenario)
        return cls(from_, to_, seed, arguments.names(by), read, areas, durations, years, known,
                   months, shown)  # fmt: skip

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Cells:
        """The answer of an open store."""
        found = simulated(
            connection, self.first, self.last, seed=self.seed, by=self.by, scenario=self.scenario,
            areas=self.areas, durations=self.durations, base_years=self.base_years,
            known_at=self.known_at, extraction_months=self.extraction_months,
        )  # fmt: skip
        return self.shown.of(found)
