"""Flows between places around a circle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from folkestrom.analysis.figure_style import (
    COLOURS,
    INK,
    Language,
    canvas,
    finish,
    number_text,
)
from folkestrom.analysis.figures.sankey import fewer, place_name
from folkestrom.analysis.flows.matrix import FlowMatrix
from folkestrom.columns import check_arguments
from folkestrom.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.path import Path as Outline

#: Between two places, in radians.
_GAP = 0.05
#: Ribbons end this far from the ring where they come in, so that directions can be told apart.
_INNER, _COMING = 0.93, 0.87
_STEPS = 24
#: Height of a label.
_LINES = 0.15


def chord_plot(
    flows: FlowMatrix,
    file: Path | str | None = None,
    *,
    most: int = 8,
    labels: Mapping[str, str] | None = None,
    title: str | None = None,
    lang: Language = "en",
) -> Figure:
    """Flows both ways between places around a circle (Abel & Sander 2014).

    A ribbon has the colour of its origin, touches the ring where it leaves, and ends short of it
    where it comes in. Moves within a place are left out.

    Parameters
    ----------
    flows, file, most, labels, title, lang
        As of `sankey_plot`.
    """
    check_arguments(chord_plot, locals())
    from matplotlib.patches import PathPatch, Wedge

    shown = fewer(flows, most, lang)
    counts = shown.counts - np.diag(np.diag(shown.counts))
    ends = counts.sum(axis=1) + counts.sum(axis=0)
    if not counts.any():
        raise UsageError("has no moves between places", where="chord_plot")
    used = [int(k) for k in np.flatnonzero(ends)]
    each = (2 * np.pi - _GAP * len(used)) / ends.sum()
    begins = dict(zip(used, np.cumsum([0.0, *(ends[used] * each + _GAP)])[:-1], strict=True))
    figure, axis = canvas(7.2, 5.6)
    arcs = _arcs(counts, used, begins, each)
    for i, j in sorted(arcs, key=lambda pair: -counts[pair]):
        out, into = arcs[i, j]
        colour = COLOURS[i % len(COLOURS)]
        shape = _ribbon(out, into)
        axis.add_patch(
            PathPatch(shape, facecolor=colour, alpha=0.45, linewidth=0.3, edgecolor="white")
        )
    down, up = 2.0, -2.0
    for k in used:
        begin, size = begins[k], ends[k] * each
        # Angles grow clockwise from the top.
        low, high = 90 - np.degrees(begin + size), 90 - np.degrees(begin)
        colour = COLOURS[k % len(COLOURS)]
        axis.add_patch(Wedge((0, 0), 1.0, low, high, width=0.05, facecolor=colour, linewidth=0))
        x, y = _point(begin + size / 2, 1.1)
        name = place_name(flows, shown.places[k], labels, lang)
        side = "center" if abs(x) < 0.05 else ("left" if x > 0 else "right")
        # Clockwise: down on the right, up on the left, each clear of the one before.
        if x > 0:
            y = down = min(y, down - _LINES)
        else:
            y = up = max(y, up + _LINES)
        text = f"{name}\n{number_text(ends[k], lang)}"
        axis.text(x, y, text, ha=side, va="center", fontsize=9, color=INK)
    axis.set_xlim(-1.6, 1.6)
    axis.set_ylim(-1.22, 1.22)
    axis.set_aspect("equal")
    axis.set_axis_off()
    return finish(figure, file, title, lang)


Arc = tuple[float, float]


def _arcs(
    counts: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    used: Sequence[int],
    begins: Mapping[int, float],
    each: float,
) -> dict[tuple[int, int], tuple[Arc, Arc]]:
    """Of each flow where it leaves and where it comes in: first all that leave, then the others."""
    left, came = {}, {}
    for i in used:
        at = begins[i]
        # In the order that crosses least: from the place before round to the place after.
        others = [used[(used.index(i) - n) % len(used)] for n in range(1, len(used))]
        for j in others:
            size = counts[i, j] * each
            left[i, j] = (at, at + size)
            at += size
        for j in others:
            size = counts[j, i] * each
            came[j, i] = (at, at + size)
            at += size
    return {pair: (arc, came[pair]) for pair, arc in left.items() if counts[pair]}


def _point(angle: float, radius: float) -> tuple[float, float]:
    return float(radius * np.sin(angle)), float(radius * np.cos(angle))


def _ribbon(out: Arc, into: Arc) -> Outline:
    from matplotlib.path import Path as Outline

    there = [_point(a, _INNER) for a in np.linspace(*out, _STEPS)]
    here = [_point(a, _COMING) for a in np.linspace(*into, _STEPS)]
    points = [*there, (0.0, 0.0), here[0], *here[1:], (0.0, 0.0), there[0]]
    line, curve = [Outline.LINETO] * (_STEPS - 1), [Outline.CURVE3] * 2
    return Outline(points, [Outline.MOVETO, *line, *curve, *line, *curve])
