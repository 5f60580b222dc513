"""The rules of households and families, told in plain Python: slow, and sharing no code.

One dwelling on one day; `families` says of each who lives there what it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import combinations

from tests.reference.register import OPEN


@dataclass(frozen=True)
class Lodger:
    """One who lives in a dwelling on a day."""

    person: int
    born: date | None
    sex: int
    mother: int | None = None
    father: int | None = None
    married: bool = False
    spouse: int | None = None


@dataclass(frozen=True)
class Answer:
    """What somebody is in household and family."""

    household: int
    size: int
    household_type: str
    youngest: str
    family: int
    family_size: int
    family_type: str
    role: int
    couple: str
    parents: str


@dataclass(frozen=True)
class PlainRule:
    """When two are inferred to cohabit."""

    least_age: int
    age_difference: int
    no_other_adult: bool = False
    same_sex_with_child: bool = False


def completed_years(born: date | None, day: date) -> int | None:
    """Birthdays so far; the one of 29 February is on 1 March where there is no such day."""
    if born is None:
        return None
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def families(lodgers: list[Lodger], day: date, rule: PlainRule, largest: int) -> dict[int, Answer]:
    """Everybody of one dwelling."""
    eldest_first = sorted(lodgers, key=lambda who: (who.born or OPEN, who.person))
    household = eldest_first[0].person
    if len(lodgers) > largest:
        return {
            who.person: Answer(who.person, 0, "other", "none", who.person, 0, "other",
                               0, "no", "not_a_child" if is_adult(who, day) else "neither")
            for who in lodgers
        }  # fmt: skip
    couples = couples_of(eldest_first, day, rule)
    of = {name: (pair, kind) for pair, kind in couples.items() for name in pair}
    by_name = {who.person: who for who in lodgers}
    child_of = {}
    for who in lodgers:
        parents = [p.person for p in lodgers if is_parent(p, who)]
        has_child = any(is_parent(who, other) for other in lodgers)
        if parents and not has_child and who.person not in of:
            child_of[who.person] = who.mother if who.mother in parents else parents[0]
    groups = [set(pair) for pair in couples]
    groups += [{who.person} for who in lodgers if who.person not in of | child_of]
    for child, parent in child_of.items():
        next(group for group in groups if parent in group).add(child)
    minors = {name for name in child_of if not is_adult(by_name[name], day)}
    youngest = "none" if not child_of else "adult"
    if minors:
        small = any((completed_years(by_name[name].born, day) or 0) < 6 for name in minors)
        youngest = "small" if small else "older"
    answers = {}
    for group in groups:
        grown = [who for who in eldest_first if who.person in group - set(child_of)]
        kind = of[grown[0].person][1] if len(grown) == 2 else ""
        children = bool(group & set(child_of))
        family_type = type_of_family(grown, kind, children)
        for name in group:
            role = 3 if name in child_of else 1 if name == grown[0].person else 2
            answers[name] = Answer(
                household, len(lodgers), type_of_household(groups, family_type, youngest),
                youngest, grown[0].person, len(group), family_type, role,
                of[name][1] if name in of else "no",
                lives_with(by_name[name], day, grown, kind) if role == 3
                else "not_a_child" if is_adult(by_name[name], day) else "neither",
            )  # fmt: skip
    return answers


def is_adult(who: Lodger, day: date) -> bool:
    """Of 18 years; who is of unknown age is grown up."""
    years = completed_years(who.born, day)
    return years is None or years >= 18


def is_parent(one: Lodger, child: Lodger) -> bool:
    """A parent is somebody else, and older."""
    if one.person == child.person or one.person not in (child.mother, child.father):
        return False
    if child.born is None:
        return True
    return one.born is None or one.born < child.born


def couples_of(
    eldest_first: list[Lodger], day: date, rule: PlainRule
) -> dict[tuple[int, int], str]:
    """Spouses, then parents of a common child, then the only two who could be a couple."""
    found: dict[tuple[int, int], str] = {}
    for a, b in combinations(eldest_first, 2):
        if a.spouse == b.person and b.spouse == a.person:
            found[a.person, b.person] = "married"
    for child in reversed(eldest_first):
        parents = [who for who in eldest_first if is_parent(who, child)]
        if len(parents) == 2 and not {p.person for p in parents} & taken(found):
            a, b = parents
            if a.sex != b.sex or rule.same_sex_with_child:
                found[a.person, b.person] = "common_child"
    free = [who for who in eldest_first if who.person not in taken(found)]
    possible = [pair for pair in combinations(free, 2) if could_cohabit(*pair, day, rule)]
    if len(possible) == 1:
        pair = possible[0]
        others = [who for who in eldest_first if who not in pair]
        if not (rule.no_other_adult and any(is_adult(who, day) for who in others)):
            found[pair[0].person, pair[1].person] = "inferred"
    return found


def taken(found: dict[tuple[int, int], str]) -> set[int]:
    """Who is in a couple already."""
    return {name for pair in found for name in pair}


def could_cohabit(a: Lodger, b: Lodger, day: date, rule: PlainRule) -> bool:
    """Unmarried, of opposite sex, old enough, near enough in age, and no kin."""
    if a.married or b.married or {a.sex, b.sex} != {1, 2} or a.born is None or b.born is None:
        return False
    if any((completed_years(who.born, day) or 0) < rule.least_age for who in (a, b)):
        return False
    elder, younger = sorted((a.born, b.born))
    if (completed_years(elder, younger) or 0) >= rule.age_difference:
        return False
    siblings = (a.mother and a.mother == b.mother) or (a.father and a.father == b.father)
    return not (siblings or is_parent(a, b) or is_parent(b, a))


def type_of_family(grown: list[Lodger], kind: str, children: bool) -> str:
    """As Statistics Norway has them."""
    if len(grown) == 2:
        base = "married_couple" if kind == "married" else "cohabiting_couple"
        return base + ("_with_children" if children else "")
    if not children:
        return "single"
    return "mother_with_children" if grown[0].sex == 2 else "father_with_children"


def type_of_household(groups: list[set[int]], family_type: str, youngest: str) -> str:
    """By its one family, or as one of several."""
    minors = youngest in ("small", "older")
    if len(groups) > 1:
        return "several_families_with_children" if minors else "several_families"
    if family_type == "single":
        return "living_alone"
    if not family_type.endswith("with_children"):
        return "couple_without_children"
    if not minors:
        return "adult_children"
    one = family_type.startswith(("mother", "father"))
    return "parent_with_children" if one else family_type


def lives_with(child: Lodger, day: date, grown: list[Lodger], kind: str) -> str:
    """Whom of its parents a child of under 18 lives with."""
    if is_adult(child, day):
        return "not_a_child"
    own = [who for who in grown if is_parent(who, child)]
    if len(own) == 2:
        return "married" if kind == "married" else "cohabiting"
    first = "mother" if own[0].person == child.mother else "father"
    return first if len(grown) == 1 else f"{first}_and_step_parent"
