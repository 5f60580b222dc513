"""What rates are estimated from: events and person-years of years that have been.

Whoever counted them: a register, or published tables.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from folkestrom.projection.assumptions import Floats, Rates
from folkestrom.projection.rates.estimates import CLOSED_FROM, closed, two_factors
from folkestrom.projection.rates.fertility import CHILDBEARING, fertility_rates
from folkestrom.projection.rates.smoothing import smoothed
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
    smooth
        Whether rates are smooth from one year of age to the next.
    """

    structure: Structure
    years: float
    lived: Floats
    deaths: Floats
    emigration: Floats
    immigration: Floats
    births: Floats
    newborn: tuple[float, float] = (0.0, 0.0)
    smooth: bool = False

    def rates(self) -> Rates:
        """Rates by person-year, to be kept in all years to come.

        Death rates are of each sex, for all groups alike, and closed by Kannisto's model. Those of
        leaving and coming back are, of groups that are `alike`, a factor of the group times one of
        sex and five years of age, or single years where these are smooth; fertility is the same in
        these. Smooth are all but the death rates of infants and of the model.

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
        if self.smooth:
            ages = slice(1, CLOSED_FROM)
            deaths, lived = (one[here][..., ages].sum(axis=0) for one in (self.deaths, self.lived))
            for sex in range(len(SEXES)):
                mortality[sex, ages] = _smoothed(deaths[sex], lived[sex])
        fertility = np.zeros((len(cells.groups), cells.ages))
        for rows in self._alike():
            if here[rows].all():
                first, last = CHILDBEARING
                births, women = self.births[rows], self.lived[rows, FEMALE]
                exposed = women.sum(axis=0)
                found = np.nan_to_num(fertility_rates(births.sum(axis=0), exposed))
                if self.smooth:
                    exposed = exposed[first : last + 1]
                    found = _smoothed(found * exposed, exposed)
                fertility[rows, first : last + 1] = found
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
            if self.smooth:
                rates[rows] = _by_single_years(events[rows], self.lived[rows], rates[rows])
        return rates


def _by_single_years(events: Floats, lived: Floats, rates: Floats) -> Floats:
    """Rates of groups that are alike, smooth in single years of age; each group's total stays."""
    group = rates.sum(axis=(1, 2))
    expected = np.tensordot(group, lived, 1)
    profile = np.stack([_smoothed(*one) for one in zip(events.sum(axis=0), expected, strict=True)])
    of_profile = (lived * profile).sum(axis=(1, 2))
    total = events.sum(axis=(1, 2))
    group = np.divide(total, of_profile, out=np.zeros_like(total), where=of_profile > 0)
    return np.asarray(group[:, None, None] * profile)


def _smoothed(events: Floats, lived: Floats) -> Floats:
    """Smooth rates; none where there is no event, and events of nobody left out."""
    events = np.where(lived > 0, events, 0.0)
    return smoothed(events, lived).rates if events.any() else np.zeros_like(events)


def _in_fives(array: Floats) -> Floats:
    """Five years of age together: (groups, 2 * ages / 5)."""
    return np.asarray(array.reshape(len(array), -1, _WIDTH).sum(axis=-1))
