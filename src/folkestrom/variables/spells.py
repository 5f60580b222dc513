"""Stays cut where a history changes, so that every piece is described by one value of each.

A history may have days of which it says nothing. Those are spells too, without a value: so every
day of a stay is in one piece, and what is summed over all values is what it was without them. The
days before, between and after a history's spells follow from its first day, its last one and how
many there are in all; only where these don't agree are the spells looked at one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from folkestrom.engine.steps import Step, step
from folkestrom.model.calendar import age_sql, anniversary_sql
from folkestrom.variables.description import STAYS, described
from folkestrom.variables.past import MADE
from folkestrom.variables.sources import (
    AGE,
    HISTORIES,
    PARENTS,
    REFERENCE_DAY,
    YEAR,
    Completed,
    History,
    Source,
)

_KNOWN: Final = "known_from <= $known_at AND known_to > $known_at"
_PERIOD: Final = "valid_from < $end AND valid_to > $start"


@step("history_bounds", reads=HISTORIES, example={"table": "marital"})
def history_bounds(table: str, key: str = "person") -> str:
    """First and last day of everybody's history in the period, and how many days it speaks of."""
    return f"""
        SELECT {key}, min(greatest(valid_from, $start)) AS since,
               max(least(valid_to, $end)) AS until,
               sum(least(valid_to, $end) - greatest(valid_from, $start)) AS covered
        FROM {table} WHERE {_PERIOD} AND {_KNOWN}
        GROUP BY {key}
    """


@step(
    "history_spells",
    reads=HISTORIES,
    example={"name": "marital", "table": "marital", "column": "marital_status"},
)
def history_spells(name: str, table: str, column: str, key: str = "person") -> str:
    """A history's spells in the period, and spells with no value for all days that it leaves out.

    Without a value are the days before the first spell, those after the last one, and, of who has
    fewer days than lie between the two, those between spells.
    """
    bounds = f"bounds_of_{name}"
    known = f"FROM {table} WHERE {_PERIOD} AND {_KNOWN}"
    nothing = f"SELECT {key}, NULL AS shown"
    following = f"lead(h.valid_from) OVER (PARTITION BY h.{key} ORDER BY h.valid_from)"
    return f"""
        SELECT {key}, {column} AS shown, valid_from, valid_to {known}
        UNION ALL
        {nothing}, DATE '0001-01-01' AS valid_from, since AS valid_to FROM {bounds}
        UNION ALL
        {nothing}, until AS valid_from, DATE '9999-12-31' AS valid_to FROM {bounds}
        UNION ALL
        {nothing}, valid_to AS valid_from, following AS valid_to
        FROM (
          SELECT h.{key}, h.valid_to, {following} AS following
          FROM (SELECT {key}, valid_from, valid_to {known}) h
          JOIN {bounds} b ON b.{key} = h.{key} AND b.covered <> b.until - b.since
        ) AS pairs WHERE valid_to < following
    """


@step("stays_with_history", example={"source": "stays", "carried": ("person",), "spells": "spells"})
def stays_with_history(
    source: str,
    carried: Sequence[str],
    spells: str,
    value: str = "h.shown",
    key: str = "person",
    of: str = "person",
) -> str:
    """Stays cut where a history changes; nothing for the days of which it says nothing.

    Who has no spell at all keeps the stay as it is: `greatest` and `least` pass nulls over.
    """
    return f"""
        SELECT {", ".join(f"s.{name}" for name in carried)}, {value},
               greatest(s.since, h.valid_from) AS since, least(s.until, h.valid_to) AS until
        FROM {source} s LEFT JOIN {spells} h
          ON h.{key} = s.{of} AND h.valid_from < s.until AND h.valid_to > s.since
    """


@step("stays_by_year", example={"source": "stays", "carried": ("person",), "years": (2019, 2020)})
def stays_by_year(source: str, carried: Sequence[str], years: Sequence[int]) -> str:
    """Stays cut at the turns of the year, each piece with a day of its year.

    A stay finds its years by how many turns it spans: no stay is compared with every year.
    """
    spans = range(max(years) - min(years) + 1)
    listed = ", ".join(f"({turns}, {turn})" for turns in spans for turn in range(turns + 1))
    year = "(year(s.since) + y.turn)"
    begins = f"greatest(s.since, make_date({year}, 1, 1))"
    return f"""
        SELECT {", ".join(f"s.{name}" for name in carried)},
               {begins} AS since, least(s.until, make_date({year} + 1, 1, 1)) AS until,
               {begins} AS {REFERENCE_DAY.name}
        FROM {source} s JOIN (VALUES {listed}) AS y(turns, turn)
          ON y.turns = year(s.until - 1) - year(s.since)
    """


@step("stays_by_completed_years",
      example={"source": "stays", "carried": ("person",), "day": "moved_in", "shown": "years",
               "years": (2019, 2020)})  # fmt: skip
def stays_by_completed_years(
    source: str, carried: Sequence[str], day: str, shown: str, years: Sequence[int]
) -> str:
    """Stays cut at the anniversaries of a day, with the years completed; nothing without a day.

    A stay finds its anniversaries by how many there are in it: none is compared with every year.
    """
    listed = ", ".join(f"s.{name}" for name in carried)
    at_first, at_last = age_sql("s.since", f"s.{day}"), age_sql("(s.until - 1)", f"s.{day}")
    # A period of so many calendar years has at most one anniversary in each.
    turns = range(max(years) - min(years) + 2)
    pairs = ", ".join(f"({many}, {turn})" for many in turns for turn in range(many + 1))
    begins = anniversary_sql(f"c.{day}", "(c.completed + y.turn)")
    ends = anniversary_sql(f"c.{day}", "(c.completed + y.turn + 1)")
    kept = ", ".join(f"c.{name}" for name in carried)
    return f"""
        SELECT {kept}, greatest(c.since, CASE WHEN y.turn > 0 THEN {begins} END) AS since,
               least(c.until, {ends}) AS until, c.completed + y.turn AS {shown}
        FROM (
          SELECT {listed}, s.since, s.until, {at_first} AS completed,
                 coalesce(({at_last}) - ({at_first}), 0) AS many
          FROM {source} s
        ) AS c JOIN (VALUES {pairs}) AS y(many, turn) ON y.many = c.many
    """


def spells_steps(history: History) -> list[Step]:
    """Steps to the spells of a history, under its name.

    Parameters
    ----------
    history
        The history.
    """
    spells = history_spells(history.name, history.table, history.stored[0], history.key)
    return [
        history_bounds(history.table, history.key).named(f"bounds_of_{history.name}"),
        spells.named(f"spells_of_{history.name}"),
    ]


def cut(
    source: str, carried: Sequence[str], needs: Iterable[Source], years: Sequence[int]
) -> list[Step]:
    """Steps to stays cut where what variables need changes; the last one has it all.

    Ages and calendar years do not cut stays: they are spread over them afterwards.

    Parameters
    ----------
    source, carried
        Stays, and their columns.
    needs
        What is needed, and what that is made of, in order.
    years
        Calendar years of the period.
    """
    steps: list[Step] = []
    kept = tuple(carried)
    always = []
    for wanted in needs:
        last = steps[-1].name if steps else source
        missing = [column for column in wanted.columns if column not in kept]
        if not missing or wanted in (AGE, YEAR):
            continue
        if wanted is REFERENCE_DAY:
            steps.append(stays_by_year(last, kept, years))
        elif isinstance(wanted, Completed):
            made = stays_by_completed_years(last, kept, wanted.since, wanted.name, years)
            steps.append(made.named(f"stays_by_{wanted.name}"))
        elif isinstance(wanted, History) and wanted.holds != "always":
            steps += _crossed(wanted, last, kept)
        elif wanted is PARENTS:  # parents cut nothing, and are joined to what remains
            always.append(wanted)
            continue
        else:
            steps += described(last, [wanted], STAYS)
        kept += tuple(missing)
    return steps + described(steps[-1].name if steps else source, always, STAYS)


def _crossed(history: History, source: str, carried: Sequence[str]) -> list[Step]:
    (column,) = history.columns
    made = stays_with_history(
        source,
        carried,
        f"spells_of_{history.name}",
        history.shown(column, "h.shown"),
        history.key,
        history.of,
    )
    first = [MADE[history.name]("$known_at")] if history.made else []
    return [*first, *spells_steps(history), made.named(f"stays_with_{history.name}")]
