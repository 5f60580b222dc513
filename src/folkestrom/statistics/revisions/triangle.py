"""Revision triangles: events of each period, as known so many months after its end.

Every standing report is read once. It counts at the delays from the one at which it becomes known
with these values to before the one at which it no longer stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from folkestrom.engine.steps import run
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.names import check_code
from folkestrom.model.specification import Dimension, Measure, TableSpecification, Text, same
from folkestrom.model.time import add_months
from folkestrom.quality.revisions import Revisions, measures
from folkestrom.statistics.changes import PERIOD
from folkestrom.statistics.coverage import Coverage, coverage
from folkestrom.statistics.flows import CONDITIONS, FLOWS, INTERNAL_OUT, flow_rows, term
from folkestrom.statistics.periods import MONTHS, Every, Period, split
from folkestrom.statistics.revisions.by_knowledge import Numbered, cells_by_knowledge, figures
from folkestrom.statistics.revisions.vintages import events_as_known

#: What is counted: internal moves once, where they come to.
KINDS: Final = {measure.id: measure for measure in FLOWS if measure != INTERNAL_OUT}
#: Months after the end of a period at which it is looked at, where none are given.
DELAYS: Final = (1, 2, 3, 6, 12, 24)
#: Months of delay that are told apart.
MOST: Final = 600

_EVENTS: Final = Text("events", "hendelser")
_MONTHS: Final = Text("months", "måneder")
FIGURE: Final = Dimension(
    "figure", Text("Figure", "Tall"), labels={k: m.label for k, m in KINDS.items()}.__getitem__
)
DELAY: Final = Dimension("delay", Text("Months after the period", "Måneder etter perioden"))
EVENTS: Final = Measure("events", Text("Events", "Hendelser"), _EVENTS)
REVISION: Final = Measure(
    "revision", Text("Revision since the delay before", "Revisjon siden forrige"), _EVENTS,
    empty=None,
)  # fmt: skip
SPECIFICATION: Final = TableSpecification(
    id="revision-triangle",
    title=Text("Revision triangle. {when}", "Revisjonstrekant. {when}"),
    dimensions=(FIGURE, PERIOD, DELAY),
    measures=(EVENTS, REVISION),
    contents=Text(
        "Events of each period, as known so many months after its end. What the log does not "
        "reach is left out.",
        "Hendelser i hver periode, slik de var kjent så mange måneder etter den. Det loggen ikke "
        "når fram til, er utelatt.",
    ),
    reference_time=Text("{when}", "{when}"),
    method=Text(
        "Reports that stand, by the day of the event and the months in which they are known; "
        "annulments and corrections take away what they withdraw.",
        "Meldinger som gjelder, etter hendelsesdag og månedene de er kjent i; annulleringer og "
        "rettinger tar bort det de trekker tilbake.",
    ),
    knowledge_time=same("{known}"),
)

_REVISION: Final = Text("Mean revision", "Gjennomsnittlig revisjon")
SUMMARY: Final = replace(
    SPECIFICATION,
    id="revision-measures",
    title=Text(
        "Measures of revision from {first} to {last} months after the period. {when}",
        "Mål for revisjon fra {first} til {last} måneder etter perioden. {when}",
    ),
    dimensions=(FIGURE,),
    measures=(
        Measure("mean_revision", _REVISION, _EVENTS, 2, None),
        Measure(
            "mean_absolute_revision",
            Text("Mean absolute revision", "Gjennomsnittlig absolutt revisjon"), _EVENTS, 2, None,
        ),
        Measure(
            "relative_revision",
            Text("Relative mean absolute revision", "Relativ absolutt revisjon"),
            Text("per cent", "prosent"), 3, None,
        ),
        Measure("bias_t", Text("Bias, t", "Skjevhet, t"), Text("t", "t"), 2, None),
        Measure("bias_p", Text("Bias, p", "Skjevhet, p"), Text("p-value", "p-verdi"), 4, None),
        Measure("news_p", Text("News, p", "Nyhet, p"), Text("p-value", "p-verdi"), 4, None),
        Measure("noise_p", Text("Noise, p", "Støy, p"), Text("p-value", "p-verdi"), 4, None),
        Measure("periods", Text("Periods", "Perioder"), Text("periods", "perioder")),
    ),
    contents=Text(
        "Revisions between the two delays, over the periods that the log reaches at both.",
        "Revisjoner mellom de to forsinkelsene, over periodene som loggen når ved begge.",
    ),
    method=Text(
        "Mean, mean absolute and relative revision (McKenzie and Gamba 2008); bias by Newey and "
        "West's standard error; news and noise after Mankiw and Shapiro (1986). A small p-value "
        "speaks against no bias, against news, against noise.",
        "Gjennomsnittlig, absolutt og relativ revisjon (McKenzie og Gamba 2008); skjevhet med "
        "Newey og Wests standardfeil; nyhet og støy etter Mankiw og Shapiro (1986). En liten "
        "p-verdi taler mot ingen skjevhet, mot nyhet, mot støy.",
    ),
)  # fmt: skip


def _delays(every: Every, most: int) -> Numbered:
    """Times of knowledge that are the months after an event's period, up to one more than the most.

    Known so many months after the period means known on the first day of that month. Months are
    counted from 0, the end of the period.
    """

    def number(day: str) -> str:
        return f"(year({day}) * 12 + month({day}))"

    def delay(column: str) -> str:
        # The first month that begins no earlier than the day.
        begins = number(f"date_trunc('{every}', event_date)")
        months = f"{number(f'({column} - 1)')} + {1 - MONTHS[every]} - {begins}"
        return f"least(greatest({months}, 0), {most + 1})"

    return delay


@dataclass(frozen=True, slots=True)
class Triangle:
    """Events of each sort and period, as known at each delay.

    Parameters
    ----------
    periods, delays
        The periods, and the months after each of them.
    events
        Shape (sorts, periods, delays), in the order of `KINDS`.
    reached
        Which of the log's days are reached, shape (periods, delays).
    """

    periods: tuple[Period, ...]
    delays: tuple[int, ...]
    events: NDArray[np.int64]
    reached: NDArray[np.bool_]


def triangle(
    connection: duckdb.DuckDBPyConnection,
    start: date,
    end: date,
    every: Every = "quarter",
    delays: Sequence[int] = DELAYS,
) -> Triangle:
    """Count the events of the periods between two days at every delay, in one pass.

    Parameters
    ----------
    connection
        An open store.
    start, end
        The days, each the first of a period.
    every
        Length of the periods.
    delays
        Months after a period's end, rising.

    Raises
    ------
    UsageError
        Periods that are none of the calendar; delays that do not rise, or are one only: a triangle
        with one diagonal has no revision.
    """
    limits = coverage(connection)
    limits.check_day(start, "from")
    periods = tuple(split(start, end, every))
    if any("/" in period.code for period in periods):
        raise UsageError(f"does not begin a {every} of the calendar", where="from", value=start)
    _check_delays(delays)
    reached = np.array(
        [[add_months(p.end, delay) <= limits.last for delay in delays] for p in periods]
    )
    if reached.any(axis=0).sum() < 2:
        raise UsageError(
            "is a triangle with one diagonal: no period is known at two delays, and nothing was "
            "revised", where="delays", value=", ".join(map(str, delays)),
            allowed=f"delays until {limits.last}, the last day of the log",
            next_step="Ask for earlier periods, or for smaller delays",
        )  # fmt: skip
    most = delays[-1]
    by = {"term": term(), "begins": f"date_trunc('{every}', event_date)::DATE"}
    once = f"NOT ({CONDITIONS[INTERNAL_OUT]})"
    steps = [
        events_as_known().named("counted_events"), flow_rows(2),
        cells_by_knowledge("flow_rows", by, _delays(every, most), once),
    ]  # fmt: skip
    known = {"known_first": date.min, "known_last": limits.last}
    found = run(connection, steps, {"start": start, "end": end} | known).fetchnumpy()
    place = {np.datetime64(period.start): n for n, period in enumerate(periods)}
    rows = np.array([place[day] for day in found["begins"].astype("datetime64[D]")], np.int64)
    events = figures((len(KINDS), len(periods), most + 2), (found["term"], rows), found)
    return Triangle(periods, tuple(delays), events[:, :, list(delays)], reached)


def _check_delays(delays: Sequence[int]) -> None:
    rising = list(delays) == sorted({*delays})
    if not rising or len(delays) < 2 or delays[0] < 0 or delays[-1] > MOST:
        raise UsageError(
            "are not two or more numbers of months, each larger than the one before",
            where="delays", value=", ".join(map(str, delays)), allowed="such as 1,2,3,6,12,24",
        )  # fmt: skip


def revisions(
    connection: duckdb.DuckDBPyConnection,
    start: date,
    end: date,
    every: Every = "quarter",
    delays: Sequence[int] = DELAYS,
    kinds: Sequence[str] = (),
    *,
    summary: bool = False,
) -> Cells:
    """Revision triangles by flow, or the measures of revision from first to last delay.

    Parameters
    ----------
    connection, start, end, every, delays
        As for `triangle`.
    kinds
        "births", "deaths", "immigration", "emigration", "internal_in"; none: all.
    summary
        The measures instead.
    """
    for kind in kinds:
        check_code(kind, KINDS, "is no event that is counted", where="kind")
    found = triangle(connection, start, end, every, delays)
    limits = coverage(connection)
    shown = [n for n, kind in enumerate(KINDS) if kind in (kinds or KINDS)]
    return (_summary if summary else _table)(found, shown, limits)


def _table(found: Triangle, shown: Sequence[int], limits: Coverage) -> Cells:
    kinds, codes = list(KINDS), [period.code for period in found.periods]
    revision = np.diff(found.events, axis=2, prepend=0)
    cells = [
        (kinds[n], codes[p], found.delays[d], int(found.events[n, p, d]),
         int(revision[n, p, d]) if d else None)
        for n in shown for p in range(len(codes)) for d in np.flatnonzero(found.reached[p])
    ]  # fmt: skip
    types = (pa.string(), pa.string(), pa.int32(), pa.int64(), pa.int64())
    names = (FIGURE.id, PERIOD.id, DELAY.id, EVENTS.id, REVISION.id)
    columns = [pa.array(c, t) for c, t in zip(zip(*cells, strict=True), types, strict=True)]
    return Cells(_filled(SPECIFICATION, found, limits), pa.table(columns, names=names))


def _summary(found: Triangle, shown: Sequence[int], limits: Coverage) -> Cells:
    both = found.reached[:, -1]
    if not both.any():
        raise UsageError(
            "is not reached by any period", where="delays", value=found.delays[-1],
            allowed=f"months from the end of a period to {limits.last}",
            next_step="Ask for earlier periods, or for smaller delays",
        )  # fmt: skip
    kinds = list(KINDS)
    rows = [_row(measures(found.events[n, both, 0], found.events[n, both, -1])) for n in shown]
    made = _filled(SUMMARY, found, limits)
    columns = {FIGURE.id: pa.array([kinds[n] for n in shown])}
    for place, measure in enumerate(made.measures):
        values = [None if np.isnan(row[place]) else row[place] for row in rows]
        columns[measure.id] = pa.array(values, pa.float64() if measure.decimals else pa.int32())
    return Cells(made, pa.table(columns))


def _row(found: Revisions) -> list[float]:
    per_cent = 100 * found.relative
    return [
        found.mean, found.mean_absolute, per_cent, found.bias_t, found.bias_p, found.news_p,
        found.noise_p, found.periods,
    ]  # fmt: skip


def _filled(of: TableSpecification, found: Triangle, limits: Coverage) -> TableSpecification:
    codes = [found.periods[0].code, found.periods[-1].code]
    when = codes[0] if len(found.periods) == 1 else " – ".join(codes)
    title = Text(*(
        getattr(of.title, lang).format(first=found.delays[0], last=found.delays[-1], when=when)
        for lang in ("en", "no")
    ))  # fmt: skip
    filled = replace(of, title=title).fill(when=when, known=limits.last)
    notes = (*filled.footnotes, *limits.nature)
    return replace(filled, footnotes=notes)
