"""Stocks at many days in one pass over the history.

The meaning is that of `population` at each day by itself; this is the same count, arranged so that
every row of the history is read once. A row counts on the days between its beginning and its end
that are looked at while it is known. Days and knowledge dates rise together, so these are the days
from a first one (`enter`) to before a last one (`leave`): +1 at `enter`, −1 at `leave`, and the
running sum over days is the stock.

Age needs one thing more. On the first day of a quarter, completed age is a function of the
quarter of birth: everybody born in one quarter has had the same birthdays. So persons are counted
by quarter of birth, and quarters are folded into ages a day at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Final, Protocol

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from folkestrom.classifications.age_groups import AgeGroups
from folkestrom.engine.steps import compose, run, step
from folkestrom.statistics.record_keys import SUFFIX, rows_with_keys
from folkestrom.variables.borders.paths import by_path, codes_of_paths
from folkestrom.variables.sources import AGE, ATTRIBUTE, BIRTHPLACE, RESIDENCE
from folkestrom.variables.variable import Variable

Int = NDArray[np.int32]

#: Cells × days that are held in memory at 4 bytes each; larger tables are made a day at a time.
LARGEST: Final = 200_000_000
#: Largest code that is looked up in an array.
LARGEST_CODE: Final = 100_000
#: Rows that are taken from the engine at a time.
BATCH: Final = 2_000_000
#: Stands for a code that the register has not.
NO_CODE: Final = -1

_EPOCH: Final = date(1970, 1, 1)
#: What the history of residence has by itself.
_OF_RESIDENCE: Final = {AGE, ATTRIBUTE, BIRTHPLACE, RESIDENCE}
_QUARTERS: Final = {(month, 1) for month in (1, 4, 7, 10)}
_DAYS: Final = ("valid_from", "valid_to", "known_from", "known_to")


class Moment(Protocol):
    """A reference date with its knowledge date."""

    @property
    def day(self) -> date:
        """Reference date."""

    @property
    def known_at(self) -> date:
        """Knowledge date."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How cells are laid out: one axis a variable, and one of birth quarters if there is an age.

    Parameters
    ----------
    moments
        Days with knowledge dates, both in order.
    chosen
        Variables of the result.
    codes
        Every code of each variable that is not an age, in order.
    quarters
        First and last quarter of birth, counted in quarters since year 0; None without an age.
    paths
        (moments, paths) In other borders: the code of each path at each moment, of the only place
        among the variables, which is counted by paths. None: places are counted by their codes.
    """

    moments: tuple[Moment, ...]
    chosen: tuple[Variable, ...]
    codes: tuple[Int, ...]
    quarters: tuple[int, int] | None
    paths: Int | None = None

    @property
    def age_axis(self) -> int:
        """Place of the age among the variables."""
        return next(n for n, v in enumerate(self.chosen) if v.ages)

    @property
    def groups(self) -> AgeGroups | None:
        """How ages are grouped, if they are."""
        return self.chosen[self.age_axis].groups

    @property
    def ages(self) -> int:
        """Number of ages or groups of age, the unknown one included; 0 without an age."""
        if self.quarters is None:
            return 0
        if self.groups is not None:
            return len(self.groups.starts) + 1
        return (_quarter(self.moments[-1].day) - self.quarters[0]) // 4 + 2

    @property
    def plain(self) -> tuple[Variable, ...]:
        """The variables that are no ages."""
        return tuple(v for v in self.chosen if not v.ages)

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes; the last one is of quarters of birth, and of those unknown."""
        born = 1 if self.quarters is None else self.quarters[1] - self.quarters[0] + 2
        return (*(len(codes) for codes in self.codes), born)


@step("code_list", reads=["residence"], example={"expression": "municipality"})
def code_list(expression: str) -> str:
    """Every code that a variable has anywhere in the history of residence; unknown last."""
    return f"""
        SELECT DISTINCT coalesce({expression}, {NO_CODE}) AS code
        FROM residence
        ORDER BY CASE WHEN code = {NO_CODE} THEN 1 ELSE 0 END, code
    """


@step("birth_range", reads=["residence"])
def birth_range() -> str:
    """First and last date of birth in the history of residence."""
    return "SELECT min(birth_date) AS first_born, max(birth_date) AS last_born FROM residence"


@step("spells", reads=["residence"], example={"expressions": ("municipality", "sex")})
def spells(expressions: Sequence[str], *, keys: bool = False) -> str:
    """Rows of the history that hold on some of the days and are known on some knowledge date."""
    columns = "".join(f"coalesce({sql}, {NO_CODE}) AS v{n}, " for n, sql in enumerate(expressions))
    return f"""
        SELECT {columns}{"person, " if keys else ""}birth_date,
               valid_from, valid_to, known_from, known_to
        FROM residence
        WHERE valid_from <= $last_eve AND valid_to > $first_eve
          AND known_from <= $last_known AND known_to > $first_known
    """


def plan(
    connection: duckdb.DuckDBPyConnection, moments: Sequence[Moment], chosen: Sequence[Variable]
) -> Plan | None:
    """Lay the cells out, or None where one pass cannot serve."""
    if not _serves(moments, chosen):
        return None
    plain = [v for v in chosen if not v.ages]
    paths = None
    if [v.area for v in plain if v.area] in ([1], [2]):
        sql = next(v.sql for v in plain if v.area)
        paths = codes_of_paths(connection, sql, [m.day for m in moments])
    codes = tuple(
        np.asarray(run(connection, [code_list(v.sql)]).fetchnumpy()["code"], np.int32)
        if paths is None or not v.area
        else np.arange(1, paths.shape[1] + 1, dtype=np.int32)
        for v in plain
    )
    quarters = None
    if len(plain) < len(chosen):
        ((first, last),) = run(connection, [birth_range()]).fetchall()
        quarters = (_quarter(first or _EPOCH), _quarter(last or _EPOCH))
    made = Plan(tuple(moments), tuple(chosen), codes, quarters, paths)
    size = int(np.prod(made.shape, dtype=np.int64)) * (len(moments) + 1)
    too_large = size > LARGEST or any(c.size and c.max() > LARGEST_CODE for c in codes)
    return None if too_large else made


def stocks(connection: duckdb.DuckDBPyConnection, plan: Plan, *, keys: bool = False) -> pa.Table:
    """The stock of every day, in one table with a column `date`; if asked, with sums of keys."""
    # Sums of keys are modulo 2³², as additions of 32 bits are.
    sums = np.zeros((1 + keys, len(plan.moments) + 1, int(np.prod(plan.shape))), np.int32)
    with nullcontext() if plan.paths is None else by_path(connection):
        for batch in _batches(connection, plan, keys):
            _count(sums, batch, plan)
    for i in range(1, sums.shape[1]):
        sums[:, i] += sums[:, i - 1]
    return _table(plan, [_cells_of(plan, i, sums[:, i]) for i in range(len(plan.moments))])


def _serves(moments: Sequence[Moment], chosen: Sequence[Variable]) -> bool:
    if len(moments) < 2 or any(v.needs - _OF_RESIDENCE for v in chosen):
        return False
    ages = [v for v in chosen if v.ages]
    aligned = all((m.day.month, m.day.day) in _QUARTERS for m in moments)
    rising = all(a.known_at <= b.known_at for a, b in pairwise(moments))
    return rising and len(ages) <= 1 and (aligned or not ages)


def _batches(
    connection: duckdb.DuckDBPyConnection, plan: Plan, keys: bool
) -> Iterator[pa.RecordBatch]:
    one_day = timedelta(days=1)
    parameters = {
        "first_eve": plan.moments[0].day - one_day,
        "last_eve": plan.moments[-1].day - one_day,
        "first_known": plan.moments[0].known_at,
        "last_known": plan.moments[-1].known_at,
    }
    followed = plan.paths is not None
    expressions = ["municipality" if followed and v.area else v.sql for v in plan.plain]
    steps = [spells(expressions, keys=keys)]
    sql = compose([*steps, rows_with_keys("spells")] if keys else steps)
    yield from connection.sql(sql, params=parameters).to_arrow_reader(BATCH)


def _count(sums: Int, batch: pa.RecordBatch, plan: Plan) -> None:
    """Add +1 where each row of a batch enters, and −1 where it leaves; and its key likewise."""
    days = np.array([(m.day - _EPOCH).days for m in plan.moments])
    known = np.array([(m.known_at - _EPOCH).days for m in plan.moments])
    valid_from, valid_to, known_from, known_to = (_numbers(batch, name) for name in _DAYS)
    # On day D counts what began before D and did not end before D; at K is known what became
    # known by K and was not superseded by K.
    enter = np.maximum(_first(days, valid_from, "right"), _first(known, known_from, "left"))
    leave = np.minimum(_first(days, valid_to, "right"), _first(known, known_to, "left"))
    there = np.flatnonzero(enter < leave)
    cell = _cell_numbers(batch, plan)[there]
    entering = enter[there].astype(np.int64) * sums.shape[2] + cell
    leaving = leave[there].astype(np.int64) * sums.shape[2] + cell
    # An array of ones: numpy adds arrays at places several times faster than a scalar.
    added = [np.ones(len(there), np.int32)]
    if len(sums) > 1:
        added.append(_numbers(batch, "key")[there].astype(np.uint32).view(np.int32))
    for flat, values in zip(sums.reshape(len(sums), -1), added, strict=True):
        np.add.at(flat, entering, values)
        np.subtract.at(flat, leaving, values)


def _cell_numbers(batch: pa.RecordBatch, plan: Plan) -> Int:
    number = np.zeros(batch.num_rows, np.int32)
    for n, codes in enumerate(plan.codes):
        lookup = np.zeros(int(codes.max()) + 2, np.int32)  # the last place serves NO_CODE
        lookup[codes] = np.arange(len(codes))
        number = number * np.int32(len(codes)) + lookup[_numbers(batch, f"v{n}")]
    if plan.quarters is None:
        return number
    return number * np.int32(plan.shape[-1]) + _birth_places(batch, plan.quarters)


def _birth_places(batch: pa.RecordBatch, quarters: tuple[int, int]) -> Int:
    """Place of each row's quarter of birth; the one after the last is for unknown dates."""
    first, last = quarters
    column = batch.column("birth_date")
    begin = np.datetime64(f"{first // 4:04d}-{first % 4 * 3 + 1:02d}-01")
    days = np.arange(begin, np.datetime64(f"{last // 4 + 1:04d}-01-01"))
    months = days.astype("datetime64[M]").astype(np.int32) + 1970 * 12
    lookup: Int = np.append(months // 3 - first, last - first + 1).astype(np.int32)
    offset = begin.astype(np.int64)
    numbers = _numbers(batch, "birth_date") - np.int32(offset)
    if column.null_count:
        numbers = np.where(_numbers_of(column.is_null().cast(pa.int8())), -1, numbers)
    places: Int = lookup[numbers]
    return places


def _numbers(batch: pa.RecordBatch, name: str) -> Int:
    return _numbers_of(batch.column(name))


def _numbers_of(column: pa.Array) -> Int:
    if pa.types.is_date32(column.type):
        column = column.view(pa.int32())
    if column.null_count:
        column = column.fill_null(0)
    # Not to_numpy: that imports pandas where it is installed, which takes seconds.
    numbers: Any = np.from_dlpack(column)
    return numbers  # type: ignore[no-any-return]


def _first(days: NDArray[np.int64], values: Int, side: str) -> NDArray[np.int16]:
    """Number of days before each value (or up to it, side "right"), by looking it up."""
    low, high = int(days[0]) - 1, int(days[-1]) + 1
    table = np.searchsorted(days, np.arange(low, high + 1), side)  # type: ignore[call-overload]
    return table.astype(np.int16)[np.clip(values, low, high) - low]  # type: ignore[no-any-return]


def _cells_of(plan: Plan, i: int, sums: Int) -> tuple[NDArray[Any], ...]:
    """Places along the axis of each variable, in their order, and sums of one day's cells."""
    tables = [_by_variables(plan, i, one.reshape(plan.shape)) for one in sums]
    if not plan.chosen:
        return tuple(table.reshape(1) for table in tables)
    there = np.nonzero(tables[0])
    return (*(places.astype(np.int32) for places in there), *(table[there] for table in tables))


def _by_variables(plan: Plan, i: int, table: Int) -> Int:
    if plan.paths is not None:
        table = _by_place(plan, plan.paths[i], table)
    if plan.quarters is None:
        return table[..., 0]
    by_age = _by_age(plan, plan.quarters, table, plan.moments[i].day)
    return np.moveaxis(by_age, -1, plan.age_axis)


def _by_place(plan: Plan, codes: Int, table: Int) -> Int:
    """Paths folded into the places that they are in."""
    axis = next(n for n, v in enumerate(plan.plain) if v.area)
    listed = np.unique(plan.paths) if plan.paths is not None else codes
    folded = np.zeros((len(listed), *np.delete(table.shape, axis)), np.int32)
    np.add.at(folded, np.searchsorted(listed, codes), np.moveaxis(table, axis, 0))
    return np.moveaxis(folded, 0, axis)


def _by_age(plan: Plan, quarters: tuple[int, int], table: Int, day: date) -> Int:
    """Birth quarters along the last axis, folded into ages or groups of age; unknown ones last."""
    first, last = quarters
    # Born in quarter b, the Nth birthday is in quarter b + 4N, and must lie before the day.
    ages = np.maximum((_quarter(day) - 1 - np.arange(first, last + 1)) // 4, 0)
    if plan.groups is not None:
        ages = np.searchsorted(plan.groups.starts, ages, "right") - 1
    starts = np.flatnonzero(np.append(True, ages[1:] != ages[:-1]))
    folded = np.zeros((*table.shape[:-1], plan.ages), np.int32)
    folded[..., ages[starts]] = np.add.reduceat(table[..., :-1], starts, axis=-1)
    folded[..., -1] = table[..., -1]
    return folded


def _table(plan: Plan, days: Sequence[tuple[NDArray[Any], ...]]) -> pa.Table:
    axes = len(plan.chosen)
    lengths = [len(day[-1]) for day in days]
    dates = np.array([m.day for m in plan.moments], "datetime64[D]")
    columns: dict[str, Any] = {"date": pa.array(np.repeat(dates, lengths), pa.date32())}
    joined = [np.concatenate(parts) for parts in zip(*days, strict=True)]
    codes = iter(plan.codes)
    for variable, place in zip(plan.chosen, joined[:axes], strict=True):
        numbers = [*range(plan.ages - 1), None] if variable.ages else _known(next(codes))
        if variable.area and plan.paths is not None:
            numbers = np.unique(plan.paths).tolist()
        columns[variable.name] = variable.places(place, numbers)
    columns["persons"] = pa.array(joined[axes].astype(np.int32, copy=False), pa.int32())
    for sums in joined[axes + 1 :]:
        columns[f"persons{SUFFIX}"] = pa.array(sums.astype(np.int32, copy=False).view(np.uint32))
    return pa.table(columns)


def _known(codes: Int) -> list[int | None]:
    return [None if code == NO_CODE else code for code in codes.tolist()]


def _quarter(day: date) -> int:
    return day.year * 4 + (day.month - 1) // 3
