"""Residents by citizenship over time, ending exactly at the published Table 3.

Each foreign citizenship follows a curve between its stock of 2000 (an assumption, as a share of
that of 2021) and the end; the eight countries that joined the European Union in 2004 rise from
then. With a reference folder the curve of 2015-2021 is Eurostat's. Norwegians are the rest.

Immigrants and Norwegian-born to immigrant parents by region (``data/immigrants_2021.csv``) end at
Statistics Norway's numbers of 1 January 2021 (*Immigrants and Norwegian-born to immigrant
parents*), whose regions they are. Immigrants follow the Directorate of Integration and Diversity's
(IMDi) table by country and municipality, 2006-2021, without its "others"; those of 2000 are to
those of 2006 as the United Nations' *International Migrant Stock 2019* has 2000 to 2005.

Who came and left in 2020 by citizenship (``data/migration_2020.csv``) is Statistics Norway's
migration statistics of 26 April 2021.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from folkestrom.errors import UserError
from folkestrom.model.countries import COUNTRY_CODES, NO_CODE
from folkestrom.twin.targets import published
from folkestrom.twin.targets.definition import SEXES, Ints
from folkestrom.twin.targets.rounding import largest_remainder

Floats = NDArray[np.float64]
#: Year -> citizenship -> residents.
Shape = Mapping[int, Mapping[str, int]]

NORWAY: Final = "NO"
STOCKS: Final = "population/population_by_citizenship_nordic.csv"
#: The countries of Central and Eastern Europe that joined in 2004.
EU8: Final = ("PL", "LV", "LT", "EE", "CZ", "SK", "HU", "SI")
#: Norwegian citizens who come back a year, about (an assumption; Statistics Norway has 7-10 000).
_RETURNING: Final = 8500.0

#: Stateless, and of unknown citizenship: in no region of the migration statistics.
_NOWHERE: Final = ("XS", "XX")
#: Foreign citizens who become Norwegian in 2020, less those born here: a share of 2021 at least.
_NATURALISING: Final = 0.003

_STOCKS_OF: Final = (2000, 2006, 2010, 2015, 2020, 2021)
#: Growth of immigrants in a year before 2000, as in `_curve`, and after 2021.
_OUTSIDE: Final = 1.03
#: By how much the square root of the Norwegian-born to immigrant parents grows in a year, as a
#: share of that of 2021: there were 59 836 on 1 January 2004 (Statistics Norway, *Immigrant
#: population*, 26 May 2004).
_BORN_HERE: Final = (1 - (59_836 / 197_848) ** 0.5) / (published.YEAR - 2004)


@dataclass(frozen=True)
class Citizenships:
    """Codes [C], counts int64[T+1, 2, C], shares of immigration float64[T, C], and notes."""

    codes: tuple[str, ...]
    counts: Ints
    immigration: Floats
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Path:
    """One citizenship's curve: see the header of ``data/citizenships.csv``."""

    code: str
    size: float
    male: float
    start: float
    middle: float
    width: float
    turnover: float


def citizenship_targets(
    years: tuple[int, ...], population: Ints, immigration: Ints, shape: Shape | None = None
) -> Citizenships:
    """Targets by citizenship for stocks `population` (see `Targets`) over `years`."""
    paths = _paths()
    codes = (NORWAY, *(path.code for path in paths))
    last = _last_counts(paths)
    counts = np.zeros((len(years), 2, len(codes)), dtype=np.int64)
    ratios = np.stack([_ratios(path, years, shape) for path in paths])
    if not shape and years[-1] == published.YEAR:
        ratios[:, :-1] *= _with_room(codes, last.sum(axis=0), ratios[:, -2])[:, None]
    counts[:, :, 1:] = np.floor(ratios.T[:, None] * last + 0.5)
    counts[:, :, 0] = population.sum(axis=2) - counts.sum(axis=2)
    if (counts < 0).any():
        raise UserError("more foreign citizens than residents", where="targets")
    foreign = int(counts[0, :, 1:].sum())
    notes = [
        f"foreign citizens on 1 January {years[0]}: {foreign}, an assumption (a share of 2021's)"
    ]
    if published.YEAR not in years:
        notes.append("citizenship: Table 3 is of 2021, which is outside the span")
    return Citizenships(codes, counts, _inflow(years, paths, counts, immigration), tuple(notes))


def immigrant_targets(years: tuple[int, ...], scale: float = 1.0) -> Ints:
    """int64[T+1, 2, R]: immigrants, and Norwegian-born to immigrant parents, by region.

    Examples
    --------
    >>> immigrant_targets((2020, 2021))[-1].sum(axis=1).tolist()
    [800094, 197848]
    """
    rows = _read("immigrants_2021.csv")
    out = np.zeros((len(years), 2, len(rows)))
    at = np.array(years, dtype=np.float64)
    outside = _OUTSIDE ** (at - np.clip(at, _STOCKS_OF[0], _STOCKS_OF[-1]))
    for r, row in enumerate(rows):
        stocks = np.array([float(row[f"stock_{year}"]) for year in _STOCKS_OF])
        curve = np.interp(at, _STOCKS_OF, stocks / stocks[-1])
        out[:, 0, r] = float(row["immigrants"]) * curve * outside
        root = np.maximum(1 + _BORN_HERE * (at - published.YEAR), 0.0)
        out[:, 1, r] = float(row["norwegian_born"]) * root**2
    return np.rint(out * scale).astype(np.int64)


def regions() -> NDArray[np.int8]:
    """int8: number of the region in `immigrant_targets` by country code, -1 for Norway."""
    out = np.zeros(max(COUNTRY_CODES.values()) + 1, np.int8)
    for r, row in enumerate(_read("immigrants_2021.csv")):
        out[[COUNTRY_CODES[code] for code in row["countries"].split()]] = r
    out[NO_CODE] = -1
    return out


@dataclass(frozen=True)
class Migrants:
    """Who came and left in a year by citizenship, as published.

    Attributes
    ----------
    year
        Which.
    group
        int64[C]: group of each citizenship; 0 are Norwegian citizens.
    immigration, emigration
        float64[K] by group.
    """

    year: int
    group: Ints
    immigration: Floats
    emigration: Floats


def migrant_targets(codes: tuple[str, ...], scale: float = 1.0) -> Migrants:
    """Migrants of 2020 by citizenship: eleven countries, the rest of each region, and the rest.

    Examples
    --------
    >>> found = migrant_targets(("NO", "PL", "FI", "US", "XS"))
    >>> found.immigration[found.group].tolist()
    [7257.0, 3674.0, 5342.0, 922.0, 114.0]
    """
    rows = {row["citizenship"]: row for row in _read("migration_2020.csv")}
    of_region = [row["region"] for row in _read("immigrants_2021.csv")]
    groups = [name for name in rows if len(name) == 2] + [*of_region, "all"]
    flows = []
    for kind in ("immigration", "emigration"):
        left = {name: float(rows[name][kind]) for name in groups}
        for name in groups:
            within = _region_of(name) if len(name) == 2 else "all"
            if name != "all":
                left[within] -= float(rows[name][kind])
        flows.append(np.array([left[name] for name in groups]) * scale)
    group = [groups.index(code if code in groups else _region_of(code)) for code in codes]
    return Migrants(published.YEAR - 1, np.array(group, np.int64), flows[0], flows[1])


def _region_of(code: str) -> str:
    """Region of a citizenship in the migration statistics, whose first has Norway."""
    if code == NORWAY:
        return "eu_eea"
    if code in _NOWHERE:
        return "all"
    return _read("immigrants_2021.csv")[regions()[COUNTRY_CODES[code]]]["region"]


def _read(name: str) -> list[dict[str, str]]:
    path = resources.files("folkestrom.twin.targets") / "data" / name
    with path.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def _paths() -> list[_Path]:
    rows = _read("citizenships.csv")
    paths = [_Path(r.pop("code"), **{k: float(v) for k, v in r.items()}) for r in rows]
    order = {code: n for n, code in enumerate(published.TABLE3_CITIZENSHIPS)}
    return sorted(paths, key=lambda p: (order.get(p.code, len(order)), -p.size, p.code))


def _last_counts(paths: list[_Path]) -> Ints:
    """int64[2, C-1]: foreign citizens on 1 January 2021, Table 3 and further countries."""
    table = published.table3_counts()
    top = len(published.TABLE3_CITIZENSHIPS)
    out = np.zeros((2, len(paths)), dtype=np.int64)
    for sex, name in enumerate(SEXES):
        out[sex, :top] = [table[name, path.code] for path in paths[:top]]
        share = [p.size * (p.male if sex == 0 else 1 - p.male) for p in paths[top:]]
        out[sex, top:] = largest_remainder(share, table[name, "total"] - int(out[sex, :top].sum()))
    return out


def _curve(path: _Path, year: float) -> float:
    """Residents relative to 2021: a logistic rise from the stock of 2000."""

    def logistic(at: float) -> float:
        return float(1.0 / (1.0 + np.exp(-(at - path.middle) / path.width)))

    if year < 2000:
        # Before the span the sources speak of: three per cent a year.
        return path.start * float(1.03 ** (year - 2000))
    low, high = logistic(2000), logistic(published.YEAR)
    risen = (logistic(year) - low) / (high - low)
    return path.start + (1 - path.start) * risen


def _with_room(codes: tuple[str, ...], last: Ints, ratio: Floats) -> Floats:
    """Factors of the stocks before 2021: the migrants of 2020 leave some to naturalise."""
    migrants = migrant_targets(codes)
    group, groups = migrants.group[1:], len(migrants.emigration)
    end, begin = (np.bincount(group, size, groups) for size in (last, last * ratio))
    least = (1.0 + _NATURALISING) * end - migrants.immigration + migrants.emigration
    return np.asarray(np.maximum(least / np.maximum(begin, 1.0), 1.0)[group])


def _ratios(path: _Path, years: tuple[int, ...], shape: Shape | None) -> Floats:
    """float64[T+1]: residents relative to 2021, Eurostat's where it has the country."""
    curve = [_curve(path, year) for year in years]
    base = (shape or {}).get(published.YEAR, {}).get(path.code, 0)
    if not shape or base < 100:
        return np.array(curve)
    known = {
        year: stocks[path.code] / base for year, stocks in shape.items() if path.code in stocks
    }
    first = min(known)
    joint = known[first] / _curve(path, first)
    return np.array(
        [
            known.get(year, curve[t] if year > first else curve[t] * joint)
            for t, year in enumerate(years)
        ]
    )


def _inflow(years: tuple[int, ...], paths: list[_Path], counts: Ints, immigration: Ints) -> Floats:
    """float64[T, C]: what a stock's growth and turnover ask of immigration, as shares."""
    both = counts.sum(axis=1).astype(np.float64)
    turnover = np.array([path.turnover for path in paths])
    asked = np.zeros((len(years) - 1, len(paths) + 1))
    asked[:, 1:] = np.maximum(np.diff(both[:, 1:], axis=0), 0.0) + turnover * both[:-1, 1:] + 0.1
    asked[:, 0] = _RETURNING * immigration / np.maximum(immigration.mean(), 1.0)
    return np.asarray(asked / asked.sum(axis=1, keepdims=True))


def read_citizenship_shape(folder: Path) -> Shape | None:
    """Eurostat's residents of Norway by citizenship and year, or None where the file is missing."""
    path = folder / STOCKS
    if not path.exists():
        return None
    frame = pl.read_csv(path).filter(pl.col("geo") == "Norway")
    out: dict[int, dict[str, int]] = {}
    for name, _, year, number in frame.iter_rows():
        code = _alpha2(name)
        if code and number is not None:
            out.setdefault(int(year), {})[code] = int(number)
    return out


_EUROSTAT_NAMES: Final = {
    "Russia": "RU",
    "Syria": "SY",
    "Iran": "IR",
    "Türkiye": "TR",
    "Kosovo*": "XK",
    "Stateless": "XS",
    "Unknown": "XX",
    "Democratic Republic of the Congo": "CD",
    "Congo": "CG",
    "Gambia, The": "GM",
    "South Korea": "KR",
    "Côte d’Ivoire": "CI",
    "Myanmar/Burma": "MM",
}


def _alpha2(name: str) -> str | None:
    if name in _EUROSTAT_NAMES:
        return _EUROSTAT_NAMES[name]
    import pycountry

    try:
        return str(pycountry.countries.lookup(name).alpha_2)
    except LookupError:
        return None
