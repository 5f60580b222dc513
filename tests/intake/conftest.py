"""A fresh desk for every test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.intake.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A store that does not exist yet."""
    return Desk(tmp_path / "store")
