"""One family of errors, each with the exit code that the command line ends with.

`UserError` and what derives from it are things a user can mend. They are shown without a
traceback, and say where, what, what was allowed and what to do next. No message ever names
a person: values of columns that identify one are left out, whoever raises the error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from difflib import SequenceMatcher
from itertools import takewhile
from numbers import Real
from typing import ClassVar, Final

EXIT_OK = 0
EXIT_FIGURE_DIFFERS = 1
EXIT_USAGE = 2
EXIT_INPUT_REFUSED = 3
EXIT_STORE = 4
EXIT_RESOURCE = 5
EXIT_NOT_CONVERGED = 6
EXIT_INTERNAL = 70
EXIT_INTERRUPTED = 130
#: As a program that the signal of a closed pipe ends.
EXIT_PIPE_CLOSED = 141

#: So many of the allowed values a message lists; of more, those nearest to the offending one.
MOST_LISTED: Final = 30

#: Comparing more values than this would take seconds.
_MOST_COMPARED: Final = 20_000

#: Columns whose values point at a person, and so never appear in a message.
PERSON_COLUMNS = frozenset({"person", "mother", "father", "partner", "survivor", "dwelling"})

#: So many digits, one after the other, may be a person's number.
_MANY_DIGITS: Final = 5
#: Digits, and anything between two of them that is neither a letter nor a digit.
_DIGITS: Final = re.compile(rf"\d(?:[\W_]*\d){{{_MANY_DIGITS - 1},}}")
#: A universally unique identifier, as pseudonyms often are.
_UUID: Final = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE)
#: A day of our time, or a moment, as ISO 8601 writes them: that points at nobody.
_MOMENT: Final = re.compile(
    r"(1[89]|20)\d\d-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d(:?\d\d)?)?)?"
)


def masked(text: str, *, longest: int = _MANY_DIGITS - 1) -> str:
    """A text of a data cell without what could be a person's number.

    Universally unique identifiers are shown as `…`, and so are five digits and more, whatever
    stands between them that is not a letter: blanks of any kind, dots, hyphens, slashes. Where a
    file's columns have slipped, a person's number stands in any of them.

    Parameters
    ----------
    text
        The text.
    longest
        How many digits in a row may stand, for a column of longer codes.

    Examples
    --------
    >>> masked("170 185 123 45"), masked("p17018512345"), masked("0301"), masked("2021-02-30")
    ('…', 'p…', '0301', '2021-02-30')
    """
    if _MOMENT.fullmatch(text):
        return text
    text = _UUID.sub("…", text)
    return _DIGITS.sub(lambda found: found[0] if _is_code(found[0], longest) else "…", text)


def _is_code(digits: str, longest: int) -> bool:
    return digits.isdigit() and len(digits) <= longest


def as_it_is(_part: str, text: str) -> str:
    """A text as it is written, in English."""
    return text


class FolkestromError(Exception):
    """Root of every error that the program raises on purpose."""

    exit_code: ClassVar[int] = EXIT_INTERNAL


class UserError(FolkestromError):
    """Something the user can mend, told in one message.

    Parameters
    ----------
    message
        What is wrong, as a short clause ("is not a calendar date").
    where
        The file, table or option concerned.
    row, column
        The place inside it; rows count from 1, the header not included.
    value
        The offending value. Left out of the message for columns that identify a person; of a row or
        a column of data, as `masked`.
    allowed
        What would have been right: a text, or all allowed values. A message lists so many that it
        can be read, the nearest ones, and says how many more there are: `allowed` has them all.
    next_step
        What to do now, as a sentence.

    Examples
    --------
    >>> print(UserError("is not a calendar date", where="reports.csv", row=17,
    ...                 column="event_date", value="2021-02-30",
    ...                 allowed="a date such as 2021-02-28",
    ...                 next_step="Mend the row and take the file in again."))
    reports.csv, row 17, column event_date: '2021-02-30' is not a calendar date.
    Allowed: a date such as 2021-02-28.
    Next: Mend the row and take the file in again.
    """

    exit_code: ClassVar[int] = 2

    def __init__(
        self,
        message: str,
        *,
        where: str | None = None,
        row: int | None = None,
        column: str | None = None,
        value: object = None,
        allowed: str | Iterable[object] | None = None,
        next_step: str | None = None,
    ) -> None:
        self.message = message
        self.where = where
        self.row = row
        self.column = None if column is None else masked(str(column))
        of_data = row is not None or column is not None
        shown = _shown(value) if of_data else value
        self.value = None if column in PERSON_COLUMNS else shown
        self.allowed = (
            allowed if isinstance(allowed, str) or allowed is None else tuple(map(_shown, allowed))
        )
        self.next_step = next_step
        super().__init__(self.told())

    def told(
        self, say: Callable[[str, str], str] = as_it_is, most: int | None = MOST_LISTED
    ) -> str:
        """The message.

        Parameters
        ----------
        say
            How a text is said, by the part of the message that it stands in.
        most
            So many of the allowed values; None: all of them.
        """
        lines = [_sentence(self._first_line(say))]
        if self.allowed is not None:
            text = say("text", self.allowed) if isinstance(self.allowed, str) else None
            lines.append(say("label", f"Allowed: {_sentence(text or self._listed(say, most))}"))
        if self.next_step is not None:
            lines.append(say("label", f"Next: {_sentence(say('text', self.next_step))}"))
        return "\n".join(lines)

    def _listed(self, say: Callable[[str, str], str], most: int | None) -> str:
        values = [str(value) for value in self.allowed or ()]
        more = 0 if most is None else max(len(values) - most, 0)
        if more and self.value is not None and len(values) <= _MOST_COMPARED:
            values = sorted(_nearest_first(str(self.value), values)[: len(values) - more])
        listed = ", ".join(say("item", value) for value in values[:most])
        if not more:
            return listed
        return say(
            "label",
            f"{listed} and {more} more (all of them: --debug; in Python, the error's `allowed`)",
        )

    def _first_line(self, say: Callable[[str, str], str]) -> str:
        place = [
            self.where and say("where", self.where),
            None if self.row is None else say("label", f"row {self.row}"),
            None if self.column is None else say("label", f"column {self.column}"),
        ]
        prefix = ", ".join(part for part in place if part)
        message = say("text", self.message)
        said = message if self.value is None else f"{str(self.value)!r} {message}"
        return f"{prefix}: {said}" if prefix else said


class UsageError(UserError):
    """An argument that cannot be meant: an unknown dimension, a date out of reach."""

    exit_code: ClassVar[int] = EXIT_USAGE


class InputRefused(UserError):  # noqa: N818 - what happened, in the words of the manual
    """A delivery of which nothing was taken in: unreadable, or what is new waits in quarantine."""

    exit_code: ClassVar[int] = EXIT_INPUT_REFUSED


class StoreError(UserError):
    """The store is missing, locked too long, damaged, not permitted, or of a newer version."""

    exit_code: ClassVar[int] = EXIT_STORE


class ResourceError(UserError):
    """The machine ran out of something (disk, memory, open files), or its disk has a fault."""

    exit_code: ClassVar[int] = EXIT_RESOURCE


def _nearest_first(value: str, values: Iterable[str]) -> list[str]:
    """Values by how alike they are to another one; of those equally alike, as they begin.

    Examples
    --------
    >>> _nearest_first("0391", ["5001", "0301", "1103"])
    ['0301', '5001', '1103']
    """
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(value.lower())

    def likeness(other: str) -> tuple[float, int]:
        matcher.set_seq1(other.lower())
        alike = takewhile(lambda pair: pair[0] == pair[1], zip(value, other, strict=False))
        return matcher.ratio(), sum(1 for _ in alike)

    return sorted(values, key=likeness, reverse=True)


def _shown(value: object) -> object:
    """A value of data, without what could be a person's number; what measures is none."""
    if value is None or isinstance(value, date):
        return value
    if isinstance(value, Real) and not float(value).is_integer():
        return value
    text = str(value)
    hidden = masked(text)
    return value if hidden == text else hidden


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."
