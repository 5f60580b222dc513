"""What was known of a period on a day, and what became known of it later, by component and place.

`$start` and `$end` are the days of the period, `[start, end)`; `$known_start` is the knowledge date
in or after it, and `$known_end` a later one. An event that was annulled in between counts as one
that became known less.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import duckdb
import numpy as np
from numpy.typing import NDArray

from folkestrom.engine.steps import Step, compose, run, step
from folkestrom.errors import UsageError
from folkestrom.model.codes import Kind
from folkestrom.quality.delays.outstanding import Balance, Reported
from folkestrom.statistics.flows import Window, flow_rows, term
from folkestrom.statistics.homes import provide_homes
from folkestrom.statistics.population import Moment, fetch, stock_steps
from folkestrom.statistics.revisions.by_knowledge import cells_by_knowledge, figures, on_dates
from folkestrom.variables.description import EVENT_ROWS, described
from folkestrom.variables.variable import Variable, needs_of

#: Components, and what each adds to a population. Moves within a county are apart, for they add
#: nothing to it.
SIGNS: Final = {
    "births": 1, "deaths": -1, "immigration": 1, "emigration": -1, "in_from_county": 1,
    "out_to_county": -1, "in_from_other": 1, "out_to_other": -1,
}  # fmt: skip
_NUMBER: Final = {name: number for number, name in enumerate(SIGNS)}

#: Ages of events on the knowledge date, in days, at which classes of them begin.
AGES: Final = (0, 7, 14, 28, 56, 112)
#: Upper ends of size classes of municipalities, by population; the last class is open.
SIZES: Final = (2_000, 5_000, 10_000, 20_000, 50_000)
#: Of more groups, counts would be too few and draws too many.
MOST_GROUPS: Final = 12
#: Classes that follow those of age.
_OLDER: Final = len(AGES)
_REST: Final = len(AGES) + 1


#: In which class of age an event is, numbered from the youngest; then come events from before the
#: period, and events of the days from the knowledge date on.
_AGE: Final = " ".join((
    f"CASE WHEN event_date >= $known_start THEN {_REST} WHEN event_date < $start THEN {_OLDER}",
    "ELSE", " + ".join(
        f"CAST(datediff('day', event_date, $known_start) - 1 >= {days} AS INTEGER)"
        for days in AGES[1:]
    ), "END",
))  # fmt: skip
#: The component that an event belongs to.
_COMPONENT: Final = (
    f"{term()} + CASE WHEN kind = {int(Kind.MOVE)} AND NOT within_county THEN 2 ELSE 0 END"
)


@step("events_so_far", reads=["event"])
def events_so_far() -> str:
    """Events up to the end of the period that are of it, or became known or withdrawn in it."""
    return """
        SELECT * FROM event
        WHERE event_date < $end AND known_from <= $known_end
          AND (event_date >= $start OR known_from > $known_start
               OR (known_to > $known_start AND known_to <= $known_end))
    """


def counting_steps(group: Variable | None = None) -> list[Step]:
    """Steps to events by component, place, group and age: known at first, and later.

    Parameters
    ----------
    group
        A variable of events, whose groups are counted apart.
    """
    steps = [events_so_far().named("counted_events"), flow_rows(2)]
    steps += described(steps[-1].name, needs_of([group] if group else []), EVENT_ROWS)
    by = {"component": _COMPONENT, "municipality": "municipality", "age": _AGE}
    by["person_group"] = f"coalesce({group.sql if group else '0'}, -1)"
    counted = f"{term()} IS NOT NULL AND municipality IS NOT NULL"
    return [*steps, cells_by_knowledge(steps[-1].name, by, on_dates(2), counted)]


def reported(
    connection: duckdb.DuckDBPyConnection, windows: Sequence[Window], municipality: Variable,
    group: Variable | None = None,
) -> tuple[NDArray[np.int64], Reported]:  # fmt: skip
    """Municipalities by number, and the counts of several periods; of the last, what was known.

    The components of `SIGNS` are repeated for each group that occurs.

    Parameters
    ----------
    connection
        An open store.
    windows
        The periods, the one to estimate last.
    municipality
        The variable of the store.
    group
        A variable of events, whose groups are counted apart.
    """
    steps, rows, people = counting_steps(group), [], []
    for window in windows:
        # Of the last period nothing is looked at that became known later.
        until = window.known_start if window is windows[-1] else window.known_end
        known_at = {"known_end": until, "known_0": window.known_start, "known_1": until}
        given = window.parameters | known_at
        provide_homes(connection, compose(steps), given)
        found = run(connection, steps, given).fetchnumpy()
        rows.append({name: np.asarray(values, np.int64) for name, values in found.items()})
        people.append(stock(connection, Moment(window.end, window.known_start), municipality))
    places = np.unique(np.concatenate([r["municipality"] for r in rows] + [p for p, _ in people]))
    groups = np.unique(np.concatenate([row["person_group"] for row in rows]))
    _check_groups(group, len(groups))
    shape = (len(AGES) + 2, len(SIGNS) * max(len(groups), 1), len(places))
    known, new = np.zeros((2, len(windows), *shape))
    population = np.zeros((len(windows), len(places)))
    for year, (row, (codes, persons)) in enumerate(zip(rows, people, strict=True)):
        component = np.searchsorted(groups, row["person_group"]) * len(SIGNS) + row["component"]
        at = row["age"], component, np.searchsorted(places, row["municipality"])
        first, last = np.moveaxis(figures((*shape, 3), at, row), -1, 0)
        known[year], new[year] = first, last - first
        population[year, np.searchsorted(places, codes)] = persons
    late = new[:, : _OLDER + 1]
    return places, Reported(known[:, :_OLDER], late, new[:, _REST], population)


def _check_groups(group: Variable | None, number: int) -> None:
    if group is not None and number > MOST_GROUPS:
        raise UsageError(
            "has too many groups to tell delays apart by", where="delays_by", value=group.name,
            allowed=f"variables of up to {MOST_GROUPS} groups",
        )  # fmt: skip


def stock(
    connection: duckdb.DuckDBPyConnection, moment: Moment, municipality: Variable
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Municipalities by number, and residents of them.

    Parameters
    ----------
    connection
        An open store.
    moment
        When, and as known when.
    municipality
        The variable of the store.
    """
    found = fetch(connection, stock_steps([municipality]), moment.parameters)
    return found["v0"].to_numpy().astype(np.int64), found["persons"].to_numpy().astype(np.int64)


def balances(places: NDArray[np.int64], components: int) -> list[Balance]:
    """Moves that leave as many as reach: between counties in all, within each of them.

    Parameters
    ----------
    places
        Numbers of municipalities.
    components
        How many there are: those of `SIGNS`, for each group.
    """
    counties = np.unique(places // 100, return_inverse=True)[1]
    nation = np.zeros_like(counties)
    return [
        Balance(first + _NUMBER[f"in_from_{end}"], first + _NUMBER[f"out_to_{end}"], within)
        for first in range(0, components, len(SIGNS))
        for end, within in (("other", nation), ("county", counties))
    ]


def size_classes(population: NDArray[np.float64]) -> NDArray[np.int64]:
    """Size class of each place, without classes that nobody is in.

    Parameters
    ----------
    population
        Persons of each.

    Examples
    --------
    >>> size_classes(np.array([700_000.0, 900.0, 30_000.0])).tolist()
    [2, 0, 1]
    """
    return np.unique(np.digitize(population, SIZES), return_inverse=True)[1].astype(np.int64)
