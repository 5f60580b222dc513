"""Texts that come from data, made safe to show: nothing in them is interpreted.

A value of a file may hold anything. Control characters move the cursor of a terminal or change its
colours, and marks of direction turn the order of letters around (Unicode Technical Report 36);
spreadsheets calculate what begins as a formula (OWASP, *CSV Injection*). Files for programs
(Parquet, JSON, JSON-stat) carry values as they are.
"""

from __future__ import annotations

import re
from typing import Final

#: Control characters but for the end of a line, marks of direction, half of a character, and the
#: two that are none, for which XML has no place.
_CONTROLS: Final = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
    r"\ufffe\uffff]"
)
#: What a spreadsheet would calculate: not a number with its sign, nor a sign alone.
FORMULA: Final = r"^(?:[=@\t\r].|[+-](?:[^\d.,].|[\d.,]+[^\d.,]))"
_FORMULA: Final = re.compile(FORMULA, re.DOTALL)


def printable(text: str) -> str:
    r"""A text whose control characters are shown instead of obeyed.

    Parameters
    ----------
    text
        Any text; lines stay lines.

    Examples
    --------
    >>> printable("a\x1b[31mb"), printable("two\r\nlines"), printable("\u202eabc")
    ('a\\x1b[31mb', 'two\\r\nlines', '\\u202eabc')
    """
    return _CONTROLS.sub(lambda found: repr(found[0])[1:-1], text)


def escaped_json(document: str) -> str:
    r"""A JSON document that says the same, with its control characters written as escapes.

    Examples
    --------
    >>> escaped_json('{"a": "\x9b31m ø"}')
    '{"a": "\\u009b31m ø"}'
    """
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", document)


def no_formula(text: str) -> str:
    """A text that a spreadsheet takes for a text: before a formula stands an apostrophe.

    Examples
    --------
    >>> no_formula("=1+2"), no_formula("-5"), no_formula("+5+cmd"), no_formula("Oslo")
    ("'=1+2", '-5', "'+5+cmd", 'Oslo')
    """
    return f"'{text}" if _FORMULA.match(text) else text
