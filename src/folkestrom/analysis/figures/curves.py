"""Curves with intervals and numbers at risk, and shares of states."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from folkestrom.analysis.figure_style import (
    COLOURS,
    DASHES,
    GRID,
    INK,
    Language,
    canvas,
    finish,
    foot,
    in_legend,
    legend_beside,
    number_text,
    word,
)
from folkestrom.analysis.followup import Curve
from folkestrom.columns import check_arguments
from folkestrom.errors import UsageError
from folkestrom.model.names import suggestion

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Unit = Literal["days", "months", "years"]
_DAYS = {"days": 1.0, "months": 365.25 / 12, "years": 365.25}
_PLAINLY_SMALL = 0.03
_MOST_POINTS = 500


def curve_plot(
    curves: Iterable[Curve],
    file: Path | str | None = None,
    *,
    outcomes: Sequence[str] | None = None,
    labels: Mapping[str, str] | None = None,
    unit: Unit = "years",
    until: float | None = None,
    at_risk: bool = True,
    title: str | None = None,
    note: str | None = None,
    lang: Language = "en",
) -> Figure:
    """Survival, incidence or hazards by time, with intervals and numbers at risk.

    Parameters
    ----------
    curves
        What `kaplan_meier`, `nelson_aalen` or `aalen_johansen` returned.
    file
        Where to: a name that ends in .svg, .pdf or .png.
    outcomes
        Those to draw; by default all but survival, where there are others.
    labels
        Texts for groups and outcomes, instead of their names.
    unit, until
        Of the axis, and its end in that unit. Curves count in days.
    at_risk
        Whether numbers at risk stand below.
    title
        Of the picture.
    note
        What stands below it.
    lang
        en or no.
    """
    check_arguments(curve_plot, locals())
    chosen = _chosen(list(curves), outcomes)
    scale = _DAYS[unit]
    texts = labels or {}
    groups = list(dict.fromkeys(c.group for c in chosen))
    # Names stand beside the curves, and never over them.
    width = 9.0 if len(chosen) > 1 else 7.2
    figure, axis = canvas(width, 4.2 + (0.24 * (len(groups) + 1) if at_risk else 0))
    top = max(float(c.time[-1]) / scale for c in chosen if len(c.time))
    end = _end(until, top)
    percent = not any("hazard" in c.outcome for c in chosen)
    for k, curve in enumerate(chosen):
        _draw(axis, curve, k, scale, 100.0 if percent else 1.0, _name(curve, chosen, texts, lang))
    axis.set_xlim(0, end)
    axis.set_ylim(0, None)
    axis.set_xlabel(word(unit, lang))
    axis.set_ylabel(word("share" if percent else "hazard", lang))
    axis.grid(axis="y", **GRID)
    axis.set_axisbelow(True)
    _write_ticks(axis, lang)
    if len(chosen) > 1:
        legend_beside(figure, *axis.get_legend_handles_labels())
    if at_risk:
        _numbers_at_risk(axis, chosen, groups, scale, end, texts, lang)
    foot(figure, note or "")
    return finish(figure, file, title, lang)


def state_plot(
    curves: Iterable[Curve],
    file: Path | str | None = None,
    *,
    labels: Mapping[str, str] | None = None,
    unit: Unit = "years",
    until: float | None = None,
    title: str | None = None,
    lang: Language = "en",
) -> Figure:
    """Shares of states by time, one above the other, as sequences are shown.

    Parameters
    ----------
    curves
        What `state_occupation` or `MoveSequences.state_distribution` returned; one group.
    file, unit, until, title, lang
        As of `curve_plot`.
    labels
        Texts for states, instead of their names.
    """
    check_arguments(state_plot, locals())
    found = list(curves)
    if len({c.group for c in found}) != 1:
        raise UsageError("takes the states of one group", where="state_plot")
    scale, texts = _DAYS[unit], labels or {}
    last = min(c.until for c in found)
    end = _end(until, min(last, float(found[0].time[-1])) / scale)
    days = np.unique(np.append(np.concatenate([c.time for c in found]), [0, round(end * scale)]))
    days = _thinned(days[days <= end * scale])
    shares = np.array([100 * c.at(days) for c in found])
    figure, axis = canvas(7.2, 4.2)
    bottom = np.zeros(len(days))
    for k, curve in enumerate(found):
        above = bottom + shares[k]
        colour = COLOURS[k % len(COLOURS)]
        axis.fill_between(
            days / scale, bottom, above, step="post", facecolor=colour, edgecolor="white",
            linewidth=0.8,
        )  # fmt: skip
        _name_area(
            axis, days / scale, bottom, above, word(texts.get(curve.outcome, curve.outcome), lang)
        )
        bottom = above
    axis.set_xlim(0, end)
    axis.set_ylim(0, 100)
    axis.set_xlabel(word(unit, lang))
    axis.set_ylabel(word("share", lang))
    _write_ticks(axis, lang)
    return finish(figure, file, title, lang)


def _name_area(axis: Axes, when: Any, bottom: Any, above: Any, name: str) -> None:
    """Beside the area at its end; where nothing is left of it then, where it is widest."""
    low, high = float(bottom[-1]), float(above[-1])
    if high > low:
        thin = (high - low) / 100 < _PLAINLY_SMALL
        place = high if thin and high > 100 * (1 - _PLAINLY_SMALL) else (low + high) / 2
        axis.annotate(
            name, (when[-1], place), xytext=(6, 0), textcoords="offset points", va="center",
            fontsize=9, color=INK, annotation_clip=False,
        )  # fmt: skip
        return
    widest = int(np.argmax(above - bottom))
    if above[widest] > bottom[widest]:
        box = {"facecolor": "white", "edgecolor": "none", "pad": 2}
        place = float(above[widest] + bottom[widest]) / 2
        axis.text(when[widest], place, name, fontsize=9, color=INK, va="center", bbox=box)


def _chosen(curves: list[Curve], outcomes: Sequence[str] | None) -> list[Curve]:
    known = list(dict.fromkeys(c.outcome for c in curves))
    wrong = [name for name in outcomes or () if name not in known]
    if wrong or not curves:
        raise UsageError(
            "is no outcome of these curves", where="curve_plot", value=", ".join(wrong),
            allowed=known, next_step=suggestion(wrong[0], known) if wrong else None,
        )  # fmt: skip
    if outcomes is None:
        outcomes = [name for name in known if name != "survival"] or known
    return [c for c in curves if c.outcome in outcomes]


def _end(until: float | None, last: float) -> float:
    """Where the axis of time ends."""
    if until is None:
        return last
    if not 0 < until < float("inf"):
        raise UsageError("is no time", where="until", value=until, allowed="above 0")
    return until


def _name(curve: Curve, curves: Sequence[Curve], texts: Mapping[str, str], lang: Language) -> str:
    several = len({c.outcome for c in curves}) > 1
    group = None if curve.group is None else texts.get(curve.group, word(curve.group, lang))
    outcome = texts.get(curve.outcome, word(curve.outcome, lang))
    if group is None:
        return outcome
    return f"{group}: {outcome}" if several else group


def _draw(axis: Axes, curve: Curve, k: int, scale: float, factor: float, name: str) -> None:
    colour, dash = COLOURS[k % len(COLOURS)], DASHES[k % len(DASHES)]
    kept = np.searchsorted(curve.time, _thinned(curve.time))
    time = np.concatenate([[0.0], curve.time[kept] / scale])
    value = factor * np.concatenate([[curve.start], curve.estimate[kept]])
    axis.step(
        time,
        value,
        where="post",
        color=colour,
        linestyle=dash,
        linewidth=1.6,
        label=in_legend(name),
    )
    low = factor * np.concatenate([[curve.start], curve.lower[kept]])
    high = factor * np.concatenate([[curve.start], curve.upper[kept]])
    axis.fill_between(time, low, high, step="post", color=colour, alpha=0.15, linewidth=0)


def _thinned(days: Any) -> Any:
    """The last of those days that no eye could tell apart."""
    if len(days) <= _MOST_POINTS:
        return days
    bins = (days - days[0]) * _MOST_POINTS // max(days[-1] - days[0], 1)
    return days[np.append(np.diff(bins) > 0, True)]


def _numbers_at_risk(
    axis: Axes,
    curves: Sequence[Curve],
    groups: Sequence[str | None],
    scale: float,
    end: float,
    texts: Mapping[str, str],
    lang: Language,
) -> None:
    ticks = [float(t) for t in axis.get_xticks() if 0 <= t <= end]
    axis.set_xticks(ticks)
    # In lines below the axis' own numbers and name.
    high = -44.0
    axis.annotate(
        word("at_risk", lang), (0, 0), xytext=(-2, high), xycoords="axes fraction",
        textcoords="offset points", fontsize=8.5, fontweight="bold", ha="left",
    )  # fmt: skip
    for n, group in enumerate(groups):
        curve = next(c for c in curves if c.group == group)
        line = high - 13.0 * (n + 1)
        if group is not None:
            axis.annotate(
                texts.get(group, group), (0, 0), xytext=(-34, line), xycoords="axes fraction",
                textcoords="offset points", fontsize=8.5, ha="right",
            )  # fmt: skip
        for tick in ticks:
            present = _present(curve, tick * scale)
            written = "" if np.isnan(present) else number_text(present, lang)
            axis.annotate(
                written, (tick, 0), xytext=(0, line),
                xycoords=axis.get_xaxis_transform(), textcoords="offset points", fontsize=8.5,
                ha="center",
            )  # fmt: skip


def _present(curve: Curve, day: float) -> float:
    """How many are at risk just after a day; NaN where the curve does not say it."""
    place = int(np.searchsorted(curve.time, day, side="right"))
    if place == len(curve.time):
        return float("nan") if np.isnan(curve.at_risk[-1:]).any() else 0.0
    return float(np.round(curve.at_risk[place]))


def _write_ticks(axis: Axes, lang: Language) -> None:
    from matplotlib.ticker import FuncFormatter

    def text(value: float, _: Any) -> str:
        written = f"{value:g}"
        return written.replace(".", ",") if lang == "no" else written

    axis.xaxis.set_major_formatter(FuncFormatter(text))
    axis.yaxis.set_major_formatter(FuncFormatter(text))
