"""Flags, checks and likely duplicates, from the command and from Python."""

from __future__ import annotations

import csv
import json
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

import folkestrom
from tests.app.cli.asking import ask, rows

POLE = {
    "country_of_birth": "PL", "citizenship": "PL", "marital_status": "never_married",
    "sex": "female", "birth_date": "1980-05-17",
}  # fmt: skip
OSLO = {"municipality": "0301", "basic_unit": "03010001"}
STAVANGER = {"municipality": "1103", "basic_unit": "11030001"}


def report(number: int, person: int, kind: str, day: str, **values: Any) -> dict[str, str]:
    """A report that was received the day after, by source u from number 9 on."""
    received = date.fromisoformat(day) + timedelta(days=1)
    told = {} if kind == "annulment" else {"event_date": day}
    begun = {"first_registration": "first_registration", "immigration": "immigration"}.get(kind)
    origin = {"origin": begun, "reason": "work" if kind == "immigration" else ""} if begun else {}
    return {
        "source": "t" if number < 9 else "u", "source_report_id": str(number),
        "received_at": f"{received}T12:00:00Z", "person": str(person), "kind": kind,
        **told, **origin, **{name: str(value) for name, value in values.items()},
    }  # fmt: skip


#: 7857 left for Poland, and came back within five years, as 7954. 8051, born on the same day, has
#: another mother; 8148 has the same one, and came later; 8245 was there all the time. All are
#: multiples of 97, whom samples take. What comes then is flagged.
REPORTS = [
    report(1, 7857, "first_registration", "2000-01-01", **OSLO, **POLE, mother=7),
    report(2, 7857, "emigration", "2005-03-01", country="PL"),
    report(3, 7954, "immigration", "2008-03-01", **STAVANGER, **POLE, country="PL"),
    report(4, 8051, "immigration", "2008-03-01", **STAVANGER, **POLE, country="PL", mother=8),
    report(5, 8148, "immigration", "2015-03-01", **STAVANGER, **POLE, country="SE", mother=7),
    report(6, 8245, "first_registration", "2000-01-01", **OSLO, **POLE),
    report(7, 7857, "move", "2016-05-01", **STAVANGER),
    report(8, 8245, "immigration", "2016-06-01", **STAVANGER, **POLE, country="SE"),
    report(9, 8245, "annulment", "2017-06-01", annuls="no-such"),
    report(10, 8245, "move", "2017-06-02", **STAVANGER, corrects="mistyped"),
]


def written(reports: list[dict[str, str]], to: Path) -> Path:
    names = dict.fromkeys(name for one in reports for name in one)
    with to.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(names), restval="")
        writer.writeheader()
        writer.writerows(reports)
    return to


NUMBERS = {"7857", "7954", "8051", "8148", "8245"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("quality")
    taken = (
        folkestrom.open(folder / "store")
        .in_borders(2020)
        .intake(written(REPORTS, folder / "reports.csv"))
    )
    assert not taken.total.quarantined
    return folder / "store"


def test_flags_by_reason_and_source_with_what_mends_them(made: Path) -> None:
    found = rows(ask(made, "flags", "--format", "csv"))
    assert [tuple(row.values()) for row in found] == [
        ("immigration_of_resident", "t", "1", "1"),
        ("move_of_nonresident", "t", "1", "1"),
        ("target_not_come", "u", "2", "1"),
    ]
    printed = ask(made, "flags").stdout
    assert (
        "a move of a person who is not resident: mended by the arrival that is missing" in printed
    )
    assert "rettes opp av" in ask(made, "flags", "--lang", "no").stdout


def test_flags_of_a_time_and_as_known_then(made: Path) -> None:
    by_month = rows(
        ask(made, "flags", "--by", "month,kind", "--from", "2016-06-01", "--format", "csv")
    )
    assert [(row["month"], row["kind"]) for row in by_month] == [
        ("2016M06", "immigration"), ("2017M06", "move"), ("2017M06", "annulment"),
    ]  # fmt: skip
    (then,) = rows(ask(made, "flags", "--by", "", "--known-at", "2016-05-10", "--format", "csv"))
    assert then == {"reports": "1", "persons": "1"}
    store = folkestrom.open(made)
    assert store.flags("year", to_="2017-01-01", to="polars").rows() == [("2016", 2, 2)]


def test_the_flagged_reports_go_to_a_file_without_persons(made: Path, tmp_path: Path) -> None:
    file = tmp_path / "reports.csv"
    said = ask(made, "flags", "--reports", str(file))
    listed = pl.read_csv(file, infer_schema=False)
    assert set(listed["source_report_id"]) == {"7", "8", "9", "10"}
    assert "person" not in listed.columns
    assert not NUMBERS & set(file.read_text().replace("\n", ",").split(","))
    assert not NUMBERS & set(said.output.split())
    assert file.stat().st_mode & 0o077 == 0


def test_likely_duplicates_are_counted_by_rule(made: Path, tmp_path: Path) -> None:
    found = rows(ask(made, "duplicates", "--format", "csv"))
    assert {row["rule"]: row["pairs"] for row in found if row["pairs"] != "0"} == {
        "parent": "1", "country_soon": "1",
    }  # fmt: skip
    file = tmp_path / "pairs.parquet"
    said = ask(made, "duplicates", "--pairs", str(file))
    assert not NUMBERS & set(said.output.split()), "pairs are in the file alone"
    assert pl.read_parquet(file).select("person", "other_person", "rule", "score").rows() == [
        (7857, 8148, "parent", 85), (7857, 7954, "country_soon", 50),
    ]  # fmt: skip
    folkestrom.open(made).duplicates(pairs=file, least=60)
    assert pl.read_parquet(file).height == 1
    before = folkestrom.open(made).duplicates(known_at="2010-01-01", to="polars")
    assert before["pairs"].sum() == 1, "8148 had not come"


def test_the_same_partner_and_both_parents_say_more(tmp_path: Path) -> None:
    family = [
        {"mother": "7", "father": "6", "partner": "70", "marital_status": "married"},
        {},
        {"partner": "70", "marital_status": "married"},
        {"mother": "8"},
        {"mother": "7", "father": "6"},
    ]
    reports = [one | more for one, more in zip(REPORTS, family, strict=False)]
    store = folkestrom.open(tmp_path / "store")
    store.intake(written(reports, tmp_path / "r.csv"))
    found = store.duplicates(to="polars")
    assert found.filter(pl.col("pairs") > 0).rows() == [("parents", 95, 1), ("partner", 90, 1)]


def test_a_sound_store_passes_every_check(made: Path) -> None:
    result = ask(made, "store", "check", "--format", "json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert {one["result"] for one in found} == {"ok"}
    assert {one["part"] for one in found} == {"log", "tables", "residence"}
    assert len(folkestrom.open(made).check()) == len(found)


DAMAGE = {
    "as_the_log_makes_it": "UPDATE citizenship SET citizenship = 1 WHERE person = 7857",
    "residence_differs": "CREATE OR REPLACE VIEW residence AS FROM stay WHERE person <> 8245",
    "positions_twice": "INSERT INTO report FROM report WHERE position = 1",
    "positions_of_no_delivery": "UPDATE report SET position = 0 WHERE position = 8",
    "positions_beyond": "UPDATE report SET position = 99 WHERE position = 8",
    "keys_twice": "INSERT INTO report FROM report WHERE position = 3",
    "sources_without_name": "DELETE FROM source WHERE name = 'u'",
    "files_that_do_not_add_up": "UPDATE delivery SET accepted = accepted - 1",
    "known_on_another_day": "UPDATE report SET known_from = DATE '2004-01-01' WHERE position = 1",
    "broken_targets": "UPDATE report SET target = 1 WHERE position = 9",
    "targets_that_differ": "DELETE FROM link",
    "wrong_hashes": "UPDATE report SET source_report_id = '1000'",
    "known_too_early": "UPDATE flag SET known_from = DATE '1999-01-01'",
}


@pytest.mark.parametrize("name", DAMAGE)
def test_each_damage_is_found_by_its_check(made: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(made, tmp_path / "store")
    with duckdb.connect(str(tmp_path / "store" / "folkestrom.duckdb")) as connection:
        connection.execute(DAMAGE[name])
    result = ask(tmp_path / "store", "store", "check", "--format", "json")
    assert result.exit_code == 1
    assert name in {one["name"] for one in json.loads(result.stdout) if one["result"] == "failed"}


def test_a_missing_table_is_a_failed_check_and_a_broken_file_another_error(
    made: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    shutil.copytree(made, store)
    with duckdb.connect(str(store / "folkestrom.duckdb")) as connection:
        connection.execute("DROP TABLE flag")
    result = ask(store, "store", "check")
    assert result.exit_code == 1
    # In a pipe a line is a line.
    assert "another program has written to the file" in result.stdout
    (store / "folkestrom.duckdb").write_bytes(b"no database")
    assert ask(store, "store", "check").exit_code == 4
    assert ask(tmp_path / "none", "store", "check").exit_code == 4


def test_tables_of_another_method_are_not_compared(made: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    shutil.copytree(made, store)
    with duckdb.connect(str(store / "folkestrom.duckdb")) as connection:
        connection.execute("UPDATE meta SET value = '1 0 1' WHERE key = 'derived_register'")
    result = ask(store, "store", "check", "--format", "json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)[-1]["result"] == "skipped"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("flags --by reson", "Did you mean 'reason'"),
        ("flags --from 2020-01-01 --to 2019-01-01", "is not before the end"),
        ("flags --known-at published", "goes by a reference date"),
        ("flags --reports x.txt", "Allowed: .parquet"),
        ("duplicates --least 50", "--pairs"),
        ("duplicates --pairs no/such/x.csv", "not in a folder that exists"),
        ("duplicates --format px", "list of rows"),
        ("store check --format csv", "is not a format of this command"),
    ],
)
def test_what_cannot_be_meant(made: Path, arguments: str, says: str) -> None:
    result = ask(made, *arguments.split())
    assert result.exit_code == 2
    assert says in result.output
