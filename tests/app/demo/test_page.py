"""The page: whole in itself, in two languages, with nobody in it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import polars as pl
import pytest

from tests.app.demo.conftest import Demonstration

VOID = {"meta", "link", "br", "img", "input", "wbr", "hr"}


class Outline(HTMLParser):
    """What a page is made of; fails on tags that do not close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, dict[str, str | None]]] = []
        self.ids: list[str] = []
        self.words: dict[str, list[str]] = {"en": [], "nb": []}
        self._language: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.attributes.append((tag, found))
        if found.get("id"):
            self.ids.append(str(found["id"]))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "span" and found.get("class") in self.words:
            self._language.append(str(found["class"]))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if tag == "span" and self._language:
            self._language.pop()

    def handle_data(self, data: str) -> None:
        if self._language:
            self.words[self._language[-1]].append(data)


@pytest.fixture(scope="module")
def outline(demonstration: Demonstration) -> Outline:
    return Outline(demonstration.page)


def test_it_loads_nothing(demonstration: Demonstration, outline: Outline) -> None:
    assert not re.search(r"https?:|//[a-z]|url\(|@import", demonstration.page)
    loading = {"src", "srcset", "data", "poster", "action", "formaction"}
    for tag, attributes in outline.attributes:
        assert not loading & attributes.keys(), tag
        assert (attributes.get("href") or "#").startswith("#"), tag


def test_links_and_names_lead_somewhere(outline: Outline) -> None:
    assert len(outline.ids) == len(set(outline.ids))
    for _, attributes in outline.attributes:
        named = (attributes.get("aria-labelledby") or "").split()
        link = (attributes.get("href") or "").removeprefix("#")
        assert {*named, link} - {""} <= set(outline.ids)


def test_every_picture_and_table_has_a_name(outline: Outline) -> None:
    tags = [tag for tag, _ in outline.attributes]
    assert tags.count("svg") == 8
    assert tags.count("caption") == tags.count("table") >= 14
    for tag, attributes in outline.attributes:
        if tag == "svg":
            assert attributes.get("role") == "img"
            assert attributes.get("aria-labelledby")
        if tag == "th":
            assert attributes.get("scope"), "a heading says what it is the heading of"


def test_it_says_everything_in_both_languages(outline: Outline) -> None:
    english, norwegian = outline.words["en"], outline.words["nb"]
    assert len(english) == len(norwegian) > 200
    assert "Everything here is synthetic." in english
    assert "Alt her er syntetisk." in norwegian
    # Each table and each picture of people says so again.
    assert english.count("synthetic data") >= 20


def test_nobody_is_in_it(demonstration: Demonstration) -> None:
    log = demonstration.log()
    numbers = {str(n) for n in log["person"].unique()}
    reports = set(log["source_report_id"].cast(pl.String))
    for text in (demonstration.page, demonstration.result.stdout, str(demonstration.record)):
        joined = re.sub("[\u202f\u00a0]", "", text)
        words = set(re.findall(r"\w+", joined))
        assert not words & reports
        assert not words & {n for n in numbers if len(n) > 6}


def test_every_compared_figure_is_on_it(demonstration: Demonstration) -> None:
    cells = re.findall(r"<td[^>]*>(.*?)</td>", demonstration.page, re.DOTALL)
    plain = {re.sub(r"<[^>]*>.*|[\u202f\s]", "", cell, flags=re.DOTALL) for cell in cells}
    for table in demonstration.record["tables"]:
        for cell in table["cells"]:
            if isinstance(cell["own"], int):
                assert str(cell["own"]).replace("-", "\u2212") in plain, cell
