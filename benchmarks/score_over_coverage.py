"""How often intervals of over-coverage hold the truth, on many uncalibrated synthetic countries.

    python benchmarks/score_over_coverage.py FOLDER [--countries 200] [--draws 5] [--scale 0.01]

Each country has a seed of its own, and each method is compared with what it is an estimate of.
Clean-ups are asked on 1 January 2021 as known a month later: all who had left by the truth. Late
reports are asked on 1 January of three earlier years, one of each place in the cycle of clean-ups:
those reported since, within as many years of leaving as the register was old. Then signs of life of
all who are registered, and of persons who are not, are drawn again and again by the probabilities
that the synthetic country has; `--draws 0` has none of them, and is fast. FOLDER
keeps a file for each country, so that a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import shutil
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl

import folkestrom
from folkestrom.analysis.over_coverage import methods
from folkestrom.analysis.over_coverage.registered import (
    AUDITED,
    YEARS,
    Groups,
    People,
    Registered,
    Signs,
    Times,
)
from folkestrom.analysis.over_coverage.reports import USUAL, Reports
from folkestrom.errors import UsageError
from folkestrom.quality.presence.index import Index
from folkestrom.statistics.coverage import coverage
from folkestrom.twin.output.creation import create
from folkestrom.twin.output.signs import AGES, SHOWN, UNREGISTERED, UNREGISTERED_SHOW
from folkestrom.variables.registry import VARIABLES

FIRST, LAST, LEVEL = 1997, 2021, 0.95
DAY, KNOWN = date(LAST, 1, 1), date(LAST, 2, 1)
#: Earlier days, of which all is known that late reports tell of.
EARLIER = (2007, 2008, 2009)
COLUMNS = {"asked": pl.String} | dict.fromkeys(("truth", "estimate", "low", "high"), pl.Float64)
INDEXES = {"signs": Index(), "signs, no memory": Index(0.0, 1.0, 0.7)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--countries", type=int, default=200)
    parser.add_argument("--draws", type=int, default=5, help="of signs, in each country")
    parser.add_argument("--scale", type=float, default=0.01)
    parser.add_argument("--seed", type=int, default=1, help="that of the first country")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    for seed in range(given.seed, given.seed + given.countries):
        part = given.folder / f"scores-{seed}.csv"
        if part.exists():
            continue
        work = given.folder / f"country-{seed}"
        create(
            work, given.scale, seed, calibrated=False, first_year=FIRST, variables=False,
            panel=False, overwrite=True,
        )  # fmt: skip
        rows = of_reports(work) + (of_signs(work, seed, given.draws) if given.draws else [])
        pl.DataFrame(rows, orient="row", schema=COLUMNS).write_csv(part)
        shutil.rmtree(work)
    print_scores(pl.read_csv(given.folder / "scores-*.csv", schema=COLUMNS))


Row = tuple[str, float, float | None, float | None, float | None]


def row(asked: str, truth: float, ends: tuple[Any, Any, Any]) -> Row:
    return asked, float(truth), *(float(end) for end in ends)


def leavers(work: Path, year: int = LAST) -> pl.DataFrame:
    """Who left before a year, and whether the register had not heard of it a month into it."""
    found = pl.read_parquet(work / "truth" / "leavers.parquet")
    midnight = datetime(year, 1, 31, 23, tzinfo=UTC)
    # The year of knowledge begins with February; a report is known on the day after its receipt.
    received = pl.col("reported").dt.convert_time_zone("Europe/Oslo").dt.date()
    return found.filter(pl.col("left") < date(year, 1, 1)).with_columns(
        hidden=pl.col("reported").is_null() | (pl.col("reported") >= midnight),
        delay=received.dt.offset_by("-1mo").dt.year() - pl.col("left").dt.year(),
    )


def of_reports(work: Path) -> list[Row]:
    """Clean-ups, and late reports, by the emigrations that are known by the knowledge date."""
    rows: list[Row] = []
    for year, method in ((LAST, "clean-ups"), *((year, "late") for year in EARLIER)):
        years, everybody = year - FIRST, leavers(work, year)
        gone, known = everybody.filter("hidden"), everybody.filter(~pl.col("hidden"))
        if method == "late":
            gone = gone.filter(pl.col("delay") < years)
        origin = known["left"].dt.year().to_numpy() - FIRST
        counts = np.zeros((years, years))
        np.add.at(counts, (origin, known["delay"].to_numpy().clip(0, years - 1)), 1)
        reports = Reports(FIRST, counts, {}, USUAL, 2_000, 1)
        try:
            e = methods.by_reports(reports, method, [()], LEVEL)[0].estimates
            rows.append(row(method, len(gone), (e.total[0], e.lower[0], e.upper[0])))
        except UsageError:
            rows.append((method, float(len(gone)), None, None, None))
    return rows


def of_signs(work: Path, seed: int, draws: int) -> list[Row]:
    """Signs and lists, of signs that are drawn anew for the registered of the country."""
    store = folkestrom.open(work / "store")
    store.intake(work / "reports")
    born = pl.read_parquet(work / "truth" / "persons.parquet").select("person", "birth_date")
    gone = leavers(work).filter("hidden")
    strata = (VARIABLES["age_group"], VARIABLES["sex"])
    with store.reading() as connection:
        times = Times(DAY, KNOWN, coverage(connection))
        people = People(connection, times, strata[:1], Groups(strata[1:], 1, {}), [])
        audits = [people._read(back) for back in AUDITED]
        people_of = SimpleNamespace(
            groups=people.groups, strata=0, now=people.now, audited=None,
            hidden=np.array([np.bincount(one.left, minlength=4)[1:] for one in audits], float),
        )  # fmt: skip
        people_of.strata = people.strata
    chances = chances_of(born, pl.read_parquet(work / "truth" / "leavers.parquet"))
    true = [
        len(np.intersect1d(people.now.person[people.now.group == n], gone["person"].to_numpy()))
        for n in range(len(people.groups))
    ]
    generator = np.random.default_rng(seed)
    rows: list[Row] = []
    for _ in range(draws):
        shown = generator.random(chances.by_year.shape) < chances.by_year
        people_of.now = people_of.everybody = with_signs(people.now, shown, chances.first, 0)
        parts = [
            with_signs(audit, shown, chances.first, back)
            for audit, back in zip(audits, AUDITED, strict=True)
        ]
        columns = ("person", "group", "stratum", "since", "signs", "left")
        people_of.audited = Registered(
            *(np.concatenate([getattr(part, name) for part in parts]) for name in columns)
        )
        rows += answers(people_of, true)
        rows.append(not_registered(generator, len(people.now.person)))
    return rows


def chances_of(born: pl.DataFrame, left: pl.DataFrame) -> Any:
    """The probability of a sign, by person, year and source; persons are numbered from `first`."""
    first = int(born["person"].min())  # type: ignore[arg-type]
    birth = np.full(int(born["person"].max()) - first + 1, LAST)  # type: ignore[operator]
    birth[born["person"].to_numpy() - first] = born["birth_date"].dt.year().to_numpy()
    years = np.arange(FIRST, LAST)
    age = np.maximum(years[None, :] - birth[:, None], 0)
    group = np.searchsorted(AGES, age, side="right") - 1
    # Registered and gone at the end of a year: left by then, and reported in no year by then.
    reported = left["reported"].dt.offset_by("-1mo").dt.year().fill_null(LAST)
    spans = (left["person"].to_numpy() - first, left["left"].dt.year(), reported)
    for person, since, until in zip(*spans, strict=True):
        group[person, max(since - FIRST, 0) : max(until - FIRST, 0)] = len(AGES)
    table = np.array([SHOWN[name] for name in SHOWN]).T
    return SimpleNamespace(first=first, by_year=table[group].astype(np.float32))


def with_signs(who: Registered, shown: np.ndarray, first: int, back: int) -> Registered:
    """The same persons, with the signs of the years before a day so many years back."""
    begin = LAST - FIRST - back - YEARS
    bits = np.zeros((len(who.person), shown.shape[2]), np.int64)
    for year in range(YEARS):
        bits |= shown[who.person - first, begin + year].astype(np.int64) << year
    return replace(who, signs=bits)


def answers(people: Any, true: list[int]) -> list[Row]:
    """Each method, for the country and, of signs, by sex."""
    whole = SimpleNamespace(**vars(people))
    whole.groups, whole.now = [()], replace(people.now, group=np.zeros_like(people.now.group))
    rows: list[Row] = []
    for asked, index in INDEXES.items():
        signs = Signs(tuple(SHOWN), index=index)
        for who, truth, of in ((whole, [sum(true)], ""), (people, true, ", by sex")):
            found = [(asked, methods.by_signs(who, signs, LEVEL)[0])]
            if asked == "signs" and not of:
                with suppress(UsageError):
                    found.append(("lists, all models", methods.by_lists(who, signs, LEVEL)[-1]))
            for name, one in found:
                e = one.estimates
                ends = zip(truth, e.total, e.lower, e.upper, strict=True)
                rows += [row(name + of, t, rest) for t, *rest in ends]  # type: ignore[arg-type]
    return rows


def not_registered(generator: np.random.Generator, residents: int) -> Row:
    """Lists of persons who are not registered."""
    many = round(UNREGISTERED * residents)
    names = list(UNREGISTERED_SHOW)
    shown = generator.random((many, len(names))) < list(UNREGISTERED_SHOW.values())
    patterns, counts = np.unique(shown.astype(int), axis=0, return_counts=True)
    listed = {
        tuple(map(int, pattern)): float(count)
        for pattern, count in zip(patterns, counts, strict=True) if pattern.any()
    }  # fmt: skip
    try:
        models = methods.unregistered_by(names, listed, Signs().models, LEVEL)
    except UsageError:
        return "unregistered", float(many), None, None, None
    e = models[-1].estimates
    return row("unregistered", many, (e.total[0], e.lower[0], e.upper[0]))


def print_scores(scores: pl.DataFrame) -> None:
    """Coverage, bias and width by what was asked."""
    held = (pl.col("low") <= pl.col("truth")) & (pl.col("truth") <= pl.col("high"))
    with pl.Config(tbl_rows=20, tbl_hide_dataframe_shape=True, tbl_width_chars=120):
        print(
            scores.group_by("asked", maintain_order=True).agg(
                pl.col("estimate").count().alias("answers"),
                pl.col("estimate").null_count().alias("refused"),
                pl.col("truth").mean().round(1),
                (pl.col("estimate") - pl.col("truth")).mean().round(1).alias("bias"),
                (pl.col("high") - pl.col("low")).median().round(1).alias("width"),
                (100 * held.mean()).round(1).alias("covered"),
            )
        )


if __name__ == "__main__":
    main()
