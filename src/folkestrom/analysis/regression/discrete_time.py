"""Hazards by periods: logit, complementary log-log, and several causes at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from folkestrom.analysis.design.collinearity import linear_dependencies
from folkestrom.analysis.design.separation import (
    OutcomeInequalities,
    find_separation,
    finite_maximum_near,
    scaled,
)
from folkestrom.analysis.design.terms import Term, check_comparable, factor, number
from folkestrom.analysis.inference.newton import Maximum, find_maximum, inverse
from folkestrom.analysis.regression.covariates import combination, orthogonal_design, plain_design
from folkestrom.analysis.regression.design_matrix import DesignMatrix
from folkestrom.analysis.regression.person_periods import PersonPeriods
from folkestrom.analysis.regression.result import HazardFit
from folkestrom.columns import check_arguments, table_of
from folkestrom.errors import InputRefused, UsageError
from folkestrom.model.names import check_code

Floats: TypeAlias = npt.NDArray[np.float64]
Link = Literal["logit", "cloglog"]
_WHERE = "hazards_by_period"
_SMALLEST = 1e-200
#: Value, residuals, probabilities, and weights of the expected and of the observed information.
_Parts: TypeAlias = tuple[float, Floats, Floats, Floats, Floats]


def hazards_by_period(
    periods: PersonPeriods, *, link: Link = "logit", cause: str | None = None
) -> HazardFit:
    """Discrete-time hazard: probability of an event in a period, given that none came before.

    Every period has an intercept of its own. With one cause, or the one named by `cause` (periods
    in which another happened are left out of it), the logit of the hazard (Cox 1972) or its
    complementary log-log (Prentice & Gloeckler 1978) is linear; the latter's coefficients are log
    hazard ratios of a proportional hazards model in continuous time, whatever the length of a
    period. With several causes and the logit, a multinomial logit compares each cause with no event
    (Allison 1982).

    Parameters
    ----------
    periods
        Counts, from `person_periods`.
    link
        logit or cloglog.
    cause
        One cause; all by default.

    Examples
    --------
    >>> from folkestrom.analysis.regression import person_periods
    >>> data = {"years": [1, 2, 2, 3, 1, 2, 3, 3], "left": [1, 1, 0, 1, 1, 1, 1, 0],
    ...         "sex": ["f", "f", "m", "m", "f", "m", "m", "f"]}
    >>> counted = person_periods(data, stop="years", event="left", covariates=["sex"], length=1)
    >>> fit = hazards_by_period(counted, link="cloglog")
    >>> {name: round(value, 3) for name, value in fit.params_.items()}
    {'sex[m]': -0.338, 'period[0]': -1.064, 'period[1]': -0.676, 'period[2]': 0.217}
    """
    check_arguments(hazards_by_period, locals())
    causes = periods.causes if cause is None else (cause,)
    for name in causes:
        check_code(name, periods.causes, "is no cause", where=_WHERE, column="cause")
    if len(causes) > 1 and link == "cloglog":
        raise UsageError(
            "takes one cause at a time", where=_WHERE, value=link,
            next_step=f"Name the cause ({', '.join(causes)}), or take link='logit'.",
        )  # fmt: skip
    cells, notes = _usable(periods, causes)
    terms = _terms(periods, cells)
    at_risk = cells["at_risk"].to_numpy()
    design = orthogonal_design(table_of(cells, _WHERE), terms, weight=at_risk, whole=("period",))
    counts = cells.select(causes).to_numpy().astype(np.float64)
    model = _Model(design, at_risk, counts, link)
    _refuse_separation(periods, cells, causes)
    theta = model.start(cells["period"].to_numpy())
    for k, others in linear_dependencies(model.products()).items():
        raise combination(design.names[k], [design.names[o] for o in others], _WHERE)
    found, reason = find_maximum(
        model.at, model.observed, theta, model.near_maximum,
        lambda: _separated(model, cells, terms, causes),
    )  # fmt: skip
    return _result(periods, model, found, reason, causes, notes, cells)


def _result(
    periods: PersonPeriods,
    model: _Model,
    found: Maximum[_State],
    reason: str,
    causes: tuple[str, ...],
    notes: tuple[str, ...],
    cells: pl.DataFrame,
) -> HazardFit:
    names = model.design.names
    if len(causes) > 1:
        names = tuple(f"{c}: {n}" for c in causes for n in names)
    vcov = inverse(model.information(found.end))
    turn = np.kron(np.eye(len(causes)), model.design.coefficients())
    vcov = turn @ vcov @ turn.T
    several = "Multinomial logit" if len(causes) > 1 else f"Regression by {model.link}"
    return HazardFit(
        title=f"{several} of periods of length {periods.length:g}: {', '.join(causes)}",
        ratio="hazard ratio" if model.link == "cloglog" else "odds ratio",
        names_=names,
        theta=turn @ found.end.theta,
        vcov=vcov,
        naive_vcov=vcov,
        errors="information",
        log_likelihood_=found.end.value,
        log_likelihood_null_=_null(cells, causes),
        rows=round(float(model.at_risk.sum())),
        events=round(float(model.counts.sum())),
        clusters=None,
        converged_=not reason,
        message_=reason,
        steps=found.steps,
        notes=notes,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """The likelihood; `weight` is a cell's probabilities (logit) or information (cloglog)."""

    theta: Floats
    value: float
    gradient: Floats
    chance: Floats
    weight: Floats
    curvature: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Model:
    """Cells at risk, with counts by cause.

    Steps are taken by the observed information, and standard errors are of the expected; of a
    logit the two are the same.
    """

    design: DesignMatrix
    at_risk: Floats
    counts: Floats
    link: str

    def start(self, period: npt.NDArray[np.int64]) -> Floats:
        """Coefficients of periods as if nothing else mattered."""
        theta = np.zeros((self.counts.shape[1], self.design.size))
        first = self.design.size - (len(np.unique(period)))
        exposed = np.bincount(period, self.at_risk)
        used = np.flatnonzero(exposed)
        for j in range(len(theta)):
            share = (np.bincount(period, self.counts[:, j])[used] + 0.1) / (exposed[used] + 0.5)
            hazard = -np.log1p(-share) if self.link == "cloglog" else share / (1 - share)
            theta[j, first:] = np.log(hazard)
        return theta.ravel()

    def products(self) -> Floats:
        """Products of covariates by cells with a person at risk."""
        return self.design.products(self.at_risk)

    def at(self, theta: Floats) -> _State:
        """The likelihood at coefficients."""
        split = theta.reshape(self.counts.shape[1], -1)
        eta = np.column_stack([self.design.predictor(t) for t in split])
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            parts = self._cloglog(eta) if self.link == "cloglog" else self._logit(eta)
        value, residual, chance, weight, curvature = parts
        gradient = np.concatenate([self.design.sums(np.ascontiguousarray(r)) for r in residual.T])
        return _State(theta, value, gradient, chance, weight, curvature)

    def observed(self, state: _State) -> Floats:
        """Observed information."""
        if self.link == "cloglog":
            return self.design.products(state.curvature[:, 0])
        return self.information(state)

    def information(self, state: _State) -> Floats:
        """Expected information."""
        p, causes = self.design.size, self.counts.shape[1]
        if self.link == "cloglog":
            return self.design.products(self.at_risk * state.weight[:, 0])
        found = np.empty((causes * p, causes * p))
        for j in range(causes):
            for k in range(j + 1):
                other = -state.weight[:, k] + (1.0 if j == k else 0.0)
                block = self.design.products(self.at_risk * state.weight[:, j] * other)
                found[j * p : (j + 1) * p, k * p : (k + 1) * p] = block
                found[k * p : (k + 1) * p, j * p : (j + 1) * p] = block
        return found

    def near_maximum(self, found: Maximum[_State]) -> bool:
        """Whether a maximum must be near where a maximisation ended."""
        variances = np.diag(inverse(found.information)).reshape(self.counts.shape[1], -1)
        reach = sum(self.design.reach(np.sqrt(np.abs(own))) for own in variances)
        if self.link == "cloglog":
            # Third derivatives are the second ones times the hazard and 1, or less.
            with np.errstate(divide="ignore"):
                reach *= 1.0 - float(np.log1p(-found.end.chance).min())
        return finite_maximum_near(found.end.gradient, found.information, reach)

    def _logit(self, eta: Floats) -> _Parts:
        top = np.maximum(eta.max(axis=1), 0.0)
        odds = np.exp(eta - top[:, None])
        whole = np.exp(-top) + odds.sum(axis=1)
        chance = odds / whole[:, None]
        value = float((self.counts * eta).sum() - self.at_risk @ (top + np.log(whole)))
        return value, self.counts - self.at_risk[:, None] * chance, chance, chance, chance

    def _cloglog(self, eta: Floats) -> _Parts:
        hazard = np.exp(eta)
        chance = -np.expm1(-hazard)
        left = self.at_risk[:, None] - self.counts
        # A hazard too small to be told from 0 is the probability.
        seen = chance > _SMALLEST
        logarithm = np.where(seen, np.log(chance), eta)
        rate = np.where(seen, np.exp(eta - hazard) / chance, 1.0)
        stayed = np.where(left > 0, left * hazard, 0.0)
        value = float((self.counts * logarithm).sum() - stayed.sum())
        weight = np.where(seen, np.exp(2 * eta - hazard) / chance, 0.0)
        bend = np.where(rate > 0, rate * np.maximum(rate + hazard - 1, 0.0), 0.0)
        return value, self.counts * rate - stayed, chance, weight, self.counts * bend + stayed


def _separated(
    model: _Model, cells: pl.DataFrame, terms: list[Term], causes: tuple[str, ...]
) -> str:
    """Which covariates tell events from others without error, if some do."""
    table = table_of(cells, _WHERE)
    given = plain_design(table, terms, weight=model.at_risk, whole=("period",))
    none = model.at_risk - model.counts.sum(axis=1)
    # What is left of sums of weights that cancel is nobody.
    counts = np.column_stack([np.where(none > 1e-9 * model.at_risk, none, 0.0), model.counts])
    columns = given.columns(np.arange(given.rows))
    place = np.arange(columns.size)
    periods = int((given.place[-1] >= 0).sum())
    told = find_separation(
        OutcomeInequalities(scaled(columns), counts.shape[1], lambda rows: counts[rows]),
        (place > 0) & (place < columns.size - periods),
    )
    return told.message(("no event", *causes), "person-periods") if told else ""


def _usable(
    periods: PersonPeriods, causes: tuple[str, ...]
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Cells of periods in which some have an event of each cause, and some have none.

    The others say nothing: their intercepts run off to where they are certain.
    """
    others = [c for c in periods.causes if c not in causes]
    cells = periods.cells
    if others:
        away = (1 - periods.lost) * pl.sum_horizontal(others)
        cells = cells.with_columns(at_risk=pl.col("at_risk") - away)
    sums = [pl.col(c).sum().over("period") > 0 for c in causes]
    events = pl.sum_horizontal(causes).sum().over("period")
    sums.append(pl.col("at_risk").sum().over("period") > events)
    kept = cells.filter(pl.all_horizontal(sums), pl.col("at_risk") > 0)
    out = sorted(set(cells["period"].to_list()) - set(kept["period"].to_list()))
    if not len(kept):
        raise InputRefused(
            f"no period has an event of {' and one of '.join(causes)}", where=_WHERE,
            next_step="Take longer periods.",
        )  # fmt: skip
    if not out:
        return kept, ()
    listed = ", ".join(map(str, out[:10])) + (" …" if len(out) > 10 else "")
    return kept, (f"periods are left out in which not every outcome occurs: {listed}",)


def _terms(periods: PersonPeriods, cells: pl.DataFrame) -> list[Term]:
    """The covariates, and the period last."""
    terms: list[Term] = []
    for name in periods.covariates:
        column = cells[name]
        if column.dtype.is_numeric():
            terms.append(number(name, column.to_numpy()))
            continue
        known = set(column.cast(pl.String).to_list())
        levels = [v for v in periods.levels.get(name, ()) if v in known] or sorted(known)
        check_comparable(name, levels, _WHERE)
        terms.append(factor(name, column.cast(pl.String).cast(pl.Enum(levels))))
    used, codes = np.unique(cells["period"].to_numpy(), return_inverse=True)
    terms.append(factor("period", codes, levels=[str(k) for k in used]))
    return terms


def _refuse_separation(
    periods: PersonPeriods, cells: pl.DataFrame, causes: tuple[str, ...]
) -> None:
    for name in periods.covariates:
        if cells[name].dtype.is_numeric():
            continue
        sums = cells.group_by(name).agg(pl.col("at_risk", *causes).sum()).sort(name)
        for row in sums.iter_rows(named=True):
            for cause in causes:
                if row[cause] == 0 or row[cause] >= row["at_risk"]:
                    said = "no event" if row[cause] == 0 else "an event"
                    raise InputRefused(
                        f"has {said} ({cause}) in all its {row['at_risk']:g} person-periods "
                        "(separation): its coefficient has no finite estimate",
                        where=_WHERE,
                        column=name,
                        value=row[name],
                        next_step="Join the level with another, or leave its rows out.",
                    )


def _null(cells: pl.DataFrame, causes: tuple[str, ...]) -> float:
    """Log-likelihood of periods alone, which is that of their shares."""
    sums = cells.group_by("period").agg(pl.col("at_risk", *causes).sum())
    at_risk, events = sums["at_risk"].to_numpy(), sums.select(causes).to_numpy()
    left = at_risk - events.sum(axis=1)
    parts = np.column_stack([events, left])
    share = np.divide(parts, at_risk[:, None], out=np.ones_like(parts), where=parts > 0)
    return float((parts * np.log(share)).sum())
