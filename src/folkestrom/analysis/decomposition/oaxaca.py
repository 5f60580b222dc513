"""Differences between propensities, taken apart by a regression (Oaxaca 1973, Blinder 1973).

Twofold: what the groups' composition explains, at reference coefficients, and what is left to the
coefficients, the propensity of like persons. Threefold: endowments, coefficients and their
interaction, seen from the second group. With a logit, shares are averaged over persons, and divided
between terms by their weight in the linear predictor (Yun 2004, *Economics Letters* 82).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from folkestrom import columns
from folkestrom.analysis.decomposition.cell_regression import Fit, Link, fit, mean, slope
from folkestrom.analysis.decomposition.components import (
    OTHERS,
    Decomposition,
    check_between,
    components,
)
from folkestrom.analysis.decomposition.design import Design, design, parts_of
from folkestrom.analysis.inference.clusters import check_clusters
from folkestrom.analysis.rates.propensities import seen
from folkestrom.columns import check_arguments, lazy_column, lazy_table, names_of
from folkestrom.errors import UsageError
from folkestrom.model.names import check_columns, without_effect

Floats: TypeAlias = npt.NDArray[np.float64]
Reference = Literal["pooled", "first", "second"]
_WHERE = "oaxaca"
#: Columns of the cells and of what they are made of.
_COLUMNS: Final = frozenset(
    {
        *("_person", "_which", "_y", "_n", "_cell"),
        *("person_years_1", "person_years_2", "events_1", "events_2"),
    }
)


def oaxaca(
    panel: Any,
    group: str,
    between: tuple[str, str],
    terms: str | Sequence[str],
    *,
    outcome: str = "outcome",
    value: Any = 1,
    person: str | None = "person",
    model: Link = "logit",
    fold: Literal["twofold", "threefold"] = "twofold",
    reference: Reference | None = None,
    level: float = 0.95,
) -> Decomposition:
    """Decompose the difference between the propensities of two groups.

    Parameters
    ----------
    panel
        One row a person and year; of Arrow, Polars (lazy too) or pandas, or a mapping of columns.
    group, between
        The column of the groups, and two of its codes; the second may be "others".
    terms
        Columns of the regression; texts and whole numbers are categories.
        `"wealth:immigrant"` is one factor, the combinations of two.
    outcome, value, person
        As for `propensities`.
    model
        "logit", or "linear" for a linear probability model.
    fold, reference
        "twofold" with the coefficients of the "pooled" model (the default), which has the group as
        a term of its own (Jann 2008), or of the "first" or "second" group; or "threefold", which
        has no reference.
    level
        Level of the intervals. They are the delta method's, for composition and coefficients
        together, with the sums of each person's rows as what is independent.

    Returns
    -------
    Decomposition
        "difference"; "explained" and "unexplained" (twofold), or "endowments", "coefficients" and
        "interaction" (threefold); each but the last of these again by terms.

    Examples
    --------
    >>> panel = pl.DataFrame({"person": range(8), "group": ["a"] * 4 + ["b"] * 4,
    ...     "sex": ["f", "f", "m", "f", "m", "m", "f", "m"], "outcome": [1, 0, 0, 1, 0, 1, 1, 0]})
    >>> found = oaxaca(panel, "group", ("a", "b"), "sex", model="linear", reference="second")
    >>> round(found.of("explained")["estimate"], 3), round(found.of("unexplained")["estimate"], 3)
    (0.333, -0.333)
    """
    check_arguments(oaxaca, locals())
    if reference is not None and fold == "threefold":
        raise without_effect(
            "reference", reference, "it is of the twofold decomposition", "Leave it out"
        )
    chosen = reference or "pooled"
    listed = names_of(terms, "terms")
    if not listed:
        raise UsageError("names no term", where=_WHERE, column="terms")
    rows = _rows(panel, group, between, listed, (outcome, value, person))
    parts = list(dict.fromkeys(part for term in listed for part in parts_of(term)))
    labels = rows.select(parts).unique(maintain_order=True).sort(parts, nulls_last=True)
    found = design(labels, listed)
    rows = rows.join(labels.with_row_index("_cell"), on=parts, how="left", nulls_equal=True)
    problem = _problem(rows, found, model, between)
    estimates, gradient, named = _components(problem, fold, chosen)
    influence = _influence(problem, gradient)
    data = components(named, estimates, _covariance(rows, influence), level)
    method = f"{fold} {model}, {'' if fold == 'threefold' else chosen + ' reference, '}"
    shown = labels.with_columns(
        pl.Series(f"{what}_{g + 1}", values[g])
        for what, values in (("person_years", problem.trials), ("events", problem.events))
        for g in (0, 1)
    )
    events, years = (totals.sum(axis=1).tolist() for totals in (problem.events, problem.trials))
    return Decomposition(
        between, (events[0] / years[0], events[1] / years[1]), data, shown,
        f"{method}by {', '.join(listed)}", level,
        sizes=((events[0], events[1]), (years[0], years[1])),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    """Two groups on one design, and their fits: of the first, the second, and both."""

    design: Design
    events: Floats
    trials: Floats
    fits: tuple[Fit, Fit, Fit]
    link: Link

    @property
    def shares(self) -> Floats:
        """Composition of both groups."""
        return self.trials / self.trials.sum(axis=1, keepdims=True)

    @property
    def parameters(self) -> Floats:
        """Coefficients of the three fits, then the mean design of both groups."""
        means = self.shares @ self.design.matrix
        return np.concatenate([*(f.coefficients for f in self.fits), *means])


def _rows(
    panel: Any,
    group: str,
    between: tuple[str, str],
    terms: Sequence[str],
    outcome: tuple[str, Any, str | None],
) -> pl.DataFrame:
    """Person, group (0 or 1), variables, outcome and how many rows are the same."""
    parts = list(dict.fromkeys(part for term in terms for part in parts_of(term)))
    check_columns(parts, _COLUMNS, "terms")
    column, value, person = outcome
    keys = [] if person is None else [person]
    frame = lazy_table(panel, _WHERE, [group, column, *keys, *parts])
    for name in (group, *parts):
        columns.refuse_levels(frame, lazy_column(frame, name, _WHERE), may_miss=True)
    if person is not None:
        columns.refuse_persons(frame, lazy_column(frame, person, _WHERE))
    code = pl.col(group).cast(pl.String)
    known = frame.select(code.unique()).collect().to_series().drop_nulls().sort().to_list()
    first, second = between
    check_between(first, known, (), group)
    check_between(second, known, (OTHERS,), group)
    other = code.ne_missing(pl.lit(first)) if second == OTHERS else code == second
    which = pl.when(code == first).then(0).when(other).then(1)
    y = seen(frame, column, value, _WHERE)
    chosen = frame.select(*parts, _which=which, _y=y, **_person(person))
    chosen = chosen.filter(pl.col("_which").is_not_null())
    counted = chosen.group_by([*parts, "_which", "_person", "_y"]).agg(_n=pl.len())
    return counted.collect(engine="streaming")


def _person(person: str | None) -> dict[str, pl.Expr]:
    column = pl.int_range(pl.len()) if person is None else pl.col(person)
    return {"_person": column}


def _problem(rows: pl.DataFrame, found: Design, link: Link, between: tuple[str, str]) -> _Problem:
    size = found.labels.height
    place = rows["_which"].to_numpy().astype(np.int64) * size + rows["_cell"].to_numpy()
    n, y = (rows[c].to_numpy().astype(np.float64) for c in ("_n", "_y"))
    trials, events = (
        np.bincount(place, counts, 2 * size).astype(np.float64).reshape(2, size)
        for counts in (n, n * y)
    )
    for code, total, seen_ in zip(between, trials.sum(1), events.sum(1), strict=True):
        if link == "logit" and not 0 < seen_ < total:
            raise UsageError("has one outcome only", where="between", value=code)
    x = found.matrix
    fits = [fit(x, events[g], trials[g], link, found, between[g]) for g in (0, 1)]
    # The group is a term of the pooled model, or its difference would load on the others.
    both = np.hstack([np.vstack([x, x]), np.repeat([[0.5], [-0.5]], size, axis=0)])
    pooled = fit(both, events.ravel(), trials.ravel(), link, found, "both groups")
    return _Problem(found, events, trials, (fits[0], fits[1], pooled), link)


def _components(
    problem: _Problem, fold: str, reference: Reference
) -> tuple[Floats, Floats, list[tuple[str, str | None]]]:
    """Estimates, their derivatives by (parameters, average shares), and their names."""
    size = problem.design.matrix.shape[1]
    averages = _averages(problem)
    chosen = {"first": 0, "second": 1, "pooled": 2}[reference]

    def value(everything: Floats) -> tuple[Floats, list[tuple[str, str | None]]]:
        betas = [everything[:size], everything[size : 2 * size], everything[2 * size : 3 * size]]
        rest = everything[3 * size + 1 :]  # less the group's coefficient in the pooled model
        means = (rest[:size], rest[size : 2 * size])
        f = rest[2 * size :].reshape(2, 3)
        if fold == "threefold":
            return _threefold(problem.design, betas, means, f)
        return _twofold(problem.design, betas, means, f, chosen)

    point = np.concatenate([problem.parameters, averages.ravel()])
    estimates, named = value(point)
    gradient = np.empty((len(estimates), len(point)))
    for k in range(len(point)):
        width = 1e-6 * max(1e-2, abs(point[k]))
        up, down = point.copy(), point.copy()
        up[k] += width
        down[k] -= width
        gradient[:, k] = (value(up)[0] - value(down)[0]) / (2 * width)
    return estimates, gradient, named


def _averages(problem: _Problem) -> Floats:
    """Average share of each group's persons at each fit's coefficients: 2 × 3."""
    x = problem.design.matrix
    means = [mean(x @ f.coefficients[: x.shape[1]], problem.link) for f in problem.fits]
    averages: Floats = problem.shares @ np.array(means).T
    return averages


def _twofold(
    found: Design, betas: list[Floats], means: tuple[Floats, Floats], f: Floats, r: int
) -> tuple[Floats, list[tuple[str, str | None]]]:
    explained = f[0, r] - f[1, r]
    unexplained = (f[0, 0] - f[0, r]) + (f[1, r] - f[1, 1])
    by_composition = (means[0] - means[1]) * betas[r]
    by_coefficient = means[0] * (betas[0] - betas[r]) + means[1] * (betas[r] - betas[1])
    values = [explained + unexplained, explained, unexplained]
    named: list[tuple[str, str | None]] = [
        ("difference", None), ("explained", None), ("unexplained", None),
    ]  # fmt: skip
    for component, total, weights in (
        ("explained", explained, by_composition),
        ("unexplained", unexplained, by_coefficient),
    ):
        parts = _by_term(found, total, weights, constant=component == "unexplained")
        values += [part for _, part in parts]
        named += [(component, term) for term, _ in parts]
    return np.array(values), named


def _threefold(
    found: Design, betas: list[Floats], means: tuple[Floats, Floats], f: Floats
) -> tuple[Floats, list[tuple[str, str | None]]]:
    difference = f[0, 0] - f[1, 1]
    endowments, coefficients = f[0, 1] - f[1, 1], f[1, 0] - f[1, 1]
    values = [difference, endowments, coefficients, difference - endowments - coefficients]
    named: list[tuple[str, str | None]] = [
        (name, None) for name in ("difference", "endowments", "coefficients", "interaction")
    ]
    for component, total, weights in (
        ("endowments", endowments, (means[0] - means[1]) * betas[1]),
        ("coefficients", coefficients, means[1] * (betas[0] - betas[1])),
    ):
        parts = _by_term(found, total, weights, constant=component == "coefficients")
        values += [part for _, part in parts]
        named += [(component, term) for term, _ in parts]
    return np.array(values), named


def _by_term(
    found: Design, total: float, weights: Floats, *, constant: bool
) -> list[tuple[str, float]]:
    """A component divided between terms by their weight in the linear predictor (Yun 2004)."""
    sums = [
        (term, weights[place].sum()) for term, place in zip(found.terms, found.places, strict=True)
    ]
    if constant:
        sums.append(("(constant)", weights[0]))
    whole = sum(value for _, value in sums)
    if whole == 0:
        # Nothing to divide by: where there is nothing to divide either, each term has nothing.
        part = 0.0 if total == 0 and not weights.any() else float("nan")
        return [(term, part) for term, _ in sums]
    return [(term, value / whole * total) for term, value in sums]


def _influence(problem: _Problem, gradient: Floats) -> Floats:
    """What one row adds to each component: components × 2 groups × cells × 2 outcomes."""
    x, link = problem.design.matrix, problem.link
    cells, size = x.shape
    totals = problem.trials.sum(axis=1)
    averages = _averages(problem)
    result = np.zeros((len(gradient), 2, cells, 2))
    starts = (0, size, 2 * size)
    means_at, f_at = 3 * size + 1, 5 * size + 1
    of_f = gradient[:, f_at:].reshape(-1, 2, 3)
    for h, fitted in enumerate(problem.fits):
        width = len(fitted.coefficients)
        of_beta = gradient[:, starts[h] : starts[h] + width].copy()
        # Averages move with the coefficients too.
        slopes = slope(x @ fitted.coefficients[:size], link)
        for g in (0, 1):
            of_beta[:, :size] += of_f[:, g, [h]] * ((problem.shares[g] * slopes) @ x)
        for g in (0, 1) if h == 2 else (h,):
            rows = x if h < 2 else np.hstack([x, np.full((cells, 1), 0.5 - g)])
            p = mean(rows @ fitted.coefficients, link)
            step = of_beta @ fitted.inverse @ rows.T
            result[:, g] += step[:, :, None] * (np.array([0.0, 1.0]) - p[:, None])
    for g in (0, 1):
        of_mean = gradient[:, means_at + g * size : means_at + (g + 1) * size]
        centred = x - problem.shares[g] @ x
        predicted = np.array([mean(x @ f.coefficients[:size], link) for f in problem.fits])
        moved = of_mean @ centred.T + of_f[:, g] @ (predicted - averages[g][:, None])
        result[:, g] += moved[:, :, None] / totals[g]
    return result


def _covariance(rows: pl.DataFrame, influence: Floats) -> Floats:
    """Sums of what the rows of each person add, squared; persons are independent."""
    which, cell, y = (rows[c].to_numpy().astype(np.int64) for c in ("_which", "_cell", "_y"))
    persons = rows["_person"].rank("dense").to_numpy().astype(np.int64) - 1
    size = int(persons.max()) + 1
    check_clusters(size, "person")
    weight = rows["_n"].to_numpy().astype(np.float64)
    sums = np.array([
        np.bincount(persons, weight * one[which, cell, y], size) for one in influence
    ])  # fmt: skip
    return sums @ sums.T * size / (size - 1)
