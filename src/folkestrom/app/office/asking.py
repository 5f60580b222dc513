"""What the office asks a store: stocks, changes, published tables, and why an adjustment is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from folkestrom.app.office.session import reading
from folkestrom.engine.failures import resource_errors
from folkestrom.engine.store import Waiting
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import PUBLISHED, KnownAt
from folkestrom.model.time import EXTRACTION_MONTHS
from folkestrom.statistics import changes as accounts
from folkestrom.statistics import population as stocks
from folkestrom.statistics.changes import Quarters
from folkestrom.statistics.periods import Period
from folkestrom.statistics.published import tables
from folkestrom.statistics.published.tables import Edition, Unknown


def population(
    folder: Path,
    waiting: Waiting,
    dates: date | Sequence[date],
    by: Iterable[str] = (),
    known_at: KnownAt = PUBLISHED,
    *,
    extraction_months: int = EXTRACTION_MONTHS,
) -> Cells:
    """Residents by variables, at one day or several; see `statistics.population`."""
    with reading(folder, waiting) as connection, resource_errors():
        return stocks.population(
            connection, dates, by, known_at, extraction_months=extraction_months
        )


def changes(
    folder: Path,
    waiting: Waiting,
    periods: Sequence[Period],
    by: Iterable[str] = (),
    known_at: KnownAt = PUBLISHED,
    *,
    quarters: Quarters = "summation",
    extraction_months: int = EXTRACTION_MONTHS,
) -> Cells:
    """Accounts of periods, or flows alone; see `statistics.changes`."""
    with reading(folder, waiting) as connection, resource_errors():
        return accounts.changes(
            connection,
            periods,
            by,
            known_at,
            quarters=quarters,
            extraction_months=extraction_months,
        )


def explain(
    folder: Path,
    waiting: Waiting,
    period: Period,
    area: str = "nation",
    *,
    quarters: Quarters = "summation",
    extraction_months: int = EXTRACTION_MONTHS,
) -> Cells:
    """The adjustment of a period, report by report; see `statistics.explain`."""
    with reading(folder, waiting) as connection, resource_errors():
        return accounts.explain(
            connection, period, area, quarters=quarters, extraction_months=extraction_months
        )


def table(
    folder: Path,
    waiting: Waiting,
    name: str,
    year: int,
    *,
    known_at: KnownAt = PUBLISHED,
    extraction_months: int = EXTRACTION_MONTHS,
    unknown: Unknown = "published",
) -> Cells:
    """One of the published tables; see `statistics.published`."""
    with reading(folder, waiting) as connection, resource_errors():
        edition = Edition(connection, year, known_at, extraction_months, unknown)
        return tables.table(edition, name)
