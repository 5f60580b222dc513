"""Reports that wait for numbers the store does not know yet, and what lets them in."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

import folkestrom
from folkestrom.app.cli.main import app
from folkestrom.app.office.api import Store
from folkestrom.errors import InputRefused

_HEAD = (
    "source,source_report_id,received_at,person,kind,event_date,municipality,basic_unit,country,"
    "country_of_birth,citizenship,sex,birth_date,origin,reason\n"
)
_CHANGES = "day,old,new\n2026-01-01,1101,1199\n2026-01-01,1111,1199\n"
_NAMES = "code,name,valid_from\n1199,Dalane,2026-01-01\n"


def _row(number: int, day: str, place: str) -> str:
    return (
        f"office,{number},2026-06-01T12:00:00Z,{number},immigration,{day},{place},{place}0101,SE,"
        "SE,SE,female,1980-01-01,immigration,work\n"
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    file = tmp_path / "reports.csv"
    rows = [
        _row(1, "2026-02-01", "1199"), _row(2, "2025-02-01", "1101"), _row(3, "2025-02-01", "1111"),
        _row(4, "2026-03-01", "1101"), _row(5, "2025-12-31", "1199"), _row(6, "2026-02-01", "1198"),
    ]  # fmt: skip
    file.write_text(_HEAD + "".join(rows), encoding="utf-8")
    found = folkestrom.open(tmp_path / "store")
    found.intake(file)
    file.unlink()
    return found


def _load(store: Store, folder: Path, changes: str = _CHANGES) -> tuple[int, int]:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "municipality_changes.csv").write_text(changes, encoding="utf-8")
    (folder / "municipalities.csv").write_text(_NAMES, encoding="utf-8")
    done = store.load_classifications(folder)
    return done.released, done.waiting


def _population(store: Store, day: str) -> dict[str, int]:
    asked = store.population(day, by="municipality", known_at="latest", to="polars")
    return dict(asked.select(pl.col("municipality").cast(pl.String), "persons").iter_rows())


def test_what_waited_is_in_without_its_delivery(store: Store, tmp_path: Path) -> None:
    assert {row["row"]: row["reason"] for row in store.quarantine().to_pylist()} == {
        1: "unknown_code", 5: "unknown_code", 6: "unknown_code",
    }  # fmt: skip
    assert _load(store, tmp_path / "lists") == (1, 1)
    waiting = {row["row"]: row for row in store.quarantine().to_pylist()}
    assert {row: w["reason"] for row, w in waiting.items()} == {
        5: "code_not_valid", 6: "unknown_code",
    }  # fmt: skip
    assert "1101 Eigersund or 1111 Sokndal: 1199 Dalane is valid from" in waiting[5]["allowed"]
    assert store.info().reports == 4
    assert _population(store, "2025-12-01") == {"1101": 1, "1111": 1}
    # Report 4 was right when it came; its place is what took the place of 1101.
    assert _population(store, "2026-05-01") == {"1199": 4}
    divided = _population(store.in_borders(2020), "2026-05-01")
    assert divided.keys() <= {"1101", "1111"}
    assert sum(divided.values()) == 4


def test_to_load_again_changes_nothing_and_a_mended_list_mends(
    store: Store, tmp_path: Path
) -> None:
    assert _load(store, tmp_path / "lists", _CHANGES.replace("1111,1199", "1112,1199")) == (1, 1)
    assert _population(store, "2026-05-01") == {"1199": 3, "1111": 1}
    assert _load(store, tmp_path / "lists") == (0, 1)
    assert _population(store, "2026-05-01") == {"1199": 4}
    assert _load(store, tmp_path / "lists") == (0, 0)


def test_a_list_that_is_wrong_leaves_the_store_as_it_is(store: Store, tmp_path: Path) -> None:
    _load(store, tmp_path / "lists")
    with pytest.raises(InputRefused, match="told twice"):
        _load(store, tmp_path / "lists", _CHANGES + "2026-01-01,1111,1199\n")
    assert _population(store, "2026-05-01") == {"1199": 4}


def test_accounts_close_over_a_change_that_was_loaded(store: Store, tmp_path: Path) -> None:
    _load(store, tmp_path / "lists")
    account = store.changes(
        "2025-03-01", "2026-05-01", by="municipality", known_at="latest", to="polars"
    ).rows_by_key("municipality", named=True, unique=True)
    brought = {str(code): row["border_changes"] for code, row in account.items()}
    assert {code: n for code, n in brought.items() if n} == {"1101": -1, "1111": -1, "1199": 2}


def test_units_of_a_store_follow_a_change_that_is_loaded_later(
    store: Store, tmp_path: Path
) -> None:
    (tmp_path / "units").mkdir()
    (tmp_path / "units" / "basic_units.csv").write_text(
        "code,name,part_of_town,part_of_town_name,valid_from,valid_to\n"
        "11010101,Egersund,,,,2026-01-01\n11110101,Hauge,,,,\n"
    )
    store.load_classifications(tmp_path / "units")
    _load(store, tmp_path / "lists")
    assert _population(store, "2026-05-01") == {"1199": 4}


@pytest.mark.parametrize("command", ["load", "pull"])
def test_the_command_says_what_it_let_in(store: Store, tmp_path: Path, command: str) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "municipality_changes.csv").write_text(_CHANGES)
    (tmp_path / "lists" / "municipalities.csv").write_text(_NAMES)
    asked = ["classifications", command, "--store", str(store.path), "--from"]
    shown = CliRunner().invoke(app, [*asked, str(tmp_path / "lists")])
    assert shown.exit_code == 0, shown.output
    assert "municipality: 3 codes" in shown.output
    assert "Released from quarantine: 1 reports" in shown.output
    shown = CliRunner().invoke(app, [*asked, str(tmp_path / "lists" / "municipality_changes.csv")])
    assert shown.exit_code != 0
    assert "begins on 2026-01-01 without a name" in shown.output


def test_what_one_store_knows_another_does_not(store: Store, tmp_path: Path) -> None:
    from folkestrom.classifications.areas import municipality_codes

    _load(store, tmp_path / "lists")
    _population(store, "2026-05-01")
    assert "1199" not in municipality_codes(date(2026, 1, 1))
    other = folkestrom.open(tmp_path / "other")
    file = tmp_path / "more.csv"
    file.write_text(_HEAD + _row(1, "2026-02-01", "1199") + _row(2, "2026-02-01", "1101"))
    other.intake(file)
    assert other.info().quarantined == {"unknown_code": 1}
