"""Moves from the register's tables: flows of a period, and arrivals with all their moves.

Moves are counted by the day on which they happened, from the reports that stand as known on a day;
`statistics.flows` counts as the published method does, late reports in the period after.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final, Literal

import duckdb
import polars as pl

from folkestrom.analysis.flows.matrix import FlowMatrix, flow_matrix
from folkestrom.analysis.flows.sequences import UNKNOWN
from folkestrom.classifications.areas import county_name, municipality_name
from folkestrom.classifications.code_lists import country_label
from folkestrom.columns import check_arguments
from folkestrom.engine.steps import step
from folkestrom.errors import InputRefused, UsageError
from folkestrom.model.codes import Kind, Origin
from folkestrom.model.countries import COUNTRIES, COUNTRY_CODES, NORWAY
from folkestrom.model.names import suggestion
from folkestrom.model.specification import Text, same
from folkestrom.statistics.population import fetch

Level = Literal["municipality", "county", "country"]

_KINDS: Final = f"{int(Kind.MOVE)}, {int(Kind.IMMIGRATION)}, {int(Kind.EMIGRATION)}"
_PLACES: Final = {
    "municipality": ("municipality_from", "municipality_to"),
    "county": ("municipality_from // 100", "municipality_to // 100"),
    "country": ("0", "0"),
}
_NOT_KNOWN: Final = frozenset({"XX"})


@step("moves_counted", reads=["event"], example={"level": "county"})
def moves_counted(level: Level) -> str:
    """Moves of `[$start, $end)` by kind, place left, place come to, and country.

    Reports of moves, immigration and emigration that stand as known on `$known_at`, by the day on
    which they happened. Moves within a place are there too.
    """
    left, reached = _PLACES[level]
    return f"""
        SELECT kind, {left} AS place_from, {reached} AS place_to, country, count(*) AS moves
        FROM event
        WHERE kind IN ({_KINDS}) AND event_date >= $start AND event_date < $end
          AND known_from <= $known_at AND known_to > $known_at
        GROUP BY 1, 2, 3, 4
        ORDER BY 1, 2, 3, 4
    """


@step("arrivals_of", reads=["attribute"], example={"countries": (1, 2)})
def arrivals_of(countries: Sequence[int]) -> str:
    """Persons born in some countries whose record began by immigration in `[$since, $until)`."""
    listed = ", ".join(str(code) for code in countries)
    return f"""
        SELECT person, country_of_birth, valid_from AS arrived
        FROM attribute
        WHERE origin = {int(Origin.IMMIGRATION)} AND country_of_birth IN ({listed})
          AND valid_from >= $since AND valid_from < $until
          AND known_from <= $known_at AND known_to > $known_at
    """


@step("moves_of_arrivals", reads=["event"])
def moves_of_arrivals() -> str:
    """All immigration, emigration and death before `$until` of those who arrived."""
    kinds = f"{int(Kind.IMMIGRATION)}, {int(Kind.EMIGRATION)}, {int(Kind.DEATH)}"
    return f"""
        SELECT a.person, a.country_of_birth, e.kind, e.event_date AS date, e.country
        FROM arrivals_of a
        INNER JOIN event e ON e.person = a.person
        WHERE e.kind IN ({kinds}) AND e.event_date < $until
          AND e.known_from <= $known_at AND e.known_to > $known_at
        ORDER BY a.person, e.event_date, e.order_in_day
    """


def flows_of_period(
    connection: duckdb.DuckDBPyConnection,
    start: date,
    end: date,
    *,
    known_at: date,
    level: Level = "county",
) -> FlowMatrix:
    """Moves between places of the country, and between them and other countries.

    Parameters
    ----------
    connection
        An open store.
    start, end
        The period, `[start, end)`.
    known_at
        Knowledge date.
    level
        Places within the country: municipality (four digits), county (two), or country (NO).
        Other countries are their alpha-2 codes.

    Returns
    -------
    FlowMatrix
        Moves within a place stand on the diagonal.
    """
    check_arguments(flows_of_period, locals())
    if start >= end:
        raise UsageError(
            "is no period", value=f"{start} to {end}", allowed="a start before its end"
        )
    parameters: dict[str, object] = {"start": start, "end": end, "known_at": known_at}
    cells = pl.DataFrame(fetch(connection, [moves_counted(level)], parameters))
    if not len(cells):
        raise InputRefused(
            f"there are no moves from {start} until {end}", next_step="Check the period."
        )
    abroad = pl.col("country").replace_strict(_alpha2(), default=UNKNOWN, return_dtype=pl.String)
    width = 4 if level == "municipality" else 2

    def place(name: str) -> pl.Expr:
        if level == "country":
            return pl.lit(NORWAY)
        return pl.col(name).cast(pl.String).str.zfill(width)

    kind = pl.col("kind")
    named = cells.select(
        origin=pl.when(kind == int(Kind.IMMIGRATION)).then(abroad).otherwise(place("place_from")),
        destination=pl.when(kind == int(Kind.EMIGRATION)).then(abroad).otherwise(place("place_to")),
        moves=pl.col("moves"),
    )
    found = flow_matrix(named, weight="moves")
    return replace(found, names={p: _place_name(p) for p in found.places if p != UNKNOWN})


def _place_name(code: str) -> Text:
    """What a place is called; of a name in several languages, the first."""
    if code.isdigit():
        name = (county_name if len(code) == len("03") else municipality_name)(code)
        return same(name.split(" - ")[0])
    return country_label(code)


def moves_of(
    connection: duckdb.DuckDBPyConnection,
    countries: Sequence[str],
    *,
    since: date,
    until: date,
    known_at: date,
) -> pl.DataFrame:
    """Arrivals from some countries, and all their moves over the border, for `move_sequences`.

    Parameters
    ----------
    connection
        An open store.
    countries
        Countries of birth, by alpha-2 code.
    since, until
        First arrivals of `[since, until)`; moves before `until`.
    known_at
        Knowledge date.

    Returns
    -------
    polars.DataFrame
        Columns person, date, from_country, to_country, country_of_birth.
    """
    check_arguments(moves_of, locals())
    wrong = [c for c in countries if c not in COUNTRY_CODES]
    if wrong or not countries:
        raise UsageError(
            "is no country", column="countries", value=", ".join(wrong),
            allowed="alpha-2 codes of ISO 3166-1, such as PL",
            next_step=suggestion(wrong[0], COUNTRY_CODES) if wrong else None,
        )  # fmt: skip
    codes = sorted(COUNTRY_CODES[c] for c in countries)
    parameters: dict[str, object] = {"since": since, "until": until, "known_at": known_at}
    rows = pl.DataFrame(fetch(connection, [arrivals_of(codes), moves_of_arrivals()], parameters))
    names = _alpha2()
    abroad = pl.col("country").replace_strict(names, default=None, return_dtype=pl.String)
    abroad = abroad.fill_null(UNKNOWN)
    home, kind = pl.lit(NORWAY), pl.col("kind")
    return rows.select(
        "person",
        "date",
        from_country=pl.when(kind == int(Kind.IMMIGRATION))
        .then(abroad)
        .when(kind == int(Kind.EMIGRATION))
        .then(home),
        to_country=pl.when(kind == int(Kind.EMIGRATION))
        .then(abroad)
        .when(kind == int(Kind.IMMIGRATION))
        .then(home),
        country_of_birth=pl.col("country_of_birth").replace_strict(
            names, default=UNKNOWN, return_dtype=pl.String
        ),
    )


def _alpha2() -> Mapping[int, str]:
    """Alpha-2 codes by their number in the store; unknown is not one."""
    return {n: c for n, c in enumerate(COUNTRIES, start=1) if c not in _NOT_KNOWN}
