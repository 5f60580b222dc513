"""Results in files, as cells again: whatever this program wrote, with what it said of itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from itertools import product
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet

from folkestrom.errors import InputRefused
from folkestrom.model.cells import Cells, with_description
from folkestrom.model.described import cells_of, description_of
from folkestrom.model.file_format import format_of
from folkestrom.model.specification import Language
from folkestrom.publish.formats.csv_metadata import description_in, metadata_path
from folkestrom.publish.formats.cube import CONTENTS
from folkestrom.publish.formats.layout import SUPPRESSED


def read_result(path: Path, where: str = "FILE") -> tuple[Cells, Language | None]:
    """A result from a file that was written with --output, and the language of its texts, if told.

    Parameters
    ----------
    path
        Parquet, Arrow, JSON, JSON-stat, or CSV with its description beside it.
    where
        What the file was given as.

    Raises
    ------
    InputRefused
        A file that does not say what its columns are, or is none of its format.
    """
    read = format_of(path, _READERS, where, otherwise="Write the result as one of these")
    path.stat()  # a file that is not there is told by the system
    try:
        table = read(path)
    except (ValueError, KeyError, TypeError, AttributeError, pa.ArrowException) as error:
        raise InputRefused(
            "is not a result that was written with --output",
            where=str(path),
            next_step="Write it again, such as by -o result.parquet; CSV needs the file "
            "NAME.csv-metadata.json beside it",
        ) from error
    told = description_of(table).get("language")
    return cells_of(table, str(path)), None if told is None else Language(told)


def _parquet(path: Path) -> pa.Table:
    return pyarrow.parquet.read_table(path)


def _arrow(path: Path) -> pa.Table:
    return pyarrow.feather.read_table(path)


def _json(path: Path) -> pa.Table:
    told = json.loads(path.read_bytes())
    if "specification" not in told:
        return _json_stat(path)
    return with_description(pa.Table.from_pylist(told["cells"]), told["specification"])


def _csv(path: Path) -> pa.Table:
    import polars as pl

    if not metadata_path(path).exists():
        raise ValueError(path)
    told = description_in(json.loads(metadata_path(path).read_bytes()))
    figures = {m["id"]: pl.Float64 for m in told["measures"]}
    frame = pl.read_csv(path, infer_schema=False)
    numeric = [d["id"] for d in told["dimensions"] if d.get("numeric")]
    typed = frame.with_columns(
        *(pl.col(name).cast(kind) for name, kind in figures.items() if name in frame.columns),
        pl.col(numeric).cast(pl.Int64),
    )
    return with_description(typed.to_arrow(), told)


def _json_stat(path: Path) -> pa.Table:
    """A dataset of JSON-stat, of any statistics bank: one of contents becomes measures."""
    told = json.loads(path.read_bytes())
    names, size = told["id"], told["size"]
    codes = {name: _index(told["dimension"][name]["category"]) for name in names}
    contents = next(iter(told.get("role", {}).get("metric", [])), CONTENTS)
    values = told["value"]
    if isinstance(values, Mapping):
        many = 1
        for length in size:
            many *= length
        values = [values.get(str(n)) for n in range(many)]
    status = told.get("status", {})
    hidden = status if isinstance(status, Mapping) else {}
    kept = [name for name in names if name != contents]
    measures = codes.get(contents, ["value"])
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    counted: set[str] = set()
    for n, (place, value) in enumerate(zip(product(*codes.values()), values, strict=True)):
        at = dict(zip(names, place, strict=True))
        row = rows.setdefault(tuple(at[n] for n in kept), {n: at[n] for n in kept})
        row[at.get(contents, "value")] = value
        if hidden.get(str(n)) == SUPPRESSED:
            counted.add(at.get(contents, "value"))
    columns = {name: pa.array([r[name] for r in rows.values()], pa.string()) for name in kept}
    columns |= {m: pa.array([r[m] for r in rows.values()], pa.float64()) for m in measures}
    return with_description(pa.table(columns), _described(told, kept, contents, measures, counted))


def _index(category: Mapping[str, Any]) -> list[str]:
    index = category.get("index", list(category.get("label", {})))
    return sorted(index, key=index.__getitem__) if isinstance(index, Mapping) else list(index)


def _described(
    told: Mapping[str, Any],
    kept: list[str],
    contents: str,
    measures: list[str],
    counted: Collection[str],
) -> dict[str, Any]:
    own = told.get("extension", {}).get("folkestrom", {})
    dimension = told["dimension"]
    said = dimension.get(contents, {}).get("category", {})
    return {
        "title": told.get("label", ""),
        "footnotes": told.get("note", []),
        **{name: text for name, text in own.items() if isinstance(text, str)},
        "dimensions": [
            {
                "id": name,
                "label": dimension[name].get("label", name),
                "categories": {
                    code: dimension[name]["category"].get("label", {}).get(code, code)
                    for code in _index(dimension[name]["category"])
                },
            }
            for name in kept
        ],
        "measures": [
            {
                "id": name,
                "label": said.get("label", {}).get(name, told.get("label", name)),
                "unit": said.get("unit", {}).get(name, {}).get("label", ""),
                "decimals": said.get("unit", {}).get(name, {}).get("decimals", 0),
                "empty": 0 if name in counted else None,
            }
            for name in measures
        ],
    }  # fmt: skip


_READERS: Final[dict[str, Callable[[Path], pa.Table]]] = {
    ".parquet": _parquet,
    ".csv": _csv,
    ".json": _json,
    ".json-stat": _json_stat,
    ".arrow": _arrow,
    ".feather": _arrow,
}
