"""Who lives in which dwelling, with which spouse, as rows for the sweep: the register read once.

`$since` and `$until` bound the time that is looked at, and `$known_at` is the knowledge date.
"""

from __future__ import annotations

from typing import Final

from folkestrom.engine.steps import Step, step
from folkestrom.model.calendar import anniversary_sql
from folkestrom.model.codes import MaritalStatus
from folkestrom.model.identities import naming

_NOW: Final = (
    "valid_from < $until AND valid_to > $since AND known_from <= $known_at AND known_to > $known_at"
)
_MARRIED: Final = ", ".join(
    str(int(status)) for status in (MaritalStatus.MARRIED, MaritalStatus.REGISTERED_PARTNER)
)


@step("registered_homes", reads=["residence"])
def registered_homes() -> str:
    """The dwelling of every resident by the register, in the time that is looked at."""
    return f"""
        SELECT person, dwelling, greatest(valid_from, $since) AS since,
               least(valid_to, $until) AS until
        FROM residence WHERE dwelling IS NOT NULL AND {_NOW}
    """


@step("weddings", reads=["marital", "identity"])
def weddings() -> str:
    """Times in which a person is married or a registered partner; who is separated is not."""
    return f"""
        SELECT person, partner, valid_from, valid_to
        FROM {naming("marital", ["partner"], "$known_at")} AS m
        WHERE marital_status IN ({_MARRIED}) AND {_NOW}
    """


@step("moved_abodes", reads=["linked_*"], example={"linked": "linked_abode"})
def moved_abodes(linked: str) -> str:
    """Dwellings in which persons actually live; 0 is none of their own, as in an institution."""
    return f"""
        SELECT person, CAST("value" AS BIGINT) AS dwelling, valid_from, valid_to
        FROM {linked} WHERE "value" IS NOT NULL AND {_NOW}
    """


@step("with_gaps", example={"spells": "weddings", "column": "partner"})
def with_gaps(spells: str, column: str, *, one_day: bool = False) -> str:
    """Spells of persons who have any, and the times before, between and after them, as nothing.

    On one day nothing comes before or after.
    """
    there = f"SELECT person, TRUE AS there, {column}, valid_from, valid_to FROM {spells}"
    if one_day:
        return f"""
        {there}
    """
    before = "lag(valid_to) OVER (PARTITION BY person ORDER BY valid_from)"
    nothing = f"SELECT person, FALSE AS there, NULL AS {column}"
    return f"""
        {there}
        UNION ALL
        {nothing}, valid_from, valid_to
        FROM (
          SELECT person, coalesce({before}, DATE '0001-01-01') AS valid_from, valid_from AS valid_to
          FROM {spells}
        ) AS gaps WHERE valid_from < valid_to AND valid_from < $until AND valid_to > $since
        UNION ALL
        {nothing}, valid_from, valid_to
        FROM (
          SELECT person, max(valid_to) AS valid_from, DATE '9999-12-31' AS valid_to
          FROM {spells} GROUP BY person
        ) AS rest WHERE valid_from < $until
    """


@step("actual_homes")
def actual_homes() -> str:
    """Where everybody actually lives: as the register says, unless another source says otherwise.

    Who is married stays at the registered address, but for an institution, which is no dwelling:
    a number of the person's own, below 0, stands for it.
    """
    abode = "CASE WHEN a.dwelling = 0 THEN -h.person ELSE a.dwelling END"
    moved = "a.there AND (a.dwelling = 0 OR w.there IS NOT TRUE)"
    return f"""
        SELECT h.person, CASE WHEN {moved} THEN {abode} ELSE h.dwelling END AS dwelling,
               greatest(h.since, coalesce(a.valid_from, h.since),
                        coalesce(w.valid_from, h.since)) AS since,
               least(h.until, coalesce(a.valid_to, h.until),
                     coalesce(w.valid_to, h.until)) AS until
        FROM registered_homes h
        LEFT JOIN gapless_abodes a
          ON a.person = h.person AND a.valid_from < h.until AND a.valid_to > h.since
        LEFT JOIN gapless_weddings w
          ON w.person = h.person AND w.valid_from < h.until AND w.valid_to > h.since
             AND a.person IS NOT NULL AND w.valid_from < a.valid_to AND w.valid_to > a.valid_from
    """


@step("fixed", reads=["attribute", "identity"])
def fixed() -> str:
    """What is fixed about persons, with the days on which they come of age.

    Who is of unknown age is grown up, and too young to be thought a cohabitant.
    """
    never, ever = "DATE '9999-12-31'", "DATE '0001-01-01'"
    return f"""
        SELECT person, mother, father, sex, birth_date,
               coalesce(10000 * year(birth_date) + 100 * month(birth_date) + day(birth_date), 0)
                 AS born,
               coalesce({anniversary_sql("birth_date", "6")}, {ever}) AS school_on,
               coalesce({anniversary_sql("birth_date", "18")}, {ever}) AS adult_on,
               coalesce({anniversary_sql("birth_date", "$least_age")}, {never}) AS couple_on
        FROM {naming("attribute", ["mother", "father"], "$known_at")} AS a
    """


@step("pieces", example={"homes": "registered_homes"})
def pieces(homes: str) -> str:
    """Times in one dwelling, cut where a marriage begins or ends, with what is fixed of a person.

    By dwelling, then from the oldest to the youngest, who is of unknown age.
    """
    return f"""
        SELECT h.dwelling, h.person, w.partner AS spouse, a.mother, a.father, a.sex, a.born,
               a.school_on, a.adult_on, a.couple_on,
               greatest(h.since, coalesce(w.valid_from, h.since)) AS since,
               least(h.until, coalesce(w.valid_to, h.until)) AS until,
               coalesce(w.there, FALSE) AS married
        FROM {homes} h
        LEFT JOIN fixed a ON a.person = h.person
        LEFT JOIN gapless_weddings w
          ON w.person = h.person AND w.valid_from < h.until AND w.valid_to > h.since
        ORDER BY h.dwelling, a.birth_date NULLS LAST, h.person
    """


@step("crowded_dwellings")
def crowded_dwellings() -> str:
    """Registered dwellings with more persons than a private household may have."""
    return """
        SELECT count(*) AS dwellings, coalesce(sum(persons), 0) AS persons
        FROM (SELECT count(*) AS persons FROM registered_homes GROUP BY dwelling) AS dwellings
        WHERE persons > $largest
    """


@step("shared_dwellings")
def shared_dwellings() -> str:
    """Dwellings in which two or more married couples live, and all who live there."""
    return """
        SELECT count(*) AS dwellings, coalesce(sum(persons), 0) AS persons
        FROM (
          SELECT count(*) AS persons, count(o.person) AS spouses
          FROM registered_homes h
          LEFT JOIN weddings w ON w.person = h.person
          LEFT JOIN registered_homes o ON o.person = w.partner AND o.dwelling = h.dwelling
          GROUP BY h.dwelling
        ) AS dwellings
        WHERE spouses >= 4 AND persons <= $largest
    """


def piece_steps(actual: str | None = None, *, one_day: bool = False) -> list[Step]:
    """Steps to the rows of the sweep.

    Parameters
    ----------
    actual
        The table of dwellings where persons actually live; None: as the register says.
    one_day
        Whether only one day is looked at.
    """
    wed = with_gaps("weddings", "partner", one_day=one_day)
    steps = [weddings(), wed.named("gapless_weddings"), registered_homes()]
    if actual is not None:
        abodes = with_gaps("moved_abodes", "dwelling", one_day=one_day)
        steps += [moved_abodes(actual), abodes.named("gapless_abodes"), actual_homes()]
    return [*steps, fixed(), pieces(steps[-1].name)]
