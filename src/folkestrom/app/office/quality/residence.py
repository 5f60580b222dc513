"""The question of wrong registered residence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date as calendar_day
from typing import Self

import duckdb

from folkestrom.app.office import arguments
from folkestrom.app.office.arguments import Day, Knowledge, Place
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import LATEST, KnownAt
from folkestrom.statistics.quality.wrong_residence import wrong_residence


@dataclass(frozen=True, slots=True)
class WrongResidenceQuestion:
    """Who is registered elsewhere than they live; see `Store.wrong_residence`."""

    date: calendar_day
    known_at: KnownAt = LATEST
    survey: tuple[int, int] | None = None

    @classmethod
    def asked(cls, place: Place, *, date: Day, known_at: Knowledge, survey: str | None) -> Self:
        """The question as a user asks it; `place` names an argument as it was typed."""
        said = None if survey is None else re.fullmatch(r"\s*(\d{1,9})\s*/\s*(\d{1,9})\s*", survey)
        if survey is not None and not said:
            raise UsageError(
                "is no result of a survey", where=place("survey"), value=survey,
                allowed="persons registered elsewhere, and persons asked, such as 138/2500",
            )  # fmt: skip
        counts = (int(said[1]), int(said[2])) if said else None
        known = arguments.knowledge(known_at, place("known_at"))
        return cls(arguments.day(date, place("date")), known, counts)

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Cells:
        """The answer of an open store."""
        return wrong_residence(connection, self.date, self.known_at, self.survey)
