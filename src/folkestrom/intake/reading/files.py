"""Which files are meant, what they are, and whether they have been here before."""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from folkestrom.engine.failures import shortage
from folkestrom.errors import InputRefused

_BLOCK: Final = 1 << 20


class Format(StrEnum):
    """File formats that reports are delivered in."""

    PARQUET = "parquet"
    CSV = "csv"
    NDJSON = "ndjson"


_ENDINGS: Final[dict[str, Format]] = {
    ".parquet": Format.PARQUET,
    ".csv": Format.CSV,
    ".csv.gz": Format.CSV,
    ".ndjson": Format.NDJSON,
    ".ndjson.gz": Format.NDJSON,
    ".jsonl": Format.NDJSON,
    ".jsonl.gz": Format.NDJSON,
}
ENDINGS_TEXT: Final = ", ".join(_ENDINGS)


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file to be taken in.

    Parameters
    ----------
    path
        Where it is.
    format
        What it is, by its ending.
    digest
        Hash of its bytes, by which it is known again.
    """

    path: Path
    format: Format
    digest: str


def find_files(patterns: Iterable[str | Path]) -> list[InputFile]:
    """Every file that is meant, each once, in the order given; folders in the order of names.

    Parameters
    ----------
    patterns
        Files, folders (their files with a known ending are taken, not those of folders inside),
        or patterns with `*` and `?`.
    """
    paths: dict[Path, None] = {}
    for pattern in patterns:
        paths.update(dict.fromkeys(_expanded(Path(pattern))))
    files = [InputFile(path, format_of(path), _digest(path)) for path in paths]
    # The same bytes under two names are one delivery.
    return list({file.digest: file for file in reversed(files)}.values())[::-1]


def format_of(path: Path) -> Format:
    """The format that a file's ending stands for."""
    found = _format(path)
    if found is None:
        raise InputRefused(
            "is not a kind of file that reports come in",
            where=str(path),
            allowed=f"files ending in {ENDINGS_TEXT}",
            next_step="Give the file its right ending, or convert it.",
        )
    return found


def _format(path: Path) -> Format | None:
    name = path.name.lower()
    return next((f for ending, f in _ENDINGS.items() if name.endswith(ending)), None)


def _expanded(path: Path) -> list[Path]:
    if path.is_dir():
        found = sorted(p for p in path.iterdir() if p.is_file() and _format(p))
        return found or _nothing(path, "holds no report files")
    if path.exists():
        return [path]
    if glob.has_magic(str(path)):
        found = sorted(Path(p) for p in glob.glob(str(path)))  # noqa: PTH207  also absolute ones
        return found or _nothing(path, "matches no file")
    return _nothing(path, "does not exist")


def _nothing(path: Path, what: str) -> list[Path]:
    raise InputRefused(
        what,
        where=str(path),
        allowed=f"files ending in {ENDINGS_TEXT}, folders that hold some, or patterns",
        next_step="Look at the path; relative ones start at the current folder.",
    )


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            found = hashlib.sha256()
            while block := stream.read(_BLOCK):
                found.update(block)
    except OSError as error:
        raise shortage(error) or InputRefused(
            f"cannot be read ({error.strerror})",
            where=str(path),
            next_step="Look at the file's permissions and at the disk.",
        ) from error
    return found.hexdigest()
