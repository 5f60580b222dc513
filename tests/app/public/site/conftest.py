"""A site over the tables of a small country."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from folkestrom.app.public.statbank import PREFIX, Bank
from folkestrom.publish.releases.shelf import Shelf
from tests.app.public.site.small_country import country
from tests.app.public.test_server import served


@pytest.fixture(scope="session")
def public(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A public folder with every table that a page asks for."""
    return country(tmp_path_factory.mktemp("country"))


@pytest.fixture(scope="session")
def site(public: Path) -> Iterator[httpx.Client]:
    """The site over it."""
    with (
        served(Bank(Shelf(public))) as address,
        # A picture that is drawn for the first time waits for the library that draws.
        httpx.Client(base_url=address.removesuffix(PREFIX), timeout=60) as client,
    ):
        yield client
