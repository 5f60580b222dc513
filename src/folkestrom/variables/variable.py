"""A variable: an SQL expression over described rows, its codes, and what it may be used for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from folkestrom.classifications.age_groups import AgeGroups
from folkestrom.classifications.code_lists import UNKNOWN_CODE, long_list
from folkestrom.errors import UsageError
from folkestrom.model.names import suggestion
from folkestrom.model.specification import Category, Dimension, Text, same
from folkestrom.variables.sources import AGE, RESIDENCE, YEAR, Source, with_what_they_need

Decoder = Callable[[int], str]

#: What variables are asked for: stocks, flows, person-time, person-years and episodes.
Use = Literal["stock", "flow", "exposure", "panel", "episode"]
EVERYWHERE: Final[frozenset[Use]] = frozenset({"stock", "flow", "exposure", "panel", "episode"})
STATISTICS: Final[frozenset[Use]] = frozenset({"stock", "flow", "exposure"})
STUDIES: Final[frozenset[Use]] = frozenset({"panel", "episode"})

#: What everybody is in who has no other code.
UNKNOWN_CATEGORY: Final = Category(UNKNOWN_CODE, Text("Unknown", "Uoppgitt"))

_SHOWN: Final = 30


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable.

    Parameters
    ----------
    dimension
        How it is shown.
    sql
        Expression over described rows, which gives a number.
    needs
        Where the columns that it reads come from.
    decode
        Number to code; None where the number is the code, as with ages.
    levels
        Codes in the order of results, where they are known: those of the dimension, or those that a
        store has.
    numbers
        The number that stands for each level, as far as it has one.
    unknown
        The level of who has no number; None: nothing stands for that.
    type
        Arrow type of a number.
    uses
        What it may be asked for.
    fixed
        A person keeps the value through life, so that accounts by it close.
    area
        Level of a place; moves inside one unit of the finest level asked for are not counted.
        0: not a place.
    flows
        Of flows: the counts that it describes, by their names; empty: all.
    groups
        Where it groups ages: how.
    note
        What readers of a table by it should know.
    """

    dimension: Dimension
    sql: str
    needs: frozenset[Source] = frozenset()
    decode: Decoder | None = None
    levels: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()
    unknown: str | None = UNKNOWN_CODE
    type: pa.DataType = field(default_factory=pa.int16)
    uses: frozenset[Use] = EVERYWHERE
    fixed: bool = False
    area: int = 0
    flows: tuple[str, ...] = ()
    groups: AgeGroups | None = None
    note: Text | None = None

    @property
    def name(self) -> str:
        """Name of the variable and of its column."""
        return self.dimension.id

    @property
    def coded(self) -> bool:
        """Whether its numbers stand for codes."""
        return self.decode is not None

    @property
    def closes(self) -> bool:
        """Whether accounts by it close: it changes with an event of the account, or never."""
        return self.fixed or (self.area > 0 and RESIDENCE in self.needs)

    @property
    def ages(self) -> bool:
        """Whether it is an age or a group of ages."""
        return AGE in self.needs

    @property
    def of_year(self) -> bool:
        """Whether it is the calendar year, or a group of years."""
        return YEAR in self.needs

    def with_levels(self, levels: Iterable[str], numbers: Iterable[int]) -> Variable:
        """The variable with these levels, and the number of each."""
        return replace(self, levels=tuple(levels), numbers=tuple(numbers))

    def listed(self, levels: Mapping[int, str], **changes: Any) -> Variable:
        """A variable with these codes, by number, and who has none of them unknown."""
        codes = (*levels.values(), UNKNOWN_CODE)
        categories = tuple(
            UNKNOWN_CATEGORY if code == UNKNOWN_CODE else Category(code, same(code))
            for code in codes
        )
        made = replace(self, decode=levels.__getitem__, type=pa.int16(), **changes)
        dimension = replace(made.dimension, categories=categories)
        return replace(made, dimension=dimension).with_levels(codes, levels)

    def number(self, code: str, where: str) -> int | None:
        """The number of a code; None for what is unknown.

        Raises
        ------
        UsageError
            A code that the variable does not have.
        """
        if code in self.levels:
            place = self.levels.index(code)
            return self.numbers[place] if place < len(self.numbers) else None
        listed = long_list(self.name)
        if code in listed:
            return listed[code]  # nobody has it yet
        shown = ", ".join(self.levels[:_SHOWN])
        more = f" … ({len(self.levels)} in all)" if len(self.levels) > _SHOWN else ""
        raise UsageError(
            f"is not a code of {self.name}",
            where=where,
            value=code,
            allowed=f"{shown}{more}",
            next_step=suggestion(code, self.levels),
        )

    def column(self, numbers: pa.Array | pa.ChunkedArray) -> pa.Array:
        """Numbers as they come from the engine, as codes."""
        if isinstance(numbers, pa.ChunkedArray):
            numbers = numbers.combine_chunks()
        if self.decode is None:
            return numbers.cast(self.type)
        encoded = numbers.dictionary_encode("encode")
        return self._dictionary(encoded.indices, encoded.dictionary.to_pylist())

    def places(self, places: NDArray[np.integer[Any]], numbers: list[int | None]) -> pa.Array:
        """Codes of the numbers that stand at places of a list."""
        if self.decode is None:
            return pa.array(numbers, self.type).take(pa.array(places))
        return self._dictionary(pa.array(places.astype(np.int32)), numbers)

    def _dictionary(self, places: pa.Array, numbers: list[int | None]) -> pa.Array:
        decode = self.decode or str
        codes = [UNKNOWN_CODE if number is None else decode(number) for number in numbers]
        return pa.DictionaryArray.from_arrays(places, pa.array(codes, pa.string()))


def needs_of(variables: Iterable[Variable]) -> list[Source]:
    """The sources of several variables, with what those are made of, in order."""
    return with_what_they_need(need for variable in variables for need in variable.needs)


def notes(chosen: Iterable[Variable]) -> tuple[Text, ...]:
    """Footnotes of a table by those variables, each once."""
    return tuple(dict.fromkeys(v.note for v in chosen if v.note is not None))
