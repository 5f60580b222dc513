"""Figures that a population is described by: ageing, growth, composition.

Persons of an age group lie evenly within it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from folkestrom.errors import UsageError
from folkestrom.projection.assumptions import Floats
from folkestrom.projection.structure import FEMALE, Structure

#: From when persons count as old, and from when as of working age.
OLD_AGE, WORKING_AGE = 65, 20
#: Shares of nobody are no numbers.
_OF_NOBODY = np.errstate(divide="ignore", invalid="ignore")


def persons_between(
    persons: Floats, structure: Structure, first: float, last: float = np.inf
) -> NDArray[np.float64]:
    """Persons of an interval of ages, [first, last), of both sexes.

    Parameters
    ----------
    persons
        By sex and age group: (…, 2, ages).
    structure
        The cells.
    first, last
        The ages.

    Examples
    --------
    >>> persons_between(np.ones((2, 4)), Structure(ages=4, width=10), 15, 30).tolist()
    3.0
    """
    lower, width = structure.lower_ages, structure.width
    if (oldest := max(first, last if np.isfinite(last) else 0)) > lower[-1]:
        raise UsageError(
            "is above the age from which all are one group", where="ages", value=oldest,
            allowed=f"0 to {lower[-1]}",
        )  # fmt: skip
    within = np.clip((min(last, 1e9) - lower) / width, 0, 1) - np.clip(
        (first - lower) / width, 0, 1
    )
    within[-1] = float(last == np.inf)
    return np.asarray((persons.sum(axis=-2) * within).sum(axis=-1))


@_OF_NOBODY
def old_age_dependency(
    persons: Floats, structure: Structure, old: float = OLD_AGE, working: float = WORKING_AGE
) -> NDArray[np.float64]:
    """Persons of old age for each of working age: 65 and over by 20 to 64, unless other is said.

    Parameters
    ----------
    persons, structure
        As for `persons_between`.
    old, working
        The ages from which they count.

    Examples
    --------
    >>> round(float(old_age_dependency(np.ones((2, 100)), Structure(ages=100))), 4)
    0.7778
    """
    return np.asarray(
        persons_between(persons, structure, old) / persons_between(persons, structure, working, old)
    )


@_OF_NOBODY
def share_of_ages(
    persons: Floats, structure: Structure, first: float, last: float = np.inf
) -> NDArray[np.float64]:
    """The share of an interval of ages among all.

    Parameters
    ----------
    persons, structure, first, last
        As for `persons_between`.

    Examples
    --------
    >>> float(share_of_ages(np.ones((2, 100)), Structure(ages=100), 80))
    0.2
    """
    return np.asarray(persons_between(persons, structure, first, last) / persons.sum(axis=(-2, -1)))


@_OF_NOBODY
def median_age(persons: Floats, structure: Structure) -> NDArray[np.float64]:
    """The age that half of the persons are below.

    Parameters
    ----------
    persons, structure
        As for `persons_between`.

    Examples
    --------
    >>> float(median_age(np.ones((2, 100)), Structure(ages=100)))
    50.0
    """
    below = persons.sum(axis=-2).cumsum(axis=-1)
    half = below[..., -1:] / 2
    place = (below < half).sum(axis=-1, keepdims=True)
    upper = np.take_along_axis(below, place, -1)
    lower = np.where(place > 0, np.take_along_axis(below, np.maximum(place - 1, 0), -1), 0.0)
    found = structure.width * (place + (half - lower) / (upper - lower))
    return np.asarray(found[..., 0])


def total_fertility(fertility: Floats, persons: Floats, structure: Structure) -> Floats:
    """Children per woman, of the women of each age together; of an age without any, plain means.

    Parameters
    ----------
    fertility
        Rates of groups by age: (…, groups, ages).
    persons
        By group, sex and age group: (…, groups, 2, ages).
    structure
        The cells.

    Examples
    --------
    >>> rates = np.repeat([[0.01], [0.03]], 100, axis=1)
    >>> persons = np.array([30.0, 10.0])[:, None, None].repeat(2, 1).repeat(100, 2)
    >>> float(total_fertility(rates, persons, Structure(ages=100)))
    1.5
    """
    women = persons[..., FEMALE, :]
    women = np.where(women.sum(axis=-2, keepdims=True) > 0, women, 1.0)
    by_age = (fertility * women).sum(axis=-2) / women.sum(axis=-2)
    return np.asarray(structure.width * by_age.sum(axis=-1))


def remaining_years(mortality: Floats, structure: Structure) -> NDArray[np.float64]:
    """Mean remaining years of life at the first age of each group, at rates of one period.

    Rates are constant within an age group (Preston, Heuveline and Guillot 2001, chapter 3); that
    of the open group must be above 0.

    Parameters
    ----------
    mortality
        By person-year: (…, ages).
    structure
        The cells.

    Examples
    --------
    >>> remaining_years(np.full(100, 0.02), Structure(ages=100))[[0, 50]].round(6).tolist()
    [50.0, 50.0]
    """
    years = structure.width
    hazard = np.maximum(mortality, 1e-12)
    left = np.zeros(hazard.shape)
    left[..., -1] = 1 / hazard[..., -1]
    survive, lived = np.exp(-years * hazard), -np.expm1(-years * hazard) / hazard
    for age in range(hazard.shape[-1] - 2, -1, -1):
        left[..., age] = lived[..., age] + survive[..., age] * left[..., age + 1]
    return left


@_OF_NOBODY
def prospective_dependency(
    persons: Floats, structure: Structure, mortality: Floats, remaining: float = 15,
    working: float = WORKING_AGE,
) -> NDArray[np.float64]:  # fmt: skip
    """Persons who have on average 15 years left, for each of working age below.

    By sex, at the rates of the year (Sanderson and Scherbov 2010, Science 329: 1287-1288).

    Parameters
    ----------
    persons, structure
        As for `persons_between`.
    mortality
        Rates of each sex: (…, 2, ages).
    remaining
        The years left from which on they count as old.
    working
        The age from which they count as of working age.

    Examples
    --------
    >>> rates = np.where(np.arange(120) < 65, 0.0, 1 / 15)
    >>> cells = Structure(ages=120)
    >>> float(prospective_dependency(np.ones((2, 120)), cells, np.stack([rates, rates])).round(3))
    1.222
    """
    left = remaining_years(mortality, structure)
    # Within the age group where it is passed, evenly.
    next_left = np.concatenate([left[..., 1:], left[..., -1:]], axis=-1)
    fall = left - next_left
    part = np.divide(left - remaining, fall, out=np.where(left > remaining + 1e-9, 1.0, 0.0),
                     where=fall > 1e-9)  # fmt: skip
    young = np.clip(part, 0, 1)
    of_age = np.clip((structure.lower_ages + structure.width - working) / structure.width, 0, 1)
    old = (persons * (1 - young)).sum(axis=(-2, -1))
    return np.asarray(old / (persons * young * of_age).sum(axis=(-2, -1)))


@_OF_NOBODY
def composition(
    persons: Floats, immigrants: Floats, structure: Structure
) -> dict[str, NDArray[np.float64]]:
    """The figures that a population is described by, if no others are asked for.

    Parameters
    ----------
    persons, structure
        As for `persons_between`; sexes may be one, of both together.
    immigrants
        How many of the persons are: (…).

    Returns
    -------
    dict
        Old-age dependency, median age, and those of 80 and over and immigrants in per cent.

    Examples
    --------
    >>> found = composition(np.ones((2, 100)), np.array(50.0), Structure(ages=100))
    >>> {name: round(float(figure), 3) for name, figure in found.items()}
    {'old_age_dependency': 0.778, 'median_age': 50.0, 'aged_80': 20.0, 'immigrants': 25.0}
    """
    return {
        "old_age_dependency": old_age_dependency(persons, structure),
        "median_age": median_age(persons, structure),
        "aged_80": 100 * share_of_ages(persons, structure, 80),
        "immigrants": np.asarray(100 * immigrants / persons.sum(axis=(-2, -1))),
    }
