"""Clients of statistics banks, unchanged but for the base address, each at a user's jobs.

Those that need other libraries than ours run in an environment of their own, which
`make test-clients` installs; without it they are skipped. Of those that no registry of Python or
npm has (R's pxweb and PxWebApiData, PxWeb's front end), the calls are made as they make them.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from folkestrom.app.public.statbank import Bank
from folkestrom.publish.releases.shelf import Shelf
from folkestrom.publish.statbank.listing import Limits
from tests.app.public.test_server import SELECTION, expected, served
from tests.publish.small_bank import figures, shelf_with

ROOT = Path(__file__).parents[3]
APART = ROOT / ".venv-clients"
SCRIPTS = Path(__file__).parent / "clients"


def run(client: str, address: str, package: str = "", *more: str) -> dict[str, Any]:
    """What a client printed, in the environment of its own."""
    if client.endswith(".mjs"):
        program = [shutil.which("node"), str(SCRIPTS / client), str(APART)]
        there = program[0] and (APART / "node_modules").is_dir()
    else:
        program = [str(APART / "bin/python"), str(SCRIPTS / client)]
        there = bool(list(APART.glob(f"lib/*/site-packages/{package}")))
    if not there:
        pytest.skip(f"{package or client} is not installed: make test-clients")
    command = [*map(str, program), address, json.dumps(SELECTION), *more]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def told_by_dapla(found: dict[str, Any]) -> None:
    assert [row["value"] for row in found["rows"]] == expected()
    assert [row["region"] for row in found["rows"]] == ["Hele landet"] * 2 + ["Oslo"] * 2
    assert found["variables"] == ["Region", "Kjonn", "Alder", "ContentsCode", "Tid"]
    assert found["ages"] == 106
    assert "9999" in found["wrong"]
    assert "too big" in found["too many"]


def test_dapla_statbank_client(address: str) -> None:
    found = run("dapla.py", address, "statbank")
    told_by_dapla(found["first"])
    if "second" not in found:
        return  # the client of Python before 3.12 knows version 1 only
    second = found["second"]
    assert [row["value"] for row in second["rows"]] == expected()
    persons = figures().values["Personer1"]
    groups = persons[:2, :, 10:20, -2:].sum(axis=(1, 2))
    assert second["groups"] == groups.ravel().tolist()
    assert second["counties"]["03"] == "Oslo"
    assert second["all"] == 46_640  # more than one call may have


def test_dapla_statbank_client_waits_when_told_to(tmp_path: Path) -> None:
    shelf = Shelf(shelf_with(tmp_path))
    with served(Bank(shelf, Limits(cells=20_000, calls=4, window=1))) as found:
        # Version 1 alone: what it asks version 2 with stops at any limit that it is told of.
        told_by_dapla(run("dapla.py", found, "statbank", "1")["first"])


def test_ssb_pxapi2_arrow(address: str) -> None:
    found = run("arrow.py", address, "pxwebapi")
    assert (found["cells"], found["all"]) == (20_000, 23_320)  # contents stand beside each other
    assert found["variables"] == ["Region", "Kjonn", "Alder", "ContentsCode", "Tid"]
    assert found["counties"] == ["03", "11"]
    table = found["table"]
    assert (table["value"], table["value_symbol"]) == (expected(), [None] * 4)
    assert table["region"] == ["0", "0", "03", "03"]
    assert table["timestamp"] == ["2020-01-01 00:00:00+00:00", "2021-01-01 00:00:00+00:00"] * 2
    assert "Region" in found["wrong"]


def test_jsonstat_toolkit(address: str) -> None:
    found = run("toolkit.mjs", address)
    assert [row["value"] for row in found["rows"]] == found["older"] == expected()
    assert (found["value"], found["places"]) == (expected()[-1], ["Hele landet", "Oslo"])
    assert found["roles"]["geo"] == ["Region"]


def test_the_calls_of_pxweb_in_r(address: str) -> None:
    table = address.replace("pxwebapi/v2", "v0/en/table") + "/B1001"
    parts = table.split("/")
    # It asks every address above the table for its limits, and takes the first that has them.
    answers = [httpx.get(f"{'/'.join(parts[:n])}?config") for n in range(3, len(parts) + 1)]
    limits = [one.json() for one in answers if "maxValues" in one.text]
    assert len(limits) == 1
    assert set(limits[0]) >= {"maxValues", "maxCells", "maxCalls", "timeWindow", "CORS"}
    assert limits[0]["maxValues"] == limits[0]["maxCells"]
    names = [(v["code"], v["text"], len(v["values"])) for v in httpx.get(table).json()["variables"]]
    assert ("Alder", "age", 106) in names
    query = [
        {"code": c, "selection": {"filter": "item", "values": v}} for c, v in SELECTION.items()
    ]
    body = {"query": query, "response": {"format": "json"}}
    answer = httpx.post(table, content=json.dumps(body)).json()
    assert [one["type"] for one in answer["columns"]] == ["d", "t", "c"]
    assert [row["values"] for row in answer["data"]] == [[f"{value}"] for value in expected()]


def test_the_calls_of_pxwebapidata_in_r(address: str) -> None:
    asked = {f"valueCodes[{name}]": ",".join(codes) for name, codes in SELECTION.items()}
    asked |= {"outputValues[Region]": "aggregated", "outputFormat": "json-stat2", "lang": "en"}
    data = f"{address}/tables/07459/data"
    assert httpx.get(data, params=asked).json()["value"] == expected()
    metadata = httpx.get(data.replace("/data", "/metadata"), params={"lang": "en"}).json()
    for variable in metadata["dimension"].values():
        extension = variable["extension"]
        assert isinstance(extension["elimination"], bool)
        for one in extension["codelists"]:
            (link,) = one["links"]
            assert httpx.get(link["href"]).json()["id"] == one["id"]


def test_the_calls_of_pxwebs_front_end(address: str) -> None:
    tables = httpx.get(f"{address}/tables?includeDiscontinued=true&pageSize=10000&lang=no").json()
    (table,) = tables["tables"]
    at = f"{address}/tables/{table['id']}"
    shown = httpx.get(f"{at}/metadata?lang=no&defaultSelection=true").json()
    chosen = httpx.get(f"{at}/defaultselection?lang=no").json()
    assert {one["variableCode"] for one in chosen["selection"]} == set(shown["dimension"])
    body = {"selection": chosen["selection"], "placement": chosen["placement"]}
    answer = httpx.post(f"{at}/data?lang=no&outputFormat=json-stat2", json=body).json()
    assert (answer["id"], len(answer["value"])) == (shown["id"], 13)
