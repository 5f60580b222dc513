"""Accounts of the population: what it was, what changed it, what it became.

    start + births − deaths + immigration − emigration + internal in − internal out
          + border changes + adjustment = end

The adjustment is what makes an account close. It is an identity, and `explain` lists it report by
report.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import PUBLISHED, KnownAt
from folkestrom.model.specification import Dimension, Measure, TableSpecification, Text, same
from folkestrom.model.time import EXTRACTION_MONTHS
from folkestrom.statistics import adjustment as explanation
from folkestrom.statistics.border_changes import border_steps
from folkestrom.statistics.coverage import Coverage, coverage
from folkestrom.statistics.flows import FLOWS, Window, flows
from folkestrom.statistics.periods import Period
from folkestrom.statistics.periods import year as year_of
from folkestrom.statistics.population import Moment, coded, fetch, still_to_come, stock
from folkestrom.statistics.record_keys import SUFFIX, names_of_sums
from folkestrom.statistics.regimes.clock import TODAYS, Clock, Quarters
from folkestrom.statistics.regimes.regime import Regime
from folkestrom.statistics.year_sums import (
    note_of_summation,
    note_of_year,
    totals,
    whole_years,
)
from folkestrom.variables.borders.asked import days_of_changes, has_borders_of_each_day
from folkestrom.variables.selection import Only, chosen_with, kept, kept_notes
from folkestrom.variables.variable import Variable, notes
from folkestrom.variables.vocabulary import Setting

PERIOD: Final = Dimension("period", Text("Period", "Periode"))

_PERSONS: Final = Text("persons", "personer")

START: Final = Measure(
    "population_start",
    Text("Population at the beginning of the period", "Folkemengde ved inngangen av perioden"),
    _PERSONS,
)
END: Final = Measure(
    "population_end",
    Text("Population at the end of the period", "Folkemengde ved utgangen av perioden"),
    _PERSONS,
)
BORDERS: Final = Measure("border_changes", Text("Border changes", "Grenseendringer"), _PERSONS)
ADJUSTMENT: Final = Measure(
    "adjustment", Text("Statistical adjustment", "Statistisk korreksjon"), _PERSONS
)
EXCESS: Final = Measure(
    "excess_of_births", Text("Excess of births", "Fødselsoverskudd"), Text("events", "hendelser")
)
NET_MIGRATION: Final = Measure(
    "net_migration", Text("Net migration", "Nettoinnvandring"), Text("moves", "flyttinger")
)
NET_INTERNAL: Final = Measure(
    "net_internal",
    Text("Net internal migration", "Netto innenlands flytting"),
    Text("moves", "flyttinger"),
)
GROWTH: Final = Measure("growth", Text("Population growth", "Folketilvekst"), _PERSONS)
MEAN: Final = Measure(
    "mean_population", Text("Mean population", "Middelfolkemengde"), _PERSONS, decimals=1
)

#: The terms of an account in their order, then what follows from them.
ACCOUNT: Final = (START, *FLOWS, BORDERS, ADJUSTMENT, END)
DERIVED: Final = (EXCESS, NET_MIGRATION, NET_INTERNAL, GROWTH, MEAN)

#: The sign with which each flow changes a population.
SIGNS: Final = {
    "births": 1,
    "deaths": -1,
    "immigration": 1,
    "emigration": -1,
    "internal_in": 1,
    "internal_out": -1,
}

#: How accounts come about: as published, and as known on one day.
_AS_PUBLISHED: Final = Text(
    "Populations as known at their own extractions; reports about the period, and late ones about "
    "earlier periods, known at the extraction {known}. The adjustment is the difference between "
    "the growth and the sum of the flows.",
    "Folkemengden slik den var kjent ved hvert sitt uttrekk; meldinger om perioden, og forsinkede "
    "meldinger om tidligere perioder, kjent ved uttrekket {known}. Korreksjonen er forskjellen "
    "mellom tilveksten og summen av endringene.",
)
_AS_KNOWN: Final = Text(
    "Populations and changes as known on {known}. The adjustment is the difference between the "
    "growth and the sum of the flows.",
    "Folkemengde og endringer slik de var kjent {known}. Korreksjonen er forskjellen mellom "
    "tilveksten og summen av endringene.",
)

SPECIFICATION: Final = TableSpecification(
    id="changes",
    title=Text("Population changes. {when}", "Befolkningsendringer. {when}"),
    dimensions=(),
    measures=(*ACCOUNT, *DERIVED),
    contents=Text(
        "Live births, deaths and migration. Every move counts, several by one person too; moves "
        "inside a unit are not counted for it.",
        "Levendefødte, døde og flyttinger. Hver flytting teller, også flere av samme person; "
        "flyttinger innenfor en enhet regnes ikke med for den.",
    ),
    reference_time=Text("{when}", "{when}"),
    knowledge_time=same("{known}"),
)


def changes(
    connection: duckdb.DuckDBPyConnection,
    periods: Sequence[Period],
    by: Iterable[str] = (),
    known_at: KnownAt = PUBLISHED,
    *,
    only: Only | None = None,
    quarters: Quarters = "summation",
    extraction_months: int = EXTRACTION_MONTHS,
    regime: Regime = TODAYS,
    so_far: bool = False,
    sums: bool = True,
    keys: bool = False,
) -> Cells:
    """Accounts of one period or several; flows alone where the variables do not allow accounts.

    Accounts close by places and by what a person keeps for life. By age or citizenship a
    person may change sides without an event of the account, so there are flows only.

    Parameters
    ----------
    connection
        An open store.
    periods
        What to account for, in order.
    by
        Names of variables.
    known_at
        "published": each period at its own extractions. A day, or "latest", all that is known: one
        knowledge date for everything, what is then known to have happened in the period; the
        adjustment is nothing.
    only
        Codes to keep, by variable. Accounts close by these too, or there are flows only.
    quarters
        Populations at 1 April, 1 July and 1 October as published ("summation": 1 January and
        the flows since, so that the fourth quarter bears the adjustment of all four), or as the
        register has them ("register").
    extraction_months
        Months from the end of a period to its extraction.
    regime, so_far
        Rules of quarters as published, and whether periods are what a year has so far, as of
        `regimes.clock.Clock`.
    sums
        With footnotes of what parts of a year add up to, where that differs from the year.
    keys
        With the sum of the record keys beside each count, in a session that has them; of flows
        that make no account.

    Raises
    ------
    UsageError
        Sums of record keys of an account.
    """
    limits = _checked(connection, periods, quarters)
    clock = Clock(limits.knowledge(known_at, extraction_months), quarters, regime, so_far)
    known = min(clock.known(period.end) for period in periods)
    named, chosen, codes = chosen_with(Setting(connection, "flow", known), by, only)
    closing = all(variable.closes for variable in chosen)
    measures = (*ACCOUNT, *DERIVED) if closing else described_flows(chosen)
    types = {m.id: pa.float64() if m.decimals else pa.int32() for m in measures}
    if keys and closing:
        raise UsageError("add up, and are not protected by cell keys", where="accounts")
    types |= names_of_sums([measure.id for measure in measures] if keys else [])

    counted = _Counted(connection, chosen, keys)

    def made_of(period: Period) -> pa.Table:
        if closing:
            found = _account(counted, period, clock)
        else:
            found = _that_occur(_together(counted, clock.counted(period)), measures)
        return kept(coded(found, chosen, types), codes, chosen, [v.name for v in named])

    tables = [made_of(period) for period in periods]
    data = pa.concat_tables(
        _finished(table, period) for table, period in zip(tables, periods, strict=True)
    ).unify_dictionaries()
    noted = (*kept_notes(codes, chosen), *notes(chosen))
    if clock.knowledge.published and (regime != TODAYS or so_far):
        noted = (regime.text, *noted)
    made = _specification(periods, named, measures, clock, noted)
    said: Iterable[Text] = ()
    if sums and clock.knowledge.published:
        shown = FLOWS if closing else measures
        said = _sums(dict(zip(periods, tables, strict=True)), made_of, clock, shown, closing)
    ahead = still_to_come([clock.moment(period.end) for period in periods])
    preliminary = limits.notes(clock.known(periods[-1].end))
    return Cells(replace(made, footnotes=(*made.footnotes, *said, *ahead, *preliminary)), data)


def described_flows(chosen: Sequence[Variable]) -> tuple[Measure, ...]:
    """The flows that all variables describe; the age of a mother is of births alone."""
    described = [variable for variable in chosen if variable.flows]
    found = tuple(m for m in FLOWS if all(m.id in variable.flows for variable in described))
    if not found:
        raise UsageError(
            "describe no flow together",
            where="by",
            value=", ".join(variable.name for variable in described),
            allowed="; ".join(f"{v.name} with {' and '.join(v.flows)}" for v in described),
        )
    return found


def _that_occur(found: pa.Table, measures: Sequence[Measure]) -> pa.Table:
    """Cells of the counts that are shown, without those of others alone."""
    left = [m.id for m in FLOWS if m not in measures]
    if not left:
        return found
    found = found.drop_columns([n for n in found.column_names if n.removesuffix(SUFFIX) in left])
    some = [pc.greater(found[m.id], 0) for m in measures]
    return found.filter(functools.reduce(pc.or_, some))


def _sums(
    tables: Mapping[Period, pa.Table],
    made_of: Callable[[Period], pa.Table],
    clock: Clock,
    shown: Sequence[Measure],
    closing: bool,
) -> Iterator[Text]:
    """Footnotes of quarters and other parts of a year: what they add up to, beside the year."""
    # By the rules of 1985 quarters leave out late reports, and say so.
    whole = whole_years(list(tables)) if clock.regime.flows != "quarter" else {}
    fourth = {p.start.year: p for p in tables if closing and clock.sums(p) and clock.in_register(p)}
    for year in sorted(whole.keys() | fourth.keys()):
        period = year_of(year)
        account = [made_of(period)]
        if year in fourth:
            own = totals([tables[fourth[year]]], [ADJUSTMENT])[ADJUSTMENT.id]
            yield note_of_summation(fourth[year], own, totals(account, [ADJUSTMENT])[ADJUSTMENT.id])
        if year in whole:
            compared = (*shown, ADJUSTMENT) if closing and year not in fourth else shown
            summed = totals([tables[part] for part in whole[year]], compared)
            of_year = totals(account, compared)
            known = clock.known(period.end)
            yield from note_of_year(period, whole[year], summed, of_year, compared, known)


def explain(
    connection: duckdb.DuckDBPyConnection,
    period: Period,
    area: str = "nation",
    *,
    quarters: Quarters = "summation",
    extraction_months: int = EXTRACTION_MONTHS,
    regime: Regime = TODAYS,
    so_far: bool = False,
) -> Cells:
    """Every unit of a period's adjustment with the report behind it; never with a person.

    Parameters
    ----------
    connection, quarters, extraction_months, regime, so_far
        As for `changes`.
    period
        The period of the account.
    area
        One of `adjustment.AREAS`.
    """
    if area not in explanation.AREAS:
        raise UsageError(
            "is not a place to explain by", where="by", value=area, allowed=explanation.AREAS
        )
    limits = _checked(connection, [period], quarters)
    clock = Clock(limits.knowledge(PUBLISHED, extraction_months), quarters, regime, so_far)
    known = clock.known(period.start)
    windows = clock.adjusted_windows(period) or [Window(period.start, period.start, known, known)]
    known_end = clock.known(period.end)
    found = explanation.explain(connection, windows, area, when=period.code, known=known_end)
    footnotes = (*found.specification.footnotes, *limits.nature)
    made = replace(found.specification, vintage=clock.knowledge.vintage, footnotes=footnotes)
    return replace(found, specification=made)


class _Counted:
    """Flows and stocks by variables, each counted once: quarters ask for the same several times."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, chosen: Sequence[Variable], keys: bool = False
    ) -> None:
        self.keys = len(chosen)
        self.flows = cache(lambda window: flows(connection, window, chosen, keys=keys))
        self._stock = cache(lambda moment: stock(connection, moment, chosen))
        self._moving = has_borders_of_each_day(connection)
        self._bordered = cache(
            lambda moment: fetch(connection, border_steps(connection, chosen), moment.parameters)
        )
        self._connection = connection

    def borders(self, window: Window) -> list[pa.Table]:
        """What changes of borders add in a period, up to those of the stock at its end."""
        if not self._moving:
            return []
        days = days_of_changes(self._connection, window.start, window.end)
        found = [self._bordered(Moment(day, window.known_end)) for day in days]
        return [part.rename_columns([*part.column_names[:-1], BORDERS.id]) for part in found]

    def stock(self, moment: Moment, measure: Measure) -> pa.Table:
        """The stock of a moment, as a term of an account."""
        found = self._stock(moment)
        return found.rename_columns([*found.column_names[:-1], measure.id])


def _together(counted: _Counted, windows: Sequence[Window]) -> pa.Table:
    """Flows of several windows, cell by cell."""
    if len(windows) == 1:
        return counted.flows(windows[0])
    stacked = pa.concat_tables([_widened(counted.flows(window)) for window in windows])
    keys = [f"v{n}" for n in range(counted.keys)]
    names = [name for name in stacked.column_names if name not in keys]
    summed = stacked.group_by(keys, use_threads=False).aggregate([(n, "sum") for n in names])
    return summed.rename_columns([name.removesuffix("_sum") for name in summed.column_names])


def _account(counted: _Counted, period: Period, clock: Clock) -> pa.Table:
    windows = clock.counted(period)
    parts = [_together(counted, windows), *(b for w in windows for b in counted.borders(w))]
    if clock.sums(period):
        parts += _summed_populations(counted, period, clock)
    else:
        parts.append(counted.stock(clock.moment(period.start), START))
        parts.append(counted.stock(clock.moment(period.end), END))
    return _closed(_joined(parts, counted.keys))


def _summed_populations(counted: _Counted, period: Period, clock: Clock) -> list[pa.Table]:
    """Populations at the two ends of a quarter: 1 January, and the flows since.

    Where the regime takes the next 1 January from the register, the adjustment of all four quarters
    is in the last.
    """
    new_year = clock.moment(date(period.start.year, 1, 1))
    parts = [counted.stock(new_year, START)]
    for window in clock.before(period):
        parts.append(_net(counted.flows(window), START))
        parts += [_moved(part, BORDERS, START) for part in counted.borders(window)]
    if clock.in_register(period):
        return [*parts, counted.stock(clock.moment(period.end), END)]
    ends = [_moved(part, START, END) for part in parts]
    for window in clock.counted(period):
        ends += [_moved(part, BORDERS, END) for part in counted.borders(window)]
        ends.append(_net(counted.flows(window), END))
    return [*parts, *ends]


def _net(found: pa.Table, measure: Measure) -> pa.Table:
    """Flows, as what they add to a population."""
    total: Any = 0
    for name, sign in SIGNS.items():
        total = pc.add(total, pc.multiply(found[name], sign))
    keys = [name for name in found.column_names if name not in SIGNS]
    return found.select(keys).append_column(measure.id, total)


def _moved(found: pa.Table, old: Measure, new: Measure) -> pa.Table:
    return found.rename_columns([new.id if n == old.id else n for n in found.column_names])


def _joined(parts: Sequence[pa.Table], keys: int) -> pa.Table:
    """One row a cell with every term of the account; a term without a row is 0."""
    names = [f"v{n}" for n in range(keys)]
    stacked = pa.concat_tables([_widened(part) for part in parts], promote_options="default")
    terms = [START, *FLOWS, BORDERS, END]
    summed = stacked.group_by(names, use_threads=False).aggregate(
        [(term.id, "sum") for term in terms if term.id in stacked.column_names]
    )
    summed = summed.rename_columns([name.removesuffix("_sum") for name in summed.column_names])
    for term in terms:
        if term.id not in summed.column_names:
            summed = summed.append_column(term.id, pa.nulls(summed.num_rows, pa.int64()))
        filled = pc.fill_null(summed[term.id], 0)
        summed = summed.set_column(summed.column_names.index(term.id), term.id, filled)
    return summed.sort_by([(name, "ascending") for name in names]) if names else summed


def _widened(part: pa.Table) -> pa.Table:
    return part.cast(pa.schema([(name, pa.int64()) for name in part.column_names]))


def _closed(account: pa.Table) -> pa.Table:
    """The account with the adjustment that closes it, and what follows from its terms."""
    column = account.column
    growth = pc.subtract(column(END.id), column(START.id))
    excess = pc.subtract(column("births"), column("deaths"))
    net = pc.subtract(column("immigration"), column("emigration"))
    internal = pc.subtract(column("internal_in"), column("internal_out"))
    flowed = pc.add(pc.add(excess, net), internal)
    borders = column(BORDERS.id)
    mean = pc.divide(pc.add(column(START.id), column(END.id)).cast(pa.float64()), 2.0)
    added = {
        ADJUSTMENT: pc.subtract(pc.subtract(growth, flowed), borders),
        EXCESS: excess,
        NET_MIGRATION: net,
        NET_INTERNAL: internal,
        GROWTH: growth,
        MEAN: mean,
    }
    for measure, values in added.items():
        account = account.append_column(measure.id, values)
    return account


def _finished(table: pa.Table, period: Period) -> pa.Table:
    names = pa.DictionaryArray.from_arrays(
        pa.array([0] * table.num_rows, pa.int32()), pa.array([period.code], pa.string())
    )
    return table.add_column(0, PERIOD.id, names)


def _specification(
    periods: Sequence[Period],
    named: Sequence[Variable],
    measures: Sequence[Measure],
    clock: Clock,
    noted: tuple[Text, ...],
) -> TableSpecification:
    codes = [period.code for period in periods]
    when = codes[0] if len(codes) == 1 else f"{codes[0]} – {codes[-1]}"
    ends = sorted({str(clock.known(period.end)) for period in periods})
    known = ends[0] if len(ends) == 1 else f"{ends[0]} – {ends[-1]}"
    dimensions = (PERIOD, *(variable.dimension for variable in named))
    method = _AS_PUBLISHED if clock.knowledge.published else _AS_KNOWN
    if clock.knowledge.published and clock.regime.flows == "quarter":
        method = clock.regime.text
    filled = replace(SPECIFICATION, method=method).fill(when=when, known=known)
    return replace(
        filled,
        dimensions=dimensions,
        measures=tuple(measures),
        footnotes=(*filled.footnotes, *noted),
        vintage=clock.knowledge.vintage,
    )


def _checked(
    connection: duckdb.DuckDBPyConnection, periods: Sequence[Period], quarters: Quarters
) -> Coverage:
    if not periods:
        raise UsageError("no period was given", where="periods")
    if quarters not in ("summation", "register"):
        raise UsageError(
            "is not a way to make quarters",
            where="quarters",
            value=quarters,
            allowed=("summation", "register"),
        )
    limits = coverage(connection)
    for period in periods:
        quarter = f"quarter {period.code}" if period.is_quarter else ""
        limits.check_day(period.start, quarter or "from")
        limits.check_day(period.end, quarter or "to")
    return limits
