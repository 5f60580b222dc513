"""The store of a few people, made once."""

from __future__ import annotations

import pytest

from folkestrom.app.office.api import Store
from tests.analysis.study.country import make_store, write_rows


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The people, with a linked income and a linked class of municipalities."""
    folder = tmp_path_factory.mktemp("people")
    store = make_store(folder)
    income = write_rows(
        folder / "income.csv",
        "11,400,2000-01-01,2010-01-01",
        "11,500,2010-01-01,",
        "12,100,2006-01-01,2010-03-01",
        "13,200,2006-01-01,2012-01-01",
        "16,300,2005-01-01,",
    )
    store.link(income, "income", known_from="2000-01-01")
    places = folder / "places.csv"
    places.write_text(
        "municipality,value,from,to\n0301,central,2000-01-01,\n1103,middle,2000-01-01,\n"
        "1101,remote,2000-01-01,2011-07-01\n1101,middle,2011-07-01,\n",
        encoding="utf-8",
    )
    store.link(places, "centrality", known_from="2000-01-01")
    return store
