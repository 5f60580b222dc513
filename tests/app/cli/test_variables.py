"""Variables and codes: the command, with a store and without, and what a shell completes."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import folkestrom
from folkestrom.app.cli.main import app
from tests.app.cli.arrivals import made
from tests.app.cli.asking import ask, rows

NOWHERE = Path("no-such-store")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = made(tmp_path_factory.mktemp("words"))
    values = folder / "trade.csv"
    values.write_text(
        "person,value,from,to\n7001,smith,2015-01-01,2016-01-01\n7001,tailor,2016-01-01,\n"
    )
    done = ask(folder / "store", "link", str(values), "--as", "trade", "--add")
    assert done.exit_code == 0, done.output
    return folder / "store"


def completed(store: Path, *words: str) -> list[str]:
    """What bash is told of the last word."""
    line = " ".join(["folkestrom", "--store", str(store), *words])
    environment = {
        "_FOLKESTROM_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(2 + len(words)),
    }
    done = CliRunner().invoke(app, [], env=environment, prog_name="folkestrom")
    return sorted(done.stdout.split())


def test_a_store_need_not_be_there(store: Path) -> None:
    own = rows(ask(NOWHERE, "variables", "--format", "csv"))
    assert rows(ask(store, "variables", "--format", "csv"))[: len(own)] == own
    assert folkestrom.open(NOWHERE).variables("sex", to="polars").height == 3


def test_linked_variables_are_listed_with_their_levels(store: Path) -> None:
    listed = rows(ask(store, "variables", "--format", "csv"))
    assert [row["codes"] for row in listed if row["variable"] == "trade"] == ["3"]
    codes = rows(ask(store, "variables", "trade", "--format", "csv"))
    assert [row["code"] for row in codes] == ["smith", "tailor", "unknown"]


def test_labels_are_in_the_language_asked_for() -> None:
    codes = rows(ask(NOWHERE, "variables", "sex", "--lang", "no", "--format", "csv"))
    assert codes[0] == {"code": "male", "label": "Menn"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("fylke",), "Did you mean 'county'?"),
        (("county", "--date", "2021-02-30"), "Did you mean '2021-02-28'?"),
        (("--date", "2021-01-01"), "no variable is named"),
        (("sex", "--format", "json-stat"), "list of rows"),
    ],
)
def test_what_is_wrong_is_named(arguments: tuple[str, ...], says: str) -> None:
    done = ask(NOWHERE, "variables", *arguments)
    assert done.exit_code == 2
    assert says in done.stderr


def test_codes_are_a_table_for_sql(store: Path) -> None:
    with folkestrom.open(store).reading() as tables:
        own = "SELECT code, number FROM code WHERE variable = 'trade' ORDER BY code"
        assert [code for code, _ in tables.sql(own).fetchall()] == ["smith", "tailor", "unknown"]
        unnamed = """
            SELECT count(*) FROM residence r LEFT JOIN code c
              ON c.variable = 'municipality' AND c.number = r.municipality
            WHERE c.label_en IS NULL
        """
        assert tables.sql(unnamed).fetchall() == [(0,)]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("population", "--by", "sex,age_"), ["sex,age_five_year", "sex,age_group"]),
        (("changes", "--by", "trad"), ["trade"]),
        (("moves", "--by", "sex,se"), []),
        (("rates", "--by", "mother_"), []),
        (
            ("rates", "--only", "count"),
            ["country=", "country_background=", "country_of_birth=", "county="],
        ),
        (("rates", "--only", "county=03,1"), [f"county=03,{n}" for n in range(10, 20)]),
        (("rates", "--only", "trade=smith,t"), ["trade=smith,tailor"]),
        (("rates", "--only", "trade=smith,sex"), ["trade=smith,sex="]),
        (("population", "--only", "county=03,sex=f"), ["county=03,sex=female"]),
        (("rates", "--only", "nothing="), []),
        (("variables", "mar"), ["marital_status"]),
    ],
)
def test_a_shell_completes(store: Path, words: tuple[str, ...], found: list[str]) -> None:
    assert completed(store, *words) == found


def test_a_shell_completes_what_it_can_without_a_store() -> None:
    assert completed(NOWHERE, "population", "--by", "marital") == ["marital_status"]
