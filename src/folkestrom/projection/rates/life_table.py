"""The life table of rates, of any ages: pure numbers.

Preston, Heuveline and Guillot (2001), *Demography: measuring and modeling population processes*,
chapter 3. How long those live in their first year who die in it (a0) is by Andreev and Kingkade
(2015), as in the Human Mortality Database's protocol (version 6), or by Coale and Demeny (1983,
West), as in table 3.3 of that book; within five-year groups, by Greville (1943). Arrays end in an
axis of ages, and may have others before it: one table for each place of those.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from folkestrom.errors import InputRefused

Floats = NDArray[np.float64]
Sex = Literal["male", "female"]
SEXES: Final[tuple[Sex, Sex]] = ("male", "female")
Infants = Literal["andreev-kingkade", "coale-demeny"]

_Lines = tuple[tuple[float, float, float], ...]
#: a0 = constant + slope × m0, for m0 below each bound.
_INFANTS: Final[dict[Infants, dict[Sex, _Lines]]] = {
    # Andreev and Kingkade 2015, Table 1-4.
    "andreev-kingkade": {
        "male": ((0.02300, 0.14929, -1.99545), (0.08307, 0.02832, 3.26021), (np.inf, 0.29915, 0)),
        "female": ((0.01724, 0.14903, -2.05527), (0.06891, 0.04667, 3.88089),
                   (np.inf, 0.31411, 0)),
    },
    "coale-demeny": {
        "male": ((0.107, 0.045, 2.684), (np.inf, 0.330, 0)),
        "female": ((0.107, 0.053, 2.800), (np.inf, 0.350, 0)),
    },
}  # fmt: skip
#: The same of ages 1-4, by Coale and Demeny.
_CHILDREN: Final[dict[Sex, _Lines]] = {
    "male": ((0.107, 1.651, -2.816), (np.inf, 1.352, 0)),
    "female": ((0.107, 1.522, -1.518), (np.inf, 1.361, 0)),
}
#: Five-year groups from this age on are graduated, where both neighbours are such groups.
_GRADUATED_FROM: Final = 15


@dataclass(frozen=True, slots=True, eq=False)
class LifeTable:
    """Columns of a life table, arrays that end in the axis of ages.

    Parameters
    ----------
    age
        First age of each group; the last group is open.
    rate
        Death rates, per person-year.
    years_of_dying
        Mean years lived in the group by those who die in it (a).
    probability
        Of dying in the group, for who reaches it (q); 1 in the last.
    survivors
        To the first age, of 1 born (l).
    person_years
        Lived in the group, by 1 born (L).
    expectation
        Mean remaining years at the first age (e).
    """

    age: Floats
    rate: Floats
    years_of_dying: Floats
    probability: Floats
    survivors: Floats
    person_years: Floats
    expectation: Floats


def life_table(age: Floats, rate: Floats, years_of_dying: Floats) -> LifeTable:
    """The life table of death rates.

    Parameters
    ----------
    age : array of shape (groups,)
        First ages, in order; the last group is open.
    rate : array of shape (..., groups)
        Death rates per person-year, above 0 in the last group.
    years_of_dying : array of shape (..., groups)
        Mean years lived in the group by those who die in it; that of the last is not used, but
        follows from its rate.

    Raises
    ------
    InputRefused
        Arrays of other shapes, ages out of order, or rates that are none.

    Examples
    --------
    >>> table = life_table(np.array([0.0, 1.0]), np.array([0.01, 0.02]), np.array([0.5, 0.0]))
    >>> table.probability.round(4).tolist(), table.expectation.round(2).tolist()
    ([0.01, 1.0], [50.5, 50.0])
    """
    age, rate, within = (np.array(values, np.float64) for values in (age, rate, years_of_dying))
    if (
        not age.ndim == 1
        or not rate.shape == within.shape
        or not age.shape == rate.shape[-1:]
        or not np.all(np.diff(age) > 0)
    ):
        raise InputRefused("are not ages in order, with a number for each", where="life_table")
    if not age.size or not np.all(np.isfinite(rate) & (rate >= 0)) or not np.all(rate[..., -1] > 0):
        raise InputRefused(
            "are not death rates, above 0 in the last group", where="life_table, rate"
        )
    closed = np.diff(age)
    within[..., -1] = 1 / rate[..., -1]
    probability = np.ones_like(rate)
    dying = closed * rate[..., :-1] / (1 + (closed - within[..., :-1]) * rate[..., :-1])
    probability[..., :-1] = np.minimum(dying, 1)
    return _accumulated(age, rate, within, probability)


def _accumulated(age: Floats, rate: Floats, within: Floats, probability: Floats) -> LifeTable:
    """The columns that follow from the probabilities of dying, and when one dies."""
    survivors = np.ones_like(rate)
    survivors[..., 1:] = np.cumprod(1 - probability[..., :-1], axis=-1)
    person_years = within * survivors * probability
    person_years[..., :-1] += np.diff(age) * survivors[..., 1:]
    remaining = np.cumsum(person_years[..., ::-1], axis=-1)[..., ::-1]
    lived = np.divide(remaining, survivors, out=np.zeros_like(rate), where=survivors > 0)
    return LifeTable(age, rate, within, probability, survivors, person_years, lived)


def without(table: LifeTable, share: Floats) -> LifeTable:
    """The life table if what takes some of those who die did not: cause-deleted.

    The other forces are in proportion to all together within each group (Chiang 1968; Preston,
    Heuveline and Guillot 2001, equations 4.5 and 4.8).

    Parameters
    ----------
    table
        Of all causes together.
    share : array of shape (groups,)
        Of those who die in each group, the part that is taken by the cause; below 1 in the last.

    Examples
    --------
    >>> table = life_table(np.array([0.0, 1.0]), np.array([0.2, 0.5]), np.array([0.5, 0.0]))
    >>> without(table, np.array([0.0, 0.5])).expectation.round(2).tolist()
    [4.18, 4.0]
    """
    if not np.all((share >= 0) & (share <= 1)) or not share[-1] < 1:
        raise InputRefused("are not shares, below 1 in the last group", where="without, share")
    closed, rest = np.diff(table.age), 1 - share
    dying = table.probability[:-1]
    left = np.append(1 - (1 - dying) ** rest[:-1], 1.0)
    within, rate = table.years_of_dying / np.append(np.ones_like(closed), rest[-1]), table.rate
    ratio = np.divide(rest[:-1] * dying, left[:-1], out=np.ones_like(closed), where=left[:-1] > 0)
    within[:-1] = closed + ratio * (table.years_of_dying[:-1] - closed)
    rate = np.append(left[:-1] / (closed - (closed - within[:-1]) * left[:-1]), 1 / within[-1])
    return _accumulated(table.age, rate, within, left)


def infant_years(rate: ArrayLike, sex: Sex, rule: Infants = "andreev-kingkade") -> Floats:
    """Mean years lived by those who die before their first birthday (a0).

    Parameters
    ----------
    rate
        Death rate under one year of age.
    sex
        "male" or "female".
    rule
        Whose formula: "andreev-kingkade" or "coale-demeny" (West).

    Examples
    --------
    >>> float(infant_years(0.002, "male").round(4))
    0.1453
    >>> float(infant_years(0.002, "male", "coale-demeny").round(4))
    0.0504
    """
    return _piecewise(rate, _INFANTS[rule][sex])


def years_of_dying(
    age: Floats, rate: Floats, sex: Sex | None, infants: Infants = "andreev-kingkade"
) -> Floats:
    """Mean years lived in each group by those who die in it (a); 0 in the last, which is open.

    Half of the group, but for infants; of ages 1-4 by Coale and Demeny (West); of five-year groups
    from 15 on whose neighbours are such groups, by Greville (1943).

    Parameters
    ----------
    age : array of shape (groups,)
        First ages, in order.
    rate : array of shape (..., groups)
        Death rates.
    sex
        Whose; None: nobody's, all by half.
    infants
        As of `infant_years`.

    Examples
    --------
    >>> age, rate = np.array([0.0, 1, 5, 10]), np.array([0.01, 0.001, 0.001, 0.02])
    >>> years_of_dying(age, rate, "female", "coale-demeny").round(3).tolist()
    [0.081, 1.507, 2.5, 0.0]
    """
    width = np.append(np.diff(age), 0)
    within = np.broadcast_to(width / 2, rate.shape).copy()
    if sex is None:
        return within
    if age[0] == 0 and width[0] == 1:
        within[..., 0] = infant_years(rate[..., 0], sex, infants)
        if width.size > 1 and width[1] == 4:
            within[..., 1] = _piecewise(rate[..., 0], _CHILDREN[sex])
    for n in range(1, width.size - 1):
        if age[n] < _GRADUATED_FROM or not width[n - 1] == width[n] == 5:
            continue
        before, after = rate[..., n - 1], rate[..., n + 1]
        known = (before > 0) & (after > 0)
        slope = np.log(np.divide(after, before, out=np.ones_like(after), where=known)) / 10
        graduated = 2.5 - 25 / 12 * (rate[..., n] - slope)
        within[..., n] = np.where(known, np.clip(graduated, 0.5, 4.5), 2.5)
    return within


def _piecewise(rate: ArrayLike, pieces: _Lines) -> Floats:
    """A function that is a line below each bound."""
    value = np.asarray(rate, np.float64)
    bounds = [value < bound for bound, _, _ in pieces]
    return np.asarray(np.select(bounds, [c + s * value for _, c, s in pieces]), np.float64)
