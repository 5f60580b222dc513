"""Changes in percent, from whole numbers to the printed decimal."""

from __future__ import annotations


def change_in_percent(new: int | None, old: int | None) -> float | None:
    """Change from `old` to `new` in percent with one decimal, halves away from zero.

    Computed in whole numbers: a quotient of floating-point numbers may fall on the wrong side of
    a half. Nothing where either number is missing or there is nothing to compare with.

    Examples
    --------
    >>> change_in_percent(5_391_369, 5_367_580), change_in_percent(53_134, 54_812)
    (0.4, -3.1)
    >>> change_in_percent(2001, 2000), change_in_percent(1999, 2000)
    (0.1, -0.1)
    """
    if new is None or not old:
        return None
    change = 1000 * (new - old)
    tenths = (2 * abs(change) + old) // (2 * old)
    return tenths / 10 if change >= 0 else -tenths / 10
