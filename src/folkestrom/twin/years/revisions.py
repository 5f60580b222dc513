"""Annulments and corrections of what was counted in an earlier window: the adjustment's causes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from folkestrom.twin.lives.people import ABROAD, DEAD, FIRST_NUMBER, RESIDENT, VOID, People
from folkestrom.twin.lives.random import uniforms
from folkestrom.twin.receipt import reports as r

Index = NDArray[np.int64]
SHARE = 0.012
"""Share of an earlier window's births, deaths and migrations revised after its extraction."""
LEAST_RATIO = 20.5
"""Gross revisions are at least this many times the net that the year's adjustment forces,"""
MOST_GROSS = 0.03, 200
"""but for this at most: a share of the reports that could be revised, and a number."""
_ORDER, _DAY = 111, 112
_MANY = 20_000
_PLUS, _MINUS = (r.EMIGRATION, r.DEATH), (r.IMMIGRATION, r.BIRTH, r.FIRST_REGISTRATION)


@dataclass(frozen=True)
class Revisions:
    """What a window revises: rows (of the earlier window's reports) annulled and corrected."""

    annulled: dict[int, Index]
    corrected: dict[int, Index]

    def corrections(self, kind: int) -> int:
        """Return how many reports of a kind are corrected, so counted in the flows once more."""
        return len(self.corrected.get(kind, ()))


def candidates(people: People, rows: r.Rows, sample: Index, kind: int) -> tuple[Index, Index]:
    """Return rows of a kind that can be annulled, and that can be corrected.

    Only who has had nothing reported since: what follows from an annulled report would have to
    be annulled too.
    """
    index = sample[rows.kind[sample] == kind]
    p = rows.person[index]
    last = people.last_residence[p] == rows.day[index]
    calm = people.pending[p] == 0
    alone = (people.partner[p] < 0) & (people.last_child[p] == 0)
    single = (people.marital[p] != 2) & (people.marital[p] != 6)
    if kind == r.EMIGRATION:
        ok = (people.status[p] == ABROAD) & last
        # A marriage may have ended without a report while its partner was abroad.
        return index[ok & (people.marital[p] <= 1)], index[ok]
    if kind == r.DEATH:
        ok = people.status[p] == DEAD
        return index[ok & single & (people.pending[p] == 0)], index[ok]
    if kind == r.MOVE:
        ok = (people.status[p] == RESIDENT) & last & calm
        return index[ok], index[ok]
    unchanged = people.last_marital[p] == rows.day[index]
    unchanged &= people.citizenship[p] == rows.content["citizenship"][index]
    ok = (people.status[p] == RESIDENT) & last & calm & (people.reports[p] == 1) & unchanged
    return index[ok & alone], index[ok] if kind != r.FIRST_REGISTRATION else index[:0]


def gross_and_net(
    adjustment: int | None, flows: int, most: tuple[int, int], share: float
) -> tuple[int, int]:
    """Return how many revisions raise and lower the stock against the flows.

    Parameters
    ----------
    adjustment
        The net; None when nothing is forced.
    flows
        Reports that could be revised.
    most
        How many can be had of either kind.
    share
        Share of the flows that is revised.
    """
    gross = share * flows
    if adjustment is None:
        return min(round(gross * 0.42), most[0]), min(round(gross * 0.58), most[1])
    most_gross = max(MOST_GROSS[0] * flows + MOST_GROSS[1], abs(adjustment))
    gross = max(gross, min(LEAST_RATIO * abs(adjustment), most_gross))
    plus = round((gross + adjustment) / 2)
    minus = plus - adjustment
    short = max(plus - most[0], minus - most[1], 0)
    return plus - short, minus - short


def _split(total: int, sizes: list[int]) -> list[int]:
    """Split a number in proportion to sizes, none above its size."""
    out, left, mass = [], total, sum(sizes)
    for size in sizes:
        part = min(size, left, round(left * size / mass)) if mass else 0
        out.append(part)
        left, mass = left - part, mass - size
    return out


def choose(
    people: People, rows: r.Rows, adjustment: int | None, share: float, year: int, seed: int
) -> Revisions:
    """Choose reports to annul and correct, in proportion to reports by kind, day and place."""
    key = uniforms(seed, 0, len(rows), year, _ORDER)
    # Far fewer are revised than there are: a random part of many reports is enough to choose from.
    sample = np.flatnonzero(key < (0.2 if len(rows) > _MANY else 1.0))
    annullable: dict[int, Index] = {}
    correctable: dict[int, Index] = {}
    for kind in (*_PLUS, *_MINUS, r.MOVE):
        a, b = candidates(people, rows, sample, kind)
        annullable[kind] = a[np.argsort(key[a], kind="stable")][: len(a) * 2 // 3]
        correctable[kind] = np.setdiff1d(b, annullable[kind], assume_unique=True)
        correctable[kind] = correctable[kind][np.argsort(key[correctable[kind]], kind="stable")]
    pools = {k: len(annullable[k]) + len(correctable[k]) for k in annullable}
    most = sum(pools[k] for k in _PLUS), sum(pools[k] for k in _MINUS)
    whole = len(rows) / max(len(sample), 1)
    flows = round(whole * sum(pools[k] for k in (*_PLUS, *_MINUS)))
    if pools[r.FIRST_REGISTRATION]:
        flows = min(flows, 20_000)
    plus, minus = gross_and_net(adjustment, flows, most, share)
    annulled: dict[int, Index] = {}
    corrected: dict[int, Index] = {}
    for kinds, total in (
        (_PLUS, plus),
        (_MINUS, minus),
        ((r.MOVE,), round(0.005 * whole * pools[r.MOVE])),
    ):
        for kind, number in zip(kinds, _split(total, [pools[k] for k in kinds]), strict=True):
            first = min(round(0.45 * number), len(annullable[kind]))
            first = max(first, number - len(correctable[kind]))
            annulled[kind] = annullable[kind][:first]
            corrected[kind] = correctable[kind][: number - first]
    return Revisions(annulled, corrected)


def only_erroneous(people: People, rows: r.Rows, chosen: Revisions, erroneous: Index) -> Revisions:
    """Let leavings and moves to another municipality be annulled just where they were in error.

    In a free country what the model has drawn must stand, or the truth would not be the model's.
    """
    flagged = np.isin(rows.person, erroneous) & (people.last_residence[rows.person] == rows.day)
    away = (rows.kind == r.MOVE) & (
        rows.content["municipality_from"] != rows.content["municipality"]
    )
    inside = chosen.annulled[r.MOVE][~away[chosen.annulled[r.MOVE]]]
    annulled = {
        **chosen.annulled,
        r.EMIGRATION: np.flatnonzero(flagged & (rows.kind == r.EMIGRATION)),
        r.MOVE: np.concatenate([inside, np.flatnonzero(flagged & away)]),
    }
    corrected = {
        kind: np.setdiff1d(index, annulled[kind], assume_unique=True)
        for kind, index in chosen.corrected.items()
    }
    return Revisions(annulled, corrected)


def apply(
    people: People, rows: r.Rows, revisions: Revisions, out: r.Collector, year: int, seed: int
) -> None:
    """Change the state and write the reports."""
    for kind, index in revisions.annulled.items():
        p = rows.person[index]
        if kind in _PLUS:
            people.status[p] = RESIDENT
        elif kind == r.MOVE:
            people.municipality[p] = rows.content["municipality_from"][index]
            people.unit[p] = rows.content["unit_from"][index] % 10_000
            people.dwelling[p] = rows.content["dwelling_from"][index]
        else:
            people.status[p] = VOID
        people.last_residence[p] = rows.day[index]
        out.add(
            r.ANNULMENT, p, rows.day[index], late=True, relation=r.ANNULS, older=rows.number[index]
        )
    for kind, index in revisions.corrected.items():
        _correct(people, rows, kind, index, out, year, seed)


def _correct(
    people: People, rows: r.Rows, kind: int, index: Index, out: r.Collector, year: int, seed: int
) -> None:
    """Write a correction: the same event some days later in the same year."""
    p = rows.person[index]
    content = {k: v[index].copy() for k, v in rows.content.items()}
    u = uniforms(seed, 1_000_000 * kind, len(index), year, _DAY)
    days = rows.day[index].astype("datetime64[D]")
    end = (days.astype("datetime64[Y]") + 1).astype("datetime64[D]") - 1
    day = np.minimum(days + 1 + (u * 9).astype(np.int64), end).astype(np.int64).astype(np.int32)
    if kind == r.BIRTH:
        content["birth"] = day
        people.birth[p] = day
    for name in r.NUMBERS:
        content[name] = np.where(content[name] >= 0, content[name] - FIRST_NUMBER, -1)
    if kind != r.DEATH:
        people.last_residence[p] = day
    if kind == r.IMMIGRATION:
        people.last_marital[p] = np.maximum(people.last_marital[p], day)
    out.add(kind, p, day, late=True, relation=r.CORRECTS, older=rows.number[index], **content)
