"""Places in the borders of a day, or of each day."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from typer.testing import CliRunner

import folkestrom
from folkestrom.analysis.rates.rates import DAYS_PER_YEAR
from folkestrom.app.cli.main import app
from folkestrom.app.office.api import Store
from folkestrom.classifications.areas import municipality_codes
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


STUDY = """
title = "Who leaves, and from where"
known_at = "latest"
[entry]
event = "immigration"
from = "2017-03-01"
to = "2020-12-01"
[exit]
events = ["return", "onward", "death"]
end = "2021-01-01"
[variables]
county = "entry"
municipality = "varying"
[panel]
from = 2018
to = 2020
variables = ["sex", "county", "municipality"]
[panel.outcomes]
another_county = "move_of_county"
another_municipality = "move"
abroad = "emigration"
"""


def test_studies_and_follow_up_are_the_same_too(fixed: Store, then: Store, tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(STUDY)
    one = fixed.study(tmp_path / "study.toml")
    other = then.in_borders(2020).study(tmp_path / "study.toml")
    assert _frame(one.panel(to="polars")).equals(_frame(other.panel(to="polars")))
    assert _frame(one.episodes(to="polars")).equals(_frame(other.episodes(to="polars")))
    ours, theirs = (s.follow_up(by=["county"], at=[365], to="polars") for s in (one, other))
    assert _frame(ours).equals(_frame(theirs))


def _frame(frame: object) -> pl.DataFrame:
    assert isinstance(frame, pl.DataFrame)
    return frame.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))


@pytest.mark.parametrize("borders", ["2019", "2024", "as-it-was"])
def test_a_panel_has_the_population_of_each_1_january(
    then: Store, tmp_path: Path, borders: str
) -> None:
    """The same persons are where the tables have them; nobody moves by a change of borders."""
    (tmp_path / "study.toml").write_text(STUDY)
    asked = then.in_borders(borders)
    panel = _frame(asked.study(tmp_path / "study.toml").panel(to="polars"))
    tables = _frame(
        asked.population(dates=["2018-01-01", "2019-01-01", "2020-01-01"],
                         by="municipality", known_at="latest", to="polars")
    )  # fmt: skip
    counted = panel.group_by("year", "municipality").len()
    # Who dies in the year before anything else is left out of its panel.
    both = tables.with_columns(pl.col("date").dt.year().cast(pl.Int64).alias("year")).join(
        counted.with_columns(pl.col("year").cast(pl.Int64)), on=["year", "municipality"], how="full"
    )
    short = both["persons"].fill_null(0) - both["len"].cast(pl.Int64).fill_null(0)
    deaths = then.changes("2018-01-01", "2021-01-01", known_at="latest", to="polars")["deaths"]
    assert (short >= 0).all()
    assert 0 < short.sum() <= deaths.sum()
    moved = panel.filter(pl.col("outcome").str.starts_with("another"))
    whole = _frame(then.study(tmp_path / "study.toml").panel(to="polars"))
    if borders == "as-it-was":
        assert moved.height == whole.filter(pl.col("outcome").str.starts_with("another")).height


def test_the_adjustment_is_explained_where_it_is(fixed: Store, then: Store) -> None:
    for area in ("county", "municipality"):
        ours = fixed.explain("2017-01-01", "2021-01-01", area, to="polars")  # type: ignore[arg-type]
        theirs = then.in_borders(2020).explain("2017-01-01", "2021-01-01", area, to="polars")  # type: ignore[arg-type]
        assert _frame(ours).equals(_frame(theirs))
    account = _frame(
        then.in_borders(2024).changes("2020-01-01", "2021-01-01", by="county", to="polars")
    )
    rows = _frame(then.in_borders(2024).explain("2020-01-01", "2021-01-01", "county", to="polars"))
    summed = dict(rows.group_by("county").agg(pl.col("units").sum()).iter_rows())
    adjusted = account.filter(pl.col("adjustment") != 0).select("county", "adjustment")
    assert {c: n for c, n in summed.items() if n} == dict(adjusted.iter_rows())


def test_borders_that_change_are_no_adjustment(then: Store) -> None:
    asked: dict[str, Any] = {"from_": "2019-07-01", "to_": "2020-07-01", "to": "polars"}
    for area in ("county", "municipality", "basic_unit"):
        account = _frame(then.changes(by=area, **asked))
        assert account["border_changes"].abs().sum() > 0
        adjusted = account.filter(pl.col("adjustment") != 0).select(area, "adjustment")
        rows = _frame(then.explain(area=area, **asked))  # type: ignore[arg-type]
        summed = dict(rows.group_by(area).agg(pl.col("units").sum()).iter_rows())
        assert {c: n for c, n in summed.items() if n} == dict(adjusted.iter_rows())


def test_projections_of_places_are_the_same_too(fixed: Store, then: Store) -> None:
    asked = {"areas": "county", "years": 2, "to": "polars"}
    ours = fixed.project(2021, 2023, **asked)  # type: ignore[arg-type]
    assert _frame(ours).equals(_frame(then.in_borders(2020).project(2021, 2023, **asked)))  # type: ignore[arg-type]
    # As they were, the years before the start are in the borders of the start: Oslo's share of the
    # nation's births is not that of counties begun since.
    as_it_was = then.project(2021, 2023, **asked)  # type: ignore[arg-type]
    assert _frame(as_it_was).equals(_frame(ours))
    assert "In the borders of 2021-01-01." in str(as_it_was.attrs)  # type: ignore[attr-defined]
    of_2024 = _frame(then.in_borders(2024).project(2021, 2023, **asked))  # type: ignore[arg-type]
    assert {"55", "56"} <= set(of_2024["county"])
    start = of_2024.filter(pl.col("year").cast(pl.String) == "2021").select("county", "population")
    today = then.in_borders(2024).population("2021-01-01", by="county", to="polars")
    assert dict(start.iter_rows()) == dict(_frame(today).select("county", "persons").iter_rows())


def test_tables_are_published_in_the_borders_that_are_asked_for(
    country: Path, tmp_path: Path
) -> None:
    release = {}
    for name, of in (("fixed", "2020"), ("then", "2020"), ("then", "2024")):
        folder = tmp_path / f"{name}{of}"
        shown = CliRunner().invoke(
            app,
            ["publish", "build", "B1001", "--by", "Ada", "--from-year", "2018", "--borders", of,
             "--store", str(country / f"{name}-store"), "--releases", str(folder)],
        )  # fmt: skip
        assert shown.exit_code == 0, shown.output
        (made,) = (folder / "drafts").iterdir()
        release[name, of] = [path.read_bytes() for path in sorted((made / "tables").rglob("*.npy"))]
        regions = (made / "tables" / "0" / "table.json").read_text(encoding="utf-8")
        assert ('"3301"' in regions) == (of == "2024")
        assert ('"3005"' in regions) == (of == "2020")
    assert release["fixed", "2020"] == release["then", "2020"]
    assert release["then", "2024"] != release["then", "2020"]


def test_stays_are_in_the_borders_of_the_day_that_is_audited(tmp_path: Path) -> None:
    """Of one country twice, the same persons are against the rules, where they were that day."""
    stores = []
    for name, as_it_was in (("fixed", False), ("then", True)):
        create(
            tmp_path / name, scale=0.001, first_year=2016, last_year=2021, variables=False,
            stays=True, as_it_was=as_it_was,
        )  # fmt: skip
        store = folkestrom.open(tmp_path / f"{name}-store")
        store.in_borders("as-it-was" if as_it_was else 2020).intake(tmp_path / name / "reports")
        if as_it_was:
            store.load_classifications(tmp_path / name / "classifications")
        stores.append(store)
    fixed, then = stores
    paths = [tmp_path / name / "stays.parquet" for name in ("fixed", "then")]
    codes = pl.read_parquet(paths[1], columns=["from_date", "municipality"]).drop_nulls().unique()
    for begins, code in codes.rows():
        days = (begins, begins + timedelta(days=1))  # a first registration is of the day after
        assert any(f"{code:04d}" in municipality_codes(day) for day in days), (begins, code)
    for day in ("2018-01-01", "2021-01-01"):
        for borders in (2020, 2024):
            ours, theirs = (
                store.in_borders(borders).residence_audit(path, day, by="municipality", to="polars")
                for store, path in zip((fixed, then), paths, strict=True)
            )
            if borders == 2020:
                assert _frame(ours).equals(_frame(theirs))
        nation = [
            _frame(store.residence_audit(path, day, to="polars"))
            for store, path in zip((fixed, then), paths, strict=True)
        ]
        assert nation[0].equals(nation[1])


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


@pytest.mark.parametrize("by", ["county", "sex,municipality", "county,age,year", "basic_unit"])
@pytest.mark.parametrize("until", ["2020-01-10", "2021-01-01"])
def test_exposure_across_a_change_is_in_the_borders_of_each_day(
    then: Store, by: str, until: str
) -> None:
    def exposed(store: Store, start: str, end: str) -> Counter[tuple[str, ...]]:
        asked = {"by": by.split(","), "event": "emigration", "known_at": "latest", "to": "polars"}
        rates = store.rates(start, end, **asked)  # type: ignore[arg-type]
        cells = rates.select(pl.col(by.split(",")).cast(pl.String), "person_years")  # type: ignore[union-attr]
        return Counter({tuple(row[:-1]): round(row[-1] * DAYS_PER_YEAR) for row in cells.rows()})

    turn = "2020-01-01"
    parts = exposed(then.in_borders(2019), "2019-03-20", turn)
    parts.update(exposed(then.in_borders(2020), turn, until))
    assert exposed(then, "2019-03-20", until) == parts


def test_units_are_numbered_from_one_without_gaps(fixed: Store) -> None:
    with duckdb.connect(fixed.path / "folkestrom.duckdb", read_only=True) as connection:
        listed = connection.execute("FROM reported_unit ORDER BY unit").fetchall()
        units = "SELECT DISTINCT basic_unit, unit FROM residence ORDER BY unit"
        assert listed == connection.execute(units).fetchall()
    assert [number for _, number in listed] == list(range(1, len(listed) + 1))


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
    # Before any other question has put parts of town in place of basic units.
    units = then.explain("2020-01-01", "2021-01-01", "part_of_town", to="polars")
    summed = dict(_frame(units).group_by("part_of_town").agg(pl.col("units").sum()).iter_rows())
    adjusted = _frame(account).filter(pl.col("adjustment") != 0)
    expected = dict(adjusted.select("part_of_town", "adjustment").iter_rows())
    assert {c: n for c, n in summed.items() if n} == expected != {}
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
