"""The format of a file that is to be written: its name decides, and another name is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from folkestrom.errors import UsageError

T = TypeVar("T")


def format_of(
    path: Path | str,
    formats: Mapping[str, Sequence[T]],
    where: str = "--output",
    *,
    said: T | None = None,
) -> T:
    """The format that the end of a file's name stands for.

    Parameters
    ----------
    path
        The file.
    formats
        By the end of a name, the formats that such a file may have; the first is meant.
    where
        What the file was given as.
    said
        The format that was asked for beside the name.

    Raises
    ------
    UsageError
        An end that no format has, or one of another format than was asked for.

    Examples
    --------
    >>> format_of("rates.CSV", {".csv": ["csv"], ".json": ["json", "json-stat"]})
    'csv'
    >>> format_of("rates.json", {".csv": ["csv"], ".json": ["json", "json-stat"]}, said="json-stat")
    'json-stat'
    >>> format_of("a.parket", {".parquet": ["parquet"], ".csv": ["csv"]})
    Traceback (most recent call last):
    ...
    folkestrom.errors.UsageError: --output: 'a.parket' does not end as a file of any format does.
    Allowed: .parquet, .csv.
    Next: Did you mean 'a.parquet'?
    """
    name = Path(path)
    suffix = name.suffix.lower()
    possible = formats.get(suffix, ())
    if said is not None:
        if said in possible or suffix not in formats:
            return said
        raise UsageError(
            f"does not end as a file of the format {said} does",
            where=where,
            value=path,
            allowed=[end for end, listed in formats.items() if said in listed],
            next_step="Name it so, or ask for the format of its name",
        )
    if possible:
        return possible[0]
    nearest = next(iter(get_close_matches(suffix, formats, n=1, cutoff=0.5)), None)
    raise UsageError(
        "does not end as a file of any format does",
        where=where,
        value=path,
        allowed=list(formats),
        next_step=f"Did you mean {name.with_suffix(nearest).name!r}?" if nearest else "Name it so",
    )
