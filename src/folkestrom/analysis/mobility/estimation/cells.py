"""Cells: factors that are looked up together, once a person where they never change."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from folkestrom.analysis.mobility.estimation.kernels.layout import Cells
from folkestrom.analysis.mobility.estimation.kernels.packing import (
    never_changes,
    pack_persons,
    pack_rows,
)
from folkestrom.analysis.mobility.panel.panel import Panel

Array = NDArray[np.float64]

#: Cells are numbered in one byte.
_MOST = 256
#: Persons packed at a time.
_PART = 50_000


@dataclass(frozen=True)
class PackedCells:
    """A panel's cells, and which positions of the coefficient table each consists of.

    Attributes
    ----------
    cells
        The arrays.
    members
        For every row of the table of cells its positions; the number of positions where none.
    """

    cells: Cells
    members: NDArray[np.int64]

    def table(self, coefficients: Array) -> Array:
        """The coefficients of cells, from those of positions."""
        padded = np.vstack([coefficients, np.zeros((1, coefficients.shape[1]))])
        return np.asarray(padded[self.members].sum(axis=1))

    def positions(self, totals: Array, count: int) -> Array:
        """Sums over cells, from which sums over positions are made."""
        out = np.zeros((count + 1, totals.shape[1]))
        np.add.at(out, self.members.ravel(), np.repeat(totals, self.members.shape[1], axis=0))
        return out[:count]


def pack(panel: Panel, threads: int) -> PackedCells:
    """Put the factors of a panel together into cells.

    Parameters
    ----------
    panel
        The rows.
    threads
        Number of threads.
    """
    rows = panel.rows
    of = range(rows.codes8.shape[0])
    with ThreadPoolExecutor(threads) as pool:
        fixed = list(pool.map(lambda f: never_changes(rows.start, rows.codes8[f]), of))
        levels = np.diff([*rows.offset8.tolist(), _after(panel)]).tolist()
        by_person = _groups([f for f in of if fixed[f]], levels)
        by_row = _groups([f for f in of if not fixed[f]], levels)
        of_person = _room(panel, panel.persons, len(by_person))
        of_row = _room(panel, panel.size, len(by_row))
        ends = [*range(0, panel.persons, _PART), panel.persons]

        def part(span: tuple[int, int]) -> None:
            a, b = span
            factor, stride = _strides(by_person, levels)
            pack_persons(a, b, rows.start, rows.codes8, factor, stride, of_person)
            factor, stride = _strides(by_row, levels)
            pack_rows(int(rows.start[a]), int(rows.start[b]), rows.codes8, factor, stride, of_row)

        for _ in pool.map(part, pairwise(ends)):
            pass
    members, offsets = _members(panel, by_person + by_row, levels)
    wide = rows.codes16.shape[0]
    shift = len(members) - len(panel.positions)
    return PackedCells(
        Cells(
            start=rows.start,
            outcome=rows.outcome,
            of_person=of_person,
            offset_person=offsets[: len(by_person)],
            of_row=of_row,
            offset_row=offsets[len(by_person) :],
            codes16=rows.codes16,
            offset16=rows.offset16 + (shift if wide else 0),
            numbers=rows.numbers,
            centre=rows.centre,
            scale=rows.scale,
            offset_n=rows.offset_n + shift,
            weight=rows.weight,
        ),
        members,
    )


def _room(panel: Panel, lines: int, groups: int) -> NDArray[np.uint8]:
    """A table of cells: in memory, or in a file without a name where the panel's columns are."""
    if panel.folder is None or not lines * groups:
        return np.empty((lines, groups), dtype=np.uint8)
    # The system frees the file with the last array that looks into it.
    with tempfile.TemporaryFile(dir=panel.folder) as file:
        made = np.memmap(file, dtype=np.uint8, mode="w+", shape=(lines, groups))
    return np.asarray(made).view(np.ndarray)


def _after(panel: Panel) -> int:
    """The position after the last level of a narrow factor."""
    rows = panel.rows
    return int(rows.offset16[0]) if rows.offset16.size else int(rows.offset_n)


def _groups(factors: list[int], levels: list[int]) -> list[list[int]]:
    """Factors with no more cells together than fit a byte, each put where there is room first."""
    groups: list[list[int]] = []
    sizes: list[int] = []
    for f in factors:
        at = next((g for g, size in enumerate(sizes) if size * levels[f] <= _MOST), None)
        if at is None:
            groups.append([f])
            sizes.append(levels[f])
        else:
            groups[at].append(f)
            sizes[at] *= levels[f]
    return groups


def _strides(
    groups: list[list[int]], levels: list[int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    width = max((len(g) for g in groups), default=1)
    factor = np.full((len(groups), width), -1, dtype=np.int64)
    stride = np.zeros((len(groups), width), dtype=np.int64)
    for k, group in enumerate(groups):
        factor[k, : len(group)] = group
        stride[k, : len(group)] = np.cumprod([1, *(levels[f] for f in group)])[:-1]
    return factor, stride


def _members(
    panel: Panel, groups: list[list[int]], levels: list[int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions of every cell, and where each group's cells begin."""
    count = len(panel.positions)
    width = max((len(g) for g in groups), default=1)
    blocks, offsets = [np.full((1, width), count)], []
    blocks[0][0, 0] = 0
    for group in groups:
        shape = [levels[f] for f in group]
        block = np.full((int(np.prod(shape)), width), count)
        # The first factor's codes run fastest.
        codes = np.indices(shape[::-1]).reshape(len(shape), -1)[::-1]
        for k, f in enumerate(group):
            block[:, k] = panel.rows.offset8[f] + codes[k]
        offsets.append(sum(len(b) for b in blocks))
        blocks.append(block)
    alone = np.full((count - _after(panel), width), count)
    alone[:, 0] = np.arange(_after(panel), count)
    return np.concatenate([*blocks, alone]).astype(np.int64), np.array(offsets, dtype=np.int64)
