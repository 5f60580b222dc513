"""Pages of the manual, and running what they tell a reader to type.

Blocks marked ``sh`` and ``python`` of one page run in order, in one folder. A block under the
comment ``<!-- not run -->`` is left out; it says why beside it.

Commands run in processes that are forked from one that has loaded the program, but for the first
block of `FIRST`: what a reader types first starts as it does there.

Several pages begin by making a country, in the same words. The first of them to be tested does it;
the others get a copy of the folder that it left. This holds only of a block that several pages
have letter for letter, and only where nothing has been made before it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.docs.ready import stand_ins

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted([*DOCS.glob("tutorial/*.md"), *DOCS.glob("how-to/*.md")])
#: The page of which the first block starts by itself.
FIRST = DOCS / "tutorial" / "first-run.md"
_BLOCK = re.compile(
    r"(?P<skip><!-- not run[^>]*-->\n+)?^```(?P<language>sh|python)\n(?P<code>.*?)^```",
    re.MULTILINE | re.DOTALL,
)

Block = tuple[str, str]


def blocks(page: Path) -> list[Block]:
    """Language and code of every block of a page that is to be run."""
    found = _BLOCK.finditer(page.read_text(encoding="utf-8"))
    return [(block["language"], block["code"]) for block in found if not block["skip"]]


def common_blocks() -> set[Block]:
    """Blocks that more than one page has."""
    found = Counter(block for page in PAGES for block in set(blocks(page)))
    return {block for block, pages in found.items() if pages > 1}


def run_page(page: Path, folder: Path, shared: Path) -> str:
    """Run the blocks of a page in an empty folder; what they print."""
    common = common_blocks()
    said = []
    for block in blocks(page):
        if block in common and not any(folder.iterdir()):
            name = hashlib.sha256("\n".join(block).encode()).hexdigest()
            made = made_once(shared / name, lambda made, block=block: said.append(run(block, made)))
            shutil.copytree(made, folder, dirs_exist_ok=True)
        else:
            said.append(run(block, folder, forked=page != FIRST or any(folder.iterdir())))
    return "\n".join(said)


def run(block: Block, folder: Path, *, forked: bool = True) -> str:
    """Run one block as a reader would; what it prints."""
    language, code = block
    programs = stand_ins() if forked else Path(sys.executable).parent
    command = ["bash", "-euo", "pipefail", "-c", code]
    if language == "python":
        command = [str(programs / "python"), "-c", code]
    environment = {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "MPLBACKEND": "agg",
        "NO_COLOR": "1",
        "COLUMNS": "120",
    }
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{code}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def made_once(folder: Path, make: Callable[[Path], object]) -> Path:
    """Make what is in a folder, unless another test has; tests that run beside it wait."""
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            unfinished = folder.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            make(unfinished)
            unfinished.rename(folder)
    return folder
