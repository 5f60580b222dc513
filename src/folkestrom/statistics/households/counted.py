"""Households, families, couples and children, counted by what they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, Literal

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from folkestrom.engine.steps import Step, compose, run, step
from folkestrom.errors import UsageError
from folkestrom.households.codes import HouseholdType, Role
from folkestrom.households.dwellings import (
    crowded_dwellings,
    registered_homes,
    shared_dwellings,
    weddings,
)
from folkestrom.households.homes import TABLE, Method, Span, make_table
from folkestrom.households.rules import cohabitation_rule
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import PUBLISHED, KnownAt
from folkestrom.model.specification import Measure, TableSpecification, Text, same
from folkestrom.model.time import EXTRACTION_MONTHS
from folkestrom.register.quality.families import impossible_kin_note
from folkestrom.statistics.coverage import coverage
from folkestrom.statistics.homes import Population, live, live_elsewhere
from folkestrom.statistics.population import PERSONS, coded, residents
from folkestrom.statistics.totals import with_totals
from folkestrom.statistics.year_sums import number
from folkestrom.variables.borders.asked import places_of_days
from folkestrom.variables.description import RESIDENTS, described
from folkestrom.variables.selection import Only, chosen_with, kept, kept_notes
from folkestrom.variables.sources import AGE, History
from folkestrom.variables.variable import Variable, needs_of
from folkestrom.variables.vocabulary import Setting

Counted = Literal["households", "families", "couples", "children"]

_ADULT: Final = 18
KEYS: Final = History(
    "keys_of_homes", ("household", "family", "role_here", "couple_here", "type_here"),
    table=TABLE, stored=("household", "family", "family_role", "couple", "household_type"),
)  # fmt: skip
PRIVATE: Final = f"type_here <> {int(HouseholdType.OTHER)}"


@dataclass(frozen=True, slots=True)
class Unit:
    """What is counted, as a row of a table of specifications.

    Parameters
    ----------
    title
        Of the table.
    measure
        What is counted.
    counts
        Which residents stand for one each.
    among
        Which residents are looked at.
    usual
        What it is by, where nothing is asked for.
    shared
        Variables of the vocabulary that all members share; empty: any variable.
    mean
        Persons for each, if that is told.
    """

    title: Text
    measure: Measure
    counts: str
    among: str
    usual: str
    shared: tuple[str, ...] = ()
    mean: Measure | None = None


#: Those whom the mean is of.
IN_HOUSEHOLDS: Final = Measure(
    "private_persons", Text("Persons in private households", "Personer i privathusholdninger"),
    PERSONS.unit,
)  # fmt: skip


def _mean(id: str, en: str, no: str) -> Measure:
    return Measure(id, Text(en, no), Text("persons", "personer"), decimals=2, empty=None)


_OF_HOUSEHOLDS: Final = ("household_type", "household_size", "youngest_child")
_OF_FAMILIES: Final = (*_OF_HOUSEHOLDS, "family_type", "family_children")
UNITS: Final[dict[str, Unit]] = {
    "households": Unit(
        Text("Private households. {when}", "Privathusholdninger. {when}"),
        Measure("households", Text("Private households", "Privathusholdninger"),
                Text("households", "husholdninger")),
        f"person = household AND {PRIVATE}", "TRUE", "household_type", _OF_HOUSEHOLDS,
        _mean("persons_per_household", "Persons per household", "Personer per husholdning"),
    ),
    "families": Unit(
        Text("Families. {when}", "Familier. {when}"),
        Measure("families", Text("Families", "Familier"), Text("families", "familier")),
        f"person = family AND {PRIVATE}", "TRUE", "family_type", _OF_FAMILIES,
        _mean("persons_per_family", "Persons per family", "Personer per familie"),
    ),
    "couples": Unit(
        Text("Couples. {when}", "Par. {when}"),
        Measure("couples", Text("Couples", "Par"), Text("couples", "par")),
        "TRUE", f"couple_here > 0 AND role_here = {int(Role.REFERENCE)}", "cohabiting",
        (*_OF_FAMILIES, "cohabiting"),
    ),
    "children": Unit(
        Text("Children 0-17 years. {when}", "Barn 0-17 år. {when}"),
        Measure("children", Text("Children 0-17 years", "Barn 0-17 år"), PERSONS.unit),
        "TRUE", f"age < {_ADULT}", "parents_living_together",
    ),
}  # fmt: skip

SPECIFICATION: Final = TableSpecification(
    id="households",
    title=same(""),
    dimensions=(),
    measures=(),
    contents=Text(
        "All who live in one dwelling; families of at most two generations and one couple.",
        "Alle som bor i én bolig; familier av høyst to generasjoner og ett par.",
    ),
    reference_time=same("{when}"),
    method=Text(
        "The state at the end of the day before the date, as known on {known}.",
        "Tilstanden ved utgangen av dagen før datoen, slik den var kjent {known}.",
    ),
    knowledge_time=same("{known}"),
)


@step(
    "household_cells",
    example={"source": "residents_with_keys_of_homes", "keys": ("sex",), "unit": "TRUE"},
)
def household_cells(source: str, keys: Sequence[str], unit: str, among: str = "TRUE") -> str:
    """Units and persons by each combination of the variables that occurs."""
    columns = "".join(f"{sql} AS v{n}, " for n, sql in enumerate(keys))
    places = ", ".join(str(n + 1) for n in range(len(keys)))
    return f"""
        SELECT {columns}count(*) FILTER (WHERE {unit}) AS units, count(*) AS persons,
               count(*) FILTER (WHERE {PRIVATE}) AS private_persons
        FROM {source} WHERE {among} {f"GROUP BY {places} ORDER BY {places}" if keys else ""}
    """


def households(
    connection: duckdb.DuckDBPyConnection,
    day: date,
    by: Iterable[str] = (),
    known_at: KnownAt = PUBLISHED,
    *,
    count: Counted = "households",
    population: Population = "register",
    method: Method | None = None,
    only: Only | None = None,
    totals: bool = False,
    extraction_months: int = EXTRACTION_MONTHS,
    means: bool = True,
    amounts: bool = True,
) -> Cells:
    """Households, families, couples or children of a day, by variables.

    Parameters
    ----------
    connection
        An open store.
    day
        The reference date: the state at the end of the day before.
    by
        Names of variables; empty: the types of what is counted.
    known_at, only, extraction_months
        As for `population`.
    count
        What is counted.
    population
        Where people live by the "register", or "actual": with the linked variables
        `actual_dwelling` and `actual_municipality`.
    method
        Parameters of the derivation.
    totals
        With a total along every variable.
    means
        With the persons for each household or family.
    amounts
        Whether footnotes may have numbers that no rules of disclosure control have seen.

    Raises
    ------
    UsageError
        A variable that members of one household or family may differ in.
    """
    limits = coverage(connection)
    limits.check_day(day)
    knowledge = limits.knowledge(known_at, extraction_months)
    known, eve = knowledge.day(day), day - timedelta(days=1)
    unit = UNITS[count]
    setting = Setting(connection, "stock", known)
    named, chosen, codes = chosen_with(setting, tuple(by) or (unit.usual,), only)
    _check_shared(unit, chosen)
    method = method or Method()
    values = {"eve": eve, "known_at": known}
    with live(connection, population, [(eve, known)], amounts=amounts) as lived:
        make_table(connection, [Span(known, eve, day)], method)
        with places_of_days(connection, {} if live_elsewhere(connection) else values):
            found = connection.sql(compose(_steps(chosen, unit)), params=values).to_arrow_table()
        said = _notes(connection, method, eve, known, amounts=amounts)
    counted = ("units", PERSONS.id, IN_HOUSEHOLDS.id)
    data = coded(found, chosen, dict.fromkeys(counted, pa.int32()))
    data = kept(data, codes, chosen, [variable.name for variable in named])
    notes = (*kept_notes(codes, chosen), *lived, *said, *limits.notes(known))
    filled = replace(SPECIFICATION, title=unit.title).fill(when=str(day), known=str(known))
    made = replace(
        filled, dimensions=tuple(v.dimension for v in named), time=str(day),
        measures=(unit.measure,), footnotes=(*filled.footnotes, *notes), vintage=knowledge.vintage,
    )  # fmt: skip
    counts = (unit.measure, PERSONS, IN_HOUSEHOLDS) if unit.mean else (unit.measure,)
    names = [dimension.id for dimension in made.dimensions]
    data = data.rename_columns({"units": unit.measure.id}).select([*names, *(m.id for m in counts)])
    cells = Cells(replace(made, measures=counts), data)
    if totals:
        cells = with_totals(cells)
    return with_means(cells) if means else cells


def _steps(chosen: Sequence[Variable], unit: Unit) -> list[Step]:
    steps = [residents()]
    steps += described(steps[-1].name, [*needs_of(chosen), KEYS], RESIDENTS)
    if AGE not in needs_of(chosen):
        steps += described(steps[-1].name, [AGE], RESIDENTS)
    keys = [variable.sql for variable in chosen]
    return [*steps, household_cells(steps[-1].name, keys, unit.counts, unit.among)]


def with_means(cells: Cells) -> Cells:
    """Households or families with the persons for each; anything else as it is.

    Parameters
    ----------
    cells
        Counts of them, of persons, and of those in private households, whom the mean is of.
    """
    measures = cells.specification.measures
    mean = UNITS[measures[0].id].mean
    if mean is None or IN_HOUSEHOLDS not in measures:
        return cells
    units, persons = (cells.data[m.id].cast(pa.float64()) for m in (measures[0], IN_HOUSEHOLDS))
    each = pc.round(pc.divide(persons, pc.if_else(pc.equal(units, 0), None, units)), 2)
    data = cells.data.append_column(mean.id, each)
    left = IN_HOUSEHOLDS if PERSONS in measures else None
    shown = tuple(m for m in (*measures, mean) if m != left)
    data = data if left is None else data.drop_columns([left.id])
    return replace(cells, specification=replace(cells.specification, measures=shown), data=data)


def _check_shared(unit: Unit, chosen: Iterable[Variable]) -> None:
    for variable in chosen:
        if unit.shared and variable.name not in unit.shared and not variable.area:
            raise UsageError(
                "is not the same for all members",
                where="by", value=variable.name,
                allowed=(*unit.shared, "county", "municipality", "part_of_town", "basic_unit"),
                next_step=f"Count persons by it: `folkestrom population --by {variable.name}`",
            )  # fmt: skip


def _notes(
    connection: duckdb.DuckDBPyConnection, method: Method, eve: date, known: date, *,
    amounts: bool,
) -> list[Text]:  # fmt: skip
    """By which rule, how many dwellings are none of private households, and what cannot be."""
    rule = cohabitation_rule(method.country, eve)
    least = rule.least_age if method.least_age is None else method.least_age
    apart = rule.age_difference if method.age_difference is None else method.age_difference
    found = [
        Text(
            f"Cohabitants without a common child are inferred by the rule of {rule.country}: the "
            f"only possible couple, {least} years or more, less than {apart} years apart"
            f"{', with no other adult' if rule.no_other_adult else ''}.",
            f"Samboere uten felles barn er utledet etter regelen for {rule.country}: det eneste "
            f"mulige paret, {least} år eller mer, mindre enn {apart} år mellom dem"
            f"{', uten andre voksne' if rule.no_other_adult else ''}.",
        )
    ]
    if not amounts:
        return found
    values = {"since": eve, "until": eve + timedelta(days=1), "known_at": known}
    steps = [registered_homes(), crowded_dwellings()]
    ((dwellings, persons),) = run(
        connection, steps, values | {"largest": method.largest}
    ).fetchall()
    if dwellings:
        found.append(
            Text(
                f"{number(dwellings)} dwellings with {number(persons)} persons have more than "
                f"{method.largest} each, and are no private households: their keys may stand for "
                "several dwellings.",
                f"{number(dwellings)} boliger med {number(persons)} personer har mer enn "
                f"{method.largest} hver, og er ikke privathusholdninger: nøkkelen kan stå for "
                "flere boliger.",
            )
        )
    shared = [registered_homes(), weddings(), shared_dwellings()]
    ((dwellings, persons),) = run(
        connection, shared, values | {"largest": method.largest}
    ).fetchall()
    if dwellings:
        found.append(
            Text(
                f"All who share a key are one household: {number(dwellings)} dwellings with "
                f"{number(persons)} persons have two or more married couples, who may be "
                "neighbours under one key.",
                f"Alle som deler en nøkkel, er én husholdning: {number(dwellings)} boliger med "
                f"{number(persons)} personer har to eller flere ektepar, som kan være naboer under "
                "én nøkkel.",
            )
        )
    return found + impossible_kin_note(connection, known)
