"""Flows as ribbons from origins on the left to destinations on the right."""

from __future__ import annotations

from collections.abc import Mapping
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
    word,
)
from folkestrom.analysis.flows.matrix import FlowMatrix
from folkestrom.columns import check_arguments
from folkestrom.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Between two places, as a part of the whole height.
_GAP = 0.02
_WIDTH = 0.03


def sankey_plot(
    flows: FlowMatrix,
    file: Path | str | None = None,
    *,
    most: int = 8,
    labels: Mapping[str, str] | None = None,
    title: str | None = None,
    lang: Language = "en",
) -> Figure:
    """Who goes where: ribbons as thick as flows; those within a place are left out.

    Parameters
    ----------
    flows
        The moves.
    file
        Where to: a name that ends in .svg, .pdf or .png.
    most
        Places that are shown; the others are joined.
    labels
        Texts for places, instead of what the flows call them.
    title
        Of the picture.
    lang
        en or no.
    """
    check_arguments(sankey_plot, locals())
    shown = fewer(flows, most, lang)
    counts = shown.counts - np.diag(np.diag(shown.counts))
    total = float(counts.sum())
    if not total:
        raise UsageError("has no moves between places", where="sankey_plot")
    figure, axis = canvas(7.2, 4.8)
    left, right = counts.sum(axis=1), counts.sum(axis=0)
    sides = [_stacked(left / total), _stacked(right / total)]
    _ribbons(axis, counts / total, sides)
    for side, (sums, places) in enumerate(zip((left, right), sides, strict=True)):
        for k, name in enumerate(shown.places):
            if sums[k]:
                text = place_name(flows, name, labels, lang)
                _place(axis, side, k, places[k], sums[k] / total)
                x = -0.015 if side == 0 else 1.015
                axis.text(
                    x, places[k] - sums[k] / total / 2, f"{text}  {number_text(sums[k], lang)}",
                    ha="right" if side == 0 else "left", va="center", fontsize=9, color=INK,
                )  # fmt: skip
    axis.set_xlim(-0.35, 1.35)
    ends = [
        min(p - s / total for p, s in zip(places, sums, strict=True))
        for places, sums in zip(sides, (left, right), strict=True)
    ]
    axis.set_ylim(min(ends) - 0.02, 1.02)
    axis.set_axis_off()
    return finish(figure, file, title, lang)


def fewer(flows: FlowMatrix, most: int, lang: Language) -> FlowMatrix:
    """The places with most moves, and the others as one.

    Parameters
    ----------
    flows
        The moves.
    most
        How many places.
    lang
        In which the others are called so.
    """
    if most < 1:
        raise UsageError("is no number of places", column="most", value=most, allowed="1 and more")
    return flows if len(flows.places) <= most else flows.largest(most, rest=word("other", lang))


def place_name(
    flows: FlowMatrix, place: str, labels: Mapping[str, str] | None, lang: Language
) -> str:
    """What a place is called in a picture.

    Parameters
    ----------
    flows
        The moves, which may have names for their places.
    place, labels, lang
        The place, texts of the user, and the language.
    """
    known = flows.names.get(place)
    return (labels or {}).get(place) or (known.of(lang) if known else word(place, lang))


def _stacked(shares: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[float]:
    """Upper ends of places, from the top down, with gaps between those that have moves."""
    ends, top = [], 1.0
    for share in shares:
        ends.append(top)
        top -= share + (_GAP if share else 0.0)
    return ends


def _place(axis: Axes, side: int, k: int, top: float, height: float) -> None:
    from matplotlib.patches import Rectangle

    x = 0.0 if side == 0 else 1.0 - _WIDTH
    colour = COLOURS[k % len(COLOURS)]
    axis.add_patch(Rectangle((x, top - height), _WIDTH, height, facecolor=colour, linewidth=0))


def _ribbons(
    axis: Axes, shares: np.ndarray[tuple[int, int], np.dtype[np.float64]], sides: list[list[float]]
) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Outline

    one, other = list(sides[0]), list(sides[1])
    a, b, middle = _WIDTH, 1.0 - _WIDTH, 0.5
    curve = [Outline.CURVE4] * 3
    for i in range(len(shares)):
        for j in range(len(shares)):
            h = float(shares[i, j])
            if not h:
                continue
            y, z = one[i], other[j]
            points = [
                (a, y), (middle, y), (middle, z), (b, z),
                (b, z - h), (middle, z - h), (middle, y - h), (a, y - h), (a, y),
            ]  # fmt: skip
            codes = [Outline.MOVETO, *curve, Outline.LINETO, *curve, Outline.CLOSEPOLY]
            colour = COLOURS[i % len(COLOURS)]
            shape = Outline(points, codes)
            axis.add_patch(PathPatch(shape, facecolor=colour, alpha=0.35, linewidth=0))
            one[i], other[j] = y - h, z - h
