"""Bars beside each other, the largest first; with intervals, points with their ends."""

from __future__ import annotations

from dataclasses import replace
from textwrap import fill
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from folkestrom.errors import UsageError
from folkestrom.pictures.cube import Cube
from folkestrom.pictures.style import (
    COLOURS,
    GREY,
    GRID,
    INK,
    MARKERS,
    canvas,
    legend_beside,
    level_text,
    name_rows,
    number_text,
    tick_text,
    word,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Rows that a picture has room for.
MOST_ROWS: Final = 40
#: Bars of a row that can be told apart.
MOST_GROUPS: Final = 6
_NAME_LETTERS: Final = 34
_UNIT_LETTERS: Final = 56
#: Inches: of a letter along an axis; of marks, figures and the name of the axis below the bars.
_LETTER: Final = 0.085
_AXIS: Final = 0.65


def draw(cube: Cube) -> tuple[Figure, str]:
    """Bars, and what should be said of rows that are left out.

    Parameters
    ----------
    cube
        Rows, or rows × groups.
    """
    size = len(cube.axes[0].codes)
    more = cube.axes[1:]
    if more and len(more[0].codes) > MOST_GROUPS:
        raise UsageError(
            "are too many to stand beside each other", where="chart",
            value=f"{len(more[0].codes)} of {more[0].label}", allowed=f"at most {MOST_GROUPS}",
            next_step="Ask for fewer categories or variables",
        )  # fmt: skip
    cube = _largest(cube if more else _as_groups(cube))
    rows, groups = cube.axes
    shown, many = len(rows.codes), len(groups.codes)
    lines = max(fill(name, _NAME_LETTERS).count("\n") + 1 for name in rows.names)
    deep = shown * max(0.21 + 0.14 * many, 0.16 * lines + 0.06)
    deep = max(deep, _LETTER * max(map(len, rows.label.split() or [""])))
    figure, axes = canvas(9.0 if more or len(cube.bands) > 1 else 7.2, _AXIS + deep)
    handles = [_series(axes, cube, k) for k in range(many)]
    _frame(axes, cube, round(deep / _LETTER))
    widths = [(1.2 + 2 * n, one.level) for n, one in enumerate(cube.bands) if one.level]
    if more or widths:
        from matplotlib.lines import Line2D

        keys = [Line2D([], [], color=GREY, linewidth=width) for width, _ in widths]
        named = [level_text(level, cube.language) for _, level in widths]
        legend_beside(figure, [*(handles if more else ()), *keys],
                      [*(groups.names if more else ()), *named])  # fmt: skip
    hidden = f": {word('hidden', cube.language)}." if cube.hidden.any() else ""
    largest = word("largest", cube.language).format(shown=shown, all=size)
    return figure, f"{'' if shown == size else largest} {hidden}".strip()


def _as_groups(cube: Cube) -> Cube:
    """Rows as rows × one group."""
    alone = replace(cube.axes[0], id="", codes=("",), names=("",))
    return cube.each(lambda a: a[:, np.newaxis], (cube.axes[0], alone))


def _largest(cube: Cube) -> Cube:
    """Rows by size, unless their order means something; not more than there is room for."""
    rows, groups = cube.axes
    size = np.nansum(np.abs(cube.values), axis=1)
    order = np.argsort(-size, kind="stable")[:MOST_ROWS]
    if rows.in_order or rows.id == "measure":
        order = np.sort(order)
    codes, names = (tuple(of[n] for n in order) for of in (rows.codes, rows.names))
    return cube.each(lambda a: a[order], (replace(rows, codes=codes, names=names), groups))


def _series(axes: Axes, cube: Cube, k: int) -> Any:
    many = cube.values.shape[1]
    deep = 0.8 / many
    places = np.arange(len(cube.values)) + deep * (k - (many - 1) / 2)
    values, colour = cube.values[:, k], COLOURS[k % len(COLOURS)]
    if cube.bands:
        made: Any = None
        for n, band in reversed([*enumerate(cube.bands)]):
            reach = [values - band.lower[:, k], band.upper[:, k] - values]
            made = axes.errorbar(
                values, places, xerr=np.clip(np.nan_to_num(reach), 0, None), fmt=MARKERS[k],
                color=colour, markersize=5, capsize=2, linewidth=1.2 + 2 * n, linestyle="none",
                clip_on=False,
            )  # fmt: skip
        return made
    bars = axes.barh(places, np.nan_to_num(values), deep * 0.94, color=colour)
    if many == 1:
        for place, value in zip(places, values, strict=True):
            _write(axes, cube, place, value)
    return bars


def _write(axes: Axes, cube: Cube, place: float, value: float) -> None:
    """The figure at the end of its bar."""
    if np.isnan(value):
        return
    axes.annotate(
        number_text(value, cube.language, cube.measure.decimals), (value, place),
        xytext=(4 if value >= 0 else -4, 0), textcoords="offset points", va="center",
        ha="left" if value >= 0 else "right", fontsize=8, color=INK,
    )  # fmt: skip


def _frame(axes: Axes, cube: Cube, letters: int) -> None:
    rows = cube.axes[0]
    empty = [bool(row.all()) for row in np.isnan(cube.values)]
    hidden = [bool(row.any()) for row in cube.hidden]
    marks = ["  :" if h else "  .." if e else "" for e, h in zip(empty, hidden, strict=True)]
    names = (fill(name, _NAME_LETTERS) for name in rows.names)
    name_rows(axes, [f"{name}{mark}" for name, mark in zip(names, marks, strict=True)])
    axes.set_ylim(len(rows.codes) - 0.5, -0.5)
    axes.set_ylabel("" if rows.id == "measure" else fill(rows.label, letters))
    axes.set_xlabel(fill(cube.unit, _UNIT_LETTERS))
    axes.xaxis.set_major_formatter(lambda v, _: tick_text(float(v), cube.language))
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", **GRID)
    axes.set_axisbelow(True)
    if np.nanmin(cube.values, initial=0.0) < 0:
        axes.axvline(0, color=GREY, linewidth=0.8)
    else:
        axes.set_xlim(left=0)
    if cube.values.shape[1] == 1 and not cube.bands:
        axes.margins(x=0.12)
