"""JSON-stat 2.0: one dataset, every cell of the cube, in the order of its dimensions."""

from __future__ import annotations

from typing import Any

from folkestrom.model.cells import Cells
from folkestrom.model.specification import Category, Language, Measure
from folkestrom.publish.formats.cube import (
    AREAS,
    CONTENTS,
    CONTENTS_LABEL,
    SOURCE,
    STATUS,
    TIMES,
    cube_of,
)


def json_stat(cells: Cells, language: Language) -> dict[str, Any]:
    """Cells as a JSON-stat dataset; whatever has no figure has a status that says why."""
    spec = cells.specification
    cube = cube_of(cells, "JSON-stat")
    size = [*map(len, cube.categories.values()), len(spec.measures)]
    dimensions = {
        d.id: {
            "label": d.label.of(language),
            "category": _category(cube.categories[d.id], language),
        }
        for d in cube.dimensions
    }
    dimensions[CONTENTS] = _contents(spec.measures, language)
    status = {str(at): symbol for at, symbol in cube.status.items()}
    symbols = [f"{s} = {t.of(language)}" for s, t in STATUS.items() if s in status.values()]
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
        "source": SOURCE.of(language),
        **({"note": notes} if notes else {}),
        "id": [*cube.categories, CONTENTS],
        "size": size,
        "role": _roles(tuple(cube.categories)),
        "dimension": dimensions,
        "value": cube.values,
        **({"status": status} if status else {}),
        "extension": {"folkestrom": extension},
    }


def _roles(names: tuple[str, ...]) -> dict[str, list[str]]:
    roles = {"metric": [CONTENTS]}
    if times := [name for name in names if name in TIMES]:
        roles["time"] = times
    if areas := [name for name in names if name in AREAS]:
        roles["geo"] = areas
    return roles


def _category(categories: tuple[Category, ...], language: Language) -> dict[str, Any]:
    return {
        "index": [category.code for category in categories],
        "label": {category.code: category.label.of(language) for category in categories},
    }


def _contents(measures: tuple[Measure, ...], language: Language) -> dict[str, Any]:
    return {
        "label": CONTENTS_LABEL.of(language),
        "category": {
            "index": [measure.id for measure in measures],
            "label": {measure.id: measure.label.of(language) for measure in measures},
            "unit": {
                measure.id: {"label": measure.unit.of(language), "decimals": measure.decimals}
                for measure in measures
            },
        },
    }
