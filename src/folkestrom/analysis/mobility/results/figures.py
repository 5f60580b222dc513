"""Coefficients and profiles as figures for a paper; needs matplotlib (the extra `figures`).

Outcomes and models differ in marker as well as in colour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from folkestrom.analysis.figure_style import (
    COLOURS,
    GREY,
    MARKERS,
    Language,
    finish,
    in_legend,
    name_rows,
    panels,
    word,
)
from folkestrom.analysis.inference.distributions import critical_value
from folkestrom.analysis.mobility.results.regression_table import by_name, shown_name
from folkestrom.analysis.mobility.results.result import MobilityFit
from folkestrom.columns import check_arguments
from folkestrom.errors import UsageError
from folkestrom.model.names import check_code, unknown

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def coefficient_plot(
    fits: MobilityFit | Sequence[MobilityFit] | Mapping[str, MobilityFit],
    file: Path | str | None = None,
    *,
    covariates: Sequence[str] | None = None,
    labels: Mapping[str, str] | None = None,
    level: float = 0.95,
    lang: Language = "en",
) -> Figure:
    """Coefficients with intervals: a panel for each outcome, a colour for each model.

    Parameters
    ----------
    fits
        A model, several, or several by name.
    file
        Where to: a name that ends in .svg, .pdf or .png.
    covariates
        Names of covariates or coefficients; all but the intercepts by default.
    labels
        Texts for coefficients, models or outcomes, instead of their names.
    level
        Coverage of the intervals.
    lang
        en or no.
    """
    check_arguments(coefficient_plot, locals())
    named, texts = by_name(fits), labels or {}
    if not named:
        raise UsageError("there is no model for the figure")
    heading = word("coefficient", lang)
    positions = _positions(list(named.values()), covariates)
    outcomes = next(iter(named.values())).outcomes
    base, reach = texts.get(outcomes[0], outcomes[0]), critical_value(level)
    height = 0.9 + len(positions) * (0.2 + 0.12 * len(named))
    figure, axes = _canvas(len(outcomes) - 1, height)
    for axis, outcome in zip(axes, outcomes[1:], strict=True):
        axis.axvline(0, color=GREY, linewidth=0.8, zorder=0)
        for k, (name, fit) in enumerate(named.items()):
            values, errors = fit.params_, fit.bse_
            at = [i for i, label in enumerate(positions) if f"{outcome}: {label}" in values]
            keys = [f"{outcome}: {list(positions)[i]}" for i in at]
            offset = 0.2 * (k - (len(named) - 1) / 2)
            axis.errorbar(
                [values[key] for key in keys], np.array(at) + offset,
                xerr=[reach * errors[key] for key in keys], label=in_legend(texts.get(name, name)),
                **_style(k),
            )  # fmt: skip
        axis.set_title(texts.get(outcome, outcome))
        axis.set_xlabel(heading.format(base=base))
        _write_ticks(axis, lang)
    shown = [texts.get(label, shown_name(p)) for label, p in positions.items()]
    name_rows(axes[0], shown)
    axes[0].invert_yaxis()
    if len(named) > 1:
        handles, names = axes[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=len(named), frameon=False)
    return finish(figure, file, lang=lang)


def profile_plot(
    fit: MobilityFit,
    profiles: Mapping[str, Mapping[str, Any]],
    file: Path | str | None = None,
    *,
    outcomes: Sequence[str] | None = None,
    labels: Mapping[str, str] | None = None,
    level: float = 0.95,
    lang: Language = "en",
) -> Figure:
    """Probabilities of profiles with intervals: a panel for each outcome.

    Parameters
    ----------
    fit
        The fitted model.
    profiles
        By name, for each covariate a level or a number.
    outcomes
        Outcomes to show; all but the base by default.
    labels
        Texts for outcomes, instead of their names.
    file, level, lang
        As of `coefficient_plot`.
    """
    check_arguments(profile_plot, locals())
    texts, heading = labels or {}, word("chance", lang)
    wanted = list(fit.outcomes[1:]) if outcomes is None else list(outcomes)
    for outcome in wanted:
        check_code(outcome, fit.outcomes, "is no outcome of the model", where="outcomes")
    if not profiles:
        raise UsageError("there is no profile for the figure", where="profiles")
    found = fit.predict(list(profiles.values()), level=level)
    figure, axes = _canvas(len(wanted), 0.9 + 0.35 * len(profiles))
    for k, (axis, outcome) in enumerate(zip(axes, wanted, strict=True)):
        part = found.filter(pl.col("outcome") == outcome)
        chance = part["chance"].to_numpy()
        ends = [chance - part["low"].to_numpy(), part["high"].to_numpy() - chance]
        axis.errorbar(chance, range(len(profiles)), xerr=ends, **_style(k))
        axis.set_title(texts.get(outcome, outcome))
        axis.set_xlabel(heading)
        axis.set_xlim(left=0)
        _write_ticks(axis, lang, by=100.0)
    name_rows(axes[0], profiles)
    axes[0].invert_yaxis()
    axes[0].set_ylim(len(profiles) - 0.5, -0.5)
    return finish(figure, file, lang=lang)


def _positions(fits: Sequence[MobilityFit], covariates: Sequence[str] | None) -> dict[str, Any]:
    found = {fit.positions[p].label: fit.positions[p] for fit in fits for p in fit.free if p != 0}
    if covariates is None:
        return found
    out: dict[str, Any] = {}
    for name in covariates:
        members = [m for fit in fits if fit.design for m in fit.design.members(name)]
        chosen = {
            label: p for label, p in found.items() if name in (label, p.term) or p.term in members
        }
        if not chosen:
            raise unknown(name, list(found), "is no covariate of the models", where="covariates")
        out |= chosen
    return out


def _write_ticks(axis: Any, lang: Language, by: float = 1.0) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    def text(value: float, _: object) -> str:
        shown = f"{by * value:.10g}".replace("-", "−")
        return shown.replace(".", ",") if lang == "no" else shown

    axis.xaxis.set_major_locator(MaxNLocator(5))
    axis.xaxis.set_major_formatter(FuncFormatter(text))


def _style(k: int) -> dict[str, Any]:
    colour = COLOURS[k % len(COLOURS)]
    return {
        "fmt": MARKERS[k % len(MARKERS)], "color": colour, "ecolor": colour, "markersize": 4,
        "elinewidth": 1.3, "capsize": 0,
    }  # fmt: skip


def _canvas(count: int, height: float) -> tuple[Figure, list[Axes]]:
    figure, axes = panels(count, 2.2 + 2.9 * count, height)
    for axis in axes:
        axis.spines["left"].set_visible(False)
        axis.tick_params(axis="y", length=0)
        axis.grid(axis="y", color="#d9d9d9", linewidth=0.5)
        axis.set_axisbelow(True)
    return figure, axes
