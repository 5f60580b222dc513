"""The log as kernels see it: one packed record a report, those of a person side by side.

A report is read in many columns and in the order of receipt, and used a person at a time. Packing
it into one record of 104 bytes costs one place in memory a report instead of twenty-two, which is
what makes sorting a country's log by person cheap.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numba import njit
from numpy.typing import NDArray

from folkestrom.engine.rows import numbers_of

Reports = NDArray[np.void]
Integers = NDArray[np.signedinteger[Any]]

#: NULL is the least number of a column's type, in what is read and in what is written.
NULL8: Final = -(2**7)
NULL16: Final = -(2**15)
NULL32: Final = -(2**31)
NULL64: Final = -(2**63)

#: `target` of a report that aims at none, and of one whose target has not come.
NO_TARGET: Final = -1
WAITING: Final = -2

ROW: Final = np.dtype(
    [
        ("person", np.int64),
        ("position", np.int64),
        ("received_at", np.int64),
        ("key_hash", np.uint64),
        ("target", np.int64),
        ("mother", np.int64),
        ("father", np.int64),
        ("partner", np.int64),  # of a merge: who survives
        ("dwelling", np.int64),
        ("event_date", np.int32),
        ("known_from", np.int32),
        ("birth_date", np.int32),
        ("basic_unit", np.int32),
        ("municipality", np.int16),
        ("country", np.int16),
        ("country_of_birth", np.int16),
        ("citizenship", np.int16),
        ("kind", np.int8),
        ("marital_status", np.int8),
        ("sex", np.int8),
        ("origin", np.int8),
        ("reason", np.int8),
    ],
    align=True,
)

_NULLS: Final = {1: "-128", 2: "-32768", 4: "-2147483648", 8: "-9223372036854775807 - 1"}
_CASTS: Final = {1: "TINYINT", 2: "SMALLINT", 4: "INTEGER", 8: "BIGINT"}


class Columns(NamedTuple):
    """Equally long arrays, one a column of `ROW`."""

    person: Integers
    position: Integers
    received_at: Integers
    key_hash: NDArray[np.uint64]
    target: Integers
    mother: Integers
    father: Integers
    partner: Integers
    dwelling: Integers
    event_date: Integers
    known_from: Integers
    birth_date: Integers
    basic_unit: Integers
    municipality: Integers
    country: Integers
    country_of_birth: Integers
    citizenship: Integers
    kind: Integers
    marital_status: Integers
    sex: Integers
    origin: Integers
    reason: Integers


#: Whether a report aims at another one, from its own columns.
AIMS: Final = "annuls IS NOT NULL OR corrects IS NOT NULL"
#: The same from the table of links: much less to read, but a join does not keep the rows' order.
AIMS_BY_LINK: Final = "position IN (SELECT position FROM link)"


def select_list(aims: str = AIMS) -> str:
    """The columns of `ROW` as SQL over the table `report`, with NULL as the least number."""
    return ", ".join(_expression(name, aims) for name in Columns._fields)


def _expression(name: str, aims: str) -> str:
    if name == "target":
        return f"coalesce(target, CASE WHEN {aims} THEN {WAITING} ELSE {NO_TARGET} END) AS target"
    if name == "received_at":
        return "epoch_us(received_at) AS received_at"
    if name in ("person", "position", "key_hash", "known_from", "kind"):
        return name
    size = ROW[name].itemsize
    if name == "partner":
        return f"coalesce(survivor, partner, ({_NULLS[size]}))::{_CASTS[size]} AS {name}"
    value = f"({name} - DATE '1970-01-01')" if name in ("event_date", "birth_date") else name
    return f"coalesce({value}, ({_NULLS[size]}))::{_CASTS[size]} AS {name}"


def columns_of(batch: pa.RecordBatch | pa.Table) -> Columns:
    """The columns of a batch as arrays, without copying where that can be."""
    return Columns(*(_array(batch.column(name), ROW[name]) for name in Columns._fields))


def _array(column: pa.Array | pa.ChunkedArray, dtype: np.dtype[Any]) -> Any:
    return np.ascontiguousarray(numbers_of(column), dtype=dtype)


@njit(cache=True, nogil=True)
def pack(rows: Reports, places: Integers, columns: Columns) -> None:
    """Write each report of a batch as a record into its place."""
    for i in range(len(places)):
        row = rows[places[i]]
        row.person = columns.person[i]
        row.position = columns.position[i]
        row.received_at = columns.received_at[i]
        row.key_hash = columns.key_hash[i]
        row.target = columns.target[i]
        row.mother = columns.mother[i]
        row.father = columns.father[i]
        row.partner = columns.partner[i]
        row.dwelling = columns.dwelling[i]
        row.event_date = columns.event_date[i]
        row.known_from = columns.known_from[i]
        row.birth_date = columns.birth_date[i]
        row.basic_unit = columns.basic_unit[i]
        row.municipality = columns.municipality[i]
        row.country = columns.country[i]
        row.country_of_birth = columns.country_of_birth[i]
        row.citizenship = columns.citizenship[i]
        row.kind = columns.kind[i]
        row.marital_status = columns.marital_status[i]
        row.sex = columns.sex[i]
        row.origin = columns.origin[i]
        row.reason = columns.reason[i]
