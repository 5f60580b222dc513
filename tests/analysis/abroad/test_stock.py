"""Emigrants living abroad, beside the reports of persons who are followed one by one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

import numpy as np
import pytest

from folkestrom.analysis.abroad.stock import Assumed, _died, abroad
from folkestrom.analysis.abroad.survival import DeathRates
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.codes import Kind
from folkestrom.model.countries import COUNTRY_CODES
from folkestrom.outputs.cells import published
from folkestrom.outputs.rules import rules_of
from tests.reference.register import Report
from tests.statistics.small_store import store_of
from tests.statistics.test_coverage import report

FIRST, DAY, KNOWN = date(1999, 12, 31), date(2021, 1, 1), date(2021, 2, 1)
NOBODY = Assumed((0, 0), (0, 0), (0, 0))
HOME, ABROAD, DEAD = "home", "abroad", "dead"


def lives(seed: int, persons: int = 60) -> list[Report]:
    """Persons who leave, return and die on days of chance, and reports that are annulled."""
    chance, made = Random(seed), []
    born = {n: date(1950 + n % 50, 5, 17) for n in range(1, persons + 1)}
    for n in born:
        made.append(report(n, Kind.FIRST_REGISTRATION, FIRST, FIRST + timedelta(days=1)))
        day, at = FIRST, HOME
        while (day := day + timedelta(days=chance.randrange(200, 4000))) < date(2021, 1, 20):
            kind = Kind.EMIGRATION if at is HOME else Kind.IMMIGRATION
            if chance.random() < 0.2:
                made.append(report(n, Kind.DEATH, day, day))
                break
            country = COUNTRY_CODES[chance.choice(("SE", "DK", "US"))]
            one = report(n, kind, day, day + timedelta(days=chance.randrange(30)), country=country)
            made.append(one)
            if chance.random() < 0.15:
                known = one.known_from + timedelta(days=40)
                made.append(replace(one, kind=Kind.ANNULMENT, known_from=known, event_date=None))
                continue
            at = ABROAD if at is HOME else HOME
    made.append(report(999, Kind.BIRTH, date(2021, 1, 30), KNOWN))
    made = [
        replace(one, position=n, key_hash=n, birth_date=born.get(one.person))
        for n, one in enumerate(made, start=1)
    ]
    return [
        replace(one, target=one.position - 1, aims=True) if one.kind == Kind.ANNULMENT else one
        for one in made
    ]


def followed(reports: list[Report], day: date, known: date) -> dict[str, int]:
    """Exits, returns and deaths abroad before a day, one report after the other."""
    gone = {r.target for r in reports if r.kind == Kind.ANNULMENT and r.known_from <= known}
    counts, where = {"exits": 0, "returns": 0, "deaths": 0}, dict[int, str]()
    standing = [
        r
        for r in reports
        if r.event_date and r.event_date < day and r.known_from <= known and r.position not in gone
    ]
    for one in sorted(standing, key=lambda r: r.event_date or FIRST):
        at = where.get(one.person, HOME)
        if at is DEAD:
            continue
        if one.kind == Kind.EMIGRATION and at is HOME:
            counts["exits"] += 1
            where[one.person] = ABROAD
        elif one.kind == Kind.IMMIGRATION and at is ABROAD:
            counts["returns"] += 1
            where[one.person] = HOME
        elif one.kind == Kind.DEATH:
            counts["deaths"] += at is ABROAD
            where[one.person] = DEAD
    return counts


def only_row(found: Cells) -> dict[str, Any]:
    (row,) = found.rows()
    return dict(row)


@pytest.mark.parametrize("seed", range(5))
def test_exits_less_returns_and_deaths_are_the_stock(seed: int) -> None:
    reports = lives(seed)
    store = store_of(reports)
    for day in (date(2008, 6, 1), date(2015, 1, 1), DAY):
        known = day + timedelta(days=20)
        counts = followed(reports, day, known)
        stock = counts["exits"] - counts["returns"] - counts["deaths"]
        found = abroad(store, day, known_at=known, assumed=NOBODY)
        row = only_row(found)
        assert row["persons"] == row["low"] == row["central"] == row["high"] == stock
        by = abroad(store, day, ["country", "sex", "years_abroad"], known_at=known).rows()
        assert sum(one["persons"] for one in by) == stock
        assert counts["deaths"] or day.year < 2015


def test_where_they_went_and_how_long_ago() -> None:
    day = date(2015, 6, 1)
    moves = ((Kind.EMIGRATION, "SE", date(2010, 6, 1)), (Kind.IMMIGRATION, "SE", date(2012, 1, 1)),
             (Kind.EMIGRATION, "DK", date(2012, 6, 1)))  # fmt: skip
    reports = [report(1, Kind.FIRST_REGISTRATION, FIRST, FIRST + timedelta(days=1))]
    reports += [report(1, kind, on, on, country=COUNTRY_CODES[to]) for kind, to, on in moves]
    reports.append(report(2, Kind.BIRTH, date(2021, 1, 30), KNOWN))
    reports = [replace(one, position=n, key_hash=n) for n, one in enumerate(reports, start=1)]
    by = ["country", "years_abroad", "duration_abroad", "age"]
    row = only_row(abroad(store_of(reports), day, by, assumed=NOBODY))
    assert [row[name] for name in by] == ["DK", 2, "2", 35]


def test_death_rates_are_added_up_day_by_day() -> None:
    chance = np.random.default_rng(3)
    rates = DeathRates(2020, chance.uniform(0, 0.2, (4, 3, 120)))
    born = np.array(["1950-02-27", "1999-12-31", "1980-07-01", "NaT"], "M8[D]")
    left = np.array(["2003-05-04", "2001-01-01", "2020-12-30", "2001-01-01"], "M8[D]")
    sex, until = np.array([1, 2, 0, 1]), date(2020, 11, 3)
    expected = []
    for n in range(3):
        day, birth, total = left[n].astype(date), born[n].astype(date), 0.0
        while day < until:
            age = day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
            total += rates.rates[3 - (2020 - day.year) // 5, sex[n], age] / 365.25
            day += timedelta(days=1)
        expected.append(total)
    # A birthday of a leap year may be a day off.
    assert np.allclose(rates.hazard(sex, born, left, until), [*expected, 0], atol=0.2 / 365 * 25)


def test_surviving_from_one_age_to_another() -> None:
    rates = DeathRates(2020, np.full((1, 3, 120), 0.1))
    found = rates.surviving(np.array([1, 1]), np.array([30, 50]), np.array([40, 50]))
    assert np.allclose(found, [np.exp(-1), 1])


def test_deaths_that_the_register_knows_are_not_counted_again() -> None:
    """As many are taken to have died unknown as died, less those that are known."""
    chance = np.random.default_rng(1)
    survive = chance.uniform(0.5, 1, 200_000)
    died = chance.random(len(survive)) > survive
    known = died & (chance.random(len(survive)) < 0.3)
    told = _died(survive, np.ones(len(survive)), known)
    assert abs(told[~known].sum() / (died & ~known).sum() - 1) < 0.02
    assert _died(survive, np.ones(len(survive)), np.zeros(len(survive))) == pytest.approx(
        1 - survive
    )
    assert not _died(np.ones(3), np.ones(3), np.ones(3)).any()


def steady() -> list[Report]:
    """Twelve a year leave for good at 30, and nobody dies."""
    made, n = [], 0
    for year in range(2000, 2021):
        for month in range(1, 13):
            n += 1
            day = date(year, month, 15)
            born = date(year - 30, month, 1)
            made.append(replace(report(n, Kind.FIRST_REGISTRATION, FIRST, date(2000, 1, 1)),
                                birth_date=born))  # fmt: skip
            left = report(n, Kind.EMIGRATION, day, day, country=COUNTRY_CODES["SE"])
            made.append(replace(left, birth_date=born))
    made.append(report(9999, Kind.BIRTH, date(2021, 1, 30), KNOWN))
    return [replace(one, position=n, key_hash=n) for n, one in enumerate(made, start=1)]


def test_who_left_before_as_if_the_first_years_had_always_been() -> None:
    store = store_of(steady())
    row = only_row(abroad(store, DAY, assumed=replace(NOBODY, left_before=None)))
    assert row["persons"] == row["low"] == 12 * 21
    # Had it been so, who left at 30 from 1932 on would be at most 119 now: a century of them.
    long_ago = [year for year in range(1900, 2000) if 2021 - (year - 30) <= 120]
    assert row["high"] - row["low"] == pytest.approx(12 * len(long_ago), abs=12)
    by = abroad(store, DAY, ["years_abroad"], assumed=replace(NOBODY, left_before=None)).rows()
    earlier = {one["years_abroad"]: one["high"] for one in by if one["years_abroad"] >= 24}
    assert set(list(earlier.values())[:40]) == {12}
    given = only_row(abroad(store, DAY, assumed=replace(NOBODY, left_before=(100, 250))))
    assert (given["low"] - 252, given["high"] - 252) == (100, 250)


def test_shares_name_what_the_interval_is_owed_to() -> None:
    store = store_of(lives(1))
    found = only_row(abroad(store, DAY, assumed=Assumed((0, 1), (0, 0.05), (0, 20))))
    shares = [
        found[name] for name in ("mortality_share", "unregistered_share", "left_before_share")
    ]
    assert sum(shares) == pytest.approx(100, abs=0.2)
    alone = only_row(abroad(store, DAY, assumed=replace(NOBODY, left_before=(0, 20))))
    assert (alone["left_before_share"], alone["mortality_share"]) == (100, 0)
    none = only_row(abroad(store, DAY, assumed=NOBODY))
    assert none["left_before_share"] is None


def test_who_left_unregistered_are_immigrants_of_no_known_country() -> None:
    abroad_born = [replace(one, country_of_birth=COUNTRY_CODES["PL"]) for one in lives(2)]
    store = store_of(abroad_born)
    rows = abroad(store, DAY, ["country", "country_of_birth"],
                  assumed=replace(NOBODY, over_coverage=(0, 0.5))).rows()  # fmt: skip
    wide = {(r["country"], r["country_of_birth"]): r["high"] - r["low"] for r in rows}
    assert wide.pop(("unknown", "PL")) > 0
    assert not any(wide.values())
    natives = [replace(one, country_of_birth=COUNTRY_CODES["NO"]) for one in lives(2)]
    row = only_row(abroad(store_of(natives), DAY, assumed=replace(NOBODY, over_coverage=(0, 0.5))))
    assert row["low"] == row["high"]


def test_bounds_of_small_counts_are_not_published() -> None:
    found = abroad(store_of(lives(3)), DAY, ["country", "sex"])
    rules = rules_of("statistics")
    assert rules is not None
    shown = published(found, rules).rows()
    assert any(row["persons"] is None for row in shown)
    assert all(row["high"] is None for row in shown if row["persons"] is None)
    rounded = rules_of("rounded")
    assert rounded is not None
    with pytest.raises(UsageError, match="bounds are of the true ones"):
        published(found, rounded)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"by": ["duration"]}, "Did you mean 'duration_abroad'?"),
        ({"by": ["sex", "sex"]}, "is asked for twice"),
        ({"by": ["municipality"]}, "is not a dimension of emigrants"),
        ({"only": {"contry": ["SE"]}}, "Did you mean 'country'?"),
    ],
)
def test_what_emigrants_do_not_have(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as error:
        abroad(store_of(lives(0, 5)), DAY, **asked)
    assert said in str(error.value)


@pytest.mark.parametrize("range_", [(-0.1, 1), (1, 0.5), (0, float("nan")), (0, 101)])
def test_ranges_that_cannot_be(range_: tuple[float, float]) -> None:
    with pytest.raises(UsageError, match="is no range of what can be"):
        Assumed(mortality=range_)


def test_nobody_to_share_out_like() -> None:
    reports = [report(1, Kind.FIRST_REGISTRATION, FIRST, date(2000, 1, 1)),
               report(2, Kind.BIRTH, date(2021, 1, 30), KNOWN)]  # fmt: skip
    with pytest.raises(UsageError, match="no emigrant of the register's first years"):
        abroad(store_of(reports), DAY, assumed=Assumed(left_before=(0, 10)))
    assert only_row(abroad(store_of(reports), DAY))["high"] == 0
