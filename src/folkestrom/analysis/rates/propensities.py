"""Propensities: the share of person-years with an outcome, where persons come back every year."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl

from folkestrom import columns
from folkestrom.analysis.inference.intervals import Floats, ShareMethod, share_interval
from folkestrom.analysis.rates.outcomes import codes, has_code, rows_of_standard
from folkestrom.columns import check_arguments, lazy_column, lazy_table, names_of
from folkestrom.errors import InputRefused, UsageError
from folkestrom.model.cells import Frame, ShownAsTable, Target, as_frame
from folkestrom.model.names import check_columns, without_effect

_WHERE = "propensities"
#: Columns of shares and of what they are made of: no group can be told apart by such a name.
_COLUMNS: Final = frozenset(
    {
        *("persons", "person_years", "events", "propensity", "se", "design_effect", "coverage"),
        *("propensity_lower", "propensity_upper", "standardised", "standardised_se"),
        *("standardised_lower", "standardised_upper"),
        *("_person", "_y", "_n", "_yy", "_yn", "_nn", "_size", "_weight", "_cell", "_share"),
        *("_i", "_g", "_ii", "_p"),
    }
)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Propensities(ShownAsTable):
    """A row a group.

    Parameters
    ----------
    by
        Names of the columns that tell groups apart.
    data
        Those columns; `persons`, `person_years`, `events`; `propensity`, its standard error `se`
        and limits, and `design_effect`: the variance over that of independent person-years.
        Standardised: also `standardised`, its `standardised_se` and limits, and `coverage`.
    level
        Level of the intervals.
    """

    by: tuple[str, ...]
    data: pl.DataFrame
    level: float

    def to(self, target: Target) -> Frame:
        """The rows as an Arrow table, or a data frame of Polars or pandas."""
        return self.data if target == "polars" else as_frame(self.data.to_arrow(), target)


@dataclass(frozen=True, slots=True, eq=False)
class ClusterSums:
    """Sums over the persons of each group, that a share and its variance follow from.

    A person has n person-years in the group, and y of them with the outcome.

    Parameters
    ----------
    persons
        How many persons.
    person_years, events
        Σ n and Σ y.
    yy, yn, nn
        Σ y², Σ y n and Σ n².
    """

    persons: Floats
    person_years: Floats
    events: Floats
    yy: Floats
    yn: Floats
    nn: Floats

    @property
    def share(self) -> Floats:
        """Share of the person-years; not a number where there are none."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.events / self.person_years

    @property
    def variance(self) -> Floats:
        """Variance of the share, of persons who are independent of each other."""
        p, n = self.share, self.person_years
        with np.errstate(divide="ignore", invalid="ignore"):
            spread = (self.yy - 2 * p * self.yn + p**2 * self.nn) / n**2
            return spread * self.persons / (self.persons - 1)

    def limits(self, level: float = 0.95, method: ShareMethod = "wilson") -> tuple[Floats, Floats]:
        """Limits of the share, by the number of person-years that are worth as much.

        Parameters
        ----------
        level, method
            As for `propensities`.

        Examples
        --------
        >>> one, ten = np.ones(1), np.full(1, 10.0)
        >>> lower, upper = ClusterSums(ten, ten, one, one, one, ten).limits()
        >>> lower.round(3).tolist(), upper.round(3).tolist()
        ([0.017], [0.423])
        """
        sizes = (self.share, self.variance, self.person_years, self.persons)
        return _limits(sizes, _design_effect(*sizes), method, level)


def propensities(
    panel: Any,
    by: str | Iterable[str] = (),
    *,
    outcome: str = "outcome",
    value: Any = 1,
    person: str | None = "person",
    standardise_by: str | Iterable[str] = (),
    standard: Mapping[str, str] | None = None,
    method: ShareMethod = "wilson",
    level: float = 0.95,
) -> Propensities:
    """Shares of person-years with an outcome, with intervals that allow for repeated persons.

    Parameters
    ----------
    panel
        One row a person and year; of Arrow, Polars (lazy too) or pandas, or a mapping of columns.
    by
        Columns that tell groups apart.
    outcome, value
        The column of outcomes, and the one that counts.
    person
        Column of the persons, who are independent of each other; None: every row is.
    standardise_by, standard
        Columns that shares are standardised for, and the reference population: everybody, or the
        rows with some codes, such as `{"group": "native"}`.
    method
        "wilson" or "clopper-pearson". Where persons repeat, both take the effective number of
        person-years (Korn & Graubard 1998, *Survey Methodology* 24), never more than there are.
    level
        Level of the intervals.

    Examples
    --------
    >>> panel = pl.DataFrame({"person": [1, 1, 2, 3], "year": [1, 2, 1, 1],
    ...                       "outcome": ["stay", "abroad", "stay", "stay"]})
    >>> propensities(panel, value="abroad").data.row(0)[:4]
    (3, 4, 1, 0.25)
    """
    check_arguments(propensities, locals())
    groups, strata = names_of(by, "by"), names_of(standardise_by, "standardise_by")
    check_columns(groups, _COLUMNS)
    check_columns(strata, _COLUMNS, "standardise_by")
    if standard is not None and not strata:
        raise without_effect(
            "standard", dict(standard), "nothing is standardised for", "Say standardise_by"
        )
    check_columns(standard or (), _COLUMNS, "standard")
    keys = [] if person is None else [person]
    kept = list(dict.fromkeys([*groups, *strata, *(standard or {})]))
    frame = lazy_table(panel, _WHERE, [*keys, outcome, *kept])
    for name in kept:
        columns.refuse_levels(frame, lazy_column(frame, name, _WHERE), may_miss=True)
    who = pl.int_range(pl.len())
    if person is not None:
        columns.refuse_persons(frame, lazy_column(frame, person, _WHERE))
        who = pl.col(person)
    rows = frame.select(*codes(frame, kept), _y=seen(frame, outcome, value, _WHERE), _person=who)
    crude = _crude(rows, groups, method, level)
    if not strata:
        return Propensities(groups, crude, level)
    extra = _standardised(rows, groups, strata, standard, method, level)
    if not groups:
        return Propensities(groups, pl.concat([crude, extra], how="horizontal"), level)
    joined = crude.join(extra, on=list(groups), how="left", nulls_equal=True)
    return Propensities(groups, joined.sort(groups, nulls_last=True), level)


def seen(frame: pl.LazyFrame, outcome: str, value: Any, where: str) -> pl.Expr:
    """1 where a row has the outcome, else 0; refuses what is missing or never occurs.

    Parameters
    ----------
    frame, outcome, value
        As for `propensities`.
    where
        The function that is told of in messages.
    """
    if not frame.select(pl.len()).collect().item():
        raise InputRefused(
            "has no rows: there is nobody to give a propensity of",
            where=where,
            next_step="Look at the study's flow chart for the condition that leaves nobody",
        )
    columns.refuse_levels(frame, lazy_column(frame, outcome, where))
    says = "is no outcome of the panel"
    return has_code(frame, outcome, value, "value", says).cast(pl.Int64)


def _crude(
    rows: pl.LazyFrame, groups: Sequence[str], method: ShareMethod, level: float
) -> pl.DataFrame:
    n = pl.len().cast(pl.Int64)
    persons = rows.group_by([*groups, "_person"]).agg(_y=pl.col("_y").sum(), _n=n)
    sums = {
        "persons": pl.len().cast(pl.Int64),
        "person_years": pl.col("_n").sum(),
        "events": pl.col("_y").sum(),
        "_yy": (pl.col("_y") ** 2).sum(),
        "_yn": (pl.col("_y") * pl.col("_n")).sum(),
        "_nn": (pl.col("_n") ** 2).sum(),
    }
    grouped = persons.group_by(list(groups)).agg(**sums) if groups else persons.select(**sums)
    found = grouped.collect(engine="streaming")
    if groups:
        found = found.sort(groups, nulls_last=True)
    of = ClusterSums(*(found[name].to_numpy().astype(np.float64) for name in sums))
    sizes = (of.share, of.variance, of.person_years, of.persons)
    return _with_interval(found.drop("_yy", "_yn", "_nn"), "propensity", sizes, method, level)


def _with_interval(
    found: pl.DataFrame,
    name: str,
    sizes: tuple[Floats, Floats, Floats, Floats],
    method: ShareMethod,
    level: float,
) -> pl.DataFrame:
    """A share with its error and limits, by the effective number of person-years."""
    p, variance, _, _ = sizes
    effect = _design_effect(*sizes)
    lower, upper = _limits(sizes, effect, method, level)
    standard = name == "standardised"
    columns = {
        name: p,
        f"{name}_se" if standard else "se": np.sqrt(np.where(variance > 0, variance, np.nan)),
        f"{name}_lower": lower,
        f"{name}_upper": upper,
    } | ({} if standard else {"design_effect": effect})
    return found.with_columns(
        pl.Series(key, value).fill_nan(None) for key, value in columns.items()
    )


def _limits(
    sizes: tuple[Floats, Floats, Floats, Floats], effect: Floats, method: ShareMethod, level: float
) -> tuple[Floats, Floats]:
    """Limits of shares by the effective number of person-years."""
    p, _, n, _ = sizes
    effective = n / np.maximum(effect, 1.0)
    return share_interval(p * effective, effective, level, method)


def _design_effect(p: Floats, variance: Floats, n: Floats, persons: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        effect = variance / (p * (1 - p) / n)
    # No event: nothing tells how persons differ, and rows count as independent.
    known = np.where(np.isfinite(effect), effect, 1.0)
    # The years of one person alone: how much they are worth cannot be told.
    return np.where((persons < 2) & (n > persons), np.nan, known)


def _standardised(
    rows: pl.LazyFrame,
    groups: Sequence[str],
    strata: Sequence[str],
    standard: Mapping[str, str] | None,
    method: ShareMethod,
    level: float,
) -> pl.DataFrame:
    """Shares in the standard's composition; their variance is of sums over persons."""
    chosen = rows
    for name, code in (standard or {}).items():
        chosen = chosen.filter(rows_of_standard(rows, name, code))
    count = pl.len().cast(pl.Float64)
    whole = chosen.group_by(list(strata)).agg(count.alias("_size"))
    weights = (
        whole.with_columns(_weight=pl.col("_size") / pl.col("_size").sum()).drop("_size").collect()
    )
    if not weights.height:
        raise UsageError("does not occur, and cannot be the standard", where="standard")
    cells = [*groups, *strata]
    shares = rows.group_by(cells).agg(_cell=count, _share=pl.col("_y").mean())
    shares = shares.join(weights.lazy(), on=list(strata), how="inner", nulls_equal=True)
    over = list(groups) if groups else [pl.lit(1)]
    shares = shares.with_columns(coverage=pl.col("_weight").sum().over(over))
    influence = pl.col("_weight") / pl.col("coverage") / pl.col("_cell")
    persons = (
        rows.join(shares, on=cells, how="inner", nulls_equal=True)
        .group_by([*groups, "_person"])
        .agg(_i=(influence * (pl.col("_y") - pl.col("_share"))).sum(), _n=pl.len())
    )
    level_ = [pl.len().alias("_g"), (pl.col("_i") ** 2).sum().alias("_ii"), pl.col("_n").sum()]
    spread = persons.group_by(list(groups)).agg(level_) if groups else persons.select(level_)
    mean = (pl.col("_weight") * pl.col("_share")).sum() / pl.col("_weight").sum()
    values = [mean.alias("_p"), pl.col("_weight").sum().alias("coverage")]
    means = shares.group_by(list(groups)).agg(values) if groups else shares.select(values)
    if groups:
        found = means.join(spread, on=list(groups), nulls_equal=True).collect()
    else:
        found = pl.concat([means.collect(), spread.collect()], how="horizontal")
    g, n = (found[c].to_numpy().astype(np.float64) for c in ("_g", "_n"))
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = found["_ii"].to_numpy() * g / (g - 1)
    kept = found.select(*groups, "coverage")
    sizes = (found["_p"].to_numpy(), variance, n, g)
    return _with_interval(kept, "standardised", sizes, method, level)
