"""A larger or smaller country: every target times a number, as whole numbers that still add up.

The finest cells are rounded, each up or down, and everything else is their sum or what remains: so
every margin adds. A cell keeps its own offset through the years (`systematic_offsets`): a cohort
that shrinks in the country shrinks, and never jumps, in the small one, and so people can exist who
meet it.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from folkestrom.errors import UsageError
from folkestrom.twin.targets.definition import AGES, OLDEST, Ints, Targets, cohort_group_population
from folkestrom.twin.targets.rounding import systematic_offsets

Floats = NDArray[np.float64]

#: Steps of the golden ratio fill the unit interval evenly.
_GOLDEN: Final = 0.6180339887498949
#: The account's terms: births of boys and girls, deaths, immigration, emigration, adjustment.
_SIGNS: Final = np.array([1, 1, -1, 1, -1, 1])
_EVENTS: Final = ("marriages", "divorces", "stillbirths", "moves")
#: A country of fewer people than this has no published table worth the name.
_FEWEST: Final = 1000


def scale_targets(targets: Targets, scale: float) -> Targets:
    """Targets of a country `scale` times as large.

    Residents by sex and age, municipalities, foreign citizenships and every term of the accounts
    are ``scale`` times the target, rounded up or down. Of each marital group the largest status,
    and of citizenships the Norwegian, take the rest. A whole-number scale multiplies.

    Parameters
    ----------
    targets
        Targets at scale 1.
    scale
        Above 0: 0.01 makes one in a hundred, 10 ten times the country.

    Raises
    ------
    UsageError
        If the scale is not a number above 0, or leaves fewer than 1 000 residents.
    """
    _check_scale(targets, scale)
    if scale == 1:
        return targets
    if float(scale).is_integer():
        return _multiplied(targets, int(scale))
    account = _scaled_account(targets, scale)
    population = _scaled_population(targets, scale, account.total)
    return replace(
        targets,
        population=population,
        births=account.births,
        deaths=account.deaths,
        immigration=account.immigration,
        emigration=account.emigration,
        adjustment=account.adjustment,
        **{name: np.rint(getattr(targets, name) * scale).astype(np.int64) for name in _EVENTS},
        municipality_population=_scaled_rows(
            _times(targets.municipality_population, scale), account.total
        ),
        marital=_scaled_marital(
            _times(targets.marital, scale), cohort_group_population(population)
        ),
        citizenship=_scaled_citizenship(targets, scale, population.sum(axis=2)),
        quarters=_scaled_quarters(targets.quarters, scale),
        scale=float(scale),
        notes=(*targets.notes, f"every cell is {scale:g} times the target, rounded up or down"),
    )


def _times(values: Ints, scale: float) -> Floats:
    return np.asarray(values * scale, dtype=np.float64)


def _check_scale(targets: Targets, scale: float) -> None:
    if not (math.isfinite(scale) and scale > 0):
        raise UsageError(
            "is not a scale",
            where="--scale",
            value=scale,
            allowed="a number above 0; 0.01 makes one in a hundred, 1 the whole country",
            next_step="Give such a number.",
        )
    if targets.total.min() * scale < _FEWEST:
        raise UsageError(
            f"leaves fewer than {_FEWEST} residents",
            where="--scale",
            value=scale,
            allowed=f"{_FEWEST / int(targets.total.min()):.4f} or more",
            next_step="Give a larger scale.",
        )


def _multiplied(targets: Targets, scale: int) -> Targets:
    names = (
        "population",
        "births",
        "deaths",
        "immigration",
        "emigration",
        "adjustment",
        *_EVENTS,
        "municipality_population",
        "marital",
        "citizenship",
    )
    return targets.altered(
        {name: getattr(targets, name) * scale for name in names},
        quarters=_scaled_quarters(targets.quarters, scale),
        scale=float(scale),
        notes=(*targets.notes, f"every cell is {scale} times the target"),
    )


def _scaled_quarters(quarters: Ints | None, scale: float) -> Ints | None:
    if quarters is None:
        return None
    return np.where(quarters < 0, quarters, np.rint(quarters * scale)).astype(np.int64)


@dataclass(frozen=True)
class _Account:
    """Whole-number accounts: `total` int64[T+1], `births` int64[T, 2], the rest int64[T]."""

    total: Ints
    births: Ints
    deaths: Ints
    immigration: Ints
    emigration: Ints
    adjustment: Ints


def _scaled_account(targets: Targets, scale: float) -> _Account:
    """Round all stocks and flows up or down so that every year's account closes.

    Of the ways to do so the one nearest to the exact figures is found by dynamic programming over
    the years; a way always exists, since the accounts form a network of flows.
    """
    total = targets.total * scale
    exact = (
        targets.births,
        targets.deaths,
        targets.immigration,
        targets.emigration,
        targets.adjustment,
    )
    terms: Floats = np.column_stack(exact).astype(np.float64) * scale
    best: dict[int, tuple[float, list[int], list[Ints]]] = {
        stock: ((stock - total[0]) ** 2, [stock], []) for stock in _either(total[0])
    }
    for t in range(targets.windows):
        ways = _ways(terms[t])
        following: dict[int, tuple[float, list[int], list[Ints]]] = {}
        for end in _either(total[t + 1]):
            for start, (cost, stocks, flows) in best.items():
                found = ways.get(end - start)
                if found is None:
                    continue
                sum_cost = cost + found[0] + (end - total[t + 1]) ** 2
                if end not in following or sum_cost < following[end][0]:
                    following[end] = (sum_cost, [*stocks, end], [*flows, found[1]])
        best = following
    _, stocks, flows = min(best.values(), key=lambda way: way[0])
    table = np.stack(flows)
    return _Account(np.array(stocks), table[:, :2], table[:, 2], *table[:, 3:].T)


def _either(value: float) -> list[int]:
    """The whole numbers on either side of a value (one, if it is whole)."""
    value = round(value, 9)
    return sorted({math.floor(value), math.ceil(value)})


def _ways(terms: Floats) -> dict[int, tuple[float, Ints]]:
    """Growth -> the nearest roundings of the six terms that make it, with their cost."""
    out: dict[int, tuple[float, Ints]] = {}
    for choice in itertools.product(*(_either(float(term)) for term in terms)):
        rounded = np.array(choice, dtype=np.int64)
        growth = int(_SIGNS @ rounded)
        cost = float(((rounded - terms) ** 2).sum())
        if growth not in out or cost < out[growth][0]:
            out[growth] = (cost, rounded)
    return out


def _scaled_population(targets: Targets, scale: float, total: Ints) -> Ints:
    """int64[T+1, 2, 106] with the given totals; every cohort keeps its offset."""
    exact = targets.population * scale
    windows = targets.windows
    final = systematic_offsets(exact[-1].ravel(), int(total[-1])).reshape(2, AGES)
    # Men and women together run through one cumulated sum, so either sex is rounded too.
    out = np.empty(exact.shape, dtype=np.int64)
    for t in range(windows + 1):
        age_at_last = np.arange(AGES) + windows - t
        living = age_at_last <= OLDEST
        offsets = (np.arange(2 * AGES).reshape(2, AGES) * _GOLDEN + age_at_last * _GOLDEN) % 1.0
        offsets[:, living] = final[:, age_at_last[living]]
        out[t] = round_to_total(exact[t], offsets, int(total[t]))
    return out


def round_to_total(exact: Floats, offsets: Floats, total: int) -> Ints:
    """Round by offsets, then turn the cells nearest to turning until the sum is `total`.

    No cell leaves the two whole numbers around its exact value.
    """
    exact = np.round(exact, 9)
    low = np.floor(exact).astype(np.int64)
    up = np.floor(exact + offsets + 1e-9).astype(np.int64) > low
    # How little is wanted to turn up (above 0) or has kept it up (below or at 0).
    want = 1.0 - (exact - low) - offsets
    want[exact == low] = np.inf
    order = np.argsort(np.where(up, np.inf, want).ravel(), kind="stable")
    missing = total - int(low.sum() + up.sum())
    flat = up.ravel().copy()
    if missing > 0:
        flat[order[:missing]] = True
    elif missing < 0:
        order = np.argsort(np.where(up, -want, np.inf).ravel(), kind="stable")
        flat[order[:-missing]] = False
    return np.asarray(low + flat.reshape(low.shape), dtype=np.int64)


def _scaled_rows(exact: Floats, totals: Ints) -> Ints:
    """int64[T+1, M]: units with an offset each, adding to every year's total."""
    offsets = systematic_offsets(exact[-1], int(totals[-1]))
    return np.stack(
        [round_to_total(row, offsets, int(total)) for row, total in zip(exact, totals, strict=True)]
    )


def _scaled_marital(exact: Floats, groups: Ints) -> Ints:
    """int64[T+1, 2, 21, 10] adding to the groups; of each group the largest status takes the rest.

    Each status runs through sexes and ages in one cumulated sum at the last 1 January, so that rare
    ones keep their total.
    """
    final = exact[-1].reshape(-1, exact.shape[-1])
    offsets = np.stack(
        [systematic_offsets(column, round(float(column.sum()))) for column in final.T], axis=1
    ).reshape(exact.shape[1:])
    out = np.floor(np.round(exact, 9) + offsets + 1e-9).astype(np.int64)
    largest = exact.argmax(axis=-1)[..., None]
    np.put_along_axis(out, largest, 0, axis=-1)
    rest = groups - out.sum(axis=-1)
    for place in map(tuple, np.argwhere(rest < 0)):
        # Too many small statuses were rounded up in a small group: the largest of them gives way.
        while rest[place] < 0:
            out[place][int(np.argmax(out[place]))] -= 1
            rest[place] += 1
    np.put_along_axis(out, largest, rest[..., None], axis=-1)
    return out


def _scaled_citizenship(targets: Targets, scale: float, by_sex: Ints) -> Ints:
    """int64[T+1, 2, C]: foreign citizenships with an offset each, Norwegians the rest."""
    exact = targets.citizenship * scale
    home = targets.citizenship_codes.index("NO")
    foreign = [c for c in range(exact.shape[2]) if c != home]
    final = exact[-1][:, foreign]
    offsets = systematic_offsets(final.ravel(), round(float(final.sum()))).reshape(final.shape)
    out = np.zeros(exact.shape, dtype=np.int64)
    out[:, :, foreign] = np.floor(np.round(exact[:, :, foreign], 9) + offsets + 1e-9)
    out[:, :, home] = by_sex - out.sum(axis=2)
    return out
