"""Reading the log into memory, packed and grouped by person, a range of persons at a time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import duckdb
import numpy as np

from folkestrom.engine.rows import is_any, numbers_of
from folkestrom.engine.settings import threads_of
from folkestrom.model.codes import Kind
from folkestrom.register.kernel.ordering import group_by_person
from folkestrom.register.kernel.rows import (
    ROW,
    Columns,
    Integers,
    Reports,
    columns_of,
    pack,
    select_list,
)

_BATCH = 1 << 19
NO_ROWS: Final = np.empty(0, ROW)


@dataclass(frozen=True, slots=True)
class PersonRows:
    """Reports reports, those of a person side by side.

    Parameters
    ----------
    rows
        The reports.
    starts
        Where each person's begin, and at the end how many there are.
    """

    rows: Reports
    starts: Integers

    @property
    def persons(self) -> int:
        """Number of persons."""
        return len(self.starts) - 1

    @property
    def longest(self) -> int:
        """Number of reports of the person with most."""
        return int(np.diff(self.starts).max(initial=0))


def read_persons(
    connection: duckdb.DuckDBPyConnection,
    source: str = "report",
    more: Reports = NO_ROWS,
) -> PersonRows:
    """Read the reports of a relation: a table or a subquery with the log's columns."""
    return packed_persons(connection, f"(SELECT {select_list()} FROM {source})", more)


def read_merged(connection: duckdb.DuckDBPyConnection) -> Reports:
    """All reports of persons who are merged, or are said to survive a merge."""
    merges = f"report WHERE kind = {int(Kind.MERGE)}"
    if not is_any(connection, merges):
        return NO_ROWS
    concerned = f"SELECT person FROM {merges} UNION SELECT survivor FROM {merges}"
    return read_persons(connection, f"(FROM report WHERE person IN ({concerned}))").rows


def packed_persons(
    connection: duckdb.DuckDBPyConnection, source: str, more: Reports = NO_ROWS
) -> PersonRows:
    """Pack the reports of a relation with the columns of `select_list`.

    It is read twice, first only for the persons: so that each report can be packed straight into
    its place, and no second copy of the log is ever in memory. `more` rows are put beside them.
    """
    query = connection.sql(f"SELECT person FROM {source}")
    persons = numbers_of(query.to_arrow_table().column("person"))
    persons = np.concatenate([persons, more["person"]]) if len(more) else persons
    places, starts = group_by_person(persons, threads_of(connection))
    rows = np.empty(len(persons), ROW)
    rows[places[len(persons) - len(more) :]] = more
    columns = ", ".join(Columns._fields)
    batches = connection.sql(f"SELECT {columns} FROM {source}").to_arrow_reader(_BATCH)
    first = 0
    # One batch is packed while the engine reads the next.
    with ThreadPoolExecutor(1) as beside:
        packing = None
        for batch in batches:
            read = columns_of(batch)
            part = slice(first, first + len(batch))
            if not np.array_equal(read.person, persons[part]):
                raise RuntimeError("two reads of the log gave its rows in different orders")
            if packing:
                packing.result()
            packing = beside.submit(pack, rows, places[part], read)
            first += len(batch)
        if packing:
            packing.result()
    return PersonRows(rows, starts)


def ranges_of_persons(
    connection: duckdb.DuckDBPyConnection, bytes_allowed: int
) -> Iterator[tuple[int | None, int | None]]:
    """Ranges [from, to) of persons whose packed reports fit into memory; None: no bound."""
    reports = _scalar(connection, "SELECT count(*) FROM report")
    parts = -(-reports * ROW.itemsize // max(bytes_allowed, 1))
    if parts <= 1:
        yield None, None
        return
    shares = ", ".join(str(part / parts) for part in range(1, parts))
    cuts = _scalar(connection, f"SELECT approx_quantile(person, [{shares}]) FROM report")
    bounds = [None, *sorted(set(cuts)), None]
    yield from itertools.pairwise(bounds)


def rows_in_range(rows: Reports, first: int | None, end: int | None) -> Reports:
    """The packed rows of a range of persons."""
    persons = rows["person"]
    kept = (persons >= first if first is not None else True) & (
        persons < end if end is not None else True
    )
    return rows[np.broadcast_to(kept, len(rows))]


def in_range(first: int | None, end: int | None) -> str:
    """The log's rows of a range of persons, as a relation."""
    conditions = [f"person >= {first}"] if first is not None else []
    conditions += [f"person < {end}"] if end is not None else []
    return f"(FROM report WHERE {' AND '.join(conditions)})" if conditions else "report"


def _scalar(connection: duckdb.DuckDBPyConnection, query: str) -> Any:
    # Every row is fetched: an unfinished result would block the connection.
    return connection.execute(query).fetchall()[0][0]
