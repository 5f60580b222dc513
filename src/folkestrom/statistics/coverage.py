"""How far the log reaches: before and after that, there is nothing to count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import duckdb

from folkestrom.engine.steps import run, step
from folkestrom.errors import UsageError
from folkestrom.model.codes import Kind
from folkestrom.model.knowledge import LATEST, PUBLISHED, Knowledge, KnownAt
from folkestrom.model.report import SYNTHETIC_SOURCE
from folkestrom.model.specification import Text
from folkestrom.model.time import EXTRACTION_MONTHS, OPEN
from folkestrom.variables.borders.views import own_tables

SYNTHETIC: Final = Text(
    "Synthetic data: every person is invented. Years before 2020 are back-cast where they were not "
    "made from published series.",
    "Syntetiske data: alle personer er oppdiktet. År før 2020 er beregnet bakover der de ikke er "
    "laget etter publiserte serier.",
)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Days that the log can speak of.

    Parameters
    ----------
    first
        First day with a stock.
    first_known
        First knowledge date on which the stock was known.
    last
        Last knowledge date on which something became known.
    synthetic
        Whether reports are of a synthetic country.
    """

    first: date
    first_known: date
    last: date
    synthetic: bool = False

    @property
    def nature(self) -> tuple[Text, ...]:
        """What every output says of persons who are invented; nothing of others."""
        return (SYNTHETIC,) if self.synthetic else ()

    def check_day(self, day: date, where: str = "date") -> None:
        """Refuse a reference date outside of what the log knows."""
        if day > self.last:
            raise UsageError(
                f"is later than what the log knows: its last reports became known on {self.last}",
                where=where,
                value=day,
                allowed=f"days from {self.first} to {self.last}",
                next_step="Take in later reports first, or ask for an earlier day",
            )
        if day < self.first:
            raise UsageError(
                f"is before the log begins: its first stock is that of {self.first}",
                where=where,
                value=day,
                allowed=f"days from {self.first} to {self.last}",
                next_step=f"Ask for {self.first} or later, or take in what was reported earlier",
            )

    def check_known(self, day: date, where: str = "known_at") -> None:
        """Refuse a knowledge date on which nothing was known yet, or nothing is any more."""
        if day >= OPEN:
            raise UsageError(
                "is the day that stands for an end that is not known", where=where, value=day,
                allowed=f"days from {self.first_known} to {OPEN - timedelta(days=1)}",
                next_step="Ask for an earlier day, or for all that is known: latest",
            )  # fmt: skip
        if day < self.first_known:
            raise UsageError(
                f"is before anything was known: the first stock became known on {self.first_known}",
                where=where,
                value=day,
                allowed=f"days from {self.first_known}",
                next_step="Ask for one of them, or for all that is known: latest",
            )

    def knowledge(self, asked: KnownAt, months: int = EXTRACTION_MONTHS) -> Knowledge:
        """What is known of each day, for what was asked for: "published", "latest", or a day."""
        if isinstance(asked, date):
            self.check_known(asked)
        elif asked not in (PUBLISHED, LATEST):
            raise UsageError(
                "is not a knowledge date",
                where="known_at",
                value=asked,
                allowed=("a date", PUBLISHED, LATEST),
            )
        return Knowledge(asked, self.first_known, self.last, months)

    def notes(self, known: date) -> tuple[Text, ...]:
        """Footnotes of all figures, and of those as known on a day that the log does not reach."""
        if known <= self.last:
            return self.nature
        return (
            *self.nature,
            Text(
                f"Preliminary: the log's last reports became known on {self.last}, and figures as "
                f"known on {known} lack what came later.",
                f"Foreløpig: de siste meldingene i loggen ble kjent {self.last}, og tall slik de "
                f"var kjent {known}, mangler det som kom senere.",
            ),
        )


@step("log_coverage", reads=["event", "known_report", "residence", "source"])
def log_coverage(of: str = "") -> str:
    """First day of the register, and the first and last days on which something became known.

    The register begins when its stock is first registered. A few events may be dated before that,
    such as immigrations that were reported late; the stock of those days is not in the log. Where
    nobody was first registered, the register begins with the first resident.
    """
    registered = f"kind = {int(Kind.FIRST_REGISTRATION)}"
    return f"""
        SELECT coalesce(
                 (SELECT min(event_date) FROM {of}event
                  WHERE {registered} AND known_to = DATE '9999-12-31'),
                 (SELECT min(valid_from) FROM {of}residence)
               ) AS first_day,
               coalesce(
                 (SELECT min(first_known) FROM {of}event WHERE {registered}),
                 (SELECT min(known_from) FROM {of}residence)
               ) AS first_known,
               (SELECT max(known_from) FROM known_report) AS last_known,
               EXISTS (SELECT 1 FROM source WHERE name = '{SYNTHETIC_SOURCE}') AS synthetic
        FROM (SELECT 1 FROM {of}residence LIMIT 1) AS anybody
    """


def coverage(connection: duckdb.DuckDBPyConnection) -> Coverage:
    """How far the log of an open store reaches."""
    found = run(connection, [log_coverage(own_tables(connection))]).fetchall()
    if not found:
        raise UsageError(
            "has no residents: there is nothing to count",
            where="the store",
            next_step="Take in reports with `folkestrom intake FILES`",
        )
    ((first, first_known, last, synthetic),) = found
    return Coverage(first + timedelta(days=1), first_known, last, synthetic)
