"""Targets from a folder of series: a made-up one, and the published one where it is at hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from folkestrom.errors import InputRefused, UserError
from folkestrom.twin.targets import published
from folkestrom.twin.targets.checks import contradictions
from folkestrom.twin.targets.citizenship import read_citizenship_shape
from folkestrom.twin.targets.definition import Targets, cohort_group_population
from folkestrom.twin.targets.embedded import embedded_targets
from folkestrom.twin.targets.expected import published_tables
from folkestrom.twin.targets.reference import (
    ACCOUNTS,
    POPULATION,
    published_agreement,
    read_accounts,
    read_population,
    reference_targets,
)
from folkestrom.twin.targets.scale import scale_targets
from tests.twin.targets.series import write_series


@pytest.fixture(scope="module", params=["made up", "published"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if request.param == "published":
        return request.getfixturevalue("reference")  # type: ignore[no-any-return]
    return write_series(embedded_targets(), tmp_path_factory.mktemp("series"))


@pytest.fixture(scope="module")
def series(folder: Path) -> Targets:
    return reference_targets(folder)


@pytest.fixture(scope="module")
def published_series(reference: Path) -> Targets:
    return reference_targets(reference)


def test_every_year_is_that_of_the_series(series: Targets, folder: Path) -> None:
    population = read_population(folder / POPULATION, series.years)
    assert (series.population == population).all()
    accounts = read_accounts(folder / ACCOUNTS, series.years, population)
    assert (series.births.sum(axis=1) == accounts["births"]).all()
    for name in ("deaths", "immigration", "emigration"):
        assert (getattr(series, name) == accounts[name]).all()


def test_the_adjustment_is_what_remains_of_the_published_years(published_series: Targets) -> None:
    assert published_series.adjustment.min() == -294
    assert published_series.adjustment.max() == 230
    assert published_series.adjustment[-1] == 94


def test_reference_targets_give_the_page_cell_by_cell(series: Targets) -> None:
    assert published_tables(series).equals(published.published_2021())


def test_table_07459_agrees_with_tables_1_and_2(series: Targets) -> None:
    assert published_agreement(series.population[-1]) == []
    other = series.population[-1].copy()
    other[0, 40] += 1
    assert len(published_agreement(other)) == 3


def test_reference_targets_add_up(series: Targets) -> None:
    assert contradictions(series) == []
    assert (series.municipality_population.sum(axis=1) == series.total).all()
    groups = cohort_group_population(series.population)
    assert (series.marital.sum(axis=3) == groups).all()


def test_municipalities_are_those_of_2020(series: Targets) -> None:
    codes = series.municipality_codes.tolist()
    assert len(codes) == 356
    assert {1507, 3005} <= set(codes)
    assert not {1508, 1580} & set(codes)
    size = dict(zip(codes, series.municipality_population[-1].tolist(), strict=True))
    assert max(size, key=lambda code: size[code]) == 301
    assert series.centrality[codes.index(301)] == 1


def test_a_divided_municipality_is_whole_again(tmp_path: Path) -> None:
    before = embedded_targets()
    after = reference_targets(write_series(before, tmp_path))
    at, since = before.municipality_codes.tolist().index(1507), before.years.index(2006)
    whole = before.municipality_population[since:, at]
    assert (after.municipality_population[since:, at] == whole).all()
    assert after.centrality[at] == before.centrality[at]


def test_every_raked_unit_is_listed(published_series: Targets) -> None:
    codes = published_series.municipality_codes.tolist()
    oslo = published_series.municipality_population[-1, codes.index(301)]
    assert abs(int(oslo) - 697_010) <= 3
    raked = [note for note in published_series.notes if "raked" in note]
    assert any("municipality 0301, 1 January 2006: 538411 raked to 538410" in n for n in raked)
    assert not any("1 January 2005" in note for note in raked)
    # The file is 2 over the nation in 2021: two units give one each.
    assert sum("1 January 2021" in note for note in raked) == 2


@pytest.mark.parametrize("scale", [0.001, 0.01, 0.1, 10])
def test_scaled_reference_targets_add_up(series: Targets, scale: float) -> None:
    assert contradictions(scale_targets(series, scale)) == []


@pytest.mark.parametrize(("first", "last"), [(1985, 2022), (1990, 2023), (2010, 2021)])
def test_other_published_spans(first: int, last: int, reference: Path) -> None:
    targets = reference_targets(reference, first, last)
    assert targets.years[0] == first
    assert contradictions(targets) == []
    if last != 2021:
        assert any("Table 2" in note for note in targets.notes)


def test_what_quarters_leave_open_follows_from_populations(reference: Path) -> None:
    targets = reference_targets(reference, 2001, 2022)
    assert targets.quarters is not None
    told = np.flatnonzero((targets.quarters >= 0).any(axis=(1, 2))) + 2001
    assert told.tolist() == [2001, 2003, 2004, 2006, 2013, 2014, 2015, 2016, 2018, 2020, 2021]
    growth = np.einsum("k,tkq->tq", [1, -1, 1, -1], targets.quarters)
    # Populations published at the beginning of the quarter after, less those of the one before.
    assert growth[2013 - 2001, 0] == 5_063_709 - 5_051_275
    assert growth[2020 - 2001, 0] == 5_372_355 - 5_367_580
    third = growth[2004 - 2001, 2] - growth[2004 - 2001, 1]
    assert third == 4_599_202 - 4_589_608
    assert growth[2004 - 2001, 3] == 4_606_003 - 4_577_457


def test_a_part_of_the_span(folder: Path) -> None:
    targets = reference_targets(folder, 2003, 2015)
    assert targets.years == tuple(range(2003, 2016))
    assert contradictions(targets) == []


def test_a_reference_that_contradicts_itself_is_named(series: Targets, folder: Path) -> None:
    population = series.population.copy()
    population[3, 0, 50] += 9
    with pytest.raises(UserError, match=r"1 January 2003, table 07459 .* differ by -9"):
        read_accounts(folder / ACCOUNTS, series.years, population)


@pytest.mark.parametrize(("first", "last"), [(1984, 2000), (2000, 2024), (2010, 2010)])
def test_years_out_of_reach_are_refused(first: int, last: int, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not a span"):
        reference_targets(tmp_path, first, last)


def test_a_folder_without_the_series_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="is missing from the reference folder"):
        reference_targets(tmp_path)


def test_a_table_with_ages_missing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pop.csv"
    path.write_text("location_code,sex,age,2000,2001\nn,male,0,1,1\nn,female,0,1,1\n")
    with pytest.raises(InputRefused, match="one row for each age"):
        read_population(path, (2000, 2001))


def test_citizens_follow_eurostat_from_2015(published_series: Targets, reference: Path) -> None:
    series = published_series
    shape = read_citizenship_shape(reference)
    assert shape is not None
    stock = series.citizenship.sum(axis=1)
    for year in range(2015, 2022):
        for code in ("PL", "SY", "SE", "US"):
            here = stock[series.years.index(year), series.citizenship_codes.index(code)]
            assert abs(int(here) - shape[year][code]) <= 2, (year, code)
    foreign = stock[:, 1:].sum(axis=1)
    assert np.abs(np.diff(foreign)).max() < series.immigration.max()
