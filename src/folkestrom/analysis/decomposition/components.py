"""What a decomposition hands on: components of a difference, each with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from folkestrom.analysis.inference.distributions import critical_value
from folkestrom.analysis.rates.cells import NATION
from folkestrom.columns import check_arguments
from folkestrom.errors import UsageError
from folkestrom.model.cells import ShownAsTable, Target, as_frame, with_description
from folkestrom.model.names import check_code

Floats: TypeAlias = npt.NDArray[np.float64]

#: Instead of a second group: everybody, the first group among them; or everybody else.
EVERYBODY = NATION
OTHERS = "others"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Decomposition(ShownAsTable):
    """A difference between two groups, and what it is made of.

    Parameters
    ----------
    between
        The two groups; the difference is that of the first less the second.
    values
        The rate or propensity of each.
    data
        A row a component: `component`, `term` (null where it is all of them), `estimate`, `se`,
        `lower`, `upper`, and `share` of the difference with `share_lower`, `share_upper`.
    cells
        What each combination of the factors contributes, where that can be said.
    method, level
        How, and the level of the intervals.
    unmatched
        Share of each group's exposure in cells that the other group has nobody in.
    sizes
        Events of both groups, and their person-years.
    about
        Of one from a store, what its figures are: title, knowledge date, method, notes and, for
        publication, what the rules did.
    """

    between: tuple[str, str]
    values: tuple[float, float]
    data: pl.DataFrame
    cells: pl.DataFrame
    method: str
    level: float
    unmatched: tuple[float, float] = (0.0, 0.0)
    sizes: tuple[tuple[float, float], tuple[float, float]] = ((0.0, 0.0), (0.0, 0.0))
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def groups(self) -> pl.DataFrame:
        """Both groups with their events and person-years."""
        events, years = self.sizes
        return pl.DataFrame(
            {"group": list(self.between), "events": list(events), "person_years": list(years)}
        )

    def to(self, target: Target) -> Any:
        """The components as an Arrow table, or a data frame of Polars or pandas."""
        check_arguments(Decomposition.to, locals())
        return as_frame(with_description(self.data.to_arrow(), self.about), target)

    def of(self, component: str, term: str | None = None) -> dict[str, Any]:
        """One component, as a dictionary.

        Parameters
        ----------
        component, term
            Its name, and the factor; None: all factors together.
        """
        check_arguments(Decomposition.of, locals())
        found = self.data.filter(
            (pl.col("component") == component) & pl.col("term").eq_missing(pl.lit(term))
        )
        if not found.height:
            raise UsageError(
                "is not a component of this decomposition",
                value=component if term is None else f"{component}, {term}",
                allowed=sorted(set(self.data["component"])),
            )
        return found.row(0, named=True)


def check_between(code: str, known: Sequence[str], more: Sequence[str], group: str) -> None:
    """Refuse the code of a group that does not occur, or that means something else too.

    Parameters
    ----------
    code, known
        The code, and those that occur.
    more
        Groups that are always there, such as "others".
    group
        The column.
    """
    if code in more and code in known:
        raise UsageError(
            "is a code of the groups, and of all or all other groups too",
            where="between", column=group, value=code,
            next_step="Give the group another code in the table.",
        )  # fmt: skip
    check_code(code, [*known, *more], "does not occur", where="between", column=group)


def components(
    names: Sequence[tuple[str, str | None]],
    estimates: Floats,
    covariance: Floats,
    level: float,
) -> pl.DataFrame:
    """Components with normal intervals; the first is the difference that the others sum to.

    Parameters
    ----------
    names
        Component and term of each.
    estimates, covariance
        Vector of length k and k × k matrix.
    level
        Confidence level.

    Examples
    --------
    >>> found = components([("difference", None)], np.array([2.0]), np.array([[1.0]]), 0.95)
    >>> found.select("estimate", "se", pl.col("lower").round(2)).row(0)
    (2.0, 1.0, 0.04)
    """
    z = critical_value(level)
    se = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    total = estimates[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = estimates / (total or np.nan)
        # Of a share, the delta method's variance: that of (component − share × difference).
        variance = np.diag(covariance) - 2 * share * covariance[:, 0] + share**2 * covariance[0, 0]
        share_se = np.sqrt(np.maximum(variance, 0.0)) / abs(total)
    return _table(names, {
        "estimate": estimates, "se": se,
        "lower": estimates - z * se, "upper": estimates + z * se,
        "share": share, "share_lower": share - z * share_se, "share_upper": share + z * share_se,
    })  # fmt: skip


def bootstrapped(
    names: Sequence[tuple[str, str | None]], estimates: Floats, replicates: Floats, level: float
) -> pl.DataFrame:
    """Components with percentile intervals.

    Parameters
    ----------
    names, estimates, level
        As for `components`.
    replicates
        A row a replicate, a column a component.

    Examples
    --------
    >>> draws = np.linspace(1.0, 3.0, 101)[:, None]
    >>> found = bootstrapped([("difference", None)], np.array([2.0]), draws, 0.9)
    >>> found.select(pl.col("lower").round(3), pl.col("upper").round(3)).row(0)
    (1.1, 2.9)
    """
    tails = [(1 - level) / 2, (1 + level) / 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = replicates / replicates[:, :1]
        share = estimates / (estimates[0] or np.nan)
        # Of a draw without a difference nothing is a share; enough of them leave no interval.
        share_lower, share_upper = np.quantile(shares, tails, axis=0)
    lower, upper = np.quantile(replicates, tails, axis=0)
    return _table(names, {
        "estimate": estimates, "se": replicates.std(axis=0, ddof=1), "lower": lower, "upper": upper,
        "share": share, "share_lower": share_lower, "share_upper": share_upper,
    })  # fmt: skip


def _table(names: Sequence[tuple[str, str | None]], values: dict[str, Floats]) -> pl.DataFrame:
    finite = {k: pl.Series(k, np.where(np.isfinite(v), v, np.nan)) for k, v in values.items()}
    return pl.DataFrame(
        {
            "component": [component for component, _ in names],
            "term": pl.Series([term for _, term in names], dtype=pl.String),
        }
    ).with_columns(column.fill_nan(None) for column in finite.values())
