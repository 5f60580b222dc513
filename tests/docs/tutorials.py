"""Running the tutorials on emigration, at any scale, in one folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.docs.test_examples import DOCS, blocks

FOLDER = DOCS / "tutorial" / "emigration"
COUNTRY = FOLDER / "the-country.md"
PAGES = sorted(page for page in FOLDER.glob("*.md") if page != COUNTRY)
#: Pictures that a page says it makes.
PICTURES = {
    "highest-rates-from-oslo": ["oslo.svg"],
    "do-the-richest-emigrate-more": ["wealth.svg"],
    "urban-immigrants-emigrate-more": ["arrivals.svg", "arrivals-left.svg"],
    "out-of-oslo-in-2020": ["out-of-oslo.svg", "flows-2020.svg"],
    "why-did-some-return": ["returned.svg", "states.svg"],
    "try-another-municipality-or-leave": ["moves-coefficients.svg", "moves-profiles.svg"],
}


def run(page: Path, folder: Path, scale: str = "0.01") -> str:
    """Run the blocks of a page in a folder; what they print."""
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "MPLBACKEND": "agg",
        "NO_COLOR": "1",
        "COLUMNS": "120",
    }
    said = []
    for language, code in blocks(page.read_text(encoding="utf-8")):
        code = code.replace("--scale 0.01", f"--scale {scale}")
        command = ["bash", "-euo", "pipefail", "-c", code]
        if language == "python":
            command = [sys.executable, "-c", code]
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{page.name}\n{code}\n{done.stdout}\n{done.stderr}"
        said.append(done.stdout)
    for picture in PICTURES.get(page.stem, []):
        assert (folder / picture).stat().st_size > 2_000
    return "\n".join(said)
