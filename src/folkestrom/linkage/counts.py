"""What a linking did, as numbers that add up."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date

from folkestrom.intake.counts import numbers_of, total_of


@dataclass(frozen=True, slots=True)
class LinkCount:
    """Rows of one file; accepted + refused + unknown + repeats = read.

    Parameters
    ----------
    file
        The file, as it was given.
    read
        Rows in it.
    accepted
        Now in the variable's history.
    refused
        Held back for what is wrong with them.
    unknown
        Held apart: of persons whom the register does not know.
    repeats
        There already.
    """

    file: str
    read: int
    accepted: int
    refused: int
    unknown: int
    repeats: int


@dataclass(frozen=True, slots=True)
class LinkResult:
    """What one linking did.

    Parameters
    ----------
    variable
        The variable.
    delivery
        The number of its delivery; None when every file stands already.
    known_from
        First knowledge date of what is new; of what stands, when nothing is.
    kind
        "text", "number" or "whole number".
    files
        Rows of each file.
    reasons
        Rows held back or apart, by reason.
    examples
        Some of them: file, row and what is wrong, without anybody's number.
    opened, closed, kept
        Rows of the history that are new, that are no longer what is known, and that go on.
    mended
        Rows held from earlier deliveries that this one has mended.
    waiting
        Rows of files that were delivered before that are held for what is wrong with them.
    """

    variable: str
    delivery: int | None
    known_from: date | None
    kind: str
    files: tuple[LinkCount, ...]
    reasons: dict[str, int]
    examples: tuple[str, ...] = ()
    opened: int = 0
    closed: int = 0
    kept: int = 0
    mended: int = 0
    waiting: int = 0

    @property
    def total(self) -> LinkCount:
        """All files together."""
        return total_of(LinkCount, self.files)

    def as_dict(self) -> dict[str, object]:
        """The same for machines."""
        return {
            **asdict(self),
            "known_from": None if self.known_from is None else self.known_from.isoformat(),
            "total": numbers_of(self.total),
        }
