"""The questions of over-coverage: how many are gone, and in which years they left."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import duckdb

from folkestrom.analysis.over_coverage.redated import redated
from folkestrom.analysis.over_coverage.registered import Signs
from folkestrom.analysis.over_coverage.reports import CleanUps
from folkestrom.analysis.over_coverage.table import Way, over_coverage
from folkestrom.app.office import arguments
from folkestrom.app.office.arguments import Day, Knowledge, Place
from folkestrom.app.office.presentation import AS_COUNTED, Presentation
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import PUBLISHED, KnownAt
from folkestrom.model.names import without_effect
from folkestrom.model.time import EXTRACTION_MONTHS
from folkestrom.quality.presence.index import Index
from folkestrom.variables.selection import Kept, Only, codes_kept

#: Weights by name, or a text such as "work=1,tax=0.5".
Weights = Mapping[str, float] | str | None
#: Years, or a text such as "2016,2019".
Years = Sequence[int] | str


@dataclass(frozen=True, slots=True)
class OverCoverageQuestion:
    """How many are registered and gone; see `analysis.over_coverage`.

    Its fields are as of `Store.over_coverage`.
    """

    day: dt.date
    by: tuple[str, ...] = ()
    known_at: KnownAt = PUBLISHED
    extraction_months: int = EXTRACTION_MONTHS
    only: Only = field(default_factory=dict)
    way: Way = Way()  # noqa: RUF009 - frozen
    shown: Presentation = AS_COUNTED

    @classmethod
    def asked(
        cls, place: Place, *, date: Day, by: str | Iterable[str], known_at: Knowledge,
        extraction_months: int | None, only: Kept | None, method: str | Iterable[str],
        signs: str | Iterable[str], weights: Weights, decay: float, stability: float,
        threshold: float, strata: str | Iterable[str], models: int, clean_ups: Years,
        late_after: int, shrink: bool, unregistered: bool, level: float, draws: int, seed: int,
        shown: Presentation = AS_COUNTED,
    ) -> Self:  # fmt: skip
        """The question as a user asks it; `place` names an argument as it was typed."""
        known = arguments.knowledge(known_at, place("known_at"))
        months = arguments.months(extraction_months, known, place("extraction_months"))
        for name, value, least in (("models", models, 1), ("draws", draws, 2), ("seed", seed, 0)):
            if value < least:
                raise UsageError(
                    "is too few", where=place(name), value=value, allowed=f"from {least}"
                )
        if weights and not signs:
            raise without_effect(
                place("weights"), weights, "no signs are named", f"Say {place('signs')}"
            )
        way = Way(
            arguments.names(method),
            Signs(
                arguments.names(signs), _weights(weights, place("weights")),
                Index(decay, stability, threshold), arguments.names(strata), models,
            ),
            CleanUps(_years(clean_ups, place("clean_ups")), late_after),
            level, shrink, unregistered, draws, seed,
        )  # fmt: skip
        names = arguments.names(by)
        way.refuse_unfit(names)
        kept = codes_kept(only or {}, place("only"))
        return cls(arguments.day(date, place("date")), names, known, months, kept, way, shown)

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Cells:
        """The answer of an open store."""
        found = over_coverage(
            connection, self.day, self.by, self.known_at, self.way, only=self.only,
            extraction_months=self.extraction_months,
        )  # fmt: skip
        return self.shown.of(found)


@dataclass(frozen=True, slots=True)
class RedatedQuestion:
    """Emigrations as they became known, and as they may have happened.

    Its fields are as of `Store.redated`.
    """

    start: dt.date
    end: dt.date
    known_at: KnownAt = PUBLISHED
    clean_ups: CleanUps = CleanUps()  # noqa: RUF009 - frozen
    shown: Presentation = AS_COUNTED

    @classmethod
    def asked(
        cls, place: Place, *, from_: Day, to_: Day, known_at: Knowledge, clean_ups: Years,
        late_after: int, shown: Presentation = AS_COUNTED,
    ) -> Self:  # fmt: skip
        """The question as a user asks it; `place` names an argument as it was typed."""
        period = arguments.period(from_, to_, place)
        known = arguments.knowledge(known_at, place("known_at"))
        found = CleanUps(_years(clean_ups, place("clean_ups")), late_after)
        return cls(period.start, period.end, known, found, shown)

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Cells:
        """The answer of an open store."""
        return self.shown.of(
            redated(connection, self.start, self.end, self.known_at, self.clean_ups)
        )


def _weights(given: Weights, where: str) -> dict[str, float]:
    if not given:
        return {}
    if isinstance(given, str):
        parts = [part.partition("=") for part in given.split(",")]
        named = {name.strip(): value for name, _, value in parts}
    else:
        named = {name: str(value) for name, value in given.items()}
    try:
        found = {name: float(value) for name, value in named.items()}
    except ValueError:
        found = {"": -1.0}
    if not all(0 <= value < 1e6 for value in found.values()):
        raise UsageError(
            "is no list of weights", where=where, value=given,
            allowed="signs with a number from 0 on: work=1,tax=0.5",
        )  # fmt: skip
    return found


def _years(given: Years, where: str) -> tuple[int, ...]:
    parts = given.split(",") if isinstance(given, str) else given
    return tuple(arguments.year(part, where) for part in parts if str(part).strip())
