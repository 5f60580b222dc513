"""How variables are made: of numbers, of codes, of groups, of places."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Final

from folkestrom.classifications.age_groups import AgeGroups
from folkestrom.classifications.code_lists import UNKNOWN_CODE, country_code, country_label, named
from folkestrom.model.countries import COUNTRY_CODES, UNKNOWN
from folkestrom.model.specification import Category, Dimension, Text
from folkestrom.variables import sources
from folkestrom.variables.sources import Source
from folkestrom.variables.variable import UNKNOWN_CATEGORY, Decoder, Variable

NO_YES: Final = {"no": Text("No", "Nei"), "yes": Text("Yes", "Ja")}


def number(id: str, label: Text, sql: str, *needs: Source, **more: Any) -> Variable:
    """A variable whose numbers are its codes."""
    shown = {key: more.pop(key) for key in ("classification", "labels") if key in more}
    shown.setdefault("labels", named(str))
    return Variable(Dimension(id, label, **shown), sql, frozenset(needs), **more)


def listed(
    dimension: Dimension,
    sql: str,
    *needs: Source,
    numbers: Mapping[str, int] | None = None,
    everybody: bool = False,
    **more: Any,
) -> Variable:
    """A variable with the codes of its dimension, which stand for 0, 1, … unless `numbers` says.

    Who has none of them is unknown, unless `everybody` has one.
    """
    codes = [category.code for category in dimension.categories]
    stand_for = numbers or {code: n for n, code in enumerate(codes) if code != UNKNOWN_CODE}
    levels = tuple(code for code in codes if code in stand_for)
    named_by = {number: code for code, number in stand_for.items()}
    made = Variable(dimension, sql, frozenset(needs), named_by.__getitem__, **more)
    rest = () if everybody or UNKNOWN_CODE in levels else (UNKNOWN_CODE,)
    return made.with_levels((*levels, *rest), (stand_for[level] for level in levels))


def enumerated(kind: type[IntEnum]) -> dict[str, int]:
    """The numbers of codes that are called as the members of an enumeration, in lower case."""
    return {member.name.lower(): int(member) for member in kind}


def classified(
    id: str, label: Text, labels: Mapping[str, Text], sql: str, *needs: Source,
    classification: str = "", everybody: bool = False, **more: Any,
) -> Variable:  # fmt: skip
    """A variable with codes of its own."""
    rest = () if everybody else (UNKNOWN_CATEGORY,)
    categories = (*(Category(code, text) for code, text in labels.items()), *rest)
    dimension = Dimension(id, label, categories, classification)
    return listed(dimension, sql, *needs, everybody=everybody, **more)


def flag(id: str, label: Text, condition: str, *needs: Source, note: Text) -> Variable:
    """A variable that is yes where a condition holds, else no."""
    sql = f"CASE WHEN {condition} THEN 1 ELSE 0 END"
    return classified(id, label, NO_YES, sql, *needs, everybody=True, note=note)


def grouped(made: AgeGroups, label: Text, age: str, *needs: Source, **more: Any) -> Variable:
    """A variable of groups of ages."""
    categories = (*made.categories, UNKNOWN_CATEGORY)
    dimension = Dimension(made.name, label, categories, classification="Age")
    return listed(dimension, made.sql(age), *needs, **more)


def country(id: str, label: Text, column: str, *needs: Source, **more: Any) -> Variable:
    """A variable of countries; the unknown is one of them."""
    dimension = Dimension(id, label, classification="ISO 3166-1 alpha-2", labels=country_label)
    known = f"coalesce({column}, {COUNTRY_CODES[UNKNOWN]})"
    return Variable(dimension, known, frozenset(needs), country_code, **more)


def place(dimension: Dimension, sql: str, decode: Decoder, need: Source, **more: Any) -> Variable:
    """A variable of places."""
    return Variable(dimension, sql, frozenset({need}), decode, **more)


def completed(label: Text, source: sources.Completed, **more: Any) -> Variable:
    """A variable of completed years since a day."""
    shown = {"classification": "Completed years", **more}
    return number(source.name, label, source.name, source, **shown)
