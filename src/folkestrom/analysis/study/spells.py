"""Episodes as queries: who enters when, what ends it, and how it is cut where values change.

Follow-up is over the days (start, stop], counted from the day of entry. `$known_last` is the
study's one knowledge date.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from folkestrom.analysis.study.definition import Entry, Exit
from folkestrom.engine.steps import Step, step
from folkestrom.model.codes import Kind
from folkestrom.model.knowledge import EVER_KNOWN
from folkestrom.variables.past import PART
from folkestrom.variables.sources import AGE, BIRTHPLACE, HISTORIES, PARENTS, History, Source

_KINDS: Final = {
    "immigration": Kind.IMMIGRATION,
    "birth": Kind.BIRTH,
    "first_registration": Kind.FIRST_REGISTRATION,
    "emigration": Kind.EMIGRATION,
    "move": Kind.MOVE,
}
_MOVE, _EMIGRATION, _DEATH = int(Kind.MOVE), int(Kind.EMIGRATION), int(Kind.DEATH)
_IMMIGRATION: Final = int(Kind.IMMIGRATION)
_BORDER: Final = "municipality_from <> municipality_to"
#: Stands for an entry after every event of its day.
_AFTER_ALL: Final = 2**31 - 1
#: Sources that never change.


@step("entering_events", reads=["event"], example={"kind": 3})
def entering_events(kind: int) -> str:
    """Events with which a person enters.

    Whoever comes is described as of the end of that day, whoever leaves as of the day before. A
    move is one to another municipality.
    """
    described = "event_date - 1" if kind == _EMIGRATION else "event_date"
    border = f"AND {_BORDER}" if kind == _MOVE else ""
    return f"""
        SELECT person, event_date AS entry_date, order_in_day AS entry_order,
               position AS entry_position, {described} AS described_on,
               event_date AS reference_day, $known_last AS known
        FROM event
        WHERE {PART} AND {EVER_KNOWN} AND kind = {kind} {border}
          AND event_date >= $entry_from AND event_date < $entry_to
    """


@step("entering_residents", reads=["residence"])
def entering_residents() -> str:
    """Who is resident on a day: at the end of the day before, after which follow-up begins."""
    return f"""
        SELECT person, $entry_on - 1 AS entry_date, {_AFTER_ALL} AS entry_order,
               position AS entry_position, $entry_on - 1 AS described_on,
               $entry_on AS reference_day, $known_last AS known
        FROM residence
        WHERE {PART} AND {EVER_KNOWN}
          AND valid_from <= $entry_on - 1 AND valid_to > $entry_on - 1
    """


@step("entering_birthdays", reads=["residence"], example={"age": 18})
def entering_birthdays(age: int) -> str:
    """Who is resident at the end of the day on which an age is completed.

    Who is born on 29 February completes it on 1 March where the year has no such day.
    """
    same_day = f"(birth_date + INTERVAL {age} YEAR)::DATE"
    birthday = f"{same_day} + CASE WHEN day({same_day}) < day(birth_date) THEN 1 ELSE 0 END"
    return f"""
        SELECT person, birthday AS entry_date, {_AFTER_ALL} AS entry_order,
               position AS entry_position, birthday AS described_on, birthday AS reference_day,
               $known_last AS known
        FROM (SELECT *, {birthday} AS birthday FROM residence WHERE {PART} AND {EVER_KNOWN})
        WHERE birthday >= $entry_from AND birthday < $entry_to
          AND valid_from <= birthday AND valid_to > birthday
    """


@step("entries", example={"source": "entering_residents"})
def entries(source: str) -> str:
    """Entries of each person, numbered in the order of their days."""
    return f"""
        SELECT *, row_number() OVER (
            PARTITION BY person ORDER BY entry_date, entry_order, entry_position
          )::INTEGER AS occurrence
        FROM {source}
    """


@step("endings", reads=["event"], example={"source": "entries", "condition": "e.kind = 9"})
def endings(source: str, condition: str) -> str:
    """The first event after each entry that ends follow-up, before `$end`.

    After it is an event of a later day, or a later one of that day.
    """
    return f"""
        SELECT r.person, r.occurrence,
          arg_min(struct_pack(kind := e.kind, day := e.event_date, country := e.country,
                              went_from := e.municipality_from, went_to := e.municipality_to),
                  struct_pack(day := e.event_date, nth := e.order_in_day)) AS first
        FROM {source} r
        JOIN (SELECT * FROM event WHERE {PART} AND {EVER_KNOWN} AND event_date < $end) e
          ON e.person = r.person AND e.event_date >= r.entry_date
          AND (e.event_date > r.entry_date OR e.order_in_day > r.entry_order)
        WHERE {condition}
        GROUP BY r.person, r.occurrence
    """


@step("episodes", example={"source": "entries", "event": "0", "observed": True})
def episodes(source: str, event: str, observed: bool) -> str:
    """Episodes with the day, counted from entry, on which they end, and the event that ends them.

    Where nothing ends them they are censored on the day before `$end`. Observation begins with the
    entry, or on `$observed_from` where that is later.
    """
    entered = "greatest(0, $observed_from - 1 - r.entry_date)" if observed else "0"
    return f"""
        SELECT r.*, {entered}::INTEGER AS entered,
               (coalesce(x.first.day, $end - 1) - r.entry_date)::INTEGER AS stop,
               {event} AS event, x.first.kind AS kind, x.first.country AS country,
               x.first.went_to AS went_to
        FROM {source} r
        LEFT JOIN endings x ON x.person = r.person AND x.occurrence = r.occurrence
    """


@step("changes_of_history", reads=HISTORIES, example={"history": "marital"})
def changes_of_history(history: str, day: str = "valid_from") -> str:
    """Days within an episode on which a history's row begins or ends."""
    return f"""
        SELECT r.person, r.occurrence, (h.{day} - r.entry_date)::INTEGER AS cut
        FROM episodes_kept r
        JOIN (SELECT person, {day} FROM {history} WHERE {PART} AND {EVER_KNOWN}) h
          ON h.person = r.person AND h.{day} > r.entry_date + r.start
          AND h.{day} < r.entry_date + r.stop
    """


@step(
    "changes_of_age",
    reads=["attribute"],
    duckdb_only="spreads each episode over its years with unnest of a range",
)
def changes_of_age() -> str:
    """Birthdays within an episode."""
    birthday = "(birth_date + to_years(years::INTEGER))::DATE"
    shifted = f"{birthday} + CASE WHEN day({birthday}) < day(birth_date) THEN 1 ELSE 0 END"
    return f"""
        SELECT person, occurrence, ({shifted} - entry_date)::INTEGER AS cut
        FROM (
          SELECT r.person, r.occurrence, r.entry_date, r.start, r.stop, a.birth_date,
            unnest(range(greatest(0, year(r.entry_date) - year(a.birth_date)),
                         year(r.entry_date + r.stop) - year(a.birth_date) + 1)) AS years
          FROM episodes_kept r
          JOIN (SELECT person, birth_date FROM attribute WHERE {PART} AND {EVER_KNOWN}) a
            ON a.person = r.person
        )
        WHERE {shifted} > entry_date + start AND {shifted} < entry_date + stop
    """


@step("changes_of_place_value", reads=["linked_*"], example={"history": "linked_centrality"})
def changes_of_place_value(history: str) -> str:
    """Days within an episode on which a linked value of any municipality begins."""
    return f"""
        SELECT r.person, r.occurrence, (h.valid_from - r.entry_date)::INTEGER AS cut
        FROM episodes_kept r
        JOIN (SELECT DISTINCT valid_from FROM {history} WHERE {EVER_KNOWN}) h
          ON h.valid_from > r.entry_date + r.start AND h.valid_from < r.entry_date + r.stop
    """


@step("pieces", example={"changes": ("changes_of_age",)})
def pieces(changes: Sequence[str]) -> str:
    """Episodes cut on the days of change; what ends the episode ends its last piece.

    A piece is described as of the end of the day after which it begins.
    """
    cuts = " UNION ALL ".join(f"SELECT person, occurrence, cut FROM {name}" for name in changes)
    return f"""
        SELECT r.* EXCLUDE (start, stop, event, described_on, reference_day),
          c.cut AS start,
          coalesce(c.next, r.stop) AS stop,
          CASE WHEN c.next IS NULL THEN r.event ELSE 0 END AS event,
          CASE WHEN c.cut > 0 THEN r.entry_date + c.cut ELSE r.described_on END
            AS described_on,
          CASE WHEN c.cut > 0 THEN r.entry_date + c.cut ELSE r.reference_day END
            AS reference_day
        FROM episodes_kept r
        JOIN (
          SELECT *, lead(cut) OVER (PARTITION BY person, occurrence ORDER BY cut) AS next
          FROM (
            SELECT DISTINCT person, occurrence, cut
            FROM (SELECT person, occurrence, start AS cut FROM episodes_kept UNION ALL {cuts})
          )
        ) c ON c.person = r.person AND c.occurrence = r.occurrence
    """


@step("joined_pieces", example={"columns": ("v0",), "fixed": ("v1",)})
def joined_pieces(columns: Sequence[str], fixed: Sequence[str]) -> str:
    """Neighbouring pieces of an episode with the same values as one."""
    changed = " OR ".join(f"{name} IS DISTINCT FROM lag({name}) OVER w" for name in columns)
    kept = "".join(f", any_value({name}) AS {name}" for name in (*fixed, *columns))
    return f"""
        SELECT person, entry_date, min(start) AS start, max(stop) AS stop,
               any_value(entered) AS entered, arg_max(event, stop) AS event{kept}
        FROM (
          SELECT *, sum(changes) OVER (PARTITION BY person, occurrence ORDER BY start) AS island
          FROM (
            SELECT *, CASE WHEN {changed} THEN 1 ELSE 0 END AS changes
            FROM valued_pieces
            WINDOW w AS (PARTITION BY person, occurrence ORDER BY start)
          )
        )
        GROUP BY person, occurrence, entry_date, island
    """


def entry_steps(entry: Entry) -> list[Step]:
    """Steps to a part's entries."""
    if entry.event == "resident":
        first = entering_residents()
    elif entry.event == "birthday":
        first = entering_birthdays(entry.age or 0)
    else:
        first = entering_events(int(_KINDS[entry.event]))
    return [first, entries(first.name)]


def ending_condition(entry: Entry, exit_: Exit) -> str:
    """Which events end follow-up: those named, death, and leaving the country.

    Who is dead, or no longer in the country, can have no event in the register.
    Episodes of emigrants, and those that wait for an immigration, go on abroad.
    """
    listed = {*exit_.events, *exit_.censor}
    kinds = {_DEATH}
    abroad = entry.event == "emigration" or "immigration" in listed
    if not abroad or listed & {"emigration", "return", "onward"}:
        kinds.add(_EMIGRATION)
    if "immigration" in listed:
        kinds.add(_IMMIGRATION)
    conditions = [f"e.kind IN ({', '.join(map(str, sorted(kinds)))})"]
    if "move" in listed:
        conditions.append(f"e.kind = {_MOVE} AND e.municipality_from <> e.municipality_to")
    elif "move_of_county" in listed:
        conditions.append(
            f"e.kind = {_MOVE} AND e.municipality_from // 100 <> e.municipality_to // 100"
        )
    return " OR ".join(f"({condition})" for condition in conditions)


def event_sql(exit_: Exit) -> str:
    """Number of the event that ends an episode: k for the k-th; 0 for what only ends follow-up."""
    place: Mapping[str, int] = {name: number for number, name in enumerate(exit_.events, start=1)}
    leaving = place.get("emigration", 0)
    named = {"return", "onward"} & {*exit_.events, *exit_.censor}
    emigrated = str(leaving)
    if named:
        returned = place.get("return", 0 if "return" in named else leaving)
        onward = place.get("onward", 0 if "onward" in named else leaving)
        emigrated = (
            f"CASE WHEN x.first.country = r.country_of_birth THEN {returned} ELSE {onward} END"
        )
    moved = str(place.get("move", 0))
    if "move_of_county" in place:
        moved = f"""CASE WHEN x.first.went_from // 100 <> x.first.went_to // 100
          THEN {place["move_of_county"]} ELSE {moved} END"""
    return f"""CASE x.first.kind
          WHEN {_DEATH} THEN {place.get("death", 0)}
          WHEN {_EMIGRATION} THEN {emigrated}
          WHEN {_MOVE} THEN {moved}
          WHEN {_IMMIGRATION} THEN {place.get("immigration", 0)}
          ELSE 0 END"""


def needs_of_events(exit_: Exit) -> list[Source]:
    """What entries must be described by to tell the events apart."""
    return [BIRTHPLACE] if {"return", "onward"} & {*exit_.events, *exit_.censor} else []


def change_steps(needs: Iterable[Source]) -> list[Step]:
    """Steps to the days on which variables of those needs change."""
    steps: list[Step] = []
    for need in needs:
        if need == AGE:
            steps.append(changes_of_age())
        elif isinstance(need, History) and need.key == "municipality":
            steps.append(_numbered(changes_of_place_value(need.table), len(steps)))
        elif isinstance(need, History) and need.holds != "always":
            for day in ("valid_from", "valid_to"):
                steps.append(_numbered(changes_of_history(need.table, day), len(steps)))
    return steps


def can_vary(needs: Iterable[Source]) -> bool:
    """Whether it is known when a variable of those needs changes."""
    return all(
        need in (AGE, PARENTS) or (isinstance(need, History) and not need.made) for need in needs
    )


def _numbered(made: Step, number: int) -> Step:
    return made.named(f"{made.name}_{number}")
