"""One server over one small table, for all that only ask."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from folkestrom.app.public.statbank import Bank
from folkestrom.publish.releases.shelf import Shelf
from folkestrom.publish.statbank.listing import Limits
from tests.publish.small_bank import shelf_with

#: Run in an environment of their own.
collect_ignore = ["clients"]


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    from tests.app.public.test_server import served

    shelf = Shelf(shelf_with(tmp_path_factory.mktemp("bank")))
    with served(Bank(shelf, Limits(cells=20_000))) as found:
        yield found
