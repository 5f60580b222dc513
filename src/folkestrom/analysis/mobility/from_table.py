"""The mobility model fitted to a table, as a formula says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack, overload

import numpy as np
from numpy.typing import ArrayLike

from folkestrom.analysis.design.design import Design, Roles, make_design
from folkestrom.analysis.design.formula import parse
from folkestrom.analysis.design.sources import Source, source_of
from folkestrom.analysis.design.tables import factor_of
from folkestrom.analysis.inference.distributions import chi2_tail
from folkestrom.analysis.mobility.model import Errors, check_errors, fit_mobility
from folkestrom.analysis.mobility.panel.observations import (
    Observations,
    arrange,
    identifiers_of,
    names_of_outcomes,
)
from folkestrom.analysis.mobility.results.goodness_of_fit import clusters_of, grouped
from folkestrom.analysis.mobility.results.result import MobilityFit, Test
from folkestrom.columns import check_arguments
from folkestrom.errors import UsageError, UserError


class _Options(TypedDict, total=False):
    effects: str
    standard_errors: Errors
    bread: float
    penalty: float
    collinear: Literal["refuse", "drop"]
    tolerance: float | None
    threads: int | None
    say: Callable[[str], None] | None


class _Keywords(_Options, total=False):
    outcomes: Sequence[str] | None
    weight: str | None
    time: str | None
    within: str | None
    cluster: str | ArrayLike | None
    checkpoint: Path | str | None
    folder: Path | str | None


@dataclass(frozen=True, eq=False)
class MobilityGroups:
    """A model fitted to groups together and apart.

    Attributes
    ----------
    together
        One model for all rows.
    apart
        For each group a model without what the groups are made by.
    test
        Whether the groups differ in more than the model of all lets them, by likelihood ratio;
        None where persons change groups, so that the models are not nested.
    note
        What to keep in mind.
    """

    together: MobilityFit
    apart: Mapping[str, MobilityFit]
    test: Test | None
    note: str

    @property
    def aic_(self) -> dict[str, float]:
        """Akaike's criterion of the model of all, and of the groups' models in sum."""
        return {
            "together": self.together.aic_,
            "apart": sum(fit.aic_ for fit in self.apart.values()),
        }

    def summary(self) -> str:
        """All fits and the test, as a text to read."""
        parts = [f"Together\n{self.together.summary()}"]
        parts += [f"{name}\n{fit.summary()}" for name, fit in self.apart.items()]
        if self.test is not None:
            parts.append(
                f"Groups alike: chi-square {self.test.statistic:.2f} with {self.test.freedom} "
                f"degrees of freedom, p {self.test.p:.4f}"
            )
        return "\n\n".join(parts + ([f"Note: {self.note}."] if self.note else []))


@overload
def mobility(
    data: Any, formula: str, *, person: str, by: None = ..., **options: Unpack[_Keywords]
) -> MobilityFit: ...


@overload
def mobility(
    data: Any, formula: str, *, person: str, by: str | Sequence[str], **options: Unpack[_Keywords]
) -> MobilityGroups: ...


def mobility(
    data: Any,
    formula: str,
    *,
    person: str,
    outcomes: Sequence[str] | None = None,
    by: str | Sequence[str] | None = None,
    weight: str | None = None,
    time: str | None = None,
    effects: str = "unstructured",
    within: str | None = None,
    standard_errors: Errors = "observed",
    bread: float = 1.0,
    cluster: str | ArrayLike | None = None,
    penalty: float = 0.0,
    collinear: Literal["refuse", "drop"] = "refuse",
    tolerance: float | None = None,
    threads: int | None = None,
    say: Callable[[str], None] | None = None,
    checkpoint: Path | str | None = None,
    folder: Path | str | None = None,
) -> MobilityFit | MobilityGroups:
    """Fit the mobility model to a table of person-years.

    Texts, levels and truth values are categories, compared with their first level or with the
    one that ``C(name, Treatment("level"))`` names; they stay integer codes. Levels have the order
    of an Enum, a dictionary or pandas categories, texts that of the alphabet. Other columns are
    numbers, and may stand in functions (``bs``, ``cr``, ``poly``, ``log``, ``I`` …), whose knots
    and bounds the fit remembers.

    Parameters
    ----------
    data
        A table of Arrow, Polars or pandas, or a mapping of columns; a row a person-year. Or, read
        part by part, the path of a Parquet file, a pyarrow dataset, or a function that opens a
        stream of tables or record batches, from the first row on whenever it is called. What
        comes part by part has the same results, to the last bit, as the same rows in a table.
    formula
        Such as ``"outcome ~ age_group + sex * immigrant + bs(age, df=4)"``.
    person
        Column that says whose year a row is.
    outcomes
        The alternatives, the base first; by default the levels of the outcome's column.
    by
        Columns that make groups: each is fitted apart too, without the terms of these columns,
        and a test says whether that is better.
    weight
        Column of weights, the same in all rows of a person.
    time
        Column by which a person's rows are ordered; as they lie by default.
    effects, standard_errors, bread, penalty, collinear, tolerance, threads, say
        As for `fit_mobility`.
    within
        A column, the same in all rows of a person, whose groups have effects too: what persons are
        nested within. Crossed effects are refused.
    checkpoint
        As for `fit_mobility`, for the fit of all rows.
    folder
        Where the panel's columns are kept as files, so that it may be larger than memory; in
        memory if not given. They are needed as long as the fit is, and yours to remove.
    cluster
        A column, the same in all rows of a person, or a value for each person.

    Raises
    ------
    UsageError
        Where the formula or an option cannot be meant; the nearest name is suggested.
    InputRefused
        Where the data have no estimate: missing or infinite values (with column and row),
        separation, one outcome only.
    ResourceError
        Where the panel needs more memory than is free, and no folder is given.

    Examples
    --------
    >>> import polars as pl
    >>> table = pl.DataFrame({"id": [k // 4 for k in range(160)]}).with_columns(
    ...     place=pl.when(pl.col("id") % 2 == 1).then(pl.lit("urban")).otherwise(pl.lit("rural")),
    ...     outcome=(pl.col("id") * 7 + pl.int_range(160) * 5) % 11 < 2 + pl.col("id") % 2 * 2)
    >>> fit = mobility(table, "outcome ~ place", person="id", outcomes=["stay", "move"],
    ...                effects="none")
    >>> {name: round(value, 3) for name, value in fit.params_.items()}
    {'move: (intercept)': -1.64, 'move: place[urban]': 1.075}
    """
    check_arguments(mobility, locals())
    check_errors(standard_errors, bread, cluster)
    roles = Roles(person, parse(formula).outcome, weight, time)
    source = source_of(data)
    design, summaries = make_design(
        formula, source, roles, [roles.outcome] if outcomes is None else []
    )
    names = names_of_outcomes(summaries, roles.outcome, outcomes)
    options = _Options(
        effects=effects, standard_errors=standard_errors, bread=bread, penalty=penalty,
        collinear=collinear, tolerance=tolerance, threads=threads, say=say,
    )  # fmt: skip
    observed = arrange(source, design, names, summaries.identifiers, folder=folder, fitting=True)
    together = _fit(observed, within, cluster, options, checkpoint)
    if by is None:
        return together
    if cluster is not None and not isinstance(cluster, str):
        raise UsageError("is not a column; groups need one", column="cluster")
    columns = [by] if isinstance(by, str) else list(by)
    return _groups(source, design, columns, together, cluster, folder, options)


def _fit(
    observed: Observations,
    within: str | None,
    cluster: str | ArrayLike | None,
    options: _Options,
    checkpoint: Path | str | None = None,
) -> MobilityFit:
    observed = observed if within is None else grouped(observed, within)
    numbers = None if cluster is None else clusters_of(observed, cluster)
    fit = fit_mobility(observed.panel, cluster=numbers, checkpoint=checkpoint, **options)
    return replace(fit, design=observed.design, observed=observed)


def _groups(
    source: Source,
    design: Design,
    by: Sequence[str],
    together: MobilityFit,
    cluster: str | None,
    folder: Path | str | None,
    options: _Options,
) -> MobilityGroups:
    table = source.whole(by)
    factors = [factor_of(table, name) for name in by]
    apart: dict[str, MobilityFit] = {}
    for chosen in product(*[range(len(f.levels)) for f in factors]):
        rows = np.all([f.codes == k for f, k in zip(factors, chosen, strict=True)], axis=0)
        name = ", ".join(f"{f.name}={f.levels[k]}" for f, k in zip(factors, chosen, strict=True))
        if rows.any():
            apart[name] = _fit_group(
                source.only(rows), name, design.without(by), together, cluster, folder, options
            )
    if len(apart) < 2:
        raise UsageError("makes one group only", value=", ".join(by))
    changing = sum(fit.persons for fit in apart.values()) - together.persons
    if changing and together.covariance.effects:
        note = (
            "persons change groups: apart, their effects in each group count as independent, so "
            "that the models are not nested; compare AIC"
        )
        return MobilityGroups(together, apart, None, note)
    return MobilityGroups(together, apart, _alike(together, apart), "")


def _fit_group(
    source: Source,
    name: str,
    design: Design,
    together: MobilityFit,
    cluster: str | None,
    folder: Path | str | None,
    options: _Options,
) -> MobilityFit:
    try:
        identifiers = identifiers_of(source, design.roles)
        observed = arrange(
            source, design, together.outcomes, identifiers, folder=folder, fitting=True
        )
        return _fit(observed, together.covariance.within or None, cluster, options)
    except UserError as error:
        raise type(error)(
            error.message, where=name, row=error.row, column=error.column, value=error.value,
            allowed=error.allowed, next_step=error.next_step,
        ) from error  # fmt: skip


def _alike(together: MobilityFit, apart: Mapping[str, MobilityFit]) -> Test | None:
    fits = [together, *apart.values()]
    freedom = sum(fit.theta.size for fit in apart.values()) - together.theta.size
    if freedom <= 0 or not all(fit.converged_ for fit in fits):
        return None
    gain = sum(fit.log_likelihood_ for fit in apart.values()) - together.log_likelihood_
    return Test(2 * gain, freedom, chi2_tail(2 * gain, freedom))
