"""The secret that record keys are made from: a file that its owner alone reads."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from folkestrom.errors import InputRefused, UsageError

_BYTES: Final = 32


def make_secret(path: Path) -> None:
    """Write a new secret.

    Parameters
    ----------
    path
        Where to; a file that is there is never overwritten.
    """
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise UsageError(
            "is there already, and a secret that is lost cannot be made again", where=str(path),
            next_step="Use it, or name another file",
        ) from error  # fmt: skip
    except OSError as error:
        raise UsageError("cannot be written", where=str(path)) from error
    with os.fdopen(number, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(_BYTES) + "\n")


def read_secret(path: Path, apart_from: Sequence[Path]) -> bytes:
    """The secret of a file.

    Parameters
    ----------
    path
        The file.
    apart_from
        The folders of the store and of releases, which it must not lie in.

    Raises
    ------
    InputRefused
        A file that holds no secret, or that others may read.
    """
    try:
        mode, text = path.stat().st_mode, path.read_text(encoding="ascii")
        secret = bytes.fromhex(text.strip())
    except (OSError, ValueError) as error:
        raise _no_secret(path, "cannot be read as a secret") from error
    if len(secret) < _BYTES:
        raise _no_secret(path, "is too short for a secret")
    if os.name == "posix" and mode & 0o077:
        raise InputRefused(
            "may be read by others than its owner", where=str(path),
            next_step=f"chmod 600 {path}",
        )  # fmt: skip
    if any(path.resolve().is_relative_to(folder.resolve()) for folder in apart_from):
        raise _no_secret(path, "lies in the store, or among the releases")
    return secret


def _no_secret(path: Path, what: str) -> InputRefused:
    return InputRefused(
        what, where=str(path),
        next_step="Make one with `folkestrom publish keys FILE`, outside store and releases",
    )  # fmt: skip
