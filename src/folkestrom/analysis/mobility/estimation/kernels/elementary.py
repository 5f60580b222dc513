"""Exponentials and logarithms written out.

Those of the system's library are calls, and each empties the vector registers around it: a person's
few calls took as long as all the rest of the person's mode.
"""

from __future__ import annotations

import math

import numpy as np

from folkestrom.analysis.mobility.estimation.kernels.compiled import kernel, ordered_kernel

#: Adding it rounds to an integer, which then stands in the last bits.
_MAGIC = 6755399441055744.0
_LOG2_E = 1.4426950408889634
#: The logarithm of two in two parts, the first with zeros at the end.
_LN2_HIGH = 0.6931471803691238
_LN2_LOW = 1.9082149292705877e-10
#: Exponentials of what is not above it are less than any number with all its bits.
_VANISHING = -708.0
#: Between these, numbers have all their bits and are no infinities.
_LEAST, _GREATEST = 1e-300, 1e300
_FRACTION = 0xFFFFFFFFFFFFF
_BIAS = 1023
_SQRT_2 = 1.4142135623730951


@ordered_kernel
def exponential_of(x):
    """The exponential of what is below 709, within 2 units of the last place; 0 below −708."""
    a = max(x, _VANISHING)
    shifted = a * _LOG2_E + _MAGIC
    power = np.int64((np.float64(shifted).view(np.int64) + _BIAS) << 52).view(np.float64)
    k = shifted - _MAGIC
    r = (a - k * _LN2_HIGH) - k * _LN2_LOW
    s = r * r
    q = s * s
    low = (1.0 + r) + s * (0.5 + r * (1.0 / 6.0))
    middle = (1.0 / 24.0 + r * (1.0 / 120.0)) + s * (1.0 / 720.0 + r * (1.0 / 5040.0))
    high = 1.0 / 40320.0 + r * (1.0 / 362880.0)
    high += s * (1.0 / 3628800.0 + r * (1.0 / 39916800.0))
    found = (low + q * (middle + q * (high + q * (1.0 / 479001600.0)))) * power
    return found if x > _VANISHING else 0.0


@ordered_kernel
def exponential(x, row, count):
    """Replace the first numbers of a row, up to a multiple of eight, by their exponentials."""
    for i in range(8 * ((count + 7) // 8)):
        x[row, i] = exponential_of(x[row, i])


@kernel
def logarithm_of(x):
    """The logarithm within 2 units of the last place, by the series of (x − 1) / (x + 1)."""
    if not _LEAST < x < _GREATEST:
        return math.log(x) if x > 0.0 else -np.inf if x == 0.0 else np.nan
    bits = np.float64(x).view(np.int64)
    power = np.float64((bits >> 52) - _BIAS)
    m = np.int64((bits & _FRACTION) | (_BIAS << 52)).view(np.float64)
    if m > _SQRT_2:
        m *= 0.5
        power += 1.0
    s = (m - 1.0) / (m + 1.0)
    t = s * s
    q = t * t
    low = 1.0 / 3.0 + t * (1.0 / 5.0) + q * (1.0 / 7.0 + t * (1.0 / 9.0))
    high = 1.0 / 11.0 + t * (1.0 / 13.0) + q * (1.0 / 15.0 + t * (1.0 / 17.0))
    high += q * q * (1.0 / 19.0 + t * (1.0 / 21.0))
    rest = 2.0 * s * t * (low + q * q * high)
    return power * _LN2_HIGH + (2.0 * s + (rest + power * _LN2_LOW))
