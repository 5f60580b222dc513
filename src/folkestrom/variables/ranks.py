"""Quantile groups: a year's residents by the rank of their value, equal values together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import duckdb

from folkestrom.engine.steps import run, step
from folkestrom.model.specification import Text


@dataclass(frozen=True, slots=True)
class Rank:
    """A quantile group that a person is in.

    Parameters
    ----------
    place
        Its place among the groups, from 0.
    highest
        The highest value in it.
    persons
        How many residents it has.
    """

    place: int
    highest: float
    persons: int


@step("ranked_values", reads=["residence", "linked_*"], example={"linked": "income", "many": 10})
def ranked_values(linked: str, many: int) -> str:
    """Quantile groups of the residents with a value: the highest value of each, and how many.

    Of n residents, who has r of them below is in group floor(many * r / n), counted from 0.
    """
    return f"""
        WITH held AS (
          SELECT h."value", count(*) AS persons
          FROM residence r JOIN linked_{linked} h ON h.person = r.person
          WHERE r.valid_from <= $eve AND r.valid_to > $eve
            AND r.known_from <= $known AND r.known_to > $known
            AND h.valid_from <= $eve + 1 AND h.valid_to > $eve + 1
            AND h.known_from <= $known AND h.known_to > $known
          GROUP BY h."value"
        ),
        ranked AS (
          SELECT *, sum(persons) OVER (ORDER BY "value") - persons AS below,
            sum(persons) OVER () AS residents
          FROM held
        )
        SELECT {many} * below // residents AS place, max("value") AS highest,
               sum(persons) AS persons
        FROM ranked GROUP BY place ORDER BY place
    """


def ranks(
    connection: duckdb.DuckDBPyConnection, linked: str, many: int, known: Mapping[str, object]
) -> list[Rank]:
    """Quantile groups of the residents of a 1 January who have a value, the lowest first.

    Of n residents, who has r of them below is in group floor(many * r / n), counted from 0. Who
    have the same value have the same residents below them, and are in one group; where they are
    more than a group should have, the next ones are smaller or empty.

    Parameters
    ----------
    connection
        The store.
    linked
        The linked variable whose values they are.
    many
        How many groups.
    known
        The day before, `eve`, and the knowledge date, `known`.
    """
    rows = run(connection, [ranked_values(linked, many)], known).fetchall()
    return [Rank(int(place), highest, int(persons)) for place, highest, persons in rows]


def rank_sql(found: Sequence[Rank], value: str) -> str:
    """The place of the group that a value is in, as an SQL expression.

    Parameters
    ----------
    found
        The groups, the lowest first.
    value
        SQL of the value.

    Examples
    --------
    >>> rank_sql([Rank(0, 10, 2), Rank(2, 30, 1)], "income")
    'CASE WHEN (income) > 10 THEN 2 WHEN (income) IS NOT NULL THEN 0 END'
    """
    # From the highest group down: the first whose values are above those of the group below it.
    whens = [
        f"WHEN ({value}) > {low.highest!r} THEN {high.place}"
        for low, high in reversed(list(pairwise(found)))
    ]
    return f"CASE {' '.join([*whens, f'WHEN ({value}) IS NOT NULL THEN {found[0].place}'])} END"


def rule_of_ranks(name: str, of: str, many: int, ranked: Mapping[int, Sequence[Rank]]) -> Text:
    """What readers of a table by quantile groups should know: the rule, and the actual sizes.

    Parameters
    ----------
    name
        What the variable is called.
    of
        The variable whose values they are.
    many
        How many groups.
    ranked
        The groups by year.

    Examples
    --------
    >>> whole = [Rank(0, 10, 2), Rank(1, 20, 2)]
    >>> "of equal size" in rule_of_ranks("half", "income", 2, {2020: whole}).en
    True
    >>> print(rule_of_ranks("half", "income", 2, {2020: [Rank(0, 10, 4)]}).en.split("known. ")[1])
    Ties make the groups unequal: they hold from 0.0 to 100.0 per cent of these residents. Nobody \
is in group 2 on 1 January of 2020.
    """
    label = name.replace("_", " ")
    label = label[:1].upper() + label[1:]
    sizes = {year: _sizes(found, many) for year, found in ranked.items() if found}
    even = all(max(held) - min(held) <= 1 for held in sizes.values())
    shares = [100 * persons / sum(held) for held in sizes.values() for persons in held]
    ends = tuple(f"{share:.1f}" for share in (min(shares), max(shares))) if shares else ("", "")
    equal = even or ends[0] == ends[1]
    en, no = (
        ("groups of equal size by", "like store grupper etter")
        if equal
        else ("groups by rank of", "grupper etter rang av")
    )
    said = [
        Text(
            f"{label}: {many} {en} {of} among the residents of 1 January of each calendar year who "
            "have a value then; equal values are in one group, and who has no value is unknown.",
            f"{label}: {many} {no} {of} blant de bosatte 1. januar hvert kalenderår som har en "
            "verdi da; like verdier er i én gruppe, og den som ikke har noen verdi, er uoppgitt.",
        )
    ]
    if not equal:
        low, high = (end.replace(".", ",") for end in ends)
        said.append(
            Text(
                f"Ties make the groups unequal: they hold from {ends[0]} to {ends[1]} per cent of "
                "these residents.",
                f"Like verdier gjør gruppene ulike: de har fra {low} til {high} prosent av disse "
                "bosatte.",
            )
        )
    said += _missing(sizes, [year for year, found in ranked.items() if not found])
    return Text(" ".join(text.en for text in said), " ".join(text.no for text in said))


def _sizes(found: Sequence[Rank], many: int) -> list[int]:
    persons = {rank.place: rank.persons for rank in found}
    return [persons.get(place, 0) for place in range(many)]


def _missing(sizes: Mapping[int, Sequence[int]], without: Sequence[int]) -> list[Text]:
    """Groups that nobody is in, and years in which nobody has a value."""
    said = []
    empty: dict[str, list[int]] = {}
    for year, held in sizes.items():
        numbers = [str(place + 1) for place, persons in enumerate(held) if not persons]
        if numbers:
            empty.setdefault(", ".join(numbers), []).append(year)
    for groups, years in empty.items():
        listed = ", ".join(str(year) for year in years)
        said.append(
            Text(
                f"Nobody is in group {groups} on 1 January of {listed}.",
                f"Ingen er i gruppe {groups} 1. januar {listed}.",
            )
        )
    if without:
        listed = ", ".join(str(year) for year in without)
        said.append(
            Text(
                f"Nobody has one on 1 January of {listed}.",
                f"Ingen har noen verdi 1. januar {listed}.",
            )
        )
    return said
