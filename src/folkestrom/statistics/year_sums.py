"""Footnotes of accounts of parts of a year: where they do not add up to the year, and why.

Each period is as known at its own extraction. A report that a quarter counted, and that was
annulled or corrected before the year's extraction, is in the quarter's flows and not in the year's.
The population of 1 January is the same for both, and so the adjustments differ as the flows do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from folkestrom.model.specification import Measure, Text
from folkestrom.statistics.periods import Period

_PARTS: Final = {
    "quarters": Text("quarters", "kvartalene"),
    "months": Text("months", "månedene"),
    "periods": Text("periods", "periodene"),
}


def whole_years(periods: Sequence[Period]) -> dict[int, list[Period]]:
    """The calendar years that several of the periods make up, with these.

    Examples
    --------
    >>> from folkestrom.statistics.periods import split
    >>> halves = split(date(2020, 4, 1), date(2021, 7, 1), "quarter")
    >>> list(whole_years(halves)), list(whole_years(split(date(2020, 1, 1), date(2021, 1, 1))))
    ([], [])
    >>> list(whole_years(split(date(2020, 1, 1), date(2021, 7, 1), "quarter")))
    [2020]
    """
    found: dict[int, list[Period]] = {}
    for period in periods:
        if period.end <= date(period.start.year + 1, 1, 1):
            found.setdefault(period.start.year, []).append(period)
    return {
        year: parts
        for year, parts in found.items()
        if len(parts) > 1
        and parts[0].start == date(year, 1, 1)
        and parts[-1].end == date(year + 1, 1, 1)
        and all(a.end == b.start for a, b in pairwise(parts))
    }


def totals(tables: Sequence[pa.Table], measures: Sequence[Measure]) -> dict[str, int]:
    """Sums of measures over all cells of several tables."""
    return {m.id: sum(pc.sum(table[m.id]).as_py() or 0 for table in tables) for m in measures}


def note_of_year(
    period: Period,
    parts: Sequence[Period],
    summed: Mapping[str, int],
    of_year: Mapping[str, int],
    measures: Sequence[Measure],
    known: date,
) -> tuple[Text, ...]:
    """A footnote for a year that differs from the sum of its parts, with the amounts.

    Parameters
    ----------
    period, parts
        The year, and what it is made up of.
    summed, of_year
        Totals of the parts together, and of the year.
    measures
        What is compared.
    known
        Knowledge date of the year's figures.
    """
    differing = [m for m in measures if summed[m.id] != of_year[m.id]]
    return (_note(period, parts, differing, summed, of_year, known),) if differing else ()


def _note(
    period: Period,
    parts: Sequence[Period],
    measures: Sequence[Measure],
    summed: Mapping[str, int],
    of_year: Mapping[str, int],
    known: date,
) -> Text:
    name = _PARTS[_kind(parts)]
    amounts = {
        language: "; ".join(
            f"{_lower(m.label.of(language))} {number(summed[m.id])} / {number(of_year[m.id])}"
            for m in measures
        )
        for language in ("en", "no")
    }
    return Text(
        f"The {name.en} of {period.code} do not add up to the year, whose figures are as known on "
        f"{known}. Their sum / the year: {amounts['en']}. What was annulled or corrected between "
        "the extraction of a part and that of the year is in the part's figures, and not in the "
        "year's.",
        f"Summen av {name.no} i {period.code} er ikke lik året, som er slik det var kjent {known}. "
        f"Summen / året: {amounts['no']}. Det som ble annullert eller rettet mellom uttrekket for "
        "en del og uttrekket for året, er med i delens tall og ikke i årets.",
    )


def note_of_summation(period: Period, quarters: int, of_year: int) -> Text:
    """What the adjustment of a fourth quarter is, where populations in between are sums.

    Parameters
    ----------
    period
        The quarter.
    quarters, of_year
        Its adjustment, and that of the year's own account.
    """
    year = period.start.year
    differ = Text("", "")
    if quarters != of_year:
        differ = Text(
            " They differ as the net flows of the four quarters and of the year do.",
            " De er ulike slik nettoendringene for de fire kvartalene og for året er det.",
        )
    return Text(
        "Populations of 1 April, 1 July and 1 October are 1 January and the flows since: the "
        f"fourth quarter of {year} bears the adjustment of all four quarters, {number(quarters)}. "
        f"In the account of the year it is {number(of_year)}.{differ.en}",
        "Folkemengden 1. april, 1. juli og 1. oktober er 1. januar og endringene siden: fjerde "
        f"kvartal {year} har korreksjonen for alle fire kvartaler, {number(quarters)}. I "
        f"regnskapet for året er den {number(of_year)}.{differ.no}",
    )


def number(value: int) -> str:
    """A whole number with its thousands apart.

    Examples
    --------
    >>> number(52979)
    '52 979'
    """
    return f"{value:,}".replace(",", " ")


def _kind(parts: Sequence[Period]) -> str:
    if all(part.is_quarter for part in parts):
        return "quarters"
    return "months" if len(parts) == 12 and all("M" in part.code for part in parts) else "periods"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
