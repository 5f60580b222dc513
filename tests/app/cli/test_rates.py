"""Rates and decompositions by command and from Python, and their publication."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import folkestrom
from folkestrom.app.office.api import Store
from folkestrom.disclosure import Rules
from tests.app.cli.asking import ask, rows

HEADER = (
    "source,source_report_id,received_at,person,kind,event_date,municipality,basic_unit,country,"
    "country_of_birth,citizenship,marital_status,sex,birth_date,origin,reason"
)
PERSONS = 120


def reports() -> str:
    """120 persons from the year 2000; in 2020 some emigrate and some move, most of them in Oslo."""
    rows = [HEADER]

    def add(*cells: object) -> None:
        rows.append(",".join(["t", str(len(rows)), *map(str, cells)]))

    for n in range(1, PERSONS + 1):
        place = "0301" if n % 2 else ("1103" if n % 4 else "1101")
        sex, born = ("male", "female")[n % 3 == 0], f"{1950 + n % 50}-05-17"
        add("1999-12-31T12:00:00Z", 7000 + n, "first_registration", "1999-12-31", place,
            f"{place}0001", "", "NO", "NO", "never_married", sex, born, "first_registration",
            "")  # fmt: skip
    for n in range(1, 40):
        kind = "move" if n % 5 == 0 else "emigration"
        to = ("5001,50010001,") if kind == "move" else ",,SE"
        add("2020-07-02T12:00:00Z", 7000 + 2 * n - (n % 3 > 0), kind, "2020-07-01", to,
            "", "", "", "", "", "", "")  # fmt: skip
    return "\n".join(rows) + "\n"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rates")
    (folder / "reports.csv").write_text(reports(), encoding="utf-8")
    done = folkestrom.open(folder / "store").in_borders(2020).intake(folder / "reports.csv")
    assert done.total.quarantined == 0
    return folder / "store"


YEAR = ("--from", "2020-01-01", "--to", "2020-07-02")


def test_rates_by_county(store: Path) -> None:
    found = rows(ask(store, "rates", *YEAR, "--by", "county", "--format", "csv"))
    assert [row["county"] for row in found] == ["03", "11", "50"]
    days = 182 * PERSONS
    # Who left on 1 July was there for the 182 days before, and not on that day.
    assert sum(float(row["person_years"]) for row in found) == pytest.approx(
        (days + PERSONS - int(found[0]["events"]) - int(found[1]["events"])) / 365.2425, abs=0.2
    )
    oslo = found[0]
    assert float(oslo["rate"]) == pytest.approx(
        1000 * int(oslo["events"]) / float(oslo["person_years"]), rel=0.01
    )
    assert float(oslo["rate_lower"]) < float(oslo["rate"]) < float(oslo["rate_upper"])


def test_rates_are_ordered_and_labelled_as_other_tables(store: Path) -> None:
    largest = ("--by", "county", "--order", "rate", "--top", "1", "--labels")
    for rules in ((), ("--publish", "statistics")):
        (row,) = rows(ask(store, "rates", *YEAR, *largest, *rules, "--format", "csv"))
        assert (row["county"], row["county_label"]) == ("03", "Oslo")
    given = {"by": "county", "order": "rate", "top": 1, "labels": "en", "to": "polars"}
    found: Any = folkestrom.open(store).rates(YEAR[1], YEAR[3], **given)
    assert found["county_label"].to_list() == ["Oslo"]
    # In Python figures are not rounded.
    assert found["rate"][0] == 1000 * found["events"][0] / found["person_years"][0]


def test_indicators_are_ordered_as_other_tables(store: Path) -> None:
    given = ("indicators", "--from", "2018-01-01", "--to", "2019-01-01", "--by", "county")
    found = rows(ask(store, *given, "--order", "mean_age", "--labels", "--format", "csv"))
    ages = [float(row["mean_age"]) for row in found if row["mean_age"]]
    assert len(ages) > 1
    assert ages == sorted(ages, reverse=True)
    assert {row["county"]: row["county_label"] for row in found}["03"] == "Oslo"


def test_out_of_oslo_abroad_or_elsewhere(store: Path) -> None:
    counted = {
        to: int(
            rows(
                ask(store, "rates", *YEAR, "--event", "out_migration", "--destination", to,
                    "--only", "county=03", "--format", "csv")
            )[0]["events"]
        )
        for to in ("abroad", "municipality", "anywhere")
    }  # fmt: skip
    assert counted["abroad"] > counted["municipality"] > 0
    assert counted["anywhere"] == counted["abroad"] + counted["municipality"]


@pytest.mark.parametrize("against", ["nation", "03", "0301", "sex=male"])
def test_standardised(store: Path, against: str) -> None:
    found = rows(
        ask(store, "rates", *YEAR, "--by", "county", "--standardise-by", "age_group",
            "--against", against, "--format", "csv")
    )  # fmt: skip
    ratio = float(found[0]["ratio"])
    assert ratio == pytest.approx(1) if against in ("03", "0301") else ratio > 1


def test_the_standard_stays_the_nation_whoever_is_kept(store: Path) -> None:
    asked: dict[str, Any] = {"by": "county", "standardise_by": "age_group", "to": "polars"}
    whole = Store(store).rates("2020-01-01", "2020-07-02", **asked)
    kept = Store(store).rates("2020-01-01", "2020-07-02", only={"county": "03"}, **asked)
    assert isinstance(whole, pl.DataFrame)
    assert isinstance(kept, pl.DataFrame)
    assert kept.row(0) == pytest.approx(whole.row(0))


def test_publishing_shows_no_small_count(store: Path) -> None:
    by = ("--by", "county,sex,age_group", "--format", "csv")
    shown = rows(ask(store, "rates", *YEAR, *by, "--publish", "statistics"))
    open_ = rows(ask(store, "rates", *YEAR, *by))
    assert any(row["events"] in ("1", "2") for row in open_)
    assert not [row for row in shown if row["events"] in ("1", "2")]
    hidden = [row for row in shown if row["events"] == ""]
    assert hidden
    assert {(row["rate"], row["rate_upper"]) for row in hidden} == {("", "")}
    text = ask(store, "rates", *YEAR, "--by", "county,sex", "--publish", "research").stdout
    assert "below 1000 not shown: 6" in text


def test_rounded_rates_are_those_of_rounded_counts(store: Path) -> None:
    by = ("--by", "county,age_five_year", "--format", "csv", "--publish", "rounded")
    for row in rows(ask(store, "rates", *YEAR, *by)):
        assert int(row["events"]) not in (1, 2)
        if float(row["person_years"]) > 1:
            assert float(row["rate"]) == pytest.approx(
                1000 * int(row["events"]) / float(row["person_years"]), rel=0.05
            )


def test_the_parts_of_a_difference(store: Path) -> None:
    result = ask(store, "decompose", *YEAR, "--by", "county", "--between", "03", "nation",
                 "--factors", "age_group,sex", "--format", "csv")  # fmt: skip
    found = {(row["component"], row["term"]): float(row["estimate"]) for row in rows(result)}
    difference = found["rate_1", "all"] - found["rate_2", "all"]
    assert found["difference", "all"] == pytest.approx(difference, abs=0.002)
    parts = found["composition", "all"] + found["rates", "all"]
    assert parts == pytest.approx(difference, abs=0.003)
    same = Store(store).decompose(
        "2020-01-01", "2020-07-02", "county", ("03", "nation"), "age_group,sex"
    )
    assert same.of("composition")["estimate"] == pytest.approx(
        found["composition", "all"], abs=0.001
    )


def test_groups_of_a_decomposition_may_be_given_by_their_names(store: Path) -> None:
    given = (
        "decompose",
        *YEAR,
        "--by",
        "county",
        "--factors",
        "sex",
        "--format",
        "csv",
        "--between",
    )
    assert ask(store, *given, "Oslo", "others").stdout == ask(store, *given, "03", "others").stdout


def test_a_decomposition_of_some_says_of_whom_it_is(store: Path) -> None:
    asked = ("decompose", *YEAR, "--by", "county", "--between", "03", "nation", "--factors", "sex")
    assert "Only" not in ask(store, *asked).stdout
    assert "Only Age group: 20-44 years." in ask(store, *asked, "--only", "age_group=20-44").stdout


def test_small_groups_are_not_taken_apart_for_publication(store: Path) -> None:
    asked = ("decompose", *YEAR, "--by", "county", "--between", "03", "11", "--factors", "sex")
    assert ask(store, *asked, "--publish", "statistics").exit_code == 0
    refused = ask(store, *asked, "--publish", "research")
    assert refused.exit_code == 2
    assert "too small a group" in refused.output


def test_files_in_both_languages(store: Path, tmp_path: Path) -> None:
    for name in ("t.xlsx", "t.txt", "t.json-stat"):
        for lang in ("en", "no") if name == "t.txt" else ("no",):
            result = ask(store, "rates", *YEAR, "--by", "county,sex", "--standardise-by",
                         "age_group", "--lang", lang, "-o", str(tmp_path / name))  # fmt: skip
            assert result.exit_code == 0, result.output
    cube = json.loads((tmp_path / "t.json-stat").read_text(encoding="utf-8"))
    assert cube["label"].startswith("Utvandring")
    assert len(cube["value"]) == 3 * 3 * 11 or None in cube["value"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("rates --by countty", "Did you mean 'county'"),
        ("rates --event emigrations", "Did you mean 'emigration'"),
        ("rates --destination abroad --event death", "is not where death goes"),
        ("rates --only county", "is not a variable with codes"),
        ("rates --only county=99", "is not a code of county"),
        ("rates --only municipality=Olso", "Did you mean 0301 (Oslo)"),
        ("rates --only age=39-20", "Did you mean 20-39"),
        ("rates --only sex=woman", "Did you mean female (Females)"),
        ("rates --only county=xyzzy", "`folkestrom variables county` lists them"),
        ("rates --by colour", "Next: `folkestrom variables` lists them all"),
        ("rates --against 03", "nothing is standardised for"),
        ("rates --standardise-by sex --against 99", "does not occur in the period"),
        ("rates --publish strict", "is no set of rules"),
        ("rates --standardise-by sex --publish rounded", "rounds the counts"),
        ("rates --level 95", "Error: --level: '95.0' is not a level of confidence"),
        ("rates --known-at 2020-02-01", "before the period ends"),
        ("decompose --by county --between 03 77 --factors sex", "'77' does not occur"),
        ("decompose --by county --between 03 77 --factors sex", "03, 11, 50, nation, others"),
        ("decompose --by county --between 03 03 --factors sex", "'03 03' are no two groups"),
        ("decompose --by county --between nation others --factors sex", "are no two groups"),
        ("decompose --by county --between 03 nation --factors sx", "Did you mean 'sex'"),
        ("decompose --by county --between 03 nation --factors county", "already"),
    ],
)
def test_bad_questions(store: Path, arguments: str, says: str) -> None:
    command, *rest = arguments.split()
    result = ask(store, command, *YEAR, *rest)
    assert result.exit_code == 2, result.output
    assert says in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    "question",
    [
        "rates --by county", "decompose --by county --between 03 50 --factors sex",
        "changes", "changes --every quarter", "changes --extraction-months 99999999999999999999",
    ],
)  # fmt: skip
def test_the_end_of_time_is_a_day_too(store: Path, question: str) -> None:
    result = ask(store, *question.split(), "--from", "9999-10-01", "--to", "9999-12-31")
    assert result.exit_code in (0, 2), result.output


def test_no_output_names_a_person(store: Path) -> None:
    found = ask(store, "rates", *YEAR, "--by", "basic_unit,birth_year", "--format", "csv").output
    named = {str(7000 + n) for n in range(1, PERSONS + 1)}
    assert not named & set(found.replace("\n", ",").split(","))


def test_own_rules(store: Path) -> None:
    found = Store(store).rates(
        "2020-01-01", "2020-07-02", "county", publish=Rules("ours", minimum_cell=100), to="polars",
    )  # fmt: skip
    assert isinstance(found, pl.DataFrame)
    # No small count is shown; that nobody left is none, and gives away neither of the others.
    assert found.drop_nulls("events").select("county", "events").rows() == [("50", 0)]


@pytest.mark.parametrize(
    ("only", "next_step"),
    [
        ("county=030", "Did you mean '30'?"),
        ("marital_status=never_maried", "Did you mean 'never_married'?"),
        ("citizenship=XQ", ""),
    ],
)
def test_codes_to_keep_that_no_list_has(store: Path, only: str, next_step: str) -> None:
    found = ask(store, "rates", *YEAR, "--only", only)
    assert found.exit_code == 2
    assert "is not a code of" in found.stderr
    assert next_step in found.stderr


@pytest.mark.parametrize("only", ["county=54", "marital_status=widowed", "citizenship=TV", "age=1"])
def test_codes_of_a_list_need_not_occur(store: Path, only: str) -> None:
    found = rows(ask(store, "rates", *YEAR, "--only", only, "--format", "csv"))
    assert [(row["events"], row["rate"]) for row in found] == [("0", "")]


def test_indirect_rates_where_a_stratum_has_events_and_nobody_exposed(store: Path) -> None:
    """Who leaves on a day is not exposed on it: of some years of birth that is everybody."""
    day = ("2020-07-01", "2020-07-02")
    strata = Store(store).rates(*day, "birth_year", to="polars")
    nobody = strata.filter(person_years=0)
    assert nobody["events"].sum() > 0
    found = Store(store).rates(
        *day, "county", standardise_by="birth_year", method="indirect", to="polars"
    )
    # By hand: the rest of the country's rates times each county's exposure adds up to its events.
    there = strata.filter(pl.col("person_years") > 0)
    assert found["expected"].sum() == pytest.approx(there["events"].sum())
    assert found.filter(pl.col("expected") > 0)["ratio"].to_list() == pytest.approx([1.0, 1.0])


@pytest.mark.parametrize("name", ["events", "days", "rate", "person_years", "persons"])
def test_a_group_has_no_name_of_the_result(store: Path, name: str) -> None:
    made = f'{name} = {{of = "age", starts = [0, 40]}}'
    found = ask(store, "rates", *YEAR, "--by", name, "--groups", made)
    assert found.exit_code == 2
    assert f"'{name}' is the name of a column of the result" in found.stderr
