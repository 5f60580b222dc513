"""Files of totals in other borders: kept to the person, estimates marked, faults told."""

from __future__ import annotations

import os
from collections import defaultdict
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

import folkestrom
from folkestrom.app.cli.main import app
from folkestrom.classifications.conversion import conversion
from folkestrom.classifications.tables import municipalities
from folkestrom.errors import InputRefused, UsageError
from tests.classifications.test_conversion import published_weights


def _converted(path: Path, from_: int, to_: int, **more: object) -> pl.DataFrame:
    store = folkestrom.open(path.parent / "no-store")
    found = store.convert_totals(path, from_, to_, to="polars", **more)  # type: ignore[arg-type]
    assert isinstance(found, pl.DataFrame)
    return found


def test_each_combination_of_the_other_columns_is_converted_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "totals.csv"
    path.write_text(
        "year,kommune,births,deaths\n2020,3005,5,1\n2020,3005,6,2\n2020,1507,10,3\n2021,3005,1,1\n"
        "2021,0301,2,2\n2020,1507,1,0\n"
    )
    rows = _converted(path, 2020, 2024, places="kommune", measure="births,deaths").rows()
    assert rows == [
        ("2020", "1508", "estimated", 8, 2), ("2020", "1580", "estimated", 3, 1),
        ("2020", "3301", "exact", 11, 3), ("2021", "0301", "exact", 2, 2),
        ("2021", "3301", "exact", 1, 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("municipality,persons\n1508,3\n", ("row 1, column municipality", "'1508'")),
        ("municipality,persons\n0301,3\n0301,3.5\n", ("row 2, column persons", "'3.5'", "whole")),
        ("municipality,persons\n0301,-3\n", ("row 1, column persons", "'-3'")),
        ("municipality,persons\n0301,\n", ("row 1, column persons",)),
        ("kommune,persons\n0301,1\n", ("lacks columns", "municipality")),
        ("", ("is no table",)),
    ],
)
def test_faults_are_told_by_row_and_column(
    tmp_path: Path, text: str, told: tuple[str, ...]
) -> None:
    path = tmp_path / "totals.csv"
    path.write_text(text)
    with pytest.raises(InputRefused) as refused:
        _converted(path, 2020, 2024)
    for part in (str(path), *told):
        assert part in str(refused.value)
    with pytest.raises(UsageError, match="no one set of borders"):
        folkestrom.open(tmp_path / "none").convert_totals(path, 2020, "as-it-was")
    with pytest.raises(InputRefused, match="does not exist"):
        _converted(tmp_path / "none.csv", 2020, 2024)


def test_the_command_marks_what_is_estimated(tmp_path: Path) -> None:
    path, own = tmp_path / "totals.csv", tmp_path / "weights.csv"
    path.write_text("municipality,persons\n1507,67114\n0301,697010\n")
    asked = ["classifications", "convert", str(path), "--from", "2023", "--to", "2024"]
    shown = CliRunner().invoke(app, [*asked, "--format", "csv"])
    assert shown.exit_code == 0, shown.output
    assert "0301,exact,697010" in shown.output
    assert "1508,estimated," in shown.output
    own.write_text("code_from,code_to,weight\n1507,1508,0.9\n1507,1580,0.1\n0301,0301,1\n")
    shown = CliRunner().invoke(app, [*asked, "--format", "csv", "--weights", str(own)])
    assert "1508,estimated,60403" in shown.output
    own.write_text("code_from,code_to,weight\n1507,1508,2\n")
    shown = CliRunner().invoke(app, [*asked, "--weights", str(own)])
    assert shown.exit_code != 0
    assert "is no weight" in shown.output


def _reference() -> Path:
    folder = os.environ.get("FOLKESTROM_REFERENCE")
    if not folder:
        pytest.skip("FOLKESTROM_REFERENCE names no folder of published figures")
    return Path(folder)


@pytest.fixture(scope="module")
def immigrants(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real totals in the borders of 2020: immigrants and their children, by background and year.

    IMDi, persons by country background and municipality; cells that are not shown are left out.
    """
    path = _reference() / "migration" / "imdi_befolkning_opprinnelsesland_tidy.csv.gz"
    rows = pl.read_csv(path, infer_schema=False).filter(
        pl.col("region").str.contains(r"^K\d{4}$") & (pl.col("enhet") == "Personer")
        & pl.col("aar").is_in(["2006", "2015", "2022"]) & pl.col("antall").str.contains(r"^\d+$")
    )  # fmt: skip
    rows = rows.select(
        pl.col("region").str.strip_prefix("K").alias("municipality"),
        "landbakgrunn", "aar", pl.col("antall").alias("persons"),
    ).filter(pl.col("municipality").is_in(municipalities_of(2020)))  # fmt: skip
    to = tmp_path_factory.mktemp("totals") / "immigrants.csv"
    rows.write_csv(to)
    return to


def municipalities_of(year: int) -> list[str]:
    return municipalities(date(year, 1, 1))["code"].to_list()


@pytest.mark.parametrize("own", [True, False])
def test_real_totals_of_2020_in_the_borders_of_2024(
    immigrants: Path, tmp_path: Path, own: bool
) -> None:
    """Kept to the person within every background and year; no cell off by a whole person a part.

    By the published weights (`redistricting_b2024`) and by ours; recounted in plain Python.
    """
    weights = None
    if own:
        weights = tmp_path / "weights.csv"
        published_weights().filter(pl.col("year") == 2023).drop("year").write_csv(weights)
    rows = pl.read_csv(immigrants, infer_schema=False)
    found = _converted(immigrants, 2020, 2024, weights=weights)
    key = ["landbakgrunn", "aar"]
    before = rows.group_by(key).agg(pl.col("persons").cast(pl.Int64).sum()).sort(key)
    after = found.group_by(key).agg(pl.col("persons").sum()).sort(key)
    assert before.equals(after)
    assert before["persons"].sum() > 1_000_000
    table = pl.read_csv(weights, infer_schema=False) if weights else None
    if table is None:
        table = conversion(date(2020, 1, 1), date(2024, 1, 1))
    shares = defaultdict(list)
    for code, to, weight in table.select("code_from", "code_to", "weight").iter_rows():
        shares[code].append((to, float(weight)))
    exact: dict[tuple[str, ...], float] = defaultdict(float)
    rough: dict[tuple[str, ...], int] = defaultdict(int)
    for code, land, year, persons in rows.iter_rows():
        for to, weight in shares[code]:
            exact[to, land, year] += int(persons) * weight
            rough[to, land, year] += 0 < weight < 1
    for code, land, year, status, persons in found.iter_rows():
        cell = (code, land, year)
        assert abs(persons - exact[cell]) < max(rough[cell], 1e-6)
        assert status == ("estimated" if rough[cell] else "exact")
    marked = set(found.filter(pl.col("status") == "estimated")["municipality"].to_list())
    assert marked == {"1508", "1580"}
    names = set(found["municipality"].to_list())
    assert names <= set(municipalities_of(2024))
