"""The published tables: their arithmetic on made-up registers, and as the page printed them."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkestrom.classifications.age_groups import FIVE_YEAR
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.countries import COUNTRY_CODES
from folkestrom.statistics.published.rounding import change_in_percent as change_in_percent_of
from folkestrom.statistics.published.tables import Edition, table
from folkestrom.twin.targets.published import published_2021
from tests.oracle.demography.reading import change_in_percent
from tests.reference.register import OPEN
from tests.statistics.small_store import hand_made
from tests.statistics.test_changes import event

ALWAYS = (date(1999, 12, 31), OPEN, date(2000, 1, 1), OPEN, 1)

#: Age, sex, marital status: two are of unknown status.
PEOPLE = ((3, 1, 1), (30, 1, 2), (31, 1, 0), (33, 2, 2), (34, 2, 0), (101, 2, 3))


def people() -> Any:
    residents = [
        {"person": n, "sex": sex, "birth_date": date(2020 - age, 1, 1)}
        for n, (age, sex, _) in enumerate(PEOPLE)
    ]
    marital = [(n, status, None, *ALWAYS) for n, (_, _, status) in enumerate(PEOPLE)]
    return hand_made(residents, marital=marital)


def cells_of(cells: Cells) -> dict[tuple[Any, ...], int]:
    return {tuple(row.values())[:-1]: row["persons"] for row in cells.rows()}


def test_unknown_marital_status_as_a_category() -> None:
    found = cells_of(table(Edition(people(), 2021, unknown="category"), "marital-status"))
    assert found["both", "total", "total"] == 6
    assert found["both", "30-34", "total"] == 4
    assert found["both", "30-34", "unknown"] == 2
    assert found["male", "total", "total"] == 3
    assert found["female", "30-34", "unknown"] == 1
    assert found["female", "100+", "widowed"] == 1
    assert len(found) == 3 * 22 * 11


def test_unknown_marital_status_as_on_the_published_page() -> None:
    found = cells_of(table(Edition(people(), 2021), "marital-status"))
    assert len(found) == 3 * 22 * 10
    assert found["both", "total", "total"] == 4, "the grand total leaves the unknown out"
    assert found["both", "30-34", "total"] == 4, "row totals of both sexes include the unknown"
    assert found["male", "30-34", "total"] == 1
    assert found["female", "total", "total"] == 2
    assert found["both", "30-34", "married"] == 2
    rows = sum(found["both", group.code, "total"] for group in FIVE_YEAR.categories)
    assert rows - found["both", "total", "total"] == 2, "the page contradicts itself by these"


def test_citizenships_by_size_with_the_stateless_and_unknown_in_the_total_only() -> None:
    counts = {"PL": 4, "SE": 2, "DE": 2, "NO": 9, "XS": 3, "XX": 5}
    held = [code for code, n in counts.items() for _ in range(n)]
    store = hand_made(
        [{"person": n, "sex": 1 + n % 2} for n in range(len(held) + 1)],
        citizenship=[(n, COUNTRY_CODES[code], *ALWAYS) for n, code in enumerate(held)],
    )
    cells = table(Edition(store, 2021), "citizenship")
    found = cells_of(cells)
    assert [c.code for c in cells.categories("citizenship")] == ["total", "PL", "DE", "SE"]
    assert found["total", "both"] == 4 + 2 + 2 + 3 + 5 + 1, "who has no known citizenship too"
    assert found["PL", "both"] == found["PL", "male"] + found["PL", "female"] == 4


def test_age_groups_change_over_one_five_and_ten_years() -> None:
    def born(year: int, many: int, start: date) -> list[dict[str, Any]]:
        return [{"birth_date": date(year, 6, 1), "valid_from": start} for _ in range(many)]

    rows = [
        *born(1980, 2, date(1999, 12, 31)),
        *born(1981, 1, date(2013, 1, 1)),
        *born(2019, 1, date(2019, 6, 1)),
    ]
    store = hand_made({**row, "person": n} for n, row in enumerate(rows))
    found = {row["age_group"]: row for row in table(Edition(store, 2021), "age-groups").rows()}
    assert found["total"] == {
        "age_group": "total", "population": 4, "change_1_year": 0.0, "change_5_years": 33.3,
        "change_10_years": 100.0,
    }  # fmt: skip
    assert found["1-5"]["change_1_year"] is None, "nobody to compare with"
    early = {row["age_group"]: row for row in table(Edition(store, 2005), "age-groups").rows()}
    assert early["total"]["change_5_years"] == 0.0
    assert early["total"]["change_10_years"] is None, "before the log begins"


def test_key_figures_are_the_account_of_the_year_before() -> None:
    known = date(2020, 6, 1)
    store = hand_made(
        [{"person": 1}, {"person": 2, "valid_from": date(2020, 5, 1), "known_from": known}],
        event=[
            event(1, 2, date(2020, 5, 1), known, reached=301, person=2),
            event(2, 8, date(2020, 5, 2), known, left=301, person=3, known_to=date(2020, 7, 1)),
        ],
    )
    figures = {
        row["figure"]: row["value"] for row in table(Edition(store, 2021), "key-figures").rows()
    }
    assert figures == {
        "population_start": 1, "population_growth": 1, "population_end": 2, "excess_of_births": 1,
        "births": 1, "deaths": 0, "net_migration": 0, "immigration": 0, "emigration": 0,
        "statistical_adjustment": 0,
    }  # fmt: skip


def test_titles_exist_in_both_languages_and_name_the_year() -> None:
    for name in ("key-figures", "age-groups", "marital-status", "citizenship"):
        spec = table(Edition(people(), 2021), name).specification
        for text in (spec.title, spec.contents, spec.method, spec.reference_time):
            assert text.en
            assert text.no
            assert "{" not in text.en + text.no
        assert "202" in spec.title.en


@pytest.mark.parametrize(
    ("year", "name", "says"),
    [
        (2021, "marital", "Did you mean 'marital-status'"),
        (2199, "age-groups", "later than what the log knows"),
        (1999, "citizenship", "before the log begins"),
        (2000, "key-figures", "before the log begins"),
    ],
)
def test_bad_questions_are_answered(year: int, name: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        table(Edition(people(), year), name)


@given(st.integers(1, 10**7), st.integers(0, 10**7))
def test_percentages_round_halves_away_from_zero(old: int, new: int) -> None:
    found = change_in_percent_of(new, old)
    assert found is not None
    tenths = round(found * 10)
    error = abs(1000 * (new - old) - tenths * old)
    assert 2 * error <= old
    if 2 * error == old:
        assert abs(tenths * old) > abs(1000 * (new - old))


# --- against the real tables: their arithmetic gives what the page printed ---


def test_percentages_of_the_real_populations_are_the_printed_ones() -> None:
    for row in change_in_percent().iter_rows(named=True):
        for year in (2020, 2016, 2011):
            found = change_in_percent_of(row["2021"], row[str(year)])
            assert found == row[f"change_{year}"], (row["age"], year)


def test_the_published_layout_gives_the_published_table_by_marital_status() -> None:
    """A register of one row a cell group would be 5.4 million rows; weights do as well here."""
    page = published_2021().filter(pl.col("table") == "marital-status")
    rows: dict[tuple[str, str], dict[str, int]] = {}
    for _, sex, age, column, number, _ in page.iter_rows():
        rows.setdefault((sex, age), {})[column] = number
    for (sex, age), row in rows.items():
        unknown = 2 * row["total"] - sum(row.values())
        if sex != "both" or age == "total":
            assert unknown == 0, "the printed total leaves the unknown out"
    ages = [age for sex, age in rows if sex == "both" and age != "total"]
    assert sum(rows["both", age]["total"] for age in ages) == 5_391_369
