"""Vintages of a table set beside each other: what changes between two releases tell.

The same persons have the same noise. So a figure that is shown as before most likely counts the
same persons, and one that is shown otherwise counts others: where another table tells that a unit
has one person more, and one figure of it alone is another, it is known whom that person is among.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from folkestrom.disclosure.tables.inference import Bounds, bounds_of, narrow
from folkestrom.disclosure.tables.policy import Policy
from folkestrom.disclosure.tables.sums import along
from folkestrom.errors import InputRefused
from folkestrom.publish.protection.meetings import UNKNOWN, Exact, told_by
from folkestrom.publish.protection.shield import Shielded, relations_of
from folkestrom.publish.releases.decision import Decision, Difference
from folkestrom.publish.statbank.dataset import Published
from folkestrom.publish.tables.definition import Definition, Variable
from folkestrom.publish.tables.figures import SUPPRESSED

Counts: TypeAlias = NDArray[np.int32]

#: What noise is made from, beside the secret.
_OF_NOISE: Final = ("small", "largest", "variance", "stay")


@dataclass(frozen=True, slots=True)
class Before:
    """A protected table as it is out.

    Parameters
    ----------
    table
        The table.
    exact
        Tables that stand as they were counted: as they were out beside it, and as they are now.
    """

    table: Published
    exact: Sequence[tuple[Exact, Exact]] = ()


def check_noise(
    id: str, policy: Policy, fingerprint: str, before: Decision | None, reason: str = ""
) -> str:
    """Refuse other noise on the same counts, which would not cancel, unless a reason is stated.

    Parameters
    ----------
    id, policy, fingerprint
        The table, how it is to be protected, and what tells the secret from others.
    before
        How it is protected as it is out; None: it is not.
    reason
        Why its noise is another.

    Returns
    -------
    str
        The reason; empty where the noise is the same.
    """
    if before is None or "none" in (before.policy, policy.kind):
        return ""
    now, was = policy.parameters, before.parameters
    other = [name for name in _OF_NOISE if now.get(name) != was.get(name)]
    if before.policy != policy.kind:
        other = ["policy"]
    elif policy.kind == "cell keys" and before.keys != fingerprint:
        other.append("secret")
    if other and not reason.strip():
        raise InputRefused(
            "is out with noise of another kind or secret: two releases could be averaged",
            where=f"build, table {id}", value=", ".join(other),
            next_step="Name the file that the release which is out was built with, with --keys, "
            "and keep the parameters of the policy; or say why not, with --other-noise",
        )  # fmt: skip
    return reason.strip() if other else ""


def differences(shielded: Sequence[Shielded], out: Mapping[str, Before]) -> Iterator[Difference]:
    """What a reader infers of changes between protected tables and their vintages before.

    Parameters
    ----------
    shielded
        The tables.
    out
        Their vintages that are out, by number; what is not out has none.

    Raises
    ------
    InputRefused
        Two vintages that tell a small change.
    """
    for table in shielded:
        before = out.get(table.definition.id)
        if before is None or table.counted.policy.kind != "cell keys":
            continue
        was, now = before.table.definition, table.definition
        if was.additive or [v.id for v in was.variables] != [v.id for v in now.variables]:
            continue  # figures without noise told all that they had; or none is the other's
        found = _difference(table, before)
        if found.told:
            vintages = (found.table, f"{found.table} ({found.before})")
            raise InputRefused(
                "make small changes derivable together, of figures that are protected",
                where=f"build, tables {' and '.join((*vintages, *found.others))}",
                value=found.told,
                next_step="Let so few changes come out with those of a later period, or let the "
                "policy break down larger units only (`few`)",
            )  # fmt: skip
        yield found


def _difference(table: Shielded, before: Before) -> Difference:
    policy, links = table.counted.policy, relations_of(table.definition)
    others: set[str] = set()
    cells = changed = shared = told = 0
    for content, new in table.shown.items():
        if content not in before.table.figures.values:
            continue
        old, there = _as_now(before.table, table.definition, content)
        there &= ~table.hidden
        moved = there & (old != new)
        exact, sure = _exact_changes(table, before.exact, content, others)
        cells, changed = cells + int(there.sum()), changed + int(moved.sum())
        shared += int(sure.sum())
        different = moved | (sure & (exact != 0))
        times = np.flatnonzero(different.any(axis=tuple(range(new.ndim - 1))))
        if not len(times):
            continue
        bounds = _bounds(policy, old, new, there)
        bounds.lower[sure] = bounds.upper[sure] = exact[sure]
        found = narrow(Bounds(bounds.lower[..., times], bounds.upper[..., times]), links)
        size = np.abs(found.lower)
        small = (found.lower == found.upper) & (size > 0) & (size <= policy.small)
        told += int((small & ~sure[..., times]).sum())
    return Difference(
        table.definition.id, before.table.release, tuple(sorted(others)), cells, changed, shared,
        told,
    )  # fmt: skip


def _bounds(policy: Policy, old: Counts, new: Counts, there: NDArray[np.bool_]) -> Bounds:
    """The least and the greatest change: none of what is shown as before."""
    was, now = (bounds_of(policy, shown, ~there) for shown in (old, new))
    lower, upper = now.lower - was.upper, now.upper - was.lower
    same = there & (old == new)
    lower[same] = upper[same] = 0
    return Bounds(lower, upper)


def _exact_changes(
    table: Shielded, pairs: Sequence[tuple[Exact, Exact]], content: str, others: set[str]
) -> tuple[Counts, NDArray[np.bool_]]:
    """Changes that tables without protection tell, and where they do; their numbers are added."""
    change = np.zeros(table.shown[content].shape, np.int32)
    sure = np.zeros(change.shape, np.bool_)
    for pair in pairs:
        was, now = (told_by(table, side).get(content) for side in pair)
        if was is not None and now is not None:
            both = (was != UNKNOWN) & (now != UNKNOWN)
            change[both], sure[both] = (now - was)[both], True
            others.add(pair[1].definition.id)
    return change, sure


def _as_now(old: Published, now: Definition, content: str) -> tuple[Counts, NDArray[np.bool_]]:
    """Figures of a vintage at the places of another, and which of them it shows."""
    figures, status = old.figures.values[content], old.figures.status
    hidden = np.zeros(figures.shape, np.bool_) if status is None else status == SUPPRESSED
    for axis, (was, own) in enumerate(zip(old.definition.variables, now.variables, strict=True)):
        places = _places(was, own)
        # Behind the last place: nobody, and what the vintage did not have.
        width = [(0, 2 if n == axis else 0) for n in range(figures.ndim)]
        figures, hidden = (np.pad(array, width) for array in (figures, hidden))
        hidden[along(axis, -1)] = True
        figures, hidden = (array.take(places, axis) for array in (figures, hidden))
    return figures.astype(np.int32), ~hidden


def _places(was: Variable, own: Variable) -> list[int]:
    """Where values and sums of a variable stood: -2 for what nobody had, -1 for what is unknown."""
    codes = [[value.code for value in variable.values] for variable in (was, own)]
    both = set(codes[0]) & set(codes[1])
    at = {
        frozenset(codes[0][n] for n in of) & both: place
        for place, of in [*enumerate((n,) for n in range(len(codes[0]))),
                          *((place, of) for of, place in was.stored.items())]
    }  # fmt: skip
    sets = [[code] for code in codes[1]] + [[codes[1][n] for n in of] for of in own.sums]
    nobody = -1 if own.role == "time" else -2
    return [at.get(frozenset(of) & both, -1) if set(of) & both else nobody for of in sets]
