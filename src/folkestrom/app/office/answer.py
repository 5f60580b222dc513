"""Answers: cells for readers, and where they stay in the office the same without rounding."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from folkestrom.model.cells import Cells, Frame, Target, as_frame


@dataclass(frozen=True, slots=True)
class Answer:
    """What a store answers.

    Parameters
    ----------
    cells
        The figures with their specification, rounded as they are shown.
    exact
        The same figures as they were computed, and described; None: they are not to be had, as
        of what is published.
    """

    cells: Cells
    exact: pa.Table | None = None

    def to(self, target: Target) -> Frame:
        """The figures as an Arrow table, or a data frame of Polars or pandas."""
        return self.cells.to(target) if self.exact is None else as_frame(self.exact, target)
