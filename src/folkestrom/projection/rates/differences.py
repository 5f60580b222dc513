"""What a difference between two life expectancies is made of: pure numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from folkestrom.errors import InputRefused
from folkestrom.projection.rates.life_table import Floats, LifeTable, life_table


def arriaga(first: LifeTable, second: LifeTable) -> Floats:
    """Years that each age group adds to the life expectancy of the second over the first.

    Arriaga (1984, *Demography* 21: 83-96); Preston, Heuveline and Guillot (2001, equation 3.11).
    The mortality of the younger is that of the first.

    Parameters
    ----------
    first, second
        Two life tables of the same ages.

    Returns
    -------
    array of shape (groups,)
        Years, which add up to the difference of the life expectancies at the first age.

    Raises
    ------
    InputRefused
        Tables of other ages.

    Examples
    --------
    >>> age, a = np.array([0.0, 1.0]), np.array([0.5, 0.0])
    >>> tables = [life_table(age, np.array(m), a) for m in ([0.02, 0.02], [0.01, 0.01])]
    >>> arriaga(*tables).round(3).tolist()
    [0.99, 49.01]
    """
    if first.age.shape != second.age.shape or not np.all(first.age == second.age):
        raise InputRefused("are tables of other ages", where="arriaga")
    reached, other = first.survivors, second.survivors
    lived = first.person_years / reached
    direct = reached * (second.person_years / other - lived)
    later = np.cumsum(second.person_years[::-1])[::-1]
    after = np.append(later[1:], 0)
    kept = np.append(reached[:-1] / other[:-1] - reached[1:] / other[1:], 0)
    return np.asarray(direct + after * kept, np.float64)


def stepwise(of: Callable[[Floats], Floats], first: Floats, second: Floats) -> Floats:
    """What each number adds to the difference of anything that is computed of them.

    One after the other is replaced, from the first population's to the second's and back, and the
    mean taken (Andreev, Shkolnikov and Begun 2002, *Demographic Research* 7: 499-522).

    Parameters
    ----------
    of
        What is computed: from an array of shape (any, numbers) to one of shape (any,).
    first, second : arrays of shape numbers
        Rates, say, of both.

    Returns
    -------
    array of shape numbers
        Contributions, which add up to the difference.

    Examples
    --------
    >>> stepwise(lambda x: x.prod(axis=-1), np.array([2.0, 3.0]), np.array([4.0, 5.0])).tolist()
    [8.0, 6.0]
    """
    one, other = first.ravel(), second.ravel()
    replaced = np.tri(one.size + 1, one.size, -1, dtype=bool)
    parts = [
        np.diff(of(np.where(replaced, new, old).reshape(-1, *first.shape)))
        for old, new in ((one, other), (other, one))
    ]
    return np.asarray((parts[0] - parts[1]).reshape(first.shape) / 2, np.float64)


def contributions(
    age: Floats, rates: tuple[Floats, Floats], within: tuple[Floats, Floats]
) -> Floats:
    """Years that each way out adds at each age to the expectation of the second over the first.

    Stepwise, from the youngest on and back; when those live who die (a) goes with the first way.

    Parameters
    ----------
    age : array of shape (groups,)
        First ages.
    rates : two arrays of shape (exits, groups)
        Rates of both populations.
    within : two arrays of shape (groups,)
        Years lived in each group by those who leave in it, of both.

    Returns
    -------
    array of shape (exits, groups)
        Years, which add up to the difference of the expectations at the first age.

    Examples
    --------
    >>> age, a = np.array([0.0, 1.0]), np.array([0.5, 0.0])
    >>> low, high = np.array([[0.01, 0.01]]), np.array([[0.02, 0.02]])
    >>> contributions(age, (high, low), (a, a)).round(2).tolist()
    [[0.74, 49.26]]
    """

    def expectations(replaced: Floats) -> Floats:
        rate, second = np.where(replaced.swapaxes(-1, -2) > 0, rates[1], rates[0]), replaced[..., 0]
        made = life_table(age, rate.sum(axis=-2), np.where(second > 0, within[1], within[0]))
        return np.asarray(made.expectation[..., 0], np.float64)

    # Ages first: at each age all ways out are replaced before the next.
    shape = rates[0].shape[::-1]
    return stepwise(expectations, np.zeros(shape), np.ones(shape)).T
