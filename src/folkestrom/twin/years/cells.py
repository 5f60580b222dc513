"""Cells of the calibration: sex × age on 1 January, and persons listed by cell."""

from __future__ import annotations

from folkestrom.twin.lives.births import FIRST_AGE
from folkestrom.twin.lives.compiled import kernel
from folkestrom.twin.lives.mobility import ADULT

AGES = 106
"""Rows of age per sex: 0 … 103, 104 (104 and older), 105 = born during the year."""
OLDEST, NEWBORN = 104, 105
CELLS = 2 * AGES


def rounds() -> list[list[int]]:
    """Return the cells of women, men, minors who may be mothers, and children.

    Each round looks at the ones before. Nobody may look at a person of the same round: its cells
    are drawn at the same time, and what is seen would depend on which comes first.
    """
    adults, minors, children = range(ADULT, 105), range(FIRST_AGE, ADULT), range(FIRST_AGE)
    return [
        [AGES + a for a in adults],
        list(adults),
        [*minors, *(AGES + a for a in minors)],
        [*children, *(AGES + a for a in children)],
    ]


@kernel
def list_by_cell(status, sex, birth_year, count, year, order, start):
    """List residents by cell: `order[start[c]:start[c + 1]]` are cell c's, in index order."""
    start[:] = 0
    for p in range(count):
        if status[p] == 1:
            age = min(max(year - 1 - birth_year[p], 0), 104)
            start[sex[p] * 106 + age + 1] += 1
    for c in range(212):
        start[c + 1] += start[c]
    place = start[:-1].copy()
    for p in range(count):
        if status[p] == 1:
            c = sex[p] * 106 + min(max(year - 1 - birth_year[p], 0), 104)
            order[place[c]] = p
            place[c] += 1


@kernel
def count_by_status(order, start, marital, pending, totals, eligible):
    """Count every cell's residents by marital status: all, and those not frozen."""
    totals[:] = 0
    eligible[:] = 0
    for c in range(212):
        for j in range(start[c], start[c + 1]):
            p = order[j]
            totals[c, marital[p]] += 1
            if pending[p] == 0:
                eligible[c, marital[p]] += 1


@kernel
def count_places(status, municipality, count, out):
    """Count residents by municipality."""
    for p in range(count):
        if status[p] == 1:
            out[municipality[p]] += 1


@kernel
def count_origins(people, count, region, out):
    """Count residents born abroad without a parent born here, and born here to two born abroad.

    `out` is (2, R), by the region of birth and by the mother's.
    """
    for p in range(count):
        m, f, own = people.mother[p], people.father[p], region[people.birth_country[p]]
        mothers = region[people.birth_country[m]] if m >= 0 else own
        fathers = region[people.birth_country[f]] if f >= 0 else own
        if people.status[p] == 1 and mothers >= 0 and fathers >= 0:
            out[0 if own >= 0 else 1, own if own >= 0 else mothers] += 1


@kernel
def count_citizens(status, sex, citizenship, count, position, out):
    """Count residents by sex and citizenship; `position` maps country codes to columns."""
    for p in range(count):
        if status[p] == 1:
            out[sex[p], position[citizenship[p]]] += 1
