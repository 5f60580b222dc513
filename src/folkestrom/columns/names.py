"""Names of columns: which are meant, and which may have been."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from folkestrom.errors import UsageError

#: As many names as a message lists.
_LISTED = 20


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


def refuse_taken(names: Iterable[str], taken: Iterable[str], argument: str) -> None:
    """Refuse columns that a result would have twice: its own, and the one of the groups.

    Parameters
    ----------
    names
        Columns that tell groups apart.
    taken
        Columns that the result has of its own.
    argument
        The argument that they were given for.
    """
    own = set(taken)
    for name in names:
        if name in own:
            raise UsageError(
                "is the name of a column that the result has of its own",
                where=argument,
                value=name,
                next_step=f"Rename the column first, such as to {f'{name}_group'!r}",
            )


def suggestion(name: object, known: Iterable[object]) -> str | None:
    """What to do about a name that is not known: try the nearest one, if any is near.

    Parameters
    ----------
    name, known
        What was given; what there is.

    Examples
    --------
    >>> suggestion("retrun", ["return", "death"])
    "Did you mean 'return'?"
    >>> suggestion("Censored", ["censored"])
    "Did you mean 'censored'?"
    """
    texts = {str(other).casefold(): str(other) for other in known}
    near = difflib.get_close_matches(str(name).casefold(), texts, 1, cutoff=0.5)
    return f"Did you mean {texts[near[0]]!r}?" if near else None


def listed(known: Iterable[object]) -> list[str]:
    """What may be said, as a message lists it: the first of many, and how many more there are.

    Parameters
    ----------
    known
        All that is allowed.

    Examples
    --------
    >>> listed(["a", "b"]), listed(range(23))[-2:]
    (['a', 'b'], ['19', 'and 3 more'])
    """
    texts = [str(name) for name in known]
    more = len(texts) - _LISTED
    return [*texts[:_LISTED], f"and {more} more"] if more > 0 else texts


def unknown(
    name: object, known: Sequence[object], message: str, *, where: str | None = None
) -> UsageError:
    """What to raise for a name that is not known, with the one that may be meant.

    Parameters
    ----------
    name, known
        What was given; what there is.
    message
        What is wrong.
    where
        The argument or the function concerned.
    """
    return UsageError(
        message, where=where, value=name, allowed=listed(known), next_step=suggestion(name, known)
    )
