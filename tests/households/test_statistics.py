"""Households, families, couples and children, counted; and their variables wherever they stand."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from folkestrom.analysis.rates.occurrence import occurrences
from folkestrom.disclosure import named
from folkestrom.errors import UsageError
from folkestrom.households.codes import HouseholdType
from folkestrom.households.homes import Method, Span, homes
from folkestrom.households.rules import COHABITATION_RULES, cohabitation_rule
from folkestrom.outputs.cells import published
from folkestrom.statistics.changes import changes
from folkestrom.statistics.households.counted import households
from folkestrom.statistics.households.units import units
from folkestrom.statistics.periods import Period, year
from folkestrom.statistics.population import population
from tests.households.small import register
from tests.reference.register import OPEN
from tests.statistics.small_store import RESIDENT, hand_made, insert

DAY = date(2021, 1, 1)
KNOWN = date(2022, 1, 1)
OLD = date(1999, 12, 31)


def person(n: int, dwelling: int | None, born: date, sex: int = 1, **more: Any) -> dict[str, Any]:
    return {"person": n, "dwelling": dwelling, "birth_date": born, "sex": sex, "position": n} | more


def fixed(n: int, born: date, sex: int = 1, mother: int | None = None, father: int | None = None
          ) -> tuple[Any, ...]:  # fmt: skip
    return (n, sex, born, 166, mother, father, 3, OLD, OPEN, date(2000, 1, 1), OPEN, n)


#: A married couple with children of 5 and 20, a pair of students, one alone, and one nowhere.
BORN = {
    1: date(1980, 6, 1), 2: date(1982, 6, 1), 3: date(2015, 3, 1), 4: date(2000, 3, 1),
    5: date(1999, 1, 1), 6: date(2000, 1, 1), 7: date(1950, 1, 1), 8: date(1970, 1, 1),
}  # fmt: skip
SEX = {1: 1, 2: 2, 3: 1, 4: 2, 5: 1, 6: 2, 7: 2, 8: 1}
HOME = {1: 10, 2: 10, 3: 10, 4: 10, 5: 11, 6: 11, 7: 12, 8: None}


def store(moved: date | None = None) -> Any:
    stays = [person(n, HOME[n], BORN[n], SEX[n]) for n in BORN]
    if moved is not None:  # the daughter moves out to live alone
        stays[3]["valid_to"] = moved
        stays.append(person(4, 13, BORN[4], 2) | {"valid_from": moved, "position": 40})
    kin = {3: (2, 1), 4: (2, 1)}
    known = (date(2000, 1, 1), OPEN)
    return hand_made(
        stays,
        attribute=[fixed(n, BORN[n], SEX[n], *kin.get(n, (None, None))) for n in BORN],
        marital=[(1, 2, 2, OLD, OPEN, *known, 1), (2, 2, 1, OLD, OPEN, *known, 2)],
    )


def rows(found: Any) -> list[tuple[Any, ...]]:
    return pl.DataFrame(found.data).rows()


def test_households_by_type_with_totals_and_persons_for_each() -> None:
    found = households(store(), DAY, known_at=KNOWN, totals=True)
    assert sorted(rows(found)) == sorted([
        ("total", 3, 8, 2.33),
        ("living_alone", 1, 1, 1.0),
        ("couple_without_children", 1, 2, 2.0),
        ("married_couple_with_children", 1, 4, 4.0),
        ("unknown", 0, 1, None),
    ])  # fmt: skip


def test_families_couples_and_children() -> None:
    assert Counter(households(store(), DAY, known_at=KNOWN, count="families").data["family_type"]
                   .to_pylist())["married_couple_with_children"] == 1  # fmt: skip
    couples = households(store(), DAY, known_at=KNOWN, count="couples")
    assert rows(couples) == [("married", 1), ("inferred", 1)]
    assert rows(households(store(), DAY, known_at=KNOWN, count="children")) == [("married", 1)]
    by_sex = households(store(), DAY, ["sex"], KNOWN, count="children")
    assert rows(by_sex) == [("male", 1)]


def test_the_stricter_rule_infers_fewer() -> None:
    few = Method("NO", age_difference=1)
    couples = households(store(), DAY, known_at=KNOWN, count="couples", method=few)
    assert rows(couples) == [("married", 1)]


def test_variables_are_those_of_the_day_and_of_every_day() -> None:
    moved = date(2020, 7, 1)
    connection = store(moved)
    stock = population(connection, DAY, ["household_type", "household_size"], KNOWN)
    assert ("living_alone", 1, 2) in rows(stock)
    days = {d: rows(population(connection, d, ["household_type"], KNOWN)) for d in (moved, DAY)}
    assert ("living_alone", 1) in days[moved]
    assert ("living_alone", 2) in days[DAY]


def test_exposure_is_the_sum_of_the_days() -> None:
    moved = date(2020, 7, 1)
    connection = store(moved)
    year = Period(date(2020, 1, 1), DAY)
    found = occurrences(connection, year, ["household_type"], "death", known_at=KNOWN)
    days = dict(zip(*(found.data[c].to_list() for c in ("household_type", "days")), strict=True))
    plain: Counter[str] = Counter()
    for number in range(366):
        day = date(2020, 1, 1) + timedelta(days=number + 1)
        plain.update(dict(rows(population(connection, day, ["household_type"], KNOWN))))
    assert {str(k): v for k, v in days.items()} == dict(plain)


def test_a_crowded_dwelling_is_no_household_and_is_told() -> None:
    found = households(store(), DAY, known_at=KNOWN, method=Method("NO", largest=3))
    assert ("other", 0, 4, None) in rows(found)
    assert any("1 dwellings with 4 persons" in note.en for note in found.specification.footnotes)


def test_two_households_under_one_key_are_one_and_told() -> None:
    """The rule is that of the definition: all who live in one dwelling."""
    connection = store()
    connection.execute("UPDATE stay SET dwelling = 10 WHERE person IN (5, 6)")
    before = households(connection, DAY, known_at=KNOWN)
    assert not any("share a key" in note.en for note in before.specification.footnotes)
    for one, other in ((5, 6), (6, 5)):
        wed = (one, 2, other, OLD, OPEN, date(2000, 1, 1), OPEN, 50 + one)
        insert(connection, "marital", [wed])
    found = households(connection, DAY, known_at=KNOWN)
    notes = " ".join(note.en for note in found.specification.footnotes)
    assert "one household: 1 dwellings with 6 persons have two or more married couples" in notes
    assert ("several_families_with_children", 1, 6, 6.0) in rows(found)


def test_what_cannot_be_is_told_and_not_used() -> None:
    connection = store()
    connection.execute("UPDATE marital SET partner = 1 WHERE person = 1")
    connection.execute("UPDATE attribute SET mother = 3 WHERE person = 5")
    found = households(connection, DAY, known_at=KNOWN)
    notes = " ".join(note.en for note in found.specification.footnotes)
    assert "1 persons married to themselves, 1 no younger than a parent" in notes
    # The parents of common children cohabit instead.
    assert ("cohabiting_couple_with_children", 1, 4, 4.0) in rows(found)


def test_a_late_report_is_described_as_of_its_own_day() -> None:
    born, late = date(2019, 6, 1), date(2020, 6, 1)
    connection = store()
    child = person(9, 10, born, valid_from=born, position=9)
    insert(connection, "stay", [tuple((RESIDENT | child | {"unit": 1}).values())])
    insert(connection, "attribute", [fixed(9, born, 1, 2, 1)])
    insert(connection, "event", [(9, 9, 2, born, 1, late, None, 301, None, 3010001, None, None, 1,
                                  born, late, OPEN)])  # fmt: skip
    found = changes(connection, [year(2020)], ["parents_living_together"])
    assert rows(found)[0][:3] == ("2020", "married", 1)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"by": ["sex"]}, "not the same for all members"),
        ({"population": "actual"}, "actual_dwelling"),
        ({"method": Method("IS")}, "has no rule"),
    ],
)
def test_bad_questions_are_answered(asked: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        households(store(), DAY, known_at=KNOWN, **asked)


def test_a_rule_has_a_source_and_days() -> None:
    assert all(rule.citation for rule in COHABITATION_RULES)
    with pytest.raises(UsageError, match="later date"):
        cohabitation_rule("DK", date(2005, 1, 1))


def test_a_key_that_thousands_share_is_swept_once() -> None:
    many = 30_000
    connection = register([], [])
    connection.execute(
        """INSERT INTO stay (person, dwelling, valid_from, valid_to, known_from, known_to,
             municipality, basic_unit, sex, position, unit)
           SELECT n, 1, DATE '2010-01-01' + (n % 3000)::INTEGER, DATE '2019-01-01'
             + (n % 700)::INTEGER, DATE '2020-01-01', DATE '9999-12-31', 301, 301, 0, n, 1
           FROM range(1, ?) AS of(n)""",
        [many + 1],
    )
    span = Span(date(2020, 1, 1), date(2009, 1, 1), date(2021, 1, 1))
    found = pl.DataFrame(homes(connection, span))
    apart = found.filter(household_type=int(HouseholdType.OTHER))
    # Ten come on each of the first five days, and the last day has few more than 40.
    few = found.filter(household_type=int(HouseholdType.SEVERAL_FAMILIES))
    assert (few["valid_from"] < date(2010, 1, 6)).sum() == 10 + 20 + 30 + 40 + 50
    assert 40 < found.height - apart.height - 150 < 50
    assert apart["person"].n_unique() == many
    assert apart.height == many


def test_children_of_a_family_and_siblings() -> None:
    stock = population(store(), DAY, ["siblings_at_home", "family_children"], KNOWN)
    assert {row[:2]: row[2] for row in rows(stock)} == {
        (1, 2): 2, (None, 2): 2, (None, 0): 3, (None, None): 1
    }  # fmt: skip
    families = households(store(), DAY, ["family_children"], KNOWN, count="families")
    assert [row[:2] for row in rows(families)] == [(0, 2), (2, 1), (None, 0)]


def test_units_of_several_days_are_those_of_each_day() -> None:
    connection = store(date(2020, 7, 1))
    days = [date(2020, 1, 1), DAY]
    of = {"households": "household_type", "families": "family_type", "couples": "cohabiting",
          "children": "parents_living_together"}  # fmt: skip
    together = units(connection, days, [*of.values()], [*of, "private_persons"])
    found = pl.DataFrame(together.data)
    for day in days:
        known = date(day.year, 2, 1)
        of_day = found.filter(date=day)
        for count, by in of.items():
            alone = households(connection, day, [by], known, count=count)
            sums = of_day.group_by(pl.col(by).cast(str)).agg(pl.col(count).sum()).rows()
            plain = {row[0]: row[1] for row in rows(alone) if row[1]}
            assert {code: n for code, n in sums if n} == plain
        assert of_day["private_persons"].sum() == 7


def test_what_is_published_tells_neither_few_households_nor_persons_by_type() -> None:
    many = [person(100 + n, 100 + n, date(1950, 1, 1)) for n in range(40)]
    connection = store()
    insert(connection, "stay", [tuple((RESIDENT | one | {"unit": 1}).values()) for one in many])
    cells = households(connection, DAY, known_at=KNOWN, means=False, amounts=False)
    shown = published(cells, named("statistics"), totals=True)
    assert [m.id for m in shown.specification.measures] == ["households"]
    # The many are hidden too: what is left of the total is of the two few.
    assert {row[0]: row[1] for row in rows(shown) if row[1] is not None} == {"total": 43}
    assert len(rows(shown)) == 4
    by_place = households(connection, DAY, ["county"], KNOWN, means=False, amounts=False)
    (whole,) = rows(published(by_place, named("statistics")))
    assert whole[1:] == (43, 47, 1.09)
