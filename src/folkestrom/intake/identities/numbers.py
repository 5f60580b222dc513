"""Norwegian identity numbers: birth numbers and D-numbers, real and synthetic, of both series.

Only whether a text can be a number is decided here. What numbers used to tell, sex and day of
birth, is never read off them: those issued from 2032 on no longer say it.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from operator import mul
from typing import Final

_DIGITS: Final = 11
_WEIGHTS: Final = ((3, 7, 6, 1, 8, 9, 4, 5, 2, 1), (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1))
#: What the first weighted sum may leave modulo 11: in numbers issued before 2032, nothing.
_LEFT: Final = frozenset({0, 1, 2, 3})
_DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_D_NUMBER: Final = 40
#: Added to the month of persons who never lived, by Norwegian test populations.
_SYNTHETIC: Final = (40, 65, 80)


class NumberKind(StrEnum):
    """Kinds of identity numbers."""

    BIRTH_NUMBER = "birth_number"
    D_NUMBER = "d_number"


@lru_cache(maxsize=65_536)
def kind_of_number(number: str) -> NumberKind | None:
    """The kind of an identity number; None if the text is none.

    Parameters
    ----------
    number
        Eleven digits: day (D-numbers: + 40), month (synthetic ones: + 40, + 65 or + 80), year of
        the century, three digits, and two control digits.

    Notes
    -----
    Control digits by the Tax Administration's rule of 1964, and its relaxation for numbers issued
    from 2032 on: the first weighted sum may leave 0 to 3 modulo 11. The century is not known, so
    that 29 February passes in every year that is a leap year of some century.

    Examples
    --------
    >>> kind_of_number("10858099914"), kind_of_number("10858099966")
    (<NumberKind.BIRTH_NUMBER: 'birth_number'>, None)
    """
    if len(number) != _DIGITS or not (number.isascii() and number.isdigit()):
        return None
    digits = [int(digit) for digit in number]
    first, second = (sum(map(mul, digits, weights)) % 11 for weights in _WEIGHTS)
    if first not in _LEFT or second:
        return None
    day, month, year = (10 * digits[at] + digits[at + 1] for at in (0, 2, 4))
    is_d_number = day > _D_NUMBER
    month -= max((extra for extra in _SYNTHETIC if extra < month), default=0)
    day -= _D_NUMBER * is_d_number
    if not 1 <= month <= len(_DAYS) or not 1 <= day <= _DAYS[month - 1]:
        return None
    if (day, month) == (29, 2) and year % 4:
        return None
    return NumberKind.D_NUMBER if is_d_number else NumberKind.BIRTH_NUMBER
