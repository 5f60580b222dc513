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


@step("persons_of_statistics", reads=["residence", "event"])
def persons_of_statistics() -> str:
    """Everybody who was ever resident, or is in an event."""
    return """
        SELECT person FROM residence
        UNION
        SELECT person FROM event
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


def record_keys(persons: npt.NDArray[np.int64], secret: bytes) -> npt.NDArray[np.uint32]:
    """The record key of each person.

    Parameters
    ----------
    persons
        Numbers of persons, not negative.
    secret
        The secret.

    Examples
    --------
    >>> one = record_keys(np.array([7, 1000, 7]), b"a secret that is long enough to be one")
    >>> bool(one[0] == one[2]), bool(one[0] == one[1])
    (True, False)
    """
    blocks, place = np.unique(persons // _IN_DIGEST, return_inverse=True)
    digests = b"".join(
        hmac.digest(secret, block, "sha512")
        for block in map(_bytes_of_block, blocks.tolist())
    )  # fmt: skip
    keys = np.frombuffer(digests, "<u4").reshape(-1, _IN_DIGEST)
    found: npt.NDArray[np.uint32] = keys[place, persons % _IN_DIGEST]
    return found


def _bytes_of_block(block: int) -> bytes:
    return block.to_bytes(8, "little", signed=True)


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
    found: Any = run(connection, [persons_of_statistics()]).fetchnumpy()["person"]
    persons = np.sort(np.asarray(found, np.int64))
    keys = record_keys(persons, secret).astype(np.int64)
    connection.register("record_key", pa.table({"person": persons, "key": keys}))
    try:
        yield
    finally:
        connection.unregister("record_key")
