"""The published tables as a set of targets makes them: what the demo holds its figures against.

At scale 1 the tables of the embedded targets, and of the reference targets of 2021, are the page's
own, cell by cell.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

import polars as pl

from folkestrom.twin.targets import published
from folkestrom.twin.targets.definition import AGE_GROUPS, SEXES, Targets

Cell = tuple[str, str, str, str, int | None, float | None]


def published_tables(targets: Targets) -> pl.DataFrame:
    """Key figures and Tables 1-3 for the last 1 January, in the form of `published_2021`.

    The page contradicts itself, and so does this: Table 2's total, and its rows for men and for
    women, leave out the persons of unknown marital status; its rows for both sexes count them.
    Percentages are rounded half up to one decimal, as printed. The row of Table 1 that lost its
    percentages on the page has none here, nor has a change from a year before the targets begin.
    """
    rows = [*_key_figures(targets), *_table1(targets), *_table2(targets), *_table3(targets)]
    schema = {
        **dict.fromkeys(published.CELL_KEY, pl.String),
        "number": pl.Int64,
        "percent": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def compare_published(one: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """Cells in which two frames of published tables differ, with both values."""
    both = one.join(other, on=list(published.CELL_KEY), how="full", suffix="_other", coalesce=True)
    return both.filter(
        ~pl.col("number").eq_missing(pl.col("number_other"))
        | ~pl.col("percent").eq_missing(pl.col("percent_other"))
    ).sort(published.CELL_KEY)


def percent_change(now: int, before: int) -> float | None:
    """Change in percent to one decimal, half a tenth rounded away from zero.

    Examples
    --------
    >>> percent_change(53134, 54834), percent_change(1, 0)
    (-3.1, None)
    """
    if before == 0:
        return None
    exact = Decimal(100 * (now - before)) / Decimal(before)
    # Adding 0.0 makes a negative zero plain.
    return float(exact.quantize(Decimal("0.1"), ROUND_HALF_UP)) + 0.0


def _key_figures(targets: Targets) -> Iterator[Cell]:
    start, end = (int(n) for n in targets.total[-2:])
    births, deaths = int(targets.births[-1].sum()), int(targets.deaths[-1])
    arrived, left = int(targets.immigration[-1]), int(targets.emigration[-1])
    values = {
        "population_start": start,
        "population_growth": end - start,
        "population_end": end,
        "excess_of_births": births - deaths,
        "births": births,
        "deaths": deaths,
        "net_migration": arrived - left,
        "immigration": arrived,
        "emigration": left,
        "statistical_adjustment": int(targets.adjustment[-1]),
    }
    for name in published.KEY_FIGURES:
        yield "key-figures", "", "value", name, values[name], None


def _table1(targets: Targets) -> Iterator[Cell]:
    groups = {"total": slice(None), **published.TABLE1_GROUPS}
    for name, ages in groups.items():
        now = int(targets.population[-1][:, ages].sum())
        yield "age-groups", "both", name, "population", now, None
        for span in published.TABLE1_SPANS:
            change = None
            if span <= targets.windows and name != published.TABLE1_WITHOUT_CHANGE:
                then = int(targets.population[-1 - span][:, ages].sum())
                change = percent_change(now, then)
            yield "age-groups", "both", name, f"change_{span}", None, change


def _table2(targets: Targets) -> Iterator[Cell]:
    final = targets.marital[-1]
    known, unknown = final[:, :, 1:], final[:, :, 0]
    for name, cells, extra in (
        ("both", known.sum(axis=0), unknown.sum(axis=0)),
        (SEXES[0], known[0], 0 * unknown[0]),
        (SEXES[1], known[1], 0 * unknown[1]),
    ):
        totals = cells.sum(axis=1) + extra
        yield "marital-status", name, "total", "total", int(cells.sum()), None
        for code, column in enumerate(published.TABLE2_COLUMNS):
            count = int(cells[:, code].sum())
            yield "marital-status", name, "total", column, count, None
        for group, row in enumerate(AGE_GROUPS):
            yield "marital-status", name, row, "total", int(totals[group]), None
            for code, column in enumerate(published.TABLE2_COLUMNS):
                yield "marital-status", name, row, column, int(cells[group, code]), None


def _table3(targets: Targets) -> Iterator[Cell]:
    final = targets.citizenship[-1]
    place = {code: n for n, code in enumerate(targets.citizenship_codes)}
    foreign = final.sum(axis=1) - final[:, place["NO"]]
    for row in ("total", *published.TABLE3_CITIZENSHIPS):
        male, female = foreign if row == "total" else final[:, place[row]]
        counts = {"both": int(male + female), "male": int(male), "female": int(female)}
        for sex, count in counts.items():
            yield "citizenship", sex, row, "population", count, None
