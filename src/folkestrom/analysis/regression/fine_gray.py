"""Fine and Gray's regression of the hazard that belongs to a cumulative incidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from folkestrom import columns
from folkestrom.analysis.design.terms import Term
from folkestrom.analysis.followup.subjects import CENSORED, check_events
from folkestrom.analysis.regression.covariates import orthogonal_design
from folkestrom.analysis.regression.cox import CoxFit, Ties, fit_partial, model_matrix_reader
from folkestrom.analysis.regression.risk_sets import Grid, Spells, Tails, grid_of, risk_sets
from folkestrom.analysis.regression.spell_columns import (
    EPISODE,
    cluster_numbers,
    codes_known,
    ends_of,
    rows_with,
    spells_with,
)
from folkestrom.columns import Table, check_arguments, table_of, text_of
from folkestrom.errors import InputRefused, UsageError
from folkestrom.model.names import check_code, check_spellings

Floats: TypeAlias = npt.NDArray[np.float64]
_WHERE = "fine_gray"


def fine_gray(
    data: Any,
    *,
    stop: str | None = None,
    event: str,
    cause: str | int | None = None,
    covariates: Sequence[str | Term],
    censored: str | int | None = None,
    start: str | None = None,
    strata: str | Sequence[str] | None = None,
    ties: Ties = "efron",
    weight: str | None = None,
    cluster: str | None = None,
) -> CoxFit:
    """Regression of the subdistribution hazard of a cause (Fine & Gray 1999).

    Whoever has another event first stays at risk with the weight with which censoring would
    still let them be seen, estimated by Kaplan and Meier within strata; with late entry, by
    the share also that had entered (Geskus 2011; Zhang, Zhang & Fine 2011). One row a person:
    the sub-distribution has no place for covariates that change after the event.

    Standard errors are robust, over `cluster` or rows, and take the weights as known, as R's
    `finegray` with `coxph` does; `naive_bse_` has those of the information.

    Parameters
    ----------
    data, stop, start, covariates, strata, ties, weight, cluster
        As of `cox`.
    event
        A column of names, or numbers, of what ended each row. In a study's episodes, the name of
        the event whose incidence is meant, such as "return".
    cause
        The event whose incidence is meant, when `event` is a column.
    censored
        The value that means that nothing happened; missing values mean it too, 0 in a column of
        numbers, and "censored" in one of texts.

    Examples
    --------
    >>> data = {"days": [3, 5, 8, 9, 12, 14, 20, 22],
    ...         "sex": ["m", "f", "m", "f", "f", "m", "m", "f"],
    ...         "end": ["left", "died", "left", None, "left", "died", "left", None]}
    >>> fit = fine_gray(data, stop="days", event="end", cause="left", covariates=["sex"])
    >>> {name: round(value, 3) for name, value in fit.params_.items()}
    {'sex[m]': 1.237}
    """
    check_arguments(fine_gray, locals())
    table = table_of(data, _WHERE)
    ends = ends_of(table, start, stop, event, cause)
    if ends.cause is None:
        raise UsageError(
            "is not said: a column of events has several", where=_WHERE, column="cause",
            next_step="Name the event whose incidence is meant: cause=…",
        )  # fmt: skip
    if ends.of_study:
        _refuse_pieces(table)
    own, other = _events(table, ends.event, ends.cause, censored)
    spells = spells_with(table, own, ends.start, ends.stop, strata, weight)
    design = orthogonal_design(table, covariates, weight=spells.weight)
    grid = grid_of(spells)
    tails = tails_of(spells, other, grid)
    clusters = cluster_numbers(table, cluster, weighted=True)
    title = f"Fine and Gray's regression of {ends.cause}, ties: {ties}"
    sets = risk_sets(spells, design, grid, tails)
    given = model_matrix_reader(table, covariates, sets)
    return fit_partial(title, ends.name, spells, sets, ties, clusters, given, _WHERE)


def _refuse_pieces(table: Table) -> None:
    """Where a covariate changes an episode goes on: its pieces are not censored."""
    if not all(name in table for name in EPISODE):
        return
    many = table.rows - table.frame(EPISODE).n_unique()
    if many:
        raise InputRefused(
            f"has {many} rows that go on where another ended: episodes are cut where a variable "
            "changes, and what it would be after a competing event is not defined",
            where=_WHERE,
            next_step='Take the variable at the entry (`name = "entry"` in the study), or use cox',
        )


def _events(
    table: Table, name: str, cause: str | int, censored: str | int | None
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    column = table.column(name)
    found = columns.categories(column, may_miss=True)
    texts = found.levels if column.is_category else ()
    if censored is None:
        check_events(texts, [text_of(cause)], where=_WHERE, column=name)
        none = CENSORED if column.is_category else "0"
    else:
        check_spellings(texts, [text_of(cause), text_of(censored)], where=_WHERE, column=name)
        none = _checked_censored(cause, censored, codes_known(column, found), name)
    own = rows_with(table, name, found, cause)
    # Missing values have the code -1, and so the last place.
    free = np.array([*(level == none for level in found.levels), True])
    return own, ~own & ~free[found.codes]


def _checked_censored(
    cause: str | int, censored: str | int, known: Sequence[str], name: str
) -> str:
    """A code of censoring; refuses one that is the cause's, or that the column has not."""
    code = text_of(censored)
    if code == text_of(cause):
        raise UsageError(
            "is the event whose incidence is meant, and cannot mean that nothing happened",
            where=_WHERE, column="censored", value=censored,
        )  # fmt: skip
    return check_code(
        code, known, f"is no value of the column {name!r}", where=_WHERE, column="censored",
        further="Leave it out where what is missing means that nothing happened.",
    )  # fmt: skip


def tails_of(spells: Spells, other: npt.NDArray[np.bool_], grid: Grid) -> Tails:
    """Weights after competing events, from the times of censoring and of entry.

    Parameters
    ----------
    spells
        The rows; their events are those of the cause.
    other
        Which rows end by another event.
    grid
        Times of events.
    """
    weight, fading = np.zeros(len(other)), np.ones(len(grid.time))
    weights = spells.weight if len(spells.weight) else np.ones(len(other))
    for s in range(max(len(spells.strata), 1)):
        rows = spells.stratum == s if len(spells.stratum) else np.ones(len(other), np.bool_)
        start = spells.start[rows] if len(spells.start) else None
        stop, ended = spells.stop[rows], (spells.event | other)[rows]
        seen = _seen(start, stop, ended, weights[rows])
        after = np.flatnonzero(rows & other)
        here = slice(grid.starts[s], grid.starts[s + 1])
        own = seen(spells.stop[after])
        if len(own) and (own <= 0).any():
            raise InputRefused(
                "competing events come before anybody had entered for good",
                where=_WHERE,
                next_step="Begin the follow-up where several are at risk.",
            )
        weight[after] = 1.0 / own
        fading[here] = seen(grid.time[here])
    return Tails(weight, fading)


def _seen(
    start: npt.NDArray[Any] | None,
    stop: npt.NDArray[Any],
    ended: npt.NDArray[np.bool_],
    weight: Floats,
) -> Callable[[npt.NDArray[Any]], Floats]:
    """The probability, up to a factor, to have entered and not been censored just before a time.

    On one day events come first, then censorings, then entries: who is censored is at risk of
    that day's events, and who enters is not.
    """
    left, events = _Sums(stop, weight), _Sums(stop[ended], weight[ended])
    censored = _Sums(stop[~ended], weight[~ended])
    entered = None if start is None else _Sums(start, weight)
    u = censored.times
    inside = weight.sum() if entered is None else entered.before(u)
    at_risk = inside - left.before(u) - (events.until(u) - events.before(u))
    stay = _product(u, censored.each, at_risk)

    if entered is None:
        return lambda t: stay[np.searchsorted(u, t, side="left")]
    v = entered.times
    after = entered.until(v) - left.until(v)
    # Backwards in time: of those at risk just after a day, who had been at risk before it.
    enter = _product(v, entered.each[::-1], after[::-1])[::-1]
    return lambda t: (
        stay[np.searchsorted(u, t, side="left")] * enter[np.searchsorted(v, t, side="left")]
    )


def _product(times: npt.NDArray[Any], leaving: Floats, at_risk: Floats) -> Floats:
    """Shares left before the first of the times, after the first, and so on."""
    # What is at risk is a difference of sums: all of it, when less than a rounding is left.
    share = np.divide(leaving, at_risk, out=np.zeros_like(leaving), where=at_risk > 0)
    stay = np.where(at_risk - leaving < 1e-12 * at_risk, 0.0, 1.0 - share)
    return np.concatenate([[1.0], np.cumprod(stay)]) if len(times) else np.ones(1)


class _Sums:
    """Weights added up over times."""

    def __init__(self, times: npt.NDArray[Any], weight: Floats) -> None:
        self.times, places = np.unique(times, return_inverse=True)
        self.each: Floats = np.bincount(places, weight, len(self.times)).astype(np.float64)
        self._up_to = np.concatenate([[0.0], np.cumsum(self.each)])

    def before(self, at: npt.NDArray[Any]) -> Floats:
        """The sum over earlier times."""
        return np.asarray(self._up_to[np.searchsorted(self.times, at, side="left")])

    def until(self, at: npt.NDArray[Any]) -> Floats:
        """The sum over times that are no later."""
        return np.asarray(self._up_to[np.searchsorted(self.times, at, side="right")])
