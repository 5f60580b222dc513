"""Questions about the panel of a study: outcomes, or the values of a number, by cell."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from folkestrom.analysis.description.cells import described_cells
from folkestrom.analysis.description.panel import OUTCOME, describe
from folkestrom.analysis.study.definition import Study
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.names import without_effect
from folkestrom.outputs import description as published
from folkestrom.outputs.description import USUAL_QUANTILES
from folkestrom.outputs.rules import Rules


@dataclass(frozen=True, slots=True)
class DescriptionQuestion:
    """What the panel of a study shows: outcomes, or the values of a number, in each cell.

    Its fields are as of `StoreStudy.describe`; without rules the answer stays in the office.

    Raises
    ------
    UsageError
        What cannot be meant, before anything is counted.
    """

    study: Study
    by: tuple[str, ...] = ()
    of: str | None = None
    shares: tuple[float, ...] = ()
    rules: Rules | None = None

    def __post_init__(self) -> None:
        twice = [name for name in self.by if self.by.count(name) > 1]
        if twice:
            raise UsageError("is asked for twice", where="by", value=twice[0])
        if self.of is not None and self.of in self.by:
            raise UsageError("is what the values are of", where="by", value=self.of)
        if self.of is None and OUTCOME in self.by:
            raise UsageError(
                "is told apart anyway, and goes with a number (of) only", where="by", value=OUTCOME
            )
        if self.of is None and self.shares:
            raise without_effect(
                "quantiles", ", ".join(map(str, self.shares)), "no number is summarised",
                "Say of which number: of",
            )  # fmt: skip
        for share in self.shares:
            if isinstance(share, bool) or not 0 < share < 1:
                raise UsageError(
                    "is no share", where="quantiles", value=share,
                    allowed="numbers between 0 and 1, such as 0.25",
                )  # fmt: skip
        repeated = [share for share in self.shares if self.shares.count(share) > 1]
        if repeated:
            raise UsageError("is asked for twice", where="quantiles", value=repeated[0])

    @property
    def quantiles(self) -> tuple[float, ...]:
        """Quantiles that are shown."""
        return self.shares or USUAL_QUANTILES

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Cells:
        """The answer of an open store; with rules, what may be shown of it."""
        found = describe(connection, self.study, self.by, self.of, self.quantiles)
        return (
            described_cells(found) if self.rules is None else published.published(found, self.rules)
        )
