"""Running the tutorials on emigration, at any scale, in one folder."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from tests.docs import pages
from tests.docs.pages import DOCS

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
#: Files in which a page says whether it found what is true.
TRUTHS = {
    "highest-rates-from-oslo": "oslo-truth.csv",
    "do-the-richest-emigrate-more": "wealth-truth.csv",
    "urban-immigrants-emigrate-more": "arrivals-truth.csv",
    "out-of-oslo-in-2020": "out-of-oslo-truth.csv",
    "why-did-some-return": "returned-truth.csv",
    "try-another-municipality-or-leave": "moves-truth.csv",
}


def run(page: Path, folder: Path, scale: str = "0.01") -> str:
    """Run the blocks of a page in a folder; what they print."""
    said = [
        pages.run((language, code.replace("--scale 0.01", f"--scale {scale}")), folder)
        for language, code in pages.blocks(page)
    ]
    for picture in PICTURES.get(page.stem, []):
        assert (folder / picture).stat().st_size > 2_000
    return "\n".join(said)


def written(page: Path, folder: Path) -> pl.DataFrame:
    """Truth and estimates that a page has written: what, truth, estimate, low, high, found."""
    return pl.read_csv(folder / TRUTHS[page.stem])


def said(page: Path) -> pl.DataFrame:
    """The same of the country at full size, as the page's table says it."""
    lines = page.read_text(encoding="utf-8").splitlines()
    start = lines.index("| at full size | truth | estimate | from | to | found |")
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        what, *numbers, found = (cell.strip() for cell in line.strip("|").split("|"))
        rows.append((what, *map(float, numbers), found == "yes"))
    columns = ["what", "truth", "estimate", "low", "high", "found"]
    return pl.DataFrame(rows, schema=columns, orient="row")
