"""Newton's method for log-likelihoods whose information is cheap and never negative."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]

_MOST_STEPS, _HALVINGS = 50, 30
#: The last step, in standard errors; and where it is not certain that a maximum is near.
_LAST, _VERY_LAST = 1e-5, 1e-12
#: A log-likelihood that rises by less has not.
_NO_RISE = 1e-8
#: Steps that shrink by less than this each time need a new information.
_SHRINKING = 0.03
#: A likelihood that falls by less than this part of it has not fallen, but been rounded.
_ROUNDING = 1e-11


class Point(Protocol):
    """A likelihood at some parameters."""

    @property
    def theta(self) -> Floats:
        """The parameters."""

    @property
    def value(self) -> float:
        """The log-likelihood."""

    @property
    def gradient(self) -> Floats:
        """Its first derivatives."""


P = TypeVar("P", bound=Point)


@dataclass(frozen=True, slots=True, eq=False)
class Maximum(Generic[P]):
    """Where a maximisation ended.

    Attributes
    ----------
    end, information
        The likelihood there, and minus its second derivatives.
    reason
        Why the end is no maximum; empty when it is one.
    steps
        How many were taken.
    """

    end: P
    information: Floats
    reason: str
    steps: int


def maximise(
    at: Callable[[Floats], P],
    information: Callable[[P], Floats],
    theta: Floats,
    last: float = _LAST,
) -> Maximum[P]:
    """Maximise from some parameters.

    The information is computed anew where steps do not shrink fast, and at the end.

    Parameters
    ----------
    at
        The likelihood at parameters.
    information
        Minus its second derivatives.
    theta
        Starting values.
    last
        A step that would move no estimate by this many standard errors is the last one.
    """
    here = at(theta)
    held, fresh, before = information(here), True, np.inf
    reason = f"no convergence in {_MOST_STEPS} steps"
    taken = 0
    while taken < _MOST_STEPS:
        step, moved = _step(held, here.gradient)
        if not fresh and not moved < _SHRINKING * before:
            held, fresh = information(here), True
            step, moved = _step(held, here.gradient)
        if not np.isfinite(moved):
            reason = "the data do not determine all estimates"
            break
        found = _search(at, here, step)
        if found is None:
            reason = "" if moved < last else "no step raises the log-likelihood"
            break
        here, before, fresh, taken = found, moved, False, taken + 1
        if moved < last:
            reason = ""
            break
    return Maximum(here, information(here), reason, taken)


def find_maximum(
    at: Callable[[Floats], P],
    information: Callable[[P], Floats],
    theta: Floats,
    is_near: Callable[[Maximum[P]], bool],
    diagnose: Callable[[], str],
) -> tuple[Maximum[P], str]:
    """Maximise; where a maximum exists, go on until it is certain. Says why an end is none.

    Parameters
    ----------
    at, information, theta
        As of `maximise`.
    is_near
        Whether a maximum must be near an end.
    diagnose
        Why there is no maximum; empty if there is one.
    """
    found = maximise(at, information, theta)
    if not found.reason and is_near(found):
        return found, ""
    reason = diagnose()
    if reason or not np.isfinite(found.information).all():
        return found, reason or found.reason
    again = maximise(at, information, found.end.theta, _VERY_LAST)
    stands = not found.reason and again.end.value - found.end.value < _NO_RISE
    return again, "" if stands or is_near(again) else again.reason


def inverse(information: Floats) -> Floats:
    """The inverse of a matrix; not a number where there is none.

    Parameters
    ----------
    information
        A square matrix.

    Examples
    --------
    >>> inverse(np.diag([2.0, 4.0])).diagonal().tolist(), inverse(np.zeros((1, 1))).tolist()
    ([0.5, 0.25], [[nan]])
    """
    diagonal = np.diag(information)
    scale = 1 / np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    both = np.outer(scale, scale)
    try:
        return np.asarray(np.linalg.inv(information * both) * both, np.float64)
    except np.linalg.LinAlgError:
        return np.full_like(information, np.nan)


def _step(information: Floats, gradient: Floats) -> tuple[Floats, float]:
    """Newton's step, and the most standard errors that it moves an estimate by."""
    covariance = inverse(information)
    step = covariance @ gradient
    errors = np.sqrt(np.abs(np.diag(covariance)))
    return step, float(np.max(np.abs(step) / np.maximum(errors, 1e-300)))


def _search(at: Callable[[Floats], P], here: P, step: Floats) -> P | None:
    part = 1.0
    for _ in range(_HALVINGS):
        found = at(here.theta + part * step)
        if np.isfinite(found.value) and found.value >= here.value - _ROUNDING * abs(here.value):
            return found
        part /= 2
    return None
