"""The question of what variables there are, with a store or without."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date as calendar_day
from pathlib import Path
from typing import Self

from folkestrom.app.office import arguments
from folkestrom.app.office.arguments import Day, Place
from folkestrom.app.office.session import looking
from folkestrom.engine.failures import resource_errors
from folkestrom.engine.store import Waiting, database_file, is_there
from folkestrom.linkage.catalogue import Linked, linked_variables
from folkestrom.model.cells import Cells
from folkestrom.model.names import check_code, without_effect
from folkestrom.model.specification import Language
from folkestrom.variables.codes import code_cells, known_variables, one_of, variable_cells


@dataclass(frozen=True, slots=True)
class VariablesQuestion:
    """The variables, or the codes of one; its fields are as of `Store.variables`."""

    name: str | None = None
    day: calendar_day | None = None
    language: Language = Language.EN

    @classmethod
    def asked(
        cls, place: Place, *, name: str | None, date: Day | None, language: Language | str
    ) -> Self:
        """The question as a user asks it; `place` names an argument as it was typed."""
        day = None if date is None else arguments.day(date, place("date"))
        if day is not None and name is None:
            raise without_effect(
                place("date"), day, "no variable is named", "Name one, such as municipality"
            )
        spoken = check_code(
            str(language), [*Language], "is not a language of labels", where=place("language")
        )
        return cls(name, day, Language(spoken))

    def among(self, linked: Mapping[str, Linked]) -> Cells:
        """The answer where those variables are linked.

        Parameters
        ----------
        linked
            Linked variables; none without a store.
        """
        known = known_variables(linked)
        if self.name is None:
            return variable_cells(known, self.language)
        return code_cells(one_of(known, self.name, "variable"), self.language, self.day)


def variables(folder: Path, waiting: Waiting, question: VariablesQuestion) -> Cells:
    """What variables there are: those of every store, and those linked in one, if there is one.

    Parameters
    ----------
    folder
        The store, which need not be there.
    waiting
        How to wait for others.
    question
        The question.
    """
    return question.among(linked_in(folder, waiting))


def linked_in(folder: Path, waiting: Waiting) -> dict[str, Linked]:
    """The linked variables of a store; none where there is no store.

    Parameters
    ----------
    folder, waiting
        As for `variables`.
    """
    if not is_there(database_file(folder)):
        return {}
    with looking(folder, waiting) as connection, resource_errors():
        return linked_variables(connection)
