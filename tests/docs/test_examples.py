"""What the tutorial and the how-to pages tell a reader to type really works.

Blocks marked ``sh`` and ``python`` of one page run in order, in one empty folder. A block under
the comment ``<!-- not run -->`` is left out; it says why beside it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted([*DOCS.glob("tutorial/*.md"), *DOCS.glob("how-to/*.md")])
BLOCK = re.compile(
    r"(?P<skip><!-- not run[^>]*-->\n+)?^```(?P<language>sh|python)\n(?P<code>.*?)^```",
    re.MULTILINE | re.DOTALL,
)


def blocks(text: str) -> list[tuple[str, str]]:
    """Language and code of every block of a page that is to be run."""
    return [
        (found["language"], found["code"]) for found in BLOCK.finditer(text) if not found["skip"]
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(DOCS)))
def test_the_examples_of_a_page_run(page: Path, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "MPLBACKEND": "agg",
        "NO_COLOR": "1",
        "COLUMNS": "100",
    }
    for language, code in blocks(page.read_text(encoding="utf-8")):
        command = ["bash", "-euo", "pipefail", "-c", code]
        if language == "python":
            command = [sys.executable, "-c", code]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{code}\n{done.stdout}\n{done.stderr}"
