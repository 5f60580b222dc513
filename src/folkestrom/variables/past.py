"""What past events say of a person: since when here, why, and with how many children.

As known on one day, each is a history in the shape of a linked variable's, made of the events and
stays that are known then; so it describes rows, and cuts stays, as linked variables do. Rows that
have knowledge dates of their own get the same by looking at the events before each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from folkestrom.engine.steps import Step, step
from folkestrom.model.calendar import age_sql, anniversary_sql
from folkestrom.model.codes import RECORD_START_KINDS, Kind
from folkestrom.model.identities import naming, naming_always
from folkestrom.model.knowledge import EVER_KNOWN

#: Persons of a part; the rest of a history need not be looked at.
PART: Final = "person >= $low AND person < $high"

#: What these histories say is all known on the knowledge date, and for good.
_FOR_GOOD: Final = "DATE '0001-01-01' AS known_from, DATE '9999-12-31' AS known_to"
_NEVER: Final = "DATE '0001-01-01'"
_IMMIGRATION: Final = f"kind = {int(Kind.IMMIGRATION)}"
_STARTS: Final = f"kind IN ({', '.join(str(int(kind)) for kind in sorted(RECORD_START_KINDS))})"
_MOVED: Final = f"(kind = {int(Kind.MOVE)} AND municipality_from <> municipality_to)"
_FIRST_REGISTRATION: Final = f"kind = {int(Kind.FIRST_REGISTRATION)}"
#: Younger than this is a child.
_ADULT: Final = 18


def _known(known: str, table: str = "") -> str:
    name = f"{table}." if table else ""
    return f"{name}known_from <= {known} AND {name}known_to > {known}"


@step("last_immigration", reads=["event"])
def last_immigration(known: str = "$known_at") -> str:
    """Day of the last immigration so far."""
    return _spells("event_date", _IMMIGRATION, known)


@step("first_immigration", reads=["event"])
def first_immigration(known: str = "$known_at") -> str:
    """Day of the first immigration."""
    return _spells("min(event_date) OVER (PARTITION BY person)", _IMMIGRATION, known)


@step("immigration_reason", reads=["event"])
def immigration_reason(known: str = "$known_at") -> str:
    """The reason last stated for an immigration."""
    stated = f"{_IMMIGRATION} AND reason IS NOT NULL"
    return _spells("arg_max(reason, order_in_day)", stated, known)


@step("moved_in", reads=["event"])
def moved_in(known: str = "$known_at") -> str:
    """Day of the last move to the municipality, immigration or birth.

    Nothing of whoever has lived there since the register began.
    """
    day = f"CASE WHEN {_FIRST_REGISTRATION} THEN {_NEVER} ELSE event_date END"
    last = f"max(max({day})) OVER (PARTITION BY person ORDER BY event_date)"
    return _spells(f"nullif({last}, {_NEVER})", f"({_STARTS} OR {_MOVED})", known)


def _spells(value: str, condition: str, known: str) -> str:
    """Spells from each day with such an event to the next."""
    following = "lead(event_date) OVER (PARTITION BY person ORDER BY event_date)"
    return f"""
        SELECT person, {value} AS "value", event_date AS valid_from,
               coalesce({following}, DATE '9999-12-31') AS valid_to, {_FOR_GOOD}
        FROM event WHERE {condition} AND {_known(known)}
        GROUP BY person, event_date
    """


@step("first_municipality", reads=["event"])
def first_municipality(known: str = "$known_at") -> str:
    """Where everybody's record began: by birth, immigration or first registration."""
    return f"""
        SELECT person, arg_min(municipality_to, struct_pack(day := event_date, nth := order_in_day))
                 AS "value", {_FOR_GOOD}
        FROM event WHERE {_STARTS} AND {_known(known)}
        GROUP BY person
    """


@step("arrival", reads=["event"])
def arrival(known: str = "$known_at") -> str:
    """First immigrations, of those whose record begins with one.

    Who was resident when the register began immigrated earlier, and the log doesn't say when.
    """
    # Other records' beginnings are looked up for immigrants only, who are few.
    return f"""
        SELECT i.person, i."value", {_FOR_GOOD}
        FROM (
          SELECT person, min(event_date) AS "value"
          FROM event WHERE {_IMMIGRATION} AND {_known(known)}
          GROUP BY person
        ) i
        WHERE NOT EXISTS (
          SELECT person FROM event e
          WHERE e.person = i.person AND e.event_date < i."value" AND {_STARTS}
            AND {_known(known, "e")}
        )
    """


def _childhoods(known: str, since: str) -> str:
    # That they are long over is seen without the calendar, for most.
    adult = anniversary_sql("r.birth_date", str(_ADULT))
    return f"""
          SELECT a.mother, a.father, r.valid_from AS since, least(r.valid_to, {adult}) AS until
          FROM (SELECT * FROM residence WHERE {_known(known)}) r
          JOIN {naming("attribute", ["mother", "father"], known)} a ON a.person = r.person
          WHERE r.valid_to > {since} AND r.birth_date > {since} - INTERVAL {_ADULT + 1} YEAR
            AND least(r.valid_to, {adult}) > {since}"""


@step("children_on_day", reads=["attribute", "identity", "residence"])
def children_on_day(known: str = "$known_at", day: str = "$eve") -> str:
    """How many own children under 18 are resident at the end of one day, as if always."""
    return f"""
        SELECT person, CAST(count(*) AS INTEGER) AS "value",
               DATE '0001-01-01' AS valid_from, DATE '9999-12-31' AS valid_to, {_FOR_GOOD}
        FROM (
          SELECT unnest([mother, father]) AS person
          FROM ({_childhoods(known, day)}
          ) AS childhoods
          WHERE since <= {day}
        ) AS parents WHERE person IS NOT NULL GROUP BY person
    """


@step("children", reads=["attribute", "identity", "residence"])
def children(known: str = "$known_at", since: str = "$start - 1") -> str:
    """How many own children under 18 are resident: one more for each stay, until it or they end.

    From `since` on; before that it need not be right.
    """
    following = "lead(day) OVER (PARTITION BY person ORDER BY day)"
    return f"""
        SELECT person, CAST(sum(change) OVER (PARTITION BY person ORDER BY day) AS INTEGER)
                 AS "value",
               day AS valid_from, coalesce({following}, DATE '9999-12-31') AS valid_to, {_FOR_GOOD}
        FROM (
          SELECT person, day, sum(change) AS change
          FROM (
            SELECT CASE WHEN p.of = 1 THEN mother ELSE father END AS person,
                   CASE WHEN p.change = 1 THEN since ELSE until END AS day, p.change
            FROM ({_childhoods(known, since)}
            ) AS childhoods
            CROSS JOIN (VALUES (1, 1), (1, -1), (2, 1), (2, -1)) AS p(of, change)
            WHERE since < until
          ) AS ends WHERE person IS NOT NULL GROUP BY person, day
        ) AS changes
    """


#: The step that makes each of these histories.
MADE: Final[dict[str, Callable[..., Step]]] = {
    made.__name__: made
    for made in (
        last_immigration,
        first_immigration,
        immigration_reason,
        moved_in,
        first_municipality,
        arrival,
        children,
    )
}


@step("past_events", reads=["event"], example={"source": "rows_of_part"})
def past_events(source: str) -> str:
    """What events up to the day say: immigrations, the first place, and since when in this one.

    Since when in the municipality is not known of whoever has lived there since the register began.
    """
    when = "struct_pack(day := event_date, nth := order_in_day)"
    arrived = f"min(CASE WHEN {_IMMIGRATION} THEN event_date END)"
    starts = f"min(CASE WHEN {_STARTS} THEN event_date END)"
    return f"""
        SELECT r.person, r.described_on, r.known,
          max(event_date) FILTER ({_IMMIGRATION}) AS last_immigration,
          min(event_date) FILTER ({_IMMIGRATION}) AS first_immigration,
          CASE WHEN {arrived} = {starts} THEN {arrived} END AS arrival,
          arg_max(reason, {when}) FILTER ({_IMMIGRATION}) AS immigration_reason,
          nullif(max(CASE WHEN {_FIRST_REGISTRATION} THEN {_NEVER} ELSE event_date END), {_NEVER})
            AS moved_in,
          arg_min(municipality_to, {when}) FILTER ({_STARTS}) AS first_municipality
        FROM (SELECT DISTINCT person, described_on, known FROM {source}) r
        JOIN (
          SELECT * FROM event WHERE {PART} AND {EVER_KNOWN} AND ({_STARTS} OR {_MOVED})
        ) e ON e.person = r.person AND e.event_date <= r.described_on AND {_known("r.known", "e")}
        GROUP BY r.person, r.described_on, r.known
    """


@step("rows_with_past", example={"source": "rows_of_part"})
def rows_with_past(source: str) -> str:
    """Rows with what past events say."""
    return f"""
        SELECT r.*, p.* EXCLUDE (person, described_on, known)
        FROM {source} r
        LEFT JOIN past_events p
          ON p.person = r.person AND p.described_on = r.described_on AND p.known = r.known
    """


@step("stays_of_children", reads=["attribute", "identity", "residence"])
def stays_of_children() -> str:
    """Every stay of a person under 18, once for each parent in the register.

    Made once for a study. Stays and parents meet in the time in which both are known.
    """

    def stays(parent: str) -> str:
        return f"""
        SELECT a.{parent} AS parent, r.birth_date, r.valid_from, r.valid_to,
               greatest(r.known_from, a.known_from) AS known_from,
               least(r.known_to, a.known_to) AS known_to
        FROM residence r JOIN {naming_always("attribute", [parent])} a ON a.person = r.person
          AND a.known_from < r.known_to AND r.known_from < a.known_to
        WHERE r.birth_date > $described_first - INTERVAL {_ADULT + 1} YEAR
          AND r.valid_to > $described_first
          AND r.known_from <= $known_last AND r.known_to > $known_first
          AND a.known_from <= $known_last AND a.known_to > $known_first AND a.{parent} IS NOT NULL
    """

    return f"{stays('mother')} UNION ALL {stays('father')}"


@step("children_then", example={"source": "rows_of_part"})
def children_then(source: str) -> str:
    """How many own children under 18 are resident in the country at the end of the day."""
    return f"""
        SELECT r.person, r.described_on, r.known, count(*) AS children
        FROM (SELECT DISTINCT person, described_on, known FROM {source}) r
        JOIN (SELECT * FROM stays_of_children WHERE parent >= $low AND parent < $high) c
          ON c.parent = r.person
          AND c.valid_from <= r.described_on AND c.valid_to > r.described_on
          AND {_known("r.known", "c")}
        WHERE {age_sql("r.described_on", "c.birth_date")} < {_ADULT}
        GROUP BY r.person, r.described_on, r.known
    """


@step("rows_with_children", example={"source": "rows_of_part"})
def rows_with_children(source: str) -> str:
    """Rows with the number of children."""
    return f"""
        SELECT r.*, coalesce(c.children, 0) AS children
        FROM {source} r
        LEFT JOIN children_then c
          ON c.person = r.person AND c.described_on = r.described_on AND c.known = r.known
    """
