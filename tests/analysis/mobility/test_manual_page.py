"""The example of the manual's page runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "the-mobility-model.md"


def test_the_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    [code] = re.findall(
        r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    exec(compile(code, PAGE.name, "exec"), {})
    printed = capsys.readouterr().out
    assert "var(abroad)" in printed
    assert "Converged" in printed
