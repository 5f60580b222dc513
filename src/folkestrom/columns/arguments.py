"""Arguments held to what a function says of them: names, choices, numbers, results of others.

A public function says what it takes by its annotations. `check_arguments` reads them, so that a
wrong argument is refused by its name before anything is computed. Tables and columns, which come
in many forms, are read by `table_of` and `column_of`.
"""

from __future__ import annotations

import inspect
import numbers
import os
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from folkestrom.errors import UsageError
from folkestrom.model.names import suggestion

#: Elements of a longer list are checked by whoever reads them.
_MOST_ELEMENTS = 10_000

#: Bytes of a name in a folder, on every system that we know of.
_LONGEST_NAME = 255

_WORDS = {
    str: "a text", bool: "True or False", int: "a whole number", float: "a number",
    types.NoneType: "None",
}  # fmt: skip


def check_arguments(function: Callable[..., Any], given: Mapping[str, Any]) -> None:
    """Refuse arguments that are none of what a function's annotations allow.

    Parameters
    ----------
    function
        The function.
    given
        Its arguments by name: `locals()`, on its first line.

    Examples
    --------
    >>> def rates(level: float = 0.95, method: Literal["direct", "indirect"] = "direct") -> None:
    ...     check_arguments(rates, locals())
    >>> rates(method="dirrect")
    Traceback (most recent call last):
        ...
    folkestrom.errors.UsageError: rates, method: 'dirrect' is not known.
    Allowed: direct, indirect.
    Next: Did you mean 'direct'?
    >>> rates(level="high")
    Traceback (most recent call last):
        ...
    folkestrom.errors.UsageError: rates, level: is a text.
    Allowed: a number.
    """
    for name, hint in _hints(function).items():
        if name not in given:
            continue
        value = given[name]
        if not _fits(value, hint):
            raise _refusal(function.__name__, name, value, hint)
        if any(arm is Path or get_origin(arm) is os.PathLike for arm in _arms(hint)):
            check_path(value, f"{function.__name__}, {name}")
        if name == "level" and hint is float and not is_level(value):
            raise UsageError(
                "is not a level of confidence", where=f"{function.__name__}, level", value=value,
                allowed="between 0 and 1, such as 0.95",
            )  # fmt: skip


def is_level(value: float) -> bool:
    """Whether a number is a level of confidence; what rounds to certainty has no interval.

    Examples
    --------
    >>> is_level(0.95), is_level(1 - 1e-16)
    (True, False)
    """
    return 0 < value < 1 and 0.5 + value / 2 < 1


def check_path(value: Any, where: str) -> None:
    """Refuse what no file system takes for a path; whether it is there is seen by who opens it.

    Parameters
    ----------
    value
        What was given; only texts and paths are looked at.
    where
        What it was given for.
    """
    if not isinstance(value, str | os.PathLike):
        return
    try:
        parts = os.fsencode(value).split(b"/")
    except UnicodeEncodeError:
        parts = [b"\0"]
    if any(b"\0" in part or len(part) > _LONGEST_NAME for part in parts):
        raise UsageError(
            "is no path that a file can have", where=where,
            allowed=f"names of at most {_LONGEST_NAME} bytes, without the character of number 0",
        )  # fmt: skip


@cache
def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    written = inspect.get_annotations(function)
    hints = {}
    for name, said in written.items():
        # What is imported for its name alone cannot be looked up, and is checked by its function.
        with suppress(NameError):
            hints[name] = get_type_hints(_Annotated(function, {name: said}))[name]
    hints.pop("return", None)
    return hints


class _Annotated:
    """One annotation of a function, to be looked up by itself."""

    def __init__(self, function: Callable[..., Any], annotations: dict[str, Any]) -> None:
        self.__globals__ = function.__globals__
        self.__annotations__ = annotations


def _fits(value: Any, hint: Any) -> bool:
    arms = _arms(hint)
    return any(_fits_one(value, arm) for arm in arms)


def _fits_one(value: Any, hint: Any) -> bool:
    origin, inner = get_origin(hint), get_args(hint)
    if hint is Any:
        return True
    if origin is Literal:
        return isinstance(value, str | int | float | None) and value in inner
    if hint in (bool, int, float):
        return _is_number(value, hint)
    if origin is Callable or origin is type:
        return callable(value)
    if origin is tuple:
        return _is_list(value) and _fits_tuple(tuple(value), inner)
    if origin in (Sequence, Iterable, list):
        return _fits_list(value, inner[0] if inner else Any, sized=origin is not Iterable)
    if origin is not None:
        return not isinstance(origin, type) or isinstance(value, origin)
    if isinstance(hint, type) and not getattr(hint, "_is_protocol", False):
        return isinstance(value, hint)
    return True


def _arms(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def _is_number(value: Any, hint: type) -> bool:
    truth = isinstance(value, bool | np.bool_)
    if hint is bool or truth:
        return truth and hint is bool
    if hint is int:
        return isinstance(value, numbers.Integral)
    return isinstance(value, numbers.Real) and value == value


def _is_list(value: Any) -> bool:
    several = hasattr(value, "__len__") and hasattr(value, "__iter__")
    return several and not (isinstance(value, str | bytes | Mapping) or hasattr(value, "columns"))


def _fits_list(value: Any, inner: Any, *, sized: bool) -> bool:
    if not _is_list(value):
        other = isinstance(value, str | bytes | Mapping) or hasattr(value, "columns")
        return not sized and isinstance(value, Iterable) and not other
    if getattr(value, "ndim", 1) != 1:
        return False
    many = inner is Any or len(value) > _MOST_ELEMENTS
    return many or all(_fits(element, inner) for element in value)


def _fits_tuple(value: tuple[Any, ...], inner: tuple[Any, ...]) -> bool:
    if inner[1:] == (...,):
        return all(_fits(element, inner[0]) for element in value)
    return len(value) == len(inner) and all(map(_fits, value, inner))


def _refusal(function: str, name: str, value: Any, hint: Any) -> UsageError:
    choices = [c for arm in _arms(hint) if get_origin(arm) is Literal for c in get_args(arm)]
    where = f"{function}, {name}"
    if choices and isinstance(value, str):
        return UsageError(
            "is not known", where=where, value=value, allowed=choices,
            next_step=suggestion(value, choices),
        )  # fmt: skip
    allowed = [_said(arm) for arm in _arms(hint)]
    return UsageError(f"is {_is(value)}", where=where, allowed=" or ".join(dict.fromkeys(allowed)))


def _is(value: Any) -> str:
    if isinstance(value, float) and value != value:
        return "not a number"
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, list | tuple):
        kinds = sorted({type(element).__name__ for element in value})
        return f"a {type(value).__name__} of {len(value)} ({', '.join(kinds[:4])})"
    return _WORDS.get(type(value), f"a {type(value).__name__}")


def _said(hint: Any) -> str:
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return ", ".join(map(str, inner))
    if hint in _WORDS:
        return _WORDS[hint]
    if origin is tuple and inner[1:] != (...,):
        return f"{len(inner)} of: {', '.join(dict.fromkeys(map(_said, inner)))}"
    if origin in (Sequence, Iterable, list, tuple):
        each = " or ".join(dict.fromkeys(map(_said, _arms(inner[0])))) if inner else "anything"
        return f"a list, each {each}"
    if origin in (Mapping, dict):
        return "a mapping"
    named = origin or hint
    return f"a {getattr(named, '__name__', named)}"
