"""Population pyramids: one sex to the left, the other to the right, the youngest at the foot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from folkestrom.errors import UsageError
from folkestrom.pictures.cube import Axis, Cube, Floats
from folkestrom.pictures.style import (
    COLOURS,
    GRID,
    HIDDEN,
    INK,
    canvas,
    legend_beside,
    tick_text,
    word,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Filled bars, and outlines over them.
MOST: Final = 2
#: More age groups than this are named at every tenth age only.
_MOST_NAMED: Final = 30
#: A bar that is not shown, as a part of the longest.
_HIDDEN_LENGTH: Final = 0.04


def draw(cube: Cube) -> Figure:
    """A pyramid of sex × age, or of two such populations: the second as an outline.

    Parameters
    ----------
    cube
        Sex × age, or sex × age × the two.
    """
    sex, age, *more = cube.axes
    if len(sex.codes) != MOST:
        raise UsageError(
            "a pyramid has two sides", where="sex", value=", ".join(sex.names),
            next_step="Ask for two of them",
        )  # fmt: skip
    values = cube.values if more else cube.values[..., np.newaxis]
    hidden = cube.hidden if more else cube.hidden[..., np.newaxis]
    names = more[0].names if more else ()
    single = age.numeric and len(age.codes) > _MOST_NAMED
    figure, axes = canvas(
        9.0 if more or hidden.any() else 7.2, 5.4 if single else 1 + 0.26 * len(age.codes)
    )
    edges = _edges(age)
    longest = float(np.nanmax(values, initial=0.0)) or 1.0
    handles: dict[str, Any] = {}
    for side, sign in ((0, -1), (1, 1)):
        for k in reversed(range(values.shape[2])):
            # The first is the outline where there are two: what it was before.
            filled = k == values.shape[2] - 1
            part = _with_gaps(sign * values[side, :, k], age)
            style: dict[str, Any] = {"fill": True, "color": COLOURS[side], "alpha": 0.85}
            if not filled:
                style = {"color": INK, "linewidth": 1.3}
            made = axes.stairs(np.nan_to_num(part), edges, orientation="horizontal", **style)
            if names:
                handles.setdefault(names[k], made)
            _hide(axes, sign, edges, _with_gaps(hidden[side, :, k].astype(float), age), longest)
    _frame(axes, cube, sex, longest)
    _name_ages(axes, age, edges, single=single)
    if hidden.any():
        handles[word("hidden", cube.language)] = _hidden_patch()
    if handles:
        shown = {name: _neutral(handle) for name, handle in handles.items()}
        legend_beside(figure, list(shown.values()), list(shown))
    return figure


def _edges(age: Axis) -> Floats:
    if not age.numeric:
        return np.arange(len(age.codes) + 1, dtype=np.float64) - 0.5
    ages = [int(code) for code in age.codes if code != "unknown"]
    return np.arange(min(ages), max(ages) + 2, dtype=np.float64) - 0.5


def _with_gaps(values: Floats, age: Axis) -> Floats:
    """A figure for every age from the first to the last, 0 where nobody is."""
    if not age.numeric:
        return values
    known = [(int(code), n) for n, code in enumerate(age.codes) if code != "unknown"]
    first = min(a for a, _ in known)
    whole = np.zeros(max(a for a, _ in known) - first + 1)
    for one, n in known:
        whole[one - first] = values[n]
    return whole


def _hide(axes: Axes, sign: int, edges: Floats, hidden: Floats, longest: float) -> None:
    """Hatched stubs where a figure must not be shown."""
    at = np.flatnonzero(hidden)
    if len(at):
        axes.barh(
            (edges[at] + edges[at + 1]) / 2, sign * _HIDDEN_LENGTH * longest, 0.9, **HIDDEN
        )  # fmt: skip


def _frame(axes: Axes, cube: Cube, sex: Axis, longest: float) -> None:
    reach = 1.06 * longest
    axes.set_xlim(-reach, reach)
    axes.xaxis.set_major_formatter(lambda v, _: tick_text(abs(float(v)), cube.language))
    axes.set_xlabel(cube.unit)
    axes.axvline(0, color="white", linewidth=1)
    axes.grid(axis="x", **GRID)
    axes.set_axisbelow(True)
    for side, place in enumerate((0.25, 0.75)):
        axes.text(
            place, 1.01, sex.names[side], transform=axes.transAxes, ha="center", va="bottom",
            color=COLOURS[side], fontweight="bold",
        )  # fmt: skip


def _name_ages(axes: Axes, age: Axis, edges: Floats, *, single: bool) -> None:
    axes.set_ylim(edges[0], edges[-1])
    axes.set_ylabel(age.label)
    if single:
        axes.set_yticks([a for a in range(int(edges[0] + 0.5), int(edges[-1]) + 1) if a % 10 == 0])
    elif age.numeric:
        axes.set_yticks(np.arange(edges[0] + 0.5, edges[-1]))
    else:
        axes.set_yticks(range(len(age.names)), age.names)
        axes.tick_params(axis="y", length=0)


def _neutral(handle: Any) -> Any:
    """How a legend shows what both sides have: without the colour of one."""
    from matplotlib.patches import Patch

    if handle.get_fill():
        return handle if handle.get_hatch() else Patch(facecolor="#8c8c8c")
    return Patch(facecolor="none", edgecolor=INK, linewidth=1.3)


def _hidden_patch() -> Any:
    from matplotlib.patches import Patch

    return Patch(**HIDDEN)


def ages_first(cube: Cube) -> Sequence[str] | None:
    """Names of the axes of a pyramid in their order; None: the figures are of none.

    Parameters
    ----------
    cube
        Any figures.
    """
    ids = [axis.id for axis in cube.axes]
    ages = [axis.id for axis in cube.axes if axis.is_age]
    others = [axis for axis in cube.axes if axis.id not in ("sex", *ages)]
    one_other = not others or (len(others) == 1 and len(others[0].codes) == MOST)
    if "sex" not in ids or len(ages) != 1 or not one_other or cube.lower is not None:
        return None
    return ("sex", ages[0])
