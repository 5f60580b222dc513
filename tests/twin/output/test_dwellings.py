"""Dwellings change nothing else, fit together, and come near the published households."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

import polars as pl
import pytest

from folkestrom.twin import Result, create
from tests.twin.conftest import SCALE
from tests.twin.reading import STARTS, Log

PLACES = ("municipality", "municipality_from")
SAME = (
    "received_at", "person", "kind", "event_date", *PLACES, "country", "marital_status",
    "citizenship", "birth_date", "mother", "father", "partner", "origin", "reason",
)  # fmt: skip


@pytest.fixture(scope="module")
def housed(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """The small country, with dwellings."""
    return create(tmp_path_factory.mktemp("twin") / "housed", scale=SCALE, dwellings=True)


@pytest.fixture(scope="module")
def housed_log(housed: Result) -> Log:
    """Its reports, as an outsider reads them."""
    return Log(housed.report_folder)


@pytest.fixture(scope="module")
def truth(housed: Result) -> pl.DataFrame:
    """Who truly lives with whom."""
    frame = pl.read_parquet(housed.folder / "truth" / "households.parquet")
    return frame.with_columns(pl.col(pl.Categorical).cast(pl.String))


def test_everything_else_is_as_without_dwellings(log: Log, housed_log: Log) -> None:
    with_, without = (frame.select(SAME) for frame in (housed_log.frame, log.frame))
    assert without.join(with_, on=SAME, how="anti", nulls_equal=True).is_empty()
    added = with_.join(without, on=SAME, how="anti", nulls_equal=True)
    kinds = added.filter(pl.col("kind") == "move")
    assert (kinds["municipality"] == kinds["municipality_from"]).all()
    assert set(added["kind"].unique()) <= {"move", "annulment"}
    assert "dwelling" not in log.frame.columns


def test_every_start_and_move_has_a_dwelling_and_nothing_else_has(housed_log: Log) -> None:
    frame = housed_log.frame.filter(pl.col("kind") != "annulment")
    moves = pl.col("kind").is_in([*STARTS, "move"])
    assert frame.filter(moves)["dwelling"].is_not_null().all()
    assert frame.filter(~moves)["dwelling"].is_null().all()
    assert frame["dwelling"].drop_nulls().min() > 0  # type: ignore[operator]


def test_a_dwelling_is_in_one_basic_unit_of_the_municipality(housed_log: Log) -> None:
    last = housed_log.frame.filter(pl.col("dwelling").is_not_null(), pl.col("corrects").is_null())
    code = pl.col("basic_unit").cast(pl.String).str.slice(0, 4)
    assert last.filter(code != pl.col("municipality").cast(pl.String)).is_empty()
    units = last.group_by("dwelling").agg(pl.col("basic_unit").n_unique())
    # Reports that are corrected later may have told another basic unit.
    assert (units["basic_unit"] > 1).mean() < 0.02  # type: ignore[operator]


def homes(log: Log, day: dt.date) -> dict[int, tuple[int, str]]:
    """Dwelling and municipality of the residents of a day, by the reports known a month later."""
    found = {}
    for person in log.by_person:
        home = None
        for report in log.effective(person, day + dt.timedelta(31)):
            if report.day < day and report.row["dwelling"] is not None:
                home = report.row["dwelling"], report.row["municipality"]
            elif report.day < day and report.kind in ("emigration", "death"):
                home = None
        if home:
            found[person] = home
    return found  # type: ignore[return-value]


@pytest.mark.parametrize("year", [2000, 2010, 2021])
def test_the_reports_tell_who_truly_lives_where(
    housed_log: Log, truth: pl.DataFrame, year: int
) -> None:
    registered = homes(housed_log, dt.date(year, 1, 1))
    true = truth.filter(pl.col("date") == dt.date(year, 1, 1))
    true_home = dict(zip(true["person"], true["dwelling"], strict=True))
    # Who has left without a report is registered and not there; who moved unreported is elsewhere.
    assert len(set(true_home) - set(registered)) <= 0.001 * len(true_home)
    same = sum(registered[p][0] == home for p, home in true_home.items() if p in registered)
    assert same >= 0.995 * len(true_home)
    places = defaultdict(set)
    for dwelling, municipality in registered.values():
        places[dwelling].add(municipality)
    assert sum(len(x) > 1 for x in places.values()) <= 0.002 * len(places)


def test_couples_and_children_live_together(truth: pl.DataFrame, housed: Result) -> None:
    last = truth.filter(pl.col("date") == dt.date(2021, 1, 1))
    paired = last.filter(pl.col("partner").is_not_null())
    both = paired.join(paired, left_on="partner", right_on="person")
    assert len(both) == len(paired) > 0.3 * len(last)
    assert (both["dwelling"] == both["dwelling_right"]).all()
    assert (both["couple"] == both["couple_right"]).all()
    persons = pl.read_parquet(housed.folder / "truth" / "persons.parquet")
    minors = last.filter(pl.col("parents").is_not_null()).join(persons, on="person")
    home = last.select(pl.col("person").alias("mother"), pl.col("dwelling").alias("hers"))
    with_mother = minors.join(home, on="mother")
    # A few live with their father, or have a mother elsewhere.
    assert with_mother.select((pl.col("dwelling") == pl.col("hers")).mean()).item() > 0.85


def test_few_move_twice_in_a_year_and_nobody_to_where_they_are(housed_log: Log) -> None:
    twice = 0
    for person in housed_log.by_person:
        home = None
        for report in housed_log.effective(person, dt.date(2021, 2, 1)):
            new = report.row["dwelling"]
            if new is not None:
                twice += report.kind == "move" and new == home
                home = new
    assert twice <= 5  # annulled moves in between


def test_the_same_seed_gives_the_same_bytes(housed: Result, tmp_path_factory) -> None:  # type: ignore[no-untyped-def]
    again = create(tmp_path_factory.mktemp("twin") / "again", scale=SCALE, dwellings=True)
    files = sorted(p.relative_to(housed.folder) for p in housed.folder.rglob("*.parquet"))
    assert files
    for file in files:
        assert (housed.folder / file).read_bytes() == (again.folder / file).read_bytes()


def test_students_stay_registered_at_their_parents(housed: Result, truth: pl.DataFrame) -> None:
    away = pl.read_parquet(housed.folder / "variables" / "study_municipality.parquet")
    away = away.filter(pl.col("from") == dt.date(2020, 1, 1))
    here = truth.filter(pl.col("date") == dt.date(2020, 1, 1)).join(away, on="person")
    assert len(here) > 50 * SCALE / 0.003
    # The truth knows of parents who have left without a report.
    assert here["household"].is_in(["alone", "institution"]).mean() < 0.02  # type: ignore[operator]


def test_actual_dwellings_are_of_students_and_of_institutions(
    housed: Result, truth: pl.DataFrame
) -> None:
    actual = pl.read_parquet(housed.folder / "variables" / "actual_dwelling.parquet")
    students = pl.read_parquet(housed.folder / "variables" / "study_municipality.parquet")
    elsewhere = actual.filter(pl.col("value") > 0)
    assert elsewhere.select("person", "from").equals(students.select("person", "from"))
    assert (
        elsewhere.group_by("from").agg(pl.col("value").is_duplicated().any())["value"].any()
        is False
    )
    assert not set(elsewhere["value"]) & set(truth["dwelling"])
    day = dt.date(2020, 1, 1)
    none = set(actual.filter(pl.col("value") == 0, pl.col("from") == day)["person"])
    there = truth.filter(pl.col("date") == day, pl.col("household") == "institution")["person"]
    assert set(there) <= none
    assert len(none) <= len(there) + 2


def test_linked_places_are_of_their_day_as_it_was(
    housed: Result, tmp_path_factory: pytest.TempPathFactory
) -> None:
    then = create(
        tmp_path_factory.mktemp("twin") / "then", scale=SCALE, dwellings=True, as_it_was=True
    ).folder
    now, file = housed.folder, "variables/study_municipality.parquet"
    both = pl.read_parquet(now / file).join(pl.read_parquet(then / file), on=["person", "from"])
    assert len(both) == len(pl.read_parquet(then / file)) == len(pl.read_parquet(now / file))
    codes = both.select(pl.col("value", "value_right").cast(pl.String), "from", pl.col("person"))
    assert (codes.filter(pl.col("from") >= dt.date(2020, 1, 1)).select(
        same=pl.col("value") == pl.col("value_right")))["same"].all()  # fmt: skip
    # 3005 Drammen was 0602, 0625 and 0711; 4601 Bergen was 1201 and 0301 Oslo always 0301.
    before = codes.filter(pl.col("from") < dt.date(2019, 1, 1))
    was = dict(before.group_by("value").agg(pl.col("value_right").unique()).iter_rows())
    assert set(was["3005"]) <= {"0602", "0625", "0711"}
    assert (was["4601"], was["0301"]) == (["1201"], ["0301"])
    units = pl.read_csv(then / "classifications" / "basic_units.csv", infer_schema=False)
    valid = units.select(pl.col("code").str.head(4), pl.col("valid_from", "valid_to").fill_null(""))
    for name, code in ((file, "value"), ("municipalities/centrality.parquet", "municipality")):
        rows = pl.read_parquet(then / name).with_columns(pl.col(code).cast(pl.String))
        held = rows.join(valid, left_on=code, right_on="code").filter(
            pl.col("from").cast(pl.String) >= pl.col("valid_from"),
            (pl.col("to").cast(pl.String) <= pl.col("valid_to")) | (pl.col("valid_to") == ""),
        )
        assert rows.join(held, on=rows.columns, how="anti").is_empty()
