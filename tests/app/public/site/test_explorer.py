"""The explorer: a link restores it, and every call that it shows runs and gives its figures."""

from __future__ import annotations

import ast
import csv
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest

from folkestrom.app.public.site.explorer import calls as calls_of
from folkestrom.app.public.site.questions import Question, written
from folkestrom.app.public.statbank import PREFIX, Bank
from folkestrom.model.specification import Language
from folkestrom.publish.releases.release import write_release
from folkestrom.publish.releases.shelf import Shelf, put_out
from folkestrom.publish.statbank.requests import asked_by_address
from folkestrom.publish.statbank.selection import Asked
from tests.app.public.site.small_country import DECISION, EVIL, OUT, tables
from tests.app.public.site.test_pages import Read
from tests.app.public.test_server import served

ASKED = [
    ("valuecodes[Region]", "1103"), ("valuecodes[Region]", "1101"), ("valuecodes[Alder]", "F000"),
    ("codelist[Alder]", "agg_FemAarigGruppering"), ("valuecodes[Tid]", "TOP(2)"),
    ("valuecodes[Kjonn]", "*"), ("valuecodes[ContentsCode]", "Personer1"), ("heading", "Region"),
]  # fmt: skip


@pytest.fixture(scope="module")
def page(site: httpx.Client) -> str:
    return site.get(f"/en/tables/B1001?{urlencode(ASKED)}").text


def test_an_address_says_all_that_is_chosen(site: httpx.Client, page: str) -> None:
    link = re.search(r'class="address" href="([^"]*)"', page)
    assert link
    again = site.get(unescape(link[1])).text
    for text in (page, again):
        chosen = re.findall(r'<option value="([^"]*)" selected>', text)
        assert chosen == ["1103", "1101", "agg_FemAarigGruppering", "F000", "2020", "2021",
                          "Personer1"]  # fmt: skip
        ticked = re.findall(r'name="([^"]*)" value="([^"]*)" checked', text)
        assert ticked == [("heading", "Region"), ("valuecodes[Kjonn]", "*")]
    assert Read(again).tables == Read(page).tables


def test_a_table_is_turned(site: httpx.Client, page: str) -> None:
    link = re.search(r'class="button" href="([^"]*valuecodes[^"]*)"', page)
    assert link
    turned = Read(site.get(f"/en/tables/B1001{unescape(link[1])}").text).tables[0]
    straight = Read(page).tables[0]
    assert straight[0][-2:] == ["Stavanger", EVIL]
    assert [row[0] for row in turned[-2:]] == ["Stavanger", EVIL]
    down = [row[-2:] for row in straight[1:]]
    across = [row[1:] for row in turned[-2:]]
    assert [list(column) for column in zip(*down, strict=True)] == across


@pytest.mark.parametrize("query", ["valuecodes[Region]=x", "valuecodes[X]=1", "heading=Nothing",
                                   "codelist[Region]=x&valuecodes[Region]=0"])  # fmt: skip
def test_what_cannot_be_answered_is_said_and_can_be_mended(site: httpx.Client, query: str) -> None:
    answer = site.get(f"/en/tables/B1001?{query}")
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert "<select" in answer.text


def _vintages(folder: Path) -> tuple[Path, list[str]]:
    """A public folder with three vintages of two tables, the last a correction of one of them."""
    made = tables()[:2]
    names = []
    for n, day in enumerate((0, 30, 60)):
        more = [(one, replace(of, values={k: v.copy() for k, v in of.values.items()}))
                for one, of in made]  # fmt: skip
        more[0][1].values["Personer1"].reshape(-1)[:n] += 10 * n
        path = write_release(
            folder / "drafts", [(*one, DECISION) for one in more], made_at=OUT, made_by="Ada",
            program="1", log_position=n, why=f"Late {EVIL}" if n == 2 else "",
        )  # fmt: skip
        put_out(folder / "public", path, OUT + timedelta(days=day))
        names.append(path.name)
    return folder / "public", names


def test_a_table_is_shown_as_it_was_known_with_what_was_changed_and_why(tmp_path: Path) -> None:
    public, (first, second, third) = _vintages(tmp_path)
    with (
        served(Bank(Shelf(public))) as address,
        httpx.Client(base_url=address.removesuffix(PREFIX), timeout=60) as client,
    ):
        asked = "valuecodes[Region]=0&valuecodes[Kjonn]=1&valuecodes[Alder]=000&valuecodes[Tid]=*"
        page, before, oldest = (
            client.get(f"/en/tables/B1001?{asked}&vintage={name}").text
            for name in ("", second, first)
        )
        bank = f"{PREFIX}/tables/B1001/data?{asked}&outputFormat=csv&lang=en"

        def shown(text: str) -> list[str]:
            return Read(text).tables[0][-1][1:]

        for text, name in ((page, third), (before, second), (oldest, first)):
            told = client.get(f"{bank}&vintage={name}").text.splitlines()[1:]
            assert [cell.replace(" ", "") for cell in shown(text)] == told[0].split(",")[3:]
        assert shown(page)[0] != shown(before)[0]
        # What each changed of the one before, as the list of revisions has it; and why.
        listed = client.get(f"{PREFIX}/tables/B1001/revisions?lang=en").json()["revisions"]
        for text, told in ((page, listed[0]), (before, listed[1])):
            assert f"{told['changes']['changed']} changed, " in text
        assert "Late &lt;script&gt;" in page
        assert "Late" not in before
        assert "since the release before" not in oldest
        # The address restores it; downloads, pictures and calls are of the same vintage.
        (chosen,) = re.findall(r"<select name=.vintage.>(.*?)</select>", before, re.DOTALL)
        assert re.findall(r"value=.(\w*). selected", chosen) == [second]
        links = re.findall(r'(?:href|srcset|src)="([^"]*valuecodes[^"]*)"', before)
        assert len(links) > 10
        assert all(f"vintage={second}" in link for link in links)
        picture = f"/en/tables/B1001/chart.svg?{asked}"
        drawn = {client.get(f"{picture}&vintage={name}").text for name in (second, third)}
        assert len(drawn) == 2
        wrong = client.get(f"/no/tables/B1001?{asked}&vintage=nothing")
        assert wrong.status_code == 400
        assert 'role="alert"' in wrong.text


@pytest.mark.parametrize("heading", ["Tid", "Region,Alder,Tid"])
def test_large_answers_are_shown_in_part_and_drawn_by_no_means(
    site: httpx.Client, heading: str
) -> None:
    names = ("Region", "Kjonn", "Alder", "Tid")
    asked = "&".join(f"valuecodes[{name}]=*" for name in names)
    answer = site.get(f"/en/tables/B1001?{asked}&heading={heading}")
    assert len(answer.content) < 100_000
    assert "no chart of this selection" in answer.text
    assert ("more rows are in the files" in answer.text) == (heading == "Tid")
    assert ("too many columns" in answer.text) == (heading != "Tid")
    assert site.get(f"/en/tables/B1001/chart.svg?{asked}").status_code in (400, 404)


def calls(page: str) -> dict[str, str]:
    found = re.findall(
        r"<figcaption[^>]*>(\w+)</figcaption><pre[^>]*><code>(.*?)</code>", page, re.DOTALL
    )
    return {name: unescape(text) for name, text in found}


def expected(site: httpx.Client, page: str) -> list[int]:
    link = re.search(r'class="address" href="[^?]*\?([^"]*)"', page)
    assert link
    address = f"{PREFIX}/tables/B1001/data?lang=en&{unescape(link[1])}"
    numbers: list[int] = site.get(address).json()["value"]
    return sorted(numbers)


@pytest.mark.parametrize(
    ("name", "program"),
    [("curl", ["bash", "-c"]), ("Python", [sys.executable, "-c"]), ("R", ["Rscript", "-e"])],
)
def test_calls_give_the_figures_of_the_page(
    site: httpx.Client, page: str, name: str, program: list[str]
) -> None:
    needed = "curl" if name == "curl" else program[0]
    if shutil.which(needed) is None:
        pytest.skip(f"{needed} is not installed")
    text = calls(page)[name]
    shown = {"Python": "print(table)", "R": "print(table)"}.get(name, "")
    last = {"Python": "print(table.to_csv(index=False))", "R": "write.csv(table)"}.get(name, "")
    done = subprocess.run(
        [*program, text.replace(shown, last)] if shown else [*program, text],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    rows = [*csv.reader(done.stdout.splitlines())][1:]
    # Sex and age go down, and places across.
    found = [int(figure) for row in rows for figure in row[-2:]]
    assert sorted(found) == expected(site, page)


def test_codes_from_data_are_no_commands_in_calls(public: Path) -> None:
    evil = """'; touch x; '"\n`touch x`$(touch x)\\"""
    table = Shelf(public).tables()["B1001"]
    found = {c.name: c.text for c in calls_of("http://x", Question(table, Asked({"A": [evil]}), {}),
                                              Language.EN)}  # fmt: skip
    program, address = shlex.split(found["curl"])
    assert program == "curl"
    assert httpx.URL(address).params["valuecodes[A]"] == f"[{evil}]"
    tree = ast.parse(found["Python"])
    assert [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)] == [address]
    assert f'"{address}"' in found["R"]
    assert not set(address) & set("'\"`$\\ \n")


@pytest.mark.parametrize(
    "asked",
    [
        Asked({"A": ["a,b", "[c", "(d)", "TOP(3)", "*"], "B": ["æ &=+#%"]}, {"A": "vs x"}),
        Asked({"A": ["1"], "B": ["2"]}, {}, ["A"], ["B", "ContentsCode"]),
        Asked({"A": ["1"]}, {}, None, ["A"]),
    ],
)  # fmt: skip
def test_a_question_survives_its_address(asked: Asked) -> None:
    parameters = httpx.QueryParams(written(asked)).multi_items()
    assert asked_by_address(parameters) == asked
