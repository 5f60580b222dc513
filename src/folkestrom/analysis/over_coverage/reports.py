"""Emigrations by when they happened and when they became known: what is still to come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from folkestrom.analysis.over_coverage.registered import Groups, Times
from folkestrom.analysis.over_coverage.rows import emigration_steps
from folkestrom.engine.steps import compose, parameters_of
from folkestrom.errors import UsageError
from folkestrom.quality.delays.clean_ups import left_after
from folkestrom.quality.delays.distribution import to_come
from folkestrom.quality.delays.triangle import Triangle
from folkestrom.statistics.population import fetch

Floats = NDArray[np.float64]
#: Years back that are looked at.
_MOST_YEARS: Final = 20


@dataclass(frozen=True, slots=True)
class CleanUps:
    """Which reports are those of a clean-up.

    Parameters
    ----------
    years
        The years of clean-ups; none: every year in which so late a report became known.
    late_after
        Years after which a report is one that only a clean-up brings.
    """

    years: tuple[int, ...] = ()
    late_after: int = 3

    def __post_init__(self) -> None:
        if not 1 <= self.late_after <= _MOST_YEARS:
            raise UsageError(
                "is no number of years after which reports are late", where="late_after",
                value=self.late_after, allowed=f"1 to {_MOST_YEARS}",
            )  # fmt: skip


#: Every year in which a report became known that late has a clean-up.
USUAL: Final = CleanUps()


@dataclass(frozen=True, slots=True)
class Reports:
    """Emigrations of years before a day.

    Parameters
    ----------
    first
        The calendar year in which the first of the years began.
    counts
        By year, and the number of years after which they became known: (years, years).
    late
        Numbers of the variables, and how many became known late, in rows.
    clean_ups
        Which reports are those of clean-ups.
    draws, seed
        How many draws, and what makes them the same again.
    """

    first: int
    counts: Floats
    late: dict[tuple[int | None, ...], float]
    clean_ups: CleanUps
    draws: int
    seed: int

    def late_reports(self) -> Floats:
        """What the chain ladder says is still to become known, in draws."""
        return self._to_come(len(self.counts))

    def _to_come(self, delays: int) -> Floats:
        """Draws of what is still to become known within so many delays."""
        table = self.counts.cumsum(axis=1)[:, :delays]
        years = len(table)
        known = np.arange(years)[:, None] + np.arange(delays)[None, :] < years
        triangle = Triangle(np.where(known, table, np.nan))
        return to_come(triangle, self.draws, self.seed, calendar=True).total

    def after_clean_ups(self) -> Floats:
        """Those whom clean-ups leave, and what is to become known before one, in draws."""
        after, years = self.clean_ups.late_after, len(self.counts)
        found, spans, since = self.cohorts()
        pool = left_after(found, self.draws, self.seed)
        each_year = pool.ever.sum(axis=1) / sum(spans)
        generator = np.random.default_rng(self.seed)
        entered = generator.poisson(each_year * since)
        soon = self._to_come(min(after, years))
        return np.asarray(pool.hidden.sum(axis=1) + entered + soon)

    def cohorts(self) -> tuple[Floats, list[int], int]:
        """Found by cohort and clean-up; years of each cohort; years whose emigrants none looked at.

        A cohort is who left before a clean-up by as many years as make a report late, and not
        before the one before it.
        """
        after, years = self.clean_ups.late_after, len(self.counts)
        by_known = np.zeros((years, years))
        for year in range(years):
            late = self.counts[year, after : years - year]
            by_known[year, year + after : year + after + len(late)] = late
        named = [year - self.first for year in self.clean_ups.years]
        wrong = [year for year in named if not after <= year < years]
        if wrong:
            raise UsageError(
                "is no year in which a clean-up can be looked at", where="clean_ups",
                value=wrong[0] + self.first,
                allowed=f"{self.first + after} to {self.first + years - 1}",
            )  # fmt: skip
        done = sorted(set(named)) or [int(n) for n in np.flatnonzero(by_known.sum(axis=0))]
        ends = [0, *(year - after + 1 for year in done)]
        found = np.full((len(done), len(done)), np.nan)
        for cohort in range(len(done)):
            mine = by_known[ends[cohort] : ends[cohort + 1]].sum(axis=0)
            found[cohort, cohort:] = mine[done[cohort:]]
        spans = [int(n) for n in np.diff(ends)]
        return found, spans, years - ends[-1]

    def shared(self, total: Floats, groups: Sequence[tuple[int | None, ...]]) -> Floats:
        """Draws of a total shared among groups as late reports were: (draws, groups).

        Parameters
        ----------
        total
            Draws of the total.
        groups
            Numbers of the variables of each group.
        """
        if len(groups) == 1 and not groups[0]:
            return total[:, None]
        known = np.array([self.late.get(group, 0.0) for group in groups])
        generator = np.random.default_rng(self.seed)
        share = generator.dirichlet(known + 1 / len(groups), len(total))
        return generator.multinomial(np.round(total).astype(np.int64), share).astype(float)


def reports(
    connection: duckdb.DuckDBPyConnection, times: Times, groups: Groups, clean_ups: CleanUps,
    draws: int, seed: int,
) -> Reports:  # fmt: skip
    """Emigrations of the years before a day.

    Parameters
    ----------
    connection
        An open store.
    times
        The day.
    groups
        What they are told apart by.
    clean_ups, draws, seed
        As of `Reports`.
    """
    years = min(times.day.year - times.limits.first.year, _MOST_YEARS)
    if years < 2:
        raise UsageError(
            "is too soon: reports of one year do not show how many come later", where="date",
            value=times.day, next_step="Ask for a later day, or for another method",
        )  # fmt: skip
    steps = emigration_steps(groups.chosen)
    values = times.values(years) | {"turn_known": times.known.month * 100 + times.known.day}
    found = fetch(connection, steps, parameters_of(compose(steps), values))
    frame = groups.kept(pl.DataFrame(found))
    first = times.day.year - years
    # The last year is known after as many years as lie between the day and the knowledge date.
    last = times.known.year - 1
    origin = frame["origin"].to_numpy().astype(np.int64)
    delay = frame["known_year"].to_numpy().astype(np.int64) - (last - years + 1) - origin
    persons = frame["persons"].to_numpy().astype(float)
    counts = np.zeros((years, years))
    inside = (origin >= 0) & (origin < years) & (delay < years)
    np.add.at(counts, (origin[inside], np.maximum(delay[inside], 0)), persons[inside])
    late: dict[tuple[int | None, ...], float] = {}
    places = [f"v{n}" for n in range(groups.shown)]
    rows = frame.select(places).rows() if places else [()] * len(frame)
    for row, many, after in zip(rows, persons, delay, strict=True):
        if after > 0:
            late[row] = late.get(row, 0.0) + many
    return Reports(first, counts, late, clean_ups, draws, seed)
