"""The whole country at full size: every figure as published, in the memory promised."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

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
