"""`folkestrom fit mobility`: from a panel to estimates, in every format, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

import folkestrom
from folkestrom.analysis.mobility import MobilityFit
from folkestrom.app.cli.main import app
from folkestrom.app.office.fit import FitQuestion, Model, panel_of_study, profile_of
from folkestrom.engine.store import Waiting
from folkestrom.errors import EXIT_NOT_CONVERGED, EXIT_RESOURCE, EXIT_USAGE, UsageError
from tests.analysis.study.country import make_store

RUNNER = CliRunner()
FORMULA = "outcome ~ place + age"


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    random = np.random.default_rng(1)
    size = 1_200
    person = np.repeat(np.arange(size // 4), 4)
    urban = np.repeat(random.random(size // 4) < 0.5, 4)
    chance = 0.2 + 0.2 * urban
    outcome = np.where(random.random(size) < chance, "move", "stay")
    table = pl.DataFrame(
        {
            "person": person,
            "outcome": outcome,
            "place": np.where(urban, "urban", "rural"),
            "age": random.integers(20, 60, size),
        }
    ).with_columns(pl.col("outcome").cast(pl.Enum(["stay", "move"])))
    path = tmp_path_factory.mktemp("panel") / "panel.parquet"
    table.write_parquet(path)
    return path


def fit(panel: Path, *more: str, formula: str = FORMULA, random: str = "none"):
    command = ["--quiet", "fit", "mobility", "--panel", str(panel), "--formula", formula]
    return RUNNER.invoke(app, [*command, "--random", random, *more])


def test_the_same_estimates_in_every_format(panel: Path, tmp_path: Path) -> None:
    shown = fit(panel, "--format", "json", "--save", str(tmp_path / "fit.json"))
    assert shown.exit_code == 0, shown.output
    facts = json.loads(shown.stdout)
    assert facts["converged"]
    assert facts["outcomes"] == ["stay", "move"]
    held = MobilityFit.load(tmp_path / "fit.json")
    assert {row["name"]: row["estimate"] for row in facts["estimates"]} == held.params_
    for ending in ("csv", "parquet", "html", "tex", "md", "txt", "json"):
        path = tmp_path / f"estimates.{ending}"
        assert fit(panel, "-o", str(path)).exit_code == 0
        assert path.stat().st_size > 0
    assert pl.read_csv(tmp_path / "estimates.csv")["name"].to_list() == held.names_
    assert "place: urban" in (tmp_path / "estimates.md").read_text()
    assert r"\toprule" in (tmp_path / "estimates.tex").read_text()


def test_chances_of_a_profile(panel: Path) -> None:
    shown = fit(panel, "--profile", "place=urban,age=30")
    assert shown.exit_code == 0, shown.output
    assert "profile 0: place=urban,age=30" in shown.stdout
    assert "move: place[urban]" in shown.stdout
    assert "Reference levels: place rural" in shown.stdout


def test_effects_of_the_person_are_fitted(panel: Path) -> None:
    shown = fit(panel, "--format", "json", formula="outcome ~ place", random="person")
    assert json.loads(shown.stdout)["effects"] == "unstructured"


def test_effects_of_groups_that_persons_are_nested_within(panel: Path, tmp_path: Path) -> None:
    table = pl.read_parquet(panel).with_columns(area=pl.col("person") % 12)
    path = tmp_path / "panel.parquet"
    table.write_parquet(path)
    options = ["--within", "area", "--tolerance", "0.1"]
    shown = fit(path, *options, "--format", "json", random="person")
    assert shown.exit_code == 0, shown.output
    facts = json.loads(shown.stdout)
    assert (facts["within"], facts["groups"]) == ("area", 12)
    assert "var(move)[area]" in [row["name"] for row in facts["estimates"]]
    shown = fit(path, *options, "--publish", "statistics", "--format", "csv", random="person")
    assert "var(move)[area]" in shown.stdout
    table.with_columns(area=pl.int_range(pl.len()) % 3).write_parquet(path)
    shown = fit(path, *options, random="person")
    assert shown.exit_code == EXIT_USAGE
    assert "not the same in all years of 300 persons" in shown.stderr
    shown = fit(panel, "--within", "person")
    assert "has no effect: there are no effects" in shown.stderr


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--random", "household"], "is not a column of the panel"),
        (["-o", "estimates.docx"], "does not end as a file of any format does"),
        (["-o", "nowhere/estimates.csv"], "folder that exists"),
        (["--format", "xlsx"], "is not a format of this command"),
        (["--profile", "urban"], "is not a covariate with its value"),
        (["--profile", "place=urban,age=old"], "is not a number"),
        (["--formula", "outcome ~ plaice"], "place"),
        (["--study", "study.toml"], "one of two"),
    ],
)
def test_what_cannot_be_meant(panel: Path, more: list[str], said: str) -> None:
    shown = fit(panel, *more)
    assert shown.exit_code == EXIT_USAGE, shown.output
    assert said in shown.stderr


def test_a_panel_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "panel.parquet").write_text("no")
    shown = fit(tmp_path / "panel.parquet")
    assert shown.exit_code == 3
    assert "cannot be read as Parquet" in shown.stderr


def test_a_fit_that_did_not_converge_says_so(panel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = FitQuestion.answer

    def short(*given, **options):
        from dataclasses import replace

        return replace(real(*given, **options), converged_=False, message_="stopped early")

    monkeypatch.setattr(FitQuestion, "answer", short)
    shown = fit(panel)
    assert shown.exit_code == EXIT_NOT_CONVERGED
    assert "NOT CONVERGED: stopped early" in shown.stdout


def test_values_of_a_profile_may_not_be_empty() -> None:
    with pytest.raises(UsageError, match="is not a covariate with its value"):
        profile_of("place=")


def test_a_fit_that_was_not_interrupted_leaves_no_checkpoint(panel: Path, tmp_path: Path) -> None:
    assert fit(panel, "--checkpoint", str(tmp_path / "kept")).exit_code == 0
    assert not list(tmp_path.iterdir())


def test_a_panel_in_a_folder_gives_the_same_and_leaves_nothing(panel: Path, tmp_path: Path) -> None:
    wanted = fit(panel, "--format", "csv")
    found = fit(panel, "--format", "csv", "--folder", str(tmp_path / "room"))
    assert (found.exit_code, found.stdout) == (0, wanted.stdout)
    assert not list((tmp_path / "room").iterdir())


def test_memory_that_does_not_suffice(panel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("folkestrom.analysis.design.memory.free_memory", lambda: 1_000)
    shown = fit(panel)
    assert shown.exit_code == EXIT_RESOURCE
    assert "1200 person-years needs" in shown.stderr
    assert "Name a folder" in shown.stderr


STUDY = """
title = "Who moves"
known_at = "latest"
[panel]
from = 2010
to = 2012
variables = ["sex", "age"]
"""


def test_a_study_is_read_by_the_columns_that_the_formula_names(tmp_path: Path) -> None:
    make_store(tmp_path)
    study = tmp_path / "study.toml"
    study.write_text(STUDY, encoding="utf-8")
    store, waiting = tmp_path / "store", Waiting(0)
    wanted = folkestrom.open(store).study(study).panel(to="polars")
    assert isinstance(wanted, pl.DataFrame)
    counted: list[int] = []
    room = tmp_path / "room"
    room.mkdir()
    with panel_of_study(
        store, study, Model("outcome ~ sex"), waiting, counted.append, room
    ) as path:
        assert path.parent.parent == room
        found = pl.read_parquet(path)
    assert found.columns == ["person", "outcome", "sex"]
    assert found.equals(wanted.select(found.columns))
    assert counted[-1] == wanted.height
    assert not list(room.iterdir())
    command = ["--store", str(store), "fit", "mobility", "--study", str(study)]
    shown = RUNNER.invoke(app, [*command, "--formula", "outcome ~ sexx"])
    assert shown.exit_code == EXIT_USAGE
    assert "'sexx' is not a column of the panel" in shown.stderr
    assert "Did you mean 'sex'?" in shown.stderr
    # These few have too little for a model.
    shown = RUNNER.invoke(app, [*command, "--formula", "outcome ~ sex"])
    assert "separation" in shown.stderr


def test_over_coverage_weighs_down_those_whose_last_year_has_no_event(panel: Path) -> None:
    """A saturated model has a closed form: logarithms of odds of weighted counts."""
    shown = fit(panel, "--over-coverage", "0.05-0.4", formula="outcome ~ place")
    assert shown.exit_code == 0, shown.output
    lines = shown.stdout.split("high")[1].splitlines()[1:3]
    found = {
        end: [float(line.split()[n]) for line in lines] for n, end in ((-2, "low"), (-1, "high"))
    }
    rows = pl.read_parquet(panel)
    stayed = rows.group_by("person").last().filter(outcome="stay")["person"].to_list()
    for end, share in (("low", 0.05), ("high", 0.4)):
        weights = pl.when(pl.col("person").is_in(stayed)).then(1 - share).otherwise(1.0)
        sums = rows.group_by("place", "outcome").agg(weights.sum().alias("n"))
        odds = {
            place: np.log(sums.filter(place=place, outcome="move")["n"][0]
                          / sums.filter(place=place, outcome="stay")["n"][0])
            for place in ("rural", "urban")
        }  # fmt: skip
        expected = [odds["rural"], odds["urban"] - odds["rural"]]
        assert found[end] == pytest.approx(expected, abs=1e-5)
