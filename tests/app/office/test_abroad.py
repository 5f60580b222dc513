"""Over-coverage as the question of emigrants abroad takes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from folkestrom.app.office.arguments import parameter
from folkestrom.app.office.demography.abroad import AbroadQuestion
from folkestrom.errors import UsageError


def _asked(over_coverage: str) -> AbroadQuestion:
    return AbroadQuestion.asked(
        parameter, date="2021-01-01", by=(), known_at="latest", extraction_months=None,
        mortality=1, over_coverage=over_coverage, left_before=None, mirror=None, only=None,
    )  # fmt: skip


def test_shares_are_numbers_or_those_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "gone.csv"
    file.write_text(
        "method,persons,share_low,share_high\nlate,100,0.5,1.5\nsigns,100,1,3\nnet,100,0,9\n"
    )
    assert _asked(str(file)).assumed.over_coverage == (0.005, 0.03)
    assert _asked("0.005-0.03").assumed.over_coverage == (0.005, 0.03)
    file.write_text("sex,share_low,share_high\nmale,1,2\n")
    with pytest.raises(UsageError, match=r"has shares by groups[\s\S]*Make the file without --by"):
        _asked(str(file))
    with pytest.raises(UsageError, match="is no number, and no range of two"):
        _asked("none")
