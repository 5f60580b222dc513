"""Moves between Nordic countries: where a person is resident by both countries' rules.

The country of immigration decides by its own rules, and the country left follows it (agreements of
1968, 1989 and 2004). Taken at its word, the page says of Denmark that the limit of three months
holds "for out-migration" too: then whoever leaves Denmark for a stay too short for the other
country's rules is a resident nowhere. That is the one gap, and `gaps` lists it. By the agreement of
2004 a move of which the country left has no notice within three months is void. Consecutive stays
in one country are counted as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby

from folkestrom.model.time import add_months
from folkestrom.residence.law import NordicLimit, Reading, nordic_limits


@dataclass(frozen=True, slots=True)
class NordicStay:
    """A stay in a Nordic country, `[begins, ends)`, as it was meant and as it lasted.

    Parameters
    ----------
    country
        The country.
    begins, ends
        First day, and the day after the last.
    notice
        Whether the country's notice of it came within three months.
    """

    country: str
    begins: date
    ends: date
    notice: bool = True


def residences(stays: Sequence[NordicStay], reading: Reading) -> list[frozenset[str]]:
    """Countries of which a person is resident during each of consecutive stays.

    Parameters
    ----------
    stays
        In the order of time; the person is resident of the first one's country at its begin.
    reading
        "law": the country left follows the country of immigration, if it has notice. "page":
        whatever the notice, and what the page says of out-migration from Denmark is taken at its
        word.

    Examples
    --------
    >>> year = NordicStay("DK", date(2020, 1, 1), date(2021, 1, 1))
    >>> stay = NordicStay("NO", date(2021, 1, 1), date(2021, 5, 1))
    >>> [sorted(where) for where in residences([year, stay], "law")]
    [['DK'], ['DK']]
    >>> [sorted(where) for where in residences([year, stay], "page")]
    [['DK'], []]
    """
    limits = {limit.country: limit for limit in nordic_limits(reading)}
    home: str | None = stays[0].country
    found = [frozenset({stays[0].country})]
    for stay in _whole(stays)[1:]:
        if stay.country != home and (stay.notice or reading == "page"):
            if counts(stay, limits[stay.country]):
                home = stay.country
            elif home is not None and lets_go(stay, limits[home]):
                home = None
        found.append(frozenset() if home is None else frozenset({home}))
    return found


def _whole(stays: Sequence[NordicStay]) -> list[NordicStay]:
    """Each stay as long as the consecutive ones in its country that it is one of."""
    return [
        replace(stay, begins=chain[0].begins, ends=chain[-1].ends)
        for chain in (list(same) for _, same in groupby(stays, lambda stay: stay.country))
        for stay in chain
    ]


def counts(stay: NordicStay, limit: NordicLimit) -> bool:
    """Whether a country's rules make a resident of who stays there."""
    whole = add_months(stay.begins, limit.months)
    return stay.ends > whole if limit.more else stay.ends >= whole


def lets_go(stay: NordicStay, limit: NordicLimit) -> bool:
    """Whether a country lets a resident go who stays elsewhere without being resident there."""
    if limit.leaves_after is None:
        return False
    return stay.ends >= add_months(stay.begins, limit.leaves_after)


def gaps(reading: Reading) -> list[tuple[str, str, int, int]]:
    """Moves after which a person is resident nowhere: from, to, and months of stay `[low, high)`.

    Examples
    --------
    >>> gaps("law")
    []
    >>> gaps("page")[0]
    ('DK', 'NO', 3, 6)
    """
    limits = nordic_limits(reading)
    return [
        (one.country, other.country, one.leaves_after, other.months)
        for one in limits
        for other in limits
        if one.leaves_after is not None
        and one.country != other.country
        and one.leaves_after < other.months
    ]
