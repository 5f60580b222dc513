"""Linked variables: texts are codes, numbers are numbers, or classes if they are few."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final

import duckdb
import pyarrow as pa

from folkestrom.classifications.code_lists import UNKNOWN_CODE
from folkestrom.engine.rows import catalog_of
from folkestrom.engine.steps import create_view, run, step
from folkestrom.errors import UsageError
from folkestrom.linkage.catalogue import NUMBER, TEXT, WHOLE_NUMBER, Linked, linked_variables
from folkestrom.model.identities import naming_always
from folkestrom.model.specification import Dimension, Text, same
from folkestrom.variables.sources import linked_source
from folkestrom.variables.variable import Use, Variable

#: A linked whole number is a class, with a group for each number, if they span no more than this.
MOST_CLASSES: Final = 150

#: Merged identities, and those as whom they are continued.
_CONCERNED: Final = "(SELECT person FROM identity UNION SELECT survivor FROM identity)"
_EXAMPLE: Final = {"catalog": "folkestrom", "table": "linked_income"}
#: The one linked variable that every reader knows; `classifications load` links it.
CENTRALITY: Final = Text("Centrality", "Sentralitet")


@step("value_range", reads=["linked_*"], example={"table": "linked_income"})
def value_range(table: str) -> str:
    """The least and the greatest value of a linked variable."""
    return f'SELECT min("value") AS low, max("value") AS high FROM {table}'


@step("values_of", reads=["linked_*"], example={"table": "linked_income"})
def values_of(table: str) -> str:
    """Every value of a linked variable."""
    return f'SELECT DISTINCT "value" FROM {table} ORDER BY "value"'


def of_linked(linked: Linked) -> Variable:
    """A linked variable.

    Parameters
    ----------
    linked
        What the store says of it.
    """
    made = Variable(
        Dimension(linked.name, label_of(linked.name)),
        linked.table,
        frozenset({linked_source(linked.name, linked.key)}),
        area=0 if linked.key == "person" else 2,
    )
    if linked.kind != TEXT:
        return replace(made, type=pa.int64() if linked.kind == WHOLE_NUMBER else pa.float64())
    # A number that stands for what is unknown is the same as no number.
    spare = [number for level, number in linked.levels if level == UNKNOWN_CODE]
    levels = {number: level for level, number in linked.levels if level != UNKNOWN_CODE}
    return made.listed(levels, sql=f"nullif({made.sql}, {spare[0]})" if spare else made.sql)


def note_of_linked(linked: Linked, use: Use) -> Text:
    """What readers of a table by a linked variable should know."""
    label = label_of(linked.name)
    moves = Text("", "")
    if use == "flow" and linked.key == "municipality":
        moves = Text(
            " Moves between municipalities are counted, those inside one group of them too.",
            " Flytting mellom kommuner telles, også innenfor én gruppe av dem.",
        )
    return Text(
        f"{label.en} is linked to the register; who has no value is unknown.{moves.en}",
        f"{label.no} er koblet til registeret; den som ikke har noen verdi, er uoppgitt.{moves.no}",
    )


def in_classes(
    connection: duckdb.DuckDBPyConnection, linked: Linked, made: Variable, use: Use = "exposure"
) -> Variable:
    """A variable of linked numbers with a level for each number, where they are few.

    Parameters
    ----------
    connection
        The store.
    linked
        The linked variable whose numbers they are.
    made
        The variable.
    use
        What it is asked for.

    Raises
    ------
    UsageError
        Numbers that are not whole, or that lie too far apart.
    """
    low, high = None, None
    if linked.kind == WHOLE_NUMBER:
        ((low, high),) = run(connection, [value_range(linked.table)]).fetchall()
    if linked.kind == NUMBER or (low is not None and high - low > MOST_CLASSES):
        raise UsageError(
            "is a linked number, and there would be a group for every number",
            where="by",
            value=linked.name,
            allowed="groups of it, by bounds or of equal size",
            next_step=f'Say groups, such as {linked.name}_tenth = {{of = "{linked.name}", '
            f"quantiles = 10}}, and ask for {linked.name}_tenth"
            if use == "exposure"
            else "Make groups of it in a study, or in `folkestrom rates`",
        )
    rows = run(connection, [values_of(linked.table)]).fetchall()
    return made.listed({int(number): str(int(number)) for (number,) in rows})


def check_known(linked: Linked, known: date, *, study: bool = False) -> None:
    """Refuse a linked variable that was not known yet.

    "latest" is all that the log knows, which may end long before the day of a linking; figures may
    be as known on a day after it, studies may not.

    Parameters
    ----------
    linked
        The linked variable.
    known
        The knowledge date.
    study
        Whether a study asks for it.
    """
    first, name = linked.first_known, linked.name
    if first > known:
        raise UsageError(
            f"was linked as known from {first} on, and what was known on {known} is asked for",
            where="known_at",
            value=name,
            next_step=f"If its values were to be had by then, link the files by another name: "
            f"`folkestrom link FILE --as {name}_by_then --known-from {known}`"
            if study
            else f"If its values were to be had by then, link the files by another name: "
            f"`folkestrom link FILE --as {name}_by_then --known-from {known}`; or ask for what is "
            f"known on that day: --known-at {first}",
        )


def label_of(name: str) -> Text:
    """What readers see of a name.

    Examples
    --------
    >>> label_of("income_tenth").en
    'Income tenth'
    """
    if name == CENTRALITY.en.lower():
        return CENTRALITY
    text = name.replace("_", " ")
    return same(text[:1].upper() + text[1:])


def put_up_continued(connection: duckdb.DuckDBPyConnection) -> None:
    """Let a connection see linked values of merged identities by the number that goes on.

    A researcher's files name persons by the numbers of their day. Where an identity has been merged
    into another, its values are those of the person as whom it is continued, for as long as the
    merge is known: views of the connection stand before the linked histories.

    Parameters
    ----------
    connection
        An open store.
    """
    catalog = catalog_of(connection)
    for linked in linked_variables(connection).values():
        if linked.key == "person" and run(connection, [concerned(linked.table)]).fetchall():
            create_view(connection, [continued(catalog, linked.table).named(linked.table)],
                        temporary=True)  # fmt: skip


@step("concerned", reads=["linked_*", "identity"], example={"table": "linked_income"})
def concerned(table: str) -> str:
    """Whether any merged identity has a linked value."""
    return f"SELECT person FROM {table} WHERE person IN (SELECT person FROM identity) LIMIT 1"


@step("continued", reads=["linked_*", "identity"], example=_EXAMPLE)
def continued(catalog: str, table: str) -> str:
    """A linked history in which a merged identity's values are those of whoever goes on.

    On a day for which several numbers of one person have a value, that of the number that goes on
    holds; else that of the lowest number.
    """
    table = f"{catalog}.main.{table}"
    concerned = f"SELECT *, person AS number FROM {table} WHERE person IN {_CONCERNED}"
    cuts = {
        name: f"""
          SELECT person, day AS {name}_from,
                 lead(day) OVER (PARTITION BY person ORDER BY day) AS {name}_to
          FROM (SELECT person, {name}_from AS day FROM told
                UNION SELECT person, {name}_to AS day FROM told) AS {name}_days"""
        for name in ("valid", "known")
    }
    return f"""
        SELECT person, "value", valid_from, valid_to, known_from, known_to FROM {table}
        WHERE person NOT IN {_CONCERNED}
        UNION ALL
        SELECT person, "value", valid_from, valid_to, known_from, known_to FROM (
          WITH told AS (SELECT * FROM {naming_always(f"({concerned})", ["person"])})
          SELECT t.person, v.valid_from, v.valid_to, k.known_from, k.known_to,
                 arg_min(t."value", CASE WHEN t.number = t.person THEN 0 ELSE t.number END)
                   AS "value"
          FROM told t
          JOIN ({cuts["valid"]}
          ) v ON v.person = t.person AND t.valid_from <= v.valid_from AND t.valid_to >= v.valid_to
          JOIN ({cuts["known"]}
          ) k ON k.person = t.person AND t.known_from <= k.known_from AND t.known_to >= k.known_to
          GROUP BY t.person, v.valid_from, v.valid_to, k.known_from, k.known_to
        ) AS of_several
    """
