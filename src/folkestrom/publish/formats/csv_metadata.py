"""What a CSV file cannot say of itself: a file beside it, as "CSV on the Web" describes tables.

`NAME.csv-metadata.json` is where that standard of the W3C looks for it; the CSV file itself stays
what every program reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

_CONTEXT: Final = "http://www.w3.org/ns/csvw"
#: What a description says, by the terms of Dublin Core.
_TERMS: Final = {
    "id": "dc:identifier",
    "fingerprint": "dc:identifier",
    "title": "dc:title",
    "contents": "dc:description",
    "reference_time": "dc:temporal",
    "method": "dc:provenance",
    "footnotes": "rdfs:comment",
}


def metadata_path(to: Path) -> Path:
    """Where the description of a CSV file stands.

    Examples
    --------
    >>> metadata_path(Path("rates.csv")).name
    'rates.csv-metadata.json'
    """
    return to.with_name(f"{to.name}-metadata.json")


def csv_metadata(name: str, schema: pa.Schema, description: Mapping[str, Any]) -> dict[str, Any]:
    """The description of a CSV file: title, what was known, notes, and its columns.

    Parameters
    ----------
    name
        Of the CSV file.
    schema
        Its columns.
    description
        What it says of itself: as `TableSpecification.described` has it, or parts of that.

    Examples
    --------
    >>> found = csv_metadata("t.csv", pa.schema({"sex": pa.string()}), {"title": "By sex"})
    >>> found["dc:title"], found["tableSchema"]["columns"][0]["datatype"]
    ('By sex', 'string')
    """
    told = [*description.get("dimensions", ()), *description.get("measures", ())]
    of = {one["id"]: one for one in told}
    known, vintage = (description.get(name, "") for name in ("knowledge_time", "vintage"))
    return {
        "@context": [_CONTEXT, {"@language": description.get("language", "en")}],
        "url": name,
        **{_TERMS[term]: text for term, text in description.items() if term in _TERMS and text},
        "dc:available": f"{known} ({vintage})" if vintage else known,
        # "Arbitrary annotations on the table", which other programs leave alone.
        **({"notes": [{"folkestrom": dict(description)}]} if told else {}),
        "tableSchema": {"columns": [_column(field, of.get(field.name, {})) for field in schema]},
    }


def description_in(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """What the description of a CSV file was made from.

    Parameters
    ----------
    metadata
        What stands in the file beside it.

    Raises
    ------
    KeyError
        It does not say.
    """
    (note,) = metadata["notes"]
    found: dict[str, Any] = note["folkestrom"]
    numbers = {c["name"] for c in metadata["tableSchema"]["columns"] if c["datatype"] == "integer"}
    dimensions = [one | {"numeric": one["id"] in numbers} for one in found["dimensions"]]
    return found | {"dimensions": dimensions}


def _column(field: pa.Field, told: Mapping[str, Any]) -> dict[str, Any]:
    unit = {"schema:unitText": told["unit"]} if told.get("unit") else {}
    return {
        "name": field.name,
        "titles": told.get("label") or field.name,
        "datatype": _datatype(field.type),
        "null": "",
        **unit,
    }


def _datatype(type: pa.DataType) -> str:
    if pa.types.is_integer(type):
        return "integer"
    if pa.types.is_floating(type):
        return "number"
    return "date" if pa.types.is_date(type) else "string"
