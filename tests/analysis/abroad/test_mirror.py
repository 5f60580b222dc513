"""Mirror statistics: files, countries by name, and what is implausible."""

from __future__ import annotations

from pathlib import Path

import pytest

from folkestrom.analysis.abroad.mirror import mirrored, plausibility, read_mirror
from folkestrom.analysis.abroad.stock import abroad
from folkestrom.classifications.country_names import country_called
from folkestrom.errors import InputRefused
from tests.analysis.abroad.test_stock import DAY, lives
from tests.statistics.small_store import store_of


def united_nations(reference: Path) -> Path:
    file = reference.parent / "cases" / "abroad" / "un2019_origin_norway.csv"
    if not file.exists():
        pytest.skip("the case of the United Nations' migrant stock is not there")
    return file


def test_the_united_nations_count_of_those_born_in_norway(reference: Path) -> None:
    """The totals of 1990 and 2019 that the source gives; two names are regions."""
    found = read_mirror(united_nations(reference))
    assert set(found.left_out) == {"Caribbean", "South America"}
    of_year = {
        year: sum(stocks.get(year, 0) for stocks in found.stocks.values()) for year in (1990, 2019)
    }
    assert of_year[1990] + 82 + 919 == 139_537
    assert of_year[2019] + sum(found.left_out.values()) == 208_269


def test_a_stock_that_was_never_there_is_implausible(reference: Path) -> None:
    """The United Nations have 4 240 born in Norway in Bangladesh in 1990, and 14 499 in 2019."""
    found = read_mirror(united_nations(reference)).stocks
    assert found["born", "BD"][1990] == 4_240
    # A register would have to miss all but one of five to make them plausible.
    assert plausibility(found["born", "BD"], 2019, 150, 2_800) == "outside_bounds"
    assert plausibility(found["born", "SE"], 2019, 21_000, 70_000) == "plausible"


def test_the_matrix_of_all_origins_says_the_same(reference: Path) -> None:
    file = reference / "migration" / "UN_MigrantStockByOriginAndDestination_2019_clean.csv"
    case = read_mirror(united_nations(reference))
    found = read_mirror(file)
    of_case = {key: stocks[2019] for key, stocks in case.stocks.items() if stocks.get(2019)}
    assert {key: stocks[2019] for key, stocks in found.stocks.items() if 2019 in stocks} == of_case
    names = file.read_text("utf-8").partition("\n")[0].split(",Afghanistan,")[1]
    plain = [name for name in names.split(",") if '"' not in name and name != "Channel Islands"]
    assert [name for name in plain if country_called(name) is None] == []


def test_names_in_other_words() -> None:
    names = {"Viet Nam": "VN", "Vietnam": "VN", "South Korea": "KR", "Tyskland": "DE",
             "cote d'ivoire": "CI", "United Republic of Tanzania": "TZ", "SWE": "SE",
             "Venezuela (Bolivarian Republic of)": "VE", "Democratic Republic of the Congo": "CD",
             "Congo": "CG", "Niger": "NE", "Nigeria": "NG"}  # fmt: skip
    assert {name: country_called(name) for name in names} == names
    assert country_called("WORLD") is country_called("") is None


def written(folder: Path, text: str) -> Path:
    file = folder / "mirror.csv"
    file.write_text(text, "utf-8")
    return file


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("year,destination,stock\n2020,Sweeden,5\n", "Did you mean 'Sweden'?"),
        ("year,destination,stock\n2020,Sweden,5\n2020,SE,6\n", "is there twice in one year"),
        ("year,destination,stock\n2020,Sweden,-5\n", "row 1, column stock: '-5'"),
        ("year,destination,stock\n2020,Sweden\n", "is no whole number"),
        ("year,destination,stock,definition\n2020,Sweden,5,citizen\n", "Did you mean 'citizens'?"),
        ("year,destination,stock\n2020,WORLD,5\n", "names no country"),
        ("year,country,stock\n2020,Sweden,5\n", "lacks rows or columns"),
        ("", "lacks rows or columns"),
    ],
)
def test_files_that_are_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputRefused) as error:
        read_mirror(written(tmp_path, text))
    assert said in str(error.value)
    assert "mirror.csv" in str(error.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="cannot be read"):
        read_mirror(tmp_path / "none.csv")


def test_beside_the_register_by_definition(tmp_path: Path) -> None:
    text = ("year,destination,stock,definition\n2015,Sweden,900,born\n2020,Sweden,30,born\n"
            "2022,Sweden,7,born\n2020,Denmark,4,citizens\n2020,Atlantis,3,born\n")  # fmt: skip
    mirror = read_mirror(written(tmp_path, text))
    own = abroad(store_of(lives(1)), DAY, ["country"])
    found = mirrored({"born": own, "citizens": own}, mirror, 2021)
    registered = {row["country"]: row for row in own.rows()}
    swedish, danish = found.rows()
    assert (swedish["definition"], swedish["mirror_year"], swedish["mirror"]) == (
        "born",
        "2020",
        30,
    )
    assert swedish["plausibility"] == "jump"
    assert danish["definition"] == "citizens"
    for row in (swedish, danish):
        assert row["persons"] == registered[row["country"]]["persons"]
        assert row["ratio"] == round(row["mirror"] / row["central"], 2)
    notes = " ".join(note.en for note in found.specification.footnotes)
    assert "left out of the mirror: Atlantis (3)" in notes
