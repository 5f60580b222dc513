"""Rates of groups side by side, each with its interval."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import polars as pl

from folkestrom import columns
from folkestrom.analysis.figure_style import (
    COLOURS,
    GRID,
    MARKERS,
    Language,
    canvas,
    finish,
    in_legend,
    legend_beside,
    name_rows,
    tick_text,
)
from folkestrom.columns import check_arguments, table_of
from folkestrom.errors import InputRefused, UsageError
from folkestrom.model.described import description_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_NAME_LETTERS = 34


def rate_plot(
    rows: Any,
    file: Path | str | None = None,
    *,
    label: str,
    estimate: str,
    limits: tuple[str, str] | None = ("lower", "upper"),
    group: str | None = None,
    labels: Mapping[str, str] | None = None,
    unit: str = "",
    title: str | None = None,
    lang: Language = "en",
) -> Figure:
    """Draw an estimate of each row with its interval, from the first row at the top.

    Parameters
    ----------
    rows
        A table of Arrow, Polars or pandas. What is empty, as where a figure was suppressed, is
        not drawn, and its label says "..".
    file
        Where to: a name that ends in .svg, .pdf or .png.
    label
        Column with what a row is called.
    estimate, limits
        Columns with the estimate and the ends of its interval; None: no intervals.
    group
        Column that tells groups apart, which differ in colour and marker.
    labels
        Texts instead of labels and names of groups; by default what the table calls them.
    unit
        What is under the axis.
    title
        Of the picture.
    lang
        en or no.

    Examples
    --------
    >>> rows = {"county": ["03", "11"], "rate": [12.1, 4.4], "lower": [11, 4], "upper": [13, 5]}
    >>> figure = rate_plot(rows, label="county", estimate="rate", labels={"03": "Oslo"})
    >>> [text.get_text() for text in figure.axes[0].get_yticklabels()]
    ['Oslo', '11']
    """
    check_arguments(rate_plot, locals())
    table = _checked(rows, (label, group), (estimate, *(limits or ())))
    texts = _told(rows) | dict(labels or {})
    names = table[label].cast(pl.String).unique(maintain_order=True).to_list()
    groups = [None] if group is None else table[group].cast(pl.String).unique(maintain_order=True)
    figure, axes = canvas(
        7 if group is None else 8.8, 0.9 + (0.18 + 0.12 * len(groups)) * len(names)
    )
    shown = table.drop_nulls(estimate)
    for k, one in enumerate(groups):
        part = shown if one is None else shown.filter(pl.col(group or "").cast(pl.String) == one)
        offset = 0.2 * (k - (len(groups) - 1) / 2)
        axes.errorbar(
            part[estimate].to_list(),
            [names.index(str(name)) + offset for name in part[label]],
            xerr=_reach(part, estimate, limits),
            fmt=MARKERS[k % len(MARKERS)],
            color=COLOURS[k % len(COLOURS)],
            markersize=4,
            capsize=2,
            linewidth=1,
            label="" if one is None else in_legend(texts.get(one, one)),
        )
    empty = set(names) - set(shown[label].cast(pl.String))
    _label(axes, [texts.get(name, name) + ("  .." if name in empty else "") for name in names])
    axes.set_xlabel(unit)
    axes.xaxis.set_major_formatter(lambda value, _: tick_text(float(value), lang))
    if group is not None:
        legend_beside(figure, *axes.get_legend_handles_labels())
    return finish(figure, file, title, lang)


def _told(rows: Any) -> dict[str, str]:
    """What codes are called by a table that says so."""
    dimensions = description_of(rows).get("dimensions", ())
    return {
        c: n for d in dimensions for c, n in (d.get("categories") or d.get("labels", {})).items()
    }


def _checked(rows: Any, levels: Iterable[str | None], numbers: Iterable[str]) -> pl.DataFrame:
    table = table_of(rows, "rate_plot")
    if not table.rows:
        raise UsageError("there is no row for the picture", where="rate_plot, rows")
    held = []
    for name in dict.fromkeys(levels):
        if name is not None:
            found = columns.categories(table.column(name))
            held.append(pl.Series(name, found.levels, pl.String).gather(found.codes))
    for name in dict.fromkeys(numbers):
        column = table.column(name)
        columns.refuse_amounts(column.values.to_frame().lazy(), column, may_miss=True)
        held.append(column.values.cast(pl.Float64).alias(name))
    return pl.DataFrame(held)


def _label(axes: Axes, names: Sequence[str]) -> None:
    """Names from the top down, beside an axis from 0."""
    name_rows(axes, [fill(name, _NAME_LETTERS, break_long_words=False) for name in names])
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(left=0)
    axes.grid(axis="x", **GRID)


def _reach(
    part: pl.DataFrame, estimate: str, limits: tuple[str, str] | None
) -> list[list[float]] | None:
    if limits is None:
        return None
    low = (part[estimate] - part[limits[0]]).fill_null(0)
    high = (part[limits[1]] - part[estimate]).fill_null(0)
    for name, reach in zip(limits, (low, high), strict=True):
        if (reach < 0).any():
            raise InputRefused(
                f"is on the wrong side of {estimate} in {int((reach < 0).sum())} rows",
                where="rate_plot", column=name,
            )  # fmt: skip
    return [low.to_list(), high.to_list()]
