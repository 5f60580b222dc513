"""Keyed pseudonyms: what stands in reports instead of identity numbers and addresses.

HMAC-SHA256 of the standard library: one call a number, at a microsecond.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from folkestrom.engine.failures import path_errors
from folkestrom.errors import UsageError

_KEY_BYTES: Final = 32
_WORD: Final = 8
#: Pseudonyms are int64 and positive.
_PSEUDONYM_BITS: Final = 63


@dataclass(frozen=True, slots=True)
class Key:
    """A secret key of pseudonyms.

    Parameters
    ----------
    secret
        Its bytes.
    file
        Where it was read.
    """

    secret: bytes = field(repr=False)
    file: str = ""

    @property
    def fingerprint(self) -> str:
        """What says that two keys are the same, and not what they are."""
        return hmac.digest(self.secret, b"fingerprint", "sha256").hex()[:16]

    def pseudonym(self, kind: str, text: str) -> tuple[int, int]:
        """Pseudonym of a text, and 64 further bits that tell two texts of one pseudonym apart.

        Parameters
        ----------
        kind
            What the text is, such as "person": equal texts of two kinds have two pseudonyms.
        text
            An identity number, or the key of a dwelling.

        Returns
        -------
        tuple[int, int]
            63 bits, at least 1; and the further bits, as a signed number.

        Examples
        --------
        >>> Key(b"secret").pseudonym("person", "10858099914")[0]
        2962404024862028178
        """
        digest = hmac.digest(self.secret, f"{kind}:{text}".encode(), hashlib.sha256)
        number = int.from_bytes(digest[:_WORD], "big") >> (8 * _WORD - _PSEUDONYM_BITS)
        proof = int.from_bytes(digest[_WORD : 2 * _WORD], "big", signed=True)
        return number or 1, proof


def make_key(file: Path) -> Key:
    """Make a new random key, and write it to a file that only its owner may read.

    Parameters
    ----------
    file
        Where to; must not exist.

    Raises
    ------
    UsageError
        If it exists, or cannot be written.
    """
    key = Key(secrets.token_bytes(_KEY_BYTES), str(file))
    if file.exists():
        raise UsageError(
            "exists",
            where=str(file),
            next_step="Name a new file: a key that pseudonyms were made with is never replaced.",
        )
    with path_errors(file, "KEY"):
        file.touch(mode=0o600, exist_ok=False)
        file.write_text(key.secret.hex() + "\n", encoding="ascii")
    return key


def read_key(file: Path, *apart_from: Path) -> Key:
    """Read a key.

    Parameters
    ----------
    file
        A file that `make_key` has written.
    *apart_from
        Folders that it must not lie in.

    Raises
    ------
    UsageError
        If there is none, others may read it, it lies in one of the folders, or is no key.
    """
    place = str(file)
    if not file.is_file():
        raise UsageError(
            "is no file",
            where=place,
            next_step="Name the file of the key; make one with: folkestrom feed key FILE",
        )
    if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise UsageError(
            "may be read by others",
            where=place,
            allowed="a file that only its owner may read",
            next_step="Take the right from them with: chmod 600 FILE",
        )
    for folder in apart_from:
        if file.resolve().is_relative_to(folder.resolve()):
            raise UsageError(
                "lies in a folder that it has to be kept apart from",
                where=place,
                value=str(folder),
                next_step="Move the key to another folder.",
            )
    try:
        secret = bytes.fromhex(file.read_text(encoding="ascii"))
    except ValueError:
        secret = b""
    if len(secret) != _KEY_BYTES:
        raise UsageError(
            "is no key of pseudonyms",
            where=place,
            allowed=f"{2 * _KEY_BYTES} hexadecimal digits, as folkestrom feed key writes them",
            next_step="Take the copy of the key that was kept.",
        )
    return Key(secret, place)
