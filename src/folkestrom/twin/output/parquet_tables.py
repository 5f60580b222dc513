"""Parquet files that grow row group by row group, and the columns in them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from folkestrom.twin.lives.people import FIRST_NUMBER

COMPRESSION = "snappy"


def labelled(codes: NDArray[Any], labels: Sequence[str]) -> pa.Array:
    """Codes 0, 1, … as dictionary-coded text; anything below 0 is missing."""
    index = pa.array(np.asarray(codes, np.int16), mask=np.asarray(codes) < 0)
    return pa.DictionaryArray.from_arrays(index, list(labels))


def dates(days: NDArray[Any], missing: NDArray[np.bool_] | None = None) -> pa.Array:
    """Days since 1970 as dates."""
    return pa.array(np.asarray(days, np.int32), mask=missing).cast(pa.date32())


def moments(seconds: NDArray[Any], missing: NDArray[np.bool_] | None = None) -> pa.Array:
    """Seconds since 1970 as moments in UTC."""
    micro = pa.array(np.asarray(seconds, np.int64) * 1_000_000, mask=missing)
    return micro.cast(pa.timestamp("us", "UTC"))


def persons(index: NDArray[Any]) -> pa.Array:
    """Person numbers of indices; missing below 0."""
    index = np.asarray(index, np.int64)
    return pa.array(index + FIRST_NUMBER, mask=index < 0)


def report_ids(numbers: NDArray[Any]) -> pa.Array:
    """Report numbers as they are written in the report files."""
    return pa.array([f"{number:09d}" for number in numbers.tolist()], pa.string())


class ParquetTable:
    """One Parquet file, written as it goes. A file without rows is written too.

    Parameters
    ----------
    path
        The file.
    schema
        Its columns.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._writer = pq.ParquetWriter(path, schema, compression=COMPRESSION)
        self._schema = schema
        self.rows = 0

    def add(self, columns: dict[str, pa.Array]) -> None:
        """Append rows."""
        table = pa.table({f.name: columns[f.name] for f in self._schema}, schema=self._schema)
        if len(table):
            self._writer.write_table(table)
            self.rows += len(table)

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()

    def __enter__(self) -> ParquetTable:
        """Be open."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish the file."""
        self.close()


TEXT = pa.dictionary(pa.int16(), pa.string())
"""Type of `labelled`."""
DATE = pa.date32()
MOMENT = pa.timestamp("us", "UTC")
