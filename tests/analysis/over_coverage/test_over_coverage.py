"""Over-coverage of a register whose truth is known, and what is carried on of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest

import folkestrom
from folkestrom.analysis.followup.cohort.episodes import measured, without_gone
from folkestrom.analysis.followup.cohort.episodes import read as read_episodes
from folkestrom.analysis.over_coverage.carried import gone_of
from folkestrom.analysis.over_coverage.methods import by_signs
from folkestrom.analysis.over_coverage.registered import (
    Groups,
    People,
    Registered,
    Signs,
    Times,
    sources_of,
)
from folkestrom.analysis.over_coverage.reports import USUAL, CleanUps, Reports, reports
from folkestrom.analysis.study import Study
from folkestrom.analysis.study.definition import Entry, Exit
from folkestrom.errors import InputRefused, UsageError
from folkestrom.statistics.coverage import coverage
from folkestrom.variables.registry import VARIABLES

DAY, KNOWN = "2021-01-01", date(2021, 2, 1)
PERSONS, YEARS = 3000, range(2000, 2021)
SHOWN = {"work": (0.8, 0.03), "tax": (0.9, 0.06), "school": (0.5, 0.01)}
HEADER = (
    "source,source_report_id,received_at,person,kind,event_date,municipality,basic_unit,country,"
    "country_of_birth,citizenship,marital_status,sex,birth_date,mother,origin,reason"
)


@dataclass
class Country:
    """Persons of whom 25 leave each year, 20 unreported, and what the register hears of it."""

    left: dict[int, int] = field(default_factory=dict)
    reported: dict[int, int] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    signs: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def hidden(self, year: int) -> set[int]:
        """Who had left by the end of a year, and was not reported by then."""
        return {p for p, y in self.left.items() if y <= year < self.reported[p]}


def country() -> Country:
    chance, made = np.random.default_rng(7), Country()
    told = iter(range(10**9))

    def line(received: str, person: int, kind: str, day: str, rest: str) -> None:
        made.lines.append(f"t,{next(told)},{received}T12:00:00Z,{person},{kind},{day},{rest}")

    for person in range(1, PERSONS + 1):
        sex = "female" if person % 2 else "male"
        who = f"0301,03010001,,NO,NO,never_married,{sex},1980-05-17,,first_registration,"
        line("1999-12-31", person, "first_registration", "1999-12-31", who)
    line("2021-02-20", PERSONS, "move", "2021-02-15", "1103,11030001,,,,,,,,,")
    persons = chance.permutation(np.arange(1, PERSONS))
    for n, year in enumerate(YEARS):
        for nth, person in enumerate(persons[n * 25 : n * 25 + 25].tolist()):
            made.left[person] = year
            due = made.reported[person] = _due(chance, nth, year)
            if due < 2021:
                received = f"{due}-07-01" if due == year else f"{due}-05-10"
                line(received, person, "emigration", f"{year}-06-{1 + nth:02d}", ",,SE,,,,,,,,")
        here = [p for p in persons.tolist() if made.left.get(p, 9999) > year]
        for person in chance.choice(here, 300, replace=False).tolist():
            line(f"{year}-03-20", person, "move", f"{year}-03-10", "0301,03010001,,,,,,,,,")
    for name, (present, gone) in SHOWN.items():
        shown = [(9_000 + p, 2020) for p in range(60) if chance.random() < 0.5]
        for person, year in product(range(1, PERSONS + 1), YEARS):
            left = made.left.get(person, 9999) <= year
            registered = not left or made.reported[person] > year
            if registered and chance.random() < (gone if left else present):
                shown.append((person, year))
        made.signs[name] = shown
    return made


def _due(chance: np.random.Generator, nth: int, year: int) -> int:
    """Five are reported at once, twelve in the next year, four in the one after.

    Clean-ups of 2008, 2012, 2016 and 2020 find half of the others, from three years on.
    """
    if nth < 21:
        return year + (nth >= 5) + (nth >= 17)
    clean_ups = (one for one in (2008, 2012, 2016, 2020) if one > year + 2)
    return next((one for one in clean_ups if chance.random() < 0.5), 9999)


@pytest.fixture(scope="module")
def made() -> Country:
    return country()


@pytest.fixture(scope="module")
def store(made: Country, tmp_path_factory: pytest.TempPathFactory) -> folkestrom.Store:
    folder = tmp_path_factory.mktemp("over_coverage")
    (folder / "reports.csv").write_text("\n".join([HEADER, *made.lines]) + "\n", encoding="utf-8")
    opened = folkestrom.open(folder / "store")
    opened.intake(folder / "reports.csv")
    for name, shown in made.signs.items():
        rows = [(p, "shown", date(y, 1, 1), date(y + 1, 1, 1)) for p, y in shown]
        frame = pl.DataFrame(rows, schema=["person", "value", "from", "to"], orient="row")
        frame.write_parquet(folder / f"{name}.parquet")
        opened.link(folder / f"{name}.parquet", name, known_from=KNOWN)
    return opened


ASKED: dict[str, Any] = {"signs": tuple(SHOWN), "strata": "sex", "models": 2, "to": "polars"}


def read(connection: duckdb.DuckDBPyConnection) -> tuple[Times, People]:
    times = Times(date(2021, 1, 1), KNOWN, coverage(connection))
    sources = sources_of(connection, tuple(SHOWN), KNOWN)
    by_sex = (VARIABLES["sex"],)
    return times, People(connection, times, by_sex, Groups((), 0, {}), sources)


def test_signs_and_who_is_known_to_have_left_are_those_that_were_made(
    store: folkestrom.Store, made: Country
) -> None:
    with store.reading() as connection:
        _, people = read(connection)
        audited = people.audited
    now = people.now
    there = {p for p in range(1, PERSONS + 1) if made.reported.get(p, 9999) > 2020}
    assert set(now.person.tolist()) == there
    for source, name in enumerate(SHOWN):
        bits = Counter[int]()
        for person, year in made.signs[name]:
            bits[person] |= 1 << (year - 2016) if year >= 2016 else 0
        assert [bits[p] for p in now.person.tolist()] == now.signs[:, source].tolist()
    # Of 1 January 3 to 8 years before: hidden then, and reported by now.
    expected = sorted(
        person for back in range(3, 9) for person in made.hidden(2020 - back)
        if made.reported[person] < 2021
    )  # fmt: skip
    assert sorted(audited.person[audited.gone].tolist()) == expected


def test_every_method_holds_the_truth(store: folkestrom.Store, made: Country) -> None:
    found = store.over_coverage(DAY, unregistered=True, **ASKED)
    truth = len(made.hidden(2020))
    assert found["method"].unique(maintain_order=True).to_list() == [
        "signs", "lists", "late", "clean-ups", "unregistered", "net"
    ]  # fmt: skip
    for method in ("signs", "lists", "late", "clean-ups"):
        row = found.filter(method=method).row(0, named=True)
        assert row["low"] <= truth <= row["high"], method
        assert 100 * row["estimate"] / row["persons"] == pytest.approx(row["share"], abs=2e-3)
    models = found.filter(method="unregistered")
    one = models.row(-1, named=True)
    assert one["model"] == "all, by weight"
    assert one["low"] <= 60 <= one["high"]
    assert models["low"].min() <= one["low"] <= one["high"] <= models["high"].max()
    net, signs = (found.filter(method=m).row(0, named=True) for m in ("net", "signs"))
    assert net["estimate"] == pytest.approx(signs["estimate"] - one["estimate"], abs=0.2)


def test_who_left_long_ago_is_not_taken_for_who_left_lately() -> None:
    """An index with a memory has those who left last year above its threshold.

    On each of 6 days of the years before, 20 of them were hidden, and 20 who left before that:
    all others of these are never reported. Now 20 left lately, and 80 long ago.
    """
    shows, never = 0b11111, 0b00111  # of five years, the last two without a sign

    def registered(signs: np.ndarray, left: np.ndarray) -> Registered:
        zero, many = np.zeros(len(signs), np.int64), len(signs)
        return Registered(np.arange(many), zero, zero, zero - 1, signs[:, None], left)

    now = registered(np.repeat([shows, never], [10_020, 80]), np.zeros(10_100, np.int64))
    audited = registered(
        np.repeat([shows, shows, never], [5_000, 120, 120]), np.repeat([0, 1, 3], [5_000, 120, 120])
    )
    people: Any = SimpleNamespace(
        now=now,
        everybody=now,
        audited=audited,
        hidden=np.tile([20.0, 0, 20], (6, 1)),
        strata=1,
        groups=[()],
    )
    signs = Signs(("work",), weights={"work": 1.0})
    found = by_signs(people, signs, 0.95)[0].estimates
    assert found.total[0] == pytest.approx(100, abs=2)
    assert 70 < found.lower[0] < 100 < found.upper[0] < 130


def test_groups_add_up_and_lean_on_one_another(store: folkestrom.Store) -> None:
    whole = store.over_coverage(DAY, method="signs", **ASKED)
    by_sex = store.over_coverage(DAY, "sex", method="signs", **ASKED)
    assert by_sex["persons"].sum() == whole["persons"][0]
    assert by_sex["estimate"].sum() == pytest.approx(whole["estimate"][0], abs=0.3)
    kept = store.over_coverage(DAY, method="signs", only="sex=female", **ASKED)
    assert kept["estimate"][0] == by_sex.filter(sex="female")["estimate"][0]
    drawn = store.over_coverage(DAY, "sex", method="signs", shrink=True, **ASKED)
    apart = [abs(t["share"][0] - t["share"][1]) for t in (by_sex, drawn)]
    assert apart[1] <= apart[0]


def test_reports_are_counted_by_when_they_happened_and_became_known(
    store: folkestrom.Store, made: Country
) -> None:
    with store.reading() as connection:
        times, _ = read(connection)
        found = reports(connection, times, Groups((), 0, {}), USUAL, 100, 1)
    expected = np.zeros((20, 20))
    for person, year in made.left.items():
        if year >= 2001 and made.reported[person] < 2021:
            expected[year - 2001, made.reported[person] - year] += 1
    assert found.first == 2001
    assert (found.counts == expected).all()
    cohorts, spans, since = found.cohorts()
    # Clean-ups of 2008 to 2020 look at who left three years before and more.
    assert (spans, since) == ([5, 4, 4, 4], 3)
    late = [p for p, y in made.left.items() if y >= 2001 and made.reported[p] - y >= 3]
    assert np.nansum(cohorts) == sum(made.reported[p] < 2021 for p in late)
    with pytest.raises(UsageError, match="is no year in which a clean-up can be looked at"):
        Reports(2001, found.counts, {}, CleanUps((1999,)), 10, 1).cohorts()


def test_redated_emigrations_have_the_same_sum(store: folkestrom.Store, made: Country) -> None:
    found = store.redated("2005-01-01", DAY, to="polars")
    assert found["redated"].sum() == pytest.approx(found["known"].sum(), abs=0.1)
    peaks = found.filter(pl.col("found") > 0)["period"].to_list()
    assert peaks == ["2008", "2012", "2016", "2020"]
    truth = Counter(made.left.values())
    years = found.filter(pl.col("period").is_in([str(y) for y in range(2005, 2015)]))
    wrong = [
        sum(abs(row[name] - truth[int(row["period"])]) for row in years.iter_rows(named=True))
        for name in ("known", "redated")
    ]
    assert wrong[1] < wrong[0]


def test_follow_has_fewer_at_risk_by_those_who_are_gone(
    store: folkestrom.Store, made: Country
) -> None:
    """Nobody is lost before the end, so that incidence is a share of weighted persons."""
    study = Study(
        "who leaves", known_at="latest", entry=Entry("resident", on=date(2015, 1, 1)),
        exit=Exit(date(2021, 1, 1), ("emigration",)),
    )  # fmt: skip
    with store.reading() as connection:
        followed = read_episodes(connection, study, (), 0.95)
    left = [y for p, y in made.left.items() if y >= 2015 and made.reported[p] < 2021]
    before = [p for p, y in made.left.items() if y < 2015 and made.reported[p] < 2021]
    stayed = PERSONS - len(before) - len(left)
    assert followed.follow.rows == stayed + len(left)
    end = (date(2021, 1, 1) - date(2015, 1, 1)).days
    shown = store.study(study).follow_up(at=end, over_coverage="0.1-0.3", to="polars")
    for share, name, bound in ((0.1, "present_low", "lower"), (0.3, "present_high", "upper")):
        found = measured(without_gone(followed, np.array([share])), [end])
        expected = 100 * len(left) / (len(left) + (1 - share) * stayed)
        assert found["incidence"][0] == pytest.approx(expected, abs=1e-6)
        assert shown[name][0] == pytest.approx(found[bound][0], abs=0.006)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"threshold": 0.0}, "(?s)a threshold that everybody passes.*Ask for a higher one"),
        ({"signs": ()}, "are not named"),
        ({"signs": "job"}, "is no linked variable"),
        ({"signs": "work", "method": "lists"}, "is one list"),
        ({"method": "guess"}, "is not a method"),
        ({"weights": "work=-1"}, "is no list of weights"),
        ({"shrink": True}, "there is one group only"),
        ({"by": "sex", "unregistered": True}, "told apart by nothing"),
        ({"date": "2004-01-01", "known_at": KNOWN}, "is too soon"),
        (
            {"date": "2002-01-01", "known_at": date(2019, 2, 1), "method": "late"},
            "no report as late as those still to come",
        ),
        ({"known_at": "2021-01-20"}, "was linked as known from"),
    ],
)
def test_what_cannot_be_asked_says_what_can(
    store: folkestrom.Store, more: dict[str, Any], message: str
) -> None:
    asked = {"date": DAY, "method": "signs", **ASKED, **more}
    with pytest.raises(UsageError, match=message):
        store.over_coverage(**asked)


def test_rates_of_those_here_are_the_rates_by_those_here(
    store: folkestrom.Store, tmp_path: Path
) -> None:
    period = ("2015-01-01", "2021-01-01")
    found = store.rates(*period, "sex", over_coverage="0.02-0.1", to="polars")
    assert found["present_low"].to_list() == pytest.approx((found["rate_lower"] / 0.98).to_list())
    assert found["present"].to_list() == pytest.approx((found["rate"] / 0.94).to_list())
    assert found["present_high"].to_list() == pytest.approx((found["rate_upper"] / 0.9).to_list())
    file = tmp_path / "gone.csv"
    file.write_text(
        "sex,method,model,persons,share_low,share_high\n"
        "male,late,,9,1,2\nmale,clean-ups,,9,0.5,1\nfemale,late,,9,0,0\nfemale,net,,9,-5,-5\n"
    )
    assert gone_of(str(file)).ends == {("male",): (0.005, 0.02), ("female",): (0.0, 0.0)}
    by_file = store.rates(*period, "sex", over_coverage=str(file), to="polars")
    male, female = (by_file.filter(sex=sex).row(0, named=True) for sex in ("male", "female"))
    assert female["present_high"] == pytest.approx(female["rate_upper"])
    assert male["present_high"] == pytest.approx(male["rate_upper"] / 0.98)
    with pytest.raises(UsageError, match="is not published"):
        store.rates(*period, over_coverage="0-0.1", publish="research")
    (tmp_path / "other.csv").write_text("sex,persons\nmale,9\n")
    for wrong in ("0.2-0.1", "much", str(tmp_path / "none.csv")):
        with pytest.raises(UsageError, match=r"is no range of shares|is no file"):
            gone_of(wrong)
    with pytest.raises(InputRefused, match="has no shares"):
        gone_of(str(tmp_path / "other.csv"))
