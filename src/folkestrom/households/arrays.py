"""What goes into the sweep over dwellings, and what comes out: one array a column."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.integer[Any]]


class Pieces(NamedTuple):
    """Times in which a person lives in one dwelling with one spouse, one array a column.

    They lie by dwelling, then from the oldest to the youngest person. Days are numbers since
    1970-01-01; who is nobody, and what is unknown, is 0.

    Parameters
    ----------
    person, spouse, mother, father
        Pseudonyms; the spouse is who the person is married to, wherever that person lives.
    sex
        1 male, 2 female.
    born
        Day of birth as a number, 20001231 for 31 December 2000.
    school_on, adult_on, couple_on
        First days on which the person has completed 6 and 18 years, and the age for cohabitants.
    since, until
        The time, half-open.
    married
        Whether the person is married or a registered partner.
    """

    person: Ints
    spouse: Ints
    mother: Ints
    father: Ints
    sex: Ints
    born: Ints
    school_on: Ints
    adult_on: Ints
    couple_on: Ints
    since: Ints
    until: Ints
    married: Ints


class Rules(NamedTuple):
    """Parameters of the derivation; see `folkestrom.households.rules`.

    Parameters
    ----------
    age_difference
        So many completed years between two are too many.
    no_other_adult
        Whether nobody else of 18 years or more may live in the dwelling.
    same_sex, same_sex_with_child
        Whether two may be of one sex; whether so with a common child.
    largest
        A dwelling with more persons than this is no private household.
    first_private
        Pieces before this one are of persons in no private dwelling, each by himself.
    """

    age_difference: int
    no_other_adult: bool
    same_sex: bool
    same_sex_with_child: bool
    largest: int
    first_private: int


class Homes(NamedTuple):
    """Times in which nothing about a person's household changes, one array a column.

    Parameters
    ----------
    person
        Pseudonym.
    household, family
        The number of each: who is oldest of the household, and the family's reference person.
    since, until
        Days as numbers since 1970-01-01, half-open.
    size, family_size
        Persons of the household and of the family; 0 of who is in no private household, and whose
        household and family are numbered by the person.
    household_type, family_type, role, couple, parents, youngest
        Numbers of `folkestrom.households.codes`.
    """

    person: Ints
    household: Ints
    family: Ints
    since: Ints
    until: Ints
    size: Ints
    family_size: Ints
    household_type: Ints
    family_type: Ints
    role: Ints
    couple: Ints
    parents: Ints
    youngest: Ints
