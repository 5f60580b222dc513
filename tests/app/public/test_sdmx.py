"""SDMX: what its clients read is what the statistics bank answers, cell for cell."""

from __future__ import annotations

import csv
import io
import math
import sys

import httpx
import pytest
import requests
import sdmx
import sdmx.reader.xml.v30  # before any message is read: it fails after one of SDMX 2.1
from pysdmx.api.dc.rest import SdmxConnector
from pysdmx.api.fmr import RegistryClient
from pysdmx.io import read_sdmx
from pysdmx.io.format import StructureFormat

import folkestrom.publish.sdmx
from folkestrom.app.public.statbank import Bank
from folkestrom.publish.releases.shelf import Shelf
from folkestrom.publish.sdmx.query import KeyQuery, asked
from folkestrom.publish.sdmx.structure import Structure
from folkestrom.publish.statbank.listing import Limits
from folkestrom.publish.statbank.problems import Problem
from tests.app.public.test_server import served
from tests.publish.small_bank import definition

#: By codes of every dimension, a figure and why it is there or not.
Cells = dict[tuple[str, ...], tuple[float | None, str]]
NAMES = ("Region", "Kjonn", "Alder", "ContentsCode", "TIME_PERIOD")
KEY = "1103.*.104+105.*"
#: Those of SDMX for the symbols of statistics banks.
MEANING = {None: "A", "..": "O", ":": "Q"}
ML, CSV = "application/vnd.sdmx.{}+xml;version={}", "application/vnd.sdmx.data+csv;version={}"
FORMATS = (
    ML.format("genericdata", "2.1"), ML.format("structurespecificdata", "2.1"),
    ML.format("data", "3.0.0"), CSV.format("1.0.0"), CSV.format("2.0.0"),
)  # fmt: skip


@pytest.fixture(scope="module")
def root(address: str) -> str:
    return address.replace("/pxwebapi/v2", "/sdmx")


def bank_cells(address: str, asked: str) -> Cells:
    """What JSON-stat says."""
    found = httpx.get(f"{address}/tables/B1001/data?{asked}&stub={','.join(STUB)}").json()
    lists = [list(found["dimension"][name]["category"]["index"]) for name in found["id"]]
    assert tuple(found["id"]) == STUB
    cells: Cells = {}
    for n, value in enumerate(found["value"]):
        codes, rest = [], n
        for codes_of in reversed(lists):
            rest, place = divmod(rest, len(codes_of))
            codes.append(codes_of[place])
        cells[tuple(reversed(codes))] = value, MEANING[found.get("status", {}).get(str(n))]
    return cells


STUB = ("Region", "Kjonn", "Alder", "ContentsCode", "Tid")
ASKED = (
    "valuecodes[Region]=1103&valuecodes[Kjonn]=*&valuecodes[Alder]=104,105"
    "&valuecodes[ContentsCode]=*&valuecodes[Tid]=*"
)


@pytest.fixture(scope="module")
def cells(address: str) -> Cells:
    found = bank_cells(address, ASKED)
    assert len(found) == 2 * 2 * 2 * 22
    assert {status for _, status in found.values()} == {"A", "Q"}
    return found


def rows(listed: list[dict[str, object]]) -> Cells:
    """What a table of observations says."""
    return {
        tuple(str(row[name]) for name in NAMES): (number(row["OBS_VALUE"]), str(row["OBS_STATUS"]))
        for row in listed
    }


def number(value: object) -> float | None:
    found = float(str(value)) if str(value) not in ("", "<NA>", "None") else math.nan
    return None if math.isnan(found) else found


def read_by_sdmx1(message: object) -> Cells:
    found: Cells = {}
    for one in message.data[0].obs:  # type: ignore[attr-defined]
        codes = {name: str(value.value) for name, value in one.key.values.items()}
        status = one.attached_attribute["OBS_STATUS"].value
        found[tuple(codes[name] for name in NAMES)] = number(one.value), status
    return found


def client(root: str, version: str) -> sdmx.Client:
    source = {"id": "FOLKESTROM", "name": "", "url": f"{root}/{version[:3]}", "versions": [version]}
    sdmx.add_source(source, override=True)
    return sdmx.Client("FOLKESTROM")


def test_sdmx1_lists_reads_structures_and_data(root: str, cells: Cells) -> None:
    bank = client(root, "2.1")
    assert {id: f"{flow.name}" for id, flow in bank.dataflow().dataflow.items()} == {
        "B1001": "Population"
    }
    message = bank.dataflow("B1001")
    structure = message.structure["DSD_B1001"]
    assert [one.id for one in structure.dimensions.components] == list(NAMES)
    ages = message.codelist["CL_B1001_ALDER"]
    assert f"{ages['104'].name}" == "104 years"
    assert len(ages.items) == 106 + 1  # and the total
    key = KEY.replace("*", "")
    assert read_by_sdmx1(bank.data("B1001", key=key)) == cells
    # By names, which it checks against the code lists, and in the structure's own elements.
    named = {"Region": "1103", "Alder": "104+105"}
    assert read_by_sdmx1(bank.data("B1001", key=named, dsd=structure)) == cells
    newest = bank.data("B1001", key=key, params={"lastNObservations": 2})
    since = bank.data("B1001", key=key, params={"startPeriod": "2020"})
    assert (
        read_by_sdmx1(newest)
        == read_by_sdmx1(since)
        == {codes: cell for codes, cell in cells.items() if codes[-1] in ("2020", "2021")}
    )
    with pytest.raises(requests.HTTPError) as refused:
        bank.data("B1001", key={"Region": "9999"}, dsd=structure)
    assert "'9999' is no code of Region" in refused.value.response.json()["detail"]


def test_sdmx1_reads_sdmx_3(root: str, cells: Cells) -> None:
    bank = client(root, "3.0.0")
    structure = bank.dataflow("B1001", params={"references": "all"}).structure["DSD_B1001"]
    assert read_by_sdmx1(bank.data("B1001", key=KEY, dsd=structure)) == cells


def test_pysdmx_discovers_and_reads(root: str, cells: Cells) -> None:
    bank = SdmxConnector(f"{root}/3.0")
    (flow,) = bank.dataflows("population")
    described = bank.dataflow(flow)
    assert described.obs_count == 5 * 2 * 106 * 22 * 2
    assert [code.name for code in described.components["Kjonn"].enumeration] == [
        "Males", "Females", "Total",
    ]  # fmt: skip
    some = bank.dataflow(flow, "Region IN ('03', '11') AND TIME_PERIOD < '2002'")
    assert some.obs_count == 2 * 2 * 106 * 2 * 2
    found = bank.data(flow, "Region = '1103' AND Alder IN ('104', '105')")
    assert rows(list(found)) == cells


def test_pysdmx_reads_a_registry(root: str) -> None:
    registry = RegistryClient(f"{root}/3.0", StructureFormat.SDMX_JSON_2_0_0)
    places = registry.get_codes("FOLKESTROM", "CL_B1001_REGION")
    assert [code.id for code in places] == ["0", "03", "11", "0301", "1103"]
    concepts = registry.get_concepts("FOLKESTROM", "CS_B1001")
    assert [one.id for one in concepts] == [*NAMES[:3], *NAMES[:2:-1], "OBS_VALUE", "OBS_STATUS"]
    schema = registry.get_schema("dataflow", "FOLKESTROM", "B1001", "1.0.0")
    assert len(schema.components["ContentsCode"].enumeration) == 2


@pytest.mark.parametrize("media", FORMATS)
@pytest.mark.parametrize("path", ["2.1/data/FOLKESTROM,B1001,1.0.0", "3.0/data/dataflow/*/B1001/+"])
def test_every_format_says_the_same(root: str, cells: Cells, path: str, media: str) -> None:
    answer = httpx.get(f"{root}/{path}/{KEY}", headers={"Accept": media})
    assert (answer.headers["content-type"], answer.headers["vary"][:6]) == (media, "Accept")
    assert rows(read_sdmx(answer.text).data[0].data.to_dict("records")) == cells
    if "csv" in media:
        assert rows(list(csv.DictReader(io.StringIO(answer.text)))) == cells


def test_structures_are_the_same_in_both_versions(root: str) -> None:
    said = []
    for path, media in (("2.1", ML.format("structure", "2.1")),
                        ("3.0/structure", ML.format("structure", "3.0.0"))):  # fmt: skip
        answer = httpx.get(f"{root}/{path}/dataflow/FOLKESTROM/B1001?references=descendants")
        assert answer.headers["content-type"] == media
        message = read_sdmx(answer.text)
        said.append([
            [one.short_urn for one in message.structures],
            [(code.id, code.name) for one in message.get_codelists() for code in one],
        ])  # fmt: skip
    assert said[0] == said[1]
    assert len(said[0][0]) == 1 + 1 + 1 + 5


def test_a_total_is_what_the_bank_says_when_a_variable_is_left_out(address: str, root: str) -> None:
    path = "data/dataflow/FOLKESTROM/B1001/+/0+03._T._T.*?c[TIME_PERIOD]=ge:2020+le:2020"
    answer = httpx.get(f"{root}/3.0/{path}", headers={"Accept": CSV.format("2.0.0")})
    found = rows(list(csv.DictReader(io.StringIO(answer.text))))
    listed = httpx.get(
        f"{address}/tables/B1001/data?valuecodes[Region]=0,03&valuecodes[ContentsCode]=*"
        "&valuecodes[Tid]=2020"
    ).json()
    assert [value for value, _ in found.values()] == listed["value"]
    # Shares do not add up.
    assert [status for _, status in found.values()] == ["A", "O", "A", "O"]
    assert list(listed["status"].values()) == ["..", ".."]


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("2.1/data/B9999", 404, "B9999"),
        ("2.1/data", 404, "/tables"),
        ("3.0/data/*", 404, "/tables"),
        ("2.1/data/B1001", 413, "20,000"),
        ("2.1/data/B1001/0..104", 400, "Region.Kjonn.Alder.ContentsCode"),
        ("2.1/data/B1001/9...", 400, "CL_|DSD_B1001"),
        ("2.1/data/B1001/0.1+_T..", 400, "_T"),
        ("2.1/data/B1001/0._T._T.?startPeriod=now", 400, "2020-Q1"),
        ("2.1/data/B1001/0._T._T.?endPeriod=2020-13", 400, "2020-13"),
        ("2.1/data/B1001/0._T._T.?endPeriod=1999", 404, "TIME_PERIOD"),
        ("2.1/data/B1001/0._T._T.?lastNObservations=0", 400, "lastNObservations"),
        ("2.1/data/B1001/0._T._T.?dimensionAtObservation=X", 400, "AllDimensions"),
        ("2.1/data/ELSEWHERE,B1001,1.0/all", 404, "FOLKESTROM"),
        ("2.1/dataflow/FOLKESTROM/B1001/2.0", 404, "vintage"),
        ("2.1/codelist/FOLKESTROM/CL_X", 404, "CL_X"),
        ("2.1/organisationscheme", 404, "codelist"),
        ("3.0/data/provisionagreement/FOLKESTROM/B1001", 404, "dataflow"),
        ("3.0/data/dataflow/FOLKESTROM/B1001/+/*?c[X]=1", 400, "TIME_PERIOD"),
        ("3.0/data/dataflow/FOLKESTROM/B1001/+/*?c[Region]=ge:1", 400, "sw"),
    ],
)
def test_what_cannot_be_answered_says_what_can(
    root: str, path: str, status: int, said: str
) -> None:
    answer = httpx.get(f"{root}/{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (
        status, "application/problem+json",
    )  # fmt: skip
    assert any(one in answer.json()["detail"] for one in said.split("|"))


def test_what_is_not_written_and_how_often_one_may_ask(root: str, address: str) -> None:
    answer = httpx.get(f"{root}/2.1/dataflow", headers={"Accept": "application/pdf"})
    assert (answer.status_code, "structure+xml" in answer.json()["detail"]) == (406, True)
    # An answer that is kept is kept for what was accepted.
    assert httpx.get(f"{root}/2.1/dataflow").content[:5] == b"<?xml"


def test_who_calls_too_often_is_told_to_wait(tmp_path: object, address: str) -> None:
    from pathlib import Path

    with served(Bank(Shelf(Path(str(tmp_path))), Limits(calls=1, window=60))) as found:
        base = found.replace("/pxwebapi/v2", "/sdmx")
        answers = [httpx.get(f"{base}/2.1/dataflow") for _ in range(2)]
        assert [one.status_code for one in answers] == [200, 429]
        assert answers[1].headers["retry-after"] == "60"


def test_without_pysdmx_the_rest_is_answered(
    address: str, root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(folkestrom.publish.sdmx, "messages", raising=False)
    monkeypatch.setitem(sys.modules, "folkestrom.publish.sdmx.messages", None)
    answer = httpx.get(f"{root}/2.1/dataflow/all/all?unknown=1")
    assert (answer.status_code, "folkestrom[sdmx]" in answer.json()["detail"]) == (501, True)
    assert httpx.get(f"{address}/tables").status_code == 200


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("eq:0301,03", ["03", "0301"]), ("0301", ["0301"]), ("ne:0", ["03", "11", "0301", "1103"]),
        ("sw:03", ["03", "0301"]), ("ew:03", ["03", "1103"]), ("co:30", ["0301"]),
        ("nc:1", ["0", "03"]), ("sw:0+ew:1", ["0301"]),
    ],
)  # fmt: skip
def test_filters(condition: str, expected: list[str]) -> None:
    found = asked(Structure(definition()), KeyQuery("", [("Region", condition)]))
    assert found.values["Region"] == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("ge:2020", ["2020", "2021"]), ("gt:2020", ["2021"]), ("le:2000", ["2000"]),
        ("lt:2001", ["2000"]), ("ge:2020-06", ["2021"]), ("le:2001-06-30", ["2000"]),
        ("gt:2020-Q2", ["2021"]), ("ge:2020+le:2020", ["2020"]),
    ],
)  # fmt: skip
def test_limits_of_time(condition: str, expected: list[str]) -> None:
    found = asked(Structure(definition()), KeyQuery("", [("TIME_PERIOD", condition)]))
    assert found.values["Tid"] == expected
    with pytest.raises(Problem):
        asked(Structure(definition()), KeyQuery("", [("TIME_PERIOD", "ge:yesterday")]))
