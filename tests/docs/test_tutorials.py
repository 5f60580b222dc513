"""The tutorials on emigration work as they are printed, one after the other, on one country."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.tutorials import COUNTRY, PAGES, PICTURES, run


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("emigration")
    run(COUNTRY, folder)
    return folder


def test_every_page_ends_in_a_picture() -> None:
    assert {page.stem for page in PAGES} == set(PICTURES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_runs(country: Path, page: Path) -> None:
    assert run(page, country).strip()
