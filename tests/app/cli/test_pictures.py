"""Commands that draw, and what notebooks show."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

import folkestrom
from folkestrom.analysis.flows import flow_matrix
from folkestrom.analysis.followup import follow_up, kaplan_meier, log_rank
from folkestrom.analysis.rates import rates
from folkestrom.analysis.regression import cox
from folkestrom.analysis.study.flow_chart import FlowChart, FlowStep
from folkestrom.disclosure import release
from tests.app.cli.asking import ask
from tests.app.cli.test_statistics import store as small_store

store = small_store


def test_a_pyramid_of_two_knowledge_dates(store: Path, tmp_path: Path) -> None:
    file = tmp_path / "pyramid.svg"
    day = ("pyramid", "--date", "2021-01-01", "--compare", "2020-01-01", "--age", "age_group")
    done = ask(store, *day, "--compare-known-at", "latest", "--lang", "no", "-o", str(file))
    assert done.exit_code == 0, done.output
    text = file.read_text()
    assert ">Kvinner</text>" in text
    assert ">2020-01-01</text>" in text
    assert "som publisert" in text


def test_any_table_is_drawn_from_its_file_as_at_once(store: Path, tmp_path: Path) -> None:
    asked = ("population", "--date", "2021-03-01", "--by", "municipality", "--known-at", "latest")
    for name in ("at-once.svg", "saved.parquet"):
        assert ask(store, *asked, "-o", str(tmp_path / name)).exit_code == 0
    done = ask(store, "chart", str(tmp_path / "saved.parquet"), "-o", str(tmp_path / "later.svg"))
    assert done.exit_code == 0, done.output
    assert (tmp_path / "later.svg").read_bytes() == (tmp_path / "at-once.svg").read_bytes()
    printed = ask(store, "--format", "svg", "chart", str(tmp_path / "saved.parquet"))
    assert printed.stdout_bytes == (tmp_path / "at-once.svg").read_bytes()


def test_what_cannot_be_drawn_is_told_before_or_with_the_next_step(
    store: Path, tmp_path: Path
) -> None:
    saved = str(tmp_path / "saved.parquet")
    ask(store, "population", "--date", "2021-03-01", "--by", "municipality", "-o", saved)
    for arguments, said in (
        (("pyramid", "--date", "2021-01-01"), "Name a file, such as -o picture.svg"),
        (("pyramid", "--date", "2021-01-01", "-o", "x.csv"), "Allowed: .svg, .png, .pdf, .html."),
        (
            ("pyramid", "--date", "2021-01-01", "--age", "county", "-o", "x.svg"),
            "is no variable of ages",
        ),
        (("chart", "nowhere.parquet", "-o", "x.svg"), "cannot be read: no such"),
        (("chart", saved, "--lang", "no", "-o", "x.svg"), "nytt, med --lang no"),
        (("map", saved, "--lang", "no", "-o", "x.svg"), "nytt, med --lang no"),
        (("map", saved, "-o", "x.svg"), "geonorge.no"),
        (("map", saved, "--boundaries", "nowhere.json", "-o", "x.svg"), "cannot be read: no such"),
    ):
        done = ask(store, *arguments)
        assert done.exit_code == 2, (arguments, done.output)
        assert said in " ".join(done.output.split()), done.output


def test_a_notebook_shows_answers_and_leaves_other_tables_alone(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: dict[type, Any] = {}
    html = SimpleNamespace(for_type=shown.__setitem__)
    shell = SimpleNamespace(display_formatter=SimpleNamespace(formatters={"text/html": html}))
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))  # type: ignore[arg-type]
    answer = folkestrom.open(store).population("2021-03-01", by="municipality", known_at="latest")
    text = shown[pa.Table](answer)
    assert "Population. 2021-03-01" in text
    assert "As known on" in text
    assert "Oslo" in text or "Stavanger" in text
    assert shown[pa.Table](pa.table({"a": [1]})) is None


def test_outside_of_a_notebook_nothing_is_changed(store: Path) -> None:
    assert "IPython" not in sys.modules
    folkestrom.open(store)


def results() -> dict[str, Any]:
    data = {"time": [5, 8, 11, 2, 9, 4], "event": [1, 0, 1, 1, 1, 0], "x": [0, 1, 0, 1, 1, 0]}
    follow = follow_up(exit=data["time"], cause=data["event"], group=[str(x) for x in data["x"]])
    counted = {"g": ["<a>", "b"], "events": [3, 4], "days": [1e5, 2e5]}
    table = pa.table({"g": ["<a>", "b"], "persons": [50, 60]})
    return {
        "rates": rates(counted, by="g"),
        "curves": kaplan_meier(follow),
        "a test": log_rank(follow),
        "flows": flow_matrix({"origin": ["<a>"], "destination": ["b"]}),
        "a flow chart": FlowChart("<a>", "rows", (FlowStep("all", 1, 1, None),), (("left", 1),)),
        "protected": release(table, "statistics", counts="persons", dimensions=["g"]),
        "a fit": cox(data, stop="time", event="event", covariates=["x"]),
    }


def test_results_show_themselves() -> None:
    for name, one in results().items():
        text = one._repr_html_()
        assert text.startswith(("<table", "<svg")), name
        assert "<a>" not in text, name
