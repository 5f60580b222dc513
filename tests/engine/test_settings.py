"""A connection behaves the same everywhere, keeps its limits, and spills."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from folkestrom.engine.failures import resource_errors
from folkestrom.engine.settings import EngineSettings, connect
from folkestrom.errors import EXIT_RESOURCE, ResourceError, UsageError


def test_the_zone_is_utc_and_limits_hold() -> None:
    connection = connect(settings=EngineSettings(memory="512MiB", threads=2))
    found = connection.execute(
        "SELECT current_setting('TimeZone'), current_setting('memory_limit'), "
        "current_setting('threads')"
    ).fetchone()
    assert found == ("UTC", "512.0 MiB", 2)


def test_limits_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOLKESTROM_MEMORY", "300MiB")
    monkeypatch.setenv("FOLKESTROM_THREADS", "1")
    monkeypatch.setenv("FOLKESTROM_SPILL", "/somewhere")
    assert EngineSettings.from_environment() == EngineSettings("300MiB", 1, Path("/somewhere"))


@pytest.mark.parametrize(
    ("variable", "value"),
    [("FOLKESTROM_THREADS", "0"), ("FOLKESTROM_THREADS", "two"), ("FOLKESTROM_MEMORY", "much")],
)
def test_a_limit_that_means_nothing_is_a_usage_error(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(UsageError, match=value):
        connect()


def test_work_larger_than_memory_spills(tmp_path: Path) -> None:
    settings = EngineSettings(memory="60MiB", threads=1, spill=tmp_path / "spill")
    connection = connect(tmp_path / "x.duckdb", settings)
    connection.execute("CREATE TABLE t AS SELECT hash(range) AS h FROM range(6_000_000)")
    connection.execute("CREATE TABLE sorted AS SELECT h FROM t ORDER BY h")
    assert connection.execute("SELECT count(*) FROM sorted").fetchone() == (6_000_000,)


def test_out_of_memory_is_a_resource_error_with_a_next_step(tmp_path: Path) -> None:
    settings = EngineSettings(memory="60MiB", threads=1, spill=tmp_path / "spill")
    connection = connect(settings=settings)
    connection.execute("SET max_temp_directory_size = '1MiB'")
    with pytest.raises(ResourceError, match="FOLKESTROM_MEMORY") as caught, resource_errors():
        connection.execute("CREATE TABLE t AS SELECT hash(range) AS h FROM range(30_000_000)")
    assert caught.value.exit_code == EXIT_RESOURCE


def test_a_full_disk_is_a_resource_error_and_other_errors_stay() -> None:
    with pytest.raises(ResourceError, match="disk is full"), resource_errors():
        raise OSError(28, "No space left on device")
    with pytest.raises(duckdb.IOException), resource_errors():
        raise duckdb.IOException("could not open file")


def test_a_memory_limit_below_zero_is_not_taken_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOLKESTROM_MEMORY", "-1")
    with pytest.raises(UsageError, match="is not a memory limit"):
        EngineSettings.from_environment()
