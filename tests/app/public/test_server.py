"""The public server: what real clients do with it, and what nobody learns before the hour."""

from __future__ import annotations

import json
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
from folkestrom.app.public.statbank import PREFIX, Bank, routes
from folkestrom.publish.releases.desk import Desk
from folkestrom.publish.releases.release import write_release
from folkestrom.publish.releases.shelf import Shelf, put_out
from folkestrom.publish.statbank.listing import Limits
from folkestrom.publish.statbank.requests import Query, Selected
from folkestrom.publish.statbank.saved import SavedQuery
from tests.publish.small_bank import DECISION, OUT, definition, figures, shelf_with

EVERYTHING = "/tables/B1001/data?" + "&".join(
    f"valuecodes[{name}]=*" for name in ("Region", "Kjonn", "Alder", "Tid", "ContentsCode")
)
SELECTION = {"Region": ["0", "03"], "Tid": ["2020", "2021"], "ContentsCode": ["Personer1"]}


@contextmanager
def served(bank: Bank, borders: Path | None = None) -> Iterator[str]:
    """A server on a port of its own, as long as the block lasts; its address."""
    server = uvicorn.Server(uvicorn.Config(application(bank, borders), port=0, log_level="warning"))
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


def test_older_clients_ask_by_filters(address: str) -> None:
    table = address.replace("pxwebapi/v2", "v0/en/table") + "/07459"
    assert httpx.get(f"{table}?config").json()["maxValues"] == 20_000
    assert [v["code"] for v in httpx.get(table).json()["variables"]][-1] == "Tid"
    query = [
        {"code": "Region", "selection": {"filter": "item", "values": SELECTION["Region"]}},
        {"code": "Tid", "selection": {"filter": "top", "values": ["2"]}},
        {"code": "ContentsCode", "selection": {"filter": "item", "values": ["Personer1"]}},
    ]
    # R's pxweb sends no type of content.
    answer = httpx.post(table, content=json.dumps({"query": query}))
    assert answer.json()["value"] == expected()
    rows = httpx.post(table, json={"query": query, "response": {"format": "json"}}).json()["data"]
    assert [row["values"] for row in rows] == [[str(value)] for value in expected()]
    wrong = httpx.post(table, json={"query": [{"code": "Regoin", "selection": {"filter": "all"}}]})
    assert wrong.status_code == 400
    assert wrong.json() == {
        "error": "The request for variable 'Regoin' has an error. Please check your query."
    }
    everything = [{"code": "Region", "selection": {"filter": "all", "values": ["*"]}},
                  {"code": "Alder", "selection": {"filter": "all", "values": ["*"]}},
                  {"code": "Kjonn", "selection": {"filter": "all", "values": ["*"]}}]  # fmt: skip
    assert httpx.post(table, json={"query": everything}).status_code == 403
    assert "B1001" in {one["id"] for one in httpx.get(table.rpartition("/")[0]).json()}


def test_a_query_that_is_saved_is_run_by_its_name(address: str) -> None:
    selection = [{"variableCode": n, "valueCodes": c} for n, c in SELECTION.items()]
    body = {"id": "", "tableId": "07459", "language": "en", "outputFormatParams": [],
            "selection": {"selection": selection}}  # fmt: skip
    made = httpx.post(f"{address}/savedqueries", json=body)
    assert made.status_code == 201
    links = {link["rel"]: link["href"] for link in made.json()["links"]}
    assert httpx.get(links["self"]).json() == made.json()
    assert httpx.get(links["data"]).json()["value"] == expected()
    chosen = httpx.get(links["selection"]).json()["selection"]
    assert {"variableCode": "Tid", "valueCodes": ["2020", "2021"]} in chosen
    wrong = body | {"selection": {"selection": [{"variableCode": "X", "valueCodes": []}]}}
    assert httpx.post(f"{address}/savedqueries", json=wrong).status_code == 400


def test_a_table_is_read_as_it_was_and_says_what_was_revised(tmp_path: Path) -> None:
    public = shelf_with(tmp_path)
    later = figures()
    later.values["Personer1"][0, 0, 0, -1] += 3
    release = write_release(
        tmp_path / "drafts", [(definition(), later, DECISION)], made_at=OUT, made_by="A",
        program="1", log_position=2,
    )  # fmt: skip
    put_out(public, release, OUT + timedelta(days=90))
    with served(Bank(Shelf(public))) as found:
        table = f"{found}/tables/B1001"
        newest, first = httpx.get(f"{table}/revisions").json()["revisions"]
        assert (first["changes"], newest["vintage"]) == (None, release.name)
        assert newest["changes"]["changed"] == 1
        (change,) = newest["changes"]["largest"]
        assert change["after"] - change["before"] == 3
        assert change["codes"] == {"Region": "0", "Kjonn": "1", "Alder": "000", "Tid": "2021"}

        asked = "valuecodes[Tid]=2021&valuecodes[ContentsCode]=Personer1"

        def value(vintage: str) -> int:
            answer = httpx.get(f"{table}/data?{asked}{vintage}").json()
            return int(answer["value"][0])

        now = value("")
        assert value("&vintage=2021-02-19") == now - 3  # out at eight on that day
        assert value("&vintage=2021-02-19T08:00+01:00") == now - 3
        assert value(f"&vintage={first['vintage']}") == now - 3
        assert value("&vintage=2021-05-20") == now
        assert httpx.get(newest["links"][0]["href"]).status_code == 200
        # Whichever way it is asked.
        selection = [{"variableCode": "Tid", "valueCodes": ["2021"]},
                     {"variableCode": "ContentsCode", "valueCodes": ["Personer1"]}]  # fmt: skip
        body = {"id": "", "tableId": "B1001", "language": "en", "outputFormatParams": [],
                "selection": {"selection": selection}}  # fmt: skip
        saved = httpx.post(f"{found}/savedqueries", json=body).json()["id"]
        query = [{"code": one["variableCode"], "selection": {"filter": "item",
                  "values": one["valueCodes"]}} for one in selection]  # fmt: skip
        old = found.replace("pxwebapi/v2", "v0/en/table") + "/B1001"
        for vintage, expected in (("2021-02-19", now - 3), ("2021-05-20", now)):
            answers = [
                httpx.get(f"{found}/savedqueries/{saved}/data?vintage={vintage}"),
                httpx.post(f"{old}?vintage={vintage}", json={"query": query}),
            ]
            assert [answer.json()["value"][0] for answer in answers] == [expected] * 2
        assert httpx.get(f"{old}?vintage=2021-02-18").status_code == 404
        for wrong in ("2021-02-18", "2021-02-19T07:59:59+01:00", "x", "", "0001-01-01"):
            status = httpx.get(f"{table}/metadata?vintage={wrong}").status_code
            assert status == (404 if wrong else 200)


def test_parquet_is_read_by_parts(address: str) -> None:
    import io

    import pyarrow.parquet

    at = f"{address}/tables/B1001/data?outputFormat=parquet"
    whole = httpx.get(at)
    size = int(httpx.head(at).headers["content-length"])
    assert (len(whole.content), whole.headers["accept-ranges"]) == (size, "bytes")
    end = httpx.get(at, headers={"Range": "bytes=-8"})
    assert (end.status_code, end.content[-4:]) == (206, b"PAR1")
    assert end.headers["content-range"] == f"bytes {size - 8}-{size - 1}/{size}"
    rest = httpx.get(at, headers={"Range": f"bytes=0-{size - 9}"}).content
    table = pyarrow.parquet.read_table(io.BytesIO(rest + end.content))
    assert table.column_names == ["år", "timestamp", "value", "value_symbol"]
    assert f"{table['timestamp'][0]}" == "2009-01-01 00:00:00+00:00"
    assert httpx.get(at, headers={"Range": f"bytes={size}-"}).status_code == 416


def test_who_calls_too_often_is_told_to_wait(tmp_path: Path) -> None:
    shelf = Shelf(shelf_with(tmp_path))
    with served(Bank(shelf, Limits(calls=3, window=60))) as found:
        answers = [httpx.get(f"{found}/tables") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[-1].headers["retry-after"] == "60"
        assert answers[-1].headers["content-type"] == "application/problem+json"
        older = httpx.get(found.replace("pxwebapi/v2", "v0/no/table"))
        assert (older.status_code, older.json()["error"][:3]) == (429, "429")
        assert httpx.get(f"{found}/config").json()["maxCallsPerTimeWindow"] == 3


def test_the_description_has_every_path_and_examples_that_are_answered(address: str) -> None:
    described = httpx.get(f"{address}/openapi.json").json()
    served_paths = {route.path.removeprefix(PREFIX) for route in routes(Bank(Shelf(Path())))}
    assert described["paths"].keys() == served_paths - {"/openapi.json"}
    for path, operations in described["paths"].items():
        if "get" not in operations:
            continue
        examples = {
            p["name"]: p["example"] for p in operations["get"]["parameters"] if "example" in p
        }
        values = examples.pop("valuecodes", {})
        asked = "&".join(f"valuecodes[{name}]={code}" for name, code in values.items())
        answer = httpx.get(f"{address}{path.format(**examples)}?{asked}")
        assert answer.status_code == 200, path


def test_an_address_that_is_too_long_is_told_to_be_a_post(address: str) -> None:
    answer = httpx.get(f"{address}/tables?query={'a' * 40_000}")
    assert (answer.status_code, answer.json()["title"]) == (414, "URI Too Long")


QUERY = [Selected("Tid", ["TOP(1)"]), Selected("ContentsCode", ["*"])]
#: A saved query is asked for by a name that holds it.
SAVED = "/savedqueries/" + SavedQuery("B1001", Query(QUERY), "en").named().id
#: Everything that can be asked of the interface.
PATHS = (
    "/config", "/tables", "/tables?pageSize=1000", "/tables?query=population", "/tables?pastDays=9",
    "/tables/B1001", "/tables/B1001/metadata", "/tables/B1001/defaultselection",
    "/tables/B1001/revisions", "/tables/B1001/data?vintage=2030-01-01",
    "/tables/B1001/data", "/tables/B1001/data?outputFormat=csv", "/tables/07459/data",
    "/tables/B1001/data?outputFormat=html&outputFormatParams=IncludeTitle",
    "/codelists/agg_TiAar", "/codelists/vs_Fylker", "/openapi.json",
    SAVED, f"{SAVED}/selection", f"{SAVED}/data",
    "/../../v0/no/table", "/../../v0/en/table/B1001", "/../../v0/en/table/07459",
    "/../../../dcat.ttl", "/../../../dcat.jsonld",
    "/../../sdmx/2.1/dataflow", "/../../sdmx/3.0/structure/codelist/FOLKESTROM/CL_B1001_KJONN",
    "/../../sdmx/3.0/availability/dataflow/FOLKESTROM/B1001",
    "/../../sdmx/2.1/data/B1001/0301.1.104.Andel",
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
        desk.drafts, [(definition(), figures(), DECISION)], made_at=clock[0], made_by="Ada",
        program="1", log_position=1,
    )  # fmt: skip
    desk.built(release, "Ada")
    desk.approve(release.name, "Bo")
    due = desk.schedule(release.name, "Bo", date(2021, 5, 20))
    (coming,) = httpx.get(f"{address}/calendar?lang=en").json()["releases"]
    assert coming == {"tables": {"B1001": "Population"}, "due": "2021-05-20T06:00:00Z",
                      "state": "scheduled", "changes": []}  # fmt: skip
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
