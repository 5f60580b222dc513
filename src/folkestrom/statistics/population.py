"""Stocks: residents by any variables, at any day, as known on any day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

import duckdb
import pyarrow as pa

from folkestrom.engine.steps import Step, compose, parameters_of, step
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import PUBLISHED, Knowledge, KnownAt
from folkestrom.model.specification import Dimension, Measure, TableSpecification, Text, same
from folkestrom.model.time import EXTRACTION_MONTHS
from folkestrom.statistics import series
from folkestrom.statistics.border_changes import by_places_alone
from folkestrom.statistics.coverage import Coverage, coverage
from folkestrom.statistics.homes import Population, live, live_elsewhere, provide_homes
from folkestrom.statistics.record_keys import SUFFIX, key_sum, names_of_sums, rows_with_keys
from folkestrom.variables.borders.asked import places_of_days
from folkestrom.variables.borders.views import cells_in_borders, own_tables
from folkestrom.variables.description import RESIDENTS, described
from folkestrom.variables.selection import Only, chosen_with, kept, kept_notes
from folkestrom.variables.variable import Variable, needs_of, notes
from folkestrom.variables.vocabulary import Setting

DATE: Final = Dimension("date", Text("Date", "Dato"), classification="Date")
PERSONS: Final = Measure("persons", Text("Persons", "Personer"), Text("persons", "personer"))

SPECIFICATION: Final = TableSpecification(
    id="population",
    title=Text("Population. {when}", "Folkemengde. {when}"),
    dimensions=(),
    measures=(PERSONS,),
    contents=Text(
        "Persons resident in Norway according to the register (de jure population).",
        "Personer bosatt i Norge ifølge registeret (de jure-befolkning).",
    ),
    reference_time=Text("{when}", "{when}"),
    method=Text(
        "The state at the end of the day before the date, as known on {known}. Age is completed "
        "age at that time.",
        "Tilstanden ved utgangen av dagen før datoen, slik den var kjent {known}. Alder er fylte "
        "år på det tidspunktet.",
    ),
    knowledge_time=same("{known}"),
)


@dataclass(frozen=True, slots=True)
class Moment:
    """A reference date with the day on which it is looked at.

    Parameters
    ----------
    day
        The stock is the state at the end of the day before.
    known_at
        Knowledge date.
    """

    day: date
    known_at: date

    @property
    def parameters(self) -> dict[str, object]:
        """Values for the steps."""
        return {"eve": self.day - timedelta(days=1), "known_at": self.known_at}


@step("residents", reads=["residence"])
def residents(of: str = "") -> str:
    """Who is resident at the end of the day before the reference date, and where.

    `$eve` is that day before, and `$known_at` the knowledge date.
    """
    return f"""
        SELECT person, municipality, basic_unit, sex, birth_date, country_of_birth
        FROM {of}residence
        WHERE valid_from <= $eve AND valid_to > $eve
          AND known_from <= $known_at AND known_to > $known_at
    """


@step("cells", example={"source": "residents_with_calendar", "by": ("sex", "age")})
def cells(source: str, by: Sequence[str], *, keys: bool = False) -> str:
    """Number of persons by each combination of the variables that occurs; if asked, with keys."""
    counts = f"count(*) AS persons{f', {key_sum()} AS persons{SUFFIX}' if keys else ''}"
    if not by:
        return f"SELECT {counts} FROM {source}"
    columns = ", ".join(f"{sql} AS v{n}" for n, sql in enumerate(by))
    places = ", ".join(str(n + 1) for n in range(len(by)))
    return f"""
        SELECT {columns}, {counts}
        FROM {source}
        GROUP BY {places}
        ORDER BY {places}
    """


def population(
    connection: duckdb.DuckDBPyConnection,
    dates: date | Sequence[date],
    by: Iterable[str] = (),
    known_at: KnownAt = PUBLISHED,
    *,
    only: Only | None = None,
    population: Population = "register",
    extraction_months: int = EXTRACTION_MONTHS,
    keys: bool = False,
    amounts: bool = True,
) -> Cells:
    """Residents by variables, at one day or several.

    Parameters
    ----------
    connection
        An open store.
    dates
        One reference date, or several; with several, the cells have a column `date`.
    by
        Names of variables.
    known_at
        Knowledge date; "published": the extraction after each date; "latest": all that is known.
    only
        Codes to keep, by variable.
    population
        Where people live by the "register", or "actual": with the linked variables
        `actual_dwelling` and `actual_municipality`.
    extraction_months
        Months from a date to its extraction, for "published".
    keys
        With the sum of the record keys beside each count, in a session that has them.
    amounts
        Whether footnotes may have numbers that no rules of disclosure control have seen.
    """
    limits = coverage(connection)
    knowledge = limits.knowledge(known_at, extraction_months)
    moments = _moments(limits, dates, knowledge)
    known = min(moment.known_at for moment in moments)
    days = [(moment.day - timedelta(days=1), moment.known_at) for moment in moments]
    named, chosen, codes = chosen_with(Setting(connection, "stock", known), by, only)
    with live(connection, population, days, amounts=amounts) as lived:
        if isinstance(dates, date):
            data = _at(connection, moments[0], chosen, keys)
        elif population == "register" and (plan := series.plan(connection, moments, chosen)):
            data = series.stocks(connection, plan, keys=keys)
        else:
            data = _one_by_one(connection, moments, chosen, keys)
    many = () if isinstance(dates, date) else (DATE,)
    data = kept(data, codes, chosen, [d.id for d in many] + [v.name for v in named])
    made = _specification(named, moments, many, (*kept_notes(codes, chosen), *notes(chosen)))
    said = (*lived, *limits.notes(moments[-1].known_at), *still_to_come(moments))
    footnotes = (*made.footnotes, *said)
    return Cells(replace(made, footnotes=footnotes, vintage=knowledge.vintage), data)


def still_to_come(moments: Sequence[Moment]) -> Iterator[Text]:
    """Says of stocks of days that were still to come when they were looked at that they were.

    Parameters
    ----------
    moments
        The days, each with its knowledge date.
    """
    ahead = [moment for moment in moments if moment.day > moment.known_at]
    if ahead:
        first = ahead[0]
        yield Text(
            f"{first.day} was still to come on {first.known_at}: the figures are what was known "
            "then, without what happened in between.",
            f"{first.day} lå ennå fram i tid {first.known_at}: tallene er det som var kjent da, "
            "uten det som skjedde i mellomtiden.",
        )


def _moments(limits: Coverage, dates: date | Sequence[date], knowledge: Knowledge) -> list[Moment]:
    days = [dates] if isinstance(dates, date) else sorted(set(dates))
    if not days:
        raise UsageError("no date was given", where="dates")
    for day in days:
        limits.check_day(day)
    return [Moment(day, knowledge.day(day)) for day in days]


def stock_steps(chosen: Sequence[Variable], *, keys: bool = False) -> list[Step]:
    """Steps to the stock by variables; the moment's values are bound when they run."""
    steps = [residents()]
    steps += described(steps[-1].name, needs_of(chosen), RESIDENTS)
    steps += [rows_with_keys(steps[-1].name)] if keys else []
    by = tuple(variable.sql for variable in chosen)
    return [*steps, cells(steps[-1].name, by, keys=keys)]


def stock(
    connection: duckdb.DuckDBPyConnection,
    moment: Moment,
    chosen: Sequence[Variable],
    *,
    keys: bool = False,
) -> pa.Table:
    """The stock of a moment: numbers of the variables in columns v0, v1 …, and persons."""
    steps = stock_steps(chosen, keys=keys)
    own = "" if live_elsewhere(connection) else own_tables(connection)
    if own and chosen and not keys and by_places_alone(chosen):
        # By places alone, basic units are counted, and not every person looked up.
        units = cells("residents", ("basic_unit",)).named("units")
        by = [variable.sql for variable in chosen]
        steps = [residents(own), units, cells_in_borders(units.name, by, moment.day)]
    return fetch(connection, steps, moment.parameters)


def fetch(
    connection: duckdb.DuckDBPyConnection, steps: Sequence[Step], parameters: dict[str, object]
) -> pa.Table:
    """Rows of the last step as an Arrow table."""
    text = compose(steps)
    # What stands before residence already is not to be put aside for the borders of a day.
    days = {} if live_elsewhere(connection) else parameters
    with places_of_days(connection, days):
        provide_homes(connection, text, parameters)
        return connection.sql(text, params=parameters_of(text, parameters)).to_arrow_table()


def _at(
    connection: duckdb.DuckDBPyConnection, moment: Moment, chosen: Sequence[Variable], keys: bool
) -> pa.Table:
    found = stock(connection, moment, chosen, keys=keys)
    return coded(found, chosen, {"persons": pa.int32()} | names_of_sums(["persons"] * keys))


def coded(
    found: pa.Table, chosen: Sequence[Variable], measures: dict[str, pa.DataType]
) -> pa.Table:
    """Columns v0, v1 … as codes of their variables, and measures in their types."""
    columns: dict[str, Any] = {
        variable.name: variable.column(found[f"v{n}"]) for n, variable in enumerate(chosen)
    }
    columns |= {name: found[name].cast(type) for name, type in measures.items()}
    return pa.table(columns)


def _one_by_one(
    connection: duckdb.DuckDBPyConnection,
    moments: Sequence[Moment],
    chosen: Sequence[Variable],
    keys: bool,
) -> pa.Table:
    tables = []
    for moment in moments:
        table = _at(connection, moment, chosen, keys)
        dates = pa.repeat(pa.scalar(moment.day, pa.date32()), table.num_rows)
        tables.append(table.add_column(0, "date", dates))
    return pa.concat_tables(tables).unify_dictionaries()


def _specification(
    named: Sequence[Variable],
    moments: Sequence[Moment],
    many: tuple[Dimension, ...],
    said: tuple[Text, ...],
) -> TableSpecification:
    days = sorted({str(moment.day) for moment in moments})
    known = sorted({str(moment.known_at) for moment in moments})
    filled = SPECIFICATION.fill(when=_range(days), known=_range(known))
    return replace(
        filled,
        dimensions=(*many, *(variable.dimension for variable in named)),
        time="" if many else days[0],
        footnotes=(*filled.footnotes, *said),
    )


def _range(days: Sequence[str]) -> str:
    return days[0] if len(days) == 1 else f"{days[0]} – {days[-1]}"
