"""What rates are estimated from: events and person-years of years that have been.

Whoever counted them: a register, or published tables.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from folkestrom.projection.assumptions import Floats, Rates
from folkestrom.projection.rates.estimates import closed, two_factors
from folkestrom.projection.rates.fertility import CHILDBEARING, fertility_rates
from folkestrom.projection.structure import FEMALE, SEXES, Structure

#: Years of age whose emigrants are counted together.
_WIDTH = 5
#: Males per female at birth where none are counted: as in most populations.
SEX_RATIO = 1.06


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Events of some years by the cells of a projection, and who was there.

    All are of shape (groups, 2, ages) but births, of (groups, ages).

    Parameters
    ----------
    structure
        The cells.
    years
        How many years they are of.
    lived
        Person-years; of groups that live abroad those lived there.
    deaths
        Of persons who die in the country.
    emigration
        Persons who leave; of groups that live abroad who comes back.
    immigration
        Persons who come from where nobody is followed.
    births
        By the mother's group and age.
    newborn
        Males and females.
    """

    structure: Structure
    years: float
    lived: Floats
    deaths: Floats
    emigration: Floats
    immigration: Floats
    births: Floats
    newborn: tuple[float, float] = (0.0, 0.0)

    def rates(self) -> Rates:
        """Rates by person-year, to be kept in all years to come.

        Death rates are of each sex, for all groups alike, and closed by Kannisto's model. Those of
        leaving and coming back are, of groups that are `alike`, a factor of the group times one of
        sex and five years of age; fertility is the same in these.

        Examples
        --------
        >>> cells = Structure(ages=120)
        >>> many, none = np.full((1, 2, 120), 1000.0), np.zeros((1, 2, 120))
        >>> found = Counts(cells, 1, many, many / 10, many / 50, none, none[:, 0]).rates()
        >>> found.emigration[0, 0, 0, 30].round(4), found.mortality[0, 0, 0, 30].round(4)
        (np.float64(0.02), np.float64(0.1))
        """
        cells = self.structure
        here = cells.resident
        mortality = np.stack(
            [closed(self.deaths[here, sex].sum(axis=0), self.lived[here, sex].sum(axis=0))
             for sex in range(len(SEXES))]
        )  # fmt: skip
        fertility = np.zeros((len(cells.groups), cells.ages))
        for rows in self._alike():
            if here[rows].all():
                first, last = CHILDBEARING
                births, women = self.births[rows], self.lived[rows, FEMALE]
                found = fertility_rates(births.sum(axis=0), women.sum(axis=0))
                fertility[rows, first : last + 1] = np.nan_to_num(found)
        males, females = self.newborn
        return Rates(
            mortality[None, None], self.factored(self.emigration)[None], fertility[None],
            (self.immigration / self.years)[None],
            males / females if males and females else SEX_RATIO,
        )  # fmt: skip

    def _alike(self) -> list[NDArray[np.bool_]]:
        """The groups whose rates are estimated together."""
        names = [group.alike for group in self.structure.groups]
        return [np.array([name == one for name in names]) for one in dict.fromkeys(names)]

    def factored(self, events: Floats) -> Floats:
        """Rates of events: of groups that are alike a factor of the group times one of sex and age.

        Parameters
        ----------
        events
            By group, sex and age: (groups, 2, ages).
        """
        rates = np.zeros(self.structure.shape)
        for rows in self._alike():
            factors = two_factors(*(_in_fives(one[rows]) for one in (events, self.lived)))
            by_cells = factors.reshape(rows.sum(), len(SEXES), -1)
            rates[rows] = np.repeat(by_cells, _WIDTH, axis=-1)
        return rates


def _in_fives(array: Floats) -> Floats:
    """Five years of age together: (groups, 2 * ages / 5)."""
    return np.asarray(array.reshape(len(array), -1, _WIDTH).sum(axis=-1))
