"""Under-coverage by delay: residents of a day whom the register did not know yet, and when it did.

A person is missing at K where all that is known has the person resident on the day, and nothing
known at K had. The first knowledge is what counts: who was known, lost to an error and found again
was not missing. What is still to come of a recent day is estimated from what came of the same day
of earlier years, as the population at the turn of the year is: reports are late by the season.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa

from folkestrom.engine.rows import lent
from folkestrom.engine.steps import run, step
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.codes import RECORD_START_KINDS, Kind
from folkestrom.model.names import check_code
from folkestrom.model.specification import Dimension, Measure, TableSpecification, Text, same
from folkestrom.model.time import add_months
from folkestrom.quality.delays.outstanding import LEAST_YEARS, Reported, outstanding
from folkestrom.quality.delays.triangle import Floats
from folkestrom.statistics.coverage import coverage
from folkestrom.statistics.quality.specification import KIND
from folkestrom.variables.registry import VARIABLES

#: Days after the reference date at which it is looked at again; nothing is awaited after the last.
DELAYS: Final = (7, 30, 90, 180, 365, 730)
#: Years of which the same day is learned from, where the log has them.
YEARS: Final = 5
#: Per cent of draws in the interval.
INTERVAL: Final = 90

#: What missing persons are told apart by: columns of the step `late_residents`.
BY: Final[dict[str, str]] = {
    "kind": "kind", "sex": "sex", "county": "municipality // 100", "municipality": "municipality",
}  # fmt: skip
_PERSONS: Final = Text("persons", "personer")
SPECIFICATION: Final = TableSpecification(
    id="under-coverage",
    title=Text(
        "Residents of {day} who were not known yet", "Bosatte {day} som ennå ikke var kjent"
    ),
    dimensions=(Dimension("delay", Text("Days after it", "Dager etter")),),
    measures=(
        Measure("found", Text("Found since", "Funnet siden"), _PERSONS),
        Measure("missing", Text("Missing, estimated", "Mangler, anslått"), _PERSONS, 1),
        Measure("low", Text("Lower end", "Nedre ende"), _PERSONS),
        Measure("high", Text("Upper end", "Øvre ende"), _PERSONS),
    ),
    contents=Text(
        "Persons who all that is known has as residents of the day, and whom nothing known so many "
        "days after it had; with those who are still to come.",
        "Personer som er bosatt den dagen etter alt som er kjent, og som ikke var det etter noe "
        "som var kjent så mange dager etter; med dem som ennå ikke er kommet.",
    ),
    reference_time=same("{day}"),
    method=Text(
        "What came so late of the same day of {years} earlier years, at a level between that of "
        "the year before the day and that of what has come so far (Benktander); the interval has "
        "{interval} per cent of draws with the errors of those years. Nobody is awaited after "
        "{last} days.",
        "Det som kom så sent for samme dag i {years} tidligere år, på et nivå mellom det siste "
        "årets og det som er kommet (Benktander); intervallet har {interval} prosent av "
        "trekninger med feilene i de årene. Ingen ventes etter {last} dager.",
    ),
    knowledge_time=same("{known}"),
)


@step("may_be_late", reads=["event"])
def may_be_late() -> str:
    """Persons who came before one of `reference_days`, known later only; or who were thought gone.

    Gone: by an emigration or death that was known on that day, and that was withdrawn by
    `$known_at`.
    """
    came = ", ".join(str(int(kind)) for kind in sorted(RECORD_START_KINDS))
    gone = f"{int(Kind.EMIGRATION)}, {int(Kind.DEATH)}"
    return f"""
        SELECT d.day, e.person
        FROM reference_days d JOIN (
          SELECT person, event_date, known_from FROM event
          WHERE kind IN ({came}) AND known_from > (SELECT min(day) FROM reference_days)
        ) AS e ON e.event_date < d.day AND e.known_from > d.day
        UNION
        SELECT d.day, e.person
        FROM reference_days d JOIN (
          SELECT person, event_date, known_from, known_to FROM event
          WHERE kind IN ({gone}) AND known_to <= $known_at
        ) AS e ON e.event_date < d.day AND e.known_from <= d.day AND e.known_to > d.day
    """


@step("late_residents", reads=["residence", "known_report"])
def late_residents() -> str:
    """Residents of each day by all that is known on `$known_at`, who were not on that day itself.

    With the first day on which they were known as such, and the kind of the report that told it.
    """
    later = "r.known_from > m.day"
    return f"""
        SELECT l.day, l.first_known, l.municipality, l.sex, k.kind
        FROM (
          SELECT m.day, r.person, min(r.known_from) FILTER ({later}) AS first_known,
                 arg_min(r.position, r.known_from) FILTER ({later}) AS position,
                 arg_max(r.municipality, r.known_from) AS municipality,
                 arg_max(r.sex, r.known_from) AS sex
          FROM may_be_late m JOIN residence r
            ON r.person = m.person AND r.valid_from < m.day AND r.valid_to >= m.day
          WHERE r.known_from <= $known_at
          GROUP BY m.day, r.person
          HAVING bool_or(r.known_to > $known_at)
             AND NOT bool_or(r.known_from <= m.day AND r.known_to > m.day)
        ) AS l
        JOIN known_report k ON k.position = l.position
    """


@step("late_counts", example={"by": ("kind",)})
def late_counts(by: Sequence[str]) -> str:
    """Late residents by day, days until they were known, and columns."""
    listed = "".join(f", {sql} AS v{n}" for n, sql in enumerate(by))
    return f"""
        SELECT day, first_known - day AS days{listed}, count(*) AS persons
        FROM late_residents GROUP BY ALL ORDER BY ALL
    """


@step("levels_of_delay", reads=["event"])
def levels_of_delay() -> str:
    """Days, of 90 at most, for which who came was missing, by what the year before the day told.

    As many as there were missing persons on its days together: the level of the year.
    """
    came = ", ".join(str(int(kind)) for kind in sorted(RECORD_START_KINDS))
    return f"""
        SELECT d.day, coalesce(sum(least(e.known_from - e.event_date, 90)), 0)::BIGINT AS level
        FROM reference_days d LEFT JOIN (
          SELECT event_date, known_from FROM event
          WHERE kind IN ({came}) AND event_date < known_from
        ) AS e ON e.known_from <= d.day AND e.known_from > d.day - INTERVAL 1 YEAR
        GROUP BY d.day ORDER BY d.day DESC
    """


def under_coverage(
    connection: duckdb.DuckDBPyConnection, day: date, known_at: date | None = None,
    by: Iterable[str] = (), *, seed: int = 1,
) -> Cells:  # fmt: skip
    """Who was missing on a day, and how many days later still.

    Parameters
    ----------
    connection
        An open store.
    day
        The reference date.
    known_at
        Until when it is known who was found; None: all that is known.
    by
        Some of "kind", "sex", "county", "municipality".
    seed
        The same seed gives the same interval.

    Raises
    ------
    UsageError
        A name that is none of these; a day whose knowledge the log does not reach; too few years
        before it.
    """
    names = tuple(by)
    for name in names:
        check_code(name, BY, "is not what missing persons are told apart by", where="by")
    limits = coverage(connection)
    limits.check_day(day)
    known = limits.last if known_at is None else min(known_at, limits.last)
    days = [add_months(day, -12 * n) for n in range(YEARS + 2)]
    days = [one for one in days if one > limits.first]
    if len(days) < LEAST_YEARS + 2:
        raise UsageError(
            "has too short a log before it to learn delays from", where="date", value=day,
            allowed=f"a day after {add_months(limits.first, 12 * (LEAST_YEARS + 1))}",
            next_step="Ask for a later day",
        )  # fmt: skip
    if known <= day:
        raise UsageError(
            "is not after the day itself: nobody can have been found", where="known_at",
            value=known, allowed=f"a day after {day}",
        )  # fmt: skip
    groups, counts, levels = _counts(connection, days, known, [BY[name] for name in names])
    passed = min((known - day).days, DELAYS[-1])
    rows = []
    for codes, of_group in zip(groups, counts, strict=True):
        for delay, *figures in zip(
            (0, *DELAYS[:-1]),
            *_missing(of_group, levels, passed, 0.5 / len(groups), seed),
            strict=True,
        ):
            rows.append((*codes, f"{delay}", *figures))
    return _cells(rows, names, day, known, len(days) - 2)


def _counts(
    connection: duckdb.DuckDBPyConnection, days: Sequence[date], known: date, by: Sequence[str]
) -> tuple[list[tuple[int, ...]], Floats, Floats]:
    """Groups; persons of each by day and the days until they were known; and levels of the days."""
    table = pa.table({"day": pa.array(days, pa.date32())})
    steps = [may_be_late(), late_residents(), late_counts(by)]
    with lent(connection, reference_days=table):
        found = run(connection, steps, {"known_at": known}).fetchall()
        levels = run(connection, [levels_of_delay()]).fetchnumpy()["level"]
    groups = sorted({row[2:-1] for row in found} | ({()} if not by else set()))
    counts = np.zeros((len(groups), len(days), DELAYS[-1] + 1))
    for day, late, *codes, persons in found:
        if late <= DELAYS[-1]:
            counts[groups.index(tuple(codes)), days.index(day), late] += persons
    return groups, counts, np.maximum(levels, 1).astype(np.float64)


def _missing(
    counts: Floats, levels: Floats, passed: int, prior: float, seed: int
) -> tuple[Floats, ...]:  # fmt: skip
    """Found, missing, and the ends of its interval, after each delay; the day itself is first.

    Of last year's day nobody knows yet who comes after a year: those are learned from the years
    before.
    """
    until = counts.cumsum(axis=1)
    past, year = len(until) - 2, DELAYS[-2]
    starts = np.array((0, *DELAYS[:-1]))
    soon = until[:, [year]] - until[:, np.clip(starts[:-1], min(passed, year), year)]
    late = until[:, [-1]] - until[:, [max(year, passed)]]
    near, far = [*range(past, 0, -1), 0], [*range(past + 1, 1, -1), 0]
    to_come = np.hstack([soon[near], late[far]])
    # Jeffreys' prior, shared by the groups: what no year had may come.
    waits = [passed < year] * (len(starts) - 1) + [passed < DELAYS[-1]]
    to_come[:-1] += np.array(waits) * prior / past
    expected = to_come[:-1, 0].mean() + to_come[:-1, -1].mean()
    years = np.stack([*[near] * (len(starts) - 1), far], axis=1)
    # With what the year's level lets expect beside what has come, the estimate is Benktander's:
    # what has come counts as much as large its share in all is.
    level = levels[years] / levels[years][:-1].mean(axis=0)
    known = until[years, passed] + expected * level
    still = outstanding(
        Reported(
            known[:, None, :, None], np.zeros((past + 1, 2, len(starts), 1)), to_come[..., None],
            np.ones((past + 1, 1)),
        ),
        np.zeros(1, np.int64), seed=seed,
    )  # fmt: skip
    found = until[0, passed] - until[0, np.minimum(starts, passed)]
    missing, draws = still.expected[:, 0], still.draws[..., 0]
    missing[:-1] += missing[-1]
    draws[:, :-1] += draws[:, -1:]
    ends = np.quantile(draws, (0.5 - INTERVAL / 200, 0.5 + INTERVAL / 200), axis=0)
    return found, found + missing, found + np.floor(ends[0]), found + np.ceil(ends[1])


def _cells(
    rows: Sequence[tuple[object, ...]], names: Sequence[str], day: date, known: date, years: int
) -> Cells:
    columns = list(zip(*rows, strict=True)) or [()] * (len(names) + 5)
    data: dict[str, pa.Array] = {}
    dimensions = []
    for name, column in zip(names, columns, strict=False):
        if name == "kind":
            data[name] = pa.array([Kind(code).name.lower() for code in column], pa.string())
            dimensions.append(KIND)
        else:
            data[name] = VARIABLES[name].column(pa.chunked_array([pa.array(column, pa.int64())]))
            dimensions.append(VARIABLES[name].dimension)
    filled = SPECIFICATION.fill(
        day=day, known=known, years=years, interval=INTERVAL, last=DELAYS[-1]
    )
    data["delay"] = pa.array(columns[len(names)], pa.string())
    for measure, column in zip(filled.measures, columns[len(names) + 1 :], strict=True):
        data[measure.id] = pa.array(column).cast(pa.float64() if measure.decimals else pa.int64())
    return Cells(replace(filled, dimensions=(*dimensions, *filled.dimensions)), pa.table(data))
