"""Tables that need dwellings or parts of town, from a store without; and with parts of town."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import folkestrom
from folkestrom.app.cli.main import app
from tests.app.cli.parts_of_town import load_parts_of_town
from tests.app.cli.test_publish import build, figure, tables


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small country's store, and a secret."""
    folder = tmp_path_factory.mktemp("plain")
    for command in (
        ["--quiet", "twin", "--scale", "0.001", str(folder / "twin")],
        ["--quiet", "--store", str(folder / "store"), "intake", str(folder / "twin/reports")],
        ["publish", "keys", str(folder / "secret")],
    ):
        assert CliRunner().invoke(app, command).exit_code == 0
    return folder


def test_tables_of_households_and_of_parts_of_town_need_them(plain: Path) -> None:
    refused = build(plain, "B1019")
    assert (refused.exit_code, "no report tells a dwelling" in refused.stderr) == (2, True)
    refused = build(plain, "B1034")
    assert (refused.exit_code, "no classification of basic" in refused.stderr) == (2, True)


def test_parts_of_town_and_basic_units_are_levels_of_the_population(plain: Path) -> None:
    load_parts_of_town(plain)
    assert build(plain, "B1001", "B1033", "B1034").exit_code == 0
    made, year = tables(plain), {"Tid": "2021"}
    whole = {id: made[id][0].variables[0].values for id in ("B1001", "B1033", "B1034")}
    for place in [value.code for value in whole["B1001"]]:
        definition, figures = made["B1001"]
        at = definition.variables[0].places[place], definition.time.places["2021"]
        counted = figures.values["Personer1"][at[0], ..., at[1]].sum()
        for id in ("B1033", "B1034"):
            assert figure(made[id], "Personer", Region=place, **year) == counted
    store = folkestrom.open(plain / "store")
    for id, level, digits in (("B1033", "basic_unit", 8), ("B1034", "part_of_town", 6)):
        told = store.population("2021-01-01", by=level, to="polars").iter_rows()
        counts = {str(code): many for code, many in told if many}
        codes = [value.code for value in whole[id] if len(value.code) == digits]
        found = {code: figure(made[id], "Personer", Region=code, **year) for code in codes}
        assert {code: many for code, many in found.items() if many} == counts
    units = store.population("2021-01-01", by="basic_unit", to="polars").iter_rows()
    odd = sum(many for unit, many in units if unit[:4] == "0301" and int(unit) % 2)
    assert figure(made["B1034"], "Personer", Region="030102", **year) == odd > 0
