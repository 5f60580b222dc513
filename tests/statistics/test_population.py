"""Stocks: against hand-made registers, against the interpreter, and against themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.codes import Sex
from folkestrom.model.countries import COUNTRY_CODES
from folkestrom.model.time import completed_age
from folkestrom.statistics import population as module
from folkestrom.statistics import series
from folkestrom.statistics.changes import changes
from folkestrom.statistics.periods import year
from folkestrom.statistics.population import population
from folkestrom.variables.registry import VARIABLES
from tests.reference.register import Report, as_of
from tests.statistics.small_store import hand_made, store_of, stretched_logs

patient = settings(
    max_examples=settings().max_examples // 5,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def rows(cells: Cells) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in cells.rows()]


def test_stock_of_a_day_is_the_state_before_the_days_events() -> None:
    store = hand_made(
        [
            {"person": 1, "valid_from": date(2020, 12, 31)},
            {"person": 2, "valid_from": date(2021, 1, 1)},  # born on the day: not in its stock
            {"person": 3, "valid_to": date(2021, 1, 1)},  # died on the day: still in its stock
            {"person": 4, "valid_to": date(2020, 12, 31)},
        ]
    )
    assert rows(population(store, date(2021, 1, 1))) == [(2,)]


def test_age_on_1_january_is_last_year_minus_birth_year() -> None:
    store = hand_made(
        [
            {"person": 1, "birth_date": date(2000, 1, 1)},
            {"person": 2, "birth_date": date(2000, 12, 31)},
            {"person": 3, "birth_date": date(2001, 1, 1)},
            {"person": 4, "birth_date": None},
        ]
    )
    found = rows(population(store, date(2021, 1, 1), ["age"]))
    assert found == [(19, 1), (20, 2), (None, 1)]


def test_a_leap_day_birthday_comes_on_1_march() -> None:
    store = hand_made([{"birth_date": date(2000, 2, 29)}])
    ages = {
        day: rows(population(store, day, ["age"]))[0][0]
        for day in (date(2001, 3, 1), date(2001, 3, 2), date(2004, 2, 29), date(2004, 3, 1))
    }
    assert list(ages.values()) == [0, 1, 3, 4]


def test_what_is_known_later_is_not_seen_earlier() -> None:
    superseded = {"known_to": date(2021, 2, 10)}
    known_gone = {"known_from": date(2021, 2, 10), "valid_to": date(2020, 12, 1)}
    store = hand_made([superseded, known_gone])
    day = date(2021, 1, 1)
    assert rows(population(store, day)) == [(1,)]
    assert rows(population(store, day, known_at="published")) == [(1,)]
    assert rows(population(store, day, known_at=date(2021, 2, 10))) == [(0,)]
    assert rows(population(store, day, known_at="latest")) == [(0,)]
    assert rows(population(store, day, known_at="published", extraction_months=2)) == [(0,)]


def test_variables_of_other_histories_are_joined_and_the_unknown_stays() -> None:
    whole = (date(1999, 12, 31), date(9999, 12, 31), date(2000, 1, 1), date(9999, 12, 31), 1)
    store = hand_made(
        [{"person": 1}, {"person": 2, "municipality": 1101}, {"person": 3}],
        marital=[(1, 2, None, *whole)],
        citizenship=[(1, COUNTRY_CODES["PL"], *whole), (2, COUNTRY_CODES["NO"], *whole)],
    )
    day = date(2021, 1, 1)
    by_status = rows(population(store, day, ["county", "marital_status"]))
    assert by_status == [("03", "unknown", 1), ("03", "married", 1), ("11", "unknown", 1)]
    by_country = rows(population(store, day, ["citizenship", "foreign_citizen"]))
    assert sorted(by_country) == [
        ("NO", "norwegian", 1),
        ("PL", "foreign", 1),
        ("unknown", "foreign", 1),
    ]


def test_immigrant_category_by_own_and_parents_country_of_birth() -> None:
    no, pl, unknown = (COUNTRY_CODES[code] for code in ("NO", "PL", "XX"))
    whole = (date(1999, 12, 31), date(9999, 12, 31), date(2000, 1, 1), date(9999, 12, 31), 1)
    born = {
        1: (no, 8, 9),
        2: (no, 7, 9),
        3: (pl, None, None),
        4: (pl, 8, 7),
        5: (unknown, 8, 9),
        6: (no, None, None),
        7: (no, None, None),
        8: (pl, None, None),
        9: (pl, None, None),
        10: (no, 8, None),
        11: (no, None, 7),
        12: (pl, None, 7),
    }
    store = hand_made(
        [
            {"person": n, "country_of_birth": born[n][0], "sex": 1 + n % 2}
            for n in (*range(1, 7), 10, 11, 12)
        ],
        attribute=[
            (n, 1, date(1980, 1, 1), country, mother, father, 1, *whole)
            for n, (country, mother, father) in born.items()
        ],
    )
    cells = population(store, date(2021, 1, 1), ["immigrant_category"])
    found = dict(rows(cells))
    assert found == {
        "immigrant": 1,  # its parents are not in the register
        "norwegian_born": 1,
        "other": 4,
        "parents_unknown": 2,
        "unknown": 1,
    }
    (note,) = cells.specification.footnotes
    assert "parents whose country of birth is unknown are taken to be born abroad" in note.en
    assert "uoppgitt fødeland regnes som født i utlandet" in note.no
    # Born abroad, whoever the parents are; where is not known, or it is.
    abroad = dict(rows(population(store, date(2021, 1, 1), ["born_abroad"])))
    assert abroad == {"no": 5, "yes": 3, "unknown": 1}
    account = changes(store, [year(2020)], ["immigrant_category"])
    assert {r["immigrant_category"]: r["population_end"] for r in account.rows()} == found
    assert account.specification.footnotes == (note,)


def test_groups_of_age() -> None:
    store = hand_made(
        {"person": n, "birth_date": date(2020 - age, 7, 1)}
        for n, age in enumerate((0, 1, 5, 6, 44, 45, 99, 100, 107))
    )
    groups = dict(rows(population(store, date(2021, 1, 1), ["age_group"])))
    assert groups == {"0": 1, "1-5": 2, "6-12": 1, "20-44": 1, "45-66": 1, "90+": 3}
    fives = rows(population(store, date(2021, 1, 1), ["age_five_year"]))
    assert fives[0] == ("0-4", 2)
    assert fives[-1] == ("100+", 2)


@pytest.mark.parametrize(
    ("asked", "meant"), [("municipalty", "municipality"), ("gender", "sex"), ("ages", "age")]
)
def test_an_unknown_dimension_suggests_the_nearest(asked: str, meant: str) -> None:
    with pytest.raises(UsageError, match=f"Did you mean '{meant}'"):
        population(hand_made([{}]), date(2021, 1, 1), [asked])


def test_a_dimension_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="asked for twice"):
        population(hand_made([{}]), date(2021, 1, 1), ["sex", "sex"])


@pytest.mark.parametrize(
    ("day", "says"),
    [(date(2199, 1, 1), "later than what the log knows"), (date(1999, 12, 31), "log begins")],
)
def test_days_out_of_reach_are_refused(day: date, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        population(hand_made([{}]), day)
    with pytest.raises(UsageError, match=says):
        population(hand_made([{}]), [date(2010, 1, 1), day], ["sex"])


def test_an_empty_store_says_what_to_do() -> None:
    store = hand_made([])
    with pytest.raises(UsageError, match="folkestrom intake"):
        population(store, date(2021, 1, 1))


def test_results_come_as_arrow_polars_or_pandas() -> None:
    cells = population(hand_made([{}]), date(2021, 1, 1), ["sex", "age"])
    assert cells.to("arrow").num_rows == 1
    assert cells.to("polars").row(0) == ("male", 40, 1)
    assert cells.to("pandas")["persons"].tolist() == [1]
    with pytest.raises(UsageError, match="arrow, polars, pandas"):
        cells.to("excel")  # type: ignore[arg-type]


# --- against the interpreter ---


@patient
@given(stretched_logs(), st.data())
def test_stock_is_the_interpreters(reports: list[Report], data: st.DataObject) -> None:
    store = store_of(reports)
    if not store.execute("SELECT count(*) FROM residence").fetchall()[0][0]:
        return
    day = data.draw(st.dates(date(2000, 1, 1), date(2005, 6, 1)))
    known_at = data.draw(st.dates(date(2000, 1, 1), date(2006, 1, 1)))
    expected: Counter[tuple[Any, ...]] = Counter()
    for person, state in as_of(reports, day, known_at).items():
        if "stay" in state:
            place, *_ = state["stay"]
            sex, born, *_ = _attributes(reports, person, known_at)
            age = None if born is None else max(0, completed_age(born, day))
            expected[(f"{place:04d}", Sex(sex).name.lower(), age)] += 1
    found = _stock(store, day, known_at, ["municipality", "sex", "age"])
    assert found == expected


def _attributes(reports: Sequence[Report], person: int, known_at: date) -> tuple[Any, ...]:
    state = as_of([r for r in reports if r.person == person], date(9999, 1, 1), known_at)
    return state[person]["attribute"]


def _stock(
    store: duckdb.DuckDBPyConnection, day: date, known_at: date, by: Sequence[str]
) -> Counter[tuple[Any, ...]]:
    chosen = [VARIABLES[name] for name in by]
    table = module._at(store, module.Moment(day, known_at), chosen, keys=False)
    return Counter({tuple(row.values())[:-1]: row["persons"] for row in table.to_pylist()})


# --- a series is the stocks of its days ---

QUARTERS = [date(y, m, 1) for y in (2000, 2001, 2004) for m in (1, 4, 7, 10)]
SERIES = (
    ["municipality", "sex", "age"],
    ["age", "sex"],
    ["age_group", "county"],
    ["sex", "country_of_birth"],
    ["birth_year"],
    [],
)


@patient
@given(stretched_logs(), st.sampled_from(SERIES), st.sampled_from([None, "published"]))
def test_a_series_is_the_stocks_of_its_days(
    reports: list[Report], by: list[str], known_at: Any
) -> None:
    store = store_of(reports)
    if not store.execute("SELECT count(*) FROM residence").fetchall()[0][0]:
        return
    chosen = [VARIABLES[name] for name in by]
    last = date(2006, 1, 1)
    moments = [
        module.Moment(day, last if known_at is None else day + timedelta(days=31))
        for day in QUARTERS
    ]
    plan = series.plan(store, moments, chosen)
    assert plan is not None
    found = series.stocks(store, plan)
    expected = module._one_by_one(store, moments, chosen, keys=False)
    assert found.schema == expected.schema
    assert found.to_pylist() == expected.to_pylist()


def test_a_series_falls_back_to_single_days() -> None:
    store = hand_made([{"birth_date": date(2000, 5, 17)}, {"person": 2, "sex": 2}])
    days = [date(2021, 3, 1), date(2020, 5, 17), date(2020, 5, 18)]
    cells = population(store, days, ["age", "marital_status"])
    assert rows(cells)[0] == (date(2020, 5, 17), 19, "unknown", 1)
    assert rows(cells)[2] == (date(2020, 5, 18), 20, "unknown", 1)
    assert len(rows(cells)) == 6
