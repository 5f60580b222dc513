"""One family of errors, each with the exit code that the command line ends with.

`UserError` and what derives from it are things a user can mend. They are shown without a
traceback, and say where, what, what was allowed and what to do next. No message ever names
a person: values of columns that identify one are left out, whoever raises the error.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

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

#: Columns whose values point at a person, and so never appear in a message.
PERSON_COLUMNS = frozenset({"person", "mother", "father", "partner"})


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
        The offending value. Left out of the message for columns that identify a person.
    allowed
        What would have been right: a text, or the allowed values.
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
        self.column = column
        self.value = None if column in PERSON_COLUMNS else value
        self.allowed = allowed if isinstance(allowed, str) or allowed is None else tuple(allowed)
        self.next_step = next_step
        super().__init__(self._render())

    def _render(self) -> str:
        lines = [self._first_line()]
        if self.allowed is not None:
            listed = self.allowed
            text = listed if isinstance(listed, str) else ", ".join(map(str, listed))
            lines.append(f"Allowed: {_sentence(text)}")
        if self.next_step is not None:
            lines.append(f"Next: {_sentence(self.next_step)}")
        return "\n".join(lines)

    def _first_line(self) -> str:
        place = [
            self.where,
            None if self.row is None else f"row {self.row}",
            None if self.column is None else f"column {self.column}",
        ]
        prefix = ", ".join(part for part in place if part)
        said = self.message if self.value is None else f"{str(self.value)!r} {self.message}"
        return _sentence(f"{prefix}: {said}" if prefix else said)


class UsageError(UserError):
    """An argument that cannot be meant: an unknown dimension, a date out of reach."""

    exit_code: ClassVar[int] = EXIT_USAGE


class InputRefused(UserError):  # noqa: N818 - what happened, in the words of the manual
    """A delivery that cannot be read at all; nothing of it was taken in."""

    exit_code: ClassVar[int] = EXIT_INPUT_REFUSED


class StoreError(UserError):
    """The store is missing, locked too long, damaged, or written by a newer version."""

    exit_code: ClassVar[int] = EXIT_STORE


class ResourceError(UserError):
    """The machine ran out of something: disk, memory, open files."""

    exit_code: ClassVar[int] = EXIT_RESOURCE


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."
