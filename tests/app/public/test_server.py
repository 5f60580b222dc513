"""The public server: what real clients do with it, and what nobody learns before the hour."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import uvicorn
from pxstatspy import PxAPI, PxAPIConfig
from pxweb import PxApi
from pyjstat import pyjstat

from folkestrom.app.public.server import application
from folkestrom.app.public.statbank import PREFIX, Bank
from folkestrom.publish.releases.desk import Desk
from folkestrom.publish.releases.release import write_release
from folkestrom.publish.releases.shelf import Shelf
from folkestrom.publish.statbank.listing import Limits
from tests.publish.small_bank import definition, figures, shelf_with

EVERYTHING = "/tables/B1001/data?" + "&".join(
    f"valuecodes[{name}]=*" for name in ("Region", "Kjonn", "Alder", "Tid", "ContentsCode")
)
SELECTION = {"Region": ["0", "03"], "Tid": ["2020", "2021"], "ContentsCode": ["Personer1"]}


@contextmanager
def served(bank: Bank) -> Iterator[str]:
    """A server on a port of its own, as long as the block lasts; its address."""
    server = uvicorn.Server(uvicorn.Config(application(bank), port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}{PREFIX}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    shelf = Shelf(shelf_with(tmp_path_factory.mktemp("bank")))
    with served(Bank(shelf, Limits(cells=20_000))) as found:
        yield found


def expected() -> list[int]:
    persons = figures().values["Personer1"].sum(axis=(1, 2))
    return [int(persons[place, year]) for place in (0, 1) for year in (-2, -1)]


def test_pxwebpy_lists_reads_and_splits(address: str) -> None:
    api = PxApi(address, language="en")
    assert api.search("population")["page"]["totalElements"] == 1
    variables = api.get_table_variables("07459")
    assert variables["Region"]["codelists"][0]["id"] == "vs_Fylker"
    rows = api.get_table_data("07459", SELECTION)
    assert [row["value"] for row in rows] == expected()
    assert rows[0] == {"region": "Hele landet", "contents": "Persons", "year": "2020",
                       "value": expected()[0]}  # fmt: skip
    everything = dict.fromkeys(("Region", "Kjonn", "Alder", "Tid", "ContentsCode"), "*")
    assert len(api.get_table_data("B1001", everything)) == 46_640  # more than one call may have
    groups = {"Alder": ["F01"], "Tid": ["2021"], "ContentsCode": ["Personer1"]}
    (row,) = api.get_table_data("07459", groups, code_list={"Alder": "agg_TiAar"})
    assert row["value"] == figures().values["Personer1"][0, :, 10:20, -1].sum()


def test_pxstatspy_reads(address: str) -> None:
    api = PxAPI(PxAPIConfig(base_url=address, language="en", api_key=None))
    frame = api.get_data_as_dataframe("B1001", SELECTION)
    assert frame["Persons"].to_list() == expected()


@pytest.mark.filterwarnings("ignore:Shouldn't use this function:DeprecationWarning")
def test_pyjstat_reads(address: str) -> None:
    values = "&".join(f"valuecodes[{name}]={','.join(codes)}" for name, codes in SELECTION.items())
    text = httpx.get(f"{address}/tables/07459/data?{values}&lang=en").text
    frame = pyjstat.Dataset.read(text).write("dataframe")
    assert frame["value"].to_list() == expected()


def test_the_server_holds_no_code_that_reads_a_person() -> None:
    import subprocess
    import sys

    program = (
        "import sys, folkestrom.app.public.server;"
        "print([m for m in sys.modules if m.startswith(('duckdb', 'folkestrom.register',"
        "'folkestrom.engine', 'folkestrom.app.office', 'folkestrom.statistics'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("path", "status", "title"),
    [
        ("/tables/99999/data", 404, "Non-existent table"),
        ("/tables/..%2F..%2Fetc/data", 404, "Not Found"),
        ("/tables/B1001/data?valuecodes[X]=1", 400, "Non-existent variable"),
        ("/tables/B1001/data?lang=sv", 400, "Unsupported language"),
        ("/tables/B1001/data?outputFormat=exe", 400, "Unsupported output format"),
        ("/tables?pageNumber=9", 404, "Non-existent page"),
        ("/tables?pageSize=many", 400, "Parameter error"),
        ("/codelists/x", 404, "Non-existent codelist"),
        (EVERYTHING, 400, "Too many cells selected"),
        ("/tables/B1001/data?valuecodes[Tid]=<script>&valuecodes[ContentsCode]=*", 400,
         "Non-existent value"),
        ("/nothing", 404, "Not Found"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_a_problem(
    address: str, path: str, status: int, title: str
) -> None:
    answer = httpx.get(address + path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"] == title
    assert answer.json()["detail"]


def test_an_answer_that_is_known_is_not_sent_again(address: str) -> None:
    first = httpx.get(f"{address}/tables/B1001/data")
    known = {"If-None-Match": first.headers["etag"]}
    again = httpx.get(f"{address}/tables/B1001/data", headers=known)
    assert (again.status_code, again.content) == (304, b"")


#: Everything that can be asked of the interface.
PATHS = (
    "/config", "/tables", "/tables?pageSize=1000", "/tables?query=population", "/tables?pastDays=9",
    "/tables/B1001", "/tables/B1001/metadata", "/tables/B1001/defaultselection",
    "/tables/B1001/data", "/tables/B1001/data?outputFormat=csv", "/tables/07459/data",
    "/codelists/agg_TiAar", "/codelists/vs_Fylker",
)  # fmt: skip


def test_nothing_is_told_before_the_second_and_everything_from_it_on(tmp_path: Path) -> None:
    clock = [datetime(2021, 1, 4, tzinfo=UTC)]
    desk = Desk(tmp_path, lambda: clock[0])
    with served(Bank(Shelf(desk.public), now=lambda: clock[0])) as found:
        _over_the_second(desk, clock, found)


def _over_the_second(desk: Desk, clock: list[datetime], address: str) -> None:
    def asked() -> list[tuple[int, bytes, dict[str, str]]]:
        answers = [httpx.get(address + path) for path in PATHS]
        headers = [{n: v for n, v in a.headers.items() if n != "date"} for a in answers]
        return [(a.status_code, a.content, h) for a, h in zip(answers, headers, strict=True)]

    empty = asked()
    release = write_release(
        desk.drafts, [(definition(), figures())], made_at=clock[0], made_by="Ada", program="1",
        log_position=1,
    )  # fmt: skip
    desk.built(release, "Ada")
    desk.approve(release.name, "Bo")
    due = desk.schedule(release.name, "Bo", date(2021, 5, 20))
    (coming,) = httpx.get(f"{address}/calendar?lang=en").json()["releases"]
    assert coming == {"tables": {"B1001": "Population"}, "due": "2021-05-20T06:00:00Z",
                      "state": "scheduled"}  # fmt: skip
    assert asked() == empty
    clock[0] = due - timedelta(seconds=7.5)
    assert httpx.get(f"{address}/tables").headers["cache-control"] == "public, max-age=7"
    clock[0] = due - timedelta(microseconds=1)
    desk.release_due()
    before = [(status, content) for status, content, _ in asked()]
    assert before == [(status, content) for status, content, _ in empty]
    assert httpx.get(f"{address}/tables").headers["cache-control"] == "no-cache"
    # Of what is to come, the public folder has the calendar only.
    assert [path.name for path in desk.public.rglob("*")] == ["calendar.json"]
    clock[0] = due
    desk.release_due()
    assert {status for status, _, _ in asked()} == {200}
    assert httpx.head(f"{address}/tables/B1001/data").headers["content-length"]
    clock[0] = due + timedelta(hours=1)
    assert httpx.get(f"{address}/tables").headers["cache-control"] == "public, max-age=300"
