"""Quarters as they were published, from a file of the releases' own rows (``QUARTERS``).

Quarters of a year are kept as sums since 1 January. What a row leaves open but its population does
not is filled in: where only the population at the beginning of a quarter is known, the quarter
before has its usual births, deaths and emigrations, and immigration is what remains; and what the
four quarters of a year have too much, against its final figures, are deaths.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

import numpy as np

from folkestrom.twin.targets.definition import Floats, Ints

QUARTERS: Final = "ssb_published_other/quarters_as_published.csv"
KINDS: Final = ("births", "deaths", "immigration", "emigration")
_SIGNS: Final = np.array([1, -1, 1, -1])
_DEATHS, _IMMIGRATION = 1, 2
#: Shares of a year's events by its first, second and third quarter: means of the quarters that
#: Statistics Norway published of 2013-2016.
_USUAL: Final = np.array(
    [[0.244, 0.267, 0.266], [0.268, 0.237, 0.235], [0.240, 0.210, 0.302], [0.225, 0.210, 0.275]]
)
#: Events come a little before they are counted.
_EARLY: Final = (1.012, 1.012, 1.06, 1.06)
NOTHING: Final = -1


def published_quarters(path: Path, years: tuple[int, ...], totals: Ints, stocks: Ints) -> Ints:
    """int64[T, 4, 4]: births, deaths, immigration, emigration since 1 January, by quarter.

    As published when the quarter was; -1 where nothing was. The fourth is the sum of the quarters.

    Parameters
    ----------
    path
        The file; where there is none, nothing was published.
    years
        The T + 1 years of the stocks.
    totals
        int64[T, 4]: the final figures of the years.
    stocks
        int64[T + 1]: residents on each 1 January.
    """
    out = np.full((len(years) - 1, len(KINDS), 4), NOTHING, dtype=np.int64)
    if not path.exists():
        return out
    with path.open(encoding="utf-8") as stream:
        rows = sorted(csv.DictReader(stream), key=lambda row: (row["period"], row["kind"]))
    for row in rows:
        t = int(row["period"][:4]) - years[0]
        if not 0 <= t < len(out):
            continue
        first, last = int(row["period"][5]), int(row["period"][-1])
        flows = np.array([int(row[kind]) for kind in KINDS])
        if first == 1:
            out[t, :, last - 1] = flows
            continue
        if out[t, 0, first - 2] == NOTHING:
            before = int(row["pop_begin"]) - int(stocks[t])
            out[t, :, first - 2] = _before(first, before, totals[t], flows)
        out[t, :, last - 1] = out[t, :, first - 2] + flows
    return out


def _before(quarter: int, growth: int, totals: Ints, flows: Ints) -> Ints:
    """Return what the year had before a quarter, of which the growth is known."""
    if quarter == 4:
        before = totals - flows
        before[_DEATHS] += int(_SIGNS @ before) - growth
        return before
    before = np.rint(_USUAL[:, : quarter - 1].sum(axis=1) * totals).astype(np.int64)
    before[_IMMIGRATION] += growth - int(_SIGNS @ before)
    return before


def seasons(quarters: Ints, totals: Ints) -> Floats:
    """float64[T, 4, 5]: shares of a year's events from 1 January to each quarter's end.

    Parameters
    ----------
    quarters
        From `published_quarters`.
    totals
        int64[T, 4].
    """
    usual = np.zeros((*quarters.shape[:2], 5))
    usual[:, :, 1:4] = np.cumsum(_USUAL, axis=1)
    usual[:, :, 4] = 1.0
    out = usual.copy()
    total = np.maximum(totals, 1)
    for t, kind in np.ndindex(quarters.shape[:2]):
        told = quarters[t, kind, :3]
        at = np.flatnonzero(told != NOTHING)
        known = np.concatenate([[0.0], usual[t, kind, at + 1], [1.0]])
        shares = np.minimum(told[at] * _EARLY[kind] / total[t, kind], 1.0)
        out[t, kind] = np.interp(usual[t, kind], known, [0.0, *shares, 1.0])
    return out
