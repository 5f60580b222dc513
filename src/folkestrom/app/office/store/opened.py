"""A store that is asked: where it is, and how to wait for others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import duckdb

from folkestrom.app.office.arguments import parameter
from folkestrom.app.office.presentation import question
from folkestrom.app.office.session import Answered_co, Question, answer, asking
from folkestrom.classifications.reported import borders_day
from folkestrom.columns import check_arguments
from folkestrom.engine.store import Waiting
from folkestrom.linkage.catalogue import linked_variables
from folkestrom.model.cells import Cells, Frame
from folkestrom.variables.codes import CodeTable, known_variables


@dataclass(frozen=True, slots=True)
class Opened:
    """Where a store is, and how to wait while another process writes; see `Store`."""

    path: Path
    waiting: Waiting = field(default_factory=Waiting)
    borders: str | None = None

    def in_borders(self, of: str | int) -> Self:
        """The same store, with every place in the borders of a year, or of each day.

        Parameters
        ----------
        of
            A year such as 2024, a day such as "2024-01-01", or "as-it-was".

        Raises
        ------
        UsageError
            Something else, or a day before the borders that are known.
        """
        borders_day(of, "of")
        return replace(self, borders=str(of))

    def _answer(self, question: Question[Answered_co]) -> Answered_co:
        return answer(self.path, self.waiting, question, self.borders)

    def _answered(
        self, method: Callable[..., Frame], asked: Callable[..., Question[Cells]],
        given: Mapping[str, Any],
    ) -> Frame:  # fmt: skip
        """The answer to a method's one question; `given` are the locals of its first line."""
        check_arguments(method, given)
        rest = {name: value for name, value in given.items() if name not in ("self", "to")}
        of = question(asked, parameter, rest)
        return self._answer(of).to(given["to"])

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Ask the store's tables directly, by SQL; they are up to date, and cannot be changed.

        Beside them stands `code`: every code of every variable, with its labels.
        """
        with asking(self.path, self.waiting, self.borders) as connection:
            known = known_variables(linked_variables(connection))
            connection.register("code", CodeTable(tuple(known.values())))
            yield connection
