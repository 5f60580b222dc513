"""How a table of statistics is shown: protected, with totals, arranged for its readers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import signature
from typing import Any, Final, Self, TypeVar

from folkestrom.app.office.arguments import Place
from folkestrom.model.cells import Cells
from folkestrom.model.specification import Language
from folkestrom.outputs.rules import Rules, rules_of
from folkestrom.publish.arrangement import PLAIN, Arrangement

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Presentation:
    """How a table is shown.

    Parameters
    ----------
    totals
        With a total along every dimension but time.
    rules
        Rules of disclosure control; None: it stays in the office.
    arrangement
        Order, columns, labels.
    """

    totals: bool = False
    rules: Rules | None = None
    arrangement: Arrangement = PLAIN

    @classmethod
    def asked(
        cls, *, totals: bool = False, publish: Rules | str | None = None, order: str | None = None,
        top: int | None = None, wide: str | None = None,
        labels: Language | str | None = None, share_of: str | None = None,
    ) -> Self:  # fmt: skip
        """How a user asks for it."""
        language = None if labels is None else Language(labels)
        return cls(totals, rules_of(publish), Arrangement(order, top, wide, language, share_of))

    def of(self, cells: Cells) -> Cells:
        """The table, so shown.

        Parameters
        ----------
        cells
            The table as it was counted.
        """
        if self.rules is not None:
            # Imported here: what protects takes a while to load, and most questions need none.
            from folkestrom.outputs import cells as outputs

            cells = outputs.published(cells, self.rules, totals=self.totals)
        elif self.totals:
            from folkestrom.statistics.totals import with_totals

            cells = with_totals(cells)
        return self.arrangement.of(cells)


#: Arguments of a call that say how a table is shown.
_SAID: Final = tuple(signature(Presentation.asked).parameters)


def question(asked: Callable[..., _T], place: Place, given: Mapping[str, Any]) -> _T:
    """A question, of the arguments of a call: how it is shown, and all else by name.

    Parameters
    ----------
    asked
        What makes it of them, such as `MovesQuestion.asked`.
    place
        Names an argument as it was typed.
    given
        The arguments.
    """
    shown = {name: given[name] for name in given if name in _SAID}
    rest = {name: given[name] for name in given if name not in _SAID}
    return asked(place, **rest, shown=Presentation.asked(**shown))


#: In the office, as it was counted.
AS_COUNTED: Final = Presentation()
