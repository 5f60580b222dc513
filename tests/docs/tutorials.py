"""Running the tutorials on emigration, at any scale, in one folder."""

from __future__ import annotations

from pathlib import Path

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


def run(page: Path, folder: Path, scale: str = "0.01") -> str:
    """Run the blocks of a page in a folder; what they print."""
    said = [
        pages.run((language, code.replace("--scale 0.01", f"--scale {scale}")), folder)
        for language, code in pages.blocks(page)
    ]
    for picture in PICTURES.get(page.stem, []):
        assert (folder / picture).stat().st_size > 2_000
    return "\n".join(said)
