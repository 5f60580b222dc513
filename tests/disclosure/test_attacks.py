"""The manual's table of attacks is what they find, and cell keys withstand what they must."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from tests.disclosure.attacks import CELL_KEYS, attacks, rows, shown_by, years

PAGE = Path(__file__).parents[2] / "docs/explanation/protecting-the-catalogue.md"


def test_the_manual_has_what_the_attacks_find() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for row in rows():
        assert row in text


def test_cell_keys_withstand_repetition_and_bounds() -> None:
    found = {one.attack: one for one in attacks(CELL_KEYS)}
    assert found["repeating"].stated == found["bounds"].stated == 0
    year, _ = years()
    assert np.array_equal(shown_by(CELL_KEYS, year), shown_by(CELL_KEYS, year))


def test_the_examples_of_the_page_print_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(
        r"```(?:python|text)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL
    )
    assert len(blocks) == 4
    for code, printed in zip(blocks[::2], blocks[1::2], strict=True):
        exec(code, {})
        assert capsys.readouterr().out == printed
