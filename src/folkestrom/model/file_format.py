"""The format of a file that is to be written: its name decides, and another name is refused."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Final, TypeVar

from folkestrom.errors import UsageError

T = TypeVar("T")
#: An end this like another is taken for a slip.
_LIKE: Final = 0.6


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
    >>> format_of("rates.foo", {".pdf": "pdf", ".csv": "csv"})
    Traceback (most recent call last):
    ...
    folkestrom.errors.UsageError: --output: 'rates.foo' does not end as a file of any format does.
    Allowed: .pdf, .csv.
    Next: Name it so.
    """
    name = Path(path)
    suffix = name.suffix.lower()
    if suffix in formats:
        return formats[suffix]
    # Without the dot, which all ends have.
    ends = {end[1:]: end for end in formats}
    like = get_close_matches(suffix[1:], ends, n=1, cutoff=_LIKE)
    nearest = name.with_suffix(ends[like[0]]).name if like else ""
    raise UsageError(
        "does not end as a file of any format does",
        where=where,
        value=path,
        allowed=list(formats),
        next_step=f"Did you mean {nearest!r}?" if nearest else otherwise,
    )
