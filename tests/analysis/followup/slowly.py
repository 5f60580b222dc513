"""The same estimates, row by row and from their definitions, and made-up follow-up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from folkestrom.analysis.followup import FollowUp, follow_up

CAUSES = ("return", "onward", "death")


@dataclass
class Rows:
    entry: np.ndarray
    exit: np.ndarray
    cause: np.ndarray
    weight: np.ndarray
    group: np.ndarray

    def taken_in(self, order: np.ndarray | None = None, **changed: object) -> FollowUp:
        """These rows as `follow_up` takes them, in another order or with other columns."""
        given = {"entry": self.entry, "weight": self.weight, "group": self.group} | changed
        columns = {"exit": self.exit, "cause": self.cause} | given
        if order is not None:
            columns = {k: v if v is None else np.asarray(v)[order] for k, v in columns.items()}
        return follow_up(**columns, causes=CAUSES)  # type: ignore[arg-type]


@st.composite
def rows(draw: st.DrawFn, *, late: bool = True, most: int = 30) -> Rows:
    """Few days and many rows: ties are the rule."""
    n = draw(st.integers(2, most))
    entry = np.array(draw(st.lists(st.integers(0, 6 if late else 0), min_size=n, max_size=n)))
    stay = np.array(draw(st.lists(st.integers(1, 8), min_size=n, max_size=n)))
    cause = np.array(draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)))
    weight = np.array(draw(st.lists(st.sampled_from([0.5, 1.0, 2.5]), min_size=n, max_size=n)))
    group = np.array([*"ab", *draw(st.lists(st.sampled_from("ab"), min_size=n, max_size=n))][:n])
    return Rows(entry, entry + stay, cause, weight, group)


def counted(r: Rows, day: int) -> tuple[float, np.ndarray]:
    """At risk on a day, and events by cause."""
    at_risk = r.weight[(r.entry < day) & (day <= r.exit)].sum()
    left = r.exit == day
    return at_risk, np.array([r.weight[left & (r.cause == k)].sum() for k in (1, 2, 3)])


def estimates(r: Rows, until: int) -> dict[str, np.ndarray]:
    """Survival, hazard, area under S, and incidences after each of the days 1, …, until."""
    survival, hazard, area, incidence = 1.0, 0.0, 0.0, np.zeros(3)
    found: dict[str, list[float]] = {k: [] for k in ("survival", "hazard", "area", *CAUSES)}
    for day in range(1, until + 1):
        n, d = counted(r, day)
        area += survival
        if n > 0:
            incidence = incidence + survival * d / n
            hazard += d.sum() / n
            survival *= 1 - d.sum() / n
            survival = 0.0 if abs(n - d.sum()) < 1e-12 else survival
        values = (survival, hazard, area, *incidence)
        for name, value in zip(found, values, strict=True):
            found[name].append(value)
    return {name: np.array(values) for name, values in found.items()}


def jackknife(r: Rows, of: Callable[[Rows], np.ndarray], step: float = 1e-5) -> np.ndarray:
    """The sum of squares of what each row's weight does to an estimate, by differences."""
    total: np.ndarray = np.zeros_like(of(r))
    for i in range(len(r.exit)):
        sides = []
        for sign in (1, -1):
            weight = r.weight.copy()
            weight[i] *= 1 + sign * step
            sides.append(of(Rows(r.entry, r.exit, r.cause, weight, r.group)))
        total += ((sides[0] - sides[1]) / (2 * step)) ** 2
    return total
