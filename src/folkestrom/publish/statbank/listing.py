"""What there is to ask: tables, code lists, and what the interface itself allows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Any, Final

from folkestrom.model.specification import Language, Text
from folkestrom.publish.formats.cube import CONTENTS_LABEL, SOURCE
from folkestrom.publish.statbank.dataset import (
    Addresses,
    Published,
    kind_of,
    time_unit,
    title,
    whole,
)
from folkestrom.publish.statbank.problems import (
    NO_CODE_LIST,
    NO_PAGE,
    NO_TABLE,
    Problem,
    quoted,
)

#: The version of PxWebApi that is spoken.
API_VERSION: Final = "2.0.0"
LICENCE: Final = "https://creativecommons.org/licenses/by/4.0/"
_LANGUAGES: Final = {Language.NO: "Norsk", Language.EN: "English"}
_SOURCE: Final = Text("Source: folkestrom", "Kilde: folkestrom")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client may ask for.

    Parameters
    ----------
    cells
        Most cells of one answer.
    calls, window
        Most calls in so many seconds; 0 and 0: as many as it likes.
    """

    cells: int = 800_000
    calls: int = 0
    window: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tables are looked for.

    Parameters
    ----------
    words
        All of them in the title, the number, or what is told apart by.
    since
        Updated then or later.
    page, size
        Which page of so many tables.
    """

    words: str = ""
    since: datetime | None = None
    page: int = 1
    size: int = 20


def config(limits: Limits, formats: Sequence[str], default: Language) -> dict[str, Any]:
    """What the interface allows.

    Parameters
    ----------
    limits
        What one client may ask for.
    formats
        Formats of data, the default first.
    default
        Language of answers to whoever names none.
    """
    return {
        "apiVersion": API_VERSION,
        "appVersion": version("folkestrom"),
        "languages": [{"id": one.value, "label": label} for one, label in _LANGUAGES.items()],
        "defaultLanguage": default.value,
        "maxDataCells": limits.cells,
        "maxCallsPerTimeWindow": limits.calls,
        "timeWindow": limits.window,
        "license": LICENCE,
        "sourceReferences": [
            {"language": one.value, "text": _SOURCE.of(one)} for one in _LANGUAGES
        ],
        "defaultDataFormat": formats[0],
        "dataFormats": list(formats),
        "features": [{"id": "CORS", "params": [{"key": "enabled", "value": "True"}]}],
    }


def table_of(tables: Mapping[str, Published], id: str) -> Published:
    """The table of a number: its own, or that of the table elsewhere that it resembles.

    Parameters
    ----------
    tables
        The tables by their own numbers.
    id
        What was asked for.
    """
    found = tables.get(id.upper()) or next(
        (table for table in tables.values() if id in table.definition.resembles), None
    )
    if found is None:
        raise Problem(NO_TABLE, f"there is no table {quoted(id)}; /tables lists all.", 404)
    return found


def table_entry(table: Published, language: Language, addresses: Addresses) -> dict[str, Any]:
    """One table as lists have it.

    Parameters
    ----------
    table
        The table.
    language, addresses
        Language of its texts, and where links lead.
    """
    made = table.definition
    label, path = title(made, whole(made), language), f"/tables/{made.id}"
    labels = [variable.label.of(language) for variable in made.variables]
    times = made.time.values
    subject = {"id": made.subject, "label": made.subject_label.of(language)}
    other = Language.NO if language is Language.EN else Language.EN
    return {
        "id": made.id,
        "label": label,
        "description": "",
        "sortCode": made.id,
        "updated": table.stamp,
        "firstPeriod": times[0].code,
        "lastPeriod": times[-1].code,
        "category": "public",
        "variableNames": [*labels[:-1], CONTENTS_LABEL.of(language).lower(), labels[-1]],
        "discontinued": False,
        "source": SOURCE.of(language),
        "subjectCode": made.subject,
        "timeUnit": time_unit(made.time),
        "paths": [[subject | {"sortCode": made.subject}]],
        "links": [
            addresses.to("self", path, language),
            addresses.to("alternate", path, other),
            addresses.to("metadata", f"{path}/metadata", language),
            addresses.to("data", f"{path}/data", language, "&outputFormat=json-stat2"),
        ],
    }


def tables_page(
    tables: Mapping[str, Published], wanted: Wanted, language: Language, addresses: Addresses
) -> dict[str, Any]:
    """A page of the list of tables.

    Parameters
    ----------
    tables
        The tables by their numbers.
    wanted
        Which of them.
    language, addresses
        Language of their texts, and where links lead.
    """
    entries = [table_entry(table, language, addresses) for table in _recent(tables, wanted)]
    words = wanted.words.casefold().split()
    found = [entry for entry in entries if all(word in _searched(entry) for word in words)]
    pages = max(1, math.ceil(len(found) / wanted.size))
    if not 1 <= wanted.page <= pages:
        raise Problem(NO_PAGE, f"there are {pages} pages.", 404)
    start = (wanted.page - 1) * wanted.size
    near = {"previous": wanted.page - 1, "next": wanted.page + 1, "last": pages}
    links = [
        addresses.to(rel, "/tables", language, f"&pageSize={wanted.size}&pageNumber={page}")
        for rel, page in near.items()
        if 1 <= page <= pages
    ]
    return {
        "language": language.value,
        "tables": found[start : start + wanted.size],
        "page": {
            "pageNumber": wanted.page,
            "pageSize": wanted.size,
            "totalElements": len(found),
            "totalPages": pages,
            "links": links,
        },
        "links": [addresses.to("self", "/tables", language)],
    }


def _recent(tables: Mapping[str, Published], wanted: Wanted) -> list[Published]:
    listed = sorted(tables.values(), key=lambda table: table.definition.id)
    since = wanted.since
    return listed if since is None else [table for table in listed if table.updated >= since]


def _searched(entry: Mapping[str, Any]) -> str:
    return f"{entry['id']} {entry['label']} {' '.join(entry['variableNames'])}".casefold()


def code_list(
    tables: Mapping[str, Published], id: str, language: Language, addresses: Addresses
) -> dict[str, Any]:
    """A code list, whichever table has it.

    Parameters
    ----------
    tables
        The tables.
    id
        Its name.
    language, addresses
        Language of its texts, and where links lead.
    """
    for table in tables.values():
        for variable in table.definition.variables:
            for found in variable.code_lists:
                if found.id.casefold() == id.casefold():
                    values = [
                        {"code": g.code, "label": g.label.of(language), "valueMap": list(g.of)}
                        for g in found.groups
                    ]
                    return {
                        "id": found.id,
                        "label": found.label.of(language),
                        "language": language.value,
                        "languages": [one.value for one in _LANGUAGES],
                        "elimination": False,
                        "type": kind_of(found),
                        "values": values,
                        "links": [addresses.to("self", f"/codelists/{found.id}", language)],
                    }
    raise Problem(NO_CODE_LIST, f"there is no code list {quoted(id)}.", 404)


def default_selection(
    values: Mapping[str, Sequence[str]], language: Language, address: dict[str, str],
    heading: Sequence[str], stub: Sequence[str],
) -> dict[str, Any]:  # fmt: skip
    """What a table answers to whoever asks for nothing in particular.

    Parameters
    ----------
    values
        By variable, the codes.
    language
        Language of the answer.
    address
        The link to itself.
    heading, stub
        Variables that go across, and down.
    """
    return {
        "selection": [
            {"variableCode": name, "valueCodes": list(codes)} for name, codes in values.items()
        ],
        "placement": {"heading": list(heading), "stub": list(stub)},
        "language": language.value,
        "links": [address],
    }
