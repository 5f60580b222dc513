"""Attacks on protected tables, with what they find: `python -m tests.disclosure.attacks`.

A country of 100 000 persons in 80 municipalities is published by municipality, sex and category,
with its counties, the nation and all sums, in two years between which one in thirty has moved, and
beside it the persons by municipality and sex as they are counted. The attacker knows the method,
all figures, and everything but the keys. An attack states counts of 1 or 2 for cells; how many of
these statements are right, and how many of all such cells are found, is counted.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, kron

from folkestrom.disclosure.tables.inference import Bounds, bounds_of, narrow
from folkestrom.disclosure.tables.linked_rounding import round_linked
from folkestrom.disclosure.tables.policy import Policy
from folkestrom.disclosure.tables.sums import relations, with_sums
from folkestrom.model.specification import same

COUNTIES, WITHIN, SEXES, CATEGORIES = 10, 8, 2, 6
PERSONS, KEPT = 100_000, 29 / 30
MUNICIPALITIES = COUNTIES * WITHIN
PLACES = 1 + COUNTIES + MUNICIPALITIES
SIZES = (PLACES, SEXES, CATEGORIES)
SUMS = ((), (tuple(range(SEXES)),), (tuple(range(CATEGORIES)),))
FIRST = 1 + COUNTIES
NESTED = (
    *((0, tuple(range(a, b))) for a, b in ((1, FIRST), (FIRST, PLACES))),
    *((1 + c, tuple(range(FIRST + c * WITHIN, FIRST + (c + 1) * WITHIN))) for c in range(COUNTIES)),
)
LINKS = [*relations(SIZES, SUMS, (NESTED, (), ()))]
Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Year:
    """Who lives where, and the table of it: true counts, and sums of keys."""

    place: Array
    sex: Array
    category: Array
    key: Array

    def table(self, weights: Array, dtype: Any) -> Array:
        cells = np.zeros((MUNICIPALITIES, SEXES, CATEGORIES), dtype)
        np.add.at(cells, (self.place, self.sex, self.category), weights.astype(dtype))
        by_county = cells.reshape(COUNTIES, WITHIN, SEXES, CATEGORIES).sum(axis=1, dtype=dtype)
        nation = by_county.sum(axis=0, dtype=dtype, keepdims=True)
        return with_sums(np.concatenate([nation, by_county, cells]), SUMS)

    @property
    def true(self) -> Array:
        return self.table(np.ones(len(self.place)), np.int32)

    @property
    def keys(self) -> Array:
        return self.table(self.key, np.uint32)


def years() -> list[Year]:
    """Two years: some persons of the first are others in the second."""
    random = np.random.default_rng(20)
    shares = random.lognormal(0, 1.2, MUNICIPALITIES)
    found: list[Year] = []
    for _ in range(2):
        drawn = Year(
            random.choice(MUNICIPALITIES, PERSONS, p=shares / shares.sum()),
            random.integers(0, SEXES, PERSONS),
            random.choice(CATEGORIES, PERSONS, p=[0.93, 0.03, 0.02, 0.01, 0.007, 0.003]),
            random.integers(0, 2**32, PERSONS),
        )
        if found:
            kept = random.random(PERSONS) < KEPT
            parts = ((getattr(found[0], n), getattr(drawn, n)) for n in drawn.__dataclass_fields__)
            drawn = Year(*(np.where(kept, old, new) for old, new in parts))
        found.append(drawn)
    return found


@dataclass
class Result:
    """What an attack stated, and how often that was right."""

    attack: str
    stated: int = 0
    right: int = 0
    small: int = 0


def stated(attack: str, true: Array, estimate: Array, among: Array) -> Result:
    """Counts of 1 or 2 that an estimate rounds to."""
    claims = np.round(estimate)
    claimed = among & (claims >= 1) & (claims <= 2)
    small = among & (true >= 1) & (true <= 2)
    return Result(
        attack, int(claimed.sum()), int((claimed & (claims == true)).sum()), int(small.sum())
    )


CELL_KEYS = Policy("cell keys", same("A trial."))
ROUNDING = Policy("rounding", same("A trial."))
NONE = Policy("none", same("A trial."))


def shown_by(policy: Policy, year: Year) -> Array:
    true = year.true
    if policy.kind == "none":
        return true
    if policy.kind == "cell keys":
        return true + policy.perturbations.changes(true, year.keys)
    cells = true[FIRST:, :SEXES, :CATEGORIES].ravel()
    matrix = every_figure()
    return (matrix @ round_linked(cells, matrix, policy.base)).reshape(true.shape)


@cache
def every_figure() -> csr_array:
    """Which cells every figure is the sum of."""
    one = np.eye(MUNICIPALITIES, dtype=np.int64)
    counties = one.reshape(COUNTIES, WITHIN, MUNICIPALITIES).sum(axis=1)
    places = np.vstack([one.sum(axis=0), counties, one])
    sexes, categories = (
        with_sums(np.eye(n, dtype=np.int64), [(tuple(range(n)),), ()]) for n in (SEXES, CATEGORIES)
    )
    return csr_array(kron(kron(places, sexes), categories))


def estimates(shown: Array, exact: Array, true: Array) -> tuple[Array, Array]:
    """Each figure from all that can be set beside it, weighted by how noisy it is; and nested only.

    A part is its sum less the other parts; a sum is all its parts. Parts that are shown as 0 have
    little noise, as most of them are empty.
    """
    value, weight = shown.astype(np.float64), np.ones(shown.shape)
    known = exact >= 0
    noise = np.where(known, 1e-9, np.where(shown == 0, 0.1, 1.0))
    best = np.where(known, exact, shown).astype(np.float64)
    nested = np.full(shown.shape, np.nan)
    for axis, place, parts in LINKS:
        take = (slice(None),) * axis
        whole, of = (*take, place), (*take, list(parts))
        spread = noise[of].sum(axis=axis)
        total = best[of].sum(axis=axis)
        value[whole] += total / spread
        weight[whole] += 1 / spread
        other = np.expand_dims(best[whole] - total, axis) + best[of]
        rest = np.expand_dims(noise[whole] + spread, axis) - noise[of]
        value[of] += other / rest
        weight[of] += 1 / rest
        if axis == 0 and place > 0:
            nested[of] = other
    return value / weight, nested


def attacks(policy: Policy) -> list[Result]:
    """Every attack on one policy."""
    first, second = years()
    true, later = first.true, second.true
    shown, shown_later = shown_by(policy, first), shown_by(policy, second)
    exact = np.full(true.shape, -1, np.int64)
    exact[..., CATEGORIES] = true[..., CATEGORIES]
    among = np.zeros(true.shape, np.bool_)
    among[FIRST:, :, :CATEGORIES] = True
    found = [stated("repeating", true, shown, among)]
    averaged, nested = estimates(shown, exact, true)
    found.append(stated("differencing nested areas", true, np.nan_to_num(nested), among))
    found.append(stated("averaging over splits", true, averaged, among))
    unchanged = among & (true == later)
    both = stated("averaging two vintages", true, (shown + shown_later) / 2, unchanged)
    found.append(both)
    change = np.abs(later - true)
    moved = stated("differencing vintages", change, np.abs(shown_later - shown), among)
    found.append(moved)
    bounds = bounds_of(policy, shown, np.zeros(shown.shape, np.bool_))
    lower, upper = bounds.lower.copy(), bounds.upper.copy()
    lower[exact >= 0] = upper[exact >= 0] = exact[exact >= 0]
    bounds = narrow(Bounds(lower, upper), LINKS)
    claim = np.where(bounds.lower == bounds.upper, bounds.lower, -1)
    found.append(stated("bounds", true, claim, among))
    return found


POLICIES: dict[str, Policy] = {"none": NONE, "rounding": ROUNDING, "cell keys": CELL_KEYS}


def rows() -> list[str]:
    """The table of the manual."""
    found = [
        "| attack | policy | small counts | stated | right | found |",
        "|---|---|---|---|---|---|",
    ]
    for name, policy in POLICIES.items():
        for one in attacks(policy):
            right = f"{one.right / one.stated:.0%}" if one.stated else "–"
            share = f"{one.right / one.small:.0%}" if one.small else "–"
            found.append(
                f"| {one.attack} | {name} | {one.small} | {one.stated} | {right} | {share} |"
            )
    return found


if __name__ == "__main__":
    sys.stdout.write("\n".join(rows()) + "\n")
