"""What a file is by its first bytes, whatever it is called."""

from __future__ import annotations

import codecs
import shlex
from pathlib import Path
from typing import Final

from folkestrom.errors import InputRefused

GZIP: Final = b"\x1f\x8b"
_BYTES: Final = 16
_AGAIN: Final = "and take that file in. Nothing of this intake was kept."
_UNPACK: Final = f"Unpack it ({{command}}) {_AGAIN}"
_SAVE: Final = f"Save it as CSV (UTF-8) or as Parquet, {_AGAIN}"

#: First bytes: what a file that begins so is, and what to do with it.
_KINDS: Final[tuple[tuple[bytes, str, str], ...]] = (
    (b"PK\x03\x04", "a zip file", _UNPACK.format(command="unzip")),
    (b"PK\x05\x06", "an empty zip file", "Get the file again from its source."),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook (.xls)", _SAVE),
    (b"\x28\xb5\x2f\xfd", "a file packed by zstd", _UNPACK.format(command="zstd -d")),
    (b"BZh", "a file packed by bzip2", _UNPACK.format(command="bunzip2")),
    (b"\xfd7zXZ\x00", "a file packed by xz", _UNPACK.format(command="unxz")),
    (b"\x04\x22\x4d\x18", "a file packed by lz4", _UNPACK.format(command="unlz4")),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip file", _UNPACK.format(command="7z x")),
    (GZIP, "a file packed by gzip", _UNPACK.format(command="gunzip")),
    (b"PAR1", "a Parquet file", f"Give it the ending .parquet {_AGAIN}"),
    (b"ARROW1", "an Arrow file", f"Write it as Parquet {_AGAIN}"),
    (b"SQLite format 3", "an SQLite database", _SAVE),
    (b"%PDF-", "a PDF document", "Ask the source for CSV, NDJSON or Parquet."),
    (b"<?xml", "an XML document", "Ask the source for CSV, NDJSON or Parquet."),
    (b"<!DOCTYPE", "an HTML page", "Get the file again from its source: a page came instead."),
    (b"<html", "an HTML page", "Get the file again from its source: a page came instead."),
    (b"<stata_dta>", "a Stata file", _SAVE),
    (b"$FL2", "an SPSS file", _SAVE),
)  # fmt: skip

#: Names within a zip file that is a workbook.
_OF_WORKBOOKS: Final = (b"[Content_Types].xml", b"xl/")

#: Texts in two or four bytes a letter: the mark they begin with, and what the encoding is called.
_WIDE: Final[tuple[tuple[bytes, str], ...]] = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


def conversion(encoding: str, path: Path) -> str:
    """How to convert a text, in words that a shell takes as they are, whatever the file is called.

    Examples
    --------
    >>> conversion("UTF-16", Path("may;reboot.csv"))
    "Convert it: iconv -f UTF-16 -t UTF-8 -- 'may;reboot.csv' > 'utf8-may;reboot.csv'"
    """
    old, new = (shlex.quote(name) for name in (path.name, f"utf8-{path.name}"))
    return f"Convert it: iconv -f {encoding} -t UTF-8 -- {old} > {new}"


def check_text(path: Path, first: bytes) -> None:
    """Refuse a file that is not text in UTF-8, by its first bytes.

    Parameters
    ----------
    path
        The file, for messages.
    first
        What it begins with, unpacked.
    """
    name = _wide(first[:_BYTES])
    if name is not None:
        raise InputRefused(
            f"is text in {name}",
            where=str(path),
            allowed="UTF-8",
            next_step=f"{conversion(name, path)}. Nothing of this intake was kept.",
        )
    _check(path, first, "text: CSV or NDJSON in UTF-8, plain or packed by gzip")


def check_parquet(path: Path, first: bytes) -> None:
    """Refuse a file that is no Parquet file, by its first bytes.

    Parameters
    ----------
    path
        The file, for messages.
    first
        What it begins with.
    """
    if not first or first.startswith(b"PAR1"):
        return
    _check(path, first, "a Parquet file, as its ending says")
    if first.isascii() and not any(byte < 9 for byte in first):
        raise _is_another(
            path, "text", "a Parquet file, as its ending says",
            f"Give it the ending .csv or .ndjson, whichever it is, {_AGAIN}",
        )  # fmt: skip


def _check(path: Path, first: bytes, allowed: str) -> None:
    if first.startswith(b"PK\x03\x04") and any(name in first for name in _OF_WORKBOOKS):
        raise _is_another(path, "an Excel workbook (.xlsx)", allowed, _SAVE)
    for begins, what, next_step in _KINDS:
        if first.startswith(begins):
            raise _is_another(path, what, allowed, next_step)


def _is_another(path: Path, what: str, allowed: str, next_step: str) -> InputRefused:
    return InputRefused(
        f"is {what}, by its first bytes",
        where=str(path),
        allowed=allowed,
        next_step=next_step,
    )


def _wide(first: bytes) -> str | None:
    """The encoding in two or four bytes a letter, or None; without a mark, by its zeros."""
    for mark, name in _WIDE:
        if first.startswith(mark):
            return name
    low, high = first[::2], first[1::2]
    if len(high) < 4 or any(low) == any(high):
        return None
    return "UTF-16LE" if any(low) else "UTF-16BE"
