"""The mobility truth as the truth folder tells it, applied to the panel: nothing of the program."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
AWAY = ("another_municipality", "abroad")


@dataclass(frozen=True)
class Panel:
    """The panel's rows at risk: `design` (n, k) of dummies, outcomes, intercepts (n, 2)."""

    frame: pl.DataFrame
    design: NDArray[np.float32]
    names: list[tuple[str, str]]
    coefficients: Floats
    intercepts: Floats
    outcome: NDArray[np.int64]

    def chances(self, coefficients: Floats | None = None) -> Floats:
        """float64[n, 3]: chances of stay, another municipality and abroad."""
        beta = self.coefficients if coefficients is None else coefficients
        odds = np.exp(self.design @ beta + self.intercepts)
        return np.column_stack([np.ones(len(odds)), odds]) / (1 + odds.sum(axis=1))[:, None]


def read_panel(folder: Path) -> Panel:
    """The panel of a country, without those who had left before."""
    model = json.loads((folder / "model.json").read_text(encoding="utf-8"))["mobility"]
    frame = pl.read_parquet(folder / "panel.parquet").drop_nulls("true_outcome")
    persons = pl.read_parquet(folder / "persons.parquet")
    frame = frame.join(persons.select("person", pl.col("^intercept_.*$")), on="person", how="left")
    names, columns, beta = [("constant", "")], [np.ones(len(frame), np.float32)], []
    beta.append([model["coefficients"]["constant"][name][0] for name in AWAY])
    for variable, told in model["coefficients"].items():
        if variable == "constant":
            continue
        values = frame[variable].cast(pl.String)
        levels = told["levels"]
        # The level of most persons is the reference of the dummies, so that all are identified.
        counts = dict(values.value_counts().iter_rows())
        base = max(levels, key=lambda level: counts.get(level, 0))
        at = levels.index(base)
        for k, level in enumerate(levels):
            if level == base or not counts.get(level):  # children are not in the panel
                continue
            names.append((variable, level))
            columns.append((values == level).to_numpy().astype(np.float32))
            beta.append([told[name][k] - told[name][at] for name in AWAY])
        beta[0] = [b + told[name][at] for b, name in zip(beta[0], AWAY, strict=True)]
    order = {"stay": 0, AWAY[0]: 1, AWAY[1]: 2}
    outcome = frame["true_outcome"].cast(pl.String).replace_strict(order).to_numpy()
    intercepts = frame.select(f"intercept_{name}" for name in AWAY).to_numpy().astype(np.float64)
    design = np.column_stack(columns)
    return Panel(frame, design, names, np.array(beta), intercepts, outcome.astype(np.int64))


def estimate(panel: Panel, rounds: int = 6) -> tuple[Floats, Floats]:
    """Maximum likelihood of the coefficients given the intercepts, by Newton's method.

    Returns
    -------
    tuple of arrays
        Coefficients (k, 2) and their standard errors.
    """
    k = panel.design.shape[1]
    beta = np.zeros((k, 2))
    beta[0] = -3.0, -5.0
    information = np.eye(2 * k)
    for _ in range(rounds):
        score, information = _derivatives(panel, beta)
        beta += np.linalg.solve(information, score).reshape(2, k).T
    errors = np.sqrt(np.diag(np.linalg.inv(information))).reshape(2, k).T
    return beta, errors


def _derivatives(panel: Panel, beta: Floats, chunk: int = 100_000) -> tuple[Floats, Floats]:
    """Score and information of the log-likelihood."""
    k = panel.design.shape[1]
    score, information = np.zeros((2, k)), np.zeros((2, k, 2, k))
    for low in range(0, len(panel.outcome), chunk):
        part = slice(low, low + chunk)
        x = panel.design[part].astype(np.float64)
        odds = np.exp(x @ beta + panel.intercepts[part])
        p = odds / (1 + odds.sum(axis=1))[:, None]
        for a in (0, 1):
            score[a] += x.T @ ((panel.outcome[part] == a + 1) - p[:, a])
            for b in range(a + 1):
                block = x.T @ (x * (p[:, a] * ((a == b) - p[:, b]))[:, None])
                information[a, :, b] += block
                if a != b:
                    information[b, :, a] += block
    return score.reshape(-1), information.reshape(2 * k, 2 * k)
