"""Everything that the demonstration shows, asked of the store through its public interface."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from folkestrom.app.demo.comparison import SPECIFICATIONS, ComparedTable, compare, tidy
from folkestrom.app.demo.returns import Returns, returns
from folkestrom.app.demo.years import years
from folkestrom.app.office.api import Store
from folkestrom.app.office.quality.delays import Delays, delays
from folkestrom.model.countries import NORWAY
from folkestrom.model.time import extraction
from folkestrom.statistics.coverage import coverage
from folkestrom.statistics.published.specifications import BOTH
from folkestrom.twin.targets.published import YEAR

#: How far back the pyramid's outline goes, in years.
PYRAMID_BACK: Final = 20
#: How many countries are shown of those that people came from or went to.
COUNTRIES: Final = 12
#: The oldest age that the pyramid shows; it stands for all above.
OLDEST: Final = 100

#: The year that the population is projected to.
PROSPECT: Final = 2060

#: Terms of an account in their order.
TERMS: Final = (
    "population_start", "births", "deaths", "immigration", "emigration", "internal_in",
    "internal_out", "adjustment", "population_end",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pyramid:
    """Residents by sex and age on one day.

    Parameters
    ----------
    day
        The day.
    males, females
        By completed age 0, 1, … up to `OLDEST`, which is open.
    """

    day: date
    males: tuple[int, ...]
    females: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Revision:
    """Units of the year's adjustment that have one kind of cause.

    Parameters
    ----------
    month
        First day of the month in which that report was received: the day before it was known.
    kind, target_kind
        Kind of the report that they are owed to, and of the one it annuls or corrects.
    county
        Code of the county; empty: the whole country.
    added, taken
        Units of +1 and of −1.
    """

    month: date
    kind: str
    target_kind: str
    county: str
    added: int
    taken: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What there is to show beside the compared tables.

    Parameters
    ----------
    pyramid, pyramid_before
        The population now, and as far back as the log reaches, up to `PYRAMID_BACK` years.
    account
        The year's account: a row for the country (county ""), and one for every county.
    revisions
        Its adjustment explained: for the country (county ""), and for every county.
    log_delays
        How long reports took.
    quarters
        Population on the first day of each quarter, as published one month after it.
    years
        Births, deaths, migration and adjustment of the calendar years.
    countries
        Immigration and emigration by country, the largest.
    eight_countries
        Who came from eight EU countries, and has left again.
    prospect
        Population and old-age dependency ratio of `PROSPECT`, at the rates of the year before the
        tables' day and if half as many left.
    """

    pyramid: Pyramid
    pyramid_before: Pyramid
    account: tuple[dict[str, Any], ...]
    revisions: tuple[Revision, ...]
    log_delays: tuple[Delays, ...]
    quarters: tuple[tuple[date, int], ...]
    years: tuple[dict[str, Any], ...]
    countries: tuple[dict[str, Any], ...]
    eight_countries: Returns
    prospect: tuple[dict[str, Any], ...]


def compared_tables(
    store: Store, published: pl.DataFrame, year: int = YEAR, *, ranked: bool = True
) -> tuple[ComparedTable, ...]:
    """The published tables from the store, beside what is published.

    Parameters
    ----------
    store
        Where the register is.
    published
        The other side, in tidy form.
    year
        The year on whose 1 January the tables stand.
    ranked
        Whether the largest citizenships have to be those of the published table. In a scaled
        country they need not be: rounding may put the sixteenth before the fifteenth.
    """
    return tuple(_compared(store, name, published, year, ranked) for name in SPECIFICATIONS)


def gather(store: Store, year: int = YEAR) -> Figures:
    """Ask the store for everything else.

    Parameters
    ----------
    store
        Where the register is.
    year
        The year on whose 1 January the population is shown; accounts are those of the year before.
    """
    start, end = date(year - 1, 1, 1), date(year, 1, 1)
    first = _first_year(store)
    quarters = tuple(_quarters(store, first, year))
    new_years = {day.year: persons for day, persons in quarters if day.month == 1}
    with store.reading() as connection:
        log_delays = delays(connection)
        left_again = returns(connection, end, extraction(end))
        by_year = tuple(years(connection, new_years))
    return Figures(
        pyramid=_pyramid(store, end),
        pyramid_before=_pyramid(store, date(max(first, year - PYRAMID_BACK), 1, 1)),
        account=tuple(_account(store, start, end)),
        revisions=tuple(_revisions(store, start, end)),
        log_delays=log_delays,
        quarters=quarters,
        years=by_year,
        countries=tuple(_countries(store, start, end)),
        eight_countries=left_again,
        prospect=tuple(_prospect(store, year)),
    )


def _prospect(store: Store, year: int) -> Iterator[dict[str, Any]]:
    found = _polars(store.project(
        year, PROSPECT, ["half-emigration"], years=1, every=PROSPECT - year,
        indicator=["population", "old_age_dependency"], to="polars",
    ))  # fmt: skip
    yield from found.filter(pl.col("year") == str(PROSPECT)).drop("year").iter_rows(named=True)


def _compared(
    store: Store, name: str, published: pl.DataFrame, year: int, ranked: bool
) -> ComparedTable:
    own = tidy(name, _polars(store.table(name, year, to="polars")))
    if name == "citizenship" and not ranked:
        own = _same_citizenships(store, own, published, year)
    known = extraction(date(year, 1, 1))
    years = {"year": year, "before": year - 1, "five": year - 5, "ten": year - 10, "known": known}
    return compare(name, own, published, years)


def _same_citizenships(
    store: Store, own: pl.DataFrame, published: pl.DataFrame, year: int
) -> pl.DataFrame:
    """The store's rows of Table 3, for the citizenships of the published one."""
    wanted = published.filter(pl.col("table") == "citizenship")["row"].unique()
    missing = set(wanted) - set(own["row"])
    if not missing:
        return own
    counted = _polars(
        store.population(date(year, 1, 1), ["citizenship", "sex"], "published", to="polars")
    ).with_columns(pl.col("citizenship", "sex").cast(pl.String))
    by_sex = pl.concat([counted, counted.with_columns(sex=pl.lit(BOTH))])
    summed = by_sex.group_by("citizenship", "sex").agg(pl.col("persons").sum())
    cells = pl.DataFrame({"citizenship": sorted(missing)}).join(
        own.select("sex").unique(), how="cross"
    )
    added = cells.join(summed, on=["citizenship", "sex"], how="left").fill_null(0)
    return pl.concat(
        [own.filter(pl.col("row").is_in(wanted.implode())), tidy("citizenship", added)]
    )


def _pyramid(store: Store, day: date) -> Pyramid:
    counted = _polars(store.population(day, ["sex", "age"], "published", to="polars"))
    counts = {"male": [0] * (OLDEST + 1), "female": [0] * (OLDEST + 1)}
    for sex, age, persons in counted.rows():
        if sex in counts and age is not None:
            counts[sex][min(age, OLDEST)] += persons
    return Pyramid(day, tuple(counts["male"]), tuple(counts["female"]))


def _account(store: Store, start: date, end: date) -> Iterator[dict[str, Any]]:
    for by in ((), ("county",)):
        for row in _rows(store.changes(start, end, by, to="polars")):
            yield {"county": row.get("county", ""), **{term: row[term] for term in TERMS}}


def _revisions(store: Store, start: date, end: date) -> Iterator[Revision]:
    for area in ("nation", "county"):
        units = _polars(store.explain(start, end, area, to="polars"))
        if area == "nation":
            units = units.with_columns(county=pl.lit(""))
        keys = ["month", "kind", "target_kind", "county"]
        summed = (
            units.with_columns(
                (pl.col("known") - pl.duration(days=1)).dt.truncate("1mo").alias("month"),
                pl.col("kind", "target_kind", "county").cast(pl.String),
            )
            .group_by(keys)
            .agg(
                pl.col("units").clip(lower_bound=0).cast(pl.Int64).sum().alias("added"),
                pl.col("units").clip(upper_bound=0).cast(pl.Int64).abs().sum().alias("taken"),
            )
            .sort(keys)
        )
        for row in summed.select(*keys, "added", "taken").iter_rows():
            yield Revision(*row)


def _quarters(store: Store, first: int, year: int) -> Iterator[tuple[date, int]]:
    days = [date(y, month, 1) for y in range(first, year) for month in (1, 4, 7, 10)]
    days.append(date(year, 1, 1))
    counted = _polars(store.population(dates=days, known_at="published", to="polars"))
    yield from counted.select("date", "persons").sort("date").iter_rows()


def _countries(store: Store, start: date, end: date) -> Iterator[dict[str, Any]]:
    """The countries with most immigration and emigration together; all others in one row."""
    flows = _polars(store.changes(start, end, ["country"], to="polars")).select(
        pl.col("country").cast(pl.String), "immigration", "emigration"
    )
    both = pl.col("immigration") + pl.col("emigration")
    known = flows.filter(~pl.col("country").is_in(["unknown", NORWAY]), both > 0)
    largest = known.sort([both, "country"], descending=[True, False]).head(COUNTRIES)
    yield from largest.iter_rows(named=True)
    rest = flows.filter(~pl.col("country").is_in(largest["country"].to_list()))
    yield {
        "country": "",
        "immigration": int(rest["immigration"].sum()),
        "emigration": int(rest["emigration"].sum()),
    }


def _first_year(store: Store) -> int:
    """The first year on whose 1 January the log has a population."""
    with store.reading() as connection:
        first = coverage(connection).first
    return first.year + (first > date(first.year, 1, 1))


def _rows(frame: object) -> Iterator[dict[str, Any]]:
    return _polars(frame).iter_rows(named=True)


def _polars(frame: object) -> pl.DataFrame:
    if not isinstance(frame, pl.DataFrame):
        raise TypeError("a data frame of Polars was asked for")
    return frame
