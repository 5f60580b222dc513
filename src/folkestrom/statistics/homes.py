"""Puts up who lives with whom, and where people actually live, for the days of a question."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Final, Literal

import duckdb

from folkestrom.classifications.areas import municipality_codes
from folkestrom.classifications.code_lists import UNKNOWN_CODE
from folkestrom.engine.rows import is_any
from folkestrom.engine.steps import run, step
from folkestrom.errors import UsageError
from folkestrom.households import actual
from folkestrom.households.homes import TABLE, Span, make_table
from folkestrom.linkage.catalogue import WHOLE_NUMBER, Linked, linked_variables
from folkestrom.model.specification import Text
from folkestrom.variables.borders.asked import fixed_borders
from folkestrom.variables.linked import check_known
from folkestrom.variables.sources import History, Source

#: Whom a figure is of: who is registered at a place, or who lives there.
Population = Literal["register", "actual"]
#: Linked variables of where people actually live.
DWELLING: Final = "actual_dwelling"
MUNICIPALITY: Final = "actual_municipality"
_READS: Final = re.compile(rf"\b(?:FROM|JOIN) {TABLE}\b")
_ONE_DAY: Final = timedelta(days=1)


@step("first_late_event", reads=["event"])
def first_late_event() -> str:
    """Day of the first event that is late for the period, and is counted in it."""
    return """
        SELECT min(event_date) AS day FROM event
        WHERE known_from <= $known_end AND known_to > $known_end
          AND event_date < $start AND first_known > $known_start
    """


def reads_homes(text: str) -> bool:
    """Whether a text reads the table of who lives with whom.

    Parameters
    ----------
    text
        SQL.

    Examples
    --------
    >>> reads_homes("SELECT * FROM household h"), reads_homes("SELECT household FROM residence")
    (True, False)
    """
    return _READS.search(text) is not None


def provide_homes_of(
    connection: duckdb.DuckDBPyConnection, needs: Iterable[Source], spans: Iterable[Span]
) -> None:
    """Make the table for a study whose variables need it.

    Parameters
    ----------
    connection
        An open store.
    needs
        What its variables need.
    spans
        The days on which its rows are described.
    """
    if any(isinstance(need, History) and need.table == TABLE for need in needs):
        make_table(connection, spans)


def provide_homes(
    connection: duckdb.DuckDBPyConnection, text: str, parameters: Mapping[str, object]
) -> None:
    """Make the table that a text reads, for its days; nothing, where it reads none.

    Parameters
    ----------
    connection
        An open store.
    text
        SQL of a stock, of exposure or of flows.
    parameters
        Its values: `$eve`, or `$start` and `$end`; and knowledge dates.
    """
    # Of several knowledge dates it is made once, before they are counted.
    if reads_homes(text) and "known_first" not in parameters:
        make_table(connection, [_span(connection, parameters)])


def _span(connection: duckdb.DuckDBPyConnection, parameters: Mapping[str, object]) -> Span:
    given = {name: day for name, day in parameters.items() if isinstance(day, date)}
    if "eve" in given:
        return Span(given["known_at"], given["eve"], given["eve"] + _ONE_DAY)
    # Who leaves or moves is described as of the day before.
    since, known = given["start"], given.get("known_end") or given["known_at"]
    if given.get("known_start", known) < known:
        ((late,),) = run(connection, [first_late_event()], parameters).fetchall()
        since = late or since
    return Span(known, since - _ONE_DAY, given["end"])


@contextmanager
def live(
    connection: duckdb.DuckDBPyConnection, population: Population,
    days: Iterable[tuple[date, date]], *, amounts: bool = True,
) -> Iterator[tuple[Text, ...]]:  # fmt: skip
    """Let a connection see everybody where they are registered, or where they actually live.

    Parameters
    ----------
    connection
        An open store.
    population
        "register"; or "actual": with the linked variables `actual_dwelling` and
        `actual_municipality`, or one of them.
    days
        Days at whose end residents are looked at, each with its knowledge date.
    amounts
        Whether the footnote may have numbers of persons.

    Yields
    ------
    tuple of Text
        What readers should know.

    Raises
    ------
    UsageError
        No such variable, or one of other values.
    """
    if population == "register":
        yield ()
        return
    known = linked_variables(connection)
    names: tuple[str, ...] = (DWELLING, MUNICIPALITY)
    linked = {name: known[name] for name in names if name in known}
    if not linked:
        raise UsageError(
            "needs to be told where people actually live", where="population", value=population,
            next_step=f"Link a source of it, with 0 for institutions: `folkestrom link FILE --as "
            f"{DWELLING}`",
        )  # fmt: skip
    when = list(days)
    for one in linked.values():
        check_known(one, min(at for _, at in when))
    sources = _sources(linked)
    if MUNICIPALITY in linked:
        _check_places(linked[MUNICIPALITY], fixed_borders(connection))
    with actual.put_up(connection, when, sources) as (moves, nowhere):
        yield _notes(list(linked), *((moves, nowhere) if amounts else (0, 0)))


def live_elsewhere(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether a connection sees where people actually live, which tables of the store have not.

    Parameters
    ----------
    connection
        An open store.
    """
    return is_any(
        connection, f"duckdb_views() WHERE temporary AND view_name = '{actual.REGISTERED}'"
    )


def _notes(names: list[str], moves: int, nowhere: int) -> tuple[Text, ...]:
    """By which source, and of how many; without numbers if these are 0."""
    many = f": {moves} elsewhere than registered" if moves else ""
    mange = f": {moves} et annet sted enn registrert" if moves else ""
    found = Text(
        f"By where persons actually live, from {' and '.join(names)}{many}.",
        f"Etter hvor personer faktisk bor, ifølge {' og '.join(names)}{mange}.",
    )
    if not nowhere:
        return (found,)
    return found, Text(
        f"Of {nowhere} of them it is not known in which municipality that is: they are counted in "
        "the registered one.",
        f"For {nowhere} av dem vites det ikke hvilken kommune det er: de er regnet med i den "
        "registrerte.",
    )


def _sources(linked: Mapping[str, Linked]) -> actual.Sources:
    dwelling, place = linked.get(DWELLING), linked.get(MUNICIPALITY)
    if dwelling is not None and (dwelling.kind != WHOLE_NUMBER or dwelling.key != "person"):
        raise _of_other_values(DWELLING, "whole numbers of dwellings, by person")
    if place is None:
        return actual.Sources(dwelling.table if dwelling else None)
    named = [(code, number) for code, number in place.levels if code != UNKNOWN_CODE]
    whole = place.kind == WHOLE_NUMBER
    if place.key != "person" or not (whole or all(code.isdecimal() for code, _ in named)):
        raise _of_other_values(MUNICIPALITY, "codes of municipalities such as '0301', by person")
    numbers = tuple((number, int(code)) for code, number in named)
    return actual.Sources(dwelling.table if dwelling else None, place.table, numbers)


def _check_places(linked: Linked, day: date | None) -> None:
    """Refuse municipalities of other borders than those asked for: what they tell has no unit."""
    codes = municipality_codes(day)
    other = next((c for c, _ in linked.levels if c not in (UNKNOWN_CODE, *codes)), None)
    if day is not None and other is not None:
        raise UsageError(
            f"has municipalities that are not those of {day}", where=MUNICIPALITY, value=other,
            allowed="numbers that are valid on that day",
            next_step="Ask in the borders that its numbers are of, or link them in the others",
        )  # fmt: skip


def _of_other_values(name: str, allowed: str) -> UsageError:
    return UsageError(
        "does not say where people live", where="population", value=name, allowed=allowed,
        next_step=f"Link a file of such values: `folkestrom link FILE --as {name}`",
    )  # fmt: skip
