"""By which rules two adults of one dwelling count as cohabitants, as data: country, dates, source.

Two who have a common child that lives with them cohabit by every rule. Without one they are
inferred to: where exactly one couple of the dwelling's adults is possible by the rule. Neither is
married, whoever with, and neither is the other's parent or sibling.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from folkestrom.errors import UsageError
from folkestrom.model.names import check_code
from folkestrom.model.time import OPEN


@dataclass(frozen=True, slots=True)
class CohabitationRule:
    """When two persons of one dwelling without a common child are inferred to cohabit.

    Parameters
    ----------
    country
        Whose statistics use it; ISO 3166-1 alpha-2.
    least_age
        Completed years of the younger one.
    age_difference
        So many completed years between them are too many.
    citation
        Where it is laid down, and what in it is a reading of ours.
    no_other_adult
        Whether nobody else of 18 years or more may live in the dwelling.
    same_sex, same_sex_with_child
        Whether they may be of one sex; whether so with a common child.
    valid_from, valid_to
        Reference dates of which it holds, half-open.
    """

    country: str
    least_age: int
    age_difference: int
    citation: str
    no_other_adult: bool = False
    same_sex: bool = False
    same_sex_with_child: bool = False
    valid_from: date = date(1, 1, 1)
    valid_to: date = OPEN


COHABITATION_RULES: Final = (
    CohabitationRule(
        "NO", 18, 15,
        "Statistics Norway, Families and households: cohabitants are of opposite sex, in one "
        "dwelling. Ages and the difference between them are not published; these are assumed.",
    ),
    CohabitationRule(
        "DK", 16, 15,
        "Statistics Denmark, Households and families, definitions in use since 2008: opposite "
        "sex, less than 15 years apart, unrelated, nobody else adult at the address.",
        no_other_adult=True, valid_from=date(2008, 1, 1),
    ),
    CohabitationRule(
        "SE", 18, 16,
        "Statistics Sweden, Household statistics: 18 years, at most 15 years apart, not close "
        "kin, the only possible couple of the dwelling.",
    ),
    CohabitationRule(
        "FI", 18, 16,
        "Statistics Finland, Concepts: Cohabiting couple: neither has a spouse, different sex "
        "unless they have a common child, 18 years, less than 16 years apart, not siblings. What "
        "is done where several couples are possible is not said; nobody is inferred.",
        same_sex_with_child=True,
    ),
)  # fmt: skip


def cohabitation_rule(country: str, day: date, where: str = "rule") -> CohabitationRule:
    """The rule of a country on a reference date.

    Parameters
    ----------
    country
        Whose statistics use it.
    day
        The reference date.
    where
        The argument that names it.

    Raises
    ------
    UsageError
        A country without one; none on that day.

    Examples
    --------
    >>> cohabitation_rule("SE", date(2021, 1, 1)).age_difference
    16
    """
    countries = tuple(dict.fromkeys(rule.country for rule in COHABITATION_RULES))
    check_code(country, countries, "has no rule for cohabitants", where=where)
    for rule in COHABITATION_RULES:
        if rule.country == country and rule.valid_from <= day < rule.valid_to:
            return rule
    raise UsageError(
        f"has no rule for cohabitants on {day}", where=where, value=country,
        allowed=countries, next_step="Choose another country's rule, or a later date",
    )  # fmt: skip
