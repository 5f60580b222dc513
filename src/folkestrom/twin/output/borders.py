"""The synthetic country in the borders of its day: same lives, other codes of places.

Lives are simulated in the municipalities of 2020. Each of its basic units is then followed back
through every change of municipalities before 2020, and on through those after, so that about the
right share of units is in each municipality that there was (`classifications.conversion.traced`).
A unit that is in another municipality than in 2020 has a number of its own there. The files of
reports get the codes of the day of each event, and the classification of basic units, with its
changes, is written beside them.
"""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from folkestrom.classifications.conversion import border_days, traced
from folkestrom.twin.years.country import Country

Int = NDArray[np.int64]
#: The borders that lives are simulated in.
SIMULATED: Final = date(2020, 1, 1)
CLASSIFICATIONS: Final = "classifications"
_UNIT: Final = 10_000
_EPOCH: Final = date(1970, 1, 1)
_UNITS: Final = ("basic_unit", "basic_unit_from")


def write_as_it_was(reports: Path, classifications: Path, units: Int) -> None:
    """Give report files the codes of each event's day, and write the classification of units.

    Parameters
    ----------
    reports
        Folder of the report files, with the codes of 2020.
    classifications
        Folder to write `basic_units.csv` and `basic_unit_changes.csv` into; must exist.
    units
        (units,) Every basic unit of the country, as in 2020.
    """
    days = border_days()
    spells = codes_by_spell(units, days)
    ends = np.array([(day - _EPOCH).days for day in days])
    for path in sorted(reports.glob("*.parquet")):
        table = pq.read_table(path)
        pq.write_table(_recoded(table, units, spells, ends), path, compression="snappy")
    _write_units(classifications, spells, days)


def units_of(country: Country) -> Int:
    """Every basic unit of a synthetic country, as in 2020."""
    codes = country.targets.municipality_codes.tolist()
    return np.array(
        [
            code * _UNIT + n
            for code, many in zip(codes, country.units.tolist(), strict=True)
            for n in range(1, many + 1)
        ]
    )


def codes_by_spell(units: Int, days: tuple[date, ...]) -> Int:
    """(spells, units) Code of each unit before the first day, and from each day on.

    A unit keeps its code as long as its municipality keeps its own.

    Examples
    --------
    >>> days = (date(2018, 1, 1), date(2020, 1, 1))
    >>> codes_by_spell(np.array([30050001, 3010001]), days).tolist()
    [[6020001, 3010001], [6020001, 3010001], [30050001, 3010001]]
    """
    at = days.index(SIMULATED) + 1
    starts = [date.fromordinal(days[0].toordinal() - 1), *days]
    places, numbers = units // _UNIT, units % _UNIT
    back = traced(places, numbers, [SIMULATED, *reversed(starts[:at])])[1:]
    on = traced(places, numbers, [SIMULATED, *starts[at + 1 :]])[1:]
    codes = [units]
    used: dict[int, int] = {}
    for unit in units.tolist():
        used[unit // _UNIT] = max(used.get(unit // _UNIT, 0), unit % _UNIT)
    for place in back:
        codes.insert(0, _numbered(codes[0], place, used))
    for place in on:
        codes.append(_numbered(codes[-1], place, used))
    return np.array(codes)


def places_of(units: Int) -> pa.Table:
    """The municipality of each basic unit from when to when, by its number in 2020.

    Columns: `unit`, `municipality`, `begins`, `ends` (half open).

    Examples
    --------
    >>> found = places_of(np.array([30050001])).to_pylist()
    >>> [place["municipality"] for place in found if place["begins"].year >= 2019]
    [602, 3005, 3301]
    """
    days = border_days()
    spells = codes_by_spell(units, days)
    edges = [date.min, *days, date(9999, 12, 31)]
    return pa.concat_tables(
        pa.table(
            {
                "unit": units,
                "municipality": codes // _UNIT,
                "begins": pa.repeat(pa.scalar(begins), len(units)),
                "ends": pa.repeat(pa.scalar(ends), len(units)),
            }
        )
        for codes, begins, ends in zip(spells, edges, edges[1:], strict=False)
    )


def write_linked_as_it_was(variables: Path, municipalities: Path, units: Int) -> None:
    """Give the files of linked municipalities, and of their centrality, the codes of each day.

    A student's place is in one basic unit of it, the same for all years; a municipality has the
    class of most of its basic units.

    Parameters
    ----------
    variables, municipalities
        Folders of the files, with the codes of 2020; what a country does not have is left out.
    units
        (units,) Every basic unit of the country, as in 2020.
    """
    places = pl.DataFrame(places_of(units))
    of_day = places.with_columns(pl.col("municipality").cast(pl.String).str.zfill(4))
    nth = {"now": pl.col("unit") // _UNIT, "nth": pl.col("unit") % _UNIT}
    now = pl.DataFrame({"unit": units}).with_columns(**nth)
    during = (pl.col("begins") < pl.col("to")) & (pl.col("ends") > pl.col("from"))
    days = {"from": pl.max_horizontal("from", "begins"), "to": pl.min_horizontal("to", "ends")}
    if (students := variables / "study_municipality.parquet").exists():
        found = pl.read_parquet(students).with_row_index("row")
        found = found.with_columns(now=pl.col("value").cast(pl.String).cast(pl.Int64))
        found = found.join(now.group_by("now").len("many"), on="now")
        found = found.with_columns(nth=pl.col("person") % pl.col("many") + 1)
        found = found.join(now, on=["now", "nth"]).join(of_day, on="unit").filter(during)
        found = found.with_columns(value="municipality", **days).sort("row", "from")
        _rewrite(students, found)
    if (classes := municipalities / "centrality.parquet").exists():
        found = pl.read_parquet(classes).rename({"municipality": "now"})
        found = found.cast({"now": pl.Int64}).join(now, on="now").join(of_day, on="unit")
        found = found.filter(during).with_columns(**days)
        found = found.group_by("municipality", "from", "to").agg(pl.col("value").mode().min())
        _rewrite(classes, found.sort("municipality", "from"))


def _rewrite(path: Path, rows: pl.DataFrame) -> None:
    """Write rows in place of a file's, in its columns."""
    schema = pq.read_schema(path)
    columns = [pa.array(rows[field.name].to_list(), field.type) for field in schema]
    pq.write_table(pa.Table.from_arrays(columns, schema=schema), path, compression="snappy")


def _numbered(codes: Int, places: Int, used: dict[int, int]) -> Int:
    """Codes in the municipalities of another spell: the same where these are, else the next free.

    Numbers are never given twice, so that no code means two units.
    """
    found = codes.copy()
    for i in np.flatnonzero(codes // _UNIT != places).tolist():
        place = int(places[i])
        used[place] = used.get(place, 0) + 1
        found[i] = place * _UNIT + used[place]
    return found


def _recoded(table: pa.Table, units: Int, spells: Int, ends: Int) -> pa.Table:
    """A table of reports with the codes of each event's day."""
    day = np.asarray(table["event_date"].cast(pa.int32()).fill_null(0))
    spell = np.searchsorted(ends, day, "right")
    order = np.argsort(units)
    for name in _UNITS:
        text = table[name].combine_chunks()
        missing = np.asarray(text.is_null())
        number = np.asarray(text.cast(pa.string()).fill_null("0").cast(pa.int64()))
        place = order[np.searchsorted(units[order], number).clip(0, len(units) - 1)]
        codes = spells[spell, place]
        table = _with(table, name, codes, 8, missing)
        table = _with(table, name.replace("basic_unit", "municipality"), codes // _UNIT, 4, missing)
    return table


def _with(
    table: pa.Table, name: str, codes: Int, digits: int, missing: NDArray[np.bool_]
) -> pa.Table:
    known, places = np.unique(codes, return_inverse=True)
    texts = pa.array([f"{code:0{digits}d}" for code in known.tolist()])
    column = pa.DictionaryArray.from_arrays(pa.array(places.astype(np.int32), mask=missing), texts)
    return table.set_column(table.column_names.index(name), name, column)


def _write_units(folder: Path, spells: Int, days: tuple[date, ...]) -> None:
    lives: dict[int, tuple[int, int]] = {}
    for n, codes in enumerate(spells):
        for code in codes.tolist():
            lives[code] = (lives.get(code, (n, n))[0], n)
    starts, ends = ["", *map(str, days)], [*map(str, days), ""]
    with (folder / "basic_units.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(
            ["code", "name", "part_of_town", "part_of_town_name", "valid_from", "valid_to"]
        )
        for code, (first, last) in sorted(lives.items()):
            out.writerow([f"{code:08d}", "", "", "", starts[first], ends[last]])
    with (folder / "basic_unit_changes.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["day", "old", "new"])
        for day, before, after in zip(days, spells, spells[1:], strict=False):
            for i in np.flatnonzero(before != after).tolist():
                out.writerow([day, f"{before[i]:08d}", f"{after[i]:08d}"])
