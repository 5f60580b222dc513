"""The rules by which a person counts as resident, as data: dated, and with their source.

So far one rule decides everything: what the register has registered. Whether a stay meets the six
months, which country's rule a Nordic move follows, or where a person with two homes belongs, was
decided by the authority that sent the report; a record does not carry what it would take to decide
it again. Rules that do decide something get a row of their own here, with their dates.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from folkestrom.model.time import OPEN


@dataclass(frozen=True, slots=True)
class ResidenceRule:
    """One rule.

    Parameters
    ----------
    name
        What decisions refer to it by.
    text
        The rule, in words.
    citation
        Where it is laid down.
    valid_from, valid_to
        From when on, and until when, it decides.
    """

    name: str
    text: str
    citation: str
    valid_from: date
    valid_to: date = OPEN


REGISTERED_REPORT: Final = ResidenceRule(
    "registered report",
    "Resident is whom the register has registered as living in a municipality, from the day of the "
    "event on that a standing report tells, until the day of the move, emigration or death that "
    "another standing report tells. An emigration that nobody reported leaves the person resident.",
    "Population Registration Act of 16 January 1970, regulations as amended from 1 February 1980",
    # Older stays in the log were registered under earlier law, which the log cannot tell apart.
    date(1970, 1, 16),
)

RULES: Final = (REGISTERED_REPORT,)
