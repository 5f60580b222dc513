"""Counter-based random numbers: a draw is a pure function of (seed, person, year, purpose).

No generator state is carried, so the order in which persons are processed, and by how many
threads, can't change a single draw.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit, uint64

from folkestrom.twin.lives.compiled import kernel

_A = np.uint64(0x9E3779B97F4A7C15)
_B = np.uint64(0xBF58476D1CE4E5B9)
_C = np.uint64(0x94D049BB133111EB)
_D = np.uint64(0xD6E8FEB86659FD93)
_S30 = np.uint64(30)
_S27 = np.uint64(27)
_S31 = np.uint64(31)
_S11 = np.uint64(11)
_S32 = np.uint64(32)


@njit(inline="always")
def bits(seed: int, person: int, year: int, purpose: int) -> int:
    """Return 64 random bits (SplitMix64's finaliser over a mixed counter)."""
    x = uint64(seed) * _A + uint64(person) * _D + ((uint64(year) << _S32) ^ uint64(purpose)) * _C
    x = (x ^ (x >> _S30)) * _B
    x = (x ^ (x >> _S27)) * _C
    return x ^ (x >> _S31)


@njit(inline="always")
def uniform(seed: int, person: int, year: int, purpose: int) -> float:
    """Return a uniform number in [0, 1)."""
    return float(bits(seed, person, year, purpose) >> _S11) * (1.0 / 9007199254740992.0)


@njit(inline="always")
def normal(seed: int, person: int, year: int, purpose: int) -> float:
    """Return a standard normal number (Box-Muller, one of the pair)."""
    u = uniform(seed, person, year, purpose)
    v = uniform(seed, person, year, purpose + 1)
    return math.sqrt(-2.0 * math.log(1.0 - u)) * math.cos(6.283185307179586 * v)


@njit(inline="always")
def shock(word: int) -> float:
    """Return a nearly normal number from 64 random bits: four 16-bit uniforms added up."""
    total = (word & 0xFFFF) + ((word >> 16) & 0xFFFF) + ((word >> 32) & 0xFFFF) + (word >> 48)
    return (float(total) * (1.0 / 65536.0) - 2.0) * 1.7320508075688772


@njit(inline="always")
def integer(seed: int, person: int, year: int, purpose: int, bound: int) -> int:
    """Return an integer in [0, bound)."""
    return min(int(uniform(seed, person, year, purpose) * bound), bound - 1)


@kernel
def uniforms(seed: int, first: int, count: int, year: int, purpose: int) -> np.ndarray:
    """Return `count` uniform numbers for the counters from `first` on."""
    out = np.empty(count, np.float64)
    for i in range(count):
        out[i] = uniform(seed, first + i, year, purpose)
    return out


@kernel
def permutation(seed: int, count: int, year: int, purpose: int) -> np.ndarray:
    """Return a random permutation of 0 … count - 1 (Fisher-Yates)."""
    out = np.arange(count)
    for i in range(count - 1, 0, -1):
        j = integer(seed, i, year, purpose, i + 1)
        out[i], out[j] = out[j], out[i]
    return out


@kernel
def draws(seed: int, persons: np.ndarray, year: int, purpose: int) -> np.ndarray:
    """Return one uniform number for each of the given persons."""
    out = np.empty(persons.size, np.float64)
    for i in range(persons.size):
        out[i] = uniform(seed, persons[i], year, purpose)
    return out


@kernel
def normals(seed: int, persons: np.ndarray, year: int, purpose: int) -> np.ndarray:
    """Return one standard normal number for each of the given persons."""
    out = np.empty(persons.size, np.float64)
    for i in range(persons.size):
        out[i] = normal(seed, persons[i], year, purpose)
    return out
