"""The register against the rules, person by person of a small store."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

import folkestrom
from folkestrom.app.cli.main import app
from folkestrom.app.office.residence.decide import decide
from folkestrom.residence.deciding import Rulebook
from folkestrom.residence.law import rules
from folkestrom.residence.rules import registered_report
from tests.reference.residence import Stay
from tests.residence.test_reporting import write

RUN = CliRunner()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A register by the rules, and stays as they turned out later: one died, one left, one came."""
    made = tmp_path_factory.mktemp("audit")
    here = [Stay(n, "NO", date(2018, 3, 1), "work", 301, citizenship="PL") for n in (1, 2, 3)]
    decide(write([here], made / "then.parquet"), made / "reports.parquet", Rulebook())
    folkestrom.open(made / "store").intake(made / "reports.parquet")
    later = [
        here[0], Stay(2, "PL", date(2019, 3, 1), "work", citizenship="PL"),
        Stay(4, "NO", date(2019, 3, 1), "work", 301, citizenship="PL"),
    ]  # fmt: skip
    write([later], made / "stays.parquet")
    return made


def test_the_dead_whom_the_register_has_are_a_row(folder: Path) -> None:
    told = pl.read_parquet(folder / "stays.parquet")
    dead = told.head(1).with_columns(person=pl.lit(3), death_date=pl.lit(date(2020, 5, 1)))
    # Dead, and not in the register: nothing to find.
    gone = dead.with_columns(person=pl.lit(9))
    file = folder / "with_dead.parquet"
    pl.concat([told, dead, gone], how="diagonal_relaxed").write_parquet(file)
    found = folkestrom.open(folder / "store").residence_audit(file, "2021-01-01", to="polars")
    counted = {(row["finding"], row["rule"]): row["persons"] for row in found.to_dicts()}
    assert counted == {
        ("agrees", "in_migration"): 1, ("against", "settled_abroad"): 1,
        ("missing", "in_migration"): 1, ("dead", "none"): 1,
    }  # fmt: skip


def test_a_law_is_named_in_the_readers_language(folder: Path) -> None:
    told = {}
    for language in ("en", "no"):
        asked = ["--store", str(folder / "store"), "--lang", language, "explain", "2", "--date",
                 "2021-01-01", "--stays", str(folder / "stays.parquet")]  # fmt: skip
        told[language] = RUN.invoke(app, asked).output.replace("\n", " ")
    assert "Act of 9 December 2016 no. 88, s. 4-3 (1)" in told["en"]
    assert "folkeregisterloven (lov 9. desember 2016 nr. 88) § 4-3 første ledd" in told["no"]
    assert "lov 9. desember 2016 nr. 88 om folkeregistrering, i kraft fra" in told["no"]
    listed = json.loads(
        RUN.invoke(app, ["--lang", "no", "--format", "json", "residence", "rules"]).output
    )
    assert [row["citation"] for row in listed] == [rule.citation.no for rule in rules()]


def test_a_registered_report_cites_the_law_of_its_day() -> None:
    cited = [registered_report(day).citation.en for day in (date(2017, 9, 30), date(2017, 10, 1))]
    assert ["1970" in text for text in cited] == [True, False]
    assert ["2016" in text for text in cited] == [False, True]
