"""How long reports take to come, by what they report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import duckdb

from folkestrom.engine.steps import run, step
from folkestrom.model.codes import Kind
from folkestrom.model.specification import Text
from folkestrom.statistics import adjustment

#: Upper ends, in days, of the classes that delays are shown in; the last class is open.
CLASSES: Final = (1, 7, 30, 90, 365)
CLASS_LABELS: Final = (
    Text("1 day or less", "Inntil 1 dag"),
    Text("2–7 days", "2–7 dager"),
    Text("8–30 days", "8–30 dager"),
    Text("31–90 days", "31–90 dager"),
    Text("91–365 days", "91–365 dager"),
    Text("More than a year", "Mer enn ett år"),
)

#: What is counted as a kind of its own: the time from a report to what annuls or corrects it.
CORRECTION: Final = "correction"
ANNULMENT: Final = "annulment"

_REVISION_LABELS: Final = {
    CORRECTION: Text("correction, since the report", "retting, siden meldingen"),
    ANNULMENT: Text("annulment, since the report", "annullering, siden meldingen"),
}
_KIND_LABELS: Final = adjustment.SPECIFICATION.dimension("kind").labels
_FIRST: Final = int(Kind.FIRST_REGISTRATION)


@dataclass(frozen=True, slots=True)
class Delays:
    """Delays of one kind of report, in days.

    Parameters
    ----------
    kind
        Name of the kind, "correction" or "annulment".
    reports
        How many there are.
    by_class
        How many of them in each class of `CLASSES`, and above the last.
    median, ninth_decile, longest
        Days within which a half, nine tenths and all have come.
    """

    kind: str
    reports: int
    by_class: tuple[int, ...]
    median: int
    ninth_decile: int
    longest: int

    @property
    def label(self) -> Text:
        """What the kind is called, with a capital letter."""
        text = _REVISION_LABELS.get(self.kind) or _KIND_LABELS(self.kind)
        return Text(text.en[:1].upper() + text.en[1:], text.no[:1].upper() + text.no[1:])


@step("report_delays", reads=["known_report"])
def report_delays() -> str:
    """Reports by kind and days from event to receipt, but for the first registrations of the stock.

    A report becomes known on the day after the one on which it is received.
    """
    return f"""
        SELECT kind, datediff('day', event_date, known_from) - 1 AS days, count(*) AS reports
        FROM known_report
        WHERE NOT annuls AND NOT corrects AND kind <> {_FIRST}
        GROUP BY 1, 2
    """


@step("revision_delays", reads=["known_report"])
def revision_delays() -> str:
    """Annulments and corrections by days since the report that they are about was received."""
    return """
        SELECT r.annuls AS annulment,
               datediff('day', t.known_from, r.known_from) AS days, count(*) AS reports
        FROM known_report r JOIN known_report t ON t.position = r.target
        WHERE r.annuls OR r.corrects
        GROUP BY 1, 2
    """


def delays(connection: duckdb.DuckDBPyConnection) -> tuple[Delays, ...]:
    """Delays of every kind of report in an open store, then of corrections and annulments."""
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for kind, days, reports in run(connection, [report_delays()]).fetchall():
        found[Kind(kind).name.lower()].append((days, reports))
    for annulment, days, reports in run(connection, [revision_delays()]).fetchall():
        found[ANNULMENT if annulment else CORRECTION].append((days, reports))
    order = [*(kind.name.lower() for kind in Kind if kind is not Kind.ANNULMENT)]
    order += [CORRECTION, ANNULMENT]
    return tuple(_delays(name, sorted(found[name])) for name in order if name in found)


def _delays(kind: str, counts: Sequence[tuple[int, int]]) -> Delays:
    total = sum(reports for _, reports in counts)
    by_class = [0] * (len(CLASSES) + 1)
    for days, reports in counts:
        by_class[_class(days)] += reports
    median, ninth = (_quantile(counts, total, tenths) for tenths in (5, 9))
    return Delays(kind, total, tuple(by_class), median, ninth, counts[-1][0])


def _class(days: int) -> int:
    return sum(days > end for end in CLASSES)


def _quantile(counts: Iterable[tuple[int, int]], total: int, tenths: int) -> int:
    """Days within which so many tenths of the reports have come.

    Examples
    --------
    >>> _quantile([(0, 5), (3, 4), (400, 1)], 10, 5), _quantile([(0, 5), (3, 4), (400, 1)], 10, 9)
    (0, 3)
    """
    seen = 0
    for days, reports in counts:
        seen += reports
        if 10 * seen >= tenths * total:
            return days
    return 0
