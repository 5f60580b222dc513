"""The inverse of a positive definite matrix, in one thread.

A few hundred rows are too few for the threads of a linear algebra library, which wait for each
other longer than they work where the machine is busy.
"""

from __future__ import annotations

from folkestrom.analysis.mobility.estimation.kernels.compiled import kernel


@kernel
def factorise(matrix, least):
    """Replace the lower half by Cholesky's factor; false where a pivot is below `least`."""
    for i in range(matrix.shape[0]):
        for j in range(i + 1):
            s = matrix[i, j]
            for k in range(j):
                s -= matrix[i, k] * matrix[j, k]
            if i > j:
                matrix[i, j] = s / matrix[j, j]
            elif s < least * least:
                return False
            else:
                matrix[i, i] = s**0.5
    return True


@kernel
def invert_factor(factor, turned):
    """The transposed inverse of a lower triangular matrix, into `turned`."""
    n = factor.shape[0]
    for c in range(n):
        turned[c, c] = 1.0 / factor[c, c]
        for i in range(c + 1, n):
            s = 0.0
            for k in range(c, i):
                s -= factor[i, k] * turned[c, k]
            turned[c, i] = s / factor[i, i]


@kernel
def square(turned, out):
    """The product of an upper triangular matrix with its transpose."""
    n = turned.shape[0]
    for i in range(n):
        for j in range(i + 1):
            s = 0.0
            for k in range(i, n):
                s += turned[i, k] * turned[j, k]
            out[i, j] = s
            out[j, i] = s
