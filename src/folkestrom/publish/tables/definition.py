"""What a table for the public is: variables, contents, times, and what it says of itself.

Ids and codes are those that users of statistics banks know: `Region`, `Kjonn`, `Alder`, `Tid`,
`ContentsCode`. A definition knows no store and no person, and is kept as JSON.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import msgspec

from folkestrom.errors import InputRefused
from folkestrom.model.names import check_code
from folkestrom.model.specification import Category, Text

#: The variable of the contents, and that of time.
CONTENTS: Final = "ContentsCode"
TIME: Final = "Tid"

NO_TEXT: Final = Text("", "")

#: What a figure measures over time.
Measuring = Literal["Stock", "Flow", "Average"]
Role = Literal["geo", "time", ""]


@dataclass(frozen=True, slots=True)
class Group:
    """One value of a code list, and the values of the variable that it is made of.

    Parameters
    ----------
    code, label
        The value.
    of
        Codes of the variable; their figures are added up.
    """

    code: str
    label: Text
    of: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CodeList:
    """Another list of values of a variable: one level of it, or groups of its values.

    Parameters
    ----------
    id
        Name, the only one of its kind in the catalogue.
    label
        What it is called.
    groups
        Its values.
    """

    id: str
    label: Text
    groups: tuple[Group, ...]

    @property
    def adds(self) -> bool:
        """Whether a value of it is a sum of several of the variable's."""
        return any(len(group.of) != 1 for group in self.groups)


@dataclass(frozen=True)  # without slots: what is looked up in every question is kept
class Variable:
    """What the figures of a table are told apart by.

    Parameters
    ----------
    id, label
        Its name and heading.
    values
        Its values in their order; of time from the oldest on.
    role
        Places, time, or neither.
    eliminated_by
        Whoever leaves the variable out gets this value of it; `*`: the sum of all its values;
        empty: it must be chosen.
    code_lists
        Other lists of its values.
    """

    id: str
    label: Text
    values: tuple[Category, ...]
    role: Role = ""
    eliminated_by: str = ""
    code_lists: tuple[CodeList, ...] = ()

    @cached_property
    def places(self) -> dict[str, int]:
        """The place of each value by its code."""
        return {value.code: n for n, value in enumerate(self.values)}

    @cached_property
    def folded(self) -> dict[str, int]:
        """The place of each value by its code, whatever capitals that is written in."""
        return {code.casefold(): n for code, n in self.places.items()}

    @cached_property
    def stored(self) -> dict[tuple[int, ...], int]:
        """Where each sum is stored behind the values, where figures do not add up."""
        return {of: n for n, of in enumerate(self.sums, start=len(self.values))}

    @cached_property
    def sums(self) -> tuple[tuple[int, ...], ...]:
        """Places of the values of every sum that can be asked for: of all, and of groups."""
        places = self.places
        found = [tuple(range(len(self.values)))] if self.eliminated_by == "*" else []
        for code_list in self.code_lists:
            found += [tuple(sorted(places[code] for code in g.of)) for g in code_list.groups]
        return tuple(dict.fromkeys(one for one in found if len(one) > 1))


@dataclass(frozen=True, slots=True)
class Content:
    """What figures count or measure.

    Parameters
    ----------
    code, label, unit
        Its name, heading and unit.
    decimals
        Decimals that are shown.
    measuring
        A stock, a flow or an average.
    reference
        The day or period that a figure of a time is of, such as "1.1.".
    adds
        Whether figures of several values may be added up; of rates and shares they may not.
    """

    code: str
    label: Text
    unit: Text
    decimals: int = 0
    measuring: Measuring = "Flow"
    reference: Text = NO_TEXT
    adds: bool = True


@dataclass(frozen=True, slots=True)
class Definition:
    """Everything about a table but its figures.

    Parameters
    ----------
    id
        Its number in the catalogue.
    title
        What it is about, without variables and times.
    subject, subject_label
        Code and name of its subject area.
    variables
        Its variables, time last; the contents are none of them.
    contents
        What its figures are.
    resembles
        Numbers of tables of other statistics banks that have its variables, codes and contents: it
        is found by them too.
    notes
        Footnotes.
    method
        How the figures come about, and as known when.
    additive
        Whether sums are the sums of figures. Else figures are noisy each by itself, and those of
        sums are stored after those of values: none is ever computed from others.
    """

    id: str
    title: Text
    subject: str
    subject_label: Text
    variables: tuple[Variable, ...]
    contents: tuple[Content, ...]
    resembles: tuple[str, ...] = ()
    notes: tuple[Text, ...] = ()
    method: Text = NO_TEXT
    additive: bool = True

    def __post_init__(self) -> None:
        if not self.variables or self.time.role != "time" or not self.contents:
            raise _unsound(self.id, "needs contents, and variables of which the last is time")
        ids = [*(v.id for v in self.variables), CONTENTS]
        lists = [(v.id, [value.code for value in v.values]) for v in self.variables]
        lists += [("its variables", ids), (CONTENTS, [c.code for c in self.contents])]
        for name, codes in lists:
            # Clients may write codes in capitals or not.
            twice = [c for c, n in Counter(map(str.casefold, codes)).items() if n > 1]
            if twice:
                raise _unsound(self.id, f"has a code twice in {name}", twice[0])
        for variable in self.variables:
            _check_lists(self.id, variable)

    @property
    def time(self) -> Variable:
        """The variable of time."""
        return self.variables[-1]

    @property
    def shape(self) -> tuple[int, ...]:
        """How many values each variable has."""
        return tuple(len(variable.values) for variable in self.variables)

    @property
    def shape_with_sums(self) -> tuple[int, ...]:
        """How many values and sums each variable has."""
        return tuple(len(variable.values) + len(variable.sums) for variable in self.variables)

    @property
    def stored_shape(self) -> tuple[int, ...]:
        """How many figures are stored along each variable."""
        return self.shape if self.additive else self.shape_with_sums


def _check_lists(table: str, variable: Variable) -> None:
    known = {value.code for value in variable.values}
    if not known or not all(group.of for found in variable.code_lists for group in found.groups):
        raise _unsound(table, f"has a variable or a group without values: {variable.id}")
    named = [code for found in variable.code_lists for group in found.groups for code in group.of]
    if variable.eliminated_by not in ("", "*"):
        named.append(variable.eliminated_by)
    for code in named:
        check_code(
            code, sorted(known), f"is not a code of {variable.id}", where=f"table {table}",
            error=InputRefused,
        )  # fmt: skip


def _unsound(table: str, what: str, value: str | None = None) -> InputRefused:
    return InputRefused(what, where=f"table {table}", value=value)


def encoded(definition: Definition) -> bytes:
    """A definition as JSON.

    Examples
    --------
    >>> times = (Category("2021", Text("2021", "2021")),)
    >>> year = Variable("Tid", Text("year", "år"), times, "time")
    >>> persons = Content("Personer1", Text("Persons", "Personer"), Text("persons", "personer"))
    >>> made = Definition("1", Text("P", "F"), "be", Text("P", "B"), (year,), (persons,))
    >>> decoded(encoded(made), "a file") == made
    True
    """
    return msgspec.json.format(msgspec.json.encode(definition), indent=1)


def decoded(text: bytes, where: str) -> Definition:
    """The definition that is written in JSON.

    Parameters
    ----------
    text
        The JSON.
    where
        The file, as errors name it.

    Raises
    ------
    InputRefused
        What is no definition, or contradicts itself.
    """
    try:
        return msgspec.json.decode(text, type=Definition)
    except msgspec.MsgspecError as error:
        raise InputRefused(
            f"is no definition of a table: {error}",
            where=where,
            next_step="Take the whole release again from where it was made",
        ) from error
