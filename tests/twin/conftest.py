"""Small countries that several tests look at, each written once."""

from __future__ import annotations

from pathlib import Path

import pytest

from folkestrom.twin import Result, create
from tests.twin.reading import Log

SCALE = 0.003


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """A calibrated country of 16 000."""
    return create(tmp_path_factory.mktemp("twin") / "small", scale=SCALE, panel=True, stays=True)


@pytest.fixture(scope="session")
def log(small: Result) -> Log:
    """Its reports, as an outsider reads them."""
    return Log(small.report_folder)


@pytest.fixture(scope="session")
def free(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of an uncalibrated country of 54 000."""
    folder = tmp_path_factory.mktemp("twin") / "free"
    return create(folder, scale=0.01, calibrated=False).folder
