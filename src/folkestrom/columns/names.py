"""Names of columns: which are meant."""

from __future__ import annotations

from collections.abc import Iterable

from folkestrom.errors import UsageError


def names_of(by: str | Iterable[str] | None, argument: str) -> tuple[str, ...]:
    """Names of columns: a list of them, or one text with commas in between.

    Parameters
    ----------
    by
        The names; None: none.
    argument
        The argument that they were given for.

    Examples
    --------
    >>> names_of("sex, age", "by"), names_of(["sex"], "by"), names_of(None, "by")
    (('sex', 'age'), ('sex',), ())
    """
    if isinstance(by, str):
        by = [name.strip() for name in by.split(",") if name.strip()]
    try:
        found = () if by is None else tuple(by)
    except TypeError:
        found = (by,)  # type: ignore[assignment]
    for name in found:
        if not isinstance(name, str):
            raise UsageError(
                f"is a {type(name).__name__}, and not the name of a column",
                where=argument,
                allowed="names as texts",
            )
    twice = [name for name in found if found.count(name) > 1]
    if twice:
        raise UsageError("is named twice", where=argument, value=twice[0])
    return found
