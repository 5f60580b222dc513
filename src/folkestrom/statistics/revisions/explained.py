"""What flows were revised by since they were published, report by report.

The published flows are those of the period's window by the rules of a regime; the revised ones the
events of the period, as known on a later day. An event that only one of them counts is a unit of
the difference, +1 or −1, and is owed to a report.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from typing import Any, Final

import duckdb
import pyarrow as pa

from folkestrom.engine.steps import Step, step
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import PUBLISHED, KnownAt, KnownMoment
from folkestrom.model.specification import Dimension, Text
from folkestrom.model.time import EXTRACTION_MONTHS
from folkestrom.statistics import adjustment
from folkestrom.statistics.coverage import coverage
from folkestrom.statistics.flows import FLOWS, flow_rows, in_window, term
from folkestrom.statistics.periods import Period
from folkestrom.statistics.population import fetch
from folkestrom.statistics.regimes.clock import TODAYS, Clock
from folkestrom.statistics.regimes.regime import Regime
from folkestrom.variables.variable import notes

_LEVELS: Final = {"nation": 0, "county": 1, "municipality": 2, "part_of_town": 3, "basic_unit": 3}
_WHY: Final = {
    "late": Text("reported late", "meldt for sent"),
    "changed": Text("annulled, corrected or undone", "annullert, rettet eller omgjort"),
    "earlier": Text("of an earlier period", "fra en tidligere periode"),
}
_FURTHER: Final = ("term", "why")

FIGURE: Final = Dimension(
    "figure", Text("Figure", "Tall"), labels={m.id: m.label for m in FLOWS}.__getitem__
)
SPECIFICATION: Final = replace(
    adjustment.SPECIFICATION,
    id="revision",
    title=Text(
        "From published to revised, report by report. {when}",
        "Fra publisert til revidert, melding for melding. {when}",
    ),
    dimensions=(
        FIGURE,
        Dimension("why", Text("Why", "Hvorfor"), labels=_WHY.__getitem__),
        *adjustment.SPECIFICATION.dimensions,
    ),
    contents=Text(
        "Every event that the published flows and the revised ones do not both count, with the "
        "report that it is owed to. Where several reports about the person became known that day, "
        "merges, annulments and corrections come first.",
        "Hver hendelse som bare de publiserte eller bare de reviderte endringene teller, med "
        "meldingen den skyldes. Der flere meldinger om personen ble kjent samme dag, kommer "
        "sammenslåinger, annulleringer og rettinger først.",
    ),
    method=Text(
        "Published: as known at the extraction {drawn}. Revised: events of the period, as known on "
        "{known}.",
        "Publisert: slik det var kjent ved uttrekket {drawn}. Revidert: hendelser i perioden, slik "
        "de var kjent {known}.",
    ),
)


@step("both_events", reads=["event"])
def both_events() -> str:
    """Reports of the window that are known when it is drawn, or on the later day."""
    return f"""
        SELECT * FROM event
        WHERE {in_window()} AND ((known_from <= $known_end AND known_to > $known_end)
                                 OR (known_from <= $revised AND known_to > $revised))
    """


@step("revised_events", example={"area": "municipality"})
def revised_events(area: str) -> str:
    """Events of a sort and a place that only one of the two counts, with the day they became so."""
    return f"""
        SELECT person, {term()} AS term, {area} AS area,
               sum(now::INTEGER) - sum(was::INTEGER) AS units,
               CASE WHEN bool_or(now) THEN max(known_from) FILTER (WHERE now)
                 WHEN bool_or(event_date < $start) THEN min(first_known)
                 ELSE max(known_to) FILTER (WHERE was) END AS known,
               CASE WHEN bool_or(now) AND min(first_known) > $known_end THEN 'late'
                 WHEN bool_or(event_date < $start) THEN 'earlier' ELSE 'changed' END AS why
        FROM (
          SELECT *, known_from <= $known_end AND known_to > $known_end AS was,
                 known_from <= $revised AND known_to > $revised AND event_date >= $start AS now
          FROM flow_rows
        ) AS rows
        WHERE was OR now
        GROUP BY person, position, 2, 3
        HAVING sum(now::INTEGER) <> sum(was::INTEGER)
    """


@step("unexplained_revisions")
def unexplained_revisions() -> str:
    """Units of the difference by person, day, sort, place and reason."""
    return """
        SELECT person, known, area, term, why, sum(units) AS units
        FROM revised_events GROUP BY ALL
    """


def _steps(area: str) -> list[Step]:
    level = _LEVELS[area]
    return [
        both_events().named("counted_events"),
        flow_rows(level),
        revised_events(adjustment.AREAS[area]),
        unexplained_revisions().named("unexplained"),
        adjustment.attributed(_FURTHER),
        adjustment.explained(_FURTHER),
    ]


def explain(
    connection: duckdb.DuckDBPyConnection,
    period: Period,
    area: str = "nation",
    known_at: KnownAt = "latest",
    regime: Regime = TODAYS,
    *,
    extraction_months: int = EXTRACTION_MONTHS,
) -> Cells:
    """Every unit by which flows differ from the published ones, with the report behind it.

    Parameters
    ----------
    connection
        An open store.
    period
        The period; of a quarter, the published flows are by the rules of the regime.
    area
        One of `adjustment.AREAS`.
    known_at
        The knowledge date of the revised flows.
    regime
        Rules of the published flows.
    extraction_months
        Months from the end of the period to when they were published.

    Raises
    ------
    UsageError
        A knowledge date before the extraction.
    """
    limits = coverage(connection)
    limits.check_day(period.start, "from")
    limits.check_day(period.end, "to")
    published = Clock(limits.knowledge(PUBLISHED, extraction_months), regime=regime)
    window = published.window(period)
    known = limits.knowledge(known_at).day(period.end)
    check_drawn(known, window.known_end)
    if isinstance(known, KnownMoment) and known.isoformat().startswith(str(window.known_end)):
        raise UsageError(
            "is a moment of the day of the extraction, of which units are not told apart",
            where="known_at", value=known,
            next_step="Ask for a later day, or for the figure alone: `folkestrom vintages`",
        )  # fmt: skip
    parameters = window.parameters | {"revised": known}
    # Looked up first: parts of town come to stand in place of basic units.
    places = adjustment.places_of(connection, area)
    found = fetch(connection, _steps(area), parameters)
    filled = SPECIFICATION.fill(when=period.code, known=known, drawn=window.known_end)
    data = _readable(adjustment.unit_by_unit(found), area)
    footnotes = (*filled.footnotes, *notes(places), regime.text, *_sums(data), *limits.nature)
    named = (*(place.dimension for place in places), *filled.dimensions)
    made = replace(filled, dimensions=named, footnotes=footnotes)
    return Cells(made, data)


def check_drawn(known: date, drawn: date, where: str = "known_at") -> None:
    """Refuse a knowledge date on which a figure was not drawn yet.

    Parameters
    ----------
    known
        The knowledge date.
    drawn
        The extraction.
    where
        The argument.
    """
    if known < drawn:
        raise UsageError(
            f"is before the extraction on {drawn}: there was no figure yet", where=where,
            value=known, allowed=f"days from {drawn}",
            next_step="Ask for a later day, or for an earlier extraction, a smaller number of "
            "months after the date or the period",
        )  # fmt: skip


def _readable(found: pa.Table, area: str) -> pa.Table:
    names = [FLOWS[n].id for n in found["term"].to_pylist()]
    made = adjustment.readable(found, area)
    columns: dict[str, Any] = {} if area == "nation" else {area: made[area]}
    columns |= {"figure": pa.array(names, pa.string()), "why": found["why"].cast(pa.string())}
    return pa.table(columns | {name: made[name] for name in made.column_names if name != area})


def _sums(data: pa.Table) -> tuple[Text, ...]:
    """What the units add up to, by the figure."""
    sums: Counter[str] = Counter()
    for name, units in zip(data["figure"].to_pylist(), data["units"].to_pylist(), strict=True):
        sums[name] += units
    shown = [(m.label, sums[m.id]) for m in FLOWS if m.id in sums]
    if not shown:
        return ()
    en = ", ".join(f"{label.en} {units:+d}" for label, units in shown)
    no = ", ".join(f"{label.no} {units:+d}" for label, units in shown)
    return (Text(f"In all: {en}.", f"I alt: {no}."),)
