"""What was done with releases, when and by whom: lines that are added and never changed.

Each line holds the digest of the one before it, so that a line that was altered or taken out is
found out.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from folkestrom.errors import InputRefused
from folkestrom.model.specification import Text

Act = Literal["announce", "build", "approve", "schedule", "withdraw", "release"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One act.

    Parameters
    ----------
    act
        What was done.
    release
        To which release, or to what is announced before it is made.
    who
        Who did it.
    at
        When, in UTC.
    due
        Of a schedule, the instant of the release, in UTC; of what is announced too, where that is
        determined.
    titles
        Of a build, and of what is announced, what its tables are about, by their numbers.
    why
        The reason, where there must be one.
    after
        Digest of the line before it.
    policies
        Of an approval, how each table is protected; the release's name stands for all the rest of
        what was decided.
    announced
        Of a schedule, what was announced before that the release is.
    """

    act: Act
    release: str
    who: str
    at: datetime
    due: datetime | None = None
    titles: dict[str, Text] = field(default_factory=dict)
    why: str = ""
    after: str = ""
    policies: dict[str, str] = field(default_factory=dict)
    announced: str = ""


def read_journal(path: Path) -> list[Entry]:
    """The acts from the first on.

    Parameters
    ----------
    path
        The journal; none is an empty one.

    Raises
    ------
    InputRefused
        A line that is no act, or does not follow the one before it.
    """
    if not path.exists():
        return []
    entries, after = [], ""
    for row, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            entry = msgspec.json.decode(line, type=Entry)
        except msgspec.MsgspecError as error:
            raise _broken(path, row) from error
        if entry.after != after:
            raise _broken(path, row)
        entries.append(entry)
        after = hashlib.sha256(line).hexdigest()
    return entries


def add_entry(path: Path, entry: Entry) -> None:
    """Add an act; it is on the disk when this returns.

    Parameters
    ----------
    path
        The journal.
    entry
        The act; what it comes after is filled in.
    """
    before = read_journal(path)
    if before and entry.at < before[-1].at:
        raise InputRefused(
            "is before the last act of the journal: the clock was moved back",
            where=str(path),
            value=f"{entry.at:%Y-%m-%dT%H:%M:%SZ}",
            next_step="Set the machine's clock right, then repeat the command",
        )
    lines = path.read_bytes().splitlines() if before else []
    after = hashlib.sha256(lines[-1]).hexdigest() if lines else ""
    line = msgspec.json.encode(replace(entry, after=after))
    whole = path.stat().st_size if before else 0
    try:
        with path.open("ab") as file:
            file.write(line + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        # A line of which a part was written, on a full disk, would be one that was altered.
        if path.exists():
            os.truncate(path, whole)
        raise


def _broken(path: Path, row: int) -> InputRefused:
    return InputRefused(
        "was altered: this line is no act that follows the one before it",
        where=str(path),
        row=row,
        next_step="Restore the journal from a backup; nothing is released until then",
    )
