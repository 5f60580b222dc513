"""What counts are of: groups that may be too small to be shown, and what splits them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from folkestrom.disclosure.figures import Booleans, Codes, Floats, blanked, is_small, numbers_of
from folkestrom.disclosure.records import (
    DisclosureRecord,
    complementary_suppressions,
    equal_to_totals,
    small_counts,
    small_groups,
)
from folkestrom.disclosure.rules import Rules
from folkestrom.disclosure.suppression.complementary import suppress


@dataclass(frozen=True, slots=True)
class Base:
    """What counts are of: measures of groups, and the dimensions that split these."""

    base: str | None
    population: str | None
    years: float
    split: tuple[str, ...]

    @property
    def measures(self) -> tuple[str, ...]:
        """The measures of groups: the base, and the persons if they were counted."""
        return tuple(name for name in (self.base, self.population) if name is not None)

    def persons(self, data: pa.Table) -> Floats:
        """Persons of each row's group; over several years, on average."""
        if self.population is not None:
            return numbers_of(data[self.population])
        return numbers_of(data[self.base]) / self.years

    def too_small(self, data: pa.Table, rules: Rules, applied: list[DisclosureRecord]) -> Booleans:
        """Rows of groups smaller than the rules allow; says how many."""
        if not rules.minimum_population or self.base is None:
            return np.zeros(data.num_rows, np.bool_)
        hidden: Booleans = self.persons(data) < rules.minimum_population
        if not self.split:
            applied.append(small_groups(rules, int(hidden.sum())))
        return hidden

    def protected(
        self,
        data: pa.Table,
        hidden: Booleans,
        apart: Sequence[Codes],
        rules: Rules,
        applied: list[DisclosureRecord],
    ) -> Booleans:
        """Groups too small to be shown, and others so that their base cannot be found."""
        first, group = _groups(apart, data.num_rows)
        below = hidden[first]
        applied += [small_groups(rules, int(below.sum()))] if rules.minimum_population else []
        counted = [numbers_of(data[name]).astype(np.int64)[first] for name in self.measures]
        small = below.copy()
        for counts in counted:
            small |= is_small(counts, rules)
        gone = small.copy()
        codes = [code[first] for code in apart]
        given_away: set[int] = set()
        for counts in counted:
            found = suppress(counts, small, codes, rules.minimum_cell)
            gone |= found.hidden
            given_away.update(found.given_away)
        if rules.minimum_cell:
            applied.append(small_counts(rules, int((small & ~below).sum())))
        applied.append(complementary_suppressions(int((gone & ~small).sum())))
        applied += [equal_to_totals(len(given_away))] if given_away else []
        return gone[group]

    def of_rounded(self, data: pa.Table, count: str, apart: Sequence[Codes]) -> pa.Table:
        """The base as the sum of the counts that are shown; a true one would give them away."""
        _, group = _groups(apart, data.num_rows)
        unknown = np.asarray(data[count].is_null().to_numpy(), np.bool_)
        total = np.bincount(group, numbers_of(data[count]))[group]
        part = np.bincount(group, unknown)[group] > 0
        column = pa.array(total.astype(np.int64), pa.int64(), mask=part)
        for name in self.measures:
            at = data.column_names.index(name)
            data = data.set_column(at, name, column)
        gone = np.ones(data.num_rows, np.bool_)
        return data if self.population is None else blanked(data, gone, [self.population])


def _groups(apart: Sequence[Codes], rows: int) -> tuple[Codes, Codes]:
    """The first row of each group, and the group of each row."""
    number = np.zeros(rows, np.int64)
    for code in apart:
        number = number * (int(code.max(initial=0)) + 1) + code
    _, first, group = np.unique(number, return_index=True, return_inverse=True)
    return first.astype(np.int64), group.astype(np.int64)
