from __future__ import annotations

from pathlib import Path

import pytest

from tests.analysis.followup.reading import Cases


@pytest.fixture(scope="session")
def cases(reference: Path) -> Cases:
    folder = reference.parent / "cases" / "survival"
    if not folder.is_dir():
        pytest.skip("results of R: there is no folder cases/survival beside the published series")
    return Cases(folder)
