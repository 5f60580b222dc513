"""Where the basic units of a store are on a day, or from when to when as it was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from folkestrom.classifications.areas import lives
from folkestrom.classifications.basic_units import UNIT_PLACES, unit_places
from folkestrom.classifications.code_lists import county_code, municipality_code
from folkestrom.classifications.conversion import border_days, shares_of, traced
from folkestrom.engine.rows import is_table
from folkestrom.engine.steps import run
from folkestrom.model.report import UNITS
from folkestrom.register.tables import REPORTED_UNIT
from folkestrom.variables.borders.views import first_stay, own_tables

Int = NDArray[np.int64]
#: From when to when codes of places hold that never changed.
ALWAYS: Final = (date(1, 1, 1), date(9999, 12, 31))
_ONE_DAY: Final = timedelta(days=1)
_DAYS: Final = "datetime64[D]"


def places(
    connection: duckdb.DuckDBPyConnection,
    reported: date | None,
    asked: date | None,
    unit: str = "basic_unit",
) -> dict[str, NDArray[Any]]:
    """Where every basic unit that occurs is from when to when, by what is asked for.

    Parameters
    ----------
    connection
        An open store.
    reported
        The day whose codes reports have; None: those of their own day.
    asked
        The day whose borders are asked for, which then hold always; None: those of each day.
    unit
        Column of the classification that stands for the unit.

    Returns
    -------
    dict
        Equally long: `key` (the unit as it is reported), `municipality`, `basic_unit` (0: as it is
        reported), `valid_from`, `valid_to` (half open), and `stock_from`, `stock_to`, by which
        stocks go: a code that begins on a day does so at the end of the day before.
    """
    occurring = _occurring(connection)
    known = _classified(connection, unit, asked)
    if known["key"].size:
        occurs = np.isin(known["key"], occurring)
        known = {name: column[occurs] for name, column in known.items()}
    units = np.setdiff1d(occurring, known["key"])
    seen, spells = _times(connection, asked)
    at = _on(units, seen, reported, asked)
    made = {
        "key": np.repeat(units, len(spells)),
        "municipality": at.T.reshape(-1),
        "basic_unit": np.zeros(units.size * len(spells), np.int64),
        "valid_from": np.tile(np.array([begins for begins, _ in spells], _DAYS), units.size),
        "valid_to": np.tile(np.array([ends for _, ends in spells], _DAYS), units.size),
    }
    if known["key"].size:
        made = {name: np.concatenate([made[name], known[name]]) for name in made}
        order = np.lexsort((made["valid_from"], made["key"]))
        made = {name: column[order] for name, column in made.items()}
    return _merged(made)


def estimated(
    connection: duckdb.DuckDBPyConnection, reported: date | None, asked: date | None
) -> list[str]:
    """Municipalities and counties that persons are divided between by weights."""
    known = _classified(connection, "basic_unit", None)["key"]
    units = np.setdiff1d(_occurring(connection), known)
    seen, _ = _times(connection, asked)
    found: set[str] = set()
    for code, at in _begins(np.unique(units // UNITS).tolist(), seen, reported, asked).items():
        for there in _reached(code, at, seen, back=reported is not None or asked is not None):
            for decode, of in ((municipality_code, 1), (county_code, 100)):
                several = {place // of for place in there}
                found |= {decode(place) for place in several if len(several) > 1}
    return sorted(found)


def _reached(code: int, at: date, seen: Sequence[date], *, back: bool) -> Iterator[set[int]]:
    """Where parts of a municipality are on each of several days, if it is divided by then."""
    later = [day for day in seen if day > at]
    earlier = [day for day in reversed(seen) if day <= at] if back else []
    for days in (later, earlier):
        there, before = {code}, at
        for day in days:
            there = {to for place in there for to in shares_of(place, before, day)}
            before = day
            if len(there) > 1:
                yield there


def _times(
    connection: duckdb.DuckDBPyConnection, asked: date | None
) -> tuple[list[date], list[tuple[date, date]]]:
    """Days on which places are looked up, and from when to when each of them stands for."""
    if asked is not None:
        return [asked], [ALWAYS]
    ((first,),) = run(connection, [first_stay(own_tables(connection))]).fetchall()
    days = border_days(first or ALWAYS[0])
    # Of the time before the first change, the day before it; of any later one, its first day.
    seen = [day - _ONE_DAY for day in days[:1]] + [*days]
    return seen, [*zip((ALWAYS[0], *days), (*days, ALWAYS[1]), strict=True)]


def _occurring(connection: duckdb.DuckDBPyConnection) -> Int:
    """Basic units that any report has."""
    found = connection.execute(f"FROM {REPORTED_UNIT}").fetchnumpy()
    return np.sort(np.asarray(found["basic_unit"], np.int64))


def _classified(
    connection: duckdb.DuckDBPyConnection, unit: str, asked: date | None
) -> dict[str, NDArray[Any]]:
    """The store's classification of basic units, if it has one."""
    if not is_table(connection, UNIT_PLACES):
        none = np.zeros(0, np.int64)
        return dict.fromkeys(("key", "municipality", "basic_unit"), none) | dict.fromkeys(
            ("valid_from", "valid_to"), none.astype(_DAYS)
        )
    found = run(connection, [unit_places(unit)]).fetchnumpy()
    rows = {name: np.asarray(column) for name, column in found.items()}
    rows |= {name: rows[name].astype(_DAYS) for name in ("valid_from", "valid_to")}
    if asked is None:
        return rows
    there = (rows["valid_from"] <= np.datetime64(asked)) & (rows["valid_to"] > np.datetime64(asked))
    rows = {name: column[there] for name, column in rows.items()}
    rows["valid_from"][:], rows["valid_to"][:] = ALWAYS
    return rows


def _begins(
    codes: Iterable[int], seen: Sequence[date], reported: date | None, asked: date | None
) -> Mapping[int, date]:
    """The day as of which each municipality's code means a place, to be found on other days."""
    if reported is not None:
        return dict.fromkeys(codes, reported)
    known = {
        int(code): (date.min if asked is not None and earlier else begins, ends)
        for code, begins, ends, earlier in lives()
    }
    found = {}
    for code in codes:
        begins, ends = known.get(code, ALWAYS)
        if asked is not None:
            found[code] = min(max(asked, begins), ends - _ONE_DAY)
        elif seen and ends > seen[0]:
            found[code] = max(begins, seen[0])
    return found


def _on(
    units: Int, seen: Sequence[date], reported: date | None, asked: date | None
) -> NDArray[np.int64]:
    """The municipality of units on each of several days, a row a day."""
    codes, numbers = units // UNITS, units % UNITS
    found = np.tile(codes, (len(seen), 1))
    begins = _begins(np.unique(codes).tolist(), seen, reported, asked)
    for at in set(begins.values()):
        own = np.flatnonzero(np.isin(codes, [code for code, day in begins.items() if day == at]))
        for back in (True, False):
            # Codes of their own day mean nothing before they begin.
            if back and reported is None and asked is None:
                continue
            days = [n for n, day in enumerate(seen) if (day <= at if back else day > at)]
            days = days[::-1] if back else days
            there = traced(codes[own], numbers[own], [at, *(seen[n] for n in days)])[1:]
            for n, municipality in zip(days, there, strict=True):
                found[n, own] = municipality
    return found


def _merged(rows: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Spells as long as a place is the same, with what stocks go by."""
    same = ("key", "municipality", "basic_unit")
    starts = np.ones(rows["key"].size, bool)
    for name in same:
        starts[1:] &= rows[name][1:] == rows[name][:-1]
    starts[1:] = ~starts[1:]
    ends = np.append(starts[1:], True)[: starts.size]
    made = {name: rows[name][starts] for name in (*same, "valid_from")}
    made["valid_to"] = rows["valid_to"][ends]
    edges = np.array(ALWAYS, _DAYS)
    for name in ("from", "to"):
        day = made[f"valid_{name}"]
        made[f"stock_{name}"] = np.where(np.isin(day, edges), day, day - np.timedelta64(1, "D"))
    return made


def converted(rows: Mapping[str, NDArray[Any]]) -> bool:
    """Whether any place is another one than it is reported as."""
    other = rows["municipality"] != rows["key"] // UNITS
    units = (rows["basic_unit"] != 0) & (rows["basic_unit"] != rows["key"])
    return bool(np.any(other | units))


def as_table(rows: Mapping[str, NDArray[Any]]) -> pa.Table:
    """Places as an Arrow table."""
    types = {"key": pa.int32(), "municipality": pa.int16(), "basic_unit": pa.int32()}
    return pa.table(
        {
            name: pa.array(column, mask=column == 0 if name == "basic_unit" else None).cast(
                types.get(name, pa.date32())
            )
            for name, column in rows.items()
        }
    )
