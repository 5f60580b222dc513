"""A store opened to be read or written, with tables that are always made from the log as it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import duckdb

from folkestrom.classifications.divisions.division import using
from folkestrom.classifications.divisions.stored import of_store
from folkestrom.classifications.reported import borders_day, reported_borders
from folkestrom.engine.failures import resource_errors
from folkestrom.engine.rows import is_any
from folkestrom.engine.store import (
    Waiting,
    extracts_folder,
    open_for_reading,
    open_for_writing,
    transaction,
)
from folkestrom.engine.store_derived import (
    Derived,
    is_fresh,
    refresh_alone,
    require_fresh,
)
from folkestrom.intake.tables import (
    add_columns,
    create_tables,
    lacks_columns,
    require_tables,
)
from folkestrom.linkage import tables as linkage
from folkestrom.model.knowledge import KnownMoment
from folkestrom.register.tables import METHOD_VERSION
from folkestrom.residence.publish import publish

Answered_co = TypeVar("Answered_co", covariant=True)


def register_tables() -> Derived:
    """The register's tables, as something that is derived from the log."""
    return Derived("register", METHOD_VERSION, _update)


def _create(connection: duckdb.DuckDBPyConnection) -> None:
    create_tables(connection)
    linkage.create_tables(connection)


def _update(connection: duckdb.DuckDBPyConnection, after_position: int) -> None:
    # Imported here: the kernels bring a compiler, which whoever only asks need not wait for.
    from folkestrom.register.build import update

    update(connection, after_position)
    if not after_position:
        publish(connection)


@contextmanager
def reading(folder: Path, waiting: Waiting) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a store to ask it; stale tables are made again first, which takes a writer.

    Parameters
    ----------
    folder
        The store.
    waiting
        How to wait for others, and where to say so.
    """
    tables = register_tables()
    with looking(folder, waiting) as connection:
        fresh = is_fresh(connection, tables)
        if fresh:
            yield connection
    if fresh:
        return
    waiting.say("The register's tables are of an earlier log or method; making them again.")
    with writing(folder, waiting) as connection:
        refresh_alone(connection, tables)
    with open_for_reading(folder, waiting) as connection, using(of_store(connection)):
        require_fresh(connection, tables)
        yield connection


@contextmanager
def asking(
    folder: Path, waiting: Waiting, borders: str | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a store to put questions to it: what runs out meanwhile is told with a next step.

    Parameters
    ----------
    folder, waiting
        As for `reading`.
    borders
        A year, a day, or "as-it-was": the borders that places are in. None: as they are reported;
        where reports have the codes of their own day, those of each day that is asked about.
    """
    day = None if borders is None else borders_day(borders)
    with reading(folder, waiting) as connection, resource_errors():
        if borders is not None or reported_borders(connection) is None:
            # Imported here: most questions are asked without.
            from folkestrom.variables.borders.asked import put_up

            put_up(connection, day)
        if is_any(connection, "identity"):
            # Imported here: most stores have no merged identity.
            from folkestrom.variables.linked import put_up_continued

            put_up_continued(connection)
        yield connection


class Question(Protocol[Answered_co]):
    """What is asked of a store: a frozen value that an open store answers."""

    def answer(self, connection: duckdb.DuckDBPyConnection) -> Answered_co:
        """The answer."""


def answer(
    folder: Path,
    waiting: Waiting,
    question: Question[Answered_co],
    borders: str | None = None,
) -> Answered_co:
    """Open a store, and let it answer a question.

    Parameters
    ----------
    folder, waiting, borders
        As for `asking`.
    question
        The question.
    """
    with asking(folder, waiting, borders) as connection:
        return answered(connection, question)


def answered(connection: duckdb.DuckDBPyConnection, question: Question[Answered_co]) -> Answered_co:
    """Let an open store answer a question, as known at the moment that it is about, if it is.

    Parameters
    ----------
    connection
        The store.
    question
        The question.
    """
    moment = _moment(question)
    if moment is None:
        return question.answer(connection)
    # Imported here: the kernels bring a compiler, and most questions are asked without.
    from folkestrom.statistics.revisions.moments import known_then

    with known_then(connection, moment):
        return question.answer(connection)


def _moment(question: object) -> KnownMoment | None:
    """The moment as known at which a question, or what it is made of, asks for figures."""
    known = getattr(question, "known_at", None)
    if isinstance(known, KnownMoment) or not is_dataclass(question):
        return known if isinstance(known, KnownMoment) else None
    return next(filter(None, (_moment(getattr(question, f.name)) for f in fields(question))), None)


@contextmanager
def looking(folder: Path, waiting: Waiting) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a store to look at the log and the quarantine, whatever the derived tables are."""
    with open_for_reading(folder, waiting) as connection:
        require_tables(connection, folder)
        current = not lacks_columns(connection)
        if current:
            with using(of_store(connection)):
                yield connection
    if current:
        return
    with writing(folder, waiting):
        pass
    with open_for_reading(folder, waiting) as connection, using(of_store(connection)):
        yield connection


@contextmanager
def writing(folder: Path, waiting: Waiting) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a store to write to it, made if there is none."""
    with open_for_writing(folder, _create, waiting) as connection:
        require_tables(connection, folder)
        if lacks_columns(connection):
            with transaction(connection):
                add_columns(connection)
        if extracts_folder(folder).is_dir():
            # Imported here: most stores have none.
            from folkestrom.statistics.retention.records import discard_unlisted

            discard_unlisted(connection, folder)
        with using(of_store(connection)):
            yield connection
