"""The question of future older immigrants."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import duckdb

from folkestrom.analysis.prospects.older import AGES, DRAWS, older_immigrants
from folkestrom.app.office import arguments
from folkestrom.app.office.arguments import Knowledge, Place
from folkestrom.app.office.presentation import AS_COUNTED, Presentation
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import PUBLISHED, KnownAt
from folkestrom.model.time import EXTRACTION_MONTHS


@dataclass(frozen=True, slots=True)
class OlderImmigrantsQuestion:
    """Immigrants carried forward to old ages; see `analysis.prospects.older`.

    Its fields are as of `Store.older_immigrants`.
    """

    first: int
    last: int
    by: tuple[str, ...] = ()
    ages: tuple[int, ...] = AGES
    base_years: int = 5
    every: int = 1
    level: float = 0.95
    draws: int = DRAWS
    seed: int = 1
    known_at: KnownAt = PUBLISHED
    extraction_months: int = EXTRACTION_MONTHS
    shown: Presentation = AS_COUNTED

    @classmethod
    def asked(
        cls, place: Place, *, from_: int, to_: int, by: str | Iterable[str],
        ages: str | Sequence[int], years: int, every: int, level: float, draws: int, seed: int,
        known_at: Knowledge, extraction_months: int | None, shown: Presentation = AS_COUNTED,
    ) -> Self:  # fmt: skip
        """The question as a user asks it; `place` names an argument as it was typed."""
        known = arguments.knowledge(known_at, place("known_at"))
        months = arguments.months(extraction_months, known, place("extraction_months"))
        listed = ages.split(",") if isinstance(ages, str) else ages
        try:
            numbers = tuple(int(age) for age in listed)
        except ValueError:
            raise UsageError(
                "are no ages", where=place("ages"), value=ages, allowed="such as 67,80"
            ) from None
        return cls(
            from_, to_, arguments.names(by), numbers, years, every, level, draws, seed,
            known, months, shown,
        )  # fmt: skip

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Cells:
        """The answer of an open store."""
        found = older_immigrants(
            connection, self.first, self.last, self.by, ages=self.ages,
            base_years=self.base_years, every=self.every, level=self.level, draws=self.draws,
            seed=self.seed, known_at=self.known_at, extraction_months=self.extraction_months,
        )  # fmt: skip
        return self.shown.of(found)
