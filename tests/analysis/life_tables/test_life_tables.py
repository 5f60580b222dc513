"""Life tables of a small country, worked out beside it; and what cannot be asked."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from folkestrom.analysis.life_tables import cells
from folkestrom.analysis.life_tables import design as made_of
from folkestrom.analysis.life_tables.design import LifeTableDesign
from folkestrom.analysis.rates import lexis
from folkestrom.app.office.demography.life_table import LifeTableQuestion
from folkestrom.app.office.rates import EventQuestion
from folkestrom.errors import InputRefused, UsageError
from folkestrom.projection.rates.life_table import infant_years
from folkestrom.statistics.periods import Period
from tests.reference.register import OPEN
from tests.statistics.small_store import hand_made

KNOWN = (date(2000, 1, 1), OPEN)
PERIOD = Period(date(2002, 1, 1), date(2006, 1, 1))
DEATH, EMIGRATION, IMMIGRATION = 9, 8, 3
ABROAD = 181


def event(
    number: int, person: int, kind: int, day: date, born: date, sex: int, place: int = 301
) -> tuple[Any, ...]:
    left, reached = (place, None) if kind in (DEATH, EMIGRATION) else (None, place)
    units = [None if m is None else m * 10_000 + 1 for m in (left, reached)]
    return (number, person, kind, day, 1, KNOWN[0], left, reached, *units, None, None, sex, born,
            *KNOWN)  # fmt: skip


def lives() -> pl.DataFrame:
    """A person of each age and sex, several times; more die the older they are, some leave."""
    chance = np.random.default_rng(7)
    rows = []
    for n in range(1500):
        born = date(2004, 1, 1) - timedelta(days=int(chance.integers(0, 104 * 365)))
        begin = max(born, date(2000, 1, 1))
        age = (date(2004, 1, 1) - born).days / 365
        leaves = chance.random() < 0.15 + age / 150
        kind = EMIGRATION if leaves and chance.random() < 0.3 else DEATH if leaves else 0
        end = begin + timedelta(days=int(chance.integers(1, 2000))) if kind else OPEN
        rows.append((n + 1, 1 + n % 2, born, begin, end, kind))
    names = ["person", "sex", "birth_date", "valid_from", "valid_to", "kind"]
    return pl.DataFrame(rows, schema=names, orient="row")


def store(people: pl.DataFrame) -> Any:
    events, stays = [], []
    for row in people.to_dicts():
        place = 301 if row["person"] % 3 else 1101
        kind = row.pop("kind")
        stays.append(row | {"municipality": place})
        if kind:
            about = row["valid_to"], row["birth_date"], row["sex"], place
            events.append(event(row["person"], row["person"], kind, *about))
    return hand_made(stays, event=events)


@pytest.fixture(scope="module")
def people() -> pl.DataFrame:
    return lives()


@pytest.fixture
def country(people: pl.DataFrame, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(made_of, "LEAST_PERSON_YEARS", 100)
    monkeypatch.setattr(cells, "DRAWS", 40)
    return store(people)


def ask(connection: Any, period: Period = PERIOD, **design: Any) -> list[dict[str, Any]]:
    made = LifeTableDesign(**design)
    question = LifeTableQuestion(EventQuestion(period, made.exits[0], known_at="latest"), made)
    table = question.answer(connection).exact
    assert table is not None
    return table.to_pylist()


def counted(people: pl.DataFrame, sex: int, kind: int) -> tuple[list[float], list[float]]:
    """Events and person-years by age, from the stays themselves."""
    here = people.filter(
        (pl.col("sex") == sex) & (pl.col("valid_from") < PERIOD.end)
        & (pl.col("valid_to") >= PERIOD.start)
    ).select(
        "birth_date",
        start=pl.max_horizontal("valid_from", pl.lit(PERIOD.start)),
        stop=pl.min_horizontal("valid_to", pl.lit(PERIOD.end)),
        event=((pl.col("kind") == kind) & (pl.col("valid_to") < PERIOD.end)).cast(pl.Int64),
    )  # fmt: skip
    triangles = lexis(here.filter(pl.col("start") <= pl.col("stop")))
    events, lived = [0.0] * 120, [0.0] * 120
    for age, happened, days in triangles.select("age", "events", "exposure").rows():
        events[age] += happened
        lived[age] += days / 365.2425
    return events, lived


def test_a_life_table_worked_out_beside_it(people: pl.DataFrame, country: Any) -> None:
    rows = ask(country, open_age=85)
    assert {row["sex"] for row in rows} == {"male", "female"}
    for number, sex in ((1, "male"), (2, "female")):
        mine = [row for row in rows if row["sex"] == sex]
        deaths, lived = counted(people, number, DEATH)
        assert [row["deaths"] for row in mine] == [*map(int, deaths[:85]), int(sum(deaths[85:]))]
        assert [row["person_years"] for row in mine[:-1]] == pytest.approx(lived[:85])
        assert mine[-1]["age"] == "85+"
        reached, expected = 1.0, 0.0
        for age in range(85):
            rate = deaths[age] / lived[age]
            within = 0.5 if age else float(infant_years(rate, sex))  # type: ignore[arg-type]
            dying = rate / (1 + (1 - within) * rate)
            expected += reached * (1 - dying + within * dying)
            reached *= 1 - dying
        expected += reached * sum(lived[85:]) / sum(deaths[85:])
        assert mine[0]["expectation"] == pytest.approx(expected)
        assert mine[85]["survivors"] == pytest.approx(1e5 * reached)
        assert mine[0]["expectation_lower"] < expected < mine[0]["expectation_upper"]


def test_ways_out_are_counted_each(people: pl.DataFrame, country: Any) -> None:
    rows = ask(country, exits=("death", "emigration"), open_age=85)
    alone = ask(country, open_age=85)
    mine = [row for row in rows if row["sex"] == "female"]
    emigrations, _ = counted(people, 2, EMIGRATION)
    assert [row["emigrations"] for row in mine[:-1]] == [*map(int, emigrations[:85])]
    first = mine[0]
    leaving = sum(row["survivors"] * row["probability_emigration"] for row in mine) / 1e5
    assert first["ever_emigrating"] == pytest.approx(100 * leaving)
    only_death = next(row for row in alone if row["sex"] == "female")["expectation"]
    assert first["expectation"] < only_death
    # If nobody left, it is nearly the life table of death alone, whose rates are the same.
    assert first["expectation_without_emigration"] == pytest.approx(only_death, rel=0.01)


def test_ages_groups_and_abridged_tables(country: Any) -> None:
    rows = ask(country, by=("county",), abridged=True, open_age=80, ages=(0, 65))
    assert [row["county"] for row in rows] == ["03"] * 4 + ["11"] * 4
    assert [row["age"] for row in rows] == ["0", "65-69"] * 4
    with pytest.raises(UsageError, match="begin no age group"):
        ask(country, abridged=True, ages=(3,))


def test_a_difference_adds_up(country: Any) -> None:
    for design in ({"by": ("county",), "between": ("03", "others")},
                   {"by": ("county",), "between": ("11", "nation")}):  # fmt: skip
        rows = ask(country, exits=("death", "emigration"), open_age=80, abridged=True, **design)
        for sex in ("male", "female"):
            mine = [row for row in rows if row["sex"] == sex]
            total = next(r for r in mine if (r["exit"], r["age"]) == ("total", "total"))
            parts = [r["contribution"] for r in mine if "total" not in (r["exit"], r["age"])]
            assert sum(parts) == pytest.approx(total["contribution"])
            assert total["contribution_lower"] < total["contribution"] < total["contribution_upper"]
    tables = ask(country, by=("county",), exits=("death", "emigration"), abridged=True)
    oslo, others = (
        next(r for r in tables if (r["county"], r["sex"], r["age"]) == (code, "female", "0"))
        for code in ("03", "11")
    )
    rows = ask(country, exits=("death", "emigration"), open_age=80, abridged=True,
               by=("county",), between=("03", "11"))  # fmt: skip
    total = next(r for r in rows if (r["sex"], r["exit"], r["age"]) == ("female", "total", "total"))
    assert total["contribution"] == pytest.approx(others["expectation"] - oslo["expectation"])


def test_the_sexes_may_be_compared(country: Any) -> None:
    tables = ask(country, ages=(0,))
    male, female = (
        next(row["expectation"] for row in tables if row["sex"] == sex)
        for sex in ("male", "female")
    )
    rows = ask(country, open_age=85, by=("sex",), between=("male", "female"))
    assert "sex" not in rows[0]
    assert rows[-1]["contribution"] == pytest.approx(female - male)
    (young, old, total) = ask(country, open_age=85, by=("sex",), between=("male", "female"),
                              ages=(65,))  # fmt: skip
    assert [one["age"] for one in (young, old, total)] == ["0-64", "65+", "total"]
    past = [row["contribution"] for row in rows[:-1] if int(row["age"].rstrip("+")) >= 65]
    assert old["contribution"] == pytest.approx(sum(past))
    assert total == rows[-1]
    (whole, total) = ask(country, open_age=85, by=("sex",), between=("male", "female"),
                         ages=(0,))  # fmt: skip
    assert [whole[name] for name in total if name != "age"] == pytest.approx(
        [total[name] for name in total if name != "age"]
    )
    with pytest.raises(UsageError, match="begin no age group"):
        ask(country, open_age=85, by=("sex",), between=("male", "female"), ages=(90,))
    with pytest.raises(UsageError, match="two sexes"):
        ask(country, by=("sex",), between=("male", "men"))


@pytest.mark.parametrize("abridged", [False, True])
def test_an_earlier_open_group_leaves_a_difference_as_it_is(country: Any, abridged: bool) -> None:
    def differs(**asked: Any) -> dict[str, float]:
        rows = ask(country, by=("sex",), between=("male", "female"), abridged=abridged, **asked)
        return {row["age"]: row["contribution"] for row in rows}

    whole, lower = differs(), differs(open_age=60)
    assert lower["total"] == pytest.approx(whole["total"])
    ages = {age: years for age, years in whole.items() if age != "total"}
    old = [years for age, years in ages.items() if int(age.split("-")[0].rstrip("+")) >= 60]
    assert lower["60+"] == pytest.approx(sum(old))
    assert {age: whole[age] for age in lower if age != "60+"} == pytest.approx(
        {age: years for age, years in lower.items() if age != "60+"}
    )


def test_figures_are_shown_rounded_and_given_exact(country: Any) -> None:
    design = LifeTableDesign()
    question = LifeTableQuestion(EventQuestion(PERIOD, "death", known_at="latest"), design)
    answer = question.answer(country)
    assert answer.exact is not None
    for name in ("survivors", "years_lived"):
        exact = answer.exact[name].to_pylist()
        assert any(value % 1 for value in exact)
        assert answer.cells.data[name].to_pylist() == [round(value) for value in exact]


def test_years_since_arrival() -> None:
    came, left, born = date(2002, 1, 1), date(2002, 7, 2), date(1980, 1, 1)
    stays, events = [{"person": 99, "sex": 1}], []
    for n in range(1, 11):
        gone = n <= 5
        stays.append({"person": n, "sex": 1, "country_of_birth": ABROAD, "birth_date": born,
                      "valid_from": came, "valid_to": left if gone else OPEN})  # fmt: skip
        events.append(event(2 * n, n, IMMIGRATION, came, born, 1))
        if gone:
            events.append(event(2 * n + 1, n, EMIGRATION, left, born, 1))
    attributes = [(n, 1, born, ABROAD, None, None, 1, born, OPEN, *KNOWN, n) for n in range(1, 11)]
    connection = hand_made(stays, event=events, attribute=attributes)
    rows = ask(connection, exits=("death", "emigration"), since_arrival=True)
    # The log is two years old by then, and life is followed for as long.
    assert [row["years_since_immigration"] for row in rows] == ["0", "1"]
    lived = (5 * (left - came).days + 5 * 365) / 365.2425
    rate = 5 / lived
    gone = rate / (1 + rate / 2)
    assert rows[0]["person_years"] == pytest.approx(lived)
    assert rows[0]["probability_emigration"] == pytest.approx(gone)
    assert rows[0]["expectation"] == pytest.approx(1 - gone / 2 + 1 - gone)
    assert rows[0]["ever_emigrating"] == pytest.approx(100 * gone)
    assert rows[1]["expectation"] == pytest.approx(1)
    assert ask(connection, exits=("emigration",), since_arrival=True, open_age=1)
    with pytest.raises(UsageError, match=r"(?s)open_age: '3' is more years.*Allowed: 1 to 2"):
        ask(connection, exits=("emigration",), since_arrival=True, open_age=3)
    early = Period(date(2000, 1, 1), date(2002, 1, 1))
    with pytest.raises(UsageError, match="too early for durations"):
        ask(connection, early, exits=("emigration",), since_arrival=True)


@pytest.mark.parametrize(
    ("design", "says"),
    [
        ({"exits": ("deth",)}, "Did you mean 'death'"),
        ({"exits": ()}, "names no way out"),
        ({"exits": ("death", "death")}, "named twice"),
        ({"open_age": 0}, "whole numbers from 1 to 119"),
        ({"open_age": 82, "abridged": True}, "'82' begins no group of an abridged table"),
        ({"between": ("03", "11")}, "needs one variable"),
        ({"by": ("age",)}, "a column of every life table"),
        ({"by": ("sex", "county")}, "a column of every life table"),
        ({"by": ("sex",)}, "has no effect"),
        ({"since_arrival": True, "closing": "kannisto"}, "durations are no ages"),
    ],
)
def test_what_cannot_be_asked(design: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        LifeTableDesign(**design)


def test_groups_that_are_too_small_are_named(people: pl.DataFrame) -> None:
    connection = store(people)
    with pytest.raises(InputRefused, match="too small for a life table"):
        ask(connection)
    with pytest.raises(UsageError, match="does not occur"):
        ask(connection, by=("county",), between=("03", "99"))
