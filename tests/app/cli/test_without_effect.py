"""Options that would change nothing are refused, before anything is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import folkestrom
from folkestrom.analysis.study import Panel, Study
from folkestrom.app.office.description import DescriptionQuestion
from folkestrom.errors import UsageError
from tests.app.cli.asking import ask

YEAR = ("--from", "2020-01-01", "--to", "2021-01-01")
FIT = ("fit", "mobility", "--formula", "y ~ x", "--panel", "none.parquet")
ADULT = 'adult = {of = "age", starts = [0, 18]}'


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (("population", "--date", "2021-01-01", "--known-at", "2021-02-01", "--extraction", "2"),
         "--extraction"),
        (("changes", *YEAR, "--known-at", "2021-02-01", "--extraction", "2"), "--extraction"),
        (("changes", *YEAR, "--quarters", "register"), "--quarters"),
        (("changes", *YEAR, "--every", "quarter", "--known-at", "2021-03-01", "--quarters",
          "register"), "--quarters"),
        (("table", "key-figures", "--year", "2021", "--unknown", "category"), "--unknown"),
        (("table", "citizenship", "--year", "2021", "--known-at", "2021-02-01", "--extraction",
          "2"), "--extraction"),
        (("rates", *YEAR, "--by", "sex", "--groups", ADULT), "--groups"),
        (("decompose", *YEAR, "--by", "sex", "--between", "male", "female", "--factors", "age",
          "--groups", ADULT), "--groups"),
        ((*FIT, "--cluster", "county"), "--cluster"),
        ((*FIT, "--errors", "bhhh", "--cluster", "county"), "--cluster"),
        ((*FIT, "--random", "none", "--effects", "equal"), "--effects"),
        ((*FIT, "--output", "fit.html", "--format", "csv"), "--format"),
        (("project", "--from", "2021", "--to", "2060", "--tables", "x", "--years", "3"), "--years"),
        (("project", "--from", "2021", "--to", "2060", "--decompose", "--indicator", "growth",
          "--every", "3"), "--every"),
        (("project", "--from", "2021", "--to", "2060", "--seed", "5"), "--seed"),
        (("project", "--from", "2021", "--to", "2060", "--interval", "95"), "--interval"),
        (("link", "--list", "--as", "income"), "--as"),
        (("link", "--as", "income", "--export-held", "held.csv", "--add"), "--add"),
    ],
)  # fmt: skip
def test_an_option_that_changes_nothing(
    tmp_path: Path, arguments: tuple[str, ...], option: str
) -> None:
    found = ask(tmp_path / "store", *arguments)
    assert found.exit_code == 2, found.output
    assert f"Error: {option}: " in found.stderr
    assert "has no effect: " in found.stderr


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("population", {"date": "2021-01-01", "known_at": "2021-02-01", "extraction_months": 2}),
        ("changes", {"from_": "2020-01-01", "to_": "2021-01-01", "quarters": "summation"}),
        ("table", {"name": "key-figures", "year": 2021, "unknown": "category"}),
    ],
)
def test_the_same_in_python(tmp_path: Path, name: str, more: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="has no effect"):
        getattr(folkestrom.open(tmp_path), name)(**more)


STUDY = Study("Who moves", "latest", panel=Panel(2010, 2012))


def test_quantiles_are_of_a_number() -> None:
    with pytest.raises(UsageError, match=r"quantiles: '0.5' has no effect"):
        DescriptionQuestion(STUDY, shares=(0.5,))
    usual = (0.1, 0.25, 0.5, 0.75, 0.9)
    for shares in ((), usual):
        assert DescriptionQuestion(STUDY, of="income", shares=shares).quantiles == usual
