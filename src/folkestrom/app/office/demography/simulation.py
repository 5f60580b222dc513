"""The question of simulated lives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import duckdb

from folkestrom.analysis.prospects.families.households import simulated_households
from folkestrom.analysis.prospects.groups import GROUP
from folkestrom.analysis.prospects.projected import BASE_YEARS
from folkestrom.analysis.prospects.simulated import simulated
from folkestrom.app.office import arguments
from folkestrom.app.office.arguments import Knowledge, Place
from folkestrom.app.office.demography.projection import Scenarios, scenario_read
from folkestrom.app.office.presentation import AS_COUNTED, Presentation
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import PUBLISHED, KnownAt
from folkestrom.model.names import without_effect
from folkestrom.model.time import EXTRACTION_MONTHS
from folkestrom.projection.groups import DURATIONS
from folkestrom.projection.scenario import Scenario


@dataclass(frozen=True, slots=True)
class SimulationQuestion:
    """Lives of individuals in years to come, or their households; see `analysis.prospects`.

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
    households: bool = False
    every: int = 0
    runs: int = 1

    @classmethod
    def asked(
        cls, place: Place, *, from_: int, to_: int, by: str | Iterable[str] | None,
        seed: int, households: bool, every: int | None, runs: int,
        scenario: Scenarios | None, areas: str, durations: int, years: int, known_at: Knowledge,
        extraction_months: int | None, shown: Presentation = AS_COUNTED,
    ) -> Self:  # fmt: skip
        """The question as a user asks it; `place` names an argument as it was typed."""
        known = arguments.knowledge(known_at, place("known_at"))
        months = arguments.months(extraction_months, known, place("extraction_months"))
        read = None if scenario is None else scenario_read(scenario)
        if households and areas:
            raise UsageError(
                "has no households: these are the nation's", where=place("areas"), value=areas,
                next_step="Leave out one of them",
            )  # fmt: skip
        for name, value, usual in (("every", every, None), ("runs", runs, 1)):
            if value != usual and not households:
                raise without_effect(
                    place(name), value, "only households have it", "Ask for households"
                )
        told = arguments.names(by)
        if by is None:
            told = ("household_type",) if households else (GROUP.name,)
        return cls(from_, to_, seed, told, read, areas, durations, years, known, months, shown,
                   households, 0 if every is None else every, runs)  # fmt: skip

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Cells:
        """The answer of an open store."""
        if self.households:
            return self.shown.of(simulated_households(
                connection, self.first, self.last, by=self.by, every=self.every, runs=self.runs,
                seed=self.seed, scenario=self.scenario, durations=self.durations,
                base_years=self.base_years, known_at=self.known_at,
                extraction_months=self.extraction_months,
            ))  # fmt: skip
        found = simulated(
            connection, self.first, self.last, seed=self.seed, by=self.by, scenario=self.scenario,
            areas=self.areas, durations=self.durations, base_years=self.base_years,
            known_at=self.known_at, extraction_months=self.extraction_months,
        )  # fmt: skip
        return self.shown.of(found)
