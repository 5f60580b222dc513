"""JSON-stat 2.0: one dataset, every cell of the cube, in the order of its dimensions."""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np
import pyarrow as pa

from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells, code_text
from folkestrom.model.specification import (
    Category,
    Dimension,
    Language,
    Measure,
    TableSpecification,
    Text,
)
from folkestrom.publish.formats.layout import MISSING, SUPPRESSED

#: The dimension of the measures, as statistics banks call it.
CONTENTS: Final = "ContentsCode"
#: The format lists empty cells too; more of them than this, and the file serves nobody.
LARGEST: Final = 10_000_000

_TIMES: Final = frozenset({"date", "period", "year"})
_AREAS: Final = frozenset(
    {"county", "municipality", "basic_unit", "first_county", "first_municipality"}
)
#: Why a cell has no figure, by the standard symbols of statistics banks.
_STATUS: Final = {
    MISSING: Text("Undefined, or not known", "Ikke definert, eller ikke kjent"),
    SUPPRESSED: Text("Not shown, for confidentiality", "Vises ikke, av hensyn til personvernet"),
}
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
_TIME_LABELS: Final = {"date": Text("Date", "Dato"), "period": Text("Period", "Periode")}
_SOURCE: Final = {"en": "Computed by folkestrom", "no": "Beregnet med folkestrom"}
_CONTENTS_LABEL: Final = {"en": "Contents", "no": "Statistikkvariabel"}


def json_stat(cells: Cells, language: Language) -> dict[str, Any]:
    """Cells as a JSON-stat dataset.

    A combination that does not occur counts nobody; what is computed of nobody is undefined there.
    Whatever has no figure has a status that says why.
    """
    spec = cells.specification
    if spec.listing:
        raise no_cube()
    own = {d.id: cells.categories(d.id) for d in spec.dimensions}
    once = _time(spec)
    labelled = (*once, *spec.dimensions)
    categories = {d.id: own.get(d.id, d.categories) for d in labelled}
    size = [*(len(c) for c in categories.values()), len(spec.measures)]
    _check(size)
    dimensions = {
        d.id: {"label": d.label.of(language), "category": _category(categories[d.id], language)}
        for d in labelled
    }
    dimensions[CONTENTS] = _contents(spec.measures, language)
    values, status = _values(cells, own, size)
    symbols = [f"{s} = {t.of(language)}" for s, t in _STATUS.items() if s in status.values()]
    notes = [*(n.of(language) for n in spec.footnotes), *symbols]
    extension = {
        "id": spec.id,
        "language": language.value,
        "reference_time": spec.reference_time.of(language),
        "contents": spec.contents.of(language),
        "method": spec.method.of(language),
        "knowledge_time": spec.knowledge_time.of(language),
        "vintage": spec.vintage.of(language),
    }
    return {
        "version": "2.0",
        "class": "dataset",
        "label": spec.title.of(language),
        "source": _SOURCE[language.value],
        **({"note": notes} if notes else {}),
        "id": [*categories, CONTENTS],
        "size": size,
        "role": _roles(tuple(categories)),
        "dimension": dimensions,
        "value": values,
        **({"status": status} if status else {}),
        "extension": {"folkestrom": extension},
    }


def no_cube() -> UsageError:
    """Why a list is not written: it has no cells by dimensions."""
    return UsageError(
        "holds cells by their dimensions, and this is a list of rows",
        where="JSON-stat",
        allowed="--format table, json, csv, parquet or xlsx",
        next_step="Ask for --format csv",
    )


def _check(size: list[int]) -> None:
    if int(np.prod(size, dtype=np.int64)) > LARGEST:
        raise UsageError(
            f"would hold {int(np.prod(size, dtype=np.int64)):,} cells with the empty ones",
            where="JSON-stat",
            allowed=f"at most {LARGEST:,}",
            next_step="Ask for fewer dimensions, or for --format parquet",
        )


def _time(spec: TableSpecification) -> tuple[Dimension, ...]:
    """The day or period of all figures as a dimension, where they are not told apart by one."""
    if not spec.time or any(d.id in _TIMES for d in spec.dimensions):
        return ()
    id = "date" if _DATE.fullmatch(spec.time) else "period"
    category = Category(spec.time, spec.reference_time)
    return (Dimension(id, _TIME_LABELS[id], (category,)),)


def _roles(names: tuple[str, ...]) -> dict[str, list[str]]:
    roles = {"metric": [CONTENTS]}
    if times := [name for name in names if name in _TIMES]:
        roles["time"] = times
    if areas := [name for name in names if name in _AREAS]:
        roles["geo"] = areas
    return roles


def _category(categories: tuple[Category, ...], language: Language) -> dict[str, Any]:
    return {
        "index": [category.code for category in categories],
        "label": {category.code: category.label.of(language) for category in categories},
    }


def _contents(measures: tuple[Measure, ...], language: Language) -> dict[str, Any]:
    return {
        "label": _CONTENTS_LABEL[language.value],
        "category": {
            "index": [measure.id for measure in measures],
            "label": {measure.id: measure.label.of(language) for measure in measures},
            "unit": {
                measure.id: {"label": measure.unit.of(language), "decimals": measure.decimals}
                for measure in measures
            },
        },
    }


def _values(
    cells: Cells, categories: dict[str, tuple[Category, ...]], size: list[int]
) -> tuple[list[int | float | None], dict[str, str]]:
    """Every cell of the cube, and the status of those without a figure by their places."""
    measures = cells.specification.measures
    place = np.zeros(cells.data.num_rows, np.int64)
    for name, values in categories.items():
        numbers = {category.code: n for n, category in enumerate(values)}
        column = cells.data[name].combine_chunks()
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode("encode")
        codes = [numbers[code_text(code)] for code in column.dictionary.to_pylist()]
        of_rows = np.array(codes, np.int64)[np.from_dlpack(column.indices)]
        place = place * len(values) + of_rows
    empty: list[int | float | None] = [measure.empty for measure in measures]
    cube = empty * int(np.prod(size[:-1], dtype=np.int64))
    for n, measure in enumerate(measures):
        figures = cells.data[measure.id].to_pylist()
        for row, figure in zip(place.tolist(), figures, strict=True):
            cube[row * len(measures) + n] = figure
    hidden = np.zeros(len(cube) // len(measures), np.bool_)
    if cells.suppressed is not None:
        hidden[place] = np.asarray(cells.suppressed.to_numpy(zero_copy_only=False), np.bool_)
    status = {
        str(at): SUPPRESSED if hidden[at // len(measures)] else MISSING
        for at, value in enumerate(cube)
        if value is None
    }
    return cube, status
