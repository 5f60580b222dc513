"""Linear and logistic regressions on cells, with what each row adds to the coefficients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from folkestrom.analysis.decomposition.design import Design, parts_of
from folkestrom.analysis.design.collinearity import linear_dependencies, orthogonalise
from folkestrom.analysis.design.model_matrix import ModelMatrix, model_matrix
from folkestrom.analysis.design.separation import (
    OutcomeInequalities,
    find_separation,
    finite_maximum_near,
    scaled,
)
from folkestrom.analysis.inference.newton import Maximum, find_maximum, inverse
from folkestrom.errors import UsageError

Floats: TypeAlias = npt.NDArray[np.float64]
Link = Literal["logit", "linear"]


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Coefficients.

    Parameters
    ----------
    coefficients
        A vector of length K.
    inverse
        K × K: the inverse of the information, so that a row adds
        `inverse @ x * (y − fitted)` to the coefficients (its influence).
    fitted
        Fitted shares of the cells.
    """

    coefficients: Floats
    inverse: Floats
    fitted: Floats


def mean(predictor: Floats, link: Link) -> Floats:
    """The share that belongs to a linear predictor.

    Parameters
    ----------
    predictor
        Values, any shape.
    link
        "logit" or "linear".

    Examples
    --------
    >>> mean(np.array([0.0]), "logit").tolist()
    [0.5]
    """
    if link == "linear":
        return predictor
    return np.asarray(expit(predictor), dtype=np.float64)


def slope(predictor: Floats, link: Link) -> Floats:
    """The derivative of `mean`.

    Parameters
    ----------
    predictor, link
        As for `mean`.

    Examples
    --------
    >>> slope(np.array([0.0]), "logit").tolist()
    [0.25]
    """
    if link == "linear":
        return np.ones_like(predictor)
    share = mean(predictor, link)
    return share * (1 - share)


def fit(
    matrix: Floats, events: Floats, trials: Floats, link: Link, design: Design, who: str
) -> Fit:
    """Maximum likelihood (logit) or least squares (linear) on cells.

    Parameters
    ----------
    matrix
        Cells × K.
    events, trials
        Counts of each cell.
    link
        "logit" or "linear".
    design
        Whose columns they are, for messages.
    who
        Whose rows they are, for messages.
    """
    used = trials > 0
    x, y, n = matrix[used], events[used], trials[used]
    columns = _columns(x, design)
    _check_rank(columns, design, who)
    if link == "logit":
        _check_levels(matrix, events, trials, design, who)
    # Columns that are near to one another would lose digits.
    apart = orthogonalise(columns)
    turn = apart.coefficients(columns)
    model = _Model(apart.values(x, columns), y, n, link)
    found, reason = find_maximum(
        model.at, model.information, model.start(), model.near_maximum,
        lambda: _separated(x, y, n, design) if link == "logit" else "",
    )  # fmt: skip
    covariance = inverse(found.information)
    if reason:
        raise UsageError(
            f"have no estimate in the model of {who}: {reason}", where="terms",
            value=", ".join(design.terms),
            next_step="Merge small levels, take fewer terms, or use model='linear'",
        )  # fmt: skip
    beta = turn @ (found.end.theta + covariance @ found.end.gradient)
    return Fit(beta, turn @ covariance @ turn.T, mean(matrix @ beta, link))


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    theta: Floats
    value: float
    gradient: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Model:
    """Cells: columns, events and trials."""

    x: Floats
    events: Floats
    trials: Floats
    link: Link

    def start(self) -> Floats:
        """The overall share."""
        overall = self.events.sum() / self.trials.sum()
        level = np.log(overall / (1 - overall)) if self.link == "logit" else overall
        return np.asarray(np.eye(1, self.x.shape[1])[0] * level)

    def at(self, theta: Floats) -> _State:
        """Log-likelihood, or minus half the sum of squares, and its gradient."""
        predictor = self.x @ theta
        residual = self.events - self.trials * mean(predictor, self.link)
        if self.link == "logit":
            value = self.events @ predictor - self.trials @ np.logaddexp(0.0, predictor)
        else:
            value = -(residual**2 / self.trials).sum() / 2
        return _State(theta, float(value), self.x.T @ residual)

    def near_maximum(self, found: Maximum[_State]) -> bool:
        """Whether a maximum must be near where a maximisation ended."""
        if self.link == "linear":
            return True
        covariance = inverse(found.information)
        squares = np.einsum("ij,jk,ik->i", self.x, covariance, self.x)
        reach = float(np.sqrt(np.abs(squares)).max())
        return finite_maximum_near(found.end.gradient, found.information, reach)

    def information(self, state: _State) -> Floats:
        """Minus the second derivatives."""
        weight = self.trials * slope(self.x @ state.theta, self.link)
        return np.asarray((self.x * weight[:, None]).T @ self.x)


def _columns(x: Floats, design: Design) -> ModelMatrix:
    """The columns of cells, deviations of levels from the mean as they are."""
    names, numbers = ["(constant)"], [False]
    for term, place in zip(design.terms, design.places, strict=True):
        number = _is_number(design, term)
        names += [term] * (place.stop - place.start)
        numbers += [number] * (place.stop - place.start)
    more = x.shape[1] - len(names)
    return model_matrix(x, [*names, *["(group)"] * more], [*numbers, *[False] * more])


def _check_rank(columns: ModelMatrix, design: Design, who: str) -> None:
    x = columns.read(np.arange(columns.rows))
    for term, place in zip(design.terms, design.places, strict=True):
        if not columns.numbers[place].all() and not _all_met(x[:, place]):
            raise UsageError(
                f"has a level in which {who} has nobody",
                where="terms",
                value=term,
                next_step="Merge the level with another, or leave such rows out",
            )
    levels = np.flatnonzero(~columns.numbers)
    among = linear_dependencies(x[:, levels].T @ x[:, levels])
    found = {int(levels[k]): [int(levels[o]) for o in others] for k, others in among.items()}
    found |= orthogonalise(columns).combinations
    if not found:
        return
    k, others = next(iter(found.items()))
    if not set(others) - {0}:
        raise UsageError(
            f"does not vary among {who}", where="terms", value=columns.names[k],
            next_step="Leave it out",
        )  # fmt: skip
    named = dict.fromkeys(columns.names[o] for o in (*sorted(others), k) if o)
    raise UsageError(
        f"determine each other among {who}",
        where="terms",
        value=", ".join(named),
        next_step="Leave one of them out",
    )


def _all_met(block: Floats) -> bool:
    """Whether each level occurs: the last is -1 in all columns."""
    return bool((block == 1).any(axis=0).all() and (block == -1).all(axis=1).any())


def _separated(x: Floats, events: Floats, trials: Floats, design: Design) -> str:
    """Which covariates tell events from others without error, if some do."""
    names, numbers = ["(constant)"], [False]
    for term, place in zip(design.terms, design.places, strict=True):
        number = _is_number(design, term)
        for column in range(place.start, place.stop):
            row = int(np.flatnonzero(design.matrix[:, column] == 1)[0]) if not number else 0
            names.append(term if number else f"{term}[{_label(design, term, row)}]")
            numbers.append(number)
    names += ["(group)"] * (x.shape[1] - len(names))
    numbers += [False] * (x.shape[1] - len(numbers))
    # Levels as they are, the last compared with; deviations have the same span.
    plain = np.where(np.array(numbers), x, (x == 1) | (x == 0.5))
    columns = model_matrix(plain.astype(np.float64), names, numbers)
    counts = np.column_stack([trials - events, events])
    covariates = np.arange(len(names)) > 0
    told = find_separation(
        OutcomeInequalities(scaled(columns), 2, lambda rows: counts[rows]), covariates
    )
    return told.message(("others", "events"), "rows") if told else ""


def _is_number(design: Design, term: str) -> bool:
    parts = parts_of(term)
    return len(parts) == 1 and design.labels[parts[0]].dtype.is_float()


def _label(design: Design, term: str, row: int) -> str:
    names = parts_of(term)
    return " and ".join(str(design.labels[name][row % design.labels.height]) for name in names)


def _check_levels(matrix: Floats, events: Floats, trials: Floats, design: Design, who: str) -> None:
    for term, place in zip(design.terms, design.places, strict=True):
        if _is_number(design, term):
            continue
        _, codes = np.unique(matrix[:, place], axis=0, return_inverse=True)
        codes = codes.ravel()
        n, y = np.bincount(codes, trials), np.bincount(codes, events)
        bad = (n > 0) & ((y == 0) | (y == n))
        if bad.any():
            row = int(np.flatnonzero(codes == np.flatnonzero(bad)[0])[0])
            label = _label(design, term, row)
            raise UsageError(
                f"has a level, {label}, in which {who} have no events or nothing else: a logit has "
                "no estimate there",
                where="terms",
                value=term,
                next_step="Merge the level with another, or use model='linear'",
            )
