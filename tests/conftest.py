"""What every test shares: a purpose, a clean environment, steady hypothesis, published series."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main
import typer.testing
from hypothesis import HealthCheck, settings
from typer.testing import CliRunner

# Timings on a loaded machine say nothing about a property, and a run in CI has to give the same
# verdict twice. `HYPOTHESIS_PROFILE=search` looks further, with other examples every time.
settings.register_profile(
    "steady", deadline=None, derandomize=True, max_examples=40,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
settings.register_profile("search", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

TESTS = Path(__file__).parent
#: What a file of tests is for: the first line that fits says it. `pytest -m oracles` runs one kind.
PURPOSES = {
    "acceptance": ("acceptance/*",),
    "kills": (
        "analysis/mobility/estimation/test_resume.py", "app/office/test_erasure_interrupted.py",
        "engine/test_scratch.py",
        "intake/feed/test_crash.py", "intake/test_crash.py",
    ),
    "manual": (
        "*/test_manual_page.py", "docs/*", "register/test_worked_examples.py",
    ),
    "oracles": (
        "*/test_lexis.py", "*/test_projection.py", "*/test_published*.py", "*/test_results_of_r.py",
        "analysis/decomposition/*", "analysis/mobility/estimation/test_long_histories.py",
        "analysis/mobility/results/test_posterior.py", "analysis/mobility/test_statsmodels.py",
        "analysis/inference/test_intervals.py", "analysis/regression/test_adjusted.py",
        "analysis/regression/test_definitions.py", "analysis/regression/test_exact_ties.py",
        "analysis/microsimulation/test_families.py", "analysis/prospects/test_families.py",
        "analysis/study/test_twin.py", "app/public/test_sdmx.py", "statistics/test_published.py",
        "statistics/test_regimes.py", "quality/*",
        "twin/targets/test_reference.py", "twin/years/test_identities.py",
        "variables/test_borders_*.py",
        "intake/feed/test_round_trip.py", "intake/identities/test_numbers.py",
        "projection/stochastic/test_by_area.py", "projection/stochastic/test_scores.py",
        "projection/stochastic/test_series.py",
    ),
    "properties": (
        "*/test_properties.py", "*/test_rounding.py", "*/test_wide_numbers.py",
        "analysis/rates/test_exposure.py",
        "analysis/design/test_separation_of_estimates.py",
        "disclosure/test_a*.py", "disclosure/test_c*.py", "disclosure/test_s*.py",
        "engine/test_parity.py", "projection/stochastic/test_simulation.py",
        "intake/test_exact_lines.py", "intake/test_formats.py",
        "intake/test_quarantine_rounds.py", "intake/test_shuffle.py", "model/test_*time.py",
        "register/test_kernel.py", "register/test_ordering.py", "register/test_snapshots.py",
        "statistics/test_changes.py", "statistics/test_moves.py", "statistics/test_revisions.py",
        "variables/*",
    ),
    "contracts": (
        "*/test_input.py", "analysis/figures/*", "analysis/mobility/test_from_table.py",
        "analysis/mobility/results/test_papers.py", "analysis/mobility/panel/test_streams.py",
        "app/*", "architecture/*", "columns/*", "disclosure/test_release.py",
        "engine/*", "intake/test_files.py", "model/*", "outputs/*", "pictures/*", "publish/*",
        "test_errors.py",
        "twin/output/test_creation.py", "twin/output/test_seeds.py",
    ),
    "rules": (
        "analysis/*", "classifications/*", "households/*", "intake/*", "linkage/*",
        "projection/*", "register/*", "residence/*", "statistics/*", "twin/*",
    ),
}  # fmt: skip

#: Files that take long: what a person who changes one rule need not wait for, and CI runs.
LONG = (
    "*/test_browser.py", "*/test_manual_page.py", "docs/test_examples.py", "docs/test_tutorials.py",
    "analysis/followup/test_behaviour.py", "analysis/prospects/test_older.py",
    "classifications/test_loading.py", "variables/test_borders*.py",
    "app/cli/test_borders_option.py",
    "analysis/rates/test_linked.py",
    "analysis/mobility/estimation/test_edges.py", "analysis/mobility/estimation/test_long_*.py",
    "analysis/mobility/estimation/test_nested.py", "analysis/mobility/estimation/test_resume.py",
    "analysis/mobility/panel/test_streams.py", "analysis/mobility/results/test_marginal.py",
    "analysis/mobility/results/test_papers.py", "analysis/regression/test_exact_ties.py",
    "analysis/microsimulation/*", "analysis/prospects/test_families.py",
    "analysis/prospects/test_simulated.py",
    "analysis/over_coverage/*", "quality/delays/test_clean_ups.py", "quality/lists/test_str*.py",
    "quality/presence/*",
    "analysis/study/test_twin.py", "app/cli/test_describe.py", "app/cli/test_follow*.py",
    "app/cli/test_feed.py", "app/cli/test_intake.py", "docs/test_manual.py",
    "households/test_properties.py", "linkage/test_linking.py",
    "projection/norway/*", "projection/rates/test_schedules.py",
    "projection/stochastic/test_by_area.py",
    "publish/formats/test_not_interpreted.py", "publish/transmission/test_statuses.py",
    "app/cli/test_pipes.py", "app/cli/test_publish.py", "app/cli/test_python.py",
    "app/cli/test_transmit.py",
    "app/demo/test_command.py", "app/demo/test_nothing_published.py", "app/office/*",
    "app/public/test_processes.py", "app/public/test_server.py", "columns/test_doors.py",
    "disclosure/test_suppression.py", "intake/test_crash.py", "intake/test_log.py",
    "intake/feed/test_crash.py", "intake/feed/test_impossible.py", "intake/feed/test_pull.py",
    "intake/feed/test_round_trip.py",
    "intake/test_exact_lines.py", "intake/test_quarantine_rounds.py", "intake/test_shuffle.py",
    "intake/test_text_faults.py", "register/test_birth_dates.py", "register/test_build.py",
    "register/test_large_histories.py", "register/test_linkage.py", "register/test_merges.py",
    "residence/test_reporting.py",
    "statistics/test_deliveries.py", "statistics/test_regimes.py", "twin/lives/*",
    "statistics/test_under_coverage.py", "twin/output/test_dwellings.py",
    "twin/output/test_published_households.py", "twin/output/test_seeds.py", "twin/years/*",
    "variables/test_merged_kin.py",
    "variables/test_same_everywhere.py",
)  # fmt: skip


@cache
def purpose(path: Path) -> str:
    """What a file of tests is for; examples in the sources are pages of the manual."""
    if not path.is_relative_to(TESTS):
        return "manual"
    name = path.relative_to(TESTS).as_posix()
    for kind, files in PURPOSES.items():
        if any(fnmatch(name, file) for file in files):
            return kind
    raise pytest.UsageError(f"tests/{name} has no line in the table of tests/conftest.py")


@cache
def is_long(path: Path) -> bool:
    """Whether a file of tests is one of those that take long."""
    name = path.relative_to(TESTS).as_posix() if path.is_relative_to(TESTS) else ""
    return any(fnmatch(name, file) for file in LONG)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test with its purpose; begin with the longest, so that none is left at the end."""
    for item in items:
        item.add_marker(purpose(item.path))
        if is_long(item.path):
            item.add_marker("long")
    items.sort(key=lambda item: item.path.name != "test_tutorials.py")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test depends on what the person who runs it has set."""
    for name in ("STORE", "LANG", "MEMORY", "THREADS", "SPILL"):
        monkeypatch.delenv(f"FOLKESTROM_{name}", raising=False)


@pytest.fixture(scope="session", autouse=True)
def _commands_are_read_once() -> Iterator[None]:
    """The runner would read all commands' parameters for each that it runs: 50 ms.

    In another language help is put into the commands themselves, which nobody else can use then.
    """
    made, run = typer.main.get_command, CliRunner.invoke
    once = cache(made)

    def invoke(self: CliRunner, app: Any, args: Sequence[str] = (), **more: Any) -> Any:
        other = "no" in " ".join(args).replace("=", " ").split() or "FOLKESTROM_LANG" in os.environ
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(typer.testing, "_get_command", made if other else once)
            return run(self, app, args, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CliRunner, "invoke", invoke)
        yield


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder of published series; the test is skipped where there is none."""
    folder = os.environ.get("FOLKESTROM_REFERENCE")
    if not folder:
        pytest.skip("published series: FOLKESTROM_REFERENCE is not set")
    return Path(folder)
