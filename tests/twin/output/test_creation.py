"""A country appears whole or not at all, and the command says what it cannot mean."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from folkestrom.app.cli.main import app
from folkestrom.errors import UsageError
from folkestrom.twin import Result, create
from folkestrom.twin.output import creation
from folkestrom.twin.targets.embedded import embedded_targets
from tests.twin.targets.series import write_series

CLI = CliRunner()
YEARLY = ("education", "employment", "income", "income_amount", "wealth")


def files(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}


def test_the_folder_holds_reports_truth_and_variables(small: Result) -> None:
    found = {f for f in files(small.folder) if not f.startswith("reports/reports-")}
    truth = ("leavers", "model", "offsets", "panel", "persons", "residence", "revisions")
    assert found == {
        *(f"truth/{name}.{'json' if name == 'model' else 'parquet'}" for name in truth),
        *(
            f"variables/{name}.parquet"
            for name in (*YEARLY, "background", "arrival", "stillbirths")
        ),
        "municipalities/centrality.parquet",
        "stays.parquet",
    }


def test_the_truth_lists_every_assumption_with_its_value(small: Result) -> None:
    model = json.loads((small.folder / "truth" / "model.json").read_text(encoding="utf-8"))
    found = {row["name"]: row["value"] for row in model["parameters"]}
    assert all(row["source"] for row in model["parameters"])
    assert found["share of emigrations not reported by the extraction"] == 0.07
    assert found["share of immigrations that are returns"] == 0.17
    delays = found["scale in days and shape of the Weibull delay to the office, by kind"]
    assert delays["emigration"] == [16, 0.5]


@pytest.mark.parametrize("scale", [0, -1, 1e-6, float("nan")])
def test_a_scale_that_is_none_is_refused_and_leaves_nothing(scale: float, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--scale"):
        create(tmp_path / "out", scale=scale)
    assert list(tmp_path.iterdir()) == []


def test_a_seed_below_zero_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--seed"):
        create(tmp_path / "out", seed=-1)


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        create(tmp_path, scale=0.01)
    assert files(tmp_path) == {"mine.txt"}


def test_a_file_is_not_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="is a file"):
        create(tmp_path / "file", scale=0.01)


def test_what_fails_half_way_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(name: str, _done: int, _all: int) -> None:
        if name == "2019":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        create(tmp_path / "out", scale=0.001, first_year=2018, progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_is_removed(tmp_path: Path) -> None:
    left = tmp_path / ".out.unfinished"
    left.mkdir()
    (left / "reports-1999-12.parquet").write_bytes(b"half")
    create(tmp_path / "out", scale=0.001, first_year=2020, variables=False, truth=False)
    assert {p.name for p in tmp_path.iterdir()} == {"out"}
    assert "truth/model.json" in files(tmp_path / "out")


def test_overwriting_replaces_everything(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "old.txt").write_text("old")
    create(out, scale=0.001, first_year=2020, overwrite=True)
    assert "old.txt" not in files(out)
    assert {p.name for p in tmp_path.iterdir()} == {"out"}


def test_two_runs_do_not_write_the_same_folder(tmp_path: Path) -> None:
    with (
        creation.unfinished(tmp_path / "out", overwrite=False),
        pytest.raises(UsageError, match="another process"),
    ):
        create(tmp_path / "out", scale=0.001, first_year=2020)


def test_the_command_writes_a_country_and_says_what(tmp_path: Path) -> None:
    arguments = ["twin", str(tmp_path / "out"), "--scale", "0.001", "--from", "2019"]
    done = CLI.invoke(app, [*arguments, "--no-variables", "--quiet", "--format", "json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["synthetic"] is True
    assert (told["from"], told["to"], told["scale"]) == ("2019-01-01", "2021-02-01", 0.001)
    assert not (tmp_path / "out" / "variables").exists()
    again = CLI.invoke(app, arguments)
    assert again.exit_code == 2
    assert "not empty" in again.output
    assert CLI.invoke(app, [*arguments, "--overwrite"]).exit_code == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--scale", "0"], "is not a scale"),
        (["--scale", "-1"], "is not a scale"),
        (["--from", "2001-02-01"], "1 January of a year"),
        (["--to", "2021-01-01"], "1 February of a year"),
        (["--to", "2019-02-01"], "embedded tables cover"),
        (["--seed", "-3"], "is not a seed"),
        (["--format", "csv"], "not a format of this command"),
    ],
)
def test_the_command_refuses_what_cannot_be_meant(
    options: list[str], said: str, tmp_path: Path
) -> None:
    done = CLI.invoke(app, ["twin", str(tmp_path / "out"), *options])
    assert done.exit_code == 2
    assert said in done.output
    assert list(tmp_path.iterdir()) == []


def test_a_span_of_reference_series(tmp_path: Path) -> None:
    series = write_series(embedded_targets(), tmp_path / "series")
    done = create(tmp_path / "out", scale=0.002, reference=series, first_year=2001, last_year=2008)
    assert done.targets.years == tuple(range(2001, 2009))
    assert not [note for note in done.notes if "municipalities" not in note]
