"""Events that are no flows: births by the mother, marriage, divorce, naturalisation."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Any

import pytest

from folkestrom.analysis.rates import occurrences
from folkestrom.analysis.rates.cells import RateDesign, measured, rate_cells
from folkestrom.analysis.rates.event_rows import DIVORCE, couples, status_changes
from folkestrom.engine.steps import run
from folkestrom.model.codes import MaritalStatus as Marital
from folkestrom.model.countries import COUNTRY_CODES, NO_CODE
from folkestrom.statistics.periods import year
from tests.analysis.indicators.test_indicators import BEGIN, KNOWN, a_country
from tests.reference.register import OPEN
from tests.statistics.small_store import hand_made

DAY = date(2001, 5, 1)


def _marital(person: int, *statuses: Marital, day: date = DAY) -> list[tuple[Any, ...]]:
    """A person's statuses; the second begins on a day, and each later one a month after."""
    days = [BEGIN, *(day.replace(month=day.month + n) for n in range(len(statuses) - 1)), OPEN]
    return [
        (person, int(status), None, *ends, *KNOWN, 100 * person + n)
        for n, (status, ends) in enumerate(zip(statuses, pairwise(days), strict=True))
    ]


def events(store: Any, event: str, **more: Any) -> int:
    return int(occurrences(store, year(2001), (), event, **more).data["events"][0])


@pytest.mark.parametrize(
    ("statuses", "marries", "divorces"),
    [
        ((Marital.NEVER_MARRIED, Marital.MARRIED), 1, 0),
        ((Marital.UNKNOWN, Marital.REGISTERED_PARTNER), 1, 0),
        ((Marital.MARRIED,), 0, 0),
        ((Marital.SEPARATED, Marital.MARRIED), 0, 0),
        ((Marital.REGISTERED_PARTNER, Marital.MARRIED), 0, 0),
        ((Marital.SEPARATED, Marital.DIVORCED), 0, 1),
        ((Marital.DIVORCED, Marital.MARRIED, Marital.DIVORCED, Marital.MARRIED), 2, 1),
        ((Marital.MARRIED, Marital.WIDOWED), 0, 0),
    ],
)
def test_marriages_and_divorces(statuses: tuple[Marital, ...], marries: int, divorces: int) -> None:
    store = hand_made([{}], marital=_marital(1, *statuses))
    assert events(store, "marriage", known_at="latest") == marries
    assert events(store, "divorce", known_at="latest") == divorces


def test_a_couple_is_one_marriage() -> None:
    def weds(person: int, partner: int | None) -> list[tuple[Any, ...]]:
        single, married = _marital(person, Marital.NEVER_MARRIED, Marital.MARRIED)
        return [single, (*married[:2], partner, *married[3:])]

    # Two with each other, one with somebody abroad, and one whose partner is not known.
    pairs = ((1, 2), (2, 1), (3, 99), (4, None))
    store = hand_made([{"person": n, "position": n} for n, _ in pairs],
                      marital=[row for pair in pairs for row in weds(*pair)])  # fmt: skip
    found = occurrences(store, year(2001), (), "marriage", known_at="latest")
    assert found.data["events"].to_list() == [4]
    assert any(note.en.endswith("where the register has both: 3.") for note in found.notes)
    published = occurrences(store, year(2001), (), "marriage", known_at="latest", persons=True)
    assert not any("register has both" in note.en for note in published.notes)


def test_a_couple_is_one_divorce_of_whom_the_marriage_named() -> None:
    def parts(person: int, partner: int | None) -> list[tuple[Any, ...]]:
        married, *rest = _marital(person, Marital.MARRIED, Marital.SEPARATED, Marital.DIVORCED)
        return [(*married[:2], partner, *married[3:]), *rest]

    # Two from each other, one from somebody abroad, and two from spouses that nobody named.
    pairs = ((1, 2), (2, 1), (3, 99), (4, None), (5, None))
    store = hand_made([{"person": n, "position": n} for n, _ in pairs],
                      marital=[row for pair in pairs for row in parts(*pair)])  # fmt: skip
    steps = [status_changes(DIVORCE).named("flow_rows"), couples("flow_rows", end=True)]
    span = {"start": date(2001, 1, 1), "end": date(2002, 1, 1), "known_end": date(2002, 2, 1)}
    assert run(store, steps, span).fetchall() == [(4,)]


def test_a_change_counts_for_who_was_resident_the_day_before() -> None:
    changes = [_marital(n, Marital.NEVER_MARRIED, Marital.MARRIED) for n in (1, 2, 3)]
    stays = [{}, {"person": 2, "valid_from": DAY}, {"person": 3, "valid_to": DAY}]
    store = hand_made([{**stay, "position": n} for n, stay in enumerate(stays)],
                      marital=[row for rows in changes for row in rows])  # fmt: skip
    assert events(store, "marriage", known_at="latest") == 2


def test_a_change_counts_as_known_on_the_day() -> None:
    rows = _marital(1, Marital.NEVER_MARRIED, Marital.MARRIED)
    known = date(2002, 3, 1)
    before, after = rows
    single = (*before[:4], OPEN, KNOWN[0], known, 1)
    told = [(*before[:5], known, OPEN, 2), (*after[:5], known, OPEN, 3)]
    store = hand_made([{}], marital=[single, *told])
    assert events(store, "marriage", known_at="published") == 0
    assert events(store, "marriage", known_at=known) == 1


@pytest.mark.parametrize(("before", "found"), [("PL", 1), ("XS", 1), ("XX", 1), ("NO", 0)])
def test_naturalisations(before: str, found: int) -> None:
    held = [(COUNTRY_CODES[before], BEGIN, DAY), (NO_CODE, DAY, OPEN)]
    rows = [(1, code, start, end, *KNOWN, n) for n, (code, start, end) in enumerate(held)]
    assert events(hand_made([{}], citizenship=rows), "naturalisation", known_at="latest") == found


def test_rates_of_childbirth_are_by_the_person_years_of_women() -> None:
    by_sex = occurrences(a_country(), year(2001), ["sex"], "childbirth", known_at="latest")
    women = by_sex.data.filter(sex="female")
    found = occurrences(a_country(), year(2001), (), "childbirth", known_at="latest")
    assert found.data.rows() == women.drop("sex").rows() == [(2, 101 * 365)]
    cells = rate_cells(found, measured(found, design := RateDesign((), {})), design)
    assert "Person-years of women" in [m.label.en for m in cells.specification.measures]
    assert any("women" in note.en for note in cells.specification.footnotes)
    assert not by_sex.of_women


def test_births_are_counted_at_the_age_of_the_mother() -> None:
    found = occurrences(a_country(), year(2001), ["sex", "age"], "childbirth", known_at="latest")
    rows = [row for row in found.data.rows() if row[2]]
    assert rows == [("female", 30, 2, 365)]
