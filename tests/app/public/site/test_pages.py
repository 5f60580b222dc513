"""Pages: every one is there in both languages, within its limits, and says what the bank says."""

from __future__ import annotations

import csv
import json
import re
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import pytest

from folkestrom.app.public.site.texts import text
from folkestrom.app.public.statbank import PREFIX, Bank
from folkestrom.publish.releases.shelf import Shelf
from tests.app.public.site.small_country import EVIL, MUNICIPALITIES, tables
from tests.app.public.test_server import served

PAGES = (
    "/", "/population", "/emigration", "/places", "/places/0301", "/places/1101", "/places/11",
    "/tables", "/tables/B1001", "/tables/B1009", "/about", "/calendar", "/nothing-here",
)  # fmt: skip
#: How templates begin the keys of what data name.
COMPOSED = re.compile(
    "^(block|lead-page|lead|section|part|text|term|definition|frequency|measuring|lever|figure)-"
)
PACKAGE = files("folkestrom.app.public.site")
PROSPECTS = files("folkestrom.app.public.prospects")
SHARED = files("folkestrom.app.pages")


class Read(HTMLParser):
    """What a page consists of: elements with their attributes, tables, and texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.tables: list[list[list[str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("th", "td"):
            self.tables[-1][-1].append("")
        if tag not in ("meta", "link", "img", "input", "source", "br", "path"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag != "path":
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.tables and self.open and self.open[-1] in ("th", "td"):
            self.tables[-1][-1][-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.mark.parametrize("language", ["en", "no"])
@pytest.mark.parametrize("path", PAGES)
def test_pages_are_whole_and_light_and_load_nothing_of_others(
    site: httpx.Client, language: str, path: str
) -> None:
    answer = site.get(f"/{language}{path}")
    assert answer.status_code == (404 if path == "/nothing-here" else 200)
    page = Read(answer.text)
    assert page.open == []
    assert page.all("html") == [{"lang": "nb" if language == "no" else "en"}]
    assert len(page.all("h1")) == len(page.all("main")) == len(page.all("title")) == 1
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert all(image["alt"] for image in page.all("img"))
    assert all("scope" in heading for heading in page.all("th"))
    named = {
        str(one[k]) for _, one in page.elements for k in ("aria-labelledby", "for") if k in one
    }
    assert named <= {str(id) for id in ids}
    loaded = [a.get("src") or a.get("href") for t in ("img", "script", "link") for a in page.all(t)]
    loaded += [source["srcset"] for source in page.all("source")]
    assert all(one and one.startswith("/") for one in loaded)
    assert not any("style" in one or any(k.startswith("on") for k in one)
                   for _, one in page.elements)  # fmt: skip
    assert EVIL not in answer.text
    size = len(answer.content) + sum(
        len(site.get(str(one)).content) for one in set(loaded) if "/static/" in str(one)
    )
    assert size < 150_000
    if answer.status_code == 200:
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy


def test_what_a_page_draws_and_links_to_is_there(site: httpx.Client) -> None:
    seen = set()
    for path in ("/no/places/1101", "/en/tables/B1001", "/en/calendar", "/no/places"):
        page = Read(site.get(path).text)
        seen |= {str(a["src"]) for a in page.all("img")}
        links = {str(a["href"]) for a in page.all("a") if str(a["href"]).startswith("/")}
        # What is drawn to be kept is drawn in the same way.
        seen |= {one for one in links if "/chart." not in one}
    assert len(seen) > 60
    for address in seen:
        answer = site.get(address)
        assert answer.status_code == 200, address
        if "/chart.svg" in address:
            assert "<title " in answer.text
            assert 'role="img"' in answer.text


def test_key_figures_are_those_of_the_newest_account(site: httpx.Client) -> None:
    def shown(path: str) -> list[int]:
        page = site.get(path).text
        return [int(text.replace(" ", "")) for text in re.findall(r"<b>([\d ]+)</b>", page)]

    def told(content: str) -> int:
        (figure,) = bank(site, "B1002", Tid="2020", ContentsCode=content)
        return int(figure)

    front = (
        "FolkemengdeSlutt",
        "Folketilvekst",
        "Levendefodte",
        "Dode",
        "Innvandring",
        "Utvandring",
    )
    assert shown("/en/") == [told(content) for content in front]
    assert shown("/no/population") == [told("FolkemengdeSlutt")]
    assert shown("/en/emigration") == [told("Utvandring")]
    table = Read(site.get("/no/population").text).tables[0]
    assert table[0] == ["", "2020", "2019"]
    terms = {row[0]: numbers(row)[0] for row in table[1:]}
    assert terms["Korreksjon"] == told("Korreksjon")


def test_a_pyramid_has_both_of_its_populations_beneath(site: httpx.Client) -> None:
    page = Read(site.get("/en/places/1103").text)
    table = next(t for t in page.tables if t[0] == ["age", "Stavanger, 2021", "Hele landet, 2021"])
    told = bank(site, "B1001", Region="1103,0", Kjonn="*", Alder="030", Tid="2021")
    nation, place = told[:2], told[2:]
    assert table[1] == ["Males", "Females"] * 2
    (row,) = (row for row in table if row[0] == "30 years")
    assert numbers(row) == [*place, *nation]


def test_a_map_has_its_rates_beneath(site: httpx.Client) -> None:
    page = Read(site.get("/en/population").text)
    (table,) = (t for t in page.tables if t[0][-1] == "Per cent" and t[1][0] == "Oslo")
    start, growth, rate = numbers(table[1])
    assert rate == round(100 * growth / start, 2)


def test_pictures_are_files_too(site: httpx.Client) -> None:
    asked = "valuecodes[Region]=*&codelist[Region]=vs_Fylker&valuecodes[Tid]=2020"
    flows = "valuecodes[ContentsCode]=Utvandring,FolkemengdeStart&per=FolkemengdeStart"
    png = site.get(f"/en/tables/B1011/map.png?{asked}&{flows}")
    assert png.content.startswith(b"\x89PNG")
    svg = site.get(f"/no/tables/B1011/map.svg?{asked}&{flows}&size=phone")
    assert "default-src 'none'" in svg.headers["content-security-policy"]
    assert "Kart" in svg.text


def test_tables_on_pages_are_the_answers_of_the_bank(site: httpx.Client) -> None:
    asked = "valuecodes[Region]=1103&valuecodes[Tid]=*&valuecodes[ContentsCode]=Personer1"
    told = site.get(f"{PREFIX}/tables/B1001/data?lang=en&{asked}").json()["value"]
    page = Read(site.get("/en/places/1103").text)
    (shown,) = (t for t in page.tables if [t[0][0], t[0][1]] == ["year", "Personer1"])
    assert [int(row[1].replace(" ", "")) for row in shown[1:]] == told


def numbers(row: list[str]) -> list[float]:
    return [float(cell.replace(" ", "").replace("\N{MINUS SIGN}", "-")) for cell in row[1:]]


def bank(site: httpx.Client, table: str, **asked: str) -> list[Any]:
    values = "&".join(f"valuecodes[{name}]={codes}" for name, codes in asked.items())
    found: list[Any] = site.get(f"{PREFIX}/tables/{table}/data?lang=en&{values}").json()["value"]
    return found


def test_rates_of_a_place_stand_beside_the_nations(site: httpx.Client) -> None:
    page = Read(site.get("/en/places/1103").text)
    table = page.tables[0]
    assert table[0] == ["contents", "Stavanger", "Hele landet"]
    births = next(row for row in table if row[0] == "Levendefodte")
    found: list[float] = []
    for place in ("1103", "0"):
        of = bank(site, "B1011", Region=place, Tid="2020", ContentsCode="FolkemengdeStart")[0]
        born = bank(site, "B1011", Region=place, Tid="2020", ContentsCode="Levendefodte")[0]
        found += [born, round(1000 * born / of, 1)]
    assert numbers(births) == pytest.approx(found)


def test_changes_in_the_first_table_are_per_cents(site: httpx.Client) -> None:
    page = Read(site.get("/en/population").text)
    table = next(t for t in page.tables if "Change in per cent 2011–2021" in t[0])
    years = [
        sum(bank(site, "B1001", Region="0", Alder="*", Tid=y)) for y in ("2021", "2020", "2011")
    ]
    now, before, long_before = years
    assert table[1][0] == "Total"
    assert numbers(table[1])[0] == now
    assert numbers(table[1])[1] == round(100 * (now - before) / before, 1)
    assert numbers(table[1])[3] == round(100 * (now - long_before) / long_before, 1)


def test_the_second_table_has_totals_of_sexes_ages_and_statuses(site: httpx.Client) -> None:
    page = Read(site.get("/en/population").text)
    table = next(t for t in page.tables if "Never married" in t[0])
    rows = [row for row in table[1:] if len(row) > 1]
    every = [numbers(row) for row in rows]
    third = len(rows) // 3
    assert (len(rows), rows[0][0], rows[1][0]) == (66, "Total", "0–4 years")
    for n, (both, males, females) in enumerate(zip(every, every[third:], every[2 * third :])):  # noqa: B905
        assert [m + f for m, f in zip(males, females, strict=True)] == both, rows[n][0]
        assert both[0] == sum(both[1:])


def test_the_largest_groups_are_ranked_and_citizens_are_not_foreign(site: httpx.Client) -> None:
    page = Read(site.get("/en/population").text)
    table = next(t for t in page.tables if t[0][:2] == ["citizenship", "Total"])
    assert {row[0] for row in table[1:]} == {"Poland", EVIL}
    page = Read(site.get("/en/emigration").text)
    (table,) = (t for t in page.tables if t[0][0] == "country")
    place = table[0].index("Utvandring")
    assert [numbers(row)[place - 1] for row in table[1:]] == sorted(
        (numbers(row)[place - 1] for row in table[1:]), reverse=True
    )


def test_municipalities_are_mapped_where_there_are_borders(public: Path, tmp_path: Path) -> None:
    def square(n: int) -> list[list[list[int]]]:
        return [[[n, 60], [n, 61], [n + 1, 61], [n + 1, 60], [n, 60]]]

    squares = [
        {
            "type": "Feature",
            "properties": {"kommunenummer": code},
            "geometry": {"type": "Polygon", "coordinates": square(n)},
        }
        for n, code in enumerate(MUNICIPALITIES)
    ]
    borders = tmp_path / "borders.geojson"
    borders.write_text(json.dumps({"type": "FeatureCollection", "features": squares}))
    with served(Bank(Shelf(public)), borders) as address:
        site = address.removesuffix(PREFIX)
        page = Read(httpx.get(f"{site}/en/population", timeout=60).text)
        sources = [str(image["src"]) for image in page.all("img") if "/map." in str(image["src"])]
        maps = [httpx.get(site + source, timeout=60) for source in sources]
    # Counties are tiles still, for the file has no borders of them.
    assert [found.status_code for found in maps] == [200, 200]
    assert ["Rogaland" in found.text for found in maps] == [True, False]


def test_hidden_figures_are_colons_with_their_meaning(site: httpx.Client) -> None:
    asked = (
        "valuecodes[Region]=1101&valuecodes[Kjonn]=2&valuecodes[Alder]=105%2B&valuecodes[Tid]=2021"
    )
    page = site.get(f"/en/tables/B1001?{asked}").text
    assert "<td>:</td>" in page
    assert "Not shown, for confidentiality" in page
    assert "Vises ikke" in site.get(f"/no/tables/B1001?{asked}").text


def test_a_browser_gets_its_language(site: httpx.Client) -> None:
    for accepted, home in (("nb-NO,en;q=0.5", "/no/"), ("en-GB", "/en/"), ("sv", "/no/")):
        answer = site.get("/", headers={"Accept-Language": accepted})
        assert (answer.status_code, answer.headers["location"]) == (302, home)


@pytest.mark.parametrize(
    "path",
    ["/en/places/9999", "/en/tables/X", "/en/population?year=1812", "/static/..%2Fsite.py",
     "/en/tables/B1001/chart.exe", "/en/tables/B1001/chart.svg?size=9", "/en/..%2F..%2Fetc/passwd",
     "/sv/", "/en/tables/B1001/chart.svg?valuecodes[X]=1", "/en/tables/B1001/map.svg?per=x",
     "/en/tables/B1002/map.svg"],
)  # fmt: skip
def test_what_is_not_there_is_a_page_that_helps(site: httpx.Client, path: str) -> None:
    answer = site.get(path)
    assert answer.status_code in (400, 404)
    assert "<h1>" in answer.text
    assert answer.headers["cache-control"] == "no-cache"


def test_the_sitemap_lists_every_place_once_in_each_language(site: httpx.Client) -> None:
    found = re.findall(r"<loc>(.*?)</loc>", site.get("/sitemap.xml").text)
    assert len(found) == len(set(found))
    for code in MUNICIPALITIES:
        assert f"{site.base_url}/no/places/{code}" in found


def test_texts_are_in_both_languages_and_all_of_them_are_used() -> None:
    told = "".join(
        one.read_text("utf-8")
        for package in (SHARED, PACKAGE, PROSPECTS)
        for folder in (package.joinpath("templates"), package)
        if folder.is_dir()
        for one in folder.iterdir()
        if one.name.endswith((".jinja", ".toml", ".py"))
    )
    quoted = set(re.findall(r"""["']([\w-]+)["']""", told))
    quoted |= {one.lower() for one in re.findall(r'"(\w+)"', _module("statbank.dataset"))}
    quoted |= {one.lower() for one in re.findall(r'"(\w+)"', _module("tables.definition"))}
    for key, said in text.all.items():
        marks = [set(re.findall(r"{\w+}", of)) for of in (said.en, said.no)]
        assert marks[0] == marks[1], key
        assert bool(said.en) == bool(said.no), key
        assert {key, COMPOSED.sub("", key), key.removesuffix("-help")} & quoted, key
    lines = [
        row
        for package in (SHARED, PACKAGE)
        for row in csv.DictReader(package.joinpath("texts.csv").read_text("utf-8").splitlines())
    ]
    assert len(lines) == len(text.all)


def _module(name: str) -> str:
    path = Path(*name.split(".")).with_suffix(".py")
    return files("folkestrom.publish").joinpath(str(path)).read_text("utf-8")


def test_a_county_has_the_largest_flows_between_its_municipalities_and_others(
    site: httpx.Client,
) -> None:
    page = Read(site.get("/en/places/11").text)
    made, values = next(one for one in tables() if one[0].id == "B1009")
    moves = values.values["Flyttinger"][:, :, -1]
    codes = list(MUNICIPALITIES)
    oslo = codes.index("0301")

    # Of one municipality elsewhere, which stands above the table.
    for name, of in (("to", moves[oslo]), ("from", moves[:, oslo])):
        flows = [[MUNICIPALITIES[c], str(of[at])] for at, c in enumerate(codes) if at != oslo]
        flows.sort(key=lambda flow: -int(flow[-1]))
        (found,) = (table for table in page.tables if table[0][0] == name)
        assert found[1:] == flows
    assert made.variables[0].id == "Fraflytting"
    assert "flows into" not in site.get("/en/places/1103").text
