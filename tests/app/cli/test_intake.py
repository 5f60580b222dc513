"""The commands that feed a store, from the outside."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import folkestrom
from folkestrom.app.cli.main import app
from tests.intake.crashing import many_records
from tests.intake.desk import Record, record, write

PLACE = {"municipality": "0301", "basic_unit": "03010101"}
PERSON: Record = {
    "sex": "female", "birth_date": "1980-05-17", "citizenship": "NO", "country_of_birth": "NO",
    "origin": "first_registration",
}  # fmt: skip
START = record(1, kind="first_registration", event_date="1999-12-31", **PLACE, **PERSON)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run the command on a store of its own; give exit code, output and messages."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FOLKESTROM_STORE", str(tmp_path / "store"))

    def running(*args: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(app, list(args))
        return done.exit_code, done.stdout, done.stderr

    return running


def test_from_delivery_to_mended_record(run: Any, tmp_path: Path) -> None:
    write(tmp_path / "day.csv", [START, record(2, kind="deth"), record(3)])
    code, out, _ = run("intake", "day.csv", "--format", "json")
    assert code == 0
    counted = json.loads(out)
    assert counted["total"] == {"read": 3, "accepted": 2, "quarantined": 1, "repeats": 0}
    assert counted["files"][0]["file"] == "day.csv"

    code, out, _ = run("quarantine", "list", "--format", "json")
    assert json.loads(out)["by_reason"] == {"unknown_kind": 1}
    code, out, _ = run("quarantine", "list")
    assert code == 0
    assert "unknown_kind" in out
    assert "1 in quarantine" in out

    assert run("quarantine", "export", "mend.csv")[:2] == (0, "1 records written to mend.csv\n")
    file = tmp_path / "mend.csv"
    file.write_text(file.read_text().replace("deth", "death"))
    code, out, _ = run("quarantine", "retake", "mend.csv")
    assert code == 0
    assert out.splitlines()[-1].split() == ["total", "1", "1", "0", "0"]

    code, out, _ = run("store", "info", "--format", "json")
    info = json.loads(out)
    assert (info["reports"], info["quarantined"], info["fresh"]) == (3, {}, True)


def test_the_same_file_again_and_a_seal(run: Any, tmp_path: Path) -> None:
    write(tmp_path / "day.csv", [START])
    run("intake", "day.csv")
    code, out, messages = run("intake", "day.csv")
    assert (code, out.splitlines()[-1].split()) == (0, ["total", "1", "0", "0", "1"])
    assert "taken in before" in messages
    assert run("seal", "2021-02-01")[:2] == (0, "sealed until 2021-02-01\n")
    code, _, messages = run("seal", "2021-01-01")
    assert code == 2
    assert "before what is sealed already" in messages
    code, _, messages = run("seal", "9999-12-31")
    assert code == 2
    assert "has not come" in messages
    write(tmp_path / "next.csv", [record(2)])
    assert run("intake", "next.csv")[0] == 0


def test_errors_have_their_exit_codes(run: Any, tmp_path: Path) -> None:
    assert run("store", "info")[0] == 4
    assert run("seal", "2021-02-01")[0] == 4
    assert not (tmp_path / "store").exists()
    assert run("intake", "none.csv")[0] == 3
    write(tmp_path / "day.csv", [START])
    assert run("intake", "day.csv", "--format", "xlsx")[0] == 2


def test_from_python(tmp_path: Path) -> None:
    file = write(tmp_path / "day.csv", [START, record(2, kind="deth")])
    store = folkestrom.open(tmp_path / "store")
    assert store.intake(file).total.accepted == 1
    assert store.quarantine().column("reason").to_pylist() == ["unknown_kind"]
    assert store.export_quarantine(tmp_path / "mend.csv") == 1
    assert store.info().reports == 1
    with store.reading() as connection:
        assert connection.execute("SELECT municipality FROM residence").fetchall() == [(301,)]


def test_two_intakes_at_once(tmp_path: Path) -> None:
    one, two = many_records(tmp_path / "1.parquet"), write(tmp_path / "2.csv", [START])
    code = "from folkestrom.app.cli.main import app; app()"
    command = [sys.executable, "-c", code, "--store", str(tmp_path / "store"), "intake"]
    running = [
        subprocess.Popen([*command, str(file)], stderr=subprocess.PIPE, text=True)
        for file in (one, two)
    ]
    messages = [process.communicate()[1] for process in running]
    assert [process.returncode for process in running] == [0, 0], messages
    assert folkestrom.open(tmp_path / "store").info().reports == 130_001


def test_values_of_a_delivery_control_no_terminal(run: Any, tmp_path: Path) -> None:
    values = ["[/b]", "100[a]", "\x1b[2Jx", "=1+2"]
    wrong = [record(n, kind=value) for n, value in enumerate(values, start=2)]
    write(tmp_path / "day.csv", [START, *wrong])
    assert run("intake", "day.csv")[0] == 0
    code, out, _ = run("quarantine", "list")
    assert code == 0
    assert "\x1b" not in out
    assert all(value in out for value in ("[/b]", "100[a]", "\\x1b[2Jx", "=1+2"))
    code, out, _ = run("quarantine", "list", "--format", "json")
    assert [one["value"] for one in json.loads(out)["records"]] == values


def test_messages_control_no_terminal(run: Any, tmp_path: Path) -> None:
    code, _, err = run("intake", "\x1b[2J[/b].csv")
    assert code == 3
    assert err.startswith("Error: \\x1b[2J[/b].csv")


def test_a_delivery_that_waits_in_quarantine(run: Any, tmp_path: Path) -> None:
    write(tmp_path / "day.csv", [START, record(2, kind="deth"), record(3, event_date="x")])
    assert run("intake", "day.csv")[0] == 0
    code, _, messages = run("intake", "day.csv")
    assert code == 3
    assert "still waiting in quarantine, under the numbers 1, 2." in messages
    assert "quarantine export FILE" in messages
    code, out, _ = run("intake", "day.csv", "--format", "json")
    assert (code, json.loads(out)["waiting"]) == (3, [1, 2])
    (tmp_path / "new").mkdir()
    write(tmp_path / "new" / "day.csv", [START, record(2), record(3)])
    code, _, messages = run("intake", "new/day.csv")
    assert code == 0
    assert "Mended by this delivery, and closed in quarantine: 1, 2." in messages


def test_numbers_of_persons_are_not_listed(run: Any, tmp_path: Path) -> None:
    numbers = ["170 185 123 45", "170.185.123.45", "17-01-85-12345", "17\u00a001\u00a085 12345"]
    write(tmp_path / "day.csv", [START, *(record(n, kind=text) for n, text in enumerate(numbers))])
    run("intake", "day.csv")
    for options in ([], ["--format", "json"]):
        _, out, _ = run("quarantine", "list", *options)
        assert not any(text in out for text in [*numbers, "12345", "170"])


def test_where_an_export_cannot_go(run: Any, tmp_path: Path) -> None:
    write(tmp_path / "day.csv", [START, record(2, kind="deth")])
    run("intake", "day.csv")
    code, _, messages = run("quarantine", "export", f"{'x' * 260}.csv")
    assert (code, "file name too long" in messages) == (2, True)
