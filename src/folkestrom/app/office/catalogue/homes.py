"""Tables of households, births by order, and marriages: what they ask of the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

import duckdb
import pyarrow as pa

from folkestrom.analysis.indicators.indicators import indicators
from folkestrom.analysis.rates.event_rows import DIVORCE, MARRIAGE, couples, status_changes
from folkestrom.app.office.catalogue.prospects import counted_cells
from folkestrom.engine.steps import Step, compose, parameters_of, run, step
from folkestrom.linkage.catalogue import linked_variables
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import PUBLISHED
from folkestrom.model.specification import Category, Dimension, Measure, TableSpecification, Text
from folkestrom.model.time import EXTRACTION_MONTHS
from folkestrom.statistics.changes import PERIOD
from folkestrom.statistics.coverage import coverage
from folkestrom.statistics.flows import Window
from folkestrom.statistics.homes import DWELLING, MUNICIPALITY
from folkestrom.statistics.households.units import units
from folkestrom.statistics.periods import split
from folkestrom.statistics.population import fetch
from folkestrom.statistics.record_keys import SUFFIX, key_sum, rows_with_keys
from folkestrom.variables.description import EVENT_ROWS, described
from folkestrom.variables.variable import Variable, needs_of

_COUPLES: Final = Text("couples", "par")
_METHOD: Final = Text(
    "Changes of marital status of those resident at the end of the day before, that happened in "
    "the year and were known a month after it.",
    "Endringer av sivilstand for dem som var bosatt ved utgangen av dagen før, som skjedde i året "
    "og var kjent en måned etter det.",
)
MARRIED: Final = Measure(
    "marriages", Text("Persons who married", "Personer som giftet seg"),
    Text("persons", "personer"),
)  # fmt: skip
DIVORCED: Final = Measure(
    "divorces", Text("Persons who divorced", "Personer som ble skilt"),
    Text("persons", "personer"),
)  # fmt: skip
#: Which of the two populations.
RESIDENCE: Final = Dimension(
    "place_of_residence", Text("Place of residence", "Bosted"),
    (Category("register", Text("As registered", "Registrert")),
     Category("actual", Text("Where persons actually live", "Faktisk bosted"))),
)  # fmt: skip


def size_code(code: str) -> str:
    """Persons of a household; the last is open.

    Examples
    --------
    >>> size_code("3"), size_code("12")
    ('3', '7+')
    """
    return code if int(code) < _LARGEST else f"{_LARGEST}+"


_LARGEST: Final = 7


def sizes() -> tuple[Category, ...]:
    """Sizes of households."""
    listed = [Text("1 person", "1 person")]
    listed += [Text(f"{n} persons", f"{n} personer") for n in range(2, _LARGEST)]
    listed += [Text(f"{_LARGEST} persons or more", f"{_LARGEST} personer eller flere")]
    return tuple(Category(size_code(str(n)), text) for n, text in enumerate(listed, start=1))


def few_code(most: int) -> Callable[[str], str]:
    """Codes of small numbers, of which the last is open.

    Examples
    --------
    >>> few_code(4)("2"), few_code(4)("9"), few_code(4)("unknown")
    ('2', '4+', 'unknown')
    """
    return lambda code: f"{most}+" if code.isdecimal() and int(code) >= most else code


def fews(least: int, most: int) -> tuple[Category, ...]:
    """Small numbers, of which the last is open."""
    more = Text(f"{most} or more", f"{most} eller flere")
    listed = [Category(str(n), Text(str(n), str(n))) for n in range(least, most)]
    return (*listed, Category(f"{most}+", more))


def of_homes(connection: duckdb.DuckDBPyConnection, times: Sequence[date], by: Sequence[str], *,
             keys: bool = False) -> Cells:  # fmt: skip
    """Households, families and couples on days."""
    return units(connection, times, by, ("households", "families", "couples"), keys=keys)


def of_children(connection: duckdb.DuckDBPyConnection, times: Sequence[date], by: Sequence[str], *,
                keys: bool = False) -> Cells:  # fmt: skip
    """Children on days."""
    return units(connection, times, by, ("children",), keys=keys)


def both_populations(connection: duckdb.DuckDBPyConnection, times: Sequence[date],
                     by: Sequence[str], *, keys: bool = False) -> Cells:  # fmt: skip
    """Households and their persons as registered, and where persons live if a source tells."""
    place = [name for name in by if name != RESIDENCE.id]
    counts = ("households", "private_persons")
    found = [units(connection, times, place, counts, keys=keys)]
    known = {name: one.first_known for name, one in linked_variables(connection).items()}
    first = min((known[name] for name in (DWELLING, MUNICIPALITY) if name in known), default=None)
    at = coverage(connection).knowledge(PUBLISHED, EXTRACTION_MONTHS)
    told = [day for day in times if first is not None and at.day(day) >= first]
    if told:
        found.append(units(connection, told, place, counts, population="actual", keys=keys))
    tables = []
    for code, cells in zip(("register", "actual"), found, strict=False):
        column = pa.array([code] * cells.data.num_rows).dictionary_encode()
        tables.append(cells.data.append_column(RESIDENCE.id, column))
    made = found[-1].specification
    made = replace(made, dimensions=(*made.dimensions, RESIDENCE))
    return Cells(made, pa.concat_tables(tables).unify_dictionaries())


def key_figures(connection: duckdb.DuckDBPyConnection, times: Sequence[date], by: Sequence[str],
                *, keys: bool = False) -> Cells:  # fmt: skip
    """Fertility, mortality and ages of the nation by year; no records stand behind them."""
    del by, keys
    return indicators(connection, split(times[0], times[-1], "year"))


@step("flow_rows")
def status_rows() -> str:
    """Marriages and divorces of a period, each at its person."""
    return """
        SELECT *, TRUE AS marries FROM marriages UNION ALL SELECT *, FALSE AS marries FROM divorces
    """


@step("status_cells", example={"source": "flow_rows", "by": ("sex",)})
def status_cells(source: str, by: Sequence[str], *, keys: bool = False) -> str:
    """Persons who marry and who divorce, by each combination of the variables that occurs."""
    columns = "".join(f"{sql} AS v{n}, " for n, sql in enumerate(by))
    places = ", ".join(str(n + 1) for n in range(len(by)))
    counts = ", ".join(
        f"count(*) FILTER (WHERE {condition}) AS {measure.id}"
        + (f", {key_sum(condition)} AS {measure.id}{SUFFIX}" if keys else "")
        for measure, condition in ((MARRIED, "marries"), (DIVORCED, "NOT marries"))
    )
    grouping = f"GROUP BY {places} ORDER BY {places}" if by else ""
    return f"SELECT {columns}{counts} FROM {source} {grouping}"


def of_status(connection: duckdb.DuckDBPyConnection, times: Sequence[date], by: Sequence[str], *,
              keys: bool = False) -> Cells:  # fmt: skip
    """Persons who marry and who divorce, by year, as known at the extractions."""

    def counted(window: Window, chosen: Sequence[Variable]) -> pa.Table:
        steps: list[Step] = [status_changes(MARRIAGE).named("marriages"),
                             status_changes(DIVORCE).named("divorces"), status_rows()]  # fmt: skip
        steps += described(steps[-1].name, needs_of(chosen), EVENT_ROWS)
        steps += [rows_with_keys(steps[-1].name, events=True)] if keys else []
        steps.append(status_cells(steps[-1].name, [one.sql for one in chosen], keys=keys))
        return fetch(connection, steps, parameters_of(compose(steps), window.parameters))

    made = TableSpecification(
        id="marriages", title=Text("", ""), dimensions=(PERIOD,), measures=(MARRIED, DIVORCED),
        method=_METHOD,
    )  # fmt: skip
    return counted_cells(made, _windows(connection, times), by, counted, keys=keys)


def of_couples(connection: duckdb.DuckDBPyConnection, times: Sequence[date], by: Sequence[str], *,
               keys: bool = False) -> Cells:  # fmt: skip
    """Marriages and divorces of the nation, each couple once, by year."""
    del by, keys
    measures = tuple(
        Measure(f"couples_{name}", label, _COUPLES)
        for name, label in (("married", Text("Marriages", "Ekteskap inngått")),
                            ("divorced", Text("Divorces", "Skilsmisser")))
    )  # fmt: skip
    columns: dict[str, list[int]] = {measure.id: [] for measure in measures}
    windows = _windows(connection, times)
    for window in windows.values():
        for measure, change in zip(measures, (MARRIAGE, DIVORCE), strict=True):
            steps = [
                status_changes(change).named("flow_rows"),
                couples("flow_rows", end=change is DIVORCE),
            ]
            values = parameters_of(compose(steps), window.parameters)
            ((many,),) = run(connection, steps, values).fetchall()
            columns[measure.id].append(many)
    made = TableSpecification(
        id="couples", title=Text("", ""), dimensions=(PERIOD,), method=_METHOD,
        measures=measures,
    )  # fmt: skip
    codes = pa.array([*windows]).dictionary_encode()
    return Cells(made, pa.table({PERIOD.id: codes} | columns))


def _windows(
    connection: duckdb.DuckDBPyConnection, times: Sequence[date]
) -> dict[str, Window]:  # fmt: skip
    known = coverage(connection).knowledge(PUBLISHED, EXTRACTION_MONTHS)
    return {
        one.code: Window(one.start, one.end, known.day(one.start), known.day(one.end))
        for one in split(times[0], times[-1], "year")
    }
