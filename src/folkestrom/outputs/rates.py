"""Rates for publication: counts are held to the persons that they are of, sums to their strata."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from folkestrom.analysis.rates.cells import MEASURES, RateDesign, measured, rate_cells
from folkestrom.analysis.rates.occurrence import Occurrences
from folkestrom.analysis.rates.rates import Rates, rates_of
from folkestrom.disclosure import Protected, Rules, release
from folkestrom.disclosure.records import DisclosureRecord, disclosure_note
from folkestrom.disclosure.strata import sums_hide_strata
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.specification import Text
from folkestrom.outputs.rules import refuse_rounding

#: Whoever has an event that is not a first one is a person.
PERSONS: Final = pl.max_horizontal("first_events", (pl.col("events") > 0).cast(pl.Int64))
#: Figures that are sums of a group's strata.
_SUMS: Final = ("standardised", "ratio")


def published(counted: Occurrences, design: RateDesign, rules: Rules, years: float) -> Protected:
    """Rates that may be shown to anybody.

    Small counts, and those of few persons, are suppressed with everything computed from them, and
    standardised rates where a stratum is derivable from them. Where the rules round, rates are
    computed from the rounded counts.

    Parameters
    ----------
    counted
        Events, first events and exposure by `design.names`.
    design
        How the rates are made.
    rules
        The rules.
    years
        How many years the person-years of a cell add up.

    Raises
    ------
    UsageError
        Rules that round, where rates are standardised; a standard whose counts would be told.
    """
    check(design, rules)
    found = with_persons(measured(counted, design), counted.kept(design.only, design.by))
    cells = rate_cells(counted, found, design)
    if rules.rounding_base:
        cells = _only_counts(cells)
    protected = release(
        cells, rules, counts="events", persons="persons", base="person_years", years=years
    )
    if rules.rounding_base:
        return _with_rates(protected, design.by, design.level)
    if not design.standardise_by:
        return protected
    strata = _strata(counted, found, design, rules)
    return _without_strata(protected, strata, design.by, rules)


def check(design: RateDesign, rules: Rules) -> None:
    """Refuse rules that cannot be meant, before anything is counted."""
    if design.standardise_by:
        refuse_rounding(rules, "standardised rates would be")


def _strata(counted: Occurrences, found: Rates, design: RateDesign, rules: Rules) -> pl.DataFrame:
    """Strata of the groups, and what each adds to the standardised rates.

    Indirect standardisation is of the standard's strata; of the group it uses the events where
    the standard has anybody, one sum. The standard is held to the rules as groups are, except
    where direct standardisation compares with its rate as a whole, or with everybody's.
    """
    strata = list(design.standardise_by)
    whole = design.whole(counted).filter(pl.col("days") > 0)
    groups = counted.kept(design.only, [*design.by, *strata])
    data = _weighted(groups, whole.select(*strata, "days"))
    if design.method == "indirect":
        _check_standard(whole, design.reference, found.data.height, rules)
        parts = (pl.col("weight") > 0).cast(pl.Float64)
        return data.group_by(*design.by, parts).agg(pl.col("events", "first_events").sum())
    if design.standard is not None:
        part = int((found.data["coverage"] < 1 - 1e-9).sum())
        _check_standard(whole, design.reference, part, rules)
    return data


def with_persons(found: Rates, cells: pl.DataFrame) -> Rates:
    """Rates with the least number of persons that the events of each group are of.

    Parameters
    ----------
    found
        The rates.
    cells
        The same groups with `events` and `first_events`.
    """
    persons = cells.select(*found.by, persons=PERSONS)
    data = (
        found.data.join(
            persons, on=list(found.by), how="left", nulls_equal=True, maintain_order="left"
        )
        if found.by
        else pl.concat([found.data, persons], how="horizontal")
    )
    return replace(found, data=data)


def _weighted(groups: pl.DataFrame, standard: pl.DataFrame) -> pl.DataFrame:
    """Strata of groups that have persons, with what an event adds to a standardised rate."""
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


def _without_strata(
    protected: Protected, strata: pl.DataFrame, by: Sequence[str], rules: Rules
) -> Protected:
    """Protected rates without those standardised rates from which a stratum is derivable."""
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


def _check_standard(strata: pl.DataFrame, against: str, sums: int, rules: Rules) -> None:
    """Refuse a standard whose small counts are derivable from comparisons, or sums of it."""
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


def _only_counts(cells: Cells) -> Cells:
    """Cells of rates with events, their persons and exposure alone."""
    counts = ("events", "persons", "person_years")
    kept = [measure for measure in cells.specification.measures if measure.id in counts]
    names = [d.id for d in cells.specification.dimensions]
    data = cells.data.select([*names, *(m.id for m in kept)])
    return replace(
        cells, specification=replace(cells.specification, measures=tuple(kept)), data=data
    )


def _with_rates(protected: Protected, by: tuple[str, ...], level: float) -> Protected:
    """Protected counts with rates computed from them."""
    frame = pl.DataFrame(protected.cells.data)
    hidden = frame["events"].is_null() | frame["person_years"].is_null()
    known = frame.filter(~hidden)
    found = rates_of(known, tuple(by), level=level).data
    names = ("rate", "rate_lower", "rate_upper")
    measures = (*protected.cells.specification.measures, *(MEASURES[n] for n in names))
    rounded = [pl.col(n).round(2) for n in names]
    extra = found.select(*by, *rounded)
    data = (
        frame.join(extra, on=list(by), how="left", nulls_equal=True, maintain_order="left")
        if by
        else pl.concat([frame, extra], how="horizontal")
    )
    specification = replace(protected.cells.specification, measures=measures)
    return replace(protected, cells=replace(
        protected.cells, specification=specification, data=data.to_arrow()
    ))  # fmt: skip
