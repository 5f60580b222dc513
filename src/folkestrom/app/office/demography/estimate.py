"""The question of an estimate at the turn of the year."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date as calendar_day
from typing import Final, Self

import duckdb

from folkestrom.app.office import arguments
from folkestrom.app.office.arguments import Day, Place
from folkestrom.app.office.presentation import AS_COUNTED, Presentation
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.names import without_effect
from folkestrom.model.time import EXTRACTION_MONTHS
from folkestrom.statistics.estimates.estimating import METHODS, USUAL, Method, Way, estimate

#: The least and the most of numbers that may be asked for.
_LIMITS: Final = {
    "years": (1, 100), "draws": (2, 10_000), "seed": (0, 2**63), "round": (1, 1_000_000),
    "extraction_months": (0, 12),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class EstimateQuestion:
    """The population of a day, estimated before it is known; see `statistics.estimates.estimating`.

    Its fields are as of `Store.estimate`.
    """

    day: calendar_day
    known_at: calendar_day
    by: tuple[str, ...] = ()
    way: Way = USUAL
    extraction_months: int = EXTRACTION_MONTHS
    shown: Presentation = AS_COUNTED

    @classmethod
    def asked(
        cls, place: Place, *, date: Day, known_at: Day, by: str | Iterable[str],
        method: Method, years: int | None, interval: float, draws: int, seed: int, round: int,
        delays_by: str | None, extraction_months: int | None,
        shown: Presentation = AS_COUNTED,
    ) -> Self:  # fmt: skip
        """The question as a user asks it; `place` names an argument as it was typed."""
        if method not in METHODS:
            raise UsageError(
                "is not a method", where=place("method"), value=method, allowed=METHODS
            )
        if not 0 < interval < 100:
            raise UsageError(
                "is no per cent of draws", where=place("interval"), value=interval,
                allowed="between 0 and 100, such as 90",
            )  # fmt: skip
        months = EXTRACTION_MONTHS if extraction_months is None else extraction_months
        numbers = {
            "years": years, "draws": draws, "seed": seed, "round": round,
            "extraction_months": months,
        }  # fmt: skip
        for name, value in numbers.items():
            least, most = _LIMITS[name]
            if value is not None and not least <= value <= most:
                raise UsageError(
                    "is too little or too much", where=place(name), value=value,
                    allowed=f"{least} to {most}",
                )  # fmt: skip
        way = Way(method, years, interval, draws, seed, round, delays_by)
        _check_effect(place, way)
        return cls(
            arguments.day(date, place("date")), arguments.day(known_at, place("known_at")),
            arguments.names(by), way, months, shown,
        )  # fmt: skip

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Cells:
        """The answer of an open store."""
        found = estimate(
            connection, self.day, self.known_at, self.by, self.way,
            extraction_months=self.extraction_months,
        )  # fmt: skip
        return self.shown.of(found)


def _check_effect(place: Place, way: Way) -> None:
    """Refuse what the method does not look at."""
    if way.method == "delays":
        said, why = {"round": way.round != 1}, "the estimates of this method add up"
    else:
        said = {
            name: getattr(way, name) != getattr(USUAL, name)
            for name in ("interval", "draws", "seed", "delays_by")
        }
        why = "this method has no intervals"
    if way.method in ("relative-growth", "last-december"):
        said["years"] = way.years is not None
        why = "this method goes by one past year, without intervals"
    for name, given in said.items():
        if given:
            raise without_effect(place(name), getattr(way, name), why, "Leave it out")
