"""The tutorials on emigration work as they are printed, one after the other, on one country."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.docs.pages import made_once
from tests.docs.tutorials import COUNTRY, PAGES, PICTURES, TRUTHS, run, said, written


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Path:
    """A copy of the country, which is made once, for each process that runs pages."""
    made = made_once(shared / COUNTRY.stem, lambda folder: run(COUNTRY, folder))
    return shutil.copytree(made, tmp_path_factory.mktemp("emigration"), dirs_exist_ok=True)


def test_every_page_ends_in_a_picture() -> None:
    assert {page.stem for page in PAGES} == set(PICTURES)


def test_every_page_holds_what_it_finds_against_what_is_true() -> None:
    assert {page.stem for page in PAGES} == set(TRUTHS)
    assert all(said(page)["found"].any() for page in PAGES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_runs(country: Path, page: Path) -> None:
    assert run(page, country).strip()
    # In a hundredth of the country some groups are too small for an estimate of their own.
    both = said(page).join(written(page, country), on="what")
    assert both.height
    assert both["truth"].to_list() == pytest.approx(both["truth_right"].to_list())
