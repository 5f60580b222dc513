"""The national register's feed: pull it, read it into reports, change its key."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

from folkestrom.engine.failures import path_errors
from folkestrom.errors import UsageError
from folkestrom.intake.feed import read as reading
from folkestrom.intake.feed import rotation
from folkestrom.intake.feed.folder import FeedFolder
from folkestrom.intake.feed.pull import PATIENCE, Pulled
from folkestrom.intake.feed.pull import pull as pull_from
from folkestrom.intake.feed.read import SOURCE, FeedRead
from folkestrom.intake.identities import pseudonyms

#: A file or folder as people give it.
PathLike = str | os.PathLike[str]
_WEB: Final = ("http://", "https://")


def pull(
    from_: PathLike,
    to: PathLike,
    *,
    start: int | None = None,
    patience: float = PATIENCE,
    progress: Callable[[int], None] | None = None,
) -> Pulled:
    """Save what is new in a feed, and the documents that are needed, as they are received.

    Parameters
    ----------
    from_
        The address of the register's service, or a folder of saved JSON.
    to
        The folder to save into. It holds identity numbers: keep it outside the wall.
    start
        The first number to ask for; None: the one after the last that is saved.
    patience
        Seconds to keep trying where the service does not answer as it should.
    progress
        Told the number of each page's last event.

    Raises
    ------
    InputRefused
        If the feed did not answer as it should; the next pull goes on.
    UsageError
        If there is no such feed, it gives no access, or httpx is not installed.
    """
    folder = FeedFolder(Path(to))
    try:
        from folkestrom.intake.feed.sources import HttpFeed, SavedFeed
    except ImportError as error:
        raise UsageError(
            "is not installed", where="httpx", next_step="Install folkestrom[feed]"
        ) from error
    if not str(from_).startswith(_WEB):
        # What a folder does not have now, it does not have in a second.
        with path_errors(Path(from_), "--from", reading=True):
            saved = SavedFeed(Path(from_))
        return pull_from(saved, folder, start=start, patience=0, progress=progress)
    with closing(HttpFeed(str(from_))) as source:
        return pull_from(source, folder, start=start, patience=patience, progress=progress)


def read(
    folder: PathLike,
    *,
    key: PathLike,
    reports: PathLike,
    source: str = SOURCE,
    progress: Callable[[int], None] | None = None,
) -> FeedRead:
    """Make report records of what a folder has that is new, and of what waited in quarantine.

    Parameters
    ----------
    folder
        The folder that was pulled into.
    key
        The file of the key of pseudonyms; in neither of the two folders.
    reports
        The folder of the report files, to be taken in.
    source
        What the source is called in the records; `twin` if all persons are invented.
    progress
        Told how many events are read.

    Raises
    ------
    UsageError
        If there is no such folder or key, or the key is another one than before.
    """
    feed = FeedFolder.existing(Path(folder))
    secret = pseudonyms.read_key(Path(key), Path(folder), Path(reports))
    return reading.read(feed, secret, Path(reports), source=source, progress=progress)


def make_key(file: PathLike) -> str:
    """Make a key of pseudonyms; return its fingerprint.

    Parameters
    ----------
    file
        Where to; must not exist.
    """
    return pseudonyms.make_key(Path(file)).fingerprint


def rotate(
    folder: PathLike,
    *,
    new_key: PathLike,
    key: PathLike | None = None,
    pseudonyms_: PathLike | None = None,
) -> int:
    """Give a folder another key: the next reading makes all reports anew.

    Parameters
    ----------
    folder
        The folder that was pulled into.
    new_key
        The file of the new key.
    key
        The file of the old key; None: it is lost.
    pseudonyms_
        A CSV file to write, with the old and the new pseudonym of every identity number.

    Returns
    -------
    int
        How many pseudonyms were written.
    """
    feed = FeedFolder.existing(Path(folder))
    old = None if key is None else pseudonyms.read_key(Path(key), feed.path)
    table = None if pseudonyms_ is None else Path(pseudonyms_)
    return rotation.rotate(feed, pseudonyms.read_key(Path(new_key), feed.path), old, table)
