"""Puts the sound rows of deliveries into the log, and sets the others aside."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from folkestrom.engine.failures import shortage
from folkestrom.engine.paths import literal
from folkestrom.engine.rows import (
    bytes_column,
    column_of,
    first_number,
    lent,
    numbers_of,
    text_column,
)
from folkestrom.engine.settings import EngineSettings, connect
from folkestrom.errors import PERSON_COLUMNS, InputRefused
from folkestrom.intake.build import Moment, Query, queries
from folkestrom.intake.checks import Check
from folkestrom.intake.keys import key_hashes
from folkestrom.intake.reading.readers import Delivery, broken_file, exact, readable
from folkestrom.intake.reasons import Reason

#: Rows that are read in one go: their keys fit a processor's cache, and progress shows.
GROUP_ROWS: Final = 2_000_000

#: Sources that one file may name, and that a store may hold. Countries have tens of them.
SOURCES_OF_FILE: Final = 1_000
SOURCES_OF_STORE: Final = 30_000

#: The optimiser would move the checks before the step that codes values, and so code each value
#: again for every check; and it would build a hash table of the rows instead of their keys.
_LEFT_ALONE: Final = "filter_pushdown,join_order,build_side_probe_side"

#: Called with the number of rows read so far.
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class PlacedDelivery:
    """A delivery with its place in the log.

    Parameters
    ----------
    delivery
        The file.
    first
        Position of its first row.
    """

    delivery: Delivery
    first: int


def place(deliveries: Sequence[Delivery], last_position: int) -> list[PlacedDelivery]:
    """Give every row of every file a position of its own, in the order of files and rows."""
    placed = []
    for delivery in deliveries:
        placed.append(PlacedDelivery(delivery, last_position + 1))
        last_position += delivery.rows
    return placed


def load(
    connection: duckdb.DuckDBPyConnection,
    placed: Sequence[PlacedDelivery],
    moment: Moment,
    progress: Progress,
) -> NDArray[np.uint64]:
    """Insert sound rows into `report`, the others into `held_back`; return the hashes of all keys.

    Parameters
    ----------
    connection
        The store, in a transaction.
    placed
        The files.
    moment
        The intake.
    progress
        Told how far it has come.
    """
    hashes = [np.empty(0, np.uint64)]
    done = 0
    with _settings(connection):
        for group in _groups(placed):
            hashes.append(_load_group(connection, group, moment))
            done += sum(p.delivery.rows for p in group)
            progress(done)
    return np.concatenate(hashes)


def _groups(placed: Sequence[PlacedDelivery]) -> Iterator[list[PlacedDelivery]]:
    """Neighbouring files with the same columns, up to so many rows at a time."""
    for _, alike in groupby((p for p in placed if p.delivery.rows), _signature):
        group: list[PlacedDelivery] = []
        rows = 0
        for file in alike:
            if group and rows + file.delivery.rows > GROUP_ROWS:
                yield group
                group, rows = [], 0
            group.append(file)
            rows += file.delivery.rows
        yield group


def _signature(placed: PlacedDelivery) -> object:
    return placed.delivery.signature


def _load_group(
    connection: duckdb.DuckDBPyConnection, group: list[PlacedDelivery], moment: Moment
) -> NDArray[np.uint64]:
    keys, sources = _keys(connection, group)
    query = queries(
        [str(p.delivery.parquet) for p in group],
        [p.first for p in group],
        group[0].delivery.columns,
        sources,
        moment,
    )
    rows = sum(p.delivery.rows for p in group)
    try:
        with lent(connection, keys=keys):
            if first_number(connection, f"INSERT INTO report BY NAME {query.accept}") < rows:
                _hold_back(connection, group, query)
    except (duckdb.InvalidInputException, duckdb.SerializationException) as error:
        raise shortage(error) or broken_file(_broken_of(group), "Parquet") from error
    except duckdb.ConversionException as error:
        raise _no_moments(group) from error
    except duckdb.Error as error:
        # What the reader of Parquet finds wrong in a page has no class of its own.
        if type(error) is duckdb.Error:
            raise shortage(error) or broken_file(_broken_of(group), "Parquet") from error
        raise
    return np.asarray(numbers_of(keys["key_hash"]), np.uint64)


def _broken_of(group: Sequence[PlacedDelivery]) -> Path:
    """The first file of a group that cannot be read by itself; the first, if all can."""
    for placed in group:
        with connect(settings=EngineSettings(threads=1)) as connection:
            try:
                every = "SELECT count(hash(COLUMNS(*))) FROM read_parquet($path)"
                connection.execute(every, {"path": literal(placed.delivery.parquet)}).fetchall()
            except duckdb.Error:
                return placed.delivery.file.path
    return group[0].delivery.file.path


def _no_moments(group: Sequence[PlacedDelivery]) -> InputRefused:
    """The error for a file whose moments do not fit the engine's, which has microseconds."""
    files = ", ".join(str(p.delivery.file.path) for p in group)
    return InputRefused(
        "holds a number that is no moment in the type of its column",
        where=files,
        column="received_at",
        allowed="moments of the years 1 to 9999",
        next_step="Mend that record, or write the column as text (2021-02-28T12:00:00Z), so that "
        "the record alone is quarantined. Nothing of this intake was kept.",
    )


def _keys(
    connection: duckdb.DuckDBPyConnection, group: list[PlacedDelivery]
) -> tuple[pa.Table, dict[str, int]]:
    """Positions and hashes of the keys of a group, and the codes of the sources that it names."""
    hashes = []
    named: dict[str, None] = {}  # in the order in which they are seen
    for file in group:
        here: set[str] = set()
        for numbers, names, codes in _key_columns(file.delivery):
            hashes.append(key_hashes(codes, names or [""], numbers))
            here.update(names)
            named |= dict.fromkeys(names)
        if len(here) > SOURCES_OF_FILE:
            raise _too_many(f"names {len(here)} sources", SOURCES_OF_FILE, file)
    named.pop("", None)  # no name: a row with it has no source
    together = np.concatenate(hashes)
    first = group[0].first
    positions = np.arange(first, first + len(together), dtype=np.int64)
    table = pa.table({"position": column_of(positions), "key_hash": column_of(together)})
    return table, _codes(connection, list(named), group[-1])


def _key_columns(delivery: Delivery) -> Iterator[tuple[pa.Array, list[str], NDArray[np.int32]]]:
    """Of each piece of a file: report numbers, names of sources, and which of them each row has."""
    try:
        with pq.ParquetFile(delivery.parquet, read_dictionary=["source"]) as file:
            table = file.read(columns=["source", "source_report_id"])
    except (pa.ArrowException, OSError) as error:
        raise shortage(error) or broken_file(delivery.file.path, "Parquet") from error
    for piece in table.combine_chunks().to_batches():
        numbers = piece.column("source_report_id")
        source = piece.column("source")
        if not pa.types.is_dictionary(source.type):
            source = source.cast(pa.string()).dictionary_encode()
        codes = numbers_of(source.indices).astype(np.int32)
        if source.null_count:
            # A row without a source is refused later; until then it counts as one of the first.
            codes[np.asarray(source.is_null())] = 0
        yield numbers, [str(name) for name in source.dictionary.to_pylist()], codes


def _codes(
    connection: duckdb.DuckDBPyConnection, names: list[str], last: PlacedDelivery
) -> dict[str, int]:
    """The code of each source; one that is seen for the first time gets the next number."""
    found = connection.execute("SELECT name, code FROM source").fetchall()
    known = {str(name): int(code) for name, code in found}
    new = [name for name in names if name not in known]
    codes = list(range(len(known) + 1, len(known) + len(new) + 1))
    if len(known) + len(new) > SOURCES_OF_STORE:
        many = f"brings the store's sources to {len(known) + len(new)}"
        raise _too_many(many, SOURCES_OF_STORE, last)
    if new:
        connection.execute(
            "INSERT INTO source SELECT unnest($codes::SMALLINT[]), unnest($names::VARCHAR[])",
            {"codes": codes, "names": new},
        )
    known |= dict(zip(new, codes, strict=True))
    return {name: known[name] for name in names}


def _too_many(what: str, most: int, file: PlacedDelivery) -> InputRefused:
    return InputRefused(
        what,
        where=str(file.delivery.file.path),
        column="source",
        allowed=f"at most {most}: a source is a register, an office or a system that delivers",
        next_step="The columns source and source_report_id are probably swapped: name them the "
        "other way round. Nothing of this intake was kept.",
    )


def _hold_back(
    connection: duckdb.DuckDBPyConnection, group: list[PlacedDelivery], query: Query
) -> None:
    """Set the records aside that a check found something in, with what it found."""
    broken = [(p.first + n - 1, line) for p in group for n, line in p.delivery.broken.items()]
    lines = pa.table(
        {
            "position": column_of(np.array([n for n, _ in broken], np.int64)),
            "line": text_column([readable(line) for _, line in broken]),
            "exact": bytes_column([exact(line) for _, line in broken]),
        }
    )
    found = query.checks
    checks = pa.table(
        {
            "number": column_of(np.arange(len(found), dtype=np.int32)),
            "reason": text_column([str(check.reason) for check in found]),
            "name": text_column([check.column for check in found]),
            "allowed": text_column([check.allowed for check in found]),
            "valued": column_of(np.array([_is_shown(check) for check in found], np.int8)),
        }
    )
    with lent(connection, broken_line=lines, check_found=checks):
        connection.execute(_HOLD.format(refuse=query.refuse, broken=f"'{Reason.BROKEN_RECORD}'"))


def _is_shown(check: Check) -> bool:
    """Whether the offending value may be listed: there is one, and it points at nobody."""
    return check.reason != Reason.MISSING_VALUE and check.column not in PERSON_COLUMNS


_HOLD: Final = """
    INSERT INTO held_back
    SELECT
      u.position,
      CASE WHEN b.line IS NULL THEN c.reason ELSE {broken} END AS reason,
      CASE WHEN b.line IS NULL THEN c.name END AS column_name,
      CASE WHEN b.line IS NULL AND c.valued <> 0
        THEN json_extract_string(u.record, '$.' || c.name) END AS value,
      CASE WHEN b.line IS NULL THEN c.allowed END AS allowed,
      coalesce(b.line, u.record) AS record,
      b.exact AS line
    FROM ({refuse}) u
    LEFT JOIN check_found c ON c.number = u.check_number
    LEFT JOIN broken_line b ON b.position = u.position
"""


@contextmanager
def _settings(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let rows lie in the log in any order: they carry their position, and it fills row groups."""
    connection.execute("SET preserve_insertion_order = false")
    connection.execute(f"SET disabled_optimizers = '{_LEFT_ALONE}'")
    yield
    # Not after an error: then the transaction is over, and with it this connection's work.
    connection.execute("RESET preserve_insertion_order")
    connection.execute("RESET disabled_optimizers")
