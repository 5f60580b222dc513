"""Who immigrants are and where they live: read from reports of calibrated countries and a free one.

How many there are is Statistics Norway's, *Immigrants and Norwegian-born to immigrant parents*,
1 January 2021.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from folkestrom.model.countries import COUNTRY_CODES
from folkestrom.twin import Result, create
from folkestrom.twin.targets.citizenship import immigrant_targets, regions
from folkestrom.twin.targets.embedded import embedded_targets
from folkestrom.twin.years.settlement import (
    ATTRACTION,
    OSLO_ATTRACTION,
    immigrant_attraction,
)
from tests.twin.leaving_reading import STARTS, Reports, read_reports

#: EU and EEA, Europe outside, Africa, Asia with Turkey, North, South and Central America, Oceania.
PUBLISHED = (
    (331_342, 81_358, 100_465, 247_756, 11_730, 24_945, 2_498),
    (45_314, 21_588, 39_949, 86_272, 878, 3_750, 97),
)


@pytest.fixture(scope="module")
def hundredth(tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder = tmp_path_factory.mktemp("settlement") / "hundredth"
    return create(folder, scale=0.01, seed=11)


@pytest.fixture(scope="module")
def reports(hundredth: Result) -> Reports:
    return read_reports(hundredth.report_folder)


def _residents(reports: Reports, year: int) -> pl.DataFrame:
    return (
        reports.persons(year)
        .filter(pl.col("ended").is_in(STARTS))
        .with_columns(
            immigrant=pl.col("born_in") != "NO",
            oslo=pl.col("municipality").str.slice(0, 2) == "03",
        )
    )


def _with_category(reports: Reports) -> pl.DataFrame:
    """Residents of 2021 with immigrant category and region, by own and parents' birthplaces."""
    everybody = reports.persons(2021)
    born = everybody.select("person", pl.col("born_in"))
    people = _residents(reports, 2021)
    for parent in ("mother", "father"):
        people = people.join(
            born.rename({"person": parent, "born_in": f"{parent}_born"}), on=parent, how="left"
        )
    table = regions()
    of = {code: int(table[number]) for code, number in COUNTRY_CODES.items()}
    mother, father = pl.col("mother_born"), pl.col("father_born")
    native = mother.eq("NO").fill_null(False) | father.eq("NO").fill_null(False)
    unknown = mother.is_null() | father.is_null()
    return people.with_columns(
        category=pl.when(native).then(pl.lit("other"))
        .when("immigrant").then(pl.lit("immigrant"))
        .when(unknown).then(pl.lit("unknown")).otherwise(pl.lit("norwegian_born")),
        region=pl.when("immigrant").then("born_in").otherwise(mother)
        .replace_strict(of, default=None, return_dtype=pl.Int64),
        age=2020 - pl.col("birth").dt.year(),
    )  # fmt: skip


def test_immigrants_and_their_children_are_as_many_as_published(reports: Reports) -> None:
    people = _with_category(reports)
    for category, published, share in zip(
        ("immigrant", "norwegian_born"), PUBLISHED, (0.0, 0.02), strict=True
    ):
        mine = people.filter(pl.col("category") == category)
        found = dict(mine.group_by("region").len().iter_rows())
        for region, number in enumerate(published):
            # In a hundredth of the country too few children may be born to immigrants of a region.
            near = pytest.approx(number / 100, rel=share, abs=0.5 + 100 * share)
            assert found.get(region, 0) == near, (category, region)
        assert len(mine) == pytest.approx(sum(published) / 100, rel=0.01)


def test_at_full_size_the_numbers_asked_for_are_the_published_ones() -> None:
    assert immigrant_targets((2020, 2021))[-1].tolist() == [list(row) for row in PUBLISHED]
    assert immigrant_targets((2004,)).sum(axis=2)[0, 1] == pytest.approx(59_836, abs=3)
    # Published of 1 January 2004 and 2020.
    assert immigrant_targets((2004,)).sum(axis=2)[0, 0] == pytest.approx(289_104, rel=0.05)
    assert immigrant_targets((2020,)).sum(axis=2)[0, 0] == pytest.approx(790_497, rel=0.001)


def test_the_norwegian_born_are_young_and_live_with_their_mothers(reports: Reports) -> None:
    people = _with_category(reports)
    mine = people.filter(pl.col("category") == "norwegian_born")
    assert mine.select((pl.col("age") < 20).mean()).item() == pytest.approx(0.78, abs=0.08)
    assert mine.select((pl.col("age") < 30).mean()).item() > 0.85
    homes = people.select(mother="person", home="municipality")
    children = mine.filter(pl.col("age") < 18).join(homes, on="mother")
    assert children.select((pl.col("home") == pl.col("municipality")).mean()).item() > 0.95


def test_parents_are_unknown_of_those_born_before_they_were_registered(reports: Reports) -> None:
    people = _with_category(reports)
    by_birth = people.group_by(pl.col("birth").dt.year() < 1953).agg(
        unknown=pl.col("category").eq("unknown").mean()
    )
    share = dict(by_birth.iter_rows())
    assert share[True] > 0.9
    # In a hundredth of the country, small municipalities have no woman of the right age who had no
    # other child within nine months.
    assert share[False] < 0.035


@pytest.mark.parametrize("year", [2000, 2010, 2021])
def test_immigrants_are_concentrated_in_oslo_from_the_first_stock_on(
    reports: Reports, year: int
) -> None:
    people = _residents(reports, year)
    nation = people["immigrant"].mean()
    oslo = people.filter("oslo")["immigrant"].mean()
    assert isinstance(nation, float)
    assert isinstance(oslo, float)
    # The published ratio of 2021 is 1.7.
    assert 1.5 < oslo / nation < 2.5


def test_central_municipalities_have_more_immigrants_than_remote_ones(
    hundredth: Result, reports: Reports
) -> None:
    centrality = pl.read_parquet(hundredth.folder / "municipalities" / "centrality.parquet")
    people = _residents(reports, 2021).join(
        centrality.with_columns(pl.col("municipality").cast(pl.String)), on="municipality"
    )
    shares = people.filter(~pl.col("oslo")).group_by("value").agg(pl.col("immigrant").mean())
    of = dict(shares.iter_rows())
    assert of[1] > of[2] > of[3] > max(of[4], of[5], of[6])


def test_the_countries_municipalities_keep_their_sizes(hundredth: Result, reports: Reports) -> None:
    targets = hundredth.targets
    counted = dict(_residents(reports, 2021).group_by("municipality").len().iter_rows())
    codes = [f"{code:04d}" for code in targets.municipality_codes.tolist()]
    assert [counted.get(code, 0) for code in codes] == targets.municipality_population[-1].tolist()


def test_norwegian_born_children_of_immigrants_live_there_too(
    hundredth: Result, reports: Reports
) -> None:
    group = pl.read_parquet(hundredth.folder / "truth" / "persons.parquet").select(
        pl.col("person").cast(pl.String), pl.col("group").cast(pl.String)
    )
    people = _residents(reports, 2021).with_columns(pl.col("person").cast(pl.String))
    people = people.join(group, on="person").with_columns(child=pl.col("group") == "norwegian_born")
    oslo, all_of_them = people.filter("oslo")["child"].mean(), people["child"].mean()
    assert isinstance(oslo, float)
    assert isinstance(all_of_them, float)
    assert oslo > 1.4 * all_of_them > 0


def test_so_it_is_when_nothing_is_calibrated(free: Path) -> None:
    people = _residents(read_reports(free / "reports"), 2021)
    shares = dict(people.group_by("oslo").agg(pl.col("immigrant").mean()).iter_rows())
    assert shares[True] > 1.5 * shares[False]


def test_the_attraction_is_in_the_truth(hundredth: Result) -> None:
    model = json.loads((hundredth.folder / "truth" / "model.json").read_text(encoding="utf-8"))
    given = {row["name"]: row for row in model["parameters"]}
    by_class = given["attraction of municipalities for immigrants, by centrality class"]
    assert by_class["value"] == list(ATTRACTION)
    assert by_class["source"] == "assumption of the twin"
    assert given["attraction of Oslo for immigrants"]["value"] == OSLO_ATTRACTION


def test_oslo_draws_most() -> None:
    targets = embedded_targets(2020, 2021)
    drawn = immigrant_attraction(targets)
    oslo = targets.municipality_codes == 301
    assert drawn[oslo].item() == drawn.max()
    assert (drawn[~oslo] < drawn.max()).all()
    assert np.isin(drawn[~oslo], ATTRACTION).all()
