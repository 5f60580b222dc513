"""The command estimate: as from Python, in borders, and what has no effect."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pytest

import folkestrom
from tests.app.cli.asking import ask, rows

MADE = ("estimate", "--date", "2005-01-01", "--known-at", "2004-12-05")
HEADER = (
    "source,source_report_id,received_at,person,kind,event_date,municipality,basic_unit,country,"
    "country_of_birth,citizenship,marital_status,sex,birth_date,origin,reason"
)


def lines() -> list[str]:
    """400 persons, of whom 200 leave, and 500 who come, told after some days, in codes of then."""
    generator = np.random.default_rng(3)
    made = [HEADER]
    person = ",,NO,NO,never_married,female,1980-05-17"
    for n in range(400):
        place = ("0101", "1103")[n % 2]
        made.append(
            f"t,{n},1999-12-31T12:00:00Z,{1000 + n},first_registration,1999-12-31,{place},"
            f"{place}0001{person},first_registration,"
        )
    for n in range(700):
        day = date(2000, 1, 3) + timedelta(days=int(generator.integers(5 * 365)))
        told = datetime.combine(day, time(12), UTC) + timedelta(days=int(generator.exponential(15)))
        kind, who = ("immigration", 5000 + n) if n < 500 else ("emigration", 1000 + n - 500)
        place = ("0101", "1103")[int(generator.integers(2))] if n < 500 else ""
        described = f",SE,{person[2:]},immigration,work" if n < 500 else ",SE,,,,,,,"
        unit = f"{place}0001" if place else ""
        made.append(
            f"t,{1000 + n},{told:%Y-%m-%dT%H:%M:%SZ},{who},{kind},{day},{place},{unit}{described}"
        )
    return made


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("estimate")
    (folder / "reports.csv").write_text("\n".join(lines()) + "\n", encoding="utf-8")
    done = folkestrom.open(folder / "store").in_borders("as-it-was").intake(folder / "reports.csv")
    assert done.total.quarantined == 0
    return folder / "store"


def test_the_command_says_what_python_does(store: Path) -> None:
    found = rows(ask(store, *MADE, "--by", "municipality", "--format", "csv"))
    python = folkestrom.open(store).estimate("2005-01-01", "2004-12-05", "municipality")
    assert [{k: str(v) for k, v in row.items()} for row in python.to_pylist()] == found
    assert [row["municipality"] for row in found] == ["0101", "1103"]
    assert list(found[0])[1:] == [
        "known", "natural_change", "net_migration", "net_internal", "estimate", "lower", "upper"
    ]  # fmt: skip
    assert "90 % of 1000 draws" in ask(store, *MADE).output


def test_places_are_in_the_borders_of_the_date_or_of_those_asked_for(store: Path) -> None:
    """0101 became 3001 in 2020."""
    by = ("--by", "municipality", "--format", "csv")
    as_it_was = rows(ask(store, *MADE, *by))
    later = rows(ask(store, "--borders", "2020", *MADE, *by))
    assert [row["municipality"] for row in later] == ["1103", "3001"]
    assert later[1]["estimate"] == as_it_was[0]["estimate"]


def test_practices_have_no_interval_and_may_be_rounded(store: Path) -> None:
    asked = (*MADE, "--method", "last-december", "--round", "5", "--format", "csv")
    (found,) = rows(ask(store, *asked))
    assert list(found) == ["known", "estimate"]
    assert int(found["estimate"]) % 5 == 0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--round", "5"), "--round"),
        (("--method", "last-december", "--years", "2"), "--years"),
        (("--method", "recent-decembers", "--draws", "20"), "--draws"),
        (("--method", "recent-decembers", "--delays-by", "sex"), "--delays-by"),
        (("--interval", "100"), "is no per cent"),
        (("--draws", "100000"), "too little or too much"),
        (("--by", "sex"), "not what an estimate is by"),
        (("--delays-by", "sexx"), "Did you mean 'sex'"),
    ],
)
def test_what_has_no_effect_or_cannot_be_is_said(
    store: Path, options: tuple[str, ...], says: str
) -> None:
    found = ask(store, *MADE, *options)
    assert found.exit_code == 2
    assert says in found.output
