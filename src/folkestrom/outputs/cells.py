"""Populations, accounts and published tables, for publication."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

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
from folkestrom.statistics.population import PERSONS
from folkestrom.statistics.published.specifications import KEY_FIGURES
from folkestrom.statistics.totals import TIMES, with_totals
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
    if cells.specification.id == KEY_FIGURES.id:
        return _whole(cells, rules)
    names = [measure.id for measure in cells.specification.measures]
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
        occurring=True,
    ).cells  # fmt: skip
    return with_totals(shown) if totals and rules.rounding_base else shown


def _whole(cells: Cells, rules: Rules) -> Cells:
    """Figures of one account in rows: all of them, or none."""
    least = max(rules.minimum_cell, rules.rounding_base)
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
