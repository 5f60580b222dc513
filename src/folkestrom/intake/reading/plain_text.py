"""Text as the engine reads it: unpacked, with one kind of line end, and readable line by line.

Most files are read where they lie. One that mixes line ends, or that holds bytes at which the
engine's reader would lose its way, is written once more into the scratch folder; what stands in
quotation marks stays as it is.
"""

from __future__ import annotations

import codecs
import gzip
import json
import mmap
import re
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

from folkestrom.engine.failures import shortage
from folkestrom.errors import InputRefused, UserError
from folkestrom.intake.reading.file_kinds import GZIP, check_text, conversion
from folkestrom.intake.reading.files import Format, InputFile
from folkestrom.intake.reading.readers import broken_file

_BLOCK: Final = 1 << 20
#: What reading a damaged file, packed or not, can end in.
UNREADABLE: Final = (OSError, EOFError, zlib.error)
DELIMITERS: Final = ",;\t|"
_LINE: Final = re.compile(rb"([^\n]*)(?:\n|\Z)")
#: What stands for a line that is no text, so that its place is kept.
_NO_TEXT: Final = "\N{REPLACEMENT CHARACTER}".encode()


@dataclass(frozen=True, slots=True)
class Text:
    """A text file, ready for the engine.

    Parameters
    ----------
    file
        The file as it was given.
    path
        What is read: itself, or a copy of it in the scratch folder.
    packed
        Whether that is packed by gzip.
    raw
        What its lines are read from as they were delivered, with the same line ends.
    """

    file: InputFile
    path: Path
    packed: bool
    raw: Path | None = None

    @property
    def compression(self) -> str:
        """What it is packed by, as the engine calls it."""
        return "gzip" if self.packed else "none"

    def opened(self) -> BinaryIO:
        """Its bytes, unpacked."""
        if self.packed:
            return cast("BinaryIO", gzip.open(self.path, "rb"))
        return self.path.open("rb")


@dataclass(slots=True)
class _Survey:
    """What a file holds, counted in one pass.

    Parameters
    ----------
    both, feeds, returns
        Line ends of two characters, all line feeds, and all carriage returns.
    is_utf8
        Whether all of it is UTF-8.
    has_controls
        Whether it holds bytes that no text has.
    """

    both: int = 0
    feeds: int = 0
    returns: int = 0
    is_utf8: bool = True
    has_controls: bool = False

    @property
    def is_mixed(self) -> bool:
        """Whether lines end in more than one way, or in one that few readers know."""
        return self.returns > self.both or 0 < self.both < self.feeds


def plain(file: InputFile, room: Path) -> Text:
    """Look at a text file, and write it once more if the engine could not read it as it is.

    Parameters
    ----------
    file
        The file.
    room
        The scratch folder.
    """
    with whole(file.path, file.format.upper()), file.path.open("rb") as stream:
        packed = stream.read(len(GZIP)) == GZIP
    text = Text(file, file.path, packed)
    with whole(file.path, "gzip" if packed else file.format.upper()):
        found = _survey(text)
    if file.format == Format.CSV:
        return _with_one_end(text, room) if found.is_mixed else text
    if found.is_mixed or not found.is_utf8 or found.has_controls:
        return _with_whole_lines(text, room)
    return text


def unpacked(text: Text, room: Path) -> Path:
    """A path at which a text lies unpacked."""
    if not text.packed:
        return text.path
    target = _beside(text, room, "unpacked")
    with text.opened() as stream, target.open("wb") as to:
        shutil.copyfileobj(stream, to, _BLOCK)
    return target


@contextmanager
def whole(path: Path, what: str) -> Iterator[None]:
    """Turn what reading a file ends in into errors: what ran out, or a file that is not whole.

    Parameters
    ----------
    path
        The file.
    what
        Its format, or what it is packed by.
    """
    try:
        yield
    except UserError:
        raise
    except UNREADABLE as error:
        raise shortage(error) or broken_file(path, what) from error


def raw_records(path: Path, delimiter: str, places: list[int]) -> dict[int, bytes]:
    """Records of a CSV file by their number: those at places in it, byte for byte.

    Parameters
    ----------
    path
        The file, unpacked.
    delimiter
        What separates its values.
    places
        Where records begin, in bytes, or the line end just before; ascending.

    Returns
    -------
    The number of each record, from 1 and without the header and empty lines, and its bytes without
    the line end.
    """
    found: dict[int, bytes] = {}
    with _mapped(path) as content:
        number = -1  # the header is record 0
        wanted = iter(places)
        place = next(wanted, None)
        for match in _record(delimiter).finditer(content):
            if place is None:
                break
            if match.start(1) == match.end(1):
                continue
            number += 1
            while place is not None and place < match.end(1):
                found[number] = match[1]
                place = next(wanted, None)
    return found


def raw_lines(path: Path, numbers: set[int]) -> dict[int, bytes]:
    """Lines of an NDJSON file by their number, from 1 and without empty ones, byte for byte."""
    found: dict[int, bytes] = {}
    with _mapped(path) as content:
        number = 0
        for match in _LINE.finditer(content):
            line = match[1]
            number += bool(line.strip(b" "))
            if number in numbers and number not in found:
                found[number] = line
    return found


def _survey(text: Text) -> _Survey:
    found = _Survey()
    decoder = codecs.getincrementaldecoder("utf-8")()
    before = b""
    with text.opened() as stream:
        block = stream.read(_BLOCK)
        check_text(text.file.path, block)
        if text.file.path.suffix.lower() == ".gz" and not text.packed and not _could_be_text(block):
            raise broken_file(text.file.path, "gzip")
        while block:
            found.both += block.count(b"\r\n") + (before == b"\r" and block[:1] == b"\n")
            found.feeds += block.count(b"\n")
            found.returns += block.count(b"\r")
            found.has_controls |= b"\0" in block or b"\1" in block
            before = block[-1:]
            found.is_utf8 = found.is_utf8 and _is_decoded(decoder, block)
            block = stream.read(_BLOCK)
    found.is_utf8 = found.is_utf8 and _is_decoded(decoder, b"", final=True)
    return found


def _could_be_text(block: bytes) -> bool:
    return b"\0" not in block and b"\n" in block


def _is_decoded(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _with_one_end(text: Text, room: Path) -> Text:
    """The same CSV file with line feeds for line ends; those within quotation marks stay."""
    path = unpacked(text, room)
    target = _beside(text, room, "lines")
    with path.open("rb") as stream:
        header = stream.readline(_BLOCK).replace(b"\r", b"\n").split(b"\n")[0]
    pattern = _record(delimiter_of(header.decode("utf-8", "replace")))
    with _mapped(path) as content, target.open("wb") as to:
        for match in pattern.finditer(content):
            to.write(match[1])
            if match.end() > match.end(1):
                to.write(b"\n")
    return Text(text.file, target, packed=False)


def _with_whole_lines(text: Text, room: Path) -> Text:
    """The same NDJSON file with line feeds for line ends, and a mark for lines that are no text."""
    raw, target = _beside(text, room, "raw"), _beside(text, room, "lines")
    with text.opened() as stream, raw.open("wb") as to:
        for line in _lines_of(stream):
            to.write(line + b"\n")
    with raw.open("rb") as stream, target.open("wb") as to:
        for number, line in enumerate(stream, start=1):
            to.write(line if _is_text(text, number, line) else _NO_TEXT + b"\n")
    return Text(text.file, target, packed=False, raw=raw)


def _lines_of(stream: BinaryIO) -> Iterator[bytes]:
    """Lines without their ends, whichever these are."""
    for line in stream:
        yield from line.removesuffix(b"\n").removesuffix(b"\r").split(b"\r")


def _is_text(text: Text, number: int, line: bytes) -> bool:
    """Whether a line can be handed on; refuse the file for a sound record in another encoding."""
    try:
        codecs.decode(line, "utf-8")
    except UnicodeDecodeError as error:
        try:
            json.loads(line.decode("latin-1"))
        except ValueError:
            return False
        raise other_encoding(text.file.path, number) from error
    return b"\0" not in line and b"\1" not in line


def other_encoding(path: Path, number: int) -> InputRefused:
    """The error for a text that is not UTF-8, by the number of a line that shows it."""
    return InputRefused(
        f"is not UTF-8: line {number} holds bytes that look like WINDOWS-1252",
        where=str(path),
        allowed="UTF-8",
        next_step=f"{conversion('WINDOWS-1252', path)}. Nothing of this intake was kept.",
    )


def delimiter_of(header: str) -> str:
    """The delimiter that splits a header most."""
    return max(DELIMITERS, key=header.count)


def _record(delimiter: str) -> re.Pattern[bytes]:
    """A record and its line end; a quotation mark opens only where a value begins."""
    mark = re.escape(delimiter.encode())
    value = rb'(?>"(?>[^"]+|"")*"[^' + mark + rb"\r\n]*|[^" + mark + rb"\r\n]*)"
    return re.compile(rb"(" + value + rb"(?>" + mark + value + rb")*)(?:\r\n|\n|\r|\Z)")


def _beside(text: Text, room: Path, what: str) -> Path:
    return room / f"{text.file.digest[:16]}.{what}"


@contextmanager
def _mapped(path: Path) -> Iterator[mmap.mmap | bytes]:
    """The bytes of a file, without reading all of them at once; a mark at its beginning is kept."""
    with path.open("rb") as stream:
        if not path.stat().st_size:
            yield b""
            return
        # Closed with its last match, which looks into it.
        yield mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
