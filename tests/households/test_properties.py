"""Histories of households are, on every day, what the plain rules say of that day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from folkestrom.households.actual import Sources, put_up
from folkestrom.households.codes import (
    Couple,
    FamilyType,
    HouseholdType,
    Parents,
    Youngest,
)
from folkestrom.households.homes import Method, Span, homes, make_table
from folkestrom.households.rules import cohabitation_rule
from folkestrom.residence.publish import publish
from tests.households.small import KNOWN, empty, register, tell
from tests.reference.households import Answer, Lodger, PlainRule, families
from tests.reference.register import OPEN

FIRST = date(2019, 12, 20)
DAYS = 90
YEAR = 365
#: Ages near those of the rules on some of the days, and some between.
_BORN = st.one_of(
    st.none(),
    st.builds(
        lambda years, days: FIRST - timedelta(days=round(years * 365.25) - days),
        st.sampled_from([0, 5, 6, 14, 16, 18, 20, 25, 33, 34, 40, 60]),
        st.integers(-40, 60),
    ),
)


@st.composite
def registers(draw: st.DrawFn) -> dict[str, Any]:
    """A few persons, kin of each other more often than not, in a few dwellings."""
    many = draw(st.integers(1, 7))
    names = st.one_of(st.none(), st.integers(1, many), st.just(99))
    persons = [
        {"person": n, "sex": draw(st.integers(0, 2)), "born": draw(_BORN),
         "mother": draw(names), "father": draw(names)}
        for n in range(1, many + 1)
    ]  # fmt: skip
    lived, married, abodes = [], [], []
    for n in range(1, many + 1):
        cuts = sorted(draw(st.lists(st.integers(-5, DAYS), min_size=1, max_size=3, unique=True)))
        ends = [*cuts[1:], draw(st.sampled_from([DAYS, YEAR]))]
        for since, until in zip(cuts, ends, strict=True):
            home = draw(st.one_of(st.none(), st.integers(1, 2)))
            if home is not None and since < until:
                lived.append((n, home, _day(since), _day(until)))
        since = draw(st.integers(-5, DAYS))
        until = draw(st.integers(since + 1, DAYS + 20))
        spouse = draw(names)
        status = draw(st.sampled_from([1, 2, 5, 6]))
        married.append((n, status, spouse, _day(since), _day(until)))
        since = draw(st.integers(-5, DAYS))
        abodes.append((n, draw(st.sampled_from([0, 1, 2])), _day(since), _day(since + 30)))
    return {"persons": persons, "homes": lived, "marriages": married, "abodes": abodes}


def _day(number: int) -> date:
    return FIRST + timedelta(days=number)


def plain(
    found: dict[str, Any], day: date, rule: PlainRule, largest: int, *, actual: bool
) -> dict[int, Answer]:
    """The answer of a day by the plain rules."""
    fixed = {who["person"]: who for who in found["persons"]}
    wed = {n: spouse for n, status, spouse, since, until in found["marriages"]
           if status in (2, 6) and since <= day < until}  # fmt: skip
    homes = {n: home for n, home, since, until in found["homes"] if since <= day < until}
    for n, home, since, until in found["abodes"] if actual else ():
        if n in homes and since <= day < until and (home == 0 or n not in wed):
            homes[n] = home
    answers = {n: in_an_institution(n, fixed[n]["born"], day) for n in homes if not homes[n]}
    for home in (1, 2):
        here = [n for n in homes if homes[n] == home]
        lodgers = [
            Lodger(n, fixed[n]["born"], fixed[n]["sex"], fixed[n]["mother"], fixed[n]["father"],
                   n in wed, wed.get(n))
            for n in here
        ]  # fmt: skip
        if lodgers:
            answers |= families(lodgers, day, rule, largest)
    return answers


def in_an_institution(n: int, born: date | None, day: date) -> Answer:
    """Nobody's household, and nobody's child."""
    alone = families([Lodger(n, born, 0)], day, PlainRule(18, 15), largest=0)
    return alone[n]


def said(row: dict[str, Any]) -> Answer:
    """A row of the history in words."""
    return Answer(
        row["household"], row["household_size"], HouseholdType(row["household_type"]).name.lower(),
        Youngest(row["youngest"]).name.lower(), row["family"], row["family_size"],
        FamilyType(row["family_type"]).name.lower(), row["family_role"],
        Couple(row["couple"]).name.lower(), Parents(row["parents"]).name.lower(),
    )  # fmt: skip


@given(
    registers(), st.sampled_from(["NO", "DK", "SE", "FI"]), st.sampled_from([3, 50]), st.booleans()
)
def test_every_day_is_as_the_plain_rules_say(
    found: dict[str, Any], country: str, largest: int, actual: bool
) -> None:
    rule = cohabitation_rule(country, FIRST)
    plainly = PlainRule(
        rule.least_age, rule.age_difference, rule.no_other_adult, rule.same_sex_with_child
    )
    span = Span(KNOWN, FIRST, _day(DAYS))
    method = Method(country, largest=largest)
    connection = register(**found)
    rows = homes(connection, span, method).to_pylist()
    for number in range(DAYS):
        day = _day(number)
        if actual:
            span = Span(KNOWN, day, day + timedelta(days=1))
            with put_up(connection, [(day, KNOWN)], Sources("linked_abode")):
                rows = homes(connection, span, method).to_pylist()
        here = [row for row in rows if row["valid_from"] <= day < row["valid_to"]]
        answers = {row["person"]: said(row) for row in here}
        assert len(answers) == len(here), "nobody is in two households"
        assert answers == plain(found, day, plainly, largest, actual=actual)


def _one(n: int, born: int, sex: int, mother: int | None = None) -> dict[str, Any]:
    return {"person": n, "born": date(born, 1, 1), "sex": sex, "mother": mother, "father": None}


#: A married couple, one of them named by a number that was merged; two women of whom the younger is
#: the elder's child, by a number that was merged as well; a woman and a man, and someone alone.
_TOLD: dict[str, list[Any]] = {
    "persons": [_one(1, 1980, 1), _one(2, 1960, 2), _one(3, 1950, 2), _one(4, 1990, 2, mother=98),
                _one(5, 1970, 2, mother=96), _one(6, 1972, 1, mother=97), _one(7, 1940, 1)],
    "homes": [(n, home, FIRST, OPEN) for n, home in enumerate((1, 1, 2, 2, 3, 3, 4), start=1)],
    "marriages": [(1, 2, 99, FIRST, OPEN), (2, 2, 1, FIRST, OPEN)],
    "merged": [(99, 2), (98, 3)],
}  # fmt: skip
#: What becomes known later: in each case one thing, in dwellings of which nothing else changes.
_LATER: dict[str, dict[str, list[Any]]] = {
    "nothing": {},
    "a move": {"homes": [*_TOLD["homes"][:5], (6, 4, FIRST, OPEN), (7, 4, FIRST, OPEN)]},
    "who lived here is gone": {"homes": _TOLD["homes"][:6]},
    "a move on another day": {"homes": [*_TOLD["homes"][:6], (7, 4, _day(20), OPEN)]},
    "no wedding": {"marriages": []},
    "a mother": {"persons": [*_TOLD["persons"][:5], _one(6, 1992, 1, mother=5),
                             _TOLD["persons"][6]]},
    "a number that names a mother": {"merged": [(99, 2)]},
    "that two have one mother": {"merged": [(99, 2), (98, 3), (97, 96)]},
    "a number that names a spouse": {"merged": [(98, 3)]},
}  # fmt: skip


@pytest.mark.parametrize("days", [1, 40])
@pytest.mark.parametrize("later", _LATER)
@pytest.mark.parametrize("turned", [False, True])
def test_several_knowledge_dates_at_once_are_each_of_them_by_itself(
    later: str, days: int, *, turned: bool
) -> None:
    versions = [_TOLD, _TOLD | _LATER[later]][:: -1 if turned else 1]
    known = [KNOWN, KNOWN + timedelta(days=100), OPEN]
    connection = empty()
    for part, before, after in ((name, *(v[name] for v in versions)) for name in _TOLD):
        for row in [*before, *(one for one in after if one not in before)]:
            times = [n for n, rows in enumerate((before, after)) if row in rows]
            since, until = known[times[0]], known[times[-1] + 1]
            if part == "merged":
                values = [*row, since, until]
                connection.execute("INSERT INTO identity VALUES (?, ?, ?, ?, 1)", values)
            else:
                rows = {
                    name: [row] if name == part else []
                    for name in ("persons", "homes", "marriages")
                }
                tell(connection, (since, until), **rows)
    publish(connection)
    # Twice within one version, and in each.
    spans = [
        Span(at + timedelta(days=5 * more), _day(3), _day(3 + days))
        for at in known[:2] for more in (0, 1)
    ]  # fmt: skip
    make_table(connection, spans)
    changed = connection.sql("SELECT dwelling FROM changing_residence").fetchall()
    assert (changed != []) == (later != "nothing")
    seen = []
    for span in spans:
        found = connection.sql(
            "SELECT * EXCLUDE (known_from, known_to) FROM household "
            "WHERE known_from <= $at AND known_to > $at",
            params={"at": span.known_at},
        ).to_arrow_table()
        order = [("person", "ascending"), ("valid_from", "ascending")]
        seen.append(found.sort_by(order).to_pylist())
        assert seen[-1] == homes(connection, span).sort_by(order).to_pylist()
    assert (seen[0] == seen[2]) == (later == "nothing")
