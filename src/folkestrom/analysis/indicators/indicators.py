"""Demographic indicators of places by year, from a store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from folkestrom.analysis.rates.events import EVENTS, event_steps
from folkestrom.analysis.rates.occurrence import check_period, exposed_days
from folkestrom.analysis.rates.rates import DAYS_PER_YEAR
from folkestrom.engine.steps import compose, parameters_of
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import PUBLISHED, KnownAt
from folkestrom.model.specification import Language, Measure, Text, same
from folkestrom.model.time import EXTRACTION_MONTHS
from folkestrom.projection.indicators import median_age
from folkestrom.projection.rates.fertility import (
    fertility_rates,
    mean_age_at_childbearing,
    total_fertility,
)
from folkestrom.projection.rates.life_table import SEXES, Floats
from folkestrom.projection.rates.period import period_life_table
from folkestrom.projection.structure import Structure
from folkestrom.statistics.changes import MEAN, changes
from folkestrom.statistics.coverage import coverage
from folkestrom.statistics.flows import BIRTHS, DEATHS, EMIGRATION, IMMIGRATION, Window, flows
from folkestrom.statistics.periods import Period
from folkestrom.statistics.population import Moment, coded, fetch, stock_steps
from folkestrom.statistics.year_sums import number as written
from folkestrom.variables.registry import VARIABLES
from folkestrom.variables.variable import Variable
from folkestrom.variables.vocabulary import Setting
from folkestrom.variables.vocabulary import chosen as chosen_of

#: Person-years of a sex below which its life expectancy is not shown: the least population years
#: at risk by Eayres and Williams (2004, Journal of Epidemiology and Community Health 58: 243-249).
LEAST_PERSON_YEARS: Final = 5_000
#: Ages are counted up to this one, which has those above it too.
_AGES: Final = 120
_SEX, _AGE = VARIABLES["sex"], VARIABLES["age"]

_PER_1000: Final = Text("per 1 000 of the mean population", "per 1 000 av middelfolkemengden")
_YEARS: Final = Text("years", "år")


def _rate(id: str, en: str, no: str) -> Measure:
    return Measure(id, Text(en, no), _PER_1000, decimals=2, empty=None)


def _years(id: str, en: str, no: str, decimals: int = 2) -> Measure:
    return Measure(id, Text(en, no), _YEARS, decimals=decimals, empty=None)


#: Crude rates, with the column of an account that they are of.
_CRUDE: Final = {
    _rate("birth_rate", "Crude birth rate", "Fødselsrate"): "births",
    _rate("death_rate", "Crude death rate", "Dødsrate"): "deaths",
    _rate("immigration_rate", "Immigration rate", "Innvandringsrate"): "immigration",
    _rate("emigration_rate", "Emigration rate", "Utvandringsrate"): "emigration",
    _rate("net_migration_rate", "Net migration rate", "Nettoinnvandringsrate"): "net_migration",
}

_ABOUT_AGES: Final = (
    Measure(
        "total_fertility",
        Text("Total fertility rate", "Samlet fruktbarhetstall"),
        Text("children per woman", "barn per kvinne"),
        decimals=3,
        empty=None,
    ),
    _years(
        "mean_age_at_childbearing", "Mean age at childbearing", "Gjennomsnittlig fødealder"
    ),
    _years("mean_age_at_marriage_male", "Mean age at marriage, males",
           "Gjennomsnittsalder ved ekteskap, menn"),
    _years("mean_age_at_marriage_female", "Mean age at marriage, females",
           "Gjennomsnittsalder ved ekteskap, kvinner"),
    _years("life_expectancy_male", "Life expectancy at birth, males",
           "Forventet levealder ved fødselen, menn"),
    _years("life_expectancy_female", "Life expectancy at birth, females",
           "Forventet levealder ved fødselen, kvinner"),
    Measure(
        "infant_mortality",
        Text("Infant mortality", "Spedbarnsdødelighet"),
        Text("deaths under 1 year per 1 000 live births", "døde under 1 år per 1 000 levendefødte"),
        decimals=2,
        empty=None,
    ),
    _years("mean_age", "Mean age of the population", "Gjennomsnittsalder i befolkningen"),
    _years("median_age", "Median age of the population", "Medianalder i befolkningen"),
)  # fmt: skip

#: What there is of each place and year.
MEASURES: Final = (MEAN, BIRTHS, DEATHS, *_CRUDE, *_ABOUT_AGES)

_SHOWN: Final = frozenset(measure.id for measure in MEASURES)

#: What further figures are of, by the figures: what protects them has to know it.
FLOWS: Final = ("births", "deaths", "immigration", "emigration")
_OWN: Final = {
    "mean_age_at_marriage_male": "marriages_male",
    "mean_age_at_marriage_female": "marriages_female",
    "infant_mortality": "infant_deaths",
}
#: Of each figure, the counts that it is computed from.
SOURCES: Final[Mapping[str, tuple[str, ...]]] = (
    {m.id: FLOWS for m in (BIRTHS, DEATHS, *_CRUDE)}
    | {m.id: FLOWS for m in _ABOUT_AGES if m.id.startswith(("total", "mean_age_at_ch", "life"))}
    | {figure: (*FLOWS, count) for figure, count in _OWN.items()}
)
#: Those counts, none of which is shown but births and deaths.
COUNTS: Final = tuple(Measure(name, same(name), same("")) for name in (*FLOWS, *_OWN.values()))

_NOTES: Final = (
    Text(
        "Crude rates are flows of the account by the mean of the populations at both ends. Ages of "
        "the population are those at the beginning of the year.",
        "Rater er endringer i regnskapet delt på middelet av folkemengden ved inngang og utgang. "
        "Alder i befolkningen er ved inngangen av året.",
    ),
    Text(
        "Fertility and mortality are by exact exposure, at single years of age: births to women "
        "aged 15-49, those to mothers of unknown age as the others; period life tables with a0 by "
        "Andreev and Kingkade (2015) and an open age group from 100 years. Life expectancy is "
        f"shown where the sex has at least {written(LEAST_PERSON_YEARS)} person-years in the year "
        "(Eayres and Williams 2004).",
        "Fruktbarhet og dødelighet er etter eksakt eksponering, i ettårig alder: fødsler for "
        "kvinner 15-49 år, de med uoppgitt alder hos mor som de andre; periodedødelighetstabeller "
        "med a0 etter Andreev og Kingkade (2015) og en åpen aldersgruppe fra 100 år. Forventet "
        f"levealder vises der kjønnet har minst {written(LEAST_PERSON_YEARS)} personår i året "
        "(Eayres og Williams 2004).",
    ),
)


def indicators(
    connection: duckdb.DuckDBPyConnection,
    periods: Sequence[Period],
    by: Iterable[str] = (),
    known_at: KnownAt = PUBLISHED,
    *,
    extraction_months: int = EXTRACTION_MONTHS,
    counts: bool = False,
) -> Cells:
    """Fertility, mortality, age and crude rates by year, of the nation or of places.

    Parameters
    ----------
    connection
        An open store.
    periods
        Years, in order.
    by
        Names of places: county, municipality, or a linked variable of municipalities.
    known_at, extraction_months
        As for `changes`, whose flows the crude rates are of.
    counts
        With what the figures are computed from, `COUNTS`.

    Returns
    -------
    Cells
        A row a year and place; null where nobody was exposed.

    Raises
    ------
    UsageError
        A variable that is no place; a year that was not over when it was known.
    """
    limits = coverage(connection)
    knowledge = limits.knowledge(known_at, extraction_months)
    known = [(knowledge.day(period.start), knowledge.day(period.end)) for period in periods]
    for period, (_, known_end) in zip(periods, known, strict=True):
        check_period(limits, period, known_end)
    names = list(by)
    places = chosen_of(Setting(connection, "exposure", min(end for _, end in known)), names)
    _check_places(places)
    account = changes(
        connection, periods, names, known_at,
        quarters="register", extraction_months=extraction_months,
    )  # fmt: skip
    accounts = pl.DataFrame(account.data).with_columns(pl.col("period", *names).cast(pl.String))
    rows: list[dict[str, Any]] = []
    for period, days in zip(periods, known, strict=True):
        here = accounts.filter(pl.col("period") == period.code)
        keys = [tuple(row[name] for name in names) for row in here.rows(named=True)]
        rows += _indicators(here, _Counts(connection, period, *days, places, keys))
    measures = dict.fromkeys((*MEASURES, *(m for m in COUNTS if counts and m.id not in _SHOWN)))
    return _cells(account, rows, tuple(measures), _late_reports(connection, periods, known))


def _late_reports(
    connection: duckdb.DuckDBPyConnection,
    periods: Sequence[Period],
    known: Sequence[tuple[date, date]],
) -> tuple[Text, ...]:
    """A footnote on flows of the accounts that happened before their year, if there are any."""
    late = dict.fromkeys((BIRTHS, DEATHS, IMMIGRATION, EMIGRATION), 0)
    for period, (known_start, known_end) in zip(periods, known, strict=True):
        # Of a window without days only what was late for it is counted.
        found = flows(connection, Window(period.start, period.start, known_start, known_end), ())
        for measure in late:
            late[measure] += found[measure.id][0].as_py()
    if not any(late.values()):
        return ()
    said = [
        ", ".join(f"{m.label.of(language).lower()} {written(n)}" for m, n in late.items())
        for language in Language
    ]
    return (
        Text(
            "Flows of the account, and crude rates, include late reports about earlier years, "
            "which fertility and mortality leave out, as `folkestrom rates` does. In the whole "
            f"country: {said[0]}.",
            "Endringene i regnskapet, og ratene av dem, har med forsinkede meldinger om tidligere "
            "år, som fruktbarhet og dødelighet ikke har med, som i `folkestrom rates`. I hele "
            f"landet: {said[1]}.",
        ),
    )


def _check_places(places: Sequence[Variable]) -> None:
    for variable in places:
        if not variable.area:
            raise UsageError(
                "is no place, and indicators are of places: a child is in other groups than its "
                "mother",
                where="by",
                value=variable.name,
                allowed="county, municipality, basic_unit",
                next_step="Ask `folkestrom rates --event childbirth` for births by what mothers "
                "are, and `--event death` for deaths",
            )


@dataclass(frozen=True, slots=True)
class _Counts:
    """Counts of a year by place, sex and age, as arrays."""

    connection: duckdb.DuckDBPyConnection
    period: Period
    known_start: date
    known_end: date
    places: tuple[Variable, ...]
    keys: list[tuple[str, ...]]

    def exposure(self) -> Floats:
        """Person-years, of shape (places, 2, ages)."""
        variables = (*self.places, _SEX, _AGE)
        values: dict[str, object] = {"known_at": self.known_end}
        found = exposed_days(self.connection, self.period, variables, None, values)
        return self._array(variables, found.to_arrow(), "days") / DAYS_PER_YEAR

    def events(self, name: str) -> Floats:
        """Events of one sort that occurred in the year, of shape (places, 2, ages)."""
        variables = (*self.places, _SEX, _AGE)
        values = {
            "start": self.period.start, "end": self.period.end, "known_at": self.known_end,
            "known_start": self.known_end, "known_end": self.known_end,
        }  # fmt: skip
        steps = event_steps(EVENTS[name], variables)
        found = fetch(self.connection, steps, parameters_of(compose(steps), values))
        return self._array(variables, found, "events")

    def stock(self) -> Floats:
        """Residents at the beginning, of shape (places, ages)."""
        variables = (*self.places, _AGE)
        moment = Moment(self.period.start, self.known_start)
        found = fetch(self.connection, stock_steps(variables), moment.parameters)
        return self._array(variables, found, "persons")[:, 0]

    def _array(self, variables: tuple[Variable, ...], found: pa.Table, count: str) -> Floats:
        frame = pl.DataFrame(coded(found, variables, {count: pa.int64()}))
        place = {key: number for number, key in enumerate(self.keys)}
        # The last column of ages is that of an unknown one.
        array = np.zeros((len(self.keys), 2, _AGES + 2))
        for *key, age, number in frame.rows():
            sex = key.pop() if _SEX in variables else "male"
            at = place.get(tuple(map(str, key)))
            if at is not None and sex != "unknown":
                column = _AGES + 1 if age is None else min(age, _AGES)
                array[at, int(sex == "female"), column] += number
        return array


def _indicators(account: pl.DataFrame, counts: _Counts) -> Iterator[dict[str, Any]]:
    exposure, deaths, births, stock, weddings = (
        counts.exposure(), counts.events("death"), counts.events("childbirth"), counts.stock(),
        counts.events("marriage"),
    )  # fmt: skip
    born = counts.events("birth").sum(axis=(1, 2))
    for n, row in enumerate(account.rows(named=True)):
        mean = row[MEAN.id]
        crude = {m.id: _ratio(1000 * row[flow], mean) for m, flow in _CRUDE.items()}
        lives = [
            period_life_table(deaths[n, s, :-1], exposure[n, s, :-1], sex)
            if exposure[n, s].sum() >= LEAST_PERSON_YEARS
            else None
            for s, sex in enumerate(SEXES)
        ]
        spans = [None if life is None else float(life.expectation[0]) for life in lives]
        mothers = births[n].sum(axis=0)
        unknown = born[n] - mothers[:-1].sum()
        rates = fertility_rates(mothers[:-1], exposure[n, 1, :-1], max(unknown, 0))
        yield (
            row
            | crude
            | {
                "total_fertility": total_fertility(rates),
                "mean_age_at_childbearing": mean_age_at_childbearing(rates),
                "mean_age_at_marriage_male": _mean_age(weddings[n, 0, :-1]),
                "mean_age_at_marriage_female": _mean_age(weddings[n, 1, :-1]),
                "life_expectancy_male": spans[0],
                "life_expectancy_female": spans[1],
                "infant_mortality": _ratio(1000 * deaths[n, :, 0].sum(), born[n]),
                "infant_deaths": int(deaths[n, :, 0].sum()),
                "marriages_male": int(weddings[n, 0].sum()),
                "marriages_female": int(weddings[n, 1].sum()),
                "mean_age": _mean_age(stock[n, :-1]),
                "median_age": _median_age(stock[n, :-1]),
            }
        )


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _mean_age(stock: NDArray[np.float64]) -> float | None:
    """Mean age, of persons who are half a year older than their completed age."""
    return _ratio(float((stock * (np.arange(stock.size) + 0.5)).sum()), float(stock.sum()))


def _median_age(stock: NDArray[np.float64]) -> float | None:
    """The age that half of the persons are below; they lie evenly within a year of age."""
    return float(median_age(stock[None], Structure(ages=stock.size))) if stock.any() else None


def _cells(
    account: Cells,
    rows: Sequence[Mapping[str, Any]],
    measures: tuple[Measure, ...],
    said: tuple[Text, ...],
) -> Cells:
    made = account.specification
    columns = [account.data[d.id] for d in made.dimensions]
    for measure in measures:
        numbers = [row[measure.id] for row in rows]
        if measure.decimals:
            numbers = [None if x is None else round(x, measure.decimals) for x in numbers]
        columns.append(pa.array(numbers, pa.float64() if measure.decimals else pa.int32()))
    ids = [*(d.id for d in made.dimensions), *(m.id for m in measures)]
    when = made.reference_time
    specification = replace(
        made,
        id="indicators",
        title=Text(f"Demographic indicators. {when.en}", f"Demografiske indikatorer. {when.no}"),
        measures=measures,
        contents=Text(
            "Fertility, mortality, age and crude rates of residents.",
            "Fruktbarhet, dødelighet, alder og rater blant bosatte.",
        ),
        footnotes=(*_NOTES, *said, *made.footnotes),
    )
    return Cells(specification, pa.table(dict(zip(ids, columns, strict=True))))
