"""A larger random log: plausible lives with late reports, annulments and corrections."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from tests.reference.register import Report

_KINDS = (5, 5, 5, 5, 6, 7, 8, 3, 4, 9, 5, 5, 6, 8, 3, 11, 12)


def random_log(dice: random.Random, *, persons: int, reports: int) -> list[Report]:
    """Reports in the order of receipt, with positions from 1 on."""
    found: list[Report] = []
    for person in range(1, persons + 1):
        born = date(2000, 1, 1) + timedelta(days=dice.randrange(3_000))
        found.append(_report(dice, person, dice.choice((1, 2, 3)), born))
    while len(found) < reports:
        if dice.random() < 0.1:
            found.append(_revision(dice, dice.choice(found)))
        else:
            day = date(2000, 1, 1) + timedelta(days=dice.randrange(5_000))
            found.append(_report(dice, dice.randint(1, persons), dice.choice(_KINDS), day))
    in_order = sorted(found, key=Report.order)
    place = {id(report): n for n, report in enumerate(in_order, 1)}
    aimed = {r.key_hash: place[id(r)] for r in found}
    return [
        replace(r, position=place[id(r)], target=None if r.target is None else aimed[r.target])
        for r in in_order
    ]


def _report(dice: random.Random, person: int, kind: int, day: date) -> Report:
    delay = dice.choice((1, 2, 3, 5, 400))
    received = datetime(day.year, day.month, day.day, 12, tzinfo=UTC) + timedelta(days=delay)
    return Report(
        position=0,
        person=person,
        kind=kind,
        received_at=received,
        known_from=received.date() + timedelta(days=1),
        key_hash=dice.getrandbits(63),
        event_date=day,
        municipality=dice.randint(301, 310),
        basic_unit=dice.randint(3010000, 3010009),
        country=dice.choice((None, 5)),
        country_of_birth=dice.choice((None, 5, 6)),
        citizenship=dice.randint(1, 4),
        marital_status=dice.randint(0, 4),
        sex=dice.choice((None, 1, 2)),
        birth_date=dice.choice((None, day)) if kind == 4 else day,
        mother=dice.choice((None, 8)),
        partner=None if kind == 11 else dice.choice((None, 9)),
        dwelling=dice.choice((None, 41, 42)),
        survivor=dice.choice([n for n in (1, 2, 3, 4, 7, 1_000) if n != person])
        if kind == 11
        else None,
        origin=1,
    )


def _revision(dice: random.Random, target: Report) -> Report:
    """An annulment or a correction; for the time being it aims at its target's key hash."""
    received = target.received_at + timedelta(days=dice.choice((1, 30, 900)))
    revision = replace(
        target,
        received_at=received,
        known_from=received.date() + timedelta(days=1),
        key_hash=dice.getrandbits(63),
        target=target.key_hash,
        aims=True,
    )
    if dice.random() < 0.5 or target.kind == 10:
        return Report(
            **{
                name: getattr(revision, name)
                for name in ("position", "person", "received_at", "known_from", "key_hash")
            },
            kind=10,
            target=target.key_hash,
            aims=True,
        )
    return replace(revision, municipality=399)


def plain_log(dice: random.Random, *, persons: int) -> list[Report]:
    """Lives that make sense, with a few reports annulled or corrected once."""
    found: list[Report] = []
    for person in range(1, persons + 1):
        day = date(2000, 1, 1) + timedelta(days=dice.randrange(2_000))
        kind, theirs = dice.choice((1, 2, 3)), []
        while kind:
            theirs.append(replace(_report(dice, person, kind, day), marital_status=2))
            kind = 0 if kind == 9 else dice.choice(_NEXT[kind == 8])
            # Who leaves and comes back, or the other way round, may do so on one day.
            day += timedelta(
                days=0 if kind in (3, 8) and dice.random() < 0.3 else dice.randint(1, 700)
            )
        found += theirs
        if dice.random() < 0.3:
            found += [_revision(dice, dice.choice(theirs)) for _ in range(dice.choice((1, 2)))]
    in_order = sorted(found, key=Report.order)
    place = {r.key_hash: n for n, r in enumerate(in_order, 1)}
    return [
        replace(r, position=place[r.key_hash], target=place.get(r.target or 0)) for r in in_order
    ]


#: Kinds that may follow: a person at home, and a person abroad; 0 ends the tale.
_NEXT = ((5, 5, 5, 6, 7, 8, 9, 0), (3, 3, 0))
