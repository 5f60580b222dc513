"""Random histories of every kind, for hypothesis: few days and places, so that things collide."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache

from hypothesis import strategies as st

from tests.reference.register import (
    ANNULMENT,
    ATTRIBUTE_CORRECTION,
    MERGE,
    UNKNOWN_COUNTRY,
    Report,
)

#: Turns of the year, leap days, and days close enough to make events meet.
DAYS = (
    date(1999, 12, 31),
    date(2000, 1, 1),
    date(2000, 2, 28),
    date(2000, 2, 29),
    date(2000, 3, 1),
    date(2003, 12, 31),
    date(2004, 1, 1),
    date(2004, 2, 29),
    date(2005, 3, 1),
)
KINDS = (1, 2, 3, 3, 4, 5, 5, 5, 6, 7, 8, 8, 9, 11, 12)
#: Of histories in which people come and leave on one day.
CROWDED_DAYS = (date(1999, 12, 31), date(2000, 1, 1), date(2000, 1, 2))
CROWDED_KINDS = (1, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 7, 8, 8, 8, 8, 9, 11, 12)


#: Half of them nothing: one choice, where "nothing, or one of these" would be two.
MAYBE = st.sampled_from((None, None, None, 1, 2, 3))


def reports_of(
    draw: st.DrawFn, person: int, first: int, most: int, *, crowded: bool
) -> list[Report]:
    """One person's reports, at positions from `first` on, in any order of arrival."""
    count = draw(st.integers(1, most))
    return [report(draw, person, first, first + i, crowded=crowded) for i in range(count)]


def report(draw: st.DrawFn, person: int, first: int, position: int, *, crowded: bool) -> Report:
    kinds, days = (CROWDED_KINDS, CROWDED_DAYS) if crowded else (KINDS, DAYS)
    # A report may aim only at earlier positions in this list, so no cycle comes up; positions
    # say nothing about when reports are known, so targets come later all the same.
    aims = draw(st.integers(0, 9)) < 4
    target = draw(st.none() | st.integers(first, position - 1)) if position > first else None
    kind = draw(st.sampled_from((*kinds, *(ANNULMENT,) * 8) if aims else kinds))
    received = datetime(2000, 1, 1, 12, tzinfo=UTC) + timedelta(days=draw(st.integers(0, 12)))
    sealed = draw(st.integers(0, 9)) == 0
    known_from = received.date() + timedelta(days=draw(st.integers(2, 6)) if sealed else 1)
    common = {
        "position": position,
        "person": person,
        "kind": kind,
        "received_at": received,
        "known_from": known_from,
        # No two reports share a hash: it is what settles every tie.
        "key_hash": draw(st.integers(0, 2**56 - 1)) * 256 + position,
        "target": target if aims else None,
        "aims": aims,
    }
    if kind == ANNULMENT:
        return Report(**common)
    return Report(**common, event_date=draw(st.sampled_from(days)), **draw(details(kind, days)))


@cache
def details(kind: int, days: tuple[date, ...]) -> st.SearchStrategy[dict[str, object]]:
    """What a report of a kind says; made once a kind, since making it costs more than drawing."""
    number, maybe = st.integers(1, 3), MAYBE
    fields: dict[str, st.SearchStrategy[object]] = {}
    if kind in (1, 2, 3, 5):
        fields |= {"municipality": number, "basic_unit": number, "dwelling": maybe}
    if kind in (1, 2, 3, 6):
        fields |= {
            "marital_status": number if kind == 6 else st.sampled_from((*(None,) * 4, 0, 1, 2, 3))
        }
        fields |= {"partner": maybe}
    if kind in (1, 2, 3, ATTRIBUTE_CORRECTION):
        fields |= {"sex": st.sampled_from((None, None, 1, 2)), "country_of_birth": maybe}
        fields |= {"birth_date": st.sampled_from((*(None,) * 4, *days[:4]))}
        fields |= {"mother": maybe, "father": maybe}
    if kind in (1, 2, 3, 7):
        known = st.sampled_from((1, 2, UNKNOWN_COUNTRY))
        fields |= {"citizenship": known if kind == 7 else known | st.none()}
    if kind in (1, 2, 3):
        fields |= {"origin": number}
    if kind == MERGE:
        fields |= {"survivor": number}
    if kind in (3, 8):
        fields |= {"country": number, "reason": maybe}
    return st.fixed_dictionaries(fields)


@st.composite
def logs(draw: st.DrawFn, most: int = 12, *, crowded: bool = False) -> list[Report]:
    """Reports of one to three persons."""
    reports: list[Report] = []
    for person in range(1, draw(st.integers(1, 3)) + 1):
        reports += reports_of(draw, person, len(reports) + 1, most, crowded=crowded)
    return draw(st.permutations(reports))
