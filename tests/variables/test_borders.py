"""Places in the borders of a day, or of each day."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest
from typer.testing import CliRunner

import folkestrom
from folkestrom.analysis.rates.rates import DAYS_PER_YEAR
from folkestrom.app.cli.main import app
from folkestrom.app.office.api import Store
from folkestrom.classifications.conversion import conversion
from folkestrom.errors import UsageError
from folkestrom.twin.output.creation import create

_AS_TEXT = pl.col(pl.Categorical, pl.Enum).cast(pl.String)
YEARS = [f"{year}-01-01" for year in range(2017, 2022)]


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One synthetic country twice: in the borders of 2020, and as it was."""
    folder = tmp_path_factory.mktemp("country")
    for name, as_it_was in (("fixed", False), ("then", True)):
        create(
            folder / name, scale=0.002, first_year=2016, last_year=2021, variables=False,
            truth=False, as_it_was=as_it_was,
        )  # fmt: skip
    folkestrom.open(folder / "fixed-store").intake(folder / "fixed" / "reports")
    then = folkestrom.open(folder / "then-store")
    then.in_borders("as-it-was").intake(folder / "then" / "reports")
    then.load_classifications(folder / "then" / "classifications")
    return folder


@pytest.fixture(scope="module")
def fixed(country: Path) -> Store:
    return folkestrom.open(country / "fixed-store")


@pytest.fixture(scope="module")
def then(country: Path) -> Store:
    return folkestrom.open(country / "then-store")


def test_every_report_as_it_was_is_accepted(fixed: Store, then: Store) -> None:
    assert fixed.info().reports == then.info().reports
    assert not then.info().quarantined


@pytest.mark.parametrize("by", ["municipality,sex,age_five_year", "basic_unit", "county"])
def test_the_country_as_it_was_is_the_same_in_the_borders_of_2020(
    fixed: Store, then: Store, by: str
) -> None:
    of_2020 = then.in_borders(2020)
    for day in ("2017-01-01", "2018-07-01", "2020-01-01", "2021-01-01"):
        assert fixed.population(day, by=by, to="polars").equals(
            of_2020.population(day, by=by, to="polars")
        )
    if "age" in by:
        return
    period = ("2016-01-01", "2021-01-01")
    assert fixed.changes(*period, by=by, every="year", to="polars").equals(
        of_2020.changes(*period, by=by, every="year", to="polars")
    )


def test_moves_and_rates_are_the_same_too(fixed: Store, then: Store) -> None:
    of_2020 = then.in_borders(2020)
    period = ("2017-01-01", "2021-01-01")
    assert fixed.moves(*period, to="polars").equals(of_2020.moves(*period, to="polars"))
    asked = {"by": "county", "event": "emigration", "to": "polars"}
    assert fixed.rates(*period, **asked).equals(of_2020.rates(*period, **asked))  # type: ignore[arg-type, union-attr]


def test_a_series_as_it_was_crosses_every_change(then: Store) -> None:
    found = then.population(dates=YEARS, by="municipality", to="polars")
    codes = dict(found.group_by("date").agg(pl.col("municipality").cast(pl.String)).iter_rows())
    for year in (2018, 2020):
        on = set(codes[date(year, 1, 1)])
        valid = set(conversion(date(year, 1, 1), date(year, 1, 1))["code_from"])
        assert on <= valid
        assert not on <= set(conversion(date(year - 1, 1, 1), date(year - 1, 1, 1))["code_from"])
    totals = found.group_by("date").agg(pl.col("persons").sum()).sort("date")
    whole = then.population(dates=YEARS, to="polars").sort("date")["persons"].to_list()
    assert totals["persons"].to_list() == whole


@pytest.mark.parametrize("borders", ["as-it-was", "2018"])
def test_a_series_is_its_days_one_by_one(fixed: Store, borders: str) -> None:
    """Three ways of counting: by paths, by basic units, and person by person."""
    asked = fixed.in_borders(borders)
    for by in ("municipality", "county,sex,age_five_year"):
        series = asked.population(dates=YEARS, by=by, to="polars").with_columns(_AS_TEXT)
        for day in YEARS:
            on = series.filter(pl.col("date") == date.fromisoformat(day)).drop("date")
            alone = asked.population(day, by=by, to="polars").with_columns(_AS_TEXT)
            assert on.equals(alone)
    by_sex = asked.population("2018-01-01", by="municipality,sex", to="polars")
    summed = by_sex.with_columns(_AS_TEXT).group_by("municipality").agg(pl.col("persons").sum())
    alone = asked.population("2018-01-01", by="municipality", to="polars").with_columns(_AS_TEXT)
    assert summed.sort("municipality")["persons"].to_list() == alone["persons"].to_list()


def test_exposure_across_a_change_is_the_sum_of_its_days(then: Store) -> None:
    first, last = date(2019, 12, 20), date(2020, 1, 10)
    days = [first + timedelta(days=n) for n in range(1, (last - first).days + 1)]
    dates = [str(day) for day in days]
    stocks = then.population(dates=dates, by="county", known_at="latest", to="polars")
    summed = stocks.with_columns(_AS_TEXT).group_by("county").agg(pl.col("persons").sum())
    asked = {"by": "county", "event": "emigration", "known_at": "latest", "to": "polars"}
    rates = then.rates(str(first), str(last), **asked)  # type: ignore[arg-type]
    exposed = dict(rates.with_columns(_AS_TEXT).select("county", "person_years").iter_rows())  # type: ignore[union-attr]
    found = {county: round(years * DAYS_PER_YEAR) for county, years in exposed.items()}
    assert found == dict(summed.iter_rows())


def test_a_store_without_a_list_of_units_answers_the_same(fixed: Store, tmp_path: Path) -> None:
    before = fixed.in_borders(2019).population("2021-01-01", by="municipality", to="polars")
    shutil.copytree(fixed.path, tmp_path / "store")
    with duckdb.connect(tmp_path / "store" / "folkestrom.duckdb") as connection:
        listed = connection.execute("SELECT basic_unit FROM reported_unit ORDER BY 1").fetchall()
        units = "SELECT DISTINCT basic_unit FROM residence ORDER BY 1"
        assert listed == connection.execute(units).fetchall()
        connection.execute("DROP TABLE reported_unit")
    old = folkestrom.open(tmp_path / "store").in_borders(2019)
    assert before.equals(old.population("2021-01-01", by="municipality", to="polars"))


@pytest.mark.parametrize("every", ["year", "quarter"])
def test_accounts_as_it_was_close_with_border_changes_and_no_more_moves(
    fixed: Store, then: Store, every: str
) -> None:
    period = ("2017-01-01", "2021-01-01")
    account = then.changes(*period, by="municipality", every=every, to="polars")  # type: ignore[arg-type]
    closes = (
        pl.col("population_start") + pl.col("births") - pl.col("deaths") + pl.col("immigration")
        - pl.col("emigration") + pl.col("internal_in") - pl.col("internal_out")
        + pl.col("border_changes") + pl.col("adjustment") == pl.col("population_end")
    )  # fmt: skip
    assert account.select(closes.all()).item()
    by_period = account.group_by("period", maintain_order=True)
    sums = by_period.agg(pl.col("border_changes", "adjustment", "births").sum())
    assert sums["border_changes"].to_list() == [0] * sums.height
    nation = fixed.changes(*period, every=every, to="polars")  # type: ignore[arg-type]
    assert sums["adjustment"].to_list() == nation["adjustment"].to_list()
    assert sums["births"].to_list() == nation["births"].to_list()
    changed = by_period.agg(pl.col("border_changes").abs().sum())
    last = [f"{year}{'' if every == 'year' else 'Q4'}" for year in (2017, 2018, 2019)]
    some = changed.filter(pl.col("border_changes") > 0)["period"].cast(pl.String).to_list()
    assert some == last


def test_merged_municipalities_are_the_sum_of_what_they_were(then: Store) -> None:
    """An independent count: the population as it was, by the exact rows of the conversion."""
    table = conversion(date(2019, 1, 1), date(2024, 1, 1)).filter("exact")
    before = then.in_borders(2019).population("2018-01-01", by="municipality", to="polars")
    after = then.in_borders(2024).population("2018-01-01", by="municipality", to="polars")
    summed = (
        before.with_columns(pl.col("municipality").cast(pl.String))
        .join(table, left_on="municipality", right_on="code_from")
        .group_by("code_to")
        .agg(pl.col("persons").sum())
    )
    mixed = conversion(date(2019, 1, 1), date(2024, 1, 1)).filter(~pl.col("exact"))["code_to"]
    both = summed.filter(~pl.col("code_to").is_in(mixed.implode())).join(
        after.with_columns(pl.col("municipality").cast(pl.String)),
        left_on="code_to", right_on="municipality",
    )  # fmt: skip
    assert both.height > 100
    assert (both["persons"] == both["persons_right"]).all()


def test_what_is_estimated_is_marked(fixed: Store) -> None:
    found = fixed.in_borders(2024).population(
        "2021-01-01", by="municipality", labels="en", to="polars"
    )
    marked = found.filter(pl.col("municipality_label").cast(pl.String).str.contains("≈"))
    assert set(marked["municipality"].cast(pl.String)) <= {"1508", "1580"}
    assert "In the borders of 2024-01-01. ≈" in str(found.attrs)  # type: ignore[attr-defined]


def test_parts_of_town_are_a_level(country: Path, then: Store, tmp_path: Path) -> None:
    units = pl.read_csv(country / "then/classifications/basic_units.csv", infer_schema=False)
    oslo = pl.col("code").str.starts_with("0301")
    part = pl.when(oslo).then(
        pl.format("0301{}", (pl.col("code").str.tail(1).cast(pl.Int32) % 3 + 10).cast(pl.String))
    )
    units.with_columns(part_of_town=part).write_csv(tmp_path / "basic_units.csv")
    then.load_classifications(tmp_path)
    found = then.population("2021-01-01", by="part_of_town", to="polars")
    town = found.filter(pl.col("part_of_town").cast(pl.String).str.starts_with("0301"))
    assert town["part_of_town"].cast(pl.String).to_list() == ["030110", "030111", "030112"]
    whole = then.population(
        "2021-01-01", by="municipality", only={"municipality": "0301"}, to="polars"
    )
    assert town["persons"].sum() == whole["persons"].sum()
    account = then.changes("2020-01-01", "2021-01-01", by="part_of_town", to="polars")
    assert account["internal_in"].sum() == account["internal_out"].sum()
    then.load_classifications(country / "then" / "classifications")


def test_parts_of_town_need_a_classification(fixed: Store) -> None:
    with pytest.raises(UsageError, match="no classification of basic units"):
        fixed.population("2021-01-01", by="part_of_town")


@pytest.mark.parametrize("of", ["20204", "yesterday", "1959"])
def test_other_borders_are_refused(fixed: Store, of: str) -> None:
    with pytest.raises(UsageError, match="borders"):
        fixed.in_borders(of)


def test_the_command_line_has_the_option_on_every_command(country: Path) -> None:
    asked = ["--store", str(country / "fixed-store"), "--borders", "2024", "--format", "csv"]
    shown = CliRunner().invoke(
        app, ["population", "--date", "2021-01-01", "--by", "county", *asked]
    )
    assert shown.exit_code == 0, shown.output
    codes = {line.split(",")[0].strip('"') for line in shown.output.splitlines()}
    assert {"31", "55", "56"} <= codes
    assert not {"30", "54"} & codes
