"""What is wrong with a question, in the words that clients of statistics banks know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from folkestrom.model.text import printable

#: Titles by which clients tell problems apart, spelled as servers spell them.
NO_VARIABLE: Final = "Non-existent variable"
NO_VALUE: Final = "Non-existent value"
NO_CODE_LIST: Final = "Non-existent codelist"
NO_TABLE: Final = "Non-existent table"
NO_PAGE: Final = "Non-existent page"
NO_SELECTION: Final = "Missing selection for mandantory variable"
ILLEGAL_EXPRESSION: Final = "Illegal selection expression"
ILLEGAL_PLACEMENT: Final = "Illegal placment"
ILLEGAL_QUERY: Final = "No query specified"
TOO_MANY_CELLS: Final = "Too many cells selected"
NO_FORMAT: Final = "Unsupported output format"
NO_SAVED_QUERY: Final = "Saved query not found"
NO_VINTAGE: Final = "Non-existent vintage"
TOO_MANY_CALLS: Final = "Too many requests"
NO_LANGUAGE: Final = "Unsupported language"
_SHOWN: Final = 60


@dataclass(eq=False)
class Problem(Exception):  # noqa: N818 - the name of RFC 9457
    """A question that cannot be answered.

    Parameters
    ----------
    title
        Which problem it is: one of this module.
    detail
        What was asked, what is allowed, and what to do.
    status
        Status of HTTP.
    """

    title: str
    detail: str
    status: int = 400

    def __str__(self) -> str:
        return f"{self.title}: {self.detail}"

    def described(self) -> dict[str, object]:
        """As RFC 9457 describes a problem."""
        return {
            "type": "Parameter error", "title": self.title, "status": self.status,
            "detail": self.detail,
        }  # fmt: skip


def quoted(text: str) -> str:
    """What was asked, short and without characters that a terminal would interpret."""
    shown = printable(text)
    return repr(shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…")
