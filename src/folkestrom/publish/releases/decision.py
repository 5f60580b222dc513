"""Decisions on disclosure control, as a release's manifest has them."""

from __future__ import annotations

from dataclasses import dataclass, field

from folkestrom.model.specification import Text


@dataclass(frozen=True, slots=True)
class Decision:
    """How a table is protected, why, and what that cost.

    Parameters
    ----------
    policy
        "none", "cell keys", "rounding" or "suppression".
    reason
        Why so.
    parameters
        Those of the policy.
    cells
        Figures that can be asked for and are shown, and not 0.
    changed
        Of them those that are shown otherwise than they were counted.
    mean_change, largest_change
        Without their sign; the mean is over all of them.
    hidden
        Figures that are not shown.
    keys
        Of cell keys: a fingerprint of the secret, which tells whether two releases have the same.
    other_noise
        Why its noise is not that of the release before; empty: it is, or there is none.
    """

    policy: str
    reason: Text
    parameters: dict[str, int | float | None] = field(default_factory=dict)
    cells: int = 0
    changed: int = 0
    mean_change: float = 0.0
    largest_change: int = 0
    hidden: int = 0
    keys: str = ""
    other_noise: str = ""

    @property
    def share_changed(self) -> float:
        """Changed figures among those that are not 0."""
        return self.changed / self.cells if self.cells else 0.0


@dataclass(frozen=True, slots=True)
class Meeting:
    """What a reader infers who sets figures of a protected table beside others.

    Parameters
    ----------
    table
        The protected table.
    others
        The tables that are set beside it, which have counts in common with it; none: itself alone.
    shared
        Figures of the protected table that the others tell exactly.
    small
        Small counts that the table protects.
    narrow
        Of them those with a range of no more values than there are small counts and 0.
    told
        Of them those that are told.
    breakdowns
        The most independent estimates of one small count.
    standard_error
        The least of all of them taken together, in persons; 0 where there is no noise.
    """

    table: str
    others: tuple[str, ...]
    shared: int
    small: int
    narrow: int
    told: int
    breakdowns: int
    standard_error: float


@dataclass(frozen=True, slots=True)
class Difference:
    """What a reader infers who sets a protected table beside its vintage before.

    Parameters
    ----------
    table
        The table.
    before
        The release that has the vintage before.
    others
        Tables without protection that tell what changed in all.
    cells
        Figures that both vintages show.
    changed
        Of them those that are shown otherwise.
    shared
        Changes that the others tell exactly.
    told
        Changes of 1 to as many persons as a small count that are told: of figures that alone were
        changed among those of a unit.
    """

    table: str
    before: str
    others: tuple[str, ...]
    cells: int
    changed: int
    shared: int
    told: int
