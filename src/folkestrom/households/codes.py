"""Codes of households, families and couples; the numbers are those of the kernel's columns."""

from __future__ import annotations

from enum import IntEnum


class HouseholdType(IntEnum):
    """Types of households as Statistics Norway publishes them (StatBank table 06070).

    Small children are told from older ones by `Youngest`.
    """

    LIVING_ALONE = 1
    COUPLE_WITHOUT_CHILDREN = 2
    MARRIED_COUPLE_WITH_CHILDREN = 3
    COHABITING_COUPLE_WITH_CHILDREN = 4
    PARENT_WITH_CHILDREN = 5
    ADULT_CHILDREN = 6
    SEVERAL_FAMILIES = 7
    SEVERAL_FAMILIES_WITH_CHILDREN = 8
    OTHER = 9


class FamilyType(IntEnum):
    """Types of families; children are of any age."""

    SINGLE = 1
    MARRIED_COUPLE = 2
    MARRIED_COUPLE_WITH_CHILDREN = 3
    COHABITING_COUPLE = 4
    COHABITING_COUPLE_WITH_CHILDREN = 5
    MOTHER_WITH_CHILDREN = 6
    FATHER_WITH_CHILDREN = 7
    OTHER = 8


class Role(IntEnum):
    """What a person is in a family: the numbers are Statistics Norway's."""

    OTHER = 0
    REFERENCE = 1
    PARTNER = 2
    CHILD = 3


class Couple(IntEnum):
    """Whether a person lives in a couple, and what says so."""

    NO = 0
    MARRIED = 1
    COMMON_CHILD = 2
    INFERRED = 3


class Parents(IntEnum):
    """Whom of its parents a child of 0 to 17 years lives with (StatBank table 06239)."""

    NOT_A_CHILD = 0
    MARRIED = 1
    COHABITING = 2
    MOTHER = 3
    MOTHER_AND_STEP_PARENT = 4
    FATHER = 5
    FATHER_AND_STEP_PARENT = 6
    NEITHER = 7


class Youngest(IntEnum):
    """Age of the youngest child in the household."""

    NONE = 0
    SMALL = 1
    OLDER = 2
    ADULT = 3
