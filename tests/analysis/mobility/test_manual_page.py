"""The examples of the manual's page run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "the-mobility-model.md"


def test_the_examples_run(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(
        r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    assert len(blocks) == 2
    for code in blocks:
        exec(compile(code, PAGE.name, "exec"), {})
    printed = capsys.readouterr().out
    assert "var(abroad)" in printed
    assert "Converged" in printed
