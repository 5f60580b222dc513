"""Passes over rows of covariates, compiled: factors stay codes, and no matrix is spread out.

`place[f, code]` is the coefficient of a level, or -1 for a reference level; `slope[m]` the
coefficient of a number.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from folkestrom.engine.kernels import kernel

Floats: TypeAlias = npt.NDArray[np.float64]
Codes: TypeAlias = npt.NDArray[np.unsignedinteger[Any]]
Places: TypeAlias = npt.NDArray[np.int32]


@kernel
def predict_rows(
    bounds: tuple[int, int],
    codes: Codes,
    place: Places,
    numbers: Floats,
    slope: Places,
    theta: Floats,
    predictor: Floats,
) -> None:
    """Sum of coefficients of each row from `bounds[0]` up to `bounds[1]`."""
    for i in range(bounds[0], bounds[1]):
        total = 0.0
        for f in range(codes.shape[1]):
            k = place[f, codes[i, f]]
            if k >= 0:
                total += theta[k]
        for m in range(numbers.shape[1]):
            total += theta[slope[m]] * numbers[i, m]
        predictor[i] = total


@kernel
def add_up_rows(
    bounds: tuple[int, int],
    codes: Codes,
    place: Places,
    numbers: Floats,
    slope: Places,
    weight: Floats,
    total: Floats,
) -> None:
    """Add the covariates of each row, times its weight, to `total`."""
    for i in range(bounds[0], bounds[1]):
        w = weight[i]
        for f in range(codes.shape[1]):
            k = place[f, codes[i, f]]
            if k >= 0:
                total[k] += w
        for m in range(numbers.shape[1]):
            total[slope[m]] += w * numbers[i, m]


@kernel
def cross_rows(
    bounds: tuple[int, int],
    codes: Codes,
    place: Places,
    numbers: Floats,
    slope: Places,
    weight: Floats,
    products: Floats,
) -> None:
    """Add products of each row's covariates, times its weight; each pair once, in either half."""
    width = codes.shape[1] + numbers.shape[1]
    index = np.empty(width, np.int64)
    value = np.empty(width, np.float64)
    for i in range(bounds[0], bounds[1]):
        w = weight[i]
        if w == 0.0:
            continue
        n = 0
        for f in range(codes.shape[1]):
            k = place[f, codes[i, f]]
            if k >= 0:
                index[n], value[n] = k, 1.0
                n += 1
        for m in range(numbers.shape[1]):
            index[n], value[n] = slope[m], numbers[i, m]
            n += 1
        for a in range(n):
            scaled = w * value[a]
            for b in range(a + 1):
                products[index[a], index[b]] += scaled * value[b]
