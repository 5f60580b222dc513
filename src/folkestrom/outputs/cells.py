"""Populations, accounts and published tables, for publication."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from folkestrom.disclosure import Account, Equal, Rules, release
from folkestrom.disclosure.records import disclosure_note
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.outputs.rules import refuse_rounding
from folkestrom.statistics.changes import (
    ADJUSTMENT,
    BORDERS,
    END,
    EXCESS,
    GROWTH,
    MEAN,
    NET_INTERNAL,
    NET_MIGRATION,
    SIGNS,
    START,
)
from folkestrom.statistics.changes import SPECIFICATION as ACCOUNTS
from folkestrom.statistics.households.counted import IN_HOUSEHOLDS, with_means
from folkestrom.statistics.households.counted import SPECIFICATION as HOUSEHOLDS
from folkestrom.statistics.moves import MIGRATION, with_net_migration
from folkestrom.statistics.moves import SPECIFICATION as MOVES
from folkestrom.statistics.population import PERSONS
from folkestrom.statistics.population import SPECIFICATION as POPULATION
from folkestrom.statistics.published.specifications import (
    AGE_GROUPS,
    CITIZENSHIP,
    KEY_FIGURES,
    MARITAL_STATUS_OWN,
)
from folkestrom.statistics.totals import TIMES, TOTAL, with_totals
from folkestrom.variables.registry import VARIABLES

#: An account of a population. Border changes and the adjustment count nobody's events, and are
#: taken as known.
_ACCOUNT: Final = Account(
    {START.id: 1, **SIGNS, END.id: -1},
    (START.id, END.id),
    {
        BORDERS.id: (),
        ADJUSTMENT.id: (),
        EXCESS.id: ("births", "deaths"),
        NET_MIGRATION.id: ("immigration", "emigration"),
        NET_INTERNAL.id: ("internal_in", "internal_out"),
        GROWTH.id: (START.id, END.id),
        MEAN.id: (START.id, END.id),
    },
)


def published(cells: Cells, rules: Rules, *, totals: bool = False) -> Cells:
    """What may be shown to anybody of a population, of accounts or flows, or of a published table.

    Small counts are suppressed, with others so that neither totals nor the rest of an account tells
    them; or rounded, and totals are then of the rounded counts. Populations smaller than the rules'
    minimum are not shown, nor what is counted of them.

    Parameters
    ----------
    cells
        The table.
    rules
        The rules.
    totals
        With a total along every dimension but time.

    Raises
    ------
    UsageError
        Rules that round, for accounts; rules with a minimum population, for flows whose population
        is not in the table; key figures that are too small, as they tell one another.
    """
    id = cells.specification.id
    if id in (KEY_FIGURES.id, HOUSEHOLDS.id):
        return _whole(cells, rules) if id == KEY_FIGURES.id else _units(cells, rules, totals)
    if id == MIGRATION.id:
        # A hidden count is derivable from net migration: it is of those that are shown.
        left = _without(cells, NET_MIGRATION.id)
        return with_net_migration(_counted(left, rules, totals))
    return _counted(cells, rules, totals)


def _counted(cells: Cells, rules: Rules, totals: bool) -> Cells:
    """Counts of persons or events, and what is computed from them."""
    id = cells.specification.id
    if id == MARITAL_STATUS_OWN.id:
        _check_none_left_out(cells, rules)
    names = [measure.id for measure in cells.specification.measures]
    if any(measure in names for measure in ("low", "high")):
        refuse_rounding(rules, "bounds are")
    account = _ACCOUNT if START.id in names else None
    if account is not None:
        refuse_rounding(rules, "the rest of an account is")
    if totals and not rules.rounding_base:
        cells = with_totals(cells)
    counts = [m.id for m in cells.specification.measures if m.empty == 0 and not m.decimals]
    counts = list(account.signs) if account else counts
    first = next((name for name in (START.id, PERSONS.id, "population") if name in names), None)
    if first is None and rules.minimum_population:
        raise UsageError(
            f"shows no population below {rules.minimum_population}, and these are flows, whose "
            "population is not in the table",
            where="publish",
            value=rules.name,
            allowed="rules of counts, such as 'statistics' or 'rounded'",
        )
    dimensions = [d.id for d in cells.specification.dimensions]
    equal = None
    if {"internal_in", "internal_out"} <= set(names):
        places = tuple(n for n in dimensions if n in VARIABLES and VARIABLES[n].area)
        equal = Equal(("internal_in", "internal_out"), places)
    time = next((d.id for d in cells.specification.dimensions if d.id in TIMES), None)
    shown = release(
        cells, rules, counts=counts, base=first, time=time, account=account, equal=equal,
        occurring=id in (POPULATION.id, ACCOUNTS.id, MOVES.id),
    ).cells  # fmt: skip
    if id == AGE_GROUPS.id:
        shown = _without_small_bases(shown, rules)
    if id == CITIZENSHIP.id:
        shown = _in_no_order(shown)
    return with_totals(shown) if totals and rules.rounding_base else shown


def _units(cells: Cells, rules: Rules, totals: bool) -> Cells:
    """Households, families, couples or children; persons only where they tell nothing of these.

    How many persons are in households of one type or size follows from how many such households
    there are, and the other way round: by other variables than places, persons are not shown.
    """
    cells = _without(cells, PERSONS.id)
    made = cells.specification
    unit = made.measures[0].id
    counts = [measure.id for measure in made.measures]
    apart = [d.id for d in made.dimensions if d.id not in VARIABLES or not VARIABLES[d.id].area]
    few = bool(apart) and IN_HOUSEHOLDS.id in counts
    if few:
        cells = replace(cells, data=cells.data.filter(pc.greater(cells.data[unit], 0)))
        if not rules.minimum_population:
            cells = _without(cells, IN_HOUSEHOLDS.id)
    if totals and not rules.rounding_base:
        cells = with_totals(cells)
    base = cells.specification.measures[-1].id
    shown = release(cells, rules, counts=[unit] if few else counts, base=base).cells
    if few and rules.minimum_population:
        shown = _without(shown, IN_HOUSEHOLDS.id)
    shown = with_totals(shown) if totals and rules.rounding_base else shown
    return with_means(shown)


def _without(cells: Cells, measure: str) -> Cells:
    measures = tuple(m for m in cells.specification.measures if m.id != measure)
    names = [name for name in cells.data.column_names if name != measure]
    made = replace(cells.specification, measures=measures)
    return Cells(made, cells.data.select(names), cells.suppressed)


def _check_none_left_out(cells: Cells, rules: Rules) -> None:
    """Refuse a table of which some total by marital status is not the sum of what it shows."""
    sex, age, status = (dimension.id for dimension in cells.specification.dimensions)
    left: dict[tuple[str, str], int] = {}
    for row in cells.rows():
        persons = row[PERSONS.id] if row[status] == TOTAL.code else -row[PERSONS.id]
        left[row[sex], row[age]] = left.get((row[sex], row[age]), 0) + persons
    if any(left.values()):
        raise UsageError(
            "leaves persons of unknown marital status out of some totals, which tell them then",
            where="publish",
            value=rules.name,
            next_step="Show them as a category: --unknown category",
        )


def _without_small_bases(cells: Cells, rules: Rules) -> Cells:
    """Changes in per cent of small counts left out: they tell these."""
    data = cells.data
    hidden = cells.suppressed
    for measure in cells.specification.measures:
        if not measure.id.startswith("change"):
            continue
        growth = pc.add(1.0, pc.divide(data[measure.id], 100.0))
        then = pc.divide(data["population"].cast("float64"), growth)
        # What is shown is rounded, so what follows from it is known to about a person.
        few = pc.fill_null(pc.less(then, rules.minimum_cell + 0.5), False).combine_chunks()
        column = data[measure.id].combine_chunks()
        at = data.column_names.index(measure.id)
        shown = pc.if_else(few, pa.scalar(None, column.type), column)
        data = data.set_column(at, measure.id, shown)
        hidden = few if hidden is None else pc.or_(hidden, few)
    return Cells(cells.specification, data, hidden)


def _in_no_order(cells: Cells) -> Cells:
    """Citizenships whose total is not shown last, by code: their rank says how few they are."""
    made = cells.specification
    dimension, sex = made.dimensions
    gone = {
        row[dimension.id]
        for row in cells.rows()
        if row[sex.id] == sex.total and row[PERSONS.id] is None
    }
    first = [c for c in dimension.categories if c.code not in gone]
    last = sorted((c for c in dimension.categories if c.code in gone), key=lambda c: c.code)
    place = {category.code: n for n, category in enumerate([*first, *last])}
    codes = cells.data[dimension.id].to_pylist()
    rows = pa.array(sorted(range(len(codes)), key=lambda n: place[codes[n]]))
    listed = replace(dimension, categories=(*first, *last))
    hidden = None if cells.suppressed is None else cells.suppressed.take(rows)
    return Cells(replace(made, dimensions=(listed, sex)), cells.data.take(rows), hidden)


def _whole(cells: Cells, rules: Rules) -> Cells:
    """Figures of one account in rows: all of them, or none."""
    least = max(rules.minimum_cell, rules.rounding_base)
    if any(0 < n < rules.minimum_population for n in cells.data["value"].to_pylist()[:3:2]):
        raise UsageError(
            f"is of a population below {rules.minimum_population}", where="publish",
            value=rules.name,
        )  # fmt: skip
    figures = zip(*(cells.data[n].to_pylist() for n in ("figure", "value")), strict=True)
    if any(0 < value < least for figure, value in figures if figure in _ACCOUNT.signs):
        raise UsageError(
            f"holds counts below {least}, and the figures of one account tell one another",
            where="publish",
            value=rules.name,
            next_step="Ask for the account itself, of which some figures are then suppressed: "
            "`folkestrom changes --publish`",
        )
    made = cells.specification
    note = disclosure_note(rules, ())
    return replace(cells, specification=replace(made, footnotes=(*made.footnotes, note)))
