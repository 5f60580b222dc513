"""Population pyramids: one sex to the left, the other to the right, the youngest at the foot."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from folkestrom.model.cells import Cells
from folkestrom.pictures.cube import Axis, Cube, Floats
from folkestrom.pictures.style import (
    COLOURS,
    GRID,
    HIDDEN,
    INK,
    canvas,
    legend_beside,
    number_text,
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
#: Ages that are named stand apart by this part of the axis.
_NAMED_APART: Final = 0.035
#: Codes of groups of ages: 0, 1-5, 90+.
_GROUP: Final = re.compile(r"(\d+)(?:-(\d+)|\+)?")
#: A bar that is not shown, as a part of the longest.
_HIDDEN_LENGTH: Final = 0.04


def draw(cube: Cube) -> tuple[Figure, str]:
    """A pyramid of sex × age, or of two such populations; and what is said of who is not in it.

    Parameters
    ----------
    cube
        Sex × age, or sex × age × the two.
    """
    everybody = float(np.nansum(cube.values))
    cube = _known(cube)
    left_out = everybody - float(np.nansum(cube.values))
    sex, age, *more = cube.axes
    values = cube.values if more else cube.values[..., np.newaxis]
    hidden = cube.hidden if more else cube.hidden[..., np.newaxis]
    names = more[0].names if more else ()
    single = age.numeric and len(age.codes) > _MOST_NAMED
    spans = _unequal(age)
    high = 4.7 if single or spans is not None else 0.9 + max(1.0, 0.26 * len(age.codes))
    figure, axes = canvas(9.0 if more or hidden.any() else 7.2, high)
    edges = _edges(age) if spans is None else spans
    # As long as many in a year of age: then areas are persons, whatever the width of a group.
    values = values if spans is None else values / np.diff(spans)[:, np.newaxis]
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
    unit = cube.unit if spans is None else f"{cube.unit} {word('a year', cube.language)}"
    _frame(axes, cube, sex, longest, unit)
    _name_ages(axes, age, edges, single=single, spans=spans is not None)
    if hidden.any():
        handles[word("hidden", cube.language)] = _hidden_patch()
    if handles:
        shown = {name: _neutral(handle) for name, handle in handles.items()}
        legend_beside(figure, list(shown.values()), list(shown))
    return figure, _note(cube, left_out, spans)


def _note(cube: Cube, left_out: float, spans: Floats | None) -> str:
    """Who is left out, and how groups of unequal width are drawn."""
    said, age = number_text(left_out, cube.language), cube.axes[1]
    notes = [word("unknown left out", cube.language).format(n=said)] if left_out else []
    if spans is not None:
        notes.append(word("areas", cube.language))
        if age.codes[-1].endswith("+"):
            years = number_text(spans[-1] - spans[-2], cube.language)
            last = word("open group", cube.language)
            notes.append(last.format(name=age.names[-1], years=years))
    return " ".join(notes)


def _known(cube: Cube) -> Cube:
    """Whose sex and age are known."""
    for n, axis in enumerate(cube.axes[:2]):
        at = np.array([k for k, code in enumerate(axis.codes) if code != "unknown"], np.intp)
        codes, names = (tuple(of[k] for k in at) for of in (axis.codes, axis.names))
        known = replace(axis, codes=codes, names=names)
        axes = (*cube.axes[:n], known, *cube.axes[n + 1 :])
        cube = cube.each(partial(np.take, indices=at, axis=n), axes)
    return cube


def _edges(age: Axis) -> Floats:
    if not age.numeric:
        return np.arange(len(age.codes) + 1, dtype=np.float64) - 0.5
    ages = [int(code) for code in age.codes]
    return np.arange(min(ages), max(ages) + 2, dtype=np.float64) - 0.5


def _unequal(age: Axis) -> Floats | None:
    """Where groups of ages begin and end, if they are not all as wide; None: they are."""
    found = [_GROUP.fullmatch(code) for code in age.codes]
    spans = [(int(m[1]), int(m[2] or m[1]) + 1) for m in found if m is not None]
    if age.numeric or len(spans) < max(2, len(found)):
        return None
    starts, ends = np.array(spans, np.float64).T
    if age.codes[-1].endswith("+"):
        # An open group is drawn as wide as the one before it.
        ends[-1] = starts[-1] + ends[-2] - starts[-2]
    together = bool((starts[1:] == ends[:-1]).all())
    return np.append(starts, ends[-1]) if together and len({*(ends - starts)}) > 1 else None


def _with_gaps(values: Floats, age: Axis) -> Floats:
    """A figure for every age from the first to the last, 0 where nobody is."""
    if not age.numeric:
        return values
    ages = np.array(age.codes, np.int64)
    whole = np.zeros(ages.max() - ages.min() + 1)
    whole[ages - ages.min()] = values
    return whole


def _hide(axes: Axes, sign: int, edges: Floats, hidden: Floats, longest: float) -> None:
    """Hatched stubs where a figure must not be shown."""
    at = np.flatnonzero(hidden)
    if len(at):
        axes.barh(
            (edges[at] + edges[at + 1]) / 2, sign * _HIDDEN_LENGTH * longest,
            0.9 * np.diff(edges)[at], **HIDDEN,
        )  # fmt: skip


def _frame(axes: Axes, cube: Cube, sex: Axis, longest: float, unit: str) -> None:
    from matplotlib.ticker import MaxNLocator

    reach = 1.06 * longest
    axes.set_xlim(-reach, reach)
    # From the middle on, alike on both sides: where there is little room, 0 might not be there.
    located = MaxNLocator(3, steps=[1, 2, 5, 10]).tick_values(0, reach)
    found: Floats = np.asarray(located, np.float64)
    ticks = found[found <= reach]
    axes.set_xticks([*-ticks[:0:-1], *ticks])
    axes.xaxis.set_major_formatter(lambda v, _: tick_text(abs(float(v)), cube.language))
    axes.set_xlabel(unit)
    axes.axvline(0, color="white", linewidth=1)
    axes.grid(axis="x", **GRID)
    axes.set_axisbelow(True)
    for side, place in enumerate((0.25, 0.75)):
        axes.text(
            place, 1.01, sex.names[side], transform=axes.transAxes, ha="center", va="bottom",
            color=COLOURS[side], fontweight="bold",
        )  # fmt: skip


def _name_ages(axes: Axes, age: Axis, edges: Floats, *, single: bool, spans: bool) -> None:
    axes.set_ylim(edges[0], edges[-1])
    axes.set_ylabel(age.label)
    if single:
        axes.set_yticks([a for a in range(int(edges[0] + 0.5), int(edges[-1]) + 1) if a % 10 == 0])
    elif spans:
        # Where groups begin; of beginnings that have no room beside each other, the first.
        shown: list[float] = []
        for edge in edges[:-1]:
            if not shown or edge - shown[-1] >= _NAMED_APART * (edges[-1] - edges[0]):
                shown.append(float(edge))
        axes.set_yticks(shown)
    elif age.numeric:
        axes.set_yticks(np.arange(edges[0] + 0.5, edges[-1]))
    else:
        axes.set_yticks(range(len(age.names)), age.names)
        axes.tick_params(axis="y", length=0)


def _neutral(handle: Any) -> Any:
    """How a legend shows what both sides have: in the colours of both, or in that of none."""
    from matplotlib.patches import Patch

    if handle.get_fill():
        return handle if handle.get_hatch() else tuple(Patch(facecolor=c) for c in COLOURS[:MOST])
    return Patch(facecolor="none", edgecolor=INK, linewidth=1.3)


def _hidden_patch() -> Any:
    from matplotlib.patches import Patch

    return Patch(**HIDDEN)


def sides(cells: Cells) -> tuple[str, str] | None:
    """The dimensions of a pyramid, sex and an age; None: the figures are of none.

    Parameters
    ----------
    cells
        Any figures.
    """
    ids = [dimension.id for dimension in cells.specification.dimensions]
    ages = [id for id in ids if id == "age" or id.startswith("age_")]
    return ("sex", ages[0]) if "sex" in ids and len(ages) == 1 else None


def fits(cube: Cube) -> bool:
    """Whether all else that varies is two populations, and there are no intervals.

    Parameters
    ----------
    cube
        The figures, by sex and an age first.
    """
    sex, age, *others = cube.axes
    known = [len(set(axis.codes) - {"unknown"}) for axis in (sex, age)]
    return (
        not cube.bands
        and known[0] == MOST
        and known[1] > 0
        and [len(axis.codes) for axis in others] in ([], [MOST])
    )
