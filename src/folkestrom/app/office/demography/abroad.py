"""The question of emigrants living abroad."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import duckdb

from folkestrom.analysis.abroad.stock import Assumed, abroad
from folkestrom.app.office import arguments
from folkestrom.app.office.arguments import Day, Knowledge, Place
from folkestrom.app.office.presentation import AS_COUNTED, Presentation
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.countries import NORWAY
from folkestrom.model.knowledge import PUBLISHED, KnownAt
from folkestrom.model.names import without_effect
from folkestrom.model.time import EXTRACTION_MONTHS
from folkestrom.variables.selection import Kept, Only, codes_kept

#: A number, two numbers, or a text such as "0-1".
Range = float | Sequence[float] | str


@dataclass(frozen=True, slots=True)
class AbroadQuestion:
    """Emigrants living abroad, alone or beside mirror statistics; see `analysis.prospects`.

    Its fields are as of `Store.abroad`.
    """

    day: dt.date
    by: tuple[str, ...] = ()
    known_at: KnownAt = PUBLISHED
    extraction_months: int = EXTRACTION_MONTHS
    only: Only = field(default_factory=dict)
    assumed: Assumed = Assumed()  # noqa: RUF009 - frozen
    mirror: Path | None = None
    shown: Presentation = AS_COUNTED

    @classmethod
    def asked(
        cls, place: Place, *, date: Day, by: str | Iterable[str], known_at: Knowledge,
        extraction_months: int | None, mortality: Range, over_coverage: Range,
        left_before: Range | None, mirror: str | os.PathLike[str] | None,
        only: Kept | None = None, shown: Presentation = AS_COUNTED,
    ) -> Self:  # fmt: skip
        """The question as a user asks it; `place` names an argument as it was typed."""
        known = arguments.knowledge(known_at, place("known_at"))
        months = arguments.months(extraction_months, known, place("extraction_months"))
        assumed = Assumed(
            _range(mortality, place("mortality")),
            _shares(over_coverage, place("over_coverage")),
            None if left_before is None else _range(left_before, place("left_before")),
        )
        names, kept = arguments.names(by), codes_kept(only or {}, place("only"))
        if mirror is not None and (names or kept):
            raise without_effect(
                place("by" if names else "only"), ", ".join(names or kept),
                "mirror statistics are by country", "Leave it out, or the mirror",
            )  # fmt: skip
        day = arguments.day(date, place("date"))
        path = None if mirror is None else Path(mirror)
        return cls(day, names, known, months, kept, assumed, path, shown)

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Cells:
        """The answer of an open store."""
        if self.mirror is None:
            return self.shown.of(self._counted(connection, self.by, self.only))
        from folkestrom.analysis.abroad.mirror import DEFINITIONS, mirrored, read_mirror

        mirror = read_mirror(self.mirror)
        found = {
            definition: self._counted(
                connection, ("country",), {DEFINITIONS[definition][0]: NORWAY}
            )
            for definition in DEFINITIONS
            if any(definition == other for other, _ in mirror.stocks)
        }
        return self.shown.of(mirrored(found, mirror, self.day.year))

    def _counted(
        self, connection: duckdb.DuckDBPyConnection, by: Iterable[str], only: Only
    ) -> Cells:
        return abroad(
            connection, self.day, by, self.known_at, only=only,
            extraction_months=self.extraction_months, assumed=self.assumed,
        )  # fmt: skip


def _shares(given: Range, where: str) -> tuple[float, float]:
    """The least and the most of shares, as typed or as a file of over-coverage has them."""
    if not (isinstance(given, str) and given.endswith(".csv")):
        return _range(given, where)
    from folkestrom.analysis.over_coverage.carried import gone_of

    gone = gone_of(given, where)
    if gone.by:
        raise UsageError(
            "has shares by groups, and one for all immigrants is asked for", where=where,
            value=given, next_step="Make the file without --by, of immigrants alone",
        )  # fmt: skip
    return gone.ends[()]


def _range(given: Range, where: str) -> tuple[float, float]:
    """Two numbers, of one or two, or of a text with a hyphen between them."""
    parts: Sequence[float | str] = (
        given.split("-") if isinstance(given, str)
        else given if isinstance(given, Sequence) else (given,)
    )  # fmt: skip
    try:
        numbers = [float(one) for one in parts]
    except (TypeError, ValueError):
        numbers = []
    if len(numbers) not in (1, 2):
        raise UsageError(
            "is no number, and no range of two", where=where, value=given,
            allowed="such as 0.5 or 0.5-1.2",
        )  # fmt: skip
    return numbers[0], numbers[-1]
