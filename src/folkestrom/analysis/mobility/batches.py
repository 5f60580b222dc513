"""A panel from parts that are made one after the other, in memory or in files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from folkestrom.analysis.mobility.panel import Panel
from folkestrom.errors import InputRefused, ResourceError, UsageError

_MEMINFO = Path("/proc/meminfo")


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
    whole: Panel | None = None
    starts, weights = [np.zeros(1, dtype=np.int64)], []
    held = 0
    for batch in batches:
        if whole is None:
            whole = _room(batch, rows, folder)
        _check(whole, batch, held, rows)
        here = slice(held, held + batch.size)
        whole.rows.outcome[here] = batch.rows.outcome
        for name in ("codes8", "codes16", "numbers"):
            getattr(whole.rows, name)[:, here] = getattr(batch.rows, name)[:, : batch.size]
        starts.append(batch.rows.start[1:] + held)
        weights.append(batch.rows.weight)
        held += batch.size
    if whole is None or held != rows:
        raise InputRefused(
            f"the batches have {held} rows", allowed=f"{rows}, as announced",
            next_step="Count the rows of all batches first",
        )  # fmt: skip
    weight = np.concatenate(weights)
    start = np.concatenate(starts)
    return replace(whole, rows=whole.rows._replace(start=start, weight=weight))


def _room(like: Panel, rows: int, folder: Path | str | None) -> Panel:
    """A panel of so many rows, without values."""
    held = like.rows
    tables = {name: getattr(held, name) for name in ("codes8", "codes16", "numbers")}
    needed = rows * (1 + sum(t.shape[0] * t.dtype.itemsize for t in tables.values()))
    if folder is None:
        _check_memory(needed, rows)
        made = {n: np.zeros((t.shape[0], rows), dtype=t.dtype) for n, t in tables.items()}
        outcome: NDArray[np.uint8] = np.zeros(rows, dtype=np.uint8)
    else:
        at = Path(folder)
        at.mkdir(parents=True, exist_ok=True)
        # A file cannot hold a table without columns.
        made = {
            n: np.lib.format.open_memmap(
                at / f"{n}.npy", mode="w+", dtype=t.dtype, shape=(t.shape[0], rows)
            )
            if t.shape[0]
            else np.zeros((0, rows), dtype=t.dtype)
            for n, t in tables.items()
        }
        outcome = np.lib.format.open_memmap(
            at / "outcome.npy", mode="w+", dtype=np.uint8, shape=(rows,)
        )
    # The kernels are compiled for plain arrays; these read the same memory.
    plain = {name: np.asarray(table).view(np.ndarray) for name, table in made.items()}
    rows_of_it = held._replace(outcome=outcome.view(np.ndarray), **plain)
    return replace(like, rows=rows_of_it, folder=None if folder is None else Path(folder))


def _check(whole: Panel, batch: Panel, held: int, rows: int) -> None:
    if (batch.outcomes, batch.positions) != (whole.outcomes, whole.positions):
        raise UsageError(
            "two batches differ in outcomes, covariates or levels",
            next_step="Name all levels of every factor in each batch",
        )
    if bool(batch.rows.weight.size) != bool(whole.rows.weight.size):
        raise UsageError("some batches have weights and others none", column="weight")
    if held + batch.size > rows:
        raise InputRefused(
            f"the batches have {held + batch.size} rows or more", allowed=f"{rows}, as announced"
        )


def _check_memory(needed: int, rows: int) -> None:
    """Refuse what cannot fit, rather than be killed; where the system says what is free."""
    if not _MEMINFO.exists():
        return
    [line] = [t for t in _MEMINFO.read_text().splitlines() if t.startswith("MemAvailable")]
    free = int(line.split()[1]) * 1024
    if needed > free:
        raise ResourceError(
            f"a panel of {rows} person-years needs {needed / 2**30:.1f} GiB of memory",
            allowed=f"{free / 2**30:.1f} GiB that are free",
            next_step="Name a folder: the columns are then kept in files",
        )
