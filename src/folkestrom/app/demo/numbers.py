"""Figures as the page and the terminal write them."""

from __future__ import annotations

from folkestrom.model.specification import Text

#: Narrow space that does not break: groups of three digits stay together.
THIN: str = "\u202f"
MINUS: str = "\u2212"
NONE: str = "\u2013"


def grouped(value: float | None, decimals: int = 0) -> str:
    """A figure in groups of three digits; what there is none of is a dash.

    Examples
    --------
    >>> grouped(5391369).replace(THIN, "_"), grouped(-3.1, 1).replace(MINUS, "m"), grouped(None)
    ('5_391_369', 'm3.1', '–')
    """
    if value is None:
        return NONE
    return f"{value:z,.{decimals}f}".replace(",", THIN).replace("-", MINUS)


def signed(value: float | None, decimals: int = 0) -> str:
    """A difference: with its sign, unless it is nothing.

    Examples
    --------
    >>> signed(7), signed(0), signed(0.0, 1)
    ('+7', '0', '0.0')
    """
    text = grouped(value, decimals)
    return f"+{text}" if value is not None and value > 0 else text


def both(value: float | None, decimals: int, *, sign: bool = False) -> Text:
    """A figure in both languages, which differ in the decimal mark."""
    text = signed(value, decimals) if sign else grouped(value, decimals)
    return Text(text, text.replace(".", ","))


def percent(part: float, whole: float, decimals: int = 1) -> Text:
    """A share in percent, in both languages.

    Examples
    --------
    >>> percent(1, 3).no
    '33,3'
    """
    return both(100 * part / whole if whole else None, decimals)


def megabytes(size: int) -> str:
    """Bytes as MiB.

    Examples
    --------
    >>> megabytes(3 * 2**20)
    '3'
    """
    return grouped(size / 2**20)
