"""Builds a panel whose rows come part by part, in memory or in files."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from folkestrom.analysis.design.memory import check_memory
from folkestrom.analysis.design.terms import Term, without_values
from folkestrom.analysis.mobility.panel.arrays import Rows
from folkestrom.analysis.mobility.panel.panel import (
    Panel,
    by_kind,
    check_names,
    check_outcomes,
    padded,
    positions_of,
)
from folkestrom.errors import ResourceError

Array = NDArray[np.float64]
Places = slice | NDArray[np.intp]

#: For each person: where the rows begin, the weight, and what a fit keeps of the effects.
_BYTES_OF_PERSON = 40
_IN_FILES = "Name a folder: the columns are then kept in files"
_FEWER = "Take fewer persons; if rows do not lie by person, sort them first"


class PanelBuilder:
    """The arrays of a panel, and the rows that have been put there.

    Parameters
    ----------
    like
        Covariates, as those that will come, with any values.
    outcomes
        Names of the alternatives.
    rows, persons
        How many there will be.
    folder
        Where columns are kept as files; in memory if not given.
    more
        Bytes that whoever fills it takes for each row.
    """

    def __init__(
        self,
        like: Sequence[Term],
        outcomes: Sequence[str],
        *,
        rows: int,
        persons: int = 0,
        folder: Path | str | None = None,
        more: int = 0,
    ) -> None:
        check_outcomes(tuple(outcomes))
        check_names(like)
        self.outcomes, self.rows = tuple(outcomes), rows
        self._terms = [without_values(term) for term in like]
        self._folder = None if folder is None else Path(folder)
        narrow, wide, numbers = by_kind(self._terms)
        in_columns = rows * (1 + len(narrow) + 2 * len(wide) + 8 * len(numbers))
        in_memory = persons * _BYTES_OF_PERSON + rows * more
        check_memory(
            in_memory + (in_columns if folder is None else 0),
            f"a panel of {rows} person-years",
            _IN_FILES if folder is None else _FEWER,
        )
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
        self.codes8: NDArray[np.uint8] = self._room("codes8", len(narrow), np.uint8)
        self.codes16: NDArray[np.uint16] = self._room("codes16", len(wide), np.uint16)
        self.numbers: Array = self._room("numbers", len(numbers), np.float64)
        self.outcome: NDArray[np.uint8] = self._room("outcome", 1, np.uint8)[0, :rows]
        self._used = [False] * len(numbers)

    @property
    def positions(self) -> tuple[Any, ...]:
        """Rows of the coefficient table."""
        return positions_of(self._terms)[0]

    def put(self, places: Places, outcome: NDArray[np.uint8], terms: Sequence[Term]) -> None:
        """Take rows in.

        Parameters
        ----------
        places
            Where they belong.
        outcome
            Codes of their alternatives.
        terms
            Their covariates.
        """
        narrow, wide, numbers = by_kind(terms)
        self.outcome[places] = outcome
        for k, factor in enumerate(narrow):
            self.codes8[k, places] = factor.codes
        for k, factor in enumerate(wide):
            self.codes16[k, places] = factor.codes
        for k, number in enumerate(numbers):
            self.numbers[k, places] = number.values
            self._used[k] = self._used[k] or bool(number.values.any())

    def put_panel(self, places: slice, panel: Panel) -> None:
        """Take all rows of another panel in.

        Parameters
        ----------
        places
            Where they belong.
        panel
            The rows; of the same outcomes and covariates.
        """
        self.outcome[places] = panel.rows.outcome
        for name in ("codes8", "codes16", "numbers"):
            getattr(self, name)[:, places] = getattr(panel.rows, name)[:, : panel.size]

    def drop_empty_slopes(self) -> tuple[str, ...]:
        """Leave out slopes of levels that have no rows; says which."""
        numbers = by_kind(self._terms)[2]
        empty = {
            n.name
            for n, used in zip(numbers, self._used, strict=True)
            if "[" in n.name and not used
        }
        kept = [k for k, number in enumerate(numbers) if number.name not in empty]
        for line, k in enumerate(kept):
            if line != k:
                self.numbers[line] = self.numbers[k]
        self.numbers = self.numbers[: len(kept)]
        self._terms = [term for term in self._terms if term.name not in empty]
        return tuple(sorted(empty))

    def panel(self, start: NDArray[np.int64], weight: Array) -> Panel:
        """The panel, when all rows are there.

        Parameters
        ----------
        start
            Where each person's rows begin, and the number of rows.
        weight
            Of each person; empty if all count alike.
        """
        positions, offset8, offset16 = positions_of(self._terms)
        rows = Rows(
            start=start,
            outcome=self.outcome,
            codes8=self.codes8,
            offset8=offset8,
            codes16=self.codes16,
            offset16=offset16,
            numbers=self.numbers,
            centre=np.zeros(self.numbers.shape[0]),
            scale=np.ones(self.numbers.shape[0]),
            offset_n=len(positions) - self.numbers.shape[0],
            weight=weight,
        )
        return Panel(self.outcomes, positions, rows, tuple(self._terms), self._folder)

    def _room(self, name: str, lines: int, dtype: type[np.generic]) -> NDArray[Any]:
        shape = (lines, padded(self.rows, np.dtype(dtype).itemsize))
        # A file cannot hold a table without columns.
        if self._folder is None or not lines:
            return np.zeros(shape, dtype=dtype)
        path = self._folder / f"{name}.npy"
        # Another panel may still look into the file of that name.
        path.unlink(missing_ok=True)
        made = np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)
        _reserve(path)
        # The kernels are compiled for plain arrays; these read the same memory.
        return np.asarray(made).view(np.ndarray)


def _reserve(path: Path) -> None:
    """Have the disk keep room for a whole file now: later, a full disk would kill the process."""
    size = path.stat().st_size
    try:
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, size)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        path.unlink()
        raise ResourceError(
            f"the disk has no room for a file of {size / 2**30:.1f} GiB", where=str(path.parent),
            next_step="Name a folder on a larger disk",
        ) from error  # fmt: skip
