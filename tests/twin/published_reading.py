"""The published tables computed from report files, plainly: see `reading`."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator

import polars as pl

from folkestrom.twin.targets import published
from folkestrom.twin.targets.definition import AGE_GROUPS, SEXES
from folkestrom.twin.targets.expected import Cell, percent_change
from tests.twin.reading import Log, State, completed_age

YEAR = 2021


def read_tables(log: Log) -> pl.DataFrame:
    """Key figures and Tables 1-3 in the form of `published_tables`."""
    stocks = {
        year: list(log.stock(dt.date(year, 1, 1), dt.date(year, 2, 1)).values())
        for year in (YEAR, YEAR - 1, YEAR - 5, YEAR - 10)
    }
    rows = [*_key(log, stocks), *_table1(stocks), *_table2(stocks[YEAR]), *_table3(stocks[YEAR])]
    schema = {
        **dict.fromkeys(published.CELL_KEY, pl.String),
        "number": pl.Int64,
        "percent": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _key(log: Log, stocks: dict[int, list[State]]) -> Iterator[Cell]:
    flows = Counter(r.kind for r in log.flows(YEAR - 1))
    start, end = len(stocks[YEAR - 1]), len(stocks[YEAR])
    excess = flows["birth"] - flows["death"]
    net = flows["immigration"] - flows["emigration"]
    values = (
        start, end - start, end, excess, flows["birth"], flows["death"], net,
        flows["immigration"], flows["emigration"], end - start - excess - net,
    )  # fmt: skip
    for name, value in zip(published.KEY_FIGURES, values, strict=True):
        yield "key-figures", "", "value", name, value, None


def _table1(stocks: dict[int, list[State]]) -> Iterator[Cell]:
    for name, ages in {"total": slice(0, 106), **published.TABLE1_GROUPS}.items():
        number = {
            year: sum(ages.start <= completed_age(s.birth, year) < ages.stop for s in states)
            for year, states in stocks.items()
        }
        yield "age-groups", "both", name, "population", number[YEAR], None
        for span in published.TABLE1_SPANS:
            change = None
            if name != published.TABLE1_WITHOUT_CHANGE:
                change = percent_change(number[YEAR], number[YEAR - span])
            yield "age-groups", "both", name, f"change_{span}", None, change


def _table2(states: list[State]) -> Iterator[Cell]:
    for sexes in (SEXES, SEXES[:1], SEXES[1:]):
        sex = "both" if len(sexes) == 2 else sexes[0]
        mine = [s for s in states if s.sex in sexes]
        known = [s for s in mine if s.marital != "unknown"]
        group = {row: Counter[str]() for row in AGE_GROUPS}
        for s in mine:
            group[AGE_GROUPS[min(completed_age(s.birth, YEAR) // 5, 20)]][s.marital] += 1
        yield "marital-status", sex, "total", "total", len(known), None
        for column in published.TABLE2_COLUMNS:
            total = sum(s.marital == column for s in known)
            yield "marital-status", sex, "total", column, total, None
        for row, counts in group.items():
            # The page counts the unknown in the rows of both sexes only.
            total = counts.total() - (0 if sex == "both" else counts["unknown"])
            yield "marital-status", sex, row, "total", total, None
            for column in published.TABLE2_COLUMNS:
                yield "marital-status", sex, row, column, counts[column], None


def _table3(states: list[State]) -> Iterator[Cell]:
    counts = Counter((s.sex, s.citizenship) for s in states)
    for row in ("total", *published.TABLE3_CITIZENSHIPS):
        number = [
            sum(n for (s, c), n in counts.items() if s == sex and (c == row or row == "total"))
            - (counts[sex, "NO"] if row == "total" else 0)
            for sex in SEXES
        ]
        for sex, value in zip(("both", *SEXES), (sum(number), *number), strict=True):
            yield "citizenship", sex, row, "population", value, None
