"""Experts' low, medium and high alternatives as distributions: a small file, and draws of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np

from folkestrom.errors import UsageError
from folkestrom.model.names import check_code
from folkestrom.projection.assumptions import Floats

#: What limits can be of.
COMPONENTS: Final = ("mortality", "fertility", "immigration", "emigration")
_COVERAGE: Final = 80.0
_AUTOCORRELATION: Final = 0.95


@dataclass(frozen=True, slots=True)
class Limit:
    """Alternatives of a component in a year, as factors of the rates as they were.

    Parameters
    ----------
    component
        One of `COMPONENTS`.
    year
        The year; before it limits widen evenly from the start, and after the last they stay.
    low, medium, high
        The alternatives.
    """

    component: str
    year: int
    low: float
    medium: float
    high: float


@dataclass(frozen=True, slots=True)
class Limits:
    """Alternatives of some components, and how sure they are meant.

    Parameters
    ----------
    limits
        The alternatives.
    coverage
        Per cent of all futures that lie between low and high; half of the others on each side.
    autocorrelation
        Of a year's place between the limits with the next year's.
    """

    limits: tuple[Limit, ...]
    coverage: float = _COVERAGE
    autocorrelation: float = _AUTOCORRELATION

    @property
    def components(self) -> tuple[str, ...]:
        """That there are limits of."""
        return tuple(dict.fromkeys(limit.component for limit in self.limits))

    def draw(
        self, draws: int, first: int, steps: int, chance: np.random.Generator
    ) -> dict[str, Floats]:
        """Logarithms of factors by component: (draws, steps).

        Below and above the medium they are normal, each with the spread of its limit; medium is the
        median. Components are independent of each other.

        Parameters
        ----------
        draws, steps
            How many.
        first
            The first year.
        chance
            Source of randomness.

        Raises
        ------
        UsageError
            A limit of a year before the first.

        Examples
        --------
        >>> told = Limits((Limit("fertility", 2030, 0.8, 1.0, 1.2),))
        >>> found = told.draw(20000, 2021, 10, np.random.default_rng(1))["fertility"]
        >>> np.quantile(np.exp(found[:, -1]), [0.1, 0.5, 0.9]).round(2).tolist()
        [0.8, 1.0, 1.2]
        """
        from scipy.stats import norm

        reach = norm.ppf((1 + self.coverage / 100) / 2)
        years = first + np.arange(steps)
        found = {}
        for component in self.components:
            told = sorted((n for n in self.limits if n.component == component),
                          key=lambda limit: limit.year)  # fmt: skip
            if told[0].year < first:
                raise UsageError(
                    "is before the first year of the projection", where="limits",
                    value=f"{component}, {told[0].year}", allowed=f"{first} or later",
                    next_step="Leave it out, or project from an earlier year",
                )  # fmt: skip
            at = [first - 1, *(limit.year for limit in told)]
            low, medium, high = (
                np.interp(years, at, [0.0, *(np.log(getattr(limit, name)) for limit in told)])
                for name in ("low", "medium", "high")
            )
            place = _autoregression(draws, steps, self.autocorrelation, chance)
            side = np.where(place < 0, medium - low, high - medium)
            found[component] = medium + place / reach * side
        return found


def limits_of(given: Mapping[str, Any], place: str = "limits") -> Limits:
    """Limits from what stands in a file.

    Parameters
    ----------
    given
        Its keys.
    place
        Where they stand, for errors.

    Raises
    ------
    UsageError
        A key that is none, limits in the wrong order, or numbers that cannot be.

    Examples
    --------
    >>> found = limits_of({"now": {"fertility": 1.6}, "limit": [
    ...     {"component": "fertility", "year": 2050, "low": 1.2, "medium": 1.6, "high": 2.0}]})
    >>> round(found.limits[0].low, 2)
    0.75
    """
    for key in given:
        check_code(key, ("coverage", "autocorrelation", "now", "limit"), "is no key of limits",
                   where=place)  # fmt: skip
    coverage = _number(given, "coverage", place, _COVERAGE, "from 1 to 99.9", 1, 99.9)
    still = _number(given, "autocorrelation", place, _AUTOCORRELATION, "from 0 to 1", 0, 1)
    now = given.get("now", {})
    rows = given.get("limit", [])
    tables = isinstance(now, dict) and isinstance(rows, list) and all(
        isinstance(row, dict) for row in rows
    )  # fmt: skip
    if not tables or not rows:
        raise UsageError(
            "has no limits", where=place, next_step="Write each as [[limit]], and what rates as "
            "they were come to, in the same unit, under [now]",
        )  # fmt: skip
    for component in now:
        check_code(component, COMPONENTS, "is no component", where=f"{place}, now")
    found = [_limit(row, now, f"{place}, limit {n}") for n, row in enumerate(rows, start=1)]
    if len({(limit.component, limit.year) for limit in found}) < len(found):
        raise UsageError("has two limits of one component and year", where=place)
    return Limits(tuple(found), coverage, still)


def _limit(row: Mapping[str, Any], now: Mapping[str, Any], where: str) -> Limit:
    names = [one.name for one in fields(Limit)]
    for key in row:
        check_code(key, names, "is no key of a limit", where=where)
    component = check_code(row.get("component", ""), COMPONENTS, "is no component",
                           where=f"{where}, component")  # fmt: skip
    year = row.get("year")
    if not isinstance(year, int) or isinstance(year, bool) or not 1800 <= year <= 9999:
        raise UsageError(
            "is no year", where=f"{where}, year", value=year, allowed="a year such as 2050"
        )
    most = "above 0, to 1000000000"
    base = _number(now, component, f"{where}, now", 1.0, most, 1e-9, 1e9)
    low, medium, high = (
        _number(row, name, where, None, most, 1e-9, 1e9) / base
        for name in ("low", "medium", "high")
    )
    if not low <= medium <= high:
        raise UsageError(
            "are not in order", where=where, value=f"low {row['low']}, medium {row['medium']}, "
            f"high {row['high']}", allowed="low, medium, high, from the least to the most",
            next_step="Of mortality they are factors of death rates: longer lives are low",
        )  # fmt: skip
    return Limit(component, year, low, medium, high)


def _number(
    given: Mapping[str, Any], name: str, where: str, default: float | None, allowed: str,
    least: float, most: float,
) -> float:  # fmt: skip
    value = given.get(name, default)
    known = isinstance(value, int | float) and not isinstance(value, bool)
    if not known or not least <= value <= most:
        raise UsageError(
            "is no number that can be", where=f"{where}, {name}", value=value,
            allowed=f"a number {allowed}",
        )  # fmt: skip
    return float(value)


def _autoregression(draws: int, steps: int, slope: float, chance: np.random.Generator) -> Floats:
    """Standard normal places, correlated with that of the year before."""
    noise = chance.standard_normal((draws, steps))
    for step in range(1, steps):
        noise[:, step] = slope * noise[:, step - 1] + np.sqrt(1 - slope**2) * noise[:, step]
    return noise
