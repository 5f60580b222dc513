"""The whole country at full size: every figure as published, in the memory promised."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import polars as pl

MEMORY_KIB = 8 * 2**20


def test_the_demonstration_meets_every_published_figure(tmp_path: Path) -> None:
    command = [Path(sys.executable).with_name("folkestrom"), "--quiet"]
    command += ["--store", tmp_path / "store", "demo", "--json", tmp_path / "demo.json"]
    done = subprocess.run(list(map(str, command)), check=False, cwd=tmp_path)
    # Linux counts in KiB, macOS in bytes.
    unit = 1024 if sys.platform == "darwin" else 1
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / unit
    assert done.returncode == 0
    assert json.loads((tmp_path / "demo.json").read_text(encoding="utf-8"))
    assert memory < MEMORY_KIB
    # Statistics Norway, Immigrants and Norwegian-born to immigrant parents, 1 January 2021.
    command = [command[0], "--quiet", "--store", tmp_path / "store", "population"]
    command += ["--date", "2021-01-01", "--by", "immigrant_category", "-o", tmp_path / "found.csv"]
    subprocess.run(list(map(str, command)), check=True, cwd=tmp_path)
    found = dict(pl.read_csv(tmp_path / "found.csv")["immigrant_category", "persons"].rows())
    assert (found["immigrant"], found["norwegian_born"]) == (800_094, 197_848)
