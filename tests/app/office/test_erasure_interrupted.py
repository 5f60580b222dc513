"""An erasure that is killed leaves the store as it was or as it should be."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

import folkestrom
from folkestrom.app.office.api import Store
from folkestrom.app.office.deliveries import retention
from folkestrom.engine.store import database_file
from tests.app.office.small_country import ANNA, country
from tests.app.office.test_erasure import ORDER, cells, places_of

_COMMAND = [sys.executable, "-c", "from folkestrom.app.cli.start import main; main()"]
#: Moments after the copy has begun, in seconds; the last is after the end.
AFTER = (0.0, 0.05, 0.1, 0.2, 0.4, 60.0)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = country(tmp_path_factory.mktemp("country"))
    store.make_extract(2001)
    store.make_extract(quarter="2001Q3")
    return store


@pytest.fixture(scope="module")
def figures(made: Store) -> list[object]:
    return cells(made)


def _is_whole(store: Store, figures: list[object]) -> bool:
    """Whether an identity is erased, in a store that is in order."""
    store.seal("2003-04-01")  # whoever writes next clears up
    assert {path.name for path in store.path.iterdir()} == {"folkestrom.duckdb", "extracts"}
    assert len(list((store.path / "extracts").iterdir())) == 2
    assert [one for one in store.check() if one.result != "ok"] == []
    assert cells(store) == figures
    with duckdb.connect(str(database_file(store.path)), read_only=True) as connection:
        (many,) = connection.execute(
            f"SELECT count(*) FROM report WHERE person = {ANNA} OR mother = {ANNA}"
        ).fetchall()[0]
    erased = [line["done"] for line in store.retention_log()].count("identity erased")
    assert (many, erased) in ((6, 0), (0, 1))
    assert (list(places_of(store, ANNA)) == []) == bool(erased)
    return bool(erased)


@pytest.mark.parametrize("after", AFTER)
def test_killed(made: Store, figures: list[object], tmp_path: Path, after: float) -> None:
    store = folkestrom.open(shutil.copytree(made.path, tmp_path / "store"))
    command = [*_COMMAND, "--store", str(store.path), "store", "erase", str(ANNA), "--order", ORDER]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        while running.poll() is None and not list(store.path.glob("staging/*.duckdb")):
            time.sleep(0.002)
        try:
            running.wait(after)
        except subprocess.TimeoutExpired:
            running.send_signal(signal.SIGKILL)
    if not _is_whole(store, figures):
        assert running.returncode == -signal.SIGKILL
        store.erase(ANNA, ORDER)
        assert _is_whole(store, figures)


@pytest.mark.parametrize("step", ["_check_copy", "_draw_anew", "put_in_place"])
def test_broken_off_before_the_commit(
    made: Store, figures: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    store = folkestrom.open(shutil.copytree(made.path, tmp_path / "store"))

    def break_off(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(retention, step, break_off)
    with pytest.raises(KeyboardInterrupt):
        store.erase(ANNA, ORDER)
    assert not _is_whole(store, figures)


def test_broken_off_after_the_commit(
    made: Store, figures: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = folkestrom.open(shutil.copytree(made.path, tmp_path / "store"))
    put = retention.put_in_place

    def put_and_break_off(*given: object) -> None:
        put(*given)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(retention, "put_in_place", put_and_break_off)
    with pytest.raises(KeyboardInterrupt):
        store.erase(ANNA, ORDER)
    assert _is_whole(store, figures)
