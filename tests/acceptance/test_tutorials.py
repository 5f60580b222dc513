"""The tutorials on emigration, at the size of the country."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.docs.tutorials import COUNTRY, PAGES, run, said, written

NUMBERS = ["truth", "estimate", "low", "high"]
#: What pages print, and between what it lies.
PRINTED = {
    "why-did-some-return": (r"([\d.]+) per cent of the \d+ who had arrived", 31, 33),
    "highest-rates-from-oslo": (r"Rate, Oslo +All together +([\d.]+)", 10, 20),
    "try-another-municipality-or-leave": (
        r"abroad: employment\[not_employed\] +([-\d.]+)",
        0.3,
        0.8,
    ),
}


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("country")
    run(COUNTRY, folder, scale="1")
    return folder


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_says_whether_its_method_finds_what_is_true(country: Path, page: Path) -> None:
    printed = run(page, country, scale="1")
    if page.stem in PRINTED:
        pattern, least, most = PRINTED[page.stem]
        assert least < float(re.findall(pattern, printed)[0]) < most
    found, told = written(page, country), said(page)
    assert found["what"].to_list() == told["what"].to_list()
    # What the page says has two decimals.
    np.testing.assert_allclose(told[NUMBERS].to_numpy(), found[NUMBERS].to_numpy(), atol=0.006)
    assert found["found"].to_list() == told["found"].to_list()
    assert found["found"].to_list() == _inside(found).to_list()
    assert found["found"].any()


def _inside(table: pl.DataFrame) -> pl.Series:
    return (table["low"] <= table["truth"]) & (table["truth"] <= table["high"])
