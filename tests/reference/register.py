"""The rules of the register, told in plain Python: slow, obvious, and sharing no code with it.

Read it from top to bottom as the rule book. `derived_tables` gives every row of every derived
table; `as_of` answers the question about one day directly, on another way than the tables do, so
that the two can be compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import Any

from folkestrom.model.countries import COUNTRIES

OPEN = date(9999, 12, 31)

FIRST_REGISTRATION, BIRTH, IMMIGRATION, ATTRIBUTE_CORRECTION, MOVE = 1, 2, 3, 4, 5
MARITAL_CHANGE, CITIZENSHIP_CHANGE, EMIGRATION, DEATH, ANNULMENT = 6, 7, 8, 9, 10
MERGE, SPLIT = 11, 12
RECORD_STARTS = (FIRST_REGISTRATION, BIRTH, IMMIGRATION)

ALREADY_REGISTERED, IMMIGRATION_OF_RESIDENT, MOVE_OF_NONRESIDENT = 1, 2, 3
EMIGRATION_OF_NONRESIDENT, NO_RECORD, AFTER_DEATH, DEATH_BEFORE_BIRTH = 4, 5, 6, 7
TARGET_NOT_COME, BEFORE_BIRTH, CIRCULAR_MERGE, SURVIVOR_WITHOUT_RECORD = 8, 9, 10, 11

UNKNOWN, NEVER_MARRIED = 0, 1
UNKNOWN_COUNTRY = COUNTRIES.index("XX") + 1
CORRECTABLE = ("sex", "birth_date", "country_of_birth", "mother", "father")

Row = tuple[Any, ...]
Tables = dict[str, set[Row]]


@dataclass(frozen=True)
class Report:
    """One notification. `target` is the position of the report it annuls or corrects."""

    position: int
    person: int
    kind: int
    received_at: datetime
    known_from: date
    key_hash: int
    event_date: date | None = None
    municipality: int | None = None
    basic_unit: int | None = None
    dwelling: int | None = None
    country: int | None = None
    country_of_birth: int | None = None
    citizenship: int | None = None
    marital_status: int | None = None
    sex: int | None = None
    birth_date: date | None = None
    mother: int | None = None
    father: int | None = None
    partner: int | None = None
    survivor: int | None = None
    origin: int | None = None
    reason: int | None = None
    target: int | None = None
    aims: bool = False  # names a report to annul or correct, whether or not that has come

    def order(self) -> Row:
        """The order in which reports came to be known: decides which of two is the later."""
        return (self.known_from, self.received_at, self.key_hash)

    def place_in_life(self) -> Row:
        """The order of life: by event, rank of the kind on one day, receipt."""
        return (self.event_date, self.kind, self.received_at, self.key_hash)


# --- Which reports stand ---


class Standing:
    """Which of one person's reports stand, as known on one day.

    A report is *live* if it is known and no acting annulment targets it. A report and everything
    that corrects it, directly or through other corrections, is one family. Of the live reports of
    a family that no live one corrects (directly or through others), the latest stands; the others
    don't. An annulment acts if it stands in its own family.
    """

    def __init__(self, reports: Iterable[Report], known_at: date) -> None:
        self.known = {r.position: r for r in reports if r.known_from <= known_at}
        self.standing = [r for r in self.known.values() if self.stands(r)]

    def target(self, report: Report) -> Report | None:
        return None if report.target is None else self.known.get(report.target)

    def waits(self, report: Report) -> bool:
        return report.aims and self.target(report) is None

    def aimed_at(self, report: Report, *, annulments: bool) -> list[Report]:
        return [
            other
            for other in self.known.values()
            if other.target == report.position and (other.kind == ANNULMENT) == annulments
        ]

    def live(self, report: Report) -> bool:
        annulments = self.aimed_at(report, annulments=True)
        return not any(self.stands(annulment) for annulment in annulments)

    def last_word(self, report: Report) -> Report | None:
        """What stands of this report and its corrections, were it not for those beside it."""
        words = [self.last_word(c) for c in self.aimed_at(report, annulments=False)]
        said = [word for word in words if word is not None]
        if said:
            return max(said, key=Report.order)
        return report if self.live(report) else None

    def head_of_family(self, report: Report) -> Report:
        target = self.target(report)
        corrects = target is not None and report.kind != ANNULMENT
        return self.head_of_family(target) if corrects and target else report

    def stands(self, report: Report) -> bool:
        return self.last_word(self.head_of_family(report)) is report


def merge(standing: Iterable[Report]) -> Report | None:
    """The merge that ends the identity: the last standing report about it, if that is no split.

    While there is one, nothing else that stands of the person counts.
    """
    about = [report for report in standing if report.kind in (MERGE, SPLIT)]
    last = max(about, key=Report.order, default=None)
    return last if last is not None and last.kind == MERGE else None


@dataclass(frozen=True)
class Identity:
    """What a standing merge comes to: another person, or an objection."""

    merge: Report | None = None
    survivor: int | None = None
    objection: int | None = None


class Merges:
    """The merges that stand on a day, followed from person to person.

    Of those that lead round in a circle, the last to be known is not applied. One that leads to
    nobody with a record isn't either, and whoever told it goes on as before.
    """

    def __init__(self, people: dict[int, list[Report]], known_at: date) -> None:
        standing = {one: Standing(theirs, known_at).standing for one, theirs in people.items()}
        found = {one: merge(reports) for one, reports in standing.items()}
        self.merges = {one: report for one, report in found.items() if report is not None}
        self.registered = {one for one, reports in standing.items() if attributes(reports)}

    def circle(self, start: int) -> set[int]:
        seen: list[int] = []
        while start in self.merges and start not in seen:
            seen.append(start)
            start = self.merges[start].survivor or 0
        return set(seen[seen.index(start) :]) if start in seen else set()

    def is_last_of_circle(self, one: int) -> bool:
        circle = self.circle(one)
        last = max((self.merges[n] for n in circle), key=Report.order, default=None)
        return one in circle and self.merges[one] is last

    def goes_on_as(self, one: int) -> int | None:
        """The person that there is in the end; None: there is none."""
        if one in self.merges and not self.is_last_of_circle(one):
            found = self.goes_on_as(self.merges[one].survivor or 0)
            if found is not None:
                return found
        return one if one in self.registered else None

    def identity(self, person: int) -> Identity:
        told = self.merges.get(person)
        if told is None:
            return Identity()
        if self.is_last_of_circle(person):
            return Identity(told, None, CIRCULAR_MERGE)
        survivor = self.goes_on_as(told.survivor or 0)
        return Identity(told, survivor, SURVIVOR_WITHOUT_RECORD if survivor is None else None)


# --- What is known about a person apart from events ---


def attributes(standing: Iterable[Report]) -> dict[str, Any] | None:
    """Of the first start of a record; each standing correction, in order, writes over it."""
    standing = list(standing)
    starts = [r for r in standing if r.kind in RECORD_STARTS]
    if not starts:
        return None
    start = min(starts, key=Report.place_in_life)
    known = {name: getattr(start, name) for name in CORRECTABLE}
    corrections = [r for r in standing if r.kind == ATTRIBUTE_CORRECTION]
    for correction in sorted(corrections, key=Report.order):
        for name in CORRECTABLE:
            if getattr(correction, name) is not None:
                known[name] = getattr(correction, name)
    known["sex"] = known["sex"] or UNKNOWN
    return known | {"origin": start.origin, "start": start, "begins": begins(start, known)}


def begins(start: Report, known: dict[str, Any]) -> date:
    """The day on which a record begins: a birth on the date of birth, and no other one before."""
    born, stated = known["birth_date"], start.event_date
    assert stated is not None
    if born is None:
        return stated
    return born if start.kind == BIRTH else max(stated, born)


# --- One life, replayed ---


@dataclass
class Spell:
    """An unbroken time with the same values, opened by one report."""

    opened_by: Report
    values: Row
    valid_from: date
    valid_to: date = OPEN


@dataclass
class Life:
    """The state of one person while the standing reports are replayed, and what came of it."""

    attributes: dict[str, Any] | None
    registered: bool = False
    died: date | None = None
    current: dict[str, Spell] = field(default_factory=dict)  # residence, marital, citizenship
    spells: list[tuple[str, Spell]] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    flags: list[tuple[Report, int]] = field(default_factory=list)

    def close(self, variable: str, day: date) -> None:
        if variable in self.current:
            self.current.pop(variable).valid_to = day

    def open(self, variable: str, report: Report, *values: Any) -> None:
        self.close(variable, self.day(report))
        self.current[variable] = Spell(report, values, self.day(report))
        self.spells.append((variable, self.current[variable]))

    def day(self, report: Report) -> date:
        """The day on which it happened: as stated, except of the report that starts the record."""
        assert report.event_date is not None
        starts = self.attributes and self.attributes["start"] is report
        return self.attributes["begins"] if self.attributes and starts else report.event_date

    def replay_day(self, reports: list[Report]) -> None:
        """One day's reports: always the first that fits; then those that never do, then death."""
        waiting = [report for report in reports if report.kind != DEATH]
        while waiting:
            fitting = [report for report in waiting if not self.objection(report)]
            report = (fitting or waiting)[0]
            waiting.remove(report)
            self.replay(report)
        for report in reports:
            if report.kind == DEATH:
                self.replay(report)

    def replay(self, report: Report) -> None:
        objection = self.objection(report)
        if objection:
            self.flags.append((report, objection))
            return
        assert report.event_date is not None
        if report.event_date < self.day(report):
            self.flags.append((report, BEFORE_BIRTH))
        self.note_event(report)
        if report.kind in RECORD_STARTS:
            self.start(report)
        elif report.kind == MOVE:
            self.open("stay", report, report.municipality, report.basic_unit, report.dwelling)
        elif report.kind == MARITAL_CHANGE:
            self.open("marital", report, report.marital_status, report.partner)
        elif report.kind == CITIZENSHIP_CHANGE:
            self.open("citizenship", report, report.citizenship)
        elif report.kind == EMIGRATION:
            self.close("stay", self.day(report))
        elif report.kind == DEATH:
            self.died = self.day(report)
            for variable in ("stay", "marital", "citizenship"):
                self.close(variable, self.died)

    def objection(self, report: Report) -> int | None:
        """Why a standing report is not applied; it is then flagged, and looked at again later."""
        resident = "stay" in self.current
        if self.died:
            return AFTER_DEATH
        born = self.attributes["birth_date"] if self.attributes else None
        if born and self.day(report) < born:
            return DEATH_BEFORE_BIRTH if report.kind == DEATH else BEFORE_BIRTH
        if report.kind in (FIRST_REGISTRATION, BIRTH) and self.registered:
            return ALREADY_REGISTERED
        if report.kind == IMMIGRATION and resident:
            return IMMIGRATION_OF_RESIDENT
        if report.kind == MOVE and not resident:
            return MOVE_OF_NONRESIDENT
        if report.kind == EMIGRATION and not resident:
            return EMIGRATION_OF_NONRESIDENT
        if report.kind in (DEATH, MARITAL_CHANGE, CITIZENSHIP_CHANGE) and not self.registered:
            return NO_RECORD
        return None

    def start(self, report: Report) -> None:
        """A record begins, or a person comes back: marital status and citizenship where given.

        Who comes back states them in passing: what is unknown there leaves what was known.
        """
        self.open("stay", report, report.municipality, report.basic_unit, report.dwelling)
        if report.marital_status:
            self.open("marital", report, report.marital_status, report.partner)
        elif not self.registered:
            default = NEVER_MARRIED if report.kind == BIRTH else UNKNOWN
            self.open("marital", report, default, None)
        known = report.citizenship not in (None, UNKNOWN_COUNTRY)
        if known or (report.citizenship is not None and "citizenship" not in self.current):
            self.open("citizenship", report, report.citizenship)
        self.registered = True

    def note_event(self, report: Report) -> None:
        """The event as it is counted: where from is what the register says, not the report."""
        if report.kind in (MARITAL_CHANGE, CITIZENSHIP_CHANGE):
            return
        assert self.attributes is not None
        home = self.current["stay"].values if "stay" in self.current else (None, None)
        gone = report.kind in (EMIGRATION, DEATH)
        new = (None, None) if gone else (report.municipality, report.basic_unit)
        known, day = self.attributes, self.day(report)
        earlier = [event for event in self.events if event[3] == day]
        self.events.append(
            (report.position, report.person, report.kind, day, len(earlier) + 1)
            + (report.known_from, home[0], new[0], home[1], new[1], report.country, report.reason)
            + (known["sex"], known["birth_date"])
        )


def replay(
    reports: Iterable[Report], known_at: date, continued: Identity, before: date = OPEN
) -> Life:
    """Replay one person's standing reports of events before a day, as known on `known_at`."""
    register = Standing(reports, known_at)
    merged = continued.survivor is not None
    counted = [] if merged else register.standing
    life = Life(attributes(counted))
    events = [r for r in counted if r.kind not in (ATTRIBUTE_CORRECTION, ANNULMENT, MERGE, SPLIT)]
    in_time = [report for report in events if life.day(report) < before]
    in_order = sorted(in_time, key=Report.place_in_life)
    for _, reports_of_day in groupby(in_order, key=lambda report: report.event_date):
        life.replay_day(list(reports_of_day))
    if continued.merge and continued.objection:
        life.flags.append((continued.merge, continued.objection))
    for report in register.standing:
        if register.waits(report):
            life.flags.append((report, TARGET_NOT_COME))
        if report.kind == ATTRIBUTE_CORRECTION and life.attributes is None and not merged:
            life.flags.append((report, NO_RECORD))
    return life


# --- The derived tables ---


def rows_known_at(person: int, people: dict[int, list[Report]], known_at: date) -> Tables:
    """Every row of one person on one knowledge date, without its knowledge interval."""
    ended = Merges(_connected(person, people), known_at).identity(person)
    life = replay(people[person], known_at, ended)
    tables: Tables = {name: set() for name in ("stay", "marital", "citizenship")}
    for variable, spell in life.spells:
        if spell.valid_from == spell.valid_to:
            continue
        values = spell.values
        if variable == "stay":
            assert life.attributes is not None
            values += tuple(life.attributes[n] for n in ("sex", "birth_date", "country_of_birth"))
        opened = spell.opened_by.position
        tables[variable].add((person, *values, spell.valid_from, spell.valid_to, opened))
    tables["attribute"] = set()
    if life.attributes:
        start = life.attributes["start"]
        known = tuple(life.attributes[n] for n in (*CORRECTABLE, "origin"))
        begins = life.attributes["begins"]
        tables["attribute"].add((person, *known, begins, OPEN, start.position))
    tables["event"] = set(life.events)
    tables["identity"] = set()
    if ended.merge and ended.survivor is not None:
        tables["identity"].add((person, ended.survivor, ended.merge.position))
    tables["flag"] = {(report.position, person, reason) for report, reason in life.flags}
    return tables


def _connected(person: int, people: dict[int, list[Report]]) -> dict[int, list[Report]]:
    """The person, and all who are ever said to be the same in any number of steps."""
    said = {(r.person, r.survivor) for one in people.values() for r in one if r.kind == MERGE}
    found = {person}
    while more := {n for pair in said if found & {*pair} for n in pair if n} - found:
        found |= more
    return {n: people[n] for n in found if n in people}


def derived_tables(reports: Iterable[Report]) -> Tables:
    """All rows of all tables, each with every unbroken time of knowledge in which it is there."""
    people: dict[int, list[Report]] = {}
    for report in reports:
        people.setdefault(report.person, []).append(report)
    tables: Tables = {}
    for person in people:
        connected = _connected(person, people).values()
        days = sorted({report.known_from for reports_ in connected for report in reports_})
        there: dict[tuple[str, Row], date] = {}
        for day in days:
            now = {
                (name, row)
                for name, rows in rows_known_at(person, people, day).items()
                for row in rows
            }
            for name, row in [gone for gone in there if gone not in now]:
                _put(tables, name, row, there.pop((name, row)), day)
            for key in now:
                there.setdefault(key, day)
        for (name, row), since in there.items():
            _put(tables, name, row, since, OPEN)
    return tables


def _put(tables: Tables, name: str, row: Row, known_from: date, known_to: date) -> None:
    """Put the knowledge interval where the table has it: before the last column of a history."""
    known = (known_from, known_to)
    whole = row + known if name in ("event", "flag") else row[:-1] + known + row[-1:]
    tables.setdefault(name, set()).add(whole)


# --- The state on one day, asked directly ---


def lives(reports: Iterable[Report], known_at: date, before: date = OPEN) -> dict[int, Life]:
    """Everybody's reports of events before a day, replayed."""
    people: dict[int, list[Report]] = {}
    for report in reports:
        people.setdefault(report.person, []).append(report)
    found = {}
    for person, theirs in people.items():
        continued = Merges(_connected(person, people), known_at).identity(person)
        found[person] = replay(theirs, known_at, continued, before)
    return found


def as_of(reports: Iterable[Report], day: date, known_at: date) -> dict[int, dict[str, Row]]:
    """Who was what at the end of the day before `day`, as known on `known_at`."""
    state: dict[int, dict[str, Row]] = {}
    for person, life in lives(reports, known_at, day).items():
        state[person] = {name: spell.values for name, spell in life.current.items()}
        known = life.attributes
        if known and known["begins"] < day:
            state[person]["attribute"] = tuple(known[n] for n in (*CORRECTABLE, "origin"))
    return {person: variables for person, variables in state.items() if variables}
