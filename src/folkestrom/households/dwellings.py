"""Who lives in which dwelling, with which spouse, as rows for the sweep: the register read once.

`$since` and `$until` bound the time that is looked at, and `$known_at` is the knowledge date.
"""

from __future__ import annotations

from typing import Final

from folkestrom.engine.steps import Step, step
from folkestrom.model.calendar import anniversary_sql
from folkestrom.model.codes import MaritalStatus
from folkestrom.model.identities import naming
from folkestrom.model.knowledge import EVER_KNOWN, changing, merged_meanwhile

_NOW: Final = (
    "valid_from < $until AND valid_to > $since AND known_from <= $known_at AND known_to > $known_at"
)
#: Numbers of the statuses of who is married or a registered partner.
MARRIED_STATUSES: Final = ", ".join(
    str(int(status)) for status in (MaritalStatus.MARRIED, MaritalStatus.REGISTERED_PARTNER)
)


@step("registered_homes", reads=["residence"])
def registered_homes(residence: str = "residence") -> str:
    """The dwelling of every resident by the register, in the time that is looked at."""
    return f"""
        SELECT person, dwelling, greatest(valid_from, $since) AS since,
               least(valid_to, $until) AS until
        FROM {residence} WHERE dwelling IS NOT NULL AND {_NOW}
    """


@step("weddings", reads=["marital", "identity"])
def weddings(marital: str = "marital") -> str:
    """Times in which a person is married or a registered partner; who is separated is not."""
    return f"""
        SELECT person, partner, valid_from, valid_to
        FROM {naming(marital, ["partner"], "$known_at")} AS m
        WHERE marital_status IN ({MARRIED_STATUSES}) AND {_NOW}
    """


@step("gapless_weddings")
def gapless_weddings(*, one_day: bool = False) -> str:
    """Marriages of persons who have any, and the times before, between and after, as nothing.

    On one day nothing comes before or after.
    """
    there = "SELECT person, TRUE AS there, partner, valid_from, valid_to FROM weddings"
    if one_day:
        return there
    before = "lag(valid_to) OVER (PARTITION BY person ORDER BY valid_from)"
    nothing = "SELECT person, FALSE AS there, NULL AS partner"
    return f"""
        {there}
        UNION ALL
        {nothing}, valid_from, valid_to
        FROM (
          SELECT person, coalesce({before}, DATE '0001-01-01') AS valid_from, valid_from AS valid_to
          FROM weddings
        ) AS gaps WHERE valid_from < valid_to AND valid_from < $until AND valid_to > $since
        UNION ALL
        {nothing}, valid_from, valid_to
        FROM (
          SELECT person, max(valid_to) AS valid_from, DATE '9999-12-31' AS valid_to
          FROM weddings GROUP BY person
        ) AS rest WHERE valid_from < $until
    """


@step("fixed", reads=["attribute", "identity"])
def fixed(attribute: str = "attribute") -> str:
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
        FROM {naming(attribute, ["mother", "father"], "$known_at")} AS a
    """


@step("pieces")
def pieces() -> str:
    """Times in one dwelling, cut where a marriage begins or ends, with what is fixed of a person.

    By dwelling, then from the oldest to the youngest, who is of unknown age.
    """
    return """
        SELECT h.dwelling, h.person, w.partner AS spouse, a.mother, a.father, a.sex, a.born,
               a.school_on, a.adult_on, a.couple_on,
               greatest(h.since, coalesce(w.valid_from, h.since)) AS since,
               least(h.until, coalesce(w.valid_to, h.until)) AS until,
               coalesce(w.there, FALSE) AS married
        FROM registered_homes h
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


@step("changing_dwellings", reads=["residence", "marital", "attribute", "identity"])
def changing_dwellings() -> str:
    """Dwellings of whose persons not the same is known on all of several knowledge dates."""
    span, merged = ("$since", "$until"), merged_meanwhile()
    dwellers = changing("residence", ["dwelling"], span)
    spouses = changing("marital", ["marital_status", "partner"], span)
    # Who is first known later is resident from then on, which residence tells.
    kin = "SELECT person FROM attribute WHERE known_to > $known_first AND known_to <= $known_last"
    # A mother or a father may live elsewhere, and still make siblings of two who live here.
    who = f"SELECT person FROM {merged} UNION SELECT survivor FROM {merged}"
    return f"""
        SELECT DISTINCT dwelling FROM residence
        WHERE dwelling IS NOT NULL AND valid_from < $until AND valid_to > $since AND {EVER_KNOWN}
          AND person IN (
            {dwellers} UNION {spouses} UNION {kin} UNION {who}
            UNION SELECT person FROM attribute WHERE mother IN ({who}) OR father IN ({who})
          )
    """


@step("changing_residence", reads=["residence"])
def changing_residence() -> str:
    """Rows of residence in those dwellings."""
    return f"""
        SELECT person, dwelling, valid_from, valid_to, known_from, known_to FROM residence
        WHERE valid_from < $until AND valid_to > $since AND {EVER_KNOWN}
          AND dwelling IN (SELECT dwelling FROM changing_dwellings)
    """


@step("changing_history", reads=["marital", "attribute"])
def changing_history(history: str = "marital") -> str:
    """Rows of a history of those who live in those dwellings."""
    return f"""
        SELECT * FROM {history}
        WHERE {EVER_KNOWN} AND person IN (SELECT person FROM changing_residence)
    """


def piece_steps(*, one_day: bool = False, of: str = "") -> list[Step]:
    """Steps to the rows of the sweep.

    Parameters
    ----------
    one_day
        Whether only one day is looked at.
    of
        What the names of tables begin with that have some persons; empty: everybody.
    """
    wed = gapless_weddings(one_day=one_day)
    homes = registered_homes(f"{of}residence")
    return [weddings(f"{of}marital"), wed, homes, fixed(f"{of}attribute"), pieces()]
