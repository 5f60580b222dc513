"""Record keys: a random number for each person, from a secret that is kept outside the store.

A key is 32 bits of HMAC-SHA-512 of the person's number with the secret: nobody who lacks the secret
can compute it, and it is the same in every table and year. Tables have only sums of keys, modulo
2³², and never a key. The keys are in the memory of one session, and in no store.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from folkestrom.engine.steps import run, step

#: What the sum of the keys of a measure is called.
SUFFIX: Final = "_keys"
_MODULUS: Final = 2**32
#: An odd number: the keys of one person's events of several kinds have nothing in common.
_OF_KIND: Final = 2654435769
#: Keys in one digest.
_IN_DIGEST: Final = 16


@step("blocks_of_persons", reads=["residence", "event"])
def blocks_of_persons() -> str:
    """Persons who were ever resident, or are in an event: as bits of blocks of 16 numbers."""
    return f"""
        WITH everybody AS (
            SELECT person FROM residence
            UNION ALL
            SELECT person FROM event
        )
        SELECT person // {_IN_DIGEST} AS block, bit_or(1 << (person % {_IN_DIGEST})) AS members
        FROM everybody
        GROUP BY block
    """


@step("rows_with_keys", reads=["record_key"], example={"source": "residents"})
def rows_with_keys(source: str, *, events: bool = False) -> str:
    """Rows with the record key of their person; of an event, moved on by its kind."""
    key = f"k.key + {_OF_KIND} * r.kind" if events else "k.key"
    return f"""
        SELECT r.*, {key} AS key
        FROM {source} r
        JOIN record_key k ON k.person = r.person
    """


def key_sum(condition: str = "") -> str:
    """SQL of the sum of the keys of rows, modulo 2³²."""
    kept = f" FILTER (WHERE {condition})" if condition else ""
    return f"coalesce(sum(key){kept}, 0) % {_MODULUS}"


def names_of_sums(measures: Sequence[str]) -> dict[str, pa.DataType]:
    """Names and types of the sums of keys beside measures.

    Examples
    --------
    >>> names_of_sums(["persons"])
    {'persons_keys': DataType(uint32)}
    """
    return {f"{name}{SUFFIX}": pa.uint32() for name in measures}


def record_keys(blocks: npt.NDArray[np.int64], secret: bytes) -> npt.NDArray[np.uint32]:
    """The record keys of blocks of persons: 16 a row, for persons from 16 times the block on.

    Parameters
    ----------
    blocks
        Numbers of blocks.
    secret
        The secret.

    Examples
    --------
    >>> keys = record_keys(np.array([7, 1000, 7]), b"a secret that is long enough to be one")
    >>> keys.shape, bool((keys[0] == keys[2]).all()), len(set(keys[:2].ravel().tolist()))
    ((3, 16), True, 32)
    """
    raw = blocks.astype("<i8").tobytes()
    digests = [hmac.digest(secret, raw[n : n + 8], "sha512") for n in range(0, len(raw), 8)]
    return np.frombuffer(b"".join(digests), "<u4").reshape(-1, _IN_DIGEST)


def fingerprint(secret: bytes) -> str:
    """What tells whether two tables are protected by the same secret, and nothing else of it."""
    return hmac.digest(secret, b"fingerprint", "sha512").hex()[:16]


@contextmanager
def with_record_keys(connection: duckdb.DuckDBPyConnection, secret: bytes) -> Iterator[None]:
    """Give a session the record keys of everybody, for as long as the context lasts.

    Parameters
    ----------
    connection
        An open store.
    secret
        The secret.
    """
    found: Any = run(connection, [blocks_of_persons()]).fetchnumpy()
    blocks = np.asarray(found["block"], np.int64)
    members = np.asarray(found["members"], np.int64)[:, None] >> np.arange(_IN_DIGEST) & 1
    at, place = np.nonzero(members)
    keys = record_keys(blocks, secret)[at, place].astype(np.int64)
    persons = blocks[at] * _IN_DIGEST + place
    connection.register("record_key", pa.table({"person": persons, "key": keys}))
    try:
        yield
    finally:
        connection.unregister("record_key")
