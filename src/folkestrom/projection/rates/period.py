"""Life tables of counts: deaths, or several ways out, and the person-years that they came from.

How sure they are is by Chiang (1984, *The Life Table and its Applications*), who takes the deaths
of each group as binomial; of the open group's rate, by Silcocks, Jenner and Reza (2001, *Journal
of Epidemiology and Community Health* 55: 38-43). Several ways out are multiple decrements: Preston,
Heuveline and Guillot (2001, chapter 4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from folkestrom.projection.rates.estimates import CLOSED_FROM, closed
from folkestrom.projection.rates.life_table import (
    Floats,
    Infants,
    LifeTable,
    Sex,
    life_table,
    years_of_dying,
)

#: The open age group begins here, or earlier where the data end, but no earlier than the second.
OPEN_AGE: Final = 100
LEAST_OPEN_AGE: Final = 80


@dataclass(frozen=True, slots=True)
class Choices:
    """How a life table is made of counts.

    Parameters
    ----------
    sex
        Whose it is; None: nobody's, as when it is of durations.
    abridged
        Of ages 0, 1-4, 5-9 …; else of single years.
    infants
        Whose formula of a0.
    open_age
        First age of the open group.
    closing
        "kannisto": death rates from 85 on are those of Kannisto's model.
    death
        Which of the ways out is death; None: none.
    least
        Where data end early, the open group begins no earlier.
    """

    sex: Sex | None
    abridged: bool = False
    infants: Infants = "andreev-kingkade"
    open_age: int = OPEN_AGE
    closing: Literal["none", "kannisto"] = "none"
    death: int | None = 0
    least: int = LEAST_OPEN_AGE


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """What a life table is made of, by its age groups.

    Parameters
    ----------
    age : array of shape (groups,)
        First ages; the last group is open.
    events, rate : arrays of shape (exits, groups)
        Events of each way out, as counted; and rates.
    exposure : array of shape (groups,)
        Person-years.
    """

    age: Floats
    events: Floats
    rate: Floats
    exposure: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Decrements:
    """A life table of several ways out.

    Parameters
    ----------
    table
        Of all of them together.
    probability : array of shape (..., exits, groups)
        Of leaving in the group by each, for who reaches it.
    ever : array of shape (..., exits, groups)
        Of ever leaving by it, for who reaches the group.
    """

    table: LifeTable
    probability: Floats
    ever: Floats


def observed(events: Floats, exposure: Floats, choices: Choices) -> Observed | None:
    """Rates by the age groups of a life table; None where there are too few events for one.

    The open group begins at the age that was chosen; where a group below that has nobody exposed,
    or nobody leaves from it on, earlier, but not before the least. The table begins at the
    first age from which on anybody was exposed at every age.

    Parameters
    ----------
    events : array of shape (exits, ages)
        At completed age 0, 1, 2 …
    exposure : array of shape (ages,)
        Person-years.
    choices
        How the table is made.

    Examples
    --------
    >>> found = observed(np.full((1, 101), 2.0), np.full(101, 100.0), Choices("male", True))
    >>> found.age[:4].tolist(), found.rate[0, -1:].tolist()
    ([0.0, 1.0, 5.0, 10.0], [0.02])
    """
    model = None
    if choices.closing == "kannisto" and choices.death is not None:
        model = closed(events[choices.death], exposure)
    starts = np.arange(events.shape[1])
    if choices.abridged:
        starts = starts[(starts % 5 == 0) | (starts == 1)]
    starts = starts[starts <= choices.open_age]
    counted = np.add.reduceat(events, starts, axis=1)
    years = np.add.reduceat(exposure, starts)
    least = min(choices.least, choices.open_age)
    empty = np.flatnonzero((years <= 0) & (starts >= least))
    happened = np.flatnonzero(counted.sum(axis=0) > 0)
    exposed = np.flatnonzero(years > 0)
    if not happened.size or not exposed.size:
        return None
    last = min(happened[-1], exposed[-1], *empty[:1])
    if starts[last] < least:
        return None
    expected = events.copy()
    if model is not None:
        expected[choices.death, CLOSED_FROM:] = (model * exposure)[CLOSED_FROM:]
    gaps = np.flatnonzero(years[:last] <= 0)
    begin = int(gaps[-1]) + 1 if gaps.size else 0
    starts = starts[begin : last + 1]
    counted, rate = (_summed(numbers, starts) for numbers in (events, expected))
    years = _summed(exposure, starts)
    rate = rate / years
    if model is not None:
        rate[choices.death, -1] = _open_rate(model[starts[-1] :])
    return Observed(starts.astype(np.float64), counted, rate, years)


def _summed(numbers: Floats, starts: NDArray[np.intp]) -> Floats:
    return np.asarray(np.add.reduceat(numbers, starts, axis=-1), np.float64)


def _open_rate(rate: Floats) -> float:
    """Death rate of an open group of a stationary population, by single years of it."""
    if not rate[-1] > 0:
        return float(rate.mean())
    table = life_table(np.arange(rate.size, dtype=np.float64), rate, np.full(rate.size, 0.5))
    return float(1 / table.expectation[0])


def decrements(age: Floats, rate: Floats, choices: Choices) -> Decrements:
    """The life table of rates of leaving by several ways.

    Who leaves otherwise than by death in a group has lived half of it.

    Parameters
    ----------
    age : array of shape (groups,)
        First ages.
    rate : array of shape (..., exits, groups)
        Rates of each way out, of which some is above 0 in the last group.
    choices
        How the table is made.

    Examples
    --------
    >>> rate = np.array([[0.01, 0.02], [0.03, 0.02]])
    >>> found = decrements(np.array([0.0, 1.0]), rate, Choices(None))
    >>> found.ever.round(3).tolist()
    [[0.49, 0.5], [0.51, 0.5]]
    """
    together = rate.sum(axis=-2)
    within = np.broadcast_to(np.append(np.diff(age), 0) / 2, together.shape)
    share = np.divide(rate, together[..., None, :], out=np.zeros_like(rate),
                      where=together[..., None, :] > 0)  # fmt: skip
    if choices.death is not None:
        dead = choices.death
        dying = years_of_dying(age, rate[..., dead, :], choices.sex, choices.infants)
        within = within + share[..., dead, :] * (dying - within)
    table = life_table(age, together, within)
    probability = table.probability[..., None, :] * share
    leaving = table.survivors[..., None, :] * probability
    later = np.cumsum(leaving[..., ::-1], axis=-1)[..., ::-1]
    reached = np.broadcast_to(table.survivors[..., None, :], later.shape)
    ever = np.divide(later, reached, out=np.zeros_like(later), where=reached > 0)
    return Decrements(table, probability, ever)


def period_life_table(deaths: Floats, exposure: Floats, sex: Sex) -> LifeTable | None:
    """The life table of a population, by single years of age; None where it is too small for one.

    Parameters
    ----------
    deaths, exposure : arrays of shape (ages,)
        Deaths, and person-years, at ages 0, 1, 2 …
    sex
        Whose they are.

    Examples
    --------
    >>> deaths, years = np.full(101, 2.0), np.full(101, 100.0)
    >>> round(float(period_life_table(deaths, years, "female").expectation[0]), 2)
    50.0
    >>> period_life_table(deaths[:70], years[:70], "female") is None
    True
    """
    choices = Choices(sex)
    found = observed(deaths[None], exposure, choices)
    if found is None or found.age[0] > 0:
        return None
    return decrements(found.age, found.rate, choices).table


def expectation_errors(table: LifeTable, events: Floats) -> Floats:
    """Standard errors of the remaining years at each age.

    Parameters
    ----------
    table
        The life table.
    events : array of shape (groups,)
        Deaths, or events of all ways out together, that it is made of.

    Examples
    --------
    >>> table = life_table(np.array([0.0, 1.0]), np.array([0.01, 0.02]), np.array([0.5, 0.0]))
    >>> expectation_errors(table, np.array([10.0, 100.0])).round(2).tolist()
    [4.95, 5.0]
    """
    gain = np.diff(table.age) - table.years_of_dying[:-1] + table.expectation[1:]
    dying = table.probability[:-1]
    variance = np.append(
        gain**2 * dying * (1 - dying) * _trials(table, events)[:-1],
        _over(table.years_of_dying[-1:] ** 2, events[-1:]),
    )
    return _errors(table, variance)


def ever_errors(found: Decrements, events: Floats) -> Floats:
    """Standard errors of the probability of ever leaving, by each way out and age.

    Parameters
    ----------
    found
        The life table.
    events : array of shape (exits, groups)
        Events of each way out.
    """
    trials = _trials(found.table, events.sum(axis=0))
    errors = []
    for probability, ever in zip(found.probability, found.ever, strict=True):
        after = np.append(ever[1:], 0)
        # Who goes by this way adds 1 to what would else be the probability later on.
        other = found.table.probability - probability
        mean = probability * (1 - after) - other * after
        variance = probability * (1 - after) ** 2 + other * after**2 - mean**2
        errors.append(_errors(found.table, variance * trials))
    return np.array(errors)


def _trials(table: LifeTable, events: Floats) -> Floats:
    """One by the number who reached each group, of whom that many left."""
    return _over(table.probability, events)


def _errors(table: LifeTable, variance: Floats) -> Floats:
    later = np.cumsum((table.survivors**2 * variance)[::-1])[::-1]
    return np.sqrt(_over(np.maximum(later, 0), table.survivors**2))


def _over(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
