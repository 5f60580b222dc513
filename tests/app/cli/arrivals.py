"""Persons who arrive and leave again, on a store with a study of them."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from typer.testing import CliRunner, Result

import folkestrom
from folkestrom.app.cli.main import app

HEADER = (
    "source,source_report_id,received_at,person,kind,event_date,municipality,basic_unit,country,"
    "country_of_birth,citizenship,marital_status,sex,birth_date,origin,reason"
)
PERSONS = 900
STUDY = """
title = "Arrivals"
known_at = "latest"
[entry]
event = "immigration"
from = "2010-01-01"
to = "2016-01-01"
occurrence = "every"
[exit]
events = ["return", "onward", "death"]
end = "2020-01-01"
[variables]
sex = "entry"
cohort = "entry"
county = "varying"
county_at_exit = { variable = "county", at = "exit" }
[groups.cohort]
of = "immigration_year"
starts = [2010, 2012, 2014]
"""


def reports() -> str:
    """900 arrive; by their numbers most return or go on, some die, and two come twice."""
    rows = [HEADER]

    def add(n: int, kind: str, day: date, place: str = "", *rest: str) -> None:
        unit = f"{place}0001" if place else ""
        cells = (f"{day}T12:00:00Z", 7000 + n, kind, day, place, unit, *rest)
        rows.append(",".join(["t", str(len(rows)), *map(str, cells)]))

    def arrive(n: int, day: date) -> None:
        sex = "unknown" if n % 300 == 7 else ("male", "female")[n % 3 == 0]
        add(n, "immigration", day, ("0301", "1103")[n % 2], "PL", "PL", "PL", "never_married", sex,
            "1985-02-28", "immigration", "work")  # fmt: skip

    # Later than the study, so that its end is known.
    arrive(0, date(2020, 2, 1))
    for n in range(1, PERSONS + 1):
        came = date(2010, 1, 1) + timedelta(days=(n * 7) % 2190)
        arrive(n, came)
        left = came + timedelta(days=20 + (n * n * 13) % 4000)
        if left >= date(2020, 1, 1) or n % 4 == 0:
            continue
        kind = "death" if n % 50 == 9 else "emigration"
        country = "" if kind == "death" else ("SE" if n % 5 == 0 else "PL")
        add(n, kind, left, "", country, *[""] * 7)
        if n in (1, 2):
            arrive(n, left + timedelta(days=40))
    return "\n".join(rows) + "\n"


def made(folder: Path) -> Path:
    """A store with these persons, and the study."""
    (folder / "reports.csv").write_text(reports(), encoding="utf-8")
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    done = folkestrom.open(folder / "store").in_borders(2020).intake(folder / "reports.csv")
    assert done.total.quarantined == 0
    wealth = folder / "wealth.csv"
    wealth.write_text("person,value,from,to\n7001,1.5,2009-01-01,\n", encoding="utf-8")
    folkestrom.open(folder / "store").link(wealth, "wealth", known_from="2009-01-01")
    return folder


def ask(folder: Path, *arguments: str) -> Result:
    study = str(folder / "study.toml")
    return CliRunner().invoke(app, ["--store", str(folder / "store"), "follow", study, *arguments])


def rows(result: Result) -> list[dict[str, str]]:
    assert result.exit_code == 0, result.output
    return list(csv.DictReader(io.StringIO(result.stdout)))


def study_of(folder: Path) -> Any:
    return folkestrom.open(folder / "store").study(folder / "study.toml")


def episodes(folder: Path) -> pl.DataFrame:
    """Episodes of the study, in one piece each."""
    text = STUDY.replace('county = "varying"\n', "").replace("county_at_exit", "later")
    (folder / "whole.toml").write_text(text, encoding="utf-8")
    found = folkestrom.open(folder / "store").study(folder / "whole.toml").episodes(to="polars")
    assert isinstance(found, pl.DataFrame)
    return found
