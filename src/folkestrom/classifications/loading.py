"""Classifications from files into a store: read, looked through for faults, and kept.

These layouts are read from a folder, as CSV or CSV in gzip:

- `municipality_changes.csv`, `municipalities.csv` and `counties.csv`: changes of municipalities
  later than the program's own (`divisions.changes`);
- `basic_units.csv`: `code`, `name`, `part_of_town`, `part_of_town_name`, `valid_from`, `valid_to`,
  and `basic_unit_changes.csv`: `day`, `old`, `new`;
- `classifications.csv`: a row a basic unit and version, with semicolons between, as Statistics
  Norway's Klass 1 and 103 are distributed joined (`version_date`, `grunnkrets_no`, `bydel_no` …);
  what became of a code that ends is told from names and numbers of the next version; with it,
  `basic_unit_changes_1980_2001.csv` and the like (`older_units`): `oldCode`, `newCode`,
  `changeOccurred`;
- `centrality.csv`: `municipality`, `centrality` (its class), `valid_from`, `valid_to`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final

import duckdb
import polars as pl

from folkestrom.classifications.areas import FIRST_DAY
from folkestrom.classifications.basic_units import ALWAYS, UNIT_PLACES, followed
from folkestrom.classifications.conversion import shares_of
from folkestrom.classifications.divisions.changes import (
    AREA_COLUMNS,
    AreaFiles,
    divided,
    later_codes,
)
from folkestrom.classifications.divisions.division import Division, in_force, using
from folkestrom.classifications.divisions.stored import put
from folkestrom.classifications.older_units import OLDER_COLUMNS, with_older
from folkestrom.engine.rows import is_any, lent
from folkestrom.engine.steps import Step, compose, step
from folkestrom.errors import InputRefused
from folkestrom.model.report import UNITS

_UNITS: Final = "basic_units"
_CHANGES: Final = "basic_unit_changes"
_VERSIONS: Final = "classifications"
_LIST: Final = ("code", "name", "valid_from", "valid_to")
#: The name of the variable, and of the file.
CENTRALITY: Final = "centrality"
_CLASSES: Final = ("municipality", CENTRALITY, "valid_from", "valid_to")
_NAMES: Final = frozenset({_UNITS, _VERSIONS, CENTRALITY, *AREA_COLUMNS})
#: Last digits of the units for whoever's unit is not known.
_UNKNOWN: Final = 9_999
_UNIT_LIST: Final = "basic_unit_list"
_UNIT_CHANGE: Final = "basic_unit_change"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What files hold.

    Parameters
    ----------
    units
        Basic units: `code`, `name`, `part_of_town`, `part_of_town_name`, `valid_from`, `valid_to`.
    changes
        What became of them: `day`, `old`, `new`.
    centrality
        Classes of municipalities, as a file of a linked variable has them: `municipality`, `value`,
        `from`, `to`.
    faults
        What is wrong in them, and how it is taken.
    division
        Municipalities and their changes later than the program's own.
    """

    units: pl.DataFrame | None = None
    changes: pl.DataFrame | None = None
    centrality: pl.DataFrame | None = None
    faults: tuple[str, ...] = field(default=())
    division: Division | None = None


def read_folder(folder: Path) -> Loaded:
    """Read the classifications of a folder, or of one file.

    Parameters
    ----------
    folder
        The folder, or the file.

    Raises
    ------
    InputRefused
        A folder without any, a file without the columns of its layout, or a change of
        municipalities that cannot be (`divisions.changes.divided`).
    """
    paths = [folder] if folder.is_file() else sorted(folder.glob("*.csv*"))
    files = {p.name.split(".")[0]: p for p in paths if p.suffix in (".csv", ".gz")}
    known = [n for n in files if n in _NAMES or n.startswith(f"{_CHANGES}_")]
    if not known:
        raise InputRefused(
            "holds no classification",
            where=str(folder),
            allowed="basic_units.csv, classifications.csv, municipality_changes.csv or "
            "centrality.csv",
            next_step="Name the folder that the files are in with --from.",
        )
    division = _division(files)
    with using(division or in_force()):
        units, changes, faults = _units(files)
    path = files.pop(CENTRALITY, None)
    classes = None if path is None else _columns(_read(path), _CLASSES, path)
    if files:
        faults = (*faults, f"{', '.join(files)}: no figure uses such a list; it is left out.")
    return Loaded(
        units, changes, None if classes is None else held(_dated(classes)), faults, division
    )


def held(classes: pl.DataFrame) -> pl.DataFrame:
    """Classes of municipalities that hold until the next, the first of them since ever.

    Parameters
    ----------
    classes
        `municipality`, `centrality`, `valid_from`; other columns are not read.

    Examples
    --------
    >>> days = [date(2020, 1, 1), date(2024, 1, 1)]
    >>> told = {"municipality": ["0301", "0301"], "centrality": ["1", "2"], "valid_from": days}
    >>> held(pl.DataFrame(told)).rows()[0]
    ('0301', '1', datetime.date(1960, 1, 1), datetime.date(2024, 1, 1))
    """
    code = pl.col("municipality").str.zfill(4)
    ordered = classes.sort("municipality", "valid_from")
    ends = pl.col("valid_from").shift(-1).over("municipality")
    first = pl.col("municipality").is_first_distinct()
    return ordered.select(
        code, pl.col(CENTRALITY).alias("value"),
        pl.when(first).then(FIRST_DAY).otherwise("valid_from").alias("from"), ends.alias("to"),
    )  # fmt: skip


def _division(files: dict[str, Path]) -> Division | None:
    """Later municipalities, if there are such files, which are taken out of the others."""
    paths = {name: files.pop(name) for name in AREA_COLUMNS if name in files}
    if not paths:
        return None
    rows = {
        name: _columns(_read(path), AREA_COLUMNS[name], path).to_dicts()
        for name, path in paths.items()
    }
    changes, areas, counties = (rows.get(name, []) for name in AREA_COLUMNS)
    return divided(AreaFiles(changes, areas, counties, {n: str(p) for n, p in paths.items()}))


def _units(
    files: dict[str, Path],
) -> tuple[pl.DataFrame | None, pl.DataFrame | None, tuple[str, ...]]:
    """Basic units and what became of them; their files are taken out of the others."""
    older = [files.pop(name) for name in [*files] if name.startswith(f"{_CHANGES}_")]
    if _VERSIONS in files:
        versions = _read(files.pop(_VERSIONS), ";")
        listed = [_columns(_read(path), OLDER_COLUMNS, path) for path in older]
        units, changes, faults = from_versions(versions)
        if listed:
            units, changes, more = with_older(units, changes, pl.concat(listed, how="diagonal"))
            faults += more
        return units, changes, faults
    if older:
        raise InputRefused(
            "has changes of basic units without a list of them",
            where=str(older[0]),
            allowed=f"such a file beside {_VERSIONS}.csv",
            next_step=f"Put {_VERSIONS}.csv into the same folder, and load the folder.",
        )
    if _UNITS not in files:
        return None, None, ()
    named = (*_LIST, "part_of_town", "part_of_town_name")
    units = _dated(_columns(_read(files[_UNITS]), named, files.pop(_UNITS)))
    units = units.with_columns(pl.col("code", "part_of_town").cast(pl.Int32))
    path = files.pop(_CHANGES, None)
    empty = pl.DataFrame(schema={"day": pl.Date, "old": pl.Int32, "new": pl.Int32})
    return units, empty if path is None else _changes(path), ()


def from_versions(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, tuple[str, ...]]:
    """Basic units with their days, and what became of them, of a list with a row a version.

    Parameters
    ----------
    rows
        `version_date`, `grunnkrets_no`, `grunnkrets_name`, `delomraade_no`, `bydel_no`,
        `bydel_name`, `kommune_no`, `fylke_no`; all texts, "NA" where there is none.

    Returns
    -------
    units, changes, faults
        As in `Loaded`.
    """
    coded = rows.select(
        pl.col("version_date").str.to_date().alias("version"),
        pl.col("grunnkrets_no").cast(pl.Int32).alias("code"),
        pl.col("grunnkrets_name").alias("name"),
        pl.col("bydel_no").replace("NA", None).cast(pl.Int32).alias("part_of_town"),
        pl.col("bydel_name").replace("NA", None).alias("part_of_town_name"),
        pl.col("kommune_no").cast(pl.Int32).alias("municipality"),
        "delomraade_no",
        "fylke_no",
    )
    faults = _faults(coded)
    own = coded.filter(pl.col("code") // UNITS == pl.col("municipality"))
    versions = own["version"].unique().sort().to_list()
    ends = dict(zip(versions, [*versions[1:], ALWAYS[1]], strict=True))
    units = (
        own.sort("version")
        .group_by("code", maintain_order=True)
        .agg(
            pl.last("name"), pl.last("part_of_town"), pl.last("part_of_town_name"),
            pl.min("version").alias("valid_from"), pl.max("version").alias("last"),
        )
        .with_columns(pl.col("last").replace_strict(ends, return_dtype=pl.Date).alias("valid_to"))
        .drop("last")
    )  # fmt: skip
    by_version = {
        key[0]: dict(part.select("code", "name").iter_rows())
        for key, part in own.partition_by("version", as_dict=True).items()
    }
    found = []
    lost = 0
    for one, other in pairwise(versions):
        matched, without = _matched(by_version[one], by_version[other], other)
        found += [(other, old, new) for old, new in matched.items()]
        lost += without
    if lost:
        faults = (*faults, f"{lost} units end without a successor: they stay as they were last.")
    names = {"day": pl.Date, "old": pl.Int32, "new": pl.Int32}
    return units, pl.DataFrame(found, names, orient="row"), faults


def keep(connection: duckdb.DuckDBPyConnection, loaded: Loaded) -> None:
    """Put classifications into a store in place of those that it had, in a transaction.

    Parameters
    ----------
    connection
        The store.
    loaded
        What files hold.
    """
    units, changes = loaded.units, loaded.changes
    if loaded.division is not None:
        put(connection, loaded.division)
        listed = {"name": _UNIT_LIST}
        if units is None and is_any(connection, "duckdb_tables() WHERE table_name = $name", listed):
            # Where units are follows municipalities, which have changed.
            units = _table(connection, stored_units())
            changes = _table(connection, stored_unit_changes())
    tables: dict[str, pl.DataFrame] = {}
    if units is not None and changes is not None:
        with using(loaded.division or in_force()):
            tables[UNIT_PLACES] = followed(units, changes)
        tables[_UNIT_LIST] = units
        tables[_UNIT_CHANGE] = changes
    for name, table in tables.items():
        with lent(connection, loaded=table.to_arrow()):
            connection.execute(f"CREATE OR REPLACE TABLE {name} AS FROM loaded")


def _table(connection: duckdb.DuckDBPyConnection, asked: Step) -> pl.DataFrame:
    return pl.DataFrame(connection.sql(compose([asked])).to_arrow_table())


@step("units", reads=[_UNIT_LIST])
def stored_units() -> str:
    """Basic units as they were loaded."""
    return f"""
        SELECT code, name, part_of_town, part_of_town_name, valid_from, valid_to FROM {_UNIT_LIST}
    """


@step("unit_changes", reads=[_UNIT_CHANGE])
def stored_unit_changes() -> str:
    """What became of basic units, as it was loaded."""
    return f"SELECT day, old, new FROM {_UNIT_CHANGE}"


def _faults(rows: pl.DataFrame) -> tuple[str, ...]:
    """What is wrong in a list of versions, and how it is taken; nothing is assumed away."""
    found = []
    odd = rows.filter(pl.col("fylke_no").str.contains(r"^[^0-9]"))
    if odd.height:
        codes = ", ".join(odd["fylke_no"].unique().sort().head(3).to_list())
        found.append(
            f"{odd.height} rows have county codes that are no numbers ({codes} …): a county is the "
            "first two digits of the municipality."
        )
    strange = rows.filter(pl.col("code") // UNITS != pl.col("municipality"))
    if strange.height:
        code, place = strange.select("code", "municipality").row(0)
        found.append(
            f"{strange.height} units are listed under another municipality than their code's "
            f"({code:08d} under {place:04d}): left out."
        )
    spread = (
        rows.filter(pl.col("part_of_town").is_not_null())
        .group_by("version", "delomraade_no")
        .agg(pl.col("part_of_town").n_unique())
        .filter(pl.col("part_of_town") > 1)
    )
    if spread.height:
        many = spread["delomraade_no"].n_unique()
        found.append(f"{many} sub-areas lie in two parts of town: each unit's own part counts.")
    unknown = rows.filter(pl.col("code") % UNITS == _UNKNOWN)
    if unknown.height:
        version, most = unknown["version"].value_counts().sort("count", "version").row(-1)
        found.append(
            f"{unknown['code'].n_unique()} units, at most {most} of them in one version (that of "
            f"{version}), stand for an unknown unit of their municipality: kept."
        )
    return tuple(found)


def _matched(
    before: Mapping[int, str], after: Mapping[int, str], day: date
) -> tuple[dict[int, int], int]:
    """What became of the units that end: a new one of the municipalities that follow theirs.

    With the same name and number, else the same name, else the same number.
    """
    coming: dict[int, list[int]] = {}
    for code in after.keys() - before.keys():
        coming.setdefault(code // UNITS, []).append(code)
    found: dict[int, int] = {}
    lost = 0
    follow = {
        place: shares_of(place, day - timedelta(days=1), day)
        for place in {code // UNITS for code in before.keys() - after.keys()}
    }
    for code in sorted(before.keys() - after.keys()):
        others = [c for to in follow[code // UNITS] for c in sorted(coming.get(to, ()))]
        named = [other for other in others if after[other] == before[code]]
        numbered = [other for other in others if other % UNITS == code % UNITS]
        both = [other for other in named if other in numbered]
        chosen = both or (named if len(named) == 1 else numbered or named)
        if chosen:
            found[code] = chosen[0]
        else:
            lost += 1
    return found, lost


def _read(path: Path, separator: str = ",") -> pl.DataFrame:
    try:
        return pl.read_csv(path, separator=separator, infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise InputRefused(
            "is not a table of text", where=str(path), allowed="CSV in UTF-8, or that in gzip"
        ) from error


def _columns(table: pl.DataFrame, names: Iterable[str], path: Path) -> pl.DataFrame:
    missing = [name for name in names if name not in table.columns]
    if missing:
        raise InputRefused(
            "lacks columns",
            where=str(path),
            value=", ".join(missing),
            allowed=", ".join(names),
        )
    return table


def _dated(table: pl.DataFrame) -> pl.DataFrame:
    begins = pl.col("valid_from").str.to_date().fill_null(ALWAYS[0])
    return table.with_columns(begins, pl.col("valid_to").str.to_date().fill_null(ALWAYS[1]))


def _changes(path: Path) -> pl.DataFrame:
    table = _columns(_read(path), ("day", "old", "new"), path)
    return table.select(pl.col("day").str.to_date(), pl.col("old", "new").cast(pl.Int32))


def counts(loaded: Loaded) -> dict[str, int]:
    """How many codes of each classification there are.

    Examples
    --------
    >>> counts(Loaded())
    {}
    """
    found = Counter[str]()
    if loaded.units is not None:
        found["basic_unit"] = loaded.units.height
        found["part_of_town"] = loaded.units["part_of_town"].drop_nulls().n_unique()
    if loaded.centrality is not None:
        found[CENTRALITY] = loaded.centrality["value"].n_unique()
    if loaded.division is not None:
        found["municipality"] = len(later_codes(loaded.division))
    return dict(found)
