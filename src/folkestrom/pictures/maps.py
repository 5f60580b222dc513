"""Maps of areas in classes, the legend beside them; counties also as tiles, without borders."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from folkestrom.errors import InputRefused, UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.specification import Language
from folkestrom.pictures.borders import WHERE_TO_GET, Borders, Floats, no_borders, read_borders
from folkestrom.pictures.charts import Chart, titled
from folkestrom.pictures.cube import Cube, cube_of
from folkestrom.pictures.style import HIDDEN, INK, canvas, legend_beside, number_text, word

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Classes = Literal["quantiles", "equal"]

#: Dimensions of areas, the finest first.
AREAS: Final = ("basic_unit", "municipality", "county")
#: From light to dark in even steps of lightness, as ColorBrewer's are made; told apart in grey too.
SHADES: Final = ("#dcebf5", "#a9cde6", "#6ba6d1", "#2f7ab5", "#0a4a85", "#062b50")
MOST_CLASSES: Final = len(SHADES)
_INK_ON: Final = (INK, INK, INK, "white", "white", "white")
#: Areas without borders that are listed, and the part of all that may be.
_MOST_LISTED: Final = 10
_MOST_MISSING: Final = 0.25
_TITLE_LETTERS: Final = 24
#: Decimals of limits of classes beyond those of the figures, at most.
_MORE_DECIMALS: Final = 4
#: What no eye tells apart, as a part of the map's height.
_FINEST: Final = 1 / 1500


@dataclass(frozen=True, slots=True)
class _Classed:
    """Areas in classes.

    Parameters
    ----------
    codes, names
        The areas.
    values
        Their figures; NaN: none.
    place
        Number of each one's class; -1: none.
    hidden
        Whether it must not be shown.
    labels
        What the classes are called.
    """

    codes: tuple[str, ...]
    names: tuple[str, ...]
    values: Floats
    place: Sequence[int]
    hidden: Sequence[bool]
    labels: tuple[str, ...]


def map_chart(
    cells: Cells,
    borders: Path | None = None,
    language: Language = Language.EN,
    *,
    measures: Sequence[str] = (),
    classes: Classes = "quantiles",
    count: int = 5,
    per_cent_of: str | None = None,
) -> Chart:
    """A map of a result by areas.

    Parameters
    ----------
    cells
        A result by municipality, county or basic unit, and by nothing else that varies.
    borders
        GeoJSON or TopoJSON; a property of it has the codes. None: counties, as tiles.
    language
        Of all texts.
    measures
        The one to draw; by default the first with an interval, or the first
        that is no population of a table that has more.
    classes
        "quantiles": as many areas in each; "equal": steps of one size.
    count
        How many classes, from 2 to 6.
    per_cent_of
        A count that the measure, a count too, is drawn in per cent of.

    Raises
    ------
    UsageError
        A result that is not by areas alone, or no borders at hand.
    """
    if not 2 <= count <= MOST_CLASSES:
        raise UsageError(
            "is no number of classes", where="count", value=count, allowed=f"2 to {MOST_CLASSES}"
        )
    cube = cube_of(cells, language, measures, alone=True, per_cent_of=per_cent_of)
    found = _classed(cube, classes, count)
    tiles = _tiles(found.codes) if borders is None else None
    if borders is None and tiles is None:
        raise no_borders()
    drawn = read_borders(borders, found.codes) if borders is not None else _squares(tiles or {})
    figure, axes = canvas(7.4, 5.5 if tiles else 6.1)
    _draw(axes, drawn, found)
    if tiles:
        _write_tiles(axes, tiles, found, cube)
    axes.set_aspect("equal")
    axes.set_axis_off()
    legend_beside(
        figure, *_legend(found, cube), fill(cube.unit, _TITLE_LETTERS, break_on_hyphens=False)
    )
    return titled(figure, cube, "map", _without(drawn, found, cube, borders))


def _without(drawn: Borders, found: _Classed, cube: Cube, file: Path | None) -> str:
    """Says which areas the file has no borders of; a map without many of them would mislead."""
    missing = sorted(set(found.codes) - set(drawn.rings))
    listed = ", ".join(missing[:_MOST_LISTED]) + (" …" if len(missing) > _MOST_LISTED else "")
    if len(missing) > _MOST_MISSING * len(found.codes):
        raise InputRefused(
            f"lacks the borders of {len(missing)} of {len(found.codes)} areas",
            where=str(file),
            value=listed,
            allowed="borders as they were in the year of the figures",
            next_step=f"Take those of that year. {WHERE_TO_GET}",
        )
    return word("no borders", cube.language).format(codes=listed) if missing else ""


def _classed(cube: Cube, classes: Classes, count: int) -> _Classed:
    if len(cube.axes) != 1 or cube.axes[0].id not in AREAS:
        raise UsageError(
            "is not by areas alone", where="result",
            value=", ".join(axis.id for axis in cube.axes) or cube.fixed or "one figure",
            allowed=f"one of {', '.join(AREAS)}, with several areas, and nothing else",
            next_step="Ask by an area alone, and for one day or period",
        )  # fmt: skip
    area, values = cube.axes[0], cube.values
    known = values[~np.isnan(values)]
    if not len(known):
        raise UsageError("has no figure that can be drawn", where="result")
    ends = _ends(known, classes, count)
    place = np.clip(np.searchsorted(ends[1:-1], values, side="right"), 0, len(ends) - 2)
    place[np.isnan(values)] = -1
    # The limits are figures themselves: a class goes from one that occurs to one that occurs.
    spans = [values[place == k] for k in range(len(ends) - 1)]
    decimals = _decimals([span for span in spans if len(span)], cube.measure.decimals)
    labels = tuple(
        "–".join(
            dict.fromkeys(
                number_text(float(end), cube.language, decimals)
                for end in (span.min(), span.max())
            )
        )
        if len(span) else ""
        for span in spans
    )  # fmt: skip
    return _Classed(area.codes, area.names, values, place.tolist(), cube.hidden.tolist(), labels)


def _decimals(spans: Sequence[Floats], least: int) -> int:
    """Decimals by which no class ends at what the next one begins at."""
    turns = [(float(a.max()), float(b.min())) for a, b in pairwise(spans)]
    return next(
        (n for n in range(least, least + _MORE_DECIMALS) if all(
            f"{end:.{n}f}" != f"{begin:.{n}f}" for end, begin in turns)),
        least + _MORE_DECIMALS,
    )  # fmt: skip


def _ends(known: Floats, classes: Classes, count: int) -> Floats:
    if classes == "equal":
        return np.linspace(known.min(), known.max(), count + 1)
    ends = np.unique(np.quantile(known, np.linspace(0, 1, count + 1)))
    return ends if len(ends) > 1 else np.array([known.min(), known.max()])


def _shade(k: int, count: int) -> int:
    """Shades as far apart as their number allows."""
    return round(k * (MOST_CLASSES - 1) / max(count - 1, 1))


def _draw(axes: Axes, borders: Borders, found: _Classed) -> None:
    """One shape a class, with all its areas: hundreds of shapes would take seconds."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Outline

    points = np.concatenate([ring for rings in borders.rings.values() for ring in rings])
    low, high = points.min(axis=0), points.max(axis=0)
    step = float((high - low)[1]) * _FINEST
    kinds: dict[tuple[int, bool], list[Outline]] = {}
    for code, place, hidden in zip(found.codes, found.place, found.hidden, strict=True):
        rings = (_thinned(ring, step) for ring in borders.rings.get(code, ()))
        kinds.setdefault((place, hidden and place < 0), []).extend(
            Outline(ring, closed=True) for ring in rings
        )
    for (place, hidden), outlines in sorted(kinds.items(), key=lambda kind: kind[0]):
        if outlines:
            shape = Outline.make_compound_path(*outlines)
            style = _style(place, len(found.labels), hidden=hidden)
            axes.add_artist(PathPatch(shape, **style))
    edge = 0.01 * (high - low).max()
    axes.set_xlim(low[0] - edge, high[0] + edge)
    axes.set_ylim(low[1] - edge, high[1] + edge)


def _style(place: int, count: int, *, hidden: bool) -> dict[str, Any]:
    if place >= 0:
        return {
            "facecolor": SHADES[_shade(place, count)], "edgecolor": "white", "linewidth": 0.4
        }  # fmt: skip
    hatch = "////" if hidden else "...."
    return {**HIDDEN, "hatch": hatch, "linewidth": 0.4}


def _thinned(ring: Floats, step: float) -> Floats:
    """Points that stand apart on the picture; a small island keeps its corners."""
    cell = np.round(ring / step)
    keep = np.append(True, (np.diff(cell, axis=0) != 0).any(axis=1))
    keep[-1] = True
    return ring[keep] if keep.sum() > 3 else ring


def _legend(found: _Classed, cube: Cube) -> tuple[list[Any], list[str]]:
    from matplotlib.patches import Patch

    count = len(found.labels)
    names = {
        label: Patch(facecolor=SHADES[_shade(k, count)])
        for k, label in reversed([*enumerate(found.labels)])
        if label
    }
    for hidden, key in ((True, "hidden"), (False, "no figure")):
        if any(p < 0 and h is hidden for p, h in zip(found.place, found.hidden, strict=True)):
            names[word(key, cube.language)] = Patch(**_style(-1, count, hidden=hidden))
    return list(names.values()), list(names)


def _tiles(codes: Sequence[str]) -> Mapping[str, tuple[int, int]] | None:
    """Places of counties in a grid, by the version that has them all."""
    text = files("folkestrom.pictures").joinpath("data/county_tiles.csv").read_text("utf-8")
    versions: dict[str, dict[str, tuple[int, int]]] = {}
    for row in csv.DictReader(text.splitlines()):
        versions.setdefault(row["version"], {})[row["code"]] = int(row["row"]), int(row["column"])
    return next((held for held in versions.values() if set(codes) <= set(held)), None)


def _squares(tiles: Mapping[str, tuple[int, int]]) -> Borders:
    corners = np.array([(0, 0), (0, 1), (1, 1), (1, 0), (0, 0)], np.float64) * 0.94
    return Borders({code: (corners + (c, -r),) for code, (r, c) in tiles.items()})


def _write_tiles(
    axes: Axes, tiles: Mapping[str, tuple[int, int]], found: _Classed, cube: Cube
) -> None:
    """Name and figure of each tile, in a colour that is read on its own."""
    for n, code in enumerate(found.codes):
        row, column = tiles[code]
        place = found.place[n]
        ink = _INK_ON[_shade(place, len(found.labels))] if place >= 0 else INK
        value = found.values[n]
        figure = (
            number_text(value, cube.language, cube.measure.decimals)
            if place >= 0
            else (":" if found.hidden[n] else "..")
        )
        # Of a name in several languages the first one has room.
        name = fill(found.names[n].split(" - ")[0], 11)
        axes.text(
            column + 0.47, 0.47 - row, f"{name}\n{figure}", ha="center", va="center", fontsize=7.5,
            color=ink,
        )  # fmt: skip
