"""What a demonstration found: for the terminal, the page and machines."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from folkestrom.app.demo.comparison import ComparedTable
from folkestrom.app.demo.cost import StepCost
from folkestrom.app.demo.figures import Figures
from folkestrom.model.specification import Text

#: Raised when what `as_dict` gives changes its shape.
RECORD_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Run:
    """What was run.

    Parameters
    ----------
    version
        Version of the program.
    year
        The tables stand on 1 January of this year.
    known_at
        Their knowledge date.
    scale, seed
        Of the synthetic country.
    source
        Where its targets come from: "embedded" or "reference".
    reports
        Reports in the log.
    notes
        What has to be said about the targets.
    """

    version: str
    year: int
    known_at: str
    scale: float
    seed: int
    source: str
    reports: int
    notes: tuple[str, ...] = ()

    @property
    def other(self) -> Text:
        """What the store's figures are compared with, in a word."""
        if self.scale == 1:
            return Text("Published", "Publisert")
        return Text("Expected", "Forventet")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came out of a run.

    Parameters
    ----------
    run
        What was run.
    tables
        The compared tables.
    figures
        What else there is to show.
    costs
        What the steps cost.
    peak_bytes
        Most memory that the process ever held.
    """

    run: Run
    tables: tuple[ComparedTable, ...]
    figures: Figures
    costs: tuple[StepCost, ...]
    peak_bytes: int

    @property
    def compared(self) -> int:
        """Number of cells that were compared."""
        return sum(table.compared for table in self.tables)

    @property
    def differing(self) -> int:
        """Number of cells that differ."""
        return sum(table.differing for table in self.tables)

    @property
    def seconds(self) -> float:
        """Seconds of all steps."""
        return sum(cost.seconds for cost in self.costs)

    def as_dict(self) -> dict[str, Any]:
        """The same for machines, as `docs/reference/demo-json.md` describes it."""
        return {
            "record_version": RECORD_VERSION,
            "synthetic": True,
            "run": asdict(self.run),
            "compared": self.compared,
            "differing": self.differing,
            "tables": [_table(table) for table in self.tables],
            "account": list(self.figures.account),
            "adjustment": [
                {**asdict(revision), "month": f"{revision.month:%Y-%m}"}
                for revision in self.figures.revisions
            ],
            "eight_countries": asdict(self.figures.eight_countries),
            "prospect": list(self.figures.prospect),
            "delays": [asdict(one) for one in self.figures.log_delays],
            "costs": [_cost(cost) for cost in self.costs],
            "seconds": round(self.seconds, 3),
            "peak_bytes": self.peak_bytes,
        }


def _table(table: ComparedTable) -> dict[str, Any]:
    return {
        "table": table.name,
        "title": table.specification.title.en,
        "compared": table.compared,
        "differing": table.differing,
        "cells": [
            {
                "sex": sex,
                "row": row,
                "column": column,
                "own": pair.own,
                "published": pair.published,
                "printed": pair.printed,
                "difference": pair.difference,
                "differs": pair.differs,
            }
            for (sex, row, column), pair in sorted(table.pairs.items())
        ],
    }


def _cost(cost: StepCost) -> dict[str, Any]:
    rate = cost.reports_per_second
    return {
        "step": cost.name,
        "seconds": round(cost.seconds, 3),
        "reports": cost.reports,
        "reports_per_second": None if rate is None else round(rate),
        "peak_bytes": cost.peak_bytes,
    }
