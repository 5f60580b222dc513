"""The population of a day that is not over, or not reported yet: estimates with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, Literal

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.specification import Measure, TableSpecification, Text, same
from folkestrom.model.time import EXTRACTION_MONTHS, add_months, extraction
from folkestrom.quality.delays.outstanding import LEAST_YEARS, Outstanding, outstanding
from folkestrom.statistics.coverage import Coverage, coverage
from folkestrom.statistics.estimates.reported import SIGNS, balances, reported, size_classes, stock
from folkestrom.statistics.flows import Window
from folkestrom.statistics.population import Moment
from folkestrom.variables.borders.asked import has_borders_of_each_day, put_up
from folkestrom.variables.selection import chosen_with
from folkestrom.variables.variable import Variable, notes
from folkestrom.variables.vocabulary import Setting, chosen

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

#: How what is not known yet is estimated.
Method = Literal["delays", "recent-decembers", "relative-growth", "last-december"]
METHODS: Final = ("delays", "recent-decembers", "relative-growth", "last-december")
#: Past years that are looked at: by reporting delays, and by the practice of recent Decembers.
YEARS, RECENT = 5, 3
INTERVAL: Final = 90.0
DRAWS: Final = 1_000
_LEVELS: Final = {"nation": 0, "county": 100, "municipality": 1}

_PERSONS: Final = Text("persons", "personer")
KNOWN: Final = Measure("known", Text("Known persons", "Kjente personer"), _PERSONS)
TO_COME: Final = (
    Measure("natural_change", Text("Natural change to come", "Naturlig endring som gjenstår"),
            _PERSONS, decimals=1),
    Measure("net_migration", Text("Net migration to come", "Nettoinnvandring som gjenstår"),
            _PERSONS, decimals=1),
    Measure("net_internal", Text("Net internal migration to come",
            "Innenlandsk nettoflytting som gjenstår"), _PERSONS, decimals=1),
)  # fmt: skip
ESTIMATE: Final = Measure("estimate", Text("Estimate", "Anslag"), _PERSONS)
LOWER: Final = Measure("lower", Text("Lower", "Nedre"), _PERSONS, empty=None)
UPPER: Final = Measure("upper", Text("Upper", "Øvre"), _PERSONS, empty=None)
#: Rows of components for each of `TO_COME`.
_PARTS: Final = (slice(0, 2), slice(2, 4), slice(4, 8))

SPECIFICATION: Final = TableSpecification(
    id="estimate",
    title=Text("Estimated population. {when}", "Anslått folkemengde. {when}"),
    dimensions=(),
    measures=(),
    contents=Text(
        "Persons who will be resident on the date by the register, as it will be known at the "
        "extraction.",
        "Personer som vil være bosatt på datoen ifølge registeret, slik det vil være kjent ved "
        "uttrekket.",
    ),
    reference_time=Text("{when}", "{when}"),
    method=Text(
        "Estimated from what was known on {known}.", "Anslått ut fra det som var kjent {known}."
    ),
    knowledge_time=same("{known}"),
)
_METHODS: Final = {
    "delays": Text(
        "Late reports and remaining days by component, from {years} past years; the interval has "
        "{interval:g} % of {draws} draws.",
        "Sene meldinger og gjenstående dager etter komponent, ut fra {years} tidligere år; "
        "intervallet har {interval:g} % av {draws} trekninger.",
    ),
    "recent-decembers": Text(
        "What was known before the last month, and the mean of what it added in {years} past "
        "years.",
        "Det som var kjent før den siste måneden, og gjennomsnittet av det den ga i {years} "
        "tidligere år.",
    ),
    "relative-growth": Text(
        "What was known before the last month, and its relative growth of a year before.",
        "Det som var kjent før den siste måneden, og dens relative vekst året før.",
    ),
    "last-december": Text(
        "What was known before the last month, and what it added a year before.",
        "Det som var kjent før den siste måneden, og det den ga året før.",
    ),
}


_APART: Final = Text(
    "Groups of {name} are estimated apart.", "Gruppene av {name} er anslått hver for seg."
)


@dataclass(frozen=True, slots=True)
class Way:
    """How an estimate is made.

    Parameters
    ----------
    method
        One of `METHODS`.
    years
        Past years that are looked at; None: as many as the method usually has.
    interval
        Per cent of draws between the lower and the upper end.
    draws, seed
        How many draws, and what makes them the same again.
    round
        Figures of practices in multiples of this.
    delays_by
        A variable of persons, such as "immigrant_group", whose groups are estimated apart.
    """

    method: Method = "delays"
    years: int | None = None
    interval: float = INTERVAL
    draws: int = DRAWS
    seed: int = 1
    round: int = 1
    delays_by: str | None = None


USUAL: Final = Way()


def estimate(
    connection: duckdb.DuckDBPyConnection,
    day: date,
    known_at: date,
    by: Sequence[str] = (),
    way: Way = USUAL,
    *,
    extraction_months: int = EXTRACTION_MONTHS,
) -> Cells:
    """The population of a day as it will be published, estimated from what is known before.

    Parameters
    ----------
    connection
        An open store.
    day
        The day that the estimate is of.
    known_at
        The day on which it is made: within a year before the day, or before its extraction.
    by
        "county" or "municipality"; nothing: the nation.
    way
        Method, years, intervals.
    extraction_months
        Months from the day to its extraction.

    Raises
    ------
    UsageError
        Days that leave nothing to estimate, or too much; too few past years.
    """
    limits = coverage(connection)
    window = _window(day, known_at, extraction_months, limits)
    if has_borders_of_each_day(connection):
        put_up(connection, day)
    named, _, _ = chosen_with(Setting(connection, "stock", known_at), by, None)
    level = _level([variable.name for variable in named])
    municipality = chosen_with(Setting(connection, "stock", known_at), ["municipality"], None)[0][0]
    usual = {"delays": YEARS, "recent-decembers": RECENT}.get(way.method, 1)
    windows = [*_past(window, way.years or usual, extraction_months, limits), window]
    if way.method == "delays":
        columns = _by_delays(connection, windows, municipality, level, way)
    else:
        columns = _by_practice(connection, windows, municipality, level, way)
    return _cells(columns, named, window, way, len(windows) - 1, limits)


def _window(day: date, known_at: date, months: int, limits: Coverage) -> Window:
    """The year before the day, with the knowledge date and the extraction."""
    start, end = add_months(day, -12), extraction(day, months)
    limits.check_known(known_at)
    if known_at >= end:
        raise UsageError(
            "is when the figure is known: there is nothing to estimate", where="known_at",
            value=known_at, allowed=f"days before the extraction on {end}",
            next_step="Ask for the figure itself: folkestrom population",
        )  # fmt: skip
    if known_at <= start:
        raise UsageError(
            "is a year or more before the date", where="known_at", value=known_at,
            allowed=f"days after {start}", next_step="Ask for a projection: folkestrom project",
        )  # fmt: skip
    if known_at > limits.last:
        raise UsageError(
            f"is later than what the log knows: its last reports became known on {limits.last}",
            where="known_at", value=known_at, allowed=f"days to {limits.last}",
            next_step="Take in later reports first, or ask for an earlier day",
        )  # fmt: skip
    return Window(start, day, known_at, end)


def _past(window: Window, years: int, months: int, limits: Coverage) -> list[Window]:
    """The same days of past years, as far back as the log goes, the earliest first."""
    found = []
    for back in range(1, years + 1):
        start, end, known = (
            add_months(one, -12 * back) for one in (window.start, window.end, window.known_start)
        )
        closes = extraction(end, months)
        if start + timedelta(days=1) < limits.first or closes > window.known_start:
            break
        found.append(Window(start, end, known, closes))
    if not found:
        raise UsageError(
            "has no past year in the log to compare with", where="date", value=window.end,
            allowed=f"days from {add_months(limits.first, 24)}",
        )  # fmt: skip
    return found[::-1]


def _level(by: Sequence[str]) -> str:
    level = by[0] if by else "nation"
    if len(by) > 1 or level not in _LEVELS:
        raise UsageError(
            "is not what an estimate is by", where="by", value=", ".join(by),
            allowed=("county", "municipality"),
        )  # fmt: skip
    return level


def _groups(places: Numbers, level: str) -> tuple[Numbers, Numbers]:
    """Numbers of the units of a level, and the unit of each municipality."""
    divided = places // _LEVELS[level] if _LEVELS[level] else np.zeros_like(places)
    units, of_place = np.unique(divided, return_inverse=True)
    return units, of_place.astype(np.int64)


def _summed(values: Floats, groups: Numbers, units: int) -> Floats:
    """Sums of the last axis by group."""
    belongs = np.zeros((len(groups), units))
    belongs[np.arange(len(groups)), groups] = 1
    return np.asarray(values @ belongs)


def _by_delays(
    connection: duckdb.DuckDBPyConnection, windows: Sequence[Window], municipality: Variable,
    level: str, way: Way,
) -> dict[str, NDArray[np.generic]]:  # fmt: skip
    if len(windows) <= LEAST_YEARS:
        raise UsageError(
            "are too few past years in the log: nothing shows by how much they differ",
            where="years", value=len(windows) - 1, allowed=f"from {LEAST_YEARS}",
            next_step="Ask for another method, such as last-december, or a later date",
        )  # fmt: skip
    setting = Setting(connection, "flow", windows[-1].known_start)
    group, *_ = (*chosen(setting, [way.delays_by] if way.delays_by else [], "delays_by"), None)
    places, counts = reported(connection, windows, municipality, group)
    known = counts.population[-1]
    balanced = balances(places, counts.known.shape[2])
    found = _of_groups(
        outstanding(counts, size_classes(known), balanced, draws=way.draws, seed=way.seed)
    )
    whole = _whole(known, found)
    units, groups = _groups(places, level)
    signs = np.array(list(SIGNS.values()))
    drawn = np.einsum("c,dcp->dp", signs, found.draws) + known
    ends = [(100 - way.interval) / 200, (100 + way.interval) / 200]
    lower, upper = np.quantile(_summed(drawn, groups, len(units)), ends, axis=0)
    columns: dict[str, NDArray[np.generic]] = {
        "unit": units,
        KNOWN.id: _summed(known, groups, len(units)).astype(np.int64),
    }
    for measure, part in zip(TO_COME, _PARTS if level != "nation" else _PARTS[:2], strict=False):
        expected = signs[part] @ found.expected[part]
        columns[measure.id] = _summed(expected, groups, len(units))
    estimates = _summed(whole, groups, len(units))
    columns[ESTIMATE.id] = estimates.astype(np.int64)
    # Rounded inwards: an interval of whole persons has both of its ends.
    columns[LOWER.id] = np.clip(np.ceil(lower), 0, estimates).astype(np.int64)
    columns[UPPER.id] = np.maximum(np.floor(upper), estimates).astype(np.int64)
    return columns


def _of_groups(found: Outstanding) -> Outstanding:
    """The components of all groups together."""
    places = found.expected.shape[-1]
    parts = found.draws.reshape(len(found.draws), -1, len(SIGNS), places)
    expected = found.expected.reshape(-1, len(SIGNS), places)
    return Outstanding(expected.sum(axis=0), parts.sum(axis=1))


def _whole(known: Floats, found: Outstanding) -> Floats:
    """Estimates in whole persons that add up, by largest remainders."""
    exact = known + np.array(list(SIGNS.values())) @ found.expected
    whole = np.floor(exact)
    more = round(exact.sum()) - round(whole.sum())
    whole[np.argsort(whole - exact, kind="stable")[:more]] += 1
    return np.maximum(whole, 0)


def _by_practice(
    connection: duckdb.DuckDBPyConnection, windows: Sequence[Window], municipality: Variable,
    level: str, way: Way,
) -> dict[str, NDArray[np.generic]]:  # fmt: skip
    moments = [Moment(add_months(w.end, -1), w.known_start) for w in windows]
    moments += [Moment(w.end, w.known_end) for w in windows[:-1]]
    stocks = [stock(connection, moment, municipality) for moment in moments]
    places = np.unique(np.concatenate([codes for codes, _ in stocks]))
    units, groups = _groups(places, level)
    persons = np.zeros((len(stocks), len(places)))
    for row, (codes, counted) in zip(persons, stocks, strict=True):
        row[np.searchsorted(places, codes)] = counted
    summed = _summed(persons, groups, len(units))
    before, after = summed[: len(windows)], summed[len(windows) :]
    added = (after - before[:-1]).mean(axis=0)
    if way.method == "relative-growth":
        last = before[-2]
        added = np.divide(added * before[-1], last, out=added, where=last > 0)
    found = np.round((before[-1] + added) / way.round) * way.round
    return {
        "unit": units,
        KNOWN.id: before[-1].astype(np.int64),
        ESTIMATE.id: found.astype(np.int64),
    }


def _cells(
    columns: dict[str, NDArray[np.generic]], named: Sequence[Variable], window: Window, way: Way,
    years: int, limits: Coverage,
) -> Cells:  # fmt: skip
    every = (KNOWN, *TO_COME, ESTIMATE, LOWER, UPPER)
    measures = tuple(measure for measure in every if measure.id in columns)
    units = pa.array(columns.pop("unit"))
    data = {variable.name: variable.column(pa.chunked_array([units])) for variable in named}
    said = _METHODS[way.method].fill(years=years, interval=way.interval, draws=way.draws)
    apart = (_APART.fill(name=way.delays_by),) if way.delays_by else ()
    filled = SPECIFICATION.fill(when=window.end, known=window.known_start)
    spec = replace(
        filled, dimensions=tuple(v.dimension for v in named), measures=measures,
        time=str(window.end), footnotes=(said, *apart, *notes(named), *limits.nature),
    )  # fmt: skip
    return Cells(spec, pa.table({**data, **columns}))
