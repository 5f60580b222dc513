"""What a panel shows, added up from its batches: outcomes and values by cell.

Batches come in the order of persons. Nothing of them is kept but sums and, of one number, its
values by cell: eight bytes a person-year.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from folkestrom.errors import UsageError

Floats: TypeAlias = npt.NDArray[np.float64]
#: What is computed of a cell's values, given how many of them are one person's at most.
Summary: TypeAlias = Callable[[Floats, int], Sequence[float]]

#: A variable with more levels than this tells nobody anything, and neither does a larger table.
MOST_LEVELS: Final = 1000
MOST_CELLS: Final = 100_000

#: Sums of batches are added up when there are so many of them.
_SUMS: Final = 64
_YEAR: Final = "year"


def outcome_sums(
    batches: Iterable[pa.RecordBatch], by: Sequence[str], outcomes: Sequence[str]
) -> pl.DataFrame:
    """Persons, person-years and outcomes of each cell that a person is in.

    Parameters
    ----------
    batches
        The panel, in the order of persons: `person`, `outcome` and the columns of `by`.
    by
        What cells are told apart by.
    outcomes
        Levels of `outcome`.

    Returns
    -------
    polars.DataFrame
        The columns of `by` as the numbers of their levels; `persons`; `person_years`; `nn`, the sum
        of squares of a person's person-years; and of outcome 0, 1, …: `y0`, its person-years, `p0`,
        the persons they are of, `yy0`, the sum of their squares by person, and `yn0`, of their
        products with all of the person's.

    Raises
    ------
    UsageError
        A column of `by` with too many levels.
    """
    numbers = range(len(outcomes))
    sums: list[pl.DataFrame] = []
    for frame in _whole_persons(batches):
        seen = frame.with_columns((pl.col("outcome") == k).alias(f"y{k}") for k in numbers)
        years = [pl.len().cast(pl.Int64).alias("n"), *(pl.col(f"y{k}").sum() for k in numbers)]
        if _YEAR in by:
            one = pl.lit(1, pl.Int64).alias("n")
            persons = seen.select(*by, one, *(pl.col(f"y{k}").cast(pl.Int64) for k in numbers))
        else:
            persons = seen.group_by([*by, "person"]).agg(years)
        sums = _added([*sums, _sums_of_persons(persons, by, numbers)], by)
    return _added(sums, by, last=True)[0] if sums else _nothing(by, numbers)


def _sums_of_persons(
    persons: pl.DataFrame, by: Sequence[str], numbers: Sequence[int]
) -> pl.DataFrame:
    whole = pl.Int64
    found = [
        pl.len().cast(whole).alias("persons"),
        pl.col("n").sum().cast(whole).alias("person_years"),
        (pl.col("n").cast(whole) ** 2).sum().alias("nn"),
    ]
    for k in numbers:
        y = pl.col(f"y{k}").cast(whole)
        found += [
            y.sum().alias(f"y{k}"),
            (y > 0).sum().cast(whole).alias(f"p{k}"),
            (y**2).sum().alias(f"yy{k}"),
            (y * pl.col("n")).sum().alias(f"yn{k}"),
        ]
    return persons.group_by(list(by)).agg(found) if by else persons.select(found)


def _nothing(by: Sequence[str], numbers: Sequence[int]) -> pl.DataFrame:
    sums = ["persons", "person_years", "nn"]
    sums += [f"{name}{k}" for k in numbers for name in ("y", "p", "yy", "yn")]
    zeros = {} if by else {name: [0] for name in sums}
    schema = dict.fromkeys(by, pl.Int32) | dict.fromkeys(sums, pl.Int64)
    return pl.DataFrame(zeros, schema=schema)


def value_summaries(
    batches: Iterable[pa.RecordBatch],
    of: str,
    by: Sequence[str],
    summary: Summary,
    names: Sequence[str],
) -> pl.DataFrame:
    """Persons with a value, person-years with and without, and a summary of the values by cell.

    Parameters
    ----------
    batches
        The panel, in the order of persons: `person`, `of` and the columns of `by`.
    of
        The column of numbers; what is missing or not a number is no value.
    by
        What cells are told apart by.
    summary
        What is computed of a cell's values.
    names
        What its numbers are called.

    Returns
    -------
    polars.DataFrame
        The columns of `by` as the numbers of their levels; `persons`, `person_years`, `missing`,
        `persons_missing`, those who have no value in some year; and the summary, null where no one
        has a value.
    """
    sums: list[pl.DataFrame] = []
    held: dict[tuple[Any, ...], list[Floats]] = {}
    for frame in _whole_persons(batches):
        rows = frame.with_columns(_value=pl.col(of).cast(pl.Float64).fill_nan(None))
        sums = _added([*sums, _counts_of_values(rows, by)], by)
        valid = rows.filter(pl.col("_value").is_not_null())
        # Parts of one array would keep all of it.
        if by:
            lists = valid.group_by(list(by)).agg(pl.col("_value"))
            for place, key in enumerate(lists.select(by).iter_rows()):
                held.setdefault(key, []).append(lists["_value"][place].to_numpy().copy())
        else:
            held.setdefault((), []).append(valid["_value"].to_numpy().copy())
    counted = _added(sums, by, last=True)[0] if sums else _no_values(by)
    found = []
    for row in counted.select(*by, "repeats").iter_rows():
        parts = held.pop(row[:-1], [])
        values = np.concatenate(parts) if parts else np.empty(0)
        found.append(list(summary(values, row[-1])) if len(values) else [None] * len(names))
    figures = pl.DataFrame(found, schema=dict.fromkeys(names, pl.Float64), orient="row")
    figures = figures.with_columns(pl.col(name).fill_nan(None) for name in names)
    return pl.concat([counted.drop("repeats"), figures], how="horizontal")


def _counts_of_values(rows: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    whole = pl.Int64
    valued = pl.col("_value").count().cast(whole)
    years = [valued.alias("n"), pl.col("_value").null_count().cast(whole).alias("missing")]
    if _YEAR in by:
        has = pl.col("_value").is_not_null().cast(whole)
        persons = rows.select(*by, n=has, missing=1 - has)
    else:
        persons = rows.group_by([*by, "person"]).agg(years)
    found = [
        (pl.col("n") > 0).sum().cast(whole).alias("persons"),
        pl.col("n").sum().cast(whole).alias("person_years"),
        pl.col("missing").sum().cast(whole),
        (pl.col("missing") > 0).sum().cast(whole).alias("persons_missing"),
        pl.col("n").max().alias("repeats"),
    ]
    return persons.group_by(list(by)).agg(found) if by else persons.select(found)


def _no_values(by: Sequence[str]) -> pl.DataFrame:
    sums = ["persons", "person_years", "missing", "persons_missing", "repeats"]
    zeros = {} if by else {name: [0] for name in sums}
    schema = dict.fromkeys(by, pl.Int32) | dict.fromkeys(sums, pl.Int64)
    return pl.DataFrame(zeros, schema=schema)


def _added(
    sums: list[pl.DataFrame], by: Sequence[str], *, last: bool = False
) -> list[pl.DataFrame]:
    """Sums of batches as they are, or when there are many, or no more will come, as one."""
    if len(sums) < _SUMS and not last:
        return sums
    frame = pl.concat(sums)
    folded = [
        pl.col(name).max() if name == "repeats" else pl.col(name).sum()
        for name in frame.columns
        if name not in by
    ]
    one = frame.group_by(list(by)).agg(folded) if by else frame.select(folded)
    _check_size(one, by)
    return [one.sort(list(by), nulls_last=True) if by else one]


def _check_size(found: pl.DataFrame, by: Sequence[str]) -> None:
    for name in by:
        levels = found[name].n_unique()
        if levels > MOST_LEVELS:
            raise UsageError(
                f"has more than {MOST_LEVELS:,} levels, and there would be a cell for each",
                where="by",
                value=name,
                next_step="Make groups of it in the study: [groups.NAME] with starts, codes or "
                "quantiles",
            )
    if found.height > MOST_CELLS:
        raise UsageError(
            f"tell more than {MOST_CELLS:,} cells apart",
            where="by",
            value=", ".join(by),
            next_step="Ask for fewer variables at a time, or for groups of them",
        )


def _whole_persons(batches: Iterable[pa.RecordBatch]) -> Iterator[pl.DataFrame]:
    """Batches cut between persons, with the numbers of levels instead of their names."""
    held: pl.DataFrame | None = None
    for batch in batches:
        if not batch.num_rows:
            continue
        frame = _numbers(batch)
        frame = frame if held is None else pl.concat([held, frame])
        person = frame["person"]
        # A person may go on in the next batch.
        start = int(person.search_sorted(person[-1], side="left"))
        held = frame.slice(start)
        if start:
            yield frame.slice(0, start)
    if held is not None:
        yield held


def _numbers(batch: pa.RecordBatch) -> pl.DataFrame:
    columns = {
        name: column.indices if pa.types.is_dictionary(column.type) else column
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    }
    return pl.DataFrame(pa.table(columns))
