"""What a specification says, as plain data for files that carry it along."""

from __future__ import annotations

from typing import Any

from folkestrom.model.cells import Cells
from folkestrom.model.specification import Language


def metadata(cells: Cells, language: Language) -> dict[str, Any]:
    """Title, dimensions, contents and notes of cells, in one language."""
    spec = cells.specification
    return {
        "id": spec.id,
        "title": spec.title.of(language),
        "language": language.value,
        "reference_time": spec.reference_time.of(language),
        "knowledge_time": spec.knowledge_time.of(language),
        "contents": spec.contents.of(language),
        "method": spec.method.of(language),
        "dimensions": [
            {"id": d.id, "label": d.label.of(language), "classification": d.classification}
            for d in spec.dimensions
        ],
        "measures": [
            {
                "id": m.id,
                "label": m.label.of(language),
                "unit": m.unit.of(language),
                "decimals": m.decimals,
            }
            for m in spec.measures
        ],
        "footnotes": [note.of(language) for note in spec.footnotes],
    }
