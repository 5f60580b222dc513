"""Cox's regression, and Fine and Gray's, on rows of follow-up over (start, stop]."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from folkestrom.analysis.design.collinearity import linear_dependencies
from folkestrom.analysis.design.model_matrix import ModelMatrix
from folkestrom.analysis.design.terms import Factor, Term
from folkestrom.analysis.followup.curves import Interval, Scale, bounds
from folkestrom.analysis.inference.clusters import check_clusters, check_sandwich, note_of_clusters
from folkestrom.analysis.inference.distributions import Chi2, chi2_test
from folkestrom.analysis.inference.newton import find_maximum, inverse, maximise
from folkestrom.analysis.regression.covariates import combination, orthogonal_design, plain_design
from folkestrom.analysis.regression.monotone_likelihood import near_maximum, separated
from folkestrom.analysis.regression.partial_likelihood import ExactPartial, Partial, State
from folkestrom.analysis.regression.result import HazardFit
from folkestrom.analysis.regression.risk_sets import RiskSets, Spells, grid_of, risk_sets
from folkestrom.analysis.regression.spell_columns import cluster_numbers, ends_of, spells_of
from folkestrom.columns import Table, check_arguments, table_of
from folkestrom.errors import InputRefused, UsageError

Floats: TypeAlias = npt.NDArray[np.float64]
Ties = Literal["efron", "breslow"]
TiesOfCox = Literal["efron", "breslow", "exact"]

#: A covariate whose mean square among those at risk together is less does not vary there.
_NO_SPREAD = 1e-13
#: With twice as many rows or more, estimates from so many are starting values.
_ROWS_OF_A_GUESS = 100_000


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class CoxFit(HazardFit):
    """Estimates of Cox's regression, or of Fine and Gray's.

    Attributes
    ----------
    outcome
        The event.
    strata
        Names of the strata; empty when there is one.
    partial, state
        The likelihood, and where it was left; for baselines and tests of proportionality.
    spells
        The rows as given.
    cluster
        By row, the number of its cluster; None where errors are from the information.
    """

    outcome: str
    strata: tuple[str, ...]
    partial: Partial
    state: State
    spells: Spells
    cluster: npt.NDArray[np.int64] | None

    def score_test(self) -> Chi2:
        """Whether the model is better than none, by the likelihood's slope at zero."""
        null = self.partial.at(np.zeros(self.theta.size))
        own = inverse(self.partial.information(null))
        statistic = float(null.gradient @ own @ null.gradient)
        return chi2_test(statistic, self.theta.size)

    def check_hazards(self, where: str) -> None:
        """Refuse a fit that has no baseline hazard: one of exact ties, whose odds are discrete.

        Parameters
        ----------
        where
            The function.
        """
        if isinstance(self.partial, ExactPartial):
            raise UsageError(
                "was fitted with exact ties, which have no baseline hazard", where=where,
                next_step="Fit it with ties='efron'.",
            )  # fmt: skip

    def held(self, vcov: Floats) -> Floats:
        """A covariance of estimates, for the covariates as they are held.

        Parameters
        ----------
        vcov
            Of the estimates.
        """
        back = np.linalg.inv(self.partial.sets.design.coefficients())
        return np.asarray(back @ vcov @ back.T)

    @property
    def hazard_ratios(self) -> pl.DataFrame:
        """Ratios with 95 % intervals; `coefficients` gives other levels."""
        return self.coefficients().select(
            "name", pl.col("ratio"), pl.col("ratio_low"), pl.col("ratio_high")
        )

    def cumulative_hazard(
        self,
        profile: Mapping[str, str | float] | None = None,
        *,
        interval: Interval = "log",
        level: float = 0.95,
    ) -> pl.DataFrame:
        """The cumulative hazard of a profile at each time of an event, by stratum.

        Increments are of the ties that the model was fitted by; standard errors are of Aalen's
        kind, with what the coefficients add (Andersen & Gill 1982; Tsiatis 1981).

        Parameters
        ----------
        profile
            For each covariate the name of a level or a number; by default the reference level
            of factors, and the mean of numbers.
        interval, level
            As of `kaplan_meier`: log or plain.

        Returns
        -------
        polars.DataFrame
            Columns stratum (where there are strata), time, estimate, se, lower, upper.
        """
        check_arguments(CoxFit.cumulative_hazard, locals())
        self.check_hazards("cumulative_hazard")
        scale = Scale(interval, level, np.inf)
        sets, state = self.partial.sets, self.state
        values = sets.design.profile(profile or {})
        ratio = float(np.exp(values @ state.theta - state.shift))
        vcov = self.held(self.vcov)
        steps = state.hazard[:, 0]
        spread = state.square[:, 0] * (ratio / state.at_risk) ** 2
        drift = steps[:, None] * values - self.partial.means_at_risk(state)
        estimate, se = np.empty(sets.times), np.empty(sets.times)
        for one, after in zip(sets.starts[:-1], sets.starts[1:], strict=True):
            part = slice(one, after)
            estimate[part] = ratio * np.cumsum(steps[part])
            toward = ratio * np.cumsum(drift[part], axis=0)
            own = np.cumsum(spread[part])
            se[part] = np.sqrt(own + np.einsum("ti,ij,tj->t", toward, vcov, toward))
        lower, upper = bounds(estimate, se, scale)
        columns: dict[str, Any] = {}
        if self.strata:
            columns["stratum"] = [self.strata[k] for k in sets.stratum_of_time]
        columns |= {"time": sets.time, "estimate": estimate, "se": se}
        return pl.DataFrame(columns | {"lower": lower, "upper": upper})


def cox(
    data: Any,
    *,
    stop: str | None = None,
    event: str,
    cause: str | int | None = None,
    covariates: Sequence[str | Term],
    start: str | None = None,
    strata: str | Sequence[str] | None = None,
    ties: TiesOfCox = "efron",
    weight: str | None = None,
    cluster: str | None = None,
) -> CoxFit:
    """Cox's regression of hazards (Cox 1972), by the partial likelihood.

    A row is at risk over (start, stop]: rows of one person with other covariates each are how
    covariates change over time, and a first start after 0 is late entry.

    Parameters
    ----------
    data
        A table of Arrow, Polars or pandas, or a mapping of columns; a study's episodes.
    stop, start
        Columns: when rows end, and when they begin; 0 by default. Numbers, dates, or moments, of
        which the day counts that is written there. A study's episodes have their own: leave both
        out.
    event
        A column: 1 or true where the row ends by the event. In a study's episodes, the name of
        the event, such as "return"; rows that end by another are censored then.
    cause
        The event, when the column has names or numbers of several.
    covariates
        Columns of texts or levels (factors; the reference is the first level in declared order, of
        texts by alphabet) or of numbers, or terms from `analysis.mobility`: `factor`, `number`,
        `interaction`.
    strata
        Columns; each combination of their values has a baseline of its own.
    ties
        efron (1977) or breslow (1974), or exact: the likelihood of those with the event among all
        as many at risk (Cox 1972), for time that is discrete. It takes no weights and no
        clusters, has no baseline, and needs steps by events × rows at risk, for each time.
    weight
        A column of weights, none negative; rows with a weight of 0 are left out.
    cluster
        A column, such as the person: robust standard errors (Lin & Wei 1989), with the rows of
        one value as one. With weights and without clusters, each row is a cluster.

    Examples
    --------
    >>> data = {"days": [5, 8, 9, 12, 14, 20], "left": [1, 1, 0, 1, 1, 0],
    ...         "place": ["urban", "urban", "rural", "rural", "urban", "rural"]}
    >>> fit = cox(data, stop="days", event="left", covariates=["place"])
    >>> {name: round(value, 3) for name, value in fit.params_.items()}
    {'place[urban]': 1.394}
    """
    check_arguments(cox, locals())
    for name, given in (("weight", weight), ("cluster", cluster)):
        if ties == "exact" and given is not None:
            raise UsageError(
                "has no place in the exact likelihood of ties", where="cox", column=name,
                value=given, next_step="Take ties='efron', or leave it out.",
            )  # fmt: skip
    table = table_of(data, "cox")
    ends = ends_of(table, start, stop, event, cause)
    spells = spells_of(table, ends, strata, weight)
    design = orthogonal_design(table, covariates, weight=spells.weight)
    grid = grid_of(spells)
    title = f"Cox's regression, ties: {ties}"
    clusters = cluster_numbers(table, cluster, weighted=weight is not None)
    sets = risk_sets(spells, design, grid)
    matrix = model_matrix_reader(table, covariates, sets)
    return fit_partial(title, ends.name, spells, sets, ties, clusters, matrix, table.where)


def model_matrix_reader(
    table: Table, covariates: Sequence[str | Term], sets: RiskSets
) -> Callable[[], ModelMatrix]:
    """What reads covariates at risk as they are given, should that be asked.

    Parameters
    ----------
    table, covariates
        As of `cox`.
    sets
        The rows at risk.
    """

    def read() -> ModelMatrix:
        return plain_design(table, covariates, weight=np.zeros(0)).columns(sets.rows)

    return read


def fit_partial(
    title: str,
    outcome: str,
    spells: Spells,
    sets: RiskSets,
    ties: str,
    clusters: npt.NDArray[np.int64] | None,
    given: Callable[[], ModelMatrix],
    where: str,
) -> CoxFit:
    """Fit, and make the result.

    Parameters
    ----------
    title
        The model in words.
    outcome
        The event.
    spells, sets
        The rows as given, and among times of events.
    ties
        efron, breslow or exact.
    clusters
        By row of the table; None for errors from the information.
    given
        Reads the covariates at risk as they are given.
    where
        The function, for messages.
    """
    partial = Partial(sets, ties == "efron")
    if ties == "exact":
        partial = exact = ExactPartial(sets, False)
        exact.check_size(where)
    _refuse_separation(sets, where)
    null = partial.at(np.zeros(sets.design.size))
    begin = _first_guess(partial, null, where)
    found, reason = find_maximum(
        partial.at, partial.information, begin,
        lambda end: near_maximum(partial, end), lambda: separated(partial, given()),
    )  # fmt: skip
    naive = inverse(found.information)
    turn = sets.design.coefficients()
    vcov = naive
    count = None
    if clusters is not None:
        counts = spells.weight > 0 if len(spells.weight) else np.ones(len(clusters), np.bool_)
        count = len(np.unique(clusters[counts]))
        check_clusters(count, "cluster")
        vcov = naive @ partial.meat(found.end, clusters) @ naive
        if not reason:
            check_sandwich(vcov, naive, sets.design.names)
    return CoxFit(
        title=title,
        ratio="hazard ratio",
        names_=sets.design.names,
        theta=turn @ found.end.theta,
        vcov=turn @ vcov @ turn.T,
        naive_vcov=turn @ naive @ turn.T,
        errors="information" if clusters is None else "robust",
        log_likelihood_=found.end.value,
        log_likelihood_null_=null.value,
        rows=len(spells.stop),
        events=int(sets.event.sum()),
        clusters=count,
        converged_=not reason,
        message_=reason,
        steps=found.steps,
        notes=() if count is None else note_of_clusters(count, found.end.theta.size),
        outcome=outcome,
        strata=spells.strata,
        partial=partial,
        state=found.end,
        spells=spells,
        cluster=clusters,
    )


def _first_guess(partial: Partial, null: State, where: str) -> Floats:
    """Zero; or, where rows are many, the estimates from a part of them."""
    every = len(partial.sets.rows) // _ROWS_OF_A_GUESS
    if every > 1:
        part = partial.sample(every)
        at = part.at(np.zeros(null.theta.size))
        if not _adds_nothing(part, at):
            found = maximise(part.at, part.information, at.theta)
            return at.theta if found.reason else found.end.theta
    for k, others in _adds_nothing(partial, null).items():
        names = partial.sets.design.names
        among = " among those at risk together"
        raise combination(names[k], [names[o] for o in others], where, among)
    return null.theta


def _adds_nothing(partial: Partial, null: State) -> dict[int, list[int]]:
    """Covariates that do not vary among those at risk together, or as others before them do."""
    spread = partial.information(null) / partial.events
    flat = np.flatnonzero(np.diag(spread) <= _NO_SPREAD)
    return {int(k): [] for k in flat} or linear_dependencies(spread)


def _refuse_separation(sets: RiskSets, where: str) -> None:
    """Refuse levels without an event: their coefficients run off to minus infinity."""
    design = sets.design
    factors = [t for t in design.terms if isinstance(t, Factor)]
    for f, term in enumerate(factors):
        seen = np.bincount(design.codes[:, f], minlength=len(term.levels))
        events = np.bincount(design.codes[sets.event, f], minlength=len(term.levels))
        wrong = np.flatnonzero((seen > 0) & (events == 0))
        empty = np.flatnonzero(seen == 0)
        if len(wrong):
            raise InputRefused(
                f"has no event in its {int(seen[wrong[0]])} rows at risk (separation): its "
                "coefficient has no finite estimate",
                where=where,
                column=term.name,
                value=term.levels[int(wrong[0])],
                next_step="Join the level with another, or leave its rows out.",
            )
        if len(empty):
            raise InputRefused(
                "has no rows at risk",
                where=where,
                column=term.name,
                value=term.levels[int(empty[0])],
                next_step="Leave the level out, or join it with another.",
            )
