"""The format of a file that is to be written: its name decides, and another name is refused."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from folkestrom.errors import UsageError

T = TypeVar("T")


def format_of(
    path: Path | str,
    formats: Mapping[str, T],
    where: str = "--output",
    *,
    otherwise: str = "Name it so",
) -> T:
    """The format that the end of a file's name stands for.

    Parameters
    ----------
    path
        The file.
    formats
        By the end of a name.
    where
        What the file was given as.
    otherwise
        What to do about an end that is like none of them.

    Raises
    ------
    UsageError
        An end that no format has.

    Examples
    --------
    >>> format_of("rates.CSV", {".csv": "csv", ".json": "json"})
    'csv'
    >>> format_of("rates.parket", {".parquet": "parquet", ".csv": "csv"}, "--panel")
    Traceback (most recent call last):
    ...
    folkestrom.errors.UsageError: --panel: 'rates.parket' does not end as a file of any format does.
    Allowed: .parquet, .csv.
    Next: Did you mean 'rates.parquet'?
    """
    name = Path(path)
    suffix = name.suffix.lower()
    if suffix in formats:
        return formats[suffix]
    nearest = next(iter(get_close_matches(suffix, formats, n=1, cutoff=0.5)), None)
    raise UsageError(
        "does not end as a file of any format does",
        where=where,
        value=path,
        allowed=list(formats),
        next_step=f"Did you mean {name.with_suffix(nearest).name!r}?" if nearest else otherwise,
    )
