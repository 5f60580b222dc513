"""The population of years to come of a store, under one scenario or several, as cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

import duckdb

from folkestrom.analysis.prospects.by_area import area_start
from folkestrom.analysis.prospects.by_cells import check_cells
from folkestrom.analysis.prospects.counted import start
from folkestrom.analysis.prospects.likely import Likely, likely_outlook
from folkestrom.analysis.prospects.outlook import (
    check_number_of_years,
    check_years,
    of_smooth,
    outlook,
)
from folkestrom.analysis.prospects.past import area_model, history
from folkestrom.columns import check_arguments
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import PUBLISHED, KnownAt
from folkestrom.model.specification import Text, same
from folkestrom.model.time import EXTRACTION_MONTHS
from folkestrom.projection.groups import DURATIONS
from folkestrom.projection.rates.estimates import CLOSED_FROM
from folkestrom.projection.scenario import Scenario
from folkestrom.projection.start import Start
from folkestrom.statistics.coverage import Coverage, coverage

#: Over how many years before the start rates are taken, if nothing else is said.
BASE_YEARS: Final = 5

_METHOD: Final = Text(
    "Cohort-component method by single year of age, sex and population group: natives, "
    "Norwegian-born to immigrant parents, and immigrants by group of countries and years since "
    "immigration. Rates and immigration are those of {base}, as known on {known}.",
    "Kohort-komponentmetoden etter ettårig alder, kjønn og befolkningsgruppe: majoritet, "
    "norskfødte av innvandrere, og innvandrere etter landgruppe og år siden innvandring. Rater "
    "og innvandring er som i {base}, slik det var kjent {known}.",
)
_RULES: Final = Text(
    "Emigration rates are a factor of group and duration times one of sex and age. Natives "
    "and Norwegian-born return at a rate of those who live abroad, so that fewer who leave "
    "are fewer who return. Death rates from age "
    f"{CLOSED_FROM} on are by Kannisto's model.",
    "Utvandringsrater er en faktor for gruppe og botid ganger en for kjønn og alder. "
    "Majoritet og norskfødte flytter tilbake med en rate av dem som bor i utlandet, slik "
    "at færre som drar, gir færre som kommer tilbake. Dødsrater fra "
    f"{CLOSED_FROM} år er etter Kannistos modell.",
)


def begun_of(
    connection: duckdb.DuckDBPyConnection, first: int, base_years: int, known_at: KnownAt,
    extraction_months: int, durations: int = DURATIONS, *, smooth: bool = False,
) -> tuple[Start, date, tuple[Text, ...]]:  # fmt: skip
    """What a store's projection starts from, the day it was known, and what has to be said of it.

    Parameters
    ----------
    connection
        An open store.
    first, base_years, known_at, extraction_months, durations, smooth
        As for `projected`.

    Raises
    ------
    UsageError
        Years that the log does not reach.
    """
    check_number_of_years("years", base_years)
    limits = coverage(connection)
    _check_reach(limits, first, base_years)
    day = date(first, 1, 1)
    known = limits.knowledge(known_at, extraction_months).day(day)
    begun = start(connection, day, known, base_years, durations, smooth=smooth)
    notes = (*limits.notes(known), *_left_out(begun), *of_smooth(begun))
    return begun, known, notes


def _check_reach(limits: Coverage, first: int, base_years: int) -> None:
    """Refuse years that the log does not reach."""
    known = range(limits.first.year + (limits.first > date(limits.first.year, 1, 1)),
                  limits.last.year + 1)  # fmt: skip
    if first not in known[1:]:
        raise UsageError(
            "is no year at whose beginning a projection can start", where="from", value=first,
            allowed=f"{known[0] + 1} to {known[-1]}",
        )  # fmt: skip
    if first - base_years not in known:
        raise UsageError(
            "are more years than the log has before the start", where="years", value=base_years,
            allowed=f"1 to {first - known[0]}",
        )  # fmt: skip


def projected(
    connection: duckdb.DuckDBPyConnection,
    first: int,
    last: int,
    *,
    base_years: int = BASE_YEARS,
    scenarios: Sequence[Scenario] = (),
    every: int = 1,
    indicators: Sequence[str] = (),
    by: Sequence[str] = (),
    needed: str | Path | None = None,
    likely: Likely | None = None,
    areas: str = "",
    durations: int = DURATIONS,
    smooth: bool = False,
    known_at: KnownAt = PUBLISHED,
    extraction_months: int = EXTRACTION_MONTHS,
) -> Cells:
    """The population of a store, projected from the first of January of a year.

    Parameters
    ----------
    connection
        An open store.
    first, last
        The year whose beginning is the start, and the last year that is shown.
    base_years
        Over how many years before the start rates are taken.
    scenarios, every, indicators, by, needed
        As for `outlook`.
    likely
        How draws are made of what may come; None: rates stay as they were.
    areas
        "county" or "municipality": figures of each, that add up to those of the nation; empty: of
        the nation.
    durations
        Completed years since immigration that groups of immigrants are told apart by.
    smooth
        Whether rates are smooth from one year of age to the next.
    known_at, extraction_months
        As for `population`, of the start; rates are as known then.

    Returns
    -------
    Cells
        A row a year, and a scenario if there are any.

    Raises
    ------
    UsageError
        Years that the log does not reach, or in the wrong order; a scenario that cannot be.
    """
    check_arguments(projected, locals())
    check_years(first, last, every)
    check_cells(areas, by, durations)
    begun, known, notes = begun_of(
        connection, first, base_years, known_at, extraction_months, durations, smooth=smooth
    )
    day = date(first, 1, 1)
    parts = area_start(connection, day, known, begun, areas) if areas else None
    if likely is None:
        made = outlook(
            begun, first, last, scenarios, every=every, indicators=indicators, by=by,
            needed=needed, areas=parts,
        )  # fmt: skip
    else:
        likely = with_series(connection, likely, begun, day, known)
        likely.check(scenarios)
        if parts:
            model = area_model(connection, begun, parts, coverage(connection).first, day, known,
                               last - first + 1, likely.seed)  # fmt: skip
            parts = replace(parts, model=model)
        made = likely_outlook(
            begun, first, last, likely, scenarios, every=every, indicators=indicators, areas=parts
        )
    # What draws are is said first.
    spec, drawn = made.specification, int(likely is not None)
    return Cells(
        replace(
            spec, knowledge_time=same(str(known)),
            method=_METHOD.fill(base=f"{first - base_years} – {first - 1}", known=known),
            footnotes=(*spec.footnotes[:drawn], _RULES, *spec.footnotes[drawn:], *notes),
        ),
        made.data,
    )  # fmt: skip


def with_series(
    connection: duckdb.DuckDBPyConnection, likely: Likely, begun: Start, day: date, known: date
) -> Likely:
    """Draws with the series of the register, where they need some and have none.

    Parameters
    ----------
    connection
        An open store.
    likely
        How what may come is drawn.
    begun, day, known
        What the projection starts from, when, and as known on what day.
    """
    if not likely.needs_series:
        return likely
    register = coverage(connection).first
    past = history(connection, begun.structure, begun.rates, register, day, known)
    return replace(likely, history=past)


def _left_out(begun: Start) -> Iterator[Text]:
    if begun.left_out:
        yield Text(
            f"{begun.left_out} residents of unknown sex or age are left out.",
            f"{begun.left_out} bosatte med ukjent kjønn eller alder er ikke med.",
        )
