"""A register made of the rules' own reports says at any time what the rules say."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import Phase, given, seed, settings

import folkestrom
from folkestrom.app.office.residence.decide import decide
from folkestrom.errors import InputRefused, UsageError
from folkestrom.residence.deciding import Rulebook
from folkestrom.residence.law import BASES, READINGS, Base, Reading
from tests.reference.residence import Stay, standing
from tests.residence.test_deciding import TYPES, lives

PERSON = {"sex": "male", "birth_date": date(1970, 1, 1), "country_of_birth": "NO"}
DAYS = [
    (date(year, 7, 1), date(year, 7, 1) + timedelta(days=later))
    for year in (1988, 1995, 2012, 2017, 2018, 2019, 2021, 2025)
    for later in (1, 31, 200)
]
#: In place of municipalities of our day those that there were all the time.
ALWAYS = {4601: 1101, 5001: 1121}


@pytest.fixture(scope="module")
def persons() -> list[list[Stay]]:
    """Random lives, the same ones each time; reports of arrivals need a citizenship."""
    found: list[list[Stay]] = []

    @seed(14)
    @settings(max_examples=400, deadline=None, database=None, phases=[Phase.generate])
    @given(lives())
    def gather(stays: list[Stay]) -> None:
        found.append(
            [
                replace(
                    s, person=len(found) + 1, citizenship=s.citizenship or "PL",
                    municipality=ALWAYS.get(s.municipality, s.municipality),
                    family_municipality=ALWAYS.get(s.family_municipality, s.family_municipality),
                )
                for s in stays
            ]
        )  # fmt: skip

    gather()
    return found


def write(persons: list[list[Stay]], path: Path) -> Path:
    told = [asdict(stay) | PERSON for stays in persons for stay in stays]
    pl.DataFrame(told, schema_overrides=TYPES).write_parquet(path)
    return path


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("reading", READINGS)
def test_the_register_is_at_any_time_what_the_rules_say(
    persons: list[list[Stay]], base: Base, reading: Reading, tmp_path: Path
) -> None:
    reports = tmp_path / "reports.parquet"
    known_at = date(2026, 7, 1)
    decide(write(persons, tmp_path / "s.parquet"), reports, Rulebook(base, reading), known_at)
    store = folkestrom.open(tmp_path / "store")
    assert store.intake(reports).total.quarantined == 0
    counted = 0
    with duckdb.connect(tmp_path / "store" / "folkestrom.duckdb", read_only=True) as connection:
        for day, known in DAYS:
            query = """
                SELECT person, municipality FROM residence
                WHERE valid_from < $day AND valid_to >= $day
                  AND known_from <= $known AND known_to > $known
            """
            found = dict(connection.execute(query, {"day": day, "known": known}).fetchall())
            said = {
                stays[0].person: standing(stays, day, known, base, reading) for stays in persons
            }
            assert found == {p: place for p, (what, place) in said.items() if what == "resident"}
            counted += len(found)
    assert counted > 500


def test_what_is_decided_later_is_not_reported_yet(tmp_path: Path) -> None:
    """Unknown whereabouts end residence after two years: until then there is nothing to report."""
    stays = [
        Stay(1, "NO", date(2019, 3, 1), "work", 301, to_date=date(2020, 3, 1), citizenship="PL")
    ]
    file, reports = write([stays], tmp_path / "stays.parquet"), tmp_path / "reports.parquet"
    assert decide(file, reports, Rulebook(), date(2022, 3, 1)) == (1, 1)
    assert decide(file, reports, Rulebook(), date(2022, 3, 2)) == (1, 2)
    last = pl.read_parquet(reports).row(1, named=True)
    assert (last["kind"], last["event_date"]) == ("emigration", date(2022, 3, 1))


def test_a_file_read_again_repeats_its_reports(tmp_path: Path) -> None:
    """Stays that were added, before the others too, add reports and change none."""
    first = Stay(2, "NO", date(2019, 3, 1), "work", 301, citizenship="PL")
    more = [
        Stay(1, "NO", date(2019, 1, 1), "work", 301, citizenship="PL"), first,
        Stay(2, "NO", date(2020, 3, 1), "work", 1103, citizenship="PL"),
    ]  # fmt: skip
    store, reports = folkestrom.open(tmp_path / "store"), tmp_path / "reports.parquet"
    for stays, accepted, repeats in (([first], 1, 0), (more, 2, 1)):
        decide(write([stays], tmp_path / "s.parquet"), reports, Rulebook(), date(2021, 1, 1))
        taken = store.intake(reports).total
        assert (taken.accepted, taken.repeats, taken.quarantined) == (accepted, repeats, 0)


def test_a_longer_stay_after_a_short_one_is_an_immigration_from_abroad(tmp_path: Path) -> None:
    stays = [
        Stay(1, "NO", date(2018, 3, 1), "work", 301, date(2018, 4, 1), date(2018, 4, 1), "PL"),
        Stay(1, "NO", date(2018, 5, 1), "work", 1103, citizenship="PL"),
    ]
    file, reports = write([stays], tmp_path / "stays.parquet"), tmp_path / "reports.parquet"
    decide(file, reports, Rulebook(), date(2021, 1, 1))
    (row,) = pl.read_parquet(reports).rows(named=True)
    assert (row["kind"], row["country"], row["municipality"]) == ("immigration", "XX", "1103")
    assert folkestrom.open(tmp_path / "store").intake(reports).total.quarantined == 0


@pytest.mark.parametrize(
    ("meant", "received"),
    [(date(2018, 12, 1), date(2018, 7, 1)), (date(2018, 8, 1), date(2018, 8, 31))],
)
def test_months_in_two_municipalities_add_up(meant: date, received: date, tmp_path: Path) -> None:
    """Four months and five are nine: decided when they are meant to be, or have been, six."""
    stays = [
        Stay(1, "NO", date(2018, 3, 1), "work", 301, date(2018, 7, 1), date(2018, 7, 1), "PL"),
        Stay(1, "NO", date(2018, 7, 1), "work", 1103, meant, date(2018, 12, 1), "PL"),
    ]
    file, reports = write([stays], tmp_path / "stays.parquet"), tmp_path / "reports.parquet"
    decide(file, reports, Rulebook(), date(2020, 1, 1))
    (row,) = pl.read_parquet(reports).rows(named=True)
    assert (row["kind"], row["event_date"], row["municipality"]) == (
        "immigration", stays[0].from_date, "0301")  # fmt: skip
    assert row["received_at"].date() == received


# --- Files of stays ---

GOOD = {"person": "1", "country": "NO", "from_date": "2019-03-01", "ground": "work",
        "municipality": "0301"} | dict.fromkeys(
    ("intended_to", "to_date", "permit_from", "permit_to", "death_date", "nights", "sex",
     "family_country", "family_municipality", "needs_permit"), "")  # fmt: skip


@pytest.mark.parametrize(
    ("column", "value", "more"),
    [
        ("person", "01017012345X", {}), ("person", "-7", {}), ("person", "-900", {}),
        ("country", "no", {}), ("ground", "fun", {}), ("from_date", "2019-02-29", {}),
        ("municipality", "", {}), ("municipality", "10301", {}), ("to_date", "2019-03-01", {}),
        ("intended_to", "2019-02-28", {}), ("death_date", "2019-02-28", {}), ("nights", "367", {}),
        ("sex", "mann", {}), ("needs_permit", "perhaps", {}),
        ("permit_to", "2019-02-01", {"permit_from": "2019-04-01"}),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_is_refused_by_row_and_column(
    column: str, value: str, more: dict[str, str], tmp_path: Path
) -> None:
    lines = [GOOD, GOOD | {"person": "2"}, GOOD | {"person": "3", column: value} | more]
    (tmp_path / "s.csv").write_text(
        "\n".join(",".join(line) for line in [list(GOOD), *(list(x.values()) for x in lines)])
    )
    with pytest.raises(InputRefused) as refused:
        decide(tmp_path / "s.csv", tmp_path / "r.parquet", Rulebook())
    told = str(refused.value).removeprefix(str(tmp_path))
    assert f"row 3, column {column}" in told
    assert column != "person" or value not in told
    assert not (tmp_path / "r.parquet").exists()


def test_one_person_dies_once(tmp_path: Path) -> None:
    lines = [GOOD | {"death_date": "2020-03-01"}, GOOD | {"death_date": "2020-04-01"}]
    (tmp_path / "s.csv").write_text(
        "\n".join(",".join(line) for line in [list(GOOD), *(list(x.values()) for x in lines)])
    )
    with pytest.raises(InputRefused, match=r"row 2, column death_date: '2020-04-01'"):
        decide(tmp_path / "s.csv", tmp_path / "r.parquet", Rulebook())


@pytest.mark.parametrize(
    "text", ["", "person\n", "person,country,from_date,ground,name\n1,NO,,,x\n"]
)
def test_what_is_no_file_of_stays_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text(text)
    with pytest.raises(InputRefused, match=r"s\.csv"):
        decide(tmp_path / "s.csv", tmp_path / "r.parquet", Rulebook())


def test_a_stay_told_twice_is_one(tmp_path: Path) -> None:
    stay = Stay(1, "NO", date(2019, 3, 1), "work", 301, citizenship="PL")
    file, reports = write([[stay, stay]], tmp_path / "stays.parquet"), tmp_path / "reports.parquet"
    assert decide(file, reports, Rulebook(), date(2021, 1, 1)) == (2, 1)


def test_reports_are_written_as_the_name_of_their_file_says(tmp_path: Path) -> None:
    here = [Stay(n, "NO", date(2018, 3, 1), "work", 301, citizenship="PL") for n in (1, 2, 3)]
    stays = write([here], tmp_path / "stays.parquet")
    for end in ("parquet", "csv", "ndjson"):
        file = tmp_path / f"reports.{end}"
        assert decide(stays, file, Rulebook()) == (3, 3)
        store = folkestrom.open(tmp_path / end)
        assert store.intake(file).total.accepted == 3
        assert store.population("2018-03-02", known_at="latest", to="polars")["persons"].sum() == 3
    assert (tmp_path / "reports.csv").read_bytes().startswith(b"source,")
    with pytest.raises(UsageError, match="does not end"):
        decide(stays, tmp_path / "reports.xlsx", Rulebook())
