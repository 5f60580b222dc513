"""Decisions on disclosure control, as a release's manifest has them."""

from __future__ import annotations

from dataclasses import dataclass

from folkestrom.disclosure.tables.policy import Cost, Policy


@dataclass(frozen=True, slots=True)
class Decision:
    """How a table is protected, and what that cost.

    Parameters
    ----------
    policy
        The policy, with its reason.
    cost
        What it changed.
    keys
        Of cell keys: a fingerprint of the secret, which tells whether two releases have the same.
    """

    policy: Policy
    cost: Cost
    keys: str = ""


@dataclass(frozen=True, slots=True)
class Meeting:
    """What a reader infers who sets figures of a protected table beside others.

    Parameters
    ----------
    table
        The protected table.
    others
        The tables that are set beside it, each of the same counts; none: itself alone.
    shared
        Figures of the protected table that the others tell exactly.
    small
        Small counts that the table protects.
    narrow
        Of them those with a range of no more than the largest small count.
    told
        Of them those that are told.
    breakdowns
        The most independent estimates of one small count.
    standard_error
        Of the best of them, taken together, in persons; 0 where there is no noise.
    """

    table: str
    others: tuple[str, ...]
    shared: int
    small: int
    narrow: int
    told: int
    breakdowns: int
    standard_error: float
