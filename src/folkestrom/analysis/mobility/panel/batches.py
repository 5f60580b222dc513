"""A panel from parts that are made one after the other, in memory or in files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from folkestrom.analysis.mobility.panel.builder import PanelBuilder
from folkestrom.analysis.mobility.panel.panel import Panel
from folkestrom.columns import check_arguments
from folkestrom.errors import InputRefused, UsageError


def panel_from_batches(
    batches: Iterable[Panel], *, rows: int, folder: Path | str | None = None
) -> Panel:
    """One panel from many, of which only one is held at a time.

    Parameters
    ----------
    batches
        Panels of the same outcomes and covariates, all levels named; each person's rows lie in
        one of them.
    rows
        Person-years of all of them together.
    folder
        Where the columns are kept as files and read from as they are needed, so that the panel
        may be larger than memory; in memory if not given.

    Examples
    --------
    >>> from folkestrom.analysis.mobility import factor, make_panel
    >>> def years():
    ...     for first in (0, 2):
    ...         place = factor("place", [0, 1, 1], levels=["rural", "urban"])
    ...         yield make_panel([first, first, first + 1], [0, 1, 0], [place],
    ...                          outcomes=["stay", "leave"])
    >>> panel = panel_from_batches(years(), rows=6)
    >>> panel.persons, panel.size, panel.rows.codes8[0, :6]
    (4, 6, array([0, 1, 1, 0, 1, 1], dtype=uint8))
    """
    check_arguments(panel_from_batches, locals())
    builder: PanelBuilder | None = None
    starts, weights = [np.zeros(1, dtype=np.int64)], []
    held = 0
    for batch in batches:
        if builder is None:
            builder = PanelBuilder(batch.terms, batch.outcomes, rows=rows, folder=folder)
        _check(builder, batch, held)
        weights.append(batch.rows.weight)
        if bool(weights[0].size) != bool(batch.rows.weight.size):
            raise UsageError("some batches have weights and others none", column="weight")
        builder.put_panel(slice(held, held + batch.size), batch)
        starts.append(batch.rows.start[1:] + held)
        held += batch.size
    if builder is None or held != rows:
        raise InputRefused(
            f"the batches have {held} rows", allowed=f"{rows}, as announced",
            next_step="Count the rows of all batches first",
        )  # fmt: skip
    return builder.panel(np.concatenate(starts), np.concatenate(weights))


def _check(builder: PanelBuilder, batch: Panel, held: int) -> None:
    if (batch.outcomes, batch.positions) != (builder.outcomes, builder.positions):
        raise UsageError(
            "two batches differ in outcomes, covariates or levels",
            next_step="Name all levels of every factor in each batch",
        )
    if held + batch.size > builder.rows:
        raise InputRefused(
            f"the batches have {held + batch.size} rows or more",
            allowed=f"{builder.rows}, as announced",
        )
