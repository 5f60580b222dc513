"""Commands that answer, from report files to figures, and the same from Python."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

import folkestrom
from tests.app.cli.asking import ask, rows

COLUMNS = (
    "source,source_report_id,received_at,person,kind,event_date,municipality,basic_unit,country,"
    "country_of_birth,citizenship,marital_status,sex,birth_date,origin,reason,annuls,corrects"
)
#: A couple, an immigrant whose immigration is annulled the year after, an emigrant, a late birth.
REPORTS = f"""{COLUMNS}
t,1,1999-12-31T12:00:00Z,71,first_registration,1999-12-31,0301,03010001,,NO,NO,married,female,1970-05-17,first_registration,,,
t,2,1999-12-31T12:00:00Z,72,first_registration,1999-12-31,1103,11030001,,PL,PL,married,male,1968-02-29,first_registration,,,
t,3,2019-06-03T08:00:00Z,73,immigration,2019-06-01,0301,03010001,SE,SE,SE,,female,1990-01-01,immigration,work,,
t,4,2019-11-20T08:00:00Z,73,move,2019-11-15,1103,11030002,,,,,,,,,,
t,5,2021-02-12T08:00:00Z,74,birth,2020-03-10,0301,03010001,,NO,NO,,male,2020-03-10,birth,,,
t,6,2020-09-01T08:00:00Z,73,annulment,,,,,,,,,,,,3,
t,7,2020-12-20T08:00:00Z,72,emigration,2020-12-19,,,PL,,,,,,,,,
t,8,2021-03-01T08:00:00Z,71,move,2021-02-28,1103,11030001,,,,,,,,,,
t,9,2022-02-01T08:00:00Z,71,move,2022-01-15,1103,11030002,,,,,,,,,,
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("statistics")
    (folder / "reports.csv").write_text(REPORTS, encoding="utf-8")
    folkestrom.open(folder / "store").in_borders(2020).intake(folder / "reports.csv")
    return folder / "store"


def test_population_then_and_now(store: Path) -> None:
    day = ("population", "--date", "2021-01-01", "--by", "municipality,sex", "--format", "csv")
    then = rows(ask(store, *day))
    assert then == rows(ask(store, *day, "--known-at", "published"))
    now = rows(ask(store, *day, "--known-at", "latest"))
    assert [tuple(row.values()) for row in then] == [("0301", "female", "1")]
    assert [tuple(row.values()) for row in now] == [("0301", "male", "1"), ("0301", "female", "1")]


def test_a_series_of_days(store: Path) -> None:
    series = ("--from", "2020-01-01", "--to", "2021-01-01", "--every", "quarter")
    found = rows(ask(store, "population", *series, "--known-at", "published", "--format", "csv"))
    assert [row["persons"] for row in found] == ["3", "3", "3", "2", "1"]
    assert found[0]["date"] == "2020-01-01"


def test_the_account_and_its_explanation(store: Path) -> None:
    year = ("changes", "--from", "2020-01-01", "--to", "2021-01-01")
    (account,) = rows(ask(store, *year, "--format", "csv"))
    assert (account["population_start"], account["population_end"]) == ("3", "1")
    assert (account["births"], account["emigration"], account["adjustment"]) == ("0", "1", "-1")
    (unit,) = rows(ask(store, *year, "--explain", "--by", "county", "--format", "csv"))
    assert unit == {
        "county": "11", "known": "2020-09-02", "source": "t", "source_report_id": "6",
        "kind": "annulment", "target_kind": "immigration", "units": "-1", "reports": "1",
    }  # fmt: skip
    both = ask(store, *year, "--explain").stdout
    assert both.index("Population changes") < both.index("report by report")
    assert "In all -1: annulment of immigration -1." in both


def test_an_end_that_is_typed_as_a_last_day_is_remarked_upon_beside_the_result(
    store: Path,
) -> None:
    year = ("changes", "--from", "2020-01-01", "--format", "json", "--to")
    done = ask(store, *year, "2020-12-31")
    assert "2020-12-31 is not in it. With that day: --to 2021-01-01." in done.stderr
    assert "is not in it" not in done.stdout
    assert "Merk: --to" in ask(store, *year, "2020-12-31", "--lang", "no").stderr
    assert ask(store, *year, "2020-12-30").stderr == ask(store, *year, "2021-01-01").stderr == ""


def test_the_late_birth_is_of_the_year_in_which_it_came(store: Path) -> None:
    found = rows(
        ask(store, "changes", "--from", "2020-01-01", "--to", "2022-01-01", "--every", "year",
            "--format", "csv")
    )  # fmt: skip
    assert [row["births"] for row in found] == ["0", "1"]
    assert [row["adjustment"] for row in found] == ["-1", "0"]


def test_rates_and_indicators_say_what_sets_them_apart_from_the_account(store: Path) -> None:
    year = ("--from", "2021-01-01", "--to", "2022-01-01")
    # One birth of 2020 came late: the account of 2021 has it, and its rate has not.
    rates = ask(store, "rates", *year, "--event", "birth").stdout
    assert "late reports about earlier periods too, 1 in the whole country, of which 1" in rates
    published = ask(store, "rates", *year, "--event", "birth", "--publish", "statistics").stdout
    assert "late reports about earlier periods too." in published, "without amounts"
    assert "late reports" not in ask(store, "rates", *year, "--known-at", "latest").stdout
    assert "births 1, deaths 0" in ask(store, "indicators", *year).stdout


def test_notes_name_who_is_kept(store: Path) -> None:
    stock = ("population", "--date", "2021-01-01", "--by", "sex", "--only", "county=Oslo,age=67+")
    shown = ask(store, *stock, "--order", "Persons").stdout
    assert "Only County: 03 Oslo." in shown
    assert "Only Age: 67 and over." in shown
    moves = ("moves", "--from", "2019-01-01", "--to", "2020-01-01", "--only", "municipality=Oslo")
    assert "these are moves out of it" in ask(store, *moves).stdout
    backwards = ask(store, "changes", "--from", "2021-01-01", "--to", "2020-01-01").stderr
    assert "Next: Swap the two days" in backwards


def test_shares_of_what_is_protected(store: Path) -> None:
    by = ("population", "--date", "2021-01-01", "--by", "sex", "--share-of", "sex")
    found = rows(ask(store, *by, "--format", "csv"))
    persons = [int(row["persons"]) for row in found]
    shares = [float(row["persons_share"]) for row in found]
    assert shares == pytest.approx([100 * n / sum(persons) for n in persons])
    (one, *_) = rows(ask(store, *by, "--publish", "statistics", "--format", "csv"))
    assert (one["persons"], one["persons_share"]) == ("", "")


@pytest.mark.parametrize("name", ["key-figures", "age-groups", "marital-status", "citizenship"])
def test_published_tables(store: Path, name: str) -> None:
    for language in ("en", "no"):
        result = ask(store, "table", name, "--year", "2021", "--lang", language)
        assert result.exit_code == 0, result.output
    as_json = json.loads(ask(store, "table", name, "--year", "2021", "--format", "json").stdout)
    assert as_json["specification"]["id"] == name


def test_no_output_of_any_command_names_a_person(store: Path) -> None:
    asked = [
        ("population", "--date", "2021-01-01", "--by", "basic_unit,birth_year,country_of_birth"),
        (
            "changes",
            "--from",
            "2020-01-01",
            "--to",
            "2021-01-01",
            "--by",
            "municipality",
            "--explain",
        ),
        ("changes", "--from", "2020-01-01", "--to", "2021-01-01", "--by", "age,country,reason"),
    ]
    for arguments in asked:
        text = ask(store, *arguments, "--format", "csv").output
        assert not {"71", "72", "73", "74"} & set(text.replace("\n", ",").split(","))


def test_knowledge_that_the_log_does_not_reach_is_said(store: Path) -> None:
    day = ("population", "--date", "2021-01-01", "--known-at")
    assert "lack what came later" in ask(store, *day, "2199-01-01").stdout
    late = (*day, "2199-01-01", "--format", "csv")
    assert "lack what came later" in ask(store, *late).stderr, "CSV has no footnotes"
    assert ask(store, *late, "--quiet").stderr == ""
    assert "lack what came later" not in ask(store, *day, "2021-02-01").output
    year = ("changes", "--from", "2021-01-01", "--to", "2022-01-01", "--extraction", "5")
    assert "lack what came later" in ask(store, *year).stdout


def test_files(store: Path, tmp_path: Path) -> None:
    for name in ("t.csv", "t.xlsx", "t.parquet", "t.json", "t.json-stat", "t.txt"):
        result = ask(store, "table", "age-groups", "--year", "2021", "-o", str(tmp_path / name))
        assert result.exit_code == 0, result.output
        assert result.stdout == ""
    assert len(list(tmp_path.iterdir())) == 7
    described = json.loads((tmp_path / "t.csv-metadata.json").read_text(encoding="utf-8"))
    assert described["url"] == "t.csv"
    assert described["dc:available"] == "2021-02-01 (as published)"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("population --date 2199-01-01", "later than what the log knows"),
        ("population --date 1899-01-01", "before the log begins"),
        ("population --date 2021-01-01 --known-at 1990-01-01", "before anything was known"),
        ("population --date 2021-01-01 --known-at publishd", "Did you mean 'published'"),
        ("population --date 2021-01-01 -o /tmp/x.foo", ".json-stat"),
        ("changes --from 2020-01-01 --to 2021-01-01 --explain --format json-stat", "--format csv"),
        ("changes --from 2020-01-01 --to 2021-01-01 --explain -o t.json-stat", "--format csv"),
        ("population --date 2021-02-30", "is not a calendar date"),
        ("population", "--date: is missing"),
        ("population --from 2020-01-01", "go together"),
        ("population --from 2021-01-01 --to 2020-01-01 --every year", "after the last day"),
        ("population --date 2021-01-01 --by sex,munisipality", "Did you mean 'municipality'"),
        ("population --date 2021-01-01 --known-at soon", "is not a calendar date"),
        ("population --date 2021-01-01 -o no/such/folder.csv", "not in a folder that exists"),
        ("changes --from 2021-01-01 --to 2020-01-01", "not before the end"),
        ("changes --from 2020-01-01 --to 2020-05-01 --every quarter", "does not end a quarter"),
        ("changes --from 2020-01-01 --to 2021-01-01 --by sex --explain", "is not what an adj"),
        ("changes --from 2020-01-01 --to 2021-01-01 --every quarter --explain", "one period"),
        (
            "changes --from 2020-01-01 --to 2021-01-01 --known-at 2021-01-15 --explain",
            "before the extraction on 2021-02-01",
        ),
        ("table age-group --year 2021", "Did you mean 'age-groups'"),
        ("table age-groups --year 2199", "later than what the log knows"),
        ("table age-groups --year 0", "--year"),
        ("table age-groups --year 2021 --lang de", "--lang"),
    ],
)
def test_bad_questions_end_with_2_and_say_what_to_do(
    store: Path, arguments: str, says: str
) -> None:
    result = ask(store, *arguments.split())
    assert result.exit_code == 2
    assert says in result.output
    assert "Traceback" not in result.output


def test_the_same_from_python(store: Path) -> None:
    opened = folkestrom.open(store)
    day = date(2021, 1, 1)
    assert opened.population(day, ["sex"], "latest", to="polars").height == 2
    assert opened.population(day, ["sex"], to="polars").height == 1
    assert opened.population(dates=[date(2020, 1, 1), day], to="pandas")["persons"].tolist() == [
        3,
        1,
    ]
    account = opened.changes(date(2020, 1, 1), day, every="quarter").to_pylist()
    assert [row["adjustment"] for row in account] == [0, 0, 0, -1]
    assert opened.explain(date(2020, 1, 1), day, "county").num_rows == 1
    assert opened.table("key-figures", 2021, to="polars").height == 10
