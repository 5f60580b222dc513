"""Age schedules from published parametric forms, with parameters and where they come from.

The forms are standard ones: Siler's hazard with a logistic old-age part (mortality), Hadwiger's
function (fertility), Rogers and Castro's model schedule (migration) and a log-logistic curve
(first marriage). The parameters were fitted by least squares to published figures of Norway, named
beside each. They carry shape; totals come from the targets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from folkestrom.twin.targets.definition import AGES

Floats = NDArray[np.float64]

_REFERENCE_YEAR: Final = 2010


@dataclass(frozen=True)
class Siler:
    """Siler's hazard: infancy, a constant, and old age levelling off; all with a trend by year.

    ``exp(infant + infant_trend y - infant_fall x) + exp(constant + constant_trend y) + old``, with
    ``old = g / (1 + g / ceiling)``, ``g = exp(old_level + old_trend y + slope (x - 80))``,
    ``slope = old_slope + old_slope_trend y``, and ``y`` the years since 2010.
    """

    infant: float
    infant_fall: float
    constant: float
    old_level: float
    old_slope: float
    infant_trend: float
    constant_trend: float
    old_trend: float
    old_slope_trend: float
    ceiling: float = 1.2

    def hazard(self, year: int, age: ArrayLike) -> Floats:
        """Deaths per person-year at a completed age."""
        y, x = year - _REFERENCE_YEAR, np.asarray(age, dtype=np.float64)
        slope = self.old_slope + self.old_slope_trend * y
        old = np.exp(self.old_level + self.old_trend * y + slope * (x - 80))
        infant = np.exp(self.infant + self.infant_trend * y - self.infant_fall * x)
        constant = np.exp(self.constant + self.constant_trend * y)
        return np.asarray(infant + constant + old / (1 + old / self.ceiling))


@dataclass(frozen=True)
class RogersCastro:
    """Rogers and Castro's seven-parameter schedule: childhood, labour force, a constant."""

    childhood: float
    childhood_fall: float
    labour: float
    labour_age: float
    labour_fall: float
    labour_rise: float
    constant: float

    def rate(self, age: ArrayLike) -> Floats:
        """Migrations per person-year at an exact age."""
        x = np.asarray(age, dtype=np.float64)
        away = x - self.labour_age
        # Below 10 the double exponential would overflow where it is 0 anyway.
        peak = np.exp(-self.labour_fall * away - np.exp(np.minimum(-self.labour_rise * away, 50.0)))
        child = self.childhood * np.exp(-self.childhood_fall * x)
        return np.asarray(child + self.labour * peak + self.constant)


#: Human Mortality Database, Norway, deaths and exposures 2000-2021 by single year of age.
MORTALITY: Final = (
    Siler(-5.95852, 29.74243, -7.83906, -2.65236, 0.11682, -0.03358, -0.02465, -0.02419, 0.00043),
    Siler(-6.12315, 6.21008, -8.35683, -3.05414, 0.1256, -0.03549, -0.0236, -0.01611, 0.0004),
)
#: Eurostat migr_emi2, Norway 2013-2015, emigration by sex and completed age.
EMIGRATION: Final = (
    RogersCastro(0.00781, 0.07573, 0.02357, 22.56779, 0.06088, 0.31163, 0.0),
    RogersCastro(0.00755, 0.07082, 0.02597, 21.05394, 0.08959, 0.38536, 0.00007),
)
#: Eurostat, immigration to Norway by previous country 2013-2019 in five-year age groups (both
#: sexes; relative).
IMMIGRATION: Final = RogersCastro(0.05958, 0.05499, 0.24404, 22.45182, 0.09512, 0.25069, 0.0)
#: Men among immigrants: labour migration after 2004 made it more than half (an assumption).
IMMIGRATION_MALE: Final = 0.54
#: Shares of a year's events by its first, second and third quarter: means of the quarters that
#: Statistics Norway published of 2013-2016.
SEASON: Final = np.array(
    [[0.244, 0.267, 0.266], [0.268, 0.237, 0.235], [0.240, 0.210, 0.302], [0.225, 0.210, 0.275]]
)
#: Events come a little before they are counted.
_EARLY: Final = (1.012, 1.012, 1.06, 1.06)
#: Boys among live births: Human Mortality Database, Norway, births 2000-2021.
BIRTHS_MALE: Final = 0.5135


def death_rates(year: int) -> Floats:
    """float64[2, 106]: deaths per person-year by sex and completed age."""
    return np.stack([siler.hazard(year, np.arange(AGES)) for siler in MORTALITY])


def death_probabilities(year: int) -> Floats:
    """float64[2, 106]: probability of death in the window by sex and age reached at its end.

    A cohort spends about half the window at each of its two ages. Deaths in infancy fall mostly
    soon after birth, so that 85 % of them are in the cohort's first window.
    """
    hazard = death_rates(year)
    out = np.empty_like(hazard)
    out[:, 1:] = (hazard[:, :-1] + hazard[:, 1:]) / 2
    out[:, 0] = 0.85 * hazard[:, 0]
    out[:, 1] = 0.15 * hazard[:, 0] + hazard[:, 1] / 2
    return 1 - np.exp(-out)


def emigration_rates() -> Floats:
    """float64[2, 106]: emigrations per person-year by sex and age reached at the window's end."""
    rates = np.stack([form.rate(np.arange(AGES)) for form in EMIGRATION])
    rates[:, 0] /= 2
    return rates


def immigration_shares() -> Floats:
    """float64[2, 106]: distribution of immigrants by sex and age reached at the window's end."""
    shape = IMMIGRATION.rate(np.arange(AGES))
    shape[0] /= 2
    shape /= shape.sum()
    return np.stack([IMMIGRATION_MALE * shape, (1 - IMMIGRATION_MALE) * shape])


def fertility_rates(year: int, total: float = 1.0) -> Floats:
    """float64[106]: births per woman-year by completed age, adding to about `total`.

    Hadwiger's function ``b / c (c / x)^1.5 exp(-b² (c / x + x / c - 2))`` with b and c quadratic
    in the year, fitted to the Human Fertility Database, Norway, 2000-2022.
    """
    y = year - _REFERENCE_YEAR
    b = 3.907856 + 0.027072 * y + 0.002576 * y * y
    c = 30.835285 + 0.090076 * y + 0.000631 * y * y
    x = np.arange(AGES) + 0.5
    shape = b / c * (c / x) ** 1.5 * np.exp(-b * b * (c / x + x / c - 2))
    shape[(x < 13) | (x > 55)] = 0.0
    return np.asarray(total * shape / shape.sum())


def ever_married(age: ArrayLike, birth_year: ArrayLike, sex: int) -> Floats:
    """Share, of those who ever marry, who have married by an exact age.

    Log-logistic beyond age 14 with shape 4. The median age rises by a quarter of a year with every
    year of birth after 1945, from 22 to at most 33 for women and three years more for men: set by
    hand so that the never-married of Table 2 decline through the ages as published.
    """
    median = np.clip(22.0 + 0.25 * (np.asarray(birth_year) - 1945.0), 22.0, 33.0)
    median = median + (3.0 if sex == 0 else 0.0)
    beyond = np.maximum(np.asarray(age, dtype=np.float64) - 14.0, 1e-6)
    return np.asarray(1.0 / (1.0 + ((median - 14.0) / beyond) ** 4))


def seasons(quarters: NDArray[np.int64], totals: NDArray[np.int64]) -> Floats:
    """float64[T, 4, 5]: shares of a year's events from 1 January to each quarter's end.

    Parameters
    ----------
    quarters
        From `reference.published_quarters`.
    totals
        int64[T, 4].
    """
    usual = np.zeros((*quarters.shape[:2], 5))
    usual[:, :, 1:4] = np.cumsum(SEASON, axis=1)
    usual[:, :, 4] = 1.0
    out = usual.copy()
    total = np.maximum(totals, 1)
    for t, kind in np.ndindex(quarters.shape[:2]):
        told = quarters[t, kind, :3]
        at = np.flatnonzero(told != -1)
        known = np.concatenate([[0.0], usual[t, kind, at + 1], [1.0]])
        shares = np.minimum(told[at] * _EARLY[kind] / total[t, kind], 1.0)
        out[t, kind] = np.interp(usual[t, kind], known, [0.0, *shares, 1.0])
    return out
