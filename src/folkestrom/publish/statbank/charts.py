"""Pictures of the cells of a question: charts and maps, as `pictures` draws them everywhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.specification import (
    Category,
    Dimension,
    Language,
    Measure,
    TableSpecification,
    Text,
    same,
)
from folkestrom.pictures.charts import Chart, chart
from folkestrom.pictures.maps import map_chart
from folkestrom.publish.statbank.dataset import Published
from folkestrom.publish.statbank.files import cells_of
from folkestrom.publish.statbank.selection import Chosen
from folkestrom.publish.tables.definition import TIME

__all__ = ["Chart", "drawn", "mapped"]

#: Statistics banks' names of what charts know by the vocabulary's.
_NAMES: Final = {"Kjonn": "sex", "Alder": "age", TIME: "year"}
_SHARE: Final = Text("Share of the population, per 1,000", "Andel av befolkningen, per 1 000")
_THOUSAND: Final = 1000.0


def drawn(
    table: Published, asked: Chosen, language: Language, compare: Chosen | None = None
) -> Chart:
    """The chart that cells call for; a pyramid where they are sex by age.

    Parameters
    ----------
    table, asked
        The cells.
    language
        Of all texts.
    compare
        Of a pyramid: the population that is its outline. Another place is compared by shares, for
        places are of all sizes.

    Raises
    ------
    UsageError
        Cells that no picture is to be had of.
    """
    cells = _for_chart(table, asked, language)
    measures = tuple(measure.id for measure in cells.specification.measures)
    if compare is None:
        return chart(cells, language, measures=measures)
    other = _for_chart(table, compare, language)
    places = [_named(one, language, time=False) for one in (asked, compare)]
    if places[0] != places[1]:
        cells, other = _shares(cells), _shares(other)
    named = [_named(one, language, time=True) for one in (asked, compare)]
    cells, other = _of(cells, named[0]), _of(other, named[1])
    return chart(cells, language, compare=other)


def mapped(
    table: Published,
    asked: Chosen,
    language: Language,
    borders: Path | None = None,
    per: str = "",
) -> Chart:
    """A map of the places of cells: of one content, or of it in per cent of another.

    Parameters
    ----------
    table, asked
        The cells, by places and nothing else.
    language
        Of all texts.
    borders
        GeoJSON or TopoJSON; None: counties, as tiles.
    per
        The content that the other one is divided by; empty: there is one content.

    Raises
    ------
    UsageError
        Cells that are by something else, or places without borders.
    """
    geo = next((one for one in asked.shown if one.variable.role == "geo"), None)
    codes = [content.code for content in asked.contents]
    if geo is None or (per and (per not in codes or len(codes) != 2)):
        raise UsageError(
            "is of no places, or of other contents", where="map", value=per or None,
            allowed="figures by places, of one content, or of two that are divided",
        )  # fmt: skip
    cells = cells_of(table, asked, language)
    # Codes of counties have two digits, and those of municipalities four.
    level = "county" if all(len(value.code) <= 2 for value in geo.values) else "municipality"
    cells = _renamed(cells, {geo.variable.id: level, TIME: "year"})
    cells = _titled(cells, table, asked, language)
    what = tuple(code for code in codes if code != per)
    return map_chart(cells, borders, language, measures=what, per_cent_of=per or None)


def _for_chart(table: Published, asked: Chosen, language: Language) -> Cells:
    cells = _renamed(cells_of(table, asked, language), _NAMES)
    cells = _titled(cells, table, asked, language)
    ages = [d for d in cells.specification.dimensions if d.id == "age"]
    if not ages:
        return cells
    if all(category.code.rstrip("+").isdecimal() for category in ages[0].categories):
        return _numbered(cells, ages[0])
    return _renamed(cells, {"age": "age_group"})


def _titled(cells: Cells, table: Published, asked: Chosen, language: Language) -> Cells:
    """Titled by what is counted, with the time of one time."""
    made = table.definition
    title = made.title.of(language)
    first, *more = asked.contents
    label = first.label.of(language)
    said = (title.casefold(), first.unit.of(language).casefold())
    if not more and not any(label.casefold() in text for text in said):
        title = f"{title}: {label}"
    return _specified(cells, title=same(f"{made.id} {title}"))


def _named(asked: Chosen, language: Language, *, time: bool) -> str:
    """What cells are of, in words: the values that stand alone."""
    alone = [one for one in asked.shown if len(one.values) == 1]
    return ", ".join(
        one.values[0].label.of(language) for one in alone if time or one.variable.role != "time"
    )


def _of(cells: Cells, name: str) -> Cells:
    """Cells of which a legend says what they are of."""
    varying = tuple(
        d for d in cells.specification.dimensions if d.id in ("sex", "age", "age_group")
    )
    return _specified(cells, dimensions=varying, reference_time=same(name))


def _shares(cells: Cells) -> Cells:
    (measure,) = cells.specification.measures
    total = pc.sum(cells.data[measure.id]).as_py() or 1
    share = pc.multiply(cells.data[measure.id].cast(pa.float64()), _THOUSAND / total)
    measures = (Measure(measure.id, _SHARE, same(""), 2, 0),)
    data = cells.data.set_column(cells.data.column_names.index(measure.id), measure.id, share)
    return replace(cells, specification=replace(cells.specification, measures=measures), data=data)


def _numbered(cells: Cells, ages: Dimension) -> Cells:
    """Single ages as numbers."""

    def number(code: str) -> int:
        return int(code.rstrip("+"))

    values = pa.array([number(code) for code in cells.data["age"].to_pylist()], pa.int32())
    at = cells.data.column_names.index("age")
    categories = tuple(Category(str(number(c.code)), c.label) for c in ages.categories)
    dimensions = tuple(
        replace(d, categories=categories) if d.id == "age" else d
        for d in cells.specification.dimensions
    )
    specified = replace(cells.specification, dimensions=dimensions)
    return replace(cells, specification=specified, data=cells.data.set_column(at, "age", values))


def _renamed(cells: Cells, names: dict[str, str]) -> Cells:
    dimensions = tuple(replace(d, id=names.get(d.id, d.id)) for d in cells.specification.dimensions)
    data = cells.data.rename_columns([names.get(n, n) for n in cells.data.column_names])
    return replace(
        cells, specification=replace(cells.specification, dimensions=dimensions), data=data
    )


def _specified(cells: Cells, **changed: Any) -> Cells:
    specification: TableSpecification = replace(cells.specification, **changed)
    kept = {d.id for d in specification.dimensions} | {m.id for m in specification.measures}
    data = cells.data.select([name for name in cells.data.column_names if name in kept])
    return replace(cells, specification=specification, data=data)
