"""Households from reports of dwellings: the command, and the variables wherever they are asked."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import folkestrom
from tests.app.cli.asking import ask, rows

HEADER = (
    "source,source_report_id,received_at,person,kind,event_date,municipality,basic_unit,dwelling,"
    "marital_status,partner,sex,birth_date,citizenship,country_of_birth,mother,father,origin"
)
#: A couple, their child, born in 2020, and the mother's sister, who moves in late in 2020.
LINES = """
1,2020-01-01T09:00:00Z,1,first_registration,1999-12-31,0301,03010101,70,never_married,,male,1985-01-01,NO,NO,,,first_registration
2,2020-01-01T09:00:00Z,2,first_registration,1999-12-31,0301,03010101,70,never_married,,female,1987-01-01,NO,NO,9,,first_registration
3,2020-01-01T09:00:00Z,4,first_registration,1999-12-31,0301,03010101,71,never_married,,female,1990-01-01,NO,NO,9,,first_registration
4,2020-04-02T09:00:00Z,3,birth,2020-04-01,0301,03010101,70,,,female,2020-04-01,NO,NO,2,1,birth
5,2021-03-01T09:00:00Z,4,move,2020-12-01,0301,03010101,70,,,,,,,,,
6,2021-06-01T09:00:00Z,1,move,2021-05-01,0301,03010101,71,,,,,,,,,
"""
PANEL = """
title = "Who lives with whom"
known_at = "latest"
[entry]
event = "resident"
on = "2020-01-01"
[exit]
events = ["death"]
end = "2021-06-01"
[variables]
household_type = "varying"
[panel]
from = 2020
to = 2021
variables = ["household_type", "cohabiting"]
outcomes = { out = "move" }
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("homes")
    lines = [f"folk,{line}" for line in LINES.split()]
    (folder / "reports.csv").write_text("\n".join([HEADER, *lines]) + "\n")
    found = ask(folder / "store", "--quiet", "intake", str(folder / "reports.csv"))
    assert found.exit_code == 0, found.output
    return folder / "store"


def counted(store: Path, *asked: str) -> dict[str, int]:
    """Counts by the first column."""
    found = rows(ask(store, "--format", "csv", *asked, "--known-at", "latest"))
    return {next(iter(row.values())): int(list(row.values())[1]) for row in found}


def test_a_late_report_changes_what_was_known_of_the_household(store: Path) -> None:
    asked = ("households", "--date", "2021-01-01", "--known-at")
    before = rows(ask(store, "--format", "csv", *asked, "2021-02-01"))
    after = rows(ask(store, "--format", "csv", *asked, "latest"))
    kinds = [{row["household_type"]: row["persons"] for row in found} for found in (before, after)]
    assert kinds == [
        {"living_alone": "1", "cohabiting_couple_with_children": "3"},
        {"several_families_with_children": "4"},
    ]


def test_each_count_and_a_total(store: Path) -> None:
    asked = ("households", "--date", "2021-06-01")
    assert counted(store, *asked) == {"living_alone": 1, "several_families_with_children": 1}
    assert counted(store, *asked, "--totals")["total"] == 2
    families = {"mother_with_children": 1, "single": 2}
    assert counted(store, *asked, "--count", "families") == families
    assert counted(store, *asked, "--count", "children") == {"mother": 1}
    couples = ("households", "--date", "2021-01-01", "--count", "couples")
    assert counted(store, *couples) == {"common_child": 1}


def test_population_flows_and_rates_by_the_variables(store: Path) -> None:
    stock = counted(store, "population", "--date", "2021-02-01", "--by", "cohabiting")
    assert stock == {"no": 2, "common_child": 2}
    year = ("--from", "2020-01-01", "--to", "2021-01-01")
    births = rows(
        ask(store, "--format", "csv", "changes", *year, "--by", "parents_living_together",
            "--known-at", "latest")
    )  # fmt: skip
    assert {row["parents_living_together"]: row["births"] for row in births}["cohabiting"] == "1"
    rates = rows(
        ask(store, "--format", "csv", "rates", *year, "--event", "death", "--by", "household_type",
            "--known-at", "latest")
    )  # fmt: skip
    assert "cohabiting_couple_with_children" in {row["household_type"] for row in rates}


def test_studies_have_them_at_a_day_and_over_time(store: Path, tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(PANEL)
    study = folkestrom.open(store).study(tmp_path / "study.toml")
    found = pl.DataFrame(study.panel(to="arrow"))
    kinds = {(p, y): k for p, y, k in found.select("person", "year", "household_type").rows()}
    # Two adults of one dwelling without a child yet are inferred to cohabit.
    assert kinds[1, 2020] == "couple_without_children"
    assert kinds[4, 2020] == "living_alone"
    assert kinds[4, 2021] == "several_families_with_children"
    pieces = pl.DataFrame(study.episodes(to="arrow")).filter(person=1)["household_type"]
    assert pieces.cast(str).to_list() == [
        "couple_without_children", "cohabiting_couple_with_children",
        "several_families_with_children", "living_alone",
    ]  # fmt: skip


def test_where_people_actually_live_is_linked(store: Path, tmp_path: Path) -> None:
    asked = ("households", "--date", "2021-01-01", "--population", "actual")
    refused = ask(store, *asked)
    assert refused.exit_code == 2
    assert "folkestrom link FILE --as actual_dwelling" in refused.stderr
    file = tmp_path / "homes.csv"
    file.write_text("person,from,to,value\n1,2020-08-01,2021-06-01,0\n"
                    "2,2020-08-01,2021-06-01,71\n")  # fmt: skip
    linked = ask(store, "link", str(file), "--as", "actual_dwelling", "--known-from", "2020-01-01")
    assert linked.exit_code == 0, linked.output
    found = rows(ask(store, "--format", "csv", *asked, "--known-at", "latest"))
    assert {row["household_type"]: row["persons"] for row in found} == {
        "several_families": "2", "living_alone": "1", "other": "1",
    }  # fmt: skip
