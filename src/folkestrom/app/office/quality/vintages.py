"""The same stock by several knowledge dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import duckdb

from folkestrom.app.office import arguments
from folkestrom.app.office.arguments import Knowledge, Place
from folkestrom.app.office.presentation import AS_COUNTED
from folkestrom.app.office.session import answered
from folkestrom.app.office.statistics import PopulationQuestion
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import PUBLISHED, KnownAt
from folkestrom.model.names import without_effect
from folkestrom.statistics.vintages import compared


@dataclass(frozen=True, slots=True)
class VintagesQuestion:
    """A stock as known on each of several days, and the difference; see `Store.population`."""

    stock: PopulationQuestion
    known: tuple[KnownAt, ...]

    @classmethod
    def asked(
        cls, place: Place, stock: PopulationQuestion, compare_known: str | Sequence[Knowledge]
    ) -> Self:
        """The question as a user asks it; `place` names an argument as it was typed."""
        where = place("compare_known")
        if stock.known_at != PUBLISHED:
            raise without_effect(
                place("known_at"), str(stock.known_at), f"{where} says what was known",
                "Leave one of the two out",
            )  # fmt: skip
        known = tuple(arguments.several_known(compare_known, where))
        if len(set(known)) < max(len(known), 2):
            raise UsageError(
                "are not different knowledge dates",
                where=where,
                value=", ".join(map(str, known)),
                allowed="two or more, such as 2021-02-01,2024-02-01 or published,latest",
            )
        if stock.shown.rules is not None:
            raise UsageError(
                "tells single persons of what became known in between, and stays in the office",
                where=where,
                next_step=f"Leave {place('publish')} out, or publish one knowledge date",
            )
        return cls(stock, known)

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Cells:
        """The answer of an open store."""
        stocks = [replace(self.stock, known_at=known, shown=AS_COUNTED) for known in self.known]
        return self.stock.shown.of(compared([answered(connection, s) for s in stocks]))
