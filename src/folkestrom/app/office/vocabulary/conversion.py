"""The question of totals in other borders: a file in, a table out."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, Self

from folkestrom.app.office import arguments
from folkestrom.app.office.arguments import Place
from folkestrom.app.office.session import looking
from folkestrom.classifications.conversion import conversion
from folkestrom.classifications.reported import AS_IT_WAS, borders_day
from folkestrom.classifications.totals import in_borders, read_totals, read_weights
from folkestrom.engine.failures import path_errors
from folkestrom.engine.store import Waiting, database_file, is_there
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.specification import Dimension, Measure, TableSpecification, Text, same

_TITLE: Final = Text("Totals in the borders of {day}", "Totaler i grensene {day}")
_ESTIMATED: Final = Text(
    "Totals of municipalities that are divided are estimated, by weights: shares of basic units, "
    "unless others are named.",
    "Totaler for kommuner som er delt, er anslått med vekter: andeler av grunnkretsene, om ikke "
    "andre er oppgitt.",
)


@dataclass(frozen=True, slots=True)
class ConversionQuestion:
    """A file of totals in other borders; its fields are as of `Store.convert_totals`."""

    file: Path
    from_day: date
    to_day: date
    places: str
    measures: tuple[str, ...]
    weights: Path | None

    @classmethod
    def asked(
        cls, place: Place, *, file: str | os.PathLike[str], from_: str | int, to_: str | int,
        places: str, measure: str | Iterable[str], weights: str | os.PathLike[str] | None,
    ) -> Self:  # fmt: skip
        """The question as a user asks it; `place` names an argument as it was typed."""
        start, end = (borders_day(of, place(n)) for n, of in (("from_", from_), ("to_", to_)))
        if start is None or end is None:
            raise UsageError(
                "is no one set of borders", where=f"{place('from_')}, {place('to_')}",
                value=AS_IT_WAS, allowed="a year such as 2024, or a day",
            )  # fmt: skip
        own = None if weights is None else Path(weights)
        return cls(Path(file), start, end, places, arguments.names(measure), own)

    def cells(self) -> Cells:
        """The totals, with the division that is in force."""
        with path_errors(self.file, reading=True):
            totals = read_totals(self.file, self.places, self.measures)
        if self.weights is None:
            weights = conversion(self.from_day, self.to_day)
        else:
            with path_errors(self.weights, reading=True):
                weights = read_weights(self.weights)
        found = in_borders(self.file, totals, self.places, self.measures, weights)
        others = [name for name in found.columns if name not in self.measures]
        specification = TableSpecification(
            "converted", _TITLE.fill(day=self.to_day),
            tuple(Dimension(name, same(name)) for name in others),
            tuple(Measure(name, same(name), same(name), empty=None) for name in self.measures),
            footnotes=(_ESTIMATED,), listing=True,
        )  # fmt: skip
        return Cells(specification, found.select(*others, *self.measures).to_arrow())


def convert(folder: Path, waiting: Waiting, question: ConversionQuestion) -> Cells:
    """Convert a file of totals, with the changes that a store knows, if there is one."""
    if not is_there(database_file(folder)):
        return question.cells()
    with looking(folder, waiting):
        return question.cells()
