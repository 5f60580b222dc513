"""What is compiled is kept on disk, and never run once its sources have changed."""

from __future__ import annotations

import importlib.util
import pickle
from pathlib import Path
from typing import Any

import pytest
from numba.core import caching

from folkestrom.engine.kernels import fingerprint

TEXT = """
import sys
from folkestrom.engine.kernels import kernel

def double(number):
    return 2 * number

double = kernel(double, sys.argv[-1])
"""


def compiled(folder: Path, sources: str) -> Any:
    """A kernel of a module that is loaded anew, called once; only the fingerprint may differ."""
    file = folder / "module.py"
    if not file.exists():  # the same file: numba looks at its time
        file.write_text(TEXT)
    spec = importlib.util.spec_from_file_location("module", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["", sources])
        spec.loader.exec_module(module)
    assert module.double(21) == 42
    return module.double


def test_what_is_kept_is_of_the_same_sources(tmp_path: Path) -> None:
    assert compiled(tmp_path, "a").stats.cache_misses
    assert compiled(tmp_path, "a").stats.cache_hits
    assert compiled(tmp_path, "b").stats.cache_misses


def test_what_is_kept_of_other_sources_is_not_read(tmp_path: Path) -> None:
    compiled(tmp_path, "a")
    [index] = tmp_path.rglob("*.nbi")
    with index.open("rb") as kept:
        version = pickle.load(kept)
    index.write_bytes(pickle.dumps(version) + b"of a class that is gone")
    assert compiled(tmp_path, "b").stats.cache_misses


def test_nothing_is_kept_where_sources_cannot_be_part_of_its_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caching.IndexDataCacheFile, "__init__", lambda self, *_, **__: None)
    made = compiled(tmp_path, "a")
    assert not made.stats.cache_hits
    assert not list(tmp_path.rglob("*.nbi"))


def test_a_fingerprint_is_of_what_files_hold(tmp_path: Path) -> None:
    one, two = tmp_path / "one.py", tmp_path / "two.py"
    one.write_text("1")
    two.write_text("2")
    first = fingerprint([one, two])
    assert fingerprint([two, one]) == first
    two.write_text("3")
    assert fingerprint([one, two]) != first
