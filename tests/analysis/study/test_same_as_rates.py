"""A panel's variables, and those that rates have by the same name, say the same of a person."""

from __future__ import annotations

from collections import Counter

import polars as pl
import pytest

from folkestrom.analysis.study import Groups, Panel, Study
from folkestrom.app.office.api import Store

NAMES = (
    "children_of_immigrants", "immigrant_group", "covid_year", "immigration_reason",
    "immigration_year", "first_immigration_year", "years_since_immigration",
    "years_since_first_immigration", "years_in_municipality", "children", "with_children",
    "with_partner", "family", "first_municipality", "settled",
)  # fmt: skip
GROUPS = {"settled": Groups("years_in_municipality", starts=(0, 3), other="new")}


# Nobody dies in these years, so that everybody there on 1 January is in the panel.
@pytest.mark.parametrize("year", [2010, 2012, 2016])
def test_residents_of_1_january(people: Store, year: int) -> None:
    study = Study("Years", panel=Panel(year, year, variables=NAMES), groups=GROUPS)
    rows = people.study(study).panel("polars").select(NAMES)
    assert rows.height > 1
    there = Counter(rows.cast(pl.String).rows())
    # The stock of 1 January is the exposure of the day before; the year of that day is another.
    eve = people.rates(f"{year - 1}-12-31", f"{year}-01-01", NAMES, groups=GROUPS, to="polars")
    assert isinstance(eve, pl.DataFrame)
    days = (eve["person_years"] * 365.2425).round().cast(pl.Int64).to_list()
    exposed = dict(zip(eve.select(NAMES).cast(pl.String).rows(), days, strict=True))
    assert exposed == there


def test_the_year_of_the_pandemic(people: Store) -> None:
    panel = Panel(2019, 2020, variables=["covid_year", "children_of_immigrants"])
    rows = people.study(Study("Years", panel=panel)).panel("polars")
    years = rows.select("year", pl.col("covid_year").cast(pl.String)).unique().sort("year")
    assert years.rows() == [(2019, "other_years"), (2020, "2020")]
    levels = ["other_years", "2020"]
    assert rows.schema["covid_year"] == pl.Enum(levels)
    by_year = people.rates("2019-01-01", "2020-12-01", "covid_year", to="polars")
    assert by_year["covid_year"].cast(pl.String).to_list() == levels
