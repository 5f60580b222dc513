"""Standardisation: what rates would be if compositions were equal.

Direct: the group's own rates in the standard's composition. Indirect: the standard's rates in the
group's composition, and the ratio of observed to expected events (SMR-like). The standard is
taken as known, without error of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import polars as pl

from folkestrom import columns
from folkestrom.analysis.inference.intervals import gamma_interval, poisson_interval
from folkestrom.analysis.rates.outcomes import rows_of_standard
from folkestrom.columns import Column, table_of
from folkestrom.columns.reading import kind_of
from folkestrom.errors import InputRefused, UsageError

#: Everybody (None), the rows with some codes, or a table.
Standard: TypeAlias = "Mapping[str, str] | Any | None"
Method = Literal["direct", "indirect"]


def standardised(
    cells: pl.DataFrame,
    by: Sequence[str],
    strata: Sequence[str],
    standard: Standard,
    method: Method,
    level: float,
    days: float,
) -> pl.DataFrame:
    """Standardised rates by groups, per person-year, with the ratio to the standard's rate.

    Parameters
    ----------
    cells
        Columns of codes, `events` and `person_years`; a row a combination that occurs.
    by, strata
        Columns that tell groups apart; columns that rates are standardised for.
    standard, method, level
        As of `rates`.
    days
        What the exposure of a given table is divided by to be in years.
    """
    whole = standard_population(cells, strata, standard, days)
    cells = comparable(cells, strata)
    own = cells.group_by([*by, *strata]).agg(pl.col("events", "person_years").sum())
    joined = own.filter(pl.col("person_years") > 0).join(
        whole, on=list(strata), how="left", nulls_equal=True
    )
    return (_direct if method == "direct" else _indirect)(joined, whole, by, level)


def standard_population(
    cells: pl.DataFrame, strata: Sequence[str], standard: Standard, days: float = 1.0
) -> pl.DataFrame:
    """The standard: for each stratum its `weight` (they sum to 1) and `standard_rate`.

    Parameters
    ----------
    cells, strata, standard, days
        As for `standardised`.

    Examples
    --------
    >>> cells = pl.DataFrame({"age": ["0", "1"], "events": [1, 3], "person_years": [3.0, 1.0]})
    >>> standard_population(cells, ["age"], None).sort("age").rows()
    [('0', 0.75, 0.3333333333333333), ('1', 0.25, 3.0)]
    """
    if standard is not None and not is_of_codes(standard):
        return _given(comparable(cells, strata), standard, strata, days)
    chosen = cells
    for name, code in (standard or {}).items():
        chosen = chosen.filter(rows_of_standard(cells.lazy(), name, code))
    chosen = comparable(chosen, strata)
    sums = chosen.group_by(list(strata)).agg(pl.col("events", "person_years").sum())
    return _weighted(sums, strata)


def is_of_codes(standard: Standard) -> bool:
    """Whether a standard is the rows with some codes; a mapping of columns is a table.

    Parameters
    ----------
    standard
        As of `rates`.

    Examples
    --------
    >>> is_of_codes({"county": "03"}), is_of_codes({"age": ["0", "1"], "weight": [1, 2]})
    (True, False)
    """
    if not isinstance(standard, Mapping):
        return False
    return all(isinstance(v, str | bytes) or not hasattr(v, "__len__") for v in standard.values())


def _given(cells: pl.DataFrame, standard: Any, strata: Sequence[str], days: float) -> pl.DataFrame:
    table = table_of(standard, "standard")
    size = "weight" if "weight" in table else "person_years" if "person_years" in table else "days"
    codes = comparable(table.frame(strata), strata)
    for name in strata:
        if codes[name].dtype != cells[name].dtype:
            kinds = [kind_of(frame[name].dtype).removesuffix(" with decimals")
                     for frame in (codes, cells)]  # fmt: skip
            raise InputRefused(
                f"holds {kinds[0]}, and the table's holds {kinds[1]}",
                where="standard", column=name, next_step="Give both columns one kind",
            )  # fmt: skip
    sizes = pl.Series(columns.weights(table.column(size)))
    if size == "weight":
        summed = codes.with_columns(weight=sizes).group_by(list(strata)).agg(pl.col("weight").sum())
        share = pl.col("weight") / pl.col("weight").sum()
        return summed.select(*strata, share, standard_rate=pl.lit(None, pl.Float64))
    years = sizes / (days if size == "days" else 1.0)
    events = pl.Series(columns.amounts(table.column("events")))
    sums = codes.with_columns(events=events, person_years=years)
    summed = sums.group_by(list(strata)).agg(pl.col("events", "person_years").sum())
    return _weighted(summed, strata)


def comparable(frame: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Codes of two tables as they can be compared: texts, whatever their levels, or numbers.

    Parameters
    ----------
    frame, names
        A table, and columns of it.
    """
    kinds = {n: Column(n, frame[n]) for n in names}
    to = {
        n: pl.String() if c.is_category else pl.Date() if c.is_dated else pl.Float64()
        for n, c in kinds.items()
    }
    return frame.with_columns(pl.col(n).cast(kind) for n, kind in to.items())


def _weighted(sums: pl.DataFrame, strata: Sequence[str]) -> pl.DataFrame:
    years = pl.col("person_years")
    # A stratum that nobody of the standard is in has no rate; the others have theirs.
    sums = sums.filter(years > 0)
    if sums.is_empty():
        raise InputRefused("has nobody exposed", where="standard")
    return sums.select(*strata, weight=years / years.sum(), standard_rate=pl.col("events") / years)


def _direct(
    joined: pl.DataFrame, whole: pl.DataFrame, by: Sequence[str], level: float
) -> pl.DataFrame:
    # A stratum that the group has nobody in has no rate there: the others make up the whole.
    matched = joined.filter(pl.col("weight") > 0)
    per_event = pl.col("weight") / pl.col("person_years")
    sums = _grouped(
        matched,
        by,
        _sum=(per_event * pl.col("events")).sum(),
        _variance=(per_event**2 * pl.col("events")).sum(),
        _mean_weight=per_event.mean(),
        _mean_square=(per_event**2).mean(),
        coverage=pl.col("weight").sum(),
        _reference=(pl.col("weight") * pl.col("standard_rate")).sum(),
    )
    scale = sums["coverage"].to_numpy()
    rate, weight = (sums[name].to_numpy() / scale for name in ("_sum", "_mean_weight"))
    variance, square = (sums[name].to_numpy() / scale**2 for name in ("_variance", "_mean_square"))
    lower, upper = gamma_interval(rate, variance, weight, square, level)
    # The standard's own rate over the same strata, so that like is compared with like.
    reference = sums["_reference"].to_numpy() / scale
    known = whole["standard_rate"].null_count() == 0
    values = {
        "standardised": rate, "standardised_lower": lower, "standardised_upper": upper,
    }  # fmt: skip
    if known:
        with np.errstate(divide="ignore", invalid="ignore"):
            values |= {
                "ratio": rate / reference,
                "ratio_lower": lower / reference,
                "ratio_upper": upper / reference,
            }
    return _columns(sums, by, values)


def _indirect(
    joined: pl.DataFrame, whole: pl.DataFrame, by: Sequence[str], level: float
) -> pl.DataFrame:
    if whole["standard_rate"].null_count():
        raise UsageError(
            "holds weights, and indirect standardisation needs its rates",
            where="standard",
            allowed="a table with events and exposure",
        )
    crude = float((whole["weight"] * whole["standard_rate"]).sum())
    known = pl.col("standard_rate").is_not_null()
    years = pl.col("person_years")
    sums = _grouped(
        joined,
        by,
        _observed=pl.col("events").filter(known).sum(),
        expected=pl.when(known.any()).then((years * pl.col("standard_rate")).sum()),
        coverage=years.filter(known).sum() / years.sum(),
    )
    # Nobody of the group in a stratum of the standard's: nothing is to be expected, not even 0.
    expected = sums["expected"].cast(pl.Float64).to_numpy()
    lower, upper = poisson_interval(sums["_observed"].to_numpy(), level)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = {
            "ratio": sums["_observed"].to_numpy() / expected,
            "ratio_lower": lower / expected,
            "ratio_upper": upper / expected,
        }
        rate = {name.replace("ratio", "standardised"): v * crude for name, v in ratio.items()}
    return _columns(sums, by, {"expected": expected, **rate, **ratio})


def _grouped(joined: pl.DataFrame, by: Sequence[str], **sums: pl.Expr) -> pl.DataFrame:
    return joined.group_by(list(by)).agg(**sums) if by else joined.select(**sums)


def _columns(sums: pl.DataFrame, by: Sequence[str], values: dict[str, Any]) -> pl.DataFrame:
    columns = [pl.Series(name, value).fill_nan(None) for name, value in values.items()]
    finite = [
        pl.Series(c.name, np.where(np.isinf(c.to_numpy()), np.nan, c.to_numpy())).fill_nan(None)
        for c in columns
    ]
    return sums.select(*by, *finite, "coverage")
