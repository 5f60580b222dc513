"""The rules in SQL against the same rules in plain Python, on random lives; and Nordic moves."""

from __future__ import annotations

import tempfile
from dataclasses import asdict, replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from folkestrom.engine.steps import run
from folkestrom.residence.deciding import Rulebook, standing_steps
from folkestrom.residence.law import Reading
from folkestrom.residence.nordic import NordicStay, gaps, residences
from folkestrom.residence.stays import GROUNDS, read_stays
from tests.reference.residence import Stay, standing

COUNTRIES = ("NO", "NO", "NO", "PL", "US", "SE", "DK", "FI", "IS", "SJ", "XX")
LENGTHS = (20, 89, 92, 120, 181, 183, 184, 185, 200, 364, 365, 366, 400, 740, 1900)
_DATES = ("from_date", "intended_to", "to_date", "permit_from", "permit_to", "unlawful_from")
TYPES = dict.fromkeys(_DATES, pl.Date) | {"nights": pl.Int32}
YES = st.sampled_from((None, True, False))


@st.composite
def lives(draw: st.DrawFn) -> list[Stay]:
    """Stays of one person, one after the other, with gaps and all that rules ask about."""
    day = draw(st.sampled_from((1986, 1993, 1997, 2011, 2014, 2016, 2018, 2025)))
    begins = date(day, 1, 1) + timedelta(days=draw(st.integers(0, 364)))
    citizenship = draw(st.sampled_from((None, "NO", "PL")))
    stays: list[Stay] = []
    for _ in range(draw(st.integers(1, 4))):
        stays.append(draw(stays_from(begins, citizenship)))
        last = stays[-1].to_date
        if last is None:
            break
        begins = max(last, begins + timedelta(days=61)) + timedelta(
            days=draw(st.sampled_from((-60, 0, 0, 40, 800, 2000)))
        )
    return stays


@st.composite
def stays_from(draw: st.DrawFn, begins: date, citizenship: str | None) -> Stay:
    def later(chosen: tuple[int | None, ...]) -> date | None:
        days = draw(st.sampled_from(chosen))
        return None if days is None else begins + timedelta(days=days)

    country = draw(st.sampled_from(COUNTRIES))
    return Stay(
        1, country, begins, draw(st.sampled_from(GROUNDS)),
        municipality=draw(st.sampled_from((301, 1103, 4601))) if country == "NO" else None,
        intended_to=later((None, *LENGTHS)), to_date=later((None, *LENGTHS, *LENGTHS)),
        citizenship=citizenship, needs_permit=draw(YES), permit_from=later((None, 0, 100, 300)),
        permit_to=later((None, 310, 900)),
        family_country=draw(st.sampled_from((None, "NO", "SE", "US"))),
        family_municipality=draw(st.sampled_from((None, 301, 5001))),
        nights=draw(st.sampled_from((None, None, 100, 130, 182, 183, 300))),
        distance_km=draw(st.sampled_from((None, 39, 40))),
        unlawful_from=later((None, None, 60, 250)) if country == "NO" else None,
        nordic_notice=draw(YES),
        dwelling_abroad=draw(YES), dwelling_norway=draw(YES), work_norway=draw(YES),
        visits_norway=draw(YES),
    )  # fmt: skip


def put(connection: duckdb.DuckDBPyConnection, stays: list[Stay]) -> None:
    """Read stays by way of a file, as users have them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stays.parquet"
        pl.DataFrame([asdict(stay) for stay in stays], schema_overrides=TYPES).write_parquet(path)
        read_stays(connection, path)


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(lives(), st.data())
def test_sql_says_what_the_plain_rules_say(stays: list[Stay], data: st.DataObject) -> None:
    first = stays[0].from_date
    day = first + timedelta(days=data.draw(st.integers(1, 4000)))
    known_at = day + timedelta(days=data.draw(st.sampled_from((0, 1, 31, 184, 700, 3000))))
    with duckdb.connect() as connection:
        put(connection, stays)
        for base in ("registered", "usual"):
            for reading in ("law", "page"):
                book = Rulebook(base, reading)  # type: ignore[arg-type]
                rows = run(
                    connection, standing_steps(book), {"known_at": known_at, "day": day}
                ).fetchall()
                found = (None, None)
                if rows and rows[0][1] is not None:
                    outcome, place = rows[0][1], rows[0][5]
                    found = (outcome, place if outcome == "resident" else None)
                assert found == standing(stays, day, known_at, base, reading), (base, reading)


# --- Nordic moves ---

NORDIC = ("NO", "DK", "SE", "FI", "IS")


@st.composite
def nordic_lives(draw: st.DrawFn) -> list[NordicStay]:
    day, stays = date(2010, 1, 1) + timedelta(days=draw(st.integers(0, 400))), []
    for _ in range(draw(st.integers(1, 6))):
        ends = day + timedelta(days=draw(st.integers(1, 800)))
        stays.append(NordicStay(draw(st.sampled_from(NORDIC)), day, ends, draw(st.booleans())))
        day = ends
    return stays


@given(nordic_lives())
def test_nobody_is_resident_in_two_nordic_countries_or_in_none(stays: list[NordicStay]) -> None:
    """By the agreement: the country left follows the rules of the country of immigration."""
    assert all(len(where) == 1 for where in residences(stays, "law"))


@settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=50)
@given(nordic_lives(), st.sampled_from(("law", "page")))
def test_the_decisions_on_stays_are_those_of_both_countries(
    stays: list[NordicStay], reading: Reading
) -> None:
    """Who was born here is a resident just as long as the other countries' rules make none.

    A stay's notice is another country's: that Norway gives its own in time is taken for granted.
    """
    born = NordicStay("NO", date(2000, 1, 1), stays[0].begins)
    every = [born, *(replace(one, notice=one.notice or one.country == "NO") for one in stays)]
    with duckdb.connect() as connection:
        put(connection, [
            Stay(1, one.country, one.begins, "birth", 301 if one.country == "NO" else None,
                 one.ends, one.ends, "NO", nordic_notice=one.notice)
            for one in every
        ])  # fmt: skip
        for stay, where in zip(every, residences(every, reading), strict=True):
            asked = {"day": stay.ends, "known_at": date(2030, 1, 1)}
            ((_, outcome, *_),) = run(
                connection, standing_steps(Rulebook(reading=reading)), asked
            ).fetchall()
            assert (outcome == "resident") == ("NO" in where)


@given(nordic_lives())
def test_the_page_leaves_one_gap(stays: list[NordicStay]) -> None:
    """Taken at its word, who leaves Denmark for a stay too short elsewhere is resident nowhere."""
    left = None
    for stay, where in zip(stays, residences(stays, "page"), strict=True):
        assert len(where) <= 1
        if not where:
            assert stay.country != "DK"
            assert left in ("DK", None)
        left = next(iter(where), None)
    assert {(one, other) for one, other, *_ in gaps("page")} == {
        ("DK", other) for other in ("NO", "SE", "FI", "IS", "FO", "GL", "AX")
    }
