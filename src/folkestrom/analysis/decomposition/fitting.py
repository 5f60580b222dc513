"""Linear and logistic regressions on cells, with what each row adds to the coefficients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from folkestrom.analysis.decomposition.design import Design
from folkestrom.errors import UsageError

Floats: TypeAlias = npt.NDArray[np.float64]
Link = Literal["logit", "linear"]

_MOST_STEPS = 100
#: A linear predictor beyond this means that a level has no events, or nothing but events.
_FAR = 30.0


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
    _check_rank(x, n, design, who)
    if link == "logit":
        _check_separation(matrix, events, trials, design, who)
    beta = np.zeros(x.shape[1])
    if link == "logit":
        overall = y.sum() / n.sum()
        beta[0] = np.log(overall / (1 - overall))
    for _ in range(_MOST_STEPS):
        predictor = x @ beta
        information = (x * (n * slope(predictor, link))[:, None]).T @ x
        change = np.linalg.solve(information, x.T @ (y - n * mean(predictor, link)))
        beta = beta + change
        if abs(x @ beta).max() > _FAR and link == "logit":
            break
        if abs(change).max() < 1e-10 * max(1.0, abs(beta).max()):
            final = (x * (n * slope(x @ beta, link))[:, None]).T @ x
            inverse = np.linalg.inv(final).astype(np.float64)
            return Fit(beta, inverse, mean(matrix @ beta, link))
    raise UsageError(
        f"the model of {who} does not converge: some combination of levels tells its outcome",
        where="terms",
        next_step="Merge small levels, or take fewer terms",
    )


def _check_rank(x: Floats, n: Floats, design: Design, who: str) -> None:
    if np.linalg.matrix_rank(x * np.sqrt(n)[:, None]) == x.shape[1]:
        return
    for term, place in zip(design.terms, design.places, strict=True):
        block = np.hstack([np.ones((len(x), 1)), x[:, place]])
        if np.linalg.matrix_rank(block) < block.shape[1]:
            raise UsageError(
                f"has a level in which {who} has nobody",
                where="terms",
                value=term,
                next_step="Merge the level with another, or leave such rows out",
            )
    raise UsageError(
        f"determine each other among {who}",
        where="terms",
        value=", ".join(design.terms),
        next_step="Leave one of them out",
    )


def _check_separation(
    matrix: Floats, events: Floats, trials: Floats, design: Design, who: str
) -> None:
    for term, place in zip(design.terms, design.places, strict=True):
        levels, codes = np.unique(matrix[:, place], axis=0, return_inverse=True)
        if len(levels) > design.matrix.shape[1]:
            continue  # numbers, not levels
        codes = codes.ravel()
        n, y = np.bincount(codes, trials), np.bincount(codes, events)
        bad = (n > 0) & ((y == 0) | (y == n))
        if bad.any():
            row = int(np.flatnonzero(codes == np.flatnonzero(bad)[0])[0])
            label = " and ".join(
                str(design.labels[name][row % design.labels.height]) for name in term.split(":")
            )
            raise UsageError(
                f"has a level, {label}, in which {who} have no events or nothing else: a logit has "
                "no estimate there",
                where="terms",
                value=term,
                next_step="Merge the level with another, or use model='linear'",
            )
