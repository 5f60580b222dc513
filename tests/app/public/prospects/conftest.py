"""A site over tables that a projection is made of."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from folkestrom.app.public.statbank import PREFIX, Bank
from folkestrom.publish.releases.shelf import Shelf
from tests.app.public.prospects.small_tables import put
from tests.app.public.test_server import served


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The site."""
    shelf = Shelf(put(tmp_path_factory.mktemp("country"), 30, first=2001, swing=0.05))
    with (
        served(Bank(shelf)) as address,
        httpx.Client(base_url=address.removesuffix(PREFIX), timeout=60) as client,
    ):
        yield client
