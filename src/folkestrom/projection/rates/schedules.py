"""Model schedules of rates by age, fitted to counts: pure numbers.

Few parameters give the rates of all ages: Gompertz (1825) and Makeham (1860), and Siler (1979,
*Ecology* 60: 750-757), of deaths; Hadwiger (1940, *Skandinavisk Aktuarietidskrift* 23: 101-113) of
births; Rogers and Castro (1981, IIASA RR-81-30) of migration. Events are Poisson, and the
likelihood is largest. Rates are those at the middle of a year of age.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from folkestrom.errors import InputRefused
from folkestrom.projection.rates.life_table import Floats

Name = Literal["gompertz-makeham", "siler", "hadwiger", "rogers-castro"]

#: A standard error so large, of the logarithm of a parameter, is no estimate.
WILD: Final = 1.0
#: Logarithms of parameters are sought so far from where they begin.
_REACH: Final = 12.0
#: exp(-exp(x)) is 0 from here on.
_STEEPEST: Final = 100.0
#: Of the imaginary part of derivatives by a complex step, which has no error of rounding.
_STEP: Final = 1e-30
#: Rates below it, such as of children's births, would not be told from none.
_LEAST_RATE: Final = 1e-250


@dataclass(frozen=True, slots=True)
class Schedule:
    """A family of curves by age, of positive parameters.

    Parameters
    ----------
    parameters
        Their names.
    rate
        Rates at ages, by the parameters.
    starts
        Where the search begins, by the mean rate.
    """

    parameters: tuple[str, ...]
    rate: Callable[[Floats, NDArray[Any]], NDArray[Any]]
    starts: Callable[[float], tuple[tuple[float, ...], ...]]


def _gompertz_makeham(age: Floats, p: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(p[2] + p[0] * np.exp(p[1] * age))


def _siler(age: Floats, p: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(p[0] * np.exp(-p[1] * age) + p[2] + p[3] * np.exp(p[4] * age))


def _hadwiger(age: Floats, p: NDArray[Any]) -> NDArray[Any]:
    total, shape, centre = p
    spread = centre / age
    peak = total * shape / centre / np.sqrt(np.pi)
    return np.asarray(peak * spread**1.5 * np.exp(-(shape**2) * (spread + age / centre - 2)))


def _rogers_castro(age: Floats, p: NDArray[Any]) -> NDArray[Any]:
    steep = -p[5] * (age - p[4])
    steep = np.where(steep.real > _STEEPEST, _STEEPEST, steep)
    labour = p[2] * np.exp(-p[3] * (age - p[4]) - np.exp(steep))
    return np.asarray(p[0] * np.exp(-p[1] * age) + labour + p[6])


SCHEDULES: Final[dict[Name, Schedule]] = {
    "gompertz-makeham": Schedule(
        ("a", "b", "c"), _gompertz_makeham,
        lambda m: ((2e-5, 0.1, m / 20), (2e-4, 0.07, m / 100)),
    ),
    "siler": Schedule(
        ("a1", "b1", "a2", "a3", "b3"), _siler,
        lambda m: ((m / 2, 1.0, m / 20, 2e-5, 0.1), (m / 2, 3.0, m / 100, 1e-4, 0.08)),
    ),
    "hadwiger": Schedule(
        ("total", "shape", "centre"), _hadwiger,
        lambda m: ((35 * m, 4.0, 30.0), (35 * m, 3.0, 26.0)),
    ),
    "rogers-castro": Schedule(
        ("a1", "alpha1", "a2", "alpha2", "mu2", "lambda2", "c"), _rogers_castro,
        lambda m: ((m, 0.1, 3 * m, 0.1, 20.0, 0.4, m / 5), (m, 0.05, 5 * m, 0.1, 26.0, 0.2, m / 5)),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class FittedSchedule:
    """A schedule with the parameters that fit.

    Parameters
    ----------
    schedule
        Its name.
    parameters, standard_errors
        Estimates by name, and their standard errors by the expected information.
    covariance : array of shape (parameters, parameters)
        Of the logarithms of the parameters.
    rates, errors : arrays of shape (ages,)
        Fitted rates, and standard errors of their logarithms.
    deviance, freedom
        Of the counts; and how many ages with person-years there are, less the parameters.
    wild
        Parameters that the counts do not tell: their standard error is as large as they are, or
        the search ended where it may not go on.
    """

    schedule: Name
    parameters: dict[str, float]
    standard_errors: dict[str, float]
    covariance: Floats
    rates: Floats
    errors: Floats
    deviance: float
    freedom: float
    wild: tuple[str, ...]

    @property
    def remark(self) -> str:
        """What is to be said of it; empty, where all parameters are told."""
        if not self.wild:
            return ""
        return (
            f"The counts do not tell {', '.join(self.wild)} of the schedule {self.schedule}: take "
            "the rates, not these parameters, or a schedule with fewer."
        )


def fit_schedule(
    schedule: Name, events: Floats, exposure: Floats, first_age: int = 0
) -> FittedSchedule:
    """The schedule of a family that makes the counted events likeliest.

    Parameters
    ----------
    schedule
        "gompertz-makeham", "siler", "hadwiger" or "rogers-castro".
    events, exposure : arrays of shape (ages,)
        At completed ages from the first on; those with nobody are left out.
    first_age
        The first of them.

    Raises
    ------
    InputRefused
        Counts that are none, or fewer ages than parameters.

    Examples
    --------
    >>> age = np.arange(30, 90) + 0.5
    >>> lived = np.full(60, 1e5)
    >>> deaths = lived * (1e-3 + 2e-5 * np.exp(0.1 * age))
    >>> found = fit_schedule("gompertz-makeham", deaths, lived, 30)
    >>> round(found.parameters["b"], 4), found.wild
    (0.1, ())
    """
    if schedule not in SCHEDULES:
        raise InputRefused(
            "is not a schedule", where="fit_schedule, schedule", value=schedule, allowed=SCHEDULES
        )
    model = SCHEDULES[schedule]
    events, exposure = np.asarray(events, np.float64), np.asarray(exposure, np.float64)
    age = first_age + np.arange(events.size) + 0.5
    _check(events, exposure, len(model.parameters))
    seen = exposure > 0
    d, e = events[seen], exposure[seen]
    x = np.asarray(age[seen], np.float64)
    with np.errstate(over="ignore", invalid="ignore"):  # far from the best, on the way to it
        best, start = _search(model, x, d, e)
    rate, slopes = _slopes(model, x, best)
    information = (slopes * (e / rate)) @ slopes.T
    scale = np.sqrt(np.maximum(np.diag(information), 1e-300))
    covariance = np.linalg.pinv(information / np.outer(scale, scale), hermitian=True, rcond=1e-12)
    covariance = np.asarray(covariance / np.outer(scale, scale), np.float64)
    errors = np.sqrt(np.diag(covariance))
    values = np.exp(best)
    lost = (errors > WILD) | (np.abs(best - start) > 0.99 * _REACH) | (np.diag(information) < 1)
    expected = e * rate
    safe = np.where(d > 0, d, 1)
    deviance = 2 * (np.where(d > 0, d * np.log(safe / expected), 0) - d + expected).sum()
    names = model.parameters
    rates, along = _slopes(model, np.asarray(age, np.float64), best)
    along = along / rates
    return FittedSchedule(
        schedule,
        dict(zip(names, map(float, values), strict=True)),
        dict(zip(names, map(float, values * errors), strict=True)),
        covariance,
        rates,
        np.sqrt(np.maximum((along * (covariance @ along)).sum(axis=0), 0)),
        float(deviance),
        float(seen.sum() - len(names)),
        tuple(name for name, wild in zip(names, lost, strict=True) if wild),
    )


def _check(events: Floats, exposure: Floats, parameters: int) -> None:
    finite = np.isfinite(events).all() and np.isfinite(exposure).all()
    if events.ndim != 1 or events.shape != exposure.shape or not finite:
        raise InputRefused("are not events and person-years of the same ages", where="fit_schedule")
    if (events < 0).any() or (exposure < 0).any() or (events[exposure <= 0] > 0).any():
        raise InputRefused(
            "are below 0, or events of nobody", where="fit_schedule", next_step="Mend the counts"
        )
    if not (events > 0).sum() > parameters:
        raise InputRefused(
            "has events at too few ages", where="fit_schedule, events",
            value=int((events > 0).sum()), allowed=f"more than {parameters}, one a parameter",
            next_step="Take more years, or a schedule with fewer parameters",
        )  # fmt: skip


def _search(
    model: Schedule, age: Floats, events: Floats, exposure: Floats
) -> tuple[Floats, Floats]:
    """Logarithms of the parameters, and where their search began."""
    from scipy.optimize import minimize

    def loss(theta: Floats) -> tuple[float, Floats]:
        rate, slopes = _slopes(model, age, theta)
        fit = (exposure * rate - events * np.log(rate)).sum()
        return float(fit) / total, np.asarray(slopes @ (exposure - events / rate) / total)

    def curvature(theta: Floats) -> Floats:
        rate, slopes = _slopes(model, age, theta)
        return np.asarray((slopes * (exposure / rate)) @ slopes.T / total)

    total = float(events.sum())
    found = []
    for values in model.starts(total / float(exposure.sum())):
        start = np.log(values)
        limits = [(value - _REACH, value + _REACH) for value in start]
        near = minimize(loss, start, jac=True, bounds=limits, method="L-BFGS-B",
                        options={"maxiter": 2000, "ftol": 1e-14, "gtol": 1e-9})  # fmt: skip
        # Fisher scoring from there: the last digits, where parameters hang together.
        last = minimize(loss, near.x, jac=True, hess=curvature, method="trust-exact",
                        options={"maxiter": 200, "gtol": 1e-10})  # fmt: skip
        inside = np.all(np.abs(last.x - start) <= _REACH) and last.fun <= near.fun
        found.append((last if inside else near, start))
    best, start = min(found, key=lambda one: float(one[0].fun))
    return np.asarray(best.x, np.float64), start


def _slopes(model: Schedule, age: Floats, theta: Floats) -> tuple[Floats, Floats]:
    """Rates, and their derivatives by the logarithm of each parameter."""
    values = np.exp(theta)
    steps = np.exp(theta + 1j * _STEP * np.eye(theta.size))
    slopes = np.array([model.rate(age, step).imag / _STEP for step in steps])
    return np.maximum(np.asarray(model.rate(age, values), np.float64), _LEAST_RATE), slopes
