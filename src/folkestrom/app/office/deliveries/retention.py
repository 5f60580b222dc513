"""How long what is kept: extracts drawn, expired and listed, and a person's identity erased."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import duckdb

from folkestrom.app.office import arguments
from folkestrom.app.office.arguments import Day, Place
from folkestrom.app.office.session import looking, register_tables, writing
from folkestrom.classifications.reported import reported_borders
from folkestrom.engine.rows import first_number, first_row
from folkestrom.engine.settings import connect
from folkestrom.engine.store import (
    Waiting,
    columns_of_tables,
    copy_database,
    extracts_folder,
    put_in_place,
    staging_folder,
    transaction,
)
from folkestrom.engine.store_derived import (
    LogState,
    log_state,
    put_log_state,
    refresh,
    refresh_alone,
)
from folkestrom.errors import StoreError, UsageError
from folkestrom.intake.identities.erasure import LOG, RECORDS, Erasure
from folkestrom.model.names import check_code
from folkestrom.model.time import local_day
from folkestrom.register.tables import BY_NAME
from folkestrom.statistics.retention import records
from folkestrom.statistics.retention.extract import Extract, draw, of_estimate, of_period
from folkestrom.statistics.retention.losses import LostFigure, lost_figures
from folkestrom.variables.borders.asked import put_up

_NEW: Final = "extract.parquet"


@dataclass(frozen=True, slots=True)
class Erased:
    """What the erasure of an identity came to.

    Parameters
    ----------
    reports
        Reports of the person.
    named_by_others
        Reports of others that name the person.
    records
        Records that name the person, were not accepted, and have left.
    extracts
        Extracts that were drawn anew.
    figures
        Published figures that can no longer be derived.
    """

    reports: int
    named_by_others: int
    records: int
    extracts: tuple[str, ...] = ()
    figures: tuple[LostFigure, ...] = ()


def make(
    folder: Path, waiting: Waiting, place: Place, *, year: int | str | None, quarter: str | None,
    estimate: Day | None, known_at: Day | None,
) -> Extract:  # fmt: skip
    """Draw an extract, and keep its file; one that was drawn before must be the same again.

    `place` names an argument as it was typed; the rest is as of `Store.make_extract`.
    """
    if (estimate is None) != (known_at is None) or [year, quarter, estimate].count(None) != 2:
        raise UsageError(
            "say together what is drawn, in one of three ways",
            where=", ".join(map(place, ("year", "quarter", "estimate", "known_at"))),
            allowed="a year, a quarter such as 2020Q3, or the day of an estimate with the day on "
            "which it is made",
        )  # fmt: skip
    with looking(folder, waiting):
        pass  # drawing makes no store
    with writing(folder, waiting) as connection:
        refresh_alone(connection, register_tables())
        if estimate is not None:
            where = place("estimate")
            days = arguments.day(estimate, where), arguments.day(known_at, place("known_at"))
            asked = of_estimate(connection, *days, where)
        else:
            (period,) = arguments.periods(place, None, None, None, quarter, year)
            where = place("year" if quarter is None else "quarter")
            asked = of_period(connection, period, where)
        made = _drawn(connection, folder, asked, local_day(datetime.now(UTC)))
        before = records.extracts(connection).get(made.name)
        if before is not None:
            _check_same(before, made)
        _put_file(folder, made)
        with transaction(connection):
            records.create_tables(connection)
            _note(connection, made, "drawn")
    return made


def expire(
    folder: Path, waiting: Waiting, names: Sequence[str] = (), on: date | None = None
) -> list[Extract]:
    """Delete files of extracts that are due by a day, today without one, or the named ones."""
    day = on or local_day(datetime.now(UTC))
    listed = dict(extracts(folder, waiting))
    for name in names:
        one = listed[check_code(name, listed, "is no extract", where="NAME")]
        if one.due is None or one.due > day:
            kept = f"until {one.due}" if one.due else f"for good (class {one.rule.id})"
            raise UsageError(
                f"is kept {kept}", where="NAME", value=name,
                next_step="See which are due: folkestrom extract list",
            )  # fmt: skip
    held = [one for one in listed.values() if one.is_held and (not names or one.name in names)]
    due = [one for one in held if one.due is not None and one.due <= day]
    if due:
        with writing(folder, waiting) as connection:
            with transaction(connection):
                for one in due:
                    _note(connection, replace(one, is_held=False), "expired", due=one.due)
            records.discard_unlisted(connection, folder)
    return due


def extracts(folder: Path, waiting: Waiting) -> dict[str, Extract]:
    """All extracts that were drawn, by their names."""
    with looking(folder, waiting) as connection:
        return records.extracts(connection)


def listed(found: Sequence[Extract], folder: Path) -> list[dict[str, Any]]:
    """What is shown of extracts, each with what became of its file."""
    files = [extracts_folder(folder) / one.file_name for one in found]
    return [
        {
            "name": one.name, "class": one.rule.id, "known_at": one.window.known_end,
            "rows": one.rows, "drawn_on": one.drawn_on, "due": one.due,
            "state": ("kept" if file.is_file() else "missing") if one.is_held else "expired",
            "checksum": one.checksum, "file": str(file),
        }
        for one, file in zip(found, files, strict=True)
    ]  # fmt: skip


def log(folder: Path, waiting: Waiting) -> list[dict[str, Any]]:
    """The lines of the retention log."""
    with looking(folder, waiting) as connection:
        return records.log_lines(connection)


def erase(
    folder: Path, waiting: Waiting, person: int, order: str, *, remove_reports: bool = False
) -> Erased:
    """Erase a person's identity from a store, on a legal order; see `Store.erase`."""
    if not order.strip() or str(person) in re.findall(r"[0-9]+", order):
        raise UsageError(
            "is kept in the log, and has to say which order it is, without the person's number",
            where="--order", allowed="such as a case: 2026/1234",
        )  # fmt: skip
    with looking(folder, waiting):
        pass  # erasing makes no store
    with writing(folder, waiting) as connection:
        refresh_alone(connection, register_tables())
        erasure = Erasure(person, remove_reports, BY_NAME if remove_reports else ())
        done = _places(connection, erasure)
        if remove_reports:
            with closing(connection.cursor()) as cursor:
                done = replace(done, figures=tuple(lost_figures(cursor, person)))
        drawn = list(records.extracts(connection).values())
        for one in drawn:
            _check_same(one, _drawn(connection, folder, one, one.drawn_on))
        new = copy_database(connection, folder, erasure.rows)
        with closing(connect(new)) as following:
            _check_copy(connection, following, erasure)
            if remove_reports:
                _make_tables_again(following)
            done = replace(done, extracts=tuple(_draw_anew(following, folder, drawn)))
            with transaction(following):
                records.create_tables(following)
                figures = [[x.of, x.figure, x.known_at, x.change] for x in done.figures]
                records.add_line(
                    following, "identity erased", order=order, reports=done.reports,
                    removed=remove_reports, named_by_others=done.named_by_others, figures=figures,
                )  # fmt: skip
            following.execute("CHECKPOINT")
        put_in_place(connection, folder, new)
    with writing(folder, waiting):
        pass  # which removes the files of extracts that have been drawn anew
    return done


def _places(connection: duckdb.DuckDBPyConnection, erasure: Erasure) -> Erased:
    """How many reports and other records have a person's number."""
    own = named = others = 0
    for table, columns in columns_of_tables(connection).items():
        stands = dict(erasure.stands_in(columns))
        if table == LOG:
            own = _count(connection, table, [stands.pop("person")])
            named = _count(connection, table, stands.values())
        elif table in RECORDS:
            others += _count(connection, table, stands.values())
    if not own + named + others:
        raise UsageError(
            "is the number of nobody in the store",
            where="PERSON",
            next_step="Look at how the number was typed; nothing was changed",
        )
    return Erased(own, named, others)


def _count(connection: duckdb.DuckDBPyConnection, table: str, stands: Iterable[str]) -> int:
    """How many rows of a table have a number somewhere."""
    where = " OR ".join(f"({one})" for one in stands) or "FALSE"
    return first_number(connection, f'SELECT count(*) FROM "{table}" WHERE {where}')


def _check_copy(
    connection: duckdb.DuckDBPyConnection, following: duckdb.DuckDBPyConnection, erasure: Erasure
) -> None:
    """See that the copy has all that is about others, and the number nowhere."""
    for table, columns in columns_of_tables(connection).items():
        others = erasure.others(table, columns)
        if others and first_row(connection, others) != first_row(following, others):
            raise StoreError(
                "is not the same for everybody else after the erasure", where=f"table {table}",
                next_step="Run folkestrom store check. Nothing was changed.",
            )  # fmt: skip
        for column, stands in erasure.stands_in(columns):
            if _count(following, table, [stands]):
                raise StoreError(
                    "has the person's number in a text that cannot be changed", column=column,
                    where=f"table {table}",
                    next_step="Erase with --remove-reports, or let the source give its reports "
                    "other numbers. Nothing was changed.",
                )  # fmt: skip


def _make_tables_again(following: duckdb.DuckDBPyConnection) -> None:
    state = log_state(following)
    with transaction(following):
        put_log_state(following, LogState(state.position, state.withdrawals + 1))
        refresh(following, register_tables())


def _draw_anew(
    following: duckdb.DuckDBPyConnection, folder: Path, drawn: Sequence[Extract]
) -> list[str]:
    """Draw the extracts that are others without the identity; return their names."""
    anew = []
    for before in drawn:
        now = _drawn(following, folder, before, before.drawn_on)
        if now.checksum != before.checksum:
            if now.is_held:
                _put_file(folder, now)
            with transaction(following):
                _note(following, now, "drawn anew", instead_of=before.checksum)
            anew.append(now.name)
    return anew


def _drawn(
    connection: duckdb.DuckDBPyConnection, folder: Path, extract: Extract, day: date
) -> Extract:
    staging_folder(folder).mkdir(mode=0o700, exist_ok=True)
    # A cursor has temporary views of its own: of the store's tables the others stay in sight.
    with closing(connection.cursor()) as cursor:
        if reported_borders(cursor) is None:
            put_up(cursor, None)
        return draw(cursor, extract, staging_folder(folder) / _NEW, day)


def _put_file(folder: Path, one: Extract) -> None:
    extracts_folder(folder).mkdir(mode=0o700, exist_ok=True)
    (staging_folder(folder) / _NEW).replace(extracts_folder(folder) / one.file_name)


def _note(connection: duckdb.DuckDBPyConnection, one: Extract, done: str, **more: object) -> None:
    """Keep what became of an extract, in the list and in the log."""
    records.put(connection, one)
    records.add_line(connection, done, extract=one.name, checksum=one.checksum, **more)


def _check_same(before: Extract, now: Extract) -> None:
    """Refuse an extract that is not what it was."""
    if now.checksum != before.checksum:
        raise StoreError(
            "is not what it was when it was drawn first: its rows have another checksum",
            where=f"extract {before.name}", value=before.checksum,
            next_step="See what happened: folkestrom store check, folkestrom extract log",
        )  # fmt: skip
