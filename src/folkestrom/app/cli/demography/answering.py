"""A command's one question: asked by the command's own arguments, answered, and written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from folkestrom.app.cli.context import settings
from folkestrom.app.cli.options import option

if TYPE_CHECKING:
    from folkestrom.app.office.session import Question
    from folkestrom.model.cells import Cells

_T = TypeVar("_T")
#: Arguments that a question has not.
_OF_THE_RUN = ("ctx", "wait", "output")


def question_of(asked: Callable[..., _T], given: Mapping[str, Any]) -> _T:
    """The question of a command, once it is sure that its answer can be written.

    Parameters
    ----------
    asked
        What makes it of arguments, such as `MovesQuestion.asked`.
    given
        The command's arguments, by the names that they have in Python: `dict(locals())`.
    """
    from folkestrom.app.office.presentation import question

    run = settings(given["ctx"])
    run.check_output(given["output"])
    labels = run.lang if given["labels"] else None
    rest = {name: value for name, value in given.items() if name not in _OF_THE_RUN}
    return question(asked, option, rest | {"labels": labels})


def answered(asked: Callable[..., Question[Cells]], given: Mapping[str, Any]) -> None:
    """Answer a command's question, and write it.

    Parameters
    ----------
    asked, given
        As for `question_of`.
    """
    run = settings(given["ctx"])
    found = run.answer(question_of(asked, given), given["wait"])
    run.write(found, given["output"])
