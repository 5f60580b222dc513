"""One target altered by seven: in the reports too, exactly the cells that depend on it change."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from folkestrom.twin import Result, create
from folkestrom.twin.targets.change import with_change
from folkestrom.twin.targets.expected import compare_published, published_tables
from tests.twin.published_reading import read_tables
from tests.twin.reading import Log

SCALE, FIRST = 0.004, 2010


def country(folder: Path, table: str = "", cell: tuple[str, str, str] = ("", "", "")) -> Result:
    return create(
        folder, scale=SCALE, first_year=FIRST, variables=False, truth=False,
        change=(lambda t: with_change(t, table, cell, 7)) if table else None,
    )  # fmt: skip


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, pl.DataFrame]:
    done = country(tmp_path_factory.mktemp("changed") / "plain")
    return done, read_tables(Log(done.report_folder))


def test_the_tables_of_the_reports_are_the_published_ones(
    plain: tuple[Result, pl.DataFrame],
) -> None:
    done, tables = plain
    assert compare_published(tables, published_tables(done.targets)).is_empty()


@pytest.mark.parametrize(
    ("table", "cell"),
    [
        ("key-figures", ("", "value", "emigration")),
        ("age-groups", ("both", "20-44", "population")),
        ("marital-status", ("female", "40-44", "divorced")),
    ],
)
def test_seven_more(
    plain: tuple[Result, pl.DataFrame], table: str, cell: tuple[str, str, str], tmp_path: Path
) -> None:
    done = country(tmp_path / "changed", table, cell)
    changed = read_tables(Log(done.report_folder))
    expected = published_tables(done.targets)
    assert compare_published(changed, expected).is_empty()
    touched = compare_published(plain[1], changed)
    assert touched.equals(compare_published(published_tables(plain[0].targets), expected))
    assert 0 < len(touched) < 40
