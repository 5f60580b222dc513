"""How long what is kept: extracts, and the erasure of a person's identity."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from folkestrom.app.office import arguments
from folkestrom.app.office.arguments import parameter
from folkestrom.app.office.deliveries import retention
from folkestrom.app.office.store.opened import Opened
from folkestrom.columns import check_arguments

if TYPE_CHECKING:
    from folkestrom.app.office.arguments import Day
    from folkestrom.app.office.deliveries.retention import Erased
    from folkestrom.statistics.retention.extract import Extract


@dataclass(frozen=True, slots=True)
class Retention(Opened):
    """Methods that keep extracts, delete them, and erase identities."""

    def make_extract(
        self,
        year: int | str | None = None,
        *,
        quarter: str | None = None,
        estimate: Day | None = None,
        known_at: Day | None = None,
    ) -> Extract:
        """Draw the individual file of a year, a quarter or an estimate; again, if its file is gone.

        Parameters
        ----------
        year, quarter
            What it is of: 2020, or "2020Q3". It is drawn at its extraction, which must be sealed.
        estimate, known_at
            The turn of a year that is estimated, and the day on which that is done.

        Raises
        ------
        UsageError
            The extraction is not sealed, or beyond what the log knows.
        StoreError
            It was drawn before, and is not the same now.
        """
        check_arguments(Retention.make_extract, locals())
        return retention.make(
            self.path, self.waiting, parameter, year=year, quarter=quarter, estimate=estimate,
            known_at=known_at,
        )  # fmt: skip

    def extracts(self) -> pa.Table:
        """What was drawn: class, checksum, when it is due, and whether its file is kept."""
        found = [*retention.extracts(self.path, self.waiting).values()]
        return pa.Table.from_pylist(retention.listed(found, self.path))

    def expire_extracts(
        self, names: str | Iterable[str] = (), on: Day | None = None
    ) -> list[Extract]:
        """Delete files of extracts that are due by their retention class; what was deleted.

        Parameters
        ----------
        names
            Only these, which must be due.
        on
            Due by this day; None: today.
        """
        check_arguments(Retention.expire_extracts, locals())
        day = None if on is None else arguments.day(on, "on")
        return retention.expire(self.path, self.waiting, arguments.names(names), day)

    def retention_log(self) -> list[dict[str, Any]]:
        """What was drawn, deleted and erased: one chained line each."""
        return retention.log(self.path, self.waiting)

    def erase(self, person: int, order: str, *, remove_reports: bool = False) -> Erased:
        """Erase a person's identity on a legal order; what can no longer be derived.

        Parameters
        ----------
        person
            The pseudonym. A random number takes its place everywhere.
        order
            Reference of the order; it is kept, and the pseudonym is not.
        remove_reports
            Remove the person's reports too: figures that count the person are others then.
        """
        check_arguments(Retention.erase, locals())
        return retention.erase(
            self.path, self.waiting, person, order, remove_reports=remove_reports
        )
