"""One linking: files in, a history in the store, and every row accounted for."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import duckdb

from folkestrom.engine.paths import quoted
from folkestrom.engine.rows import first_number, first_row
from folkestrom.errors import InputRefused, UsageError
from folkestrom.intake.reading.files import InputFile
from folkestrom.intake.sealing import sealed_until
from folkestrom.linkage.checks import (
    find_overlaps,
    find_repeats,
    find_standing,
    read_rows,
)
from folkestrom.linkage.columns import Kind, Source, kind_of, look_at, value_sql
from folkestrom.linkage.counts import LinkCount, LinkResult
from folkestrom.linkage.history import Change, write_history
from folkestrom.linkage.quarantine import (
    count,
    examples,
    quarantine_rows,
    release_mended,
    still_quarantined,
)
from folkestrom.linkage.tables import create_tables
from folkestrom.model.time import known_from

#: More texts than this are no variable that anything can be described by.
MOST_LEVELS: Final = 10_000
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True)
class LinkOrder:
    """What is to be linked, and how.

    Parameters
    ----------
    variable
        Name of the variable.
    files
        The files of the delivery.
    staging
        Scratch folder for conversions.
    adds
        Whether the delivery adds to what stands; if not, it replaces the whole variable.
    known_from
        First knowledge date of the values; None: the day after they are linked.
    taken
        Names that no variable may have.
    linked_at
        The moment of the linking; None: now.
    """

    variable: str
    files: Sequence[InputFile]
    staging: Path
    adds: bool = False
    known_from: date | None = None
    taken: Collection[str] = ()
    linked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Standing:
    """What the store has of the variable: its key and kind, files that stand, last day.

    The files stand by their digest, with their rows and their first knowledge date.
    """

    key: str
    kind: str
    deliveries: int
    files: dict[str, tuple[int, date]]
    known_from: date


def link(connection: duckdb.DuckDBPyConnection, order: LinkOrder) -> LinkResult:
    """Link a delivery, within the caller's transaction.

    Parameters
    ----------
    connection
        The store, with the register's tables.
    order
        The delivery.

    Raises
    ------
    InputRefused
        A file that cannot be read, or a delivery of which no row is accepted.
    UsageError
        A name that is taken, or a knowledge date that cannot be.
    """
    check_name(order.variable, order.taken)
    create_tables(connection)
    standing = _standing(connection, order.variable)
    files = _new_files(order, standing)
    if standing is not None and not files:
        day = _standing_day(order, standing)
        repeats = tuple(_repeat(file, standing) for file in order.files)
        waiting = still_quarantined(
            connection, order.variable, [file.digest for file in order.files]
        )
        return LinkResult(order.variable, None, day, standing.kind, repeats, {}, waiting=waiting)
    sources, kind = _look(connection, files, order.staging, standing)
    day = _known_from(connection, order, standing)
    if kind == "text":
        _find_levels(connection, order.variable, sources)
    read_rows(connection, sources, kind)
    table = f"linked_{order.variable}"
    key = sources[0].key
    adds = standing is not None and order.adds
    _take_accepted(connection)
    if adds:
        find_repeats(connection, table, key)
    find_overlaps(connection)
    if adds:
        find_standing(connection, table, key)
    number = (standing.deliveries if standing else 0) + 1
    counts = count(connection, sources)
    reasons = quarantine_rows(connection, sources, order.variable, number, adds=order.adds)
    shown = examples(connection, order.variable, number)
    _refuse_empty(order, counts, reasons, shown)
    change = write_history(connection, Change(table, key, kind, day, order.adds, standing is None))
    if kind == "text":
        _keep_levels(connection, order.variable)
    mended = release_mended(connection, sources, order.variable, number) if adds else 0
    _record(connection, order, number, (key, kind, day), sources, counts)
    listed = [*counts, *(_repeat(f, standing) for f in order.files if standing and f not in files)]
    return LinkResult(
        order.variable, number, day, kind, tuple(listed), reasons, shown, *change, mended=mended
    )


def check_name(name: str, taken: Collection[str]) -> None:
    """Refuse a name that cannot be a variable's, or that is one already."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            "cannot be a variable's name",
            where="--as",
            value=name,
            allowed="lower-case letters, digits and _, beginning with a letter, at most 40",
            next_step=f"Call it {_proper(name)!r}, for instance",
        )
    if name in taken:
        raise UsageError(
            "is a variable that every store has",
            where="--as",
            value=name,
            next_step=f"Call yours otherwise, such as {f'my_{name}'!r}",
        )


def _proper(name: str) -> str:
    text = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:40]
    return text if _NAME.fullmatch(text) else "income"


def _standing(connection: duckdb.DuckDBPyConnection, variable: str) -> _Standing | None:
    row = first_row(
        connection,
        'SELECT "key", kind FROM linkage WHERE variable = $variable',
        {"variable": variable},
    )
    if row is None:
        return None
    rows = connection.execute(
        "SELECT delivery, adds, digest, read, known_from FROM linkage_delivery "
        "WHERE variable = $variable ORDER BY delivery",
        {"variable": variable},
    ).fetchall()
    since = max(delivery for delivery, adds, *_ in rows if not adds)
    files = {digest: (read, day) for number, _, digest, read, day in rows if number >= since}
    return _Standing(row[0], row[1], rows[-1][0], files, max(r[4] for r in rows))


def _new_files(order: LinkOrder, standing: _Standing | None) -> list[InputFile]:
    """The files that change anything; none when the delivery stands as it is."""
    if standing is None:
        return list(order.files)
    if order.adds:
        return [file for file in order.files if file.digest not in standing.files]
    same = {file.digest for file in order.files} == standing.files.keys()
    return [] if same else list(order.files)


def _standing_day(order: LinkOrder, standing: _Standing) -> date:
    """First knowledge date of a delivery that stands; refuse to be told another one.

    Figures made since are as known on that day: another day would be silently another past.
    """
    days = sorted({standing.files[file.digest][1] for file in order.files})
    if order.known_from is not None and days != [order.known_from]:
        since = " and ".join(str(day) for day in days)
        raise UsageError(
            f"is not the day since when {order.variable} is known: the same files are linked "
            f"already, known from {since} on, and what was known when is never rewritten",
            where="--known-from",
            value=order.known_from,
            allowed=f"{since}, or no --known-from: then nothing is changed",
            next_step="If that day is wrong, link the files under another name (--as) with the "
            "right one, and use that variable. Nothing was changed.",
        )
    return days[-1]


def _repeat(file: InputFile, standing: _Standing) -> LinkCount:
    read, _ = standing.files[file.digest]
    return LinkCount(str(file.path), read, 0, 0, 0, read)


def _look(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[InputFile],
    staging: Path,
    standing: _Standing | None,
) -> tuple[list[Source], Kind]:
    """Look at every file before any of them is read; they must agree with each other."""
    with closing(connection.cursor()) as converter:
        sources = [look_at(converter, f, staging / f"{n}.parquet") for n, f in enumerate(files)]
        kinds = [kind_of(converter, source) for source in sources]
    key = standing.key if standing else sources[0].key
    kind = standing.kind if standing else _common(kinds)
    for source, mine in zip(sources, kinds, strict=True):
        if source.key != key:
            raise _differs(source, f"is of a {source.key}", f"a {key}")
        if mine is None:
            continue
        untyped = source.types["value"] == "VARCHAR"
        if (mine == "text") != (kind == "text") and not (untyped and kind == "text"):
            raise _differs(source, f"has values that are a {mine}", f"a {kind}")
        if mine == "number" and kind != "text":
            kind = mine
    return sources, kind  # type: ignore[return-value]


def _common(kinds: Sequence[Kind | None]) -> Kind:
    """The kind that values of all those kinds have."""
    if "text" in kinds or not any(kinds):
        return "text"
    return "number" if "number" in kinds else "whole number"


def _differs(source: Source, what: str, other: str) -> InputRefused:
    return InputRefused(
        f"{what}, and the variable's other values are of {other}"
        if what.startswith("is")
        else f"{what}, and the variable's other values are {other}",
        where=str(source.file.path),
        next_step="Link it under another name (--as), or mend the file. Nothing was kept.",
    )


def _known_from(
    connection: duckdb.DuckDBPyConnection, order: LinkOrder, standing: _Standing | None
) -> date:
    """First knowledge date of a delivery: what was known before it stays what was known then."""
    sealed = sealed_until(connection)
    day = order.known_from
    least = standing.known_from if standing else date.min
    if sealed is not None and standing is not None:
        least = max(least, sealed + timedelta(days=1))
    if day is None:
        return max(known_from(order.linked_at or datetime.now(UTC)), least)
    if day < least:
        why = "sealed" if sealed is not None and least > sealed else "known by then"
        raise UsageError(
            f"is before what is {why}: a later delivery cannot have been known earlier",
            where="--known-from",
            value=day,
            allowed=f"{least} or later",
        )
    return day


def _find_levels(
    connection: duckdb.DuckDBPyConnection, variable: str, sources: Sequence[Source]
) -> None:
    """Give every text of the delivery a number: the one that it has, or a new one."""
    texts = " UNION ALL ".join(
        f"SELECT DISTINCT {value_sql(source, 'text')} AS level "
        f"FROM read_parquet('{quoted(source.parquet)}') f"
        for source in sources
    )
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE arriving_level AS
        SELECT t.level, coalesce(l."number", (SELECT coalesce(max("number"), 0) FROM linkage_level
            WHERE variable = $variable)
          + row_number() OVER (PARTITION BY l."number" IS NULL ORDER BY t.level))::INTEGER AS number
        FROM (SELECT DISTINCT level FROM ({texts}) WHERE level IS NOT NULL) t
        LEFT JOIN linkage_level l ON l.level = t.level AND l.variable = $variable
        """,
        {"variable": variable},
    )
    many = first_number(connection, "SELECT count(*) FROM arriving_level")
    if many > MOST_LEVELS:
        raise InputRefused(
            f"has {many:,} different texts",
            where=str(sources[0].file.path),
            column="value",
            allowed=f"up to {MOST_LEVELS:,}; numbers as many as there are",
            next_step="Group the values first. If they are numbers, write them without spaces and "
            "units, with a point for decimals. Nothing was kept.",
        )


def _take_accepted(connection: duckdb.DuckDBPyConnection) -> None:
    """Rows with nothing wrong, as `coded`; more can still turn out to overlap."""
    connection.execute(
        """
        CREATE OR REPLACE TEMP VIEW coded AS
        SELECT d.file, d.row, d."key", d."value", d.valid_from, d.valid_to
        FROM delivered d
        WHERE d.reason = 0 AND NOT EXISTS (
          SELECT 1 FROM overlapping o WHERE o.file = d.file AND o.row = d.row
        )
        """
    )


def _refuse_empty(
    order: LinkOrder, counts: Sequence[LinkCount], reasons: dict[str, int], shown: Sequence[str]
) -> None:
    """Refuse a delivery of which nothing is accepted: it would leave an empty variable."""
    if any(one.accepted for one in counts):
        return
    if order.adds and any(one.repeats for one in counts):
        return
    listed = ", ".join(f"{many:,} {reason}" for reason, many in reasons.items())
    raise InputRefused(
        f"has no row that can be accepted ({listed or 'it has no rows'})",
        where=", ".join(one.file for one in counts),
        allowed="; ".join(shown[:3]) or None,
        next_step="Mend the file and link it again. Nothing was kept.",
    )


def _keep_levels(connection: duckdb.DuckDBPyConnection, variable: str) -> None:
    connection.execute(
        """
        INSERT INTO linkage_level
        SELECT $variable, a.number, a.level FROM arriving_level a
        WHERE a.number IN (SELECT DISTINCT "value" FROM coded)
          AND a.number NOT IN (SELECT "number" FROM linkage_level WHERE variable = $variable)
        """,
        {"variable": variable},
    )


def _record(
    connection: duckdb.DuckDBPyConnection,
    order: LinkOrder,
    number: int,
    made: tuple[str, str, date],
    sources: Sequence[Source],
    counts: Sequence[LinkCount],
) -> None:
    """Write down the variable, the delivery and its files."""
    key, kind, day = made
    at = (order.linked_at or datetime.now(UTC)).astimezone(UTC).replace(tzinfo=None)
    connection.execute("DELETE FROM linkage WHERE variable = ?", [order.variable])
    connection.execute("INSERT INTO linkage VALUES (?, ?, ?)", [order.variable, key, kind])
    for source, one in zip(sources, counts, strict=True):
        connection.execute(
            "INSERT INTO linkage_delivery VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                order.variable,
                number,
                order.adds and number > 1,
                one.file,
                source.file.digest,
                at,
                day,
                one.read,
                one.accepted,
                one.refused,
                one.unknown,
                one.repeats,
            ],
        )
