"""Decompositions for publication: of groups that may be shown, and whose strata they hide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import nan

import polars as pl

from folkestrom.analysis.decomposition import Decomposition
from folkestrom.analysis.decomposition.components import EVERYBODY, OTHERS
from folkestrom.analysis.decomposition.kitagawa import members
from folkestrom.analysis.rates.rates import DAYS_PER_YEAR
from folkestrom.disclosure import Rules, release
from folkestrom.disclosure.strata import sums_hide_strata
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.specification import Text
from folkestrom.outputs.rates import PERSONS
from folkestrom.outputs.rules import refuse_rounding


def published(
    found: Decomposition,
    cells: Cells,
    data: pl.DataFrame,
    factors: Sequence[str],
    rules: Rules,
    years: float,
) -> tuple[Decomposition, Cells]:
    """A decomposition that may be shown to anybody, and its cells; else it is refused.

    Standard errors, what single cells contribute, and the sizes of the groups are left out.

    Parameters
    ----------
    found, cells
        The decomposition, and the same as cells.
    data
        What it is of: codes of the group, which come first, and of the factors; `first_events`,
        `events` and `days`.
    factors
        The factors.
    rules
        The rules that the groups must satisfy.
    years
        How many years the person-years add up.

    Raises
    ------
    UsageError
        A group that is not shown, or one with few events in few combinations; rules that round.
    """
    check(rules)
    strata = _combinations(data, found.between)
    note = _check_groups(strata, rules, years)
    _check_combinations(strata, factors, rules)
    specification = cells.specification
    specification = replace(specification, footnotes=(*specification.footnotes, note))
    return _as_shown(found), replace(cells, specification=specification)


def check(rules: Rules) -> None:
    """Refuse rules that cannot be meant, before anything is counted."""
    refuse_rounding(rules, "the decomposition would be")


def _check_groups(strata: pl.DataFrame, rules: Rules, years: float) -> Text:
    """Refuse a group that may not be shown; the note of the rules."""
    sums = strata.group_by("group", maintain_order=True).agg(
        pl.col("events", "first_events", "days").sum()
    )
    protected = release(
        sums.select(
            "group", "events", persons=PERSONS, person_years=pl.col("days") / DAYS_PER_YEAR
        ),
        rules,
        counts="events",
        persons="persons",
        base="person_years",
        years=years,
        dimensions=["group"],
    )
    if protected.cells.data["events"].null_count:
        raise UsageError(
            f"is too small a group, or has too few events, for the rules {rules.name!r}",
            where="between",
            value=" and ".join(sums["group"]),
            next_step="Take larger groups, or a longer period",
        )
    return protected.note


def _check_combinations(strata: pl.DataFrame, factors: Sequence[str], rules: Rules) -> None:
    """Refuse components from which the events of a combination of the factors are derivable."""
    for _, group in strata.group_by("group", maintain_order=True):
        events, persons = group["events"], group["first_events"]
        if not sums_hide_strata(events, rules, persons=persons, sums=len(factors)):
            raise UsageError(
                f"have combinations with few events for the rules {rules.name!r}, which are "
                "derivable from the components",
                where="factors",
                value=", ".join(factors),
                next_step="Take factors with fewer categories, or with many more",
            )


def _as_shown(found: Decomposition) -> Decomposition:
    """A decomposition with what its table shows, and no more."""
    first, second = (round(value, 3) for value in found.values)
    one, other = (round(share, 3) for share in found.unmatched)
    return replace(
        found,
        values=(first, second),
        data=found.data.drop("se").with_columns(pl.col(pl.Float64).round(3)),
        cells=found.cells.clear(),
        unmatched=(one, other),
        sizes=((nan, nan), (nan, nan)),
    )


def _combinations(data: pl.DataFrame, between: tuple[str, str]) -> pl.DataFrame:
    """A row a combination of the factors in a `group`, with its events, first events and days."""
    numbers = ["events", "first_events", "days"]
    group, *factors = (name for name in data.columns if name not in numbers)
    data = data.with_columns(pl.col(group).cast(pl.String))
    # Of a group and everybody, everybody else follows.
    codes = (*between, OTHERS) if EVERYBODY in between else between
    return pl.concat(
        members(data, group, code, between)
        .group_by(factors)
        .agg(pl.col(numbers).sum())
        .filter((pl.col("days") > 0) | (pl.col("events") > 0))
        .select(pl.lit(code).alias("group"), *numbers)
        for code in codes
    )
