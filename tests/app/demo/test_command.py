"""The command: what it prints, what it writes, how it ends, what it leaves alone."""

from __future__ import annotations

import json
import re
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydantic import BaseModel, ConfigDict
from typer.testing import CliRunner

import folkestrom
from folkestrom.app.cli.main import app
from folkestrom.app.demo.comparison import SPECIFICATIONS
from folkestrom.app.demo.cost import STEPS
from folkestrom.app.demo.years import years
from tests.app.demo.conftest import Demonstration

DOCS = Path(__file__).parents[3] / "docs"


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Run(Strict):
    version: str
    year: int
    known_at: str
    scale: float
    seed: int
    source: str
    reports: int
    notes: tuple[str, ...] | list[str]


class Cell(Strict):
    sex: str
    row: str
    column: str
    own: int | float | None
    published: int | float | None
    printed: bool
    difference: int | float | None
    differs: bool


class Table(Strict):
    table: str
    title: str
    compared: int
    differing: int
    cells: list[Cell]


class Account(Strict):
    county: str
    population_start: int
    births: int
    deaths: int
    immigration: int
    emigration: int
    internal_in: int
    internal_out: int
    adjustment: int
    population_end: int


class Revision(Strict):
    month: str
    kind: str
    target_kind: str
    county: str
    added: int
    taken: int


class EightCountries(Strict):
    arrived: int
    left: int


class Delay(Strict):
    kind: str
    reports: int
    by_class: list[int]
    median: int
    ninth_decile: int
    longest: int


class Cost(Strict):
    step: str
    seconds: float
    reports: int | None
    reports_per_second: int | None
    peak_bytes: int


class Prospect(Strict):
    scenario: str
    population: int
    old_age_dependency: float


class Record(Strict):
    record_version: int
    synthetic: bool
    run: Run
    compared: int
    differing: int
    tables: list[Table]
    account: list[Account]
    adjustment: list[Revision]
    eight_countries: EightCountries
    prospect: list[Prospect]
    delays: list[Delay]
    costs: list[Cost]
    seconds: float
    peak_bytes: int


def test_every_cell_equals_the_expected_one(demonstration: Demonstration) -> None:
    differing = [
        (table["table"], cell)
        for table in demonstration.record["tables"]
        for cell in table["cells"]
        if cell["differs"]
    ]
    assert differing == []
    assert demonstration.result.exit_code == 0


def test_it_ends_with_a_look_ahead(demonstration: Demonstration) -> None:
    stay, fewer = demonstration.record["prospect"]
    assert (stay["scenario"], fewer["scenario"]) == ("baseline", "half-emigration")
    assert fewer["population"] > stay["population"]
    last = " ".join(demonstration.result.stdout.strip().splitlines()[-3:])
    assert f"{fewer['old_age_dependency']:.3f}." in last


def test_all_printed_cells_are_compared(demonstration: Demonstration) -> None:
    compared = {t["table"]: t["compared"] for t in demonstration.record["tables"]}
    # The row of Table 1 that lost its percentages has three cells less to compare.
    assert compared == {
        "key-figures": 10,
        "age-groups": 11 * 4 - 3,
        "marital-status": 3 * 22 * 10,
        "citizenship": 16 * 3,
    }


def test_the_record_has_its_documented_form(demonstration: Demonstration) -> None:
    record = Record.model_validate(demonstration.record)
    assert record.synthetic
    assert [cost.step for cost in record.costs] == list(STEPS)
    assert all(cost.seconds > 0 and cost.peak_bytes > 2**20 for cost in record.costs)
    page = (DOCS / "reference/demo-json.md").read_text(encoding="utf-8")
    assert [name for name in _names(Record) if f"`{name}`" not in page] == []


def _names(model: type[BaseModel]) -> set[str]:
    found = set(model.model_fields)
    for field in model.model_fields.values():
        text = str(field.annotation)
        for part in Strict.__subclasses__():
            if part.__name__ in text and part is not model:
                found |= _names(part)
    return found


def test_the_adjustment_is_explained_in_full(demonstration: Demonstration) -> None:
    record = Record.model_validate(demonstration.record)
    for account in record.account:
        units = [r.added - r.taken for r in record.adjustment if r.county == account.county]
        assert sum(units) == account.adjustment
        assert account.population_end == (
            account.population_start + account.births - account.deaths + account.immigration
            - account.emigration + account.internal_in - account.internal_out
            + account.adjustment
        )  # fmt: skip
    assert {account.county for account in record.account} > {"", "03"}


def test_years_in_one_pass_are_those_of_the_accounts(demonstration: Demonstration) -> None:
    store = folkestrom.open(demonstration.store)
    span = date(2000, 1, 1), date(2021, 1, 1)
    accounts = pl.DataFrame(store.changes(*span, every="year")).rows(named=True)
    populations = {2000 + n: row["population_start"] for n, row in enumerate(accounts)}
    with store.reading() as connection:
        found = years(connection, populations | {2021: accounts[-1]["population_end"]})
    assert len(found) == 21
    for row, account in zip(found, accounts, strict=True):
        assert row == {"year": int(account["period"])} | {
            name: account[name] for name in row if name != "year"
        }


def test_every_report_is_in_the_log(demonstration: Demonstration) -> None:
    written = demonstration.log().height
    assert demonstration.record["run"]["reports"] == written
    assert folkestrom.open(demonstration.store).info().reports == written


def test_tables_are_printed_side_by_side(demonstration: Demonstration) -> None:
    text = demonstration.result.stdout
    for name, specification in SPECIFICATIONS.items():
        title = specification.title.en.split(". {")[0].split(" {")[0]
        assert title in text, name
    assert re.search(r"Births +159 +159 +0 *\n", text)
    assert "counted" in text
    assert "expected" in text
    assert "reports/s" in text


def test_a_demonstration_replaces_only_a_demonstration(
    demonstration: Demonstration, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    shutil.copytree(demonstration.store, store)
    (store / "demonstration.json").unlink()
    before = (store / "folkestrom.duckdb").read_bytes()
    result = CliRunner().invoke(app, ["--store", str(store), "demo", "--scale", "0.003"])
    assert result.exit_code == 4
    assert "--store" in result.output
    assert (store / "folkestrom.duckdb").read_bytes() == before


@pytest.mark.parametrize("scale", ["0", "-1", "nan"])
def test_a_scale_that_cannot_be_is_refused(scale: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["--store", str(tmp_path / "s"), "demo", "--scale", scale])
    assert result.exit_code == 2
    assert not (tmp_path / "s").exists()
    assert list(tmp_path.iterdir()) == []


def test_a_differing_cell_ends_with_1_and_is_shown(
    demonstration: Demonstration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    altered = _with_other_births(demonstration, monkeypatch)
    target = tmp_path / "out.json"
    command = ["--quiet", "--store", str(tmp_path / "s"), "demo", "--scale", "0.003"]
    result = CliRunner().invoke(app, [*command, "--json", str(target)])
    assert result.exit_code == 1
    record: dict[str, Any] = json.loads(target.read_text(encoding="utf-8"))
    assert record["differing"] == 1 + demonstration.record["differing"]
    cells = record["tables"][0]["cells"]
    (births,) = [cell for cell in cells if cell["column"] == "births"]
    assert births["differs"]
    assert births["difference"] == births["own"] - births["published"] == -7
    assert births["published"] == altered
    page = (tmp_path / "s" / "demo.html").read_text(encoding="utf-8")
    assert "≠" in page
    assert "verdict bad" in page


def _with_other_births(demonstration: Demonstration, monkeypatch: pytest.MonkeyPatch) -> int:
    """Let the next demonstration find the country made, and expect seven births more of it."""
    from folkestrom.app.demo import country, run

    cells = [
        (t["table"], c["sex"], c["row"], c["column"], c["published"])
        for t in demonstration.record["tables"]
        for c in t["cells"]
    ]
    percent = pl.col("column").str.starts_with("change_")
    value = pl.col("value")
    births = pl.col("column") == "births"
    published = (
        pl.DataFrame(cells, ["table", "sex", "row", "column", "value"], orient="row", strict=False)
        .with_columns(value=pl.when(births).then(value + 7).otherwise(value))
        .select(
            "table", "sex", "row", "column",
            pl.when(~percent).then(value).cast(pl.Int64).alias("number"),
            pl.when(percent).then(value).cast(pl.Float64).alias("percent"),
        )
    )  # fmt: skip
    made = country.Country("embedded", demonstration.reports, published, ())
    monkeypatch.setattr(run, "make_country", lambda *_: made)
    return int(published.filter(births)["number"][0])
