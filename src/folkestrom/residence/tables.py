"""What residence hands on: decisions, each with the rule and the report behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from folkestrom.model.codes import Kind


class ResidenceReason(StrEnum):
    """Why a person is, or is not, counted."""

    REGISTERED = "registered"
    NO_RECORD = "no record yet"
    EMIGRATED = "emigrated"
    DIED = "died"
    MERGED = "continued as another person"


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a person is resident on a day, as known on another, and what says so.

    Parameters
    ----------
    resident
        Whether the person is counted.
    because
        Why.
    rule
        Name of the rule.
    municipality, basic_unit
        Where, if resident.
    since
        From when on; None without a record.
    position, kind
        The report that says so, in the log; None without a record.
    """

    resident: bool
    reason: ResidenceReason
    rule: str
    municipality: int | None = None
    basic_unit: int | None = None
    since: date | None = None
    position: int | None = None
    kind: Kind | None = None
