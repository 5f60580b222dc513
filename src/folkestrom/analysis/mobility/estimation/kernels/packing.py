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
def pack_rows(first, last, codes8, factor, stride, out):
    """Number the cells of some rows: `factor` lists the factors of every cell, −1 where none."""
    for r in range(first, last):
        for cell in range(factor.shape[0]):
            code = 0
            for k in range(factor.shape[1]):
                f = factor[cell, k]
                if f >= 0:
                    code += stride[cell, k] * np.int64(codes8[f, r])
            out[r, cell] = code


@kernel
def pack_persons(first, last, start, codes8, factor, stride, out):
    """As `pack_rows`, from the first row of each person."""
    for person in range(first, last):
        r = start[person]
        for cell in range(factor.shape[0]):
            code = 0
            for k in range(factor.shape[1]):
                f = factor[cell, k]
                if f >= 0:
                    code += stride[cell, k] * np.int64(codes8[f, r])
            out[person, cell] = code
