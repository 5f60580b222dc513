"""Asks a server as `dapla-statbank-client` does, in an environment of its own; prints JSON."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Callable
from typing import Any

import statbank
from statbank.api_exceptions import StatbankVariableSelectionError, TooBigRequestError


def selection(values: dict[str, list[str]]) -> dict[str, Any]:
    return {
        "query": [
            {"code": code, "selection": {"filter": "item", "values": chosen}}
            for code, chosen in values.items()
        ],
        "response": {"format": "json-stat2"},
    }


def refused(error: type[Exception], ask: Callable[[], object]) -> str:
    try:
        ask()
    except error as found:
        return f"{found}"
    raise AssertionError("it was answered")


def first_version(base: str, values: dict[str, list[str]]) -> dict[str, Any]:
    """What works with any server: the address of a table in version 1 of the interface."""
    url = f"{base.replace('pxwebapi/v2', 'v0/en/table')}/07459"
    wrong = selection(values | {"Region": ["9999"]})
    return {
        "rows": statbank.apidata(url, selection(values), include_id=True).to_dict("records"),
        "variables": [one["code"] for one in statbank.apimetadata(url)["variables"]],
        "ages": len(statbank.apicodelist(url, "Alder")),
        "wrong": refused(StatbankVariableSelectionError, lambda: statbank.apidata(url, wrong)),
        "too many": refused(TooBigRequestError, lambda: statbank.apidata_all(url)),
    }


def second_version(base: str, values: dict[str, list[str]]) -> dict[str, Any]:
    """What a number of a table asks: version 2, of Statistics Norway unless it is told where."""
    import pxwebapi
    from furl import furl

    pxwebapi.STATBANK_CONFIG = pxwebapi.PxAPIConfig(furl(f"{base}/"))
    groups = {"Alder": {"filter": "agg:TiAar", "values": ["F01"]}}
    asked = selection({name: codes for name, codes in values.items() if name != "Alder"})
    for code, chosen in groups.items():
        asked["query"].append({"code": code, "selection": chosen})
    return {
        "rows": statbank.apidata("07459", selection(values), include_id=True).to_dict("records"),
        "groups": statbank.apidata("07459", asked)["value"].tolist(),
        "counties": statbank.apicodelist("07459", "Region"),
        "all": len(statbank.apidata_all("07459")),
    }


def main() -> None:
    base, values = sys.argv[1], json.loads(sys.argv[2])
    found = {"first": first_version(base, values)}
    if importlib.util.find_spec("pxwebapi") and len(sys.argv) == 3:
        found["second"] = second_version(base, values)
    print(json.dumps(found, default=lambda value: value.item()), flush=True)
    # Threads of Arrow that still read ahead may abort the interpreter as it ends.
    os._exit(0)


if __name__ == "__main__":
    main()
