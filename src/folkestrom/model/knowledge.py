"""Which day of knowledge goes with a figure where none is said: one rule for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal, Self, TypeAlias

from folkestrom.errors import UsageError
from folkestrom.model.specification import Text
from folkestrom.model.time import EXTRACTION_MONTHS, extraction, local_time

#: As known at the extraction that follows the reference date, or the end of the period.
PUBLISHED: Final = "published"
#: All that the log knows.
LATEST: Final = "latest"


class KnownMoment(date):
    """A knowledge date with what was received on that day before a moment.

    Histories have days of knowledge: where one is asked for, this is its day, and the store is seen
    as if what came before the moment had been known on that day already.

    Parameters
    ----------
    at
        The moment; a moment without a zone is UTC.

    Examples
    --------
    >>> from datetime import UTC
    >>> known = KnownMoment(datetime(2018, 5, 23, 7, 31, tzinfo=UTC))
    >>> str(known), known == date(2018, 5, 23), known < date(2018, 5, 24)
    ('2018-05-23T09:31', False, True)
    """

    at: datetime

    def __new__(cls, at: datetime) -> Self:
        """The day of the moment by clocks in Norway, with the moment."""
        shown = local_time(at)
        made = super().__new__(cls, shown.year, shown.month, shown.day)
        made.at = at
        return made

    def isoformat(self) -> str:
        """The local time, without seconds where there are none."""
        shown = local_time(self.at)
        whole = not (shown.second or shown.microsecond)
        return shown.isoformat(timespec="minutes" if whole else "auto")

    __str__ = isoformat

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KnownMoment) and self.at == other.at

    def __hash__(self) -> int:
        return hash(self.at)

    def __reduce__(self) -> tuple[Any, ...]:
        return KnownMoment, (self.at,)


#: What may be asked for.
KnownAt: TypeAlias = date | Literal["published", "latest"]

_VINTAGES: Final = {
    PUBLISHED: Text("as published", "som publisert"),
    LATEST: Text("all that is known", "alt som er kjent"),
}


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known of reference dates and of periods' ends.

    Parameters
    ----------
    asked
        What was asked for: "published", "latest", or one day for everything.
    first, last
        The first knowledge date of the log on which the stock was known, and the last one.
    months
        Months to an extraction.

    Examples
    --------
    >>> turn = date(2021, 1, 1)
    >>> first, last = date(2020, 1, 1), date(2021, 3, 1)
    >>> [str(Knowledge(asked, first, last).day(turn)) for asked in ("published", "latest")]
    ['2021-02-01', '2021-03-01']
    """

    asked: KnownAt
    first: date
    last: date
    months: int = EXTRACTION_MONTHS

    def day(self, end: date) -> date:
        """The knowledge date of a reference date, or of a period that ends (exclusively) then."""
        if self.asked != PUBLISHED:
            return self.asked if isinstance(self.asked, date) else self.last
        found = extraction(end, self.months)
        if not self.reaches(end):
            raise UsageError(
                f"is as published on {found}, before anything was known: the first stock became "
                f"known on {self.first}",
                where="known_at",
                value=end,
                allowed=f'days whose extraction is on {self.first} or later, or "{LATEST}"',
                next_step=f"Ask for all that is known: --known-at {LATEST}",
            )
        return found

    def days(self, *ends: date) -> str:
        """The knowledge date of several such days; where they have several, the first and last."""
        known = sorted({str(self.day(end)) for end in ends})
        return known[0] if len(known) == 1 else f"{known[0]} – {known[-1]}"

    def reaches(self, end: date) -> bool:
        """Whether anything was known of such a day."""
        return self.asked != PUBLISHED or extraction(end, self.months) >= self.first

    @property
    def published(self) -> bool:
        """Whether figures are as published."""
        return self.asked == PUBLISHED

    @property
    def vintage(self) -> Text:
        """What the figures say of it, beside the day."""
        return Text("", "") if isinstance(self.asked, date) else _VINTAGES[self.asked]


#: Rows of a history that are known on any of several knowledge dates, or on all of them.
EVER_KNOWN: Final = "known_from <= $known_last AND known_to > $known_first"
ALWAYS_KNOWN: Final = "known_from <= $known_first AND known_to > $known_last"


def changing(table: str, columns: Sequence[str], span: tuple[str, str] | None = None) -> str:
    """Persons of a history of whom something is known on some knowledge dates only.

    `$known_first` and `$known_last` are the first and the last of these. Rows that say the same of
    the same days are one, however often they were known anew.

    Parameters
    ----------
    table
        The history.
    columns
        What it says.
    span
        The first day that is looked at, and the one after the last, as SQL; None: the history has
        no days.
    """
    days, there = ("", "")
    if span is not None:
        since, until = span
        days = f", greatest(valid_from, {since}), least(valid_to, {until})"
        there = f"valid_from < {until} AND valid_to > {since} AND "
    known = "greatest(known_from, $known_first), least(known_to, $known_last + 1)"
    return f"""SELECT DISTINCT person FROM (
          SELECT person FROM {table} WHERE {there}{EVER_KNOWN} AND NOT ({ALWAYS_KNOWN})
          GROUP BY person, {", ".join(columns)}{days}
          HAVING sum(datediff('day', {known})) <> datediff('day', $known_first, $known_last + 1)
        )"""


def merged_meanwhile() -> str:
    """Rows of identities that are merged on some of the dates only; for `SELECT … FROM`."""
    return f"(SELECT * FROM identity WHERE {EVER_KNOWN} AND NOT ({ALWAYS_KNOWN}))"
