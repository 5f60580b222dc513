"""The adjustment, report by report.

Let G(k) be the stock at the end of a period minus the flows of the period, both as known on day k.
At the period's first knowledge date, G is the stock at its start, since what is known on one day is
consistent in itself; at its last one, G is the stock at its end minus the published flows. The
difference is the adjustment. It is therefore the sum, over the knowledge dates between, of how
much G changed that day, and each change belongs to a person of whom something became known.

A late report changes the stock and the flows alike, and so contributes nothing. What remains
is, above all, annulled and corrected reports that an earlier period had counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa

from folkestrom.engine.rows import catalog_of
from folkestrom.engine.steps import Step, step
from folkestrom.model.cells import Cells
from folkestrom.model.codes import IDENTITY_KINDS, Kind
from folkestrom.model.specification import Dimension, Measure, TableSpecification, Text, same
from folkestrom.statistics.flows import Window, in_window
from folkestrom.statistics.population import fetch
from folkestrom.variables.borders.asked import has_borders_of_each_day, note_of_borders
from folkestrom.variables.borders.views import border_effects
from folkestrom.variables.registry import VARIABLES
from folkestrom.variables.variable import Variable, notes

#: Places to explain by, as expressions over a municipality and a basic unit. Where parts of town
#: are asked for, they stand in place of basic units.
AREAS: Final = {
    "nation": "0",
    "county": "municipality // 100",
    "municipality": "municipality",
    "part_of_town": "basic_unit",
    "basic_unit": "basic_unit",
}

_ARRIVALS: Final = f"{int(Kind.BIRTH)}, {int(Kind.IMMIGRATION)}, {int(Kind.MOVE)}"
_DEPARTURES: Final = f"{int(Kind.EMIGRATION)}, {int(Kind.DEATH)}, {int(Kind.MOVE)}"
_OF_IDENTITIES: Final = ", ".join(str(int(kind)) for kind in sorted(IDENTITY_KINDS))
_AT_END: Final = "valid_from <= $eve AND valid_to > $eve"
_BECAME_KNOWN: Final = "known_from > $known_start AND known_from <= $known_end"
_WAS_SUPERSEDED: Final = "known_to > $known_start AND known_to <= $known_end"


@step("stock_changes", reads=["residence"])
def stock_changes() -> str:
    """How knowledge about the stock at the end of the period changed, day by day.

    A stay that holds at the end counts +1 on the day it becomes known, and −1 on the day on
    which something else becomes known instead.
    """
    return f"""
        SELECT person, known_from AS known, municipality, basic_unit, 1 AS units
        FROM residence
        WHERE {_AT_END} AND {_BECAME_KNOWN}
        UNION ALL
        SELECT person, known_to AS known, municipality, basic_unit, -1 AS units
        FROM residence
        WHERE {_AT_END} AND {_WAS_SUPERSEDED}
    """


@step("flow_effects", reads=["event"])
def flow_effects() -> str:
    """What each event that is counted, or was, in the flows of the period adds to a place."""
    return f"""
        SELECT person, known_from, known_to, municipality_to AS municipality,
               basic_unit_to AS basic_unit, 1 AS effect
        FROM event
        WHERE kind IN ({_ARRIVALS}) AND {in_window()} AND known_to > $known_start
        UNION ALL
        SELECT person, known_from, known_to, municipality_from AS municipality,
               basic_unit_from AS basic_unit, -1 AS effect
        FROM event
        WHERE kind IN ({_DEPARTURES}) AND municipality_from IS NOT NULL
          AND {in_window()} AND known_to > $known_start
    """


@step("flow_changes", example={"effects": "flow_effects"})
def flow_changes(effects: str) -> str:
    """How knowledge about the flows of the period changed: what flows take, the stock must give."""
    return f"""
        SELECT person, known_from AS known, municipality, basic_unit, -effect AS units
        FROM {effects}
        WHERE {_BECAME_KNOWN}
        UNION ALL
        SELECT person, known_to AS known, municipality, basic_unit, effect AS units
        FROM {effects}
        WHERE {_WAS_SUPERSEDED}
    """


@step("starts_outside_flows", reads=["event"])
def starts_outside_flows() -> str:
    """First registrations in the period, known from its start on: in the stock and in no flow."""
    return f"""
        SELECT person, first_known AS known, municipality_to AS municipality,
               basic_unit_to AS basic_unit, 1 AS units
        FROM event
        WHERE kind = {int(Kind.FIRST_REGISTRATION)} AND event_date >= $start AND event_date < $end
          AND known_from <= $known_start AND known_to > $known_start
    """


@step("unexplained", example={"area": "municipality", "others": ("flow_changes",)})
def unexplained(area: str, others: Sequence[str]) -> str:
    """What remains of a person's changes on one knowledge date in one place, where not nothing."""
    return f"""
        SELECT person, known, {area} AS area, sum(units) AS units
        FROM (
          SELECT * FROM stock_changes
          {"".join(f"UNION ALL SELECT * FROM {name} " for name in others)}
        ) AS changes
        GROUP BY 1, 2, 3
        HAVING sum(units) <> 0
    """


@step("attributed", reads=["known_report"])
def attributed(further: Sequence[str] = ()) -> str:
    """Each remaining unit with the reports of that person that became known that day, ranked.

    Units are told apart by further columns too, where they have some. Merges and splits of
    identities come first, then annulments, corrections, corrections of attributes, and the rest.
    """
    more = "".join(f", u.{name}" for name in further)
    return f"""
        SELECT u.area, u.known, u.units{more}, r.source, r.source_report_id, r.kind, r.target,
               row_number() OVER (
                 PARTITION BY u.person, u.known, u.area{more}
                 ORDER BY CASE WHEN r.kind IN ({_OF_IDENTITIES}) THEN -1
                            WHEN r.annuls THEN 0 WHEN r.corrects THEN 1
                            WHEN r.kind = {int(Kind.ATTRIBUTE_CORRECTION)} THEN 2 ELSE 3 END,
                          r.received_at, r.key_hash
               ) AS place,
               count(*) OVER (PARTITION BY u.person, u.known, u.area{more}) AS reports
        FROM unexplained u
        LEFT JOIN known_report r ON r.person = u.person AND r.known_from = u.known
    """


@step("explained", reads=["known_report"])
def explained(further: Sequence[str] = ()) -> str:
    """The first of those reports, with the kind of the report that it annuls or corrects."""
    more = "".join(f", a.{name}" for name in further)
    return f"""
        SELECT a.area, a.known, a.units{more}, a.source, a.source_report_id, a.kind,
               t.kind AS target_kind, a.reports
        FROM attributed a
        LEFT JOIN known_report t ON t.position = a.target
        WHERE a.place = 1
        ORDER BY a.area, a.known, a.source, a.source_report_id, a.units{more}
    """


def explain_steps(area: str, moving: str | None = None) -> list[Step]:
    """Steps to the explanation by a sort of place; the window's values are bound when they run.

    Parameters
    ----------
    area
        One of `AREAS`.
    moving
        The catalog of a store whose places are as they were: its changes of borders are no
        adjustment.
    """
    effects = [flow_effects()] if moving is None else [flow_effects(), border_effects(moving)]
    changes = [flow_changes(e.name).named(e.name.replace("effects", "changes")) for e in effects]
    changes.append(starts_outside_flows())
    return [
        stock_changes(), *effects, *changes,
        unexplained(AREAS[area], [change.name for change in changes]), attributed(), explained(),
    ]  # fmt: skip


def explain(
    connection: duckdb.DuckDBPyConnection,
    windows: Sequence[Window],
    area: str,
    *,
    when: str,
    known: date,
) -> Cells:
    """Every unit of the adjustment over consecutive windows, one row each, +1 or −1.

    Parameters
    ----------
    connection
        An open store.
    windows
        Periods with their knowledge dates, one after the other.
    area
        One of `AREAS`: units that cancel inside a place are not listed.
    when, known
        Period and knowledge date, for the title.
    """
    # Looked up first: parts of town come to stand in place of basic units.
    places = places_of(connection, area)
    moving = catalog_of(connection) if has_borders_of_each_day(connection) else None
    tables = []
    for window in windows:
        parameters = window.parameters | {"eve": window.end - timedelta(days=1)}
        tables.append(fetch(connection, explain_steps(area, moving), parameters))
    filled = SPECIFICATION.fill(when=when, known=known)
    data = readable(unit_by_unit(pa.concat_tables(tables)), area)
    specification = replace(
        filled,
        dimensions=(*(place.dimension for place in places), *filled.dimensions),
        footnotes=(*filled.footnotes, *notes(places), *_sums(data)),
    )
    return Cells(specification, data)


def places_of(connection: duckdb.DuckDBPyConnection, area: str) -> tuple[Variable, ...]:
    """What names the places to explain by, in the borders that a connection asks for.

    Parameters
    ----------
    connection
        An open store.
    area
        One of `AREAS`; the nation has no places.
    """
    return () if area == "nation" else (note_of_borders(connection, VARIABLES[area]),)


def _sums(data: pa.Table) -> tuple[Text, ...]:
    """What the units add up to, by the kind of the report and of the one that it is about."""
    sums: Counter[Text] = Counter()
    columns = (data[name].to_pylist() for name in ("kind", "target_kind", "units"))
    for kind, target, units in zip(*columns, strict=True):
        sums[_about(kind, target)] += units
    if not sums:
        return ()
    largest = sorted(sums, key=lambda name: (-abs(sums[name]), name.en))
    total = sums.total()
    en = ", ".join(f"{name.en} {sums[name]:+d}" for name in largest)
    no = ", ".join(f"{name.no} {sums[name]:+d}" for name in largest)
    return (Text(f"In all {total:+d}: {en}.", f"I alt {total:+d}: {no}."),)


def _about(kind: str, target: str | None) -> Text:
    if target in (None, kind, NO_TARGET):
        return _KINDS[kind]
    return Text(f"{_KINDS[kind].en} of {_KINDS[target].en}",
                f"{_KINDS[kind].no} av {_KINDS[target].no}")  # fmt: skip


def unit_by_unit(found: pa.Table) -> pa.Table:
    """A row of several units as so many rows of one, +1 or −1."""
    units = np.from_dlpack(found["units"].cast(pa.int64()).combine_chunks())
    rows = found.take(pa.array(np.repeat(np.arange(len(units)), np.abs(units))))
    signs = np.repeat(np.sign(units), np.abs(units)).astype(np.int8)
    return rows.set_column(rows.column_names.index("units"), "units", pa.array(signs))


def readable(found: pa.Table, area: str) -> pa.Table:
    """Units with places as codes, and with kinds of reports by their names.

    Parameters
    ----------
    found
        Rows of the step `explained`.
    area
        One of `AREAS`.
    """
    columns: dict[str, Any] = {}
    if area != "nation":
        columns[area] = VARIABLES[area].column(found["area"])
    columns["known"] = found["known"]
    for name in ("source", "source_report_id"):
        columns[name] = found[name].cast(pa.string())
    for name in ("kind", "target_kind"):
        columns[name] = pa.array([_kind(number) for number in found[name].to_pylist()], pa.string())
    columns["units"] = found["units"]
    columns["reports"] = found["reports"].cast(pa.int32())
    return pa.table(columns)


def _kind(number: int | None) -> str:
    return NO_TARGET if number is None else Kind(number).name.lower()


#: Kind of the target of a report that annuls and corrects nothing.
NO_TARGET: Final = "none"

_KINDS: Final = {
    "first_registration": Text("first registration", "førstegangsregistrering"),
    "birth": Text("birth", "fødsel"),
    "immigration": Text("immigration", "innvandring"),
    "attribute_correction": Text("attribute correction", "retting av opplysning"),
    "move": Text("move", "flytting"),
    "marital_change": Text("change of marital status", "endret sivilstand"),
    "citizenship_change": Text("change of citizenship", "endret statsborgerskap"),
    "emigration": Text("emigration", "utvandring"),
    "death": Text("death", "dødsfall"),
    "annulment": Text("annulment", "annullering"),
    "merge": Text("merge of two identities", "sammenslåing av to identiteter"),
    "split": Text("split of a merged identity", "splitting av en sammenslått identitet"),
    NO_TARGET: Text("–", "–"),
}

SPECIFICATION: Final = TableSpecification(
    id="adjustment",
    title=Text(
        "Statistical adjustment, report by report. {when}",
        "Statistisk korreksjon, melding for melding. {when}",
    ),
    dimensions=(
        Dimension("known", Text("Known from", "Kjent fra")),
        Dimension("source", Text("Source", "Kilde")),
        Dimension("source_report_id", Text("Report", "Melding")),
        Dimension("kind", Text("Kind", "Type"), labels=_KINDS.__getitem__),
        Dimension(
            "target_kind", Text("Of a report of", "Av melding om"), labels=_KINDS.__getitem__
        ),
    ),
    measures=(
        Measure("units", Text("Units", "Enheter"), Text("persons", "personer")),
        Measure(
            "reports", Text("Reports that day", "Meldinger den dagen"), Text("reports", "meldinger")
        ),
    ),
    contents=Text(
        "Every unit of the adjustment with the report that it is owed to. Where several reports "
        "about the person became known that day, merges, annulments and corrections come first.",
        "Hver enhet av korreksjonen med meldingen den skyldes. Der flere meldinger om personen ble "
        "kjent samme dag, kommer sammenslåinger, annulleringer og rettinger først.",
    ),
    reference_time=Text("{when}", "{when}"),
    method=Text(
        "Changes of the stock at the end of the period that its flows do not match, as known day "
        "by day until {known}.",
        "Endringer i folkemengden ved utgangen av perioden som ikke svarer til endringene i den, "
        "slik de ble kjent dag for dag til {known}.",
    ),
    knowledge_time=same("{known}"),
    listing=True,
)
