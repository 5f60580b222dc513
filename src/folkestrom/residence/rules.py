"""The rules by which a person counts as resident, as data: dated, and with their source.

In the register one rule decides everything: what it has registered. Whether a stay meets the six
months, which country's rule a Nordic move follows, or where a person with two homes belongs, was
decided by the authority that sent the report; a record does not carry what it would take to decide
it again. What stays are decided by is in `folkestrom.residence.law`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from folkestrom.model.specification import Text
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
    citation: Text
    valid_from: date
    valid_to: date = OPEN


REGISTERED_REPORT_NAME: Final = "registered report"
_TEXT: Final = (
    "Resident is whom the register has registered as living in a municipality, from the day of the "
    "event on that a standing report tells, until the day of the move, emigration or death that "
    "another standing report tells. An emigration that nobody reported leaves the person resident."
)
#: Older stays in the log were registered under earlier law, which the log cannot tell apart.
_ACT_OF_1970: Final = date(1970, 1, 16)
_ACT_OF_2016: Final = date(2017, 10, 1)

RULES: Final = (
    ResidenceRule(
        REGISTERED_REPORT_NAME,
        _TEXT,
        Text(
            "Population Registration Act of 16 January 1970, regulations as amended from "
            "1 February 1980",
            "lov 16. januar 1970 nr. 1 om folkeregistrering, forskriften som endret fra 1. februar "
            "1980",
        ),
        _ACT_OF_1970,
        _ACT_OF_2016,
    ),
    ResidenceRule(
        REGISTERED_REPORT_NAME,
        _TEXT,
        Text(
            "Population Registration Act of 9 December 2016 no. 88, in force from 1 October 2017",
            "lov 9. desember 2016 nr. 88 om folkeregistrering, i kraft fra 1. oktober 2017",
        ),
        _ACT_OF_2016,
    ),
)


def registered_report(day: date) -> ResidenceRule:
    """The rule of a registered report whose event is on a day.

    Examples
    --------
    >>> registered_report(date(2017, 10, 1)).citation.en[:43]
    'Population Registration Act of 9 December 2'
    """
    return RULES[day >= _ACT_OF_2016]
