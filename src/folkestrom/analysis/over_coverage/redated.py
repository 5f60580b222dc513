"""Emigrations by year: as they became known, and with those of clean-ups spread over years before.

Clean-ups find in one year who left in many: "some of this out-migration should have been
distributed over several years".
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa

from folkestrom.analysis.over_coverage.registered import Times, years_before
from folkestrom.analysis.over_coverage.reports import USUAL, CleanUps
from folkestrom.analysis.over_coverage.rows import emigration_steps
from folkestrom.engine.steps import compose, parameters_of
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import PUBLISHED, KnownAt
from folkestrom.model.specification import Measure, TableSpecification, Text, same
from folkestrom.quality.delays.clean_ups import spread_back
from folkestrom.statistics.changes import PERIOD
from folkestrom.statistics.coverage import coverage
from folkestrom.statistics.population import fetch

_EARLIER: Final = Text("Earlier", "Tidligere")
#: The code of years before the first.
EARLIER: Final = "earlier"
_EVENTS: Final = Text("events", "hendelser")
SPECIFICATION: Final = TableSpecification(
    id="emigrations-redated",
    title=Text("Emigrations, redated. {when}", "Utvandringer, omdatert. {when}"),
    dimensions=(replace(PERIOD, labels=lambda code: _EARLIER if code == EARLIER else same(code)),),
    measures=(
        Measure("known", Text("Became known", "Ble kjent"), _EVENTS),
        Measure("found", Text("By clean-ups", "Ved opprydning"), _EVENTS),
        Measure("redated", Text("Redated", "Omdatert"), _EVENTS, 1),
        Measure("dated", Text("By day of the event", "Etter hendelsesdag"), _EVENTS),
    ),
    contents=Text(
        "Emigrations by the year in which they became known, with those that clean-ups found "
        "spread over the years before, and by the day that the reports say.",
        "Utvandringer etter året de ble kjent, med dem opprydninger fant fordelt på årene før, og "
        "etter dagen meldingene oppgir.",
    ),
    reference_time=same("{when}"),
    method=Text(
        "As known on {known}. What clean-ups found is spread by the delays of all reports that are "
        "as late, each delay weighed by how many clean-ups could show it. The totals are equal.",
        "Slik det var kjent {known}. Det opprydninger fant, er fordelt etter forsinkelsene til "
        "alle så sene meldinger, der hver forsinkelse er vektet med hvor mange opprydninger som "
        "kunne vise den. Summene er like.",
    ),
    knowledge_time=same("{known}"),
)


def redated(
    connection: duckdb.DuckDBPyConnection,
    start: date,
    end: date,
    known_at: KnownAt = PUBLISHED,
    clean_ups: CleanUps = USUAL,
) -> Cells:
    """Emigrations by year, as clean-ups found them and redated.

    Parameters
    ----------
    connection
        An open store.
    start, end
        The days, whole years apart.
    known_at
        Knowledge date; "published": the extraction after the last year.
    clean_ups
        Which years have a clean-up, and which reports are its.

    Raises
    ------
    UsageError
        A period that is not of whole years; no report that late.
    """
    limits = coverage(connection)
    limits.check_day(start, "from")
    limits.check_day(end, "to")
    years = end.year - start.year
    if years < 1 or years_before(end, years) != start:
        raise UsageError(
            "are not whole years apart", where="from", value=f"{start} to {end}",
            allowed="such as 2010-01-01 to 2020-01-01",
        )  # fmt: skip
    knowledge = limits.knowledge(known_at)
    times = Times(end, knowledge.day(end), limits)
    back = max(end.year - limits.first.year, years)
    steps = emigration_steps(())
    known = times.known
    values = times.values(back) | {"turn_known": known.month * 100 + known.day}
    frame = pl.DataFrame(fetch(connection, steps, parameters_of(compose(steps), values)))
    origin = frame["origin"].to_numpy().astype(np.int64)
    came = frame["known_year"].to_numpy().astype(np.int64) - (known.year - back)
    came = np.clip(came, origin, back - 1)
    table = np.zeros((back, back))
    np.add.at(table, (origin, came), frame["persons"].to_numpy())
    columns = _spread(table, years, end.year, clean_ups)
    first = end.year - years
    codes = [EARLIER, *(str(first + n) for n in range(years))]
    # Sums of rounded figures are rounded sums: the totals stay equal.
    exact = np.cumsum(columns[2])
    columns = (*columns[:2], np.diff(np.round(exact, 1), prepend=0).round(1), columns[3])
    data = pa.table(
        {PERIOD.id: pa.array(codes)}
        | {
            measure.id: pa.array(column if measure.decimals else column.astype(np.int64))
            for measure, column in zip(SPECIFICATION.measures, columns, strict=True)
        }
    )
    filled = SPECIFICATION.fill(when=f"{first}-{end.year - 1}", known=str(known))
    notes = (*filled.footnotes, *limits.notes(known))
    return Cells(replace(filled, footnotes=notes, vintage=knowledge.vintage), data)


def _spread(
    table: np.ndarray, years: int, end: int, clean_ups: CleanUps
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Became known, found, redated and dated: of years before the first, and of each year."""
    back, after = len(table), clean_ups.late_after
    delays = np.arange(back)
    late = np.array([[table[c - d, c] if c >= d >= after else 0 for d in delays]
                     for c in range(back)])  # fmt: skip
    named = {year - (end - back) for year in clean_ups.years}
    late[[c for c in range(back) if clean_ups.years and c not in named]] = 0
    found = late.sum(axis=1)
    if not found[back - years :].sum():
        raise UsageError(
            "have no report that late: there is nothing to redate", where="late_after",
            value=after, next_step="Ask for fewer years, other clean-ups, or a longer period",
        )  # fmt: skip
    looked = np.array([(found[d:] > 0).sum() for d in delays])
    weight = np.divide(late.sum(axis=0), looked, out=np.zeros(back), where=looked > 0)
    of_period = np.where(delays >= back - years, found, 0)
    spread = spread_back(of_period, weight)
    known = table.sum(axis=0)
    own = np.where(delays >= back - years, known, 0)
    redated = np.concatenate([np.zeros(back - 1), own - of_period]) + spread
    inside = table[:, back - years :].sum(axis=1)
    return (
        np.concatenate([[0], own[back - years :]]),
        np.concatenate([[0], of_period[back - years :]]),
        np.concatenate([[redated[:-years].sum()], redated[-years:]]),
        np.concatenate([[inside[: back - years].sum()], inside[back - years :]]),
    )
