"""The mobility truth as the truth folder tells it, applied to the panel: nothing of the program."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
AWAY = ("another_municipality", "abroad")


@dataclass(frozen=True)
class Panel:
    """The panel's rows at risk.

    `codes` (n, 11) are positions in `names`, a constant and then one for each variable; the level
    that most persons have is the variable's reference, its coefficients are 0, `free` are the
    others. `coefficients` (levels, 2) are the stated ones, `intercepts` (n, 2) the persons'.
    """

    frame: pl.DataFrame
    codes: NDArray[np.int64]
    names: list[tuple[str, str]]
    free: NDArray[np.int64]
    coefficients: Floats
    intercepts: Floats
    outcome: NDArray[np.int64]

    def utilities(self, coefficients: Floats) -> Floats:
        """float64[n, 2]: linear predictors of another municipality and abroad."""
        out = self.intercepts.copy()
        for column in self.codes.T:
            out += coefficients[column]
        return out

    def probabilities(self, coefficients: Floats | None = None) -> Floats:
        """float64[n, 3]: probabilities of stay, another municipality and abroad."""
        odds = np.exp(self.utilities(self.coefficients if coefficients is None else coefficients))
        return np.column_stack([np.ones(len(odds)), odds]) / (1 + odds.sum(axis=1))[:, None]

    def levels(self) -> Iterator[tuple[tuple[str, str], NDArray[np.bool_]]]:
        """Every level but the references: its name, and which rows have it."""
        variables = list(dict.fromkeys(variable for variable, _ in self.names))
        for k in self.free:
            yield self.names[k], self.codes[:, variables.index(self.names[k][0])] == k


def read_panel(folder: Path) -> Panel:
    """The panel of a country, without those who had left before."""
    model = json.loads((folder / "model.json").read_text(encoding="utf-8"))["mobility"]
    frame = pl.read_parquet(folder / "panel.parquet").drop_nulls("true_outcome")
    persons = pl.read_parquet(folder / "persons.parquet")
    frame = frame.join(persons.select("person", pl.col("^intercept_.*$")), on="person", how="left")
    stated = model["coefficients"]
    names, codes = [("constant", "")], [np.zeros(len(frame), np.int64)]
    beta, free = [[stated["constant"][name][0] for name in AWAY]], [0]
    for variable in (name for name in stated if name != "constant"):
        told, values = stated[variable], frame[variable].cast(pl.String)
        place = {level: len(names) + k for k, level in enumerate(told["levels"])}
        codes.append(values.replace_strict(place, return_dtype=pl.Int64).to_numpy())
        counts = dict(values.value_counts().iter_rows())
        base = max(place, key=lambda level: counts.get(level, 0))
        at = told["levels"].index(base)
        for k, level in enumerate(place):
            names.append((variable, level))
            beta.append([told[name][k] - told[name][at] for name in AWAY])
            if level != base and counts.get(level):  # children are not in the panel
                free.append(place[level])
        beta[0] = [b + told[name][at] for b, name in zip(beta[0], AWAY, strict=True)]
    order = {"stay": 0, AWAY[0]: 1, AWAY[1]: 2}
    outcome = frame["true_outcome"].cast(pl.String).replace_strict(order, return_dtype=pl.Int64)
    intercepts = frame.select(f"intercept_{name}" for name in AWAY).to_numpy().astype(np.float64)
    return Panel(
        frame, np.column_stack(codes), names, np.array(free), np.array(beta), intercepts,
        outcome.to_numpy(),
    )  # fmt: skip


def estimate(panel: Panel, rounds: int = 40) -> tuple[Floats, Floats]:
    """Maximum likelihood of the free coefficients given the intercepts, by Newton's method.

    The likelihood is concave, so that it does not matter where one begins: at the stated ones. A
    step is halved until it gains.

    Returns
    -------
    tuple of arrays
        Coefficients (free, 2) and their standard errors.
    """
    k = len(panel.free)
    beta = panel.coefficients.copy()
    now, score, information = _derivatives(panel, beta)
    for _ in range(rounds):
        step = np.zeros_like(beta)
        step[panel.free] = np.linalg.solve(information, score).reshape(2, k).T
        then, *rest = _derivatives(panel, beta + step)
        while then < now - 1e-6:
            step /= 2
            then, *rest = _derivatives(panel, beta + step)
        beta, (score, information) = beta + step, rest
        gain, now = then - now, then
        if gain < 1e-2:  # a level without an event has no maximum
            break
    errors = np.sqrt(np.diag(np.linalg.inv(information))).reshape(2, k).T
    return beta[panel.free], errors


def score_test(panel: Panel) -> float:
    """Probability of a score as far from zero as that of the stated coefficients: Rao's test.

    It takes all of them together, as estimates of background and reason go with each other, and
    needs none: a level without an event has no estimate.
    """
    _, score, information = _derivatives(panel, panel.coefficients)
    found = score.ravel() @ np.linalg.solve(information, score.ravel())
    return float(stats.chi2.sf(found, score.size))


def z_scores(panel: Panel) -> Floats:
    """Errors of the estimates over their standard errors, of levels that more than a few have."""
    found, errors = estimate(panel)
    return np.asarray(((found - panel.coefficients[panel.free]) / errors)[errors < 0.5])


def _derivatives(panel: Panel, beta: Floats) -> tuple[float, Floats, Floats]:
    """Log-likelihood, its score and information; the rows of a design are never written out."""
    utility = np.minimum(panel.utilities(beta), 500.0)
    odds = np.exp(utility)
    total = 1 + odds.sum(axis=1)
    p = odds / total[:, None]
    value = sum(float(utility[panel.outcome == a + 1, a].sum()) for a in (0, 1))
    size, k = len(panel.names), len(panel.free)
    score, information = np.empty((2, k)), np.empty((2, k, 2, k))
    pairs = [
        (u == v, panel.codes[:, u] * size + panel.codes[:, v])
        for u in range(panel.codes.shape[1])
        for v in range(u + 1)
    ]
    for a in (0, 1):
        rest = (panel.outcome == a + 1) - p[:, a]
        score[a] = sum(np.bincount(c, rest, size) for c in panel.codes.T)[panel.free]
        for b in range(a + 1):
            weight = p[:, a] * ((a == b) - p[:, b])
            block = np.zeros((size, size))
            for same, cell in pairs:
                part = np.bincount(cell, weight, size * size).reshape(size, size)
                block += part if same else part + part.T
            block = block[np.ix_(panel.free, panel.free)]
            information[a, :, b] = information[b, :, a] = block
    return value - float(np.log(total).sum()), score.reshape(-1), information.reshape(2 * k, -1)
