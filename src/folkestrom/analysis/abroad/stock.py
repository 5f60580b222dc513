"""Emigrants living abroad: those that the register counts, and between what bounds they may be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa

from folkestrom.analysis.abroad.emigrants import emigrant_steps
from folkestrom.analysis.abroad.survival import DeathRates, death_rates
from folkestrom.classifications.age_groups import AgeGroups
from folkestrom.classifications.code_lists import named
from folkestrom.columns import check_arguments
from folkestrom.engine.steps import compose, parameters_of
from folkestrom.errors import UsageError
from folkestrom.model.calendar import age_sql
from folkestrom.model.cells import Cells
from folkestrom.model.countries import COUNTRY_CODES, UNKNOWN
from folkestrom.model.knowledge import PUBLISHED, KnownAt
from folkestrom.model.names import check_code
from folkestrom.model.specification import Dimension, Measure, TableSpecification, Text, same
from folkestrom.model.time import EXTRACTION_MONTHS
from folkestrom.projection.assumptions import Floats
from folkestrom.projection.groups import OPEN_AGE
from folkestrom.statistics.coverage import coverage
from folkestrom.statistics.population import Moment, coded, fetch, stock_steps
from folkestrom.statistics.year_sums import number
from folkestrom.variables.registry import DURATIONS, VARIABLES
from folkestrom.variables.selection import Only, codes_meant, kept, kept_notes
from folkestrom.variables.sources import Completed
from folkestrom.variables.variable import Variable, notes

#: Share of resident immigrants who have left without saying so, as estimated in January 2024.
OVER_COVERAGE: Final = 0.0229
#: As many first years of the register say how those left and stayed away who left before it.
_OLDEST: Final = 5
#: Persons from here on are too many to be meant.
_MOST_PERSONS: Final = 1e10

_YEARS: Final = Variable(
    Dimension(
        "years_abroad", Text("Years abroad", "År i utlandet"), classification="Completed years",
        labels=named(str),
    ),
    "years_abroad", frozenset({Completed("years_abroad", ("years_abroad",), (), "left_on")}),
)  # fmt: skip
_GROUPS: Final = AgeGroups("duration_abroad", DURATIONS.starts)
_DURATION: Final = replace(
    _YEARS,
    dimension=replace(
        _YEARS.dimension, id=_GROUPS.name, label=Text("Duration abroad", "Tid i utlandet")
    ),
    sql=_GROUPS.sql(_YEARS.name),
).listed({n: category.code for n, category in enumerate(_GROUPS.categories)})
_COUNTRY: Final = replace(
    VARIABLES["country"],
    dimension=replace(
        VARIABLES["country"].dimension, label=VARIABLES["destination_country"].dimension.label
    ),
)
#: What only those abroad have.
_OWN: Final = (_COUNTRY, _YEARS, _DURATION)
#: What emigrants are told apart by.
BY: Final[dict[str, Variable]] = {
    variable.name: variable
    for variable in (
        *_OWN,
        *(VARIABLES[name] for name in (
            "sex", "age", "age_five_year", "age_group", "birth_year", "citizenship",
            "foreign_citizen", "country_of_birth", "born_abroad", "immigrant_category",
            "immigrant_group",
        )),
    )
}  # fmt: skip
_CATEGORY: Final = VARIABLES["immigrant_category"]

_PERSONS: Final = Text("persons", "personer")
_OF_WIDTH: Final = Text("per cent of the interval", "prosent av intervallet")
#: What is assumed, in the order of the columns.
_ASSUMED: Final = {
    "mortality": Text("deaths abroad", "dødsfall i utlandet"),
    "unregistered": Text("unregistered leaving", "umeldt utvandring"),
    "left_before": Text("leaving before the register", "utvandring før registeret"),
}
MEASURES: Final = (
    Measure("persons", Text("Registered", "Registrert"), _PERSONS),
    Measure("low", Text("Low", "Lav"), _PERSONS, empty=None),
    Measure("central", Text("Central", "Midt"), _PERSONS, empty=None),
    Measure("high", Text("High", "Høy"), _PERSONS, empty=None),
    *(
        Measure(
            f"{name}_share", Text(f"Owed to {said.en}", f"Skyldes {said.no}"), _OF_WIDTH,
            decimals=1, empty=None,
        )
        for name, said in _ASSUMED.items()
    ),
)  # fmt: skip
SPECIFICATION: Final = TableSpecification(
    id="emigrants_abroad",
    title=Text("Emigrants living abroad. {when}", "Utvandrere bosatt i utlandet. {when}"),
    dimensions=(),
    measures=MEASURES,
    contents=Text(
        "Persons who have emigrated and have neither returned nor died as far as the register "
        "knows, and between what bounds those who live abroad may be.",
        "Personer som har utvandret og verken har kommet tilbake eller er døde så vidt registeret "
        "vet, og hvilke grenser antallet som bor i utlandet, kan ligge mellom.",
    ),
    reference_time=same("{when}"),
    method=Text(
        "Emigrations less returns and known deaths, at the end of the day before the date, as "
        "known on {known}. Low: with most deaths abroad, and least of the rest; high: the other "
        "way about; central: halfway.",
        "Utvandringer minus tilbakevendinger og kjente dødsfall, ved utgangen av dagen før datoen, "
        "slik det var kjent {known}. Lav: med flest dødsfall i utlandet og minst av resten; høy: "
        "omvendt; midt: midt imellom.",
    ),
    knowledge_time=same("{known}"),
    footnotes=(
        Text(
            "The country is the one that they emigrated to: onward moves are not known. "
            "Citizenship is the one last known. Who left unregistered is in no known country, nor "
            "of known duration abroad.",
            "Landet er det de utvandret til: videre flytting er ikke kjent. Statsborgerskap er det "
            "sist kjente. De som reiste umeldt, har ukjent land og ukjent tid i utlandet.",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Assumed:
    """What the register does not know, each from the least to the most that is thought possible.

    Parameters
    ----------
    mortality
        Death rates abroad, as a share of those of residents of the same sex, age and year.
    over_coverage
        Share of resident immigrants who in truth have left.
    left_before
        Persons abroad who left before the register began; None: from nobody to as many as if in
        each year before it as many had left as in its first five, stayed away alike, and died as
        residents.
    """

    mortality: tuple[float, float] = (0.0, 1.0)
    over_coverage: tuple[float, float] = (0.0, OVER_COVERAGE)
    left_before: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        limits = {"mortality": 100.0, "over_coverage": 1.0, "left_before": _MOST_PERSONS}
        for name, most in limits.items():
            given = getattr(self, name)
            if given is not None and not 0 <= given[0] <= given[1] <= most:
                raise UsageError(
                    "is no range of what can be", where=name, value=f"{given[0]:g}-{given[1]:g}",
                    allowed=f"two numbers from 0 to {most:g}, the second not the smaller",
                )  # fmt: skip


def abroad(
    connection: duckdb.DuckDBPyConnection,
    day: date,
    by: Iterable[str] = (),
    known_at: KnownAt = PUBLISHED,
    *,
    only: Only | None = None,
    extraction_months: int = EXTRACTION_MONTHS,
    assumed: Assumed | None = None,
) -> Cells:
    """Emigrants living abroad on a day, by variables, with bounds and what they are owed to.

    Parameters
    ----------
    connection
        An open store.
    day
        The stock is that at the end of the day before.
    by
        Names of variables; see `BY`.
    known_at, extraction_months
        As for `population`.
    only
        Codes to keep, by variable.
    assumed
        What the register does not know; None: as of `Assumed`.

    Returns
    -------
    Cells
        The registered stock, a whole number; low, central and high; and how much of the interval
        is owed to each assumption. The parts add up, so that it makes no difference in which order
        they are taken.

    Raises
    ------
    UsageError
        A variable that emigrants do not have; a day that the log does not reach; a number of those
        who left before the register, where none are known to share it out like.
    """
    check_arguments(abroad, locals())
    limits = coverage(connection)
    limits.check_day(day)
    knowledge = limits.knowledge(known_at, extraction_months)
    moment = Moment(day, knowledge.day(day))
    shown, chosen = _variables(by, only or {})
    codes = codes_meant(only, chosen)
    stated = assumed or Assumed()
    begun = limits.first
    rates = death_rates(connection, begun, max(day, _next_year(begun)), moment.known_at)
    parts = [
        _left(connection, moment, chosen, rates, stated.mortality),
        _unregistered(connection, moment, chosen, stated.over_coverage),
        _left_before(connection, moment, begun, chosen, rates, stated.left_before),
    ]
    summed = _summed(parts, len(chosen))
    types = dict.fromkeys(_PARTS, pa.float64())
    data = kept(coded(summed.to_arrow(), chosen, types), codes, chosen, [v.name for v in shown])
    made = SPECIFICATION.fill(when=str(day), known=str(moment.known_at))
    said = (*made.footnotes, *_said(stated, begun), *kept_notes(codes, chosen))
    footnotes = (*said, *notes(chosen), *limits.notes(moment.known_at))
    dimensions = tuple(variable.dimension for variable in shown)
    filled = replace(made, dimensions=dimensions, time=str(day), footnotes=footnotes)
    return Cells(replace(filled, vintage=knowledge.vintage), _measured(data))


#: What cells hold until they are added up: the registered, and both ends of each part.
_PARTS: Final = ("persons", *(f"{name}_{end}" for name in _ASSUMED for end in ("least", "most")))


def _next_year(day: date) -> date:
    return date(day.year + 1, 1, 1)


def _variables(by: Iterable[str], only: Only) -> tuple[tuple[Variable, ...], tuple[Variable, ...]]:
    """What the table is by, and with what is kept."""
    wanted = list(by)
    for where, names in (("by", wanted), ("only", list(only))):
        for name in names:
            check_code(name, BY, "is not a dimension of emigrants", where=where)
    for name in wanted:
        if wanted.count(name) > 1:
            raise UsageError("is asked for twice", where="by", value=name)
    shown = tuple(BY[name] for name in wanted)
    return shown, (*shown, *(BY[name] for name in only if name not in wanted))


def _fetched(
    connection: duckdb.DuckDBPyConnection, steps: Sequence[Any], values: dict[str, object]
) -> pl.DataFrame:
    return pl.DataFrame(fetch(connection, steps, parameters_of(compose(steps), values)))


def _left(
    connection: duckdb.DuckDBPyConnection, moment: Moment, chosen: Sequence[Variable],
    rates: DeathRates, mortality: tuple[float, float],
) -> pl.DataFrame:  # fmt: skip
    """Registered emigrants, and how many of them have died unknown to the register.

    Of all who left, S survive; of those who died, a share R is known to have. Who is not known to
    have died has with the probability (1 - S)(1 - R) / (S + (1 - S)(1 - R)).
    """
    own = ("sex", "birth_date", "left_on", "dead")
    found = _fetched(connection, emigrant_steps(chosen, by=own), moment.parameters)
    columns = {f"v{len(chosen) + n}": name for n, name in enumerate(own)}
    found = found.rename(columns)
    sex, dead, persons = (found[name].to_numpy() for name in ("sex", "dead", "persons"))
    born, left = (found[name].to_numpy().astype("M8[D]") for name in ("birth_date", "left_on"))
    hazard = rates.hazard(sex, born, left, moment.day)
    died = [_died(np.exp(-factor * hazard), persons, dead) for factor in mortality]
    alive = persons * (dead == 0)
    return found.drop(own).with_columns(
        persons=pl.lit(alive.astype(float)),
        mortality_least=pl.lit(-alive * died[1]),
        mortality_most=pl.lit(-alive * died[0]),
    )


def _died(survive: Floats, persons: Any, dead: Any) -> Floats:
    """The probability to have died, of each who is not known to have."""
    expected = float((persons * (1 - survive)).sum())
    known = min(float((persons * dead).sum()) / expected, 1.0) if expected > 0 else 0.0
    unknown = (1 - survive) * (1 - known)
    return np.divide(unknown, survive + unknown, out=np.zeros_like(survive), where=unknown > 0)


def _unregistered(
    connection: duckdb.DuckDBPyConnection, moment: Moment, chosen: Sequence[Variable],
    over_coverage: tuple[float, float],
) -> pl.DataFrame:  # fmt: skip
    """Resident immigrants who in truth have left."""
    shared = [variable for variable in chosen if variable not in _OWN]
    found = _fetched(connection, stock_steps((*shared, _CATEGORY)), moment.parameters)
    category = f"v{len(shared)}"
    found = found.filter(pl.col(category) == _CATEGORY.number("immigrant", "by")).drop(category)
    places = {f"v{n}": f"v{chosen.index(variable)}" for n, variable in enumerate(shared)}
    found = found.rename({name: f"\0{to}" for name, to in places.items()})
    found = found.rename({f"\0{to}": to for to in places.values()})
    if _COUNTRY in chosen:
        unknown = pl.lit(COUNTRY_CODES[UNKNOWN])
        found = found.with_columns(unknown.alias(f"v{chosen.index(_COUNTRY)}"))
    ends = zip(("least", "most"), over_coverage, strict=True)
    return found.with_columns(
        **{f"unregistered_{end}": pl.col("persons") * share for end, share in ends}
    ).drop("persons")


def _left_before(
    connection: duckdb.DuckDBPyConnection, moment: Moment, begun: date, chosen: Sequence[Variable],
    rates: DeathRates, given: tuple[float, float] | None,
) -> pl.DataFrame:  # fmt: skip
    """Those abroad who left before the register began, like its first emigrants earlier."""
    years = next(n for n in (_OLDEST, 3, 1) if begun.year + n <= moment.day.year or n == 1)
    by = ("sex", age_sql("left_on"), age_sql("$eve"))
    # The middle of the first years is so many years after that of the last one before them.
    steps = emigrant_steps(chosen, earlier=range((years + 1) // 2, OPEN_AGE + 1), by=by)
    values = {**moment.parameters, "oldest": date(begun.year + years, begun.month, begun.day)}
    found = _fetched(connection, steps, values)
    sex, since, age = (found[f"v{len(chosen) + n}"].to_numpy() for n in range(len(by)))
    persons = found["persons"].to_numpy() * rates.surviving(sex, since, age) / years
    least, most = (0.0, 1.0) if given is None else given
    total = float(persons.sum())
    if given is not None and most > 0:
        if not total > 0:
            raise UsageError(
                "are like nobody: no emigrant of the register's first years is still abroad",
                where="left_before", value=f"{most:g}", next_step="Leave it out",
            )  # fmt: skip
        least, most = least / total, most / total
    own = [f"v{len(chosen) + n}" for n in range(len(by))]
    return found.with_columns(
        left_before_least=pl.lit(least * persons), left_before_most=pl.lit(most * persons)
    ).drop(own, "persons")


def _summed(parts: Sequence[pl.DataFrame], many: int) -> pl.DataFrame:
    """The parts added up by the variables."""
    columns = [f"v{n}" for n in range(many)]
    typed = [part.with_columns(pl.col(c).cast(pl.Int32) for c in columns if c in part.columns)
             for part in parts]  # fmt: skip
    all = pl.concat(typed, how="diagonal").with_columns(pl.col(_PARTS).fill_null(0.0))
    sums = [pl.col(name).sum() for name in _PARTS]
    return all.group_by(columns).agg(sums).sort(columns) if columns else all.select(sums)


def _measured(data: pa.Table) -> pa.Table:
    """The measures, of both ends of the parts."""
    parts = {name: data[name].to_numpy() for name in _PARTS}
    ends = {end: sum(parts[f"{name}_{end}"] for name in _ASSUMED) for end in ("least", "most")}
    low, high = (parts["persons"] + ends[end] for end in ("least", "most"))
    columns = [pa.array(np.round(parts["persons"]).astype(np.int64))]
    columns += [pa.array(np.round(one).astype(np.int64)) for one in (low, (low + high) / 2, high)]
    for name in _ASSUMED:
        wide = high - low
        part = 100 * (parts[f"{name}_most"] - parts[f"{name}_least"])
        share = np.divide(part, wide, out=np.full_like(wide, np.nan), where=wide > 1e-9)
        columns.append(pa.array(np.round(share, 1), from_pandas=True))
    kept = [name for name in data.column_names if name not in _PARTS]
    names = [*kept, *(measure.id for measure in MEASURES)]
    return pa.table([*(data[name] for name in kept), *columns], names=names)


def _said(stated: Assumed, begun: date) -> Iterable[Text]:
    """What was assumed."""
    low, high = map(_decimal, stated.mortality)
    yield Text(
        f"Deaths abroad: at {low.en} to {high.en} times the death rates of residents.",
        f"Dødsfall i utlandet: med {low.no} til {high.no} ganger dødsratene til bosatte.",
    )
    low, high = (_decimal(100 * share) for share in stated.over_coverage)
    yield Text(
        f"Unregistered leaving: {low.en} to {high.en} per cent of resident immigrants have left.",
        f"Umeldt utvandring: {low.no} til {high.no} prosent av bosatte innvandrere har reist.",
    )
    if stated.left_before is None:
        yield Text(
            f"Leaving before the register, before {begun}: from nobody to as many each year as in "
            "its first years, who stayed away alike and died as residents.",
            f"Utvandring før registeret, før {begun}: fra ingen til like mange hvert år som i de "
            "første årene, som ble borte like ofte og døde som bosatte.",
        )
    else:
        least, most = (number(round(one)) for one in stated.left_before)
        yield Text(
            f"Leaving before the register, before {begun}: {least} to {most} persons, told apart "
            "as its first emigrants.",
            f"Utvandring før registeret, før {begun}: {least} til {most} personer, fordelt som de "
            "første utvandrerne.",
        )


def _decimal(value: float) -> Text:
    return Text(f"{value:g}", f"{value:g}".replace(".", ","))
