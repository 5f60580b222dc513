"""Panel identifiers: persons and times, read part by part, and the order of rows by them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from folkestrom import columns
from folkestrom.analysis.design.sources import Source, rows_from
from folkestrom.analysis.design.tables import Table
from folkestrom.errors import InputRefused, UserError

#: Bytes that an order by persons takes for each row: identifiers, times, places and the sorting.
BYTES_OF_ORDER = 40


@dataclass
class PanelIdentifiers:
    """What the columns of persons and times say of the order of rows.

    Attributes
    ----------
    person, time
        The columns; None: rows of a person lie as they happened.
    rows, persons
        How many there are; persons as far as each one's rows lie together.
    in_order
        Whether rows lie by person and time.
    """

    person: str
    time: str | None
    rows: int = 0
    persons: int = 0
    in_order: bool = True
    _doubled: int = 0
    _doubled_at: int = 0
    _error: UserError | None = None
    _last: pl.DataFrame | None = None
    _digest: Any = field(default_factory=lambda: hashlib.blake2b(digest_size=16))

    @property
    def columns(self) -> list[str]:
        """Columns that it is read from."""
        return [self.person] if self.time is None else [self.person, self.time]

    @property
    def digest(self) -> bytes:
        """The same again where the same rows are read in the same order."""
        return bytes(self._digest.digest())

    def put(self, part: Table) -> NDArray[np.bool_]:
        """Read the next rows; says which of them have another person than the row before.

        Parameters
        ----------
        part
            Rows that follow those read before.
        """
        begins = np.ones(part.size, dtype=np.bool_)
        if self._error is None:
            try:
                with rows_from(self.rows):
                    begins = self._put(part)
            except UserError as error:
                self._error = error
        self.rows += part.size
        return begins

    def settle(self) -> None:
        """Refuse what was found to be wrong."""
        if self._error is not None:
            raise self._error
        if self.in_order and self._doubled:
            raise _doubled(self._doubled, self._doubled_at, self.time)

    def _put(self, part: Table) -> NDArray[np.bool_]:
        frame = part.frame.select(self.columns)
        columns.refuse_persons(frame.lazy(), part.column(self.person))
        if self.time is not None:
            columns.refuse_levels(frame.lazy(), part.column(self.time))
        self._digest.update(frame.hash_rows().to_numpy().tobytes())
        known = frame.head(1) if self._last is None else self._last
        both = pl.concat([known, frame])
        self._last = frame.tail(1)
        after, before = both.slice(1), both.slice(0, frame.height)
        same = (after[self.person] == before[self.person]).to_numpy()
        ordered = same | (after[self.person] > before[self.person]).to_numpy()
        begins = ~same
        if not self.rows:
            begins[0] = True
        if self.time is not None:
            same &= ~begins
            later = (after[self.time] > before[self.time]).to_numpy()
            twice = same & (after[self.time] == before[self.time]).to_numpy()
            ordered &= ~same | later | twice
            if twice.any() and not self._doubled:
                self._doubled_at = self.rows + int(np.flatnonzero(twice)[0]) + 1
            self._doubled += int(twice.sum())
        self.persons += int(begins.sum())
        self.in_order = self.in_order and bool(ordered.all())
        return begins


@dataclass(frozen=True)
class RowOrder:
    """The order by person and time of rows that lie otherwise.

    Attributes
    ----------
    order
        For each place in it the row that belongs there.
    place
        For each row its place.
    start
        Where each person's rows begin, and the number of rows.
    """

    order: NDArray[np.intp]
    place: NDArray[np.intp]
    start: NDArray[np.int64]


def order_of(source: Source, identifiers: PanelIdentifiers) -> RowOrder:
    """Sort rows by person and time.

    Parameters
    ----------
    source
        The rows.
    identifiers
        What was read of them.
    """
    table = source.whole(identifiers.columns)
    again = PanelIdentifiers(identifiers.person, identifiers.time)
    again.put(table)
    check_same(identifiers, again)
    person = columns.persons(table.column(identifiers.person))
    if identifiers.time is None:
        order = np.argsort(person, kind="stable")
    else:
        time = table.frame[identifiers.time].rank("dense").to_numpy()
        order = np.lexsort((time, person))
        twice = np.flatnonzero(
            (person[order][1:] == person[order][:-1]) & (time[order][1:] == time[order][:-1])
        )
        if twice.size:
            raise _doubled(twice.size, int(order[twice[0] + 1]) + 1, identifiers.time)
    place = np.empty_like(order)
    place[order] = np.arange(order.size)
    person = person[order]
    changes = np.flatnonzero(person[1:] != person[:-1]) + 1
    start = np.concatenate([[0], changes, [person.size]]).astype(np.int64)
    return RowOrder(order, place, start)


def check_same(identifiers: PanelIdentifiers, again: PanelIdentifiers) -> None:
    """Refuse rows that are others when they are read again.

    Parameters
    ----------
    identifiers, again
        What was read of them the first time, and now.
    """
    if (identifiers.rows, identifiers.digest) != (again.rows, again.digest):
        raise InputRefused(
            f"had {identifiers.rows} rows, and has {again.rows} when it is read again, or others "
            "or in another order", where="data",
            next_step="Give rows that stay as they are, such as a file, or sort what makes them",
        )  # fmt: skip


def _doubled(count: int, row: int, column: str | None) -> InputRefused:
    """A person has one row at a time: a join that doubled rows shows here."""
    return InputRefused(
        f"holds the same for {count} row{'s' * (count > 1)} as for another row of the person",
        row=row, column=column, allowed="one row a person and time",
        next_step="Look for what doubled them, such as a join",
    )  # fmt: skip
