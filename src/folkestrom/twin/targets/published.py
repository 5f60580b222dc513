"""The sources' own tables, as printed on the page *Population* of Statistics Norway for 2021.

Only the twin and the demo may read them: nothing published is on the path of a computation.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final

import numpy as np
import polars as pl

from folkestrom.twin.targets.definition import AGE_GROUPS, AGES, MARITAL_CODES, SEXES, Ints

#: Year of the stock in Tables 1-3; the key figures are of the year before.
YEAR: Final = 2021

#: Table 1's rows and the completed ages in them.
TABLE1_GROUPS: Final[dict[str, slice]] = {
    "0": slice(0, 1),
    "1-5": slice(1, 6),
    "6-12": slice(6, 13),
    "13-15": slice(13, 16),
    "16-19": slice(16, 20),
    "20-44": slice(20, 45),
    "45-66": slice(45, 67),
    "67-79": slice(67, 80),
    "80-89": slice(80, 90),
    "90+": slice(90, AGES),
}
#: Years back of Table 1's three columns of change.
TABLE1_SPANS: Final = (1, 5, 10)
#: Table 1's row that lost its percentages on the page.
TABLE1_WITHOUT_CHANGE: Final = "6-12"

#: Table 2's columns in the order of the marital codes 1-9.
TABLE2_COLUMNS: Final = (
    "never_married",
    "married",
    "widowed",
    "divorced",
    "separated",
    "registered_partner",
    "separated_partner",
    "divorced_partner",
    "surviving_partner",
)
#: Persons of unknown marital status on 1 January 2021, men and women: table 07459 less Table 2.
UNKNOWN_MARITAL_BY_SEX: Final = (1242, 830)

#: Table 3's fifteen citizenships in its order.
TABLE3_CITIZENSHIPS: Final = (
    "PL", "LT", "SE", "SY", "DE", "DK", "GB", "RO", "ER", "LV", "PH", "TH", "RU", "ES", "US",
)  # fmt: skip

KEY_FIGURES: Final = (
    "population_start",
    "population_growth",
    "population_end",
    "excess_of_births",
    "births",
    "deaths",
    "net_migration",
    "immigration",
    "emigration",
    "statistical_adjustment",
)

#: Name -> year -> number.
Told = Mapping[str, Mapping[int, int]]

#: Columns of the tidy form: what identifies a cell, then its number or its percentage.
CELL_KEY: Final = ("table", "sex", "row", "column")


@cache
def published_2021() -> pl.DataFrame:
    """The page's tables in tidy form, one row a printed cell.

    Columns: `table` (key-figures, age-groups, marital-status, citizenship), `sex` (both, male,
    female; empty for key figures), `row`, `column`, and `number` or `percent`. A cell that the
    page lost has neither.
    """
    path = resources.files("folkestrom.twin.targets") / "data" / "published_2021.csv"
    with path.open("rb") as stream:
        return pl.read_csv(
            stream.read(),
            schema={
                **dict.fromkeys(CELL_KEY, pl.String),
                "number": pl.Int64,
                "percent": pl.Float64,
            },
        ).with_columns(pl.col(CELL_KEY).fill_null(""))


def _numbers(table: str) -> dict[tuple[str, str, str], int]:
    frame = published_2021().filter((pl.col("table") == table) & pl.col("number").is_not_null())
    return {(sex, row, column): n for _, sex, row, column, n, _ in frame.iter_rows()}


def key_figures() -> dict[str, int]:
    """Key figures of 2020 by name (see `KEY_FIGURES`)."""
    return {column: n for (_, _, column), n in _numbers("key-figures").items()}


def table1_population() -> dict[str, int]:
    """Residents on 1 January 2021 by Table 1's age groups, "total" included."""
    cells = _numbers("age-groups")
    return {row: n for (_, row, column), n in cells.items() if column == "population"}


def table1_changes() -> dict[tuple[str, int], float]:
    """Change in percent by age group and years back; lost cells are left out."""
    frame = published_2021().filter(
        (pl.col("table") == "age-groups") & pl.col("percent").is_not_null()
    )
    return {(r["row"], int(r["column"].split("_")[1])): r["percent"] for r in frame.to_dicts()}


def table2_counts() -> Ints:
    """int64[2, 21, 10]: Table 2 by sex, age group and marital code (code 0, unknown, is empty)."""
    cells = _numbers("marital-status")
    out = np.zeros((2, len(AGE_GROUPS), MARITAL_CODES), dtype=np.int64)
    for sex, sex_name in enumerate(SEXES):
        for group, group_name in enumerate(AGE_GROUPS):
            for code, column in enumerate(TABLE2_COLUMNS, start=1):
                out[sex, group, code] = cells[sex_name, group_name, column]
    return out


def unknown_marital_by_age() -> Ints:
    """int64[21]: persons of unknown marital status by age group, as the page reveals them.

    Table 2's rows for both sexes include them, its rows for men and for women do not.
    """
    cells = _numbers("marital-status")
    both = np.array([cells["both", group, "total"] for group in AGE_GROUPS], dtype=np.int64)
    return np.asarray(both - table2_counts().sum(axis=(0, 2)), dtype=np.int64)


def table3_counts() -> dict[tuple[str, str], int]:
    """Foreign citizens by sex and citizenship, "total" included."""
    return {(sex, row): n for (sex, row, _), n in _numbers("citizenship").items()}


def five_year(population: Ints) -> Ints:
    """int64[2, 21]: a stock by sex and single age in the groups of Table 2."""
    starts = [*range(0, 101, 5)]
    return np.asarray(np.add.reduceat(population[:, :AGES], starts, axis=1), dtype=np.int64)


def event_targets(years: tuple[int, ...], told: Told | None = None) -> dict[str, Ints]:
    """Marriages, divorces, stillbirths and moves between municipalities of each window, int64[T].

    Single years are in ``data/events.csv``, with their sources. Between known years and beyond them
    the first three are as in the nearest, by straight lines; moves are 0: not known.

    Parameters
    ----------
    years
        The T + 1 years of the stocks.
    told
        Name -> year -> number, instead of those of the data file.

    Examples
    --------
    >>> {name: int(values[-1]) for name, values in event_targets((2019, 2020, 2021)).items()}
    {'marriages': 16151, 'divorces': 9355, 'stillbirths': 133, 'moves': 247257}
    """
    path = resources.files("folkestrom.twin.targets") / "data" / "events.csv"
    with path.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    out = {}
    for name in ("marriages", "divorces", "stillbirths"):
        known = (told or {}).get(name) or {int(row["year"]): int(row[name]) for row in rows}
        at = sorted(known)
        values = np.interp(years[:-1], at, [known[year] for year in at])
        out[name] = np.rint(values).astype(np.int64)
    moves = {int(row["year"]): int(row["moves"]) for row in rows if row["moves"]}
    out["moves"] = np.array([moves.get(year, 0) for year in years[:-1]], dtype=np.int64)
    return out
