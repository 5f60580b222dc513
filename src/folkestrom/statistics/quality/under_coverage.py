"""Under-coverage by delay: residents of a day whom the register did not know yet, and when it did.

A person is missing at K where all that is known has the person resident on the day, and nothing
known at K had. The first knowledge is what counts: who was known, lost to an error and found again
was not missing. What is still to come of a recent day is estimated from the same delays of earlier
days, by the over-dispersed chain ladder of `quality.delays.distribution`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from folkestrom.engine.rows import lent
from folkestrom.engine.steps import run, step
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.codes import RECORD_START_KINDS, Kind
from folkestrom.model.names import check_code
from folkestrom.model.specification import Dimension, Measure, TableSpecification, Text, same
from folkestrom.model.time import add_months
from folkestrom.quality.delays.distribution import to_come
from folkestrom.quality.delays.triangle import Triangle
from folkestrom.statistics.coverage import coverage
from folkestrom.statistics.quality.specification import KIND
from folkestrom.variables.registry import VARIABLES

#: Days after the reference date at which it is looked at again; nothing is awaited after the last.
DELAYS: Final = (7, 30, 90, 180, 365, 730)
#: Months before that delays are learned from.
MONTHS: Final = 36
#: Per cent of draws in the interval, and how many draws.
INTERVAL: Final = 90
_DRAWS: Final = 1_000

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
        Measure("low", Text("Lower end", "Nedre ende"), _PERSONS, 1),
        Measure("high", Text("Upper end", "Øvre ende"), _PERSONS, 1),
    ),
    contents=Text(
        "Persons who all that is known has as residents of the day, and whom nothing known so many "
        "days after it had; with those who are still to come.",
        "Personer som er bosatt den dagen etter alt som er kjent, og som ikke var det etter noe "
        "som var kjent så mange dager etter; med dem som ennå ikke er kommet.",
    ),
    reference_time=same("{day}"),
    method=Text(
        "Delays of the last {months} months by the over-dispersed chain ladder; the interval has "
        "{interval} per cent of the draws. Nobody is awaited after {last} days.",
        "Forsinkelser i de siste {months} månedene med overspredt kjedestige; intervallet har "
        "{interval} prosent av trekningene. Ingen ventes etter {last} dager.",
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


def under_coverage(
    connection: duckdb.DuckDBPyConnection, day: date, known_at: date | None = None,
    by: Iterable[str] = (), *, months: int = MONTHS, seed: int = 1,
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
    months
        So many first days of months before are learned from.
    seed
        The same seed gives the same interval.

    Raises
    ------
    UsageError
        A name that is none of these; a day whose knowledge the log does not reach; too few months
        before it.
    """
    names = tuple(by)
    for name in names:
        check_code(name, BY, "is not what missing persons are told apart by", where="by")
    limits = coverage(connection)
    limits.check_day(day)
    known = limits.last if known_at is None else min(known_at, limits.last)
    days = [add_months(day, -n) for n in range(months, -1, -1)]
    if days[0] <= limits.first:
        raise UsageError(
            "has too short a log before it to learn delays from", where="date", value=day,
            allowed=f"a day after {add_months(limits.first, months)}",
            next_step="Ask for a later day, or for fewer months",
        )  # fmt: skip
    if known <= day:
        raise UsageError(
            "is not after the day itself: nobody can have been found", where="known_at",
            value=known, allowed=f"a day after {day}",
        )  # fmt: skip
    groups, new = _counts(connection, days, known, [BY[name] for name in names])
    reached = np.array([[(known - one).days >= delay for delay in DELAYS] for one in days])
    rows = []
    for codes, counts in zip(groups, new, strict=True):
        found, draws = _missing(counts, reached, seed)
        ends = np.quantile(draws, (0.5 - INTERVAL / 200, 0.5 + INTERVAL / 200), axis=0)
        for n, delay in enumerate((0, *DELAYS[:-1])):
            rows.append((*codes, f"{delay}", int(found[n]), float(draws[:, n].mean()), *ends[:, n]))
    return _cells(rows, names, day, known, months)


def _counts(
    connection: duckdb.DuckDBPyConnection, days: Sequence[date], known: date, by: Sequence[str]
) -> tuple[list[tuple[int, ...]], NDArray[np.float64]]:
    """Groups, and new persons of each by day and class of delay: (groups, days, delays)."""
    table = pa.table({"day": pa.array(days, pa.date32())})
    steps = [may_be_late(), late_residents(), late_counts(by)]
    with lent(connection, reference_days=table):
        found = run(connection, steps, {"known_at": known}).fetchall()
    groups = sorted({row[2:-1] for row in found} | ({()} if not by else set()))
    place = {day: n for n, day in enumerate(days)}
    new = np.zeros((len(groups), len(days), len(DELAYS)))
    for row in found:
        late = int(np.searchsorted(DELAYS, row[1]))
        if late < len(DELAYS):
            new[groups.index(row[2:-1]), place[row[0]], late] += row[-1]
    return groups, new


def _missing(
    new: NDArray[np.float64], reached: NDArray[np.bool_], seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of the last day, those found after each delay, and draws of those with who is to come."""
    # What was found within a class that has not passed yet counts in full later: it is drawn.
    known = reached[-1]
    increments = np.where(known, new[-1], 0)[None]
    if not known.all():
        cumulative = new.cumsum(axis=1)
        # A chain needs counts in its first class; without, the day is as one of those before it.
        if known[0] and (cumulative[:, 0] * reached[:, -1]).any():
            triangle = Triangle(np.where(reached, cumulative, np.nan))
            increments = increments + to_come(triangle, _DRAWS, seed).draws[:, -1]
        else:
            increments = np.where(known, new[-1], _like_before(new, reached, seed))
    found = new[-1][::-1].cumsum()[::-1]
    missing = np.maximum(increments[:, ::-1].cumsum(axis=1)[:, ::-1], found)
    return found, missing


def _like_before(
    new: NDArray[np.float64], reached: NDArray[np.bool_], seed: int
) -> NDArray[np.float64]:
    """Of a day of which no class has passed: what earlier days have had, one for each draw."""
    whole = np.flatnonzero(reached.all(axis=1))
    if not len(whole):
        raise UsageError(
            "has no day before it of which all is known", where="date",
            next_step="Ask for a later knowledge date, or for more months",
        )  # fmt: skip
    return np.asarray(new[np.random.default_rng(seed).choice(whole, _DRAWS)])


def _cells(
    rows: Sequence[tuple[object, ...]], names: Sequence[str], day: date, known: date, months: int
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
        day=day, known=known, months=months, interval=INTERVAL, last=DELAYS[-1]
    )
    data["delay"] = pa.array(columns[len(names)], pa.string())
    for measure, column in zip(filled.measures, columns[len(names) + 1 :], strict=True):
        data[measure.id] = pa.array(column, pa.float64() if measure.decimals else pa.int64())
    return Cells(replace(filled, dimensions=(*dimensions, *filled.dimensions)), pa.table(data))
