"""The page of projections and its files, as anybody asks for them."""

from __future__ import annotations

import csv
import re
import tomllib
from datetime import UTC, date, datetime, timedelta
from html import unescape
from pathlib import Path

import httpx
import pytest

from folkestrom.app.public.prospects.views import FIGURES
from folkestrom.app.public.statbank import PREFIX, Bank
from folkestrom.projection.scenario import scenario_of
from folkestrom.publish.releases.desk import Desk
from folkestrom.publish.releases.shelf import Shelf
from tests.app.public.prospects.small_tables import put, release
from tests.app.public.test_server import served

CHANGED = "emigration_born_here=50&fertility=110&year=2050"
FILES = ("data.json", "data.csv", "scenario.toml")
_ASKED = ("", "?fertility=90", *(f"/{name}?fertility=90" for name in FILES))
PATHS = tuple(f"/{name}/projection{asked}" for name in ("en", "no") for asked in _ASKED)


def test_nothing_is_told_before_the_second(tmp_path: Path) -> None:
    clock = [datetime(2021, 1, 4, tzinfo=UTC)]
    desk = Desk(tmp_path, lambda: clock[0])
    with (
        served(Bank(Shelf(desk.public), now=lambda: clock[0])) as address,
        httpx.Client(base_url=address.removesuffix(PREFIX), timeout=60) as client,
    ):

        def told() -> list[tuple[int, bytes]]:
            return [(one.status_code, one.content) for one in map(client.get, PATHS)]

        empty = told()
        assert [status for status, _ in empty] == [200, 200, 404, 404, 404] * 2
        name = release(desk.drafts)
        desk.built(name, "Ada")
        desk.approve(name.name, "Bo")
        due = desk.schedule(name.name, "Bo", date(2021, 5, 20))
        clock[0] = due - timedelta(microseconds=1)
        desk.release_due()
        assert told() == empty
        clock[0] = due
        desk.release_due()
        assert {status for status, _ in told()} == {200}
        assert "2021" in client.get(PATHS[2]).text


def test_answers_are_kept_and_the_same_for_everybody(site: httpx.Client) -> None:
    for path in PATHS:
        first, again = site.get(path), site.get(path)
        assert first.content == again.content
        assert first.headers["cache-control"] == "public, max-age=300"
        known = site.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (known.status_code, known.content) == (304, b"")


def test_numbers_of_the_page_and_of_its_files_are_one(site: httpx.Client) -> None:
    told = site.get(f"/en/projection/data.json?{CHANGED}").json()
    at = told["years"].index(2050)
    rows = list(csv.DictReader(site.get(f"/en/projection/data.csv?{CHANGED}").text.splitlines()))
    assert len(rows) == len(told["years"]) == 81
    for future in ("baseline", "changed"):
        assert [int(row[f"{future}_population"]) for row in rows] == told[future]["population"]
        of_sexes = [sum(told["pyramid"][future][sex]) for sex in ("male", "female")]
        assert sum(of_sexes) == pytest.approx(told[future]["population"][at], abs=21)
    for language, mark in (("en", "."), ("no", ",")):
        page = site.get(f"/{language}/projection?{CHANGED}").text
        cells = re.findall(
            r"<td>([^<]*)</td>", page.partition('id="key"')[2].partition("</tbody>")[0]
        )
        assert [unescape(cell).replace(" ", "") for cell in cells[:2]] == [
            str(told[future]["population"][at]) for future in ("baseline", "changed")
        ]
        assert cells[4] == f"{told['changed']['old_age_dependency'][at]:.3f}".replace(".", mark)
        assert len(page.encode()) < 60_000
    parts = told["difference"]["population"]
    assert set(parts) == {"total", "emigration_born_here", "fertility"}
    assert 0 < parts["emigration_born_here"] < parts["total"]


@pytest.mark.parametrize("language", ["en", "no"])
def test_bands_of_the_page_and_of_its_files_are_one(site: httpx.Client, language: str) -> None:
    asked = f"{CHANGED}&interval=50,95&figure=total_fertility"
    told = site.get(f"/{language}/projection/data.json?{asked}").json()["likely"]
    assert (told["draws"], told["intervals"]) == (200, [50, 95])
    rows = list(csv.DictReader(site.get(f"/en/projection/data.csv?{asked}").text.splitlines()))
    for future in ("baseline", "changed"):
        assert set(told[future]) == set(FIGURES)
        for figure, ends in told[future].items():
            for end, values in ends.items():
                in_file = [float(row[f"{future}_{figure}_{end}"]) for row in rows]
                assert in_file == values, end
            inner = zip(ends["lower_95"], ends["lower_50"], ends["median"], ends["upper_50"],
                        ends["upper_95"], strict=True)  # fmt: skip
            assert all([*five] == sorted(five) for five in inner)
    page = site.get(f"/{language}/projection?{asked}").text
    table = page.partition('id="t-fan"')[2].partition("</tbody>")[0]
    row = next(one for one in table.split("</tr>") if ">2050<" in one)
    cells = [unescape(one) for one in re.findall(r"<td>([^<]*)</td>", row)]
    mark = "," if language == "no" else "."
    for future, shown in (("baseline", cells[:3]), ("changed", cells[3:])):
        ends = {end: f"{values[29]:.2f}".replace(".", mark)
                for end, values in told[future]["total_fertility"].items()}  # fmt: skip
        assert shown == [ends["median"], *(f"{ends[f'lower_{n}']} – {ends[f'upper_{n}']}"
                                           for n in (50, 95))]  # fmt: skip
    said = "95 prosents intervall" if language == "no" else "95 per cent interval"
    assert said in page
    assert "200 " in page
    assert len(re.findall(r'class="band', page)) == 4
    assert len(re.findall(r'class="band', site.get("/en/projection?interval=80").text)) == 1


def test_too_short_a_past_is_said(tmp_path: Path) -> None:
    with (
        served(Bank(Shelf(put(tmp_path)))) as address,
        httpx.Client(base_url=address.removesuffix(PREFIX), timeout=60) as client,
    ):
        assert "B1001, B1008, B1015, B1017 of 4 are released" in client.get(
            "/en/projection?interval=80").text  # fmt: skip
        refused = client.get("/no/projection/data.json?interval=80")
        assert refused.status_code == 404
        assert "minst 14 år på rad" in refused.json()["detail"]
        assert client.get("/no/projection/data.json").status_code == 200


def test_the_scenario_file_is_one_of_the_command(site: httpx.Client) -> None:
    read = scenario_of(tomllib.loads(site.get(f"/no/projection/scenario.toml?{CHANGED}").text))
    assert [(one.component, one.amount) for one in read.changes] == [
        ("emigration", 0.5), ("fertility", 1.1),
    ]  # fmt: skip
    assert "scenario.toml" not in site.get("/en/projection").text


@pytest.mark.parametrize(
    "asked", ["fertilty=90", "fertility=900", "year=1", "return=50&return=60", "interval=90"]
)
def test_what_cannot_be_answered(site: httpx.Client, asked: str) -> None:
    for name in FILES:
        answer = site.get(f"/en/projection/{name}?{asked}")
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"
        assert asked.partition("=")[0] in answer.json()["detail"]
        norwegian = site.get(f"/no/projection/{name}?{asked}")
        assert norwegian.status_code == 400
        assert "Tillatt: " in norwegian.json()["detail"]
    page = site.get(f"/en/projection?{asked}")
    assert page.status_code == 400
    assert "<h1>" in page.text
    assert site.get("/en/projection/data.xml").status_code == 404


def test_without_a_change_both_futures_are_one(site: httpx.Client) -> None:
    told = site.get("/en/projection/data.json").json()
    assert told["baseline"] == told["changed"]
    assert told["difference"] == {
        "population": {"total": 0.0},
        "old_age_dependency": {"total": 0.0},
    }
    assert set(told["assumptions"].values()) == {100}
