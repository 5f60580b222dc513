"""Types of events, and what becomes of each: the table that the manual shows."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources


class Treatment(StrEnum):
    """What becomes of an event."""

    MAPPED = "mapped"
    IGNORED = "ignored"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class EventType:
    """A type of events.

    Parameters
    ----------
    type
        Its name in the list.
    listed_in
        Where the register names it: its schema (version 1.4 of the event document), or only its
        documents (version 1.8 of its description of events).
    treatment
        What becomes of its events.
    what
        The reports that they become.
    why
        Why nothing, or not all, of it becomes a report.
    """

    type: str
    listed_in: str
    treatment: Treatment
    what: str
    why: str


@cache
def event_types() -> dict[str, EventType]:
    """All types that are known, by name."""
    file = resources.files("folkestrom.intake.feed") / "event_types.csv"
    with file.open(encoding="utf-8") as lines:
        rows = [EventType(**row | {"treatment": Treatment(row["treatment"])})  # type: ignore[arg-type]
                for row in csv.DictReader(lines)]  # fmt: skip
    return {row.type: row for row in rows}


def treatment(type: str) -> Treatment:
    """What becomes of events of a type; those of an unknown one wait for one who knows it."""
    known = event_types().get(type)
    return Treatment.QUARANTINED if known is None else known.treatment
