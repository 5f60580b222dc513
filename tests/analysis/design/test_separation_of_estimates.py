"""Separation is said of estimates that are not finite, and of no others, in any unit.

The oracle has all inequalities in one linear program: every row and outcome, every pair of those
at risk together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from folkestrom.analysis.decomposition import oaxaca
from folkestrom.analysis.mobility import fit_mobility, make_panel, number
from folkestrom.analysis.regression import cox, fine_gray, hazards_by_period, person_periods
from folkestrom.errors import UserError

EXPONENTS = st.integers(-9, 12)
Matrix = np.ndarray[Any, np.dtype[np.float64]]


def separated(inequalities: Sequence[Matrix]) -> bool:
    """Whether some direction satisfies all, and one of them strictly."""
    rows = np.array([a for a in inequalities if np.any(a)])
    if not len(rows):
        return False
    count, size = rows.shape
    found = linprog(
        np.concatenate([np.zeros(size), -np.ones(count)]),
        A_ub=np.hstack([-rows, np.eye(count)]), b_ub=np.zeros(count),
        bounds=[(None, None)] * size + [(0, 1)] * count, method="highs",
    )  # fmt: skip
    return bool(-found.fun > 0.5)


def by_rows(x: Matrix, outcome: Sequence[int], outcomes: int) -> list[Matrix]:
    """What happened is no less likely than what did not."""
    made = []
    for row, y in zip(x, outcome, strict=True):
        for other in set(range(outcomes)) - {y}:
            a = np.zeros((outcomes, x.shape[1]))
            a[y] += row
            a[other] -= row
            made.append(a[1:].ravel())
    return made


def by_risk_sets(
    x: Matrix, start: Matrix, stop: Matrix, event: Matrix, stays: Matrix
) -> list[Matrix]:
    """Those with an event are no less likely to have it than others at risk."""
    made = []
    for i in np.flatnonzero(event):
        at_risk = (start < stop[i]) & ((stop >= stop[i]) | stays)
        made += [x[i] - x[j] for j in np.flatnonzero(at_risk)]
    return made


def refused_or_said(fit: Callable[[], Any]) -> bool:
    """Whether separation is said; other refusals are no matter of these tests."""
    try:
        found = fit()
    except UserError as error:
        assume("separation" in str(error) or "no estimate there" in str(error))
        return True
    assert found.converged_ is ("separation" not in found.message_), found.message_
    return not found.converged_


def units(draw: st.DrawFn, columns: int) -> tuple[Matrix, Matrix]:
    """A unit for each column, and where its values lie."""
    unit = 10.0 ** np.array([draw(EXPONENTS) for _ in range(columns)])
    return unit, unit * np.array([draw(st.sampled_from([0, 3, 2000])) for _ in range(columns)])


@st.composite
def tables(draw: st.DrawFn, outcomes: int = 2, far: float = 1e6) -> dict[str, Matrix]:
    rows = draw(st.integers(5, 14))
    columns = draw(st.integers(1, 3))
    values = st.lists(st.integers(-2, 2), min_size=rows, max_size=rows)
    x = np.array([draw(values) for _ in range(columns)], dtype=float).T
    if draw(st.booleans()):
        x[draw(st.integers(0, rows - 1)), 0] = draw(st.sampled_from([40.0, 250.0, far]))
    unit, origin = units(draw, columns)
    codes = st.lists(st.integers(0, outcomes - 1), min_size=rows, max_size=rows)
    times = st.lists(st.integers(1, 6), min_size=rows, max_size=rows)
    found = {"x": x, "given": x * unit + origin, "y": np.array(draw(codes))}
    found["stop"] = np.array(draw(times), dtype=float)
    found["start"] = np.floor(found["stop"] * np.array(draw(st.sampled_from([0.0, 0.5]))))
    with_constant = np.column_stack([np.ones(rows), x])
    assume(np.linalg.matrix_rank(with_constant - [0, *x.mean(axis=0)]) == columns + 1)
    return found


def columns_of(given: Matrix) -> dict[str, Matrix]:
    return {f"x{k}": column for k, column in enumerate(given.T)}


@settings(max_examples=settings().max_examples, deadline=None)
@given(tables(), st.booleans())
def test_logits(table: dict[str, Matrix], three: bool) -> None:
    y = (table["y"] + three * (table["stop"] > 4)).astype(int)
    outcomes = int(y.max()) + 1
    assume(len(set(y)) == outcomes > 1)
    terms = [number(k, v) for k, v in columns_of(table["given"]).items()]
    names = ["stay", "move", "abroad"][:outcomes]
    panel = make_panel(np.arange(len(y)), y, terms, outcomes=names)
    said = refused_or_said(lambda: fit_mobility(panel, effects="none"))
    x = np.column_stack([np.ones(len(y)), table["x"]])
    assert said == separated(by_rows(x, y, outcomes))


@settings(max_examples=settings().max_examples, deadline=None)
@given(tables(far=250), st.sampled_from(["efron", "breslow"]))
def test_cox(table: dict[str, Matrix], ties: Any) -> None:
    columns = columns_of(table["given"])
    data = {k: table[k] for k in ("start", "stop", "y")} | columns
    said = refused_or_said(
        lambda: cox(data, start="start", stop="stop", event="y", covariates=[*columns], ties=ties)
    )
    rest = table["start"], table["stop"], table["y"], np.zeros(len(table["y"]), bool)
    assert said == separated(by_risk_sets(table["x"], *rest))


@settings(max_examples=settings().max_examples, deadline=None)
@given(tables(outcomes=3, far=250))
def test_fine_gray(table: dict[str, Matrix]) -> None:
    columns = columns_of(table["given"])
    data = {k: table[k] for k in ("stop", "y")} | columns
    said = refused_or_said(
        lambda: fine_gray(data, stop="stop", event="y", cause=1, covariates=[*columns])
    )
    start = np.zeros(len(table["y"]))
    rest = start, table["stop"], table["y"] == 1, table["y"] == 2
    assert said == separated(by_risk_sets(table["x"], *rest))


@settings(max_examples=settings().max_examples, deadline=None)
@given(tables(), st.sampled_from(["logit", "cloglog"]))
def test_hazards_by_period(table: dict[str, Matrix], link: Any) -> None:
    columns = columns_of(table["given"])
    data = {k: table[k] for k in ("stop", "y")} | columns
    back = {column: dict(zip(columns[column], table["x"][:, k], strict=True))
            for k, column in enumerate(columns)}  # fmt: skip

    def counted() -> Any:
        return person_periods(data, stop="stop", event="y", covariates=[*columns], length=2)

    said = refused_or_said(lambda: hazards_by_period(counted(), link=link))
    rows = []
    for of_period in counted().cells.partition_by("period"):
        events, at_risk = of_period["event"].to_numpy(), of_period["at_risk"].to_numpy()
        if 0 < events.sum() < at_risk.sum():
            period = of_period["period"].to_numpy()
            x = np.column_stack([of_period[c].replace_strict(back[c]).to_numpy() for c in columns])
            x = np.column_stack([period[:, None] == range(4), x]).astype(float)
            rows += by_rows(x[events > 0], [1] * int((events > 0).sum()), 2)
            rows += by_rows(x[at_risk > events], [0] * int((at_risk > events).sum()), 2)
    assert said == separated(rows)


@settings(max_examples=settings().max_examples, deadline=None)
@given(tables())
def test_decompositions(table: dict[str, Matrix]) -> None:
    rows = len(table["y"])
    columns = columns_of(table["given"])
    x = np.column_stack([np.ones(rows), table["x"]])
    # The other group is the same and its mirror image, of which nothing can be told apart.
    whole = pl.DataFrame({"outcome": table["y"], "group": ["a"] * rows} | columns)
    mirror = whole.with_columns(outcome=1 - pl.col("outcome"))
    both = pl.concat([whole, *(t.with_columns(group=pl.lit("b")) for t in (whole, mirror))])
    both = both.with_columns(person=pl.int_range(pl.len()))
    try:
        oaxaca(both, "group", ("a", "b"), [*columns])
        said = False
    except UserError as error:
        assume("separation" in str(error))
        said = True
    assert said == separated(by_rows(x, table["y"], 2))
