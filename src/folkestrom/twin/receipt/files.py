"""Writes a window's reports as Parquet files, one a month of receipt."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from folkestrom.errors import FolkestromError
from folkestrom.model.codes import Kind, MaritalStatus, Origin, Reason, Sex
from folkestrom.model.countries import COUNTRIES
from folkestrom.model.report import SYNTHETIC_SOURCE
from folkestrom.twin.lives.compiled import kernel
from folkestrom.twin.lives.people import FIRST_NUMBER
from folkestrom.twin.receipt.reports import ANNULMENT, ANNULS, CORRECTS, Rows

_DIGITS = 9
FIRST_DWELLING = 500_000_001
_ENUMS = {"marital": MaritalStatus, "sex": Sex, "origin": Origin, "reason": Reason}
_NAMES = {
    "unit_from": "basic_unit_from", "unit": "basic_unit", "birth_country": "country_of_birth",
    "marital": "marital_status", "birth": "birth_date",
}  # fmt: skip


@kernel
def _digits(numbers: NDArray[np.int64], width: int) -> NDArray[np.uint8]:
    """Return zero-padded decimal text, `width` bytes a number."""
    out = np.empty(numbers.size * width, np.uint8)
    for i in range(numbers.size):
        value = numbers[i]
        for d in range(width - 1, -1, -1):
            out[i * width + d] = 48 + value % 10
            value //= 10
    return out


def _texts(numbers: NDArray[np.int64], width: int) -> pa.Array:
    offsets = np.arange(len(numbers) + 1, dtype=np.int32) * width
    data = _digits(np.ascontiguousarray(numbers, np.int64), width)
    return pa.StringArray.from_buffers(len(numbers), pa.py_buffer(offsets), pa.py_buffer(data))


def _labels(codes: NDArray[np.int32], labels: list[str], first: int) -> pa.Array:
    """Return codes (first … first + len - 1, anything lower is null) as dictionary-coded text."""
    return pa.DictionaryArray.from_arrays(
        pa.array((codes - first).astype(np.int16), mask=codes < first), labels
    )


def _units(codes: NDArray[np.int32], dictionary: pa.Array, known: NDArray[np.int32]) -> pa.Array:
    index = np.searchsorted(known, codes).astype(np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(index, mask=codes < 0), dictionary)


def dwellings(numbers: NDArray[np.int32]) -> pa.Array:
    """Dwellings as they are in reports; missing below 0."""
    return pa.array(numbers.astype(np.int64) + FIRST_DWELLING, mask=numbers < 0)


class Writer:
    """Writes report files into a folder.

    Parameters
    ----------
    folder
        Where to; must exist.
    municipalities
        Municipality numbers, in the order of the state's indices.
    units
        Number of basic units of each.
    dwellings
        Whether reports have dwellings.
    """

    def __init__(
        self,
        folder: Path,
        municipalities: NDArray[np.int16],
        units: NDArray[np.int16],
        dwellings: bool = False,
    ) -> None:
        self._folder = folder
        self._columns = (*_ORDER, "dwelling") if dwellings else _ORDER
        self._municipalities = [f"{code:04d}" for code in municipalities.tolist()]
        codes = [
            code * 10_000 + n
            for code, many in zip(municipalities.tolist(), units.tolist(), strict=True)
            for n in range(1, many + 1)
        ]
        self._unit_codes = np.array(sorted(codes), np.int32)
        self._unit_texts = _texts(self._unit_codes.astype(np.int64), 8)
        self._held: tuple[str, pa.Table] | None = None
        self.written = 0

    def write(self, rows: Rows) -> None:
        """Write rows, which are in order of receipt, to their months' files.

        The last month is held back: the next rows may be of the same month.
        """
        months = rows.received.astype("datetime64[s]").astype("datetime64[M]")
        edges = np.flatnonzero(np.diff(months.astype(np.int64))) + 1
        bounds = [0, *edges.tolist(), len(rows)]
        table = self._table(rows)
        for low, high in pairwise(bounds):
            if high > low:
                self._hold(str(months[low]), table.slice(low, high - low))
        self.written += len(rows)

    def _hold(self, month: str, table: pa.Table) -> None:
        """Keep a month's rows until those of another come; first write what was kept."""
        if self._held is not None and self._held[0] == month:
            both = pa.concat_tables([self._held[1], table])
            order = np.argsort(both["received_at"].cast(pa.int64()).to_numpy(), kind="stable")
            self._held = month, both.take(pa.array(order))
            return
        self.close()
        self._held = month, table

    def close(self) -> None:
        """Write what is held back."""
        if self._held is None:
            return
        month, table = self._held
        path = self._folder / f"reports-{month}.parquet"
        if path.exists():
            raise FolkestromError(f"Reports of {month} came after that month's file was closed.")
        pq.write_table(table, path, compression="snappy")
        self._held = None

    def _table(self, rows: Rows) -> pa.Table:
        c = rows.content
        columns: dict[str, pa.Array] = {
            "source": pa.DictionaryArray.from_arrays(
                pa.array(np.zeros(len(rows), np.int8)), [SYNTHETIC_SOURCE]
            ),
            "source_report_id": _texts(rows.number, _DIGITS),
            "received_at": pa.array(
                rows.received.astype("datetime64[s]").astype("datetime64[us]")
            ).cast(pa.timestamp("us", "UTC")),
            "person": pa.array(rows.person.astype(np.int64) + FIRST_NUMBER),
            "kind": _labels(rows.kind.astype(np.int32), [k.name.lower() for k in Kind], 1),
            "event_date": _days(rows.day, rows.kind == ANNULMENT),
        }
        for name in ("municipality_from", "municipality"):
            columns[name] = _labels(c[name], self._municipalities, 0)
        for name in ("unit_from", "unit"):
            columns[_NAMES[name]] = _units(c[name], self._unit_texts, self._unit_codes)
        for name in ("country", "birth_country", "citizenship"):
            columns[_NAMES.get(name, name)] = _labels(c[name], list(COUNTRIES), 1)
        for name in ("marital", "sex", "origin", "reason"):
            enum = _ENUMS[name]
            first = min(int(e) for e in enum)
            columns[_NAMES.get(name, name)] = _labels(
                c[name], [e.name.lower() for e in enum], first
            )
        columns["birth_date"] = _days(c["birth"], c["sex"] < 0)
        for name in ("mother", "father", "partner"):
            columns[name] = pa.array(c[name].astype(np.int64), mask=c[name] < 0)
        columns["dwelling"] = dwellings(c["dwelling"])
        columns["value"] = pa.nulls(len(rows), pa.string())
        for name, relation in (("annuls", ANNULS), ("corrects", CORRECTS)):
            columns[name] = self._targets(rows, relation)
        return pa.table({name: columns[name] for name in self._columns})

    def _targets(self, rows: Rows, relation: int) -> pa.Array:
        mask = rows.relation == relation
        index = np.cumsum(mask) - 1
        texts = _texts(rows.target[mask], _DIGITS)
        return texts.take(pa.array(index, mask=~mask))


def _days(days: NDArray[np.int32], missing: NDArray[np.bool_]) -> pa.Array:
    return pa.array(days.astype(np.int32), mask=missing).cast(pa.date32())


_ORDER = (
    "source", "source_report_id", "received_at", "person", "kind", "event_date",
    "municipality_from", "municipality", "basic_unit_from", "basic_unit", "country",
    "country_of_birth", "citizenship", "marital_status", "sex", "birth_date", "mother", "father",
    "partner", "origin", "reason", "value", "annuls", "corrects",
)  # fmt: skip
