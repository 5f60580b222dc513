"""The commands link and study, from the outside."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from folkestrom.app.cli.main import app
from tests.analysis.study.country import make_store, write_rows

STUDY = """
title = "Who has left again"
known_at = "latest"
[entry]
event = "immigration"
from = "2004-05-01"
to = "2020-12-01"
[exit]
events = ["return", "onward", "death"]
end = "2020-12-01"
[[who]]
variable = "age"
from = 18
[variables]
sex = "entry"
income = "entry"
[panel]
from = 2010
to = 2012
variables = ["sex"]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("studies")
    make_store(folder)
    write_rows(
        folder / "income.csv", "12,100,2004-01-01,", "13,x,2004-01-01,", "12345,1,2004-01-01,"
    )
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    code, _, _ = run(folder, "link", "income.csv", "--as", "income", "--known-from", "2004-01-01")
    assert code == 0
    return folder


def run(folder: Path, *arguments: str) -> tuple[int, str, str]:
    files = [str(folder / a) if (folder / a).exists() and "." in a else a for a in arguments]
    done = CliRunner().invoke(app, ["--store", str(folder / "store"), *files])
    return done.exit_code, done.stdout, done.stderr


def test_link_counts_and_says_what_is_wrong(folder: Path) -> None:
    other = write_rows(folder / "other.csv", "12,5,2010-01-01,2010-01-01", "11,6,2010-01-01,")
    code, out, said = run(folder, "link", "other.csv", "--as", "other")
    assert code == 0
    assert out.splitlines()[-1].split() == ["total", "2", "1", "1", "0", "0"]
    assert f"{other}, row 1: `from` is not before `to`" in said.replace("\n", "")
    code, out, _ = run(folder, "link", "income.csv", "--as", "income", "--format", "json")
    found = json.loads(out)
    assert found["delivery"] is None
    assert found["total"] == {"read": 3, "accepted": 0, "refused": 0, "unknown": 0, "repeats": 3}
    code, out, said = run(folder, "link", "income.csv", "--as", "income")
    assert (code, out.split()[-1]) == (3, "3")  # a row of it is held
    assert "1 of its rows were refused, and are still held" in said
    assert "income: this delivery stands already, known from 2004-01-01 on" in said
    code, out, _ = run(folder, "link", "--list", "--format", "json")
    assert {v["name"]: (v["values"], v["held"]) for v in json.loads(out)} == {
        "income": (1, 2), "other": (1, 1),
    }  # fmt: skip
    held = folder / "held.csv"
    code, out, _ = run(folder, "link", "--as", "income", "--export-held", str(held))
    assert out.startswith("2 rows written")
    assert {row["reason"] for row in csv.DictReader(held.read_text().splitlines())} == {
        "not_a_number", "unknown_person",
    }  # fmt: skip


def test_the_list_of_linked_variables_never_cuts_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_store(tmp_path)
    long = "a_name_as_long_as_any_variable_s_may_be_"
    write_rows(tmp_path / "a.csv", "12,100,2004-01-01,")
    places = tmp_path / "places.csv"
    places.write_text("municipality,value,from,to\n0301,central,2000-01-01,\n", encoding="utf-8")
    for file, name in (("a.csv", long), ("a.csv", "b"), ("places.csv", "place")):
        assert run(tmp_path, "link", file, "--as", name, "--known-from", "2004-01-01")[0] == 0
    for columns in ("40", "80", "200"):
        monkeypatch.setenv("COLUMNS", columns)
        code, out, _ = run(tmp_path, "link", "--list")
        assert code == 0
        for word in ("name", "kind", "whole", "number", "municipality", "deliveries", "held"):
            assert word in out.split(), word
        assert [line.split()[0] for line in out.splitlines() if " 2004-01-01 " in line] == [
            long, "b", "place",
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("link", "income.csv"), "--as: is missing"),
        (("link", "--as", "income"), "FILES: are missing"),
        (("link", "none.csv", "--as", "income"), "does not exist"),
        (("link", "income.csv", "--as", "sex"), "is a variable that every store has"),
        (("link", "income.csv", "--as", "a", "--known-from", "2020"), "is not a calendar date"),
        (
            ("link", "income.csv", "--as", "income", "--known-from", "2005-01-01"),
            "linked already, known from 2004-01-01 on",
        ),
        (("link", "--list", "--format", "xlsx"), "is not a format of this command"),
        (("study", "study.toml", "--format", "xlsx"), "is not a format of this command"),
        (("study", "none.toml"), "cannot be read"),
        (("study", "study.toml", "--panel", "no/such/folder.parquet"), "folder that exists"),
    ],
)
def test_what_cannot_be_meant_is_said(folder: Path, arguments: tuple[str, ...], says: str) -> None:
    code, _, said = run(folder, *arguments)
    assert code in (2, 3)
    assert says in said
    assert "Traceback" not in said


def test_a_study_prints_its_flow_chart_and_writes_its_rows(folder: Path) -> None:
    files: dict[str, Any] = {
        "episodes": folder / "episodes.parquet",
        "panel": folder / "panel.parquet",
        "flow-chart": folder / "chart.svg",
    }
    options = [text for name, file in files.items() for text in (f"--{name}", str(file))]
    code, out, said = run(folder, "study", "study.toml", *options)
    assert code == 0
    assert out.startswith("Who has left again\n7 episodes of 6 persons: immigration from")
    assert "2 left out: not age from 18" in out
    episodes = pq.read_table(files["episodes"])
    assert episodes.column_names == [
        "person", "entry_date", "start", "stop", "entered", "event", "sex", "income",
    ]  # fmt: skip
    assert f"{episodes.num_rows} rows written to" in said.replace("\n", " ")
    print_of = episodes.schema.metadata[b"fingerprint"].decode()
    assert f"fingerprint {print_of}" in out
    panel = pq.read_table(files["panel"])
    assert panel.column_names == ["person", "year", "outcome", "sex"]
    assert files["flow-chart"].read_text().startswith("<svg")


@pytest.mark.parametrize("name", ["episodes", "panel"])
def test_the_name_of_a_file_decides_the_format_of_its_rows(folder: Path, name: str) -> None:
    def made(ending: str) -> Path:
        file = folder / f"{name}-rows.{ending}"
        code, _, said = run(folder, "study", "study.toml", f"--{name}", str(file))
        assert code == 0, said
        return file

    whole = pl.read_parquet(made("parquet"))
    assert pl.read_ipc(made("arrow")).equals(whole)
    with made("CSV").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    texts = whole.select(pl.all().cast(pl.String).fill_null("")).to_dicts()
    assert rows == texts
    described = json.loads((folder / f"{name}-rows.CSV-metadata.json").read_text(encoding="utf-8"))
    assert described["dc:title"] == "Who has left again"
    assert described["dc:available"].endswith("(all that is known)")
    assert [c["name"] for c in described["tableSchema"]["columns"]] == whole.columns


@pytest.mark.parametrize(
    ("option", "file", "says"),
    [
        ("--panel", "p.parket", "Did you mean 'p.parquet'?"),
        ("--episodes", "e.xml", ".parquet, .csv, .arrow, .feather, .dta, .sav"),
        ("--panel", "p", "does not end as a file of any format does"),
        ("--flow-chart", "chart.png", "Allowed: .svg"),
    ],
)
def test_a_name_of_no_format_is_refused(folder: Path, option: str, file: str, says: str) -> None:
    code, _, said = run(folder, "study", "study.toml", option, str(folder / file))
    assert code == 2
    assert says in said
    assert option in said
    assert not (folder / file).exists()


def test_a_study_says_what_was_known(folder: Path) -> None:
    _, out, _ = run(folder, "study", "study.toml")
    assert "(all that is known)" in out
    _, out, said = run(folder, "study", "study.toml", "--format", "csv")
    assert "(all that is known)" in said
    _, out, _ = run(folder, "study", "study.toml", "--format", "json")
    assert all("all that is known" in chart["known"] for chart in json.loads(out)["flow_charts"])


def test_for_other_programs(folder: Path) -> None:
    code, out, said = run(folder, "study", "study.toml", "--format", "json", "--quiet")
    assert code == 0
    assert said == ""
    found = json.loads(out)
    assert [chart["unit"] for chart in found["flow_charts"]] == ["episodes", "person-years"]
    assert found["flow_charts"][0]["outcomes"]["return"] == 1
    code, out, _ = run(folder, "study", "study.toml", "--format", "csv")
    listed = list(csv.DictReader(io.StringIO(out)))
    assert listed[0]["unit"] == "episodes"
    assert listed[0]["rows"] == "7"
