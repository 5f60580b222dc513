"""Pictures through the same door as tables, pages of them, and results that were saved."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from folkestrom.app.output.console import PlainConsole
from folkestrom.app.output.write import content, write
from folkestrom.errors import UsageError, UserError
from folkestrom.model.cells import Cells
from folkestrom.model.specification import Dimension, Language, same
from folkestrom.pictures.charts import chart
from folkestrom.publish.formats.output_format import OutputFormat
from folkestrom.publish.formats.saved import read_result
from tests.pictures.results import COUNTY, ages, counties, rates, result, series

EN, NO = Language.EN, Language.NO
CONSOLE = PlainConsole(quiet=True)
RESULTS = {"ages": ages, "counties": counties, "rates": rates, "series": series}


def saved(cells: Cells, folder: Path, end: str, language: Language = EN) -> Path:
    file = folder / f"result{end}"
    write(cells, None, language, CONSOLE, file)
    return file


@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize("end", [".parquet", ".csv", ".json"])
def test_a_saved_result_is_drawn_as_at_once(name: str, end: str, tmp_path: Path) -> None:
    cells = RESULTS[name]()
    again, language = read_result(saved(cells, tmp_path, end, NO))
    assert language is NO
    assert chart(again, language).file("svg") == chart(cells, NO).file("svg")


def test_a_dataset_of_json_stat_has_the_same_figures(tmp_path: Path) -> None:
    again, language = read_result(saved(rates(), tmp_path, ".json-stat", NO))
    assert language is NO
    assert list(again.rows()) == list(rates().rows())
    assert again.suppressed is not None
    assert again.suppressed.to_pylist() == [False, False, False, True]
    assert [c.label.no for c in again.categories("sex")] == ["Menn", "Kvinner"]
    assert again.specification.title.no == "Laget for hånd"


def test_a_dataset_of_another_statistics_bank_is_read(tmp_path: Path) -> None:
    """The small example of the standard: sparse values, an index by code, no contents."""
    file = tmp_path / "other.json"
    category = {"index": {"B": 1, "A": 0}, "label": {"A": "North", "B": "South"}}
    dimension = {"label": "Region", "category": category}
    file.write_text(json.dumps({
        "version": "2.0", "class": "dataset", "label": "Residents", "id": ["region"], "size": [2],
        "dimension": {"region": dimension}, "value": {"0": 5},
    }))  # fmt: skip
    cells, language = read_result(file)
    assert language is None
    assert list(cells.rows()) == [{"region": "A", "value": 5}, {"region": "B", "value": None}]
    assert [c.label.en for c in cells.categories("region")] == ["North", "South"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.csv", "county,persons\n03,1\n"), ("x.json", "[1, 2]"), ("x.json", "{"),
        ("x.json-stat", '{"id": ["a"], "size": [1]}'), ("x.parquet", "PAR1"), ("x.arrow", ""),
    ],
)  # fmt: skip
def test_other_files_are_no_results(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(UserError, match="is not a result that was written with --output"):
        read_result(tmp_path / name)


def test_a_table_without_its_description_is_no_result(tmp_path: Path) -> None:
    import polars as pl

    pl.DataFrame({"county": ["03"]}).write_parquet(tmp_path / "bare.parquet")
    with pytest.raises(UsageError, match="does not say what its columns are"):
        read_result(tmp_path / "bare.parquet")


class Page(HTMLParser):
    """What a page has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.said.append(data)

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)


def test_a_page_has_picture_and_table_and_needs_nothing_else() -> None:
    text = content(rates(), OutputFormat.HTML, NO).decode()
    page = Page(text)
    assert ("html", {"lang": "nb"}) in page.tags
    assert [page.count(tag) for tag in ("svg", "figure", "figcaption", "table", "h1", "main")] == [
        1, 1, 1, 1, 1, 1,
    ]  # fmt: skip
    # Four rows of four figures, under headings of their own.
    assert page.count("td") == 16
    assert sum(a.get("scope") == "col" for tag, a in page.tags if tag == "th") == 6
    assert {"Laget for hånd", "12,00", ":", "En fotnote."} <= set(page.said)
    loaded = [v for _, a in page.tags for n, v in a.items() if n in {"src", "href"} and v]
    assert [value for value in loaded if not value.startswith("#")] == []
    assert "<script" not in text


def test_a_page_is_a_table_alone_where_there_is_no_chart() -> None:
    page = Page(content(result((), {"persons": [1234]}), OutputFormat.HTML, EN).decode())
    assert page.count("svg") == 0
    assert "1 234" in page.said
    with pytest.raises(UsageError, match="has no dimension that varies"):
        content(result((), {"persons": [3]}), OutputFormat.SVG, EN)


def test_nothing_in_a_page_is_interpreted() -> None:
    evil = "</title><script>alert(1)</script>{{ 7 * 7 }}\u202e"
    place = Dimension("place", same(evil), labels=lambda _: same(evil))
    cells = result((place,), {"place": ["a", "b"], "persons": [1, 2]}, title=same(evil))
    text = content(cells, OutputFormat.HTML, EN).decode()
    assert "<script" not in text
    assert "{{ 7 * 7 }}" in text
    assert "\u202e" not in text
    assert "<script" not in cells._repr_html_()


@pytest.mark.parametrize(("format", "begins"), [("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_images_are_of_their_format(format: str, begins: bytes) -> None:
    made = content(counties(), OutputFormat(format), EN)
    assert made.startswith(begins)
    assert made == content(counties(), OutputFormat(format), EN)


def test_a_result_keeps_what_its_codes_are_called() -> None:
    (county,) = counties().described(EN)["dimensions"]
    assert county["labels"] == {"03": "Oslo", "11": "Rogaland", "46": "Vestland"}
    assert COUNTY.categories == ()
