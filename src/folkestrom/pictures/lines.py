"""Lines over time, or over ages: one for each combination of the other dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import product
from textwrap import fill
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from folkestrom.errors import UsageError
from folkestrom.pictures.cube import Axis, Cube, Floats
from folkestrom.pictures.style import (
    COLOURS,
    DASHES,
    GREY,
    GRID,
    MARKERS,
    canvas,
    legend_beside,
    level_text,
    tick_text,
    word,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Lines that can still be told apart.
MOST: Final = 12
#: How much of its colour a band has.
_TINT: Final = 0.15
#: Microseconds of a day.
_DAY: Final = 86_400e6
#: Marks along the axis of time.
_MOST_MARKS: Final = 12
#: How near each other they may be, as a part of the axis.
_NEAREST: Final = 1 / 20
_FEW_POINTS: Final = 30
#: Letters of the unit in a line along the axis.
_UNIT_LETTERS: Final = 34
#: Where the lowest figure is above this part of the highest, an axis from 0 would show nothing.
_FLAT: Final = 0.7


def draw(cube: Cube, points: Floats | None = None) -> tuple[Figure, str]:
    """Lines, and what should be said of their axis.

    Parameters
    ----------
    cube
        Its first axis goes across.
    points
        What lines are fitted to, by the same axes.
    """
    across, *others = cube.axes
    lines = list(product(*(range(len(axis.codes)) for axis in others)))
    if len(lines) > MOST:
        raise UsageError(
            "would be too many lines to tell apart",
            where="chart", value=f"{len(lines)} of {', '.join(axis.label for axis in others)}",
            allowed=f"at most {MOST}", next_step="Ask for fewer categories or variables",
        )  # fmt: skip
    figure, axes = canvas(9.0 if others or len(cube.bands) > 1 else 7.2, 3.5)
    places = _places(across)
    lasts = []
    for k, line in enumerate(lines):
        at: Any = (slice(None), *line)
        values = cube.values[at]
        colour = COLOURS[k % len(COLOURS)]
        (made,) = axes.plot(
            places, values, color=colour, linewidth=1.8, linestyle=DASHES[k // len(COLOURS)],
            marker=MARKERS[k % len(MARKERS)] if points is None and len(places) <= _FEW_POINTS
            else None, markersize=4,
        )  # fmt: skip
        if points is not None:
            marker = MARKERS[k % len(MARKERS)]
            axes.scatter(places, points[at], s=9, color=colour, marker=marker, alpha=0.6)
        for n, band in enumerate(cube.bands):
            ends = band.lower[at], band.upper[at]
            axes.fill_between(places, *ends, color=colour, alpha=_TINT, linewidth=0)
            if len(cube.bands) > 1:
                # Tints alone are too near each other: their edges tell them apart.
                axes.plot(places, np.column_stack(ends), color=colour, **_edge(n))
        name = ", ".join(a.names[n] for a, n in zip(others, line, strict=True))
        known = values[~np.isnan(values)]
        lasts.append((-(known[-1] if len(known) else -np.inf), k, made, name))
    _frame(axes, cube, across, places)
    lasts = sorted(lasts, key=lambda end: end[:2]) if others else []
    if others or len(cube.bands) > 1:
        keys = _keys(cube, GREY if others else COLOURS[0]) if len(cube.bands) > 1 else {}
        legend_beside(figure, [*(end[2] for end in lasts), *keys.values()],
                      [*(end[3] for end in lasts), *keys],
                      _legend_title(others))  # fmt: skip
    said = (word("curve", cube.language) if points is not None else "", _baseline(axes, cube))
    return figure, " ".join(filter(None, said))


def _legend_title(others: Sequence[Axis]) -> str | None:
    """What lines are by, where their names are numbers, which do not say so."""
    if not any(axis.numeric for axis in others):
        return None
    return fill(", ".join(axis.label for axis in others), _UNIT_LETTERS)


def _edge(n: int) -> dict[str, Any]:
    """How the edge of a band is drawn: the widest solid, those within it dashed and dotted."""
    return {"linewidth": 0.8, "linestyle": DASHES[n % len(DASHES)]}


def _keys(cube: Cube, colour: str) -> dict[str, Any]:
    """What the bands are, as they are seen on those that they lie in."""
    from matplotlib.colors import to_rgba
    from matplotlib.patches import Patch

    return {
        level_text(band.level, cube.language): Patch(
            facecolor=to_rgba(colour, 1 - (1 - _TINT) ** (n + 1)), edgecolor=colour, **_edge(n)
        )
        for n, band in enumerate(cube.bands)
    }


def _places(axis: Axis) -> Floats:
    """Where codes stand: numbers and days by their size, others one after the other."""
    try:
        if axis.numeric:
            return np.array([float(code) for code in axis.codes])
        moments = np.array([datetime.fromisoformat(code) for code in axis.codes], "datetime64[us]")
    except ValueError:
        return np.arange(len(axis.codes), dtype=np.float64)
    return moments.astype(np.float64) / _DAY


def _frame(axes: Axes, cube: Cube, across: Axis, places: Floats) -> None:
    axes.set_xlabel(across.label)
    axes.set_ylabel(fill(cube.unit, _UNIT_LETTERS))
    axes.yaxis.set_major_formatter(lambda v, _: tick_text(float(v), cube.language))
    # Counts have no halves to mark.
    axes.locator_params(axis="y", integer=not np.nanmax(cube.values % 1))
    axes.grid(axis="y", **GRID)
    axes.set_axisbelow(True)
    if across.numeric:
        return
    marks = _marks(places)
    names = [_short(across.names[n], across) for n in marks]
    axes.set_xticks(places[marks], names)
    nearest = np.diff(places[marks]).min(initial=np.inf) / np.ptp(places)
    if max(map(len, names)) * (1 + 1 / nearest) > 70:
        axes.tick_params(axis="x", rotation=30)


def _marks(places: Floats) -> list[int]:
    """Which places have their names below: not too many, none too near the one before it."""
    marks = [0]
    for n in range(0, len(places), -(-len(places) // _MOST_MARKS)):
        if places[n] - places[marks[-1]] > _NEAREST * np.ptp(places):
            marks.append(n)
    return marks


def _short(name: str, axis: Axis) -> str:
    """First days of years by their year, where all are such."""
    ends = {code[4:] for code in axis.codes}
    return name[:4] if ends == {"-01-01"} and len(axis.codes) > MOST // 2 else name


def _baseline(axes: Axes, cube: Cube) -> str:
    lowest = min(np.nanmin(one) for one in (cube.values, *(band.lower for band in cube.bands)))
    highest = max(np.nanmax(one) for one in (cube.values, *(band.upper for band in cube.bands)))
    if lowest < 0:
        return ""
    if lowest > _FLAT * highest:
        return word("not_from_0", cube.language)
    axes.set_ylim(bottom=0)
    return ""
