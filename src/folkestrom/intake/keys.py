"""The hash of a report's key: 64 bits that no version of any engine will ever change.

Two reports received in the same microsecond are ordered by it, and it finds keys fast; equal
hashes are then compared by the texts themselves.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

#: Between the source and the number of the report, so that ("a", "bc") is not ("ab", "c").
SEPARATOR: Final = "\x1f"

_BASIS = np.uint64(0xCBF29CE484222325)
_PRIME = np.uint64(0x100000001B3)
_MIX = np.uint64(0xD6E8FEB86659FD93)
_HALF = np.uint64(32)

#: Keys hashed together: as many as stay in the processor's cache.
_TOGETHER: Final = 1 << 13


def key_hashes(
    sources: NDArray[np.integer[Any]], names: list[str], numbers: pa.Array
) -> NDArray[np.uint64]:
    """Hash the keys of reports.

    FNV-1a (64 bits) over the UTF-8 bytes of source, U+001F, source_report_id; then twice
    ``h ^= h >> 32; h *= 0xd6e8feb86659fd93`` and once more ``h ^= h >> 32``, modulo 2**64.

    Parameters
    ----------
    sources
        Index into `names`, one a report.
    names
        Names of sources.
    numbers
        `source_report_id` of each report, as Arrow text; nulls count as empty.

    Examples
    --------
    >>> [hex(h) for h in key_hashes(np.array([0, 0]), ["reg"], pa.array(["1", "2"]))]
    ['0xdadb60d09d9199c4', '0xebefc001435e8836']
    """
    starts = np.array([_start(name) for name in names], np.uint64)
    offsets, data = _buffers(numbers)
    states = starts[sources]
    for first in range(0, len(states), _TOGETHER):
        part = slice(first, first + _TOGETHER)
        _hash(states[part], offsets[first : first + _TOGETHER + 1], data)
    return states


def _start(name: str) -> int:
    """State of the hash after the source and the separator, which many reports share."""
    state = int(_BASIS)
    for byte in (name + SEPARATOR).encode():
        state = ((state ^ byte) * int(_PRIME)) % 2**64
    return state


def _buffers(texts: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Offsets and bytes of an Arrow text array."""
    width = np.int32 if pa.types.is_string(texts.type) else np.int64
    if width == np.int64 and not pa.types.is_large_string(texts.type):
        texts = texts.cast(pa.large_string())
    _, offsets, data = texts.buffers()
    where = np.frombuffer(offsets, width)[texts.offset : texts.offset + len(texts) + 1]
    return where.astype(np.int64), np.frombuffer(data if data is not None else b"", np.uint8)


def _hash(states: NDArray[np.uint64], offsets: NDArray[np.int64], data: NDArray[np.uint8]) -> None:
    """Bring states, in place, from the start of each text to its hash.

    Byte by byte, of all texts at once: a day's keys should not wait for a compiler to be loaded.
    """
    lengths = np.diff(offsets)
    shortest, longest = int(lengths.min(initial=2**31)), int(lengths.max(initial=0))
    begins = offsets[:-1]
    for place in range(longest):
        if place < shortest:
            states ^= data[begins + place]
            states *= _PRIME
        else:
            longer = np.flatnonzero(lengths > place)
            states[longer] = (states[longer] ^ data[begins[longer] + place]) * _PRIME
    for _ in range(2):
        states ^= states >> _HALF
        states *= _MIX
    states ^= states >> _HALF
