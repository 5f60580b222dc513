"""Whether a likelihood has a maximum: separation, and monotone likelihoods.

A logit has no finite estimate if and only if some direction of the coefficients never makes what
happened less likely in any row, and makes it more likely in one (Albert & Anderson 1984,
*Biometrika* 71); a partial likelihood likewise, over those at risk together (Jacobsen 1989,
*Scandinavian Journal of Statistics* 16). Each row, or pair at risk, is an inequality; whether a
direction satisfies them all is a question of linear programming (Konis 2007). It is answered
with the inequalities that the directions found so far break, until none is broken. Inequalities
may be multiplied by any number, and are, so that neither units nor outlying values matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog

from folkestrom.analysis.design.collinearity import listed
from folkestrom.analysis.design.model_matrix import Indices, ModelMatrix, location_and_scale

Floats: TypeAlias = npt.NDArray[np.float64]

#: What counts as zero, of a sum whose parts are of size one.
NOTHING = 1e-9
#: Inequalities that are added at a time, and how often.
MOST_ADDED, _MOST_ROUNDS = 500, 500
#: So many of them that are broken equally.
_ALIKE = 20
#: What a coefficient of a column that is no covariate costs, of what another does.
_CHEAP = 1e-3
#: Tolerances of the linear program.
_TIGHT = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
#: What of an inequality the linear program takes for 0.
_ZERO = 1e-8
#: How near a maximum must be, in units in which 1 could mean that there is none.
_NEAR = 0.25
#: The least eigenvalue of an information, its diagonal being 1, that is not rounding.
_DETERMINED = 1e-9
#: So many parts of a combination are written out.
_MOST_NAMED = 6


def finite_maximum_near(gradient: Floats, information: Floats, reach: float) -> bool:
    """Whether a likelihood must have a finite maximum near the coefficients reached.

    The likelihoods are self-concordant (Bach 2010, *Electronic Journal of Statistics* 4): the
    length of the next step, in standard errors, times the greatest standard error of a linear
    predictor bounds how far off the maximum is; where there is none, the product stays near 1.

    Parameters
    ----------
    gradient
        At the coefficients.
    information
        Minus the second derivatives there.
    reach
        The greatest standard error of a difference of linear predictors, or more.

    Examples
    --------
    >>> finite_maximum_near(np.array([1e-6]), np.array([[10.0]]), reach=3.0)
    True
    """
    diagonal = np.diag(information)
    if not (np.isfinite(information).all() and np.isfinite(reach) and (diagonal > 0).all()):
        return False
    scale = 1 / np.sqrt(diagonal)
    sizes, vectors = np.linalg.eigh(information * np.outer(scale, scale))
    if sizes.min() < _DETERMINED:
        return False
    length = np.linalg.norm(vectors.T @ (scale * gradient) / np.sqrt(sizes))
    return bool(length * reach <= _NEAR)


@dataclass(frozen=True, slots=True, eq=False)
class Scaled:
    """Columns of which the numbers count from their median, in a unit of their own.

    Attributes
    ----------
    columns
        The columns.
    origin, unit
        Taken off, and then divided by.
    """

    columns: ModelMatrix
    origin: Floats
    unit: Floats

    def of(self, values: Floats, own: Indices | slice = slice(None)) -> Floats:
        """Some of the columns, from values of them."""
        return np.asarray((values - self.origin[own]) / self.unit[own])

    def read(self, rows: Indices) -> Floats:
        """The columns of some rows."""
        return self.of(self.columns.read(rows))

    def blocks(self) -> Iterator[tuple[Indices, Floats]]:
        """All rows, a block at a time."""
        for rows, values in self.columns.blocks():
            yield rows, self.of(values)


def scaled(columns: ModelMatrix) -> Scaled:
    """Columns with numbers of the size of 1.

    Parameters
    ----------
    columns
        The columns.
    """
    return Scaled(columns, *location_and_scale(columns.read(columns.spread()), columns.numbers))


@dataclass(frozen=True, slots=True, eq=False)
class SeparatedRows:
    """What a direction tells apart that breaks no inequality.

    Attributes
    ----------
    times, all
        In how many rows, or at how many times of events, and of how many.
    likelier, unlikelier
        Numbers of the outcomes that it makes likelier there, and at the cost of which.
    rows
        Rows that it makes less likely to have another outcome than theirs.
    """

    times: float
    all: float
    likelier: frozenset[int]
    unlikelier: frozenset[int]
    rows: Indices


class Inequalities(Protocol):
    """What a direction must satisfy that never lowers a likelihood.

    Directions are equation × column, of scaled columns.
    """

    @property
    def scaled(self) -> Scaled:
        """The columns."""

    def gradient(self) -> Floats:
        """A sum of all inequalities, each times a positive number."""

    def broken(self, direction: Floats) -> Floats:
        """Inequalities that a direction breaks, the worst of them: each equation × column."""

    def separated_rows(self, direction: Floats) -> SeparatedRows:
        """What a direction tells apart that breaks none."""


@dataclass(frozen=True, slots=True, eq=False)
class Separation:
    """A direction in which a likelihood rises for ever.

    Attributes
    ----------
    parts
        Number of the equation, name of the covariate, and its part in the direction.
    separated
        What it tells apart.
    value
        The value of a number in all rows that it tells apart; None if they do not share it.
    """

    parts: tuple[tuple[int, str, float], ...]
    separated: SeparatedRows
    value: float | None

    def message(self, outcomes: Sequence[str], times: str = "rows") -> str:
        """What is separated, by which covariates.

        Parameters
        ----------
        outcomes
            Names of what there is to tell apart, by number.
        times
            What is counted.
        """
        names = list(dict.fromkeys(name for _, name, _ in self.parts))
        several = len(names) > 1
        who = names[0]
        if several:
            who = f"{listed(names)} together ({self._formula(outcomes)})"
        where = f"in {self.separated.times:.10g} of {self.separated.all:.10g} {times}"
        if self.value is not None:
            where += f", where it is {self.value:g}"
        return (
            f"{who} {'tell' if several else 'tells'} {self._apart(outcomes)} without error {where} "
            f"(separation): {'their coefficients have' if several else 'its coefficient has'} no "
            "finite estimate"
        )

    def _apart(self, outcomes: Sequence[str]) -> str:
        up, down = self.separated.likelier, self.separated.unlikelier
        if len(outcomes) == 2:
            return f"{outcomes[1]} from {outcomes[0]}"
        for one in (down, up):
            if len(one) == 1:
                return f"{outcomes[min(one)]} from other outcomes"
        return f"{', '.join(outcomes[k] for k in sorted(up | down))} apart"

    def _formula(self, outcomes: Sequence[str]) -> str:
        """The combination, the first covariate's part being 1."""
        unit = abs(self.parts[0][2])
        named = len(outcomes) > 2
        said = []
        for equation, name, part in self.parts[:_MOST_NAMED]:
            times = f"{abs(part) / unit:.6g} × ".removeprefix("1 × ")
            of = f"{outcomes[equation + 1]}: " if named else ""
            said.append(f"{'-' if part < 0 else '+'} {times}{of}{name}")
        return " ".join(said).removeprefix("+ ") + (" …" if len(self.parts) > len(said) else "")


def find_separation(
    inequalities: Inequalities, covariates: npt.NDArray[np.bool_]
) -> Separation | None:
    """A direction in which the likelihood never falls, by as few covariates as will do.

    Parameters
    ----------
    inequalities
        What such a direction satisfies.
    covariates
        Which columns are covariates; the others are constants, and never named.

    Returns
    -------
    Separation or None
        None where there is no such direction: the estimates are finite.
    """
    search = _Search(inequalities, covariates)
    direction = search.find(np.zeros_like(search.gradient, dtype=bool))
    if direction is None:
        return None
    for j, k in np.argwhere((direction != 0) & covariates):
        if direction[j, k] == 0:
            continue
        fewer = (direction == 0) & covariates
        fewer[j, k] = True
        found = search.find(fewer)
        direction = direction if found is None else found
    return _separation(inequalities, direction, covariates)


class _Search:
    """Directions by linear programs, with the inequalities that earlier ones broke."""

    def __init__(self, inequalities: Inequalities, covariates: npt.NDArray[np.bool_]) -> None:
        self.inequalities = inequalities
        gradient = inequalities.gradient()
        self.gradient = gradient / (np.abs(gradient).max() or 1.0)
        cost = np.where(covariates, 1.0, _CHEAP)
        self._cost = np.broadcast_to(cost, gradient.shape).ravel()
        self._held = np.zeros((0, gradient.size))
        self._known: set[bytes] = set()

    def find(self, left_out: npt.NDArray[np.bool_]) -> Floats | None:
        """A direction that breaks no inequality, without some coefficients."""
        for _ in range(_MOST_ROUNDS):
            direction = self._solve(left_out.ravel()).reshape(self.gradient.shape)
            if not (self.gradient * direction).sum() > NOTHING * np.abs(direction).max():
                return None
            broken = self.inequalities.broken(direction)
            if not len(broken):
                return direction if len(self.inequalities.separated_rows(direction).rows) else None
            broken = broken / np.abs(broken).max(axis=1, keepdims=True) + 0.0
            new = {row.tobytes(): row for row in broken}
            new = {text: row for text, row in new.items() if text not in self._known}
            if not new:
                return None
            self._known |= new.keys()
            self._held = np.vstack([self._held, *new.values()])
        return None

    def _solve(self, left_out: npt.NDArray[np.bool_]) -> Floats:
        """The direction of a given length that the likelihood rises most in at first."""
        held = np.vstack([np.hstack([-self._held, self._held]), np.tile(self._cost, 2)])
        most = np.zeros(len(held))
        most[-1] = 1.0
        upper = np.tile(np.where(left_out, 0.0, np.inf), 2)
        rising = self.gradient.ravel()
        found = linprog(
            np.concatenate([-rising, rising]), A_ub=held, b_ub=most,
            bounds=np.column_stack([np.zeros_like(upper), upper]), method="highs", options=_TIGHT,
        )  # fmt: skip
        if found.x is None:
            return np.zeros(left_out.size)
        up, down = np.split(found.x, 2)
        direction = np.asarray(up - down)
        direction[np.abs(direction) <= NOTHING * np.abs(direction).max()] = 0.0
        return self._exact(direction)

    def _exact(self, direction: Floats) -> Floats:
        """The direction with what the program takes for 0 as near to it as numbers allow."""
        size = np.abs(direction)
        zero = self._held[np.abs(self._held @ direction) <= _ZERO] * size
        length = np.abs(zero).sum(axis=1)
        zero = zero[length > 0] / length[length > 0, None]
        signs = np.sign(direction)
        if len(zero):
            signs -= np.linalg.lstsq(zero, zero @ signs, rcond=NOTHING)[0]
        return np.asarray(size * signs)


def _various(most: Floats) -> Indices:
    """The most broken, few of those that are broken equally: they are mostly alike."""
    broken = np.flatnonzero(most > NOTHING)
    broken = broken[np.argsort(-most[broken])]
    _, first, which = np.unique(-most[broken], return_index=True, return_inverse=True)
    return broken[np.arange(len(broken)) - first[which] < _ALIKE][:MOST_ADDED]


def _separation(
    inequalities: Inequalities, direction: Floats, covariates: npt.NDArray[np.bool_]
) -> Separation:
    columns, unit = inequalities.scaled.columns, inequalities.scaled.unit
    separated = inequalities.separated_rows(direction)
    places = [tuple(p) for p in np.argwhere((direction != 0) & covariates)]
    parts = tuple((int(j), columns.names[k], float(direction[j, k] / unit[k])) for j, k in places)
    value = None
    alone = {int(k) for _, k in places}
    if len(alone) == 1 and columns.numbers[min(alone)]:
        values = np.unique(
            columns.read(separated.rows[:: max(len(separated.rows) // 10_000, 1)])[:, min(alone)]
        )
        value = float(values[0]) if len(values) == 1 else None
    return Separation(parts, separated, value)


@dataclass(frozen=True, slots=True, eq=False)
class OutcomeInequalities:
    """The inequalities of models of the probabilities of outcomes: logits, and log-log of two.

    Attributes
    ----------
    scaled
        The columns.
    outcomes
        How many there are.
    counts
        For some rows how often each outcome was seen: rows × outcomes.
    """

    scaled: Scaled
    outcomes: int
    counts: Callable[[Indices], Floats]

    def gradient(self) -> Floats:
        """The likelihood's gradient where all rows have the same probabilities."""
        total = np.zeros(self.outcomes)
        own = np.zeros((self.outcomes, self.scaled.columns.size))
        everybody = np.zeros(self.scaled.columns.size)
        for rows, values in self.scaled.blocks():
            counts = self.counts(rows)
            total += counts.sum(axis=0)
            own += counts.T @ values
            everybody += counts.sum(axis=1) @ values
        return np.asarray((own - np.outer(total / total.sum(), everybody))[1:])

    def broken(self, direction: Floats) -> Floats:
        """Rows and outcomes that another outcome is put before, the worst of them."""
        found, worst = [np.zeros((0, direction.size))], [np.zeros(0)]
        for rows, values in self.scaled.columns.blocks():
            r, seen, ahead = self._ahead(rows, values, direction)
            best = ahead.argmax(axis=1)
            most = ahead[np.arange(len(r)), best]
            kept = _various(most)
            made = np.zeros((len(kept), self.outcomes, values.shape[1]))
            of_row = self.scaled.of(values[r[kept]])
            made[np.arange(len(kept)), seen[kept]] += of_row
            made[np.arange(len(kept)), best[kept]] -= of_row
            found.append(made[:, 1:].reshape(len(kept), direction.size))
            worst.append(most[kept])
        return np.vstack(found)[_various(np.concatenate(worst))]

    def separated_rows(self, direction: Floats) -> SeparatedRows:
        """What a direction tells apart."""
        separated: list[Indices] = []
        likelier: set[int] = set()
        unlikelier: set[int] = set()
        for rows, values in self.scaled.columns.blocks():
            r, seen, ahead = self._ahead(rows, values, direction)
            apart = ahead < -NOTHING
            separated.append(rows[np.unique(r[apart.any(axis=1)])])
            likelier |= set(seen[apart.any(axis=1)].tolist())
            unlikelier |= set(np.flatnonzero(apart.any(axis=0)).tolist())
        rows = np.concatenate(separated)
        everybody = np.arange(self.scaled.columns.rows)
        times, total = self._times(rows), self._times(everybody)
        return SeparatedRows(times, total, frozenset(likelier), frozenset(unlikelier), rows)

    def _times(self, rows: Indices) -> float:
        length = 1 << 16
        parts = (rows[first : first + length] for first in range(0, len(rows), length))
        return float(sum(self.counts(part).sum() for part in parts))

    def _ahead(
        self, rows: Indices, values: Floats, direction: Floats
    ) -> tuple[Indices, Indices, Floats]:
        """Row and outcome seen; × outcome: how far it is ahead of it, of the size of its parts.

        The values are not scaled yet: most columns are in few directions.
        """
        r, seen = np.nonzero(self.counts(rows) > 0)
        own = np.flatnonzero(direction.any(axis=0))
        values = self.scaled.of(values[:, own], own)
        zero = np.zeros((len(values), 1))
        predictor = np.hstack([zero, values @ direction[:, own].T])
        size = np.hstack([zero, np.abs(values) @ np.abs(direction[:, own]).T])
        ahead = predictor[r] - predictor[r, seen][:, None]
        whole = size[r] + size[r, seen][:, None]
        return r, seen, np.divide(ahead, whole, out=np.zeros_like(ahead), where=whole > 0)
