"""What an intake did, as numbers that add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

Count = TypeVar("Count")


@dataclass(frozen=True, slots=True)
class FileCount:
    """Records of one file; accepted + quarantined + repeats = read.

    Parameters
    ----------
    file
        The file, as it was given.
    read
        Records in it, broken ones included.
    accepted
        Now in the log.
    quarantined
        Now in quarantine.
    repeats
        In the log or in quarantine already.
    """

    file: str
    read: int
    accepted: int
    quarantined: int
    repeats: int


@dataclass(frozen=True, slots=True)
class MainReason:
    """The one reason for which most records of a store's first intake wait in quarantine.

    Parameters
    ----------
    reason
        Its code.
    column
        The column with what is wrong; None: the whole record.
    records
        Records that wait for it.
    meaning
        What the reason is, in words.
    next_step
        What to do now.
    """

    reason: str
    column: str | None
    records: int
    meaning: str
    next_step: str


@dataclass(frozen=True, slots=True)
class IntakeResult:
    """What one intake did.

    Parameters
    ----------
    batch
        Its number; None when every file had been taken in before.
    files
        Records of each file.
    withdrawn
        Reports of earlier intakes that left the log, because of what came now.
    reinstated
        Records of earlier intakes that came back into the log, because of what came now.
    closed
        Numbers in quarantine of records that waited and that this delivery has mended.
    waiting
        Numbers in quarantine of records that were delivered once more as they are, and wait on.
    main_reason
        Of a store's first intake, why most of it waits; None: most of it does not, or not for one
        reason.
    """

    batch: int | None
    files: tuple[FileCount, ...]
    withdrawn: int = 0
    reinstated: int = 0
    closed: tuple[int, ...] = ()
    waiting: tuple[int, ...] = ()
    main_reason: MainReason | None = None

    @property
    def total(self) -> FileCount:
        """All files together."""
        return total_of(FileCount, self.files)

    @property
    def is_refused(self) -> bool:
        """Whether no record could be taken in, and some wait in quarantine."""
        return not self.total.accepted and bool(self.total.quarantined or self.waiting)

    def as_dict(self) -> dict[str, object]:
        """The same for machines."""
        return {
            "batch": self.batch,
            "files": [asdict(file) for file in self.files],
            "total": numbers_of(self.total),
            "withdrawn": self.withdrawn,
            "reinstated": self.reinstated,
            "closed": list(self.closed),
            "waiting": list(self.waiting),
            "main_reason": self.main_reason and asdict(self.main_reason),
        }


def total_of(kind: Callable[..., Count], files: Iterable[Count]) -> Count:
    """The counts of all files together: of each, first the file, then whole numbers."""
    totals = Counter[str]()
    for file in files:
        totals.update(numbers_of(file))
    return kind("total", **totals)


def numbers_of(count: Any) -> dict[str, int]:
    """A count without its file."""
    return {name: many for name, many in asdict(count).items() if name != "file"}
