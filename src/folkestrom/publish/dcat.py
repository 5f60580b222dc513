"""The catalogue of what is out for other catalogues: DCAT-AP, with what DCAT-AP-NO 3 asks for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from folkestrom.model.specification import Language, Text
from folkestrom.publish.statbank.dataset import Published, time_unit, title, whole
from folkestrom.publish.statbank.files import MEDIA
from folkestrom.publish.statbank.periods import days, period
from folkestrom.publish.tables.definition import CONTENTS, Definition

_NAMES: Final = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_LISTS: Final = "http://publications.europa.eu/resource/authority"
_LICENCE: Final = f"{_LISTS}/licence/CC_BY_4_0"
_PUBLIC: Final = f"{_LISTS}/access-right/PUBLIC"
#: Population and society.
_THEME: Final = f"{_LISTS}/data-theme/SOCI"
_EVERY: Final = {
    "Annual": "ANNUAL",
    "Quarterly": "QUARTERLY",
    "Monthly": "MONTHLY",
    "Weekly": "WEEKLY",
}
_TAGS: Final = {Language.EN: "en", Language.NO: "nb"}
_OFFICE: Final = Text("Statistics office", "Statistikkontoret")
_TITLE: Final = Text("Statistics", "Statistikk")
_ABOUT: Final = Text("Every table that is released.", "Alle tabeller som er publisert.")
#: Formats that a whole table is fetched in.
FORMATS: Final = ("json-stat2", "csv", "parquet")

_Node = dict[str, Any]


def whole_table(
    api: str, made: Definition, form: str, language: Language, vintage: str = ""
) -> str:
    """The address of all cells of a table.

    Parameters
    ----------
    api
        Where the interface is.
    made, form, language
        The table, the format, and the language of its texts.
    vintage
        The release that it is of; empty: the newest.
    """
    names = [*(variable.id for variable in made.variables), CONTENTS]
    values = "".join(f"&valuecodes%5B{quote(name, safe='')}%5D=%2A" for name in names)
    path = f"{api}/tables/{quote(made.id, safe='')}/data"
    of = f"&vintage={quote(vintage, safe='')}" if vintage else ""
    return f"{path}?lang={language.value}&outputFormat={form}{values}{of}"


def catalogue(tables: Mapping[str, Published], site: str, api: str, most: int) -> _Node:
    """The catalogue as a tree of JSON-LD.

    Parameters
    ----------
    tables
        The tables that are out.
    site, api
        Where the web site and the interface are.
    most
        The most cells of one answer: larger tables are not fetched in one.
    """
    office = {"@id": f"{site}/#office", "@type": "foaf:Agent", "foaf:name": _texts(_OFFICE)}
    contact = {
        "@id": f"{site}/#contact", "@type": "vcard:Organization",
        "vcard:fn": _texts(_OFFICE), "vcard:hasURL": _at(f"{site}/en/about"),
    }  # fmt: skip
    said = {"dct:publisher": office, "dcat:contactPoint": contact}
    service = said | {
        "@id": api, "@type": "dcat:DataService", "dct:title": _texts(Text("PxWebApi", "PxWebApi")),
        "dcat:endpointURL": _at(api), "dcat:endpointDescription": _at(f"{api}/openapi.json"),
        "dct:license": _at(_LICENCE),
    }  # fmt: skip
    found = [_dataset(table, site, api, most) | said for table in tables.values()]
    service["dcat:servesDataset"] = [_at(one["@id"]) for one in found]
    return {"@context": _NAMES} | said | {
        "@id": f"{site}/#catalogue", "@type": "dcat:Catalog", "dct:title": _texts(_TITLE),
        "dct:description": _texts(_ABOUT), "foaf:homepage": _at(f"{site}/"),
        "dct:license": _at(_LICENCE), "dcat:dataset": found, "dcat:service": service,
    }  # fmt: skip


def _dataset(table: Published, site: str, api: str, most: int) -> _Node:
    made = table.definition
    cells = whole(made)
    page = f"{site}/en/tables/{quote(made.id, safe='')}"
    about = Text(*(f"{title(made, cells, one)}. {made.method.of(one)}".strip() for one in _TAGS))
    first, last = (days(period(made.time.values[n].code))[side] for n, side in ((0, 0), (-1, 1)))
    unit = time_unit(made.time).upper()
    every = unit if unit in _EVERY else "IRREG"
    distributions = [
        {
            "@id": f"{page}#{form}", "@type": "dcat:Distribution", "dcat:accessURL": _at(page),
            "dct:title": _texts(Text(form, form)), "dct:license": _at(_LICENCE),
            "dcat:mediaType": _at(
                f"https://www.iana.org/assignments/media-types/{MEDIA[form].partition(';')[0]}"
            ),
            "dcat:accessService": _at(api),
        }
        | ({"dcat:downloadURL": _at(whole_table(api, made, form, Language.EN))}
           if cells.size <= most else {})
        for form in FORMATS
    ]  # fmt: skip
    return {
        "@id": f"{page}#table", "@type": "dcat:Dataset", "dct:title": _texts(made.title),
        "dct:description": _texts(about), "dct:identifier": _literal(made.id),
        "dcat:theme": _at(_THEME), "dct:accessRights": _at(_PUBLIC), "dcat:landingPage": _at(page),
        "dct:modified": _literal(table.stamp, "xsd:dateTime"),
        "dct:accrualPeriodicity": _at(f"{_LISTS}/frequency/{every}"),
        "dct:temporal": {
            "@id": f"{page}#time", "@type": "dct:PeriodOfTime",
            "dcat:startDate": _literal(f"{first}", "xsd:date"),
            "dcat:endDate": _literal(f"{last}", "xsd:date"),
        },
        "dcat:keyword": [word for one in made.variables for word in _texts(one.label)],
        "dct:language": [_at(f"{_LISTS}/language/{code}") for code in ("ENG", "NOB")],
        "dcat:distribution": distributions,
    }  # fmt: skip


def _at(address: str) -> _Node:
    return {"@id": address}


def _literal(value: str, type: str = "xsd:string") -> _Node:
    return {"@value": value, "@type": type}


def _texts(text: Text) -> list[_Node]:
    return [{"@value": text.of(one), "@language": tag} for one, tag in _TAGS.items()]


def turtle(node: _Node) -> str:
    r"""A tree of JSON-LD as Turtle.

    Parameters
    ----------
    node
        The tree: every node has a name.

    Examples
    --------
    >>> print(turtle({"@context": {}, "@id": "a:b", "@type": "c:D", "c:e": {"@value": 'f"'}}))
    <BLANKLINE>
    <a:b> a c:D ;
      c:e "f\"" .
    """
    prefixes = [f"@prefix {name}: <{address}> .\n" for name, address in node["@context"].items()]
    blocks = {
        one["@id"]: f"\n<{one['@id']}> a {one['@type']} ;\n  "
        + " ;\n  ".join(
            f"{name} {', '.join(map(_term, _listed(value)))}"
            for name, value in one.items()
            if not name.startswith("@")
        )
        + " ."
        for one in _nodes(node)
    }
    return "".join([*prefixes, *blocks.values()])


def _listed(value: Any) -> list[_Node]:
    return value if isinstance(value, list) else [value]


def _nodes(node: _Node) -> Iterator[_Node]:
    """A node that more is said of than its name, and those within."""
    if "@type" in node and "@id" in node:
        yield node
        for value in node.values():
            for one in _listed(value):
                if isinstance(one, dict):
                    yield from _nodes(one)


def _term(value: _Node) -> str:
    """A name or a literal: strings of JSON are strings of Turtle."""
    if "@id" in value:
        return f"<{value['@id']}>"
    tag = f"@{value['@language']}" if "@language" in value else ""
    type = f"^^{value['@type']}" if "@type" in value else ""
    return json.dumps(value["@value"], ensure_ascii=False) + tag + type
