"""Names and codes of a question: checked against those that there are, the nearest suggested.

A code is known if it occurs, or if the column's levels or its classification list it: a category
that nobody is in is no mistake.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable
from typing import Any, Final, TypeVar

from folkestrom.errors import InputRefused, UsageError, UserError, masked

Code = TypeVar("Code")

#: What is typed between names instead of a comma.
_PARTED: Final = re.compile(r"[\s;&+]+")

#: As like as this is a name that one may be a slip of; and what it is called elsewhere.
_NEAR, _NEARLY = 0.6, 0.8
#: What some variables are called elsewhere.
_OTHER_NAMES: Final = {
    "gender": "sex",
    "kjonn": "sex",
    "kjønn": "sex",
    "alder": "age",
    "kommune": "municipality",
    "fylke": "county",
    "region": "county",
    "sivilstand": "marital_status",
    "statsborgerskap": "citizenship",
    "nationality": "citizenship",
    "fødeland": "country_of_birth",
    "grunnkrets": "basic_unit",
    "cohort": "birth_year",
    "foreign_born": "born_abroad",
    "immigrant": "immigrant_category",
    "innvandrer": "immigrant_category",
}


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """The known name that one most resembles, if any does.

    Examples
    --------
    >>> nearest_name("municipalty", ["sex", "municipality"]), nearest_name("gender", ["sex"])
    ('municipality', 'sex')
    >>> nearest_name("Return ", ["return", "death"])
    'return'
    """
    names = {_plain(other): other for other in known}
    if name.isdecimal():
        numbers = {str(int(other)): other for other in names.values() if other.isdecimal()}
        if str(int(name)) in numbers:
            return numbers[str(int(name))]
    others = {said: meant for said, meant in _OTHER_NAMES.items() if meant in names}
    others = {said: meant for said, meant in others.items() if said not in names}
    for among, near in ((others, _NEARLY), (names, _NEAR)):
        if found := difflib.get_close_matches(_plain(name), among, n=1, cutoff=near):
            return among[found[0]]
    return None


def suggestion(name: object, known: Iterable[object]) -> str | None:
    """What to do about a name that is not known: try the nearest one, if any is near.

    Examples
    --------
    >>> suggestion("retrun", ["return", "death"])
    "Did you mean 'return'?"
    >>> suggestion("county sex", ["county", "sex"]), suggestion(3, ["03", "11"])
    ("Did you mean 'county,sex'?", "Did you mean '03'?")
    """
    words = [str(other) for other in known]
    several = _PARTED.split(str(name))
    near = ",".join(several) if set(words).issuperset(several) else nearest_name(str(name), words)
    return None if near is None else f"Did you mean {masked(near)!r}?"


def unknown(
    name: object,
    known: Collection[object],
    message: str,
    *,
    where: str | None = None,
    row: int | None = None,
    column: str | None = None,
    error: type[UserError] = UsageError,
    further: str | None = None,
) -> UserError:
    """What to raise for a name that is not known, with the nearest one that is.

    Parameters
    ----------
    name, known
        What was given; what there is.
    message, where, row, column, error
        What is wrong, in which place, and which error it is.
    further
        Another next step, beside the nearest name.
    """
    return error(
        message, where=where, row=row, column=column, value=name, allowed=dict.fromkeys(known),
        next_step=" ".join(filter(None, (suggestion(name, known), further))) or None,
    )  # fmt: skip


def check_code(
    code: Code,
    known: Collection[Any],
    message: str = "is not one of those that there are",
    *,
    where: str | None = None,
    column: str | None = None,
    error: type[UserError] = UsageError,
    further: str | None = None,
) -> Code:
    """A code that is among the known ones; else an error that suggests the nearest.

    Parameters
    ----------
    code, known
        The code, and those that occur or are declared.
    message, where, column, error, further
        As for `unknown`.

    Examples
    --------
    >>> check_code("abraod", ["abroad", "stay"], "does not occur", where="outcome")
    Traceback (most recent call last):
    ...
    folkestrom.errors.UsageError: outcome: 'abraod' does not occur.
    Allowed: abroad, stay.
    Next: Did you mean 'abroad'?
    """
    if code in known:
        return code
    raise unknown(code, known, message, where=where, column=column, error=error, further=further)


def check_spellings(
    found: Iterable[str],
    asked: Iterable[str] = (),
    reserved: Iterable[str] = (),
    *,
    where: str | None = None,
    column: str,
) -> None:
    """Refuse codes of a column that are empty, or one code written in two ways.

    Parameters
    ----------
    found
        The texts that occur.
    asked
        Codes that are asked for: refused where only another way to write one occurs.
    reserved
        Codes that mean something wherever they occur.
    where, column
        Which column it is.

    Raises
    ------
    UsageError
        If a code is asked for that occurs only in another way.
    InputRefused
        If the column itself is at fault.

    Examples
    --------
    >>> check_spellings(["return", "Censored"], reserved=["censored"], column="event")
    Traceback (most recent call last):
    ...
    folkestrom.errors.InputRefused: column event: 'Censored' is almost 'censored', and another code.
    Allowed: codes that differ in more than capitals and blanks.
    Next: Write the code in one way in all rows.
    """
    codes, first = list(found), dict[str, str]()
    plain = {_plain_code(code) for code in codes}
    for code in asked:
        if code not in codes and _plain_code(code) in plain:
            raise unknown(code, codes, "does not occur", where=where, column=column)
    for code in (*reserved, *codes):
        if not code.strip():
            raise InputRefused(
                "holds empty text, which is neither a code nor missing",
                where=where,
                column=column,
                next_step="Make it missing (null), or give it a code of its own.",
            )
        same = first.setdefault(_plain_code(code), code)
        if same != code:
            raise InputRefused(
                f"is almost {same!r}, and another code",
                where=where,
                column=column,
                value=code,
                allowed="codes that differ in more than capitals and blanks",
                next_step="Write the code in one way in all rows.",
            )


def check_columns(
    names: Iterable[str],
    taken: Collection[str],
    where: str = "by",
    next_step: str = "Give it another name first, such as {name}_group.",
) -> None:
    """Refuse names of groups that columns of the result have too.

    Parameters
    ----------
    names
        What groups are told apart by.
    taken
        Columns of the result, and of the sums that it is made of.
    where
        The argument that they were given for.
    next_step
        What to do, with `{name}` for the name.

    Examples
    --------
    >>> check_columns(["rate"], ["events", "rate"])
    Traceback (most recent call last):
    ...
    folkestrom.errors.UsageError: by: 'rate' is the name of a column of the result.
    Next: Give it another name first, such as rate_group.
    """
    for name in names:
        if name in taken:
            raise UsageError(
                "is the name of a column of the result",
                where=where,
                value=name,
                next_step=next_step.format(name=name),
            )


def without_effect(argument: str, value: object, why: str, next_step: str) -> UsageError:
    """What to raise for an argument that would change nothing.

    Parameters
    ----------
    argument, value
        The argument, and what was given for it.
    why
        Why it changes nothing.
    next_step
        What to do.

    Examples
    --------
    >>> print(without_effect("cluster", "area", "standard errors are observed", "Leave it out"))
    cluster: 'area' has no effect: standard errors are observed.
    Next: Leave it out.
    """
    return UsageError(f"has no effect: {why}", where=argument, value=value, next_step=next_step)


def _plain_code(code: str) -> str:
    """A code without what two ways to write it may differ in."""
    return " ".join(code.casefold().split())


def _plain(text: str) -> str:
    """A text without capitals, and with one way to part words."""
    return "_".join(text.lower().replace("-", " ").replace("_", " ").split())
