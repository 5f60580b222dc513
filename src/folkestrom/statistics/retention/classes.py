"""Retention classes as data: what each covers, and for how long its files are kept."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from folkestrom.model.time import add_months


@dataclass(frozen=True, slots=True)
class RetentionClass:
    """How long individual files of some statistics are kept.

    Parameters
    ----------
    id
        Its name.
    covers
        What the files are of: "year", "quarter" or "estimate".
    cite
        What the source says.
    months
        Months that a file is kept after it was drawn; None: for good.
    """

    id: str
    covers: str
    cite: str
    months: int | None = None

    def due(self, drawn_on: date) -> date | None:
        """The day from which a file is no longer kept; None: it is kept for good.

        Examples
        --------
        >>> [str(one.due(date(2021, 2, 1))) for one in retention_classes().values()]
        ['None', '2022-02-01', '2022-02-01']
        """
        return None if self.months is None else add_months(drawn_on, self.months)


@cache
def retention_classes() -> dict[str, RetentionClass]:
    """All retention classes, by what they cover."""
    path = files("folkestrom.statistics.retention") / "data" / "classes.toml"
    rows = tomllib.loads(path.read_text("utf-8"))["class"]
    return {row["covers"]: RetentionClass(**row) for row in rows}
