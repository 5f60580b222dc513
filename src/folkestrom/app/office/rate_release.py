"""Publication of rates and decompositions: what counts alone do not decide.

Counts are held to the persons that they are of, and figures that are sums of strata to these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import nan
from typing import Final

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from folkestrom.analysis.decomposition import Decomposition
from folkestrom.analysis.decomposition.components import EVERYBODY, OTHERS
from folkestrom.analysis.decomposition.kitagawa import members
from folkestrom.analysis.rates.rates import DAYS_PER_YEAR, Rates
from folkestrom.disclosure import Protected, Rules, release
from folkestrom.disclosure.records import DisclosureRecord, disclosure_note
from folkestrom.disclosure.strata import sums_hide_strata
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.specification import Text

#: Persons of a cell: at least one where there is an event, though none may be a first one.
_PERSONS: Final = pl.max_horizontal("first_events", (pl.col("events") > 0).cast(pl.Int64))
#: Figures that are sums of a group's strata.
_SUMS: Final = ("standardised", "ratio")


def with_persons(found: Rates, cells: pl.DataFrame) -> Rates:
    """Rates with the least number of persons that the events of each group are of.

    Parameters
    ----------
    found
        The rates.
    cells
        The same groups with `events` and `first_events`.
    """
    persons = cells.select(*found.by, persons=_PERSONS)
    data = (
        found.data.join(
            persons, on=list(found.by), how="left", nulls_equal=True, maintain_order="left"
        )
        if found.by
        else pl.concat([found.data, persons], how="horizontal")
    )
    return replace(found, data=data)


def weighted(groups: pl.DataFrame, standard: pl.DataFrame) -> pl.DataFrame:
    """Strata of groups that have persons, with what an event adds to a standardised rate.

    Parameters
    ----------
    groups
        A row a stratum of a group, with `events` and `days`.
    standard
        The strata of the reference population that have persons, with their `days`.
    """
    of = standard.rename({"days": "standard_days"})
    strata = [name for name in standard.columns if name != "days"]
    present = pl.col("days") > 0
    weight = pl.when(present).then(pl.col("standard_days") / pl.col("days"))
    return (
        # Events may fall where nobody is exposed; what is left of a group's events tells them.
        groups.filter(present | (pl.col("events") > 0))
        .join(of, on=strata, how="left", nulls_equal=True)
        .with_columns(weight=weight.fill_null(0.0))
    )


def without_strata(
    protected: Protected, strata: pl.DataFrame, by: Sequence[str], rules: Rules
) -> Protected:
    """Protected rates without those standardised rates from which a stratum is derivable.

    Parameters
    ----------
    protected
        The rates, their counts protected.
    strata
        A row a stratum of a group: `by`, `events`, `first_events`, and `weight`, what an event
        adds to the standardised rate.
    by
        Columns that tell groups apart.
    rules
        The rules.
    """
    names = [m.id for m in protected.cells.specification.measures if m.id.startswith(_SUMS)]
    data = protected.cells.data
    # As texts, since tables and frames hold codes in columns of different types.
    keys = [pl.col(name).cast(pl.String) for name in by]
    told = _told(strata.with_columns(keys), by, rules)
    rows = pl.DataFrame(data.select(list(by))).with_columns(keys) if by else told.select()
    placed = rows.join(told, on=list(by), how="left", nulls_equal=True) if by else told
    mask = pa.array(placed["told"].fill_null(value=False).to_numpy())
    hit = pc.sum(pc.and_(mask, data["standardised"].combine_chunks().is_valid())).as_py() or 0
    for name in names:
        column = data[name].combine_chunks()
        at = data.column_names.index(name)
        data = data.set_column(at, name, pc.if_else(mask, pa.scalar(None, column.type), column))
    applied = (*protected.applied, _few_in_strata(hit))
    made = protected.cells.specification
    # The note of the release is the last one, and is said anew.
    made = replace(made, footnotes=(*made.footnotes[:-1], disclosure_note(rules, applied)))
    hidden = pc.or_(protected.cells.suppressed, mask)
    return Protected(Cells(made, data, hidden), rules, applied)


def _told(strata: pl.DataFrame, by: Sequence[str], rules: Rules) -> pl.DataFrame:
    numbers = ("events", "first_events", "weight")
    lists = (
        strata.group_by(list(by)).agg(numbers)
        if by
        else strata.select(pl.col(name).implode() for name in numbers)
    )
    told = [
        not sums_hide_strata(events, rules, persons=persons, weights=weights)
        for events, persons, weights in lists.select(numbers).iter_rows()
    ]
    return lists.select(*by, told=pl.Series(told, dtype=pl.Boolean))


def _few_in_strata(hit: int) -> DisclosureRecord:
    text = Text(
        "standardised rates not shown, where few events lie in few strata",
        "standardiserte rater er ikke vist, der få hendelser ligger i få strata",
    )
    return DisclosureRecord("strata", text, hit)


def check_standard(strata: pl.DataFrame, against: str, sums: int, rules: Rules) -> None:
    """Refuse a standard whose small counts are derivable from comparisons with it.

    Parameters
    ----------
    strata
        `events` and `first_events` of the standard's strata.
    against
        What it is called.
    sums
        How many sums of its strata are shown, besides its rate.
    rules
        The rules.

    Raises
    ------
    UsageError
        A standard whose strata are derivable.
    """
    whole = strata.select(pl.col("events", "first_events").sum())
    shown = [(whole, 1), *([(strata, sums)] if sums else [])]
    for counts, times in shown:
        events, persons = counts["events"], counts["first_events"]
        if not sums_hide_strata(events, rules, persons=persons, sums=times):
            raise UsageError(
                f"has strata of few events for the rules {rules.name!r}, which are "
                "derivable from comparisons with it",
                where="against",
                value=against,
                next_step="Take a larger standard, fewer groups, or other standardise_by",
            )


def combinations(
    cells: pl.DataFrame, group: str, between: tuple[str, str], factors: Sequence[str]
) -> pl.DataFrame:
    """Combinations of factors in two groups, as `checked` takes them.

    Parameters
    ----------
    cells
        Columns of codes, `first_events`, `events` and `days`.
    group, between
        As for `kitagawa`.
    factors
        Columns of the factors.
    """
    numbers = ["events", "first_events", "days"]
    cells = cells.with_columns(pl.col(group).cast(pl.String))
    # Of a group and everybody, everybody else follows.
    codes = (*between, OTHERS) if EVERYBODY in between else between
    return pl.concat(
        members(cells, group, code, between)
        .group_by(list(factors))
        .agg(pl.col(numbers).sum())
        .filter((pl.col("days") > 0) | (pl.col("events") > 0))
        .select(pl.lit(code).alias("group"), *numbers)
        for code in codes
    )


def checked(
    cells: Cells,
    strata: pl.DataFrame,
    factors: Sequence[str],
    rules: Rules,
    years: float,
) -> Cells:
    """A decomposition for publication: of groups that may be shown, and whose strata it hides.

    Parameters
    ----------
    cells
        The decomposition as cells.
    strata
        A row a combination of the factors in a `group`, with `events`, `first_events` and `days`.
    factors
        The factors.
    rules
        The rules that the groups must satisfy.
    years
        How many years the person-years add up.

    Raises
    ------
    UsageError
        A group that is not shown, or one with few events in few combinations.
    """
    if rules.rounding_base:
        raise UsageError(
            "rounds the counts, and the decomposition would be of the true ones",
            where="publish",
            value=rules.name,
            allowed="rules that suppress, such as 'research' or 'statistics'",
        )
    sums = strata.group_by("group", maintain_order=True).agg(
        pl.col("events", "first_events", "days").sum()
    )
    protected = release(
        sums.select(
            "group", "events", persons=_PERSONS, person_years=pl.col("days") / DAYS_PER_YEAR
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
    _check_combinations(strata, factors, rules)
    footnotes = (*cells.specification.footnotes, protected.note)
    return replace(cells, specification=replace(cells.specification, footnotes=footnotes))


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


def as_shown(found: Decomposition) -> Decomposition:
    """A decomposition with what its table shows, and no more.

    Parameters
    ----------
    found
        A decomposition that may be shown.
    """
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
