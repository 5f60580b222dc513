"""From columns of codes, one for each factor, to cells of several factors."""

from __future__ import annotations

import numpy as np

from folkestrom.analysis.mobility.estimation.kernels.compiled import kernel


@kernel
def never_changes(start, codes):
    """Whether a column of codes is constant within every person."""
    for person in range(start.shape[0] - 1):
        a = start[person]
        for r in range(a + 1, start[person + 1]):
            if codes[r] != codes[a]:
                return False
    return True


@kernel
def _cell_of(codes8, factor, stride, cell, r):
    """The number of a row's cell: `factor` lists the factors of every cell, −1 where none."""
    code = 0
    for k in range(factor.shape[1]):
        f = factor[cell, k]
        if f >= 0:
            code += stride[cell, k] * np.int64(codes8[f, r])
    return code


@kernel
def pack_rows(first, last, codes8, factor, stride, out):
    """Number the cells of some rows."""
    for r in range(first, last):
        for cell in range(factor.shape[0]):
            out[r, cell] = _cell_of(codes8, factor, stride, cell, r)


@kernel
def pack_persons(first, last, start, codes8, factor, stride, out):
    """As `pack_rows`, from the first row of each person."""
    for person in range(first, last):
        for cell in range(factor.shape[0]):
            out[person, cell] = _cell_of(codes8, factor, stride, cell, start[person])
