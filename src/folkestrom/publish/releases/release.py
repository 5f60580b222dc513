"""A release: a folder that is named by what is in it, and never changes.

A manifest lists every file with its digest; the release's name is the digest of the manifest. So a
folder that was copied by halves, or altered, is found out.
"""

from __future__ import annotations

import hashlib
import shutil
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from folkestrom.errors import InputRefused
from folkestrom.model.specification import Text
from folkestrom.publish.releases.decision import Decision, Difference, Meeting
from folkestrom.publish.tables.definition import Definition
from folkestrom.publish.tables.figures import Figures
from folkestrom.publish.tables.folder import write_table

_MANIFEST: Final = "manifest.json"
_TABLES: Final = "tables"
_NAME_LENGTH: Final = 16
_PIECE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a release holds.

    Parameters
    ----------
    titles
        What its tables are about, by their numbers.
    files
        Digests (SHA-256) by paths within the folder.
    made_at
        When it was made, in UTC.
    made_by
        Who made it.
    program
        The version of the program.
    log_position
        The last report of the log that it is made from.
    decisions
        How each table is protected, and what that cost, by its number.
    meetings
        What a reader infers from tables that have counts in common.
    corrects, why
        The release that it corrects, and what was wrong there; empty: it corrects none.
    differences
        What a reader infers from protected tables and their vintages before.
    """

    titles: dict[str, Text]
    files: dict[str, str]
    made_at: datetime
    made_by: str
    program: str
    log_position: int
    decisions: dict[str, Decision] = field(default_factory=dict)
    meetings: tuple[Meeting, ...] = ()
    corrects: str = ""
    why: str = ""
    differences: tuple[Difference, ...] = ()

    @property
    def shields(self) -> bool:
        """Whether any of its tables is protected."""
        return any(decision.policy != "none" for decision in self.decisions.values())


def write_release(
    parent: Path,
    tables: Iterable[tuple[Definition, Figures, Decision]],
    *,
    made_at: datetime,
    made_by: str,
    program: str,
    log_position: int,
    meetings: Callable[[], Sequence[Meeting]] = tuple,
    differences: Callable[[], Sequence[Difference]] = tuple,
    corrects: str = "",
    why: str = "",
) -> Path:
    """Write tables as a new release; what is half done has no release's name, and is taken away.

    Parameters
    ----------
    parent
        The folder of releases.
    tables
        The tables, each with the decision on its protection; it is written before the next is
        asked for.
    made_at, made_by, program, log_position, corrects, why
        As in `Manifest`.
    meetings
        Asked when all tables are made: what a reader infers from them together.
    differences
        Asked then too: what a reader infers from them and their vintages before.

    Returns
    -------
    Path
        The release's folder.
    """
    # Other users of the machine, such as the public server's, read nothing that is not out.
    parent.mkdir(mode=0o770, parents=True, exist_ok=True)
    unfinished = parent / f".unfinished-{uuid.uuid4().hex}"
    try:
        titles, decisions = {}, {}
        for n, (definition, figures, decision) in enumerate(tables):
            write_table(unfinished / _TABLES / str(n), definition, figures)
            titles[definition.id] = definition.title
            decisions[definition.id] = decision
        files = {
            path.relative_to(unfinished).as_posix(): _digest(path)
            for path in sorted(unfinished.rglob("*"))
            if path.is_file()
        }
        manifest = Manifest(
            titles,
            files,
            made_at,
            made_by,
            program,
            log_position,
            decisions,
            tuple(meetings()),
            corrects,
            why,
            tuple(differences()),
        )
        text = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
        (unfinished / _MANIFEST).write_bytes(text)
        folder = parent / hashlib.sha256(text).hexdigest()[:_NAME_LENGTH]
        unfinished.rename(folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return folder


def read_manifest(folder: Path) -> Manifest:
    """What a release says that it holds.

    Parameters
    ----------
    folder
        The release.

    Raises
    ------
    InputRefused
        It has no manifest, or another than its name says.
    """
    try:
        text = (folder / _MANIFEST).read_bytes()
        manifest = msgspec.json.decode(text, type=Manifest)
    except (OSError, msgspec.MsgspecError) as error:
        raise _broken(folder, _MANIFEST) from error
    if hashlib.sha256(text).hexdigest()[:_NAME_LENGTH] != folder.name:
        raise _broken(folder, _MANIFEST)
    return manifest


def check_release(folder: Path) -> Manifest:
    """Read every file of a release, and see that it is what the manifest says.

    Parameters
    ----------
    folder
        The release.

    Raises
    ------
    InputRefused
        A file that is missing or another.
    """
    manifest = read_manifest(folder)
    for name, digest in manifest.files.items():
        path = folder / name
        if not path.is_file() or _digest(path) != digest:
            raise _broken(folder, name)
    return manifest


def table_folders(folder: Path, manifest: Manifest) -> dict[str, Path]:
    """The folder of each table of a release, by its number.

    Parameters
    ----------
    folder, manifest
        The release.
    """
    return {id: folder / _TABLES / str(n) for n, id in enumerate(manifest.titles)}


def _digest(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            found.update(piece)
    return found.hexdigest()


def _broken(folder: Path, name: str) -> InputRefused:
    return InputRefused(
        f"is not the release that its name says: {name} is missing or another",
        where=str(folder),
        next_step="Copy the whole release again from where it was made",
    )
