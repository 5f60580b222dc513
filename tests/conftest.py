"""What every test shares: a clean environment, steady hypothesis, the published series."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Timings on a loaded machine say nothing about a property, and a run in CI has to give the same
# verdict twice. `HYPOTHESIS_PROFILE=search` looks further, with other examples every time.
settings.register_profile(
    "steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("search", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test depends on what the person who runs it has set."""
    for name in ("STORE", "MEMORY", "THREADS", "SPILL"):
        monkeypatch.delenv(f"FOLKESTROM_{name}", raising=False)


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder of published series; the test is skipped where there is none."""
    folder = os.environ.get("FOLKESTROM_REFERENCE")
    if not folder:
        pytest.skip("published series: FOLKESTROM_REFERENCE is not set")
    return Path(folder)
