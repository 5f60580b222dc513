"""What is known of a person apart from events: the first start of the record, and corrections."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from folkestrom.register.kernel.memory import CORRECTIONS, EVENTS, START, Memory
from folkestrom.register.kernel.rows import NULL8, NULL16, NULL32, NULL64, Reports
from folkestrom.register.kernel.rules import begins
from folkestrom.register.kernel.sink import NOBODY, Attributes


@njit(inline="always")
def attributes_of(row: Any, start: int) -> Attributes:
    """The attributes that the start of a record gives."""
    return Attributes(
        np.int64(start),
        np.int64(max(row.sex, 0)),
        np.int64(row.birth_date),
        np.int64(row.country_of_birth),
        np.int64(row.mother),
        np.int64(row.father),
        np.int64(row.origin),
        begins(row, row.birth_date),
    )


@njit(_nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def known_attributes(rows: Reports, work: Memory) -> Attributes:
    """Those of the first standing start, and over them each standing correction in order."""
    if work.number[START] == work.number[EVENTS]:
        return NOBODY
    start = work.life[work.number[START]]
    row = rows[work.order[start]]
    known = attributes_of(row, start)
    for i in range(work.number[CORRECTIONS]):
        k = work.report[i].correction
        if work.report[k].stands:
            known = _corrected(known, rows[work.order[k]], row)
    return known


@njit(inline="always")
def _corrected(known: Attributes, row: Any, start: Any) -> Attributes:
    sex, birth_date, birthplace = known.sex, known.birth_date, known.country_of_birth
    mother, father = known.mother, known.father
    if row.sex != NULL8:
        sex = np.int64(row.sex)
    if row.birth_date != NULL32:
        birth_date = np.int64(row.birth_date)
    if row.country_of_birth != NULL16:
        birthplace = np.int64(row.country_of_birth)
    if row.mother != NULL64:
        mother = np.int64(row.mother)
    if row.father != NULL64:
        father = np.int64(row.father)
    day = begins(start, birth_date)
    return Attributes(known.start, sex, birth_date, birthplace, mother, father, known.origin, day)
