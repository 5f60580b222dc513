"""Another key of pseudonyms for a feed's folder, and a table that leads from old to new ones."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import msgspec

from folkestrom.engine.failures import path_errors
from folkestrom.engine.scratch import replacing
from folkestrom.errors import UsageError
from folkestrom.intake.feed.folder import FeedFolder
from folkestrom.intake.identities.numbers import kind_of_number
from folkestrom.intake.identities.pseudonyms import Key
from folkestrom.model.file_format import format_of


def rotate(folder: FeedFolder, new: Key, old: Key | None = None, table: Path | None = None) -> int:
    """Give a folder another key: the next reading makes all reports anew.

    Parameters
    ----------
    folder
        The feed's folder.
    new
        The new key.
    old
        The old one; None: it is lost.
    table
        A CSV file to write, with the columns `old` and `new`: the pseudonyms of every identity
        number in the folder. It needs the old key.

    Returns
    -------
    int
        Rows of the table.

    Raises
    ------
    UsageError
        If the old key is not the folder's, or the table is asked for without one.
    """
    rows = 0
    if table is not None and old is None:
        raise UsageError(
            "needs the old key",
            where="--pseudonyms",
            next_step="Add --key with the old key, or leave --pseudonyms out.",
        )
    if table is not None:
        format_of(table, {".csv": "csv"}, "--pseudonyms")
    if old is not None:
        folder.check_key(old)
    if table is not None and old is not None:
        numbers = sorted(set(_numbers(folder)))
        rows = len(numbers)
        pairs = ([key.pseudonym("person", n)[0] for key in (old, new)] for n in numbers)
        with (
            path_errors(table, "--pseudonyms"),
            replacing(table) as beside,
            beside.open("w", encoding="ascii", newline="") as file,
        ):
            csv.writer(file).writerows([("old", "new"), *pairs])
    folder.keep(key=new.fingerprint)
    return rows


def _numbers(folder: FeedFolder) -> Iterator[str]:
    """Every text in the folder's pages and documents that is an identity number."""
    for path in sorted(folder.path.glob("*/*json")):
        for line in (
            path.read_bytes().splitlines() if path.suffix == ".ndjson" else [path.read_bytes()]
        ):
            yield from _texts(msgspec.json.decode(line))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        if kind_of_number(value):
            yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)
